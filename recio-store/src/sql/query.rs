//! A statement with its values, and the rows that it gives, the same for both databases.

use super::connection::Connection;
#[cfg(feature = "sqlite")]
use super::error::adding_error;
use super::error::store_error;
use recio_core::store::StoreError;
use sqlx::{Row as _, SqlSafeStr, SqlStr};
use std::borrow::Cow;

/// A statement and what stands for `$1`, `$2`, … in it, in this order.
#[derive(Debug)]
pub(crate) struct Query<'q> {
    sql: SqlStr,
    values: Vec<Value<'q>>,
}

/// A value, or none of its type: PostgreSQL wants to know the type of nothing too.
#[derive(Debug)]
enum Value<'q> {
    Integer(Option<i64>),
    Real(Option<f64>),
    Text(Option<Cow<'q, str>>),
}

/// Makes the driver's query.
macro_rules! driver_query {
    ($query:expr, $database:ty) => {{
        let mut query = sqlx::query::<$database>($query.sql);
        for value in $query.values {
            query = match value {
                Value::Integer(value) => query.bind(value),
                Value::Real(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
            };
        }
        query
    }};
}

impl<'q> Query<'q> {
    /// A statement of ours: its text is part of the program, or (in sqlx's `AssertSqlSafe`) made of parts of the program alone.
    pub(crate) fn new(sql: impl SqlSafeStr) -> Self {
        Self { sql: sql.into_sql_str(), values: Vec::new() }
    }

    pub(crate) fn integer(self, value: i64) -> Self {
        self.optional_integer(Some(value))
    }

    pub(crate) fn optional_integer(self, value: Option<i64>) -> Self {
        self.with(Value::Integer(value))
    }

    /// Text. PostgreSQL has no way to keep a character of code 0 in it: see [`readable`].
    pub(crate) fn text(self, value: impl Into<Cow<'q, str>>) -> Self {
        self.with(Value::Text(Some(value.into())))
    }

    pub(crate) fn optional_text(self, value: Option<impl Into<Cow<'q, str>>>) -> Self {
        self.with(Value::Text(value.map(Into::into)))
    }

    /// A number that is no money: nothing exact goes through a float.
    #[allow(dead_code, reason = "for probabilities and prices of spot venues, which not every build writes")]
    pub(crate) fn real(self, value: f64) -> Self {
        self.optional_real(Some(value))
    }

    #[allow(dead_code, reason = "for probabilities and prices of spot venues, which not every build writes")]
    pub(crate) fn optional_real(self, value: Option<f64>) -> Self {
        self.with(Value::Real(value))
    }

    fn with(mut self, value: Value<'q>) -> Self {
        self.values.push(value);
        self
    }

    /// Runs the statement. Returns the number of rows that it wrote.
    pub(crate) async fn execute(self, connection: &mut Connection) -> Result<u64, StoreError> {
        self.send(connection).await.map_err(store_error)
    }

    /// Runs a statement that adds rows which should be new: where one is there already, the error says that it
    /// [`was_there`](super::error::was_there).
    #[cfg(feature = "sqlite")]
    pub(crate) async fn execute_new(self, connection: &mut Connection) -> Result<u64, StoreError> {
        self.send(connection).await.map_err(adding_error)
    }

    async fn send(self, connection: &mut Connection) -> Result<u64, sqlx::Error> {
        match connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => {
                driver_query!(self, sqlx::Sqlite).execute(connection).await.map(|done| done.rows_affected())
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(session) => session
                .answer(async |connection| driver_query!(self, sqlx::Postgres).execute(connection).await)
                .await
                .map(|done| done.rows_affected()),
        }
    }

    /// Runs the statement, and reads all of its rows.
    pub(crate) async fn fetch_all(self, connection: &mut Connection) -> Result<Vec<Row>, StoreError> {
        match connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => driver_query!(self, sqlx::Sqlite)
                .fetch_all(connection)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            #[cfg(feature = "postgres")]
            Connection::Postgres(session) => session
                .answer(async |connection| driver_query!(self, sqlx::Postgres).fetch_all(connection).await)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        }
        .map_err(store_error)
    }

    /// Runs the statement, and reads its first row.
    pub(crate) async fn fetch_optional(self, connection: &mut Connection) -> Result<Option<Row>, StoreError> {
        match connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => {
                driver_query!(self, sqlx::Sqlite).fetch_optional(connection).await.map(|row| row.map(Row::Sqlite))
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(session) => session
                .answer(async |connection| driver_query!(self, sqlx::Postgres).fetch_optional(connection).await)
                .await
                .map(|row| row.map(Row::Postgres)),
        }
        .map_err(store_error)
    }

    /// Runs a statement that always has a row, such as a count.
    pub(crate) async fn fetch_one(self, connection: &mut Connection) -> Result<Row, StoreError> {
        match connection {
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(connection) => {
                driver_query!(self, sqlx::Sqlite).fetch_one(connection).await.map(Row::Sqlite)
            }
            #[cfg(feature = "postgres")]
            Connection::Postgres(session) => session
                .answer(async |connection| driver_query!(self, sqlx::Postgres).fetch_one(connection).await)
                .await
                .map(Row::Postgres),
        }
        .map_err(store_error)
    }
}

/// A row. Columns are read by name, as what they are: an empty one only by the methods called `optional`.
pub(crate) enum Row {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::sqlite::SqliteRow),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::postgres::PgRow),
}

/// Reads a column from the driver's row.
macro_rules! column {
    ($row:expr, $column:expr) => {
        match $row {
            #[cfg(feature = "sqlite")]
            Row::Sqlite(row) => row.try_get($column),
            #[cfg(feature = "postgres")]
            Row::Postgres(row) => row.try_get($column),
        }
        .map_err(store_error)
    };
}

impl Row {
    pub(crate) fn integer(&self, column: &str) -> Result<i64, StoreError> {
        column!(self, column)
    }

    pub(crate) fn optional_integer(&self, column: &str) -> Result<Option<i64>, StoreError> {
        column!(self, column)
    }

    pub(crate) fn text(&self, column: &str) -> Result<String, StoreError> {
        column!(self, column)
    }

    pub(crate) fn optional_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        column!(self, column)
    }

    #[allow(dead_code, reason = "for probabilities and prices of spot venues, which not every build reads")]
    pub(crate) fn real(&self, column: &str) -> Result<f64, StoreError> {
        column!(self, column)
    }

    #[allow(dead_code, reason = "for probabilities and prices of spot venues, which not every build reads")]
    pub(crate) fn optional_real(&self, column: &str) -> Result<Option<f64>, StoreError> {
        column!(self, column)
    }
}

/// Text from outside as a column can hold it on both databases: PostgreSQL takes no character of code 0. Facts keep it as it was, escaped.
pub(crate) fn readable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { Cow::Borrowed(text) }
}
