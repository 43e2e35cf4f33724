//! What an import did, and whether the sums agree.

use super::exact::Exact;
use super::finding::Findings;
use super::settings::Proposal;
use super::source::V2Table;
use super::tables::Measure;
use recio_core::imported::ImportedTable;
use serde::Serialize;

/// What an import did, or would do.
#[derive(Debug, Serialize)]
pub struct ImportReport {
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Table by table.
    pub tables: Vec<TableReport>,
    /// Price logs.
    pub prices: Vec<PricesReport>,
    /// Counts and sums by month, both sides.
    pub sums: Vec<SumLine>,
    /// What was odd.
    pub findings: Findings,
    /// v2's settings in recio's words. None was taken over.
    pub settings: Vec<Proposal>,
    /// Tables that were found and left.
    pub left: Vec<LeftTable>,
    /// Kinds of records of which no store has a table.
    pub absent: Vec<ImportedTable>,
}

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportProgress {
    /// The store that is read.
    pub source: String,
    /// The table.
    pub table: String,
    /// Rows read of it so far.
    pub read: u64,
    /// Rows that it has.
    pub of: u64,
}

/// A table that was found and not imported.
#[derive(Clone, Debug, Serialize)]
pub struct LeftTable {
    /// The store.
    pub source: String,
    /// The table.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// Why.
    pub why: &'static str,
}

/// What became of the rows of a table. `read` is the sum of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableReport {
    /// The store.
    pub source: String,
    /// The table.
    pub table: String,
    /// Rows read.
    pub read: u64,
    /// Kept as new records.
    pub imported: u64,
    /// Kept as new versions of records that were there.
    pub changed: u64,
    /// There already.
    pub already: u64,
    /// Rows of a record that another row is of too, alike in all that counts.
    pub merged: u64,
    /// The same with other values; the better store's were kept.
    pub differing: u64,
    /// Columns of v2's that the table does not have: their amounts and times are nothing in its records.
    pub lacking: Vec<&'static str>,
}

/// What became of a log of prices. `read` is the sum of added, already and skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PricesReport {
    /// The store.
    pub source: String,
    /// The table.
    pub table: String,
    /// The asset.
    pub asset: &'static str,
    /// Rows read.
    pub read: u64,
    /// Prices added.
    pub added: u64,
    /// Rows of a second that had its price already.
    pub already: u64,
    /// Rows without a time or without a price.
    pub skipped: u64,
    /// Whether the prices in the store grew by the number and the sum of those that were added.
    pub agrees: bool,
}

/// One sum, on both sides: `read` = `stored` − `gone` + `merged` + `rounded` + `difference`, and the difference has to be nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SumLine {
    /// The table.
    pub table: ImportedTable,
    /// The month as the rows name it: v2's date in New York for trades, the exchange's in UTC for the rest.
    pub month: String,
    /// Cost, fees, pnl or revenue in dollars; `None` for the number of rows.
    pub measure: Option<Measure>,
    /// In v2's stores, added up row by row in a reading of its own.
    pub read: Exact,
    /// In recio's store, read back from it.
    pub stored: Exact,
    /// Of that, in records that no store of v2's has (any more).
    pub gone: Exact,
    /// In rows of records that another row is of too.
    pub merged: Exact,
    /// Taken off by rounding to millionths of a dollar.
    pub rounded: Exact,
    /// What none of these explains.
    pub difference: Exact,
}

impl ImportReport {
    /// Whether every row and every micro-dollar is accounted for.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let rows = |table: &TableReport| {
            table.imported + table.changed + table.already + table.merged + table.differing == table.read
        };
        self.sums.iter().all(|line| line.difference == Exact::ZERO)
            && self.tables.iter().all(rows)
            && self.prices.iter().all(|log| log.agrees && log.added + log.already + log.skipped == log.read)
    }

    /// Whether something was kept, or would be.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.tables.iter().any(|table| table.imported + table.changed > 0)
            || self.prices.iter().any(|log| log.added > 0)
    }

    pub(super) fn leave(&mut self, source: &str, table: &V2Table, why: &'static str) {
        self.left.push(LeftTable { source: source.to_owned(), table: table.to_string(), rows: table.rows, why });
    }
}
