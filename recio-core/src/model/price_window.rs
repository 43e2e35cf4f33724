//! The last half hour of prices: what momentum and volatility are computed from.

use crate::units::{AssetPrice, Timestamp, from_micros, micros};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How old a price may be at the moment it stands for.
pub const MAX_TICK_AGE: SignedDuration = SignedDuration::from_secs(5);

/// How far back prices are kept, in seconds: 30 minutes of look-back, ending a minute before the close.
const KEPT_SECONDS: i64 = 32 * 60;
/// At most one price is kept per this much time.
const SLOT_MICROS: i64 = 100_000;

/// Prices of one source over the last 32 minutes, by exchange time.
///
/// Keeps the last price of each tenth of a second: 19,200 at most. A lookup inside the tenth of a second of a kept price but before it
/// finds the price of an earlier tenth, so it may be up to 0.1 s older than the newest price there was.
///
/// It believes the times it is given: a price dated hours ahead empties it, so times far from the clock have to be refused before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(i64, u64)>", into = "Vec<(i64, u64)>")]
pub struct PriceWindow {
    ticks: VecDeque<Tick>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tick {
    time_us: i64,
    price: AssetPrice,
}

impl Tick {
    const fn slot(self) -> i64 {
        self.time_us.div_euclid(SLOT_MICROS)
    }
}

/// What became of a price that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pushed {
    /// It is in the window.
    Kept,
    /// A price of the same tenth of a second that is as new, or newer, is kept instead; or it is the same price again.
    Superseded,
    /// It is older than the window.
    TooOld,
}

impl PriceWindow {
    /// Makes an empty window.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a price by its exchange time; in any order. Of two prices with the same time the one that came last counts.
    pub fn push(&mut self, exchange_time: Timestamp, price: AssetPrice) -> Pushed {
        let tick = Tick { time_us: micros(exchange_time), price };
        let Some(newest) = self.ticks.back().copied() else {
            self.ticks.push_back(tick);
            return Pushed::Kept;
        };
        if tick.time_us < newest.time_us - KEPT_SECONDS * 1_000_000 {
            return Pushed::TooOld;
        }
        if tick.slot() > newest.slot() {
            self.ticks.push_back(tick);
            self.drop_old();
            return Pushed::Kept;
        }
        let place = self.ticks.partition_point(|kept| kept.slot() < tick.slot());
        match self.ticks.get_mut(place).filter(|kept| kept.slot() == tick.slot()) {
            Some(kept) if kept.time_us > tick.time_us || *kept == tick => Pushed::Superseded,
            Some(kept) => {
                *kept = tick;
                Pushed::Kept
            }
            None => {
                self.ticks.insert(place, tick);
                Pushed::Kept
            }
        }
    }

    /// The last price at or before `at`, with its time; `None` if it is older than [`MAX_TICK_AGE`] by then.
    #[must_use]
    pub fn price_at(&self, at: Timestamp) -> Option<(Timestamp, AssetPrice)> {
        let tick = self.tick_at(micros(at))?;
        Some((from_micros(tick.time_us).ok()?, tick.price))
    }

    /// The newest price, however old, with its time.
    #[must_use]
    pub fn latest(&self) -> Option<(Timestamp, AssetPrice)> {
        let tick = self.ticks.back()?;
        Some((from_micros(tick.time_us).ok()?, tick.price))
    }

    /// How many prices are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ticks.len()
    }

    /// Whether there is no price at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ticks.is_empty()
    }

    /// The price in dollars as of a moment in microseconds, or none that is fresh enough.
    pub(super) fn usd_at(&self, at_us: i64) -> Option<f64> {
        self.tick_at(at_us).map(|tick| tick.price.as_f64())
    }

    fn tick_at(&self, at_us: i64) -> Option<Tick> {
        let oldest_us = at_us - i64::try_from(MAX_TICK_AGE.as_micros()).unwrap_or(i64::MAX);
        let after = self.ticks.partition_point(|tick| tick.time_us <= at_us);
        let tick = *self.ticks.get(after.checked_sub(1)?)?;
        (tick.time_us >= oldest_us).then_some(tick)
    }

    fn drop_old(&mut self) {
        let Some(newest) = self.ticks.back().copied() else { return };
        while self.ticks.front().is_some_and(|tick| tick.time_us < newest.time_us - KEPT_SECONDS * 1_000_000) {
            self.ticks.pop_front();
        }
    }
}

impl From<PriceWindow> for Vec<(i64, u64)> {
    fn from(window: PriceWindow) -> Self {
        window.ticks.into_iter().map(|tick| (tick.time_us, tick.price.cents())).collect()
    }
}

impl TryFrom<Vec<(i64, u64)>> for PriceWindow {
    type Error = String;
    fn try_from(stored: Vec<(i64, u64)>) -> Result<Self, String> {
        let mut window = Self::new();
        for &(time_us, cents) in &stored {
            let time = from_micros(time_us).map_err(|error| format!("a stored price has no valid time: {error}"))?;
            let price = AssetPrice::from_cents(cents).map_err(|error| format!("stored price of {time}: {error}"))?;
            window.push(time, price);
        }
        if window.len() != stored.len() {
            return Err("stored prices are not in order, one per tenth of a second: the snapshot is damaged".into());
        }
        Ok(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        from_micros(1_778_677_200_000_000 + micros).unwrap()
    }

    fn usd(cents: u64) -> AssetPrice {
        AssetPrice::from_cents(cents).unwrap()
    }

    #[test]
    fn late_duplicate_and_old_prices_find_their_place() {
        let mut window = PriceWindow::new();
        assert_eq!(window.push(at(10_000_000), usd(100)), Pushed::Kept);
        assert_eq!(window.push(at(10_000_000), usd(100)), Pushed::Superseded);
        assert_eq!(window.push(at(10_050_000), usd(101)), Pushed::Kept);
        assert_eq!(window.push(at(10_020_000), usd(99)), Pushed::Superseded);
        assert_eq!(window.push(at(7_000_000), usd(98)), Pushed::Kept);
        assert_eq!(window.len(), 2);
        assert_eq!(window.price_at(at(9_999_999)), Some((at(7_000_000), usd(98))));
        assert_eq!(window.price_at(at(12_000_001)), Some((at(10_050_000), usd(101))));
        assert_eq!(window.price_at(at(15_050_001)), None);
        assert_eq!(window.price_at(at(6_999_999)), None);
        assert_eq!(window.push(at(10_000_000 - 33 * 60 * 1_000_000), usd(1)), Pushed::TooOld);
    }

    #[test]
    fn memory_is_bounded_and_a_snapshot_restores_it() {
        let mut window = PriceWindow::new();
        for tick in 0..60_000_i64 {
            window.push(at(tick * 37_000), usd(8_000_000 + (tick % 77).unsigned_abs()));
        }
        assert!(window.len() <= 19_201, "{}", window.len());
        let stored = postcard::to_stdvec(&window).unwrap();
        assert_eq!(postcard::from_bytes::<PriceWindow>(&stored), Ok(window));
        let disordered = postcard::to_stdvec(&vec![(5_000_000_i64, 1_u64), (4_000_000, 1), (4_000_000, 1)]).unwrap();
        assert!(postcard::from_bytes::<PriceWindow>(&disordered).is_err());
    }
}
