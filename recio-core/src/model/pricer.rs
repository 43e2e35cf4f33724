//! Prices all strikes of an event at one moment: fingerprint far from the close, the settlement window's law near it.
//!
//! Five minutes and more before the close the fingerprint decides alone. From there its weight falls evenly to nothing at the start of the
//! settlement window, where the law of the window's mean takes over; that one is exact once all index prints are there. Both are
//! distributions of the settlement value, and a strike's probability is the mass in its range: so probabilities fall with the strike, a
//! ladder of ranges sums to 1, and the two outcomes of a market are complements.

use super::move_curve::Z_90;
use super::{
    Basis, Fair, Fingerprint, MAX_TICK_AGE, Momentum, MoveCurve, OpenLaw, PricePoint, SettlementWindow, UnknownReason,
    Volatility, VolatilityUnknown, WindowLaw,
};
use crate::market::{Asset, Strike};
use crate::units::{AssetPrice, Timestamp};
use jiff::SignedDuration;

/// From here to the close the fingerprint's weight falls, in seconds.
const FINGERPRINT_ALONE_SECONDS: f64 = 300.0;
/// The length of the settlement window in seconds.
const WINDOW_SECONDS: f64 = 60.0;
/// A mean of 60 prints varies like a single price this many seconds earlier: 60 − 19.5028 s, from Σ k²/3600 over k = 1 to 59.
const MEAN_IS_EARLIER_SECONDS: f64 = 40.497_222_222_222_22;
/// Farthest close that is priced; beyond the fingerprint's hour its last row is stretched.
const MAX_AHEAD_SECONDS: f64 = 7_200.0;
/// How far a price may be dated ahead of the clock.
const MAX_CLOCK_ERROR: SignedDuration = SignedDuration::from_secs(1);
/// Volatility changes: standard deviation of ln σ ahead against σ of the last half hour, on top of the estimate's own error.
///
/// Chosen on 18,668 moves over 1, 2 and 4 minutes of Binance BTCUSDT, 2025-05-20 to 2025-08-18, scaled by the volatility before them: the
/// averaged normal then has 2.2 % beyond 3 standard deviations (found: 2.1, 2.3, 2.3 %), and 0.7 % beyond 4 (found: 0.7, 0.9, 0.9 %).
const VOLATILITY_DRIFT: f64 = 0.36;
/// Before all index prints are there an interval never reaches 0 or 1: this much is left on either side.
const NEVER_SURE: f64 = 1e-6;
/// Beyond so many standard deviations a normal tail is nothing (below 10⁻¹⁹) for a sum that has to be 1 within 10⁻⁹.
const NORMAL_END: f64 = 9.0;

/// All that prices depend on at one moment.
#[derive(Clone, Debug)]
pub struct FairInputs<'a> {
    /// The moment.
    pub now: Timestamp,
    /// When the event's markets close.
    pub close_time: Timestamp,
    /// What they are about.
    pub asset: Asset,
    /// The newest price: the index's where there is one, else a stand-in's.
    pub price: Option<PricePoint>,
    /// The settlement prints seen so far; `None` is as good as none seen.
    pub window: Option<&'a SettlementWindow>,
    /// Momentum as of the moment; without a score the fingerprint's baseline is used.
    pub momentum: Momentum,
    /// Volatility from before the settlement window ([`PriceWindow::volatility_before_window`](super::PriceWindow::volatility_before_window));
    /// only looked at in the last five minutes.
    pub volatility: Result<Volatility, VolatilityUnknown>,
    /// How far the index lies from the stand-in; only looked at where a stand-in is.
    pub basis: Option<Basis>,
}

/// Prices the strikes of one event at one moment. Made once per event and moment, then asked for every strike.
#[derive(Clone, Debug)]
pub struct EventPricer {
    state: State,
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time, on the stack; a box would be an allocation a tick")]
enum State {
    Settled(AssetPrice),
    Unknown(UnknownReason),
    Open(Open),
}

#[derive(Clone, Debug)]
struct Open {
    /// Expected settlement value in dollars, basis included.
    mean_usd: f64,
    /// 90 % half width of the basis' share in it.
    shift_usd: f64,
    /// The fingerprint's distribution with its weight, above 0; the law has the rest.
    curve: Option<(MoveCurve, f64)>,
    /// The law's spreads, where it counts.
    spreads: Option<Spreads>,
}

/// 1 / standard deviation of the settlement value at the three volatilities that are averaged over.
type Spread = [f64; 3];

/// Spreads around the estimate of volatility and around the ends of its 90 % interval.
#[derive(Clone, Copy, Debug)]
struct Spreads {
    middle: Spread,
    calm: Spread,
    wild: Spread,
}

/// A probability and its interval's ends.
#[derive(Clone, Copy, Default)]
struct Estimate {
    value: f64,
    low: f64,
    high: f64,
}

/// The settlement values that pay, in dollars; open ends are infinite.
#[derive(Clone, Copy)]
struct Range {
    from: f64,
    to: f64,
}

impl EventPricer {
    /// Works out what is common to all strikes of the event.
    #[must_use]
    pub fn new(inputs: &FairInputs<'_>, fingerprint: Option<&Fingerprint>) -> Self {
        let state = State::new(inputs, fingerprint).unwrap_or_else(State::Unknown);
        Self { state }
    }

    /// The fair value of YES for a strike of the event.
    #[must_use]
    pub fn fair(&self, strike: &Strike) -> Fair {
        let range = strike.winning_range();
        if let (Some(from), Some(to)) = (range.from_cents, range.to_cents)
            && from > to
        {
            return Fair::Unknown(UnknownReason::EmptyStrike);
        }
        match &self.state {
            State::Settled(value) => Fair::sure(strike.pays_yes(*value)),
            State::Unknown(reason) => Fair::Unknown(*reason),
            State::Open(open) => {
                // A mean counts as a cent's value from half a cent below it: V ≥ K is mean ≥ K − 0.005 USD.
                let usd = |cents: u64| cents as f64 / 100.0 - 0.005;
                let range = Range {
                    from: range.from_cents.map_or(f64::NEG_INFINITY, usd),
                    to: range.to_cents.map_or(f64::INFINITY, |cents| usd(cents + 1)),
                };
                open.fair(range)
            }
        }
    }

    /// The settlement value, once all 60 index prints are there.
    #[must_use]
    pub const fn settled(&self) -> Option<AssetPrice> {
        match &self.state {
            State::Settled(value) => Some(*value),
            State::Unknown(_) | State::Open(_) => None,
        }
    }

    /// Why no strike of the event can be priced, if so.
    #[must_use]
    pub const fn unknown(&self) -> Option<UnknownReason> {
        match &self.state {
            State::Unknown(reason) => Some(*reason),
            State::Settled(_) | State::Open(_) => None,
        }
    }

    /// The settlement value to expect, in dollars.
    #[must_use]
    pub fn expected_usd(&self) -> Option<f64> {
        match &self.state {
            State::Settled(value) => Some(value.as_f64()),
            State::Unknown(_) => None,
            State::Open(open) => Some(open.mean_usd),
        }
    }
}

impl State {
    fn new(inputs: &FairInputs<'_>, fingerprint: Option<&Fingerprint>) -> Result<Self, UnknownReason> {
        if inputs.window.is_some_and(|window| window.close() != inputs.close_time) {
            return Err(UnknownReason::OtherWindow);
        }
        let law = match WindowLaw::new(inputs.close_time, inputs.window, inputs.price) {
            None => return Err(UnknownReason::NoPrice),
            Some(WindowLaw::Settled(value)) => return Ok(Self::Settled(value)),
            Some(WindowLaw::Open(law)) => law,
        };
        check_age(inputs, &law)?;
        let (basis_mean, basis_sd) = if law.basis_weight > 0.0 {
            let basis = inputs.basis.ok_or(UnknownReason::NoBasis)?;
            (basis.mean_usd(), basis.sd_usd())
        } else {
            (0.0, 0.0)
        };
        // From the price's own moment: an older price leaves more time to move.
        let ahead = inputs.close_time.duration_since(law.as_of);
        let seconds = ahead.as_secs_f64();
        if seconds > MAX_AHEAD_SECONDS {
            return Err(UnknownReason::TooFarAhead { minutes: ahead.as_mins() });
        }
        let weight = ((seconds - WINDOW_SECONDS) / (FINGERPRINT_ALONE_SECONDS - WINDOW_SECONDS)).clamp(0.0, 1.0);
        let curve = if weight > 0.0 {
            let fingerprint = fingerprint.ok_or(UnknownReason::NoFingerprint)?;
            let asset = fingerprint.about().asset;
            if asset != inputs.asset {
                return Err(UnknownReason::OtherFingerprint(asset));
            }
            let curve = fingerprint.curve(seconds - MEAN_IS_EARLIER_SECONDS, inputs.momentum.bucket());
            Some((curve.ok_or(UnknownReason::ThinFingerprint)?, weight))
        } else {
            None
        };
        let spreads = if weight < 1.0 { Some(Spreads::new(inputs, &law, basis_sd)?) } else { None };
        Ok(Self::Open(Open {
            mean_usd: law.mean_usd + law.basis_weight * basis_mean,
            shift_usd: Z_90 * law.basis_weight * basis_sd,
            curve,
            spreads,
        }))
    }
}

/// Checks that the newest price is neither too old nor ahead of the clock. After the close its age at the close counts.
fn check_age(inputs: &FairInputs<'_>, law: &OpenLaw) -> Result<(), UnknownReason> {
    let ahead = law.as_of.duration_since(inputs.now);
    if ahead > MAX_CLOCK_ERROR {
        return Err(UnknownReason::PriceFromFuture { ahead_ms: milliseconds(ahead) });
    }
    let age = inputs.now.min(inputs.close_time).duration_since(law.as_of);
    if age > MAX_TICK_AGE && (law.to_come > 0 || law.missing > 0) {
        return Err(UnknownReason::StalePrice { age_ms: milliseconds(age) });
    }
    Ok(())
}

fn milliseconds(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Spreads {
    fn new(inputs: &FairInputs<'_>, law: &OpenLaw, basis_sd: f64) -> Result<Self, UnknownReason> {
        if law.variance_seconds <= 0.0 {
            let spread = [1.0 / law.sd_usd(0.0, basis_sd); 3];
            return Ok(Self { middle: spread, calm: spread, wild: spread });
        }
        let volatility = inputs.volatility.map_err(UnknownReason::NoVolatility)?;
        let error = volatility.log_error();
        // Gauss and Hermite's outer nodes lie √3 standard deviations out.
        let node = libm::exp(libm::sqrt(3.0 * (error * error + VOLATILITY_DRIFT * VOLATILITY_DRIFT)));
        let spread = |sigma: f64| [sigma / node, sigma, sigma * node].map(|sigma| 1.0 / law.sd_usd(sigma, basis_sd));
        let (sigma, end) = (volatility.sigma(), libm::exp(Z_90 * error));
        Ok(Self { middle: spread(sigma), calm: spread(sigma / end), wild: spread(sigma * end) })
    }
}

impl Open {
    fn fair(&self, range: Range) -> Fair {
        let mut sum = Estimate::default();
        let mut add = |estimate: Estimate, weight: f64| {
            sum.value += weight * estimate.value;
            sum.low += weight * estimate.low;
            sum.high += weight * estimate.high;
        };
        let mut law_weight = 1.0;
        if let Some((curve, weight)) = &self.curve {
            add(self.by_curve(curve, range), *weight);
            law_weight -= weight;
        }
        if let Some(spreads) = &self.spreads {
            add(self.by_law(spreads, range), law_weight);
        }
        Fair::known(sum.value, sum.low.min(1.0 - NEVER_SURE), sum.high.max(NEVER_SURE))
    }

    /// The fingerprint's: moves are relative to the expected value. The interval is Wilson's about the least and the greatest probability
    /// within the basis' 90 %; the basis' own variance is small against the move's and not added.
    fn by_curve(&self, curve: &MoveCurve, range: Range) -> Estimate {
        let mass = |shift: f64| {
            let at_least = |usd: f64| curve.at_least(100.0 * (usd - shift - self.mean_usd) / self.mean_usd);
            at_least(range.from) - at_least(range.to)
        };
        let value = mass(0.0);
        let (mut least, mut most) = (value, value);
        if self.shift_usd > 0.0 {
            for shifted in [mass(-self.shift_usd), mass(self.shift_usd)] {
                least = least.min(shifted);
                most = most.max(shifted);
            }
        }
        Estimate { value, low: curve.interval(least).0, high: curve.interval(most).1 }
    }

    /// The law's: normal, averaged over volatility by Gauss and Hermite's three points (weights 1/6, 2/3, 1/6), so its tails are wider than
    /// a normal's. The interval is the least and the greatest over the 90 % of the estimate of volatility and of the basis.
    fn by_law(&self, spreads: &Spreads, range: Range) -> Estimate {
        let mass = |spread: &Spread, shift: f64| {
            let mean = self.mean_usd + shift;
            let inside =
                |per_sd: f64| normal_below((mean - range.from) * per_sd) - normal_below((mean - range.to) * per_sd);
            (inside(spread[0]) + 4.0 * inside(spread[1]) + inside(spread[2])) / 6.0
        };
        let value = mass(&spreads.middle, 0.0);
        let (mut low, mut high) = (value, value);
        let mut widen = |mass: f64| (low, high) = (low.min(mass), high.max(mass));
        for spread in [&spreads.calm, &spreads.wild] {
            if self.shift_usd > 0.0 {
                widen(mass(spread, -self.shift_usd));
                widen(mass(spread, self.shift_usd));
            } else {
                widen(mass(spread, 0.0));
            }
        }
        Estimate { value, low, high }
    }
}

/// The standard normal distribution function.
fn normal_below(z: f64) -> f64 {
    if z.abs() >= NORMAL_END {
        return if z > 0.0 { 1.0 } else { 0.0 };
    }
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}
