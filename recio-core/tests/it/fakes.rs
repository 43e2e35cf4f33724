//! Small stand-ins for the five traits and the conductor, driven by the test.

use crate::account::Account;
use crate::settings::{self, MARKET, cents, feed, usd};
use async_trait::async_trait;
use recio_core::engine::{EventView, GatedOrder};
use recio_core::executor::{Accepted, AccountEvent, CancelOrder, Canceled, Executor, ExecutorError};
use recio_core::fact::{Fact, FactBody};
use recio_core::local_cache::{CacheUpdate, LocalCache, Remembered};
use recio_core::market::{BookSnapshot, Level, Market, MarketResult, Series, Side};
use recio_core::market_data::{MarketData, MarketDataError, MarketEvent};
use recio_core::model::Bar;
use recio_core::past_keeper::PastKeeper;
use recio_core::pipeline::{Conductor, Journal, Step, SteppedClock};
use recio_core::price_feed::{
    FeedAbout, FeedError, PastPrices, PriceEvent, PriceFeed, PriceTick, Resolution, TimeRange,
};
use recio_core::read::{BoxError, Read};
use recio_core::store::{Appended, Changes, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::strategy::{Decision, Strategy};
use recio_core::trade::{Fill, Intent, OrderReport, PositionReport, Settlement, Trade};
use recio_core::units::{MarketTicker, Money, SeriesTicker, Timestamp};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The exchange, as the fakes share it.
pub(crate) struct Exchange {
    pub(crate) account: Account,
    pub(crate) submits: u32,
    /// Every submit ends without an answer, whether it arrived or not.
    pub(crate) silent: bool,
    pub(crate) store_fails: bool,
    /// The store's trades are not to be seen.
    pub(crate) hides_trades: bool,
    /// Where the store looks up each intent that it gets.
    pub(crate) journal: Option<PathBuf>,
    pub(crate) facts: Vec<Fact>,
}

pub(crate) type Shared = Arc<Mutex<Exchange>>;

pub(crate) fn exchange() -> Shared {
    let account = Account::new();
    Arc::new(Mutex::new(Exchange {
        account,
        submits: 0,
        silent: false,
        store_fails: false,
        hides_trades: false,
        journal: None,
        facts: Vec::new(),
    }))
}

pub(crate) struct FakeFeed(pub(crate) UnboundedReceiver<PriceEvent>);

#[async_trait]
impl PriceFeed for FakeFeed {
    fn about(&self) -> FeedAbout {
        feed()
    }
    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        self.0.recv().await.ok_or(FeedError::Closed { source_name: "BRTI".to_owned() })
    }
    async fn history(&mut self, range: TimeRange, _: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        let bar = |second: i64| {
            let price = usd(if second / 30 % 2 == 0 { 80_000 } else { 80_005 });
            let start = Timestamp::from_second(second).unwrap();
            Bar { start, open: price, high: price, low: price, close: price }
        };
        Ok(Read::Complete((range.from.as_second()..range.to.as_second()).map(bar).collect()))
    }
}

pub(crate) struct FakeMarketData(pub(crate) tokio::sync::Mutex<UnboundedReceiver<MarketEvent>>);

#[async_trait]
impl MarketData for FakeMarketData {
    async fn series(&self, _: &SeriesTicker) -> Result<Series, MarketDataError> {
        Ok(settings::series())
    }
    async fn markets(&self, _: &SeriesTicker, _: TimeRange) -> Result<Read<Vec<Market>>, MarketDataError> {
        let market = Market { strike: settings::strike(), ..settings::market_named(MARKET) };
        Ok(Read::Complete(vec![market]))
    }
    async fn follow(&self, _: &[MarketTicker]) -> Result<(), MarketDataError> {
        Ok(())
    }
    async fn next(&self) -> Result<MarketEvent, MarketDataError> {
        self.0.lock().await.recv().await.ok_or(MarketDataError::Closed)
    }
}

pub(crate) struct FakeExecutor {
    pub(crate) exchange: Shared,
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) events: tokio::sync::Mutex<UnboundedReceiver<AccountEvent>>,
    pub(crate) sender: UnboundedSender<AccountEvent>,
}

impl FakeExecutor {
    pub(crate) fn new(exchange: &Shared, clock: &Arc<SteppedClock>) -> Self {
        let (sender, events) = unbounded_channel();
        let events = tokio::sync::Mutex::new(events);
        Self { exchange: Arc::clone(exchange), clock: Arc::clone(clock), events, sender }
    }

    fn wall(&self) -> Timestamp {
        recio_core::pipeline::Clock::now(&*self.clock).wall
    }

    fn read<T>(&self, what: impl Fn(&recio_core::engine::AccountRead) -> Option<T>) -> T {
        what(&self.exchange.lock().unwrap().account.read(1, self.wall())).unwrap()
    }
}

#[async_trait]
impl Executor for FakeExecutor {
    async fn submit(&self, order: GatedOrder) -> Result<Accepted, ExecutorError> {
        let mut exchange = self.exchange.lock().unwrap();
        exchange.submits += 1;
        let (accepted, fill) = exchange.account.take(&order, order.intent().quantity, self.wall());
        if let Some(fill) = fill {
            let client_order_id = Some(order.intent().client_order_id.clone());
            self.sender.send(AccountEvent::Fill(Fill { client_order_id, ..fill })).unwrap();
        }
        if exchange.silent { Err(ExecutorError::OutcomeUnknown("cut off".to_owned())) } else { Ok(accepted) }
    }
    async fn cancel(&self, _: &CancelOrder) -> Result<Canceled, ExecutorError> {
        Err(ExecutorError::NotFound)
    }
    async fn orders(&self, _: Option<Timestamp>) -> Result<Read<Vec<OrderReport>>, ExecutorError> {
        Ok(self.read(|read| read.orders.clone()))
    }
    async fn fills(&self, _: Option<Timestamp>) -> Result<Read<Vec<Fill>>, ExecutorError> {
        Ok(self.read(|read| read.fills.clone()))
    }
    async fn positions(&self) -> Result<Read<Vec<PositionReport>>, ExecutorError> {
        Ok(self.read(|read| read.positions.clone()))
    }
    async fn settlements(&self, _: Option<Timestamp>) -> Result<Read<Vec<Settlement>>, ExecutorError> {
        Ok(self.read(|read| read.settlements.clone()))
    }
    async fn balance(&self) -> Result<Money, ExecutorError> {
        Ok(self.read(|read| read.balance))
    }
    async fn next(&self) -> Result<AccountEvent, ExecutorError> {
        self.events.lock().await.recv().await.ok_or(ExecutorError::Closed)
    }
}

/// Buys YES wherever it is offered.
pub(crate) struct Eager;

#[async_trait]
impl Strategy for Eager {
    async fn evaluate(&mut self, view: &EventView) -> Result<Decision, BoxError> {
        let mut decision = Decision::on(view);
        for strike in &view.strikes {
            if let Some(offer) = strike.quote.and_then(|quote| quote.cost(Side::Yes)) {
                decision.buy_yes(strike, offer.price, settings::contracts(1), "eager");
            }
        }
        Ok(decision)
    }
}

/// A store that keeps facts, unless it is told to fail.
pub(crate) struct FakeStore(pub(crate) Shared);

#[async_trait]
impl Store for FakeStore {
    async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError> {
        let mut exchange = self.0.lock().unwrap();
        if exchange.store_fails {
            return Err(StoreError::Unavailable("disk full".into()));
        }
        if let Some(journal) = &exchange.journal {
            let known = Journal::read(journal).unwrap().intents;
            let is_known = |intent: &Intent| known.iter().any(|known| known.intent == *intent);
            for fact in facts {
                let known = !matches!(&fact.body, FactBody::Intent(intent) if !is_known(intent));
                assert!(known, "the store knows {}, the journal does not", fact.key());
            }
        }
        let mut added = 0;
        for fact in facts {
            if !exchange.facts.iter().any(|known| known.key() == fact.key()) {
                exchange.facts.push(fact.clone());
                added += 1;
            }
        }
        Ok(Appended { last_sequence: exchange.facts.len() as u64, added })
    }
    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        let facts = self.0.lock().unwrap().facts.clone();
        let mut hash = [0; 32];
        let stored = facts.into_iter().zip(1..).map(|(fact, sequence)| {
            let next = chained(&fact.key(), &hash);
            hash[..8].copy_from_slice(&next.to_be_bytes());
            StoredFact { sequence, hash, fact }
        });
        Ok(stored.filter(|stored| stored.sequence > after).take(limit as usize).collect())
    }
    async fn trades(&self) -> Result<Vec<Trade>, StoreError> {
        let mut trades = BTreeMap::new();
        let exchange = self.0.lock().unwrap();
        let hidden = if exchange.hides_trades { exchange.facts.len() } else { 0 };
        for fact in exchange.facts.iter().skip(hidden) {
            if let FactBody::Trade(trade) = &fact.body {
                trades.insert(trade.id.clone(), trade.clone());
            }
        }
        Ok(trades.into_values().collect())
    }
    async fn orders(&self) -> Result<Vec<OrderRow>, StoreError> {
        Ok(Vec::new())
    }
    async fn fills(&self) -> Result<Vec<Fill>, StoreError> {
        Ok(Vec::new())
    }
    async fn positions(&self) -> Result<Vec<PositionRow>, StoreError> {
        Ok(Vec::new())
    }
    async fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
        Ok(Vec::new())
    }
    async fn changes(&self, _: u64) -> Result<Box<dyn Changes>, StoreError> {
        Err(StoreError::Unsupported("push its facts"))
    }
}

/// A local cache that outlives the runs.
#[derive(Default)]
pub(crate) struct FakeCache(pub(crate) Mutex<Remembered>);

#[async_trait]
impl LocalCache for FakeCache {
    async fn recall(&self) -> Result<Remembered, StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }
    async fn keep(&self, update: Arc<CacheUpdate>) -> Result<(), StoreError> {
        let mut known = self.0.lock().unwrap();
        known.written_time = Some(update.time);
        known.trades.clone_from(&update.trades);
        known.head = update.head.or(known.head);
        known.waiting.retain(|(place, _)| *place >= update.stored_before);
        known.waiting.extend(update.waiting.iter().cloned());
        Ok(())
    }
    async fn forget_head(&self) -> Result<(), StoreError> {
        self.0.lock().unwrap().head = None;
        Ok(())
    }
}

#[async_trait]
impl PastKeeper for FakeCache {
    async fn past(&self, _: &FeedAbout, _: TimeRange, _: Resolution) -> Result<Vec<PastPrices>, StoreError> {
        Ok(Vec::new())
    }
}

/// Hashes a key with the hash before.
fn chained(key: &str, before: &[u8; 32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (key, before).hash(&mut hasher);
    hasher.finish()
}

/// What a test does to the exchange at a second.
pub(crate) type At = Box<dyn Fn(Timestamp, &mut Exchange) + Send + Sync>;

/// Leads a run second by second: each brings a price and a book; after the close the market is paid.
pub(crate) struct FakeConductor {
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) exchange: Shared,
    pub(crate) prices: UnboundedSender<PriceEvent>,
    pub(crate) books: UnboundedSender<MarketEvent>,
    pub(crate) until: Timestamp,
    /// Called with each second before it begins.
    pub(crate) at: At,
}

#[async_trait]
impl Conductor for FakeConductor {
    fn clock(&self) -> Arc<SteppedClock> {
        Arc::clone(&self.clock)
    }
    async fn settle(&self) -> Result<(), BoxError> {
        Ok(())
    }
    async fn advance(&self) -> Result<Step, BoxError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = recio_core::pipeline::Clock::now(&*self.clock).wall + jiff::SignedDuration::from_secs(1);
        let mut exchange = self.exchange.lock().unwrap();
        if now > self.until {
            return Ok(Step::End);
        }
        if now == settings::close() + jiff::SignedDuration::from_secs(10) {
            exchange.account.settle(MARKET, MarketResult::Yes, now);
        }
        (self.at)(now, &mut exchange);
        let level = |price| vec![Level { price: cents(price), quantity: settings::contracts(100) }];
        let book = BookSnapshot { bids: level(94), asks: level(95) };
        self.books.send(MarketEvent::Snapshot { market: MARKET.parse().unwrap(), book })?;
        self.prices.send(PriceEvent::Tick(PriceTick { price: usd(80_000), exchange_time: now }))?;
        Ok(Step::Next(now))
    }
}
