//! The states of a market and the events that move it.

use super::{Market, MarketResult, PriceGrid, StrikeTerms};
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a market is in its life. Opening and closing happen silently at their times; the rest is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketStatus {
    /// Before its open time.
    Initialized,
    /// Halted: no orders; on reactivation all resting orders are canceled.
    Inactive,
    /// Trading.
    Active,
    /// After its close time: neither orders nor cancels.
    Closed,
    /// The outcome is known and not yet paid.
    Determined,
    /// The outcome is being disputed.
    Disputed,
    /// The outcome was changed.
    Amended,
    /// Paid; the end.
    Finalized,
}

impl MarketStatus {
    /// Whether orders are accepted, as far as the status tells.
    #[must_use]
    pub const fn is_trading(self) -> bool {
        matches!(self, Self::Active)
    }
}

/// What the exchange announces about a market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleEvent {
    /// It exists. Its body is read over REST (which may not know it for a moment).
    Created,
    /// Trading resumed.
    Activated,
    /// Trading was halted.
    Deactivated,
    /// It closes at another time.
    CloseDateUpdated {
        /// The time it closes at.
        close_time: Timestamp,
    },
    /// Its strike became known, or was corrected.
    StrikeUpdated {
        /// The strike.
        strike: StrikeTerms,
    },
    /// Its price grid changed.
    GridUpdated {
        /// The grid.
        grid: PriceGrid,
    },
    /// Its outcome is known.
    Determined {
        /// The outcome.
        result: MarketResult,
        /// When.
        determined_time: Timestamp,
    },
    /// It was paid. May be announced more than once.
    Settled {
        /// When.
        settled_time: Timestamp,
    },
}

impl LifecycleEvent {
    /// Changes what is known of a market to what was announced. [`Created`](Self::Created) changes nothing: the market has to be listed.
    pub fn apply(&self, market: &mut Market) {
        match self {
            Self::Created => {}
            Self::Activated => market.status = MarketStatus::Active,
            Self::Deactivated => market.status = MarketStatus::Inactive,
            Self::CloseDateUpdated { close_time } => market.close_time = *close_time,
            Self::StrikeUpdated { strike } => market.strike = strike.clone(),
            Self::GridUpdated { grid } => market.grid = grid.clone(),
            Self::Determined { result, .. } => {
                market.status = MarketStatus::Determined;
                market.result = Some(*result);
            }
            Self::Settled { .. } => market.status = MarketStatus::Finalized,
        }
    }
}
