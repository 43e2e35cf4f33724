//! Books that somebody who knows the price quotes: around what a contract is worth, with two sides, on the market's grid.

use crate::dice::Dice;
use recio_core::market::{BookSide, Level, PriceGrid, Quote};
use recio_core::units::{Price, Quantity};
use std::collections::BTreeMap;

/// Levels on each side.
const LEVELS: usize = 4;
/// Distance between two levels, in ten-thousandths of a dollar.
const STEP_UNITS: u16 = 100;
/// Contracts on a level.
const SIZE: (u64, u64) = (20, 400);

/// One market's book; prices in YES.
#[derive(Clone, Debug, Default)]
pub(super) struct SyntheticBook {
    bids: BTreeMap<Price, u64>,
    asks: BTreeMap<Price, u64>,
}

/// One level that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) side: BookSide,
    pub(super) price: Price,
    /// Hundredths of a contract.
    pub(super) change: i64,
}

/// What YES is worth while so many seconds are left: the normal law, with the 60-print mean counted as a shorter time. Only books are made of
/// it, no money is.
pub(super) fn fair_units(price: u64, strike: u64, sigma: i64, seconds_left: i64) -> u16 {
    #[expect(clippy::cast_precision_loss, reason = "prices in cents and seconds are far below 2⁵³")]
    let distance = (price as f64) - (strike as f64);
    #[expect(clippy::cast_precision_loss, reason = "as above")]
    let spread = (sigma as f64) * libm::sqrt(((seconds_left - 40).max(2)) as f64);
    let probability = 0.5 * libm::erfc(-distance / (spread * core::f64::consts::SQRT_2));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a probability times 10,000")]
    let units = libm::floor(probability * 10_000.0 + 0.5).clamp(0.0, 10_000.0) as u16;
    units
}

impl SyntheticBook {
    /// Moves the book to lie around a value. Levels go before levels come, so that it is never crossed on the way.
    pub(super) fn requote(&mut self, value: u16, grid: &PriceGrid, dice: &mut Dice) -> Vec<Change> {
        let noise = dice.normal(60);
        let middle = (i64::from(value) + noise).clamp(0, 10_000);
        let half = i64::try_from(dice.between(40, 160)).unwrap_or(100);
        let bids = ladder(middle - half, grid, BookSide::Bid);
        let asks = ladder(middle + half, grid, BookSide::Ask);
        let mut changes = Vec::new();
        for (side, levels, wanted) in [(BookSide::Bid, &mut self.bids, &bids), (BookSide::Ask, &mut self.asks, &asks)] {
            let gone: Vec<Price> = levels.keys().filter(|price| !wanted.contains(price)).copied().collect();
            for price in gone {
                let size = levels.remove(&price).unwrap_or(0);
                changes.push(Change { side, price, change: -size.cast_signed() });
            }
        }
        for (side, levels, wanted) in [(BookSide::Bid, &mut self.bids, bids), (BookSide::Ask, &mut self.asks, asks)] {
            for price in wanted {
                // Some orders are of odd hundredths, as the exchange allows.
                let odd = if dice.below(8) == 0 { dice.below(100) } else { 0 };
                let size = dice.between(SIZE.0, SIZE.1) * 100 + odd;
                let before = levels.get(&price).copied().unwrap_or(0);
                if before == 0 || dice.below(12) == 0 {
                    levels.insert(price, size);
                    let change = size.cast_signed() - before.cast_signed();
                    if change != 0 {
                        changes.push(Change { side, price, change });
                    }
                }
            }
        }
        changes
    }

    /// Both sides, best first.
    pub(super) fn levels(&self) -> (Vec<Level>, Vec<Level>) {
        let level = |(price, size): (&Price, &u64)| Level {
            price: *price,
            quantity: Quantity::from_hundredths(*size).unwrap_or(Quantity::MAX),
        };
        (self.bids.iter().rev().map(level).collect(), self.asks.iter().map(level).collect())
    }

    pub(super) fn quote(&self) -> Quote {
        let (bids, asks) = self.levels();
        Quote { bid: bids.first().copied(), ask: asks.first().copied() }
    }
}

/// The prices of one side, best first; fewer near the ends of the scale, where nobody quotes zero or a dollar.
fn ladder(best: i64, grid: &PriceGrid, side: BookSide) -> Vec<Price> {
    let mut prices = Vec::new();
    let mut wanted = u16::try_from(best.clamp(0, 10_000)).ok().and_then(|units| Price::from_units(units).ok());
    while let Some(price) = wanted.filter(|_| prices.len() < LEVELS) {
        let on_grid = match side {
            BookSide::Bid => grid.at_or_below(price),
            BookSide::Ask => grid.at_or_above(price),
        };
        let Some(level) = on_grid.filter(|level| *level > Price::ZERO && *level < Price::ONE) else { break };
        if !prices.contains(&level) {
            prices.push(level);
        }
        wanted = match side {
            BookSide::Bid => level.checked_sub_units(STEP_UNITS.min(level.units())),
            BookSide::Ask => level.checked_add_units(STEP_UNITS),
        };
    }
    prices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_follows_price_and_time() {
        assert_eq!(fair_units(100, 100, 700, 900), 5_000);
        assert!(fair_units(9_010_000, 9_000_000, 700, 900) > 6_500);
        assert!(fair_units(9_010_000, 9_000_000, 700, 60) > 9_900);
        assert!(fair_units(8_900_000, 9_000_000, 700, 900) < 10);
    }

    #[test]
    fn a_book_is_never_crossed_and_its_changes_add_up() {
        let mut dice = Dice::named(3, "books");
        for grid in [PriceGrid::linear_cent(), PriceGrid::tapered_deci_cent()] {
            let (mut book, mut told) = (SyntheticBook::default(), BTreeMap::<(BookSide, Price), i64>::new());
            for round in 0..3_000_u64 {
                let value = u16::try_from(dice.below(10_001)).unwrap();
                for change in book.requote(value, &grid, &mut dice) {
                    assert!(grid.contains(change.price), "{round}: {change:?}");
                    let size = told.entry((change.side, change.price)).or_default();
                    *size += change.change;
                    assert!(*size >= 0, "{round}: {change:?}");
                    let open = |side| told.iter().filter(move |((at, _), size)| *at == side && **size > 0);
                    let bid = open(BookSide::Bid).map(|((_, price), _)| *price).max();
                    let ask = open(BookSide::Ask).map(|((_, price), _)| *price).min();
                    assert!(bid.zip(ask).is_none_or(|(bid, ask)| bid < ask), "{round}: {bid:?} {ask:?}");
                }
                let (bids, asks) = book.levels();
                for (side, levels) in [(BookSide::Bid, bids), (BookSide::Ask, asks)] {
                    for level in levels {
                        assert_eq!(told[&(side, level.price)], level.quantity.hundredths().cast_signed());
                    }
                }
            }
        }
    }
}
