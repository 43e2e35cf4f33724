//! Candles of the live tier; those of the archive are in `historical`.

use super::markets::joined;
use super::{KalshiClient, Query, segment};
use crate::error::ReadError;
use crate::parse::{self, EventCandles, MarketCandle, Of, ParseError};
use crate::wire;
use recio_core::units::{EventTicker, MarketTicker, SeriesTicker, Timestamp};

/// How much time a candle covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandlePeriod {
    /// One minute.
    Minute,
    /// One hour.
    Hour,
    /// One day.
    Day,
}

/// Which candles to read: those that end from `start` to `end`, both included; whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CandleRange {
    /// The first end of a period.
    pub start: Timestamp,
    /// The last end of a period.
    pub end: Timestamp,
    /// How much time each covers.
    pub period: CandlePeriod,
}

impl CandleRange {
    pub(super) fn query(&self) -> Query {
        let minutes = match self.period {
            CandlePeriod::Minute => "1",
            CandlePeriod::Hour => "60",
            CandlePeriod::Day => "1440",
        };
        vec![
            ("start_ts", self.start.as_second().to_string()),
            ("end_ts", self.end.as_second().to_string()),
            ("period_interval", minutes.to_owned()),
        ]
    }
}

impl KalshiClient {
    /// The candles of a market. `GET /series/{series}/markets/{ticker}/candlesticks`, public. Periods in which nothing changed may be absent.
    ///
    /// # Errors
    /// No usable answer; one candle that cannot be read, as a series with a hole is worse than none.
    pub async fn candles(
        &self,
        series: &SeriesTicker,
        market: &MarketTicker,
        range: &CandleRange,
    ) -> Result<Vec<MarketCandle>, ReadError> {
        let what = format!("candles of {market}");
        let path = format!("/series/{}/markets/{}/candlesticks", segment(series.as_str()), segment(market.as_str()));
        let body: wire::MarketCandles = self.read(&what, &path, range.query()).await?;
        let read = || {
            is_of(market, "ticker", &body.ticker)?;
            parse::candles(market, &body.candlesticks)
        };
        read().map_err(|error| ReadError::parse(&what, error))
    }

    /// The candles of up to 100 markets, up to 10,000 in all; more is refused. `GET /markets/candlesticks`, public.
    ///
    /// # Errors
    /// No usable answer; a market that is absent from it; one candle that cannot be read.
    pub async fn candles_of(
        &self,
        markets: &[MarketTicker],
        range: &CandleRange,
    ) -> Result<Vec<(MarketTicker, Vec<MarketCandle>)>, ReadError> {
        let what = "candles";
        let Some(tickers) = joined(markets) else { return Ok(Vec::new()) };
        let mut query = vec![("market_tickers", tickers)];
        query.extend(range.query());
        let body: wire::CandleBatch = self.read(what, "/markets/candlesticks", query).await?;
        let read = |market: &MarketTicker| {
            let of = Of("candles", market.as_str());
            let found = body.markets.iter().find(|candles| candles.market_ticker == market.as_str());
            let candles = parse::candles(market, &of.required("market_ticker", found)?.candlesticks)?;
            Ok((market.clone(), candles))
        };
        markets.iter().map(read).collect::<Result<_, _>>().map_err(|error| ReadError::parse(what, error))
    }

    /// The candles of all markets of an event. `GET /series/{series}/events/{ticker}/candlesticks`, public.
    ///
    /// A range too long for one answer ends earlier than asked: [`EventCandles::end`] says when; ask again from there.
    ///
    /// # Errors
    /// No usable answer; one candle that cannot be read.
    pub async fn event_candles(
        &self,
        series: &SeriesTicker,
        event: &EventTicker,
        range: &CandleRange,
    ) -> Result<EventCandles, ReadError> {
        let what = format!("candles of {event}");
        let path = format!("/series/{}/events/{}/candlesticks", segment(series.as_str()), segment(event.as_str()));
        let body: wire::EventCandles = self.read(&what, &path, range.query()).await?;
        parse::event_candles(event, &body).map_err(|error| ReadError::parse(&what, error))
    }
}

/// Whether the candles are of the market that was asked for.
pub(super) fn is_of(market: &MarketTicker, field: &'static str, ticker: &str) -> Result<(), ParseError> {
    if ticker == market.as_str() {
        Ok(())
    } else {
        Err(Of("candles", market.as_str()).error(field, ticker, "it is another market"))
    }
}
