//! The terms of trading on paper.

use crate::units::Money;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How an account on paper is treated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PaperTerms {
    /// What a new account begins with. An account that is there keeps its own.
    pub opening_cash: Money,
    /// How long after it is sent an order or a cancel takes effect.
    #[serde(with = "crate::engine::seconds")]
    pub latency: Duration,
    /// Which book an order trades with. Follows from where the books come from, so it is no setting.
    #[serde(skip)]
    pub books: BookTiming,
}

/// Which book an order trades with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BookTiming {
    /// The one that is there when the order takes effect: for books that are streamed.
    #[default]
    Current,
    /// The next one that is read so long after the order took effect that it cannot be of before: for books that are polled, of which the one that
    /// the decision rests on is history.
    NextRead,
}

impl Default for PaperTerms {
    /// $1,000, and 20 ms: an order write takes the exchange 3 to 8 ms, and each way of the wire about 6 ms from a host nearby.
    ///
    /// Source of the times: field reports from a host in the eastern United States, 2026.
    fn default() -> Self {
        Self { opening_cash: Money::dollars(1_000), latency: Duration::from_millis(20), books: BookTiming::default() }
    }
}
