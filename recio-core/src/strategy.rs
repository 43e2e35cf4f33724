//! `Strategy`: what to enter, and why not the rest.

use crate::engine::{EventView, Reason, StrikeView};
use crate::market::{Action, Side};
use crate::read::BoxError;
use crate::settings::MonitorSettings;
use crate::strategies::HtcParams;
use crate::trade::{Fill, TimeInForce};
use crate::units::{MarketTicker, Price, Quantity, StrategyId};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Decides what to trade in one event.
///
/// It runs in the shell, one evaluation at a time, always on the newest view; its decision goes back to the engine as an input and is recorded,
/// so that a replay needs no strategy at all. A wish passes the entry rules, the risk gate and the sender's last look before it is an order.
#[async_trait]
pub trait Strategy: Send {
    /// Looks at a whole event, all strikes, and says what is wanted and why the rest is not.
    ///
    /// # Errors
    /// Whatever went wrong: it is logged, nothing is entered on this view, and the next view is tried.
    ///
    /// # Cancel safety
    /// May be dropped when recio stops; it must not have acted on the outside.
    async fn evaluate(&mut self, view: &EventView) -> Result<Decision, BoxError>;

    /// Hears of a fill of one of its orders.
    async fn on_fill(&mut self, _fill: &Fill) {}

    /// Its parameters, where they are those of a strategy that ships, so that they can be [overridden](crate::settings).
    fn params(&self) -> Option<HtcParams> {
        None
    }

    /// Hears of its monitor's settings before it looks at the first view for which they count: at the start of a run, and after each change.
    ///
    /// Only a strategy that tells its [parameters](Self::params) has to do something about it; rules of entry and exit are kept by the engine.
    fn on_settings(&mut self, _settings: &MonitorSettings) {}
}

/// What a strategy says to one view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Whose decision.
    pub strategy: StrategyId,
    /// The view it answers.
    pub view: u64,
    /// What is wanted.
    pub wishes: Vec<Wish>,
    /// Why the other strikes are not.
    pub skipped: Vec<Skip>,
}

/// A wish to open or to reduce a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The market.
    pub market: MarketTicker,
    /// Which outcome.
    pub side: Side,
    /// Buy to open, sell to reduce.
    pub action: Action,
    /// The worst price that is still wanted, in the outcome's own terms.
    pub limit: Price,
    /// How many contracts.
    pub quantity: Quantity,
    /// How long it may wait.
    pub time_in_force: TimeInForce,
    /// Why, in words for a person.
    pub why: String,
}

/// A strike that is not wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Skip {
    /// The market.
    pub market: MarketTicker,
    /// Why not.
    pub reason: Reason,
}

impl Decision {
    /// Begins the decision on a view, with nothing wanted.
    #[must_use]
    pub fn on(view: &EventView) -> Self {
        Self { strategy: view.strategy.clone(), view: view.number, wishes: Vec::new(), skipped: Vec::new() }
    }

    /// Wants contracts of one outcome, filled at once at `limit` or better.
    pub fn buy(&mut self, strike: &StrikeView, side: Side, limit: Price, quantity: Quantity, why: impl Into<String>) {
        self.wishes.push(Wish {
            market: strike.market.clone(),
            side,
            action: Action::Buy,
            limit,
            quantity,
            time_in_force: TimeInForce::ImmediateOrCancel,
            why: why.into(),
        });
    }

    /// Wants YES contracts, filled at once at `limit` or better.
    pub fn buy_yes(&mut self, strike: &StrikeView, limit: Price, quantity: Quantity, why: impl Into<String>) {
        self.buy(strike, Side::Yes, limit, quantity, why);
    }

    /// Wants NO contracts, filled at once at `limit` (a NO price) or better.
    pub fn buy_no(&mut self, strike: &StrikeView, limit: Price, quantity: Quantity, why: impl Into<String>) {
        self.buy(strike, Side::No, limit, quantity, why);
    }

    /// Does not want this strike.
    pub fn skip(&mut self, strike: &StrikeView, reason: Reason) {
        self.skipped.push(Skip { market: strike.market.clone(), reason });
    }
}

#[async_trait]
impl<S: Strategy + ?Sized> Strategy for Box<S> {
    async fn evaluate(&mut self, view: &EventView) -> Result<Decision, BoxError> {
        (**self).evaluate(view).await
    }
    async fn on_fill(&mut self, fill: &Fill) {
        (**self).on_fill(fill).await;
    }
    fn params(&self) -> Option<HtcParams> {
        (**self).params()
    }
    fn on_settings(&mut self, settings: &MonitorSettings) {
        (**self).on_settings(settings);
    }
}
