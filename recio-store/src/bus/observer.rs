//! `BusObserver`: shows the engine's outputs to whoever looks, without taking the engine's time.

use super::{BusError, Publisher, Topic};
use recio_core::engine::{ActiveTrade, Notice, Output, ServiceHealth, StrikeTable, Wish};
use recio_core::market::{Asset, Quote};
use recio_core::units::{AssetPrice, EventTicker, MarketTicker, Now, Quantity, StrategyId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Strike tables that wait: one for each monitor and event; there are some ten.
const TABLES: usize = 256;
/// Notices that wait: far more than a person reads.
const NOTICES: usize = 1_024;
/// Markets and assets whose last quote is remembered, to tell changes alone: the strikes of some days. Then they are told once more.
const REMEMBERED: usize = 10_000;

/// Turns the engine's outputs into messages: strike tables, and from them quotes and prices as they change; open trades; the services' health; notices; funnels.
///
/// The engine's path only puts a reference into a slot, in which a newer one takes an older one's place. The work is done by
/// [`run`](Self::run), elsewhere. Facts are not its business: they are told [from the store](super::FactPublisher).
#[derive(Clone, Debug)]
pub struct BusObserver {
    publisher: Arc<Publisher>,
    slots: Arc<Slots>,
}

/// What became of outputs on their way to the bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObserverCounts {
    /// Strike tables, lists of open trades and of services of which a newer one came before they were told.
    pub replaced: u64,
    /// Strike tables that were dropped because too many events waited.
    pub dropped_tables: u64,
    /// Notices that were dropped because too many waited. Readers are told of them as a gap.
    pub dropped_notices: u64,
}

/// The body of [`Topic::quote`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteNow {
    /// The market.
    pub market: MarketTicker,
    /// Its event.
    pub event: EventTicker,
    /// Whether it accepts orders.
    pub trading: bool,
    /// Its best prices; `None` where the book is not known or too old.
    pub quote: Option<Quote>,
    /// Contracts traded since it opened, where it is known.
    pub volume: Option<Quantity>,
}

/// The body of [`Topic::price`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceNow {
    /// The asset.
    pub asset: Asset,
    /// Its price; `None` where there is no fresh one.
    pub price: Option<AssetPrice>,
}

#[derive(Debug, Default)]
struct Slots {
    waiting: Mutex<Waiting>,
    remembered: Mutex<Remembered>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    tables: BTreeMap<(StrategyId, EventTicker), (Timestamp, Arc<StrikeTable>)>,
    active: Option<(Timestamp, Vec<ActiveTrade>)>,
    health: Option<(Timestamp, Vec<ServiceHealth>)>,
    told: VecDeque<(Timestamp, Told)>,
    untold: u64,
    counts: ObserverCounts,
}

#[derive(Debug)]
enum Told {
    Notice(Notice),
    Funnel(FunnelNow),
}

#[derive(Debug, Serialize)]
struct FunnelNow {
    strategy: StrategyId,
    until: Timestamp,
    entered: u32,
    refused: BTreeMap<String, u32>,
}

#[derive(Debug, Default)]
struct Remembered {
    quotes: BTreeMap<MarketTicker, QuoteNow>,
    prices: BTreeMap<Asset, PriceNow>,
}

impl BusObserver {
    /// Tells by this publisher, which tells nothing else of these topics.
    #[must_use]
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher: Arc::new(publisher), slots: Arc::default() }
    }

    /// The function that sees the engine's outputs, for the pipeline's `observe`. It never waits, and makes no text of anything.
    pub fn observe(&self) -> impl FnMut(Now, &Output) + Send + use<> {
        let slots = Arc::clone(&self.slots);
        move |now, output| {
            if slots.waiting().put(now.wall, &output.wish) {
                slots.changed.notify_one();
            }
        }
    }

    /// Tells what the engine shows, until it is dropped.
    ///
    /// # Errors
    /// The bus was closed.
    ///
    /// # Cancel safety
    /// Dropping it is how it is stopped. What waits then is told by [`tell_waiting`](Self::tell_waiting).
    pub async fn run(&self) -> Result<Infallible, BusError> {
        loop {
            self.slots.changed.notified().await;
            self.tell_waiting()?;
        }
    }

    /// Tells what waits.
    ///
    /// # Errors
    /// The bus was closed.
    pub fn tell_waiting(&self) -> Result<(), BusError> {
        let taken = self.slots.waiting().take();
        for (time, table) in taken.tables.into_values() {
            self.tell_table(time, &table)?;
        }
        if let Some((time, trades)) = taken.active {
            self.tell(Topic::active_trades(), Some("all"), time, &trades)?;
        }
        if let Some((time, services)) = taken.health {
            for health in &services {
                self.tell(Topic::health(), Some(health.service.as_str()), time, health)?;
            }
        }
        if let (Some((time, _)), 1..) = (taken.told.front(), taken.untold) {
            self.publisher.announce_gap(Topic::notice(), *time, &format!("{} notices were dropped", taken.untold))?;
        }
        for (time, told) in taken.told {
            match told {
                Told::Notice(notice) => self.tell(Topic::notice(), None, time, &notice)?,
                Told::Funnel(funnel) => self.tell(Topic::funnel(), Some(funnel.strategy.as_str()), time, &funnel)?,
            }
        }
        Ok(())
    }

    /// What became of outputs on their way.
    #[must_use]
    pub fn counts(&self) -> ObserverCounts {
        self.slots.waiting().counts
    }

    fn tell_table(&self, time: Timestamp, table: &StrikeTable) -> Result<(), BusError> {
        let key = format!("{}/{}", table.strategy, table.event);
        self.tell(Topic::strike_table(), Some(&key), time, table)?;
        let mut remembered = self.slots.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let price = PriceNow { asset: table.asset, price: table.asset_price };
        if remembered.prices.insert(table.asset, price) != Some(price) {
            self.tell(Topic::price(), Some(&table.asset.to_string()), time, &price)?;
        }
        if remembered.quotes.len() > REMEMBERED {
            remembered.quotes.clear();
        }
        for strike in &table.strikes {
            let quote = QuoteNow {
                market: strike.market.clone(),
                event: table.event.clone(),
                trading: strike.trading,
                quote: strike.quote,
                volume: strike.volume,
            };
            if remembered.quotes.get(&strike.market) != Some(&quote) {
                self.tell(Topic::quote(), Some(strike.market.as_str()), time, &quote)?;
                remembered.quotes.insert(strike.market.clone(), quote);
            }
        }
        Ok(())
    }

    /// What cannot be sent is told in the log: a picture is missing, and nothing else.
    fn tell(&self, topic: Topic, key: Option<&str>, time: Timestamp, body: &impl Serialize) -> Result<(), BusError> {
        match self.publisher.publish(topic, key, time, body) {
            Ok(_) => Ok(()),
            Err(BusError::Envelope(error)) => {
                tracing::warn!("{error}");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

impl Slots {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Whether there is something to tell.
    fn put(&mut self, time: Timestamp, wish: &Wish) -> bool {
        match wish {
            Wish::Publish(table) => {
                let place = (table.strategy.clone(), table.event.clone());
                if self.tables.len() >= TABLES && !self.tables.contains_key(&place) {
                    self.counts.dropped_tables += 1;
                    return true;
                }
                let older = self.tables.insert(place, (time, Arc::clone(table)));
                self.counts.replaced += u64::from(older.is_some());
            }
            Wish::Supervised(trades) => {
                self.counts.replaced += u64::from(self.active.replace((time, trades.clone())).is_some());
            }
            Wish::Health(services) => {
                self.counts.replaced += u64::from(self.health.replace((time, services.clone())).is_some());
            }
            Wish::Say(notice) => self.push(time, Told::Notice(notice.clone())),
            Wish::Funnel { strategy, until, entered, refused } => {
                let (strategy, until, entered, refused) = (strategy.clone(), *until, *entered, refused.clone());
                self.push(time, Told::Funnel(FunnelNow { strategy, until, entered, refused }));
            }
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
            | Wish::WakeAt(_) => return false,
        }
        true
    }

    fn push(&mut self, time: Timestamp, told: Told) {
        if self.told.len() >= NOTICES {
            self.told.pop_front();
            self.untold += 1;
            self.counts.dropped_notices += 1;
        }
        self.told.push_back((time, told));
    }

    fn take(&mut self) -> Self {
        let counts = self.counts;
        std::mem::replace(self, Self { counts, ..Self::default() })
    }
}
