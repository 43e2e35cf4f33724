//! What an account owns: cash, positions, orders, fills, settlements.

use crate::market::{BookSide, MarketResult};
use crate::trade::{CashFlow, Fill, Settlement};
use crate::units::{ClientOrderId, MarketTicker, Money, Position, Quantity, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One account's books at the venue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) opening: Money,
    pub(super) cash: Money,
    pub(super) fees: Money,
    pub(super) positions: BTreeMap<MarketTicker, MarketPosition>,
    /// Held back per market for resting orders; markets without are not in it.
    pub(super) reserved: BTreeMap<MarketTicker, Money>,
    pub(super) orders: Vec<u64>,
    pub(super) fills: Vec<Fill>,
    pub(super) settlements: Vec<AccountSettlement>,
    pub(super) used_ids: BTreeSet<ClientOrderId>,
}

/// What an account holds in one market that has not been settled.
///
/// Source: the positions and settlements endpoints of docs.kalshi.com; that the exposure leaves fees out is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketPosition {
    /// YES above zero, NO below.
    pub position: Position,
    /// Cost basis of what is held, without fees (`market_exposure`).
    pub cost: Money,
    /// What closing brought over the cost of the closed, without fees.
    pub realized_pnl: Money,
    /// Fees of all fills.
    pub fees: Money,
    /// Contracts of all bids filled over the market's life.
    pub yes_quantity: Quantity,
    /// What they cost, at YES prices.
    pub yes_cost: Money,
    /// Contracts of all asks filled over the market's life.
    pub no_quantity: Quantity,
    /// What they cost, at NO prices.
    pub no_cost: Money,
    /// When the last fill was.
    pub updated_time: Timestamp,
}

/// What an account was paid for one market, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSettlement {
    /// The payout.
    pub settlement: Settlement,
    /// What was held when it was paid, with the gross counts and costs of the market's life, and the fees already paid by fills.
    pub held: MarketPosition,
}

/// An account's money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// All of it, with what resting orders hold back.
    pub cash: Money,
    /// Held back for resting orders.
    pub reserved: Money,
}

impl Balance {
    /// What a new order may use. Below zero only by fees, for which nothing is held back.
    #[must_use]
    pub fn available(&self) -> Money {
        self.cash - self.reserved
    }
}

impl Account {
    pub(super) const fn new(cash: Money) -> Self {
        Self {
            opening: cash,
            cash,
            fees: Money::ZERO,
            positions: BTreeMap::new(),
            reserved: BTreeMap::new(),
            orders: Vec::new(),
            fills: Vec::new(),
            settlements: Vec::new(),
            used_ids: BTreeSet::new(),
        }
    }

    pub(super) fn balance(&self) -> Balance {
        Balance { cash: self.cash, reserved: self.reserved.values().copied().sum() }
    }

    pub(super) fn position(&self, market: &MarketTicker) -> Position {
        self.positions.get(market).map_or(Position::FLAT, |held| held.position)
    }

    /// Books a fill that was netted against the position; returns the position afterwards.
    pub(super) fn book(&mut self, fill: Fill, flow: &CashFlow) -> Position {
        self.cash += flow.proceeds - flow.cost - fill.fee;
        self.fees += fill.fee;
        self.positions
            .entry(fill.market.clone())
            .or_insert_with(|| MarketPosition::empty(fill.exchange_time))
            .book(&fill, flow);
        self.fills.push(fill);
        flow.position
    }

    /// Pays a market out and moves its position to the settlements; `None` where the account never traded in it.
    pub(super) fn settle(&mut self, settlement: &Settlement) -> Option<AccountSettlement> {
        let held = self.positions.remove(&settlement.market)?;
        let revenue = Settlement::payout(settlement.result, held.position);
        self.cash += revenue;
        let settled = AccountSettlement { settlement: Settlement { revenue, ..settlement.clone() }, held };
        self.settlements.push(settled.clone());
        Some(settled)
    }
}

impl MarketPosition {
    const fn empty(time: Timestamp) -> Self {
        Self {
            position: Position::FLAT,
            cost: Money::ZERO,
            realized_pnl: Money::ZERO,
            fees: Money::ZERO,
            yes_quantity: Quantity::ZERO,
            yes_cost: Money::ZERO,
            no_quantity: Quantity::ZERO,
            no_cost: Money::ZERO,
            updated_time: time,
        }
    }

    /// Everything spent on either outcome over the market's life, without fees (`total_traded`).
    #[must_use]
    pub fn total_traded(&self) -> Money {
        self.yes_cost + self.no_cost
    }

    fn book(&mut self, fill: &Fill, flow: &CashFlow) {
        let closed_cost = share(self.cost, flow.closed, self.position.size());
        self.realized_pnl += flow.proceeds - closed_cost;
        self.cost = self.cost - closed_cost + flow.cost;
        self.position = flow.position;
        self.fees += fill.fee;
        self.updated_time = fill.exchange_time;
        let (quantity, cost) = match fill.book_side {
            BookSide::Bid => (&mut self.yes_quantity, &mut self.yes_cost),
            BookSide::Ask => (&mut self.no_quantity, &mut self.no_cost),
        };
        *quantity = quantity.saturating_add(fill.quantity);
        *cost += fill.book_side.outcome().yes_price(fill.yes_price) * fill.quantity;
    }
}

impl AccountSettlement {
    /// What was made or lost in the market, without fees: what closing brought, and the payout over the cost of what was held.
    #[must_use]
    pub fn pnl_before_fees(&self) -> Money {
        self.held.realized_pnl + self.settlement.revenue - self.held.cost
    }

    /// The outcome.
    #[must_use]
    pub const fn result(&self) -> MarketResult {
        self.settlement.result
    }
}

/// The cost of `part` of `whole` contracts at their average, cut to the micro-dollar; exactly all of it for the whole.
fn share(cost: Money, part: Quantity, whole: Quantity) -> Money {
    let (part, whole) = (i128::from(part.hundredths()), i128::from(whole.hundredths()));
    if part == whole {
        return cost;
    }
    Money::from_micros_wide(i128::from(cost.micros()) * part / whole.max(1)).unwrap_or(cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::Liquidity;

    fn fill(book_side: BookSide, yes_price: &str, quantity: &str) -> Fill {
        Fill {
            id: "f".parse().unwrap(),
            order: "o".parse().unwrap(),
            client_order_id: None,
            market: "M".parse().unwrap(),
            book_side,
            yes_price: yes_price.parse().unwrap(),
            quantity: quantity.parse().unwrap(),
            fee: "0.01".parse().unwrap(),
            liquidity: Liquidity::Taker,
            exchange_time: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_turned_position_keeps_its_books() {
        let mut account = Account::new(Money::dollars(10));
        for fill in
            [fill(BookSide::Bid, "0.40", "3"), fill(BookSide::Ask, "0.50", "1"), fill(BookSide::Ask, "0.60", "4")]
        {
            let flow = fill.net(account.position(&fill.market)).unwrap();
            account.book(fill, &flow);
        }
        let held = &account.positions["M"];
        assert_eq!(held.position, "-2".parse().unwrap());
        assert_eq!(held.cost, "0.80".parse().unwrap());
        assert_eq!(held.realized_pnl, "0.50".parse().unwrap(), "0.10 on one, 0.40 on two");
        assert_eq!((held.yes_cost, held.no_cost), ("1.20".parse().unwrap(), "2.10".parse().unwrap()));
        assert_eq!(account.cash, "9.67".parse().unwrap(), "10 - 1.20 + 0.50 + 1.20 - 0.80 - 0.03");
    }
}
