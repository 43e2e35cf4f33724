//! One of v2's SQLite files.

use super::names::role;
use super::{PAGE, V2Table, quoted};
use crate::v2::row::RawRow;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Row, SqliteConnection, TypeInfo, ValueRef};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// How long a page waits while v2 writes.
const BUSY: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct SqliteReader {
    connection: SqliteConnection,
    /// The table's query, and the row after which the next page begins.
    at: Option<(String, i64)>,
}

impl SqliteReader {
    pub(super) async fn open(path: &Path) -> Result<(Self, Vec<V2Table>), sqlx::Error> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
        let mut connection = options.connect().await?;
        sqlx::query("BEGIN").execute(&mut connection).await?;
        let names: Vec<(String,)> = sqlx::query_as(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )
        .fetch_all(&mut connection)
        .await?;
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut tables = Vec::with_capacity(names.len());
        for (name,) in names {
            let sql = format!("SELECT count(*) FROM {}", quoted(&name));
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut connection).await?;
            let columns: Vec<(String,)> = sqlx::query_as("SELECT lower(name) FROM pragma_table_info($1)")
                .bind(&name)
                .fetch_all(&mut connection)
                .await?;
            let columns: Vec<String> = columns.into_iter().map(|(column,)| column).collect();
            let role = role("", &name, &file, &columns);
            let rows = u64::try_from(rows).unwrap_or(0);
            tables.push(V2Table { schema: String::new(), role, name, rows, columns });
        }
        Ok((Self { connection, at: None }, tables))
    }

    pub(super) fn begin(&mut self, table: &V2Table) {
        let sql = format!(
            "SELECT rowid AS recio_row, * FROM {} WHERE rowid > $1 ORDER BY rowid LIMIT {PAGE}",
            table.quoted()
        );
        self.at = Some((sql, i64::MIN));
    }

    pub(super) async fn page(&mut self) -> Result<Vec<RawRow>, sqlx::Error> {
        let Some((sql, after)) = &mut self.at else { return Ok(Vec::new()) };
        let rows = sqlx::query(AssertSqlSafe(sql.clone())).bind(*after).fetch_all(&mut self.connection).await?;
        let mut page = Vec::with_capacity(rows.len());
        for row in &rows {
            *after = row.try_get("recio_row")?;
            page.push(raw(row, *after)?);
        }
        Ok(page)
    }

    pub(super) async fn repeats(&mut self, table: &V2Table, column: &str) -> Result<bool, sqlx::Error> {
        let (table, column) = (table.quoted(), quoted(column));
        let sql = format!("SELECT count({column}) > count(DISTINCT {column}) FROM {table}");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.connection).await
    }
}

/// Every value as text. A column of SQLite's holds whatever was put into it, so each value is taken by its own type.
fn raw(row: &SqliteRow, number: i64) -> Result<RawRow, sqlx::Error> {
    let mut raw = RawRow { place: number.to_string(), columns: BTreeMap::new(), damaged: Vec::new() };
    for column in row.columns().iter().filter(|column| column.name() != "recio_row") {
        let name = column.name().to_lowercase();
        let value = row.try_get_raw(column.ordinal())?;
        if value.is_null() {
            continue;
        }
        let kind = value.type_info().name().to_owned();
        let text = match kind.as_str() {
            "INTEGER" | "INT8" | "BOOLEAN" => row.try_get_unchecked::<i64, _>(column.ordinal())?.to_string(),
            // The shortest text that is this float again.
            "REAL" => row.try_get_unchecked::<f64, _>(column.ordinal())?.to_string(),
            _ => {
                let bytes: Vec<u8> = row.try_get_unchecked(column.ordinal())?;
                let text = String::from_utf8_lossy(&bytes).replace('\0', "");
                if text.as_bytes() != bytes.as_slice() {
                    raw.damaged.push(name.clone());
                }
                text
            }
        };
        raw.columns.insert(name, text);
    }
    Ok(raw)
}
