//! auto_entry_supervisor: when strategies are asked, what is taken up of their answers, and why the rest is not.

use super::config::EntryRules;
use super::{DecisionRecord, EventView, Monitor, Reason, Role, Wish, context::Context};
use crate::fact::FactBody;
use crate::market::Side;
use crate::strategy::{Skip, Wish as EntryWish};
use crate::units::{EventTicker, MarketTicker, Monotonic, StrategyId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// A strategy that has not answered for this long is asked again, with a newer view.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The entry side of all monitors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct AutoEntry {
    monitors: BTreeMap<StrategyId, EntryState>,
    stopping: bool,
}

/// The entry side of one monitor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct EntryState {
    asked: Option<Asked>,
    /// When each strike and outcome was last tried.
    attempts: BTreeMap<(MarketTicker, Side), Monotonic>,
    /// Markets in which an order was recorded instead of sent, with their close times.
    recorded: BTreeMap<MarketTicker, Timestamp>,
    spike: Spike,
    funnel: Funnel,
    kept: Kept,
}

/// A view that a strategy is looking at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) view: Arc<EventView>,
    pub(super) at: Monotonic,
    pub(super) oldest_input: Monotonic,
}

/// The pause after a momentum spike: it lasts until momentum has been calm, without a break, for the calm time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Spike {
    #[default]
    None,
    Paused {
        calm_since: Option<Monotonic>,
    },
}

/// Why strikes were not entered in the running minute.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Funnel {
    minute: Option<Timestamp>,
    entered: u32,
    refused: BTreeMap<String, u32>,
}

/// What of the running minute's decisions was kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Kept {
    minute: Option<Timestamp>,
    events: BTreeSet<EventTicker>,
    /// Refused wishes, by reason code.
    refusals: BTreeSet<(MarketTicker, Side, String)>,
}

impl AutoEntry {
    /// No more entries: the program is about to end.
    pub(super) const fn stop(&mut self) {
        self.stopping = true;
    }

    /// Whether the program is about to end.
    pub(super) const fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// One cycle of one monitor: asks its strategy about the view, or says why nothing of it can be entered.
    pub(super) fn cycle(
        &mut self,
        cx: &mut Context<'_>,
        monitor: &Monitor,
        view: EventView,
        oldest_input: Option<Monotonic>,
        unready: Option<Reason>,
    ) {
        let state = self.monitors.entry(monitor.id.clone()).or_default();
        state.spike.update(
            cx.now.mono,
            &monitor.entry,
            view.momentum.as_ref().and_then(|momentum| momentum.basis_points()),
        );
        state.recorded.retain(|_, close_time| cx.now.wall < *close_time);
        state.attempts.retain(|_, at| cx.now.mono.since(*at) < monitor.entry.cooldown);
        let blocked = blocked(cx, monitor, &view, oldest_input, unready, self.stopping, state.spike);
        match (blocked, oldest_input) {
            (Some(reason), _) => {
                for _ in &view.strikes {
                    state.funnel.refuse(&reason);
                }
            }
            (None, None) => {}
            (None, Some(oldest_input)) => {
                let waiting = state.asked.as_ref().is_some_and(|asked| cx.now.mono.since(asked.at) < ANSWER_WITHIN);
                if !waiting {
                    let view = Arc::new(view);
                    state.asked = Some(Asked { view: Arc::clone(&view), at: cx.now.mono, oldest_input });
                    cx.wish(Role::AutoEntrySupervisor, Wish::Evaluate(view));
                }
            }
        }
    }

    /// Once a minute, says of every monitor what it entered and why not the rest; also when there was no market to look at.
    pub(super) fn tell_funnels(&mut self, cx: &mut Context<'_>) {
        let minute = minute_of(cx.now.wall);
        for monitor in &cx.config.monitors {
            let state = self.monitors.entry(monitor.id.clone()).or_default();
            if let Some(Funnel { entered, refused, .. }) = state.funnel.turn(minute) {
                let wish = Wish::Funnel { strategy: monitor.id.clone(), until: minute, entered, refused };
                cx.wish(Role::AutoEntrySupervisor, wish);
            }
        }
    }

    /// Takes the view that an answer is to; `None` where it is to another one than was asked last.
    pub(super) fn answered(&mut self, strategy: &StrategyId, view: u64) -> Option<Asked> {
        let state = self.monitors.get_mut(strategy)?;
        if state.asked.as_ref().is_some_and(|asked| asked.view.number == view) { state.asked.take() } else { None }
    }

    /// Takes back what strategies were asked: what they answer was thought out by other settings than those that count.
    pub(super) fn withdraw(&mut self) {
        for state in self.monitors.values_mut() {
            state.asked = None;
        }
    }

    /// Whether a strike and outcome was tried a moment ago.
    pub(super) fn is_cooling(&self, strategy: &StrategyId, market: &MarketTicker, side: Side) -> bool {
        self.monitors.get(strategy).is_some_and(|state| state.attempts.contains_key(&(market.clone(), side)))
    }

    /// Remembers an attempt. Only what was sent counts: a refusal does not use the strike up.
    pub(super) fn attempted(&mut self, cx: &Context<'_>, strategy: &StrategyId, market: &MarketTicker, side: Side) {
        let state = self.monitors.entry(strategy.clone()).or_default();
        state.attempts.insert((market.clone(), side), cx.now.mono);
    }

    /// Remembers that an order was recorded instead of sent.
    pub(super) fn recorded(&mut self, strategy: &StrategyId, market: &MarketTicker, close_time: Timestamp) {
        self.monitors.entry(strategy.clone()).or_default().recorded.insert(market.clone(), close_time);
    }

    /// Whether an order was recorded in a market instead of sent.
    pub(super) fn is_recorded(&self, strategy: &StrategyId, market: &MarketTicker) -> bool {
        self.monitors.get(strategy).is_some_and(|state| state.recorded.contains_key(market))
    }

    /// Counts what came of a decision, and keeps it unless the same was kept a moment ago (see [`DecisionRecord`]).
    pub(super) fn taken_up(
        &mut self,
        cx: &mut Context<'_>,
        view: &EventView,
        wishes: &[(EntryWish, Result<(), Reason>)],
        skipped: &[Skip],
    ) {
        let state = self.monitors.entry(view.strategy.clone()).or_default();
        let refusals = wishes.iter().filter_map(|(wish, outcome)| outcome.as_ref().err().map(|reason| (wish, reason)));
        for reason in skipped.iter().map(|skip| &skip.reason).chain(refusals.clone().map(|(_, reason)| reason)) {
            state.funnel.refuse(reason);
        }
        let entered = wishes.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        state.funnel.entered += u32::try_from(entered).unwrap_or(u32::MAX);
        state.kept.turn(minute_of(cx.now.wall));
        let mut keep = state.kept.events.insert(view.event.clone()) || entered > 0;
        for (wish, reason) in refusals {
            keep |= state.kept.refusals.insert((wish.market.clone(), wish.side, reason.code()));
        }
        if keep {
            let record = DecisionRecord::new(view, cx.now.wall, wishes, skipped);
            cx.record(Role::AutoEntrySupervisor, Some(&view.strategy), cx.now.wall, FactBody::Decision(record));
        }
    }
}

/// The start of a moment's minute.
fn minute_of(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second().div_euclid(60) * 60).unwrap_or(time)
}

/// Why no strike of the view can be entered, whatever the strategy would say.
fn blocked(
    cx: &Context<'_>,
    monitor: &Monitor,
    view: &EventView,
    oldest_input: Option<Monotonic>,
    unready: Option<Reason>,
    stopping: bool,
    spike: Spike,
) -> Option<Reason> {
    let rules = &monitor.entry;
    let left = view.time_to_close();
    let fresh = oldest_input.is_some_and(|at| cx.now.mono.since(at) <= cx.config.freshness.order_inputs);
    if rules.enabled && !stopping && unready.is_some() {
        return unready;
    }
    let reasons = [
        (!rules.enabled || stopping, Reason::EntryDisabled),
        (monitor.latest_close.is_some_and(|latest| view.close_time > latest), Reason::ClosesTooLate),
        (left < rules.min_time_to_close || left > rules.max_time_to_close, Reason::OutsideTimeWindow),
        (view.asset_price.is_none() || !fresh, Reason::NoFreshPrice),
        (view.momentum.as_ref().is_none_or(|momentum| momentum.score.is_none()), Reason::NoMomentum),
        (!view.warmth.is_enough(), Reason::HistoryMissing),
        (rules.spike_pause && spike != Spike::None, Reason::SpikePause),
    ];
    reasons.into_iter().find(|(blocks, _)| *blocks).map(|(_, reason)| reason)
}

impl Spike {
    fn update(&mut self, now: Monotonic, rules: &EntryRules, score: Option<f64>) {
        // Without a score nothing is known, which is not calm.
        let calm = score.is_some_and(|score| score.abs() < rules.calm_threshold);
        let spiking = score.is_some_and(|score| score.abs() >= rules.spike_threshold);
        *self = match *self {
            _ if spiking => Self::Paused { calm_since: None },
            Self::None => Self::None,
            Self::Paused { .. } if !calm => Self::Paused { calm_since: None },
            Self::Paused { calm_since: None } => Self::Paused { calm_since: Some(now) },
            Self::Paused { calm_since: Some(since) } if now.since(since) >= rules.calm_time => Self::None,
            paused @ Self::Paused { calm_since: Some(_) } => paused,
        };
    }
}

impl Funnel {
    fn refuse(&mut self, reason: &Reason) {
        *self.refused.entry(reason.code()).or_insert(0) += 1;
    }

    /// Begins a new minute; returns the old one where there was one.
    fn turn(&mut self, minute: Timestamp) -> Option<Self> {
        match self.minute.replace(minute) {
            Some(old) if old < minute => {
                Some(std::mem::replace(self, Self { minute: Some(minute), ..Self::default() }))
            }
            Some(_) | None => None,
        }
    }
}

impl Kept {
    /// Forgets what was kept in an earlier minute.
    fn turn(&mut self, minute: Timestamp) {
        if self.minute != Some(minute) {
            *self = Self { minute: Some(minute), ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_pauses_until_it_has_been_calm_long_enough() {
        let rules = EntryRules { calm_time: Duration::from_secs(60), ..EntryRules::default() };
        let mut spike = Spike::default();
        let mut at = |second: u64, score: Option<f64>| {
            spike.update(Monotonic(second * 1_000_000), &rules, score);
            spike == Spike::None
        };
        assert!(at(0, Some(35.0)), "below the threshold");
        assert!(!at(1, Some(-36.0)), "a spike downwards");
        assert!(!at(2, Some(10.0)), "calm begins");
        assert!(!at(40, Some(31.0)), "not calm: the count begins again");
        assert!(!at(41, Some(10.0)));
        assert!(!at(60, None), "unknown is not calm");
        assert!(!at(61, Some(0.0)));
        assert!(!at(120, Some(0.0)));
        assert!(at(121, Some(0.0)), "60 s of calm");
    }
}
