//! Markets, their books and their prints; index history.

use super::{KalshiClient, Paged, Query, segment};
use crate::error::ReadError;
use crate::parse;
use crate::wire;
use recio_core::market::{BookSnapshot, Market, PublicTrade};
use recio_core::units::{AssetPrice, EventTicker, MarketTicker, SeriesTicker, Timestamp};
use std::collections::BTreeSet;

/// The most books that one request may name. Source: docs.kalshi.com/api-reference/market/get-multiple-market-orderbooks; read 2026-11-22.
const BOOKS_AT_ONCE: usize = 100;

/// Which markets to list. The exchange takes one status at most; each pair of times goes with some statuses only, which it checks itself.
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
    /// Closing at this time or later; whole seconds. Only with `closed` or no status.
    pub min_close: Option<Timestamp>,
    /// Closing at this time or earlier; whole seconds. Only with `closed` or no status.
    pub max_close: Option<Timestamp>,
    /// Created at this time or later; whole seconds. Only with `unopened`, `open` or no status.
    pub min_created: Option<Timestamp>,
    /// Created at this time or earlier; whole seconds. Only with `unopened`, `open` or no status.
    pub max_created: Option<Timestamp>,
    /// Settled at this time or later; whole seconds. Only with `settled` or no status.
    pub min_settled: Option<Timestamp>,
    /// Settled at this time or earlier; whole seconds. Only with `settled` or no status.
    pub max_settled: Option<Timestamp>,
}

impl MarketFilter {
    pub(super) fn query(&self) -> Query {
        let mut query = Query::new();
        let mut add = |name, value: Option<String>| query.extend(value.map(|value| (name, value)));
        add("event_ticker", self.event.as_ref().map(ToString::to_string));
        add("series_ticker", self.series.as_ref().map(ToString::to_string));
        add("tickers", joined(&self.tickers));
        add("status", self.status.map(ToOwned::to_owned));
        for (name, time) in [
            ("min_close_ts", self.min_close),
            ("max_close_ts", self.max_close),
            ("min_created_ts", self.min_created),
            ("max_created_ts", self.max_created),
            ("min_settled_ts", self.min_settled),
            ("max_settled_ts", self.max_settled),
        ] {
            add(name, time.map(|time| time.as_second().to_string()));
        }
        query
    }
}

/// Which prints to list; without anything all of every market, which are millions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TradeFilter {
    /// Of this market.
    pub market: Option<MarketTicker>,
    /// From this time on; whole seconds.
    pub min_time: Option<Timestamp>,
    /// Up to this time; whole seconds.
    pub max_time: Option<Timestamp>,
    /// Block trades alone, or none of them.
    pub block_trades: Option<bool>,
}

impl TradeFilter {
    pub(super) fn query(&self) -> Query {
        let mut query = Query::new();
        query.extend(self.market.as_ref().map(|market| ("ticker", market.to_string())));
        query.extend(self.min_time.map(|time| ("min_ts", time.as_second().to_string())));
        query.extend(self.max_time.map(|time| ("max_ts", time.as_second().to_string())));
        query.extend(self.block_trades.map(|block| ("is_block_trade", block.to_string())));
        query
    }
}

impl KalshiClient {
    /// One market. `GET /markets/{ticker}`, public.
    ///
    /// # Errors
    /// No usable answer; a market may be "not found" for a moment after its creation was announced.
    pub async fn market(&self, market: &MarketTicker) -> Result<Market, ReadError> {
        let what = format!("market {market}");
        let body: wire::MarketResponse =
            self.read(&what, &format!("/markets/{}", segment(market.as_str())), Query::new()).await?;
        parse::market(&body.market).map_err(|error| ReadError::parse(&what, error))
    }

    /// All markets that fit the filter. `GET /markets`, public. A market may be called open for some seconds after its close.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn markets(&self, filter: &MarketFilter) -> Result<Paged<Market>, ReadError> {
        self.pages::<wire::MarketsPage, _>("markets", "/markets", filter.query(), 1_000, parse::market).await
    }

    /// A market's book at some recent moment; it has neither time nor sequence. `GET /markets/{ticker}/orderbook`, public.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn orderbook(&self, market: &MarketTicker) -> Result<BookSnapshot, ReadError> {
        let what = format!("book of {market}");
        let path = format!("/markets/{}/orderbook", segment(market.as_str()));
        let body: wire::OrderBookResponse = self.read(&what, &path, Query::new()).await?;
        parse::rest_book(market, &body.orderbook_fp).map_err(|error| ReadError::parse(&what, error))
    }

    /// The books of several markets, in requests of 100. `GET /markets/orderbooks`.
    ///
    /// # Errors
    /// A request gave no usable answer. Books that are missing or cannot be read make the result partial.
    pub async fn orderbooks(&self, markets: &[MarketTicker]) -> Result<Paged<(MarketTicker, BookSnapshot)>, ReadError> {
        let mut found = Paged::nothing();
        for markets in markets.chunks(BOOKS_AT_ONCE) {
            let query = markets.iter().map(|market| ("tickers", market.to_string())).collect();
            let body: wire::OrderBooks = self.read("books", "/markets/orderbooks", query).await?;
            let mut missing: BTreeSet<_> = markets.iter().collect();
            for book in &body.orderbooks {
                let Some(market) = markets.iter().find(|market| market.as_str() == book.ticker) else {
                    found.miss(format!("the exchange sent a book of `{}`, which was not asked for", book.ticker));
                    continue;
                };
                match parse::rest_book(market, &book.orderbook_fp) {
                    Ok(_) if !missing.remove(market) => found.miss(format!("the book of {market} came twice")),
                    Ok(book) => found.items.push((market.clone(), book)),
                    Err(error) => {
                        missing.remove(market);
                        found.miss(error.to_string());
                    }
                }
            }
            if let Some(market) = missing.first() {
                found.miss(format!("{} books are absent, that of {market} first", missing.len()));
            }
        }
        Ok(found)
    }

    /// All prints that fit the filter, newest first. `GET /markets/trades`, public. What is older than the
    /// [cutoff](Self::historical_cutoff) is in the archive only.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn trades(&self, filter: &TradeFilter) -> Result<Paged<PublicTrade>, ReadError> {
        self.pages::<wire::TradesPage, _>("trades", "/markets/trades", filter.query(), 1_000, parse::listed_trade).await
    }

    /// The prints of an index in the hour that begins at `hour`, as the exchange passes them on from the publisher. The running hour may lag by
    /// a quarter of an hour. `GET /cfbenchmarks/history/values`; costs 50, five times as much as other reads.
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

/// Tickers as one value of a query; `None` for none.
pub(super) fn joined(markets: &[MarketTicker]) -> Option<String> {
    let tickers: Vec<_> = markets.iter().map(MarketTicker::as_str).collect();
    (!tickers.is_empty()).then(|| tickers.join(","))
}
