//! The price of the asset that a market is about.

use super::{DecimalError, decimal::decimal_unit};

/// Dollars for one unit of the asset (one bitcoin), in cents: index prints, strikes and settlement values are whole cents.
///
/// Never money: what we pay or receive is [`Money`](super::Money).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetPrice(u64);

/// Ten billion dollars: far above any asset, far below what an f64 holds exactly.
const MAX_CENTS: u64 = 1_000_000_000_000;

impl AssetPrice {
    /// Makes a price from cents.
    ///
    /// # Errors
    /// Zero, or above ten billion dollars: both are broken data, never a price.
    pub fn from_cents(cents: u64) -> Result<Self, DecimalError> {
        Self::from_scaled(i128::from(cents))
    }

    pub(crate) fn from_scaled(cents: i128) -> Result<Self, DecimalError> {
        match u64::try_from(cents) {
            Ok(cents @ 1..=MAX_CENTS) => Ok(Self(cents)),
            Ok(_) | Err(_) => Err(DecimalError::TooLarge(format!("{cents} cents (a price is above $0, up to $10^10)"))),
        }
    }

    /// Cents.
    #[must_use]
    pub const fn cents(self) -> u64 {
        self.0
    }

    /// Dollars as the model's float; exact to the cent.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most 10^12, which an f64 holds exactly")]
    pub const fn as_f64(self) -> f64 {
        self.0 as f64 / 100.0
    }

    /// Reads a venue's trade price, rounding what lies beyond cents half up.
    ///
    /// # Errors
    /// Not a decimal with up to eight places, zero, or too large.
    pub fn parse_rounded(text: &str) -> Result<Self, DecimalError> {
        let fine: super::Scaled<8> = text.parse()?;
        Self::from_scaled((fine.0 + 500_000).div_euclid(1_000_000))
    }
}

decimal_unit!(AssetPrice, 2, u64, DecimalError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_above_zero() {
        assert_eq!("80193.52".parse(), Ok(AssetPrice(8_019_352)));
        assert_eq!("91204.11000000".parse(), Ok(AssetPrice(9_120_411)));
        assert_eq!(AssetPrice::parse_rounded("80193.525"), Ok(AssetPrice(8_019_353)));
        for bad in ["0", "0.00", "-1", "1e5", "NaN", "99999999999999"] {
            assert!(bad.parse::<AssetPrice>().is_err(), "{bad}");
        }
    }
}
