//! Order groups: a limit on the contracts that their orders fill within 15 seconds.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use serde::{Deserialize, Serialize};

/// Body of `POST /portfolio/order_groups/create`: one of the two limits, or both alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateOrderGroup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit_fp: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subaccount: Option<u16>,
    /// Absent is shard 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
}

/// Answer to a create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateOrderGroupResponse {
    pub order_group_id: String,
    pub subaccount: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
}

/// Answer of `GET /portfolio/order_groups`. The API describes the list as optional: without groups it may be absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderGroups {
    #[serde(default)]
    pub order_groups: Vec<OrderGroup>,
}

/// A group, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderGroup {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit_fp: Option<String>,
    pub is_auto_cancel_enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
}

/// Answer of `GET /portfolio/order_groups/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderGroupResponse {
    pub is_auto_cancel_enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit_fp: Option<String>,
    /// The ids of its orders.
    pub orders: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
}

/// Body of `PUT /portfolio/order_groups/{id}/limit`: one of the two, or both alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderGroupLimit {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts_limit_fp: Option<String>,
}
