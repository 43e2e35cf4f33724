//! Observations read back.

use super::list::{STRIKE_ROWS, STRIKE_TABLES};
use super::pieces::{family_word, seconds};
use crate::observations::{
    ObservedBar, ObservedFair, ObservedHealth, ObservedSources, ObservedStrike, ObservedStrikeTable, ObservedTick,
};
use crate::sql::connection::Connection;
use crate::sql::error::{damaged, unsigned};
use crate::sql::query::{Query, Row};
use crate::sql::transaction::{READ, transaction};
use recio_core::engine::Health;
use recio_core::market::{Asset, Family, Level, Quote, Strike};
use recio_core::model::Bar;
use recio_core::price_feed::{PriceTick, Resolution, TimeRange};
use recio_core::store::StoreError;
use recio_core::units::{
    AssetPrice, EventTicker, MarketTicker, Price, Probability, Quantity, SeriesTicker, Timestamp, from_micros, micros,
};
use sqlx::AssertSqlSafe;

pub(crate) async fn ticks(
    connection: &mut Connection,
    asset: Asset,
    source: &str,
    range: TimeRange,
    limit: u32,
) -> Result<Vec<ObservedTick>, StoreError> {
    let sql = "SELECT exchange_time_us, price_cents, received_time_us FROM price_ticks \
               WHERE asset = $1 AND source = $2 AND exchange_time_us >= $3 AND exchange_time_us < $4 \
               ORDER BY exchange_time_us, received_time_us, price_cents LIMIT $5";
    let query = Query::new(sql).text(asset.to_string()).text(source).integer(micros(range.from));
    let rows = query.integer(micros(range.to)).integer(i64::from(limit)).fetch_all(connection).await?;
    let tick = |row: &Row| {
        Ok(ObservedTick {
            asset,
            source: source.to_owned(),
            tick: PriceTick { price: asset_price(row, "price_cents")?, exchange_time: time(row, "exchange_time_us")? },
            received_time: time(row, "received_time_us")?,
        })
    };
    rows.iter().map(tick).collect()
}

pub(crate) async fn bars(
    connection: &mut Connection,
    (asset, source, resolution): (Asset, &str, Resolution),
    range: TimeRange,
    limit: u32,
) -> Result<Vec<ObservedBar>, StoreError> {
    let sql = "SELECT start_us, open_cents, high_cents, low_cents, close_cents FROM price_bars \
               WHERE asset = $1 AND source = $2 AND resolution_seconds = $3 AND start_us >= $4 AND start_us < $5 \
               ORDER BY start_us LIMIT $6";
    let query = Query::new(sql).text(asset.to_string()).text(source).integer(seconds(resolution));
    let query = query.integer(micros(range.from)).integer(micros(range.to)).integer(i64::from(limit));
    let bar = |row: &Row| {
        let bar = Bar {
            start: time(row, "start_us")?,
            open: asset_price(row, "open_cents")?,
            high: asset_price(row, "high_cents")?,
            low: asset_price(row, "low_cents")?,
            close: asset_price(row, "close_cents")?,
        };
        let bar = bar.checked().map_err(|error| damaged(0, format!("table price_bars: {error}")))?;
        Ok(ObservedBar { asset, source: source.to_owned(), resolution, bar })
    };
    query.fetch_all(connection).await?.iter().map(bar).collect()
}

pub(crate) async fn strike_tables(
    connection: &mut Connection,
    event: &EventTicker,
    range: TimeRange,
    limit: u32,
) -> Result<Vec<ObservedStrikeTable>, StoreError> {
    let tables = format!(
        "SELECT {} FROM strike_tables WHERE event = $1 AND time_us >= $2 AND time_us < $3 ORDER BY time_us DESC LIMIT $4",
        STRIKE_TABLES.column_list()
    );
    // One transaction, so that nothing is forgotten between a table and its strikes.
    transaction(connection, READ, async |connection| {
        let query = Query::new(AssertSqlSafe(tables.clone())).text(event.as_str()).integer(micros(range.from));
        let rows = query.integer(micros(range.to)).integer(i64::from(limit)).fetch_all(connection).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            found.push(with_strikes(connection, event, row).await?);
        }
        Ok(found)
    })
    .await
}

pub(crate) async fn all_strike_tables(
    connection: &mut Connection,
    range: TimeRange,
    limit: u32,
) -> Result<Vec<ObservedStrikeTable>, StoreError> {
    let tables = format!(
        "SELECT {} FROM strike_tables WHERE time_us >= $1 AND time_us < $2 ORDER BY time_us LIMIT $3",
        STRIKE_TABLES.column_list()
    );
    let mut found = transaction(connection, READ, async |connection| {
        let query = Query::new(AssertSqlSafe(tables.clone())).integer(micros(range.from)).integer(micros(range.to));
        let rows = query.integer(i64::from(limit)).fetch_all(connection).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let event = EventTicker::new(&row.text("event")?)
                .map_err(|error| damaged(0, format!("table strike_tables: {error}")))?;
            found.push(with_strikes(connection, &event, row).await?);
        }
        Ok(found)
    })
    .await?;
    found.sort_by(|left, right| (left.time, &left.event).cmp(&(right.time, &right.event)));
    Ok(found)
}

/// A table with its strikes.
async fn with_strikes(
    connection: &mut Connection,
    event: &EventTicker,
    row: &Row,
) -> Result<ObservedStrikeTable, StoreError> {
    let strikes = format!(
        "SELECT {} FROM strike_rows WHERE event = $1 AND time_us = $2 ORDER BY line",
        STRIKE_ROWS.column_list()
    );
    let query = Query::new(AssertSqlSafe(strikes)).text(event.as_str()).integer(row.integer("time_us")?);
    strike_table(event, row, &query.fetch_all(connection).await?)
}

pub(crate) async fn health(connection: &mut Connection) -> Result<Vec<ObservedHealth>, StoreError> {
    let sql = "SELECT h.service, h.instance, h.time_us, h.health, h.detail FROM service_health h JOIN \
               (SELECT service, instance, max(time_us) AS time_us FROM service_health GROUP BY service, instance) AS newest \
               ON newest.service = h.service AND newest.instance = h.instance AND newest.time_us = h.time_us";
    let rows = Query::new(sql).fetch_all(connection).await?;
    let mut found = rows.iter().map(state).collect::<Result<Vec<_>, _>>()?;
    // Sorted here, because databases sort texts by rules of their own.
    found.sort_by(|left, right| (&left.service, &left.instance).cmp(&(&right.service, &right.instance)));
    Ok(found)
}

pub(crate) async fn all_health(
    connection: &mut Connection,
    range: TimeRange,
    limit: u32,
) -> Result<Vec<ObservedHealth>, StoreError> {
    let sql = "SELECT service, instance, time_us, health, detail FROM service_health \
               WHERE time_us >= $1 AND time_us < $2 ORDER BY time_us LIMIT $3";
    let query = Query::new(sql).integer(micros(range.from)).integer(micros(range.to)).integer(i64::from(limit));
    let rows = query.fetch_all(connection).await?;
    let mut found = rows.iter().map(state).collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|left, right| {
        (left.time, &left.service, &left.instance).cmp(&(right.time, &right.service, &right.instance))
    });
    Ok(found)
}

fn state(row: &Row) -> Result<ObservedHealth, StoreError> {
    let health = match row.text("health")?.as_str() {
        "up" => Health::Up,
        "degraded" => Health::Degraded,
        "down" => Health::Down,
        other => return Err(damaged(0, format!("table service_health: `{other}` is no state of health"))),
    };
    Ok(ObservedHealth {
        service: row.text("service")?,
        instance: row.text("instance")?,
        time: time(row, "time_us")?,
        health,
        detail: row.text("detail")?,
    })
}

pub(crate) async fn sources(connection: &mut Connection) -> Result<ObservedSources, StoreError> {
    let mut found = ObservedSources::default();
    for asset in [Asset::Btc, Asset::Eth] {
        for source in along(connection, TICK_SOURCES, asset).await? {
            found.ticks.insert((asset, source));
        }
        for source in along(connection, BAR_SOURCES, asset).await? {
            for resolution in [Resolution::Second, Resolution::Minute] {
                let sql = "SELECT 1 AS there FROM price_bars \
                           WHERE asset = $1 AND source = $2 AND resolution_seconds = $3 LIMIT 1";
                let query = Query::new(sql).text(asset.to_string()).text(source.as_str());
                if query.integer(seconds(resolution)).fetch_optional(connection).await?.is_some() {
                    found.bars.insert((asset, source.clone(), resolution));
                }
            }
        }
    }
    Ok(found)
}

/// From source to source along the primary key: a table of millions of rows has a handful of sources.
const TICK_SOURCES: &str = "WITH RECURSIVE found(source) AS (SELECT min(source) FROM price_ticks WHERE asset = $1 UNION ALL \
    SELECT (SELECT min(source) FROM price_ticks WHERE asset = $1 AND source > found.source) FROM found \
    WHERE found.source IS NOT NULL) SELECT source FROM found WHERE source IS NOT NULL";
const BAR_SOURCES: &str = "WITH RECURSIVE found(source) AS (SELECT min(source) FROM price_bars WHERE asset = $1 UNION ALL \
    SELECT (SELECT min(source) FROM price_bars WHERE asset = $1 AND source > found.source) FROM found \
    WHERE found.source IS NOT NULL) SELECT source FROM found WHERE source IS NOT NULL";

async fn along(connection: &mut Connection, sql: &'static str, asset: Asset) -> Result<Vec<String>, StoreError> {
    let rows = Query::new(sql).text(asset.to_string()).fetch_all(connection).await?;
    rows.iter().map(|row| row.text("source")).collect()
}

fn strike_table(event: &EventTicker, row: &Row, strikes: &[Row]) -> Result<ObservedStrikeTable, StoreError> {
    let wrong = |what: String| damaged(0, format!("table strike_tables: {what}"));
    let asset = row.text("asset")?;
    let family = row.text("family")?;
    let families = [Family::HourlyThreshold, Family::HourlyRange, Family::QuarterHour];
    Ok(ObservedStrikeTable {
        event: event.clone(),
        time: time(row, "time_us")?,
        series: SeriesTicker::new(&row.text("series")?).map_err(|error| wrong(error.to_string()))?,
        asset: [Asset::Btc, Asset::Eth]
            .into_iter()
            .find(|known| known.to_string() == asset)
            .ok_or_else(|| wrong(format!("`{asset}` is no asset")))?,
        family: families
            .into_iter()
            .find(|known| family_word(*known) == family)
            .ok_or_else(|| wrong(format!("`{family}` is no kind of contract")))?,
        close_time: time(row, "close_time_us")?,
        asset_price: optional_asset_price(row, "asset_price_cents")?,
        momentum: row.optional_real("momentum_percent")?,
        volatility: row.optional_real("volatility")?,
        strikes: strikes.iter().map(strike).collect::<Result<_, StoreError>>()?,
    })
}

fn strike(row: &Row) -> Result<ObservedStrike, StoreError> {
    let wrong = |what: &str| damaged(0, format!("table strike_rows: {what}"));
    let (floor, cap) = (optional_asset_price(row, "floor_cents")?, optional_asset_price(row, "cap_cents")?);
    let strike = match (row.optional_text("strike_type")?.as_deref(), floor, cap) {
        (Some("greater"), Some(floor), None) => Some(Strike::Greater { floor }),
        (Some("greater_or_equal"), Some(floor), None) => Some(Strike::GreaterOrEqual { floor }),
        (Some("less"), None, Some(cap)) => Some(Strike::Less { cap }),
        (Some("less_or_equal"), None, Some(cap)) => Some(Strike::LessOrEqual { cap }),
        (Some("between"), Some(floor), Some(cap)) => Some(Strike::Between { floor, cap }),
        (None, None, None) => None,
        _ => return Err(wrong("a strike has other ends than its type")),
    };
    let level = |price: &str, quantity: &str| match (row.optional_integer(price)?, row.optional_integer(quantity)?) {
        (Some(units), Some(hundredths)) => {
            let price = u16::try_from(units).ok().and_then(|units| Price::from_units(units).ok());
            let quantity = Quantity::from_hundredths(unsigned(hundredths)?).ok();
            let level = price.zip(quantity).map(|(price, quantity)| Level { price, quantity });
            level.map(Some).ok_or_else(|| wrong("a price or a quantity is out of range"))
        }
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(wrong("a price is without its quantity")),
    };
    let quote = Quote { bid: level("bid_units", "bid_hundredths")?, ask: level("ask_units", "ask_hundredths")? };
    let end = |column: &str| -> Result<Option<Probability>, StoreError> {
        row.optional_real(column)?
            .map(Probability::new)
            .transpose()
            .map_err(|error| damaged(0, format!("table strike_rows: {error}")))
    };
    let fair = match (end("model")?, end("model_low")?, end("model_high")?, row.optional_text("model_unknown")?) {
        (Some(value), Some(low), Some(high), None) => ObservedFair::Known { value, low, high },
        (None, None, None, Some(why)) => ObservedFair::Unknown(why),
        _ => return Err(wrong("the model's value is there by halves")),
    };
    let volume = row.optional_integer("volume_hundredths")?.map(unsigned).transpose()?;
    Ok(ObservedStrike {
        market: MarketTicker::new(&row.text("market")?).map_err(|error| wrong(&error.to_string()))?,
        strike,
        trading: row.integer("trading")? != 0,
        quote: (row.integer("quoted")? != 0).then_some(quote),
        volume: volume
            .map(Quantity::from_hundredths)
            .transpose()
            .map_err(|error| damaged(0, format!("table strike_rows: {error}")))?,
        fair,
    })
}

fn time(row: &Row, column: &str) -> Result<Timestamp, StoreError> {
    from_micros(row.integer(column)?).map_err(|error| damaged(0, format!("column {column}: {error}")))
}

fn asset_price(row: &Row, column: &str) -> Result<AssetPrice, StoreError> {
    AssetPrice::from_cents(unsigned(row.integer(column)?)?)
        .map_err(|error| damaged(0, format!("column {column}: {error}")))
}

fn optional_asset_price(row: &Row, column: &str) -> Result<Option<AssetPrice>, StoreError> {
    match row.optional_integer(column)? {
        Some(_) => asset_price(row, column).map(Some),
        None => Ok(None),
    }
}
