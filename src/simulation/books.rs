//! Books as the client sees them, beside the exchange's own.

use super::sight::Sights;
use async_trait::async_trait;
use recio_core::market::{Book, Market, Quote, Series};
use recio_core::market_data::{MarketData, MarketDataError, MarketEvent};
use recio_core::price_feed::TimeRange;
use recio_core::read::Read;
use recio_core::units::{MarketTicker, SeriesTicker};
use recio_sim::InProcess;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Differences that are kept in words; the others are counted.
const KEPT: usize = 20;

/// What came of comparing the client's books with the exchange's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookChecks {
    /// Books that were compared, at every instant again.
    pub compared: u64,
    /// Books that were void and are whole again.
    pub healed: u64,
    /// Books that differed.
    pub differed: u64,
    /// The first of them, in words.
    pub differences: Vec<String>,
}

/// Sees every market event on its way to the pipeline, and keeps books of its own.
#[derive(Debug, Default)]
pub(super) struct BookTap {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// `None` is void.
    books: BTreeMap<MarketTicker, Option<Book>>,
    checks: BookChecks,
}

/// Market data with a [`BookTap`] on it.
pub(super) struct Tapped {
    pub(super) inner: Arc<dyn MarketData>,
    pub(super) tap: Arc<BookTap>,
    pub(super) sights: Arc<Sights>,
    pub(super) simulator: InProcess,
}

impl BookTap {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new process knows no book.
    pub(super) fn forget(&self) {
        self.state().books.clear();
    }

    pub(super) fn checks(&self) -> BookChecks {
        self.state().checks.clone()
    }

    /// Books that the client has whole.
    pub(super) fn whole(&self) -> Vec<MarketTicker> {
        self.state().books.iter().filter(|(_, book)| book.is_some()).map(|(market, _)| market.clone()).collect()
    }

    /// The client's best prices of a market, if it has the book.
    fn quote(&self, market: &MarketTicker) -> Option<Quote> {
        self.state().books.get(market)?.as_ref().map(Book::quote)
    }

    fn follow(&self, event: &MarketEvent) {
        let state = &mut *self.state();
        match event {
            MarketEvent::Snapshot { market, book } => match Book::from_snapshot(book, None) {
                Ok(book) => {
                    let before = state.books.insert(market.clone(), Some(book));
                    state.checks.healed += u64::from(before == Some(None));
                }
                Err(error) => state.checks.differ(format!("the snapshot of {market} is no book: {error}")),
            },
            MarketEvent::Delta { market, delta, .. } => {
                let Some(Some(book)) = state.books.get_mut(market) else { return };
                if let Err(error) = book.apply(delta, None) {
                    state.checks.differ(format!("a change to {market} does not fit its book: {error}"));
                }
            }
            MarketEvent::Void { markets, .. } => {
                for market in markets {
                    state.books.insert(market.clone(), None);
                }
            }
            MarketEvent::Disconnected { .. } => state.books.values_mut().for_each(|book| *book = None),
            MarketEvent::Ticker(_)
            | MarketEvent::Trade(_)
            | MarketEvent::Lifecycle { .. }
            | MarketEvent::Exchange(_)
            | MarketEvent::Heartbeat
            | MarketEvent::Connected
            | MarketEvent::Unreadable { .. } => {}
        }
    }

    /// Compares every book that the client believes in and has reason to.
    pub(super) fn compare(&self, simulator: &InProcess) {
        if simulator.is_disturbed() {
            return;
        }
        let doubtful = simulator.doubtful_books();
        let now = simulator.now();
        let state = &mut *self.state();
        for (market, book) in &state.books {
            let Some(book) = book.as_ref().filter(|_| !doubtful.contains(market.as_str())) else { continue };
            let Some(theirs) = simulator.book(market) else { continue };
            state.checks.compared += 1;
            let ours = book.snapshot();
            if (&ours.bids, &ours.asks) != (&theirs.bids, &theirs.asks) {
                state
                    .checks
                    .differ(format!("at {now} the book of {market} is {ours:?}, and {theirs:?} at the exchange"));
            }
        }
    }
}

impl BookChecks {
    fn differ(&mut self, what: String) {
        self.differed += 1;
        if self.differences.len() < KEPT {
            self.differences.push(what);
        }
    }
}

#[async_trait]
impl MarketData for Tapped {
    async fn series(&self, series: &SeriesTicker) -> Result<Series, MarketDataError> {
        self.inner.series(series).await
    }

    async fn markets(&self, series: &SeriesTicker, closing: TimeRange) -> Result<Read<Vec<Market>>, MarketDataError> {
        self.inner.markets(series, closing).await
    }

    async fn follow(&self, markets: &[MarketTicker]) -> Result<(), MarketDataError> {
        // What is no longer followed is no longer told of.
        self.tap.state().books.retain(|market, _| markets.contains(market));
        self.inner.follow(markets).await
    }

    async fn next(&self) -> Result<MarketEvent, MarketDataError> {
        let event = self.inner.next().await?;
        self.tap.follow(&event);
        self.see(&event);
        Ok(event)
    }
}

impl Tapped {
    /// Notes what the session has heard of books, and when.
    fn see(&self, event: &MarketEvent) {
        let now = self.simulator.now();
        let sight = &mut *self.sights.lock();
        match event {
            MarketEvent::Snapshot { market, .. } | MarketEvent::Delta { market, .. } => {
                if let Some(quote) = self.tap.quote(market) {
                    sight.booked(now, market, quote);
                }
            }
            MarketEvent::Void { markets, .. } => markets.iter().for_each(|market| sight.voided(now, market)),
            MarketEvent::Disconnected { .. } => sight.all_voided(now),
            MarketEvent::Ticker(_)
            | MarketEvent::Trade(_)
            | MarketEvent::Lifecycle { .. }
            | MarketEvent::Exchange(_)
            | MarketEvent::Heartbeat
            | MarketEvent::Connected
            | MarketEvent::Unreadable { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recio_core::market::BookSnapshot;
    use recio_sim::exchange::Exchange;
    use recio_sim::synthetic::{SyntheticOptions, SyntheticWorld};

    #[test]
    fn a_book_that_differs_in_one_level_is_found() {
        let options = SyntheticOptions::new("2026-11-22T14:00:00Z".parse().unwrap(), 1, 1);
        let world = SyntheticWorld::new(options).unwrap();
        let exchange = Exchange::new(world.header(), world.records(), 0).unwrap();
        let simulator = InProcess::new(exchange, Arc::new(|| 0));
        simulator.advance("2026-11-22T14:05:00Z".parse().unwrap()).unwrap();
        let market = simulator.trading_markets().remove(0);
        let theirs = simulator.book(&market).unwrap();
        let mut book = BookSnapshot { bids: theirs.bids, asks: theirs.asks };
        let tap = BookTap::default();
        let snapshot = |book: &BookSnapshot| MarketEvent::Snapshot { market: market.clone(), book: book.clone() };
        tap.follow(&snapshot(&book));
        tap.compare(&simulator);
        assert_eq!((tap.checks().compared, tap.checks().differed), (1, 0));
        book.bids.pop();
        tap.follow(&MarketEvent::Void { markets: vec![market.clone()], reason: "a gap".to_owned() });
        tap.compare(&simulator);
        assert_eq!(tap.checks().compared, 1, "a void book is not believed in");
        tap.follow(&snapshot(&book));
        tap.compare(&simulator);
        let checks = tap.checks();
        assert_eq!((checks.compared, checks.healed, checks.differed, checks.differences.len()), (2, 1, 1, 1));
    }
}
