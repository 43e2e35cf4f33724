//! A market and the series it belongs to, as the exchange describes them.

use super::{MarketStatus, PriceGrid, Strike};
use crate::trade::FeeMultiplier;
use crate::units::{AssetPrice, EventTicker, MarketTicker, Price, SeriesTicker, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One strike of an event: what is bought and sold.
///
/// Its identity is series, close time and strike; the ticker is a name that is checked against them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// The exchange's name for it.
    pub ticker: MarketTicker,
    /// The event it is a strike of.
    pub event: EventTicker,
    /// The series the event belongs to.
    pub series: SeriesTicker,
    /// Which settlement values pay YES.
    pub strike: StrikeTerms,
    /// When trading begins.
    pub open_time: Timestamp,
    /// When trading ends, and the settlement window with it. The one time that anything is computed from.
    pub close_time: Timestamp,
    /// Where it is in its life.
    pub status: MarketStatus,
    /// The prices at which orders may lie.
    pub grid: PriceGrid,
    /// The exchange's shard that it trades on; 2 for crypto.
    pub exchange_index: u16,
    /// How long after determination it is paid.
    pub settlement_timer: Duration,
    /// The outcome, from determination on.
    pub result: Option<MarketResult>,
    /// The index value that decided it, from determination on.
    pub expiration_value: Option<AssetPrice>,
}

/// What is known of a market's strike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrikeTerms {
    /// Known.
    Known(Strike),
    /// Comes later: a 15-minute market's strike is the value that settles the quarter before it.
    ToBeAnnounced,
    /// Of a type that recio does not price (`functional`, `custom`, `structured`, or one it has not heard of).
    Unsupported(String),
}

impl StrikeTerms {
    /// The strike, where it is known and supported.
    #[must_use]
    pub const fn known(&self) -> Option<Strike> {
        match self {
            Self::Known(strike) => Some(*strike),
            Self::ToBeAnnounced | Self::Unsupported(_) => None,
        }
    }
}

/// How a market ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketResult {
    /// YES pays $1.
    Yes,
    /// NO pays $1.
    No,
    /// YES pays this much, NO the rest of the dollar.
    Scalar(Price),
}

impl MarketResult {
    /// What one YES contract pays.
    #[must_use]
    pub const fn yes_payout(self) -> Price {
        match self {
            Self::Yes => Price::ONE,
            Self::No => Price::ZERO,
            Self::Scalar(value) => value,
        }
    }
}

/// A family of events with one fee schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its name, such as `KXBTCD`.
    pub ticker: SeriesTicker,
    /// What a maker pays.
    pub fee_type: FeeType,
    /// Scales the fee.
    pub fee_multiplier: FeeMultiplier,
}

/// The exchange's `fee_type` of a series.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeType {
    /// Makers pay nothing.
    Quadratic,
    /// Makers pay a quarter of the taker's fee.
    QuadraticWithMakerFees,
    /// Makers pay half of the taker's fee.
    QuadraticWithComboMakerFees,
    /// Any other: its table is not in the API, so its fee is not known and it is not traded.
    Unsupported(String),
}
