//! The archive: what the live tier no longer holds, after some two or three months.

use super::candles::is_of;
use super::markets::joined;
use super::{CandleRange, FillFilter, KalshiClient, OrderFilter, Paged, PositionFilter, Query, TradeFilter, segment};
use crate::error::ReadError;
use crate::parse::{self, HistoricalCutoff, MarketCandle};
use crate::wire;
use recio_core::market::{Market, PublicTrade};
use recio_core::trade::{Fill, OrderReport, PositionReport};
use recio_core::units::{EventTicker, MarketTicker, SeriesTicker};

/// Which markets of the archive to list: it takes one kind of filter at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArchivedMarkets {
    /// These alone.
    Tickers(Vec<MarketTicker>),
    /// Of this event.
    Event(EventTicker),
    /// Of this series.
    Series(SeriesTicker),
}

impl KalshiClient {
    /// What is in the archive and not in the live tier any more. `GET /historical/cutoff`, public.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn historical_cutoff(&self) -> Result<HistoricalCutoff, ReadError> {
        let what = "cutoff of the archive";
        let body: wire::HistoricalCutoff = self.read(what, "/historical/cutoff", Query::new()).await?;
        parse::historical_cutoff(&body).map_err(|error| ReadError::parse(what, error))
    }

    /// All archived markets that fit the filter. `GET /historical/markets`, public.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn historical_markets(&self, filter: &ArchivedMarkets) -> Result<Paged<Market>, ReadError> {
        let query = match filter {
            ArchivedMarkets::Tickers(tickers) => match joined(tickers) {
                Some(tickers) => vec![("tickers", tickers)],
                None => return Ok(Paged::nothing()),
            },
            ArchivedMarkets::Event(event) => vec![("event_ticker", event.to_string())],
            ArchivedMarkets::Series(series) => vec![("series_ticker", series.to_string())],
        };
        let (what, path) = ("archived markets", "/historical/markets");
        self.pages::<wire::MarketsPage, _>(what, path, query, 1_000, parse::market).await
    }

    /// One archived market. `GET /historical/markets/{ticker}`, public.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn historical_market(&self, market: &MarketTicker) -> Result<Market, ReadError> {
        let what = format!("archived market {market}");
        let path = format!("/historical/markets/{}", segment(market.as_str()));
        let body: wire::MarketResponse = self.read(&what, &path, Query::new()).await?;
        parse::market(&body.market).map_err(|error| ReadError::parse(&what, error))
    }

    /// The candles of an archived market. `GET /historical/markets/{ticker}/candlesticks`, public.
    ///
    /// # Errors
    /// No usable answer; one candle that cannot be read.
    pub async fn historical_candles(
        &self,
        market: &MarketTicker,
        range: &CandleRange,
    ) -> Result<Vec<MarketCandle>, ReadError> {
        let what = format!("archived candles of {market}");
        let path = format!("/historical/markets/{}/candlesticks", segment(market.as_str()));
        let body: wire::ArchivedCandles = self.read(&what, &path, range.query()).await?;
        let read = || {
            is_of(market, "ticker", &body.ticker)?;
            parse::archived_candles(market, &body.candlesticks)
        };
        read().map_err(|error| ReadError::parse(&what, error))
    }

    /// All archived prints that fit the filter, newest first. `GET /historical/trades`, public.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn historical_trades(&self, filter: &TradeFilter) -> Result<Paged<PublicTrade>, ReadError> {
        let (what, path) = ("archived trades", "/historical/trades");
        self.pages::<wire::TradesPage, _>(what, path, filter.query(), 1_000, parse::listed_trade).await
    }

    /// The account's archived fills, of all subaccounts: the route does not tell them apart. `GET /historical/fills`; an order in the filter
    /// is not one of its questions and is refused.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn historical_fills(&self, filter: &FillFilter) -> Result<Paged<Fill>, ReadError> {
        let what = "archived fills";
        if filter.order.is_some() || filter.exchange_index.is_some() {
            return Err(not_asked(what, "the archive does not list fills by order or shard: filter what it lists"));
        }
        self.pages::<wire::FillsPage, _>(what, "/historical/fills", filter.query(), 1_000, parse::fill).await
    }

    /// The account's archived orders, ended all. `GET /historical/orders`; neither status, event nor shard is one of its questions.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn historical_orders(&self, filter: &OrderFilter) -> Result<Paged<OrderReport>, ReadError> {
        let what = "archived orders";
        if filter.status.is_some() || filter.event.is_some() || filter.exchange_index.is_some() {
            return Err(not_asked(what, "the archive lists orders by market and time alone: filter what it lists"));
        }
        let query = self.with_subaccount(filter.query());
        self.pages::<wire::OrdersPage, _>(what, "/historical/orders", query, 1_000, parse::order_report).await
    }

    /// The account's archived positions, settled all. `GET /historical/positions`; a shard is not one of its questions.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn historical_positions(&self, filter: &PositionFilter) -> Result<Paged<PositionReport>, ReadError> {
        let what = "archived positions";
        if filter.exchange_index.is_some() {
            return Err(not_asked(what, "the archive does not list positions by shard: filter what it lists"));
        }
        let query = self.with_subaccount(filter.query());
        self.pages::<wire::PositionsPage, _>(what, "/historical/positions", query, 1_000, parse::position).await
    }
}

fn not_asked(what: &str, why: &str) -> ReadError {
    ReadError::NotSigned { what: what.to_owned(), source: why.into() }
}
