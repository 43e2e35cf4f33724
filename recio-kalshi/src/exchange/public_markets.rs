//! `MarketData` without a key: lists and books over public REST, read again and again.
//!
//! Kalshi's WebSocket and its index need a key; lists, single markets and single books do not (docs.kalshi.com, and recorded in 2026). A book that
//! is read has neither time nor number, and lags 0.3 to 1 s behind the engine of the exchange; so these books are delayed, and
//! whoever trades with them has to count each by its own age. Prints are not read.

use super::markets::{read_error, read_of, status_of};
use super::polling::Plan;
use crate::client::{KalshiClient, MarketFilter, MarketSummary};
use crate::error::ReadError;
use crate::socket::Sleep;
use async_trait::async_trait;
use recio_core::causes::in_full;
use recio_core::market::{LifecycleEvent, Market, MarketStatus, Series, TickerUpdate};
use recio_core::market_data::{MarketData, MarketDataError, MarketEvent};
use recio_core::price_feed::TimeRange;
use recio_core::read::Read;
use recio_core::units::{MarketTicker, Now, SeriesTicker};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Events that nobody has taken; beyond, reading waits.
const EVENTS: usize = 1_024;
/// So many markets are listed in one request: their tickers make an address of about a kilobyte.
const LISTED_AT_ONCE: usize = 40;
/// So many failures in a row, and the exchange counts as out of reach.
const OUT_OF_REACH: u32 = 3;

/// How often the exchange is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollLimits {
    /// Between the beginnings of two requests. Basic accounts may read 20 times a second; those without an account are not promised anything.
    pub pause: Duration,
    /// Between two readings of a book that is near the money, if the pause allows.
    pub book_every: Duration,
    /// Between two readings of any other book.
    pub far_book_every: Duration,
    /// Between two readings of the markets' figures.
    pub summary_every: Duration,
    /// A book that was not read for so long is void.
    pub too_old: Duration,
    /// The wait after a failure; doubles with each further one.
    pub backoff_min: Duration,
    /// The longest wait.
    pub backoff_max: Duration,
}

/// The time that polling runs by, and waiting in it.
#[derive(Clone)]
pub struct PollClock {
    /// The present moment.
    pub now: Arc<dyn Fn() -> Now + Send + Sync>,
    /// Waits.
    pub sleep: Sleep,
}

/// Kalshi's markets and books for those who have no key.
#[derive(Debug)]
pub struct PublicMarkets {
    client: KalshiClient,
    exchange_index: u16,
    wanted: watch::Sender<BTreeSet<MarketTicker>>,
    sender: mpsc::Sender<MarketEvent>,
    events: Mutex<mpsc::Receiver<MarketEvent>>,
}

/// Reads what [`PublicMarkets`] follows; the caller runs it beside the pipeline.
pub struct Poller {
    client: KalshiClient,
    clock: PollClock,
    limits: PollLimits,
    wanted: watch::Receiver<BTreeSet<MarketTicker>>,
    events: mpsc::Sender<MarketEvent>,
    plan: Plan,
    seen: BTreeMap<MarketTicker, Market>,
    failures: u32,
    connected: bool,
}

/// Nobody takes the events any more.
struct ReaderGone;

impl Default for PollLimits {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(120),
            book_every: Duration::from_secs(1),
            far_book_every: Duration::from_secs(30),
            summary_every: Duration::from_secs(5),
            too_old: Duration::from_secs(8),
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(30),
        }
    }
}

impl PublicMarkets {
    /// Puts the source together. Nothing is asked before [`Poller::run`] is polled or a read is made. The client needs no key.
    #[must_use]
    pub fn new(client: KalshiClient, exchange_index: u16, clock: PollClock, limits: PollLimits) -> (Arc<Self>, Poller) {
        let (wanted, wanted_reader) = watch::channel(BTreeSet::new());
        let (sender, events) = mpsc::channel(EVENTS);
        let poller = Poller {
            client: client.clone(),
            clock,
            limits,
            wanted: wanted_reader,
            events: sender.clone(),
            plan: Plan::default(),
            seen: BTreeMap::new(),
            failures: 0,
            connected: false,
        };
        let markets = Self { client, exchange_index, wanted, sender, events: Mutex::new(events) };
        (Arc::new(markets), poller)
    }
}

#[async_trait]
impl MarketData for PublicMarkets {
    async fn series(&self, series: &SeriesTicker) -> Result<Series, MarketDataError> {
        self.client.series(series).await.map_err(read_error)
    }

    async fn markets(&self, series: &SeriesTicker, closing: TimeRange) -> Result<Read<Vec<Market>>, MarketDataError> {
        let status = self.client.exchange_status().await.map_err(read_error)?;
        // A full queue holds what nobody has looked at; the next list brings another.
        let _ = self.sender.try_send(MarketEvent::Exchange(status_of(&status, self.exchange_index)));
        let filter = MarketFilter {
            series: Some(series.clone()),
            min_close: Some(closing.from),
            max_close: Some(closing.to),
            ..MarketFilter::default()
        };
        let read = read_of(self.client.markets(&filter).await.map_err(read_error)?);
        Ok(read.map(|mut markets| {
            markets.retain(|market| closing.from <= market.close_time && market.close_time < closing.to);
            markets
        }))
    }

    async fn follow(&self, markets: &[MarketTicker]) -> Result<(), MarketDataError> {
        self.wanted.send_replace(markets.iter().cloned().collect());
        Ok(())
    }

    async fn next(&self) -> Result<MarketEvent, MarketDataError> {
        self.events.lock().await.recv().await.ok_or(MarketDataError::Closed)
    }
}

impl Poller {
    /// Reads until told to stop, or until nobody takes the events any more.
    pub async fn run(mut self, stop: CancellationToken) {
        stop.run_until_cancelled(async { while self.turn().await.is_ok() {} }).await;
    }

    /// One request, or one wait.
    async fn turn(&mut self) -> Result<(), ReaderGone> {
        let wanted = self.wanted.borrow_and_update().clone();
        self.plan.follow(&wanted);
        self.seen.retain(|market, _| wanted.contains(market));
        let now = (self.clock.now)().mono;
        let old = self.plan.take_old(now, self.limits.too_old);
        if !old.is_empty() {
            let reason = format!("not read for {:?}", self.limits.too_old);
            self.emit(MarketEvent::Void { markets: old, reason }).await?;
        }
        let wait = if self.plan.summaries_due(now) {
            self.plan.summaries_asked(now, self.limits.summary_every);
            self.read_summaries(&wanted).await?
        } else if let Some(market) = self.plan.next_book(now) {
            self.plan.book_asked(&market, now, &self.limits);
            self.read_book(market).await?
        } else {
            self.limits.pause
        };
        (self.clock.sleep)(wait).await;
        Ok(())
    }

    async fn read_summaries(&mut self, wanted: &BTreeSet<MarketTicker>) -> Result<Duration, ReaderGone> {
        let wanted: Vec<_> = wanted.iter().cloned().collect();
        for some in wanted.chunks(LISTED_AT_ONCE) {
            match self.client.summaries(some).await {
                Ok(read) => {
                    self.heard().await?;
                    for summary in read.items {
                        self.summary(summary).await?;
                    }
                }
                Err(error) => return self.failed(&error, Vec::new()).await,
            }
        }
        Ok(self.limits.pause)
    }

    /// What a stream would have told: figures, and what changed of the market itself.
    async fn summary(&mut self, summary: MarketSummary) -> Result<(), ReaderGone> {
        let MarketSummary { market, quote, last_price, volume, open_interest } = summary;
        let ticker = market.ticker.clone();
        self.plan.quoted(&ticker, quote);
        let exchange_time = (self.clock.now)().wall;
        let update = TickerUpdate { market: ticker.clone(), quote, last_price, volume, open_interest, exchange_time };
        self.emit(MarketEvent::Ticker(update)).await?;
        let before = self.seen.insert(ticker.clone(), market.clone());
        for event in changes(before.as_ref(), &market, exchange_time) {
            self.emit(MarketEvent::Lifecycle { market: ticker.clone(), event }).await?;
        }
        Ok(())
    }

    async fn read_book(&mut self, market: MarketTicker) -> Result<Duration, ReaderGone> {
        match self.client.orderbook(&market).await {
            Ok(book) => {
                self.heard().await?;
                self.plan.book_read(&market, (self.clock.now)().mono);
                self.emit(MarketEvent::Snapshot { market, book }).await?;
                Ok(self.limits.pause)
            }
            Err(error) => {
                let told = self.plan.forget_book(&market);
                self.failed(&error, told.then_some(market).into_iter().collect()).await
            }
        }
    }

    async fn heard(&mut self) -> Result<(), ReaderGone> {
        self.failures = 0;
        if !std::mem::replace(&mut self.connected, true) {
            self.emit(MarketEvent::Connected).await?;
        }
        Ok(())
    }

    /// Says what is not known any more; returns how long to wait.
    async fn failed(&mut self, error: &ReadError, void: Vec<MarketTicker>) -> Result<Duration, ReaderGone> {
        let reason = in_full(error);
        if !void.is_empty() {
            self.emit(MarketEvent::Void { markets: void, reason: reason.clone() }).await?;
        }
        // A market that is not there, or not yet, says nothing about the exchange.
        if matches!(error, ReadError::NotFound { .. }) {
            return Ok(self.limits.pause);
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= OUT_OF_REACH && std::mem::replace(&mut self.connected, false) {
            self.plan.forget_books();
            self.emit(MarketEvent::Disconnected { reason }).await?;
        }
        let doubled = 1_u32.checked_shl(self.failures - 1).unwrap_or(u32::MAX);
        Ok(self.limits.backoff_min.saturating_mul(doubled).min(self.limits.backoff_max))
    }

    async fn emit(&self, event: MarketEvent) -> Result<(), ReaderGone> {
        self.events.send(event).await.map_err(|_| ReaderGone)
    }
}

/// What a stream would have announced between two readings of a market.
fn changes(before: Option<&Market>, market: &Market, now: recio_core::units::Timestamp) -> Vec<LifecycleEvent> {
    let mut events = Vec::new();
    // At the first sight too: the list that the reader has may be older.
    if market.strike.known().is_some() && before.is_none_or(|before| before.strike != market.strike) {
        events.push(LifecycleEvent::StrikeUpdated { strike: market.strike.clone() });
    }
    let Some(before) = before else { return events };
    if before.close_time != market.close_time {
        events.push(LifecycleEvent::CloseDateUpdated { close_time: market.close_time });
    }
    if before.grid != market.grid {
        events.push(LifecycleEvent::GridUpdated { grid: market.grid.clone() });
    }
    match (before.status, market.status) {
        (MarketStatus::Active, MarketStatus::Inactive) => events.push(LifecycleEvent::Deactivated),
        (MarketStatus::Inactive, MarketStatus::Active) => events.push(LifecycleEvent::Activated),
        _ => {}
    }
    if let (None, Some(result)) = (before.result, market.result) {
        events.push(LifecycleEvent::Determined { result, determined_time: now });
    }
    if before.status != MarketStatus::Finalized && market.status == MarketStatus::Finalized {
        events.push(LifecycleEvent::Settled { settled_time: now });
    }
    events
}

impl std::fmt::Debug for Poller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poller").field("limits", &self.limits).field("failures", &self.failures).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PollClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PollClock").finish_non_exhaustive()
    }
}
