//! Arguments of `recio config`.

use clap::{Args, Subcommand, ValueHint};
use std::path::PathBuf;

/// `recio config …`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the config in force as TOML, with the overrides of the store
    Show {
        /// Say beside each value where it comes from
        #[arg(long)]
        origin: bool,
    },
    /// Check a file; variables, flags and the store are left aside
    Validate {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Override a setting in the store: a limit may be made tighter than the config has it, never wider
    Set(ConfigSetArgs),
    /// Give a setting back to the config
    Clear(ConfigChangeArgs),
    /// Show all versions of an override, newest first; without a key, who changed what, and what was refused
    History(ConfigHistoryArgs),
}

/// `recio config set`.
#[derive(Clone, Debug, Args)]
pub struct ConfigSetArgs {
    /// What every change takes.
    #[command(flatten)]
    pub change: ConfigChangeArgs,
    /// The value, as the config has it, without quotes
    #[arg(allow_negative_numbers = true)]
    pub value: String,
}

/// `recio config clear`, and what every change takes.
#[derive(Clone, Debug, Args)]
pub struct ConfigChangeArgs {
    /// The setting, such as risk.max_position or monitor.hourly.entry.enabled
    pub key: String,
    /// Why; kept in the history
    #[arg(long, value_name = "TEXT")]
    pub why: String,
    /// Only if this is the newest version still, 0 for none [default: the newest there is]
    #[arg(long, value_name = "VERSION")]
    pub expect: Option<u64>,
    /// Only say what would be done
    #[arg(long)]
    pub dry_run: bool,
}

/// `recio config history`.
#[derive(Clone, Debug, Args)]
pub struct ConfigHistoryArgs {
    /// The setting
    pub key: Option<String>,
    /// At most so many rows
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    pub limit: u32,
}
