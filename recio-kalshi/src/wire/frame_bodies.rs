//! What stands in a frame's `msg`, by type.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use super::{JsonNumber, PriceRange, Text};
use serde::{Deserialize, Serialize};

/// A channel got its subscription id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribedMessage {
    pub channel: String,
    pub sid: u64,
}

/// Answer to a change: the whole set after it, or a list of subscriptions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OkMessage {
    /// Answer to `list_subscriptions`.
    Subscriptions(Vec<SubscribedMessage>),
    /// Answer to `update_subscription`.
    Set {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        market_tickers: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index_ids: Option<Vec<String>>,
    },
}

/// A command failed, or (codes 10 and 25) a subscription died.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandError {
    pub code: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub msg: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_ticker: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_tickers: Option<Vec<String>>,
}

/// A whole book: rows of price and size, in any order. With `use_yes_price` the `no` side is in YES prices: the asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotMessage<'a> {
    #[serde(borrow)]
    pub market_ticker: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub market_id: Option<Text<'a>>,
    /// Absent where empty.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub yes_dollars_fp: Vec<(Text<'a>, Text<'a>)>,
    /// Absent where empty.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub no_dollars_fp: Vec<(Text<'a>, Text<'a>)>,
}

/// One changed level: `delta_fp` is added to its size; nothing left removes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeltaMessage<'a> {
    #[serde(borrow)]
    pub market_ticker: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub market_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub price_dollars: Text<'a>,
    #[serde(borrow)]
    pub delta_fp: Text<'a>,
    /// `yes` or `no`.
    #[serde(borrow)]
    pub side: Text<'a>,
    /// RFC 3339.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts_ms: Option<i64>,
    /// On changes of our own orders.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<u16>,
}

/// A market's summary. An empty side is bid 0 or ask 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickerMessage<'a> {
    #[serde(borrow)]
    pub market_ticker: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub market_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub price_dollars: Text<'a>,
    #[serde(borrow)]
    pub yes_bid_dollars: Text<'a>,
    #[serde(borrow)]
    pub yes_ask_dollars: Text<'a>,
    #[serde(borrow)]
    pub yes_bid_size_fp: Text<'a>,
    #[serde(borrow)]
    pub yes_ask_size_fp: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub last_trade_size_fp: Option<Text<'a>>,
    #[serde(borrow)]
    pub volume_fp: Text<'a>,
    #[serde(borrow)]
    pub open_interest_fp: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dollar_volume: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dollar_open_interest: Option<i64>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<i64>,
    pub ts_ms: i64,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Text<'a>>,
}

/// A print of the market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradeMessage<'a> {
    #[serde(borrow)]
    pub trade_id: Text<'a>,
    #[serde(borrow)]
    pub market_ticker: Text<'a>,
    #[serde(borrow)]
    pub yes_price_dollars: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub no_price_dollars: Option<Text<'a>>,
    #[serde(borrow)]
    pub count_fp: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub taker_side: Option<Text<'a>>,
    #[serde(borrow)]
    pub taker_outcome_side: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub taker_book_side: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_block_trade: Option<bool>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<i64>,
    pub ts_ms: i64,
}

/// A market's life; which fields are there depends on `event_type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleMessage<'a> {
    #[serde(borrow)]
    pub event_type: Text<'a>,
    #[serde(borrow)]
    pub market_ticker: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_ts: Option<i64>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_ts: Option<i64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub settlement_value: Option<Text<'a>>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub determination_ts: Option<i64>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_ts: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_deactivated: Option<bool>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub price_level_structure: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_ranges: Option<Vec<PriceRange>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub strike_type: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_strike: Option<JsonNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_strike: Option<JsonNumber>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub yes_sub_title: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub additional_metadata: Option<CreatedMetadata<'a>>,
}

/// What comes with `created`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedMetadata<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub yes_sub_title: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub no_sub_title: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub rules_primary: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub rules_secondary: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub can_close_early: Option<bool>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub event_ticker: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_expiration_ts: Option<i64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub strike_type: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_strike: Option<JsonNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap_strike: Option<JsonNumber>,
}

/// An event was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventLifecycleMessage<'a> {
    #[serde(borrow)]
    pub event_ticker: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub collateral_return_type: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub series_ticker: Option<Text<'a>>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike_date: Option<i64>,
}

/// An event's fees differ from its series'; absent means as the series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFeeUpdateMessage<'a> {
    #[serde(borrow)]
    pub event_ticker: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub fee_type_override: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_multiplier_override: Option<JsonNumber>,
}

/// One of our orders was executed. `action` and `side` are unreliable: use `book_side`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillMessage<'a> {
    #[serde(borrow)]
    pub trade_id: Text<'a>,
    #[serde(borrow)]
    pub order_id: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub market_ticker: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
    pub is_taker: bool,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub outcome_side: Option<Text<'a>>,
    #[serde(borrow)]
    pub book_side: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub purchased_side: Option<Text<'a>>,
    #[serde(borrow)]
    pub yes_price_dollars: Text<'a>,
    #[serde(borrow)]
    pub count_fp: Text<'a>,
    #[serde(borrow)]
    pub fee_cost: Text<'a>,
    /// Signed position after this fill.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub post_position_fp: Option<Text<'a>>,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<i64>,
    pub ts_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<u16>,
}

/// One of our orders changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserOrderMessage<'a> {
    #[serde(borrow)]
    pub order_id: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub ticker: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
    #[serde(borrow)]
    pub status: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_yes: Option<bool>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub outcome_side: Option<Text<'a>>,
    #[serde(borrow)]
    pub book_side: Text<'a>,
    #[serde(borrow)]
    pub yes_price_dollars: Text<'a>,
    #[serde(borrow)]
    pub initial_count_fp: Text<'a>,
    #[serde(borrow)]
    pub fill_count_fp: Text<'a>,
    #[serde(borrow)]
    pub remaining_count_fp: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub taker_fill_cost_dollars: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub maker_fill_cost_dollars: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub taker_fees_dollars: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub maker_fees_dollars: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub self_trade_prevention_type: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub order_group_id: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_ts_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated_ts_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_ts_ms: Option<i64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub last_update_reason: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount_number: Option<u16>,
}

/// One of our positions changed. May trail a newer fill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionMessage<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub market_ticker: Text<'a>,
    #[serde(borrow)]
    pub position_fp: Text<'a>,
    #[serde(borrow)]
    pub position_cost_dollars: Text<'a>,
    #[serde(borrow)]
    pub realized_pnl_dollars: Text<'a>,
    #[serde(borrow)]
    pub fees_paid_dollars: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub position_fee_cost_dollars: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub volume_fp: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<u16>,
}

/// A print of the settlement index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexValueMessage<'a> {
    #[serde(borrow)]
    pub index_id: Text<'a>,
    /// When the exchange received it, in Unix milliseconds.
    pub received_at: i64,
    /// JSON text: [`IndexData`](super::IndexData).
    #[serde(borrow)]
    pub data: Text<'a>,
    /// Mean of the prints of the 60 s before this one, itself excluded.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub avg_60s_data: Option<IndexAverage<'a>>,
    /// Over a window shifted by a second: not the settlement value.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub last_60s_windowed_average_15min: Option<IndexAverage<'a>>,
}

/// A mean over a window of prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexAverage<'a> {
    #[serde(borrow)]
    pub value: Text<'a>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_size: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_start_ts_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_end_ts_exclusive: Option<i64>,
}

/// A print of the settlement index in the stream of five a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FastIndexMessage<'a> {
    #[serde(borrow)]
    pub index_id: Text<'a>,
    #[serde(borrow)]
    pub value_usd: Text<'a>,
    /// The publisher's time, in Unix milliseconds.
    pub source_ts_ms: i64,
    /// When the exchange received it, in Unix milliseconds.
    pub received_at: i64,
    /// What the publisher sent, as JSON text.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Text<'a>>,
}

/// One of our order groups changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderGroupMessage<'a> {
    /// `created`, `triggered`, `reset`, `deleted` or `limit_updated`.
    #[serde(borrow)]
    pub event_type: Text<'a>,
    #[serde(borrow)]
    pub order_group_id: Text<'a>,
    /// With `created` and `limit_updated` alone.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit_fp: Option<Text<'a>>,
    pub ts_ms: i64,
}
