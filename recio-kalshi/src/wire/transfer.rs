//! Cash on its way: between shards, in, and out.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use super::JsonNumber;
use serde::{Deserialize, Serialize};

/// Body of `POST /portfolio/intra_exchange_instance_transfer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardTransferRequest {
    /// `event_contract` or `margined`.
    pub source: String,
    /// `event_contract` or `margined`.
    pub destination: String,
    /// Units of $0.0001.
    pub amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_exchange_shard: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_exchange_shard: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_subaccount: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_subaccount: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_transfer_id: Option<String>,
}

/// Answer to a transfer between shards: taken, not yet done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardTransferCreated {
    pub transfer_id: String,
}

/// Answer of `GET /portfolio/intra_exchange_instance_transfers/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardTransferResponse {
    pub transfer: ShardTransfer,
}

/// One page of `GET /portfolio/intra_exchange_instance_transfers`. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardTransfersPage {
    pub transfers: Vec<ShardTransfer>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A transfer between shards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardTransfer {
    pub transfer_id: String,
    pub source: String,
    pub destination: String,
    pub source_exchange_shard: u16,
    pub destination_exchange_shard: u16,
    /// Dollars.
    pub amount: String,
    /// `pending` or `complete`.
    pub status: String,
    /// Unix seconds.
    pub created_ts: i64,
}

/// Body of `POST /portfolio/target_balance_allocation`, and what `GET` answers: how the exchange spreads free cash over the shards by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetBalanceAllocation {
    pub allocations: Vec<ShardAllocation>,
    /// What is left behind for resting orders: `max` (the largest commitment of one market side) or `sum` (all of them; the default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resting_margin_reservation: Option<String>,
}

/// The part of one shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardAllocation {
    pub exchange_index: u16,
    /// A number: see [`JsonNumber`].
    pub percent: JsonNumber,
}

/// One page of `GET /portfolio/deposits`. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositsPage {
    pub deposits: Vec<Deposit>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// One page of `GET /portfolio/withdrawals`. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawalsPage {
    pub withdrawals: Vec<Deposit>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Money that came in, or went out: both have these fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    pub id: String,
    /// `pending`, `applied`, `failed` or `returned`.
    pub status: String,
    /// `ach`, `wire`, `crypto`, `debit` or `apm`.
    #[serde(rename = "type")]
    pub kind: String,
    pub amount_cents: i64,
    pub fee_cents: i64,
    /// Unix seconds.
    pub created_ts: i64,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finalized_ts: Option<i64>,
}
