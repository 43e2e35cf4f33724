//! How many contracts: a quantity of an order, and a signed position.

#![deny(clippy::float_arithmetic)]

use super::{DecimalError, decimal::decimal_unit};

/// Contracts in hundredths: Kalshi trades down to 0.01 of a contract. A signed count is a [`Position`].
///
/// At most [`Quantity::MAX`], so that a price times a quantity always fits [`Money`](super::Money).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u64);

/// Contracts held, in hundredths: YES above zero, NO below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(i64);

/// By how much a quantity rises or falls, in hundredths of a contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuantityChange(i64);

/// Why a number is not a quantity or a position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// The text is not a decimal with up to two places.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// Negative, or more than 10¹² contracts.
    #[error("{0} hundredths of a contract are outside what recio handles")]
    OutOfRange(i128),
}

const MAX_HUNDREDTHS: u64 = 100_000_000_000_000;

impl Quantity {
    /// No contract.
    pub const ZERO: Self = Self(0);
    /// 10¹² contracts.
    pub const MAX: Self = Self(MAX_HUNDREDTHS);

    /// Makes a quantity from hundredths of a contract.
    ///
    /// # Errors
    /// More than [`Quantity::MAX`].
    pub const fn from_hundredths(hundredths: u64) -> Result<Self, QuantityError> {
        if hundredths > MAX_HUNDREDTHS {
            Err(QuantityError::OutOfRange(hundredths as i128))
        } else {
            Ok(Self(hundredths))
        }
    }

    /// Whole contracts.
    #[must_use]
    pub const fn contracts(contracts: u32) -> Self {
        Self(contracts as u64 * 100)
    }

    pub(crate) fn from_scaled(hundredths: i128) -> Result<Self, QuantityError> {
        u64::try_from(hundredths).map_err(|_| QuantityError::OutOfRange(hundredths)).and_then(Self::from_hundredths)
    }

    /// Hundredths of a contract.
    #[must_use]
    pub const fn hundredths(self) -> u64 {
        self.0
    }

    /// Whether this is no contract at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or `None` beyond [`Quantity::MAX`].
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::from_hundredths(self.0 + other.0).ok()
    }

    /// The difference, or `None` below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The difference, or nothing where `other` is larger.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum, at most [`Quantity::MAX`].
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self((self.0 + other.0).min(MAX_HUNDREDTHS))
    }
}

impl Position {
    /// Nothing held.
    pub const FLAT: Self = Self(0);

    /// Makes a position from signed hundredths of a contract.
    ///
    /// # Errors
    /// Beyond [`Quantity::MAX`] on either side.
    pub const fn from_hundredths(hundredths: i64) -> Result<Self, QuantityError> {
        if hundredths.unsigned_abs() > MAX_HUNDREDTHS {
            Err(QuantityError::OutOfRange(hundredths as i128))
        } else {
            Ok(Self(hundredths))
        }
    }

    pub(crate) fn from_scaled(hundredths: i128) -> Result<Self, QuantityError> {
        i64::try_from(hundredths).map_err(|_| QuantityError::OutOfRange(hundredths)).and_then(Self::from_hundredths)
    }

    /// So many YES contracts.
    #[must_use]
    pub const fn yes(quantity: Quantity) -> Self {
        Self(quantity.0.cast_signed())
    }

    /// So many NO contracts.
    #[must_use]
    pub const fn no(quantity: Quantity) -> Self {
        Self(-quantity.0.cast_signed())
    }

    /// Signed hundredths of a contract.
    #[must_use]
    pub const fn hundredths(self) -> i64 {
        self.0
    }

    /// How many contracts are held, whichever outcome.
    #[must_use]
    pub const fn size(self) -> Quantity {
        Quantity(self.0.unsigned_abs())
    }

    /// YES contracts held; zero for a NO position.
    #[must_use]
    pub fn yes_size(self) -> Quantity {
        Quantity(self.0.max(0).unsigned_abs())
    }

    /// NO contracts held; zero for a YES position.
    #[must_use]
    pub fn no_size(self) -> Quantity {
        Quantity(self.0.min(0).unsigned_abs())
    }

    /// Whether nothing is held.
    #[must_use]
    pub const fn is_flat(self) -> bool {
        self.0 == 0
    }

    /// The sum of two positions, or `None` beyond what recio handles.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::from_hundredths(self.0 + other.0).ok()
    }
}

impl QuantityChange {
    /// Makes a change from signed hundredths of a contract.
    ///
    /// # Errors
    /// Beyond [`Quantity::MAX`] either way.
    pub const fn from_hundredths(hundredths: i64) -> Result<Self, QuantityError> {
        if hundredths.unsigned_abs() > MAX_HUNDREDTHS {
            Err(QuantityError::OutOfRange(hundredths as i128))
        } else {
            Ok(Self(hundredths))
        }
    }

    pub(crate) fn from_scaled(hundredths: i128) -> Result<Self, QuantityError> {
        i64::try_from(hundredths).map_err(|_| QuantityError::OutOfRange(hundredths)).and_then(Self::from_hundredths)
    }

    /// The change that leads from one quantity to another.
    #[must_use]
    pub const fn between(before: Quantity, after: Quantity) -> Self {
        Self(after.0.cast_signed() - before.0.cast_signed())
    }

    /// Signed hundredths of a contract.
    #[must_use]
    pub const fn hundredths(self) -> i64 {
        self.0
    }

    /// The quantity after the change; `None` below zero and beyond [`Quantity::MAX`].
    #[must_use]
    pub fn applied_to(self, before: Quantity) -> Option<Quantity> {
        before.0.checked_add_signed(self.0).and_then(|after| Quantity::from_hundredths(after).ok())
    }
}

decimal_unit!(Quantity, 2, u64, QuantityError);
decimal_unit!(Position, 2, i64, QuantityError);
decimal_unit!(QuantityChange, 2, i64, QuantityError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_are_the_smallest_part() {
        assert_eq!("10.05".parse(), Ok(Quantity(1_005)));
        assert_eq!(Quantity(1_005).to_string(), "10.05");
        assert_eq!("-3.00".parse(), Ok(Position(-300)));
        assert_eq!(Position(-5).to_string(), "-0.05");
        for bad in ["-1", "0.001", "1000000000001", "x"] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_position_is_yes_or_no() {
        let held = Position::no(Quantity::contracts(3));
        assert_eq!((held.yes_size(), held.no_size()), (Quantity::ZERO, Quantity::contracts(3)));
    }
}
