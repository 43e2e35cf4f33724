//! The price of one contract.

#![deny(clippy::float_arithmetic)]

use super::{DecimalError, Money, Quantity, decimal::decimal_unit};
use std::ops::Mul;

/// Price of one contract in units of $0.0001, from $0 to $1.
///
/// The text form has four decimals (`"0.5600"`); up to four are read. Source: docs.kalshi.com/getting_started/fixed_point_migration;
/// read 2026-11-22.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(u16);

/// Why a number is not a price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// The text is not a decimal with up to four places.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// A contract costs between $0 and $1.
    #[error("a price lies between $0 and $1, this one is {0} ten-thousandths of a dollar")]
    OutOfRange(i128),
}

impl Price {
    /// Nothing: the price of a contract that cannot pay.
    pub const ZERO: Self = Self(0);
    /// One dollar: the price of a contract that is sure to pay.
    pub const ONE: Self = Self(10_000);

    /// Makes a price from ten-thousandths of a dollar.
    ///
    /// # Errors
    /// More than 10,000 units.
    pub const fn from_units(units: u16) -> Result<Self, PriceError> {
        if units > Self::ONE.0 { Err(PriceError::OutOfRange(units as i128)) } else { Ok(Self(units)) }
    }

    /// The price in whole cents, for literals in examples and tests.
    ///
    /// # Panics
    /// More than 100 cents.
    #[must_use]
    pub const fn cents(cents: u16) -> Self {
        assert!(cents <= 100, "a price lies between 0 and 100 cents");
        Self(cents * 100)
    }

    pub(crate) fn from_scaled(units: i128) -> Result<Self, PriceError> {
        u16::try_from(units).map_err(|_| PriceError::OutOfRange(units)).and_then(Self::from_units)
    }

    /// Ten-thousandths of a dollar.
    #[must_use]
    pub const fn units(self) -> u16 {
        self.0
    }

    /// The price of the other outcome: one dollar less this.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(Self::ONE.0 - self.0)
    }

    /// The price `units` ten-thousandths higher, or `None` above one dollar.
    #[must_use]
    pub fn checked_add_units(self, units: u16) -> Option<Self> {
        self.0.checked_add(units).filter(|&sum| sum <= Self::ONE.0).map(Self)
    }

    /// The price `units` ten-thousandths lower, or `None` below zero.
    #[must_use]
    pub fn checked_sub_units(self, units: u16) -> Option<Self> {
        self.0.checked_sub(units).map(Self)
    }

    /// How far two prices lie apart, in ten-thousandths of a dollar.
    #[must_use]
    pub const fn distance_units(self, other: Self) -> u16 {
        self.0.abs_diff(other.0)
    }
}

impl Mul<Quantity> for Price {
    type Output = Money;

    // $0.0001 × 0.01 contract = $0.000001: exact. At most 10⁴ × 10¹⁴ = 10¹⁸, which an i64 holds.
    fn mul(self, quantity: Quantity) -> Money {
        Money::from_micros(i64::from(self.0) * quantity.hundredths().cast_signed())
    }
}

decimal_unit!(Price, 4, u16, PriceError);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    #[test]
    fn a_price_lies_between_zero_and_one_dollar() {
        assert_eq!("0.56".parse(), Ok(Price(5_600)));
        assert_eq!("1.0000".parse(), Ok(Price::ONE));
        assert_eq!(Price(5_600).to_string(), "0.5600");
        for bad in ["1.0001", "-0.01", "0.00001", "", "nan", "56"] {
            assert!(bad.parse::<Price>().is_err(), "{bad}");
        }
    }

    #[test]
    fn price_times_the_largest_quantity_fits() {
        assert_eq!((Price::ONE * Quantity::MAX).micros(), 1_000_000_000_000_000_000);
    }

    proptest! {
        #[test]
        fn both_outcomes_cost_a_dollar(units in 0_u16..=10_000, hundredths in 0_u64..1_000_000) {
            let (price, quantity) = (Price(units), Quantity::from_hundredths(hundredths).unwrap());
            prop_assert_eq!(price * quantity + price.complement() * quantity, Price::ONE * quantity);
        }

        #[test]
        fn text_and_serde_round_trip(units in 0_u16..=10_000) {
            let price = Price(units);
            prop_assert_eq!(price.to_string().parse(), Ok(price));
            let json = serde_json::to_string(&price).unwrap();
            prop_assert_eq!(serde_json::from_str::<Price>(&json).unwrap(), price);
            let bytes = postcard::to_stdvec(&price).unwrap();
            prop_assert_eq!(postcard::from_bytes::<Price>(&bytes).unwrap(), price);
        }
    }
}
