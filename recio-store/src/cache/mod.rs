//! The local cache: what a run keeps on its own machine beside the store, in one SQLite file or in memory.
//!
//! See [`LocalCache`] for what it is for. The file is no store: it has no chain, its rows are replaced, and one that is damaged, foreign or of another
//! version is set aside and made anew, because nothing in it is the truth of anything.

mod memory;
#[cfg(feature = "sqlite")]
mod rows;
#[cfg(feature = "sqlite")]
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use memory::MemoryCache;
use recio_core::price_feed::Resolution;
use recio_core::units::Timestamp;
#[cfg(feature = "sqlite")]
pub use sqlite::{SetAside, SqliteCache};
use std::time::Duration;

/// Seconds are kept for so long: momentum looks back on half an hour.
const KEEP_SECONDS: Duration = Duration::from_secs(3_600);
/// Minutes are kept for so long: volatility looks back on a day.
const KEEP_MINUTES: Duration = Duration::from_secs(25 * 3_600);
/// What a bar of this length has to start after to be kept.
fn oldest(time: Timestamp, resolution: Resolution) -> Timestamp {
    let keep = match resolution {
        Resolution::Second => KEEP_SECONDS,
        Resolution::Minute => KEEP_MINUTES,
    };
    time.checked_sub(keep).unwrap_or(Timestamp::MIN)
}

/// What is said of a cache's bars: nobody knows what was printed while no run was there.
const NOT_ALL: &str = "the local cache holds what earlier runs saw";
