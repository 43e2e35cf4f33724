//! The risk gate: the last code of the engine before an order, and the only maker of a [`GatedOrder`].

use super::config::RiskLimits;
use super::{GatedOrder, OrderMode, RiskRefusal, context::Context};
use crate::market::{PriceGrid, Quote, Side};
use crate::trade::{FeeSchedule, Intent, Purpose};
use crate::units::{MarketTicker, Money, Monotonic, Price, Probability, Quantity, Rounding};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

/// What is let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradingState {
    /// Everything within the limits.
    #[default]
    Active,
    /// Only orders that reduce.
    Reducing,
    /// Nothing but cancels.
    Halted,
}

/// Limits the orders that leave, whatever a strategy wants. Every error moves the state towards `Halted`; only a person moves it back, and a
/// restart is none: the intent journal keeps the state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct RiskGate {
    state: TradingState,
    /// What the journal has of it.
    journaled: TradingState,
    /// The kill latch was set. Not the journal's matter: the latch is a file of its own, which the next start finds or a person has removed.
    latched: bool,
    sent: VecDeque<Sent>,
    failures: VecDeque<Monotonic>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    at: Monotonic,
    market: MarketTicker,
    side: Side,
    limit: Price,
    quantity: Quantity,
    purpose: Purpose,
}

impl Sent {
    fn of(intent: &Intent, at: Monotonic) -> Self {
        Self {
            at,
            market: intent.market.clone(),
            side: intent.side,
            limit: intent.limit,
            quantity: intent.quantity,
            purpose: intent.purpose,
        }
    }
}

/// What the gate looks at besides the order itself.
#[derive(Clone, Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) grid: &'a PriceGrid,
    pub(super) quote: Quote,
    pub(super) fees: Option<&'a FeeSchedule>,
    /// The model's value of the order's outcome.
    pub(super) fair: Option<Probability>,
    /// Contracts held or on their way in the market, this order not included.
    pub(super) position: Quantity,
    /// The most that can be lost on the market's settlement, this order not included.
    pub(super) event_exposure: Money,
    /// The most that can be lost in all, this order not included.
    pub(super) total_exposure: Money,
    /// Cash that no order has a claim on.
    pub(super) free_cash: Money,
    /// When the oldest of what the order rests on was received.
    pub(super) oldest_input: Monotonic,
}

/// Longer than either rate window.
const MEMORY: Duration = Duration::from_secs(60);
/// How long a gated order may wait for its sender.
const SEND_WITHIN: Duration = Duration::from_secs(2);

impl RiskGate {
    pub(super) const fn state(&self) -> TradingState {
        if self.latched { TradingState::Halted } else { self.state }
    }

    /// Moves towards `Halted`; never back.
    pub(super) fn tighten(&mut self, to: TradingState) {
        self.state = self.state.max(to);
    }

    /// The kill latch is set.
    pub(super) const fn latch(&mut self) {
        self.latched = true;
    }

    /// Takes up what the journal has of an earlier run. Says whether that is tighter than what was let through.
    pub(super) fn take_up(&mut self, journaled: TradingState) -> bool {
        let is_tighter = journaled > self.state;
        self.journaled = journaled;
        self.tighten(journaled);
        is_tighter
    }

    /// The state that outlives a restart.
    pub(super) const fn lasting(&self) -> TradingState {
        self.state
    }

    /// Whether the journal does not have that state; from then on it counts as written.
    pub(super) fn take_unwritten(&mut self) -> bool {
        std::mem::replace(&mut self.journaled, self.state) != self.state
    }

    /// A person lets everything through again.
    pub(super) fn resume(&mut self) {
        self.state = TradingState::Active;
        self.latched = false;
        self.failures.clear();
    }

    /// Counts an order that failed, or whose end is not known.
    pub(super) fn failed(&mut self, cx: &Context<'_>) {
        self.failures.push_back(cx.now.mono);
        self.forget(cx.now.mono, cx.config.risk.breaker_window);
    }

    /// Counts an order of an earlier run, so that a restart is no way around the rates.
    pub(super) fn recover(&mut self, cx: &Context<'_>, intent: &Intent) {
        let age = Duration::try_from(cx.now.wall.duration_since(intent.created_time)).unwrap_or_default();
        if age < MEMORY {
            let age = u64::try_from(age.as_micros()).unwrap_or(u64::MAX);
            self.sent.push_back(Sent::of(intent, Monotonic(cx.now.mono.0.saturating_sub(age))));
        }
    }

    /// Lets an order through, or says why not. What it lets through counts as sent. Where orders are only recorded, none is made: `None`.
    pub(super) fn check(
        &mut self,
        cx: &Context<'_>,
        intent: Intent,
        around: &Surroundings<'_>,
    ) -> Result<Option<GatedOrder>, RiskRefusal> {
        let limits = &cx.config.risk;
        self.forget(cx.now.mono, limits.breaker_window);
        if !around.grid.contains(intent.yes_limit()) {
            return Err(RiskRefusal::OffGrid);
        }
        if cx.now.wall >= intent.close_time {
            return Err(RiskRefusal::ClosingSoon);
        }
        if self.state() == TradingState::Halted {
            return Err(RiskRefusal::Halted);
        }
        self.check_rate(cx, &intent)?;
        match intent.purpose {
            Purpose::Entry => self.check_entry(cx, &intent, around)?,
            Purpose::Exit => {
                if intent.quantity.is_zero() || intent.quantity > around.position {
                    return Err(RiskRefusal::Position);
                }
            }
        }
        self.sent.push_back(Sent::of(&intent, cx.now.mono));
        if cx.config.orders == OrderMode::Recorded {
            return Ok(None);
        }
        let (age_limit, guard) = match intent.purpose {
            Purpose::Entry => (cx.config.freshness.order_inputs, limits.close_guard),
            // An exit on an old quote is better than none; its limit bounds what it can cost.
            Purpose::Exit => (cx.config.freshness.book_channel.saturating_add(SEND_WITHIN), Duration::ZERO),
        };
        let latest = intent.close_time.checked_sub(guard).unwrap_or(intent.close_time);
        let deadline = cx.now.mono.after(SEND_WITHIN);
        let (shard, epoch) = (cx.config.exchange_index, cx.config.epoch);
        Ok(Some(GatedOrder::new(intent, shard, epoch, deadline, around.oldest_input, age_limit, latest)))
    }

    fn check_rate(&self, cx: &Context<'_>, intent: &Intent) -> Result<(), RiskRefusal> {
        let limits: &RiskLimits = &cx.config.risk;
        let within = |window: Duration| {
            self.sent.iter().filter(move |sent| cx.now.mono.since(sent.at) < window && sent.purpose == intent.purpose)
        };
        let count = |window| u32::try_from(within(window).count()).unwrap_or(u32::MAX);
        if count(Duration::from_secs(1)) >= limits.max_orders_per_second
            || count(MEMORY) >= limits.max_orders_per_minute
        {
            return Err(RiskRefusal::Rate);
        }
        let repeated = within(limits.repeat_window).any(|sent| {
            (&sent.market, sent.side, sent.limit, sent.quantity)
                == (&intent.market, intent.side, intent.limit, intent.quantity)
        });
        if repeated { Err(RiskRefusal::Repeated) } else { Ok(()) }
    }

    fn check_entry(&self, cx: &Context<'_>, intent: &Intent, around: &Surroundings<'_>) -> Result<(), RiskRefusal> {
        let limits: &RiskLimits = &cx.config.risk;
        let fees = around.fees.ok_or(RiskRefusal::UnknownFee)?;
        let fee = fees.taker_fee(intent.limit, intent.quantity).map_err(|_| RiskRefusal::UnknownFee)?;
        let cost = intent.principal() + fee;
        let over = |at_risk: Money, limit: Money| at_risk.checked_add(cost).is_none_or(|sum| sum > limit);
        let best = around.quote.cost(intent.side).map(|level| level.price);
        let fair = around.fair.map(|fair| fair.to_price(Rounding::Down));
        let above = |reference: Option<Price>, collar: u16| {
            reference.is_none_or(|price| intent.limit > price && intent.limit.distance_units(price) > collar)
        };
        let position = around.position.saturating_add(intent.quantity);
        let refusals = [
            (self.state() != TradingState::Active, RiskRefusal::Reducing),
            (self.failures.len() >= limits.breaker_failures as usize, RiskRefusal::Breaker),
            (cx.now.until(intent.close_time) < limits.close_guard, RiskRefusal::ClosingSoon),
            (cx.now.mono.since(around.oldest_input) > cx.config.freshness.order_inputs, RiskRefusal::InputTooOld),
            (intent.quantity.is_zero() || intent.quantity > limits.max_order_quantity, RiskRefusal::OrderQuantity),
            (cost > limits.max_order_cost, RiskRefusal::OrderCost),
            (above(best, limits.book_collar_units), RiskRefusal::BookCollar),
            (above(fair, limits.model_collar_units), RiskRefusal::ModelCollar),
            (position > limits.max_position, RiskRefusal::Position),
            (over(around.event_exposure, limits.max_event_exposure), RiskRefusal::EventExposure),
            (over(around.total_exposure, limits.max_total_exposure), RiskRefusal::TotalExposure),
            (cost > around.free_cash, RiskRefusal::Cash),
        ];
        refusals.iter().find(|(refused, _)| *refused).map_or(Ok(()), |&(_, why)| Err(why))
    }

    fn forget(&mut self, now: Monotonic, breaker_window: Duration) {
        while self.failures.front().is_some_and(|&at| now.since(at) > breaker_window) {
            self.failures.pop_front();
        }
        while self.sent.front().is_some_and(|sent| now.since(sent.at) >= MEMORY) {
            self.sent.pop_front();
        }
    }
}
