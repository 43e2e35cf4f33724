//! Subaccounts: up to 63 beside the primary one, which is 0.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use serde::{Deserialize, Serialize};

/// Body of `POST /portfolio/subaccounts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateSubaccount {
    /// Absent is shard 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
}

/// Answer to a create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateSubaccountResponse {
    pub subaccount_number: u16,
}

/// Answer of `GET /portfolio/subaccounts/balances`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubaccountBalances {
    pub subaccount_balances: Vec<SubaccountBalance>,
}

/// The cash of one subaccount on one shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubaccountBalance {
    pub subaccount_number: u16,
    pub exchange_index: u16,
    /// Dollars.
    pub balance: String,
    /// Unix seconds.
    pub updated_ts: i64,
}

/// Body of `POST /portfolio/subaccounts/transfer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubaccountTransferRequest {
    pub client_transfer_id: String,
    pub from_subaccount: u16,
    pub to_subaccount: u16,
    pub amount_cents: i64,
    /// Absent is shard 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
}

/// One page of `GET /portfolio/subaccounts/transfers`. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubaccountTransfersPage {
    pub transfers: Vec<SubaccountTransfer>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A transfer between subaccounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubaccountTransfer {
    pub transfer_id: String,
    pub from_subaccount: u16,
    pub to_subaccount: u16,
    pub amount_cents: i64,
    /// Unix seconds.
    pub created_ts: i64,
    pub exchange_index: u16,
}

/// Answer of `GET /portfolio/subaccounts/netting`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubaccountNettings {
    pub netting_configs: Vec<SubaccountNetting>,
}

/// Whether positions in one event offset each other's collateral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubaccountNetting {
    pub subaccount_number: u16,
    pub enabled: bool,
    pub exchange_index: u16,
}

/// Body of `PUT /portfolio/subaccounts/netting`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateSubaccountNetting {
    pub subaccount_number: u16,
    pub enabled: bool,
}
