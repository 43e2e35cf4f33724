//! One of our trades, from entry signal to settlement, with everything that a person wants to know of it.

use crate::market::Side;
use crate::units::{
    AssetPrice, EventTicker, MarketTicker, Money, Price, Probability, Quantity, StrategyId, Timestamp, TradeId,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One trade: a position of one strategy in one market, its entry order, its exits, its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trade {
    /// Its name.
    pub id: TradeId,
    /// Whose it is.
    pub strategy: StrategyId,
    /// The market.
    pub market: MarketTicker,
    /// Its event.
    pub event: EventTicker,
    /// When the market closes.
    pub close_time: Timestamp,
    /// The outcome held.
    pub side: Side,
    /// Where it is in its life.
    pub status: TradeStatus,
    /// When the signal came.
    pub opened_time: Timestamp,
    /// When it ended.
    pub closed_time: Option<Timestamp>,
    /// Why it was entered, in words.
    pub entry_reason: String,
    /// The model's probability of `side` at entry.
    pub entry_probability: Option<Probability>,
    /// The asset's price at entry.
    pub entry_asset_price: Option<AssetPrice>,
    /// Contracts bought.
    pub bought: Quantity,
    /// Contracts sold again before settlement.
    pub sold: Quantity,
    /// What the bought contracts cost, before fees.
    pub cost: Money,
    /// What came in: from selling, and from settlement.
    pub proceeds: Money,
    /// What the exchange charged, in all.
    pub fees: Money,
    /// How it ended.
    pub close_reason: Option<CloseReason>,
}

/// Where a trade is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradeStatus {
    /// The entry order is on its way, or its fate is not known.
    Pending,
    /// Contracts are held.
    Open,
    /// An exit order is on its way.
    Closing,
    /// The market closed; the payout has not been booked.
    AwaitingSettlement,
    /// Over, with contracts bought.
    Closed,
    /// Over, without a contract bought.
    Unfilled,
}

/// How a trade ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The market settled.
    Settled,
    /// The probability fell below the stop.
    ProbabilityStop,
    /// Momentum ran against it.
    MomentumStop,
    /// A person closed it.
    Manual,
    /// The entry order got nothing.
    EntryUnfilled,
}

impl CloseReason {
    /// The word for it, as journal and store have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::ProbabilityStop => "probability_stop",
            Self::MomentumStop => "momentum_stop",
            Self::Manual => "manual",
            Self::EntryUnfilled => "entry_unfilled",
        }
    }

    /// The reason that a word stands for; `None` where it stands for none.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Settled, Self::ProbabilityStop, Self::MomentumStop, Self::Manual, Self::EntryUnfilled]
            .into_iter()
            .find(|reason| reason.as_str() == word)
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One line for a person: who, what, at which average price, how it ended, and what it brought after fees.
impl fmt::Display for Trade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Yes => "YES",
            Side::No => "NO",
        };
        write!(f, "{} {} {} {side}", self.strategy, self.market, self.bought)?;
        if let Some(price) = self.average_price() {
            write!(f, " at {price}")?;
        }
        match (self.close_reason, self.realized_pnl()) {
            (Some(reason), Some(pnl)) => write!(f, ", {reason}, pnl {pnl}"),
            _ => f.write_str(", not over"),
        }
    }
}

impl Trade {
    /// Contracts still held.
    #[must_use]
    pub fn held(&self) -> Quantity {
        self.bought.saturating_sub(self.sold)
    }

    /// Average price paid, in the outcome's own terms, rounded to the nearest ten-thousandth; `None` before the first fill.
    #[must_use]
    pub fn average_price(&self) -> Option<Price> {
        let quantity = i64::try_from(self.bought.hundredths()).ok().filter(|&q| q > 0)?;
        u16::try_from((self.cost.micros() + quantity / 2) / quantity)
            .ok()
            .and_then(|units| Price::from_units(units).ok())
    }

    /// What the trade brought, after fees, once it is over.
    #[must_use]
    pub fn realized_pnl(&self) -> Option<Money> {
        matches!(self.status, TradeStatus::Closed | TradeStatus::Unfilled)
            .then(|| self.proceeds - self.cost - self.fees)
    }
}
