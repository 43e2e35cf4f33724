//! Simulated venues at which a simulator's index is traded.

use recio::core::market::Asset;
use recio::core::model::Bar;
use recio::core::price_feed::{PriceEvent, PriceFeed, PriceKind, Resolution, TimeRange};
use recio::core::units::{AssetPrice, Timestamp};
use recio::feeds::loopback::LoopbackVenues;
use recio::feeds::{FeedConfig, Venue, VenueFeed};
use recio::kalshi::client::wall_clock;
use recio::kalshi::exchange::{Care, KalshiData, KalshiOptions};
use recio::kalshi::signing::SigningKey;
use recio::kalshi::transport::{NetworkTransport, Timeouts};
use recio::prelude::CancellationToken;
use recio::sim::Endpoint;
use recio::sim::control::ControlClient;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Four venues at which every print of the simulator's index is traded, once a second of its time.
pub(crate) async fn trading_the_index(endpoint: &Endpoint) -> Arc<LoopbackVenues> {
    let venues = Arc::new(LoopbackVenues::start().await.unwrap());
    let hosts = recio::kalshi::transport::Endpoint::new(&endpoint.rest, &endpoint.ws).unwrap();
    let key = SigningKey::from_file(&endpoint.key_id, &endpoint.key_file).unwrap();
    let options =
        KalshiOptions { asset: Asset::Btc, index_kind: PriceKind::StandIn, exchange_index: 2, series: BTreeSet::new() };
    let transport = Arc::new(NetworkTransport::new(hosts, Timeouts::default()).unwrap());
    let KalshiData { markets, mut index, socket, .. } =
        KalshiData::new(transport, key, wall_clock(), options, Care::live(&wall_clock()));
    tokio::spawn(socket.run(CancellationToken::new()));
    day_of_candles(&venues, endpoint, &mut index).await;
    let trading = Arc::clone(&venues);
    tokio::spawn(async move {
        let mut second = 0;
        while let Ok(event) = index.next().await {
            if let PriceEvent::Tick(tick) = event
                && tick.exchange_time.as_second() > second
            {
                second = tick.exchange_time.as_second();
                trading.tick(Asset::Btc, tick.price, tick.exchange_time);
            }
        }
        drop(markets);
    });
    venues
}

/// A day of candles at all of them, at the level at which the run begins.
async fn day_of_candles(venues: &LoopbackVenues, endpoint: &Endpoint, index: &mut impl PriceFeed) {
    let about = ControlClient::new(&endpoint.control).unwrap().about().await.unwrap();
    let now = about.now.as_second() / 60 * 60;
    let recent = TimeRange { from: Timestamp::from_second(now - 60).unwrap(), to: about.now };
    let level = index.history(recent, Resolution::Second).await.unwrap().got().last().unwrap().close;
    let candle = |before: i64| Bar {
        start: Timestamp::from_second(now - 60 * before).unwrap(),
        open: level,
        high: AssetPrice::from_cents(level.cents() + 2_500).unwrap(),
        low: level,
        close: AssetPrice::from_cents(level.cents() + if before % 2 == 0 { 2_500 } else { 0 }).unwrap(),
    };
    venues.history(Asset::Btc, &(1..=1_500).rev().map(candle).collect::<Vec<_>>());
}

/// Their four feeds. They connect again soon, because a second is up to a minute of simulated time.
pub(crate) fn feeds_of(venues: &LoopbackVenues) -> Vec<Box<dyn PriceFeed>> {
    let config = FeedConfig { backoff_min: Duration::from_millis(20), ..FeedConfig::default() };
    let open = |venue| VenueFeed::open(venue, Asset::Btc, venues.hosts(venue), config).unwrap();
    Venue::ALL.into_iter().map(|venue| Box::new(open(venue)) as Box<dyn PriceFeed>).collect()
}
