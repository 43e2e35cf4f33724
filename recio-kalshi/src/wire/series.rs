//! Families of events, and what their fills cost.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use super::JsonNumber;
use serde::{Deserialize, Serialize};

/// Answer of `GET /series/{ticker}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesResponse {
    pub series: Series,
}

/// A family of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    pub ticker: String,
    pub frequency: String,
    pub title: String,
    pub category: String,
    #[serde(default)]
    pub categories: Option<Vec<String>>,
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    #[serde(default)]
    pub settlement_sources: Option<Vec<SettlementSource>>,
    #[serde(default)]
    pub contract_url: String,
    #[serde(default)]
    pub contract_terms_url: String,
    pub fee_type: String,
    /// A number: see [`JsonNumber`].
    pub fee_multiplier: JsonNumber,
    #[serde(default)]
    pub additional_prohibitions: Option<Vec<String>>,
    /// Free text and numbers about the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_metadata: Option<serde_json::Value>,
    /// Contracts, only where the request asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume_fp: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated_ts: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
}

/// Who publishes the value that settles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementSource {
    pub name: String,
    pub url: String,
}

/// Answer of `GET /series`: all that fit, in one page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesList {
    pub series: Vec<Series>,
}

/// Answer of `GET /series/fee_changes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesFeeChanges {
    pub series_fee_change_arr: Vec<SeriesFeeChange>,
}

/// A change of a series' fees, announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesFeeChange {
    pub id: String,
    pub series_ticker: String,
    pub fee_type: String,
    pub fee_multiplier: JsonNumber,
    pub scheduled_ts: String,
}
