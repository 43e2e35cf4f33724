//! Rows as JSON lines: one object a row.

use super::column::check_row;
use super::csv_sheet::{moment, plain};
use super::{Cell, Column, Sheet, SheetError, Unit};
use std::io::{BufWriter, Write};

/// Writes rows as JSON lines under the names that CSV has. Money, prices and quantities are decimal strings, so that no reader makes a float of
/// them; counts are numbers, an empty cell is `null`. A sheet without rows is empty: the objects carry the names.
pub struct JsonLines<W: Write> {
    out: BufWriter<W>,
    /// Each column's name as JSON, once and for all.
    names: Vec<String>,
    columns: &'static [Column],
}

impl<W: Write> JsonLines<W> {
    /// Begins a sheet.
    #[must_use]
    pub fn new(out: W, columns: &'static [Column]) -> Self {
        let names = columns.iter().map(|column| serde_json::Value::from(column.decimal_name()).to_string()).collect();
        Self { out: BufWriter::new(out), names, columns }
    }
}

impl<W: Write + Send> Sheet for JsonLines<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        check_row(self.columns, cells)?;
        let mut before = "{";
        for ((column, name), cell) in self.columns.iter().zip(&self.names).zip(cells) {
            write!(self.out, "{before}{name}:")?;
            before = ",";
            let value = match cell {
                Cell::Empty | Cell::TooLarge => serde_json::Value::Null,
                Cell::Integer(integer) if column.unit == Unit::Count => (*integer).into(),
                Cell::Integer(micros) if column.unit == Unit::Time => moment(*micros)?.into(),
                Cell::Integer(_) => plain(column.unit, cell)?.into(),
                Cell::Real(real) => (*real).into(),
                Cell::Flag(flag) => (*flag).into(),
                Cell::Text(text) => text.as_ref().into(),
            };
            write!(self.out, "{value}")?;
        }
        self.out.write_all(if self.columns.is_empty() { b"{}\n" } else { b"}\n" })?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), SheetError> {
        Ok(self.out.flush()?)
    }
}

impl<W: Write> std::fmt::Debug for JsonLines<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonLines").field("columns", &self.columns.len()).finish_non_exhaustive()
    }
}
