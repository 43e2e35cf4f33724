//! The store goes away, recio is killed, and is started again without it: stops sell, nothing is entered, and when the store is back the books tie out and
//! entries open by themselves. On the simulated exchange, with the real client, engine and journal.

use crate::support::tempdir;
use recio::core::engine::{EntryRules, EventView, StopRules};
use recio::core::fact::{Fact, FactBody};
use recio::core::local_cache::LocalCache;
use recio::core::market::Side;
use recio::core::model::Fair;
use recio::core::read::BoxError;
use recio::core::store::{Appended, Changes, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio::core::strategy::{Decision, Strategy};
use recio::core::trade::{CloseReason, Fill, Purpose, Settlement, Trade};
use recio::core::units::Timestamp;
use recio::prelude::{Money, Quantity};
use recio::session::Watch;
use recio::sim::scenario::Scenario;
use recio::sim::synthetic::SyntheticOptions;
use recio::simulation::{Leg, SimWorld, SimWorldOptions, Until};
use recio::store::{MemoryCache, MemoryStore};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A store that can be away, as a server that was stopped, and whose data can be put back from an older copy.
#[derive(Default)]
struct Server {
    store: Mutex<Arc<MemoryStore>>,
    away: AtomicBool,
}

impl Server {
    fn store(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.store.lock().unwrap())
    }

    fn there(&self) -> Result<Arc<MemoryStore>, StoreError> {
        if self.away.load(Ordering::Acquire) {
            return Err(StoreError::Unavailable("connection refused".into()));
        }
        Ok(self.store())
    }

    /// Puts a copy back that ends after this fact.
    async fn restore(&self, last: u64) {
        let older = MemoryStore::new();
        let facts = self.store().facts(0, u32::try_from(last).unwrap()).await.unwrap();
        older.append(&facts.into_iter().map(|stored| stored.fact).collect::<Vec<_>>()).await.unwrap();
        *self.store.lock().unwrap() = Arc::new(older);
    }
}

#[async_trait::async_trait]
impl Store for Server {
    async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError> {
        self.there()?.append(facts).await
    }
    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        self.there()?.facts(after, limit).await
    }
    async fn trades(&self) -> Result<Vec<Trade>, StoreError> {
        self.there()?.trades().await
    }
    async fn orders(&self) -> Result<Vec<OrderRow>, StoreError> {
        self.there()?.orders().await
    }
    async fn fills(&self) -> Result<Vec<Fill>, StoreError> {
        self.there()?.fills().await
    }
    async fn positions(&self) -> Result<Vec<PositionRow>, StoreError> {
        self.there()?.positions().await
    }
    async fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
        self.there()?.settlements().await
    }
    async fn changes(&self, after: u64) -> Result<Box<dyn Changes>, StoreError> {
        self.there()?.changes(after).await
    }
}

/// Buys one side of each market, whatever it costs.
struct Willing;

#[async_trait::async_trait]
impl Strategy for Willing {
    async fn evaluate(&mut self, view: &EventView) -> Result<Decision, BoxError> {
        let mut decision = Decision::on(view);
        for strike in &view.strikes {
            if let (Some(quote), Fair::Known { .. }) = (strike.quote, strike.fair)
                && let Some(level) = quote.cost(Side::Yes)
            {
                decision.buy(strike, Side::Yes, level.price, Quantity::contracts(1), "willing");
            }
        }
        Ok(decision)
    }
}

fn watches(stop: StopRules) -> Vec<Watch> {
    let mut watch = Watch::new("willing", "KXBTC15M", Willing).unwrap();
    watch.monitor.entry = EntryRules {
        min_time_to_close: Duration::from_secs(30),
        allow_re_entry: true,
        cooldown: Duration::from_secs(5),
        spike_pause: false,
        ..watch.monitor.entry
    };
    watch.monitor.stop = stop;
    vec![watch]
}

fn holds() -> StopRules {
    StopRules { enabled: false, momentum_enabled: false, ..StopRules::default() }
}

fn sells() -> StopRules {
    let at_once = Duration::ZERO;
    StopRules { probability: 100.0, verification: at_once, min_time_to_close: at_once, ..StopRules::default() }
}

fn at(time: &str) -> Timestamp {
    format!("2026-11-22T{time}Z").parse().unwrap()
}

/// Entries and exits that left in all sessions.
fn sent(world: &SimWorld) -> (usize, usize) {
    let sent = world.sent();
    let buys = sent.iter().filter(|order| order.purpose == Purpose::Entry).count();
    (buys, sent.len() - buys)
}

/// An hour of quarter-hour markets in which nothing else goes wrong.
fn world(dir: &Path, server: &Arc<Server>, cache: &Arc<MemoryCache>) -> SimWorld {
    let synthetic = SyntheticOptions::new(at("14:02:00"), 1, 7);
    let model = recio::fingerprint::model(None).unwrap();
    let calm = Scenario::find("calm").unwrap();
    let options = SimWorldOptions::new(synthetic, calm, dir, server.clone(), model);
    let options = SimWorldOptions { cache: Some(cache.clone()), step: Duration::from_millis(250), ..options };
    SimWorld::new(options).unwrap()
}

async fn away(server: Arc<Server>, cache: Arc<MemoryCache>) {
    let dir = tempdir();
    let mut world = world(dir.path(), &server, &cache);

    // A trade is open when recio is killed, and the store goes away.
    assert!(matches!(world.run(watches(holds()), Until::CutAt(at("14:08:00"))).await.unwrap(), Leg::Cut(_)));
    let (bought, sold) = sent(&world);
    assert!(bought > 0 && sold == 0, "{bought} {sold}");
    let open = cache.recall().await.unwrap().trades;
    assert!(open.iter().any(|open| !open.trade.held().is_zero()), "{open:?}");
    server.away.store(true, Ordering::Release);
    world.pass(Duration::from_secs(5)).unwrap();

    // Started again without it: the stop sells, nothing is entered. Killed once more, the facts of that session wait in the cache.
    world.run(watches(sells()), Until::CutAt(at("14:10:00"))).await.unwrap();
    let (entered, exits) = sent(&world);
    assert_eq!(entered, bought, "entered although the store was away");
    assert!(exits > 0, "the stop did not sell");
    let remembered = cache.recall().await.unwrap();
    assert!(remembered.trades.iter().all(|open| open.trade.held().is_zero()), "{:?}", remembered.trades);
    let waiting: Vec<_> = remembered.waiting.iter().map(|(_, fact)| fact.key()).collect();
    assert!(!waiting.is_empty());

    // A third session begins without it; it comes back in the middle of it.
    world.run(watches(holds()), Until::CutAt(at("14:11:00"))).await.unwrap();
    assert_eq!(sent(&world).0, bought, "entered although the store was away");
    server.away.store(false, Ordering::Release);
    world.run(watches(holds()), Until::Stop(at("14:40:00"))).await.unwrap();
    assert!(sent(&world).0 > bought, "entries did not open again");

    // It goes away midway, and comes back by itself.
    server.away.store(true, Ordering::Release);
    let before = sent(&world).0;
    world.run(watches(holds()), Until::CutAt(at("14:46:30"))).await.unwrap();
    assert_eq!(sent(&world).0, before);
    server.away.store(false, Ordering::Release);
    let Leg::Ended(ended) = world.run(watches(holds()), Until::End).await.unwrap() else { panic!("cut") };
    assert_eq!((ended.engine.last_tie_out(), ended.facts_not_stored), (Some(Money::ZERO), 0));

    let reconciled = world.reconcile().await.unwrap();
    assert!(reconciled.agrees(), "{:?}", reconciled.differences);
    assert!(world.posts().values().all(|&posts| posts == 1), "{:?}", world.posts());
    let facts = server.store().facts(0, 1_000_000).await.unwrap();
    let keys: BTreeSet<_> = facts.iter().map(|stored| stored.fact.key()).collect();
    assert!(waiting.iter().all(|key| keys.contains(key)), "facts that waited were lost");
    let trades = server.store().trades().await.unwrap();
    let stopped = trades.iter().filter(|trade| trade.close_reason == Some(CloseReason::ProbabilityStop)).count();
    assert!(stopped > 0 && trades.iter().all(|trade| trade.held().is_zero()), "{trades:?}");
    let told: BTreeSet<_> =
        facts.iter().filter_map(|s| if let FactBody::Trade(t) = &s.fact.body { Some(&t.id) } else { None }).collect();
    assert_eq!(told.len(), trades.len(), "a trade is one trade, whoever knew of it");
    recio::store::verify(&*server.store()).await.unwrap();
    assert!(cache.recall().await.unwrap().waiting.is_empty());
}

#[test]
fn a_restart_without_the_store_sells_enters_nothing_and_recovers_by_itself() {
    in_simulated_time(away(Arc::default(), Arc::default()));
}

/// The server's disk is lost, and what is put back is some minutes old: by itself recio writes nothing into it and enters nothing; once a person has
/// accepted it, it is filled in until it holds every order and fill of the account.
async fn restored(server: Arc<Server>, cache: Arc<MemoryCache>) {
    let dir = tempdir();
    let mut world = world(dir.path(), &server, &cache);
    world.run(watches(holds()), Until::CutAt(at("14:08:00"))).await.unwrap();
    let backup = server.store().facts(0, 1_000_000).await.unwrap().last().unwrap().sequence;
    world.run(watches(holds()), Until::CutAt(at("14:20:00"))).await.unwrap();
    let lost = server.store().facts(backup, 1_000_000).await.unwrap();
    let is_fill = |stored: &StoredFact| matches!(stored.fact.body, FactBody::Fill { .. });
    assert!(lost.iter().any(is_fill), "nothing happened after the backup");
    server.restore(backup).await;

    let bought = sent(&world).0;
    world.run(watches(holds()), Until::CutAt(at("14:24:00"))).await.unwrap();
    assert_eq!(sent(&world).0, bought, "entered although the store is an older copy");
    let held = server.store().facts(0, 1_000_000).await.unwrap();
    assert_eq!(held.last().unwrap().sequence, backup, "something was written into a store that nobody accepted");

    cache.forget_head().await.unwrap();
    let Leg::Ended(ended) = world.run(watches(holds()), Until::End).await.unwrap() else { panic!("cut") };
    assert!(sent(&world).0 > bought, "entries did not open again");
    assert_eq!((ended.engine.last_tie_out(), ended.facts_not_stored), (Some(Money::ZERO), 0));
    let reconciled = world.reconcile().await.unwrap();
    assert!(reconciled.agrees(), "{:?}", reconciled.differences);
    let facts = server.store().facts(0, 1_000_000).await.unwrap();
    let keys: BTreeSet<_> = facts.iter().map(|stored| stored.fact.key()).collect();
    assert!(
        lost.iter().filter(|stored| is_fill(stored)).all(|stored| keys.contains(&stored.fact.key())),
        "a lost fill"
    );
    assert!(server.store().trades().await.unwrap().iter().all(|trade| trade.held().is_zero()));
    recio::store::verify(&*server.store()).await.unwrap();
}

#[test]
fn an_older_copy_of_the_store_is_refused_until_a_person_accepts_it_and_then_filled_in() {
    in_simulated_time(restored(Arc::default(), Arc::default()));
}

fn in_simulated_time(session: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).max_blocking_threads(1).build().unwrap();
    runtime.block_on(session);
}
