//! What was observed: prices, bars, strike tables, the health of services. No facts.
//!
//! Observations come in bulk, stand in no chain, may be forgotten, and losing them loses no money. They are kept for warm starts, for charts,
//! for the archive, and for judging the model where nothing was traded.

mod copy;
mod kinds;
mod memory;
pub(crate) mod pages;
mod past;
mod retention;

pub use copy::{CopiedObservations, copy_observations};
pub use kinds::{
    Observation, ObservationKind, ObservedBar, ObservedFair, ObservedHealth, ObservedSources, ObservedStrike,
    ObservedStrikeTable, ObservedTick,
};
pub(crate) use memory::ObservationMemory;
pub use retention::ObservationRetention;

use async_trait::async_trait;
use recio_core::market::Asset;
use recio_core::price_feed::{Resolution, TimeRange};
use recio_core::store::StoreError;
use recio_core::units::{EventTicker, Timestamp};

/// Keeps observations, and reads them back.
///
/// Shared. Each observation has a natural key; what is observed again changes nothing, but for a bar and a state of health, of which the last
/// one told counts.
#[async_trait]
pub trait Observations: Send + Sync {
    /// Keeps observations: on SQLite in transactions of at most 1,000 rows, on PostgreSQL by COPY. Facts that are appended meanwhile go between
    /// the pieces. Returns how many rows are new or changed; a strike table counts one row for itself and one for each strike.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where nothing can be written now; the pieces before it are kept, and the same may be observed again.
    ///
    /// # Cancel safety
    /// A dropped call has kept some of the pieces, each in full or not at all.
    async fn observe(&self, observations: &[Observation]) -> Result<u64, StoreError>;

    /// Prices of a source in a stretch of the source's time, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn ticks(
        &self,
        asset: Asset,
        source: &str,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedTick>, StoreError>;

    /// Bars of a source that start in a stretch of time, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn bars(
        &self,
        asset: Asset,
        source: &str,
        resolution: Resolution,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedBar>, StoreError>;

    /// An event's strike tables in a stretch of time, newest first, at most `limit`: with the range of all time and a limit of 1, the newest.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn strike_tables(
        &self,
        event: &EventTicker,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedStrikeTable>, StoreError>;

    /// Strike tables of all events in a stretch of time, oldest first, those of one moment by event, at most `limit`.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn all_strike_tables(&self, range: TimeRange, limit: u32) -> Result<Vec<ObservedStrikeTable>, StoreError>;

    /// The newest state of every instance of every service.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn health(&self) -> Result<Vec<ObservedHealth>, StoreError>;

    /// States of all services in a stretch of time, oldest first, those of one moment by service and instance, at most `limit`.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn all_health(&self, range: TimeRange, limit: u32) -> Result<Vec<ObservedHealth>, StoreError>;

    /// Whose prices there are.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn sources(&self) -> Result<ObservedSources, StoreError>;

    /// Forgets observations of a kind from before a moment, in pieces. Returns how many rows are gone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where nothing can be written now; the pieces before it are gone.
    async fn forget_before(&self, kind: ObservationKind, time: Timestamp) -> Result<u64, StoreError>;
}
