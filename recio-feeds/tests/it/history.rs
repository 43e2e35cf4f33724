//! Past minutes, with each venue's limits.

use super::{at, config, minutes};
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedError, PriceFeed, Resolution, TimeRange};
use recio_core::read::Read;
use recio_feeds::loopback::{Fault, LoopbackVenues};
use recio_feeds::{Venue, VenueFeed};

async fn read(venues: &LoopbackVenues, venue: Venue, count: i64) -> Result<Read<Vec<Bar>>, FeedError> {
    let mut feed = VenueFeed::open(venue, Asset::Btc, venues.hosts(venue), config()).unwrap();
    feed.history(TimeRange { from: at(-count * 60_000), to: at(0) }, Resolution::Minute).await
}

async fn with(count: i64) -> LoopbackVenues {
    let venues = LoopbackVenues::start().await.unwrap();
    venues.history(Asset::Btc, &minutes(count));
    venues
}

#[tokio::test]
async fn many_pages_make_one_answer() {
    let venues = with(2_500).await;
    for (venue, count) in
        [(Venue::Coinbase, 700), (Venue::Bitstamp, 2_500), (Venue::Kraken, 720), (Venue::Gemini, 1_440)]
    {
        let Read::Complete(bars) = read(&venues, venue, count).await.unwrap() else { panic!("{venue} is partial") };
        assert_eq!(bars, minutes(count), "{venue}");
    }
}

#[tokio::test]
async fn what_lies_before_a_venues_memory_is_missing_and_said() {
    let venues = with(2_500).await;
    for (venue, kept) in [(Venue::Kraken, 720), (Venue::Gemini, 1_440)] {
        let Read::Partial { got, missing } = read(&venues, venue, 2_000).await.unwrap() else { panic!() };
        assert_eq!(got, minutes(kept), "{venue}");
        assert!(missing.contains(venue.name()) && missing.contains("everything before"), "{missing}");
    }
}

#[tokio::test]
async fn a_failed_page_is_tried_again_and_then_said() {
    let venues = with(700).await;
    venues.fault(Venue::Coinbase, Fault::FailCandles(2));
    assert!(read(&venues, Venue::Coinbase, 700).await.unwrap().is_complete(), "two failures are passing");
    venues.fault(Venue::Coinbase, Fault::FailCandles(3));
    let Read::Partial { got, missing } = read(&venues, Venue::Coinbase, 700).await.unwrap() else { panic!() };
    // The oldest page holds what is left over.
    assert_eq!(got, minutes(600));
    assert!(missing.contains("status 503"), "{missing}");
    venues.fault(Venue::Coinbase, Fault::FailCandles(9));
    assert!(matches!(read(&venues, Venue::Coinbase, 700).await, Err(FeedError::Unreachable(_))));
}

#[tokio::test]
async fn a_source_that_lags_or_has_nothing_is_partial() {
    let venues = LoopbackVenues::start().await.unwrap();
    venues.history(Asset::Btc, &minutes(60)[..50]);
    for venue in Venue::ALL {
        let Read::Partial { missing, .. } = read(&venues, venue, 60).await.unwrap() else { panic!("{venue}") };
        assert!(missing.contains("everything after"), "{missing}");
    }
    let empty = LoopbackVenues::start().await.unwrap();
    for venue in Venue::ALL {
        let Read::Partial { got, .. } = read(&empty, venue, 60).await.unwrap() else { panic!("{venue}") };
        assert_eq!(got, []);
    }
}

#[tokio::test]
async fn a_minute_that_is_not_over_is_not_read() {
    let venues = with(60).await;
    venues.tick(Asset::Btc, super::usd("80000.00"), at(1_000));
    for venue in Venue::ALL {
        let mut feed = VenueFeed::open(venue, Asset::Btc, venues.hosts(venue), config()).unwrap();
        let range = TimeRange { from: at(-600_000), to: at(2_000) };
        let read = feed.history(range, Resolution::Minute).await.unwrap();
        assert_eq!(read, Read::Complete(minutes(10)), "{venue}");
    }
}
