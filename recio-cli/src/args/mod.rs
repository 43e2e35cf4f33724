//! The command line, as clap reads it.

mod archive;
mod asking;
mod config;
mod data;
mod db;
mod import;
mod session;
mod store;

pub use archive::{ArchiveArgs, ExportArgs, ExportForm, ExportTable, RetainArgs};
pub use asking::{ArmArgs, CloseArgs, DisarmArgs, WaitArgs};
pub use config::{ConfigChangeArgs, ConfigCommand, ConfigHistoryArgs, ConfigOfArgs, ConfigSetArgs, ConfigShowArgs};
pub use data::{
    DataCommand, DoctorArgs, DownloadArgs, ImportArgs, RecordArgs, Span, SpanError, VenueName, VerifyBooksArgs,
};
pub use db::{BackupArgs, ConvertArgs, DbCommand, RebuildArgs, RestoreArgs};
pub use import::{AdoptArgs, ImportCommand, ImportV2Args};
pub use session::{
    DemoArgs, FingerprintBuildArgs, FingerprintCommand, FingerprintShowArgs, Rebase, ReconcileArgs, ReplayArgs,
    RunArgs, RunMode, ScenariosArgs, ServeArgs, SimCommand, Speed, SpeedError, StrikesArgs,
};
pub use store::{ListArgs, TradesArgs};

use crate::config::{Flags, LogFormat};
use crate::exit_code;
use clap::{ArgAction, Args, Parser, Subcommand, ValueHint};
use std::path::PathBuf;

/// Trades Kalshi's hourly crypto markets: from entry signal to settlement, with every cent accounted for.
#[derive(Clone, Debug, Parser)]
#[command(name = "recio", version, after_help = exit_code::HELP, max_term_width = 120, arg_required_else_help = true)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Config file [default: recio.toml in the working directory, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "RECIO_CONFIG", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Where facts are kept: sqlite://PATH, postgres://USER@HOST/DATABASE or memory: [default: recio.db in the data directory]
    #[arg(long, global = true, value_name = "URL")]
    pub store: Option<String>,
    /// Print results as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Say more on stderr (-v debug, -vv trace); RECIO_LOG takes filters such as info,recio_kalshi=debug
    #[arg(long, short, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
    /// Say nothing on stderr but warnings and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Form of the log on stderr
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Play the recorded market that ships with recio, and trade it from entry signal to settlement
    Demo(DemoArgs),
    /// Trade, in the mode that --mode names
    Run(RunArgs),
    /// The simulated exchange
    #[command(subcommand)]
    Sim(SimCommand),
    /// Record markets and prices while they happen
    Record(RecordArgs),
    /// Recordings, histories of prices, and the archive
    #[command(subcommand)]
    Data(DataCommand),
    /// Fingerprints: how far prices moved, by time to close and momentum
    #[command(subcommand)]
    Fingerprint(FingerprintCommand),
    /// Show the strike table of a recorded moment
    Strikes(StrikesArgs),
    /// Show our trades, newest first
    Trades(TradesArgs),
    /// Show our orders, newest first
    Orders(ListArgs),
    /// Show the fills of our orders, newest first
    Fills(ListArgs),
    /// Show open positions
    Positions(ListArgs),
    /// Show settlements, newest first
    Settlements(ListArgs),
    /// Write a table of the store as CSV, JSON lines or Parquet
    Export(ExportArgs),
    /// Compare the store with the exchange's own account
    Reconcile(ReconcileArgs),
    /// Look after the store
    #[command(subcommand)]
    Db(DbCommand),
    /// Take over what another program kept
    #[command(subcommand)]
    Import(ImportCommand),
    /// Run the engine again over an input log, and compare its outputs bit for bit
    Replay(ReplayArgs),
    /// Stop sending orders at once, also after a restart, until a person releases it
    Kill(KillArgs),
    /// Have the running recio close a trade: sell what it holds
    Close(CloseArgs),
    /// Have the running recio send only orders that reduce
    Disarm(DisarmArgs),
    /// Have the running recio send all orders again, after a disarm or a halt
    Arm(ArmArgs),
    /// Look at keys, clock, hosts, feeds, limits, disk and config, and say what to do
    Doctor(DoctorArgs),
    /// The config in force, and overrides that tighten it
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a shell's completion script
    Completions(CompletionsArgs),
}

/// `recio kill`.
#[derive(Clone, Debug, Args)]
pub struct KillArgs {
    /// Why; kept in the latch file
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["release", "status"])]
    pub reason: Option<String>,
    /// Remove the latch, so that orders may be sent again; asks for --yes
    #[arg(long, conflicts_with = "reason")]
    pub release: bool,
    /// Confirm --release
    #[arg(long, requires = "release")]
    pub yes: bool,
    /// Only say whether the latch holds; ends with 4 if it does
    #[arg(long, conflicts_with_all = ["reason", "release"])]
    pub status: bool,
    /// The data directory of the recio to stop; the config is not read then, so that a broken one cannot get in the way
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub data_dir: Option<PathBuf>,
}

/// `recio completions`.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

impl GlobalArgs {
    /// The flags that are settings of the config. `recio_log` is the variable `RECIO_LOG`, which stands above the config and below the flags.
    #[must_use]
    pub fn settings(&self, recio_log: Option<&str>) -> Flags {
        let log_level = match (self.quiet, self.verbose) {
            (true, _) => Some(("warn".to_owned(), "--quiet")),
            (false, 0) => recio_log.filter(|level| !level.is_empty()).map(|level| (level.to_owned(), "RECIO_LOG")),
            (false, 1) => Some(("debug".to_owned(), "-v")),
            (false, _) => Some(("trace".to_owned(), "-vv")),
        };
        Flags { store: self.store.clone(), bus: None, log_level, log_format: self.log_format }
    }
}
