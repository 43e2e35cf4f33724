//! A model's probability: the one float that may become a price.

use super::Price;
use std::fmt;

/// A probability: finite, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(f64);

/// Not a probability: not finite, below 0 or above 1.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{0} is not a probability between 0 and 1")]
pub struct NotAProbability(pub f64);

/// Which way a probability becomes a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the price at or below: what one may pay.
    Down,
    /// To the price at or above: what one may ask.
    Up,
}

impl Probability {
    /// Impossible.
    pub const ZERO: Self = Self(0.0);
    /// Sure.
    pub const ONE: Self = Self(1.0);

    /// Makes a probability.
    ///
    /// # Errors
    /// Not finite, below 0 or above 1.
    pub fn new(value: f64) -> Result<Self, NotAProbability> {
        if (0.0..=1.0).contains(&value) { Ok(Self(value + 0.0)) } else { Err(NotAProbability(value)) }
    }

    /// Makes a probability from a result that rounding errors may have moved just outside 0 to 1; `None` if it is not a number.
    #[must_use]
    pub fn clamped(value: f64) -> Option<Self> {
        (!value.is_nan()).then(|| Self(value.clamp(0.0, 1.0) + 0.0))
    }

    /// The value, from 0 to 1.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// In percent, as people and REC.IO v2's settings have it.
    #[must_use]
    pub fn percent(self) -> f64 {
        self.0 * 100.0
    }

    /// The probability that it does not happen.
    #[must_use]
    pub fn complement(self) -> Self {
        Self(1.0 - self.0)
    }

    /// The price of a contract with this chance: the only way from a model's float to money.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 10,000 after the clamp of the type"
    )]
    pub fn to_price(self, rounding: Rounding) -> Price {
        let units = self.0 * f64::from(Price::ONE.units());
        let whole = match rounding {
            Rounding::Down => libm::floor(units),
            Rounding::Up => libm::ceil(units),
        };
        Price::from_units(whole as u16).unwrap_or(Price::ONE)
    }
}

impl TryFrom<f64> for Probability {
    type Error = NotAProbability;
    fn try_from(value: f64) -> Result<Self, NotAProbability> {
        Self::new(value)
    }
}

impl From<Probability> for f64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

impl fmt::Display for Probability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:.2}%", self.percent()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_between_zero_and_one() {
        for bad in [f64::NAN, -0.01, 1.01, f64::INFINITY] {
            assert!(Probability::new(bad).is_err(), "{bad}");
        }
        let p = Probability::new(0.956_78).unwrap();
        assert_eq!(p.to_price(Rounding::Down).to_string(), "0.9567");
        assert_eq!(p.to_price(Rounding::Up).to_string(), "0.9568");
        assert_eq!(p.to_string(), "95.68%");
    }
}
