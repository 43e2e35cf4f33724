//! Facts on their way into the store: in order, in batches, kept until they are there.

use super::settlement_numbers::SettlementNumbers;
use crate::fact::{Fact, FactBody};
use crate::kill_point::{KillPoint, reached_if};
use crate::store::{Store, StoreError};
use crate::trade::{Trade, TradeStatus};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// More facts than this wait for a store that does not write: a day of trading. Then the oldest stay, and the loss is told.
const MAX_WAITING: usize = 100_000;
/// Facts in one append.
const BATCH: usize = 500;
/// How soon an append that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Facts that are not in the store yet.
#[derive(Debug, Default)]
pub(super) struct StoreLane {
    waiting: VecDeque<Fact>,
    in_flight: usize,
    failing: bool,
    /// A fact that the store will never take; what comes after it waits for a person.
    stuck: bool,
    numbers: Arc<Mutex<SettlementNumbers>>,
}

/// How an append ended.
pub(super) type AppendResult = Result<(), (bool, String)>;

impl StoreLane {
    /// Takes a fact. `Err` says that too many wait, and this one is lost.
    pub(super) fn push(&mut self, fact: Fact) -> Result<(), String> {
        if self.waiting.len() >= MAX_WAITING {
            return Err(format!("{MAX_WAITING} facts wait for the store: `{}` is lost", fact.key()));
        }
        self.waiting.push_back(fact);
        Ok(())
    }

    /// The next batch to append, if none is on its way.
    pub(super) fn next_batch(&mut self) -> Option<Vec<Fact>> {
        if self.in_flight > 0 || self.stuck || self.waiting.is_empty() {
            return None;
        }
        self.in_flight = self.waiting.len().min(BATCH);
        Some(self.waiting.iter().take(self.in_flight).cloned().collect())
    }

    /// The numbers that payouts have in the store.
    pub(super) fn numbers(&self) -> Arc<Mutex<SettlementNumbers>> {
        Arc::clone(&self.numbers)
    }

    /// How many facts wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A batch's append ended. Returns what the engine has to hear: that the store fails, or that it works again.
    pub(super) fn done(&mut self, result: AppendResult) -> Option<Result<(), String>> {
        let batch = std::mem::take(&mut self.in_flight);
        match result {
            Ok(()) => {
                self.waiting.drain(..batch);
                std::mem::take(&mut self.failing).then_some(Ok(()))
            }
            Err((for_good, why)) => {
                self.stuck |= for_good;
                let first = !std::mem::replace(&mut self.failing, true);
                first.then_some(Err(why))
            }
        }
    }

    /// Whether the last append failed.
    pub(super) const fn is_failing(&self) -> bool {
        self.failing
    }
}

/// Appends one batch. After a failure it waits a moment first, so that a dead store is not hammered.
pub(super) async fn append(
    store: Arc<dyn Store>,
    numbers: Arc<Mutex<SettlementNumbers>>,
    mut batch: Vec<Fact>,
    after_failure: bool,
) -> AppendResult {
    if after_failure {
        tokio::time::sleep(RETRY_AFTER).await;
    }
    let told = |error: StoreError| (!matches!(error, StoreError::Unavailable(_)), super::jobs::with_source(&error));
    // One append is under way at a time: nobody waits for this lock.
    let mut numbers = numbers.lock().await;
    numbers.number(&*store, &mut batch).await.map_err(told)?;
    let pays = || batch.iter().any(|fact| matches!(fact.body, FactBody::Settlement { .. }));
    let closes =
        |fact: &Fact| matches!(&fact.body, FactBody::Trade(Trade { status: TradeStatus::AwaitingSettlement, .. }));
    reached_if(KillPoint::K13, || batch.iter().any(closes));
    reached_if(KillPoint::K14, pays);
    match store.append(&batch).await {
        Ok(_) => {
            numbers.stored(&batch);
            reached_if(KillPoint::K15, pays);
            Ok(())
        }
        Err(error) => Err(told(error)),
    }
}
