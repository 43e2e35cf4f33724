//! Minute bars, one row at a time.

use super::ImportError;
use super::source::{Table, open};
use recio_core::model::Bar;
use recio_core::units::{AssetPrice, Timestamp};
use std::io::Read;
use std::path::Path;

const COLUMNS: &[&str] = &["ts", "open", "high", "low", "close"];

/// The bars of a CSV file with the columns `ts` (Unix seconds, start of the bar), `open`, `high`, `low`, `close`; others are skipped.
///
/// Prices beyond whole cents are rounded half up. Bars that are absent are absent: nothing is filled. After an error there is nothing more.
pub struct BarReader<R> {
    table: Table<R>,
    last: Option<Timestamp>,
    failed: bool,
}

impl<R> std::fmt::Debug for BarReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BarReader").field("last", &self.last).finish_non_exhaustive()
    }
}

impl BarReader<Box<dyn Read>> {
    /// Opens a file, unpacking it if its name ends in `.gz`.
    ///
    /// # Errors
    /// Not readable, or without one of the columns.
    pub fn open(file: &Path) -> Result<Self, ImportError> {
        Self::new(open(file)?, file)
    }
}

impl<R: Read> BarReader<R> {
    /// Reads the header line. `file` is only the name that errors give.
    ///
    /// # Errors
    /// Not readable, or without one of the columns.
    pub fn new(input: R, file: &Path) -> Result<Self, ImportError> {
        Ok(Self { table: Table::new(input, file, COLUMNS)?, last: None, failed: false })
    }

    fn step(&mut self) -> Result<Option<Bar>, ImportError> {
        let Some(row) = self.table.next()? else { return Ok(None) };
        let seconds: i64 = row.parse(0)?;
        let start = seconds.checked_mul(1_000_000).map(super::source::sane_time);
        let Some(Ok(start)) = start else {
            return Err(row.cell(0, "is not a time in seconds since 1970 (from 2010 to 2100)"));
        };
        if self.last.is_some_and(|last| start <= last) {
            return Err(row.cell(0, "is not later than the bar before"));
        }
        let price = |column: usize| {
            AssetPrice::parse_rounded(row.text(column))
                .map_err(|error| row.cell(column, &format!("is refused ({error})")))
        };
        let bar = Bar { start, open: price(1)?, high: price(2)?, low: price(3)?, close: price(4)? };
        if bar.low > bar.open.min(bar.close) {
            return Err(row.cell(3, "is above open or close"));
        }
        if bar.high < bar.open.max(bar.close) {
            return Err(row.cell(2, "is below open or close"));
        }
        self.last = Some(start);
        Ok(Some(bar))
    }
}

impl<R: Read> Iterator for BarReader<R> {
    type Item = Result<Bar, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step();
        self.failed = !matches!(step, Ok(Some(_)));
        step.transpose()
    }
}
