//! The databases' errors, by what to do next.

use recio_core::store::{DamagedPart, StoreError};
use std::sync::Arc;

/// Sorts an error: what may pass, and what a person has to look at.
///
/// What may pass: nothing of the transaction was kept, or all of it (a lost answer to a commit), and appending the same again is safe either
/// way. That is busy, locked, full, read-only, out of memory, no access, a lost connection or worker, input and output, a deadlock, a
/// statement that took too long, missing rights. A corrupt file, a table that is not as it was made, and a broken constraint will not pass.
///
/// Sources of the codes: sqlite.org/rescode.html, postgresql.org/docs/15/errcodes-appendix.html. Read 2026-11-22.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    let what = error.to_string();
    if matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_)) {
        return damaged(0, what);
    }
    if is_final(&error) {
        damaged(0, what)
    } else if is_lost(&error) {
        StoreError::Unavailable(Box::new(Lost(Arc::new(error))))
    } else {
        StoreError::Unavailable(Box::new(error))
    }
}

/// The connection is of no use any more; what was asked for was done in full or not at all.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the connection to the database was lost")]
pub(crate) struct Lost(#[source] pub(crate) Arc<sqlx::Error>);

/// Sorts the error of a statement that adds rows, among which one may be there already: that is [`Twice`], of which the one who adds them knows
/// what to make.
pub(crate) fn adding_error(error: sqlx::Error) -> StoreError {
    if error.as_database_error().is_some_and(|database| database.is_unique_violation()) {
        StoreError::Unavailable(Box::new(Twice(error)))
    } else {
        store_error(error)
    }
}

/// A row is there already.
#[derive(Debug, thiserror::Error)]
#[error("a row is there already")]
pub(crate) struct Twice(#[source] sqlx::Error);

/// Whether a row is there already.
pub(crate) fn was_there(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(source) if source.is::<Twice>())
}

/// Sorts a [`Twice`] that should not have come.
pub(crate) fn not_twice(error: StoreError) -> StoreError {
    let StoreError::Unavailable(source) = error else { return error };
    match source.downcast::<Twice>() {
        Ok(twice) => store_error(twice.0),
        Err(source) => StoreError::Unavailable(source),
    }
}

/// Whether the connection is gone with the answer.
fn is_lost(error: &sqlx::Error) -> bool {
    if matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed) {
        return true;
    }
    let code = error.as_database_error().and_then(|database| database.code());
    // admin_shutdown, crash_shutdown, idle_session_timeout, idle_in_transaction_session_timeout: the server hangs up after these.
    matches!(code.as_deref(), Some("57P01" | "57P02" | "57P05" | "25P03"))
}

/// Whether the same may be asked once more on another connection, which the lane makes by itself.
#[cfg(feature = "postgres")]
pub(crate) fn was_lost(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(source) if source.is::<Lost>())
}

/// Whether an error will be the same the next time.
fn is_final(error: &sqlx::Error) -> bool {
    let Some(database) = error.as_database_error() else { return false };
    #[cfg(feature = "postgres")]
    if let Some(postgres) = database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        // Values that do not fit; a broken constraint; a missing table, column or function; a trigger that refused; a corrupt page.
        // Missing rights (42501) are given by a person while recio runs.
        let code = postgres.code();
        return code != "42501" && ["22", "23", "42", "P0", "XX00"].iter().any(|class| code.starts_with(class));
    }
    let code = database.code().and_then(|code| code.parse::<u32>().ok());
    // The low byte is the primary code, the rest tells more: ERROR (a missing table or column, or a bug), CORRUPT, CONSTRAINT, MISMATCH,
    // NOTADB.
    matches!(code.map(|code| code & 0xff), Some(1 | 11 | 19 | 20 | 26))
}

/// Whether a whole transaction may be done again at once: the database took it back because of another one.
pub(crate) fn lost_to_another(error: &StoreError) -> bool {
    let StoreError::Unavailable(source) = error else { return false };
    let code = source.downcast_ref::<sqlx::Error>().and_then(|error| error.as_database_error()?.code());
    // serialization_failure, deadlock_detected, lock_not_available
    matches!(code.as_deref(), Some("40001" | "40P01" | "55P03"))
}

/// What was read is not what was written.
pub(crate) fn damaged(sequence: u64, what: impl Into<String>) -> StoreError {
    StoreError::Damaged { part: DamagedPart::Facts, sequence, what: what.into() }
}

/// A table does not say what the facts say.
pub(crate) fn table_damaged(sequence: u64, what: impl Into<String>) -> StoreError {
    StoreError::Damaged { part: DamagedPart::Tables, sequence, what: what.into() }
}

/// The same damage, at the fact where it was met.
pub(crate) fn at(sequence: u64, error: StoreError) -> StoreError {
    if let StoreError::Damaged { part, sequence: 0, what } = error {
        StoreError::Damaged { part, sequence, what }
    } else {
        error
    }
}

/// A number of a column that cannot be below zero.
pub(crate) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| damaged(0, format!("{number} stands where a count should be")))
}

/// A sequence or count as the columns have it.
pub(crate) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| damaged(number, "a number does not fit the store's columns"))
}
