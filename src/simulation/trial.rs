//! One seed from its plan to its outcome.

use super::invariants::{Evidence, KILL_WITHIN, Violation, at_rest, during};
use super::plan::{CrashAt, SimPlan};
use super::record::Alarm;
use super::world::{Leg, SimWorld, SimWorldError, SimWorldOptions, Until};
use crate::reconcile::ledger_of;
use crate::session::Watch;
use recio_core::engine::TradingState;
use recio_core::fact::{Fact, FactBody};
use recio_core::model::Model;
use recio_core::store::{Store, StoreError};
use recio_core::trade::Ledger;
use recio_core::units::Timestamp;
use recio_sim::scenario::FaultCounts;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Facts read from the store at a time.
const PAGE: u32 = 1_000;
/// Market time between two instants. Decisions are made once a second.
const STEP: Duration = Duration::from_millis(250);
/// Crashes end this long before the exchange is healed, so that a session meets the rest of what goes wrong.
const CRASHES_UNTIL: Duration = Duration::from_secs(10 * 60);

/// What came of a seed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// What must not have been; nothing where all is well.
    pub violations: Vec<Violation>,
    /// How often each fault came.
    pub faults: FaultCounts,
    /// Sessions that were cut off.
    pub crashes: u32,
    /// Whether the kill latch was set.
    pub killed: bool,
    /// Orders that left.
    pub sent: usize,
    /// Orders that the exchange took.
    pub orders: usize,
    /// Fills.
    pub fills: usize,
    /// Payouts.
    pub settlements: usize,
    /// Cancels that left.
    pub cancels: u64,
    /// Why strikes were not entered, by reason code.
    pub refused: BTreeMap<String, u64>,
    /// Alarms, in words.
    pub alarms: Vec<Alarm>,
    /// Whether the last session let everything through to its end; otherwise a person would have to look.
    pub ended_active: bool,
}

/// Why a seed could not be tried: no violation follows from it, and no innocence either.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrialError {
    /// The simulation could not go on.
    #[error(transparent)]
    World(#[from] SimWorldError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kill latch cannot be released.
    #[error("the kill latch cannot be released")]
    Latch(#[source] recio_core::read::BoxError),
    /// The exchange's own books are wrong: a bug of the simulator.
    #[error("the simulated exchange's own books are wrong: {0}")]
    Audit(String),
    /// The world ended while a session was to be killed in it.
    #[error("the world ended before its plan did")]
    TooShort,
}

/// A seed while it is tried.
struct Trial {
    world: SimWorld,
    killed: Option<(Timestamp, Timestamp)>,
    violations: Vec<Violation>,
    crashes: u32,
}

/// Tries a seed: an hour of KXBTC15M in a new folder, with `watches` made anew for every session. Ends at the first session that left a
/// violation.
///
/// The runtime has to be one of paused time: see the module.
///
/// # Errors
/// The simulation could not go on. What must not be is no error: [`Outcome::violations`] has it.
pub async fn try_seed(
    plan: &SimPlan,
    dir: &Path,
    store: Arc<dyn Store>,
    model: Arc<Model>,
    watches: impl Fn() -> Vec<Watch>,
) -> Result<Outcome, TrialError> {
    let options = SimWorldOptions::new(plan.world, plan.scenario.clone(), dir, store, model);
    let options = SimWorldOptions { heal_at: Some(plan.heal_at), risk: plan.risk.clone(), step: STEP, ..options };
    let world = SimWorld::new(options)?;
    let mut trial = Trial { world, killed: None, violations: Vec::new(), crashes: 0 };
    let ended_active = trial.run(plan, watches).await?;
    let (truth, record) = (trial.world.truth(), trial.world.record());
    Ok(Outcome {
        seed: plan.seed,
        violations: trial.violations,
        faults: trial.world.faults(),
        crashes: trial.crashes,
        killed: trial.killed.is_some(),
        sent: trial.world.sent().len(),
        orders: truth.orders.len(),
        fills: truth.fills.len(),
        settlements: truth.settlements.len(),
        cancels: trial.world.cancels(),
        refused: record.refused,
        alarms: record.alarms,
        ended_active,
    })
}

impl Trial {
    /// Returns whether the last session was let through everything to its end.
    async fn run(&mut self, plan: &SimPlan, watches: impl Fn() -> Vec<Watch>) -> Result<bool, TrialError> {
        let crashes_until = plan.heal_at.checked_sub(CRASHES_UNTIL).unwrap_or(plan.heal_at);
        for crash in &plan.crashes {
            if self.world.now() >= crashes_until {
                break;
            }
            let until = match crash.at {
                CrashAt::Cut(cut) => Until::CutBy(cut, crashes_until),
                CrashAt::After(after) => Until::CutAt(later(self.world.now(), after).min(crashes_until)),
            };
            self.cut(watches(), until).await?;
            if !self.violations.is_empty() {
                return Ok(false);
            }
            self.world.pass(crash.down)?;
        }
        if let Some((into, dies_after)) = plan.kill {
            self.kill(watches(), watches(), into, dies_after).await?;
            if !self.violations.is_empty() {
                return Ok(false);
            }
        }
        let Leg::Ended(ended) = self.world.run(watches(), Until::End).await? else { return Err(TrialError::TooShort) };
        self.world.simulator().audit().map_err(TrialError::Audit)?;
        self.look().await?;
        self.look_at_rest().await?;
        Ok(ended.engine.trading_state() == TradingState::Active)
    }

    async fn cut(&mut self, watches: Vec<Watch>, until: Until) -> Result<(), TrialError> {
        if matches!(self.world.run(watches, until).await?, Leg::Ended(_)) {
            return Err(TrialError::TooShort);
        }
        self.crashes += 1;
        self.look().await
    }

    /// A person sets the latch while a session runs; that session dies, and another one starts under the latch; then it is released.
    async fn kill(
        &mut self,
        first: Vec<Watch>,
        second: Vec<Watch>,
        into: Duration,
        dies_after: Duration,
    ) -> Result<(), TrialError> {
        let set = later(self.world.now(), into);
        self.world.kill_at(set);
        self.killed = Some((set, Timestamp::MAX));
        self.cut(first, Until::CutAt(later(set, dies_after))).await?;
        self.world.pass(Duration::from_secs(2))?;
        self.world.run(second, Until::Stop(later(set, KILL_WITHIN))).await?;
        self.killed = Some((set, self.world.now()));
        self.look().await?;
        let latch = &self.world.files().kill_latch;
        latch.release().map_err(|error| TrialError::Latch(error.into()))?;
        Ok(())
    }

    /// What holds after every session.
    async fn look(&mut self) -> Result<(), TrialError> {
        let found = self.seen().await?.with(during);
        self.violations.extend(found);
        Ok(())
    }

    /// What holds when everything is healed, closed and paid.
    async fn look_at_rest(&mut self) -> Result<(), TrialError> {
        let reconciled = self.world.reconcile().await?;
        let trades = self.world.store().trades().await?;
        let found = self.seen().await?.with(|seen| at_rest(seen, &reconciled, &trades));
        self.violations.extend(found);
        Ok(())
    }

    async fn seen(&self) -> Result<Seen<'_>, TrialError> {
        let store = &**self.world.store();
        let facts = all_facts(store).await?;
        let opened = facts.iter().any(|fact| matches!(fact.body, FactBody::AccountOpened { .. }));
        let ledger = if opened { Some(ledger_of(store).await.map_err(SimWorldError::from)?) } else { None };
        Ok(Seen { trial: self, facts, ledger })
    }
}

/// What was seen of a trial so far.
struct Seen<'a> {
    trial: &'a Trial,
    facts: Vec<Fact>,
    ledger: Option<Ledger>,
}

impl Seen<'_> {
    fn with(&self, check: impl FnOnce(&Evidence<'_>) -> Vec<Violation>) -> Vec<Violation> {
        let world = &self.trial.world;
        check(&Evidence {
            truth: &world.truth(),
            posts: &world.posts(),
            sent: &world.sent(),
            facts: &self.facts,
            ledger: self.ledger.as_ref(),
            record: &world.record(),
            risk: world.risk(),
            freshness: world.freshness(),
            killed: self.trial.killed,
            now: world.now(),
        })
    }
}

async fn all_facts(store: &dyn Store) -> Result<Vec<Fact>, StoreError> {
    let mut facts = Vec::new();
    let mut after = 0;
    loop {
        let page = store.facts(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(facts) };
        after = last.sequence;
        facts.extend(page.into_iter().map(|stored| stored.fact));
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}
