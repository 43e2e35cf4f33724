//! A connection to either database.

use super::error::store_error;
use super::query::Row;
use recio_core::store::StoreError;
use sqlx::Connection as _;

/// Whose SQL is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
}

/// A connection to either database. Only for the threads of [`Lane`](super::Lane), where no future is dropped half-way.
#[derive(Debug)]
pub(crate) enum Connection {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(super::session::Session),
}

impl Connection {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement without values or rows, such as `COMMIT`, in one step.
    pub(crate) async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => sqlx::raw_sql(sql).execute(connection).await.map(drop),
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => {
                session.answer(async |connection| sqlx::raw_sql(sql).execute(connection).await.map(drop)).await
            }
        }
        .map_err(store_error)
    }

    /// Runs statements without values in one step, such as `BEGIN; SELECT …`. Returns their rows.
    pub(crate) async fn ask(&mut self, sql: &'static str) -> Result<Vec<Row>, StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => {
                // Kept prepared, several statements too.
                sqlx::query(sql).fetch_all(connection).await.map(|rows| rows.into_iter().map(Row::Sqlite).collect())
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => session
                .answer(async |connection| sqlx::raw_sql(sql).fetch_all(connection).await)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        }
        .map_err(store_error)
    }

    /// Asks for an answer of any kind: is somebody there?
    pub(crate) async fn ping(&mut self) -> Result<(), StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => connection.ping().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => session.answer(async |connection| connection.ping().await).await,
        }
        .map_err(store_error)
    }

    pub(crate) async fn close(self) -> Result<(), StoreError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => connection.close().await,
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => session.close().await,
        }
        .map_err(store_error)
    }
}
