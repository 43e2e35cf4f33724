//! The strike table as a person reads it.

use recio_core::engine::{StrikeTable, StrikeView};
use recio_core::market::{Level, Side};
use recio_core::model::Fair;
use recio_core::units::{AssetPrice, EventTicker, MarketTicker, Price, Probability, Quantity, SeriesTicker, Timestamp};
use serde::Serialize;

/// All events that are looked at, with their strikes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StrikeTableSnapshot {
    /// When.
    pub time: Timestamp,
    /// The events, by ticker.
    pub events: Vec<EventRow>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRow {
    /// The event.
    pub event: EventTicker,
    /// Its series.
    pub series: SeriesTicker,
    /// What it is about.
    pub asset: String,
    /// When this table was built.
    pub time: Timestamp,
    /// When trading ends.
    pub close_time: Timestamp,
    /// Seconds until then.
    pub seconds_to_close: u64,
    /// The asset's price in dollars; `None` where there is no fresh one.
    pub asset_price_dollars: Option<AssetPrice>,
    /// Momentum in hundredths of a percent.
    pub momentum_basis_points: Option<f64>,
    /// Realised volatility in dollars per √second.
    pub volatility: Option<f64>,
    /// The strikes, from the lowest level up.
    pub strikes: Vec<StrikeRow>,
}

/// One strike. Prices are dollars, for one contract; quantities are contracts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StrikeRow {
    /// The market.
    pub market: MarketTicker,
    /// What pays YES, in words.
    pub strike: Option<String>,
    /// Whether it accepts orders.
    pub trading: bool,
    /// The model's probability of YES.
    pub probability: Option<Probability>,
    /// The low end of its interval.
    pub probability_low: Option<Probability>,
    /// The high end of its interval.
    pub probability_high: Option<Probability>,
    /// Why there is none.
    pub probability_unknown: Option<String>,
    /// What YES sells for.
    pub yes_bid: Option<Price>,
    /// How many are wanted there.
    pub yes_bid_contracts: Option<Quantity>,
    /// What YES costs.
    pub yes_ask: Option<Price>,
    /// How many are offered there.
    pub yes_ask_contracts: Option<Quantity>,
    /// What NO costs.
    pub no_ask: Option<Price>,
    /// How many are offered there.
    pub no_ask_contracts: Option<Quantity>,
    /// Contracts traded since it opened.
    pub volume_contracts: Option<Quantity>,
}

pub(super) fn snapshot<'a>(time: Timestamp, tables: impl Iterator<Item = &'a StrikeTable>) -> StrikeTableSnapshot {
    StrikeTableSnapshot { time, events: tables.map(event).collect() }
}

fn event(table: &StrikeTable) -> EventRow {
    EventRow {
        event: table.event.clone(),
        series: table.series.clone(),
        asset: table.asset.to_string(),
        time: table.time,
        close_time: table.close_time,
        seconds_to_close: table.time_to_close().as_secs(),
        asset_price_dollars: table.asset_price,
        momentum_basis_points: table.momentum.and_then(|momentum| momentum.basis_points()),
        volatility: table.volatility,
        strikes: table.strikes.iter().map(strike).collect(),
    }
}

fn strike(view: &StrikeView) -> StrikeRow {
    let (probability, low, high, unknown) = match &view.fair {
        Fair::Known { value, low, high } => (Some(*value), Some(*low), Some(*high), None),
        Fair::Unknown(why) => (None, None, None, Some(why.to_string())),
    };
    let costs = |side| view.quote.and_then(|quote| quote.cost(side));
    let (bid, ask, no_ask) = (view.quote.and_then(|quote| quote.bid), costs(Side::Yes), costs(Side::No));
    let (price, quantity) = (|level: Level| level.price, |level: Level| level.quantity);
    StrikeRow {
        market: view.market.clone(),
        strike: view.strike.map(|strike| strike.to_string()),
        trading: view.trading,
        probability,
        probability_low: low,
        probability_high: high,
        probability_unknown: unknown,
        yes_bid: bid.map(price),
        yes_bid_contracts: bid.map(quantity),
        yes_ask: ask.map(price),
        yes_ask_contracts: ask.map(quantity),
        no_ask: no_ask.map(price),
        no_ask_contracts: no_ask.map(quantity),
        volume_contracts: view.volume,
    }
}
