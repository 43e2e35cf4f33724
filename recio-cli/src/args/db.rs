//! Arguments of the commands that look after the store.

use super::AdoptArgs;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `recio db …`.
#[derive(Clone, Debug, Subcommand)]
pub enum DbCommand {
    /// Check every fact, every table made from facts, all settings and the audit log; what is wrong is named, and ends with 3
    Verify,
    /// Make all tables that come from facts again; the facts stay as they are
    Rebuild(RebuildArgs),
    /// Write all facts, settings and the audit log into a new file, from which a store of any kind can be made again; observations are in the archive
    Backup(BackupArgs),
    /// Put what a backup holds into an empty store, checked by its hashes; broken off, the same command goes on
    Restore(RestoreArgs),
    /// Copy all facts, settings, the audit log and observations into another store, such as from SQLite to PostgreSQL, checked by their hashes
    Convert(ConvertArgs),
    /// Bring the store's schema up to date, as every writer does when it opens it
    Migrate,
    /// Let views under REC.IO v2's names stand in for its tables, which are moved aside (PostgreSQL alone; after `recio import v2`)
    AdoptV2(AdoptArgs),
}

/// `recio db rebuild`.
#[derive(Clone, Debug, Default, Args)]
pub struct RebuildArgs {
    /// Change nothing, and only say what is wrong, as `recio db verify` does
    #[arg(long)]
    pub dry_run: bool,
}

/// `recio db backup`.
#[derive(Clone, Debug, Args)]
pub struct BackupArgs {
    /// The file to make
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `recio db restore`.
#[derive(Clone, Debug, Args)]
pub struct RestoreArgs {
    /// A file that `recio db backup` made
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Change nothing, and only check the file
    #[arg(long)]
    pub dry_run: bool,
}

/// `recio db convert`.
#[derive(Clone, Debug, Args)]
pub struct ConvertArgs {
    /// The store to copy into: empty, or begun by an earlier copy
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// Leave out observations (ticks, bars, strike tables, health), which no money depends on
    #[arg(long)]
    pub without_observations: bool,
}
