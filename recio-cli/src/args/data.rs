//! Arguments of the commands that collect and check data.

use super::archive::{ArchiveArgs, RetainArgs};
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use recio_core::units::{AccountName, MarketTicker, SeriesTicker, Timestamp};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// A stretch of time, such as `90s`, `30m`, `1h` or `1h30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

/// Not a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a time such as 300ms, 90s, 30m, 1h or 1h30m")]
pub struct SpanError;

impl FromStr for Span {
    type Err = SpanError;
    fn from_str(text: &str) -> Result<Self, SpanError> {
        let span: jiff::SignedDuration = text.parse().map_err(|_| SpanError)?;
        Duration::try_from(span).ok().filter(|span| !span.is_zero()).map(Self).ok_or(SpanError)
    }
}

/// `recio record`.
#[derive(Clone, Debug, Args)]
pub struct RecordArgs {
    /// The series, such as KXBTC15M; may be given several times, of one asset [default: those of the config's monitors]
    #[arg(long, value_name = "TICKER")]
    pub series: Vec<SeriesTicker>,
    /// Where the recordings go
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,
    /// The account of the config whose exchange is recorded, with its key [default: the monitors'; without any, Kalshi's public data]
    #[arg(long, value_name = "NAME", conflicts_with = "endpoint")]
    pub account: Option<AccountName>,
    /// Use no key: books are read over public REST (delayed, no prints), and the index is not recorded
    #[arg(long)]
    pub keyless: bool,
    /// A running simulator: the file that `recio sim serve --ready-file` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub endpoint: Option<PathBuf>,
    /// Stop after so much market time [default: when the recording ends, or at Ctrl-C]
    #[arg(long = "for", value_name = "TIME")]
    pub for_time: Option<Span>,
    /// Begin another file after so long
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub rotate: Span,
}

/// `recio data …`.
#[derive(Clone, Debug, Subcommand)]
pub enum DataCommand {
    /// Make a recording from the recorded CSV files of one session
    Import(ImportArgs),
    /// Download minute candles into a CSV file, as far as it does not have them
    Download(DownloadArgs),
    /// Rebuild the books of recorded CSV files, and compare them with the recorded tickers
    VerifyBooks(VerifyBooksArgs),
    /// Archive all that the store holds, or sealed recordings, by day and symbol
    Archive(ArchiveArgs),
    /// Hash every file of the archive, compare it with its manifest, and check archived facts against their hashes and each other
    CheckArchive,
    /// Remove from store and archive what the config's rules let go
    Retain(RetainArgs),
}

/// Where candles come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VenueName {
    /// Coinbase
    Coinbase,
    /// Kraken: the last 720 minutes alone
    Kraken,
    /// Bitstamp
    Bitstamp,
    /// Gemini: the last day alone
    Gemini,
    /// A market of Kalshi, named with --market
    Kalshi,
}

/// `recio data download`.
#[derive(Clone, Debug, Args)]
pub struct DownloadArgs {
    /// Where the candles come from
    #[arg(long)]
    pub venue: VenueName,
    /// The asset, BTC or ETH; of a venue of prices
    #[arg(long, value_name = "ASSET", required_unless_present = "market")]
    pub asset: Option<String>,
    /// The market, of Kalshi
    #[arg(long, value_name = "TICKER", required_if_eq("venue", "kalshi"))]
    pub market: Option<MarketTicker>,
    /// The first minute
    #[arg(long, value_name = "TIME")]
    pub from: Timestamp,
    /// Up to this minute [default: three minutes ago]
    #[arg(long, value_name = "TIME")]
    pub to: Option<Timestamp>,
    /// The file, .csv or .csv.gz; one that is there is added to
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
    /// Take candles of a Kalshi market from a running simulator: the file that `recio sim serve --ready-file` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub endpoint: Option<PathBuf>,
}

/// `recio data verify-books`.
#[derive(Clone, Debug, Args)]
pub struct VerifyBooksArgs {
    /// The directory with the CSV files
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub from: PathBuf,
    /// Only this session; may be given several times [default: all with whole books]
    #[arg(long, value_name = "ID")]
    pub session: Vec<String>,
    /// How far apart a ticker and its book may lie, in the exchange's time
    #[arg(long, value_name = "TIME", default_value = "300ms")]
    pub window: Span,
}

/// `recio doctor`.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// Look at a running simulator instead of the config's exchanges: the file that `recio sim serve --ready-file` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub endpoint: Option<PathBuf>,
    /// Leave the network alone
    #[arg(long)]
    pub offline: bool,
}

/// `recio data import`.
#[derive(Clone, Debug, Args)]
pub struct ImportArgs {
    /// The directory with the CSV files
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub from: PathBuf,
    /// The session, such as 0513T125943
    #[arg(long, value_name = "ID")]
    pub session: String,
    /// The recording to write
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// Take spot prices along from this time on, before the session begins
    #[arg(long, value_name = "TIME")]
    pub pre_roll_from: Option<Timestamp>,
    /// Where the data come from, in words; the recording carries it
    #[arg(long, value_name = "TEXT", default_value = "recorded by others; see the CSV files' own documentation")]
    pub origin: String,
}
