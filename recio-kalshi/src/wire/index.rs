//! The settlement index: the value inside a frame, and its history over REST.
#![expect(missing_docs, reason = "the fields are the exchange's, by its names; docs.kalshi.com describes them")]

use super::Text;
use serde::{Deserialize, Serialize};

/// The JSON text inside the `data` of an index frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexData<'a> {
    #[serde(rename = "type", borrow, default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Text<'a>>,
    /// Unix milliseconds.
    pub time: i64,
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub value: Text<'a>,
}

/// Answer of `GET /cfbenchmarks/history/values`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexHistory {
    pub data: IndexHistoryData,
}

/// The values with the server's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexHistoryData {
    #[serde(rename = "serverTime", default, skip_serializing_if = "Option::is_none")]
    pub server_time: Option<String>,
    pub payload: Vec<IndexHistoryValue>,
}

/// One print.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexHistoryValue {
    /// Unix milliseconds.
    pub time: i64,
    pub value: String,
}
