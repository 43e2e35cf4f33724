//! The one place where inputs are handed to the services, and where what concerns several of them is carried through.

use super::account_sync::AccountSync;
use super::active_trades::ActiveTrades;
use super::auto_entry::AutoEntry;
use super::context::Context;
use super::coordinator::{Coordinator, EventTable, event_table, view_for};
use super::health::HealthWatch;
use super::market_watchdog::MarketWatchdog;
use super::price_watchdog::PriceWatchdog;
use super::risk_gate::RiskGate;
use super::settings::Overrides;
use super::trade_executor::TradeExecutor;
use super::trade_manager::TradeManager;
use super::{
    Command, EngineConfig, Input, JournalRecord, Output, Reason, Role, SubmitOutcome, TradingChange, TradingState, Wish,
};
use crate::market::Family;
use crate::model::Model;
use crate::trade::{CloseReason, Ledger, Order, Trade};
use crate::units::{EventTicker, Money, Monotonic, Now, SeriesTicker, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Decides everything, and does nothing: told what happened, it says what it wants.
#[derive(Debug)]
pub struct Engine {
    /// What it was told at its start.
    pub(super) base: Arc<EngineConfig>,
    /// The same with the overrides laid over it: what counts.
    pub(super) in_force: Arc<EngineConfig>,
    pub(super) model: Arc<Model>,
    pub(super) state: EngineState,
}

/// All that an engine remembers. With config and model it is the engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineState {
    pub(super) last: Option<Now>,
    pub(super) facts: u64,
    pub(super) prices: PriceWatchdog,
    pub(super) markets: MarketWatchdog,
    pub(super) coordinator: Coordinator,
    pub(super) entry: AutoEntry,
    pub(super) trades: TradeManager,
    pub(super) orders: TradeExecutor,
    pub(super) active: ActiveTrades,
    pub(super) account: AccountSync,
    pub(super) gate: RiskGate,
    pub(super) store_failed: bool,
    /// The intent journal does not write: when it was last tried.
    pub(super) journal_failed: Option<Monotonic>,
    pub(super) overrides: Overrides,
    pub(super) health: HealthWatch,
}

/// How often a journal that does not write is tried again, by writing down what is let through: a full disk is made room on.
const TRY_JOURNAL_EVERY: Duration = Duration::from_secs(5);

impl Engine {
    /// Makes an engine that remembers nothing.
    #[must_use]
    pub fn new(config: Arc<EngineConfig>, model: Arc<Model>) -> Self {
        Self::restore(config, model, EngineState::default())
    }

    /// Makes an engine that goes on from a snapshot.
    #[must_use]
    pub fn restore(config: Arc<EngineConfig>, model: Arc<Model>, state: EngineState) -> Self {
        let in_force = state.overrides.config(&config);
        Self { base: config, in_force, model, state }
    }

    /// All that it remembers.
    #[must_use]
    pub const fn state(&self) -> &EngineState {
        &self.state
    }

    /// What it was told at its start.
    #[must_use]
    pub fn config(&self) -> &EngineConfig {
        &self.base
    }

    /// What it goes by: what it was told at its start, with the overrides laid over it that it was told since.
    #[must_use]
    pub fn config_in_force(&self) -> &EngineConfig {
        &self.in_force
    }

    /// The account's ledger, once its books are open.
    #[must_use]
    pub const fn ledger(&self) -> Option<&Ledger> {
        self.state.trades.ledger()
    }

    /// All trades.
    pub fn trades(&self) -> impl Iterator<Item = &Trade> {
        self.state.trades.trades()
    }

    /// All orders.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.state.orders.orders()
    }

    /// What is let through.
    #[must_use]
    pub const fn trading_state(&self) -> TradingState {
        self.state.gate.state()
    }

    /// Whether the account has been reconciled with the exchange.
    #[must_use]
    pub const fn is_reconciled(&self) -> bool {
        self.state.account.is_reconciled()
    }

    /// Cash at the exchange less cash by the ledger, when the two were last compared at rest.
    #[must_use]
    pub const fn last_tie_out(&self) -> Option<Money> {
        self.state.account.last_tie_out()
    }

    /// Whether the intent journal did not write when it was last tried.
    #[must_use]
    pub const fn journal_fails(&self) -> bool {
        self.state.journal_failed.is_some()
    }

    /// Whether anything is on its way, held, or waits for its payout.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.state.trades.live().next().is_none() && self.state.orders.unfinished().next().is_none()
    }

    /// Tells the engine something, and returns what it wants, in order.
    ///
    /// `now` never goes back: an earlier time is taken as the latest one seen.
    pub fn handle(&mut self, now: Now, input: &Input) -> Vec<Output> {
        let now =
            self.state.last.map_or(now, |last| Now { wall: now.wall.max(last.wall), mono: now.mono.max(last.mono) });
        self.state.last = Some(now);
        let mut outputs = Vec::new();
        let mut facts = self.state.facts;
        let config = Arc::clone(&self.in_force);
        let mut cx = Context { now, config: &config, outputs: &mut outputs, facts: &mut facts };
        self.take_in(&mut cx, input);
        // Settings that were changed count from this very look on.
        let config = Arc::clone(&self.in_force);
        let mut cx = Context { config: &config, ..cx };
        if self.state.coordinator.due(&mut cx) {
            self.cycle(&mut cx);
        }
        self.keep_trading_state(&mut cx);
        self.state.facts = facts;
        outputs
    }

    /// Has what is let through written into the journal where that changed, or where it is not known whether it is there.
    fn keep_trading_state(&mut self, cx: &mut Context<'_>) {
        let state = &mut self.state;
        let tried = state.journal_failed.as_mut().filter(|tried| cx.now.mono.since(**tried) >= TRY_JOURNAL_EVERY);
        let again = tried.map(|tried| *tried = cx.now.mono).is_some();
        if state.gate.take_unwritten() || again {
            let (state, why) = (state.gate.lasting(), cx.last_alarm().unwrap_or_default());
            let change = TradingChange { state, time: cx.now.wall, why };
            cx.wish(Role::TradeManager, Wish::Journal(JournalRecord::Trading(change)));
        }
    }

    fn take_in(&mut self, cx: &mut Context<'_>, input: &Input) {
        let state = &mut self.state;
        match input {
            Input::Recovered(recovered) => self.recover(cx, recovered),
            Input::Timer => {}
            Input::Price { feed, event } => state.prices.on_event(cx, feed, event),
            Input::History { asset, resolution, read } => state.prices.on_history(cx, *asset, *resolution, read),
            Input::Market(event) => {
                if state.markets.on_event(cx, event).is_some() {
                    state.account.want();
                }
            }
            Input::Series(series) => state.markets.on_series(series),
            Input::Listed { series, markets } => state.markets.on_listed(cx, series, markets),
            Input::Account(event) => self.on_account_event(cx, event),
            Input::Decision(decision) => self.decide(cx, decision),
            Input::StrategyFailed { view, strategy, reason } => {
                state.entry.answered(strategy, *view);
                cx.warn(Role::AutoEntrySupervisor, None, format!("strategy {strategy} failed: {reason}"));
            }
            Input::Submitted { client_order_id, outcome } => {
                state.account.active(cx.now.mono);
                match outcome {
                    SubmitOutcome::Accepted(_) => {}
                    SubmitOutcome::NotSent { .. } => state.gate.failed(cx),
                    // A refusal may be of an id that the exchange knows already: a look tells.
                    SubmitOutcome::Refused { .. } | SubmitOutcome::Unknown { .. } => {
                        state.gate.failed(cx);
                        state.account.want();
                    }
                }
                let news = state.orders.submitted(cx, client_order_id, outcome);
                self.follow_up(cx, client_order_id, &news);
            }
            Input::Canceled { client_order_id, outcome } => self.on_cancel(cx, client_order_id, outcome),
            Input::AccountRead(read) => self.on_account_read(cx, read),
            Input::Stored(result) => self.on_stored(cx, result),
            Input::Command(command) => self.on_command(cx, command),
            Input::JournalFailed { reason } => self.on_journal_failed(cx, reason),
            Input::JournalWrites => {
                if state.journal_failed.take().is_some() {
                    cx.info(Role::TradeExecutor, None, "the intent journal writes again: entries go on".to_owned());
                }
            }
            Input::Recalled(recalled) => self.recall(cx, recalled),
            Input::Settings(read) => self.on_settings(cx, read),
        }
    }

    /// One look at everything.
    fn cycle(&mut self, cx: &mut Context<'_>) {
        let state = &mut self.state;
        state.markets.watch(cx);
        state.prices.watch(cx);
        state.trades.follow_closes(cx, |market| Some(state.markets.get(market)?.market.close_time));
        let events = self.events_in_sight(cx);
        let state = &mut self.state;
        let closes: Vec<_> = events
            .values()
            .filter_map(|(series, close)| Family::of(series).ok().map(|(asset, _)| (asset, *close)))
            .collect();
        state.prices.bank(cx, &closes);
        let urgent = state.orders.wants_look_up() || state.trades.awaits_settlement();
        state.account.watch(cx, urgent);
        if state.gate.state() == TradingState::Halted || state.entry.is_stopping() {
            // An answer may have come after the order to stop: what rests by now goes as well.
            self.cancel_all(cx);
        }

        let config = Arc::clone(&self.in_force);
        let mut tables: BTreeMap<EventTicker, EventTable> = BTreeMap::new();
        for (event, (series, close_time)) in &events {
            let (markets, prices) = (&self.state.markets, &self.state.prices);
            if let Some(table) = event_table(cx, &self.model, series, event, *close_time, markets, prices) {
                cx.wish(Role::Coordinator, Wish::Publish(Arc::new(table.view.clone())));
                tables.insert(event.clone(), table);
            }
        }
        // Stops first: they outlive everything else.
        self.supervise(cx, &tables);
        for monitor in &config.monitors {
            let Some((event, _)) = self.state.markets.current_event(&monitor.series, cx.now.wall) else { continue };
            let Some(table) = tables.get(event) else { continue };
            let mut view = view_for(&table.view, monitor, self.state.coordinator.number());
            for strike in &mut view.strikes {
                let newest = self.state.trades.newest(&monitor.id, &strike.market);
                strike.trade = newest.map(|trade| (trade.side, trade.status));
            }
            let unready = self.unready(cx);
            self.state.entry.cycle(cx, monitor, view, table.oldest_input, unready);
        }
        self.state.entry.tell_funnels(cx);
        self.tell_health(cx, &tables);
    }

    /// The events that are looked at: what each monitored series trades now, and what open trades are in.
    fn events_in_sight(&self, cx: &Context<'_>) -> BTreeMap<EventTicker, (SeriesTicker, Timestamp)> {
        let markets = &self.state.markets;
        let current = self.in_force.monitors.iter().filter_map(|monitor| {
            let (event, close_time) = markets.current_event(&monitor.series, cx.now.wall)?;
            Some((event.clone(), (monitor.series.clone(), close_time)))
        });
        let held = self.state.trades.live().filter_map(|trade| {
            let market = &markets.get(&trade.market)?.market;
            let open = cx.now.wall < market.close_time;
            open.then(|| (market.event.clone(), (market.series.clone(), market.close_time)))
        });
        held.chain(current).collect()
    }

    /// Why no entry may be formed at all, if so.
    pub(super) fn unready(&self, cx: &Context<'_>) -> Option<Reason> {
        if self.state.store_failed || self.journal_fails() {
            return Some(Reason::StoreDown);
        }
        (!self.state.account.is_current(cx.now.mono)).then_some(Reason::NotReconciled)
    }

    fn on_stored(&mut self, cx: &mut Context<'_>, result: &Result<(), String>) {
        match result {
            Ok(()) if self.state.store_failed => {
                self.state.store_failed = false;
                cx.info(Role::TradeManager, None, "the store writes again: entries go on".to_owned());
            }
            Ok(()) => {}
            Err(why) if !self.state.store_failed => {
                self.state.store_failed = true;
                cx.warn(Role::TradeManager, None, format!("the store does not write, entries wait: {why}"));
            }
            Err(why) => {
                cx.warn(Role::TradeManager, None, format!("the store does not write, entries go on waiting: {why}"));
            }
        }
    }

    fn on_journal_failed(&mut self, cx: &mut Context<'_>, reason: &str) {
        if self.state.journal_failed.replace(cx.now.mono).is_none() {
            let text = format!(
                "the intent journal does not write, no order can be sent until it does: {reason}; a person has to look"
            );
            cx.alarm(Role::TradeExecutor, None, text);
        }
    }

    fn on_command(&mut self, cx: &mut Context<'_>, command: &Command) {
        match command {
            Command::Halt { reason } => {
                self.state.gate.tighten(TradingState::Halted);
                cx.alarm(Role::TradeManager, None, format!("halted: {reason}"));
                self.cancel_all(cx);
            }
            Command::Kill { latch } => {
                self.state.gate.latch();
                cx.alarm(Role::TradeManager, None, format!("halted: the kill latch {latch} is set"));
                self.cancel_all(cx);
            }
            Command::ReduceOnly { reason } => {
                // Said again and again, it is news once.
                if self.state.gate.state() == TradingState::Active {
                    cx.alarm(Role::TradeManager, None, format!("only orders that reduce: {reason}"));
                }
                self.state.gate.tighten(TradingState::Reducing);
            }
            Command::Resume => {
                self.state.gate.resume();
                self.state.journal_failed = None;
                cx.info(Role::TradeManager, None, "trading goes on".to_owned());
            }
            Command::CloseTrade(id) => self.state.active.close(id, CloseReason::Manual),
            Command::Stop => {
                self.state.entry.stop();
                self.cancel_all(cx);
            }
        }
    }
}
