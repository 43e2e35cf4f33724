//! A run that begins while its store cannot be opened: it enters nothing, because it knows no overrides. When the store is back it goes by them, takes
//! the commands that waited there, and enters again, without being started again.

use crate::paper::{Willing, keyless, on_paper, paced, session};
use crate::support::tempdir;
use recio::core::command::{CommandAnswer, CommandQueue, NewCommand};
use recio::core::engine::{Command, Input, Output, Wish};
use recio::core::pipeline::{Clock, Observer, SystemClock};
use recio::core::settings::{NewVersion, SettingVersion, SettingsStore};
use recio::core::trade::Purpose;
use recio::core::units::Now;
use recio::paper::PaperSession;
use recio::session::Watch;
use recio::store::{Access, MemoryStore, SqliteCache, SqliteOptions, SqliteStore, open_or_wait};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What was seen of a run.
#[derive(Default)]
struct Seen {
    /// Whether the overrides were known, each time that the engine was told.
    known: Vec<bool>,
    tables: usize,
    /// The monitors that entered something, and whether the overrides were known then.
    entered: Vec<(String, bool)>,
    commanded: bool,
}

struct Eyes {
    seen: Arc<Mutex<Seen>>,
    /// The store, and where it is hidden.
    hidden: Option<(PathBuf, PathBuf)>,
    stop: CancellationToken,
}

impl Eyes {
    /// Puts the store back once the run has gone on for some seconds of the market without it.
    fn put_back(&mut self) {
        if let Some((store, hidden)) = self.hidden.take() {
            std::fs::remove_dir(&store).unwrap();
            std::fs::rename(hidden, store).unwrap();
        }
    }
}

impl Observer for Eyes {
    fn heard(&mut self, _: Now, input: &Input) {
        let mut seen = self.seen.lock().unwrap();
        if let Input::Settings(read) = input {
            seen.known.push(read.is_ok());
        }
        seen.commanded |= matches!(input, Input::Command(Command::Resume));
        if seen.commanded && !seen.entered.is_empty() {
            self.stop.cancel();
        }
    }

    fn wished(&mut self, _: Now, output: &Output) {
        let mut seen = self.seen.lock().unwrap();
        if let Wish::Submit { order, .. } = &output.wish
            && order.intent().purpose == Purpose::Entry
        {
            let known = seen.known.last().is_some_and(|&known| known);
            seen.entered.push((order.intent().strategy.to_string(), known));
        } else if matches!(&output.wish, Wish::Publish(_)) {
            seen.tables += 1;
            if seen.tables == 20 {
                drop(seen);
                self.put_back();
            }
        }
    }
}

fn watches(enabled: bool) -> Vec<Watch> {
    let watch = |name| {
        let mut watch = Watch::new(name, "KXBTC15M", Willing).unwrap();
        watch.monitor.entry.enabled = enabled;
        watch.monitor.entry.min_time_to_close = Duration::from_secs(30);
        watch.monitor.entry.spike_pause = false;
        (watch.monitor.stop.enabled, watch.monitor.stop.momentum_enabled) = (false, false);
        watch
    };
    vec![watch("held"), watch("free")]
}

/// The store, as soon as nobody else writes it.
async fn writer(url: &str) -> SqliteStore {
    let mut options = SqliteOptions::new(Access::Writer);
    options.lock_wait = Duration::from_secs(60);
    SqliteStore::open_with(url, options).await.unwrap()
}

/// What people want: one monitor is held back, and a command waits.
async fn leave_wishes(store: &SqliteStore) {
    let now = SystemClock::new().now().wall;
    let version = SettingVersion {
        key: "monitor.held.entry.enabled".to_owned(),
        version: 1,
        value: Some("false".to_owned()),
        run: None,
        who: "ana".to_owned(),
        time: now,
        why: "a test".to_owned(),
    };
    store.add_version(&NewVersion { expected: 0, old: None, version }).await.unwrap();
    let hour = Duration::from_secs(3_600);
    let resume = NewCommand::for_engine(&Command::Resume, "resume".to_owned(), "ana".to_owned(), now, hour);
    store.ask(&resume).await.unwrap();
}

/// A session of which the store is opened, or waited for.
async fn begun(base: PaperSession, url: &str, is_away: bool) -> PaperSession {
    let (cache, aside) = SqliteCache::open(&base.files.local_cache(), "paper:tester").await.unwrap();
    assert!(aside.is_none(), "{aside:?}");
    let opened = open_or_wait(url).await.unwrap();
    assert_eq!(opened.later.is_some(), is_away, "{opened:?}");
    PaperSession { store: opened.store, cache: Some(Arc::new(cache)), ..base }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_began_without_its_store_goes_by_overrides_and_takes_commands_once_it_is_back() {
    let dir = tempdir();
    let dir = dir.path();
    let simulator = paced(dir).await;
    let (path, hidden) = (dir.join("store.db"), dir.join("hidden.db"));
    let url = format!("sqlite://{}", path.display());
    let base = || session(dir, keyless(simulator.endpoint()), on_paper(), &Arc::new(MemoryStore::new()));

    // A first run opens the account, and is over as soon as it sees a market.
    let stop = CancellationToken::new();
    let seen_one = stop.clone();
    let until_a_table = move |_: Now, output: &Output| {
        if matches!(&output.wish, Wish::Publish(_)) {
            seen_one.cancel();
        }
    };
    let first = begun(base(), &url, false).await;
    let first = PaperSession { watches: watches(false), observers: vec![Box::new(until_a_table)], ..first };
    assert_eq!(first.run(stop).await.unwrap().ended.facts_not_stored, 0);
    let store = writer(&url).await;
    leave_wishes(&store).await;
    store.close().await;

    // Something that is no file stands where the store was: nobody may read it, not even root.
    std::fs::rename(&path, &hidden).unwrap();
    std::fs::create_dir(&path).unwrap();
    let (seen, stop) = (Arc::new(Mutex::new(Seen::default())), CancellationToken::new());
    let eyes = Eyes { seen: seen.clone(), hidden: Some((path, hidden)), stop: stop.clone() };
    let second = begun(base(), &url, true).await;
    let second = PaperSession { watches: watches(true), observers: vec![Box::new(eyes)], ..second };
    let ended = second.run(stop).await.unwrap().ended;
    simulator.stop().await.unwrap();

    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(seen.known.first(), Some(&false), "it began without: {:?}", seen.known);
    assert_eq!(seen.known.last(), Some(&true), "{:?}", seen.known);
    assert!(seen.entered.iter().all(|(monitor, known)| monitor == "free" && *known), "{:?}", seen.entered);
    assert!(!seen.entered.is_empty() && seen.commanded, "{:?}", seen.known);
    assert_eq!(ended.facts_not_stored, 0);
    let store = writer(&url).await;
    let command = store.command(1).await.unwrap().unwrap();
    assert!(matches!(command.answer(), Some(CommandAnswer::Done { .. })), "{command:?}");
    store.verify().await.unwrap();
}
