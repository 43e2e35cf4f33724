//! What a strategy sees: one event, all its strikes, at one moment.

use super::Warmth;
use crate::market::{Asset, Family, Quote, Side, Strike};
use crate::model::{Fair, Momentum};
use crate::trade::{FeeSchedule, TradeStatus};
use crate::units::{
    AssetPrice, EventTicker, MarketTicker, Price, Probability, Quantity, SeriesTicker, StrategyId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One event at one moment, as one monitor sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EventView {
    /// Counts views from 1; a decision names the one it answers.
    pub number: u64,
    /// For which monitor.
    pub strategy: StrategyId,
    /// When.
    pub time: Timestamp,
    /// The series.
    pub series: SeriesTicker,
    /// The event.
    pub event: EventTicker,
    /// What it is about.
    pub asset: Asset,
    /// Its kind of contract.
    pub family: Family,
    /// When trading ends.
    pub close_time: Timestamp,
    /// The asset's price; `None` where there is no fresh one.
    pub asset_price: Option<AssetPrice>,
    /// Momentum; its score is `None` where history is missing.
    pub momentum: Option<Momentum>,
    /// What of the asset's past is there; nothing is entered before it is enough.
    pub warmth: Warmth,
    /// Realised volatility in dollars per √second, where it is known.
    pub volatility: Option<f64>,
    /// The strikes, from the lowest level up.
    pub strikes: Vec<StrikeView>,
}

/// One strike of a view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StrikeView {
    /// The market.
    pub market: MarketTicker,
    /// Which settlement values pay YES; `None` where it is not known or not supported.
    pub strike: Option<Strike>,
    /// Whether the market accepts orders.
    pub trading: bool,
    /// Its best prices; `None` where the book is not known or too old.
    pub quote: Option<Quote>,
    /// Contracts traded since it opened, where it is known.
    pub volume: Option<Quantity>,
    /// The model's value of YES.
    pub fair: Fair,
    /// What fills cost.
    pub fees: Option<FeeSchedule>,
    /// The newest trade of this monitor in it.
    pub trade: Option<(Side, TradeStatus)>,
}

impl EventView {
    /// An event without strikes of which only the times are known. Everything else is set field by field: for tests of strategies.
    #[must_use]
    pub fn new(
        strategy: StrategyId,
        series: SeriesTicker,
        event: EventTicker,
        (asset, family): (Asset, Family),
        time: Timestamp,
        close_time: Timestamp,
    ) -> Self {
        Self {
            number: 1,
            strategy,
            time,
            series,
            event,
            asset,
            family,
            close_time,
            asset_price: None,
            momentum: None,
            warmth: Warmth::default(),
            volatility: None,
            strikes: Vec::new(),
        }
    }

    /// Time until trading ends; zero once it has.
    #[must_use]
    pub fn time_to_close(&self) -> Duration {
        Duration::try_from(self.close_time.duration_since(self.time)).unwrap_or(Duration::ZERO)
    }
}

impl StrikeView {
    /// A strike that trades and has this value; quote, volume and fees are not known. They are set field by field: for tests of strategies.
    #[must_use]
    pub const fn new(market: MarketTicker, strike: Strike, fair: Fair) -> Self {
        Self { market, strike: Some(strike), trading: true, quote: None, volume: None, fair, fees: None, trade: None }
    }

    /// The edge of buying one contract of this outcome at this price: the model's value less price and exact fee, in ten-thousandths of a
    /// dollar; `None` where value or fee is not known. `value` is what the strategy trusts: the middle, or the careful end.
    #[must_use]
    pub fn edge_units(&self, value: Probability, price: Price, quantity: Quantity) -> Option<f64> {
        edge_units(value, price, quantity, self.fees.as_ref()?)
    }
}

/// The edge of buying one contract: what it is worth less price and exact fee of so many, in ten-thousandths of a dollar; `None` where the fee
/// is not known.
pub(super) fn edge_units(value: Probability, price: Price, quantity: Quantity, fees: &FeeSchedule) -> Option<f64> {
    let fee = fees.taker_fee(price, quantity).ok()?;
    let per_contract = quantity.hundredths();
    if per_contract == 0 {
        return None;
    }
    // A fee of one micro-dollar on one hundredth of a contract is one ten-thousandth of a dollar a contract.
    #[expect(clippy::cast_precision_loss, reason = "fees and quantities of one order are far below 2^53")]
    let fee_units = fee.micros() as f64 / per_contract as f64;
    Some(value.get() * f64::from(Price::ONE.units()) - f64::from(price.units()) - fee_units)
}
