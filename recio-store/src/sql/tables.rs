//! Carries out what facts write into the tables.

use super::connection::Connection;
use super::error::{damaged, unsigned};
use super::query::{Query, Row};
use super::rows::scoped;
use crate::books::{Balance, MarketBooks, Payout};
use crate::position::PositionState;
use crate::tables::{ALL, Before, Cell, Held, Kind, POSITIONS, Rows, SETTLEMENTS, Table, Write, books_of, project};
use recio_core::fact::Fact;
use recio_core::market::MarketResult;
use recio_core::store::StoreError;
use recio_core::units::{MarketTicker, Money, Position, Price, from_micros};
use sqlx::AssertSqlSafe;
use std::fmt::Write as _;

/// Values in one statement: SQLite takes 32,766, PostgreSQL 65,535.
const MAX_VALUES: usize = 30_000;
/// Rows in one statement: enough that the statement is not what costs, few enough that the statements stay few and are prepared once.
const MAX_ROWS: usize = 64;

/// Brings the tables from just before the fact to just after it.
pub(crate) async fn put_rows(connection: &mut Connection, sequence: u64, fact: &Fact) -> Result<(), StoreError> {
    let before = before(connection, fact).await?;
    let (writes, _) = project(sequence, fact, &before)?;
    let mut rest = writes.as_slice();
    while let Some(first) = rest.first() {
        // Rows of one fact that go into the same columns go together.
        let alike = |write: &&Write| {
            first.table.rows == Rows::OfAFact
                && write.table.name == first.table.name
                && write.cells.iter().map(|(column, _)| column).eq(first.cells.iter().map(|(column, _)| column))
        };
        let most = MAX_ROWS.min(MAX_VALUES / first.cells.len().max(1));
        let count = rest[1..].iter().take_while(alike).count().min(most - 1) + 1;
        let (group, later) = rest.split_at(count);
        put(connection, group).await?;
        rest = later;
    }
    Ok(())
}

/// Empties all tables.
pub(crate) async fn empty(connection: &mut Connection) -> Result<(), StoreError> {
    for table in ALL {
        Query::new(AssertSqlSafe(format!("DELETE FROM {}", table.name))).execute(connection).await?;
    }
    Ok(())
}

/// Reads rows of a table: of one with rows for each fact, those of the facts after `after` up to `last`; of another, all.
pub(crate) async fn held(
    connection: &mut Connection,
    table: &'static Table,
    (after, last): (i64, i64),
) -> Result<Vec<Held>, StoreError> {
    let mut sql = format!("SELECT {} FROM {}", table.column_list(), table.name);
    let query = match table.rows {
        Rows::State => Query::new(AssertSqlSafe(sql)),
        Rows::OfAFact => {
            sql.push_str(" WHERE sequence > $1 AND sequence <= $2");
            Query::new(AssertSqlSafe(sql)).integer(after).integer(last)
        }
    };
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| cells(row, table)).collect()
}

/// How many rows a table has.
pub(crate) async fn count(connection: &mut Connection, table: &'static Table) -> Result<u64, StoreError> {
    let query = Query::new(AssertSqlSafe(format!("SELECT count(*) AS number FROM {}", table.name)));
    unsigned(query.fetch_one(connection).await?.integer("number")?)
}

fn cells(row: &Row, table: &Table) -> Result<Held, StoreError> {
    let cell = |(column, kind): &(&'static str, Kind)| {
        Ok(match kind {
            Kind::Integer => row.optional_integer(column)?.map_or(Cell::Null, Cell::Integer),
            Kind::Real => row.optional_real(column)?.map_or(Cell::Null, Cell::Real),
            Kind::Text => row.optional_text(column)?.map_or(Cell::Null, Cell::Text),
        })
    };
    let wrong = |error| {
        if let StoreError::Damaged { what, .. } = error {
            damaged(0, format!("table {}: {what}", table.name))
        } else {
            error
        }
    };
    table.columns.iter().map(cell).collect::<Result<Held, StoreError>>().map_err(wrong)
}

/// Writes rows that name the same columns: new ones, or in place of those with the same key.
async fn put(connection: &mut Connection, writes: &[Write]) -> Result<(), StoreError> {
    let Some(first) = writes.first() else { return Ok(()) };
    let mut query = Query::new(AssertSqlSafe(statement(first, writes.len())));
    for (column, cell) in writes.iter().flat_map(|write| &write.cells) {
        let kind = first.table.columns.iter().find(|(name, _)| name == column).map(|(_, kind)| *kind);
        query = bind(query, cell, kind.unwrap_or(Kind::Text));
    }
    query.execute(connection).await.map(drop)
}

/// Binds the cell of a column.
pub(super) fn bind<'q>(query: Query<'q>, cell: &'q Cell, kind: Kind) -> Query<'q> {
    match (cell, kind) {
        (Cell::Integer(value), _) => query.integer(*value),
        (Cell::Real(value), _) => query.real(*value),
        (Cell::Text(value), _) => query.text(value.as_str()),
        (Cell::Null, Kind::Integer) => query.optional_integer(None),
        (Cell::Null, Kind::Real) => query.optional_real(None),
        (Cell::Null, Kind::Text) => query.optional_text(None::<&str>),
    }
}

/// The statement that writes so many rows like this one.
fn statement(write: &Write, rows: usize) -> String {
    let columns: Vec<&str> = write.cells.iter().map(|(column, _)| *column).collect();
    let mut sql = format!("INSERT INTO {} ({}) VALUES ", write.table.name, columns.join(", "));
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for at in 1..=columns.len() {
            let _ = write!(sql, "{}${}", if at == 1 { "" } else { ", " }, row * columns.len() + at);
        }
        sql.push(')');
    }
    if write.table.rows == Rows::State {
        let key: Vec<&str> = write.table.key_columns().iter().map(|(name, _)| *name).collect();
        let changed = columns.iter().take(write.once).filter(|column| !key.contains(column));
        let changed: Vec<String> = changed.map(|column| format!("{column} = excluded.{column}")).collect();
        let _ = write!(sql, " ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), changed.join(", "));
    }
    sql
}

/// What a fact's rows depend on.
async fn before(connection: &mut Connection, fact: &Fact) -> Result<Before, StoreError> {
    let Some(market) = books_of(fact) else { return Ok(Before::default()) };
    let balance = balance(connection, fact).await?;
    let market = match market {
        Some(market) => market_books(connection, fact, market).await?,
        None => MarketBooks::default(),
    };
    Ok(Before { market, balance })
}

async fn balance(connection: &mut Connection, fact: &Fact) -> Result<Balance, StoreError> {
    let sql = "SELECT cash_micros, funded_micros, cost_micros, fees_micros, realized_micros FROM balances \
               WHERE environment = $1 AND account = $2 AND subaccount = $3 AND exchange_index = $4 ORDER BY sequence DESC LIMIT 1";
    let Some(row) = scoped(sql, fact).fetch_optional(connection).await? else { return Ok(Balance::default()) };
    let money = |column: &str| row.integer(column).map(Money::from_micros);
    Ok(Balance {
        cash: money("cash_micros")?,
        funded: money("funded_micros")?,
        cost: money("cost_micros")?,
        fees: money("fees_micros")?,
        realized: money("realized_micros")?,
    })
}

async fn market_books(
    connection: &mut Connection,
    fact: &Fact,
    market: &MarketTicker,
) -> Result<MarketBooks, StoreError> {
    let sql = "SELECT fees_micros, settled, by_fills_hundredths, by_fills_cost_micros, payout_booked FROM positions \
               WHERE environment = $1 AND account = $2 AND subaccount = $3 AND exchange_index = $4 AND market = $5";
    let row = scoped(sql, fact).text(market.as_str()).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(MarketBooks::default()) };
    let wrong = |table: &Table, what: String| damaged(0, format!("table {}, market {market}: {what}", table.name));
    let by_fills = PositionState {
        position: Position::from_hundredths(row.integer("by_fills_hundredths")?)
            .map_err(|error| wrong(&POSITIONS, error.to_string()))?,
        cost: Money::from_micros(row.integer("by_fills_cost_micros")?),
        fees: Money::from_micros(row.integer("fees_micros")?),
        settled: false,
    };
    if row.integer("settled")? == 0 {
        return Ok(MarketBooks { by_fills, payout: None, booked: false });
    }
    let sql = "SELECT version, result, yes_payout_units, revenue_micros, settled_time_us FROM settlements \
               WHERE environment = $1 AND account = $2 AND subaccount = $3 AND exchange_index = $4 AND market = $5";
    let paid = scoped(sql, fact).text(market.as_str()).fetch_optional(connection).await?;
    let paid = paid.ok_or_else(|| wrong(&SETTLEMENTS, "the payout is missing: rebuild the tables".to_owned()))?;
    let wrong = |what: String| wrong(&SETTLEMENTS, what);
    let result = match (paid.text("result")?.as_str(), paid.integer("yes_payout_units")?) {
        ("yes", _) => MarketResult::Yes,
        ("no", _) => MarketResult::No,
        (_, units) => {
            let price = u16::try_from(units).ok().and_then(|units| Price::from_units(units).ok());
            MarketResult::Scalar(price.ok_or_else(|| wrong(format!("a payout of {units} units")))?)
        }
    };
    let payout = Payout {
        version: u32::try_from(paid.integer("version")?).map_err(|error| wrong(error.to_string()))?,
        result,
        revenue: Money::from_micros(paid.integer("revenue_micros")?),
        time: from_micros(paid.integer("settled_time_us")?).map_err(|error| wrong(error.to_string()))?,
    };
    Ok(MarketBooks { by_fills, payout: Some(payout), booked: row.integer("payout_booked")? != 0 })
}

/// The state in a row of positions.
pub(crate) fn position(row: &Row) -> Result<PositionState, StoreError> {
    Ok(PositionState {
        position: Position::from_hundredths(row.integer("position_hundredths")?)
            .map_err(|error| damaged(0, format!("table positions: {error}")))?,
        cost: Money::from_micros(row.integer("cost_micros")?),
        fees: Money::from_micros(row.integer("fees_micros")?),
        settled: row.integer("settled")? != 0,
    })
}
