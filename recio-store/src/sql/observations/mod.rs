//! Observations in a database: pieces of rows, each in a transaction of its own.

#[cfg(feature = "postgres")]
mod copy;
mod forget;
mod list;
mod pieces;
mod read;

pub(super) use list::ALL;
pub(crate) use read::{all_health, all_strike_tables, bars, health, sources, strike_tables, ticks};

use super::connection::{Connection, Dialect};
use super::lane::Lane;
use super::query::Query;
use super::transaction::{HELD, transaction};
use super::writes::bind;
use crate::observations::{Observation, ObservationKind};
use crate::tables::{Cell, Table};
use list::{PRICE_BARS, PRICE_TICKS, SERVICE_HEALTH, STRIKE_ROWS, STRIKE_TABLES};
use pieces::{Piece, Sheet};
use recio_core::store::StoreError;
use recio_core::units::{Timestamp, micros};
use sqlx::AssertSqlSafe;
use std::fmt::Write as _;

/// Rows of one transaction on SQLite: few milliseconds, so that facts do not wait longer than that.
#[cfg(feature = "sqlite")]
const SQLITE_ROWS: usize = 1_000;
/// Rows of one COPY: more make it no faster, and what has to be written again row by row after a tick came twice stays small.
#[cfg(feature = "postgres")]
const POSTGRES_ROWS: usize = 10_000;
/// Values of one statement; SQLite takes 32,766, PostgreSQL 65,535.
const STATEMENT_VALUES: usize = 2_000;

/// Writes observations over a lane, piece by piece: other work of the lane goes between. Returns how many rows are new or changed.
pub(crate) async fn observe(lane: &Lane, dialect: Dialect, observations: &[Observation]) -> Result<u64, StoreError> {
    let most = match dialect {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => SQLITE_ROWS,
        #[cfg(feature = "postgres")]
        Dialect::Postgres => POSTGRES_ROWS,
    };
    let mut rows = 0;
    for piece in pieces::cut(observations, most)? {
        rows += lane.call(async move |connection| write(connection, &piece).await).await?;
    }
    Ok(rows)
}

/// Forgets observations over a lane, piece by piece. Returns how many rows are gone.
pub(crate) async fn forget_before(lane: &Lane, kind: ObservationKind, time: Timestamp) -> Result<u64, StoreError> {
    forget::before(lane, kind, micros(time)).await
}

/// Writes a piece: all of it, or nothing.
async fn write(connection: &mut Connection, piece: &Piece) -> Result<u64, StoreError> {
    match piece {
        Piece::Rows(sheet) => {
            #[cfg(feature = "postgres")]
            if let Connection::Postgres(session) = connection
                && let Some(rows) = copy::copy(session, sheet).await?
            {
                return Ok(rows);
            }
            transaction(connection, HELD, async |connection| insert(connection, sheet).await).await
        }
        Piece::StrikeTables(tables) => {
            transaction(connection, HELD, async |connection| {
                let mut rows = 0;
                for (head, strikes) in tables {
                    // Strikes belong to a table that is new.
                    let new = insert(connection, head).await?;
                    rows += new + if new > 0 { insert(connection, strikes).await? } else { 0 };
                }
                Ok(rows)
            })
            .await
        }
    }
}

/// Inserts rows; what is there already is left, or takes the new values where the table says so.
async fn insert(connection: &mut Connection, sheet: &Sheet) -> Result<u64, StoreError> {
    let mut written = 0;
    let columns = sheet.table.columns;
    for rows in sheet.rows.chunks((STATEMENT_VALUES / columns.len()).max(1)) {
        let mut query = Query::new(AssertSqlSafe(statement(sheet.table, rows.len())));
        for row in rows {
            for (cell, (_, kind)) in row.iter().zip(columns) {
                query = bind(query, cell, *kind);
            }
        }
        written += query.execute(connection).await?;
    }
    Ok(written)
}

fn statement(table: &Table, rows: usize) -> String {
    let columns = table.columns.len();
    let mut sql = format!("INSERT INTO {} ({}) VALUES ", table.name, table.column_list());
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for at in 1..=columns {
            let _ = write!(sql, "{}${}", if at == 1 { "" } else { ", " }, row * columns + at);
        }
        sql.push(')');
    }
    let key: Vec<&str> = table.key_columns().iter().map(|(name, _)| *name).collect();
    let _ = write!(sql, " ON CONFLICT ({}) DO ", key.join(", "));
    if list::is_replaced(table) {
        let own = || table.columns.iter().skip(table.key).map(|(name, _)| *name);
        let set: Vec<String> = own().map(|column| format!("{column} = excluded.{column}")).collect();
        // What is told again as it was is no change.
        let changed: Vec<String> =
            own().map(|column| format!("{}.{column} <> excluded.{column}", table.name)).collect();
        let _ = write!(sql, "UPDATE SET {} WHERE {}", set.join(", "), changed.join(" OR "));
    } else {
        sql.push_str("NOTHING");
    }
    sql
}

/// A cell for nothing or a number.
fn optional(value: Option<i64>) -> Cell {
    value.map_or(Cell::Null, Cell::Integer)
}
