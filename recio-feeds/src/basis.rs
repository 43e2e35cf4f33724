//! The basis: how far the settlement index lies above a spot price, as a figure with its uncertainty.
//!
//! What settles markets is an index of several venues (CF Benchmarks' BRTI and ETHUSD_RTI), not the spot price at hand. Where spot stands in for it, the
//! difference and its spread are part of every probability. The estimator takes settlements (the best: they are the very quantity) or pairs of an
//! index print and a spot price, weighs newer ones more, and publishes mean, spread, standard error, count and age. With too few or too old samples it
//! says so, and gives a stated prior instead.

use recio_core::market::Asset;
use recio_core::model::{BadBasis, Basis};
use recio_core::price_feed::PriceTick;
use recio_core::units::{AssetPrice, Timestamp};
use serde::Serialize;
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// Seconds of a settlement window; the value is the mean of the index at each.
const WINDOW_SECONDS: i64 = 60;
/// A spot price stands for the seconds after it up to this many; for later ones there is none.
const SPOT_STANDS_SECONDS: i64 = 5;
/// So many of the 60 seconds need a spot price.
const SECONDS_NEEDED: u32 = 50;
/// An index print and a spot price this far apart in time are no pair.
const PAIR_WITHIN: Duration = Duration::from_secs(2);
/// Samples kept; the oldest goes. Two weeks of quarter hours, more than any half-life here weighs.
const MAX_SAMPLES: usize = 1_344;
/// The least spread that is published: prices come in cents.
const LEAST_SD_USD: f64 = 0.01;

/// How the basis is estimated.
#[derive(Clone, Debug, PartialEq)]
pub struct BasisConfig {
    /// A sample this old weighs half of a new one.
    pub half_life: Duration,
    /// Below this effective number of samples the prior is given. The effective number is (Σw)²/Σw².
    pub min_effective: f64,
    /// When the newest sample is older than this, the prior is given.
    pub max_age: Duration,
    /// Pairs are taken at most this often: those of neighbouring seconds say the same twice, and would make the figure look surer than it is.
    pub pair_every: Duration,
    /// What is said without enough samples.
    pub prior: BasisPrior,
}

/// A basis that is believed without samples, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct BasisPrior {
    basis: Basis,
    stated: String,
}

/// The basis as a published figure: index minus spot, in dollars.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BasisFigure {
    /// Its mean.
    pub mean_usd: f64,
    /// The spread of single samples around it.
    pub sd_usd: f64,
    /// How far the mean itself may be off: the spread over the root of the effective number. `None` for the prior.
    pub standard_error_usd: Option<f64>,
    /// Samples.
    pub samples: usize,
    /// Their effective number after weighing.
    pub effective: f64,
    /// The half-life of their weights.
    pub half_life: Duration,
    /// The newest sample's time.
    pub as_of: Option<Timestamp>,
    /// Where the figure comes from.
    pub origin: BasisOrigin,
}

/// Where a figure comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisOrigin {
    /// The samples.
    Samples,
    /// The prior.
    Prior {
        /// What the prior rests on.
        stated: String,
        /// Why the samples do not do.
        why: String,
    },
}

/// A sample that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSample {
    /// Print and price are of different moments.
    #[error("an index print of {index} and a spot price of {spot} are no pair: more than {PAIR_WITHIN:?} apart")]
    Apart {
        /// The print's time.
        index: Timestamp,
        /// The price's time.
        spot: Timestamp,
    },
    /// The last pair is too near, or this sample is older than the last.
    #[error("a sample of {at} comes too soon after, or before, the one of {last}")]
    TooSoon {
        /// Its time.
        at: Timestamp,
        /// The last one's.
        last: Timestamp,
    },
    /// Too many seconds of the window are without a spot price.
    #[error("{covered} of the 60 seconds before {close} have a spot price, {SECONDS_NEEDED} are needed")]
    Uncovered {
        /// The settlement.
        close: Timestamp,
        /// Seconds with one.
        covered: u32,
    },
}

/// Estimates the basis of one asset against one source of spot prices. Pure: times come with the samples.
#[derive(Clone, Debug)]
pub struct BasisEstimator {
    config: BasisConfig,
    samples: VecDeque<(Timestamp, f64)>,
}

impl BasisPrior {
    /// A prior, and where it comes from.
    #[must_use]
    pub fn new(basis: Basis, stated: impl Into<String>) -> Self {
        Self { basis, stated: stated.into() }
    }

    /// What is known before any sample.
    ///
    /// BTC: 22 settlements in May 2026 lay 10.9 USD above the mean of Coinbase's trades, with a spread of 4.6; given with twice that spread, because
    /// it was one venue in four days. ETH: never measured; no difference, with a spread of 2 USD, which is a guess on the wide side.
    ///
    /// # Errors
    /// Never: the numbers are constants.
    pub fn of(asset: Asset) -> Result<Self, BadBasis> {
        Ok(match asset {
            Asset::Btc => Self::new(
                Basis::new(10.9, 9.2)?,
                "22 settlements in May 2026 against Coinbase (10.9, spread 4.6), with twice the spread",
            ),
            Asset::Eth => Self::new(Basis::new(0.0, 2.0)?, "never measured: a guess on the wide side"),
        })
    }
}

impl BasisConfig {
    /// A half-life of a day, 10 effective samples, none older than two days, pairs once a minute, and the asset's prior.
    ///
    /// # Errors
    /// As [`BasisPrior::of`].
    pub fn of(asset: Asset) -> Result<Self, BadBasis> {
        let day = Duration::from_secs(86_400);
        Ok(Self {
            half_life: day,
            min_effective: 10.0,
            max_age: 2 * day,
            pair_every: Duration::from_secs(60),
            prior: BasisPrior::of(asset)?,
        })
    }
}

impl BasisFigure {
    /// The basis as the model takes it: the spread of a new sample around the estimated mean, √(sd² + standard error²).
    ///
    /// # Errors
    /// Never in practice: the figure is finite and its spread above zero.
    pub fn basis(&self) -> Result<Basis, BadBasis> {
        let error = self.standard_error_usd.unwrap_or_default();
        Basis::new(self.mean_usd, (self.sd_usd * self.sd_usd + error * error).sqrt())
    }

    /// Whether it is measured, and not the prior.
    #[must_use]
    pub const fn is_measured(&self) -> bool {
        matches!(self.origin, BasisOrigin::Samples)
    }
}

impl fmt::Display for BasisFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "index minus spot {:.2} USD", self.mean_usd)?;
        if let Some(error) = self.standard_error_usd {
            write!(f, " ± {error:.2}")?;
        }
        write!(f, ", spread {:.2}", self.sd_usd)?;
        match (&self.origin, self.as_of) {
            (BasisOrigin::Samples, Some(at)) => write!(
                f,
                " ({} samples, {:.1} effective at a half-life of {:.1} h, as of {at})",
                self.samples,
                self.effective,
                self.half_life.as_secs_f64() / 3_600.0
            ),
            (BasisOrigin::Samples, None) => Ok(()),
            (BasisOrigin::Prior { stated, why }, _) => write!(f, " (a prior: {stated}; {why})"),
        }
    }
}

impl BasisEstimator {
    /// Begins without samples.
    #[must_use]
    pub const fn new(config: BasisConfig) -> Self {
        Self { config, samples: VecDeque::new() }
    }

    /// Takes an index print and a spot price of about the same moment. Samples come in the order of time.
    ///
    /// # Errors
    /// Too far apart, or too soon after the last sample; then it is not taken. Neither is a reason for concern.
    pub fn push_pair(&mut self, index: PriceTick, spot: PriceTick) -> Result<(), BadSample> {
        let (at, other) = (index.exchange_time, spot.exchange_time);
        if at.duration_since(other).unsigned_abs() > PAIR_WITHIN {
            return Err(BadSample::Apart { index: at, spot: other });
        }
        self.push(at, self.config.pair_every, index.price.as_f64() - spot.price.as_f64())
    }

    /// Takes a settlement: its value against the mean of spot over the same 60 seconds, one price for each, as of the beginning of the second.
    /// `spot` holds prices in the order of time, from before the window to its end; others are passed over.
    ///
    /// # Errors
    /// Spot is missing in more than 10 of the seconds, or the settlement is not newer than the last sample; then it is not taken.
    pub fn push_settlement(
        &mut self,
        close: Timestamp,
        value: AssetPrice,
        spot: &[PriceTick],
    ) -> Result<(), BadSample> {
        let (mut sum, mut covered) = (0.0, 0_u32);
        for before in (1..=WINDOW_SECONDS).rev() {
            let second = close.as_microsecond() - before * 1_000_000;
            let until = spot.partition_point(|tick| tick.exchange_time.as_microsecond() <= second);
            let Some(tick) = until.checked_sub(1).and_then(|at| spot.get(at)) else { continue };
            if second - tick.exchange_time.as_microsecond() <= SPOT_STANDS_SECONDS * 1_000_000 {
                sum += tick.price.as_f64();
                covered += 1;
            }
        }
        if covered < SECONDS_NEEDED {
            return Err(BadSample::Uncovered { close, covered });
        }
        self.push(close, Duration::ZERO, value.as_f64() - sum / f64::from(covered))
    }

    fn push(&mut self, at: Timestamp, every: Duration, difference_usd: f64) -> Result<(), BadSample> {
        if let Some((last, _)) = self.samples.back()
            && (at <= *last || at.duration_since(*last).unsigned_abs() < every)
        {
            return Err(BadSample::TooSoon { at, last: *last });
        }
        if self.samples.len() == MAX_SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back((at, difference_usd));
        Ok(())
    }

    /// The figure as of a moment.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "ages in seconds and counts are far below 2^53")]
    pub fn figure(&self, now: Timestamp) -> BasisFigure {
        let half_life = self.config.half_life.as_secs_f64().max(1.0);
        let weight =
            |at: Timestamp| libm::exp2(-(now.duration_since(at).as_millis() as f64 / 1_000.0).max(0.0) / half_life);
        let (mut weights, mut squares, mut sum) = (0.0, 0.0, 0.0);
        for (at, difference) in &self.samples {
            let weight = weight(*at);
            weights += weight;
            squares += weight * weight;
            sum += weight * difference;
        }
        let effective = if squares > 0.0 { weights * weights / squares } else { 0.0 };
        let as_of = self.samples.back().map(|(at, _)| *at);
        let why = match as_of {
            None => Some("there is no sample".to_owned()),
            Some(at) if now.duration_since(at).unsigned_abs() > self.config.max_age => {
                Some(format!("the newest sample is of {at}"))
            }
            // One sample has no spread, whatever the configuration says.
            Some(_) if effective < self.config.min_effective.max(2.0) => {
                Some(format!("{effective:.1} effective samples, {} are needed", self.config.min_effective.max(2.0)))
            }
            Some(_) => None,
        };
        let (samples, half_life) = (self.samples.len(), self.config.half_life);
        if let Some(why) = why {
            let BasisPrior { basis, stated } = &self.config.prior;
            let origin = BasisOrigin::Prior { stated: stated.clone(), why };
            let (mean_usd, sd_usd) = (basis.mean_usd(), basis.sd_usd());
            return BasisFigure {
                mean_usd,
                sd_usd,
                standard_error_usd: None,
                samples,
                effective,
                half_life,
                as_of,
                origin,
            };
        }
        let mean = sum / weights;
        let scatter: f64 = self.samples.iter().map(|(at, d)| weight(*at) * (d - mean) * (d - mean)).sum();
        // Weighed variance, corrected for the mean that comes out of the same samples.
        let sd_usd = (scatter / weights * effective / (effective - 1.0)).sqrt().max(LEAST_SD_USD);
        let standard_error_usd = Some(sd_usd / effective.sqrt());
        BasisFigure {
            mean_usd: mean,
            sd_usd,
            standard_error_usd,
            samples,
            effective,
            half_life,
            as_of,
            origin: BasisOrigin::Samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_778_501_340 + second).unwrap()
    }

    fn tick(second: i64, cents: u64) -> PriceTick {
        PriceTick { price: AssetPrice::from_cents(cents).unwrap(), exchange_time: at(second) }
    }

    fn estimator() -> BasisEstimator {
        BasisEstimator::new(BasisConfig::of(Asset::Btc).unwrap())
    }

    #[test]
    fn without_samples_the_prior_is_given_and_says_so() {
        let figure = estimator().figure(at(0));
        assert_eq!((figure.mean_usd, figure.sd_usd, figure.is_measured()), (10.9, 9.2, false));
        assert_eq!(
            figure.to_string(),
            "index minus spot 10.90 USD, spread 9.20 (a prior: 22 settlements in May 2026 against Coinbase (10.9, spread 4.6), with twice the spread; \
             there is no sample)"
        );
    }

    #[test]
    fn pairs_give_mean_spread_and_error() {
        let mut estimator = estimator();
        // 10 and 12 dollars in turn, a minute apart.
        for minute in 0..40 {
            let index = 8_001_000 + 200 * u64::try_from(minute % 2).unwrap();
            estimator.push_pair(tick(minute * 60, index), tick(minute * 60 - 1, 8_000_000)).unwrap();
        }
        let figure = estimator.figure(at(40 * 60));
        assert!(figure.is_measured());
        assert!((figure.mean_usd - 11.0).abs() < 0.02, "{figure:?}");
        assert!((figure.sd_usd - 1.012_7).abs() < 0.001, "{figure:?}");
        assert!((figure.standard_error_usd.unwrap() - figure.sd_usd / 40_f64.sqrt()).abs() < 0.001, "{figure:?}");
        let basis = figure.basis().unwrap();
        assert!(basis.sd_usd() > figure.sd_usd);
        // Two days later it is too old to be believed.
        assert!(!estimator.figure(at(3 * 86_400)).is_measured());
    }

    #[test]
    fn what_is_no_pair_is_not_taken() {
        let mut estimator = estimator();
        assert!(matches!(estimator.push_pair(tick(10, 1), tick(7, 1)), Err(BadSample::Apart { .. })));
        estimator.push_pair(tick(10, 1_000), tick(10, 1_000)).unwrap();
        assert!(matches!(estimator.push_pair(tick(69, 1_000), tick(69, 1_000)), Err(BadSample::TooSoon { .. })));
        assert!(matches!(estimator.push_pair(tick(9, 1_000), tick(9, 1_000)), Err(BadSample::TooSoon { .. })));
        estimator.push_pair(tick(70, 1_000), tick(70, 1_000)).unwrap();
        assert_eq!(estimator.figure(at(80)).samples, 2);
    }

    #[test]
    fn newer_samples_weigh_more_and_a_constant_has_the_least_spread() {
        let mut estimator = estimator();
        for hour in 0..48_i64 {
            let index = if hour < 24 { 8_000_000 } else { 8_002_000 };
            estimator.push_pair(tick(hour * 3_600, index), tick(hour * 3_600, 8_000_000)).unwrap();
        }
        // Yesterday 0, today 20: with a half-life of a day, two thirds of the way.
        let mean = estimator.figure(at(47 * 3_600)).mean_usd;
        assert!((13.0..13.7).contains(&mean), "{mean}");

        let mut constant = super::tests::estimator();
        for minute in 0..20 {
            constant.push_pair(tick(minute * 60, 8_000_500), tick(minute * 60, 8_000_000)).unwrap();
        }
        assert_eq!(constant.figure(at(1_200)).sd_usd, LEAST_SD_USD);
    }

    #[test]
    fn a_settlement_needs_its_seconds() {
        let mut estimator = estimator();
        let value = AssetPrice::from_cents(8_001_000).unwrap();
        let spot: Vec<PriceTick> = (-60..0).map(|second| tick(second, 8_000_000)).collect();
        assert_eq!(
            estimator.push_settlement(at(0), value, &spot[20..]),
            Err(BadSample::Uncovered { close: at(0), covered: 40 })
        );
        estimator.push_settlement(at(0), value, &spot).unwrap();
        // What is printed in the window's end or later does not count.
        let mut later = spot.clone();
        later.push(tick(0, 9_000_000));
        let mut other = super::tests::estimator();
        other.push_settlement(at(0), value, &later).unwrap();
        assert_eq!(estimator.samples, other.samples);
        assert_eq!(estimator.samples[0].1, 10.0);
    }
}
