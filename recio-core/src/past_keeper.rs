//! `PastKeeper`: who kept prices that a feed itself cannot tell any more.

use crate::price_feed::{FeedAbout, PastPrices, Resolution, TimeRange};
use crate::store::StoreError;
use async_trait::async_trait;

/// Kept the prices that earlier runs saw: a run that begins warms up with them where its feed does not tell all of the past.
///
/// Shared.
#[async_trait]
pub trait PastKeeper: Send + Sync {
    /// Reads bars of a feed's asset that start in a stretch of time, under the names of the sources that told them: the feed's own under the feed's
    /// name, all others stand in for it. They are never said to be all there were.
    ///
    /// # Errors
    /// It cannot be read.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    async fn past(
        &self,
        feed: &FeedAbout,
        range: TimeRange,
        resolution: Resolution,
    ) -> Result<Vec<PastPrices>, StoreError>;
}
