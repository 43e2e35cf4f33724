//! A connection to a PostgreSQL server that may fall silent.

use super::error::adding_error;
use recio_core::store::StoreError;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// A connection whose server has a limited time for each answer. Once an answer did not come, the connection is never used again: the answer
/// to one statement would be taken for the one to the next.
///
/// The server ends statements itself (`statement_timeout`); this limit is for the server or network that is not there any more. It
/// dereferences to the driver's connection for what only that can do (COPY): such work runs without the limit.
#[derive(Debug)]
pub(crate) struct Session {
    connection: PgConnection,
    answer_limit: Duration,
    lost: bool,
}

impl Session {
    pub(crate) fn new(connection: PgConnection, answer_limit: Duration) -> Self {
        Self { connection, answer_limit, lost: false }
    }

    /// Has the server do something, and waits for it no longer than the limit.
    pub(crate) async fn answer<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        if self.lost {
            return Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, "the connection was given up")));
        }
        match tokio::time::timeout(self.answer_limit, ask(&mut self.connection)).await {
            Ok(answer) => answer,
            Err(_late) => {
                // Dropping the future half-way is safe here alone, because nothing follows it on this connection.
                self.lost = true;
                let what = format!("the server gave no answer within {:?}", self.answer_limit);
                Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, what)))
            }
        }
    }

    /// Runs statements that add rows which should be new, in one step: where one is there already, the error says that it
    /// [`was_there`](super::error::was_there). All values are part of the text.
    pub(crate) async fn run_new(&mut self, sql: String) -> Result<(), StoreError> {
        let run = self.answer(async |connection| sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await);
        run.await.map(drop).map_err(adding_error)
    }

    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        if self.lost {
            return Ok(());
        }
        let late = |_| sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the server did not say good-bye"));
        tokio::time::timeout(self.answer_limit, self.connection.close()).await.map_err(late)?
    }
}

impl Deref for Session {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
