//! The way in: a strategy's answer, wish by wish, through the entry rules and the risk gate.

use super::auto_entry::Asked;
use super::context::Context;
use super::engine::{Engine, EngineState};
use super::risk_gate::Surroundings;
use super::trade_manager::{Signal, asset_of};
use super::view::edge_units;
use super::{Monitor, Reason, RiskRefusal, Role, Wish};
use crate::fact::{FactBody, ShadowOrder};
use crate::market::{Action, Family, Market, Quote, Side};
use crate::model::Fair;
use crate::strategy::{Decision, Wish as EntryWish};
use crate::trade::{Ledger, Order, Purpose, Trade};
use crate::units::{MarketTicker, Money, Monotonic, Probability, Quantity};
use std::sync::Arc;

impl Engine {
    /// Takes up a strategy's answer.
    pub(super) fn decide(&mut self, cx: &mut Context<'_>, decision: &Decision) {
        let config = Arc::clone(&self.in_force);
        let Some(monitor) = config.monitors.iter().find(|monitor| monitor.id == decision.strategy) else { return };
        let Some(asked) = self.state.entry.answered(&decision.strategy, decision.view) else { return };
        let late = cx.now.mono.since(asked.at) > cx.config.freshness.decision;
        let mut wishes = Vec::with_capacity(decision.wishes.len());
        for wish in &decision.wishes {
            let verdict = if late { Err(Reason::DecisionTooOld) } else { self.enter(cx, monitor, &asked, wish) };
            wishes.push((wish.clone(), verdict));
        }
        self.state.entry.taken_up(cx, &asked.view, &wishes, &decision.skipped);
    }

    /// Turns one wish of a strategy into an order, or says why not.
    pub(super) fn enter(
        &mut self,
        cx: &mut Context<'_>,
        monitor: &Monitor,
        asked: &Asked,
        wish: &EntryWish,
    ) -> Result<(), Reason> {
        let state = &self.state;
        let strike = asked.view.strikes.iter().find(|strike| strike.market == wish.market).ok_or(Reason::BadWish)?;
        let market = state.markets.get(&wish.market).ok_or(Reason::BadWish)?;
        if wish.action != Action::Buy {
            return Err(Reason::BadWish);
        }
        if !market.is_trading(cx.now.wall) || !state.markets.trades() {
            return Err(Reason::NotTrading);
        }
        if !monitor.entry.enabled || state.entry.is_stopping() {
            return Err(Reason::EntryDisabled);
        }
        if let Some(reason) = self.unready(cx) {
            return Err(reason);
        }
        if cx.now.until(market.market.close_time) < monitor.entry.min_time_to_close {
            return Err(Reason::OutsideTimeWindow);
        }
        if state.orders.is_fenced(&market.market.event) {
            return Err(Reason::Fenced);
        }
        let here = |trade: &&Trade| trade.strategy == monitor.id && trade.market == wish.market;
        if state.trades.live().any(|trade| here(&trade)) || state.entry.is_recorded(&monitor.id, &wish.market) {
            return Err(Reason::AlreadyHeld);
        }
        let bought = state.trades.trades().filter(here).any(|trade| !trade.bought.is_zero());
        if bought && !monitor.entry.allow_re_entry {
            return Err(Reason::NoReEntry);
        }
        if state.trades.opposes(&wish.market, wish.side) {
            return Err(Reason::OtherSide);
        }
        if state.entry.is_cooling(&monitor.id, &wish.market, wish.side) {
            return Err(Reason::Cooldown);
        }
        let (quote, received) = state.markets.fresh_quote(cx, market).ok_or(Reason::NoFreshBook)?;
        let market = market.market.clone();
        let probability = probability_of(&strike.fair, wish.side);
        let signal = Signal { why: wish.why.clone(), probability, asset_price: asked.view.asset_price };
        let oldest_input = asked.oldest_input.min(received);
        self.send_entry(cx, monitor, wish, &market, quote, signal, oldest_input).map_err(Reason::Risk)
    }

    #[expect(clippy::too_many_arguments, reason = "everything that an order rests on, handed on once")]
    pub(super) fn send_entry(
        &mut self,
        cx: &mut Context<'_>,
        monitor: &Monitor,
        wish: &EntryWish,
        market: &Market,
        quote: Quote,
        signal: Signal,
        oldest_input: Monotonic,
    ) -> Result<(), RiskRefusal> {
        let intent = self.state.trades.form(cx, &monitor.id, wish, market);
        let state = &mut self.state;
        let asset = Family::of(&market.series).ok().map(|(asset, _)| asset).or_else(|| asset_of(&market.event));
        let (event_exposure, total_exposure) =
            state.trades.exposure(state.orders.unfinished(), asset, market.close_time);
        let reserved = super::trade_manager::reserved(state.orders.unfinished());
        let cash = state.trades.ledger().map_or(Money::ZERO, Ledger::cash);
        let around = Surroundings {
            grid: &market.grid,
            quote,
            fees: state.markets.fees(&market.series),
            fair: signal.probability,
            position: position_in(state, &market.ticker),
            event_exposure,
            total_exposure,
            // What live trades cost has left the cash already; what is on its way has not.
            free_cash: cash.checked_sub(reserved).unwrap_or(Money::ZERO),
            oldest_input,
        };
        let fair = signal.probability;
        let Some(order) = state.gate.check(cx, intent.clone(), &around)? else {
            let edge_units =
                fair.zip(around.fees).and_then(|(fair, fees)| edge_units(fair, wish.limit, wish.quantity, fees));
            self.record_instead(cx, monitor, wish, market, fair, edge_units);
            return Ok(());
        };
        state.trades.begin(cx, &intent, signal);
        state.orders.add(cx, intent);
        state.entry.attempted(cx, &monitor.id, &wish.market, wish.side);
        state.account.active(cx.now.mono);
        let text = format!(
            "{} enters {}: buy {} {} at {} or better; {}",
            monitor.id, wish.market, wish.quantity, wish.side, wish.limit, wish.why
        );
        cx.info(Role::AutoEntrySupervisor, Some(&market.event), text);
        cx.wish(Role::TradeExecutor, Wish::Submit { order, why: wish.why.clone() });
        Ok(())
    }
}

impl Engine {
    /// Records what would have been ordered. The strike then counts as held until it closes, as it would if it had been.
    fn record_instead(
        &mut self,
        cx: &mut Context<'_>,
        monitor: &Monitor,
        wish: &EntryWish,
        market: &Market,
        fair: Option<Probability>,
        edge_units: Option<f64>,
    ) {
        self.state.entry.attempted(cx, &monitor.id, &wish.market, wish.side);
        self.state.entry.recorded(&monitor.id, &wish.market, market.close_time);
        let known = |what: Option<String>| what.unwrap_or_else(|| "unknown".to_owned());
        let text = format!(
            "shadow, nothing is sent: {} would enter {}: buy {} {} at {} or better, worth {}, edge {} ten-thousandths; {}",
            monitor.id,
            wish.market,
            wish.quantity,
            wish.side,
            wish.limit,
            known(fair.map(|fair| fair.to_string())),
            known(edge_units.map(|edge| format!("{edge:.1}"))),
            wish.why
        );
        cx.info(Role::AutoEntrySupervisor, Some(&market.event), text);
        let order = ShadowOrder {
            market: wish.market.clone(),
            side: wish.side,
            limit: wish.limit,
            quantity: wish.quantity,
            fair,
            edge_units,
            why: wish.why.clone(),
        };
        cx.record(Role::AutoEntrySupervisor, Some(&monitor.id), cx.now.wall, FactBody::Shadow(order));
    }
}

/// Contracts held in a market, or on their way into it, whichever outcome and whoever's.
fn position_in(state: &EngineState, market: &MarketTicker) -> Quantity {
    let held = state.trades.live().filter(|trade| trade.market == *market).map(Trade::held);
    let coming = state
        .orders
        .unfinished()
        .filter(|order| order.intent().market == *market && order.intent().purpose == Purpose::Entry)
        .map(Order::may_still_fill);
    let ours = held.chain(coming).fold(Quantity::ZERO, Quantity::saturating_add);
    ours.saturating_add(state.trades.not_ours(market))
}

fn probability_of(fair: &Fair, side: Side) -> Option<Probability> {
    match (fair, side) {
        (Fair::Known { value, .. }, Side::Yes) => Some(*value),
        (Fair::Known { value, .. }, Side::No) => Some(value.complement()),
        (Fair::Unknown(_), _) => None,
    }
}
