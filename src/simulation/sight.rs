//! What a session can know of the world: when it last heard of prices and books, and what its books said.
//!
//! Kept beside the session from what its sources handed it, so that a check does not have to believe the engine.

use async_trait::async_trait;
use recio_core::market::{Quote, Side};
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::units::{MarketTicker, Price, Timestamp};
use recio_sim::InProcess;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What one session knows, seen from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    last_tick: Option<Timestamp>,
    last_book_frame: Option<Timestamp>,
    books: BTreeMap<MarketTicker, SeenBook>,
}

#[derive(Clone, Debug, Default)]
struct SeenBook {
    /// Since when it is not whole; `None` while it is.
    void_since: Option<Timestamp>,
    /// When the newest frame came.
    at: Option<Timestamp>,
    /// What each outcome costs by the newest frame: YES, NO.
    newest: [Option<Price>; 2],
    /// What each cost at most from the last frame before that instant on: an order may rest on any quote of its instant.
    dearest: [Option<Price>; 2],
}

/// What was known about one market at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// When the newest price of the asset was received.
    pub price: Option<Timestamp>,
    /// When the newest frame about any book was received.
    pub book: Option<Timestamp>,
    /// Whether the market's book was whole at some time of that instant.
    pub book_whole: bool,
    /// The most that the wanted outcome cost in that instant; `None` where nothing was offered.
    pub best: Option<Price>,
}

impl Sight {
    pub(super) const fn ticked(&mut self, now: Timestamp) {
        self.last_tick = Some(now);
    }

    /// A frame about a book came, after which its best prices are these.
    pub(super) fn booked(&mut self, now: Timestamp, market: &MarketTicker, quote: Quote) {
        self.last_book_frame = Some(now);
        let seen = self.books.entry(market.clone()).or_default();
        seen.void_since = None;
        let costs = [Side::Yes, Side::No].map(|side| quote.cost(side).map(|level| level.price));
        let before = if seen.at.replace(now) == Some(now) { seen.dearest } else { seen.newest };
        seen.dearest = [before[0].max(costs[0]), before[1].max(costs[1])];
        seen.newest = costs;
    }

    pub(super) fn voided(&mut self, now: Timestamp, market: &MarketTicker) {
        self.books.entry(market.clone()).or_default().void_since.get_or_insert(now);
    }

    pub(super) fn all_voided(&mut self, now: Timestamp) {
        for seen in self.books.values_mut() {
            seen.void_since.get_or_insert(now);
        }
    }

    pub(super) fn known(&self, now: Timestamp, market: &MarketTicker, side: Side) -> Known {
        let seen = self.books.get(market);
        Known {
            price: self.last_tick,
            book: self.last_book_frame,
            book_whole: seen.is_some_and(|seen| seen.at.is_some() && seen.void_since.is_none_or(|since| since >= now)),
            best: seen.and_then(|seen| {
                let costs = if seen.at == Some(now) { seen.dearest } else { seen.newest };
                costs[usize::from(side == Side::No)]
            }),
        }
    }
}

/// A shared [`Sight`].
#[derive(Debug, Default)]
pub(super) struct Sights(Mutex<Sight>);

impl Sights {
    pub(super) fn lock(&self) -> MutexGuard<'_, Sight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A price feed whose ticks are noted.
pub(super) struct TappedFeed<F> {
    pub(super) inner: F,
    pub(super) sights: Arc<Sights>,
    pub(super) simulator: InProcess,
}

#[async_trait]
impl<F: PriceFeed> PriceFeed for TappedFeed<F> {
    fn about(&self) -> FeedAbout {
        self.inner.about()
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        let event = self.inner.next().await?;
        if matches!(event, PriceEvent::Tick(_)) {
            self.sights.lock().ticked(self.simulator.now());
        }
        Ok(event)
    }

    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        self.inner.history(range, resolution).await
    }
}
