//! Why something was entered, and why everything else was not.

use crate::market::Side;
use crate::model::UnknownReason;
use crate::units::{MarketTicker, Price, Quantity, StrategyId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a strike was not entered. Every strike of every evaluation has one, or an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Entries are switched off for this monitor.
    EntryDisabled,
    /// The account has not been reconciled with the exchange yet.
    NotReconciled,
    /// The store or the intent journal does not write.
    StoreDown,
    /// Too early or too late in the hour.
    OutsideTimeWindow,
    /// It closes after the last time up to which this monitor may hold.
    ClosesTooLate,
    /// The market does not accept orders.
    NotTrading,
    /// The strike is not known, or of a type that recio does not price.
    NoStrike,
    /// There is no fresh price of the asset.
    NoFreshPrice,
    /// There is no momentum: history is missing.
    NoMomentum,
    /// The book is not known, or too old.
    NoFreshBook,
    /// Nobody offers this outcome.
    NoQuote,
    /// The model has no opinion.
    NoOpinion(UnknownReason),
    /// Fewer contracts were traded than the strategy wants to see.
    VolumeTooLow,
    /// It costs more than the strategy pays.
    PriceTooHigh,
    /// It is not likely enough.
    ProbabilityTooLow,
    /// What is left after fees is not enough.
    EdgeTooSmall,
    /// The other outcome of this market is the one that is wanted, or held.
    OtherSide,
    /// Entries pause after a momentum spike.
    SpikePause,
    /// This strike was tried a moment ago.
    Cooldown,
    /// A trade is open in it.
    AlreadyHeld,
    /// A trade in it is over, and entering again is not allowed.
    NoReEntry,
    /// An order of this event has an unknown outcome.
    Fenced,
    /// The decision came too late for its view.
    DecisionTooOld,
    /// The wish makes no sense: it names what is not there.
    BadWish,
    /// The risk gate refused.
    Risk(RiskRefusal),
    /// The past that momentum and volatility look back on is not all there yet.
    HistoryMissing,
}

/// Why the risk gate refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskRefusal {
    /// Only orders that reduce are let through.
    Reducing,
    /// Nothing is let through.
    Halted,
    /// The order is larger than one order may be.
    OrderQuantity,
    /// The order costs more than one order may.
    OrderCost,
    /// The position in the market would become too large.
    Position,
    /// Too much would be at risk on one settlement.
    EventExposure,
    /// Too much would be at risk in all.
    TotalExposure,
    /// Too many orders in a second or a minute.
    Rate,
    /// The same order was sent a moment ago.
    Repeated,
    /// The price is too far from the book.
    BookCollar,
    /// The price is too far from the model.
    ModelCollar,
    /// The price is not on the market's grid.
    OffGrid,
    /// What the order rests on is too old.
    InputTooOld,
    /// The fee is not known.
    UnknownFee,
    /// The cash does not suffice.
    Cash,
    /// Too many orders failed in a short time.
    Breaker,
    /// The market closes too soon.
    ClosingSoon,
}

impl Reason {
    /// The code, as tables, counters and the store have it.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::NoOpinion(why) => format!("no_opinion: {}", why.kind()),
            Self::Risk(why) => format!("risk: {}", snake(&format!("{why:?}"))),
            plain @ (Self::EntryDisabled
            | Self::NotReconciled
            | Self::StoreDown
            | Self::OutsideTimeWindow
            | Self::ClosesTooLate
            | Self::NotTrading
            | Self::NoStrike
            | Self::NoFreshPrice
            | Self::NoMomentum
            | Self::NoFreshBook
            | Self::NoQuote
            | Self::VolumeTooLow
            | Self::PriceTooHigh
            | Self::ProbabilityTooLow
            | Self::EdgeTooSmall
            | Self::OtherSide
            | Self::SpikePause
            | Self::Cooldown
            | Self::AlreadyHeld
            | Self::NoReEntry
            | Self::Fenced
            | Self::DecisionTooOld
            | Self::BadWish
            | Self::HistoryMissing) => snake(&format!("{plain:?}")),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.code())
    }
}

/// `NoFreshPrice` to `no_fresh_price`.
fn snake(camel: &str) -> String {
    let mut text = String::with_capacity(camel.len() + 4);
    for (at, letter) in camel.chars().enumerate() {
        if letter.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// A decision that was taken up: what was entered, and how many strikes were not, by reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Whose.
    pub strategy: StrategyId,
    /// The view it answered.
    pub view: u64,
    /// When it was taken up.
    pub time: Timestamp,
    /// What was entered.
    pub entered: Vec<Entered>,
    /// Why the rest was not: reason code and number of strikes, in the order of the codes.
    pub refused: Vec<(String, u32)>,
}

/// One entry of a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entered {
    /// The market.
    pub market: MarketTicker,
    /// The outcome.
    pub side: Side,
    /// The limit, in the outcome's own terms.
    pub limit: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// Why, in the strategy's words.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_like_words() {
        assert_eq!(Reason::NoFreshPrice.code(), "no_fresh_price");
        assert_eq!(Reason::Risk(RiskRefusal::OrderCost).code(), "risk: order_cost");
    }
}
