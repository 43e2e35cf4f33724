//! Events: one hour or quarter of a series, and what changes about them.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use super::{JsonNumber, Market, SettlementSource, nullable};
use serde::{Deserialize, Serialize};

/// Answer of `GET /events/{ticker}`: the markets stand beside the event, or nested in it where that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventResponse {
    pub event: Event,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markets: Option<Vec<Market>>,
}

/// One hour (or quarter) of a series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub event_ticker: String,
    pub series_ticker: String,
    pub title: String,
    pub sub_title: String,
    #[serde(default)]
    pub collateral_return_type: String,
    pub mutually_exclusive: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strike_period: Option<String>,
    /// Free text and numbers about the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_metadata: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markets: Option<Vec<Market>>,
    #[serde(default)]
    pub settlement_sources: Option<Vec<SettlementSource>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated_ts: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_type_override: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_multiplier_override: Option<JsonNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_index: Option<u16>,
}

/// One page of `GET /events`. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsPage {
    pub events: Vec<Event>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Answer of `GET /events/{ticker}/metadata`: pictures, and who publishes the value that settles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventMetadata {
    pub image_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub featured_image_url: Option<String>,
    pub market_details: Vec<MarketMetadata>,
    pub settlement_sources: Vec<SettlementSource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competition_scope: Option<String>,
}

/// The picture of one market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketMetadata {
    pub market_ticker: String,
    pub image_url: String,
    pub color_code: String,
}

/// One page of `GET /events/fee_changes`. An empty cursor is the last page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFeeChangesPage {
    pub event_fee_changes: Vec<EventFeeChange>,
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A change of an event's fees, announced. Null takes an override back: the series' fee counts again. An absent override is an error, as
/// "not said" is not "taken back".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFeeChange {
    pub id: String,
    pub event_ticker: String,
    pub series_ticker: String,
    #[serde(deserialize_with = "nullable")]
    pub fee_type_override: Option<String>,
    /// A number: see [`JsonNumber`].
    #[serde(deserialize_with = "nullable")]
    pub fee_multiplier_override: Option<JsonNumber>,
    pub scheduled_ts: String,
}
