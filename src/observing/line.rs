//! What waits to be written, bounded.

use super::ObservingCounts;
use recio_core::engine::{ServiceHealth, StrikeTable};
use recio_core::local_cache::KeptBar;
use recio_core::price_feed::{FeedAbout, PriceTick};
use recio_core::units::{Timestamp, to_micros_precision};
use recio_store::{Observation, ObservedBar, ObservedHealth, ObservedStrikeTable, ObservedTick};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rows that wait at most: almost three hours of one feed and four events with forty strikes each, nineteen rows a second.
const MAX_ROWS: u64 = 200_000;
/// Rows of one batch: a store takes that many in well under a second.
const BATCH_ROWS: u64 = 5_000;

/// Something that was seen, as small as the engine's path can put it down.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    Tick { feed: FeedAbout, tick: PriceTick, received_time: Timestamp },
    Bar(KeptBar),
    StrikeTable(Arc<StrikeTable>),
    Health { time: Timestamp, services: Vec<ServiceHealth> },
}

/// The line of what waits: it is held for a few assignments by either side.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    seen: VecDeque<Seen>,
    /// The rows of what waits, and of what is being written.
    rows: u64,
    counts: ObservingCounts,
    /// The newest moment at which anything was seen.
    newest: Option<Timestamp>,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, now: Timestamp, seen: impl IntoIterator<Item = Seen>) {
        let mut waiting = self.lock();
        waiting.newest = Some(waiting.newest.map_or(now, |newest| newest.max(now)));
        for one in seen {
            waiting.rows += one.rows();
            waiting.seen.push_back(one);
        }
        waiting.drop_oldest();
    }

    /// Takes the oldest away, a batch of them. They count until it is said what became of them.
    pub(super) fn take(&self) -> Vec<Seen> {
        let mut waiting = self.lock();
        let (mut batch, mut rows) = (Vec::new(), 0);
        while rows < BATCH_ROWS
            && let Some(one) = waiting.seen.pop_front()
        {
            rows += one.rows();
            batch.push(one);
        }
        batch
    }

    /// A batch is in the store; so many rows were new there.
    pub(super) fn written(&self, batch: &[Seen], new: u64) {
        let mut waiting = self.lock();
        waiting.rows -= rows(batch);
        waiting.counts.written += new;
    }

    /// A batch will never be in the store.
    pub(super) fn refused(&self, batch: &[Seen]) {
        let mut waiting = self.lock();
        waiting.rows -= rows(batch);
        waiting.counts.dropped += rows(batch);
    }

    /// A batch is to be tried again, before what came meanwhile.
    pub(super) fn give_back(&self, batch: Vec<Seen>) {
        let mut waiting = self.lock();
        for one in batch.into_iter().rev() {
            waiting.seen.push_front(one);
        }
        waiting.drop_oldest();
    }

    pub(super) fn counts(&self) -> ObservingCounts {
        let waiting = self.lock();
        ObservingCounts { left: waiting.rows, ..waiting.counts }
    }

    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.lock().newest
    }
}

impl Waiting {
    fn drop_oldest(&mut self) {
        while self.rows > MAX_ROWS
            && let Some(oldest) = self.seen.pop_front()
        {
            self.rows -= oldest.rows();
            self.counts.dropped += oldest.rows();
        }
    }
}

fn rows(batch: &[Seen]) -> u64 {
    batch.iter().map(Seen::rows).sum()
}

impl Seen {
    fn rows(&self) -> u64 {
        match self {
            Self::Tick { .. } | Self::Bar(_) => 1,
            Self::StrikeTable(table) => 1 + table.strikes.len() as u64,
            Self::Health { services, .. } => services.len() as u64,
        }
    }

    /// As the store takes it.
    pub(super) fn tell(&self, instance: &str, to: &mut Vec<Observation>) {
        match self {
            Self::Tick { feed, tick, received_time } => {
                let tick = PriceTick { exchange_time: to_micros_precision(tick.exchange_time), ..*tick };
                let (source, received_time) = (feed.source.clone(), to_micros_precision(*received_time));
                to.push(Observation::Tick(ObservedTick { asset: feed.asset, source, tick, received_time }));
            }
            Self::Bar(KeptBar { source, resolution, bar }) => to.push(Observation::Bar(ObservedBar {
                asset: source.asset,
                source: source.source.clone(),
                resolution: *resolution,
                bar: *bar,
            })),
            Self::StrikeTable(table) => {
                to.push(Observation::StrikeTable(ObservedStrikeTable::from(table.as_ref())));
            }
            Self::Health { time, services } => to.extend(services.iter().map(|service| {
                Observation::Health(ObservedHealth {
                    service: service.service.as_str().to_owned(),
                    instance: instance.to_owned(),
                    time: to_micros_precision(*time),
                    health: service.health,
                    detail: service.detail.clone(),
                })
            })),
        }
    }
}
