//! v2's PostgreSQL database.

use super::names::{MOVED, role};
use super::{PAGE, V2Table, quoted};
use crate::v2::row::RawRow;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Row};
use std::collections::BTreeMap;

/// The schemas of v2's, and the one that its tables are moved into.
const SCHEMAS: [&str; 6] = ["users", "live_data", "historical_data", "analytics", "system", MOVED];

#[derive(Debug)]
pub(super) struct PostgresReader {
    connection: PgConnection,
    columns: Vec<String>,
    open: bool,
}

impl PostgresReader {
    pub(super) async fn open(options: PgConnectOptions) -> Result<(Self, Vec<V2Table>), sqlx::Error> {
        let mut connection = options.application_name("recio import v2").connect().await?;
        // Times with a zone come out in one zone, and floats as the shortest text that is the same float again.
        for sql in [
            "SET TIME ZONE 'UTC'",
            "SET extra_float_digits = 1",
            "SET datestyle = 'ISO'",
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ] {
            sqlx::query(sql).execute(&mut connection).await?;
        }
        let names: Vec<(String, String)> = sqlx::query_as(
            "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY($1) AND n.nspname || '.' || c.relname <> 'v2_backup.adopted'",
        )
        .bind(SCHEMAS.map(str::to_owned).to_vec())
        .fetch_all(&mut connection)
        .await?;
        let mut tables = Vec::with_capacity(names.len());
        for (schema, name) in names {
            let sql = format!("SELECT count(*) FROM {}.{}", quoted(&schema), quoted(&name));
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut connection).await?;
            let columns: Vec<(String,)> = sqlx::query_as(
                "SELECT attname::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
                 JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = $1 AND c.relname = $2 AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            )
            .bind(&schema)
            .bind(&name)
            .fetch_all(&mut connection)
            .await?;
            let columns: Vec<String> = columns.into_iter().map(|(column,)| column).collect();
            let small: Vec<String> = columns.iter().map(|column| column.to_lowercase()).collect();
            let role = role(&schema, &name, "", &small);
            tables.push(V2Table { role, schema, name, rows: u64::try_from(rows).unwrap_or(0), columns });
        }
        Ok((Self { connection, columns: Vec::new(), open: false }, tables))
    }

    pub(super) async fn begin(&mut self, table: &V2Table) -> Result<(), sqlx::Error> {
        self.end().await?;
        self.columns.clone_from(&table.columns);
        let columns: Vec<String> = table.columns.iter().map(|column| format!("{}::text", quoted(column))).collect();
        // The order of writing: by the row's own number, else by where it lies.
        let order = if table.columns.iter().any(|column| column == "id") { "id" } else { "ctid" };
        let sql = format!(
            "DECLARE recio_rows NO SCROLL CURSOR FOR SELECT {} FROM {} ORDER BY {order}",
            columns.join(", "),
            table.quoted()
        );
        sqlx::query(AssertSqlSafe(sql)).execute(&mut self.connection).await?;
        self.open = true;
        Ok(())
    }

    async fn end(&mut self) -> Result<(), sqlx::Error> {
        if std::mem::take(&mut self.open) {
            sqlx::query("CLOSE recio_rows").execute(&mut self.connection).await?;
        }
        Ok(())
    }

    pub(super) async fn page(&mut self) -> Result<Vec<RawRow>, sqlx::Error> {
        let sql = format!("FETCH {PAGE} FROM recio_rows");
        let rows = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_all(&mut self.connection).await?;
        rows.iter().map(|row| raw(row, &self.columns)).collect()
    }

    pub(super) async fn repeats(&mut self, table: &V2Table, column: &str) -> Result<bool, sqlx::Error> {
        let (table, column) = (table.quoted(), quoted(column));
        let sql = format!("SELECT count({column}) > count(DISTINCT {column}) FROM {table}");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.connection).await
    }
}

fn raw(row: &PgRow, names: &[String]) -> Result<RawRow, sqlx::Error> {
    let mut columns = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        if let Some(text) = row.try_get::<Option<String>, _>(at)? {
            columns.insert(name.to_lowercase(), text);
        }
    }
    // The primary keys that v2's tables have.
    let place = ["id", "trade_id", "order_id", "timestamp", "ticker"].iter().find_map(|name| columns.get(*name));
    Ok(RawRow { place: place.cloned().unwrap_or_default(), columns, damaged: Vec::new() })
}
