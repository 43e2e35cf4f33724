//! Candles over REST: of one market, of several, of an event.

use super::Exchange;
use super::listing::Listing;
use super::request::{Answer, Failure, Query, answer, not_found};
use recio_core::units::{EventTicker, MarketTicker};
use recio_kalshi::wire;

/// The most candles of one answer. Source: docs.kalshi.com, batch get market candlesticks.
const MOST_CANDLES: usize = 10_000;
/// The most markets of one question. Source: as above.
const MOST_MARKETS: usize = 100;

/// Which candles are asked for.
pub(super) struct CandleSpan<'a> {
    query: Query<'a>,
    from: i64,
    to: i64,
    minutes: i64,
    latest_before: bool,
}

impl<'a> Query<'a> {
    /// The span of time and the period that a question about candles names.
    pub(super) fn candle_span(self) -> Result<CandleSpan<'a>, Failure> {
        let named = |name: &str| self.number(name)?.ok_or_else(|| self.invalid(&format!("{name} is required")));
        let (from, to, minutes) = (named("start_ts")?, named("end_ts")?, named("period_interval")?);
        // Outside, no second of Unix time can be moved by a period any more.
        if ![from, to].iter().all(|second| (0..=253_402_300_799).contains(second)) {
            return Err(self.invalid("start_ts and end_ts must be Unix seconds"));
        }
        if from > to {
            return Err(self.invalid("start_ts must not be after end_ts"));
        }
        if ![1, 60, 1440].contains(&minutes) {
            return Err(self.invalid("period_interval must be 1, 60 or 1440"));
        }
        Ok(CandleSpan { query: self, from, to, minutes, latest_before: self.flag("include_latest_before_start") })
    }
}

impl CandleSpan<'_> {
    pub(super) fn of(&self, listing: &Listing) -> Result<Vec<wire::Candle>, Failure> {
        let candles = listing.candles.list(self.from, self.to, self.minutes, self.latest_before);
        self.check(candles.len())?;
        Ok(candles)
    }

    fn check(&self, candles: usize) -> Result<(), Failure> {
        if candles > MOST_CANDLES {
            return Err(self.query.invalid(&format!("more than {MOST_CANDLES} candlesticks; ask for a shorter time")));
        }
        Ok(())
    }
}

impl Exchange {
    pub(super) fn market_candles(&self, series: &str, market: &str, query: Query<'_>) -> Answer {
        let span = query.candle_span()?;
        let listing = self.live_listing(market).filter(|listing| listing.body.series.as_str() == series);
        let candlesticks = span.of(listing.ok_or_else(not_found)?)?;
        answer(200, &wire::MarketCandles { ticker: market.to_owned(), candlesticks })
    }

    /// Markets that are not there are left out.
    pub(super) fn batch_candles(&self, query: Query<'_>) -> Answer {
        let span = query.candle_span()?;
        let names = query.list("market_tickers").unwrap_or_default();
        if names.is_empty() || names.len() > MOST_MARKETS {
            return Err(query.invalid(&format!("market_tickers must name 1 to {MOST_MARKETS} markets")));
        }
        let mut markets = Vec::new();
        for listing in names.into_iter().filter_map(|name| self.live_listing(name)) {
            let candlesticks = span.of(listing)?;
            markets.push(wire::BatchCandles { market_ticker: listing.body.ticker.to_string(), candlesticks });
        }
        span.check(markets.iter().map(|market| market.candlesticks.len()).sum())?;
        answer(200, &wire::CandleBatch { markets })
    }

    pub(super) fn event_candles(&self, series: &str, event: &str, query: Query<'_>) -> Answer {
        let span = query.candle_span()?;
        let event = EventTicker::new(event).map_err(|_| not_found())?;
        let of_event = self.of_event(&event).filter(|listing| listing.body.series.as_str() == series);
        let live: Vec<&Listing> = of_event.filter(|one| !self.is_market_archived(&one.body.ticker)).collect();
        if live.is_empty() {
            return Err(not_found());
        }
        let candles: Vec<Vec<wire::Candle>> = live.iter().map(|listing| span.of(listing)).collect::<Result<_, _>>()?;
        // The docs do not say by which rule an answer that is too long is cut; it is refused instead.
        span.check(candles.iter().map(Vec::len).sum())?;
        let body = wire::EventCandles {
            market_tickers: live.iter().map(|listing| listing.body.ticker.to_string()).collect(),
            market_candlesticks: candles,
            adjusted_end_ts: span.to,
        };
        answer(200, &body)
    }

    /// A listed market that is not archived.
    pub(super) fn live_listing(&self, market: &str) -> Option<&Listing> {
        let ticker = MarketTicker::new(market).ok()?;
        self.listings.get(&ticker).filter(|listing| self.is_visible(listing))
    }
}
