//! Rows in bulk into PostgreSQL.

use super::Sheet;
use crate::sql::error::store_error;
use crate::sql::session::Session;
use crate::tables::Cell;
use recio_core::store::StoreError;
use std::fmt::Write as _;

/// unique_violation
const TWICE: &str = "23505";

/// Copies rows, all or none. `None` says that a row is there already, for which COPY knows no way: they have to be inserted.
pub(super) async fn copy(session: &mut Session, sheet: &Sheet) -> Result<Option<u64>, StoreError> {
    let sql = format!("COPY {} ({}) FROM STDIN", sheet.table.name, sheet.table.column_list());
    let rows = text(&sheet.rows);
    let result = session.answer(async |connection| {
        let mut into = connection.copy_in_raw(&sql).await?;
        match into.send(rows.into_bytes()).await {
            Ok(_) => into.finish().await,
            Err(error) => {
                let _ = into.abort("the rows could not be sent").await;
                Err(error)
            }
        }
    });
    match result.await {
        Ok(rows) => Ok(Some(rows)),
        Err(error) if error.as_database_error().and_then(|error| error.code()).as_deref() == Some(TWICE) => Ok(None),
        Err(error) => Err(store_error(error)),
    }
}

/// COPY's text format: tabs between columns, `\N` for nothing.
///
/// Source: postgresql.org/docs/15/sql-copy.html. Read 2026-11-22.
fn text(rows: &[Vec<Cell>]) -> String {
    let mut text = String::with_capacity(rows.len() * 64);
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                text.push('\t');
            }
            match cell {
                Cell::Null => text.push_str("\\N"),
                Cell::Integer(value) => {
                    let _ = write!(text, "{value}");
                }
                // Rust writes the shortest text that reads back as the same float.
                Cell::Real(value) => {
                    let _ = write!(text, "{value:?}");
                }
                Cell::Text(value) => {
                    for letter in value.chars() {
                        match letter {
                            '\\' => text.push_str("\\\\"),
                            '\t' => text.push_str("\\t"),
                            '\n' => text.push_str("\\n"),
                            '\r' => text.push_str("\\r"),
                            other => text.push(other),
                        }
                    }
                }
            }
        }
        text.push('\n');
    }
    text
}
