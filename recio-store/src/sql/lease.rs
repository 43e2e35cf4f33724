//! The lease: whose turn it is to write facts.

use super::connection::{Connection, Dialect};
use super::error::{damaged, signed, unsigned};
use super::query::{Query, Row, readable};
use super::rows::end;
use super::transaction::{HELD, transaction};
use crate::chain::GENESIS;
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

/// The same with the last fact: in one step, because each one is a way to the server and back.
#[cfg(feature = "sqlite")]
const READ_WITH_END: &str = "SELECT l.epoch, l.holder, f.sequence, f.hash FROM lease l \
                             LEFT JOIN facts f ON f.sequence = (SELECT max(sequence) FROM facts) WHERE l.one = 1";
#[cfg(feature = "postgres")]
const READ_WITH_END_LOCKED: &str = "SELECT l.epoch, l.holder, f.sequence, f.hash FROM lease l \
                                    LEFT JOIN facts f ON f.sequence = (SELECT max(sequence) FROM facts) WHERE l.one = 1 FOR UPDATE OF l";

/// Reads the lease.
#[cfg(feature = "postgres")]
pub(crate) async fn lease(connection: &mut Connection) -> Result<Lease, StoreError> {
    Ok(read(connection, READ).await?.1)
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

/// Makes sure, in a transaction that is to write facts, that the turn is still the writer's, and that it stays so until the end. Returns the
/// last fact's sequence and hash; 0 and [`GENESIS`] in an empty store.
///
/// Who waits for the row's lock waits for a turn to be taken, and is fenced then: so the last fact, read before the wait, is the last one.
pub(crate) async fn hold(connection: &mut Connection, epoch: u64) -> Result<(u64, [u8; 32]), StoreError> {
    let sql = match connection.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => READ_WITH_END,
        #[cfg(feature = "postgres")]
        Dialect::Postgres => READ_WITH_END_LOCKED,
    };
    let (row, lease) = read(connection, sql).await?;
    if lease.epoch != epoch {
        return Err(StoreError::Fenced { holder: lease.holder });
    }
    match row.optional_integer("sequence")? {
        Some(sequence) => end(&row, unsigned(sequence)?),
        None => Ok((0, GENESIS)),
    }
}

async fn read_locked(connection: &mut Connection) -> Result<Lease, StoreError> {
    let sql = match connection.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => READ,
        #[cfg(feature = "postgres")]
        Dialect::Postgres => READ_LOCKED,
    };
    Ok(read(connection, sql).await?.1)
}

async fn read(connection: &mut Connection, sql: &'static str) -> Result<(Row, Lease), StoreError> {
    let row = Query::new(sql).fetch_optional(connection).await?;
    let row = row.ok_or_else(|| damaged(0, "table lease has lost its row: restore the store from a backup"))?;
    let lease = Lease { epoch: unsigned(row.integer("epoch")?)?, holder: row.text("holder")? };
    Ok((row, lease))
}
