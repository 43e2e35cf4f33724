//! What every [`PriceFeed`] has to do.
//!
//! The suite plays both sides: it reads the feed, and has the [`FarEnd`] (a simulated venue, a script) print prices, beat, and cut the connection.

use crate::price_feed::{FeedError, PriceEvent, PriceFeed, PriceTick, Resolution, TimeRange};
use crate::read::Read;
use crate::units::{AssetPrice, Timestamp, to_micros_precision};
use async_trait::async_trait;
use std::time::Duration;

/// How long the suite waits for an event before it calls it missing: far longer than any sound feed needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Events read in search of one before it is called missing.
const EVENTS_READ: usize = 10_000;

/// The other side of a feed, which the suite drives.
#[async_trait]
pub trait FarEnd: Send {
    /// A new feed of this far end.
    async fn open(&mut self) -> Box<dyn PriceFeed>;

    /// Waits until the feed is subscribed, so that what is printed from now on reaches it.
    async fn subscribed(&mut self);

    /// Prints a price.
    async fn print(&mut self, tick: PriceTick);

    /// Shows life without a price. A far end that cannot says `false`.
    async fn beat(&mut self) -> bool;

    /// Cuts the feed's connection; it can connect again at once.
    async fn cut(&mut self);

    /// A range of minutes that the far end knows in full, and of whose bars it has some; `None` where it keeps no past.
    fn known(&self) -> Option<TimeRange>;

    /// A moment from which the suite prints, later than all that it knows and not in the future.
    fn present(&self) -> Timestamp;
}

/// Runs a feed through everything that recio relies on. `make` gives a new far end each time.
///
/// Covered: what it says about itself, connected before the first price, prices and their times exact and in order, none lost or doubled by
/// dropped futures, heartbeats that are no prices, a cut that is said and heals, and history: bounded by its range, in order, sound.
///
/// # Panics
/// The feed does something else; the message says what.
pub async fn run<F: FarEnd>(make: impl AsyncFn() -> F) {
    it_says_what_it_is(make().await).await;
    prices_come_exactly_and_in_order(make().await).await;
    dropped_futures_lose_nothing(make().await).await;
    a_heartbeat_is_no_price(make().await).await;
    a_cut_is_said_and_heals(make().await).await;
    history_keeps_to_its_range(make().await).await;
}

async fn it_says_what_it_is(mut far: impl FarEnd) {
    let mut feed = far.open().await;
    let about = feed.about();
    assert!(!about.source.is_empty(), "a feed has a name");
    far.subscribed().await;
    // Some feeds know that they are connected only when the first price is there.
    far.print(ticks(far.present(), 1)[0]).await;
    wait_for(&mut *feed, "connected", |event| *event == PriceEvent::Connected).await;
    assert_eq!(feed.about(), about, "what a feed is does not change");
}

async fn prices_come_exactly_and_in_order(mut far: impl FarEnd) {
    let mut feed = far.open().await;
    far.subscribed().await;
    let printed = ticks(far.present(), 20);
    for tick in &printed {
        far.print(*tick).await;
    }
    let mut connected = false;
    let mut told = Vec::new();
    while told.last() != printed.last() {
        match next(&mut *feed).await {
            PriceEvent::Connected => connected = true,
            PriceEvent::Tick(tick) => {
                assert!(connected, "a price came before the feed said that it is connected");
                told.push(tick);
            }
            PriceEvent::Heartbeat => {}
            PriceEvent::Disconnected { reason } => connected = !reason.is_empty() && connected,
        }
    }
    assert_eq!(told, printed, "prices and their times come as they were printed");
}

async fn dropped_futures_lose_nothing(mut far: impl FarEnd) {
    let mut feed = far.open().await;
    far.subscribed().await;
    let printed = ticks(far.present(), 30);
    let mut told = Vec::new();
    for (at, tick) in printed.iter().enumerate() {
        far.print(*tick).await;
        // Dropped after one poll, or after a moment in which an event may be half way.
        for _ in 0..at % 4 {
            let dropped = tokio::time::timeout(Duration::from_micros(at as u64 * 50), feed.next()).await;
            if let Ok(event) = dropped {
                told.push(event.expect("the feed goes on"));
            }
        }
    }
    while told.last() != printed.last().map(|tick| PriceEvent::Tick(*tick)).as_ref() {
        told.push(next(&mut *feed).await);
    }
    let prices = told.into_iter().filter_map(|event| match event {
        PriceEvent::Tick(tick) => Some(tick),
        PriceEvent::Heartbeat | PriceEvent::Connected | PriceEvent::Disconnected { .. } => None,
    });
    assert_eq!(prices.collect::<Vec<_>>(), printed, "a dropped future loses no price and doubles none");
}

async fn a_heartbeat_is_no_price(mut far: impl FarEnd) {
    let mut feed = far.open().await;
    far.subscribed().await;
    let tick = ticks(far.present(), 1)[0];
    far.print(tick).await;
    wait_for(&mut *feed, "a price", |event| *event == PriceEvent::Tick(tick)).await;
    if !far.beat().await {
        return;
    }
    for _ in 0..EVENTS_READ {
        match next(&mut *feed).await {
            PriceEvent::Heartbeat => return,
            PriceEvent::Tick(tick) => panic!("a heartbeat made a price of {tick:?}"),
            PriceEvent::Connected | PriceEvent::Disconnected { .. } => {}
        }
    }
    panic!("no heartbeat in {EVENTS_READ} events");
}

async fn a_cut_is_said_and_heals(mut far: impl FarEnd) {
    let mut feed = far.open().await;
    far.subscribed().await;
    let printed = ticks(far.present(), 2);
    far.print(printed[0]).await;
    wait_for(&mut *feed, "a price", |event| *event == PriceEvent::Tick(printed[0])).await;
    far.cut().await;
    wait_for(
        &mut *feed,
        "disconnected, with a reason",
        |event| matches!(event, PriceEvent::Disconnected { reason } if !reason.is_empty()),
    )
    .await;
    far.subscribed().await;
    far.print(printed[1]).await;
    let mut connected = false;
    for _ in 0..EVENTS_READ {
        match next(&mut *feed).await {
            PriceEvent::Connected => connected = true,
            PriceEvent::Tick(tick) if tick == printed[1] => {
                assert!(connected, "a price came before the feed said that it is connected again");
                return;
            }
            // What was printed before may be told again, with its own time.
            PriceEvent::Tick(tick) => assert_eq!(tick, printed[0], "a price that nobody printed"),
            PriceEvent::Heartbeat => {}
            PriceEvent::Disconnected { .. } => connected = false,
        }
    }
    panic!("no price after the cut in {EVENTS_READ} events");
}

async fn history_keeps_to_its_range(mut far: impl FarEnd) {
    let mut feed = far.open().await;
    let Some(known) = far.known() else {
        let range = TimeRange { from: far.present(), to: far.present() };
        let read = feed.history(range, Resolution::Minute).await;
        assert!(matches!(read, Err(FeedError::NoHistory)), "a feed without a past says so: {read:?}");
        return;
    };
    let read = feed.history(known, Resolution::Minute).await.expect("the past can be read");
    let Read::Complete(bars) = read else { panic!("what the far end knows in full is read in full: {read:?}") };
    assert!(!bars.is_empty(), "the past has bars");
    let middle = bars[bars.len() / 2].start;
    for (from, to) in [(known.from, known.to), (middle, known.to), (known.from, middle)] {
        let read = feed.history(TimeRange { from, to }, Resolution::Minute).await.expect("the past can be read");
        let expected: Vec<_> = bars.iter().filter(|bar| from <= bar.start && bar.start < to).copied().collect();
        assert_eq!(read.got(), &expected, "the bars of a part are the part of the bars, {from} to {to}");
        assert!(read.got().windows(2).all(|pair| pair[0].start < pair[1].start), "bars come in the order of time");
        assert!(read.got().iter().all(|bar| bar.checked().is_ok()), "low and high enclose the others");
    }
    let nothing = feed.history(TimeRange { from: middle, to: middle }, Resolution::Minute).await;
    assert!(matches!(&nothing, Ok(read) if read.got().is_empty()), "an empty range has no bars: {nothing:?}");
    match feed.history(known, Resolution::Second).await {
        Err(FeedError::NoHistory) => {}
        Ok(read) => assert!(read.got().iter().all(|bar| known.from <= bar.start && bar.start < known.to)),
        Err(error) => panic!("seconds are read, or there are none: {error}"),
    }
}

/// Prices that differ by a cent or more, a millisecond and a few microseconds apart, around what all assets can be worth.
fn ticks(from: Timestamp, count: u32) -> Vec<PriceTick> {
    let one = |at: u32| {
        let later = from.checked_add(Duration::from_micros(u64::from(at) * 1_003)).expect("a moment of our time");
        let price = AssetPrice::from_cents(400_000 + u64::from(at * 7 % 31)).expect("some dollars");
        PriceTick { price, exchange_time: to_micros_precision(later) }
    };
    (0..count).map(one).collect()
}

async fn next(feed: &mut dyn PriceFeed) -> PriceEvent {
    let event = tokio::time::timeout(PATIENCE, feed.next()).await.expect("no event came for a minute");
    event.expect("the feed goes on")
}

async fn wait_for(feed: &mut dyn PriceFeed, what: &str, wanted: impl Fn(&PriceEvent) -> bool) {
    for _ in 0..EVENTS_READ {
        if wanted(&next(feed).await) {
            return;
        }
    }
    panic!("the feed was to say: {what}; it did not in {EVENTS_READ} events");
}
