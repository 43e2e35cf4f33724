//! Changes of a resting order, and where it stands in the queue.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use serde::{Deserialize, Serialize};

/// Body of `POST /portfolio/events/orders/{id}/amend`. Prices and counts are text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendOrder {
    pub ticker: String,
    /// `bid` or `ask`, as the order has it.
    pub side: String,
    /// The YES price.
    pub price: String,
    /// The total: what is filled already and what shall rest.
    pub count: String,
    /// As the order has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// As the order shall have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_client_order_id: Option<String>,
    /// Unix seconds; absent keeps what is set, 0 takes it away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
}

/// Answer to an amend. The counts may be absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendOrderResponse {
    pub order_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    /// What rests after matching.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining_count: Option<String>,
    /// What this amend itself filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill_count: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_fill_price: Option<String>,
    /// Per contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_fee_paid: Option<String>,
    pub ts_ms: i64,
}

/// Body of `POST /portfolio/events/orders/{id}/decrease`: one of the two counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecreaseOrder {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduce_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduce_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_ticker: Option<String>,
}

/// Answer to a decrease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecreaseOrderResponse {
    pub order_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_order_id: Option<String>,
    pub remaining_count: String,
    pub ts_ms: i64,
}

/// Answer of `GET /portfolio/orders/{id}/queue_position`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePositionResponse {
    /// Contracts ahead.
    pub queue_position_fp: String,
}

/// Answer of `GET /portfolio/orders/queue_positions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePositions {
    pub queue_positions: Vec<QueuePosition>,
}

/// Where one order stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuePosition {
    pub order_id: String,
    pub market_ticker: String,
    /// Contracts ahead.
    pub queue_position_fp: String,
}
