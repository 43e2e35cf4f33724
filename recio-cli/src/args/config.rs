//! Arguments of `recio config`.

use super::RunMode;
use clap::{Args, Subcommand, ValueHint};
use recio_core::units::RunId;
use std::path::PathBuf;

/// `recio config …`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the config in force as TOML, with the overrides of the store
    Show(ConfigShowArgs),
    /// Check a file; variables, flags and the store are left aside
    Validate {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Override a setting: a limit may be made tighter than the config has it, never wider
    ///
    /// Overrides are kept in the store that the runs use: `[store] url`, or --store, whatever the mode; without either, the mode's own store in the data
    /// directory. A run that is going on goes by them at once, later ones from their start. What is printed says which store it was.
    Set(ConfigSetArgs),
    /// Give a setting back to the config
    Clear(ConfigChangeArgs),
    /// Show all versions of an override, newest first; without a key, who changed what, and what was refused
    History(ConfigHistoryArgs),
}

/// Whose overrides.
#[derive(Clone, Debug, Args)]
pub struct ConfigOfArgs {
    /// Of the runs of this mode, where neither `[store] url` nor --store names a store for all
    #[arg(long, value_enum, default_value_t = RunMode::Paper)]
    pub mode: RunMode,
}

/// `recio config show`.
#[derive(Clone, Debug, Args)]
pub struct ConfigShowArgs {
    /// Say beside each value where it comes from
    #[arg(long)]
    pub origin: bool,
    /// Whose.
    #[command(flatten)]
    pub of: ConfigOfArgs,
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
    /// Only for this run, which is going on: to switch entry on where the config has it off
    #[arg(long, value_name = "RUN")]
    pub run: Option<RunId>,
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
    /// Whose.
    #[command(flatten)]
    pub of: ConfigOfArgs,
}

/// `recio config history`.
#[derive(Clone, Debug, Args)]
pub struct ConfigHistoryArgs {
    /// The setting
    pub key: Option<String>,
    /// At most so many rows
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    pub limit: u32,
    /// Whose.
    #[command(flatten)]
    pub of: ConfigOfArgs,
}
