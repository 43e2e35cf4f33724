//! One module for each command: one library call, and the printing of its answer.

pub(crate) mod archive;
pub(crate) mod asking;
pub(crate) mod backup;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod data;
pub(crate) mod db;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod download;
pub(crate) mod export;
pub(crate) mod fills;
pub(crate) mod fingerprint;
pub(crate) mod import;
pub(crate) mod kill;
mod live_source;
mod onlookers;
pub(crate) mod orders;
mod paper;
pub(crate) mod positions;
pub(crate) mod reconcile;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod run;
mod session;
pub(crate) mod settings;
pub(crate) mod settlements;
pub(crate) mod sim;
pub(crate) mod strikes;
pub(crate) mod trades;
pub(crate) mod verify_books;

use crate::args::ListArgs;
use crate::config::Loaded;
use crate::error::CliError;
use recio_core::store::Store;
use recio_core::units::MarketTicker;
use recio_store::{Access, open};

/// Opens the config's store for reading.
async fn reader(loaded: &Loaded) -> Result<Box<dyn Store>, CliError> {
    Ok(open(&loaded.config.store_url(), Access::Reader).await?)
}

/// Leaves out what was not asked for.
fn pick<T>(rows: Vec<T>, args: &ListArgs, market: impl Fn(&T) -> &MarketTicker) -> Vec<T> {
    let wanted = |row: &T| args.market.as_ref().is_none_or(|wanted| market(row) == wanted);
    rows.into_iter().filter(wanted).take(args.limit.unwrap_or(usize::MAX)).collect()
}
