//! Arguments of the commands that take over what another program kept.

use clap::{Args, Subcommand};
use recio_core::units::{AccountName, StrategyId};

/// `recio import …`.
#[derive(Clone, Debug, Subcommand)]
pub enum ImportCommand {
    /// Take over the history of REC.IO v2: trades, fills, orders, positions, settlements, price logs; its settings are shown, and none is set
    V2(ImportV2Args),
}

/// `recio import v2`.
#[derive(Clone, Debug, Args)]
pub struct ImportV2Args {
    /// v2's database as postgres://USER@HOST/DATABASE, or one of its SQLite files; may be given several times. Nothing is written to them
    #[arg(long, value_name = "URL|FILE", required = true, num_args = 1..)]
    pub from: Vec<String>,
    /// The account of the config whose history it becomes
    #[arg(long, value_name = "NAME")]
    pub account: AccountName,
    /// Do all but the writing, and say what would be kept
    #[arg(long)]
    pub dry_run: bool,
}

/// `recio db adopt-v2`.
#[derive(Clone, Debug, Args)]
pub struct AdoptArgs {
    /// The account of the config whose trades the views show
    #[arg(long, value_name = "NAME", required_unless_present = "undo")]
    pub account: Option<AccountName>,
    /// The account's monitor whose rules stand under v2's names of settings; needed where it has several
    #[arg(long, value_name = "ID", conflicts_with = "undo")]
    pub monitor: Option<StrategyId>,
    /// Do all of it, and take it back again
    #[arg(long)]
    pub dry_run: bool,
    /// Remove the views, and move v2's own tables back
    #[arg(long, conflicts_with = "views_only")]
    pub undo: bool,
    /// Move nothing: make the views where v2 has no tables
    #[arg(long)]
    pub views_only: bool,
}
