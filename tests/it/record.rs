//! Recording live data from loopback, and playing the recording: the same session on both decides and earns the same.

use crate::support::{feeds_of, short_recording, tempdir, trading_the_index};
use jiff::SignedDuration;
use recio::core::engine::{Freshness, RiskLimits, WarmStart};
use recio::core::market::Asset;
use recio::core::pipeline::PaperTerms;
use recio::core::units::{AccountName, Money};
use recio::demo::{DemoOptions, DemoReport, demo};
use recio::feeds::Venue;
use recio::feeds::composite::CompositeConfig;
use recio::feeds::loopback::Fault;
use recio::live_data::{Access, DataSource, Place};
use recio::paper::{PaperEnded, PaperMode, PaperSession};
use recio::prelude::CancellationToken;
use recio::record::{RecordOptions, RecordReport, record_live};
use recio::session::RunFiles;
use recio::sim::control::ControlClient;
use recio::sim::recording::live::{LiveState, RecorderOptions};
use recio::sim::recording::{RecordBody, Recording};
use recio::sim::{Endpoint, Pace, SimOptions, Simulator};
use recio::store::MemoryStore;
use recio::store_trait::Store;
use recio::trade::Intent;
use recio::units::SeriesTicker;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

fn options(folder: &Path) -> RecordOptions {
    let files = RecorderOptions::new(folder, "kxbtc15m", "a simulator on this machine");
    RecordOptions::new(BTreeSet::from([SeriesTicker::new("KXBTC15M").unwrap()]), files)
}

fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

fn keyed(endpoint: &Endpoint) -> DataSource {
    let access = Access::Keyed { key_id: endpoint.key_id.clone(), key_file: endpoint.key_file.clone() };
    DataSource::new(Place::Simulator(Box::new(endpoint.clone())), access)
}

fn keyless(endpoint: &Endpoint) -> DataSource {
    DataSource::new(Place::Simulator(Box::new(endpoint.clone())), Access::Keyless { price: None })
}

async fn record(recording: &Path, dir: &Path, pace: Pace, options: RecordOptions) -> RecordReport {
    let started = SimOptions { pace, ..SimOptions::new(recording.to_owned(), dir.join("keys")) };
    let simulator = Simulator::start(started).await.unwrap();
    let report = record_live(keyed(simulator.endpoint()), options, |_| {}, CancellationToken::new()).await.unwrap();
    simulator.stop().await.unwrap();
    report
}

async fn play(recording: PathBuf, data_dir: PathBuf) -> DemoReport {
    let options = DemoOptions { recording: Some(recording), ..DemoOptions::in_dir(data_dir) };
    demo(options, CancellationToken::new()).await.unwrap()
}

/// What a session decided and what came of it, without names and wall time.
fn economy(report: &DemoReport) -> String {
    let trades: Vec<_> = report.trades.iter().map(ToString::to_string).collect();
    let fills: Vec<_> =
        report.fills.iter().map(|fill| (fill.exchange_time, fill.yes_price, fill.quantity, fill.fee)).collect();
    format!("{} decisions\n{trades:#?}\n{fills:#?}\n{}", report.decisions, report.cash_end)
}

#[test]
fn what_was_recorded_in_lockstep_plays_the_same() {
    let dir = tempdir();
    let original = short_recording(dir.path());
    let (recorded, first, again) = on_runtime(async {
        let recorded = record(&original, dir.path(), Pace::LOCKSTEP, options(&dir.path().join("recorded"))).await;
        let first = play(original.clone(), dir.path().join("first")).await;
        let again = play(recorded.recordings[0].recording.clone(), dir.path().join("again")).await;
        (recorded, first, again)
    });
    let [sealed] = recorded.recordings.as_slice() else { panic!("{recorded:?}") };
    assert_eq!((sealed.state.clone(), sealed.without_market), (LiveState::Ended, 0));
    assert!(!first.fills.is_empty(), "a session without fills shows nothing");
    assert_eq!(economy(&first), economy(&again));
    assert_eq!(first.ledger_hash, again.ledger_hash);
    let (theirs, ours) = (counts(&original), counts(&sealed.recording));
    assert_eq!(theirs, ours, "every change of a book, every outcome");
}

/// Changes of books before the close (after it, a simulator empties them by itself), and outcomes.
fn counts(recording: &Path) -> (usize, usize) {
    let recording = Recording::open(recording).unwrap();
    let (mut deltas, mut outcomes) = (0, 0);
    let close = "2026-05-13T13:15:00Z".parse().unwrap();
    for record in recording
        .records()
        .unwrap()
        .map(Result::unwrap)
        .filter(|record| record.exchange_time >= recording.header().session_from)
    {
        deltas += usize::from(matches!(record.body, RecordBody::BookDelta { .. }) && record.exchange_time < close);
        outcomes += usize::from(matches!(record.body, RecordBody::Outcome(_)));
    }
    (deltas, outcomes)
}

#[test]
fn a_paced_simulator_is_recorded_with_rotation() {
    let dir = tempdir();
    let original = short_recording(dir.path());
    let mut options = options(&dir.path().join("recorded"));
    options.files.rotate_every = Duration::from_secs(120);
    let report = on_runtime(record(&original, dir.path(), Pace::Paced(60.0), options));
    assert!(report.recordings.len() >= 2, "{report:?}");
    for sealed in &report.recordings {
        assert_eq!(sealed.state, LiveState::Ended);
        // Each stands for itself: a session can be held on it.
        let ended = on_runtime(play(sealed.recording.clone(), dir.path().join(sealed.sha256.as_str())));
        assert!(ended.inputs > 0 && ended.tie_out.is_zero());
    }
}

/// What is in a recording: how many records of each kind, prices by their source.
fn content(recording: &Path) -> BTreeMap<String, usize> {
    let mut content = BTreeMap::new();
    for record in Recording::open(recording).unwrap().records().unwrap().map(Result::unwrap) {
        let what = match record.body {
            RecordBody::BookSnapshot { .. } => "book".to_owned(),
            RecordBody::BookDelta { .. } => "change".to_owned(),
            RecordBody::Ticker(_) => "ticker".to_owned(),
            RecordBody::Trade(_) => "trade".to_owned(),
            RecordBody::Outcome(_) => "outcome".to_owned(),
            RecordBody::IndexPrint { index, .. } => index.to_string(),
            RecordBody::SpotTrade { source, .. } => source.to_string(),
            RecordBody::Boundary(_)
            | RecordBody::Gap(_)
            | RecordBody::Market(_)
            | RecordBody::Lifecycle { .. }
            | RecordBody::Exchange(_) => continue,
        };
        *content.entry(what).or_default() += 1;
    }
    content
}

/// Why something is missing of a stream, and for how long.
fn gaps_of(recording: &Path, stream: &str) -> Vec<(String, SignedDuration)> {
    let recording = Recording::open(recording).unwrap();
    let id = recording.header().stream(stream).unwrap().id;
    let gaps = recording.header().gaps.iter().filter(|gap| gap.stream == id);
    gaps.map(|gap| (gap.why.clone(), gap.to.duration_since(gap.from))).collect()
}

/// Records a paced simulator with four venues, of which one is cut after a minute of its time.
async fn recorded_with_venues(dir: &Path, source: fn(&Endpoint) -> DataSource) -> PathBuf {
    let started = SimOptions::new(short_recording(dir), dir.join("keys"));
    let simulator = Simulator::start(SimOptions { pace: Pace::Paced(30.0), ..started }).await.unwrap();
    let endpoint = simulator.endpoint().clone();
    let venues = trading_the_index(&endpoint).await;
    let limits = CompositeConfig { max_age: Duration::from_secs(60), ..CompositeConfig::default() };
    let source = DataSource { spot: feeds_of(&venues), spot_limits: limits, ..source(&endpoint) };
    let cut = async {
        let control = ControlClient::new(&endpoint.control).unwrap();
        let after = endpoint.now.checked_add(Duration::from_secs(60)).unwrap();
        while control.about().await.unwrap().now < after {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        venues.subscribed(Venue::Kraken, Asset::Btc).await;
        let before = venues.handshakes(Venue::Kraken);
        venues.fault(Venue::Kraken, Fault::Cut);
        venues.until(|venues| venues.handshakes(Venue::Kraken) > before).await;
    };
    let recording = record_live(source, options(&dir.join("recorded")), |_| {}, CancellationToken::new());
    let (report, ()) = tokio::join!(recording, cut);
    simulator.stop().await.unwrap();
    let report = report.unwrap();
    let [sealed] = report.recordings.as_slice() else { panic!("{report:?}") };
    assert_eq!(sealed.state, LiveState::Ended);
    sealed.recording.clone()
}

/// What every recording with venues shows, whoever made it.
fn assert_venues_are_there(recording: &Path) {
    let content = content(recording);
    for venue in Venue::ALL.map(Venue::name) {
        assert!(content.get(venue).is_some_and(|prices| *prices > 30), "{venue}: {content:?}");
        let lost = gaps_of(recording, venue).into_iter().filter(|(why, _)| why != "it is not connected yet").count();
        assert_eq!(lost > 0, venue == "kraken", "{venue}: {:?}", gaps_of(recording, venue));
    }
    for what in ["book", "ticker"] {
        assert!(content.contains_key(what), "no {what}: {content:?}");
    }
}

#[test]
fn with_a_key_one_recording_holds_markets_index_and_four_venues() {
    let dir = tempdir();
    let recording = on_runtime(recorded_with_venues(dir.path(), keyed));
    assert_venues_are_there(&recording);
    let content = content(&recording);
    for what in ["change", "trade", "BRTI"] {
        assert!(content.get(what).is_some_and(|count| *count > 30), "{what}: {content:?}");
    }
    assert_eq!(content.get("outcome"), Some(&1), "{content:?}");
    let header = Recording::open(&recording).unwrap().header().clone();
    let stand_ins: Vec<_> = header.stand_ins().map(|stream| stream.name.as_str()).collect();
    assert_eq!(stand_ins, ["BRTI"], "the simulator's own index was none; no venue takes its place");
    let ended = on_runtime(play(recording, dir.path().join("played")));
    assert!(ended.inputs > 0 && ended.tie_out.is_zero());
}

#[test]
fn without_a_key_the_median_of_the_venues_stands_in_for_the_index() {
    let dir = tempdir();
    let recording = on_runtime(recorded_with_venues(dir.path(), keyless));
    assert_venues_are_there(&recording);
    let content = content(&recording);
    assert!(!content.contains_key("trade") && !content.contains_key("BRTI"), "{content:?}");
    assert!(content.get("median").is_some_and(|prices| *prices > 30), "{content:?}");
    let header = Recording::open(&recording).unwrap().header().clone();
    let stand_ins: Vec<_> = header.stand_ins().map(|stream| stream.name.as_str()).collect();
    assert_eq!(stand_ins, ["median"]);
    let ended = on_runtime(play(recording, dir.path().join("played")));
    assert!(ended.inputs > 0 && ended.tie_out.is_zero());
}

/// A session on paper with a key, in lockstep.
async fn on_paper(endpoint: &Endpoint, dir: &Path) -> (PaperEnded, Arc<MemoryStore>) {
    let store = Arc::new(MemoryStore::new());
    let session = PaperSession {
        source: keyed(endpoint),
        mode: PaperMode::Paper(PaperTerms { opening_cash: Money::dollars(100), ..PaperTerms::default() }),
        account: AccountName::new("tester").unwrap(),
        watches: recio::demo::watches(),
        risk: RiskLimits::default(),
        freshness: Freshness::default(),
        warm_start: WarmStart::default(),
        model: recio::fingerprint::model(None).unwrap(),
        store: store.clone(),
        cache: None,
        files: RunFiles::in_dir(dir),
        observers: Vec::new(),
    };
    (session.run(CancellationToken::new()).await.unwrap(), store)
}

/// What a session on paper decided and what came of it, without the names of runs and orders.
async fn paper_economy((ended, store): &(PaperEnded, Arc<MemoryStore>)) -> String {
    let mut trades: Vec<_> = ended.ended.engine.trades().collect();
    trades.sort_by_key(|trade| trade.opened_time);
    let trades: Vec<_> = trades.into_iter().map(ToString::to_string).collect();
    let fills = store.fills().await.unwrap();
    assert!(!fills.is_empty(), "a session without fills shows nothing");
    let fills: Vec<_> =
        fills.iter().map(|fill| (fill.exchange_time, fill.yes_price, fill.quantity, fill.fee)).collect();
    let orders = store.orders().await.unwrap();
    let orders: Vec<_> = orders
        .iter()
        .map(|order| {
            let Intent { market, side, action, limit, quantity, created_time, purpose, .. } = order.intent.clone();
            (created_time, market, purpose, side, action, limit, quantity, order.status, order.filled)
        })
        .collect();
    let ledger = ended.ended.engine.ledger().unwrap();
    format!("{} decisions\n{trades:#?}\n{orders:#?}\n{fills:#?}\n{}", ended.ended.decisions, ledger.ledger_hash())
}

#[test]
fn a_session_on_paper_decides_the_same_when_its_recording_is_played() {
    let dir = tempdir();
    let original = short_recording(dir.path());
    let start = async |recording: PathBuf, keys: &str, clients| {
        let options = SimOptions::new(recording, dir.path().join(keys));
        Simulator::start(SimOptions { clients, ..options }).await.unwrap()
    };
    on_runtime(async {
        // The session and the recorder side by side, as two clients of one simulator that waits for both.
        let simulator = start(original.clone(), "keys", 2).await;
        let first = simulator.endpoint().clone();
        let second = &first.keys[1];
        let recorder = Endpoint { key_id: second.key_id.clone(), key_file: second.key_file.clone(), ..first.clone() };
        let (live_dir, folder) = (dir.path().join("live"), dir.path().join("recorded"));
        let recording = record_live(keyed(&recorder), options(&folder), |_| {}, CancellationToken::new());
        let (live, recorded) = tokio::join!(on_paper(&first, &live_dir), recording);
        simulator.stop().await.unwrap();
        let recorded = recorded.unwrap().recordings.remove(0).recording;

        let simulator = start(recorded, "other-keys", 1).await;
        let played = on_paper(simulator.endpoint(), &dir.path().join("played")).await;
        simulator.stop().await.unwrap();
        assert_eq!(paper_economy(&live).await, paper_economy(&played).await);
    });
}
