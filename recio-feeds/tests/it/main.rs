//! The feeds through their public edge: against the loopback venues, and against recorded settlements.
#![expect(clippy::unwrap_used, reason = "the helpers of tests, too, fail by panicking")]

mod basis;
mod composite;
mod contract;
mod history;
mod venue;

use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::{PriceEvent, PriceFeed, PriceTick};
use recio_core::units::{AssetPrice, Timestamp};
use recio_feeds::loopback::LoopbackVenues;
use recio_feeds::{FeedConfig, Venue, VenueFeed};
use std::time::Duration;

/// How long a test waits for what has to come: far longer than it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Short waits between connections, and limits that a busy machine does not reach.
fn config() -> FeedConfig {
    FeedConfig {
        backoff_min: Duration::from_millis(5),
        backoff_max: Duration::from_millis(20),
        request_every: Duration::from_millis(1),
        silence: PATIENCE * 2,
        connect_within: PATIENCE,
        answer_within: PATIENCE,
        request_within: PATIENCE,
        no_trade: PATIENCE * 2,
        jitter_seed: Some(7),
        ..FeedConfig::default()
    }
}

fn start() -> Timestamp {
    "2026-05-11T12:00:00Z".parse().unwrap()
}

/// A moment so many milliseconds after the start.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(start().as_millisecond() + millis).unwrap()
}

fn usd(text: &str) -> AssetPrice {
    text.parse().unwrap()
}

/// A minute's bar for each of so many minutes before the start, each a little different.
fn minutes(count: i64) -> Vec<Bar> {
    let one = |before: i64| {
        let cents = |more: i64| AssetPrice::from_cents(u64::try_from(8_000_000 + before % 97 + more).unwrap()).unwrap();
        Bar { start: at(-before * 60_000), open: cents(0), high: cents(40), low: cents(-30), close: cents(11) }
    };
    (1..=count).rev().map(one).collect()
}

/// A feed of simulated BTC that is subscribed.
async fn subscribed(venues: &LoopbackVenues, venue: Venue, config: FeedConfig) -> VenueFeed {
    let feed = VenueFeed::open(venue, Asset::Btc, venues.hosts(venue), config).unwrap();
    venues.subscribed(venue, Asset::Btc).await;
    feed
}

async fn next(feed: &mut dyn PriceFeed) -> PriceEvent {
    tokio::time::timeout(PATIENCE, feed.next()).await.expect("no event came").unwrap()
}

/// Reads on until this price comes.
async fn price(feed: &mut dyn PriceFeed, wanted: &str) -> PriceTick {
    loop {
        if let PriceEvent::Tick(tick) = next(feed).await
            && tick.price == usd(wanted)
        {
            return tick;
        }
    }
}

/// Reads on until the feed says that it is gone for a reason of this kind.
async fn loss(feed: &mut dyn PriceFeed, wanted: &str) -> String {
    loop {
        if let PriceEvent::Disconnected { reason } = next(feed).await
            && reason.contains(wanted)
        {
            return reason;
        }
    }
}
