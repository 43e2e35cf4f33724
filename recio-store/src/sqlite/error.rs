//! SQLite's errors, by what to do next.

use recio_core::store::StoreError;

/// Sorts an error: what may pass, and what a person has to look at.
///
/// Busy, locked, full, read-only, out of memory, no access, and everything that is not SQLite's own (a lost worker, input and output) may
/// pass: nothing of the transaction was kept, or all of it (a lost answer to a commit), and appending the same again is safe either way. A
/// corrupt file, a table that is not as it was made, and a broken constraint will not pass.
///
/// Source of the codes: sqlite.org/rescode.html. Read 2026-11-22.
pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    let what = error.to_string();
    if matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_)) {
        return damaged(0, what);
    }
    let code = error
        .as_database_error()
        .and_then(|database| database.code())
        .and_then(|code| code.parse::<u32>().ok())
        // The low byte is the primary code, the rest tells more.
        .map(|code| code & 0xff);
    match code {
        // ERROR (a missing table or column, or a bug), CORRUPT, CONSTRAINT, MISMATCH, NOTADB
        Some(1 | 11 | 19 | 20 | 26) => damaged(0, what),
        Some(_) | None => StoreError::Unavailable(Box::new(error)),
    }
}

/// What was read is not what was written.
pub(super) fn damaged(sequence: u64, what: impl Into<String>) -> StoreError {
    StoreError::Damaged { sequence, what: what.into() }
}

/// A number of a column that cannot be below zero.
pub(super) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| damaged(0, format!("{number} stands where a count should be")))
}

/// A sequence or count as the columns have it.
pub(super) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| damaged(number, "a number does not fit the store's columns"))
}
