//! What a store's bars tell a run that begins.

use super::Observations;
use async_trait::async_trait;
use recio_core::past_keeper::PastKeeper;
use recio_core::price_feed::{FeedAbout, PastPrices, PriceKind, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::store::StoreError;

/// Bars read of one source: a day of seconds. A run that begins asks for half an hour of them.
const MAX_BARS: u32 = 90_000;

/// Reads bars of a feed's asset: the feed's own first, then those of all other sources, which stand in for it.
async fn past(
    store: &dyn Observations,
    feed: &FeedAbout,
    range: TimeRange,
    resolution: Resolution,
) -> Result<Vec<PastPrices>, StoreError> {
    let of_feed = |of: &(_, String, Resolution)| of.0 == feed.asset && of.2 == resolution;
    let mut sources: Vec<String> =
        store.sources().await?.bars.into_iter().filter(of_feed).map(|(_, source, _)| source).collect();
    sources.sort_by_key(|source| *source != feed.source);
    let mut past = Vec::new();
    for name in sources {
        let bars = store.bars(feed.asset, &name, resolution, range, MAX_BARS).await?;
        if bars.is_empty() {
            continue;
        }
        let source = if name == feed.source {
            feed.clone()
        } else {
            FeedAbout { source: name, asset: feed.asset, kind: PriceKind::StandIn }
        };
        let got = bars.into_iter().map(|observed| observed.bar).collect();
        let missing = "the store holds what earlier runs saw".to_owned();
        past.push(PastPrices { source, bars: Read::Partial { got, missing } });
    }
    Ok(past)
}

/// Every store with observations keeps the past.
macro_rules! keeps_the_past {
    ($store:ty) => {
        #[async_trait]
        impl PastKeeper for $store {
            async fn past(
                &self,
                feed: &FeedAbout,
                range: TimeRange,
                resolution: Resolution,
            ) -> Result<Vec<PastPrices>, StoreError> {
                past(self, feed, range, resolution).await
            }
        }
    };
}

keeps_the_past!(crate::MemoryStore);
#[cfg(feature = "postgres")]
keeps_the_past!(crate::PostgresStore);
#[cfg(feature = "sqlite")]
keeps_the_past!(crate::SqliteStore);
