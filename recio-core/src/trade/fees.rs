//! What the exchange charges for a fill, to the last micro-dollar.
//!
//! Source: docs.kalshi.com/getting_started/fee_rounding, state of October 2026; the worked figures below are recorded fills.

use crate::market::FeeType;
use crate::trade::Liquidity;
use crate::units::{DecimalError, Money, Price, Quantity, Scaled};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// 0.07, in ten-thousandths: confirmed by recorded fills.
const TAKER_RATE: i128 = 700;

/// Scales a series' fees: an exact decimal with up to four places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FeeMultiplier(u32);

/// A fee before any rounding, in units of 10⁻¹⁸ dollar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeeExact(i128);

/// The smallest step of a cash balance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeQuantum {
    /// $0.0001, for direct members.
    #[default]
    CentiCent,
    /// $0.01, for accounts cleared through an FCM.
    Cent,
}

/// What fills of one market cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeSchedule {
    /// What a maker pays.
    pub fee_type: FeeType,
    /// Scales the fee.
    pub multiplier: FeeMultiplier,
    /// The account's smallest step.
    pub quantum: FeeQuantum,
}

/// A fee that cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FeeError {
    /// The table of this fee type is not in the exchange's API.
    #[error("fees of type `{0}` are not published, so the cost of a fill is not known")]
    UnsupportedType(String),
}

/// The rounding accumulator of one order: what rounding took beyond the exact fee comes back in whole steps.
///
/// One per order, for its maker and taker fills alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFees {
    accumulated_micros: i64,
}

impl FeeMultiplier {
    /// Times one.
    pub const ONE: Self = Self(10_000);
}

impl FromStr for FeeMultiplier {
    type Err = DecimalError;
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let scaled: Scaled<4> = text.parse()?;
        u32::try_from(scaled.0)
            .ok()
            .filter(|&units| units <= 1_000_000)
            .map(Self)
            .ok_or_else(|| DecimalError::TooLarge(text.chars().take(40).collect()))
    }
}

impl fmt::Display for FeeMultiplier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Scaled::<4>(i128::from(self.0)), f)
    }
}

impl TryFrom<String> for FeeMultiplier {
    type Error = DecimalError;
    fn try_from(text: String) -> Result<Self, DecimalError> {
        text.parse()
    }
}

impl From<FeeMultiplier> for String {
    fn from(multiplier: FeeMultiplier) -> Self {
        multiplier.to_string()
    }
}

/// Fee that the exchange charges a taker before any rounding: 0.07 × multiplier × contracts × price × (1 − price).
///
/// Exact: rate, multiplier and both prices count ten-thousandths, the quantity hundredths. The same for either outcome's price.
#[must_use]
pub fn taker_fee_exact(price: Price, quantity: Quantity, multiplier: FeeMultiplier) -> FeeExact {
    FeeExact(
        TAKER_RATE
            * i128::from(multiplier.0)
            * i128::from(quantity.hundredths())
            * i128::from(price.units())
            * i128::from(price.complement().units()),
    )
}

/// Fee that the exchange charges a maker before any rounding: a share of the taker's, by fee type.
///
/// # Errors
/// A fee type whose table is not published.
pub fn maker_fee_exact(
    price: Price,
    quantity: Quantity,
    multiplier: FeeMultiplier,
    fee_type: &FeeType,
) -> Result<FeeExact, FeeError> {
    let FeeExact(taker) = taker_fee_exact(price, quantity, multiplier);
    match fee_type {
        FeeType::Quadratic => Ok(FeeExact(0)),
        // 700 and both ten-thousands of the complement and price leave the product divisible by 4.
        FeeType::QuadraticWithMakerFees => Ok(FeeExact(taker / 4)),
        FeeType::QuadraticWithComboMakerFees => Ok(FeeExact(taker / 2)),
        FeeType::Unsupported(name) => Err(FeeError::UnsupportedType(name.clone())),
    }
}

impl FeeExact {
    /// The fee in whole micro-dollars, rounded up.
    #[must_use]
    pub fn ceil_to_micros(self) -> Money {
        let micros = self.0.div_euclid(1_000_000_000_000) + i128::from(self.0.rem_euclid(1_000_000_000_000) > 0);
        Money::from_micros_wide(micros).unwrap_or(Money::from_micros(i64::MAX))
    }
}

impl FeeQuantum {
    const fn micros(self) -> i64 {
        match self {
            Self::CentiCent => 100,
            Self::Cent => 10_000,
        }
    }
}

impl FeeSchedule {
    /// What KXBTCD, KXBTC and KXBTC15M charge: `quadratic`, multiplier 1 (production, 2026-09-25).
    #[must_use]
    pub const fn quadratic() -> Self {
        Self { fee_type: FeeType::Quadratic, multiplier: FeeMultiplier::ONE, quantum: FeeQuantum::CentiCent }
    }

    /// The fee of a fill before any rounding.
    ///
    /// # Errors
    /// A fee type whose table is not published.
    pub fn exact(&self, liquidity: Liquidity, price: Price, quantity: Quantity) -> Result<FeeExact, FeeError> {
        match (&self.fee_type, liquidity) {
            (FeeType::Unsupported(name), _) => Err(FeeError::UnsupportedType(name.clone())),
            (_, Liquidity::Taker) => Ok(taker_fee_exact(price, quantity, self.multiplier)),
            (fee_type, Liquidity::Maker) => maker_fee_exact(price, quantity, self.multiplier, fee_type),
        }
    }

    /// What buying this many contracts at this price costs in fees, taken in one fill of a new order.
    ///
    /// # Errors
    /// A fee type whose table is not published.
    pub fn taker_fee(&self, price: Price, quantity: Quantity) -> Result<Money, FeeError> {
        let exact = self.exact(Liquidity::Taker, price, quantity)?;
        Ok(OrderFees::default().charge(exact, -(price * quantity), self.quantum))
    }
}

impl OrderFees {
    /// Books one fill and returns what the exchange charges for it.
    ///
    /// `revenue` is the fill's signed cash flow before the fee: below zero when paying. The balance moves to the next lower step of
    /// `quantum`; what that takes beyond the fee is remembered, and given back once it makes a whole step.
    pub fn charge(&mut self, exact: FeeExact, revenue: Money, quantum: FeeQuantum) -> Money {
        let step = quantum.micros();
        let fee = exact.ceil_to_micros();
        let rounding = (revenue - fee).micros().rem_euclid(step);
        self.accumulated_micros += rounding;
        let charged = fee.micros() + rounding;
        let most = self.accumulated_micros.min(charged);
        let rebate = most - most.rem_euclid(step);
        self.accumulated_micros -= rebate;
        Money::from_micros(charged - rebate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    #[test]
    fn recorded_fees_come_out_exactly() {
        for (count, price, fee) in [
            ("1", "0.52", "0.0175"),
            ("1", "0.99", "0.0007"),
            ("100", "0.50", "1.7500"),
            ("10", "0.56", "0.1725"),
            ("1", "0.50", "0.0175"),
        ] {
            let charged = FeeSchedule::quadratic().taker_fee(price.parse().unwrap(), count.parse().unwrap()).unwrap();
            assert_eq!(charged, fee.parse().unwrap(), "{count} @ {price}");
        }
    }

    #[test]
    fn what_is_not_published_is_not_guessed() {
        let schedule = FeeSchedule { fee_type: FeeType::Unsupported("flat".into()), ..FeeSchedule::quadratic() };
        assert!(schedule.taker_fee(Price::cents(50), Quantity::contracts(1)).is_err());
    }

    proptest! {
        /// Splitting an order into fills costs at most one step more than its exact fee, and never less than it by more than a step.
        #[test]
        fn an_orders_fees_stay_within_a_step_of_exact(
            price in 1_u16..10_000,
            quantities in proptest::collection::vec(1_u64..5_000, 1..40),
        ) {
            let price = Price::from_units(price).unwrap();
            let (mut order, mut charged, mut exact) = (OrderFees::default(), 0_i64, 0_i64);
            for hundredths in quantities {
                let quantity = Quantity::from_hundredths(hundredths).unwrap();
                let fee = taker_fee_exact(price, quantity, FeeMultiplier::ONE);
                let cost = order.charge(fee, -(price * quantity), FeeQuantum::CentiCent);
                prop_assert!(cost >= Money::ZERO);
                prop_assert_eq!((-(price * quantity) - cost).micros().rem_euclid(100), 0);
                charged += cost.micros();
                exact += fee.ceil_to_micros().micros();
            }
            prop_assert!((charged - exact) >= 0 && (charged - exact) <= 200, "{} for {}", charged, exact);
        }
    }
}
