//! A feed with those behind it who kept its past: what earlier runs saw of its prices stands in for what it cannot tell at a start.

use async_trait::async_trait;
use futures_util::future::join_all;
use recio_core::local_cache::LocalCache;
use recio_core::model::Bar;
use recio_core::past_keeper::PastKeeper;
use recio_core::price_feed::{FeedAbout, FeedError, PastPrices, PriceEvent, PriceFeed, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::store::{Store, StoreError};
use recio_core::units::Timestamp;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The feed's own past is given up after this long, and so is every keeper's: a run waits 4 s for all of it. They are asked at once.
const TOLD_WITHIN: Duration = Duration::from_millis(3_500);

/// Live events of one feed; its past from itself, and where that is not whole, from those who kept it as well: the local cache, a store.
///
/// Kept bars have the name of the source that told them: the feed's own prices of an earlier run are its own prices, and those of another source stand
/// in for it, as [`PastPrices`] have it. They are never said to be all there were.
pub struct RememberingFeed {
    live: Box<dyn PriceFeed>,
    keepers: Vec<Arc<dyn PastKeeper>>,
    /// The time of the first price that came.
    began: Option<Timestamp>,
}

impl RememberingFeed {
    /// Puts keepers behind a feed. What the first of them tells comes first.
    #[must_use]
    pub fn new(live: Box<dyn PriceFeed>, keepers: Vec<Arc<dyn PastKeeper>>) -> Self {
        Self { live, keepers, began: None }
    }

    /// Puts the local cache behind a feed, where there is one, and the store, where it keeps prices.
    #[must_use]
    pub fn of_run(live: Box<dyn PriceFeed>, cache: Option<&Arc<dyn LocalCache>>, store: &Arc<dyn Store>) -> Self {
        let cache = cache.map(|cache| Arc::clone(cache) as Arc<dyn PastKeeper>);
        let store: Arc<dyn PastKeeper> = Arc::new(OfStore(Arc::clone(store)));
        Self::new(live, cache.into_iter().chain([store]).collect())
    }
}

/// What a store tells, if it is open and keeps prices.
struct OfStore(Arc<dyn Store>);

#[async_trait]
impl PastKeeper for OfStore {
    async fn past(
        &self,
        feed: &FeedAbout,
        range: TimeRange,
        resolution: Resolution,
    ) -> Result<Vec<PastPrices>, StoreError> {
        match self.0.past() {
            Some(past) => past.past(feed, range, resolution).await,
            None => Ok(Vec::new()),
        }
    }
}

/// What all keepers tell; one that fails or does not answer in time tells nothing.
async fn kept(
    keepers: Vec<Arc<dyn PastKeeper>>,
    feed: FeedAbout,
    range: TimeRange,
    resolution: Resolution,
) -> Vec<PastPrices> {
    let late = |_| Err(StoreError::Unavailable(format!("no answer within {TOLD_WITHIN:?}").into()));
    let ask = async |keeper: Arc<dyn PastKeeper>| {
        timeout(TOLD_WITHIN, keeper.past(&feed, range, resolution)).await.unwrap_or_else(late)
    };
    let mut past = Vec::new();
    for told in join_all(keepers.into_iter().map(ask)).await {
        match told {
            Ok(told) => past.extend(told),
            Err(error) => tracing::warn!(%error, "what earlier runs saw of prices cannot be read"),
        }
    }
    // The feed's own before those that stand in for it.
    past.sort_by_key(|past| past.source != feed);
    past
}

#[async_trait]
impl PriceFeed for RememberingFeed {
    fn about(&self) -> FeedAbout {
        self.live.about()
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        let event = self.live.next().await?;
        if let PriceEvent::Tick(tick) = &event {
            self.began.get_or_insert(tick.exchange_time);
        }
        Ok(event)
    }

    /// The feed's own past alone.
    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        self.live.history(range, resolution).await
    }

    async fn past(&mut self, range: TimeRange, resolution: Resolution) -> Result<Vec<PastPrices>, FeedError> {
        let about = self.about();
        let late = |_| Err(FeedError::Unreachable(format!("no answer within {TOLD_WITHIN:?}").into()));
        // What came since the run began it knows itself, and what it has kept of that by now is a matter of chance.
        let before = TimeRange { to: self.began.map_or(range.to, |began| began.min(range.to)), ..range };
        let mut kept = pin!(kept(self.keepers.clone(), about.clone(), before, resolution));
        let mut live = pin!(timeout(TOLD_WITHIN, self.live.past(range, resolution)));
        let (told, answered) = tokio::select! {
            biased;
            told = &mut live => (told.unwrap_or_else(late), None),
            kept = &mut kept => (live.await.unwrap_or_else(late), Some(kept)),
        };
        let whole = |past: &PastPrices| past.source == about && past.bars.is_complete();
        if told.as_ref().is_ok_and(|told| told.iter().any(whole)) {
            return told;
        }
        let kept = match answered {
            Some(kept) => kept,
            None => kept.await,
        };
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

impl std::fmt::Debug for RememberingFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RememberingFeed").field("live", &self.live.about().source).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recio_core::local_cache::{CacheUpdate, KeptBar};
    use recio_core::market::Asset;
    use recio_core::price_feed::PriceKind;
    use recio_core::units::AssetPrice;
    use recio_store::{MemoryCache, MemoryStore, Observation, Observations, ObservedBar};

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
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let cache: Arc<dyn LocalCache> = Arc::new(cache);
        let mut feed = RememberingFeed::of_run(Box::new(Fixed(answer)), Some(&cache), &store);
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

    /// A store of another machine, with the bars of two sources.
    async fn store() -> MemoryStore {
        let store = MemoryStore::new();
        let observed = |source: &str, second| {
            let (source, resolution) = (source.to_owned(), Resolution::Second);
            Observation::Bar(ObservedBar { asset: Asset::Btc, source, resolution, bar: bar(second) })
        };
        store.observe(&[observed("BRTI", 1), observed("BRTI", 2), observed("coinbase", 1)]).await.unwrap();
        store
    }

    #[tokio::test(start_paused = true)]
    async fn the_stores_bars_count_as_the_caches_do() {
        let store: Arc<dyn Store> = Arc::new(store().await);
        let mut feed = RememberingFeed::of_run(Box::new(Fixed(|| Err(FeedError::NoHistory))), None, &store);
        let range = |from, to| TimeRange {
            from: Timestamp::from_second(from).unwrap(),
            to: Timestamp::from_second(to).unwrap(),
        };
        let past = feed.past(range(0, 10), Resolution::Second).await.unwrap();
        let told: Vec<_> = past.iter().map(|past| (past.source.source.as_str(), past.bars.got().len())).collect();
        assert_eq!(told, [("BRTI", 0), ("BRTI", 2), ("coinbase", 1)]);
        assert_eq!(past[1].source, about("BRTI", PriceKind::Index), "its own prices");
        assert_eq!(past[2].source.kind, PriceKind::StandIn);
        assert!(past.iter().all(|past| !past.bars.is_complete()));
        // Nothing is kept of that time, and in no minutes at all: the feed's own answer is left.
        assert!(feed.past(range(20, 30), Resolution::Second).await.is_err());
        assert!(feed.past(range(0, 10), Resolution::Minute).await.is_err());
    }

    /// Never answers.
    struct Silent;

    #[async_trait]
    impl PastKeeper for Silent {
        async fn past(&self, _: &FeedAbout, _: TimeRange, _: Resolution) -> Result<Vec<PastPrices>, StoreError> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_keeper_that_does_not_answer_holds_up_neither_a_start_nor_the_others() {
        let all = TimeRange { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX };
        let kept: Arc<dyn PastKeeper> = Arc::new(store().await);
        let keepers = || [Arc::new(Silent) as Arc<dyn PastKeeper>, Arc::clone(&kept)].to_vec();
        let began = tokio::time::Instant::now();
        let mut whole = RememberingFeed::new(Box::new(Fixed(|| Ok(Read::Complete(vec![bar(1)])))), keepers());
        assert_eq!(whole.past(all, Resolution::Second).await.unwrap().len(), 1);
        assert_eq!(began.elapsed(), Duration::ZERO, "a feed that tells all of it waits for nobody");
        let mut none = RememberingFeed::new(Box::new(Fixed(|| Err(FeedError::NoHistory))), keepers());
        let past = none.past(all, Resolution::Second).await.unwrap();
        assert_eq!(past.iter().map(|past| past.bars.got().len()).collect::<Vec<_>>(), [0, 2, 1]);
        assert_eq!(began.elapsed(), TOLD_WITHIN, "within what a run waits for all of it");
    }
}
