//! What the exchange shows of its markets, for tests that compare a client's books with it. Not part of Kalshi's API.

use super::Exchange;
use recio_core::market::{MarketResult, MarketStatus};
use recio_core::units::MarketTicker;
use recio_core::venue::{BookLevels, BookView};

impl Exchange {
    /// The book that is shown of a market: the recording's, less what was taken, and the accounts' orders. `None` for an unknown market.
    #[must_use]
    pub fn book(&self, market: &MarketTicker) -> Option<BookLevels> {
        self.venue.book(market, BookView::Combined)
    }

    /// The markets whose outcome is known, paid or not, with it, by ticker.
    pub fn outcomes(&self) -> impl Iterator<Item = (&MarketTicker, MarketStatus, MarketResult)> {
        self.venue.markets().filter_map(|market| Some((&market.ticker, market.status, market.result?)))
    }

    /// The markets that trade now, by ticker.
    pub fn trading_markets(&self) -> impl Iterator<Item = &MarketTicker> {
        self.venue.markets().filter(|market| market.status.is_trading()).map(|market| &market.ticker)
    }
}
