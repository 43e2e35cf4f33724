//! Amounts of dollars.

#![deny(clippy::float_arithmetic)]

use super::{DecimalError, decimal::decimal_unit};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// An amount of dollars in millionths: exact for every price times quantity and for every fee.
///
/// Between ± $9.2 × 10¹². The operators panic where the sum leaves that range, as no account can: an overflow is a bug, and a wrapped
/// balance would be worse. Use the `checked_` methods on foreign numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

/// An amount that does not fit [`Money`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyOverflow {
    /// The text is not a decimal with up to six places.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// More than ± $9.2 × 10¹².
    #[error("{0} micro-dollars are outside what recio handles")]
    OutOfRange(i128),
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Makes an amount from millionths of a dollar.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Makes an amount from an intermediate result.
    ///
    /// # Errors
    /// Does not fit.
    pub fn from_micros_wide(micros: i128) -> Result<Self, MoneyOverflow> {
        i64::try_from(micros).map(Self).map_err(|_| MoneyOverflow::OutOfRange(micros))
    }

    /// Whole dollars.
    #[must_use]
    pub const fn dollars(dollars: i32) -> Self {
        Self(dollars as i64 * 1_000_000)
    }

    pub(crate) fn from_scaled(micros: i128) -> Result<Self, MoneyOverflow> {
        Self::from_micros_wide(micros)
    }

    /// Millionths of a dollar.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whether this is exactly nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` where it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` where it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect("no account holds more than 9.2 trillion dollars")
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.checked_sub(other).expect("no account owes more than 9.2 trillion dollars")
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

decimal_unit!(Money, 6, i64, MoneyOverflow);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_decimals() {
        assert_eq!("-0.017500".parse(), Ok(Money(-17_500)));
        assert_eq!(Money(-17_500).to_string(), "-0.017500");
        assert_eq!("9801".parse(), Ok(Money::dollars(9_801)));
        assert!("0.0000001".parse::<Money>().is_err());
        assert!("99999999999999".parse::<Money>().is_err());
        assert_eq!(Money(i64::MAX).checked_add(Money(1)), None);
    }
}
