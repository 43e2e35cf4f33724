//! A venue's feed when the venue misbehaves.

use super::{at, config, loss, next, price, start, subscribed, usd};
use futures_util::future::join_all;
use recio_core::market::Asset;
use recio_core::price_feed::{FeedError, PriceEvent, PriceFeed};
use recio_feeds::loopback::{Fault, LoopbackVenues};
use recio_feeds::{FeedConfig, Venue, VenueFeed};
use std::time::Duration;

#[tokio::test]
async fn both_assets_come_from_all_four_with_the_venues_time() {
    let venues = LoopbackVenues::start().await.unwrap();
    for venue in Venue::ALL {
        for asset in [Asset::Btc, Asset::Eth] {
            let mut feed = VenueFeed::open(venue, asset, venues.hosts(venue), config()).unwrap();
            venues.subscribed(venue, asset).await;
            let time = "2026-05-11T12:09:11.435927Z".parse().unwrap();
            venues.tick(asset, usd("3120.57"), time);
            assert_eq!(price(&mut feed, "3120.57").await.exchange_time, time);
            let about = feed.about();
            assert_eq!((about.source.as_str(), about.asset), (venue.name(), asset));
        }
    }
}

#[tokio::test]
async fn a_cut_connection_comes_back_and_is_counted() {
    let venues = LoopbackVenues::start().await.unwrap();
    for venue in Venue::ALL {
        let mut feed = subscribed(&venues, venue, config()).await;
        venues.tick_at(venue, Asset::Btc, usd("81120.00"), at(0));
        price(&mut feed, "81120.00").await;
        venues.fault(venue, Fault::Cut);
        loss(&mut feed, venue.name()).await;
        venues.subscribed(venue, Asset::Btc).await;
        venues.tick_at(venue, Asset::Btc, usd("81121.00"), at(1_000));
        price(&mut feed, "81121.00").await;
        let health = feed.monitor().borrow().clone();
        assert_eq!((health.connects, health.losses, health.gaps), (2, 1, 0), "{venue}");
        assert!(health.connected && health.last_tick.is_some());
    }
}

#[tokio::test]
async fn skipped_numbers_are_said_where_the_venue_shows_them() {
    let venues = LoopbackVenues::start().await.unwrap();
    for venue in Venue::ALL {
        let mut feed = subscribed(&venues, venue, config()).await;
        venues.tick_at(venue, Asset::Btc, usd("81120.00"), at(0));
        price(&mut feed, "81120.00").await;
        venues.fault(venue, Fault::Skip(4));
        venues.tick_at(venue, Asset::Btc, usd("81121.00"), at(1_000));
        let gapless = matches!(venue, Venue::Coinbase | Venue::Kraken);
        if gapless {
            loss(&mut feed, "4 trades").await;
        }
        price(&mut feed, "81121.00").await;
        let health = feed.monitor().borrow().clone();
        assert_eq!((health.gaps, health.missed_trades), if gapless { (1, 4) } else { (0, 0) }, "{venue}");
    }
}

#[tokio::test]
async fn garbage_is_said_and_counted_and_what_is_unknown_is_passed_over() {
    let venues = LoopbackVenues::start().await.unwrap();
    for venue in Venue::ALL {
        let mut feed = subscribed(&venues, venue, config()).await;
        venues.tick_at(venue, Asset::Btc, usd("81120.00"), at(0));
        price(&mut feed, "81120.00").await;
        venues.fault(venue, Fault::Send("\u{1f4a5} not JSON".into()));
        loss(&mut feed, "cannot be read").await;
        let unknown = r#"{"type":"auction","channel":"auction","event":"auction","data":{}}"#;
        venues.fault(venue, Fault::Send(unknown.into()));
        venues.tick_at(venue, Asset::Btc, usd("81121.00"), at(1_000));
        price(&mut feed, "81121.00").await;
        let health = feed.monitor().borrow().clone();
        assert_eq!((health.malformed, health.ignored, health.losses), (1, 1, 0), "{venue}");
    }
}

#[tokio::test]
async fn a_half_open_connection_is_noticed_and_replaced() {
    join_all(Venue::ALL.map(half_open)).await;
}

async fn half_open(venue: Venue) {
    let venues = LoopbackVenues::start_with(([127, 0, 0, 1], 0).into(), Duration::from_millis(100)).await.unwrap();
    let quick = FeedConfig { silence: Duration::from_secs(2), ping_every: Duration::from_millis(100), ..config() };
    let mut feed = subscribed(&venues, venue, quick).await;
    venues.fault(venue, Fault::Silence);
    loss(&mut feed, "nothing from").await;
    venues.resume(venue);
    venues.subscribed(venue, Asset::Btc).await;
    // A connection that was made while the venue was silent may still be given up: prices go on until one is seen.
    let mut second = 0;
    loop {
        second += 1;
        venues.tick_at(venue, Asset::Btc, usd("81121.00"), at(second * 1_000));
        let tick = tokio::time::timeout(Duration::from_millis(200), price(&mut feed, "81121.00")).await;
        if tick.is_ok() {
            break;
        }
        assert!(second < 300, "{venue} does not come back");
    }
}

#[tokio::test]
async fn a_stall_behind_heartbeats_is_no_price_and_is_ended() {
    join_all(Venue::ALL.map(stall)).await;
}

async fn stall(venue: Venue) {
    let venues = LoopbackVenues::start_with(([127, 0, 0, 1], 0).into(), Duration::from_millis(50)).await.unwrap();
    let limits = FeedConfig { no_trade: Duration::from_secs(5), ping_every: Duration::from_millis(50), ..config() };
    let mut feed = subscribed(&venues, venue, limits).await;
    venues.tick_at(venue, Asset::Btc, usd("81120.00"), at(0));
    price(&mut feed, "81120.00").await;
    venues.fault(venue, Fault::Stall);
    venues.tick_at(venue, Asset::Btc, usd("81121.00"), at(1_000));
    let mut heartbeats = 0;
    let reason = loop {
        match next(&mut feed).await {
            PriceEvent::Heartbeat => heartbeats += 1,
            PriceEvent::Tick(tick) => panic!("{venue} stalls, and {tick:?} came"),
            PriceEvent::Connected => {}
            PriceEvent::Disconnected { reason } => break reason,
        }
    };
    assert!(heartbeats > 0, "{venue}");
    let by_number = venue == Venue::Coinbase;
    let why = if by_number { "its stream stays at" } else { "has sent no trade" };
    assert!(reason.contains(why), "{reason}");
}

#[tokio::test]
async fn a_venue_that_refuses_is_asked_again_with_a_bound() {
    let venues = LoopbackVenues::start().await.unwrap();
    venues.fault(Venue::Gemini, Fault::Refuse);
    let mut feed = VenueFeed::open(Venue::Gemini, Asset::Btc, venues.hosts(Venue::Gemini), config()).unwrap();
    for _ in 0..3 {
        let reason = loss(&mut feed, "status 503").await;
        assert!(reason.starts_with("cannot connect to gemini"), "{reason}");
    }
    assert!(!feed.monitor().borrow().connected);
    venues.resume(Venue::Gemini);
    venues.subscribed(Venue::Gemini, Asset::Btc).await;
    venues.tick(Asset::Btc, usd("81120.00"), start());
    price(&mut feed, "81120.00").await;
}

#[tokio::test]
async fn a_venue_that_asks_for_a_new_connection_gets_one() {
    let venues = LoopbackVenues::start().await.unwrap();
    let mut feed = subscribed(&venues, Venue::Bitstamp, config()).await;
    let asked = r#"{"event":"bts:request_reconnect","channel":"","data":""}"#;
    venues.fault(Venue::Bitstamp, Fault::Send(asked.into()));
    loss(&mut feed, "asks for a new connection").await;
    venues.until(|venues| venues.handshakes(Venue::Bitstamp) == 2).await;
}

#[tokio::test]
async fn a_slow_reader_loses_nothing_and_a_dropped_feed_leaves() {
    let venues = LoopbackVenues::start().await.unwrap();
    for venue in Venue::ALL {
        let mut feed = subscribed(&venues, venue, FeedConfig { capacity: 1, ..config() }).await;
        for millis in 0..500 {
            venues.tick_at(venue, Asset::Btc, usd("81120.00"), at(millis));
        }
        let mut times = Vec::new();
        while times.len() < 500 {
            if let PriceEvent::Tick(tick) = next(&mut feed).await {
                times.push(tick.exchange_time);
            }
        }
        assert_eq!(times, (0..500).map(at).collect::<Vec<_>>(), "{venue}");
        drop(feed);
        venues.until(|venues| venues.subscribers(venue, Asset::Btc) == 0).await;
    }
}

#[tokio::test]
async fn a_snapshot_tells_what_was_missed_over_a_cut() {
    let venues = LoopbackVenues::start().await.unwrap();
    let mut feed = subscribed(&venues, Venue::Kraken, config()).await;
    venues.tick(Asset::Btc, usd("81120.00"), at(0));
    price(&mut feed, "81120.00").await;
    venues.fault(Venue::Kraken, Fault::Refuse);
    venues.fault(Venue::Kraken, Fault::Cut);
    loss(&mut feed, "kraken").await;
    for second in 1..4 {
        venues.tick(Asset::Btc, usd(&format!("8112{second}.00")), at(second * 1_000));
    }
    venues.resume(Venue::Kraken);
    for missed in ["81121.00", "81122.00", "81123.00"] {
        price(&mut feed, missed).await;
    }
    let health = feed.monitor().borrow().clone();
    assert_eq!((health.gaps, health.repeated), (0, 1));
}

#[tokio::test]
async fn simulated_answers_say_so() {
    let venues = LoopbackVenues::start().await.unwrap();
    let url = format!("http://{}/gemini/v2/candles/btcusd/1m", venues.address());
    let answer = reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap();
    assert_eq!(answer.headers()["x-recio-simulated"], "venues");
    assert!(LoopbackVenues::start_with(([10, 0, 0, 1], 0).into(), Duration::from_secs(1)).await.is_err());
    let mut feed = VenueFeed::open(Venue::Kraken, Asset::Btc, venues.hosts(Venue::Kraken), config()).unwrap();
    let range = recio_core::price_feed::TimeRange { from: at(0), to: at(60_000) };
    let seconds = feed.history(range, recio_core::price_feed::Resolution::Second).await;
    assert!(matches!(seconds, Err(FeedError::NoHistory)));
}
