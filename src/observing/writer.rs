//! The task that writes, and forgets what is old.

use super::Shared;
use recio_core::pipeline::{Clock, SystemClock};
use recio_core::store::StoreError;
use recio_store::{ObservationRetention, Observations};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// What is seen within a second goes together: one transaction instead of many.
const PACE: Duration = Duration::from_secs(1);
/// A batch that was not taken within this time is tried again: observing the same again changes nothing.
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// A store that is away is asked again after this long, and after twice as long each time.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// And after this long at most.
const RETRY_LAST: Duration = Duration::from_secs(30);
/// The first look at what is old comes so long after the start: a start has other things to do.
const FORGET_FIRST: Duration = Duration::from_secs(10 * 60);
/// And then once a day.
const FORGET_EVERY: Duration = Duration::from_secs(24 * 3_600);

/// Writes what the line holds, and nothing else asks the store for anything on its behalf.
pub(super) struct Writer {
    store: Arc<dyn Observations>,
    instance: String,
    retention: Option<ObservationRetention>,
    shared: Arc<Shared>,
    stop: CancellationToken,
    /// The store did not take the last batch.
    failing: bool,
    retry: Duration,
    forget_at: Instant,
}

impl Writer {
    pub(super) fn new(
        store: Arc<dyn Observations>,
        instance: String,
        retention: Option<ObservationRetention>,
        shared: Arc<Shared>,
        stop: CancellationToken,
    ) -> Self {
        let forget_at = Instant::now() + FORGET_FIRST;
        Self { store, instance, retention, shared, stop, failing: false, retry: RETRY_FIRST, forget_at }
    }

    /// Until told to stop, and then once more.
    pub(super) async fn run(mut self) {
        loop {
            let stopping = self.stop.run_until_cancelled(self.shared.changed.notified()).await.is_none();
            if !stopping {
                // The end alone cuts the pause short.
                self.stop.run_until_cancelled(sleep(PACE)).await;
            }
            self.write_all().await;
            if stopping {
                return;
            }
            self.forget_old().await;
        }
    }

    async fn write_all(&mut self) {
        loop {
            let batch = self.shared.line.take();
            if batch.is_empty() {
                return;
            }
            // Asked before: what is tried after the end is tried once.
            let last_try = self.stop.is_cancelled();
            let mut observations = Vec::new();
            batch.iter().for_each(|seen| seen.tell(&self.instance, &mut observations));
            let late = |_| Err(StoreError::Unavailable(format!("no answer within {WRITE_WITHIN:?}").into()));
            match timeout(WRITE_WITHIN, self.store.observe(&observations)).await.unwrap_or_else(late) {
                Ok(new) => {
                    self.shared.line.written(&batch, new);
                    if std::mem::take(&mut self.failing) {
                        let dropped = self.shared.line.counts().dropped;
                        tracing::info!("prices, strike tables and health are kept again; {dropped} rows were dropped");
                    }
                    self.retry = RETRY_FIRST;
                }
                Err(error @ StoreError::Unavailable(_)) => {
                    self.shared.line.give_back(batch);
                    self.say(&error);
                    if last_try {
                        return;
                    }
                    self.stop.run_until_cancelled(sleep(self.retry)).await;
                    self.retry = (self.retry * 2).min(RETRY_LAST);
                }
                // The same would be refused again.
                Err(error) => {
                    self.shared.line.refused(&batch);
                    self.say(&error);
                }
            }
        }
    }

    /// Told when it begins, not every time.
    fn say(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.failing, true) {
            let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
            tracing::warn!(
                "the store does not take prices, strike tables and health; trading does not need them: {error}{cause}"
            );
        }
    }

    async fn forget_old(&mut self) {
        let Some(rules) = self.retention.filter(|_| Instant::now() >= self.forget_at) else { return };
        self.forget_at = Instant::now() + FORGET_EVERY;
        let Some(newest) = self.shared.line.newest() else { return };
        // Neither a clock that is ahead nor a recording of another year makes anything look old.
        let today = newest.min(SystemClock::new().now().wall);
        match self.stop.run_until_cancelled(rules.forget(&*self.store, today)).await {
            Some(Ok(forgotten)) => {
                for (kind, rows) in forgotten {
                    tracing::info!("{rows} rows of {} are older than their days and were forgotten", kind.as_str());
                }
            }
            Some(Err(error)) => tracing::warn!("what is old could not be forgotten, in a day again: {error}"),
            None => {}
        }
    }
}
