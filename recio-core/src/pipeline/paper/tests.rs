//! An account on paper: what it is told, what it fills, what it survives.

use super::*;
use crate::engine::gated_order::tests::purchase as gated;
use crate::executor::{AccountEvent, CancelOrder, Executor, ExecutorError};
use crate::market::{
    BookDelta, BookSide, BookSnapshot, FeeType, Level, LifecycleEvent, Market, MarketResult, MarketStatus, PriceGrid,
    PublicTrade, Series, Side, Strike, StrikeTerms,
};
use crate::market_data::{ExchangeStatus, MarketDataError, MarketEvent};
use crate::pipeline::SteppedClock;
use crate::price_feed::TimeRange;
use crate::read::Read;
use crate::trade::{FeeMultiplier, Liquidity, ReportedStatus, TimeInForce};
use crate::units::{AssetPrice, Price, Quantity, QuantityChange, Timestamp};
use async_trait::async_trait;
use futures_util::FutureExt;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const TICKER: &str = "KXBTC15M-TEST-15";

/// The exchange, as far as data go: a list that can be changed, and events that are sent.
struct Live {
    list: Mutex<Vec<Market>>,
    events: tokio::sync::Mutex<UnboundedReceiver<MarketEvent>>,
    lists: Mutex<u32>,
}

#[async_trait]
impl MarketData for Live {
    async fn series(&self, series: &SeriesTicker) -> Result<Series, MarketDataError> {
        Ok(Series { ticker: series.clone(), fee_type: FeeType::Quadratic, fee_multiplier: FeeMultiplier::ONE })
    }
    async fn markets(&self, _: &SeriesTicker, closing: TimeRange) -> Result<Read<Vec<Market>>, MarketDataError> {
        *self.lists.lock().unwrap() += 1;
        let within = |market: &&Market| closing.from <= market.close_time && market.close_time < closing.to;
        Ok(Read::Complete(self.list.lock().unwrap().iter().filter(within).cloned().collect()))
    }
    async fn follow(&self, _: &[MarketTicker]) -> Result<(), MarketDataError> {
        Ok(())
    }
    async fn next(&self) -> Result<MarketEvent, MarketDataError> {
        self.events.lock().await.recv().await.ok_or(MarketDataError::Closed)
    }
}

/// A paper account on a market that closes at 13:15, at 13:10.
struct Stage {
    live: Arc<Live>,
    events: UnboundedSender<MarketEvent>,
    clock: Arc<SteppedClock>,
    folder: tempfile::TempDir,
    terms: PaperTerms,
}

fn at(minute: i64, second: i64) -> Timestamp {
    let hour: Timestamp = "2026-05-13T13:00:00Z".parse().unwrap();
    hour + jiff::SignedDuration::from_secs(minute * 60 + second)
}

fn market() -> Market {
    Market {
        ticker: TICKER.parse().unwrap(),
        event: "KXBTC15M-TEST".parse().unwrap(),
        series: "KXBTC15M".parse().unwrap(),
        strike: StrikeTerms::Known(Strike::GreaterOrEqual { floor: AssetPrice::from_cents(8_000_000).unwrap() }),
        open_time: at(0, 0),
        close_time: at(15, 0),
        status: MarketStatus::Active,
        grid: PriceGrid::linear_cent(),
        exchange_index: 2,
        settlement_timer: Duration::from_secs(60),
        result: None,
        expiration_value: None,
    }
}

fn levels(side: &[(u16, u32)]) -> Vec<Level> {
    side.iter()
        .map(|&(cents, contracts)| Level { price: Price::cents(cents), quantity: Quantity::contracts(contracts) })
        .collect()
}

fn snapshot(bids: &[(u16, u32)], asks: &[(u16, u32)]) -> MarketEvent {
    let book = BookSnapshot { bids: levels(bids), asks: levels(asks) };
    MarketEvent::Snapshot { market: TICKER.parse().unwrap(), book }
}

fn print(number: u32, cents: u16, contracts: u32, taker_side: Side) -> MarketEvent {
    MarketEvent::Trade(PublicTrade {
        id: format!("print-{number}").parse().unwrap(),
        market: TICKER.parse().unwrap(),
        yes_price: Price::cents(cents),
        quantity: Quantity::contracts(contracts),
        taker_side,
        exchange_time: at(10, 0),
    })
}

impl Stage {
    fn new() -> Self {
        Self::with(PaperTerms { opening_cash: Money::dollars(100), ..PaperTerms::default() })
    }

    fn with(terms: PaperTerms) -> Self {
        let (events, receiver) = unbounded_channel();
        let live = Live {
            list: Mutex::new(vec![market()]),
            events: tokio::sync::Mutex::new(receiver),
            lists: Mutex::default(),
        };
        let clock = Arc::new(SteppedClock::new(at(10, 0)));
        Self { live: Arc::new(live), events, clock, folder: tempfile::tempdir().unwrap(), terms }
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("journal.paper")
    }

    fn open(&self) -> Result<Arc<PaperVenue>, PaperError> {
        let (live, clock) = (Arc::clone(&self.live), Arc::clone(&self.clock));
        PaperVenue::open(live, clock, "main".parse().unwrap(), &self.file(), self.terms.clone())
    }

    /// The account, with its markets listed and this book known.
    async fn ready(&self, bids: &[(u16, u32)], asks: &[(u16, u32)]) -> Arc<PaperVenue> {
        let paper = self.open().unwrap();
        self.list(&paper).await;
        self.tell(&paper, snapshot(bids, asks)).await;
        paper
    }

    async fn list(&self, paper: &PaperVenue) {
        let closing = TimeRange { from: at(0, 0), to: at(60, 0) };
        MarketData::markets(paper, &"KXBTC15M".parse().unwrap(), closing).await.unwrap();
    }

    async fn tell(&self, paper: &PaperVenue, event: MarketEvent) {
        self.events.send(event.clone()).unwrap();
        assert_eq!(MarketData::next(paper).await.unwrap(), event, "events are handed on as they are");
    }

    /// Something that takes time: the clock is moved on until it is done.
    async fn pass<T>(&self, what: impl Future<Output = T>) -> T {
        tokio::pin!(what);
        loop {
            tokio::select! {
                biased;
                done = &mut what => return done,
                () = self.clock.asleep(1) => self.clock.set(self.clock.next_wake().unwrap()),
            }
        }
    }

    async fn submit(
        &self,
        paper: &PaperVenue,
        number: u64,
        (side, cents, contracts): (Side, u16, u32),
        time_in_force: TimeInForce,
    ) -> Result<crate::executor::Accepted, ExecutorError> {
        let limit = (side, Price::cents(cents), Quantity::contracts(contracts));
        self.pass(paper.submit(gated(number, TICKER, limit, time_in_force, self.clock.now()))).await
    }
}

fn told(paper: &PaperVenue) -> Vec<AccountEvent> {
    std::iter::from_fn(|| Executor::next(paper).now_or_never()).map(Result::unwrap).collect()
}

const IOC: TimeInForce = TimeInForce::ImmediateOrCancel;
const GTC: TimeInForce = TimeInForce::GoodTillCanceled;

#[tokio::test]
async fn an_order_takes_effect_after_the_delay_and_trades_with_the_book_as_it_is_then() {
    let stage = Stage::new();
    let paper = stage.ready(&[(94, 10)], &[(95, 3), (96, 10)]).await;
    let mut order = Box::pin(paper.submit(gated(
        1,
        TICKER,
        (Side::Yes, Price::cents(96), Quantity::contracts(5)),
        IOC,
        stage.clock.now(),
    )));
    assert!(futures_util::poll!(&mut order).is_pending(), "it is on its way");
    let gone = BookDelta {
        side: BookSide::Ask,
        price: Price::cents(95),
        change: QuantityChange::from_hundredths(-200).unwrap(),
    };
    stage.tell(&paper, MarketEvent::Delta { market: TICKER.parse().unwrap(), delta: gone, exchange_time: None }).await;
    let accepted = stage.pass(order).await.unwrap();
    assert_eq!(stage.clock.now().wall, at(10, 0) + stage.terms.latency);
    assert_eq!((accepted.filled, accepted.remaining), (Quantity::contracts(5), Quantity::ZERO));

    let fills = paper.fills(None).await.unwrap().got().clone();
    let shown: Vec<_> = fills.iter().map(|fill| (fill.yes_price, fill.quantity, fill.liquidity)).collect();
    let (taker, one) = (Liquidity::Taker, Quantity::contracts(1));
    assert_eq!(shown, [(Price::cents(95), one, taker), (Price::cents(96), Quantity::contracts(4), taker)]);
    // 0.95 + 4 × 0.96, and 0.07 × 0.95 × 0.05 + 4 × 0.07 × 0.96 × 0.04 of fees, each fill's rounded as the exchange does.
    let fees: Money = fills.iter().map(|fill| fill.fee).sum();
    let exact = Money::from_micros(3_325 + 10_752);
    assert!(fees >= exact && fees < exact + Money::from_micros(20_000), "{fees}");
    assert_eq!(paper.cash(), Money::dollars(100) - "4.79".parse().unwrap() - fees);
    assert_eq!(paper.balance().await.unwrap(), paper.cash());
    let events = told(&paper);
    assert!(matches!(events[0], AccountEvent::Connected), "{events:?}");
    assert_eq!(events.iter().filter(|event| matches!(event, AccountEvent::Fill(_))).count(), 2);
    paper.audit().unwrap();
}

#[tokio::test]
async fn what_was_taken_is_gone_until_the_exchange_shows_less() {
    let stage = Stage::new();
    let paper = stage.ready(&[(94, 10)], &[(95, 3)]).await;
    let first = stage.submit(&paper, 1, (Side::Yes, 95, 2), IOC).await.unwrap();
    let second = stage.submit(&paper, 2, (Side::Yes, 95, 5), IOC).await.unwrap();
    assert_eq!((first.filled, second.filled), (Quantity::contracts(2), Quantity::contracts(1)));
    // The exchange's own book still has all three: ours are not of it.
    stage.tell(&paper, snapshot(&[(94, 10)], &[(95, 3)])).await;
    assert_eq!(stage.submit(&paper, 3, (Side::Yes, 95, 5), IOC).await.unwrap().filled, Quantity::ZERO);
    paper.audit().unwrap();
}

#[tokio::test]
async fn a_resting_order_waits_for_those_before_it_and_is_not_filled_while_the_book_is_void() {
    let stage = Stage::new();
    let paper = stage.ready(&[(90, 10)], &[(95, 10)]).await;
    let accepted = stage.submit(&paper, 1, (Side::Yes, 90, 5), GTC).await.unwrap();
    assert_eq!(accepted.remaining, Quantity::contracts(5));
    stage.tell(&paper, print(1, 90, 8, Side::No)).await;
    assert_eq!(paper.fills(None).await.unwrap().got().len(), 0, "ten lie before it");
    let void = MarketEvent::Void { markets: vec![TICKER.parse().unwrap()], reason: "a gap".to_owned() };
    stage.tell(&paper, void).await;
    stage.tell(&paper, print(2, 90, 100, Side::No)).await;
    assert_eq!(paper.fills(None).await.unwrap().got().len(), 0, "nothing is known, so nothing is filled");
    stage.tell(&paper, snapshot(&[(90, 10)], &[(95, 10)])).await;
    stage.tell(&paper, print(3, 90, 5, Side::No)).await;
    let fills = paper.fills(None).await.unwrap().got().clone();
    let filled: Vec<_> = fills.iter().map(|fill| (fill.quantity, fill.liquidity, fill.fee)).collect();
    assert_eq!(filled, [(Quantity::contracts(3), Liquidity::Maker, Money::ZERO)], "eight and five are three past ten");
    paper.audit().unwrap();
}

#[tokio::test]
async fn an_order_waits_for_a_book_and_is_refused_where_none_comes() {
    let stage = Stage::new();
    let paper = stage.open().unwrap();
    stage.list(&paper).await;
    let refused = stage.submit(&paper, 1, (Side::Yes, 95, 1), IOC).await.unwrap_err();
    assert!(matches!(&refused, ExecutorError::Refused { code, .. } if code == "book_unknown"), "{refused}");
    assert_eq!(stage.clock.now().wall.duration_since(at(10, 0)).as_secs(), 10);
    assert!(paper.orders(None).await.unwrap().got().is_empty());
}

#[tokio::test]
async fn of_polled_books_the_next_one_counts() {
    let stage = Stage::with(PaperTerms { books: BookTiming::NextRead, ..PaperTerms::default() });
    let paper = stage.ready(&[(94, 10)], &[(95, 10)]).await;
    let order = gated(1, TICKER, (Side::Yes, Price::cents(95), Quantity::contracts(1)), IOC, stage.clock.now());
    let mut order = Box::pin(paper.submit(order));
    for _ in 0..40 {
        assert!(futures_util::poll!(&mut order).is_pending(), "the book that the decision rests on is history");
        stage.clock.set(stage.clock.next_wake().unwrap());
    }
    stage.tell(&paper, snapshot(&[(96, 10)], &[(97, 10)])).await;
    assert_eq!(stage.pass(order).await.unwrap().filled, Quantity::ZERO, "the price is gone");
}

#[tokio::test]
async fn a_book_that_was_asked_for_before_the_order_arrived_does_not_count() {
    let stage = Stage::with(PaperTerms { books: BookTiming::NextRead, ..PaperTerms::default() });
    let paper = stage.ready(&[(94, 10)], &[(95, 10)]).await;
    let order = gated(1, TICKER, (Side::Yes, Price::cents(95), Quantity::contracts(1)), IOC, stage.clock.now());
    let mut order = Box::pin(paper.submit(order));
    for _ in 0..5 {
        assert!(futures_util::poll!(&mut order).is_pending());
        stage.clock.set(stage.clock.next_wake().unwrap());
    }
    stage.tell(&paper, snapshot(&[(94, 10)], &[(95, 10)])).await;
    for _ in 0..30 {
        assert!(futures_util::poll!(&mut order).is_pending(), "its answer was on the way, and reads lag");
        stage.clock.set(stage.clock.next_wake().unwrap());
    }
    stage.tell(&paper, snapshot(&[(96, 10)], &[(97, 10)])).await;
    assert_eq!(stage.pass(order).await.unwrap().filled, Quantity::ZERO, "the price is gone");
}

#[tokio::test]
async fn nothing_is_placed_in_a_book_that_is_void() {
    let stage = Stage::new();
    let paper = stage.ready(&[(94, 10)], &[(95, 10)]).await;
    stage.submit(&paper, 1, (Side::Yes, 95, 1), IOC).await.unwrap();
    stage.tell(&paper, MarketEvent::Disconnected { reason: "gone".to_owned() }).await;
    // As if the gap had come between the last look at the book and the order.
    let limit = (Side::Yes, Price::cents(95), Quantity::contracts(1));
    let now = stage.clock.now();
    let placed = paper.lock().place(&gated(2, TICKER, limit, IOC, now), None, now.wall);
    assert_eq!(placed.unwrap_err(), super::desk::NotPlaced::Lacking("book_unknown"));
}

#[tokio::test]
async fn a_cancel_takes_its_time_and_a_fill_may_come_first() {
    let stage = Stage::new();
    let paper = stage.ready(&[(90, 1)], &[(95, 10)]).await;
    let accepted = stage.submit(&paper, 1, (Side::Yes, 91, 5), GTC).await.unwrap();
    let order = &paper.orders(None).await.unwrap().got()[0].clone();
    assert_eq!((order.status, &order.exchange_id), (ReportedStatus::Resting, &accepted.exchange_id));
    let cancel = CancelOrder {
        client_order_id: order.client_order_id.clone().unwrap(),
        exchange_id: accepted.exchange_id,
        market: TICKER.parse().unwrap(),
        exchange_index: 2,
    };
    let mut asked = Box::pin(paper.cancel(&cancel));
    assert!(futures_util::poll!(&mut asked).is_pending());
    stage.tell(&paper, snapshot(&[(88, 1)], &[(91, 2)])).await;
    let canceled = stage.pass(asked).await.unwrap();
    assert_eq!(canceled.removed, Quantity::contracts(3));
    assert!(matches!(stage.pass(paper.cancel(&cancel)).await, Err(ExecutorError::NotFound)));
    paper.audit().unwrap();
}

#[tokio::test]
async fn a_pause_of_the_exchange_is_one_on_paper() {
    let stage = Stage::new();
    let paper = stage.ready(&[(90, 1)], &[(95, 10)]).await;
    stage.submit(&paper, 1, (Side::Yes, 91, 5), GTC).await.unwrap();
    let status = |trading_active| MarketEvent::Exchange(ExchangeStatus { exchange_active: true, trading_active });
    stage.tell(&paper, status(false)).await;
    assert_eq!(paper.orders(None).await.unwrap().got()[0].status, ReportedStatus::Canceled);
    let paused = stage.submit(&paper, 2, (Side::Yes, 95, 1), IOC).await;
    assert!(matches!(paused, Err(ExecutorError::Paused(_))), "{paused:?}");
    stage.tell(&paper, status(true)).await;
    assert_eq!(stage.submit(&paper, 3, (Side::Yes, 95, 1), IOC).await.unwrap().filled, Quantity::contracts(1));
}

#[tokio::test]
async fn the_stream_settles_once_however_often_it_is_told() {
    let stage = Stage::new();
    let paper = stage.ready(&[(94, 10)], &[(95, 10)]).await;
    stage.submit(&paper, 1, (Side::Yes, 95, 2), IOC).await.unwrap();
    stage.submit(&paper, 2, (Side::Yes, 90, 2), GTC).await.unwrap();
    stage.clock.set(at(15, 1));
    let market = |event| MarketEvent::Lifecycle { market: TICKER.parse().unwrap(), event };
    let determined = LifecycleEvent::Determined { result: MarketResult::Yes, determined_time: at(15, 1) };
    let before = paper.cash();
    for _ in 0..2 {
        stage.tell(&paper, market(determined.clone())).await;
        stage.tell(&paper, market(LifecycleEvent::Settled { settled_time: at(16, 1) })).await;
    }
    assert_eq!(paper.cash(), before + Money::dollars(2));
    let settled = paper.settlements(None).await.unwrap().got().clone();
    assert_eq!(settled.iter().map(|settlement| settlement.revenue).collect::<Vec<_>>(), [Money::dollars(2)]);
    assert!(paper.positions().await.unwrap().got().is_empty());
    assert_eq!(paper.orders(None).await.unwrap().got()[1].status, ReportedStatus::Canceled, "closed under it");
    paper.audit().unwrap();
}

#[tokio::test]
async fn an_outcome_that_is_changed_before_it_is_paid_is_paid_as_changed() {
    let stage = Stage::new();
    let paper = stage.ready(&[(94, 10)], &[(95, 10)]).await;
    stage.submit(&paper, 1, (Side::Yes, 95, 2), IOC).await.unwrap();
    stage.clock.set(at(15, 1));
    let before = paper.cash();
    let determined = |result| LifecycleEvent::Determined { result, determined_time: at(15, 1) };
    let settled = LifecycleEvent::Settled { settled_time: at(16, 1) };
    // No, and after a dispute yes; what comes after the payment is told to a person and changes nothing.
    let (yes, no) = (MarketResult::Yes, MarketResult::No);
    for event in [determined(no), determined(yes), settled.clone(), determined(no), settled] {
        stage.tell(&paper, MarketEvent::Lifecycle { market: TICKER.parse().unwrap(), event }).await;
    }
    assert_eq!(paper.cash(), before + Money::dollars(2));
    let paid: Vec<_> = paper.settlements(None).await.unwrap().got().iter().map(|paid| paid.result).collect();
    assert_eq!(paid, [yes]);
    paper.audit().unwrap();
}

#[tokio::test]
async fn a_restart_finds_everything_and_looks_for_the_outcome_itself() {
    let stage = Stage::new();
    let paper = stage.ready(&[(94, 10)], &[(95, 10)]).await;
    stage.submit(&paper, 1, (Side::Yes, 95, 2), IOC).await.unwrap();
    stage.submit(&paper, 2, (Side::Yes, 91, 3), GTC).await.unwrap();
    let (cash, fills) = (paper.cash(), paper.fills(None).await.unwrap());
    assert!(matches!(stage.open(), Err(PaperError::InUse { .. })), "one process at a time");
    drop(paper);

    let paper = stage.open().unwrap();
    assert_eq!((paper.cash(), paper.fills(None).await.unwrap()), (cash, fills));
    assert_eq!(paper.orders(None).await.unwrap().got()[1].remaining, Quantity::contracts(3));
    let again = stage.submit(&paper, 1, (Side::Yes, 95, 2), IOC).await;
    assert!(matches!(again, Err(ExecutorError::Refused { .. })), "no book yet: {again:?}");
    stage.list(&paper).await;
    stage.tell(&paper, snapshot(&[(94, 10)], &[(95, 10)])).await;
    let again = stage.submit(&paper, 1, (Side::Yes, 95, 2), IOC).await;
    assert!(
        matches!(&again, Err(ExecutorError::Refused { code, .. }) if code == "order_already_exists"),
        "an id is spent for ever: {again:?}"
    );
    drop(paper);

    // Down over the close: nothing tells of it any more, but the list does when it is asked.
    stage.clock.set(at(17, 0));
    let ended = Market { status: MarketStatus::Finalized, result: Some(MarketResult::No), ..market() };
    let paper = stage.open().unwrap();
    assert_eq!(paper.settlements(None).await.unwrap().got().len(), 0, "not determined yet");
    *stage.live.list.lock().unwrap() = vec![ended];
    stage.clock.set(at(17, 6));
    for _ in 0..3 {
        let settled = paper.settlements(None).await.unwrap();
        assert_eq!(settled.got().len(), 1);
        assert_eq!(settled.got()[0].revenue, Money::ZERO);
    }
    assert_eq!(paper.cash(), cash);
    let asked = *stage.live.lists.lock().unwrap();
    paper.settlements(None).await.unwrap();
    assert_eq!(*stage.live.lists.lock().unwrap(), asked, "nothing is awaited any more");
    paper.audit().unwrap();
}

#[tokio::test]
async fn nothing_is_told_before_it_is_saved_and_what_was_not_saved_never_was() {
    let stage = Stage::new();
    let paper = stage.ready(&[(94, 10)], &[(95, 10)]).await;
    told(&paper);
    // The folder is gone, so nothing can be written.
    let hidden = stage.folder.path().with_extension("hidden");
    std::fs::rename(stage.folder.path(), &hidden).unwrap();
    let lost = stage.submit(&paper, 1, (Side::Yes, 95, 2), IOC).await;
    assert!(matches!(&lost, Err(ExecutorError::OutcomeUnknown(why)) if why.contains("cannot write")), "{lost:?}");
    assert!(told(&paper).is_empty());
    assert!(matches!(paper.fills(None).await, Err(ExecutorError::Unreachable(_))), "an unsaved fill is no fact");
    assert!(paper.balance().await.is_err() && paper.positions().await.is_err());
    std::fs::rename(&hidden, stage.folder.path()).unwrap();
    // Killed here, the order never was: the file says so, and nothing said anything else.
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(stage.file(), copy.path().join("journal.paper")).unwrap();
    let (live, clock) = (Arc::clone(&stage.live), Arc::clone(&stage.clock));
    let file = copy.path().join("journal.paper");
    let killed = PaperVenue::open(live, clock, "main".parse().unwrap(), &file, stage.terms.clone()).unwrap();
    assert!(killed.orders(None).await.unwrap().got().is_empty());
    assert_eq!(killed.cash(), Money::dollars(100));
    // Not killed, it is saved with the next look, and told then.
    stage.clock.set(stage.clock.now().wall + jiff::SignedDuration::from_secs(2));
    assert_eq!(paper.fills(None).await.unwrap().got().len(), 1);
    assert!(!told(&paper).is_empty());
}

#[tokio::test]
async fn a_damaged_or_foreign_account_is_refused() {
    let stage = Stage::new();
    drop(stage.ready(&[(94, 10)], &[(95, 10)]).await);
    let whole = std::fs::read_to_string(stage.file()).unwrap();
    assert!(whole.contains(r#""simulated":true"#));
    std::fs::write(stage.file(), whole.replace("100", "900")).unwrap();
    let error = stage.open().unwrap_err();
    assert!(matches!(&error, PaperError::Damaged { what, .. } if what.contains("checksum")), "{error}");
    std::fs::write(stage.file(), [0xff, 0xfe]).unwrap();
    assert!(matches!(stage.open(), Err(PaperError::Damaged { .. })));
    std::fs::write(stage.file(), &whole).unwrap();
    let (live, clock) = (Arc::clone(&stage.live), Arc::clone(&stage.clock));
    let other = PaperVenue::open(live, clock, "other".parse().unwrap(), &stage.file(), stage.terms.clone());
    assert!(matches!(other, Err(PaperError::OtherAccount { .. })));
    stage.open().unwrap();
}
