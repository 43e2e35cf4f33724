//! The lease: whose turn it is to write facts.

use super::connection::{Connection, Dialect};
use super::error::{damaged, signed, unsigned};
use super::known::{End, START};
use super::query::{Query, Row, readable};
use super::rows::end;
use super::transaction::{HELD, transaction, transaction_from};
use recio_core::store::StoreError;

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Raised by one with each turn; 0 before the first.
    pub(crate) epoch: u64,
    pub(crate) holder: String,
}

const READ: &str = "SELECT epoch, holder FROM lease WHERE one = 1";
/// Locks the row until the transaction ends: nobody takes a turn meanwhile. On SQLite a transaction that writes has the whole database for
/// itself.
#[cfg(feature = "postgres")]
const READ_LOCKED: &str = "SELECT epoch, holder FROM lease WHERE one = 1 FOR UPDATE";

/// Begins a transaction, and reads the lease and then the last fact: in one message, because each one is a way to the server and back.
macro_rules! begin {
    ($begin:literal, $lock:literal) => {
        concat!(
            $begin,
            "; SELECT epoch, holder FROM lease WHERE one = 1",
            $lock,
            "; SELECT sequence, hash FROM facts ORDER BY sequence DESC LIMIT 1"
        )
    };
}

/// Reads the lease.
#[cfg(feature = "postgres")]
pub(crate) async fn lease(connection: &mut Connection) -> Result<Lease, StoreError> {
    read(connection, READ).await
}

/// Takes the next turn. Returns its epoch.
///
/// The caller holds the lock that keeps other live writers away.
pub(crate) async fn take_turn(connection: &mut Connection, holder: &str) -> Result<u64, StoreError> {
    transaction(connection, HELD, async |connection| take_turn_in(connection, holder).await).await
}

async fn take_turn_in(connection: &mut Connection, holder: &str) -> Result<u64, StoreError> {
    let last = read_locked(connection).await?.epoch;
    let epoch = last.checked_add(1).ok_or_else(|| damaged(0, "table lease: the epochs are used up"))?;
    let sql = match connection.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => {
            "UPDATE lease SET epoch = $1, holder = $2, acquired_time_us = CAST(unixepoch('subsec') * 1000000 AS INTEGER) WHERE one = 1"
        }
        #[cfg(feature = "postgres")]
        Dialect::Postgres => {
            "UPDATE lease SET epoch = $1, holder = $2, acquired_time_us = CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) \
             WHERE one = 1"
        }
    };
    Query::new(sql).integer(signed(epoch)?).text(readable(holder)).execute(connection).await?;
    Ok(epoch)
}

/// Does work in a transaction that writes as the holder of this turn: the turn is still the writer's, and stays so until the end. The work is
/// given the last fact's sequence and hash; 0 and [`GENESIS`](crate::GENESIS) in an empty store.
///
/// # Errors
/// As [`transaction`]; [`StoreError::Fenced`] once another writer took its turn.
pub(crate) async fn held<T>(
    connection: &mut Connection,
    epoch: u64,
    mut work: impl AsyncFnMut(&mut Connection, End) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let begin = match connection.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => begin!("BEGIN IMMEDIATE", ""),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => begin!("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", " FOR UPDATE"),
    };
    transaction_from(connection, begin, async |connection, rows| {
        let mut rows = rows.iter();
        let lease = rows.next().and_then(|row| of(row).ok()).ok_or_else(lost_row)?;
        if lease.epoch != epoch {
            return Err(StoreError::Fenced { holder: lease.holder });
        }
        let last = match rows.next() {
            Some(row) => end(row, unsigned(row.integer("sequence")?)?)?,
            None => START,
        };
        work(connection, last).await
    })
    .await
}

async fn read_locked(connection: &mut Connection) -> Result<Lease, StoreError> {
    let sql = match connection.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => READ,
        #[cfg(feature = "postgres")]
        Dialect::Postgres => READ_LOCKED,
    };
    read(connection, sql).await
}

async fn read(connection: &mut Connection, sql: &'static str) -> Result<Lease, StoreError> {
    of(&Query::new(sql).fetch_optional(connection).await?.ok_or_else(lost_row)?)
}

fn of(row: &Row) -> Result<Lease, StoreError> {
    Ok(Lease { epoch: unsigned(row.integer("epoch")?)?, holder: row.text("holder")? })
}

fn lost_row() -> StoreError {
    damaged(0, "table lease has lost its row: restore the store from a backup")
}
