//! recio's [`Store`](recio_core::store::Store) in memory, on SQLite and on PostgreSQL.
//!
//! Facts are only ever added. Each carries the hash of the one before, so that whatever was changed afterwards is found by
//! [`verify`]. Orders, fills, positions, settlements, trades, order events, decisions, ledger entries, balances, alarms and shadow orders are
//! tables made from the facts, in the same transaction; they can be made again, and are compared with the facts cell by cell.
//!
//! [`Observations`] stand beside them: prices, bars, strike tables and the health of services, in bulk, and forgotten by rule.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use recio_store::{Access, open};
//!
//! let store = open("memory:", Access::Writer).await?; // or "sqlite://recio.db", "postgres://recio@localhost/recio"
//! assert!(store.trades().await?.is_empty());
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "archive")]
pub mod archive;
#[cfg(feature = "archive")]
pub mod backup;
mod books;
pub mod bus;
mod cache;
mod chain;
pub mod changes;
mod commands;
pub mod contract;
mod copy;
mod late;
mod memory;
mod observations;
mod open;
mod position;
#[cfg(feature = "postgres")]
mod postgres;
mod projections;
mod scope;
mod settings;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod storage;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod tables;
#[cfg(any(feature = "testing", test))]
#[doc(hidden)]
pub mod testing;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod v2;
mod verify;

pub use cache::MemoryCache;
#[cfg(feature = "sqlite")]
pub use cache::{SetAside, SqliteCache};
pub use chain::{FACT_VERSION, GENESIS, canonical, next_hash};
pub use copy::{Copied, CopyError, copy};
pub use late::{Opened, open_or_wait};
pub use memory::MemoryStore;
pub use observations::{
    CopiedObservations, Observation, ObservationKind, ObservationRetention, Observations, ObservedBar, ObservedFair,
    ObservedHealth, ObservedSources, ObservedStrike, ObservedStrikeTable, ObservedTick, copy_observations,
};
pub use open::{Access, OpenError, open, without_password};
pub use position::PositionState;
#[cfg(feature = "postgres")]
pub use postgres::{Connections, PostgresOptions, PostgresStore};
pub use settings::{AUDIT_VERSION, MemorySettings, VerifiedSettings, open_settings, verify_settings};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore};
pub use storage::{Storage, open_storage};
pub use verify::{Verified, verify};
