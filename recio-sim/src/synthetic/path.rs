//! The index: a random walk, once a second.

use crate::dice::{CERTAIN, Dice};
use recio_core::units::AssetPrice;

/// How far the price moves, with a standard deviation in cents per √second, and how often such weather comes, in parts of a hundred.
/// About what Bitcoin did at 90,000 USD in 2025 and 2026: 3 USD on a quiet night, 7 by day, 18 when there is news.
const REGIMES: [(i64, u64); 3] = [(300, 45), (700, 45), (1_800, 10)];
/// How long a regime lasts, in seconds.
const REGIME_SECONDS: (u64, u64) = (600, 5_400);
/// A jump comes about every 90 minutes.
const JUMP: u32 = CERTAIN / 5_400;
/// How far a jump goes, in cents.
const JUMP_CENTS: (u64, u64) = (5_000, 40_000);
/// The walk never goes below this: a world without a price is another fault than those that are simulated.
const FLOOR_CENTS: i64 = 100_000;

/// The walk. One step a second, made of this seed alone.
#[derive(Clone, Debug)]
pub(super) struct PricePath {
    dice: Dice,
    cents: i64,
    regime: usize,
    left: u64,
}

impl PricePath {
    pub(super) fn new(seed: u64, opening: AssetPrice) -> Self {
        let cents = i64::try_from(opening.cents()).unwrap_or(i64::MAX);
        Self { dice: Dice::named(seed, "synthetic/path"), cents, regime: 1, left: 0 }
    }

    /// The next second's price, in cents.
    pub(super) fn step(&mut self) -> u64 {
        if self.left == 0 {
            let mut drawn = self.dice.below(100);
            self.regime = REGIMES
                .iter()
                .position(|(_, share)| {
                    let here = drawn < *share;
                    drawn = drawn.saturating_sub(*share);
                    here
                })
                .unwrap_or(1);
            self.left = self.dice.between(REGIME_SECONDS.0, REGIME_SECONDS.1);
        }
        self.left -= 1;
        let (sigma, _) = REGIMES[self.regime];
        let jump = if self.dice.chance(JUMP) {
            let size = i64::try_from(self.dice.between(JUMP_CENTS.0, JUMP_CENTS.1)).unwrap_or(0);
            if self.dice.below(2) == 0 { size } else { -size }
        } else {
            0
        };
        let moved = self.cents.saturating_add(self.dice.normal(sigma)).saturating_add(jump);
        self.cents = moved.max(FLOOR_CENTS);
        self.cents.unsigned_abs()
    }

    /// The regime's standard deviation, in cents per √second.
    pub(super) fn sigma(&self) -> i64 {
        REGIMES[self.regime].0
    }
}
