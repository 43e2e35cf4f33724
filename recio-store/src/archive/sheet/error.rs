//! What can be wrong with a table of rows.

use parquet::errors::ParquetError;
use std::io;

/// Why rows could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SheetError {
    /// The operating system would not let us write or read: look at rights and free space.
    #[error("the system refuses")]
    Io(#[from] io::Error),
    /// A row has another number of cells than there are columns: a bug.
    #[error("a row has {found} cells, and there are {needed} columns")]
    Width {
        /// What the row has.
        found: usize,
        /// What it should have.
        needed: usize,
    },
    /// A cell cannot stand in its column.
    #[error("a cell of column `{column}` cannot be written: {what}")]
    Cell {
        /// The column.
        column: String,
        /// What is wrong.
        what: &'static str,
    },
    /// The CSV writer or reader.
    #[error("the CSV cannot be written")]
    Csv(#[from] csv::Error),
    /// The Parquet writer or reader.
    #[error("it is no Parquet that can be read or written")]
    Parquet(#[from] ParquetError),
    /// A Parquet file that holds something else.
    #[error("{0}")]
    Form(String),
    /// A row that makes no sense.
    #[error("row {row} cannot be read: {what}")]
    Row {
        /// Its number, from 1.
        row: u64,
        /// What is wrong.
        what: String,
    },
}
