//! Results on stdout: a table for people, or JSON.

mod fills;
mod import;
mod orders;
mod positions;
mod settings;
mod settlements;
#[cfg(test)]
mod tests;
mod trades;

pub(crate) use import::import_report;
pub use trades::TradeView;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use recio_core::units::Timestamp;
use serde::Serialize;
use std::fmt;
use std::io::{self, Write};

/// Writes results, in the form that was asked for.
pub struct Printer<'a> {
    out: &'a mut (dyn Write + Send + 'a),
    json: bool,
}

/// A line below the header and none between rows: dense, and easy to cut apart.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A row of a list.
pub trait Listing: Serialize {
    /// The list's name: the key in the JSON object.
    const NAME: &'static str;
    /// The columns of the table.
    const COLUMNS: &'static [(&'static str, Align)];

    /// The row's cells, one for each column.
    fn cells(&self) -> Vec<String>;
}

impl<'a> Printer<'a> {
    /// Makes a printer.
    pub fn new(out: &'a mut (dyn Write + Send + 'a), json: bool) -> Self {
        Self { out, json }
    }

    /// Whether JSON was asked for.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Writes a list: a table, or an object with the list under its name. An empty table is left out; the log says so.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn list<L: Listing>(&mut self, rows: &[L]) -> io::Result<()> {
        if self.json {
            return self.json(&std::collections::BTreeMap::from([(L::NAME, rows)]));
        }
        if rows.is_empty() {
            tracing::info!("no {}", L::NAME);
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(L::COLUMNS.iter().map(|(name, _)| *name));
        table.add_rows(rows.iter().map(Listing::cells));
        for (column, (_, align)) in table.column_iter_mut().zip(L::COLUMNS) {
            column.set_cell_alignment(match align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
        }
        self.text(&table.trim_fmt())
    }

    /// Writes one JSON value, indented.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *self.out, value)?;
        self.out.write_all(b"\n")
    }

    /// Writes text, and ends its last line.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        if text.ends_with('\n') { Ok(()) } else { self.out.write_all(b"\n") }
    }

    /// Hands what was written so far on: for commands that go on after their result.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Where to write what comes in another form.
    pub fn out(&mut self) -> &mut (dyn Write + Send) {
        &mut *self.out
    }
}

impl fmt::Debug for Printer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printer").field("json", &self.json).finish_non_exhaustive()
    }
}

/// A moment in a table: UTC, to the second.
pub(crate) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A value, or a dash.
pub(crate) fn or_dash(value: Option<impl fmt::Display>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// The word that JSON has for a state, with spaces.
pub(crate) fn word(state: &impl Serialize) -> String {
    match serde_json::to_value(state) {
        Ok(serde_json::Value::String(word)) => word.replace('_', " "),
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}
