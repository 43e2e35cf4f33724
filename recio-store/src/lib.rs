//! recio's [`Store`](recio_core::store::Store) in memory and on SQLite.
//!
//! Facts are only ever added. Each carries the hash of the one before, so that whatever was changed afterwards is found by
//! [`verify`]. Orders, fills, positions, settlements and trades are tables made from the facts, in the same transaction.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use recio_store::{Access, open};
//!
//! let store = open("memory:", Access::Writer).await?; // or "sqlite://recio.db"
//! assert!(store.trades().await?.is_empty());
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "archive")]
pub mod backup;
mod chain;
pub mod contract;
mod copy;
mod memory;
mod open;
mod position;
mod projections;
mod scope;
mod sqlite;
mod verify;

pub use chain::{FACT_VERSION, GENESIS, canonical, next_hash};
pub use copy::{Copied, CopyError, copy};
pub use memory::MemoryStore;
pub use open::{Access, OpenError, open};
pub use position::PositionState;
pub use sqlite::{SqliteOptions, SqliteStore};
pub use verify::{Verified, verify};
