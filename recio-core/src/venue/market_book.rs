//! One market at the venue: the recorded book, and the accounts' orders between its levels.

use super::overlay::{Overlay, best_first};
use super::{VenueOrder, Wallet, collateral::Claim};
use crate::market::{BookSide, Level, Market};
use crate::trade::FeeSchedule;
use crate::units::{AccountName, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// All orders that the venue ever accepted, by their number, which is also their order in time.
pub(super) type Orders = BTreeMap<u64, VenueOrder>;

/// Numbers of the orders at one price, by their turns.
type Queue = BTreeMap<u64, u64>;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MarketBook {
    pub(super) market: Market,
    pub(super) fees: FeeSchedule,
    /// What fills cost before, and until when.
    pub(super) past_fees: Vec<(Timestamp, FeeSchedule)>,
    pub(super) overlay: Overlay,
    bids: BTreeMap<Price, Queue>,
    asks: BTreeMap<Price, Queue>,
}

/// Who an incoming order meets next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// Contracts of the recording.
    Recorded(Level),
    /// An account's order.
    Order { price: Price, number: u64 },
}

impl MarketBook {
    pub(super) fn new(market: Market, fees: FeeSchedule) -> Self {
        Self {
            market,
            fees,
            past_fees: Vec::new(),
            overlay: Overlay::default(),
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
        }
    }

    /// What a fill cost at a time; one at the very instant of a change counts as after it.
    pub(super) fn fees_at(&self, time: Timestamp) -> &FeeSchedule {
        self.past_fees.iter().find(|(until, _)| time < *until).map_or(&self.fees, |(_, fees)| fees)
    }

    /// The accounts' resting orders of one side in the order in which they are executed.
    pub(super) fn resting(&self, side: BookSide) -> impl Iterator<Item = (Price, u64)> {
        best_first(side, self.side(side)).flat_map(|(&price, queue)| queue.values().map(move |&number| (price, number)))
    }

    /// The accounts' resting order that is executed next.
    pub(super) fn best_resting(&self, side: BookSide) -> Option<(Price, u64)> {
        self.resting(side).next()
    }

    /// The accounts' resting orders at one price, first in turn first.
    pub(super) fn resting_at(&self, side: BookSide, price: Price) -> impl Iterator<Item = u64> {
        self.side(side).get(&price).into_iter().flat_map(Queue::values).copied()
    }

    pub(super) fn has_resting(&self) -> bool {
        !(self.bids.is_empty() && self.asks.is_empty())
    }

    /// All resting orders, oldest first.
    pub(super) fn resting_numbers(&self) -> Vec<u64> {
        let all: BTreeSet<u64> =
            self.bids.values().chain(self.asks.values()).flat_map(Queue::values).copied().collect();
        all.into_iter().collect()
    }

    pub(super) fn insert(&mut self, side: BookSide, price: Price, turn: u64, number: u64) {
        self.side_mut(side).entry(price).or_default().insert(turn, number);
    }

    pub(super) fn remove(&mut self, side: BookSide, price: Price, turn: u64) {
        let levels = self.side_mut(side);
        if let Some(queue) = levels.get_mut(&price) {
            queue.remove(&turn);
            if queue.is_empty() {
                levels.remove(&price);
            }
        }
    }

    /// Whom an incoming order would meet, in order, until `wanted` contracts are found or its limit is reached. Orders of `own` are in the
    /// list but do not count as found.
    pub(super) fn makers(
        &self,
        orders: &Orders,
        own: &AccountName,
        incoming: BookSide,
        limit: Price,
        wanted: Quantity,
    ) -> Vec<Maker> {
        let side = incoming.opposite();
        let mut prices: BTreeSet<Price> = self
            .overlay
            .levels(side)
            .map(|level| level.price)
            .take_while(|&price| incoming.crosses(limit, price))
            .collect();
        prices.extend(self.side(side).keys().copied().filter(|&price| incoming.crosses(limit, price)));
        let in_order: Vec<Price> = match side {
            BookSide::Ask => prices.into_iter().collect(),
            BookSide::Bid => prices.into_iter().rev().collect(),
        };

        let (mut makers, mut found) = (Vec::new(), Quantity::ZERO);
        for price in in_order {
            let visible = self.overlay.visible(side, price);
            let mut passed = Quantity::ZERO;
            for number in self.resting_at(side, price) {
                let order = &orders[&number];
                let ahead = order.queue_ahead.min(visible).saturating_sub(passed);
                if !ahead.is_zero() {
                    makers.push(Maker::Recorded(Level { price, quantity: ahead }));
                    passed = passed.saturating_add(ahead);
                    found = found.saturating_add(ahead);
                }
                if found >= wanted {
                    return makers;
                }
                makers.push(Maker::Order { price, number });
                if order.account != *own {
                    found = found.saturating_add(order.remaining);
                }
            }
            let behind = visible.saturating_sub(passed);
            if !behind.is_zero() {
                makers.push(Maker::Recorded(Level { price, quantity: behind }));
                found = found.saturating_add(behind);
            }
            if found >= wanted {
                return makers;
            }
        }
        makers
    }

    /// Whether an order at this price would trade at once.
    pub(super) fn would_cross(&self, side: BookSide, price: Price) -> bool {
        let recorded = self.overlay.best(side.opposite()).map(|level| level.price);
        let resting = self.best_resting(side.opposite()).map(|(price, _)| price);
        [recorded, resting].into_iter().flatten().any(|theirs| side.crosses(price, theirs))
    }

    /// What the resting orders of one of an account's wallets may still execute, best first on each side; without one of them, where its
    /// terms are about to change.
    pub(super) fn claims(
        &self,
        orders: &Orders,
        account: &AccountName,
        wallet: Wallet,
        without: Option<u64>,
    ) -> Vec<Claim> {
        [BookSide::Bid, BookSide::Ask]
            .into_iter()
            .flat_map(|side| self.resting(side))
            .filter(|(_, number)| without != Some(*number))
            .map(|(_, number)| &orders[&number])
            .filter(|order| order.wallet == wallet && order.account == *account)
            .map(|order| Claim {
                book_side: order.terms.book_side,
                yes_price: order.terms.yes_price,
                remaining: order.remaining,
            })
            .collect()
    }

    /// Contracts of the accounts' resting orders at a price.
    pub(super) fn resting_quantity(&self, orders: &Orders, side: BookSide, price: Price) -> Quantity {
        self.resting_at(side, price)
            .map(|number| orders[&number].remaining)
            .fold(Quantity::ZERO, Quantity::saturating_add)
    }

    /// The visible levels of a side with the accounts' orders, best first.
    pub(super) fn combined(&self, orders: &Orders, side: BookSide) -> Vec<Level> {
        let mut levels: BTreeMap<Price, Quantity> =
            self.overlay.levels(side).map(|level| (level.price, level.quantity)).collect();
        for (price, number) in self.resting(side) {
            let level = levels.entry(price).or_default();
            *level = level.saturating_add(orders[&number].remaining);
        }
        best_first(side, &levels).map(|(&price, &quantity)| Level { price, quantity }).collect()
    }

    const fn side(&self, side: BookSide) -> &BTreeMap<Price, Queue> {
        match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        }
    }

    const fn side_mut(&mut self, side: BookSide) -> &mut BTreeMap<Price, Queue> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }
}
