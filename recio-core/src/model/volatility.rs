//! Realised volatility of the last half hour, in dollars per square root of a second.

use super::PriceWindow;
use crate::units::{Timestamp, micros};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// The length of one return, in seconds. Returns over 30–60 s scale to the settlement horizon; returns over 1 s do not (bid–ask bounce).
const STEP_SECONDS: i64 = 30;
/// How many returns are looked at: half an hour.
const STEPS: i32 = 60;
/// A return this many steps back counts half.
const HALF_LIFE_STEPS: f64 = 20.0;
/// With fewer returns than this there is no estimate.
const MIN_RETURNS: u16 = 20;
/// Least volatility believed, as a share of the price per √second: about a twentieth of a usual half hour of bitcoin in 2026.
const FLOOR_SHARE: f64 = 2e-6;

/// Volatility of the price ahead, estimated from prices that have been.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Volatility {
    sigma: f64,
    effective_samples: f64,
}

/// Why there is no volatility.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum VolatilityUnknown {
    /// No price within 5 s of the moment asked for.
    #[error("no fresh price to measure volatility at")]
    NoPrice,
    /// Fewer 30-second returns than the 20 it takes.
    #[error("{found} of the 20 half-minute returns that volatility takes")]
    TooFewReturns {
        /// How many there are.
        found: u16,
    },
    /// The price has not moved at all: a feed that repeats itself, not a calm market.
    #[error("the price has not moved for half an hour: the feed may be frozen")]
    Frozen,
}

impl Volatility {
    /// Makes a volatility from another source.
    ///
    /// `sigma` in dollars per √second; `effective_samples` is how many independent returns stand behind it. `None` unless `sigma` is
    /// finite and above zero, and there is at least one sample.
    #[must_use]
    pub fn new(sigma: f64, effective_samples: f64) -> Option<Self> {
        let valid = sigma.is_finite() && sigma > 0.0 && effective_samples >= 1.0;
        valid.then_some(Self { sigma, effective_samples })
    }

    /// Dollars per √second.
    #[must_use]
    pub const fn sigma(self) -> f64 {
        self.sigma
    }

    /// How many equally weighted returns would know as much.
    #[must_use]
    pub const fn effective_samples(self) -> f64 {
        self.effective_samples
    }

    /// Standard error of ln σ from sampling alone: 1/√(2n).
    #[must_use]
    pub fn log_error(self) -> f64 {
        1.0 / libm::sqrt(2.0 * self.effective_samples)
    }
}

impl PriceWindow {
    /// Volatility as of a moment, from the half hour before it.
    ///
    /// σ² is the weighted mean of squared 30-second price changes (mean taken as zero), divided by 30 s. The newest return has weight 1,
    /// one of ten minutes before has ½. A return counts if both its ends have a price within five seconds before them. σ is at least
    /// 2·10⁻⁶ of the price.
    ///
    /// # Errors
    /// No fresh price at `at`, fewer than 20 returns (ten minutes), or no movement at all.
    pub fn volatility(&self, at: Timestamp) -> Result<Volatility, VolatilityUnknown> {
        let at_us = micros(at);
        let price = self.usd_at(at_us).ok_or(VolatilityUnknown::NoPrice)?;
        let decay = libm::exp2(-1.0 / HALF_LIFE_STEPS);
        let (mut squares, mut weights, mut weights_squared) = (0.0, 0.0, 0.0);
        let (mut weight, mut found) = (1.0, 0_u16);
        let mut later = Some(price);
        for step in 1..=STEPS {
            let earlier = self.usd_at(at_us - i64::from(step) * STEP_SECONDS * 1_000_000);
            if let (Some(later), Some(earlier)) = (later, earlier) {
                let change = later - earlier;
                squares += weight * change * change;
                weights += weight;
                weights_squared += weight * weight;
                found += 1;
            }
            weight *= decay;
            later = earlier;
        }
        if found < MIN_RETURNS {
            return Err(VolatilityUnknown::TooFewReturns { found });
        }
        if squares <= 0.0 {
            return Err(VolatilityUnknown::Frozen);
        }
        #[expect(clippy::cast_precision_loss, reason = "30")]
        let variance = squares / weights / STEP_SECONDS as f64;
        let sigma = libm::sqrt(variance).max(FLOOR_SHARE * price);
        Ok(Volatility { sigma, effective_samples: weights * weights / weights_squared })
    }

    /// Volatility for pricing an event: as of now, but never from inside the settlement window, which is the minute before the close.
    ///
    /// # Errors
    /// As [`volatility`](Self::volatility).
    pub fn volatility_before_window(&self, now: Timestamp, close: Timestamp) -> Result<Volatility, VolatilityUnknown> {
        let window = close.saturating_sub(SignedDuration::from_secs(60)).unwrap_or(close);
        self.volatility(now.min(window))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::Dice;
    use crate::units::{AssetPrice, from_micros};

    fn at(seconds: i64) -> Timestamp {
        from_micros((1_778_677_200 + seconds) * 1_000_000).unwrap()
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a price in cents")]
    fn walk(seed: u64, sigma: f64, seconds: i64) -> PriceWindow {
        let (mut dice, mut window, mut price) = (Dice(seed), PriceWindow::new(), 80_000.0_f64);
        for second in 0..=seconds {
            window.push(at(second), AssetPrice::from_cents((price * 100.0) as u64).unwrap());
            price += sigma * dice.normal();
        }
        window
    }

    #[test]
    fn finds_the_volatility_of_a_random_walk() {
        let (mut sum, runs) = (0.0, 200_u32);
        for seed in 0..u64::from(runs) {
            let found = walk(seed, 3.6, 1_800).volatility(at(1_800)).unwrap();
            assert!((40.0..60.0).contains(&found.effective_samples()));
            sum += found.sigma() * found.sigma();
        }
        // The relative standard error of a mean of 200 variances from about 50 samples each is √(2/50/200) = 1.4 %.
        let variance = sum / f64::from(runs);
        assert!((variance / (3.6 * 3.6) - 1.0).abs() < 0.06, "{variance}");
    }

    #[test]
    fn says_why_it_does_not_know() {
        assert_eq!(walk(1, 3.6, 300).volatility(at(300)), Err(VolatilityUnknown::TooFewReturns { found: 10 }));
        assert_eq!(walk(1, 3.6, 300).volatility(at(306)), Err(VolatilityUnknown::NoPrice));
        assert_eq!(walk(1, 0.0, 1_800).volatility(at(1_800)), Err(VolatilityUnknown::Frozen));
        let calm = walk(1, 0.02, 1_800).volatility(at(1_800)).unwrap();
        assert!((calm.sigma() - 0.16).abs() < 0.001, "the floor: {}", calm.sigma());
        assert_eq!(Volatility::new(f64::NAN, 10.0), None);
    }

    #[test]
    fn the_settlement_window_itself_is_left_out() {
        let window = walk(2, 3.6, 1_800);
        let close = at(1_810);
        assert_eq!(window.volatility_before_window(at(1_800), close), window.volatility(at(1_750)));
        assert_eq!(window.volatility_before_window(at(1_700), close), window.volatility(at(1_700)));
    }
}
