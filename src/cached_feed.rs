//! A feed with the local cache behind it: what earlier runs saw of its prices stands in for what it cannot tell at a start.

use async_trait::async_trait;
use recio_core::local_cache::LocalCache;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, FeedError, PastPrices, PriceEvent, PriceFeed, Resolution, TimeRange};
use recio_core::read::Read;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The feed's own past is given up after this long: a run waits 4 s for all of it, and the cache needs its moment.
const FEED_WITHIN: Duration = Duration::from_millis(3_500);

/// Live events of one feed; its past from itself, and where that is not whole, from the local cache as well.
///
/// Bars of the cache keep the name and the kind of the source that told them: the feed's own prices of an earlier run are its own prices, and those of
/// another source stand in for it, as [`PastPrices`] have it. The cache's are never said to be all there were.
pub struct CachedFeed {
    live: Box<dyn PriceFeed>,
    cache: Arc<dyn LocalCache>,
}

impl CachedFeed {
    /// Puts a cache behind a feed.
    #[must_use]
    pub fn new(live: Box<dyn PriceFeed>, cache: Arc<dyn LocalCache>) -> Self {
        Self { live, cache }
    }

    async fn of_cache(
        cache: &dyn LocalCache,
        about: FeedAbout,
        range: TimeRange,
        resolution: Resolution,
    ) -> Vec<PastPrices> {
        match cache.past(about.asset, range, resolution).await {
            Ok(mut past) => {
                // The feed's own before those that stand in for it.
                past.sort_by_key(|past| past.source != about);
                past
            }
            Err(error) => {
                tracing::warn!(%error, "the local cache does not tell past prices");
                Vec::new()
            }
        }
    }
}

#[async_trait]
impl PriceFeed for CachedFeed {
    fn about(&self) -> FeedAbout {
        self.live.about()
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        self.live.next().await
    }

    /// The feed's own past alone.
    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        self.live.history(range, resolution).await
    }

    async fn past(&mut self, range: TimeRange, resolution: Resolution) -> Result<Vec<PastPrices>, FeedError> {
        let late = |_| Err(FeedError::Unreachable(format!("no answer within {FEED_WITHIN:?}").into()));
        let told = timeout(FEED_WITHIN, self.live.past(range, resolution)).await.unwrap_or_else(late);
        let about = self.about();
        let whole = |past: &PastPrices| past.source == about && past.bars.is_complete();
        if told.as_ref().is_ok_and(|told| told.iter().any(whole)) {
            return told;
        }
        let kept = Self::of_cache(&*self.cache, about.clone(), range, resolution).await;
        match told {
            told if kept.is_empty() => told,
            Ok(told) => Ok(told.into_iter().chain(kept).collect()),
            Err(error) => {
                let bars = Read::Partial { got: Vec::new(), missing: error.to_string() };
                Ok(std::iter::once(PastPrices { source: about, bars }).chain(kept).collect())
            }
        }
    }
}

impl std::fmt::Debug for CachedFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CachedFeed").field("live", &self.live.about().source).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recio_core::local_cache::{CacheUpdate, KeptBar};
    use recio_core::market::Asset;
    use recio_core::price_feed::PriceKind;
    use recio_core::units::{AssetPrice, Timestamp};
    use recio_store::MemoryCache;

    /// Answers its past with this.
    struct Fixed(fn() -> Result<Read<Vec<Bar>>, FeedError>);

    fn about(source: &str, kind: PriceKind) -> FeedAbout {
        FeedAbout { source: source.to_owned(), asset: Asset::Btc, kind }
    }

    #[async_trait]
    impl PriceFeed for Fixed {
        fn about(&self) -> FeedAbout {
            about("BRTI", PriceKind::Index)
        }
        async fn next(&mut self) -> Result<PriceEvent, FeedError> {
            std::future::pending().await
        }
        async fn history(&mut self, _: TimeRange, _: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
            match (self.0)() {
                Err(FeedError::Closed { .. }) => std::future::pending().await,
                answer => answer,
            }
        }
    }

    fn bar(second: i64) -> Bar {
        let price = AssetPrice::from_cents(8_000_000).unwrap();
        Bar { start: Timestamp::from_second(second).unwrap(), open: price, high: price, low: price, close: price }
    }

    async fn read(answer: fn() -> Result<Read<Vec<Bar>>, FeedError>) -> Vec<(String, usize, bool)> {
        let cache = MemoryCache::new();
        let kept = |source: &str, kind, second| KeptBar {
            source: about(source, kind),
            resolution: Resolution::Second,
            bar: bar(second),
        };
        let bars = vec![
            kept("median", PriceKind::StandIn, 1),
            kept("BRTI", PriceKind::Index, 1),
            kept("BRTI", PriceKind::Index, 2),
        ];
        cache.keep(Arc::new(CacheUpdate { bars, ..CacheUpdate::default() })).await.unwrap();
        let mut feed = CachedFeed::new(Box::new(Fixed(answer)), Arc::new(cache));
        let all = TimeRange { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX };
        let past = feed.past(all, Resolution::Second).await.unwrap();
        past.into_iter().map(|p| (p.source.source, p.bars.got().len(), p.bars.is_complete())).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_cache_fills_in_under_the_names_of_its_sources_and_is_never_whole() {
        let named = |source: &str, bars, whole| (source.to_owned(), bars, whole);
        assert_eq!(read(|| Ok(Read::Complete(vec![bar(1)]))).await, [named("BRTI", 1, true)]);
        let kept = [named("BRTI", 2, false), named("median", 1, false)];
        // One that fails, one that never answers, one that has a part.
        for (answer, own) in [
            ((|| Err(FeedError::NoHistory)) as fn() -> _, 0),
            (|| Err(FeedError::Closed { source_name: String::new() }), 0),
            (|| Ok(Read::Partial { got: vec![bar(1)], missing: "the rest".to_owned() }), 1),
        ] {
            let told = read(answer).await;
            assert_eq!(told[0], named("BRTI", own, false));
            assert_eq!(told[1..], kept);
        }
    }
}
