//! Observations as rows, cut into pieces.

use super::list::is_replaced;
use super::{PRICE_BARS, PRICE_TICKS, SERVICE_HEALTH, STRIKE_ROWS, STRIKE_TABLES, optional};
use crate::observations::{Observation, ObservedFair, ObservedStrike, ObservedStrikeTable};
use crate::sql::error::signed;
use crate::tables::{Cell, Table};
use recio_core::market::{Family, Level, Strike};
use recio_core::price_feed::Resolution;
use recio_core::store::StoreError;
use recio_core::units::{AssetPrice, micros};
use std::collections::BTreeMap;

/// What is written in one transaction.
#[derive(Debug)]
pub(super) enum Piece {
    /// Rows of one table.
    Rows(Sheet),
    /// Strike tables, each with its strikes.
    StrikeTables(Vec<(Sheet, Sheet)>),
}

/// Rows of one table, with a cell for each of its columns.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) table: &'static Table,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// Cuts observations into pieces of at most so many rows; only a strike table of more strikes makes a larger one. Kinds are put together, and
/// within a kind the order stays.
pub(super) fn cut(observations: &[Observation], most: usize) -> Result<Vec<Piece>, StoreError> {
    let (mut ticks, mut bars, mut health, mut tables) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for observation in observations {
        match observation {
            Observation::Tick(seen) => ticks.push(vec![
                Cell::Text(seen.asset.to_string()),
                Cell::text(&seen.source),
                Cell::Integer(micros(seen.tick.exchange_time)),
                cents(seen.tick.price)?,
                Cell::Integer(micros(seen.received_time)),
            ]),
            Observation::Bar(seen) => bars.push(vec![
                Cell::Text(seen.asset.to_string()),
                Cell::text(&seen.source),
                Cell::Integer(seconds(seen.resolution)),
                Cell::Integer(micros(seen.bar.start)),
                cents(seen.bar.open)?,
                cents(seen.bar.high)?,
                cents(seen.bar.low)?,
                cents(seen.bar.close)?,
            ]),
            Observation::Health(seen) => health.push(vec![
                Cell::text(&seen.service),
                Cell::text(&seen.instance),
                Cell::Integer(micros(seen.time)),
                Cell::Text(seen.health.as_str().to_owned()),
                Cell::text(&seen.detail),
            ]),
            Observation::StrikeTable(seen) => tables.push(strike_table(seen)?),
        }
    }
    let mut pieces = Vec::new();
    for (table, rows) in [(&PRICE_TICKS, ticks), (&PRICE_BARS, bars), (&SERVICE_HEALTH, health)] {
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            pieces.push(Piece::Rows(sheet(table, rows.by_ref().take(most).collect())));
        }
    }
    let mut group: Vec<(Sheet, Sheet)> = Vec::new();
    let mut rows = 0;
    for one in tables {
        let more = 1 + one.1.rows.len();
        if rows + more > most && !group.is_empty() {
            pieces.push(Piece::StrikeTables(std::mem::take(&mut group)));
            rows = 0;
        }
        rows += more;
        group.push(one);
    }
    if !group.is_empty() {
        pieces.push(Piece::StrikeTables(group));
    }
    Ok(pieces)
}

/// One statement cannot replace a row twice: of rows with one key the last is kept.
fn sheet(table: &'static Table, rows: Vec<Vec<Cell>>) -> Sheet {
    if !is_replaced(table) {
        return Sheet { table, rows };
    }
    let by_key: BTreeMap<Vec<Cell>, Vec<Cell>> = rows.into_iter().map(|row| (row[..table.key].to_vec(), row)).collect();
    Sheet { table, rows: by_key.into_values().collect() }
}

fn strike_table(seen: &ObservedStrikeTable) -> Result<(Sheet, Sheet), StoreError> {
    let head = vec![
        Cell::Text(seen.event.as_str().to_owned()),
        Cell::Integer(micros(seen.time)),
        Cell::Text(seen.series.as_str().to_owned()),
        Cell::Text(seen.asset.to_string()),
        Cell::Text(family_word(seen.family).to_owned()),
        Cell::Integer(micros(seen.close_time)),
        seen.asset_price.map_or(Ok(Cell::Null), cents)?,
        seen.momentum.map_or(Cell::Null, Cell::real),
        seen.volatility.map_or(Cell::Null, Cell::real),
    ];
    let strikes = (1..).zip(&seen.strikes).map(|(line, strike)| strike_row(seen, line, strike));
    let rows = strikes.collect::<Result<Vec<_>, StoreError>>()?;
    Ok((Sheet { table: &STRIKE_TABLES, rows: vec![head] }, Sheet { table: &STRIKE_ROWS, rows }))
}

fn strike_row(table: &ObservedStrikeTable, line: i64, seen: &ObservedStrike) -> Result<Vec<Cell>, StoreError> {
    let (word, floor, cap) = match seen.strike {
        Some(Strike::Greater { floor }) => (Some("greater"), Some(floor), None),
        Some(Strike::GreaterOrEqual { floor }) => (Some("greater_or_equal"), Some(floor), None),
        Some(Strike::Less { cap }) => (Some("less"), None, Some(cap)),
        Some(Strike::LessOrEqual { cap }) => (Some("less_or_equal"), None, Some(cap)),
        Some(Strike::Between { floor, cap }) => (Some("between"), Some(floor), Some(cap)),
        None => (None, None, None),
    };
    let (bid, ask) = seen.quote.map_or((None, None), |quote| (quote.bid, quote.ask));
    let price = |level: Option<Level>| optional(level.map(|level| i64::from(level.price.units())));
    let quantity = |level: Option<Level>| -> Result<Cell, StoreError> {
        Ok(optional(level.map(|level| signed(level.quantity.hundredths())).transpose()?))
    };
    let (model, unknown) = match &seen.fair {
        ObservedFair::Known { value, low, high } => {
            ([*value, *low, *high].map(|end| Cell::real(end.get())), Cell::Null)
        }
        ObservedFair::Unknown(why) => ([Cell::Null, Cell::Null, Cell::Null], Cell::text(why)),
    };
    let [value, low, high] = model;
    Ok(vec![
        Cell::Text(table.event.as_str().to_owned()),
        Cell::Integer(micros(table.time)),
        Cell::Integer(line),
        Cell::Text(seen.market.as_str().to_owned()),
        word.map_or(Cell::Null, |word| Cell::Text(word.to_owned())),
        floor.map_or(Ok(Cell::Null), cents)?,
        cap.map_or(Ok(Cell::Null), cents)?,
        Cell::Integer(i64::from(seen.trading)),
        Cell::Integer(i64::from(seen.quote.is_some())),
        price(bid),
        quantity(bid)?,
        price(ask),
        quantity(ask)?,
        optional(seen.volume.map(|volume| signed(volume.hundredths())).transpose()?),
        value,
        low,
        high,
        unknown,
    ])
}

fn cents(price: AssetPrice) -> Result<Cell, StoreError> {
    signed(price.cents()).map(Cell::Integer)
}

/// How long a bar is.
pub(super) const fn seconds(resolution: Resolution) -> i64 {
    match resolution {
        Resolution::Second => 1,
        Resolution::Minute => 60,
    }
}

/// The word for a kind of contract, as serde has it.
pub(super) const fn family_word(family: Family) -> &'static str {
    match family {
        Family::HourlyThreshold => "hourly_threshold",
        Family::HourlyRange => "hourly_range",
        Family::QuarterHour => "quarter_hour",
    }
}
