//! A transaction that always ends.

use super::connection::{Connection, Dialect};
use super::error::lost_to_another;
use super::query::Row;
use recio_core::store::StoreError;

/// How often a transaction is done that another one pushes out. Who loses has waited for the other's end, so a few turns are enough; more
/// mean that two programs work against each other all the time.
const TURNS: u32 = 5;

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    #[allow(dead_code, reason = "for rows that are no facts, which not every build writes")]
    Write,
    Held,
}

/// For reading: every statement sees the same facts.
pub(crate) const READ: Purpose = Purpose::Read;
/// For writing, as if nobody else were there: nothing is read that another connection then changes.
#[allow(dead_code, reason = "for rows that are no facts, which not every build writes")]
pub(crate) const WRITE: Purpose = Purpose::Write;
/// For writing under a lock that the work takes first of all (the row of the lease): every statement after it sees what is committed. On
/// PostgreSQL this spares the bookkeeping of serializable transactions.
pub(crate) const HELD: Purpose = Purpose::Held;

impl Purpose {
    fn begin(self, dialect: Dialect) -> &'static str {
        match (dialect, self) {
            #[cfg(feature = "sqlite")]
            (Dialect::Sqlite, Self::Read) => "BEGIN",
            // Takes the write lock at once.
            #[cfg(feature = "sqlite")]
            (Dialect::Sqlite, Self::Write | Self::Held) => "BEGIN IMMEDIATE",
            #[cfg(feature = "postgres")]
            (Dialect::Postgres, Self::Read) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            #[cfg(feature = "postgres")]
            (Dialect::Postgres, Self::Write) => "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE",
            #[cfg(feature = "postgres")]
            (Dialect::Postgres, Self::Held) => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        }
    }
}

/// Does work in a transaction: all of it is kept, or nothing. Where PostgreSQL takes it back because of another transaction (a deadlock,
/// a conflict between serializable ones, a lock that did not come), the work is done again, five times at most: it must have no effect but
/// that on the connection.
///
/// By plain statements, because sqlx counts transactions itself and does not see that the database took one back on its own, as SQLite does
/// when the disk is full: every later `begin` of that connection would fail (on PostgreSQL: github.com/launchbadge/sqlx/issues/3742). Only
/// for the threads of [`Lane`](super::Lane), where no future is dropped between begin and end.
///
/// # Errors
/// Those of the work. A commit without an answer may have happened: its error says "try again", and appending the same again is safe.
pub(crate) async fn transaction<T>(
    connection: &mut Connection,
    purpose: Purpose,
    mut work: impl AsyncFnMut(&mut Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let begin = purpose.begin(connection.dialect());
    transaction_from(connection, begin, async |connection, _| work(connection).await).await
}

/// Does work in a transaction that begins with more than `BEGIN`, in the same step: the work is given the rows that this had.
///
/// # Errors
/// As [`transaction`].
pub(crate) async fn transaction_from<T>(
    connection: &mut Connection,
    begin: &'static str,
    mut work: impl AsyncFnMut(&mut Connection, Vec<Row>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut turn = 1;
    loop {
        let result = once(connection, begin, &mut work).await;
        match &result {
            Err(error) if turn < TURNS && lost_to_another(error) => turn += 1,
            Ok(_) | Err(_) => return result,
        }
    }
}

async fn once<T>(
    connection: &mut Connection,
    begin: &'static str,
    work: &mut impl AsyncFnMut(&mut Connection, Vec<Row>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let result = match connection.ask(begin).await {
        Ok(rows) => work(connection, rows).await,
        Err(error) => Err(error),
    };
    let result = match result {
        Ok(done) => connection.run("COMMIT").await.map(|()| done),
        Err(error) => Err(error),
    };
    if result.is_err()
        && let Err(error) = connection.run("ROLLBACK").await
    {
        // What there is to take back, the database took back already, or it never began.
        tracing::debug!(%error, "no transaction was open any more");
    }
    result
}
