//! Arguments of the commands that run a session or work on its files.

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use recio_core::units::{EventTicker, Timestamp};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// As fast as the machine goes; time moves on when every client has acknowledged the last instant.
    Lockstep,
    /// So many times as fast as it happened, 1 to 60.
    Paced(u8),
}

/// Not a speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write `lockstep`, or a whole number from 1 to 60: so many times real time")]
pub struct SpeedError;

impl FromStr for Speed {
    type Err = SpeedError;
    fn from_str(text: &str) -> Result<Self, SpeedError> {
        match text {
            "lockstep" => Ok(Self::Lockstep),
            number => match number.strip_suffix('x').unwrap_or(number).parse() {
                Ok(times @ 1..=60) => Ok(Self::Paced(times)),
                Ok(_) | Err(_) => Err(SpeedError),
            },
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lockstep => f.write_str("lockstep"),
            Self::Paced(times) => write!(f, "{times}"),
        }
    }
}

/// `recio demo`.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// lockstep, or 1 to 60 times real time
    #[arg(long, value_name = "SPEED", default_value_t = Speed::Lockstep)]
    pub speed: Speed,
}

/// Where data come from and orders go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunMode {
    /// Live data, simulated fills; no order leaves this machine
    Paper,
    /// Live data; what would have been ordered is recorded, and nothing else
    Shadow,
    /// A recording through the simulator, over the real protocol
    Sim,
}

/// `recio run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Where data come from and orders go
    #[arg(long, value_enum, default_value_t = RunMode::Paper)]
    pub mode: RunMode,
    /// On paper and in the shadow: use no key; books are read over public REST then (delayed), and a spot price stands in for the index
    #[arg(long)]
    pub keyless: bool,
    /// The recording to play [default: the one of the config, or the one that ships]
    #[arg(long, value_name = "FILE", conflicts_with = "endpoint", value_hint = ValueHint::FilePath)]
    pub recording: Option<PathBuf>,
    /// A running simulator: the file that `recio sim serve --ready-file` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub endpoint: Option<PathBuf>,
    /// lockstep, or 1 to 60 times real time; a running simulator has its own
    #[arg(long, value_name = "SPEED", default_value_t = Speed::Lockstep, conflicts_with = "endpoint")]
    pub speed: Speed,
    /// Go on with the store as it is, though it lacks facts that it held: an older copy was put back, and there is no newer one. What it lacks of
    /// orders, fills and settlements is filled in from the journal and the exchange; decisions and alarms of that time are lost
    #[arg(long)]
    pub accept_store: bool,
    /// Tell others what the run does: redis://HOST:PORT/0, rediss:// for TLS, or unix:///PATH [default: the one of the config, or nobody]
    #[arg(long, value_name = "URL")]
    pub bus: Option<String>,
}

/// `recio sim …`.
#[derive(Clone, Debug, Subcommand)]
pub enum SimCommand {
    /// Serve a recording, or a synthetic world, as an exchange on loopback
    Serve(ServeArgs),
    /// List the scenarios that come with recio, or print one as a file to begin from
    Scenarios(ScenariosArgs),
}

/// `recio sim scenarios`.
#[derive(Clone, Debug, Args)]
pub struct ScenariosArgs {
    /// The scenario to print
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// `recio sim serve`.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// The recording to play [default: the one of the config, or the one that ships]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub recording: Option<PathBuf>,
    /// Make so many hours of markets by chance, from --seed, in place of a recording
    #[arg(long, value_name = "HOURS", conflicts_with = "recording", value_parser = clap::value_parser!(u32).range(1..=744))]
    pub synthetic: Option<u32>,
    /// When that world begins [default: 2026-11-22T14:00:00Z; the present with --rebase now]
    #[arg(long, value_name = "TIME", requires = "synthetic", conflicts_with = "rebase")]
    pub from: Option<Timestamp>,
    /// Strikes of each hour of the synthetic world (KXBTCD)
    #[arg(long, value_name = "N", requires = "synthetic", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=200))]
    pub hourly_strikes: u16,
    /// What goes wrong: a name that `recio sim scenarios` lists, or a file
    #[arg(long, value_name = "NAME|FILE")]
    pub scenario: Option<String>,
    /// What comes by chance, in the synthetic world and in the scenario
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// lockstep, or 1 to 60 times real time
    #[arg(long, value_name = "SPEED", default_value_t = Speed::Lockstep)]
    pub speed: Speed,
    /// Move the recording by whole quarters of an hour, with the names of its markets
    #[arg(long, value_name = "WHEN")]
    pub rebase: Option<Rebase>,
    /// Type of the clients' keys; Kalshi's own TypeScript client needs rsa
    #[arg(long, value_name = "TYPE", default_value_t = KeyKind::Ed25519)]
    pub key_type: KeyKind,
    /// File to write when it listens: JSON with addresses, key and markets
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ready_file: Option<PathBuf>,
    /// Clients to wait for in lockstep before time moves
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub clients: u32,
}

/// What the times of a recording are shifted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rebase {
    /// So that it plays now, and its market closes in 5 to 20 minutes
    Now,
}

/// The types of key that the exchange takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    /// Ed25519
    Ed25519,
    /// RSA with 2048 bits
    Rsa,
}

impl std::fmt::Display for KeyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Ed25519 => "ed25519",
            Self::Rsa => "rsa",
        })
    }
}

impl From<KeyKind> for recio::kalshi::signing::KeyType {
    fn from(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Ed25519 => Self::Ed25519,
            KeyKind::Rsa => Self::Rsa,
        }
    }
}

/// `recio fingerprint …`.
#[derive(Clone, Debug, Subcommand)]
pub enum FingerprintCommand {
    /// Make a fingerprint from a history of minute bars
    Build(FingerprintBuildArgs),
    /// Show what a fingerprint was made from, and its cells
    Show(FingerprintShowArgs),
}

/// `recio fingerprint build`.
#[derive(Clone, Debug, Args)]
pub struct FingerprintBuildArgs {
    /// CSV file with minute bars
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub bars: PathBuf,
    /// The asset, such as BTC
    #[arg(long, value_name = "ASSET")]
    pub asset: String,
    /// Where the bars come from, in words [default: the file's name]
    #[arg(long, value_name = "TEXT")]
    pub source: Option<String>,
    /// The fingerprint to write
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
}

/// `recio fingerprint show`.
#[derive(Clone, Debug, Args)]
pub struct FingerprintShowArgs {
    /// The fingerprint [default: the one of the config]
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Show the cells of this many minutes to close
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u8).range(1..=60))]
    pub minutes: Option<u8>,
}

/// `recio strikes`.
#[derive(Clone, Debug, Args)]
pub struct StrikesArgs {
    /// The event; all that were open at that time if none is named
    #[arg(long, value_name = "TICKER")]
    pub event: Option<EventTicker>,
    /// The recorded moment, such as 2026-05-13T13:10:00Z
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
    /// The recording to take it from [default: the one of the config, or the one that ships]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub recording: Option<PathBuf>,
}

/// `recio reconcile`.
#[derive(Clone, Debug, Args)]
pub struct ReconcileArgs {
    /// End with 3 on any difference, also on one that has an explanation
    #[arg(long)]
    pub strict: bool,
    /// A running simulator: the file that `recio sim serve --ready-file` wrote
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub endpoint: Option<PathBuf>,
}

/// `recio replay`.
#[derive(Clone, Debug, Args)]
pub struct ReplayArgs {
    /// The input log: a file or the directory of its segments
    #[arg(value_name = "LOG", value_hint = ValueHint::AnyPath)]
    pub log: PathBuf,
    /// Start at this segment, from its snapshot
    #[arg(long, value_name = "N")]
    pub from_segment: Option<u32>,
}
