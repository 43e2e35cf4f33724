//! Forgetting, piece by piece, so that facts do not wait for it.

use super::pieces::seconds;
use crate::observations::ObservationKind;
use crate::sql::connection::Connection;
use crate::sql::lane::Lane;
use crate::sql::query::Query;
use crate::sql::transaction::{HELD, transaction};
use recio_core::market::Asset;
use recio_core::store::StoreError;

/// Rows that go in one transaction: some ten milliseconds.
const ROWS: i64 = 10_000;
/// Strike tables that go in one transaction, with their strikes.
const STRIKE_TABLES: i64 = 100;

/// Forgets what is older than a time in microseconds. Ends, because each piece that is full takes rows away, and nobody adds old ones.
pub(super) async fn before(lane: &Lane, kind: ObservationKind, time_us: i64) -> Result<u64, StoreError> {
    let mut gone = 0;
    match kind {
        ObservationKind::Ticks => {
            for asset in [Asset::Btc, Asset::Eth] {
                gone += by_source(lane, "price_ticks", asset, (None, time_us)).await?;
            }
        }
        ObservationKind::Bars(resolution) => {
            for asset in [Asset::Btc, Asset::Eth] {
                gone += by_source(lane, "price_bars", asset, (Some(seconds(resolution)), time_us)).await?;
            }
        }
        ObservationKind::StrikeTables => loop {
            let (tables, rows) = lane.call(async move |connection| strike_tables(connection, time_us).await).await?;
            gone += rows;
            if tables < STRIKE_TABLES.unsigned_abs() {
                break;
            }
        },
        ObservationKind::Health => loop {
            let rows = lane.call(async move |connection| health(connection, time_us).await).await?;
            gone += rows;
            if rows < ROWS.unsigned_abs() {
                break;
            }
        },
    }
    Ok(gone)
}

/// Goes from source to source along the primary key, so that no other index is needed.
async fn by_source(
    lane: &Lane,
    table: &'static str,
    asset: Asset,
    (resolution, time_us): (Option<i64>, i64),
) -> Result<u64, StoreError> {
    let mut gone = 0;
    let mut after: Option<String> = None;
    loop {
        let last = after.take();
        let next = lane.call(async move |connection| next_source(connection, table, asset, last).await).await?;
        let Some(source) = next else { return Ok(gone) };
        loop {
            let of = source.clone();
            let work = async move |connection: &mut Connection| {
                prices(connection, table, (asset, &of, resolution), time_us).await
            };
            match lane.call(work).await? {
                0 => break,
                rows => gone += rows,
            }
        }
        after = Some(source);
    }
}

async fn next_source(
    connection: &mut Connection,
    table: &'static str,
    asset: Asset,
    after: Option<String>,
) -> Result<Option<String>, StoreError> {
    let sql = match (table, after.is_some()) {
        ("price_bars", false) => "SELECT min(source) AS source FROM price_bars WHERE asset = $1",
        ("price_bars", true) => "SELECT min(source) AS source FROM price_bars WHERE asset = $1 AND source > $2",
        (_, false) => "SELECT min(source) AS source FROM price_ticks WHERE asset = $1",
        (_, true) => "SELECT min(source) AS source FROM price_ticks WHERE asset = $1 AND source > $2",
    };
    let mut query = Query::new(sql).text(asset.to_string());
    if let Some(after) = after {
        query = query.text(after);
    }
    query.fetch_one(connection).await?.optional_text("source")
}

/// Deletes the oldest rows of a source. Returns their number: rows of one moment go together, so it may be more than [`ROWS`].
async fn prices(
    connection: &mut Connection,
    table: &'static str,
    (asset, source, resolution): (Asset, &str, Option<i64>),
    time_us: i64,
) -> Result<u64, StoreError> {
    let (find, delete) = if table == "price_bars" {
        (
            "SELECT max(time_us) AS until_us FROM (SELECT start_us AS time_us FROM price_bars \
             WHERE asset = $1 AND source = $2 AND start_us < $3 AND resolution_seconds = $4 ORDER BY start_us LIMIT $5) AS oldest",
            "DELETE FROM price_bars WHERE asset = $1 AND source = $2 AND start_us <= $3 AND resolution_seconds = $4",
        )
    } else {
        (
            "SELECT max(time_us) AS until_us FROM (SELECT exchange_time_us AS time_us FROM price_ticks \
             WHERE asset = $1 AND source = $2 AND exchange_time_us < $3 ORDER BY exchange_time_us LIMIT $4) AS oldest",
            "DELETE FROM price_ticks WHERE asset = $1 AND source = $2 AND exchange_time_us <= $3",
        )
    };
    let query = |sql: &'static str, time_us: i64| {
        let query = Query::new(sql).text(asset.to_string()).text(source.to_owned()).integer(time_us);
        match resolution {
            Some(seconds) => query.integer(seconds),
            None => query,
        }
    };
    transaction(connection, HELD, async |connection| {
        let oldest = query(find, time_us).integer(ROWS).fetch_one(connection).await?;
        match oldest.optional_integer("until_us")? {
            Some(until_us) => query(delete, until_us).execute(connection).await,
            None => Ok(0),
        }
    })
    .await
}

/// Deletes the oldest strike tables. Returns their number, and that of the rows.
async fn strike_tables(connection: &mut Connection, time_us: i64) -> Result<(u64, u64), StoreError> {
    let strikes = "DELETE FROM strike_rows WHERE (event, time_us) IN \
                   (SELECT event, time_us FROM strike_tables WHERE time_us < $1 ORDER BY time_us, event LIMIT $2)";
    let tables = "DELETE FROM strike_tables WHERE (event, time_us) IN \
                  (SELECT event, time_us FROM strike_tables WHERE time_us < $1 ORDER BY time_us, event LIMIT $2)";
    transaction(connection, HELD, async |connection| {
        let rows = Query::new(strikes).integer(time_us).integer(STRIKE_TABLES).execute(connection).await?;
        let tables = Query::new(tables).integer(time_us).integer(STRIKE_TABLES).execute(connection).await?;
        Ok((tables, tables + rows))
    })
    .await
}

async fn health(connection: &mut Connection, time_us: i64) -> Result<u64, StoreError> {
    let sql = "DELETE FROM service_health WHERE (service, instance, time_us) IN \
               (SELECT service, instance, time_us FROM service_health WHERE time_us < $1 ORDER BY time_us LIMIT $2)";
    transaction(connection, HELD, async |connection| {
        Query::new(sql).integer(time_us).integer(ROWS).execute(connection).await
    })
    .await
}
