//! The order book of one market: all levels of both sides, in YES prices.

use super::{BookSide, Level, PriceGrid, Quote};
use crate::units::{Money, Price, Quantity, QuantityChange};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, btree_map};
use std::iter::Rev;

/// Every resting order of a market, summed by price. Both sides are kept in YES prices: a NO bid at q is an ask at 1 − q.
///
/// A book does not see sequence numbers: they run per subscription, over all its markets, and [`Sequence`](super::Sequence) checks them
/// before a frame gets here. After a gap, and after any [`BookError`], what the book says is not true any more: drop it and ask the exchange
/// for a new snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    bids: BTreeMap<Price, Quantity>,
    asks: BTreeMap<Price, Quantity>,
}

/// A book in full, as the exchange sends it. The order of the levels does not matter; those without a quantity are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookSnapshot {
    /// What is wanted, in YES prices.
    pub bids: Vec<Level>,
    /// What is offered, in YES prices.
    pub asks: Vec<Level>,
}

/// A change of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookDelta {
    /// The side of the book.
    pub side: BookSide,
    /// The level's YES price.
    pub price: Price,
    /// What is added to the level; below zero what is taken away.
    pub change: QuantityChange,
}

/// A frame that does not fit the book. The book is as it was, and void: drop it and ask for a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// More was taken away than there was: an earlier frame was lost or misread.
    #[error("{side} at {price}: {change} leaves less than nothing of {there}; the book is void, get a new snapshot")]
    BelowZero {
        /// The side.
        side: BookSide,
        /// The level's YES price.
        price: Price,
        /// What there was.
        there: Quantity,
        /// The change.
        change: QuantityChange,
    },
    /// More contracts at one price than recio handles.
    #[error(
        "{side} at {price}: {change} onto {there} is more than recio handles; the book is void, get a new snapshot"
    )]
    TooMany {
        /// The side.
        side: BookSide,
        /// The level's YES price.
        price: Price,
        /// What there was.
        there: Quantity,
        /// The change.
        change: QuantityChange,
    },
    /// No order can lie at this price: $0, $1, or a price between two of the market's grid.
    #[error("{side} at {price}: no order can lie at this price; read the market's price grid and a new snapshot")]
    OffGrid {
        /// The side.
        side: BookSide,
        /// The YES price.
        price: Price,
    },
    /// A snapshot that says two things about one price.
    #[error("{side} at {price}: the snapshot has this price twice; the book is void, get a new snapshot")]
    PriceTwice {
        /// The side.
        side: BookSide,
        /// The YES price.
        price: Price,
    },
}

/// What an order takes out of a book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Take {
    /// Contracts taken.
    pub quantity: Quantity,
    /// What they cost before fees, exactly, in the terms of the outcome bought: YES prices for a bid, NO prices for an ask.
    pub cost: Money,
    /// The YES price of the last level it reaches; `None` if there is nothing to take.
    pub worst: Option<Price>,
}

/// The levels of one side, best first.
#[derive(Clone, Debug)]
pub struct Levels<'a>(Inner<'a>);

#[derive(Clone, Debug)]
enum Inner<'a> {
    Bids(Rev<btree_map::Iter<'a, Price, Quantity>>),
    Asks(btree_map::Iter<'a, Price, Quantity>),
}

impl Book {
    /// A book without orders: what a market has after its close.
    #[must_use]
    pub const fn new() -> Self {
        Self { bids: BTreeMap::new(), asks: BTreeMap::new() }
    }

    /// Makes a book from a snapshot, and checks every price against `grid` where one is given.
    ///
    /// A crossed snapshot is taken as it is (see [`Book::is_crossed`]).
    ///
    /// # Errors
    /// A price at which no order can lie, or one that comes twice (whether with the same quantity or not: which is meant is not known).
    pub fn from_snapshot(snapshot: &BookSnapshot, grid: Option<&PriceGrid>) -> Result<Self, BookError> {
        let mut book = Self::new();
        for (side, levels) in [(BookSide::Bid, &snapshot.bids), (BookSide::Ask, &snapshot.asks)] {
            let mut seen = BTreeMap::new();
            for level in levels {
                check_price(side, level.price, grid)?;
                if seen.insert(level.price, level.quantity).is_some() {
                    return Err(BookError::PriceTwice { side, price: level.price });
                }
            }
            seen.retain(|_, quantity| !quantity.is_zero());
            *book.side_mut(side) = seen;
        }
        Ok(book)
    }

    /// The book as a snapshot, levels best first.
    #[must_use]
    pub fn snapshot(&self) -> BookSnapshot {
        BookSnapshot { bids: self.levels(BookSide::Bid).collect(), asks: self.levels(BookSide::Ask).collect() }
    }

    /// Changes one level, and returns what lies there afterwards. A level that comes to nothing is gone.
    ///
    /// With `grid`, the price is checked against it. Leave it out where the grid may have changed under resting orders.
    ///
    /// # Errors
    /// The level would fall below zero or beyond what recio handles, or no order can lie at its price. The book is then as it was, but it
    /// is not what the exchange has: the caller drops it.
    pub fn apply(&mut self, delta: &BookDelta, grid: Option<&PriceGrid>) -> Result<Quantity, BookError> {
        let BookDelta { side, price, change } = *delta;
        check_price(side, price, grid)?;
        let levels = self.side_mut(side);
        let there = levels.get(&price).copied().unwrap_or(Quantity::ZERO);
        let after = change.applied_to(there).ok_or(if change.hundredths() < 0 {
            BookError::BelowZero { side, price, there, change }
        } else {
            BookError::TooMany { side, price, there, change }
        })?;
        if after.is_zero() {
            levels.remove(&price);
        } else {
            levels.insert(price, after);
        }
        Ok(after)
    }

    /// Best bid and best ask.
    #[must_use]
    pub fn quote(&self) -> Quote {
        Quote { bid: self.best(BookSide::Bid), ask: self.best(BookSide::Ask) }
    }

    /// The best level of a side: the highest bid, the lowest ask.
    #[must_use]
    pub fn best(&self, side: BookSide) -> Option<Level> {
        self.levels(side).next()
    }

    /// The levels of a side, best first.
    #[must_use]
    pub fn levels(&self, side: BookSide) -> Levels<'_> {
        Levels(match side {
            BookSide::Bid => Inner::Bids(self.bids.iter().rev()),
            BookSide::Ask => Inner::Asks(self.asks.iter()),
        })
    }

    /// How many contracts lie at a YES price.
    #[must_use]
    pub fn quantity_at(&self, side: BookSide, price: Price) -> Quantity {
        let levels = match side {
            BookSide::Bid => &self.bids,
            BookSide::Ask => &self.asks,
        };
        levels.get(&price).copied().unwrap_or(Quantity::ZERO)
    }

    /// What an order on `side` with this YES limit takes, up to `wanted` contracts: a bid takes asks, an ask takes bids.
    ///
    /// Each level at its own price: improvement belongs to the taker. Ask for [`Quantity::MAX`] to learn all that there is.
    #[must_use]
    pub fn take(&self, side: BookSide, limit: Price, wanted: Quantity) -> Take {
        let mut take = Take::default();
        let mut left = wanted;
        for level in self.levels(side.opposite()).take_while(|level| side.crosses(limit, level.price)) {
            if left.is_zero() {
                break;
            }
            let part = level.quantity.min(left);
            left = left.saturating_sub(part);
            take.quantity = take.quantity.saturating_add(part);
            // At most $1 × Quantity::MAX in all, which fits.
            take.cost += side.outcome().yes_price(level.price) * part;
            take.worst = Some(level.price);
        }
        take
    }

    /// Whether somebody bids at or above an ask. The exchange matches such orders at once, so a crossed book is a wrong one.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        match (self.best(BookSide::Bid), self.best(BookSide::Ask)) {
            (Some(bid), Some(ask)) => bid.price >= ask.price,
            (None, _) | (_, None) => false,
        }
    }

    /// Whether there is no order at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }

    fn side_mut(&mut self, side: BookSide) -> &mut BTreeMap<Price, Quantity> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }
}

impl Iterator for Levels<'_> {
    type Item = Level;

    fn next(&mut self) -> Option<Level> {
        let (&price, &quantity) = match &mut self.0 {
            Inner::Bids(levels) => levels.next(),
            Inner::Asks(levels) => levels.next(),
        }?;
        Some(Level { price, quantity })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Inner::Bids(levels) => levels.size_hint(),
            Inner::Asks(levels) => levels.size_hint(),
        }
    }
}

impl ExactSizeIterator for Levels<'_> {}

fn check_price(side: BookSide, price: Price, grid: Option<&PriceGrid>) -> Result<(), BookError> {
    let possible = match grid {
        Some(grid) => grid.contains(price),
        None => price > Price::ZERO && price < Price::ONE,
    };
    if possible { Ok(()) } else { Err(BookError::OffGrid { side, price }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::{prop_assert_eq, proptest};

    fn level(price: &str, quantity: &str) -> Level {
        Level { price: price.parse().unwrap(), quantity: quantity.parse().unwrap() }
    }

    fn delta(side: BookSide, price: &str, change: &str) -> BookDelta {
        BookDelta { side, price: price.parse().unwrap(), change: change.parse().unwrap() }
    }

    fn book() -> Book {
        let snapshot = BookSnapshot {
            bids: vec![level("0.33", "120"), level("0.34", "703.36"), level("0.32", "0")],
            asks: vec![level("0.37", "10"), level("0.35", "10670.72")],
        };
        Book::from_snapshot(&snapshot, Some(&PriceGrid::linear_cent())).unwrap()
    }

    #[test]
    fn a_snapshot_in_any_order_becomes_a_book() {
        let book = book();
        assert_eq!(book.quote(), Quote { bid: Some(level("0.34", "703.36")), ask: Some(level("0.35", "10670.72")) });
        assert_eq!(book.levels(BookSide::Bid).len(), 2, "a level without a quantity is none");
        assert_eq!(Book::from_snapshot(&book.snapshot(), None), Ok(book.clone()));
        let bytes = postcard::to_stdvec(&book).unwrap();
        assert_eq!(postcard::from_bytes::<Book>(&bytes).unwrap(), book);
        let json = serde_json::to_string(&book).unwrap();
        assert_eq!(serde_json::from_str::<Book>(&json).unwrap(), book);
    }

    #[test]
    fn deltas_are_exact_to_the_hundredth() {
        let mut book = book();
        assert_eq!(book.apply(&delta(BookSide::Bid, "0.34", "-703.35"), None), Ok("0.01".parse().unwrap()));
        assert_eq!(book.apply(&delta(BookSide::Bid, "0.34", "-0.01"), None), Ok(Quantity::ZERO));
        assert_eq!(book.best(BookSide::Bid), Some(level("0.33", "120")));
    }

    #[test]
    fn what_does_not_fit_leaves_the_book_as_it_was() {
        let cents = PriceGrid::linear_cent();
        let before = book();
        let mut book = before.clone();
        let told: Vec<String> = [
            delta(BookSide::Bid, "0.34", "-703.37"),
            delta(BookSide::Ask, "0.36", "-0.01"),
            delta(BookSide::Ask, "0.35", "1000000000000"),
            delta(BookSide::Bid, "0.345", "1"),
            delta(BookSide::Bid, "0", "1"),
            delta(BookSide::Ask, "1", "1"),
        ]
        .iter()
        .map(|delta| book.apply(delta, Some(&cents)).unwrap_err().to_string())
        .collect();
        assert_eq!(book, before);
        insta::assert_snapshot!(told.join("\n"), @r"
        bid at 0.3400: -703.37 leaves less than nothing of 703.36; the book is void, get a new snapshot
        ask at 0.3600: -0.01 leaves less than nothing of 0.00; the book is void, get a new snapshot
        ask at 0.3500: 1000000000000.00 onto 10670.72 is more than recio handles; the book is void, get a new snapshot
        bid at 0.3450: no order can lie at this price; read the market's price grid and a new snapshot
        bid at 0.0000: no order can lie at this price; read the market's price grid and a new snapshot
        ask at 1.0000: no order can lie at this price; read the market's price grid and a new snapshot
        ");
        assert!(
            book.apply(&delta(BookSide::Bid, "0.345", "1"), None).is_ok(),
            "without a grid any price inside is one"
        );
    }

    #[test]
    fn a_snapshot_that_contradicts_itself_is_refused() {
        for twice in ["5", "120", "0"] {
            let snapshot = BookSnapshot { bids: vec![level("0.33", "120"), level("0.33", twice)], asks: vec![] };
            let refused = Book::from_snapshot(&snapshot, None);
            assert_eq!(refused, Err(BookError::PriceTwice { side: BookSide::Bid, price: Price::cents(33) }));
        }
        let off = BookSnapshot { bids: vec![], asks: vec![level("0.335", "1")] };
        assert!(Book::from_snapshot(&off, Some(&PriceGrid::linear_cent())).is_err());
        assert!(Book::from_snapshot(&BookSnapshot::default(), None).unwrap().is_empty());
    }

    #[test]
    fn taking_costs_each_level_its_own_price() {
        let book = book();
        let all = book.take(BookSide::Bid, Price::cents(37), Quantity::MAX);
        assert_eq!(all.quantity, "10680.72".parse().unwrap());
        assert_eq!(all.cost, "3738.452".parse().unwrap());
        assert_eq!(all.worst, Some(Price::cents(37)));
        // An ask at 0.33 buys NO at 0.66 from the bid at 0.34, then at 0.67.
        let no = book.take(BookSide::Ask, Price::cents(33), "703.86".parse().unwrap());
        assert_eq!(no.cost, "464.5526".parse().unwrap());
        assert_eq!(book.take(BookSide::Bid, Price::cents(34), Quantity::MAX), Take::default());
        assert_eq!(book.take(BookSide::Bid, Price::cents(99), Quantity::ZERO), Take::default());
    }

    #[test]
    fn crossed_is_told() {
        let mut book = book();
        assert!(!book.is_crossed());
        book.apply(&delta(BookSide::Bid, "0.35", "1"), None).unwrap();
        assert!(book.is_crossed());
        assert_eq!(book.quote().spread_units(), Some(0));
    }

    proptest! {
        /// Against a plain list of numbers for each side.
        #[test]
        fn a_book_is_the_sum_of_its_deltas(
            deltas in vec((proptest::bool::ANY, 0_u16..=40, -300_i64..400), 0..120),
            limit in 0_u16..=40, wanted in 0_u64..3_000,
        ) {
            let (mut book, mut naive) = (Book::new(), [[0_i64; 41]; 2]);
            for (bid, at, change) in deltas {
                let side = if bid { BookSide::Bid } else { BookSide::Ask };
                let price = Price::from_units(at * 250).unwrap();
                let delta = BookDelta { side, price, change: QuantityChange::from_hundredths(change).unwrap() };
                let cell = &mut naive[usize::from(bid)][usize::from(at)];
                let fits = at > 0 && at < 40 && *cell + change >= 0;
                let before = book.clone();
                prop_assert_eq!(book.apply(&delta, None).is_ok(), fits);
                if fits { *cell += change } else { prop_assert_eq!(&book, &before) }
            }
            let quantity = |side: BookSide, at: u16| naive[usize::from(side == BookSide::Bid)][usize::from(at)];
            for side in [BookSide::Bid, BookSide::Ask] {
                let order: Vec<u16> = if side == BookSide::Bid { (0..=40).rev().collect() } else { (0..=40).collect() };
                let levels: Vec<(u16, i64)> = book
                    .levels(side)
                    .map(|level| (level.price.units() / 250, level.quantity.hundredths().cast_signed()))
                    .collect();
                let expected: Vec<(u16, i64)> =
                    order.iter().map(|&at| (at, quantity(side, at))).filter(|&(_, there)| there > 0).collect();
                prop_assert_eq!(&levels, &expected);
                prop_assert_eq!(book.best(side).map(|level| level.price.units() / 250), expected.first().map(|l| l.0));

                // Contract by hundredth, as a taker against this side would buy them.
                let taker = side.opposite();
                let (mut cost, mut left) = (0_i64, wanted.cast_signed());
                for &(at, there) in expected.iter().filter(|l| if side == BookSide::Ask { l.0 <= limit } else { l.0 >= limit }) {
                    let part = there.min(left);
                    left -= part;
                    let units = i64::from(at) * 250;
                    cost += part * if side == BookSide::Ask { units } else { 10_000 - units };
                }
                let limit = Price::from_units(limit * 250).unwrap();
                let take = book.take(taker, limit, Quantity::from_hundredths(wanted).unwrap());
                prop_assert_eq!(take.quantity.hundredths().cast_signed(), wanted.cast_signed() - left);
                prop_assert_eq!(take.cost, Money::from_micros(cost));
                prop_assert_eq!(take.worst.is_none(), take.quantity.is_zero());
            }
            prop_assert_eq!(Book::from_snapshot(&book.snapshot(), None), Ok(book));
        }
    }
}
