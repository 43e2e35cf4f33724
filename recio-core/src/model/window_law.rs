//! The law of the settlement value: what is known of the mean of 60 prints before and inside the settlement window.
//!
//! The price is taken as a random walk of volatility σ, and the value as the mean of its 60 prints. With r prints to come, the next in d
//! seconds, the mean's variance is σ²·[r²·d + (r−1)·r·(2r−1)/6] / 3600; a bridge fills seconds that were missed. Increments are taken as
//! independent: a correction for their correlation at 1 s is not made.

use super::settlement_window::PRINTS;
use super::{PriceWindow, SettlementWindow};
use crate::price_feed::PriceKind;
use crate::units::{AssetPrice, Timestamp, from_micros, micros};
use serde::{Deserialize, Serialize};

/// A price as of a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricePoint {
    /// Dollars for one unit of the asset.
    pub price: AssetPrice,
    /// When the source says it was so.
    pub time: Timestamp,
    /// Whether it is the index or a stand-in.
    pub kind: PriceKind,
}

/// How far the settlement value lies above a stand-in for the index.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "(f64, f64)", into = "(f64, f64)")]
pub struct Basis {
    mean_usd: f64,
    sd_usd: f64,
}

/// A basis that is not a finite mean with a standard deviation above zero.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "a basis of {mean_usd} with standard deviation {sd_usd} makes no sense: the mean is finite, the deviation above zero"
)]
pub struct BadBasis {
    /// Its mean.
    pub mean_usd: f64,
    /// Its standard deviation.
    pub sd_usd: f64,
}

impl Basis {
    /// Makes a basis: index minus stand-in, in dollars, and its standard deviation.
    ///
    /// # Errors
    /// Not finite, or the deviation is not above zero: a stand-in is never certain.
    pub fn new(mean_usd: f64, sd_usd: f64) -> Result<Self, BadBasis> {
        let valid = mean_usd.is_finite() && sd_usd.is_finite() && sd_usd > 0.0;
        if valid { Ok(Self { mean_usd, sd_usd }) } else { Err(BadBasis { mean_usd, sd_usd }) }
    }

    /// Its mean in dollars.
    #[must_use]
    pub const fn mean_usd(self) -> f64 {
        self.mean_usd
    }

    /// Its standard deviation in dollars.
    #[must_use]
    pub const fn sd_usd(self) -> f64 {
        self.sd_usd
    }
}

impl TryFrom<(f64, f64)> for Basis {
    type Error = BadBasis;
    fn try_from((mean_usd, sd_usd): (f64, f64)) -> Result<Self, BadBasis> {
        Self::new(mean_usd, sd_usd)
    }
}

impl From<Basis> for (f64, f64) {
    fn from(basis: Basis) -> Self {
        (basis.mean_usd, basis.sd_usd)
    }
}

impl PriceWindow {
    /// The newest price as a point, however old.
    #[must_use]
    pub fn latest_point(&self, kind: PriceKind) -> Option<PricePoint> {
        self.latest().map(|(time, price)| PricePoint { price, time, kind })
    }
}

/// What is known of a settlement value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WindowLaw {
    /// All 60 index prints are there: this is the value.
    Settled(AssetPrice),
    /// Some are to come, missing or a stand-in's.
    Open(OpenLaw),
}

/// Mean and variance of a settlement value that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenLaw {
    /// Expected value in dollars, before the basis is added.
    pub mean_usd: f64,
    /// Variance in units of σ²: seconds.
    pub variance_seconds: f64,
    /// Which share of the mean rests on a stand-in: the basis and its deviation count this much.
    pub basis_weight: f64,
    /// The newest price or print it rests on.
    pub as_of: Timestamp,
    /// Prints after that.
    pub to_come: usize,
    /// Prints before that which were missed.
    pub missing: usize,
}

/// A known point: seconds from the close, dollars, and whether it is the price rather than a print.
#[derive(Clone, Copy)]
struct Known {
    second: f64,
    usd: f64,
    is_price: bool,
}

impl WindowLaw {
    /// The law at a close, from the prints so far and the latest price. `None` if there is neither.
    ///
    /// The price counts only if it is newer than every print. Of a price after the close only one within five seconds counts: it closes a
    /// gap at the window's end.
    #[must_use]
    pub fn new(close: Timestamp, window: Option<&SettlementWindow>, price: Option<PricePoint>) -> Option<Self> {
        if let Some(window) = window
            && window.kind() == PriceKind::Index
            && let Some(value) = window.value()
        {
            return Some(Self::Settled(value));
        }
        let price_second = |point: &PricePoint| seconds_between(close, point.time);
        let price = price.filter(|point| price_second(point) <= 5.0);
        let last_print = window.and_then(|window| {
            let last = window.seconds().filter(|(_, print)| print.is_some()).last();
            last.map(|(second, _)| second)
        });
        let price = price.filter(|point| last_print.is_none_or(|last| price_second(point) > last));
        let price_known =
            price.map(|point| Known { second: price_second(&point), usd: point.price.as_f64(), is_price: true });

        let mut sum = Sum::default();
        let mut before: Option<Known> = None;
        let mut gap = Gap::default();
        for place in 0..PRINTS {
            let second = place as f64 - PRINTS as f64;
            let print = window.and_then(|window| window.print(place));
            if let Some(known) = price_known.filter(|known| known.second < second && before.is_none_or(|b| !b.is_price))
            {
                sum.close_gap(before, &mut gap, Some(known));
                before = Some(known);
            }
            match print {
                Some(print) => {
                    let known = Known { second, usd: print.as_f64(), is_price: false };
                    sum.close_gap(before, &mut gap, Some(known));
                    sum.add(known.usd, 1.0, false);
                    before = Some(known);
                }
                None => gap.add(second),
            }
        }
        if let Some(known) = price_known.filter(|_| before.is_none_or(|before| !before.is_price)) {
            sum.close_gap(before, &mut gap, Some(known));
            before = Some(known);
        }
        let last = before?;
        let to_come = gap.count;
        sum.close_gap(before, &mut gap, None);

        let prints = PRINTS as f64;
        let stand_in = |kind: Option<PriceKind>| if kind == Some(PriceKind::StandIn) { 1.0 } else { 0.0 };
        let basis_weight = (sum.on_price * stand_in(price.map(|point| point.kind))
            + (prints - sum.on_price) * stand_in(window.map(SettlementWindow::kind)))
            / prints;
        #[expect(clippy::cast_possible_truncation, reason = "within a few hours of the close")]
        let last_us = (last.second * 1e6) as i64;
        Some(Self::Open(OpenLaw {
            mean_usd: sum.usd / prints,
            variance_seconds: sum.variance / (prints * prints),
            basis_weight,
            as_of: from_micros(micros(close) + last_us).unwrap_or(close),
            to_come,
            missing: sum.missing - to_come,
        }))
    }
}

impl OpenLaw {
    /// Standard deviation in dollars, with σ in dollars per √second and the basis' deviation.
    #[must_use]
    pub fn sd_usd(&self, sigma: f64, basis_sd_usd: f64) -> f64 {
        let basis = self.basis_weight * basis_sd_usd;
        libm::sqrt(sigma * sigma * self.variance_seconds + basis * basis)
    }
}

/// Seconds without a print, one after the other.
#[derive(Clone, Copy, Default)]
struct Gap {
    first: f64,
    count: usize,
}

impl Gap {
    fn add(&mut self, second: f64) {
        if self.count == 0 {
            self.first = second;
        }
        self.count += 1;
    }
}

/// Mean and variance of the sum of prints, as it grows.
#[derive(Default)]
struct Sum {
    usd: f64,
    /// In units of σ².
    variance: f64,
    /// How many prints' worth rests on the price rather than on prints.
    on_price: f64,
    missing: usize,
}

impl Sum {
    fn add(&mut self, usd: f64, weight: f64, is_price: bool) {
        self.usd += weight * usd;
        if is_price {
            self.on_price += weight;
        }
    }

    /// Adds the gap's seconds, given what is known before and after it, and empties it.
    fn close_gap(&mut self, before: Option<Known>, gap: &mut Gap, after: Option<Known>) {
        let Gap { first, count } = std::mem::take(gap);
        if count == 0 {
            return;
        }
        self.missing += count;
        let number = count as f64;
        let last = first + number - 1.0;
        match (before, after) {
            (Some(before), Some(after)) => self.bridge(before, after, first, count),
            (Some(before), None) => {
                self.add(before.usd, number, before.is_price);
                self.variance += one_sided(number, first - before.second);
            }
            (None, Some(after)) => {
                self.add(after.usd, number, after.is_price);
                self.variance += one_sided(number, after.second - last);
            }
            // Nothing is known at all: the caller finds no last point and gives no law.
            (None, None) => {}
        }
    }

    /// A Brownian bridge: linear in between, with the covariance (s−a)(b−t)/(b−a) of seconds s ≤ t.
    fn bridge(&mut self, before: Known, after: Known, first: f64, count: usize) {
        let length = after.second - before.second;
        let mut earlier = 0.0;
        for step in 0..count {
            let second = first + step as f64;
            let (since, until) = (second - before.second, after.second - second);
            self.add(before.usd, until / length, before.is_price);
            self.add(after.usd, since / length, after.is_price);
            self.variance += (since + 2.0 * earlier) * until / length;
            earlier += since;
        }
    }
}

/// Variance of the sum of r prints one second apart, the nearest of them d seconds from the known price: r²·d + (r−1)·r·(2r−1)/6.
fn one_sided(r: f64, d: f64) -> f64 {
    r * r * d + (r - 1.0) * r * (2.0 * r - 1.0) / 6.0
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of some hours")]
fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    (micros(to) - micros(from)) as f64 / 1e6
}
