//! What a run sees, kept in its store: prices one by one, their bars, strike tables, the services' health.
//!
//! Observations cost nothing but themselves. The engine's path puts a reference into a bounded line and goes on; a task of its own writes. Where the
//! store is away or slow, the line grows to its bound, then the oldest are dropped and counted, and trading, facts and stops know nothing of it.
//!
//! ```
//! use recio::demo::{DemoOptions, demo};
//! use recio::observing::{ObservationKeeper, ObservingOptions};
//! use recio::store::{Access, Storage, open_storage};
//! use std::sync::Arc;
//!
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let here = tempfile::tempdir()?;
//! let url = format!("sqlite://{}", here.path().join("bot.db").display());
//! let store: Arc<dyn Storage> = Arc::from(open_storage(&url, Access::Writer).await?);
//! let keeper = ObservationKeeper::start(store.clone(), "sim:demo", ObservingOptions::default());
//! // Any session takes an observer; so does `PipelineBuilder::observers`.
//! let options = DemoOptions { store, observers: vec![Box::new(keeper.observer())], ..DemoOptions::in_dir(here.path()) };
//! demo(options, tokio_util::sync::CancellationToken::new()).await?;
//! let counts = keeper.finish().await;
//! assert!(counts.written > 0 && counts.dropped == 0 && counts.left == 0);
//! # Ok(())
//! # }
//! ```

mod gatherer;
mod line;
mod writer;

use gatherer::Gatherer;
use line::Line;
use recio_core::pipeline::Observer;
use recio_store::{ObservationRetention, Observations};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use writer::Writer;

/// At the end of a run what waits is written for this long at most.
const FINISH_WITHIN: Duration = Duration::from_secs(10);

/// What is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservingOptions {
    /// Of each event a strike table is kept so often; zero keeps them all.
    ///
    /// One a second, with its forty strikes, is 3.5 million rows a day and event. What a strike was worth moves little within ten seconds, decisions are
    /// facts of their own with all that they rested on, and ticks and bars are kept whole, so that a table of any moment can be priced anew.
    pub strike_table_every: Duration,
    /// What is forgotten once a day. `None` forgets nothing.
    pub retention: Option<ObservationRetention>,
}

impl Default for ObservingOptions {
    fn default() -> Self {
        Self { strike_table_every: Duration::from_secs(10), retention: Some(ObservationRetention::default()) }
    }
}

/// What became of what a run saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObservingCounts {
    /// Rows that were new to the store, or changed in it.
    pub written: u64,
    /// Rows that were dropped: too many waited, or the store refused them.
    pub dropped: u64,
    /// Rows that still waited when the time was over.
    pub left: u64,
}

/// Keeps what a run sees in a store.
///
/// Dropping it writes once more in the background and tells nobody how that ended; [`finish`](Self::finish) waits for it.
#[derive(Debug)]
pub struct ObservationKeeper {
    shared: Arc<Shared>,
    options: ObservingOptions,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    line: Line,
    changed: Notify,
}

impl ObservationKeeper {
    /// Begins to write into a store. `instance` is whose services they are, in the records of their health, such as `paper:main`.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn start(store: Arc<dyn Observations>, instance: &str, options: ObservingOptions) -> Self {
        let (shared, stop) = (Arc::new(Shared::default()), CancellationToken::new());
        let writer = Writer::new(store, instance.to_owned(), options.retention, Arc::clone(&shared), stop.clone());
        let task = tokio::spawn(writer.run());
        Self { shared, options, stop, task: Some(task) }
    }

    /// What looks on at the run.
    #[must_use]
    pub fn observer(&self) -> impl Observer + use<> {
        Gatherer::new(Arc::clone(&self.shared), self.options.strike_table_every)
    }

    /// What became of what was seen so far.
    #[must_use]
    pub fn counts(&self) -> ObservingCounts {
        self.shared.line.counts()
    }

    /// Writes what waits, for ten seconds at most, and ends.
    pub async fn finish(mut self) -> ObservingCounts {
        self.stop.cancel();
        if let Some(mut task) = self.task.take() {
            match timeout(FINISH_WITHIN, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!("the task that keeps observations panicked: {error}"),
                Err(_) => task.abort(),
            }
        }
        let counts = self.counts();
        if counts.dropped + counts.left > 0 {
            tracing::warn!(
                "{} rows of prices, strike tables and health are not in the store; facts are another matter",
                counts.dropped + counts.left
            );
        }
        counts
    }
}

impl Drop for ObservationKeeper {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[cfg(test)]
mod tests;
