//! Candles of markets: of the live tier, and of the archive, whose names have no suffixes.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use serde::{Deserialize, Serialize};

/// Answer of `GET /series/{series}/markets/{ticker}/candlesticks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketCandles {
    pub ticker: String,
    pub candlesticks: Vec<Candle>,
}

/// Answer of `GET /markets/candlesticks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandleBatch {
    pub markets: Vec<BatchCandles>,
}

/// The candles of one of several markets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchCandles {
    pub market_ticker: String,
    pub candlesticks: Vec<Candle>,
}

/// Answer of `GET /series/{series}/events/{ticker}/candlesticks`: the lists belong together by their place. A range too long for one answer ends
/// earlier than asked, at `adjusted_end_ts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCandles {
    pub market_tickers: Vec<String>,
    pub market_candlesticks: Vec<Vec<Candle>>,
    /// Unix seconds.
    pub adjusted_end_ts: i64,
}

/// What a market did in one period. Bid and ask are YES prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candle {
    /// Unix seconds, the last of the period.
    pub end_period_ts: i64,
    pub yes_bid: CandleQuote,
    pub yes_ask: CandleQuote,
    pub price: CandlePrice,
    pub volume_fp: String,
    pub open_interest_fp: String,
}

/// A best price over the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandleQuote {
    pub open_dollars: String,
    pub low_dollars: String,
    pub high_dollars: String,
    pub close_dollars: String,
}

/// Traded prices over the period; null or absent where nothing traded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandlePrice {
    #[serde(default)]
    pub open_dollars: Option<String>,
    #[serde(default)]
    pub low_dollars: Option<String>,
    #[serde(default)]
    pub high_dollars: Option<String>,
    #[serde(default)]
    pub close_dollars: Option<String>,
    #[serde(default)]
    pub mean_dollars: Option<String>,
    #[serde(default)]
    pub previous_dollars: Option<String>,
    #[serde(default)]
    pub min_dollars: Option<String>,
    #[serde(default)]
    pub max_dollars: Option<String>,
}

/// Answer of `GET /historical/markets/{ticker}/candlesticks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedCandles {
    pub ticker: String,
    pub candlesticks: Vec<ArchivedCandle>,
}

/// A candle of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedCandle {
    /// Unix seconds, the last of the period.
    pub end_period_ts: i64,
    pub yes_bid: ArchivedCandleQuote,
    pub yes_ask: ArchivedCandleQuote,
    pub price: ArchivedCandlePrice,
    pub volume: String,
    pub open_interest: String,
}

/// A best price over the period, as the archive has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedCandleQuote {
    pub open: String,
    pub low: String,
    pub high: String,
    pub close: String,
}

/// Traded prices over the period, as the archive has them; null or absent where nothing traded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedCandlePrice {
    #[serde(default)]
    pub open: Option<String>,
    #[serde(default)]
    pub low: Option<String>,
    #[serde(default)]
    pub high: Option<String>,
    #[serde(default)]
    pub close: Option<String>,
    #[serde(default)]
    pub mean: Option<String>,
    #[serde(default)]
    pub previous: Option<String>,
}
