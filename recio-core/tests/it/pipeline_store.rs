//! The pipeline while its store is away: at the start, midway, for a second crash, and when another store comes back.

use crate::fakes::{FakeCache, Shared, exchange};
use crate::pipeline_run::{after_close, nothing, run_with};
use crate::settings::{MODEL, start};
use recio_core::engine::{EngineConfig, StopState};
use recio_core::fact::FactBody;
use recio_core::pipeline::{Ended, ReplayOptions, replay};
use recio_core::trade::{CloseReason, TradeStatus};
use recio_core::units::{Money, Timestamp};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn at(seconds: i64) -> Timestamp {
    start() + jiff::SignedDuration::from_secs(seconds)
}

/// Sells whatever it holds, at once.
fn sells(config: &mut EngineConfig) {
    config.monitors[0].entry.allow_re_entry = true;
    let stop = &mut config.monitors[0].stop;
    (stop.probability, stop.verification, stop.momentum_enabled) = (100.0, Duration::ZERO, false);
}

/// Holds whatever it has.
fn holds(config: &mut EngineConfig) {
    config.monitors[0].entry.allow_re_entry = true;
    let stop = &mut config.monitors[0].stop;
    (stop.enabled, stop.momentum_enabled) = (false, false);
}

/// One run; its store fails until `heals`.
async fn leg(
    folder: &Path,
    (name, exchange, cache): (&str, &Shared, &Arc<FakeCache>),
    (from, until, heals): (Timestamp, Timestamp, Timestamp),
    change: fn(&mut EngineConfig),
) -> (Ended, String) {
    let fails: crate::fakes::At = Box::new(move |now, exchange| exchange.store_fails = now < heals);
    exchange.lock().unwrap().store_fails = from < heals;
    let (ended, text) = run_with(folder, name, exchange, from, until, fails, (change, Some(cache.clone()))).await;
    let report = replay(ended.input_log.as_ref().unwrap(), &MODEL, ReplayOptions::default(), |_, _| {}).unwrap();
    assert!(report.is_identical(), "{report:?}");
    (ended, text)
}

fn trades_told(exchange: &Shared) -> BTreeSet<String> {
    let facts = &exchange.lock().unwrap().facts;
    let id = |body: &FactBody| if let FactBody::Trade(trade) = body { Some(trade.id.to_string()) } else { None };
    facts.iter().filter_map(|fact| id(&fact.body)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_run_that_begins_without_its_store_sells_enters_nothing_and_opens_again_by_itself() {
    let (folder, exchange, cache) = (tempfile::tempdir().unwrap(), exchange(), Arc::new(FakeCache::default()));
    let folder = folder.path();
    leg(folder, ("one", &exchange, &cache), (start(), at(20), start()), holds).await;
    assert_eq!(exchange.lock().unwrap().submits, 1);
    assert_eq!(cache.0.lock().unwrap().trades[0].stop, StopState::Watching);

    let before = exchange.lock().unwrap().facts.len();
    let (ended, text) = leg(folder, ("two", &exchange, &cache), (at(20), at(60), at(1_000)), sells).await;
    // The stop sold; what Eager would have entered then was not.
    assert_eq!(exchange.lock().unwrap().submits, 2, "{text}");
    let trade = ended.engine.trades().next().unwrap();
    assert_eq!((trade.status, trade.close_reason), (TradeStatus::Closed, Some(CloseReason::ProbabilityStop)));
    assert_eq!((ended.engine.trades().count(), ended.engine.last_tie_out()), (1, Some(Money::ZERO)));
    assert!(ended.facts_not_stored > 0 && exchange.lock().unwrap().facts.len() == before);
    assert!(text.contains("the store does not write, entries go on waiting"), "{text}");
    let waiting: Vec<_> = cache.0.lock().unwrap().waiting.iter().map(|(_, fact)| fact.key()).collect();
    assert_eq!(waiting.len(), ended.facts_not_stored, "a second crash loses none of them");

    let (ended, text) = leg(folder, ("three", &exchange, &cache), (at(60), after_close(60), at(70)), holds).await;
    assert!(text.contains("the store writes again"), "{text}");
    assert_eq!(ended.facts_not_stored, 0);
    assert_eq!(exchange.lock().unwrap().submits, 3, "entries are open again: {text}");
    assert_eq!(ended.engine.last_tie_out(), Some(Money::ZERO));
    assert!(cache.0.lock().unwrap().waiting.is_empty());
    let facts = exchange.lock().unwrap().facts.clone();
    assert_eq!(trades_told(&exchange).len(), 2, "a trade known from everywhere is one trade");
    let keys: BTreeSet<_> = facts.iter().map(recio_core::fact::Fact::key).collect();
    assert_eq!(keys.len(), facts.len());
    assert!(waiting.iter().all(|key| keys.contains(key)), "what waited through two runs is stored");
}

#[tokio::test(start_paused = true)]
async fn another_store_or_an_older_copy_is_not_written_to() {
    let (folder, exchange, cache) = (tempfile::tempdir().unwrap(), exchange(), Arc::new(FakeCache::default()));
    leg(folder.path(), ("one", &exchange, &cache), (start(), at(20), start()), holds).await;
    assert!(cache.0.lock().unwrap().head.is_some());
    for keep in [3, 0] {
        exchange.lock().unwrap().facts.truncate(keep);
        let name = format!("two-{keep}");
        let (ended, text) = leg(folder.path(), (&name, &exchange, &cache), (at(20), at(40), start()), sells).await;
        assert_eq!(exchange.lock().unwrap().facts.len(), keep, "{text}");
        assert!(text.contains("it is another store, or an older copy"), "{text}");
        assert!(ended.facts_not_stored > 0);
    }
    assert_eq!(exchange.lock().unwrap().submits, 2, "the first of them sold; nothing was entered");
}

#[tokio::test(start_paused = true)]
async fn trades_that_differ_keep_entries_closed_until_they_do_not() {
    let (folder, exchange, cache) = (tempfile::tempdir().unwrap(), exchange(), Arc::new(FakeCache::default()));
    leg(folder.path(), ("one", &exchange, &cache), (start(), at(20), start()), holds).await;
    let until = at(100);
    let shows: crate::fakes::At = Box::new(move |now, exchange| {
        exchange.hides_trades = now < until;
        // One entry of the first run, one stop of the second.
        assert!(now >= until || exchange.submits <= 2, "{now}");
    });
    exchange.lock().unwrap().hides_trades = true;
    let change = (sells as fn(&mut EngineConfig), Some(Arc::clone(&cache)));
    let (ended, text) = run_with(folder.path(), "two", &exchange, at(20), after_close(60), shows, change).await;
    assert!(text.contains("its trades are not what they should be"), "{text}");
    assert!(text.contains("the store writes again") && exchange.lock().unwrap().submits > 2, "{text}");
    assert_eq!(ended.engine.last_tie_out(), Some(Money::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_run_without_a_cache_is_as_it_was() {
    let (folder, exchange) = (tempfile::tempdir().unwrap(), exchange());
    let (ended, text) =
        run_with(folder.path(), "one", &exchange, start(), after_close(60), nothing(), (|_| {}, None)).await;
    assert_eq!((exchange.lock().unwrap().submits, ended.facts_not_stored), (1, 0));
    assert!(!text.contains("the store writes again"));
}
