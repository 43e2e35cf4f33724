//! The archive: what is old is no longer in the live lists, and is found here.
//!
//! A market that was paid before the cutoff is archived with its candles; so are trades and fills made before it, and orders that ended before
//! it. Resting orders and open positions are always live. Source: docs.kalshi.com/getting_started/historical_data, state of October 2026.

use super::Exchange;
use super::candles::archived;
use super::request::{Answer, Query, answer, not_found};
use jiff::SignedDuration;
use recio_core::units::{AccountName, MarketTicker, Timestamp};
use recio_kalshi::wire;

/// Where the archive ends if nothing is ever archived: before everything that is played. The exchange keeps two to three months live.
const LIVE_FOR: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The two places that data is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataTier {
    Live,
    Archive,
}

impl DataTier {
    /// Whether something is in this place.
    pub(super) fn holds(self, is_archived: bool) -> bool {
        is_archived == (self == Self::Archive)
    }
}

impl Exchange {
    /// What ended before this is archived.
    fn cutoff(&self) -> Timestamp {
        let age = self.realism.archive_after.unwrap_or(LIVE_FOR);
        self.now().checked_sub(age).unwrap_or(self.header.from)
    }

    /// Whether something that ended then is archived.
    pub(super) fn is_archived(&self, ended: Timestamp) -> bool {
        self.realism.archive_after.is_some() && ended < self.cutoff()
    }

    pub(super) fn is_market_archived(&self, market: &MarketTicker) -> bool {
        let settled = self.listings.get(market).and_then(|listing| listing.settled_time);
        settled.is_some_and(|settled| self.is_archived(settled))
    }

    pub(super) fn historical_cutoff(&self) -> Answer {
        let cutoff = self.cutoff().to_string();
        let body = wire::HistoricalCutoff {
            market_settled_ts: cutoff.clone(),
            trades_created_ts: cutoff.clone(),
            orders_updated_ts: cutoff.clone(),
            market_positions_last_updated_ts: Some(cutoff),
        };
        answer(200, &body)
    }

    pub(super) fn historical_markets(&self, query: Query<'_>) -> Answer {
        let (event, series, tickers) = (query.get("event_ticker"), query.get("series_ticker"), query.list("tickers"));
        let given = [event.is_some(), series.is_some(), tickers.is_some(), query.get("mve_filter").is_some()];
        if given.into_iter().filter(|given| *given).count() > 1 {
            return Err(query.invalid("tickers, event_ticker, series_ticker and mve_filter cannot be used together"));
        }
        let fits = |market: &MarketTicker| {
            self.is_market_archived(market)
                && query.get("mve_filter") != Some("only")
                && tickers.as_ref().is_none_or(|tickers| tickers.contains(&market.as_str()))
        };
        let listed = self.listings.values().filter(|listing| {
            fits(&listing.body.ticker)
                && event.is_none_or(|event| listing.body.event.as_str() == event)
                && series.is_none_or(|series| listing.body.series.as_str() == series)
        });
        let items = listed.map(|listing| (listing.body.ticker.to_string(), listing)).collect();
        let (page, cursor) = query.page(items, 1000)?;
        let markets = page.into_iter().map(|listing| self.market_body(listing)).collect();
        answer(200, &wire::MarketsPage { markets, cursor: Some(cursor) })
    }

    pub(super) fn historical_market(&self, market: &str) -> Answer {
        let listing = MarketTicker::new(market).ok().and_then(|ticker| self.listings.get(&ticker));
        let listing = listing.filter(|listing| self.is_market_archived(&listing.body.ticker)).ok_or_else(not_found)?;
        answer(200, &wire::MarketResponse { market: self.market_body(listing) })
    }

    pub(super) fn historical_candles(&self, market: &str, query: Query<'_>) -> Answer {
        let span = query.candle_span()?;
        let listing = MarketTicker::new(market).ok().and_then(|ticker| self.listings.get(&ticker));
        let listing = listing.filter(|listing| self.is_market_archived(&listing.body.ticker)).ok_or_else(not_found)?;
        let candlesticks = span.of(listing)?.into_iter().map(archived).collect();
        answer(200, &wire::ArchivedCandles { ticker: market.to_owned(), candlesticks })
    }

    pub(super) fn account_history(&self, account: &AccountName, list: &str, query: Query<'_>) -> Answer {
        match list {
            "fills" => self.fills(account, query, DataTier::Archive),
            "orders" => self.orders(account, query, DataTier::Archive),
            "positions" => self.positions(account, query, DataTier::Archive),
            _ => Err(not_found()),
        }
    }
}
