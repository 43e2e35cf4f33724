//! What an account owns: its wallets, orders, fills, settlements; and what it holds in one market.

use super::wallet::{Purse, Subaccount, Wallet};
use crate::market::{BookSide, MarketResult};
use crate::trade::{CashFlow, Fill, Settlement};
use crate::units::{ClientOrderId, ClientTransferId, MarketTicker, Money, Position, Quantity, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One account's books at the venue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Account {
    /// What lies in each wallet that was opened. Subaccount 0 needs no opening: its wallet on a shard is there with its first cent.
    pub(super) purses: BTreeMap<Wallet, Purse>,
    pub(super) orders: Vec<u64>,
    pub(super) fills: Vec<Fill>,
    pub(super) settlements: Vec<AccountSettlement>,
    pub(super) used_ids: BTreeSet<ClientOrderId>,
    /// Transfers are applied once each, for ever.
    pub(super) used_transfers: BTreeSet<ClientTransferId>,
    /// Until when new orders are canceled too because all were: of every subaccount,
    pub(super) cancel_tail: Option<Timestamp>,
    /// and of one.
    pub(super) cancel_tails: BTreeMap<Subaccount, Timestamp>,
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
    /// Which of the account's wallets was paid.
    pub wallet: Wallet,
    /// The payout.
    pub settlement: Settlement,
    /// What was held when it was paid, with the gross counts and costs of the market's life, and the fees already paid by fills.
    pub held: MarketPosition,
}

/// An account's money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Two wallets' money together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { cash: self.cash + other.cash, reserved: self.reserved + other.reserved }
    }
}

impl Account {
    pub(super) fn balance(&self) -> Balance {
        self.purses.values().map(Purse::balance).fold(Balance::default(), Balance::plus)
    }

    pub(super) fn purse(&self, wallet: Wallet) -> Option<&Purse> {
        self.purses.get(&wallet)
    }

    /// The purse of a wallet that may be used.
    pub(super) fn purse_mut(&mut self, wallet: Wallet) -> &mut Purse {
        self.purses.entry(wallet).or_default()
    }

    /// Whether the account may use this wallet: subaccount 0 always, another after it was created on that shard.
    pub(super) fn has(&self, wallet: Wallet) -> bool {
        wallet.subaccount.is_primary() || self.purses.contains_key(&wallet)
    }

    pub(super) fn position(&self, wallet: Wallet, market: &MarketTicker) -> Position {
        self.purse(wallet).map_or(Position::FLAT, |purse| purse.position(market))
    }
}

impl MarketPosition {
    pub(super) const fn empty(time: Timestamp) -> Self {
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

    pub(super) fn book(&mut self, fill: &Fill, flow: &CashFlow) {
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
        let mut purse = Purse::opened(Money::dollars(10));
        for fill in
            [fill(BookSide::Bid, "0.40", "3"), fill(BookSide::Ask, "0.50", "1"), fill(BookSide::Ask, "0.60", "4")]
        {
            let flow = fill.net(purse.position(&fill.market)).unwrap();
            purse.book(&fill, &flow);
        }
        let held = &purse.positions["M"];
        assert_eq!(held.position, "-2".parse().unwrap());
        assert_eq!(held.cost, "0.80".parse().unwrap());
        assert_eq!(held.realized_pnl, "0.50".parse().unwrap(), "0.10 on one, 0.40 on two");
        assert_eq!((held.yes_cost, held.no_cost), ("1.20".parse().unwrap(), "2.10".parse().unwrap()));
        assert_eq!(purse.cash, "9.67".parse().unwrap(), "10 - 1.20 + 0.50 + 1.20 - 0.80 - 0.03");
    }
}
