//! The archive: what happened, as files that any tool reads, by day and symbol.
//!
//! ```text
//! archive/
//!   ticks/symbol=BTC/date=2026-11-22/store-967b2e24.parquet        the rows: Parquet, packed with zstd
//!   ticks/symbol=BTC/date=2026-11-22/_store-967b2e24.json          its manifest: SHA-256, rows, time range, version
//!   books/symbol=KXBTCD/date=2026-11-22/kxbtcd_20261122T13.parquet
//!   recordings/symbol=KXBTCD/date=2026-11-22/kxbtcd_20261122T13.rec
//! ```
//!
//! The folder of a kind is one table to whatever reads hive layouts: `SELECT * FROM read_parquet('archive/ticks/**/*.parquet', hive_partitioning = true)`
//! in DuckDB, `pandas.read_parquet("archive/ticks")`. Numbers are the store's integers under the store's endings (`price_cents`); each file explains
//! its columns in its metadata (`recio.columns`).
//!
//! A part is what one source (a store, a recording) had of one symbol on one day. It appears whole or not at all, archiving the same source again
//! takes its place, and nothing takes the place of a part that has more in it. A part is read only after its file was hashed.

mod disk;
mod error;
pub mod export;
mod fact_chain;
mod kind;
mod manifest;
mod observed;
mod place;
mod reader;
mod retention;
pub mod rows;
pub mod sheet;
mod writer;

pub use error::ArchiveError;
pub use fact_chain::FactChain;
pub use kind::{Kind, UnknownKind};
pub use manifest::{Contents, MANIFEST_FORMAT, Manifest};
pub use place::Place;
pub use reader::{Checked, Rows};
pub use retention::{Expired, Retention, RetentionPlan};
pub use writer::{LockedArchive, RowsWriter, Stored, StoredHow};

use std::path::{Path, PathBuf};

/// A folder with archived rows and recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    folder: PathBuf,
}

impl Archive {
    /// The archive in a folder. Nothing is looked at or made.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
