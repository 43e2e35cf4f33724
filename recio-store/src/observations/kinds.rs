//! The kinds of observations.

use recio_core::engine::{Health, StrikeTable, StrikeView};
use recio_core::market::{Asset, Family, Quote, Strike};
use recio_core::model::{Bar, Fair};
use recio_core::price_feed::{PriceTick, Resolution};
use recio_core::units::{
    AssetPrice, EventTicker, MarketTicker, Probability, Quantity, SeriesTicker, Timestamp, to_micros_precision,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One observation.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// A price.
    Tick(ObservedTick),
    /// A bar.
    Bar(ObservedBar),
    /// An event's strikes at one moment.
    StrikeTable(ObservedStrikeTable),
    /// How a service is.
    Health(ObservedHealth),
}

/// Whose prices a store has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedSources {
    /// Sources with ticks.
    pub ticks: BTreeSet<(Asset, String)>,
    /// Sources with bars, by their length.
    pub bars: BTreeSet<(Asset, String, Resolution)>,
}

/// Which observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObservationKind {
    /// Prices, by the source's time.
    Ticks,
    /// Bars of this length, by their start.
    Bars(Resolution),
    /// Strike tables, by their time.
    StrikeTables,
    /// Health, by its time.
    Health,
}

/// A price of a source. The same price of the same moment is the same tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedTick {
    /// The asset.
    pub asset: Asset,
    /// Whose price it is, such as `BRTI` or `coinbase`.
    pub source: String,
    /// Price and the source's time, to the microsecond.
    pub tick: PriceTick,
    /// When it came.
    pub received_time: Timestamp,
}

/// A bar of a source. One that starts at the same time takes the place of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedBar {
    /// The asset.
    pub asset: Asset,
    /// Whose prices they are.
    pub source: String,
    /// How long it is.
    pub resolution: Resolution,
    /// The bar.
    pub bar: Bar,
}

/// An event's strikes at one moment. The same event at the same moment is the same table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservedStrikeTable {
    /// The event.
    pub event: EventTicker,
    /// When, to the microsecond.
    pub time: Timestamp,
    /// The series.
    pub series: SeriesTicker,
    /// What it is about.
    pub asset: Asset,
    /// Its kind of contract.
    pub family: Family,
    /// When trading ends.
    pub close_time: Timestamp,
    /// The asset's price; `None` where there was no fresh one.
    pub asset_price: Option<AssetPrice>,
    /// The weighted momentum, in percent; `None` where history was missing.
    pub momentum: Option<f64>,
    /// Realised volatility in dollars per √second, where it was known.
    pub volatility: Option<f64>,
    /// The strikes, from the lowest level up.
    pub strikes: Vec<ObservedStrike>,
}

/// One strike of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservedStrike {
    /// The market.
    pub market: MarketTicker,
    /// Which settlement values pay YES; `None` where it was not known.
    pub strike: Option<Strike>,
    /// Whether the market accepted orders.
    pub trading: bool,
    /// Its best prices; `None` where the book was not known or too old.
    pub quote: Option<Quote>,
    /// Contracts traded since it opened, where it was known.
    pub volume: Option<Quantity>,
    /// The model's value of YES.
    pub fair: ObservedFair,
}

/// What the model said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObservedFair {
    /// A value with the ends of its 90 % interval.
    Known {
        /// The probability of YES.
        value: Probability,
        /// The lower end.
        low: Probability,
        /// The upper end.
        high: Probability,
    },
    /// No opinion, and why, in words.
    Unknown(String),
}

/// How an instance of a service is at one moment. Another state told of the same moment takes the place of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedHealth {
    /// The service, such as `trade_manager`.
    pub service: String,
    /// Which one of it: whom it works for, such as `paper:main`.
    pub instance: String,
    /// When, to the microsecond.
    pub time: Timestamp,
    /// How it is.
    pub health: Health,
    /// What is known of it, for people.
    pub detail: String,
}

impl From<&StrikeTable> for ObservedStrikeTable {
    fn from(table: &StrikeTable) -> Self {
        Self {
            event: table.event.clone(),
            time: to_micros_precision(table.time),
            series: table.series.clone(),
            asset: table.asset,
            family: table.family,
            close_time: to_micros_precision(table.close_time),
            asset_price: table.asset_price,
            momentum: table.momentum.as_ref().and_then(|momentum| momentum.score),
            volatility: table.volatility,
            strikes: table.strikes.iter().map(ObservedStrike::from).collect(),
        }
    }
}

impl From<&StrikeView> for ObservedStrike {
    fn from(strike: &StrikeView) -> Self {
        let fair = match strike.fair {
            Fair::Known { value, low, high } => ObservedFair::Known { value, low, high },
            Fair::Unknown(reason) => ObservedFair::Unknown(reason.kind()),
        };
        Self {
            market: strike.market.clone(),
            strike: strike.strike,
            trading: strike.trading,
            quote: strike.quote,
            volume: strike.volume,
            fair,
        }
    }
}

impl ObservationKind {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Ticks, Self::Bars(Resolution::Second), Self::Bars(Resolution::Minute), Self::StrikeTables, Self::Health];

    /// The words for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ticks => "ticks",
            Self::Bars(Resolution::Second) => "second bars",
            Self::Bars(Resolution::Minute) => "minute bars",
            Self::StrikeTables => "strike tables",
            Self::Health => "health",
        }
    }
}
