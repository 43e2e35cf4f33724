//! What is held in one market: contracts, what they cost, and what came of those given back.

use super::{Fill, Settlement};
use crate::market::MarketResult;
use crate::units::{MarketTicker, Money, Position, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

/// Our position in one market with its cost, built from fills and the settlement.
///
/// Average cost, kept as the exact total. When part of a position is closed, its share of the cost is
/// `cost × closed ÷ held`, rounded down to the micro-dollar; what rounding leaves stays with the rest, and closing the last contract takes
/// all that is left. So a flat position costs exactly nothing, and over a market's life realized pnl is exactly what came in less what
/// went out. Fees are kept apart: they are in neither cost nor realized pnl.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    position: Position,
    cost: Money,
    realized: Money,
    fees: Money,
}

/// What a fill or a settlement did to a holding. Cash changes by `proceeds − cost − fee`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldingChange {
    /// Contracts given back.
    pub closed: Quantity,
    /// Contracts taken on.
    pub opened: Quantity,
    /// What came in for those given back.
    pub proceeds: Money,
    /// What went out for those taken on.
    pub cost: Money,
    /// What those given back had cost.
    pub released: Money,
    /// `proceeds − released`.
    pub realized: Money,
    /// What the exchange charged.
    pub fee: Money,
}

/// A number beyond what recio handles; the holding is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("market {market}: position, cost or fees would be larger than recio handles; the fill cannot be right")]
pub struct HoldingTooLarge {
    /// The market.
    pub market: MarketTicker,
}

/// A position as the exchange reports it.
///
/// Source: `market_positions` of docs.kalshi.com/api-reference/portfolio/get-positions, and a recording of 2026.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionReport {
    /// The market.
    pub market: MarketTicker,
    /// Contracts held: YES above zero, NO below.
    pub position: Position,
    /// What the open position cost, without fees.
    pub exposure: Money,
    /// What fees the market's fills cost in all, those of closed contracts too.
    pub fees_paid: Money,
    /// When the exchange last changed it, where it says.
    pub updated_time: Option<Timestamp>,
}

/// Ours and the exchange's count of one market differ: a fill is missing on one side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "market {market}: the exchange reports {reported} contracts and {reported_fees} of fees, our fills make {held} and {held_fees}; read the market's fills"
)]
pub struct PositionMismatch {
    /// The market.
    pub market: MarketTicker,
    /// The exchange's position.
    pub reported: Position,
    /// The exchange's sum of fees.
    pub reported_fees: Money,
    /// Our position.
    pub held: Position,
    /// Our sum of fees.
    pub held_fees: Money,
}

impl Holding {
    /// Nothing held, nothing paid.
    pub const FLAT: Self =
        Self { position: Position::FLAT, cost: Money::ZERO, realized: Money::ZERO, fees: Money::ZERO };

    /// Contracts held.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// What the held contracts cost, without fees: the most that they can lose.
    #[must_use]
    pub const fn cost(&self) -> Money {
        self.cost
    }

    /// What came of contracts given back or settled, without fees.
    #[must_use]
    pub const fn realized(&self) -> Money {
        self.realized
    }

    /// What the exchange charged, in all.
    #[must_use]
    pub const fn fees(&self) -> Money {
        self.fees
    }

    /// Applies a fill: it closes what is held of the other outcome, and opens with the rest. Fills of other markets must not come here.
    ///
    /// # Errors
    /// A number beyond what recio handles. The holding is then as it was.
    pub fn fill(&mut self, fill: &Fill) -> Result<HoldingChange, HoldingTooLarge> {
        self.try_fill(fill).ok_or_else(|| HoldingTooLarge { market: fill.market.clone() })
    }

    fn try_fill(&mut self, fill: &Fill) -> Option<HoldingChange> {
        let flow = fill.net(self.position)?;
        let released = self.share_of_cost(flow.closed)?;
        let realized = flow.proceeds.checked_sub(released)?;
        let next = Self {
            position: flow.position,
            cost: self.cost.checked_sub(released)?.checked_add(flow.cost)?,
            realized: self.realized.checked_add(realized)?,
            fees: self.fees.checked_add(fill.fee)?,
        };
        *self = next;
        let (closed, opened) = (flow.closed, flow.opened);
        Some(HoldingChange {
            closed,
            opened,
            proceeds: flow.proceeds,
            cost: flow.cost,
            released,
            realized,
            fee: fill.fee,
        })
    }

    /// Ends the position at the market's outcome: pays it out and leaves nothing.
    ///
    /// # Errors
    /// A number beyond what recio handles. The holding is then as it was.
    pub fn settle(&mut self, market: &MarketTicker, result: MarketResult) -> Result<HoldingChange, HoldingTooLarge> {
        self.settle_for(Settlement::payout(result, self.position))
            .ok_or_else(|| HoldingTooLarge { market: market.clone() })
    }

    /// Ends the position for what was paid; `None` beyond what recio handles.
    pub(super) fn settle_for(&mut self, proceeds: Money) -> Option<HoldingChange> {
        let realized = proceeds.checked_sub(self.cost)?;
        let change = HoldingChange {
            closed: self.position.size(),
            proceeds,
            released: self.cost,
            realized,
            ..HoldingChange::default()
        };
        let total = self.realized.checked_add(realized)?;
        *self = Self { position: Position::FLAT, cost: Money::ZERO, realized: total, fees: self.fees };
        Some(change)
    }

    /// The part of the cost that belongs to `closed` of the held contracts.
    fn share_of_cost(&self, closed: Quantity) -> Option<Money> {
        let held = self.position.size();
        if closed == held {
            return Some(self.cost);
        }
        let share = i128::from(self.cost.micros()) * i128::from(closed.hundredths()) / i128::from(held.hundredths());
        Money::from_micros_wide(share).ok()
    }
}

impl PositionReport {
    /// Checks the exchange's report against what our fills make: position and fees, both exactly.
    ///
    /// Cost is not compared: how the exchange rounds the cost of partly closed positions is not published.
    ///
    /// # Errors
    /// They differ: a fill is missing here or there, or the report is behind.
    pub fn check(&self, held: &Holding) -> Result<(), PositionMismatch> {
        if self.position == held.position && self.fees_paid == held.fees {
            return Ok(());
        }
        Err(PositionMismatch {
            market: self.market.clone(),
            reported: self.position,
            reported_fees: self.fees_paid,
            held: held.position,
            held_fees: held.fees,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::BookSide;
    use crate::trade::Liquidity;
    use crate::units::Price;
    use proptest::collection::vec;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    fn fill(book_side: BookSide, yes_price: Price, quantity: Quantity, fee: Money) -> Fill {
        Fill {
            id: "f".parse().unwrap(),
            order: "o".parse().unwrap(),
            client_order_id: None,
            market: "M".parse().unwrap(),
            book_side,
            yes_price,
            quantity,
            fee,
            liquidity: Liquidity::Taker,
            exchange_time: Timestamp::UNIX_EPOCH,
        }
    }

    fn bid(price: &str, quantity: &str) -> Fill {
        fill(BookSide::Bid, price.parse().unwrap(), quantity.parse().unwrap(), Money::from_micros(100))
    }

    fn ask(price: &str, quantity: &str) -> Fill {
        fill(BookSide::Ask, price.parse().unwrap(), quantity.parse().unwrap(), Money::ZERO)
    }

    fn usd(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn a_third_of_the_cost_goes_with_a_third_of_the_contracts() {
        let mut holding = Holding::FLAT;
        holding.fill(&bid("0.3333", "0.01")).unwrap();
        holding.fill(&bid("0.5000", "0.02")).unwrap();
        assert_eq!(holding.cost(), usd("0.013333"));
        // 13,333 ÷ 3 = 4,444.3: down to 4,444; the last one takes the micro-dollar that is left over.
        let releases: Vec<Money> = (0..3).map(|_| holding.fill(&ask("0.6", "0.01")).unwrap().released).collect();
        assert_eq!(releases, [usd("0.004444"), usd("0.004444"), usd("0.004445")]);
        assert_eq!((holding.position(), holding.cost()), (Position::FLAT, Money::ZERO));
        assert_eq!((holding.realized(), holding.fees()), (usd("0.018") - usd("0.013333"), usd("0.0002")));
    }

    #[test]
    fn a_fill_through_flat_ends_one_cost_and_starts_another() {
        let mut holding = Holding::FLAT;
        holding.fill(&bid("0.40", "2")).unwrap();
        let change = holding.fill(&ask("0.70", "5")).unwrap();
        assert_eq!((change.released, change.realized, change.cost), (usd("0.8"), usd("0.6"), usd("0.9")));
        assert_eq!((holding.position(), holding.cost()), ("-3".parse().unwrap(), usd("0.9")));
        let paid = holding.settle(&"M".parse().unwrap(), MarketResult::No).unwrap();
        assert_eq!((paid.proceeds, paid.realized, holding.realized()), (usd("3"), usd("2.1"), usd("2.7")));
        assert_eq!((holding.position(), holding.cost()), (Position::FLAT, Money::ZERO));
    }

    #[test]
    fn too_much_is_refused_and_changes_nothing() {
        let mut holding = Holding::FLAT;
        holding.fill(&fill(BookSide::Bid, Price::cents(1), Quantity::MAX, Money::from_micros(1))).unwrap();
        let before = holding.clone();
        assert!(holding.fill(&bid("0.01", "0.01")).is_err(), "position");
        let fee = Money::from_micros(i64::MAX);
        assert!(holding.fill(&fill(BookSide::Ask, Price::ONE, Quantity::MAX, fee)).is_err(), "fees");
        assert_eq!(holding, before);
    }

    #[test]
    fn the_exchanges_report_is_checked() {
        let mut holding = Holding::FLAT;
        for _ in 0..3 {
            holding.fill(&bid("0.5", "1")).unwrap();
        }
        let report = PositionReport {
            market: "M".parse().unwrap(),
            position: "3.00".parse().unwrap(),
            exposure: usd("1.5"),
            fees_paid: usd("0.0003"),
            updated_time: None,
        };
        assert_eq!(report.check(&holding), Ok(()));
        let other = PositionReport { position: "2.00".parse().unwrap(), ..report };
        insta::assert_snapshot!(other.check(&holding).unwrap_err().to_string(), @"market M: the exchange reports 2.00 contracts and 0.000300 of fees, our fills make 3.00 and 0.000300; read the market's fills");
    }

    proptest! {
        #[test]
        fn realized_is_what_came_in_less_what_went_out(
            fills in vec((proptest::bool::ANY, 1_u16..10_000, 1_u64..1_000), 1..40), yes in proptest::bool::ANY,
        ) {
            let (mut holding, mut cash, mut signed) = (Holding::FLAT, Money::ZERO, 0_i64);
            for (bid, price, quantity) in fills {
                let side = if bid { BookSide::Bid } else { BookSide::Ask };
                let price = Price::from_units(price).unwrap();
                let quantity = Quantity::from_hundredths(quantity).unwrap();
                let change = holding.fill(&fill(side, price, quantity, Money::ZERO)).unwrap();
                cash += change.proceeds - change.cost;
                signed += if bid { 1 } else { -1 } * quantity.hundredths().cast_signed();
                prop_assert_eq!(holding.position().hundredths(), signed);
                prop_assert!(holding.cost() >= Money::ZERO && holding.cost() <= Price::ONE * holding.position().size());
                prop_assert!(!holding.position().is_flat() || holding.cost().is_zero());
                prop_assert_eq!(holding.realized() - holding.cost(), cash);
            }
            let result = if yes { MarketResult::Yes } else { MarketResult::No };
            cash += holding.settle(&"M".parse().unwrap(), result).unwrap().proceeds;
            prop_assert_eq!(holding.realized(), cash);
        }
    }
}
