//! Public data: exchange, series, events, markets, books, index history.

use super::{KalshiClient, Paged, Query, segment};
use crate::error::{ReadError, classify_read};
use crate::parse::{self, EventMarkets};
use crate::wire;
use recio_core::market::{BookSnapshot, Market, Series};
use recio_core::units::{AssetPrice, EventTicker, MarketTicker, SeriesTicker, Timestamp};

/// Which markets to list. The exchange takes one status at most, and `min_close` and `max_close` only with `closed` or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MarketFilter {
    /// Of this event.
    pub event: Option<EventTicker>,
    /// Of this series.
    pub series: Option<SeriesTicker>,
    /// These alone.
    pub tickers: Vec<MarketTicker>,
    /// `unopened`, `open`, `paused`, `closed` or `settled`.
    pub status: Option<&'static str>,
    /// Closing at this time or later; whole seconds.
    pub min_close: Option<Timestamp>,
    /// Closing at this time or earlier; whole seconds.
    pub max_close: Option<Timestamp>,
}

impl MarketFilter {
    fn query(&self) -> Query {
        let mut query = Query::new();
        let mut add = |name, value: Option<String>| query.extend(value.map(|value| (name, value)));
        add("event_ticker", self.event.as_ref().map(ToString::to_string));
        add("series_ticker", self.series.as_ref().map(ToString::to_string));
        let tickers: Vec<_> = self.tickers.iter().map(MarketTicker::as_str).collect();
        add("tickers", (!tickers.is_empty()).then(|| tickers.join(",")));
        add("status", self.status.map(ToOwned::to_owned));
        add("min_close_ts", self.min_close.map(|time| time.as_second().to_string()));
        add("max_close_ts", self.max_close.map(|time| time.as_second().to_string()));
        query
    }
}

impl KalshiClient {
    /// Whether the exchange is open. It may say so with status 503 and a sound body.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn exchange_status(&self) -> Result<wire::ExchangeStatus, ReadError> {
        let what = "exchange status";
        let answer = self.get(what, "/exchange/status", Query::new()).await?;
        if answer.status == 503
            && let Ok(status) = serde_json::from_slice(&answer.body)
        {
            return Ok(status);
        }
        let body = classify_read(what, answer.status, &answer.body)?;
        serde_json::from_slice(body).map_err(|error| ReadError::unreadable(what, error))
    }

    /// A series with its fee schedule.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn series(&self, series: &SeriesTicker) -> Result<Series, ReadError> {
        let what = format!("series {series}");
        let body: wire::SeriesResponse =
            self.read(&what, &format!("/series/{}", segment(series.as_str())), Query::new()).await?;
        parse::series(&body.series).map_err(|error| ReadError::parse(&what, error))
    }

    /// An event with all its markets.
    ///
    /// # Errors
    /// No usable answer. Single markets that cannot be read are in [`EventMarkets::unreadable`].
    pub async fn event(&self, event: &EventTicker) -> Result<EventMarkets, ReadError> {
        let what = format!("event {event}");
        let query = vec![("with_nested_markets", "true".to_owned())];
        let body: wire::EventResponse =
            self.read(&what, &format!("/events/{}", segment(event.as_str())), query).await?;
        parse::event(&body).map_err(|error| ReadError::parse(&what, error))
    }

    /// One market.
    ///
    /// # Errors
    /// No usable answer; a market may be "not found" for a moment after its creation was announced.
    pub async fn market(&self, market: &MarketTicker) -> Result<Market, ReadError> {
        let what = format!("market {market}");
        let body: wire::MarketResponse =
            self.read(&what, &format!("/markets/{}", segment(market.as_str())), Query::new()).await?;
        parse::market(&body.market).map_err(|error| ReadError::parse(&what, error))
    }

    /// All markets that fit the filter.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn markets(&self, filter: &MarketFilter) -> Result<Paged<Market>, ReadError> {
        self.pages::<wire::MarketsPage, _>("markets", "/markets", filter.query(), 1_000, parse::market).await
    }

    /// A market's book at some recent moment; it has neither time nor sequence.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn orderbook(&self, market: &MarketTicker) -> Result<BookSnapshot, ReadError> {
        let what = format!("book of {market}");
        let path = format!("/markets/{}/orderbook", segment(market.as_str()));
        let body: wire::OrderBookResponse = self.read(&what, &path, Query::new()).await?;
        parse::rest_book(market, &body.orderbook_fp).map_err(|error| ReadError::parse(&what, error))
    }

    /// The prints of an index in the hour that begins at `hour`, as the exchange passes them on from the publisher. The running hour may lag by
    /// a quarter of an hour. Costs five times as much as other reads.
    ///
    /// # Errors
    /// No usable answer; the account may lack the right to it.
    pub async fn index_history(&self, index: &str, hour: Timestamp) -> Result<Vec<(Timestamp, AssetPrice)>, ReadError> {
        let what = format!("history of {index}");
        let query = vec![
            ("id", index.to_owned()),
            ("timespan", "HOUR".to_owned()),
            ("timestamp", hour.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()),
        ];
        let body: wire::IndexHistory = self.read(&what, "/cfbenchmarks/history/values", query).await?;
        parse::index_history(index, &body).map_err(|error| ReadError::parse(&what, error))
    }
}
