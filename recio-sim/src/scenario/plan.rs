//! A scenario with a seed: asked at each place where something can go wrong, and what it answers depends on nothing else.

use super::fault::{Fault, FrameFault, MarketFault, RequestFault, TimedFault};
use super::when::{Calls, When};
use super::{FaultCounts, PlannedFault, Scenario};
use crate::dice::Dice;
use jiff::SignedDuration;
use recio_core::units::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts that the exchange's two sides add to.
pub(super) type SharedCounts = Arc<Mutex<FaultCounts>>;

/// What goes wrong in one simulation.
#[derive(Clone, Debug)]
pub struct FaultPlan {
    scenario: String,
    seed: u64,
    begin: Timestamp,
    rules: Vec<Rule>,
    injected: u64,
    healed: bool,
    counts: SharedCounts,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    planned: PlannedFault,
    dice: Dice,
    /// How often its place was passed.
    seen: u64,
    /// It comes once, and has come.
    spent: bool,
    /// When it comes next, where it comes by itself.
    next: Option<Timestamp>,
}

impl FaultPlan {
    /// The plan of a scenario for a seed, where the session begins at `begin`.
    #[must_use]
    pub fn new(scenario: &Scenario, seed: u64, begin: Timestamp) -> Self {
        Self::with_counts(scenario, seed, begin, SharedCounts::default())
    }

    /// Nothing goes wrong, unless it is injected.
    #[must_use]
    pub fn calm(begin: Timestamp) -> Self {
        Self::new(&Scenario::calm(), 0, begin)
    }

    pub(super) fn with_counts(scenario: &Scenario, seed: u64, begin: Timestamp, counts: SharedCounts) -> Self {
        let of_records = |fault: &Fault| {
            matches!(fault, Fault::Market(MarketFault::MarketDeactivation { .. } | MarketFault::LateSettlement { .. }))
        };
        let rules = rules(scenario, seed, begin, |fault| !of_records(fault));
        Self { scenario: scenario.name.clone(), seed, begin, rules, injected: 0, healed: false, counts }
    }

    /// The scenario's name.
    #[must_use]
    pub fn scenario(&self) -> &str {
        &self.scenario
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How often each kind of fault came so far.
    #[must_use]
    pub fn counts(&self) -> FaultCounts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets nothing more go wrong by itself. What was injected since still comes.
    pub fn heal(&mut self) {
        self.healed = true;
        self.rules.clear();
    }

    /// Whether it was healed.
    #[must_use]
    pub const fn is_healed(&self) -> bool {
        self.healed
    }

    /// Adds a fault to what goes wrong.
    pub fn inject(&mut self, fault: PlannedFault) {
        self.injected += 1;
        let name = format!("injected/{}", self.injected);
        self.rules.push(Rule::new(fault, Dice::named(self.seed, &name), self.begin));
    }

    /// What goes wrong with a call. Every rule for such calls passes, whichever of them strikes.
    pub fn on_call(&mut self, call: Calls, now: Timestamp) -> Option<RequestFault> {
        let covered = |planned: &PlannedFault| {
            if let Fault::Request(fault) = planned.fault { planned.calls.cover(call).then_some(fault) } else { None }
        };
        self.pass(now, covered)
    }

    /// What goes wrong with a frame of this type.
    pub fn on_frame(&mut self, kind: &str, now: Timestamp) -> Option<FrameFault> {
        let covered = |planned: &PlannedFault| {
            let Fault::Frame(fault) = planned.fault else { return None };
            (planned.channels.is_empty() || planned.channels.iter().any(|one| one == kind)).then_some(fault)
        };
        self.pass(now, covered)
    }

    /// The status that a handshake is refused with.
    pub fn on_handshake(&mut self, now: Timestamp) -> Option<u16> {
        let refused = |planned: &PlannedFault| {
            if let Fault::RefusedHandshake { status } = planned.fault { Some(status) } else { None }
        };
        self.pass(now, refused)
    }

    /// What goes wrong with an outcome that was announced.
    pub fn on_outcome(&mut self, now: Timestamp) -> Option<MarketFault> {
        let wrong = |planned: &PlannedFault| if let Fault::Market(fault) = planned.fault { Some(fault) } else { None };
        self.pass(now, wrong)
    }

    /// Whether something may go wrong with outcomes.
    #[must_use]
    pub fn touches_outcomes(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.planned.fault, Fault::Market(_)))
    }

    /// When something goes wrong by itself next.
    #[must_use]
    pub fn next_moment(&self) -> Option<Timestamp> {
        self.rules.iter().filter(|rule| rule.is_timed()).filter_map(|rule| rule.next).min()
    }

    /// Takes what goes wrong by itself up to now, in the order of time.
    pub fn take_due(&mut self, now: Timestamp) -> Vec<TimedFault> {
        let mut due = BTreeMap::new();
        for (number, rule) in self.rules.iter_mut().enumerate() {
            let Fault::Timed(fault) = rule.planned.fault else { continue };
            while let Some(time) = rule.take_time(now, self.begin) {
                due.insert((time, number), fault);
            }
        }
        let due: Vec<TimedFault> = due.into_values().collect();
        for fault in &due {
            self.count(&Fault::Timed(*fault));
        }
        due
    }

    fn pass<T: Copy>(&mut self, now: Timestamp, covered: impl Fn(&PlannedFault) -> Option<T>) -> Option<T> {
        let mut struck: Option<(Fault, T)> = None;
        for rule in &mut self.rules {
            let Some(what) = covered(&rule.planned) else { continue };
            if rule.strikes(now, self.begin, struck.is_some()) {
                struck = Some((rule.planned.fault, what));
            }
        }
        let (fault, what) = struck?;
        self.count(&fault);
        Some(what)
    }

    fn count(&self, fault: &Fault) {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).count(fault);
    }
}

impl Rule {
    fn new(planned: PlannedFault, mut dice: Dice, begin: Timestamp) -> Self {
        let next = match planned.when {
            When::At(moment) => Some(moment.in_time(begin)),
            When::Every(mean) => {
                let from = planned.window.from.map_or(begin, |from| from.in_time(begin)).max(begin);
                Some(later(from, &mut dice, mean))
            }
            When::Nth(_) | When::Rate(_) => None,
        };
        Self { planned, dice, seen: 0, spent: false, next }
    }

    pub(super) const fn fault(&self) -> Fault {
        self.planned.fault
    }

    pub(super) fn is_timed(&self) -> bool {
        matches!(self.planned.fault, Fault::Timed(_) | Fault::Market(MarketFault::MarketDeactivation { .. }))
    }

    /// Whether it strikes what passes. Chance is drawn in any case; what comes once waits where `taken` says that another has struck.
    pub(super) fn strikes(&mut self, now: Timestamp, begin: Timestamp, taken: bool) -> bool {
        self.seen += 1;
        match self.planned.when {
            When::Nth(number) => self.seen == number && !taken,
            When::Rate(rate) => self.dice.chance(rate) && self.planned.window.contains(now, begin) && !taken,
            When::At(_) => {
                let strikes = !self.spent && !taken && self.next.is_some_and(|next| next <= now);
                self.spent |= strikes;
                strikes
            }
            When::Every(_) => false,
        }
    }

    /// The next moment up to now at which it comes by itself.
    pub(super) fn take_time(&mut self, now: Timestamp, begin: Timestamp) -> Option<Timestamp> {
        let time = self.next.filter(|next| *next <= now)?;
        self.next = match self.planned.when {
            When::Every(mean) => {
                let next = later(time, &mut self.dice, mean);
                let over = self.planned.window.until.is_some_and(|until| until.in_time(begin) <= next);
                (!over).then_some(next)
            }
            When::At(_) | When::Nth(_) | When::Rate(_) => None,
        };
        Some(time)
    }
}

/// The rules of a scenario that this side keeps, each with a stream of chance named after its kind and its place among its kind.
pub(super) fn rules(scenario: &Scenario, seed: u64, begin: Timestamp, keeps: impl Fn(&Fault) -> bool) -> Vec<Rule> {
    let mut of_kind: BTreeMap<&'static str, u32> = BTreeMap::new();
    let mut rules = Vec::new();
    for planned in &scenario.faults {
        let kind = planned.fault.kind();
        let number = of_kind.entry(kind).or_default();
        *number += 1;
        let dice = Dice::named(seed, &format!("fault/{kind}/{number}"));
        if keeps(&planned.fault) {
            rules.push(Rule::new(planned.clone(), dice, begin));
        }
    }
    rules
}

/// A moment after another: from a millisecond to twice the mean distance, each as likely.
fn later(time: Timestamp, dice: &mut Dice, mean_ms: u64) -> Timestamp {
    let millis = i64::try_from(dice.between(1, mean_ms.saturating_mul(2))).unwrap_or(i64::MAX);
    time.checked_add(SignedDuration::from_millis(millis)).unwrap_or(Timestamp::MAX)
}
