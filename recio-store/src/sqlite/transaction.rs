//! A transaction that always ends.

use super::error::store_error;
use recio_core::store::StoreError;
use sqlx::SqliteConnection;

/// For reading: every statement sees the same facts.
pub(super) const READ: &str = "BEGIN";
/// For writing: takes the write lock at once, so that nothing is read that another connection then changes. On PostgreSQL: a serializable
/// transaction.
pub(super) const WRITE: &str = "BEGIN IMMEDIATE";

/// Does work in a transaction: all of it is kept, or nothing.
///
/// By plain statements, because sqlx counts transactions itself and does not see that SQLite took one back on its own, as it does when the
/// disk is full: every later `begin` of that connection would fail (on PostgreSQL: github.com/launchbadge/sqlx/issues/3742). Only for the threads of [`Lane`](super::lane::Lane), where no future is
/// dropped between begin and end.
///
/// # Errors
/// Those of the work. A commit without an answer may have happened: its error says "try again", and appending the same again is safe.
pub(super) async fn transaction<T>(
    connection: &mut SqliteConnection,
    begin: &'static str,
    work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    sqlx::query(begin).execute(&mut *connection).await.map_err(store_error)?;
    let result = match work(&mut *connection).await {
        Ok(done) => sqlx::query("COMMIT").execute(&mut *connection).await.map(|_| done).map_err(store_error),
        Err(error) => Err(error),
    };
    if result.is_err()
        && let Err(error) = sqlx::query("ROLLBACK").execute(&mut *connection).await
    {
        // What there is to take back, SQLite took back already.
        tracing::debug!(%error, "no transaction was open any more");
    }
    result
}
