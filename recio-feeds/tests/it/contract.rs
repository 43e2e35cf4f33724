//! Core's contract of price feeds, for the four venues and the composite.

use super::{at, config, minutes};
use async_trait::async_trait;
use recio_core::contract::price_feed::{self, FarEnd};
use recio_core::market::Asset;
use recio_core::pipeline::SteppedClock;
use recio_core::price_feed::{PriceFeed, PriceTick, TimeRange};
use recio_core::units::Timestamp;
use recio_feeds::composite::{CompositeConfig, CompositeFeed};
use recio_feeds::loopback::{Fault, LoopbackVenues};
use recio_feeds::{Venue, VenueFeed};
use std::sync::Arc;

/// Minutes of the past that the far end knows.
const MINUTES: i64 = 90;

struct Far {
    venues: LoopbackVenues,
    venue: Venue,
    asset: Asset,
    composite: bool,
}

impl Far {
    async fn new(venue: Venue, asset: Asset, composite: bool) -> Self {
        let venues = LoopbackVenues::start().await.unwrap();
        venues.history(asset, &minutes(MINUTES));
        Self { venues, venue, asset, composite }
    }
}

#[async_trait]
impl FarEnd for Far {
    async fn open(&mut self) -> Box<dyn PriceFeed> {
        let feed = VenueFeed::open(self.venue, self.asset, self.venues.hosts(self.venue), config()).unwrap();
        if !self.composite {
            return Box::new(feed);
        }
        // Of one source, so that its prices are the composite's, one for one.
        let limits = CompositeConfig { min_sources: 1, history_within: super::PATIENCE, ..CompositeConfig::default() };
        let clock = Arc::new(SteppedClock::new(at(1_000)));
        Box::new(CompositeFeed::new("median", self.asset, vec![Box::new(feed)], limits, clock).unwrap())
    }

    async fn subscribed(&mut self) {
        self.venues.subscribed(self.venue, self.asset).await;
    }

    async fn print(&mut self, tick: PriceTick) {
        self.venues.tick_at(self.venue, self.asset, tick.price, tick.exchange_time);
    }

    async fn beat(&mut self) -> bool {
        self.venues.beat(self.venue);
        true
    }

    async fn cut(&mut self) {
        self.venues.fault(self.venue, Fault::Cut);
    }

    fn known(&self) -> Option<TimeRange> {
        Some(TimeRange { from: at(-MINUTES * 60_000), to: at(0) })
    }

    fn present(&self) -> Timestamp {
        at(0)
    }
}

#[tokio::test]
async fn coinbase_keeps_the_contract() {
    price_feed::run(async || Far::new(Venue::Coinbase, Asset::Btc, false).await).await;
}

#[tokio::test]
async fn kraken_keeps_the_contract() {
    price_feed::run(async || Far::new(Venue::Kraken, Asset::Eth, false).await).await;
}

#[tokio::test]
async fn bitstamp_keeps_the_contract() {
    price_feed::run(async || Far::new(Venue::Bitstamp, Asset::Btc, false).await).await;
}

#[tokio::test]
async fn gemini_keeps_the_contract() {
    price_feed::run(async || Far::new(Venue::Gemini, Asset::Eth, false).await).await;
}

#[tokio::test]
async fn the_composite_keeps_the_contract() {
    price_feed::run(async || Far::new(Venue::Coinbase, Asset::Btc, true).await).await;
}
