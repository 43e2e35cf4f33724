//! The payout of a market.

use crate::market::MarketResult;
use crate::units::{EventTicker, MarketTicker, Money, Position, Timestamp};
use serde::{Deserialize, Serialize};

/// What the exchange paid when a market ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The market.
    pub market: MarketTicker,
    /// Its event.
    pub event: EventTicker,
    /// The outcome.
    pub result: MarketResult,
    /// What was paid into cash.
    pub revenue: Money,
    /// When it was paid.
    pub settled_time: Timestamp,
}

impl Settlement {
    /// What a position is worth when the market ends like this. There is no fee on it.
    #[must_use]
    pub fn payout(result: MarketResult, held: Position) -> Money {
        let yes = result.yes_payout();
        yes * held.yes_size() + yes.complement() * held.no_size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_winning_side_gets_a_dollar_a_contract() {
        let held: Position = "-3.50".parse().unwrap();
        assert_eq!(Settlement::payout(MarketResult::No, held), "3.5".parse().unwrap());
        assert_eq!(Settlement::payout(MarketResult::Yes, held), Money::ZERO);
        assert_eq!(Settlement::payout(MarketResult::Scalar("0.25".parse().unwrap()), held), "2.625".parse().unwrap());
    }
}
