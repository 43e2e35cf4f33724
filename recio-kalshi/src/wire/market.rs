//! Markets, their books and their prints, as REST tells them.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use super::JsonNumber;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Answer of `GET /markets/{ticker}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketResponse {
    pub market: Market,
}

/// One page of `GET /markets`. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketsPage {
    pub markets: Vec<Market>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// One strike of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    pub ticker: String,
    pub event_ticker: String,
    pub market_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    #[serde(default)]
    pub yes_sub_title: String,
    #[serde(default)]
    pub no_sub_title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_time: Option<String>,
    pub open_time: String,
    pub close_time: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_expiration_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_expiration_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurrence_datetime: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_waiver_expiration_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_ts: Option<String>,
    pub settlement_timer_seconds: u64,
    pub status: String,
    #[serde(default)]
    pub result: String,
    pub yes_bid_dollars: String,
    pub yes_bid_size_fp: String,
    pub yes_ask_dollars: String,
    pub yes_ask_size_fp: String,
    pub no_bid_dollars: String,
    pub no_ask_dollars: String,
    pub last_price_dollars: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_price_dollars: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_yes_bid_dollars: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_yes_ask_dollars: Option<String>,
    pub volume_fp: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume_24h_fp: Option<String>,
    pub open_interest_fp: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notional_value_dollars: Option<String>,
    #[serde(default)]
    pub can_close_early: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_close_condition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_value_dollars: Option<String>,
    #[serde(default)]
    pub expiration_value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_bounds_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_floor_dollars: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike_type: Option<String>,
    /// A number: see [`JsonNumber`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_strike: Option<JsonNumber>,
    /// A number: see [`JsonNumber`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_strike: Option<JsonNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functional_strike: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_strike: Option<BTreeMap<String, serde_json::Value>>,
    #[serde(default)]
    pub rules_primary: String,
    #[serde(default)]
    pub rules_secondary: String,
    #[serde(default)]
    pub price_level_structure: String,
    pub price_ranges: Vec<PriceRange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_provisional: Option<bool>,
}

/// One band of a market's price grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceRange {
    pub start: String,
    pub end: String,
    pub step: String,
}

/// Answer of `GET /markets/{ticker}/orderbook`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBookResponse {
    #[serde(deserialize_with = "super::object::object")]
    pub orderbook_fp: OrderBook,
}

/// Bids for YES in YES prices and bids for NO in NO prices, rows of price and size, best last. A side without bids may be null or absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBook {
    #[serde(default)]
    pub yes_dollars: Option<Vec<(String, String)>>,
    #[serde(default)]
    pub no_dollars: Option<Vec<(String, String)>>,
}

/// One page of `GET /markets/trades`, newest first. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradesPage {
    pub trades: Vec<PublicTrade>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// One print of a market, as the list has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicTrade {
    pub trade_id: String,
    pub ticker: String,
    pub count_fp: String,
    pub yes_price_dollars: String,
    pub no_price_dollars: String,
    /// Deprecated: [`taker_outcome_side`](Self::taker_outcome_side) says the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taker_side: Option<String>,
    pub taker_outcome_side: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taker_book_side: Option<String>,
    pub created_time: String,
    #[serde(default)]
    pub is_block_trade: bool,
}

/// Answer of `GET /markets/orderbooks`, in the order that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderBooks {
    pub orderbooks: Vec<MarketOrderBook>,
}

/// One of several books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketOrderBook {
    pub ticker: String,
    #[serde(deserialize_with = "super::object::object")]
    pub orderbook_fp: OrderBook,
}
