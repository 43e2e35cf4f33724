//! Sessions by seed on an exchange on which something else goes wrong every time, killed and started again, with every invariant checked after
//! each; and proof that bugs would be found.
//!
//! Twelve seeds; a hundred with `RECIO_TEST_FULL=1`. `RECIO_TEST_SEED=17` tries that one alone.

use crate::support::tempdir;
use recio::core::engine::{EntryRules, EventView, StopRules};
use recio::core::market::{Action, Side};
use recio::core::model::{Fair, Model};
use recio::core::planted::{PlantedBug, plant};
use recio::core::read::BoxError;
use recio::core::strategy::{Decision, Strategy, Wish};
use recio::core::trade::TimeInForce;
use recio::prelude::{Price, Quantity};
use recio::session::Watch;
use recio::sim::scenario::{Fault, FaultCounts};
use recio::simulation::{Outcome, SimPlan, try_seed};
use recio::store::MemoryStore;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// How a strategy of these tests orders. They want orders, not money.
#[derive(Clone, Copy)]
enum Manner {
    /// Takes what is offered; its stops sell everything again at once.
    Churn,
    /// Lies in the book until somebody comes.
    Rest,
    /// Asks for what nobody offers, again and again.
    Miss,
}

struct Eager(Manner);

#[async_trait::async_trait]
impl Strategy for Eager {
    async fn evaluate(&mut self, view: &EventView) -> Result<Decision, BoxError> {
        let mut decision = Decision::on(view);
        // One side an event: the account never holds both outcomes.
        let side = if view.close_time.as_second() / 900 % 2 == 0 { Side::Yes } else { Side::No };
        for strike in &view.strikes {
            let (Some(quote), Fair::Known { .. }) = (strike.quote, strike.fair) else { continue };
            let (Some(cost), Some(proceeds)) = (quote.cost(side), quote.proceeds(side)) else { continue };
            let (limit, time_in_force) = match self.0 {
                Manner::Churn => (cost.price, TimeInForce::ImmediateOrCancel),
                Manner::Rest => (proceeds.price, TimeInForce::GoodTillCanceled),
                // Another price every time: the same order twice within a second is refused.
                Manner::Miss => (Price::cents(u16::try_from(1 + view.number % 3)?), TimeInForce::ImmediateOrCancel),
            };
            decision.wishes.push(Wish {
                market: strike.market.clone(),
                side,
                action: Action::Buy,
                limit,
                quantity: Quantity::contracts(1),
                time_in_force,
                why: "eager".to_owned(),
            });
        }
        Ok(decision)
    }
}

fn watches() -> Vec<Watch> {
    [("churn", Manner::Churn), ("rest", Manner::Rest), ("miss", Manner::Miss)]
        .into_iter()
        .map(|(name, manner)| {
            let mut watch = Watch::new(name, "KXBTC15M", Eager(manner)).unwrap();
            watch.monitor.entry = EntryRules {
                min_time_to_close: Duration::from_secs(20),
                allow_re_entry: true,
                cooldown: Duration::from_secs(5),
                spike_pause: false,
                ..watch.monitor.entry
            };
            if matches!(manner, Manner::Churn) {
                let at_once = Duration::ZERO;
                watch.monitor.stop = StopRules {
                    probability: 100.0,
                    verification: at_once,
                    min_time_to_close: at_once,
                    ..StopRules::default()
                };
            }
            watch
        })
        .collect()
}

static MODEL: LazyLock<Arc<Model>> = LazyLock::new(|| recio::fingerprint::model(None).unwrap());

/// Tries one seed in paused time, on one thread, with the disk's work in one order.
fn try_one(seed: u64) -> Outcome {
    let dir = tempdir();
    let plan = SimPlan::of_seed(seed);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).max_blocking_threads(1).build().unwrap();
    let trial = try_seed(&plan, dir.path(), Arc::new(MemoryStore::new()), Arc::clone(&MODEL), watches);
    runtime.block_on(trial).unwrap_or_else(|error| panic!("seed {seed} could not be tried: {error}"))
}

fn full() -> bool {
    std::env::var("RECIO_TEST_FULL").is_ok_and(|full| full == "1")
}

fn seeds() -> Vec<u64> {
    match std::env::var("RECIO_TEST_SEED") {
        Ok(seed) => vec![seed.parse().expect("RECIO_TEST_SEED is a number")],
        Err(_) => (0..if full() { 100 } else { 12 }).collect(),
    }
}

#[test]
fn no_seed_breaks_an_invariant() {
    let seeds = seeds();
    let (mut faults, mut failed) = (FaultCounts::default(), Vec::new());
    let (mut crashes, mut kills, mut sent, mut orders, mut fills, mut cancels, mut active) = (0, 0, 0, 0, 0, 0, 0);
    for &seed in &seeds {
        let outcome = try_one(seed);
        faults.add(&outcome.faults);
        crashes += outcome.crashes;
        kills += u32::from(outcome.killed);
        sent += outcome.sent;
        orders += outcome.orders;
        fills += outcome.fills;
        cancels += outcome.cancels;
        active += u32::from(outcome.ended_active);
        if seeds.len() == 1 {
            println!("{outcome:#?}");
        }
        for violation in &outcome.violations {
            failed.push(format!("seed {seed}: {violation}"));
        }
    }
    println!(
        "{} seeds of one simulated hour: {crashes} crashes, {kills} kills; {} faults ({faults}); {sent} orders sent, {orders} taken, {fills} \
         fills, {cancels} cancels sent; {active} seeds ended without a person being needed; {} violations",
        seeds.len(),
        faults.total(),
        failed.len(),
    );
    let first = failed.first().and_then(|text| text.split(&[' ', ':'][..]).nth(1)).unwrap_or_default();
    assert!(failed.is_empty(), "run one alone with RECIO_TEST_SEED={first}:\n{}", failed.join("\n"));
    if seeds.len() >= 12 {
        assert!(fills >= 10 * seeds.len() && crashes as usize >= seeds.len() && kills > 0 && cancels > 0);
    }
    if full() && seeds.len() >= 100 {
        let missing: Vec<_> = Fault::KINDS.into_iter().filter(|kind| faults.of(kind) == 0).collect();
        assert!(missing.is_empty(), "never came: {missing:?}");
    }
}

#[test]
fn the_same_seed_has_the_same_outcome() {
    let look = |outcome: Outcome| {
        let Outcome { faults, sent, orders, fills, cancels, refused, crashes, .. } = outcome;
        (faults, sent, orders, fills, cancels, refused, crashes)
    };
    for seed in [1, 5] {
        assert_eq!(look(try_one(seed)), look(try_one(seed)), "seed {seed}");
    }
}

/// How many seeds each planted bug may take.
const FOUND_WITHIN: u64 = 20;

/// What a bug broke first.
fn find(bug: PlantedBug) -> String {
    find_in(bug, (0..FOUND_WITHIN).collect())
}

#[expect(clippy::print_stdout, reason = "how many seeds a bug took is a figure to keep")]
fn find_in(bug: PlantedBug, seeds: Vec<u64>) -> String {
    plant(Some(bug));
    let found = seeds.iter().zip(1..).find_map(|(&seed, count)| {
        let outcome = try_one(seed);
        outcome.violations.first().map(|violation| (seed, count, violation.to_string()))
    });
    plant(None);
    let tried = seeds.len();
    let (seed, count, violation) = found.unwrap_or_else(|| panic!("{bug:?} breaks nothing in {tried} seeds"));
    println!("{bug:?}: it took {count} of {tried} seeds; seed {seed}: {violation}");
    violation
}

#[test]
fn a_timeout_taken_for_a_refusal_is_found() {
    let broken = find(PlantedBug::TimeoutIsRefusal);
    assert!(broken.starts_with("I7"), "what an unknown order may cost was not reserved: {broken}");
}

#[test]
fn a_new_id_for_a_retry_is_found() {
    let broken = find(PlantedBug::NewIdPerRetry);
    assert!(broken.starts_with("I4") || broken.starts_with("I1"), "an order of no intent was sent: {broken}");
}

#[test]
fn a_reservation_released_too_early_is_found() {
    let broken = find(PlantedBug::EarlyRelease);
    assert!(broken.starts_with("I7"), "what an unknown order may cost was not reserved: {broken}");
}

#[test]
fn a_list_read_to_its_first_page_is_found() {
    find(PlantedBug::FirstPageOnly);
}

#[test]
fn a_kill_latch_that_nobody_looks_at_is_found() {
    // Only where somebody sets it can it be overlooked.
    let killed = (0..FOUND_WITHIN).filter(|seed| SimPlan::of_seed(*seed).kill.is_some());
    let broken = find_in(PlantedBug::LatchAtStartOnly, killed.collect());
    assert!(broken.starts_with("I8"), "orders left although trading was killed: {broken}");
}

#[test]
fn data_stamped_when_it_is_read_is_found() {
    let broken = find(PlantedBug::StampedWhenRead);
    assert!(broken.starts_with("I9"), "orders rest on old data: {broken}");
}
