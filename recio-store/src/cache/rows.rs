//! What a cache's rows hold.

use super::{NOT_ALL, oldest};
use crate::sql::{Connection, Query, Row, damaged, signed, unsigned};
use recio_core::engine::{OpenTrade, StrikeTable};
use recio_core::fact::Fact;
use recio_core::local_cache::{CacheUpdate, Remembered, StoreHead};
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, PastPrices, PriceKind, PriceTick, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::store::StoreError;
use recio_core::trade::Order;
use recio_core::units::{AssetPrice, Money, Timestamp, from_micros, micros};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes an update. In a transaction: all of it, or nothing.
pub(super) async fn keep(connection: &mut Connection, update: &CacheUpdate) -> Result<(), StoreError> {
    let written = micros(update.time);
    write_state(connection, update, written).await?;
    for sql in ["DELETE FROM open_trades", "DELETE FROM open_orders"] {
        Query::new(sql).execute(connection).await?;
    }
    for open in &update.trades {
        let sql = "INSERT INTO open_trades (trade, market, written_time_us, body) VALUES ($1, $2, $3, $4)";
        let (id, market) = (open.trade.id.as_str(), open.trade.market.as_str());
        body_row(connection, sql, id, market, written, open).await?;
    }
    for order in &update.orders {
        let sql = "INSERT INTO open_orders (client_order_id, market, written_time_us, body) VALUES ($1, $2, $3, $4)";
        let (id, market) = (order.id().as_str(), order.intent().market.as_str());
        body_row(connection, sql, id, market, written, order).await?;
    }
    for table in &update.tables {
        let sql = "INSERT OR REPLACE INTO strike_tables (series, event, written_time_us, body) VALUES ($1, $2, $3, $4)";
        body_row(connection, sql, table.series.as_str(), table.event.as_str(), written, &**table).await?;
    }
    write_prices(connection, update, written).await?;
    Query::new("DELETE FROM waiting_facts WHERE place < $1")
        .integer(signed(update.stored_before)?)
        .execute(connection)
        .await?;
    for (place, fact) in &update.waiting {
        let sql =
            "INSERT OR REPLACE INTO waiting_facts (place, fact_key, written_time_us, body) VALUES ($1, $2, $3, $4)";
        Query::new(sql)
            .integer(signed(*place)?)
            .text(fact.key())
            .integer(written)
            .text(json(fact)?)
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn write_state(connection: &mut Connection, update: &CacheUpdate, written: i64) -> Result<(), StoreError> {
    let (cash, read) = update.balance.map(|(cash, time)| (cash.micros(), micros(time))).unzip();
    // What is not told anew stays as it was.
    let sql = "UPDATE cache SET written_time_us = $1, balance_micros = coalesce($2, balance_micros), \
               balance_time_us = coalesce($3, balance_time_us), head_sequence = coalesce($4, head_sequence), head_hash = coalesce($5, head_hash) \
               WHERE id = 1";
    Query::new(sql)
        .integer(written)
        .optional_integer(cash)
        .optional_integer(read)
        .optional_integer(update.head.map(|head| signed(head.sequence)).transpose()?)
        .optional_text(update.head.map(|head| hex::encode(head.hash)))
        .execute(connection)
        .await
        .map(drop)
}

async fn body_row(
    connection: &mut Connection,
    sql: &'static str,
    key: &str,
    about: &str,
    written: i64,
    body: &(impl Serialize + Sync),
) -> Result<(), StoreError> {
    let row = Query::new(sql).text(key).text(about).integer(written).text(json(body)?);
    row.execute(connection).await.map(drop)
}

async fn write_prices(connection: &mut Connection, update: &CacheUpdate, written: i64) -> Result<(), StoreError> {
    for (source, tick) in &update.ticks {
        let sql = "INSERT OR REPLACE INTO ticks (asset, source, kind, price_cents, exchange_time_us, written_time_us) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        Query::new(sql)
            .text(source.asset.to_string())
            .text(source.source.as_str())
            .text(kind_word(source.kind))
            .integer(signed(tick.price.cents())?)
            .integer(micros(tick.exchange_time))
            .integer(written)
            .execute(connection)
            .await?;
    }
    for kept in &update.bars {
        let sql = "INSERT OR REPLACE INTO bars (asset, resolution, start_us, source, kind, open_cents, high_cents, low_cents, close_cents) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let bar = &kept.bar;
        Query::new(sql)
            .text(kept.source.asset.to_string())
            .text(length_word(kept.resolution))
            .integer(micros(bar.start))
            .text(kept.source.source.as_str())
            .text(kind_word(kept.source.kind))
            .integer(signed(bar.open.cents())?)
            .integer(signed(bar.high.cents())?)
            .integer(signed(bar.low.cents())?)
            .integer(signed(bar.close.cents())?)
            .execute(connection)
            .await?;
    }
    // Once a minute is often enough.
    if update.bars.iter().any(|kept| kept.resolution == Resolution::Minute) {
        for resolution in [Resolution::Second, Resolution::Minute] {
            Query::new("DELETE FROM bars WHERE resolution = $1 AND start_us < $2")
                .text(length_word(resolution))
                .integer(micros(oldest(update.time, resolution)))
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

/// Reads everything but bars.
pub(super) async fn recall(connection: &mut Connection) -> Result<Remembered, StoreError> {
    let sql =
        "SELECT written_time_us, balance_micros, balance_time_us, head_sequence, head_hash FROM cache WHERE id = 1";
    let row = Query::new(sql).fetch_one(connection).await?;
    let number = |column| row.optional_integer(column);
    let balance = match (number("balance_micros")?, number("balance_time_us")?) {
        (Some(cash), Some(read)) => Some((Money::from_micros(cash), time(read)?)),
        (None, _) | (_, None) => None,
    };
    let hash = row.optional_text("head_hash")?;
    let head = match (number("head_sequence")?, hash) {
        (Some(sequence), Some(hash)) => Some(StoreHead { sequence: unsigned(sequence)?, hash: hash_of(&hash)? }),
        (None, _) | (_, None) => None,
    };
    let written_time = number("written_time_us")?.map(time).transpose()?;
    let mut remembered = Remembered { written_time, balance, head, ..Remembered::default() };
    remembered.trades = bodies::<OpenTrade>(connection, "SELECT body FROM open_trades ORDER BY trade").await?;
    remembered.orders = bodies::<Order>(connection, "SELECT body FROM open_orders ORDER BY client_order_id").await?;
    remembered.tables = bodies::<StrikeTable>(connection, "SELECT body FROM strike_tables ORDER BY series").await?;
    let sql = "SELECT asset, source, kind, price_cents, exchange_time_us FROM ticks ORDER BY asset, source, kind";
    for row in Query::new(sql).fetch_all(connection).await? {
        let exchange_time = time(row.integer("exchange_time_us")?)?;
        remembered.ticks.push((source(&row)?, PriceTick { price: cents(&row, "price_cents")?, exchange_time }));
    }
    let sql = "SELECT place, body FROM waiting_facts ORDER BY place";
    for row in Query::new(sql).fetch_all(connection).await? {
        let fact: Fact = from_json(&row.text("body")?)?;
        remembered.waiting.push((unsigned(row.integer("place")?)?, fact));
    }
    Ok(remembered)
}

/// Reads bars, by source.
pub(super) async fn past(
    connection: &mut Connection,
    asset: Asset,
    range: TimeRange,
    resolution: Resolution,
) -> Result<Vec<PastPrices>, StoreError> {
    let sql = "SELECT asset, source, kind, start_us, open_cents, high_cents, low_cents, close_cents FROM bars \
               WHERE asset = $1 AND resolution = $2 AND start_us >= $3 AND start_us < $4 ORDER BY source, kind, start_us";
    let rows = Query::new(sql)
        .text(asset.to_string())
        .text(length_word(resolution))
        .integer(micros(range.from))
        .integer(micros(range.to))
        .fetch_all(connection)
        .await?;
    let mut past: Vec<(FeedAbout, Vec<Bar>)> = Vec::new();
    for row in rows {
        let about = source(&row)?;
        let bar = Bar {
            start: time(row.integer("start_us")?)?,
            open: cents(&row, "open_cents")?,
            high: cents(&row, "high_cents")?,
            low: cents(&row, "low_cents")?,
            close: cents(&row, "close_cents")?,
        };
        let bar = bar.checked().map_err(|error| damaged(0, error.to_string()))?;
        match past.last_mut() {
            Some((of, bars)) if *of == about => bars.push(bar),
            Some(_) | None => past.push((about, vec![bar])),
        }
    }
    let named = |(source, got)| PastPrices { source, bars: Read::Partial { got, missing: NOT_ALL.to_owned() } };
    Ok(past.into_iter().map(named).collect())
}

async fn bodies<T: DeserializeOwned>(connection: &mut Connection, sql: &'static str) -> Result<Vec<T>, StoreError> {
    let rows = Query::new(sql).fetch_all(connection).await?;
    rows.iter().map(|row| from_json(&row.text("body")?)).collect()
}

fn json(body: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(body).map_err(|error| damaged(0, error.to_string()))
}

fn from_json<T: DeserializeOwned>(body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| damaged(0, error.to_string()))
}

fn source(row: &Row) -> Result<FeedAbout, StoreError> {
    let asset = row.text("asset")?;
    let known = [Asset::Btc, Asset::Eth].into_iter().find(|known| known.to_string() == asset);
    let kind = match row.text("kind")?.as_str() {
        "index" => PriceKind::Index,
        "stand_in" => PriceKind::StandIn,
        other => return Err(damaged(0, format!("`{other}` is no kind of price"))),
    };
    let asset = known.ok_or_else(|| damaged(0, format!("`{asset}` is no asset")))?;
    Ok(FeedAbout { source: row.text("source")?, asset, kind })
}

fn cents(row: &Row, name: &str) -> Result<AssetPrice, StoreError> {
    AssetPrice::from_cents(unsigned(row.integer(name)?)?).map_err(|error| damaged(0, error.to_string()))
}

fn time(micros: i64) -> Result<Timestamp, StoreError> {
    from_micros(micros).map_err(|error| damaged(0, error.to_string()))
}

fn hash_of(text: &str) -> Result<[u8; 32], StoreError> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash).map_err(|error| damaged(0, error.to_string()))?;
    Ok(hash)
}

const fn kind_word(kind: PriceKind) -> &'static str {
    match kind {
        PriceKind::Index => "index",
        PriceKind::StandIn => "stand_in",
    }
}

const fn length_word(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::Second => "second",
        Resolution::Minute => "minute",
    }
}
