//! What a store holds, as one file for other programs.

use super::disk::{HashedFile, put_in_place};
use super::rows::{DecisionRow, FactRow, LedgerRows};
use super::sheet::{Column, CsvSheet, JsonLines, ParquetSheet, Sheet, SheetError, SheetInfo, Tabular};
use recio_core::store::{OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::trade::{Fill, Settlement, Trade};
use recio_core::units::Timestamp;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Facts read at a time.
const PAGE: u32 = 1_000;
/// The version of what is exported, in Parquet's metadata.
const VERSION: u32 = 1;

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Our trades, by the time of the signal.
    Trades,
    /// Our orders, by the time at which they were formed.
    Orders,
    /// Fills, by the exchange's time.
    Fills,
    /// Open positions; they have no time.
    Positions,
    /// Settlements, by the time of the payout.
    Settlements,
    /// Every entry of the books, by the exchange's time.
    Ledger,
    /// Decisions: entries, and why the rest was not.
    Decisions,
    /// Facts, with their hashes.
    Facts,
}

/// The form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// CSV (RFC 4180), with decimals.
    Csv,
    /// One JSON object a line, with decimals as strings.
    Jsonl,
    /// Parquet with zstd, with integers.
    Parquet,
}

/// A stretch of time; open where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Up to this moment, which is not part of it.
    pub to: Option<Timestamp>,
}

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// How many rows.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of it, 64 hex digits.
    pub sha256: String,
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Positions are those of this moment.
    #[error("positions have no time: leave the period out")]
    NoTime,
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// The rows cannot be written.
    #[error("the rows cannot be written")]
    Sheet(#[from] SheetError),
    /// The file cannot be written.
    #[error("{}: cannot be written; check the path, its rights and free space", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Trades,
        Self::Orders,
        Self::Fills,
        Self::Positions,
        Self::Settlements,
        Self::Ledger,
        Self::Decisions,
        Self::Facts,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Orders => "orders",
            Self::Fills => "fills",
            Self::Positions => "positions",
            Self::Settlements => "settlements",
            Self::Ledger => "ledger",
            Self::Decisions => "decisions",
            Self::Facts => "facts",
        }
    }

    /// Its columns.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Trades => Trade::COLUMNS,
            Self::Orders => OrderRow::COLUMNS,
            Self::Fills => Fill::COLUMNS,
            Self::Positions => PositionRow::COLUMNS,
            Self::Settlements => Settlement::COLUMNS,
            Self::Ledger => super::rows::LedgerRow::COLUMNS,
            Self::Decisions => DecisionRow::COLUMNS,
            Self::Facts => FactRow::COLUMNS,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Period {
    /// Whether a moment lies in it.
    #[must_use]
    pub fn contains(&self, time: Timestamp) -> bool {
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to)
    }
}

/// Writes a table of a store; returns the number of rows. A table without rows has its header.
///
/// # Errors
/// See [`ExportError`]. What was written before is then no whole table.
pub async fn export(
    store: &dyn Store,
    table: Table,
    form: Form,
    period: Period,
    out: impl Write + Send,
) -> Result<u64, ExportError> {
    let mut sheet = sheet(out, table, form)?;
    let rows = write_rows(store, table, period, &mut *sheet).await?;
    sheet.finish()?;
    Ok(rows)
}

/// Writes a table of a store into a file, which appears whole or not at all; what was there before stays until then.
///
/// # Errors
/// See [`ExportError`]. The file is as it was.
pub async fn export_file(
    store: &dyn Store,
    table: Table,
    form: Form,
    period: Period,
    path: &Path,
) -> Result<Exported, ExportError> {
    let failed = |source: io::Error| ExportError::File { path: path.to_owned(), source };
    let Some(name) = path.file_name() else {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file")));
    };
    let temporary = path.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let written = write_file(store, table, form, period, &temporary).await;
    let placed = written.and_then(|exported| put_in_place(&temporary, path).map_err(failed).map(|()| exported));
    if placed.is_err() {
        // The error is what matters; a hidden file that stays behind is in nobody's way.
        let _ = std::fs::remove_file(&temporary);
    }
    placed.map_err(|error| match error {
        ExportError::File { source, .. } => failed(source),
        other @ (ExportError::NoTime | ExportError::Store(_) | ExportError::Sheet(_)) => other,
    })
}

async fn write_file(
    store: &dyn Store,
    table: Table,
    form: Form,
    period: Period,
    temporary: &Path,
) -> Result<Exported, ExportError> {
    let failed = |source: io::Error| ExportError::File { path: temporary.to_owned(), source };
    let mut file = HashedFile::create(temporary).map_err(failed)?;
    let rows = export(store, table, form, period, &mut file).await?;
    let (bytes, sha256) = file.close().map_err(failed)?;
    Ok(Exported { rows, bytes, sha256 })
}

fn sheet<'a>(out: impl Write + Send + 'a, table: Table, form: Form) -> Result<Box<dyn Sheet + 'a>, SheetError> {
    let columns = table.columns();
    Ok(match form {
        Form::Csv => Box::new(CsvSheet::new(out, columns)?),
        Form::Jsonl => Box::new(JsonLines::new(out, columns)),
        Form::Parquet => {
            Box::new(ParquetSheet::new(out, columns, SheetInfo { kind: table.as_str(), version: VERSION })?)
        }
    })
}

async fn write_rows(
    store: &dyn Store,
    table: Table,
    period: Period,
    sheet: &mut dyn Sheet,
) -> Result<u64, ExportError> {
    match table {
        Table::Trades => rows(&store.trades().await?, |row| period.contains(row.opened_time), sheet),
        Table::Orders => rows(&store.orders().await?, |row| period.contains(row.intent.created_time), sheet),
        Table::Fills => rows(&store.fills().await?, |row| period.contains(row.exchange_time), sheet),
        Table::Positions if period != Period::default() => Err(ExportError::NoTime),
        Table::Positions => rows(&store.positions().await?, |_| true, sheet),
        Table::Settlements => rows(&store.settlements().await?, |row| period.contains(row.settled_time), sheet),
        Table::Ledger => {
            // The books need every fact from the first on, whatever is shown of them.
            let mut books = LedgerRows::default();
            from_facts(store, |stored| {
                let entries = books.book(stored.sequence, &stored.fact)?;
                rows(&entries, |row| period.contains(row.time), sheet)
            })
            .await
        }
        Table::Decisions => {
            from_facts(store, |stored| rows(&DecisionRow::of(&stored), |row| period.contains(row.time), sheet)).await
        }
        Table::Facts => {
            from_facts(store, |stored| {
                if period.contains(stored.fact.time) { rows(&[FactRow::of(&stored)?], |_| true, sheet) } else { Ok(0) }
            })
            .await
        }
    }
}

fn rows<R: Tabular>(all: &[R], wanted: impl Fn(&R) -> bool, sheet: &mut dyn Sheet) -> Result<u64, ExportError> {
    let mut written = 0;
    for row in all.iter().filter(|row| wanted(row)) {
        sheet.row(&row.cells())?;
        written += 1;
    }
    Ok(written)
}

/// Reads all facts in their sequence, and adds up what is made of them.
async fn from_facts(
    store: &dyn Store,
    mut write: impl FnMut(StoredFact) -> Result<u64, ExportError>,
) -> Result<u64, ExportError> {
    let (mut last, mut written) = (0, 0);
    loop {
        let page = store.facts(last, PAGE).await?;
        let Some(end) = page.last().map(|stored| stored.sequence) else { return Ok(written) };
        for stored in page {
            written += write(stored)?;
        }
        last = end;
    }
}
