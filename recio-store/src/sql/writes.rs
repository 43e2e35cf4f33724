//! What a transaction leaves in the tables, written with as few ways to the database as there can be.

use super::connection::Connection;
#[cfg(feature = "postgres")]
use super::error::damaged;
use super::query::Query;
use crate::tables::{Cell, FACTS, Kind, Rows, Write};
use recio_core::store::StoreError;
#[cfg(feature = "sqlite")]
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Rows in one statement: enough that the statement is not what costs, few enough that it stays small and, prepared, is of few shapes.
const MAX_ROWS: usize = 64;

/// One write for each row: of a state that several facts change, what they leave of it.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    writes: Vec<Write>,
    /// Where the write of a state is, by its table and key.
    states: BTreeMap<(&'static str, Vec<Cell>), usize>,
}

impl Writes {
    /// Adds what is written after all that was added before.
    pub(crate) fn add(&mut self, write: Write) {
        if write.table.rows == Rows::State {
            let key = (write.table.name, write.key());
            if let Some(at) = self.states.get(&key) {
                self.writes[*at].absorb(write);
                return;
            }
            self.states.insert(key, self.writes.len());
        }
        self.writes.push(write);
    }

    /// Writes the rows, all statements in one message: each by itself would be a way to the server, or to the thread of the file, and back.
    ///
    /// SQLite's driver binds values to several statements, which it keeps prepared. PostgreSQL binds them to one at a time, so there they stand in
    /// the text.
    ///
    /// # Errors
    /// One that says that a row [`was_there`](super::error::was_there) that should be new.
    pub(crate) async fn run(&self, connection: &mut Connection) -> Result<(), StoreError> {
        if self.writes.is_empty() {
            return Ok(());
        }
        let statements = self.statements();
        match connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(_) => {
                let mut query = Query::new(AssertSqlSafe(with_marks(&statements)));
                for write in statements.iter().flatten() {
                    for (column, cell) in &write.cells {
                        query = bind(query, cell, write.table.kind(column));
                    }
                }
                query.execute_new(connection).await.map(drop)
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(session) => session.run_new(with_values(&statements)?).await,
        }
    }

    /// The rows that one statement writes, for all statements. Facts are first: the other rows refer to them.
    fn statements(&self) -> Vec<Vec<&Write>> {
        let mut statements: Vec<Vec<&Write>> = Vec::new();
        let mut open: BTreeMap<(&str, usize, Vec<&str>), usize> = BTreeMap::new();
        for write in &self.writes {
            let columns = write.cells.iter().map(|(column, _)| *column).collect();
            let shape = (write.table.name, write.once, columns);
            match open.get(&shape).and_then(|at| statements.get_mut(*at)) {
                Some(rows) if rows.len() < MAX_ROWS => rows.push(write),
                Some(_) | None => {
                    open.insert(shape, statements.len());
                    statements.push(vec![write]);
                }
            }
        }
        statements.sort_by_key(|rows| rows[0].table.name != FACTS.name);
        statements
    }
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

/// Statements with a mark for each value, counted through all of them.
#[cfg(feature = "sqlite")]
fn with_marks(statements: &[Vec<&Write>]) -> String {
    let (mut sql, mut last) = (String::new(), 0);
    for rows in statements {
        statement(&mut sql, rows, |sql, _| {
            last += 1;
            let _ = write!(sql, "${last}");
        });
    }
    sql
}

/// Statements with the values in them.
///
/// # Errors
/// [`StoreError::Damaged`] for a value that PostgreSQL has no text for.
#[cfg(feature = "postgres")]
fn with_values(statements: &[Vec<&Write>]) -> Result<String, StoreError> {
    let (mut sql, mut all) = (String::new(), Ok(()));
    for rows in statements {
        statement(&mut sql, rows, |sql, cell| {
            if let Err(error) = literal(sql, cell) {
                all = Err(error);
            }
        });
    }
    all.map(|()| sql)
}

/// Writes a value as PostgreSQL reads it back: integers by their digits, a float by the shortest that are the same float, text in quotes, in
/// which a quote is written twice and nothing else means anything (`standard_conforming_strings`, which each of our connections sets).
///
/// Source: postgresql.org/docs/15/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS. Read 2026-11-22.
#[cfg(feature = "postgres")]
fn literal(sql: &mut String, cell: &Cell) -> Result<(), StoreError> {
    let _ = match cell {
        Cell::Null => write!(sql, "NULL"),
        Cell::Integer(value) => write!(sql, "{value}"),
        Cell::Real(value) if value.is_finite() => write!(sql, "{value:?}"),
        Cell::Real(value) => return Err(damaged(0, format!("{value} stands where a number should be"))),
        Cell::Text(text) if text.contains('\0') => {
            let shown = text.escape_debug();
            return Err(damaged(0, format!("`{shown}` has a character of code 0, which no column takes")));
        }
        Cell::Text(text) => write!(sql, "'{}'", text.replace('\'', "''")),
    };
    Ok(())
}

/// INSERT of rows of one shape, each value written by `put`: new ones, or in place of those with the same key.
fn statement(sql: &mut String, rows: &[&Write], mut put: impl FnMut(&mut String, &Cell)) {
    let Write { table, cells, once } = rows[0];
    let columns: Vec<&str> = cells.iter().map(|(column, _)| *column).collect();
    let _ = write!(sql, "INSERT INTO {} ({}) VALUES ", table.name, columns.join(", "));
    for (row, write) in rows.iter().enumerate() {
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for (at, (_, cell)) in write.cells.iter().enumerate() {
            sql.push_str(if at == 0 { "" } else { ", " });
            put(sql, cell);
        }
        sql.push(')');
    }
    if table.rows == Rows::State {
        let key: Vec<&str> = table.key_columns().iter().map(|(name, _)| *name).collect();
        let changed = columns.iter().take(*once).filter(|column| !key.contains(column));
        let changed: Vec<String> = changed.map(|column| format!("{column} = excluded.{column}")).collect();
        let _ = write!(sql, " ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), changed.join(", "));
    }
    sql.push_str(";\n");
}

#[cfg(test)]
#[cfg(all(feature = "postgres", feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::contract::sample;
    use crate::tables::{Before, project};
    use recio_core::fact::Fact;
    use recio_core::trade::{OrderStatus, TradeStatus};
    use recio_core::units::Quantity;

    fn statements(facts: &[Fact]) -> Vec<String> {
        let mut writes = Writes::default();
        for (sequence, fact) in (1..).zip(facts) {
            project(sequence, fact, &Before::default()).unwrap().0.into_iter().for_each(|write| writes.add(write));
        }
        with_values(&writes.statements()).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_facts_leave_of_a_row_is_one_write_and_rows_alike_are_one_statement() {
        let change = |order, id, status, filled| sample::order_changed(order, id, status, filled);
        let said = statements(&[
            sample::intent("c-1", 1),
            change("c-1", Some("x-1"), OrderStatus::Open, "0"),
            sample::intent("c-2", 2),
            change("c-1", None, OrderStatus::Filled, "10"),
            change("c-2", Some("x-2"), OrderStatus::Open, "0"),
            sample::trade("t-1", TradeStatus::Pending, Quantity::ZERO),
            sample::trade("t-1", TradeStatus::Open, Quantity::contracts(1)),
        ]);
        let tables: Vec<&str> = said.iter().filter_map(|sql| sql.split(' ').nth(2)).collect();
        assert_eq!(tables, ["orders", "order_events", "trades"], "{said:#?}");
        // The newest state, with the id that only the first change told; and what counts in a new row alone.
        assert!(said[0].contains("'filled'") && said[0].contains("'x-1'") && said[0].contains("'x-2'"), "{}", said[0]);
        assert!(!said[0].contains("submitting"), "{}", said[0]);
        assert!(said[2].contains("'open'") && said[2].contains(", 6) ON CONFLICT"), "{}", said[2]);
        assert!(!said[2].contains("first_sequence = excluded"), "{}", said[2]);
    }

    #[test]
    fn a_value_in_a_text_is_nothing_but_the_value() {
        let said = |cell: Cell| {
            let mut sql = String::new();
            literal(&mut sql, &cell).map(|()| sql)
        };
        let text = |text: &str| said(Cell::Text(text.to_owned()));
        assert_eq!(text(r"it's; -- \' $1 é").unwrap(), r"'it''s; -- \'' $1 é'");
        assert!(text("a\0b").is_err());
        assert_eq!(said(Cell::Integer(i64::MIN)).unwrap(), "-9223372036854775808");
        assert_eq!(said(Cell::Real(0.1 + 0.2)).unwrap(), "0.30000000000000004");
        assert!(said(Cell::Real(f64::NAN)).is_err() && said(Cell::Real(f64::INFINITY)).is_err());
        assert_eq!(said(Cell::Null).unwrap(), "NULL");
    }
}
