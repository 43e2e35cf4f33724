//! What the account holds: fills, positions, cash and settlements.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use serde::{Deserialize, Serialize};

/// One page of `GET /portfolio/fills`. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillsPage {
    pub fills: Vec<Fill>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// One execution. `fee_cost` is for the whole fill; `trade_id` is the public trade's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill_id: Option<String>,
    pub trade_id: String,
    pub order_id: String,
    pub ticker: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_ticker: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome_side: Option<String>,
    pub book_side: String,
    pub count_fp: String,
    pub yes_price_dollars: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_price_dollars: Option<String>,
    pub is_taker: bool,
    pub fee_cost: String,
    pub created_time: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount_number: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ts: Option<i64>,
}

/// One page of `GET /portfolio/positions`. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionsPage {
    pub market_positions: Vec<MarketPosition>,
    #[serde(default)]
    pub event_positions: Vec<EventPosition>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// What is held of one market. `position_fp` is signed: YES above zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketPosition {
    pub ticker: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
    pub position_fp: String,
    pub total_traded_dollars: String,
    pub market_exposure_dollars: String,
    pub realized_pnl_dollars: String,
    pub fees_paid_dollars: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated_ts: Option<String>,
}

/// The sum over an event's markets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPosition {
    pub event_ticker: String,
    pub total_cost_dollars: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_cost_shares_fp: Option<String>,
    pub event_exposure_dollars: String,
    pub realized_pnl_dollars: String,
    pub fees_paid_dollars: String,
}

/// Answer of `GET /portfolio/balance`. `balance` is in cents and cut; `balance_dollars` is exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub balance: i64,
    pub balance_dollars: String,
    pub portfolio_value: i64,
    /// Unix seconds.
    pub updated_ts: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balance_breakdown: Option<Vec<ShardBalance>>,
}

/// The cash on one shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardBalance {
    pub exchange_index: u16,
    pub balance: String,
}

/// Answer of `GET /portfolio/summary/total_resting_order_value`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestingOrderValue {
    /// Cents.
    pub total_resting_order_value: i64,
    pub resting_order_value_breakdown: Vec<ShardBalance>,
}

/// One page of `GET /portfolio/settlements`. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementsPage {
    pub settlements: Vec<Settlement>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// What a market paid. Counts and costs are gross over its life; `revenue` and `value` are in cents; `fee_cost` is what the fills paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub ticker: String,
    pub event_ticker: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
    pub market_result: String,
    pub yes_count_fp: String,
    pub yes_total_cost_dollars: String,
    pub no_count_fp: String,
    pub no_total_cost_dollars: String,
    pub revenue: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    pub fee_cost: String,
    pub settled_time: String,
}
