//! A fair value: a probability with its interval, or the reason why there is none.

use super::VolatilityUnknown;
use crate::market::{Asset, Side};
use crate::units::Probability;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What YES is worth by the model. Never a number that stands for "unknown".
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fair {
    /// The model has an opinion.
    Known {
        /// The probability of YES.
        value: Probability,
        /// The lower end of its 90 % interval.
        low: Probability,
        /// The upper end of its 90 % interval.
        high: Probability,
    },
    /// It has none.
    Unknown(UnknownReason),
}

/// Why the model has no opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum UnknownReason {
    /// No price and no print has been seen.
    #[error("no price of the asset")]
    NoPrice,
    /// The newest price is too old.
    #[error("the price is {age_ms} ms old")]
    StalePrice {
        /// Its age in milliseconds.
        age_ms: i64,
    },
    /// The newest price is dated ahead of the clock.
    #[error("the price is dated {ahead_ms} ms ahead of the clock")]
    PriceFromFuture {
        /// How far, in milliseconds.
        ahead_ms: i64,
    },
    /// It is a stand-in's, and how far it lies from the index is not known.
    #[error("the price is a stand-in's and its basis to the index is not known")]
    NoBasis,
    /// There is no fingerprint to look further ahead than the settlement window.
    #[error("no fingerprint is loaded")]
    NoFingerprint,
    /// The fingerprint is another asset's.
    #[error("the fingerprint is of {0}")]
    OtherFingerprint(Asset),
    /// The fingerprint has fewer than 30 independent samples so far ahead.
    #[error("the fingerprint has too few samples")]
    ThinFingerprint,
    /// There is no volatility.
    #[error("{0}")]
    NoVolatility(VolatilityUnknown),
    /// The close is more than two hours ahead.
    #[error("the close is {minutes} minutes ahead, the model looks 120 ahead")]
    TooFarAhead {
        /// How many minutes.
        minutes: i64,
    },
    /// The prints handed in are of another close.
    #[error("the settlement prints are of another close")]
    OtherWindow,
    /// The market's strike is not known yet, or of a kind that recio does not price.
    #[error("the strike is not known")]
    NoStrike,
    /// No settlement value can pay YES: floor above cap.
    #[error("the strike's floor lies above its cap")]
    EmptyStrike,
    /// A computation gave no number: a defect of the model.
    #[error("the model's result is not a number")]
    NotANumber,
}

impl UnknownReason {
    /// The reason without its numbers, so that the same one counts as the same.
    #[must_use]
    pub fn kind(self) -> String {
        match self {
            Self::StalePrice { .. } => "the price is too old".to_owned(),
            Self::PriceFromFuture { .. } => "the price is dated ahead of the clock".to_owned(),
            Self::NoVolatility(VolatilityUnknown::TooFewReturns { .. }) => {
                "too few half-minute returns for a volatility".to_owned()
            }
            Self::TooFarAhead { .. } => "the close is too far ahead".to_owned(),
            Self::NoPrice
            | Self::NoBasis
            | Self::NoFingerprint
            | Self::OtherFingerprint(_)
            | Self::ThinFingerprint
            | Self::NoVolatility(VolatilityUnknown::NoPrice | VolatilityUnknown::Frozen)
            | Self::OtherWindow
            | Self::NoStrike
            | Self::EmptyStrike
            | Self::NotANumber => self.to_string(),
        }
    }
}

impl Fair {
    /// A fair value from a result and its interval's ends; ends that rounding has put on the wrong side are moved to the value.
    #[must_use]
    pub fn known(value: f64, low: f64, high: f64) -> Self {
        let ends = (Probability::clamped(value), Probability::clamped(low), Probability::clamped(high));
        let (Some(value), Some(low), Some(high)) = ends else { return Self::Unknown(UnknownReason::NotANumber) };
        let low = if low > value { value } else { low };
        let high = if high < value { value } else { high };
        Self::Known { value, low, high }
    }

    /// The outcome is certain.
    #[must_use]
    pub const fn sure(yes: bool) -> Self {
        let value = if yes { Probability::ONE } else { Probability::ZERO };
        Self::Known { value, low: value, high: value }
    }

    /// The probability, if it is known.
    #[must_use]
    pub const fn value(&self) -> Option<Probability> {
        match self {
            Self::Known { value, .. } => Some(*value),
            Self::Unknown(_) => None,
        }
    }

    /// The lower end of the interval, if it is known: what an entry is decided on.
    #[must_use]
    pub const fn low(&self) -> Option<Probability> {
        match self {
            Self::Known { low, .. } => Some(*low),
            Self::Unknown(_) => None,
        }
    }

    /// The upper end of the interval, if it is known.
    #[must_use]
    pub const fn high(&self) -> Option<Probability> {
        match self {
            Self::Known { high, .. } => Some(*high),
            Self::Unknown(_) => None,
        }
    }

    /// Whether the outcome is certain: all 60 index prints are there. Never of stand-ins.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        let ends = (self.low(), self.high());
        ends == (Some(Probability::ONE), Some(Probability::ONE))
            || ends == (Some(Probability::ZERO), Some(Probability::ZERO))
    }

    /// The same for the other outcome.
    #[must_use]
    pub fn complement(self) -> Self {
        match self {
            Self::Known { value, low, high } => {
                Self::Known { value: value.complement(), low: high.complement(), high: low.complement() }
            }
            Self::Unknown(reason) => Self::Unknown(reason),
        }
    }

    /// What a contract of this side is worth.
    #[must_use]
    pub fn of(self, side: Side) -> Self {
        match side {
            Side::Yes => self,
            Side::No => self.complement(),
        }
    }
}

impl fmt::Display for Fair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known { value, low, high } => f.pad(&format!("{value} ({low} to {high})")),
            Self::Unknown(reason) => f.pad(&format!("unknown: {reason}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_interval_or_the_reason() {
        let fair = Fair::known(0.956_78, 0.93, 0.97);
        insta::assert_snapshot!(fair, @"95.68% (93.00% to 97.00%)");
        insta::assert_snapshot!(fair.of(Side::No), @"4.32% (3.00% to 7.00%)");
        let unknown = Fair::Unknown(UnknownReason::StalePrice { age_ms: 6_200 });
        insta::assert_snapshot!(unknown, @"unknown: the price is 6200 ms old");
        insta::assert_snapshot!(unknown.of(Side::No), @"unknown: the price is 6200 ms old");
        for fair in [fair, unknown, Fair::Unknown(UnknownReason::NoVolatility(VolatilityUnknown::Frozen))] {
            let stored = postcard::to_stdvec(&fair).unwrap();
            assert_eq!(postcard::from_bytes::<Fair>(&stored), Ok(fair));
        }
        assert_eq!(Fair::known(f64::NAN, 0.0, 1.0), Fair::Unknown(UnknownReason::NotANumber));
        assert!(Fair::sure(true).is_sure() && Fair::sure(false).is_sure() && !fair.is_sure());
    }
}
