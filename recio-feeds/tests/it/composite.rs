//! The median of the four venues, over their sockets.

use super::{at, config, loss, minutes, next, price, usd};
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::pipeline::SteppedClock;
use recio_core::price_feed::{FeedError, PriceEvent, PriceFeed, PriceKind, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::units::AssetPrice;
use recio_feeds::composite::{BadSources, CompositeConfig, CompositeFeed, SourceVerdict};
use recio_feeds::loopback::{Fault, LoopbackVenues};
use recio_feeds::{SpotFeeds, Venue, VenueFeed, spot};
use std::sync::Arc;

/// A busy machine may take its time to answer.
fn patient() -> CompositeConfig {
    CompositeConfig { history_within: super::PATIENCE, ..CompositeConfig::default() }
}

async fn four(venues: &LoopbackVenues, clock: &Arc<SteppedClock>) -> SpotFeeds {
    let hosts = Venue::ALL.map(|venue| (venue, venues.hosts(venue)));
    let feeds = spot(Asset::Btc, &hosts, config(), patient(), Arc::clone(clock) as _).unwrap();
    for venue in Venue::ALL {
        venues.subscribed(venue, Asset::Btc).await;
    }
    feeds
}

#[tokio::test]
async fn the_median_of_four_without_the_outlier() {
    let venues = LoopbackVenues::start().await.unwrap();
    let clock = Arc::new(SteppedClock::new(at(1_000)));
    let SpotFeeds { mut feed, composite, venues: monitors } = four(&venues, &clock).await;
    assert_eq!((feed.about().source.as_str(), feed.about().kind), ("median", PriceKind::StandIn));
    let prices = [(Venue::Coinbase, "80000.00"), (Venue::Kraken, "80001.00"), (Venue::Bitstamp, "80003.00")];
    for (millis, (venue, text)) in (0..).zip(prices) {
        venues.tick_at(venue, Asset::Btc, usd(text), at(millis * 100));
    }
    let tick = price(&mut feed, "80001.00").await;
    assert!(tick.exchange_time <= at(100));
    venues.tick_at(Venue::Gemini, Asset::Btc, usd("88000.00"), at(300));
    // It changes nothing; the next price of another does.
    venues.tick_at(Venue::Kraken, Asset::Btc, usd("80002.00"), at(400));
    price(&mut feed, "80002.00").await;
    let mut composite = composite;
    let rejected = composite.wait_for(|health| health.sources[3].verdict == SourceVerdict::Outlier);
    let reading = async {
        loop {
            next(&mut feed).await;
        }
    };
    tokio::select! {
        health = rejected => assert_eq!(health.unwrap().sources[3].rejected, 1),
        () = reading => {}
    }
    assert!(monitors.iter().all(|(_, monitor)| monitor.borrow().connected));
}

#[tokio::test]
async fn it_lives_while_two_do_and_says_when_they_do_not() {
    let venues = LoopbackVenues::start().await.unwrap();
    let clock = Arc::new(SteppedClock::new(at(1_000)));
    let SpotFeeds { mut feed, composite, .. } = four(&venues, &clock).await;
    venues.tick(Asset::Btc, usd("80000.00"), at(0));
    price(&mut feed, "80000.00").await;
    for venue in [Venue::Coinbase, Venue::Kraken] {
        venues.fault(venue, Fault::Refuse);
        venues.fault(venue, Fault::Cut);
    }
    venues.tick(Asset::Btc, usd("80010.00"), at(900));
    price(&mut feed, "80010.00").await;
    venues.fault(Venue::Gemini, Fault::Refuse);
    venues.fault(Venue::Gemini, Fault::Cut);
    let reason = loss(&mut feed, "1 of 4 sources agree").await;
    assert!(reason.contains("gemini is not connected"), "{reason}");
    assert!(!composite.borrow().live);
    assert_eq!(composite.borrow().outages, 1);
    venues.resume(Venue::Gemini);
    loop {
        if next(&mut feed).await == PriceEvent::Connected {
            break;
        }
    }
}

#[tokio::test]
async fn time_alone_makes_it_stale() {
    let venues = LoopbackVenues::start().await.unwrap();
    let clock = Arc::new(SteppedClock::new(at(1_000)));
    let SpotFeeds { mut feed, .. } = four(&venues, &clock).await;
    venues.tick(Asset::Btc, usd("80000.00"), at(900));
    price(&mut feed, "80000.00").await;
    clock.set(at(10_901));
    let reason = loss(&mut feed, "sources agree").await;
    assert!(reason.contains("is stale"), "{reason}");
}

#[tokio::test]
async fn its_past_is_the_median_of_theirs() {
    let venues = LoopbackVenues::start().await.unwrap();
    venues.history(Asset::Btc, &minutes(60));
    // One venue is a dollar higher: the median of four does not see half of it.
    let higher = |price: AssetPrice| AssetPrice::from_cents(price.cents() + 100).unwrap();
    let shifted: Vec<Bar> = minutes(60)
        .into_iter()
        .map(|bar| Bar {
            open: higher(bar.open),
            high: higher(bar.high),
            low: higher(bar.low),
            close: higher(bar.close),
            ..bar
        })
        .collect();
    venues.history_at(Venue::Gemini, Asset::Btc, &shifted);
    let clock = Arc::new(SteppedClock::new(at(1_000)));
    let SpotFeeds { mut feed, .. } = four(&venues, &clock).await;
    let hour = TimeRange { from: at(-3_600_000), to: at(0) };
    assert_eq!(feed.history(hour, Resolution::Minute).await.unwrap(), Read::Complete(minutes(60)));
    assert!(matches!(feed.history(hour, Resolution::Second).await, Err(FeedError::NoHistory)));

    // Two cannot be read: two are left, which is enough. With a third gone it is not.
    for venue in [Venue::Gemini, Venue::Kraken] {
        venues.fault(venue, Fault::FailCandles(u32::MAX));
    }
    assert!(feed.history(hour, Resolution::Minute).await.unwrap().is_complete());
    venues.fault(Venue::Bitstamp, Fault::FailCandles(u32::MAX));
    assert!(matches!(feed.history(hour, Resolution::Minute).await, Err(FeedError::Unreachable(_))));
}

#[tokio::test]
async fn minutes_with_too_few_sources_are_missing_and_said() {
    let venues = LoopbackVenues::start().await.unwrap();
    for venue in [Venue::Coinbase, Venue::Kraken, Venue::Bitstamp] {
        venues.history_at(venue, Asset::Btc, &minutes(60));
    }
    // Two agree on all but one minute, which only Coinbase has.
    for venue in [Venue::Kraken, Venue::Bitstamp] {
        venues.fault(venue, Fault::FailCandles(u32::MAX));
    }
    let mut holes = minutes(60);
    holes.remove(30);
    venues.history_at(Venue::Gemini, Asset::Btc, &holes);
    let clock = Arc::new(SteppedClock::new(at(1_000)));
    let SpotFeeds { mut feed, .. } = four(&venues, &clock).await;
    let hour = TimeRange { from: at(-3_600_000), to: at(0) };
    let Read::Partial { got, missing } = feed.history(hour, Resolution::Minute).await.unwrap() else { panic!() };
    assert_eq!(got, holes);
    assert!(missing.contains("1 bars with too few sources"), "{missing}");
}

#[tokio::test]
async fn sources_have_to_be_of_one_asset_and_different() {
    let venues = LoopbackVenues::start().await.unwrap();
    let open = |venue: Venue, asset| -> Box<dyn PriceFeed> {
        Box::new(VenueFeed::open(venue, asset, venues.hosts(venue), config()).unwrap())
    };
    let build = |sources| {
        let clock = Arc::new(SteppedClock::new(at(0)));
        CompositeFeed::new("median", Asset::Btc, sources, CompositeConfig::default(), clock)
    };
    let twice = vec![open(Venue::Kraken, Asset::Btc), open(Venue::Kraken, Asset::Btc)];
    assert!(matches!(build(twice), Err(BadSources::Twice(name)) if name == "kraken"));
    let mixed = vec![open(Venue::Kraken, Asset::Btc), open(Venue::Gemini, Asset::Eth)];
    assert!(matches!(build(mixed), Err(BadSources::Asset { .. })));
    assert!(matches!(build(vec![open(Venue::Kraken, Asset::Btc)]), Err(BadSources::Limits(_))));
}

#[tokio::test]
async fn minutes_that_one_venue_alone_keeps_are_taken_on_its_word() {
    let venues = LoopbackVenues::start().await.unwrap();
    venues.history(Asset::Btc, &minutes(1_440));
    let hosts = |names: &[Venue]| names.iter().map(|venue| (*venue, venues.hosts(*venue))).collect::<Vec<_>>();
    let open = |names: &[Venue]| recio_feeds::SpotHistory::new(Asset::Btc, &hosts(names), config(), patient()).unwrap();
    let mut two = open(&[Venue::Coinbase, Venue::Kraken]);
    let hour = |ago: i64| TimeRange { from: at(-ago * 3_600_000), to: at((1 - ago) * 3_600_000) };
    // Kraken keeps 720 minutes: twelve hours.
    let of = |ago: i64| -> Vec<Bar> {
        minutes(1_440).into_iter().filter(|bar| hour(ago).from <= bar.start && bar.start < hour(ago).to).collect()
    };
    for ago in [1, 12, 13, 24] {
        assert_eq!(two.history(hour(ago), Resolution::Minute).await.unwrap(), Read::Complete(of(ago)), "{ago} h");
    }
    // One that cannot be read counts as one that keeps them: the other's word is then not enough.
    venues.fault(Venue::Coinbase, Fault::FailCandles(u32::MAX));
    assert!(matches!(two.history(hour(1), Resolution::Minute).await, Err(FeedError::Unreachable(_))));
    // Nobody keeps them at all.
    let mut kraken = VenueFeed::open(Venue::Kraken, Asset::Btc, venues.hosts(Venue::Kraken), config()).unwrap();
    assert!(matches!(kraken.history(hour(13), Resolution::Minute).await, Err(FeedError::NoHistory)));
    assert!(matches!(two.next().await, Err(FeedError::Closed { .. })));
}

/// Answers with the given bars only when `count` of its kind are asked at the same time.
struct Together {
    name: &'static str,
    barrier: Arc<tokio::sync::Barrier>,
}

#[async_trait::async_trait]
impl PriceFeed for Together {
    fn about(&self) -> recio_core::price_feed::FeedAbout {
        let source = self.name.to_owned();
        recio_core::price_feed::FeedAbout { source, asset: Asset::Btc, kind: PriceKind::StandIn }
    }
    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        std::future::pending().await
    }
    async fn history(&mut self, _: TimeRange, _: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        self.barrier.wait().await;
        Ok(Read::Complete(minutes(60)))
    }
}

#[tokio::test(start_paused = true)]
async fn the_past_is_read_from_all_sources_at_the_same_time_and_a_slow_one_is_left_out() {
    let compose = |names: &[&'static str], barriers: &[Arc<tokio::sync::Barrier>]| {
        let pairs = names.iter().zip(barriers);
        let sources = pairs
            .map(|(name, barrier)| Box::new(Together { name, barrier: Arc::clone(barrier) }) as Box<dyn PriceFeed>)
            .collect();
        let clock = Arc::new(SteppedClock::new(at(0)));
        CompositeFeed::new("median", Asset::Btc, sources, CompositeConfig::default(), clock).unwrap()
    };
    let hour = TimeRange { from: at(-3_600_000), to: at(0) };
    let names = ["one", "two", "three"];
    // Each answers only once all three are asked.
    let all = Arc::new(tokio::sync::Barrier::new(3));
    let mut feed = compose(&names, &[Arc::clone(&all), Arc::clone(&all), all]);
    assert_eq!(feed.history(hour, Resolution::Minute).await.unwrap(), Read::Complete(minutes(60)));
    // The third waits for ever; two are enough.
    let pair = Arc::new(tokio::sync::Barrier::new(2));
    let mut feed = compose(&names, &[Arc::clone(&pair), pair, Arc::new(tokio::sync::Barrier::new(2))]);
    assert_eq!(feed.history(hour, Resolution::Minute).await.unwrap(), Read::Complete(minutes(60)));
}
