//! Tables of rows, and the forms they are written in: Parquet, CSV, JSON lines.
//!
//! A [`Column`] has a name and a [`Unit`]; a [`Cell`] holds an integer of that unit. Parquet keeps the integers, under the endings that the
//! store's own columns have (`cost_micros`); CSV and JSON lines write the same numbers as exact decimals (`cost_dollars`). No float touches money.

mod cell;
mod column;
mod csv_sheet;
mod error;
mod json_lines;
mod parquet_file;
mod parquet_reader;
mod parquet_writer;

pub(in crate::archive) use cell::quantity_of;
pub use cell::{Cell, Cells};
pub use column::{Column, Unit};
pub use csv_sheet::CsvSheet;
pub use error::SheetError;
pub use json_lines::JsonLines;
pub use parquet_reader::{ParquetRows, read_parquet};
pub use parquet_writer::{ParquetSheet, ROW_GROUP_ROWS, SheetInfo};

/// Something that has rows of known columns.
pub trait Tabular {
    /// The columns. Their names are part of the interface: a changed one breaks whoever reads the files.
    const COLUMNS: &'static [Column];

    /// The row's cells, one for each column.
    fn cells(&self) -> Vec<Cell<'_>>;
}

/// Takes rows, and writes them in one form.
pub trait Sheet: Send {
    /// Writes a row.
    ///
    /// # Errors
    /// It does not fit the columns, or cannot be written. What was written before is then no whole sheet.
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError>;

    /// Ends the sheet, and hands on what is still held. A sheet without rows has its header.
    ///
    /// # Errors
    /// It cannot be written.
    fn finish(self: Box<Self>) -> Result<(), SheetError>;
}

#[cfg(test)]
mod tests;
