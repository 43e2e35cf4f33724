//! Settings that are changed while a run goes on: heard of from the store, gone by at once, and the same at a replay.

use crate::support::tempdir;
use recio::core::engine::{Input, Output, Wish};
use recio::core::fact::FactBody;
use recio::core::pipeline::{Clock, InputLogReader, Observer, ReplayOptions, SystemClock, replay};
use recio::core::settings::{NewVersion, SettingVersion, SettingsStore};
use recio::core::store::Store;
use recio::core::trade::{Purpose, TradeStatus};
use recio::core::units::Now;
use recio::demo::{DemoOptions, DemoReport, demo};
use recio::store::MemoryStore;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tokio_util::sync::CancellationToken;

/// Sets without waiting, also from within an observer: a store in memory does it all at once.
fn set(store: &MemoryStore, key: &str, value: &str) {
    let version = SettingVersion {
        key: key.to_owned(),
        version: 1,
        value: Some(value.to_owned()),
        run: None,
        who: "a test".to_owned(),
        time: SystemClock::new().now().wall,
        why: "a test".to_owned(),
    };
    let settings: &dyn SettingsStore = store.settings().unwrap();
    let version = NewVersion { expected: 0, old: None, version };
    let added = pin!(settings.add_version(&version)).as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(added, Poll::Ready(Ok(_))), "{added:?}");
}

/// What was seen of a run.
#[derive(Default)]
struct Seen {
    /// Entries that left after entry was known to be switched off.
    late: usize,
    off: bool,
    wished: usize,
    said: Vec<String>,
}

/// Switches entry off as soon as a trade is open.
struct Switch {
    store: Arc<MemoryStore>,
    seen: Arc<Mutex<Seen>>,
    done: bool,
}

impl Observer for Switch {
    fn heard(&mut self, _: Now, input: &Input) {
        if let Input::Settings(Ok(versions)) = input {
            self.seen.lock().unwrap().off |= versions.len() == 2;
        }
    }

    fn wished(&mut self, _: Now, output: &Output) {
        let mut seen = self.seen.lock().unwrap();
        if let Wish::Submit { order, .. } = &output.wish
            && order.intent().purpose == Purpose::Entry
        {
            seen.wished += 1;
            seen.late += usize::from(seen.off);
        } else if let Wish::Say(notice) = &output.wish {
            seen.said.push(notice.text.clone());
        } else if let Wish::Record(fact) = &output.wish
            && let FactBody::Trade(trade) = &fact.body
            && trade.status == TradeStatus::Open
            && !std::mem::replace(&mut self.done, true)
        {
            for monitor in ["default", "looser"] {
                set(&self.store, &format!("monitor.{monitor}.entry.enabled"), "false");
            }
        }
    }
}

/// The settings that the run's engine was told; and a replay of them all, from each segment on, ends the same.
fn told(report: &DemoReport) -> Vec<usize> {
    let log = report.input_log.as_ref().unwrap();
    let model = recio::fingerprint::model(None).unwrap();
    let replayed = replay(log, &model, ReplayOptions::default(), |_, _| {}).unwrap();
    assert!(replayed.is_identical(), "{replayed:?}");
    assert_eq!(replayed.ledger_hash.as_ref(), Some(&report.ledger_hash));
    let mut told = Vec::new();
    for segment in InputLogReader::segments(log).unwrap() {
        assert!(replay(&segment, &model, ReplayOptions::default(), |_, _| {}).unwrap().is_identical());
        let mut reader = InputLogReader::open(&segment).unwrap();
        while let Some(logged) = reader.next_input().unwrap() {
            if let Input::Settings(Ok(versions)) = logged.input {
                told.push(versions.len());
            }
        }
    }
    told
}

#[tokio::test]
async fn entry_that_is_switched_off_midway_stays_off_and_what_is_held_is_settled() {
    let (dir, store, seen) = (tempdir(), Arc::new(MemoryStore::new()), Arc::new(Mutex::new(Seen::default())));
    let switch = Switch { store: store.clone(), seen: seen.clone(), done: false };
    let options =
        DemoOptions { store: store.clone(), observers: vec![Box::new(switch)], ..DemoOptions::in_dir(dir.path()) };
    let report = demo(options, CancellationToken::new()).await.unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.off && seen.wished > 0, "{:?}", seen.said);
    assert_eq!((seen.late, report.tie_out.to_string().as_str()), (0, "0.000000"));
    let who = "override: monitor.looser.entry.enabled = false, the config has true (version 1 by a test at ";
    assert!(seen.said.iter().any(|text| text.starts_with(who)), "{:?}", seen.said);
    // One may come before the other.
    let told = told(&report);
    assert!(told == [0, 2] || told == [0, 1, 2], "{told:?}");
}

#[tokio::test]
async fn overrides_that_are_there_at_the_start_count_from_the_first_input_on() {
    let (dir, store) = (tempdir(), Arc::new(MemoryStore::new()));
    // The strategy's own parameter: nothing is worth a cent.
    for monitor in ["default", "looser"] {
        set(&store, &format!("monitor.{monitor}.params.max_price"), "0.01");
    }
    let options = DemoOptions { store, ..DemoOptions::in_dir(dir.path()) };
    let report = demo(options, CancellationToken::new()).await.unwrap();
    assert!(report.decisions > 0 && report.orders.is_empty(), "{:?}", report.orders);
    assert_eq!(told(&report), [2]);
}
