//! What goes into the local cache: the newest of everything, once a second, and never in anybody's way.

use super::bar_keeper::BarKeeper;
use super::store_lane::StoreLane;
use crate::causes::in_full;
use crate::engine::{Engine, Input, StrikeTable};
use crate::local_cache::{CacheUpdate, LocalCache, Remembered};
use crate::price_feed::PriceEvent;
use crate::store::StoreError;
use crate::units::{Money, Monotonic, Now, SeriesTicker, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How often the cache is written: what a crash forgets of a stop is at most this much of its verification.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// Facts kept in one update.
const FACTS: usize = 500;

/// Gathers what is to be kept, the newer in place of the older, and writes one update at a time.
pub(super) struct CacheLane {
    cache: Arc<dyn LocalCache>,
    bars: BarKeeper,
    tables: BTreeMap<SeriesTicker, Arc<StrikeTable>>,
    balance: Option<(Money, Timestamp)>,
    written: Option<Monotonic>,
    at_work: bool,
    failing: bool,
    /// All facts that wait before this place in the line are in the cache.
    kept_before: u64,
}

/// How an update ended.
#[derive(Debug)]
pub(super) struct CacheAnswer {
    update: Arc<CacheUpdate>,
    result: Result<(), StoreError>,
}

impl CacheAnswer {
    pub(super) const fn is_kept(&self) -> bool {
        self.result.is_ok()
    }
}

/// Has an update kept.
pub(super) async fn keep(cache: Arc<dyn LocalCache>, update: Arc<CacheUpdate>) -> CacheAnswer {
    let result = cache.keep(Arc::clone(&update)).await;
    CacheAnswer { update, result }
}

impl CacheLane {
    pub(super) fn new(cache: Arc<dyn LocalCache>) -> Self {
        Self {
            cache,
            bars: BarKeeper::default(),
            tables: BTreeMap::new(),
            balance: None,
            written: None,
            at_work: false,
            failing: false,
            kept_before: 0,
        }
    }

    pub(super) fn cache(&self) -> Arc<dyn LocalCache> {
        Arc::clone(&self.cache)
    }

    /// Begins with what the cache holds.
    pub(super) fn begin(&mut self, remembered: &Remembered) {
        self.kept_before = remembered.waiting.last().map_or(0, |(last, _)| last + 1);
    }

    /// An input is about to be told.
    pub(super) fn heard(&mut self, now: Now, input: &Input) {
        if let Input::Price { feed, event } = input {
            match event {
                PriceEvent::Tick(tick) => self.bars.push(feed, *tick),
                PriceEvent::Disconnected { .. } => self.bars.interrupted(feed),
                PriceEvent::Heartbeat | PriceEvent::Connected => {}
            }
        } else if let Input::AccountRead(read) = input
            && let Some(cash) = read.balance
        {
            self.balance = Some((cash, read.started_time.unwrap_or(now.wall)));
        }
    }

    /// A strike table was published.
    pub(super) fn published(&mut self, table: Arc<StrikeTable>) {
        self.tables.insert(table.series.clone(), table);
    }

    /// What to write now, if it is time.
    pub(super) fn next_update(
        &mut self,
        now: Now,
        engine: &Engine,
        facts: &StoreLane,
        spills: bool,
    ) -> Option<Arc<CacheUpdate>> {
        if self.at_work {
            return None;
        }
        let due = self.written.is_none_or(|written| now.mono.since(written) >= WRITE_EVERY);
        let line_ends = facts.stored_before() + facts.waiting() as u64;
        let urgent = spills && !self.failing && self.kept_before < line_ends;
        (due || urgent).then(|| self.update(now, engine, facts, spills))
    }

    pub(super) const fn is_at_work(&self) -> bool {
        self.at_work
    }

    /// Whether every fact that waits for the store is in the cache.
    pub(super) fn has_all_of(&self, facts: &StoreLane) -> bool {
        self.kept_before >= facts.stored_before() + facts.waiting() as u64
    }

    /// What to write now.
    pub(super) fn update(&mut self, now: Now, engine: &Engine, facts: &StoreLane, spills: bool) -> Arc<CacheUpdate> {
        let stored_before = facts.stored_before();
        // What was stored meanwhile needs no keeping.
        self.kept_before = self.kept_before.max(stored_before);
        let (bars, ticks) = self.bars.take();
        self.at_work = true;
        self.written = Some(now.mono);
        Arc::new(CacheUpdate {
            time: now.wall,
            trades: engine.open_trades(),
            orders: engine.unfinished_orders().cloned().collect(),
            balance: self.balance,
            tables: std::mem::take(&mut self.tables).into_values().collect(),
            ticks,
            bars,
            head: facts.head(),
            waiting: if spills { facts.waiting_from(self.kept_before, FACTS) } else { Vec::new() },
            stored_before,
        })
    }

    /// An update came to its end. What could not be kept comes with the next one.
    pub(super) fn answered(&mut self, CacheAnswer { update, result }: CacheAnswer) {
        self.at_work = false;
        match result {
            Ok(()) => {
                if let Some((last, _)) = update.waiting.last() {
                    self.kept_before = self.kept_before.max(last + 1);
                }
                if std::mem::take(&mut self.failing) {
                    tracing::info!("the local cache writes again");
                }
            }
            Err(error) => {
                self.bars.give_back(update.bars.clone());
                for table in &update.tables {
                    self.tables.entry(table.series.clone()).or_insert_with(|| Arc::clone(table));
                }
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(
                        "the local cache does not write; a restart would know less of stops and prices: {}",
                        in_full(&error)
                    );
                }
            }
        }
    }
}
