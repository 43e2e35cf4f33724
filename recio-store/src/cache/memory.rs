//! `MemoryCache`: a local cache that ends with the program, for tests and simulations in which a run is killed and the machine lives on.

use super::{NOT_ALL, oldest};
use async_trait::async_trait;
use recio_core::local_cache::{CacheUpdate, KeptBar, LocalCache, Remembered};
use recio_core::market::Asset;
use recio_core::past_keeper::PastKeeper;
use recio_core::price_feed::{FeedAbout, PastPrices, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::store::StoreError;
use recio_core::units::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// A [`LocalCache`] in memory, with the same answers as the one on SQLite.
///
/// # Cancel safety
/// Nothing waits: a future that was polled once is done.
#[derive(Debug, Default)]
pub struct MemoryCache {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    remembered: Remembered,
    /// By asset, source, kind, length and start.
    bars: BTreeMap<(Asset, String, u8, Resolution, Timestamp), KeptBar>,
}

impl MemoryCache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        self.state
            .lock()
            .map_err(|_| StoreError::Unavailable("a panic happened while the cache was being changed".into()))
    }
}

#[async_trait]
impl LocalCache for MemoryCache {
    async fn recall(&self) -> Result<Remembered, StoreError> {
        Ok(self.state()?.remembered.clone())
    }

    async fn keep(&self, update: Arc<CacheUpdate>) -> Result<(), StoreError> {
        self.state()?.keep(&update);
        Ok(())
    }

    async fn forget_head(&self) -> Result<(), StoreError> {
        self.state()?.remembered.head = None;
        Ok(())
    }
}

#[async_trait]
impl PastKeeper for MemoryCache {
    async fn past(
        &self,
        feed: &FeedAbout,
        range: TimeRange,
        resolution: Resolution,
    ) -> Result<Vec<PastPrices>, StoreError> {
        let (state, asset) = (self.state()?, feed.asset);
        let wanted = |kept: &&KeptBar| {
            let start = kept.bar.start;
            kept.source.asset == asset && kept.resolution == resolution && range.from <= start && start < range.to
        };
        let mut past: Vec<PastPrices> = Vec::new();
        for kept in state.bars.values().filter(wanted) {
            match past.last_mut() {
                Some(PastPrices { source, bars: Read::Partial { got, .. } }) if *source == kept.source => {
                    got.push(kept.bar);
                }
                Some(_) | None => past.push(PastPrices {
                    source: kept.source.clone(),
                    bars: Read::Partial { got: vec![kept.bar], missing: NOT_ALL.to_owned() },
                }),
            }
        }
        Ok(past)
    }
}

impl State {
    fn keep(&mut self, update: &CacheUpdate) {
        let known = &mut self.remembered;
        known.written_time = Some(update.time);
        known.trades.clone_from(&update.trades);
        known.trades.sort_by(|one, other| one.trade.id.cmp(&other.trade.id));
        known.orders.clone_from(&update.orders);
        known.orders.sort_by(|one, other| one.id().cmp(other.id()));
        known.balance = update.balance.or(known.balance);
        known.head = update.head.or(known.head);
        for table in &update.tables {
            known.tables.retain(|older| older.series != table.series);
            known.tables.push((**table).clone());
        }
        known.tables.sort_by(|one, other| one.series.cmp(&other.series));
        for (source, tick) in &update.ticks {
            known.ticks.retain(|(older, _)| older != source);
            known.ticks.push((source.clone(), *tick));
        }
        known.ticks.sort_by(|(one, _), (other, _)| (one.asset, &one.source).cmp(&(other.asset, &other.source)));
        known.waiting.retain(|(place, _)| *place >= update.stored_before);
        for (place, fact) in &update.waiting {
            known.waiting.retain(|(older, _)| older != place);
            known.waiting.push((*place, fact.clone()));
        }
        known.waiting.sort_by_key(|(place, _)| *place);
        for kept in &update.bars {
            let source = &kept.source;
            let key = (source.asset, source.source.clone(), source.kind as u8, kept.resolution, kept.bar.start);
            self.bars.insert(key, kept.clone());
        }
        self.bars.retain(|_, kept| kept.bar.start >= oldest(update.time, kept.resolution));
    }
}
