//! What the engine is told once, at its start: whose account, which monitors, which limits.

use super::WarmStart;
use crate::fact::Environment;
use crate::market::Asset;
use crate::model::Basis;
use crate::strategies::HtcParams;
use crate::units::{AccountName, Money, Quantity, RunId, SeriesTicker, StrategyId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that the engine is told at its start. Part of the input log, so that a replay needs nothing else but the fingerprint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineConfig {
    /// Which exchange.
    pub environment: Environment,
    /// Whose account.
    pub account: AccountName,
    /// This start of the program. Makes its order ids new; it must never be used twice on an account.
    pub run: RunId,
    /// The shard that the markets trade on; 2 for crypto.
    pub exchange_index: u16,
    /// The writer's epoch, from the lease.
    pub epoch: u64,
    /// What is traded, and how.
    pub monitors: Vec<Monitor>,
    /// What no order may exceed.
    pub risk: RiskLimits,
    /// When data counts as stale.
    pub freshness: Freshness,
    /// How the feed's price differs from the settlement index, for assets whose feed is a stand-in.
    pub basis: BTreeMap<Asset, Basis>,
    /// How much of the past has to be there before anything is entered.
    pub warm_start: WarmStart,
    /// How books come.
    pub books: BookSource,
    /// What becomes of orders.
    pub orders: OrderMode,
    /// Whether tickers are checked against close times; off only for a recording whose times were shifted.
    pub tickers_name_close_times: bool,
}

/// How books come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BookSource {
    /// Streamed, with numbers that show a gap: one frame about any book vouches for all of them.
    #[default]
    Streamed,
    /// Read again and again, each for itself: each book is as old as its own last reading.
    Polled,
}

/// What becomes of orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderMode {
    /// They are sent.
    #[default]
    Sent,
    /// None is ever made: what would have been ordered is recorded, and nothing else.
    Recorded,
}

/// One strategy on one series, with its rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Monitor {
    /// Its name; the strategy instance of all its trades.
    pub id: StrategyId,
    /// The series it trades.
    pub series: SeriesTicker,
    /// When it may enter.
    pub entry: EntryRules,
    /// When its trades are closed before settlement.
    pub stop: StopRules,
    /// The parameters of its strategy, so that they can be overridden; `None` where it is not one that ships, whose parameters nobody here knows. A
    /// [pipeline](crate::pipeline::Pipeline) fills in what the strategy says.
    pub params: Option<HtcParams>,
    /// Markets that close after this are left alone: a recording that ends before them could never settle them.
    pub latest_close: Option<Timestamp>,
}

/// When a monitor may enter: the rules around a strategy, whatever the strategy is. Defaults are REC.IO v2's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EntryRules {
    /// The master switch. Nothing but a person turns it on.
    pub enabled: bool,
    /// No entries closer to the close than this.
    #[serde(with = "seconds")]
    pub min_time_to_close: Duration,
    /// No entries further from the close than this.
    #[serde(with = "seconds")]
    pub max_time_to_close: Duration,
    /// Whether a market may be entered again after a trade in it is over.
    pub allow_re_entry: bool,
    /// How long a strike and outcome rest after an attempt.
    #[serde(with = "seconds")]
    pub cooldown: Duration,
    /// Whether entries pause after a momentum spike.
    pub spike_pause: bool,
    /// A spike: the momentum score, in hundredths of a percent, at or beyond this on either side.
    pub spike_threshold: f64,
    /// Calm: the score below this on both sides.
    pub calm_threshold: f64,
    /// How long it must stay calm before entries go on.
    #[serde(with = "seconds")]
    pub calm_time: Duration,
}

/// When an open trade is closed before settlement. The knobs are REC.IO v2's, and do what their names say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StopRules {
    /// Whether a fallen probability closes a trade.
    pub enabled: bool,
    /// The probability of the held outcome, in percent, below which a trade is closed.
    pub probability: f64,
    /// In the last so many seconds before the close, a trade is left to settle.
    #[serde(with = "seconds")]
    pub min_time_to_close: Duration,
    /// The probability must stay below the threshold this long, without a break, before the trade is closed.
    #[serde(with = "seconds")]
    pub verification: Duration,
    /// Whether a momentum spike against a trade closes it, at once.
    pub momentum_enabled: bool,
    /// The momentum score, in hundredths of a percent, that closes NO trades at or above it, and YES trades at or below its negative.
    pub momentum_threshold: f64,
    /// How far below the best price an exit may sell, in ten-thousandths of a dollar.
    pub slippage_units: u16,
}

/// What no order, position or exposure may exceed. An order that would is refused with a reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RiskLimits {
    /// Contracts of one order.
    pub max_order_quantity: Quantity,
    /// What one order may cost, fees included.
    pub max_order_cost: Money,
    /// Contracts held in one market, either outcome, with what is on its way.
    pub max_position: Quantity,
    /// The most that may be lost on one settlement: all series of an asset that close together.
    pub max_event_exposure: Money,
    /// The most that may be lost in all.
    pub max_total_exposure: Money,
    /// Orders in any second.
    pub max_orders_per_second: u32,
    /// Orders in any minute.
    pub max_orders_per_minute: u32,
    /// The same market, outcome, price and quantity is not ordered twice within this time.
    #[serde(with = "seconds")]
    pub repeat_window: Duration,
    /// How far an entry's limit may lie above the book's best price, in ten-thousandths of a dollar.
    pub book_collar_units: u16,
    /// How far an entry's limit may lie above the model's value, in ten-thousandths of a dollar.
    pub model_collar_units: u16,
    /// Failed or unknown orders within the breaker window that stop entries.
    pub breaker_failures: u32,
    /// The breaker window.
    #[serde(with = "seconds")]
    pub breaker_window: Duration,
    /// No entries this close to the market's close.
    #[serde(with = "seconds")]
    pub close_guard: Duration,
}

/// When data counts as stale. Ages are measured on the monotonic clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Freshness {
    /// Without any sign of life for this long, a connection counts as dead.
    #[serde(with = "seconds")]
    pub transport: Duration,
    /// Without a price for this long, a price feed counts as stalled, whatever its pings say.
    #[serde(with = "seconds")]
    pub price_channel: Duration,
    /// A price that was stamped this long before the present is too old, however recently it came.
    #[serde(with = "seconds")]
    pub price_content: Duration,
    /// Without a frame about any followed book for this long, books count as stalled.
    #[serde(with = "seconds")]
    pub book_channel: Duration,
    /// How old what an order rests on may be when it is sent.
    #[serde(with = "seconds")]
    pub order_inputs: Duration,
    /// How old a view may be when its decision is taken up.
    #[serde(with = "seconds")]
    pub decision: Duration,
}

impl Default for EntryRules {
    fn default() -> Self {
        Self {
            enabled: false,
            min_time_to_close: Duration::from_secs(120),
            max_time_to_close: Duration::from_secs(900),
            allow_re_entry: false,
            cooldown: Duration::from_secs(10),
            spike_pause: true,
            spike_threshold: 36.0,
            calm_threshold: 30.0,
            calm_time: Duration::from_secs(15 * 60),
        }
    }
}

impl Default for StopRules {
    fn default() -> Self {
        Self {
            enabled: true,
            probability: 40.0,
            min_time_to_close: Duration::from_secs(60),
            verification: Duration::from_secs(15),
            momentum_enabled: true,
            momentum_threshold: 36.0,
            slippage_units: 300,
        }
    }
}

impl StopRules {
    /// As REC.IO v2 shipped: the probability stop off and without verification, the momentum stop on.
    #[must_use]
    pub fn v2() -> Self {
        Self { enabled: false, verification: Duration::ZERO, ..Self::default() }
    }
}

impl Default for RiskLimits {
    fn default() -> Self {
        Self {
            max_order_quantity: Quantity::contracts(10),
            max_order_cost: Money::dollars(10),
            max_position: Quantity::contracts(20),
            max_event_exposure: Money::dollars(25),
            max_total_exposure: Money::dollars(50),
            max_orders_per_second: 2,
            max_orders_per_minute: 30,
            repeat_window: Duration::from_secs(1),
            book_collar_units: 1_000,
            model_collar_units: 2_000,
            breaker_failures: 3,
            breaker_window: Duration::from_secs(60),
            close_guard: Duration::from_secs(5),
        }
    }
}

impl Freshness {
    /// For books that are polled about every other second: each may be some seconds old. Prices are streamed all the same.
    #[must_use]
    pub fn polled() -> Self {
        Self {
            book_channel: Duration::from_secs(8),
            order_inputs: Duration::from_secs(6),
            decision: Duration::from_secs(1),
            ..Self::default()
        }
    }
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            transport: Duration::from_secs(30),
            price_channel: Duration::from_secs(5),
            price_content: Duration::from_secs(5),
            book_channel: Duration::from_secs(20),
            order_inputs: Duration::from_secs(2),
            decision: Duration::from_millis(500),
        }
    }
}

/// Durations as decimal seconds where people read them, as a `Duration` in binary formats.
pub(crate) mod seconds {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
    use std::time::Duration;

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_f64(duration.as_secs_f64())
        } else {
            duration.serialize(serializer)
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        if !deserializer.is_human_readable() {
            return Duration::deserialize(deserializer);
        }
        let seconds = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(seconds)
            .map_err(|_| D::Error::custom(format!("{seconds} is not a number of seconds")))
    }
}
