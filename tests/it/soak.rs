//! Hours in which everything goes wrong: the real client, engine, journal and store against the simulator's `storm`, in one process.
//!
//! One simulated hour; ten with `RECIO_TEST_FULL=1`.

use crate::support::tempdir;
use recio::core::engine::{EntryRules, EventView};
use recio::core::market::Side;
use recio::core::model::Fair;
use recio::core::read::BoxError;
use recio::core::strategy::{Decision, Strategy};
use recio::prelude::{Money, Quantity};
use recio::session::Watch;
use recio::sim::scenario::{Fault, Scenario};
use recio::sim::synthetic::SyntheticOptions;
use recio::simulation::{Cut, Leg, SimWorld, SimWorldOptions, Until};
use recio::store::MemoryStore;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Orders on both sides of every market, as often as the rules let it: it wants orders, not money. Notes once an hour of market time how much
/// memory the process holds.
#[derive(Default)]
struct Restless {
    hour: Option<i64>,
    resident: Arc<Mutex<Vec<u64>>>,
}

#[async_trait::async_trait]
impl Strategy for Restless {
    async fn evaluate(&mut self, view: &EventView) -> Result<Decision, BoxError> {
        let hour = view.time.as_second() / 3_600;
        if self.hour.replace(hour) != Some(hour) {
            self.resident.lock().unwrap().extend(resident_kb());
        }
        let mut decision = Decision::on(view);
        for strike in &view.strikes {
            let side = if view.number.is_multiple_of(2) { Side::Yes } else { Side::No };
            if let (Some(quote), Fair::Known { .. }) = (strike.quote, strike.fair)
                && let Some(level) = quote.cost(side)
            {
                decision.buy(strike, side, level.price, Quantity::contracts(1), "restless");
            }
        }
        Ok(decision)
    }
}

fn watches() -> Vec<Watch> {
    vec![watch(Restless::default())]
}

fn watch(restless: Restless) -> Watch {
    let mut watch = Watch::new("restless", "KXBTC15M", restless).unwrap();
    watch.monitor.entry = EntryRules {
        min_time_to_close: Duration::from_secs(30),
        allow_re_entry: true,
        cooldown: Duration::from_secs(10),
        spike_pause: false,
        ..watch.monitor.entry
    };
    watch
}

fn world(hours: u32, scenario: &str, seed: u64, dir: &Path) -> SimWorld {
    let world = SyntheticOptions::new("2026-11-22T14:02:00Z".parse().unwrap(), hours, seed);
    let store = Arc::new(MemoryStore::new());
    let model = recio::fingerprint::model(None).unwrap();
    let options = SimWorldOptions::new(world, Scenario::find(scenario).unwrap(), dir, store, model);
    let heal_at = world.from + Duration::from_secs(u64::from(hours) * 3_600 - 600);
    SimWorld::new(SimWorldOptions { heal_at: Some(heal_at), ..options }).unwrap()
}

/// Runs in paused time, on one thread, with the disk's work in one order.
fn simulate<T>(simulation: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().start_paused(true).max_blocking_threads(1).build().unwrap().block_on(simulation)
}

/// Kilobytes that the process holds in memory; `None` where the system does not say.
fn resident_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What has to hold at the end of a healed world, whatever happened in it.
async fn everything_adds_up(world: &SimWorld) {
    world.simulator().audit().unwrap();
    let truth = world.truth();
    let twice: Vec<_> = world.posts().into_iter().filter(|(_, count)| *count != 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:?}");
    let at_exchange: Vec<_> = truth.orders.iter().filter_map(|order| order.terms.client_order_id.clone()).collect();
    let unique: BTreeSet<_> = at_exchange.iter().collect();
    assert_eq!(unique.len(), at_exchange.len(), "an intent became two orders");
    assert_eq!(at_exchange.len(), truth.orders.len(), "an order without an id of ours");
    assert!(truth.positions.values().all(|held| held.position.is_flat()), "{:?}", truth.positions);

    let reconciled = world.reconcile().await.unwrap();
    assert!(reconciled.agrees(), "{:#?}", reconciled.differences);
    assert_eq!(reconciled.tie_out, Money::ZERO);
    assert_eq!(reconciled.cash_exchange, truth.cash);
    assert_eq!(
        (reconciled.orders, reconciled.fills, reconciled.settlements),
        (truth.orders.len(), truth.fills.len(), truth.settlements.len())
    );
    let checks = world.book_checks();
    assert_eq!(checks.differed, 0, "{:#?}", checks.differences);
}

#[test]
fn a_storm_costs_no_order_no_fill_and_no_cent() {
    let full = std::env::var("RECIO_TEST_FULL").is_ok_and(|full| full == "1");
    let hours = if full { 10 } else { 1 };
    let dir = tempdir();
    let mut world = world(hours, "storm", 1, dir.path());
    let restless = Restless::default();
    let resident = Arc::clone(&restless.resident);
    simulate(async {
        let Leg::Ended(ended) = world.run(vec![watch(restless)], Until::End).await.unwrap() else {
            panic!("it was not cut")
        };
        assert_eq!(ended.facts_not_stored, 0);
        everything_adds_up(&world).await;
    });
    let resident = resident.lock().unwrap().clone();
    // What a person would have to look at is none of the storm's doing: trading goes on by itself to the end.
    let alarms: Vec<_> = world.record().alarms.into_iter().map(|alarm| (alarm.time, alarm.text)).collect();
    assert!(alarms.is_empty(), "{alarms:#?}");
    let (truth, faults, checks) = (world.truth(), world.faults(), world.book_checks());
    let hours = u64::from(hours);
    println!(
        "{hours} simulated hours of storm, seed 1: {} faults ({faults}); {} orders sent, {} taken, {} fills, {} settlements; \
         {} books compared, {} healed, {} differed; resident {resident:?} kB",
        faults.total(),
        world.posts().len(),
        truth.orders.len(),
        truth.fills.len(),
        truth.settlements.len(),
        checks.compared,
        checks.healed,
        checks.differed,
    );
    assert!(checks.compared > 10_000 * hours && checks.healed >= 5 * hours, "{checks:?}");
    assert!(truth.orders.len() as u64 >= 10 * hours && !truth.settlements.is_empty());
    if full {
        let missing: Vec<_> = Fault::KINDS.into_iter().filter(|kind| faults.of(kind) == 0).collect();
        assert!(missing.is_empty(), "never came: {missing:?}");
        // Prints, facts and orders are kept for ever, at about a megabyte an hour; what piles up unseen is far beyond that. Counted from the
        // second hour on, when caches are warm.
        if let [_, second, .., last] = resident[..] {
            assert!(last.saturating_sub(second) < 10_000 * hours, "{resident:?}");
        }
    }
}

#[test]
fn the_same_seed_is_the_same_storm() {
    let run = || {
        let dir = tempdir();
        let mut world = world(1, "storm", 7, dir.path());
        let until = world.now() + Duration::from_secs(900);
        simulate(async {
            world.run(watches(), Until::Stop(until)).await.unwrap();
        });
        let truth = world.truth();
        let fills: Vec<_> = truth.fills.iter().map(|fill| (fill.yes_price, fill.quantity, fill.fee)).collect();
        (world.faults(), world.posts(), fills, truth.cash, world.book_checks())
    };
    assert_eq!(run(), run());
}

#[test]
fn sessions_that_are_killed_anywhere_go_on_from_what_they_left() {
    let dir = tempdir();
    let mut world = world(1, "flaky_replies", 3, dir.path());
    simulate(async {
        let begin = world.now();
        let cuts = [
            Until::CutAt(begin + Duration::from_secs(300)),
            Until::Cut(Cut::Call { number: 40, executed: true }),
            Until::Cut(Cut::Call { number: 60, executed: false }),
            Until::Cut(Cut::Output { number: 5_000 }),
        ];
        for cut in cuts {
            let leg = world.run(watches(), cut).await.unwrap();
            assert!(matches!(leg, Leg::Cut(_)), "{cut:?}: {leg:?}");
            world.pass(Duration::from_secs(20)).unwrap();
        }
        let last = world.run(watches(), Until::End).await.unwrap();
        assert!(matches!(last, Leg::Ended(_)));
        everything_adds_up(&world).await;
    });
    assert!(world.truth().fills.len() > 5, "{}", world.truth().fills.len());
}

#[test]
fn time_that_runs_is_refused() {
    let dir = tempdir();
    let mut world = world(1, "calm", 1, dir.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refused = runtime.block_on(world.run(watches(), Until::End)).unwrap_err();
    assert!(refused.to_string().contains("start_paused"), "{refused}");
}
