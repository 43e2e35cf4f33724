//! Hourly HTC ("high to close"): buys the likely outcome near the end of its time, where it is offered for less than it is worth.
//!
//! REC.IO v2's strategy, for hourly thresholds, hourly ranges and 15-minute markets alike.

use crate::engine::{EventView, Reason, StrikeView};
use crate::market::Side;
use crate::model::Fair;
use crate::read::BoxError;
use crate::settings::MonitorSettings;
use crate::strategy::{Decision, Strategy};
use crate::units::{Price, Probability, Quantity};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What Hourly HTC asks of a strike. The names are REC.IO v2's where it had one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HtcParams {
    /// The likely outcome must have at least this probability, in percent.
    pub min_probability: f64,
    /// What must be left of value less price, in cents a contract.
    pub min_differential: f64,
    /// Taken off `min_differential`, in cents. REC.IO v2 took off half a cent, which let trades through at a loss.
    pub slack: f64,
    /// Whether the exact fee is part of the price.
    pub after_fees: bool,
    /// Whether the edge is measured from the low end of the model's interval, or from its middle.
    pub careful: bool,
    /// No more than this is paid.
    pub max_price: Price,
    /// So many contracts must have been traded in the market.
    pub min_volume: Quantity,
    /// Contracts of one entry, before the multiplier.
    pub position_size: Quantity,
    /// Times the position size.
    pub multiplier: u32,
}

impl Default for HtcParams {
    fn default() -> Self {
        Self {
            min_probability: 95.0,
            min_differential: 0.25,
            slack: 0.0,
            after_fees: true,
            careful: true,
            max_price: Price::cents(98),
            min_volume: Quantity::contracts(1_000),
            position_size: Quantity::contracts(1),
            multiplier: 1,
        }
    }
}

impl HtcParams {
    /// As REC.IO v2 had it: before fees, from the middle, with half a cent of slack.
    #[must_use]
    pub fn v2() -> Self {
        Self { slack: 0.5, after_fees: false, careful: false, ..Self::default() }
    }

    /// Contracts of one entry; `None` where size times multiplier is more than recio handles.
    #[must_use]
    pub fn quantity(&self) -> Option<Quantity> {
        let hundredths = self.position_size.hundredths().checked_mul(u64::from(self.multiplier))?;
        Quantity::from_hundredths(hundredths).ok()
    }
}

/// What floating point may take off an edge that is exactly the threshold, in cents.
const ROUNDING: f64 = 1e-9;

/// The strategy. It remembers nothing: every view is judged on its own.
#[derive(Clone, Debug, Default)]
pub struct HourlyHtc {
    params: HtcParams,
}

/// A strike that passes, with how likely it is.
struct Candidate<'a> {
    strike: &'a StrikeView,
    side: Side,
    limit: Price,
    quantity: Quantity,
    probability: Probability,
    edge_cents: f64,
}

impl HourlyHtc {
    /// Makes the strategy.
    #[must_use]
    pub const fn new(params: HtcParams) -> Self {
        Self { params }
    }

    fn judge<'a>(&self, strike: &'a StrikeView) -> Result<Candidate<'a>, Reason> {
        let params = &self.params;
        if !strike.trading {
            return Err(Reason::NotTrading);
        }
        if strike.strike.is_none() {
            return Err(Reason::NoStrike);
        }
        let (value, low, high) = match strike.fair {
            Fair::Known { value, low, high } => (value, low, high),
            Fair::Unknown(why) => return Err(Reason::NoOpinion(why)),
        };
        let (side, value, low) = if value.get() >= 0.5 {
            (Side::Yes, value, low)
        } else {
            (Side::No, value.complement(), high.complement())
        };
        if value.percent() < params.min_probability {
            return Err(Reason::ProbabilityTooLow);
        }
        let quote = strike.quote.ok_or(Reason::NoFreshBook)?;
        let offer = quote.cost(side).ok_or(Reason::NoQuote)?;
        if offer.price > params.max_price {
            return Err(Reason::PriceTooHigh);
        }
        if strike.volume.is_none_or(|volume| volume < params.min_volume) {
            return Err(Reason::VolumeTooLow);
        }
        let wanted = params.quantity().ok_or(Reason::BadWish)?;
        let quantity = wanted.min(offer.quantity);
        let trusted = if params.careful { low } else { value };
        let edge = if params.after_fees {
            strike.edge_units(trusted, offer.price, quantity).ok_or(Reason::BadWish)?
        } else {
            trusted.get() * f64::from(Price::ONE.units()) - f64::from(offer.price.units())
        };
        let edge_cents = edge / 100.0;
        if edge_cents + ROUNDING < params.min_differential - params.slack {
            return Err(Reason::EdgeTooSmall);
        }
        Ok(Candidate { strike, side, limit: offer.price, quantity, probability: value, edge_cents })
    }
}

#[async_trait]
impl Strategy for HourlyHtc {
    fn params(&self) -> Option<HtcParams> {
        Some(self.params.clone())
    }

    fn on_settings(&mut self, settings: &MonitorSettings) {
        if let Some(params) = &settings.params {
            self.params.clone_from(params);
        }
    }

    async fn evaluate(&mut self, view: &EventView) -> Result<Decision, BoxError> {
        let mut decision = Decision::on(view);
        let mut candidates = Vec::new();
        for strike in &view.strikes {
            match self.judge(strike) {
                Ok(candidate) => candidates.push(candidate),
                Err(reason) => decision.skip(strike, reason),
            }
        }
        // The likeliest first, as v2 had it; equal ones stay in the order of their strikes.
        candidates.sort_by(|a, b| b.probability.get().total_cmp(&a.probability.get()));
        for candidate in candidates {
            let fees = if self.params.after_fees { "after fees" } else { "before fees" };
            let why = format!(
                "{} likely, {:.2} cents of edge {fees}, {} s to close",
                candidate.probability,
                candidate.edge_cents,
                view.time_to_close().as_secs()
            );
            decision.buy(candidate.strike, candidate.side, candidate.limit, candidate.quantity, why);
        }
        Ok(decision)
    }
}
