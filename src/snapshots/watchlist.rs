//! The watchlist: strikes that come near to what a monitor enters.

use recio_core::engine::{StrikeTable, StrikeView};
use recio_core::market::Side;
use recio_core::model::Fair;
use recio_core::strategies::HtcParams;
use recio_core::units::{EventTicker, MarketTicker, Price, Probability, Quantity, SeriesTicker, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// By how many points of probability a strike may fall short of an entry and be watched all the same: REC.IO v2's slack.
const PROBABILITY_SLACK: f64 = 5.0;
/// The same for the edge, in cents.
const EDGE_SLACK: f64 = 3.0;

/// What is near enough to be watched, before the slack of 5 points and 3 cents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WatchRules {
    /// The outcome's probability, in percent.
    pub min_probability: f64,
    /// Value less price, in cents a contract.
    pub min_edge_cents: f64,
    /// The most that a contract may cost.
    pub max_price: Price,
    /// Contracts that must have been traded.
    pub min_volume: Quantity,
}

/// The strikes that are watched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Watchlist {
    /// When.
    pub time: Timestamp,
    /// The likeliest first.
    pub strikes: Vec<WatchedStrike>,
}

/// One of them. The price is in dollars, for one contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WatchedStrike {
    /// The event.
    pub event: EventTicker,
    /// The market.
    pub market: MarketTicker,
    /// What pays YES, in words.
    pub strike: Option<String>,
    /// The likely outcome.
    pub side: Side,
    /// Its probability.
    pub probability: Probability,
    /// What one contract of it costs.
    pub price: Price,
    /// How many are offered at that price.
    pub offered_contracts: Quantity,
    /// Probability less price, in cents: an estimate of the model's, before fees.
    pub edge_cents: f64,
    /// Contracts traded since it opened.
    pub volume_contracts: Quantity,
    /// How far the asset's price is from the strike's level, in dollars; above zero where it is on the outcome's side.
    pub buffer_dollars: Option<f64>,
}

impl From<&HtcParams> for WatchRules {
    fn from(params: &HtcParams) -> Self {
        Self {
            min_probability: params.min_probability,
            min_edge_cents: params.min_differential,
            max_price: params.max_price,
            min_volume: params.min_volume,
        }
    }
}

pub(super) fn snapshot<'a>(
    time: Timestamp,
    tables: impl Iterator<Item = &'a StrikeTable>,
    rules: &BTreeMap<SeriesTicker, WatchRules>,
) -> Watchlist {
    let mut strikes = Vec::new();
    for table in tables {
        let Some(rules) = rules.get(&table.series) else { continue };
        strikes.extend(table.strikes.iter().filter_map(|strike| watched(table, strike, rules)));
    }
    strikes.sort_by(|left, right| {
        let (left_chance, right_chance) = (f64::from(left.probability), f64::from(right.probability));
        right_chance.total_cmp(&left_chance).then_with(|| left.market.cmp(&right.market))
    });
    Watchlist { time, strikes }
}

fn watched(table: &StrikeTable, view: &StrikeView, rules: &WatchRules) -> Option<WatchedStrike> {
    let Fair::Known { value, .. } = view.fair else { return None };
    let (side, probability) = if value.percent() >= 50.0 { (Side::Yes, value) } else { (Side::No, value.complement()) };
    let offer = view.quote?.cost(side)?;
    let volume = view.volume?;
    let edge_cents = probability.percent() - f64::from(offer.price.units()) / 100.0;
    let near = view.trading
        && volume >= rules.min_volume
        && offer.price <= rules.max_price
        && probability.percent() >= rules.min_probability - PROBABILITY_SLACK
        && edge_cents >= rules.min_edge_cents - EDGE_SLACK;
    let buffer_dollars = view.strike.zip(table.asset_price).and_then(|(strike, price)| match strike {
        recio_core::market::Strike::Between { .. } => None,
        recio_core::market::Strike::Greater { .. }
        | recio_core::market::Strike::GreaterOrEqual { .. }
        | recio_core::market::Strike::Less { .. }
        | recio_core::market::Strike::LessOrEqual { .. } => {
            let distance = (price.as_f64() - strike.level().as_f64()).abs();
            let ours = strike.pays_yes(price) == (side == Side::Yes);
            Some(if ours { distance } else { -distance })
        }
    });
    near.then(|| WatchedStrike {
        event: table.event.clone(),
        market: view.market.clone(),
        strike: view.strike.map(|strike| strike.to_string()),
        side,
        probability,
        price: offer.price,
        offered_contracts: offer.quantity,
        edge_cents,
        volume_contracts: volume,
        buffer_dollars,
    })
}
