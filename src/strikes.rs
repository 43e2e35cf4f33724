//! The strike table at a moment of a recording.

use crate::session::{RunFiles, SessionError, SimSession};
use recio_core::engine::{Freshness, Output, RiskLimits, StrikeTable, WarmStart, Wish};
use recio_core::model::Model;
use recio_core::units::{AccountName, EventTicker, Now, Timestamp};
use recio_sim::{SimOptions, Simulator};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// What the strike table at a moment of a recording needs.
#[derive(Debug)]
pub struct StrikesOptions {
    /// The recording.
    pub recording: PathBuf,
    /// The moment; the end of the recording unless given.
    pub at: Option<Timestamp>,
    /// What strikes are priced with.
    pub model: Arc<Model>,
    /// A directory for the files of the run, which nobody needs afterwards.
    pub work_dir: PathBuf,
}

/// The newest strike table of each event at a moment of a recording: plays the recording up to there, with entries switched off.
///
/// # Errors
/// The simulator does not start, or the run could not be held.
pub async fn strikes_at(options: StrikesOptions) -> Result<Vec<Arc<StrikeTable>>, SessionError> {
    let simulator = |error: recio_sim::SimError| SessionError::Simulator(error.into());
    let running = Simulator::start(SimOptions::new(options.recording, options.work_dir.join("simulator"))).await;
    let running = running.map_err(simulator)?;
    let tables: Arc<Mutex<BTreeMap<EventTicker, Arc<StrikeTable>>>> = Arc::default();
    let (seen, stop, at) = (Arc::clone(&tables), CancellationToken::new(), options.at);
    let reached = stop.clone();
    let observer = move |now: Now, output: &Output| {
        if at.is_some_and(|at| now.wall > at) {
            reached.cancel();
        } else if let Wish::Publish(table) = &output.wish {
            let mut tables = seen.lock().unwrap_or_else(PoisonError::into_inner);
            tables.retain(|_, older| older.close_time > now.wall);
            tables.insert(table.event.clone(), Arc::clone(table));
        }
    };
    let session = SimSession {
        endpoint: running.endpoint().clone(),
        account: AccountName::new("strikes").expect("a short word is a name"),
        watches: crate::demo::watches()
            .into_iter()
            .take(1)
            .map(|mut watch| {
                watch.monitor.entry.enabled = false;
                watch
            })
            .collect(),
        risk: RiskLimits::default(),
        freshness: Freshness::default(),
        warm_start: WarmStart::default(),
        model: options.model,
        store: Arc::new(recio_store::MemoryStore::new()),
        cache: None,
        files: RunFiles::in_dir(&options.work_dir),
        observers: vec![Box::new(observer)],
    };
    let ended = session.run(stop).await;
    ended?;
    running.stop().await.map_err(simulator)?;
    let tables = tables.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(tables.values().cloned().collect())
}
