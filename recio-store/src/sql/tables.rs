//! The tables that facts make: emptied, and read.

use super::connection::Connection;
use super::error::{damaged, table_damaged, unsigned};
use super::query::{Query, Row};
use crate::position::PositionState;
use crate::tables::{ALL, Cell, Held, Kind, Rows, Table};
use recio_core::store::StoreError;
use recio_core::units::{Money, Position};
use sqlx::AssertSqlSafe;

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
            table_damaged(0, format!("table {}: {what}", table.name))
        } else {
            error
        }
    };
    table.columns.iter().map(cell).collect::<Result<Held, StoreError>>().map_err(wrong)
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
