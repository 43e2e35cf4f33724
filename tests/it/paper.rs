//! On paper and in the shadow against a simulator on loopback: one whole event, begun at any minute of it.

use crate::support::{feeds_of, tempdir, trading_the_index};
use recio::basis::BasisBoard;
use recio::core::engine::{Freshness, Output, RiskLimits, StopRules, WarmStart, Wish};
use recio::core::fact::{Environment, FactBody};
use recio::core::market::Asset;
use recio::core::pipeline::{EndReason, PaperTerms};
use recio::core::units::{AccountName, Now, Timestamp};
use recio::feeds::basis::BasisFigure;
use recio::feeds::composite::CompositeConfig;
use recio::live_data::{Access, DataSource, Place};
use recio::paper::{PaperEnded, PaperMode, PaperSession};
use recio::prelude::*;
use recio::session::{RunFiles, SessionError};
use recio::sim::control::ControlClient;
use recio::sim::synthetic::SyntheticOptions;
use recio::sim::{Endpoint, Pace, Running, SimOptions, Simulator};
use recio::store::MemoryStore;
use recio::store_trait::Store;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;

/// Buys whatever the model has an opinion of, on its likely side.
pub(crate) struct Willing;

#[async_trait]
impl Strategy for Willing {
    async fn evaluate(&mut self, view: &EventView) -> Result<Decision, BoxError> {
        let mut decision = Decision::on(view);
        for strike in &view.strikes {
            let Fair::Known { value, .. } = strike.fair else { continue };
            let side = if value.get() >= 0.5 { Side::Yes } else { Side::No };
            if let Some(offer) = strike.quote.and_then(|quote| quote.cost(side))
                && offer.price <= Price::cents(97)
            {
                decision.buy(strike, side, offer.price, Quantity::contracts(2), "it is offered");
            }
        }
        Ok(decision)
    }
}

fn is_full() -> bool {
    std::env::var_os("RECIO_TEST_FULL").is_some_and(|set| set == "1")
}

/// A simulator at 60 times real time; with RECIO_TEST_FULL=1 as slow as the market was, and as if it were now.
pub(crate) async fn paced(dir: &Path) -> Running {
    let speed = if is_full() { 1.0 } else { 60.0 };
    start(dir, Pace::Paced(speed), is_full()).await
}

async fn start(dir: &Path, pace: Pace, rebase_now: bool) -> Running {
    let recording = recio::demo::write_recording(dir).unwrap();
    let options = SimOptions::new(recording, dir.join("simulator"));
    Simulator::start(SimOptions { pace, rebase_now, ..options }).await.unwrap()
}

/// Waits for some minute of the session, so that the run begins in the middle of it.
async fn any_minute(endpoint: &Endpoint) -> Timestamp {
    let minute = RandomState::new().hash_one("minute") % 6;
    let from = endpoint.now.checked_add(Duration::from_secs(60 * minute)).unwrap();
    let control = ControlClient::new(&endpoint.control).unwrap();
    loop {
        let now = control.about().await.unwrap().now;
        if now >= from {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// At 60 times real time a millisecond of this machine is a good part of what counts as fresh; how old data may be is tested elsewhere.
pub(crate) fn patient() -> (RiskLimits, Freshness) {
    let minute = Duration::from_secs(60);
    let freshness = Freshness {
        transport: 2 * minute,
        price_channel: 2 * minute,
        price_content: 2 * minute,
        book_channel: 2 * minute,
        order_inputs: 2 * minute,
        decision: 2 * minute,
    };
    (RiskLimits { breaker_failures: 1_000, ..RiskLimits::default() }, freshness)
}

pub(crate) fn session(dir: &Path, source: DataSource, mode: PaperMode, store: &Arc<MemoryStore>) -> PaperSession {
    let mut watch = recio::session::Watch::new("willing", "KXBTC15M", Willing).unwrap();
    watch.monitor.stop = StopRules { enabled: false, momentum_enabled: false, ..StopRules::default() };
    watch.monitor.entry.min_time_to_close = Duration::from_secs(60);
    watch.monitor.entry.spike_pause = false;
    let (risk, freshness) = patient();
    PaperSession {
        source,
        mode,
        account: AccountName::new("tester").unwrap(),
        watches: vec![watch],
        risk,
        freshness,
        warm_start: WarmStart::default(),
        model: recio::fingerprint::model(None).unwrap(),
        store: store.clone(),
        cache: None,
        files: RunFiles::in_dir(dir),
        observers: Vec::new(),
    }
}

fn keyed(endpoint: &Endpoint) -> DataSource {
    let access = Access::Keyed { key_id: endpoint.key_id.clone(), key_file: endpoint.key_file.clone() };
    DataSource::new(Place::Simulator(Box::new(endpoint.clone())), access)
}

pub(crate) fn keyless(endpoint: &Endpoint) -> DataSource {
    let access = Access::Keyless { price: None };
    DataSource::new(Place::Simulator(Box::new(endpoint.clone())), access)
}

pub(crate) fn on_paper() -> PaperMode {
    PaperMode::Paper(PaperTerms { opening_cash: Money::dollars(100), ..PaperTerms::default() })
}

async fn traded_one_event(dir: &Path, source: fn(&Endpoint) -> DataSource) -> PaperEnded {
    let simulator = paced(dir).await;
    let endpoint = simulator.endpoint().clone();
    let begun = any_minute(&endpoint).await;
    let store = Arc::new(MemoryStore::new());
    let said = Arc::new(Mutex::new(format!("begun at {begun}\n")));
    let heard = Arc::clone(&said);
    let observer = move |now: Now, output: &Output| {
        let text = if let Wish::Say(notice) = &output.wish {
            notice.text.clone()
        } else if let Wish::Funnel { refused, .. } = &output.wish {
            format!("{refused:?}")
        } else {
            return;
        };
        heard.lock().unwrap().push_str(&format!("{} {text}\n", now.wall));
    };
    let session = session(dir, source(&endpoint), on_paper(), &store);
    assert!(session.banner().starts_with("PAPER: fills are simulated"), "{}", session.banner());
    let session = PaperSession { observers: vec![Box::new(observer)], ..session };
    let ended = session.run(CancellationToken::new()).await.unwrap();
    let said = said.lock().unwrap().clone();

    // The simulator's own account was never touched: the orders went elsewhere.
    let truth = ControlClient::new(&endpoint.control).unwrap().account(&endpoint.key_id).await.unwrap();
    assert_eq!(truth.cash, truth.cash_start);
    simulator.stop().await.unwrap();

    assert_eq!(ended.ended.reason, EndReason::Stopped);
    let engine = &ended.ended.engine;
    let venue = ended.venue.as_ref().unwrap();
    // An offer can be gone before the order is there; then nothing was bought, and the next one is tried.
    assert_eq!(engine.trades().filter(|trade| !trade.bought.is_zero()).count(), 1, "{said}");
    assert!(engine.is_at_rest(), "{said}");
    assert_eq!(ended.tie_out(), Some(Money::ZERO), "{said}");
    venue.audit().unwrap();
    let paid = store.settlements().await.unwrap();
    assert_eq!(paid.len(), 1, "{said}");
    let facts = store.facts(0, 10_000).await.unwrap();
    assert!(facts.iter().all(|stored| stored.fact.environment == Environment::Paper));
    assert_eq!(ended.ended.facts_not_stored, 0);

    // The account goes on in the next run, and nobody else's does on its files.
    let other = PaperSession {
        account: AccountName::new("other").unwrap(),
        ..self::session(dir, keyed(&endpoint), on_paper(), &store)
    };
    assert!(matches!(other.run(CancellationToken::new()).await, Err(SessionError::Claim(_))));
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn paper_with_a_key_trades_an_event_settles_and_ties_out() {
    let dir = tempdir();
    let ended = traded_one_event(dir.path(), keyed).await;
    assert_eq!(ended.quality.label(), "streamed, no index", "Coinbase stands in for the index in this recording");
}

#[tokio::test(flavor = "multi_thread")]
async fn paper_without_a_key_trades_an_event_settles_and_ties_out() {
    let dir = tempdir();
    let ended = traded_one_event(dir.path(), keyless).await;
    assert_eq!(ended.quality.label(), "delayed, no index");
    for trade in ended.ended.engine.trades() {
        let left = trade.close_time.duration_since(trade.opened_time);
        assert!(left.as_secs() >= 180, "entered {left:#} before the close, without the index");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paper_without_a_key_takes_the_median_of_four_venues() {
    let dir = tempdir();
    let median = |endpoint: &Endpoint| {
        let venues = tokio::task::block_in_place(|| Handle::current().block_on(trading_the_index(endpoint)));
        let limits = CompositeConfig { max_age: Duration::from_secs(120), ..CompositeConfig::default() };
        DataSource { spot: feeds_of(&venues), spot_limits: limits, ..keyless(endpoint) }
    };
    let ended = traded_one_event(dir.path(), median).await;
    assert_eq!(ended.quality.label(), "delayed, no index");
    let basis = ended.basis.unwrap();
    assert!(basis.measured.is_none() && basis.stated.starts_with("a prior: "), "{}", basis.stated);
}

/// A synthetic world prints an index of its own; here its venues trade at the index' last print, so that the basis is next to nothing.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_key_and_venues_the_basis_is_measured_and_the_keyless_run_takes_it() {
    let dir = tempdir();
    let from = "2026-11-22T14:00:00Z".parse().unwrap();
    let world = SyntheticOptions::new(from, 1, 7);
    let options = SimOptions::new(dir.path().join("none"), dir.path().join("simulator"));
    let options = SimOptions { pace: Pace::Paced(60.0), synthetic: Some(world), ..options };
    let simulator = Simulator::start(options).await.unwrap();
    let endpoint = simulator.endpoint().clone();
    assert!(!endpoint.index_is_stand_in);
    let venues = trading_the_index(&endpoint).await;
    let board = BasisBoard::in_dir(dir.path(), Asset::Btc);
    let limits = CompositeConfig { max_age: Duration::from_secs(120), ..CompositeConfig::default() };
    let beside = |source: DataSource| DataSource {
        spot: feeds_of(&venues),
        spot_limits: limits,
        basis: Some(board.clone()),
        ..source
    };

    let (store, stop) = (Arc::new(MemoryStore::new()), CancellationToken::new());
    let run = session(&dir.path().join("keyed"), beside(keyed(&endpoint)), on_paper(), &store).run(stop.clone());
    let mut figures = board.subscribe();
    let run = tokio::spawn(run);
    // A run that ends by itself takes the simulated hour, and has to have measured by then.
    let measured = async {
        let measured = figures.wait_for(BasisFigure::is_measured).await;
        measured.map(|figure| figure.clone()).unwrap()
    };
    let ended = async {
        while !run.is_finished() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let figure = tokio::select! {
        figure = measured => Some(figure),
        () = ended => None,
    };
    stop.cancel();
    let ended = run.await.unwrap();
    let figure =
        figure.unwrap_or_else(|| panic!("nothing was measured: {:?}", ended.as_ref().map(|ended| ended.ended.reason)));
    assert_eq!(ended.unwrap().basis, None, "it goes by the index itself");
    let kept = board.read().unwrap().unwrap();
    assert_eq!((kept.spot.as_str(), kept.sources.len(), kept.simulated), ("median", 4, true));
    assert!(kept.samples >= figure.samples && kept.mean_usd.abs() < 40.0, "{kept}");

    let (store, stop) = (Arc::new(MemoryStore::new()), CancellationToken::new());
    let enough = stop.clone();
    let run = session(&dir.path().join("keyless"), beside(keyless(&endpoint)), on_paper(), &store);
    let run = PaperSession { observers: vec![Box::new(move |_: Now, _: &Output| enough.cancel())], ..run };
    let basis = run.run(stop).await.unwrap().basis.unwrap();
    assert_eq!(basis.measured, Some(kept), "{}", basis.stated);
    simulator.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shadow_records_what_it_would_have_ordered() {
    let dir = tempdir();
    let simulator = start(dir.path(), Pace::LOCKSTEP, false).await;
    let (store, stop) = (Arc::new(MemoryStore::new()), CancellationToken::new());
    let enough = stop.clone();
    let observer = move |_, output: &Output| {
        if matches!(&output.wish, Wish::Record(fact) if matches!(fact.body, FactBody::Shadow(_))) {
            enough.cancel();
        }
    };
    let mode = PaperMode::Shadow { cash: Money::dollars(100) };
    let session = session(dir.path(), keyed(simulator.endpoint()), mode, &store);
    assert!(session.banner().starts_with("SHADOW: decisions are recorded"));
    let ended = PaperSession { observers: vec![Box::new(observer)], ..session }.run(stop).await.unwrap();
    let facts = store.facts(0, 10_000).await.unwrap();
    let orders: Vec<_> = facts
        .iter()
        .filter_map(|stored| if let FactBody::Shadow(order) = &stored.fact.body { Some(order) } else { None })
        .collect();
    assert_eq!(orders.len(), 1);
    assert!(orders[0].fair.is_some() && orders[0].edge_units.is_some());
    assert!(!facts.iter().any(|stored| matches!(stored.fact.kind(), "intent" | "fill" | "trade")));
    assert_eq!((ended.ended.engine.orders().count(), ended.tie_out()), (0, None));
    simulator.stop().await.unwrap();
}

#[tokio::test]
async fn without_a_key_a_simulator_in_lockstep_is_refused() {
    let dir = tempdir();
    let simulator = start(dir.path(), Pace::LOCKSTEP, false).await;
    let store = Arc::new(MemoryStore::new());
    let refused = session(dir.path(), keyless(simulator.endpoint()), on_paper(), &store).run(CancellationToken::new());
    assert!(matches!(refused.await, Err(SessionError::NotPaced)));
    simulator.stop().await.unwrap();
}
