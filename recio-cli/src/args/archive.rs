//! Arguments of the archive and of exports.

use clap::{Args, ValueEnum, ValueHint};
use jiff::civil::Date;
use recio_core::units::Timestamp;
use std::path::PathBuf;

/// `recio data archive`.
#[derive(Clone, Debug, Args)]
pub struct ArchiveArgs {
    /// Archive this sealed recording: the file, its books and its prices; may be given several times [default: the store's facts, decisions, prices, strike tables and health]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub recording: Vec<PathBuf>,
    /// From the store, only from this day on (UTC)
    #[arg(long, value_name = "DATE", conflicts_with = "recording")]
    pub from: Option<Date>,
    /// From the store, only up to and with this day (UTC)
    #[arg(long, value_name = "DATE", conflicts_with = "recording")]
    pub to: Option<Date>,
}

/// `recio data retain`.
#[derive(Clone, Debug, Args)]
pub struct RetainArgs {
    /// Only say what would be removed
    #[arg(long)]
    pub dry_run: bool,
}

/// `recio export`.
#[derive(Clone, Debug, Args)]
pub struct ExportArgs {
    /// The form
    pub form: ExportForm,
    /// What to export
    pub what: ExportTable,
    /// Only from this time on
    #[arg(long, value_name = "TIME")]
    pub from: Option<Timestamp>,
    /// Only up to this time, which is left out itself
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// The file, which appears whole or not at all [default: stdout]
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}

/// The forms of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportForm {
    /// RFC 4180, with exact decimals
    Csv,
    /// One JSON object a line, with exact decimals as strings
    Jsonl,
    /// Parquet with zstd, with integers whose unit the column's name tells
    Parquet,
}

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportTable {
    /// Our trades, by the time of the signal
    Trades,
    /// Our orders, by the time at which they were formed
    Orders,
    /// Fills, by the exchange's time
    Fills,
    /// Open positions; they have no time
    Positions,
    /// Settlements, by the time of the payout
    Settlements,
    /// Every entry of the books, by the exchange's time
    Ledger,
    /// Decisions: entries, and why the rest was not
    Decisions,
    /// Facts, with their hashes
    Facts,
}
