//! What looks on: it picks out what is kept, and puts it into the line.

use super::Shared;
use super::line::Seen;
use recio_core::engine::{Input, Output, StrikeTable, Wish};
use recio_core::pipeline::{BarKeeper, Observer};
use recio_core::price_feed::PriceEvent;
use recio_core::units::{EventTicker, Now, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Sees a run for the keeper.
pub(super) struct Gatherer {
    shared: Arc<Shared>,
    strike_table_every: Duration,
    bars: BarKeeper,
    /// When each event's table was kept last, with the event's close.
    tables: BTreeMap<EventTicker, (Timestamp, Timestamp)>,
}

impl Gatherer {
    pub(super) fn new(shared: Arc<Shared>, strike_table_every: Duration) -> Self {
        Self { shared, strike_table_every, bars: BarKeeper::default(), tables: BTreeMap::new() }
    }

    fn put(&self, now: Now, seen: impl IntoIterator<Item = Seen>) {
        self.shared.line.push(now.wall, seen);
        self.shared.changed.notify_one();
    }

    /// Whether it is time to keep a table of the event.
    fn is_due(&mut self, table: &StrikeTable) -> bool {
        let passed = |last: Timestamp| Duration::try_from(table.time.duration_since(last)).unwrap_or_default();
        let known = self.tables.get(&table.event);
        if known.is_some_and(|(last, _)| passed(*last) < self.strike_table_every) {
            return false;
        }
        self.tables.retain(|_, (_, close_time)| *close_time > table.time);
        self.tables.insert(table.event.clone(), (table.time, table.close_time));
        true
    }
}

impl Observer for Gatherer {
    fn heard(&mut self, now: Now, input: &Input) {
        let Input::Price { feed, event } = input else { return };
        match event {
            PriceEvent::Tick(tick) => {
                self.bars.push(feed, *tick);
                let bars = self.bars.take().0.into_iter().map(Seen::Bar);
                let tick = Seen::Tick { feed: feed.clone(), tick: *tick, received_time: now.wall };
                self.put(now, [tick].into_iter().chain(bars));
            }
            PriceEvent::Disconnected { .. } => self.bars.interrupted(feed),
            PriceEvent::Heartbeat | PriceEvent::Connected => {}
        }
    }

    fn wished(&mut self, now: Now, output: &Output) {
        match &output.wish {
            Wish::Publish(table) => {
                if self.is_due(table) {
                    self.put(now, [Seen::StrikeTable(Arc::clone(table))]);
                }
            }
            Wish::Health(services) => self.put(now, [Seen::Health { time: now.wall, services: services.clone() }]),
            Wish::Evaluate(_)
            | Wish::Journal(_)
            | Wish::Submit { .. }
            | Wish::Cancel(_)
            | Wish::ReadAccount { .. }
            | Wish::ReadSeries(_)
            | Wish::ReadHistory { .. }
            | Wish::ListMarkets { .. }
            | Wish::Follow(_)
            | Wish::Record(_)
            | Wish::Supervised(_)
            | Wish::Funnel { .. }
            | Wish::Say(_)
            | Wish::WakeAt(_) => {}
        }
    }
}
