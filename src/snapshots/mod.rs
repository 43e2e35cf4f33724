//! What a run sees, as JSON files for people: the strike table, the watchlist, the account.
//!
//! The files tell the newest state and are written whole, at most once a second each, by a thread of their own: a slow disk holds up nothing but
//! them. They are for looking at. Nothing is decided by them, and no amount in them is a float.

mod account;
mod strike_table;
mod watchlist;

pub use account::{AccountSnapshot, HeldPosition, OpenTrade};
pub use strike_table::{StrikeRow, StrikeTableSnapshot};
pub use watchlist::{WatchRules, WatchedStrike, Watchlist};

use account::Account;
use recio_core::engine::{Output, StrikeTable, Wish};
use recio_core::pipeline::Observer;
use recio_core::units::{AccountName, EventTicker, Now, SeriesTicker, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The files are written no more often: the engine looks at everything once a second, and no person reads faster.
const PACE: Duration = Duration::from_secs(1);

/// The strike table's file.
pub const STRIKE_TABLE: &str = "strike_table.json";
/// The watchlist's file.
pub const WATCHLIST: &str = "watchlist.json";
/// The account's file.
pub const ACCOUNT: &str = "account.json";

/// Writes snapshots of one run into a folder.
///
/// [`Snapshots::observer`] sees the engine's outputs; a thread writes. Dropping it writes the newest state once more, and ends the thread.
#[derive(Debug)]
pub struct Snapshots {
    shared: Arc<Shared>,
    folder: PathBuf,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// What is to be written next: what the observer puts down is small, and the writer takes it away whole.
#[derive(Debug, Default)]
struct State {
    tables: Option<Tables>,
    account: Option<AccountSnapshot>,
    stopping: bool,
}

/// The newest table of each event that is still open.
#[derive(Clone, Debug)]
struct Tables {
    time: Timestamp,
    tables: BTreeMap<EventTicker, Arc<StrikeTable>>,
}

impl Snapshots {
    /// Makes the folder, and begins to write. `rules` say what each series' watchlist holds; a series that has none is not on it.
    ///
    /// # Errors
    /// The folder cannot be made, or the system has no thread.
    pub fn start(folder: impl Into<PathBuf>, rules: BTreeMap<SeriesTicker, WatchRules>) -> io::Result<Self> {
        Self::start_at(folder, rules, PACE)
    }

    fn start_at(
        folder: impl Into<PathBuf>,
        rules: BTreeMap<SeriesTicker, WatchRules>,
        pace: Duration,
    ) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        let shared = Arc::new(Shared::default());
        let writer = Writer { folder: folder.clone(), rules, failing: false };
        let theirs = Arc::clone(&shared);
        let thread =
            std::thread::Builder::new().name("snapshots".to_owned()).spawn(move || writer.run(&theirs, pace))?;
        Ok(Self { shared, folder, thread: Some(thread) })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What looks on at the run of an account. It puts the newest state down and goes on; it never waits for a file.
    #[must_use]
    pub fn observer(&self, account: AccountName) -> impl Observer + use<> {
        let shared = Arc::clone(&self.shared);
        let mut account = Account::new(account);
        let mut tables: BTreeMap<EventTicker, Arc<StrikeTable>> = BTreeMap::new();
        move |now: Now, output: &Output| match &output.wish {
            Wish::Publish(table) => {
                tables.retain(|_, known| known.close_time > now.wall);
                tables.insert(table.event.clone(), Arc::clone(table));
                let newest = Tables { time: now.wall, tables: tables.clone() };
                // Every cycle publishes; the account is told at least as often, so that its time shows that the run lives.
                let snapshot = account.snapshot(now.wall);
                shared.put(|state| {
                    state.tables = Some(newest);
                    state.account = Some(snapshot);
                });
            }
            Wish::Supervised(trades) => account.supervised(now.wall, trades),
            Wish::Record(fact) => {
                if account.record(fact) {
                    let snapshot = account.snapshot(now.wall);
                    shared.put(|state| state.account = Some(snapshot));
                }
            }
            Wish::Evaluate(_)
            | Wish::Journal(_)
            | Wish::Submit { .. }
            | Wish::Cancel(_)
            | Wish::ReadAccount { .. }
            | Wish::ReadSeries(_)
            | Wish::ReadHistory { .. }
            | Wish::ListMarkets { .. }
            | Wish::Follow(_)
            | Wish::Funnel { .. }
            | Wish::Say(_)
            | Wish::WakeAt(_)
            | Wish::Health(_) => {}
        }
    }
}

impl Drop for Snapshots {
    fn drop(&mut self) {
        self.shared.put(|state| state.stopping = true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes snapshots panicked");
        }
    }
}

impl Shared {
    /// Held for a few assignments on either side: no file is touched under it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_one();
    }
}

/// The thread's side.
struct Writer {
    folder: PathBuf,
    rules: BTreeMap<SeriesTicker, WatchRules>,
    failing: bool,
}

impl Writer {
    fn run(mut self, shared: &Shared, pace: Duration) {
        loop {
            let nothing = |state: &mut State| state.tables.is_none() && state.account.is_none() && !state.stopping;
            let waited = shared.changed.wait_while(shared.lock(), nothing);
            let mut state = waited.unwrap_or_else(PoisonError::into_inner);
            let (tables, account, stopping) = (state.tables.take(), state.account.take(), state.stopping);
            drop(state);
            self.write(tables, account);
            if stopping {
                return;
            }
            // The end alone cuts the pause short.
            let pause = shared.changed.wait_timeout_while(shared.lock(), pace, |state| !state.stopping);
            drop(pause);
        }
    }

    fn write(&mut self, tables: Option<Tables>, account: Option<AccountSnapshot>) {
        let mut written = Ok(());
        if let Some(Tables { time, tables }) = tables {
            let strikes = strike_table::snapshot(time, tables.values().map(AsRef::as_ref));
            let watched = watchlist::snapshot(time, tables.values().map(AsRef::as_ref), &self.rules);
            written = self.file(STRIKE_TABLE, &strikes).and_then(|()| self.file(WATCHLIST, &watched));
        }
        if let Some(account) = account {
            written = written.and(self.file(ACCOUNT, &account));
        }
        // Told when it begins, not every second.
        match (&written, self.failing) {
            (Err(error), false) => tracing::warn!("snapshots cannot be written to {}: {error}", self.folder.display()),
            (Ok(()), true) => tracing::info!("snapshots are written again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        self.failing = written.is_err();
    }

    /// Writes a file beside, and puts it in its place. Not synced: it is worth a second, and would compete with the intent journal for the disk.
    fn file(&self, name: &str, content: &impl Serialize) -> io::Result<()> {
        let temporary = self.folder.join(format!(".{name}.tmp"));
        let mut out = BufWriter::new(File::create(&temporary)?);
        serde_json::to_writer_pretty(&mut out, content)?;
        out.write_all(b"\n")?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?;
        fs::rename(&temporary, self.folder.join(name))
    }
}

#[cfg(test)]
mod tests;
