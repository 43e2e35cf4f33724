//! Why something was entered, and why everything else was not.

use super::EventView;
use crate::market::{Action, Quote, Side};
use crate::model::{Fair, UnknownReason};
use crate::strategy::{Skip, Wish};
use crate::units::{AssetPrice, EventTicker, MarketTicker, Price, Quantity, StrategyId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
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

/// What a strategy answered to one view, strike by strike, and what became of it.
///
/// Views come every second, and most answers say again what the one before said. Kept are, of each monitor and event: the first answer in every
/// minute, every answer of which something was entered, and every answer with a wish that was refused as no wish before it in that minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Whose.
    pub strategy: StrategyId,
    /// The view it answered.
    pub view: u64,
    /// When the view was made: model and market are those of that moment.
    pub view_time: Timestamp,
    /// When the answer was taken up.
    pub time: Timestamp,
    /// The event.
    pub event: EventTicker,
    /// When trading of it ends.
    pub close_time: Timestamp,
    /// The asset's price; `None` where there was no fresh one.
    pub asset_price: Option<AssetPrice>,
    /// The weighted momentum, in percent; `None` where history was missing.
    pub momentum: Option<f64>,
    /// Every strike of the view in its order, and after them what was wished for elsewhere. A strike of which several things were said has a line
    /// for each.
    pub strikes: Vec<StrikeDecision>,
}

/// One strike of a decision: the model, the market, and the verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrikeDecision {
    /// The market.
    pub market: MarketTicker,
    /// The model's value of YES; `None` where the market was not in the view.
    pub fair: Option<Fair>,
    /// The best prices; `None` where the book was not known or too old.
    pub quote: Option<Quote>,
    /// What was decided.
    pub verdict: Verdict,
}

/// What was decided of a strike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was wished for, and an order was made (in the shadow: recorded).
    Entered(Wanted),
    /// It was wished for, and an entry rule or the risk gate refused.
    Refused {
        /// The wish.
        wanted: Wanted,
        /// The reason's [code](Reason::code).
        reason: String,
    },
    /// The strategy did not want it.
    Skipped {
        /// The reason's [code](Reason::code).
        reason: String,
    },
    /// The strategy said nothing of it.
    Silent,
}

/// What a strategy wished for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// The outcome.
    pub side: Side,
    /// Buy to open, sell to reduce.
    pub action: Action,
    /// The limit, in the outcome's own terms.
    pub limit: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// Why, in the strategy's words.
    pub why: String,
}

impl DecisionRecord {
    /// Puts a strategy's answer together with the view it answers and with what became of each wish.
    pub(super) fn new(
        view: &EventView,
        time: Timestamp,
        wishes: &[(Wish, Result<(), Reason>)],
        skipped: &[Skip],
    ) -> Self {
        let mut strikes = Vec::with_capacity(view.strikes.len());
        for strike in &view.strikes {
            let line = |verdict| StrikeDecision {
                market: strike.market.clone(),
                fair: Some(strike.fair),
                quote: strike.quote,
                verdict,
            };
            let before = strikes.len();
            strikes.extend(verdicts(&strike.market, wishes, skipped).map(line));
            if strikes.len() == before {
                strikes.push(line(Verdict::Silent));
            }
        }
        let elsewhere = |market: &&MarketTicker| !view.strikes.iter().any(|strike| strike.market == **market);
        let named = wishes.iter().map(|(wish, _)| &wish.market).chain(skipped.iter().map(|skip| &skip.market));
        for market in named.filter(elsewhere).collect::<BTreeSet<_>>() {
            let line = |verdict| StrikeDecision { market: market.clone(), fair: None, quote: None, verdict };
            strikes.extend(verdicts(market, wishes, skipped).map(line));
        }
        Self {
            strategy: view.strategy.clone(),
            view: view.number,
            view_time: view.time,
            time,
            event: view.event.clone(),
            close_time: view.close_time,
            asset_price: view.asset_price,
            momentum: view.momentum.as_ref().and_then(|momentum| momentum.score),
            strikes,
        }
    }
}

/// What was said of a market, wishes first.
fn verdicts<'a>(
    market: &'a MarketTicker,
    wishes: &'a [(Wish, Result<(), Reason>)],
    skipped: &'a [Skip],
) -> impl Iterator<Item = Verdict> + 'a {
    let wished = wishes.iter().filter(move |(wish, _)| wish.market == *market).map(|(wish, outcome)| {
        let wanted = Wanted {
            side: wish.side,
            action: wish.action,
            limit: wish.limit,
            quantity: wish.quantity,
            why: wish.why.clone(),
        };
        match outcome {
            Ok(()) => Verdict::Entered(wanted),
            Err(reason) => Verdict::Refused { wanted, reason: reason.code() },
        }
    });
    let skips = skipped.iter().filter(move |skip| skip.market == *market);
    wished.chain(skips.map(|skip| Verdict::Skipped { reason: skip.reason.code() }))
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
