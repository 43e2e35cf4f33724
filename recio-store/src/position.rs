//! What fills and settlements leave of one market: the one fold behind every store's positions.

use recio_core::store::PositionRow;
use recio_core::trade::Fill;
use recio_core::units::{MarketTicker, Money, Position};

/// One account's state in one market after some facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PositionState {
    /// Contracts: YES above zero, NO below.
    pub position: Position,
    /// What the held contracts cost, before fees. Closing a part takes its share of the cost away, rounded down to a micro-dollar.
    pub cost: Money,
    /// Fees of all fills in the market, whatever became of the contracts.
    pub fees: Money,
    /// Whether the market was paid. From then on nothing is held, also where a fill from before is learned of only afterwards.
    pub settled: bool,
}

impl PositionState {
    /// The state after one more fill, netted by [`Fill::net`]; `None` where position, cost or fees would leave what recio handles.
    #[must_use]
    pub fn fill(self, fill: &Fill) -> Option<Self> {
        let fees = self.fees.checked_add(fill.fee)?;
        if self.settled {
            return Some(Self { fees, ..self });
        }
        let flow = fill.net(self.position)?;
        let held = i128::from(self.position.size().hundredths());
        let released = match held {
            0 => Money::ZERO,
            held => {
                let closed = i128::from(flow.closed.hundredths());
                Money::from_micros_wide(i128::from(self.cost.micros()) * closed / held).ok()?
            }
        };
        let cost = self.cost.checked_sub(released)?.checked_add(flow.cost)?;
        Some(Self { position: flow.position, cost, fees, settled: false })
    }

    /// The state after the market was paid.
    #[must_use]
    pub fn settle(self) -> Self {
        Self { position: Position::FLAT, cost: Money::ZERO, fees: self.fees, settled: true }
    }

    /// The row to show; `None` where nothing is held.
    #[must_use]
    pub fn row(self, market: MarketTicker) -> Option<PositionRow> {
        (!self.position.is_flat()).then_some(PositionRow {
            market,
            position: self.position,
            cost: self.cost,
            fees: self.fees,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::sample;
    use recio_core::market::BookSide;

    fn fold(fills: &[(BookSide, &str, &str)]) -> PositionState {
        fills.iter().fold(PositionState::default(), |state, (side, price, quantity)| {
            state.fill(&sample::fill("o", "f", "M", *side, price, quantity)).unwrap()
        })
    }

    #[test]
    fn closing_takes_its_share_of_the_cost() {
        let state = fold(&[(BookSide::Bid, "0.60", "1"), (BookSide::Bid, "0.50", "2"), (BookSide::Ask, "0.90", "1")]);
        assert_eq!(state.position, "2".parse().unwrap());
        // 1.60 bought 3 contracts; a third of it, 0.533333, went with the sold one.
        assert_eq!(state.cost, "1.066667".parse().unwrap());
        assert_eq!(state.fees, "0.03".parse().unwrap());
    }

    #[test]
    fn crossing_zero_leaves_the_cost_of_the_new_side_alone() {
        let state = fold(&[(BookSide::Bid, "0.60", "1"), (BookSide::Ask, "0.70", "3")]);
        assert_eq!((state.position, state.cost), ("-2".parse().unwrap(), "0.60".parse().unwrap()));
        let flat = fold(&[(BookSide::Bid, "0.3333", "3"), (BookSide::Ask, "0.70", "3")]);
        assert_eq!((flat.position, flat.cost), (Position::FLAT, Money::ZERO));
    }

    #[test]
    fn a_fill_learned_after_the_settlement_adds_its_fee_alone() {
        let state = fold(&[(BookSide::Bid, "0.60", "1")]).settle();
        let state = state.fill(&sample::fill("o", "g", "M", BookSide::Bid, "0.60", "1")).unwrap();
        assert_eq!((state.position, state.cost, state.fees), (Position::FLAT, Money::ZERO, "0.02".parse().unwrap()));
    }

    #[test]
    fn numbers_that_do_not_fit_are_not_wrapped() {
        let most = sample::fill("o", "f", "M", BookSide::Bid, "0.01", "1000000000000");
        let state = PositionState::default().fill(&most).unwrap();
        assert_eq!(state.fill(&most), None);
    }
}
