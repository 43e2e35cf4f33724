//! Momentum: how far the price has moved over the last minutes, weighted towards the newest.

use super::{MinuteHistory, PriceWindow};
use crate::units::{Timestamp, micros};
use serde::{Deserialize, Serialize};

/// The look-backs of the six deltas, in minutes.
pub const MOMENTUM_MINUTES: [u8; 6] = [1, 2, 3, 4, 15, 30];
/// What each delta counts for, in the order of [`MOMENTUM_MINUTES`]. Source: REC.IO v2.
pub const MOMENTUM_WEIGHTS: [f64; 6] = [0.30, 0.25, 0.20, 0.15, 0.05, 0.05];
/// Without the first four deltas there is no score.
const NEEDED: usize = 4;

/// Moves of the price over the last minutes, and their weighted mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Momentum {
    /// Move over 1, 2, 3, 4, 15 and 30 minutes in percent of the earlier price; `None` where either end has no fresh price.
    pub deltas: [Option<f64>; 6],
    /// Weighted mean of the deltas that are there, in percent; `None` unless those over 1 to 4 minutes are all there.
    pub score: Option<f64>,
}

impl Momentum {
    /// The score in hundredths of a percent, as v2's thresholds count it.
    #[must_use]
    pub fn basis_points(&self) -> Option<f64> {
        self.score.map(|score| score * 100.0)
    }

    /// The score as a whole number of basis points (0.01 %), halves away from zero: v2's momentum bucket. Not limited to ±30.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a float to integer cast saturates")]
    pub fn bucket(&self) -> Option<i32> {
        self.score.map(|score| libm::round(100.0 * score) as i32)
    }

    /// Computes momentum from the price now and a lookup of the price some minutes ago.
    pub(super) fn from_prices(now: f64, mut minutes_ago: impl FnMut(u8) -> Option<f64>) -> Self {
        let deltas = MOMENTUM_MINUTES.map(|minutes| minutes_ago(minutes).map(|then| (now / then - 1.0) * 100.0));
        let (mut sum, mut weight) = (0.0, 0.0);
        for (delta, share) in deltas.iter().zip(MOMENTUM_WEIGHTS) {
            if let Some(delta) = delta {
                sum += share * delta;
                weight += share;
            }
        }
        let complete = deltas[..NEEDED].iter().all(Option::is_some);
        Self { deltas, score: complete.then(|| sum / weight) }
    }
}

/// Moves over more minutes than this may be measured from minute closes where no second is known: half a minute more or less changes them
/// little, and the two of them count for a tenth of the score. Where such a minute is of a source that stands in for the feed, the distance between
/// the two counts as well: 12 USD at 80,000 are 1.5 basis points of these moves, and 0.15 of the score.
pub const SECONDS_UP_TO: u32 = 4;

impl PriceWindow {
    /// Momentum as of a moment, with the minutes' closes where the 15- and 30-minute deltas have no price of their second.
    #[must_use]
    pub fn momentum_with(&self, at: Timestamp, minutes: &MinuteHistory) -> Momentum {
        let at_us = micros(at);
        let Some(now) = self.usd_at(at_us) else { return Momentum::default() };
        Momentum::from_prices(now, |ago| self.usd_ago(at_us, u32::from(ago), Some(minutes)))
    }

    /// Whether there is a price of so many minutes before a moment, good enough for a delta over that time.
    #[must_use]
    pub fn reaches_back(&self, at: Timestamp, ago: u32, minutes: Option<&MinuteHistory>) -> bool {
        self.usd_ago(micros(at), ago, minutes).is_some()
    }

    fn usd_ago(&self, at_us: i64, ago: u32, minutes: Option<&MinuteHistory>) -> Option<f64> {
        let then = at_us - i64::from(ago) * 60_000_000;
        let near = || minutes.filter(|_| ago > SECONDS_UP_TO)?.usd_near(then);
        self.usd_at(then).or_else(near)
    }

    /// Momentum as of a moment.
    ///
    /// A delta over n minutes counts only if a price lies within the five seconds before `at` and another within the five seconds before
    /// `at` − n minutes, so an outage leaves no false momentum behind. Weights are renormalised over the deltas that count.
    #[must_use]
    pub fn momentum(&self, at: Timestamp) -> Momentum {
        let at_us = micros(at);
        let Some(now) = self.usd_at(at_us) else { return Momentum::default() };
        Momentum::from_prices(now, |minutes| self.usd_at(at_us - i64::from(minutes) * 60_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{AssetPrice, from_micros};

    const START: i64 = 1_778_677_200;

    fn at(seconds: i64) -> Timestamp {
        from_micros((START + seconds) * 1_000_000).unwrap()
    }

    /// A price that rises by one dollar a second from 80,000, one tick a second, where `keep` says so.
    fn rising(seconds: i64, keep: impl Fn(i64) -> bool) -> PriceWindow {
        let mut window = PriceWindow::new();
        for second in (0..=seconds).filter(|&second| keep(second)) {
            window.push(at(second), AssetPrice::from_cents(8_000_000 + second.unsigned_abs() * 100).unwrap());
        }
        window
    }

    fn percent(now: f64, minutes: f64) -> f64 {
        (now / (now - 60.0 * minutes) - 1.0) * 100.0
    }

    #[test]
    fn all_deltas_are_weighted() {
        let momentum = rising(1_860, |_| true).momentum(at(1_860));
        let expected: Vec<f64> = MOMENTUM_MINUTES.iter().map(|&n| percent(81_860.0, f64::from(n))).collect();
        for (delta, expected) in momentum.deltas.iter().zip(&expected) {
            assert!((delta.unwrap() - expected).abs() < 1e-12);
        }
        let score: f64 = expected.iter().zip(MOMENTUM_WEIGHTS).map(|(delta, weight)| delta * weight).sum();
        assert!((momentum.score.unwrap() - score).abs() < 1e-12);
        // 0.022 + 0.0367 + 0.0441 + 0.0441 + 0.0556 + 0.1124 = 0.3149 %
        assert_eq!(momentum.bucket(), Some(31));
    }

    #[test]
    fn what_is_missing_is_left_out_of_the_weights() {
        let momentum = rising(300, |_| true).momentum(at(300));
        assert_eq!(momentum.deltas[4..], [None, None]);
        let score = (0.30 * percent(80_300.0, 1.0)
            + 0.25 * percent(80_300.0, 2.0)
            + 0.20 * percent(80_300.0, 3.0)
            + 0.15 * percent(80_300.0, 4.0))
            / 0.90;
        assert!((momentum.score.unwrap() - score).abs() < 1e-12);
    }

    #[test]
    fn a_gap_makes_a_delta_unknown_and_never_stretches_it() {
        // Nothing from 100 to 115 s: two minutes before 230 s there is no price within 5 s.
        let window = rising(300, |second| !(100..=115).contains(&second));
        let momentum = window.momentum(at(230));
        assert!(momentum.deltas[0].is_some() && momentum.deltas[1].is_none() && momentum.deltas[2].is_some());
        assert_eq!((momentum.score, momentum.bucket()), (None, None));
        // Up to 5 s of age are fine; a microsecond more is not.
        assert!(window.momentum(at(120 + 104)).deltas[1].is_some());
        assert!(window.momentum(from_micros((START + 224) * 1_000_000 + 1).unwrap()).deltas[1].is_none());
        // After an outage there is no momentum, however much the price has moved.
        assert_eq!(window.momentum(at(306)), Momentum::default());
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let ordered = rising(1_860, |_| true);
        let mut shuffled = PriceWindow::new();
        for step in 0..1_861_i64 {
            let second = step / 7 * 7 + (6 - step % 7);
            if second <= 1_860 {
                shuffled.push(at(second), AssetPrice::from_cents(8_000_000 + second.unsigned_abs() * 100).unwrap());
            }
        }
        for second in 1_855..=1_860_i64 {
            shuffled.push(at(second), AssetPrice::from_cents(8_000_000 + second.unsigned_abs() * 100).unwrap());
        }
        assert_eq!(ordered, shuffled);
    }
}
