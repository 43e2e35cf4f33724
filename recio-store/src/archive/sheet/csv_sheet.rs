//! Rows as CSV (RFC 4180): commas, CR LF, quotes only where they are needed, the names of the columns first.

use super::column::check_row;
use super::{Cell, Column, Sheet, SheetError, Unit};
use std::io::Write;

/// Writes rows as CSV. Money, prices and quantities are exact decimals with all their places, times RFC 3339 in UTC; an empty cell is an empty
/// field, as an empty text is.
pub struct CsvSheet<W: Write> {
    out: csv::Writer<W>,
    columns: &'static [Column],
}

impl<W: Write> CsvSheet<W> {
    /// Begins a sheet: writes the names of the columns.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn new(out: W, columns: &'static [Column]) -> Result<Self, SheetError> {
        let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        out.write_record(columns.iter().map(Column::decimal_name))?;
        Ok(Self { out, columns })
    }
}

impl<W: Write + Send> Sheet for CsvSheet<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        check_row(self.columns, cells)?;
        for (column, cell) in self.columns.iter().zip(cells) {
            match cell {
                Cell::Text(text) => self.out.write_field(text.as_ref())?,
                other @ (Cell::Empty | Cell::Integer(_) | Cell::Real(_) | Cell::Flag(_) | Cell::TooLarge) => {
                    self.out.write_field(plain(column.unit, other)?)?;
                }
            }
        }
        // Ends the record: the fields were written one by one.
        self.out.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), SheetError> {
        Ok(self.out.flush()?)
    }
}

impl<W: Write> std::fmt::Debug for CsvSheet<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvSheet").field("columns", &self.columns.len()).finish_non_exhaustive()
    }
}

/// The text of a cell; nothing for an empty one.
pub(super) fn plain(unit: Unit, cell: &Cell<'_>) -> Result<String, SheetError> {
    Ok(match cell {
        Cell::Empty | Cell::TooLarge => String::new(),
        Cell::Integer(micros) if unit == Unit::Time => moment(*micros)?,
        Cell::Integer(integer) => unit.decimal(*integer),
        // The shortest text that reads back as the same float.
        Cell::Real(real) => real.to_string(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Text(text) => text.clone().into_owned(),
    })
}

/// A moment as RFC 3339 in UTC.
pub(super) fn moment(micros: i64) -> Result<String, SheetError> {
    let out_of_range = |_| SheetError::Form(format!("{micros} microseconds are outside the years of the calendar"));
    Ok(recio_core::units::from_micros(micros).map_err(out_of_range)?.to_string())
}
