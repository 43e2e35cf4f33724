//! The pipeline in lockstep with a fake exchange: a whole run, its journal, its replay, and what it does when the store is down.

use crate::fakes::{
    At, Eager, FakeCache, FakeConductor, FakeExecutor, FakeFeed, FakeMarketData, FakeStore, Shared, exchange,
};
use crate::settings::{MODEL, close, config, monitor, start};
use recio_core::engine::{EngineConfig, Output, SubmitOutcome, TradingState, Wish};
use recio_core::pipeline::{EndReason, Ended, Journal, JournalError, Pipeline, ReplayOptions, SteppedClock, replay};
use recio_core::trade::{CloseReason, TradeStatus};
use recio_core::units::{Money, Timestamp};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

pub(crate) fn after_close(seconds: i64) -> Timestamp {
    close() + jiff::SignedDuration::from_secs(seconds)
}

/// Runs from `from` to `until`, in `folder`, and returns what it left with every output's text.
async fn run(
    folder: &Path,
    run: &str,
    exchange: &Shared,
    from: Timestamp,
    until: Timestamp,
    at: At,
) -> (Ended, String) {
    run_with(folder, run, exchange, from, until, at, (|_| {}, None)).await
}

/// The same with another config, and a local cache.
pub(crate) async fn run_with(
    folder: &Path,
    run: &str,
    exchange: &Shared,
    from: Timestamp,
    until: Timestamp,
    at: At,
    (change, cache): (fn(&mut EngineConfig), Option<Arc<FakeCache>>),
) -> (Ended, String) {
    let mut config = EngineConfig { run: run.parse().unwrap(), ..config() };
    change(&mut config);
    let clock = Arc::new(SteppedClock::new(from));
    let (prices, feed) = unbounded_channel();
    let (books, market_data) = unbounded_channel();
    let outputs = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&outputs);
    let conductor =
        FakeConductor { clock: Arc::clone(&clock), exchange: Arc::clone(exchange), prices, books, until, at };
    let mut builder = Pipeline::builder();
    if let Some(cache) = cache {
        builder = builder.local_cache(cache);
    }
    let pipeline = builder
        .config(config)
        .model(Arc::clone(&MODEL))
        .price_feed(FakeFeed(feed))
        .market_data(Arc::new(FakeMarketData(tokio::sync::Mutex::new(market_data))))
        .executor(Arc::new(FakeExecutor::new(exchange, &clock)))
        .store(Arc::new(FakeStore(Arc::clone(exchange))))
        .strategy(monitor(), Eager)
        .conductor(Arc::new(conductor))
        .journal(folder.join("intents.journal"))
        .input_log(folder.join(run))
        .kill_latch(folder.join("kill"))
        .observe(move |now, output: &Output| {
            if !matches!(output.wish, Wish::Publish(_)) {
                seen.lock().unwrap().push_str(&format!("{now:?} {output:?}\n"));
            }
        })
        .build()
        .unwrap();
    let ended = pipeline.run(CancellationToken::new()).await.unwrap();
    let text = outputs.lock().unwrap().clone();
    (ended, text)
}

pub(crate) fn nothing() -> At {
    Box::new(|_, _| {})
}

#[tokio::test(start_paused = true)]
async fn a_whole_run_ties_out_and_replays_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (mut texts, mut hashes) = (Vec::new(), Vec::new());
    for turn in ["a", "b"] {
        let (exchange, folder) = (exchange(), folder.path().join(turn));
        let (ended, text) = run(&folder, "run", &exchange, start(), after_close(60), nothing()).await;
        assert_eq!((ended.reason, ended.facts_not_stored), (EndReason::SourceEnded, 0));
        let engine = &ended.engine;
        let trades: Vec<_> = engine.trades().collect();
        assert_eq!(trades.len(), 1, "{text}");
        assert_eq!((trades[0].status, trades[0].close_reason), (TradeStatus::Closed, Some(CloseReason::Settled)));
        assert_eq!((engine.last_tie_out(), engine.is_at_rest()), (Some(Money::ZERO), true));
        assert!(ended.decisions > 0 && exchange.lock().unwrap().facts.iter().any(|fact| fact.kind() == "settlement"));

        let recovered = Journal::read(&folder.join("intents.journal")).unwrap();
        assert!(matches!(recovered.intents[0].outcome, Some(SubmitOutcome::Accepted(_))));
        let report = replay(&ended.input_log.unwrap(), &MODEL, ReplayOptions::default(), |_, _| {}).unwrap();
        assert!(report.is_identical(), "{report:?}");
        assert_eq!(report.inputs, ended.inputs);
        assert_eq!(report.ledger_hash, engine.ledger().map(recio_core::trade::Ledger::ledger_hash));
        texts.push(text);
        hashes.push(report.outputs_hash);
    }
    assert_eq!(texts[0], texts[1]);
    assert_eq!(hashes[0], hashes[1]);
}

#[tokio::test(start_paused = true)]
async fn the_store_gets_no_intent_before_the_journal_and_the_journal_none_before_the_books() {
    let (folder, exchange) = (tempfile::tempdir().unwrap(), exchange());
    let journal = folder.path().join("intents.journal");
    exchange.lock().unwrap().journal = Some(journal.clone());
    run(folder.path(), "run", &exchange, start(), after_close(60), nothing()).await;
    assert!(exchange.lock().unwrap().facts.iter().any(|fact| fact.kind() == "intent"));
    let journal = std::fs::read_to_string(journal).unwrap();
    let kinds: Vec<_> = journal.lines().map(|line| line[9..].split('"').nth(1).unwrap()).collect();
    assert_eq!(kinds, ["format", "opened", "submitting", "outcome"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_after_sending_is_taken_up_by_the_next_and_nothing_is_sent_twice() {
    let (folder, exchange) = (tempfile::tempdir().unwrap(), exchange());
    exchange.lock().unwrap().silent = true;
    let middle = start() + jiff::SignedDuration::from_secs(3);
    run(folder.path(), "one", &exchange, start(), middle, nothing()).await;
    assert_eq!(exchange.lock().unwrap().submits, 1);
    let (ended, text) = run(folder.path(), "two", &exchange, middle, after_close(60), nothing()).await;
    assert_eq!(exchange.lock().unwrap().submits, 1, "{text}");
    assert_eq!(ended.engine.last_tie_out(), Some(Money::ZERO));
    assert_eq!(ended.engine.trades().next().unwrap().close_reason, Some(CloseReason::Settled));
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_down_time_goes_on_and_nothing_is_entered() {
    let (folder, exchange) = (tempfile::tempdir().unwrap(), exchange());
    exchange.lock().unwrap().store_fails = true;
    let heals = start() + jiff::SignedDuration::from_secs(100);
    let at: At = Box::new(move |now, exchange| {
        exchange.store_fails = now < heals;
        assert!(now >= heals || exchange.submits == 0, "{now}");
    });
    let (ended, text) = run(folder.path(), "run", &exchange, start(), after_close(60), at).await;
    assert_eq!(exchange.lock().unwrap().submits, 1, "{text}");
    assert_eq!(ended.facts_not_stored, 0);
    assert!(text.contains("the store does not write") && text.contains("the store writes again"));
}

#[tokio::test(start_paused = true)]
async fn the_kill_latch_halts_and_a_run_that_begins_with_it_sends_nothing() {
    let (folder, exchange) = (tempfile::tempdir().unwrap(), exchange());
    std::fs::write(folder.path().join("kill"), "").unwrap();
    let until = start() + jiff::SignedDuration::from_secs(20);
    let (ended, _) = run(folder.path(), "run", &exchange, start(), until, nothing()).await;
    assert_eq!((exchange.lock().unwrap().submits, ended.engine.trading_state()), (0, TradingState::Halted));
}

#[tokio::test(start_paused = true)]
async fn a_replay_finds_what_was_changed() {
    let (folder, exchange) = (tempfile::tempdir().unwrap(), exchange());
    let until = start() + jiff::SignedDuration::from_secs(20);
    let (ended, _) = run(folder.path(), "run", &exchange, start(), until, nothing()).await;
    let segment = ended.input_log.unwrap().join("inputs-00001.log");
    let whole = std::fs::read(&segment).unwrap();
    // A torn tail is the end; a flipped bit before it is damage.
    std::fs::write(&segment, &whole[..whole.len() - 3]).unwrap();
    let report = replay(&segment, &MODEL, ReplayOptions::default(), |_, _| {}).unwrap();
    assert!(report.is_identical() && report.inputs == ended.inputs - 1);
    let mut broken = whole.clone();
    broken[whole.len() / 2] ^= 1;
    std::fs::write(&segment, &broken).unwrap();
    let found = replay(&segment, &MODEL, ReplayOptions::default(), |_, _| {});
    assert!(found.is_err() || found.unwrap().inputs < ended.inputs);
    // Another fingerprint is another run.
    std::fs::write(&segment, &whole).unwrap();
    assert!(replay(&segment, &Arc::default(), ReplayOptions::default(), |_, _| {}).is_err());
}

#[test]
fn a_journal_is_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("intents.journal");
    let _held = Journal::open(&path).unwrap();
    assert!(matches!(Journal::open(&path), Err(JournalError::Locked { .. })));
}
