//! What the shell does for the engine's wishes: one job each, whose result is an input.

use super::{Clock, JournalEntry, SharedJournal};
use crate::causes::in_full;
use crate::engine::{AccountRead, CancelOutcome, Command, GatedOrder, Input, SubmitOutcome};
use crate::executor::{CancelOrder, Executor, ExecutorError};
use crate::kill_point::{KillPoint, reached};
use crate::market_data::MarketData;
use crate::planted::{PlantedBug, is_planted};
use crate::price_feed::TimeRange;
use crate::units::{SeriesTicker, Timestamp};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What every job may need.
#[derive(Clone)]
pub(super) struct Hands {
    pub(super) executor: Arc<dyn Executor>,
    pub(super) market_data: Arc<dyn MarketData>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) journal: SharedJournal,
    pub(super) kill_latch: Option<PathBuf>,
    /// The engine is halted: what it let through before must not leave any more.
    pub(super) halted: Arc<AtomicBool>,
    /// A conductor leads the run: its time stands still while the disk works, and a write on another thread would end sooner or later than what
    /// happens beside it, differently every time.
    pub(super) writes_in_line: bool,
    /// Intents on their way into the journal. The shell counts them up; no fact is stored meanwhile.
    pub(super) unjournaled: Arc<AtomicUsize>,
}

/// What became of an order.
pub(super) struct Submitted {
    pub(super) inputs: Vec<Input>,
    /// Whether its intent is in the journal. One that is not still counts as on its way there: nothing of it is stored before the engine has heard
    /// that it was not sent.
    pub(super) journaled: bool,
}

impl Hands {
    /// Writes records into the journal, on a thread that may wait for the disk where time goes on meanwhile.
    pub(super) async fn journal(&self, entries: Vec<JournalEntry>) -> Result<(), String> {
        if self.writes_in_line { self.journal.append_now(&entries) } else { self.journal.append(entries).await }
    }

    /// Sends one order: the intent is durable first, then a last look, then one request.
    pub(super) async fn submit(self, order: GatedOrder, why: String) -> Submitted {
        let client_order_id = order.intent().client_order_id.clone();
        let intent = Box::new(order.intent().clone());
        let entry = JournalEntry::Submitting { intent, why, epoch: order.epoch() };
        reached(KillPoint::K0);
        if let Err(why) = self.journal(vec![entry]).await {
            let outcome = SubmitOutcome::NotSent { reason: format!("the intent journal does not write: {why}") };
            let inputs = vec![Input::Submitted { client_order_id, outcome }, Input::JournalFailed { reason: why }];
            return Submitted { inputs, journaled: false };
        }
        self.unjournaled.fetch_sub(1, Ordering::AcqRel);
        let outcome = self.submit_once(order).await;
        reached(KillPoint::K7);
        let entry = JournalEntry::Outcome { client_order_id: client_order_id.clone(), outcome: outcome.clone() };
        let mut inputs = vec![Input::Submitted { client_order_id, outcome }];
        // Where that fails, the outcome is known to the engine all the same; after a restart the order is looked up instead.
        inputs.extend(journaled(self.journal(vec![entry]).await, false));
        reached(KillPoint::K8);
        Submitted { inputs, journaled: true }
    }

    /// The kill latch, if it is set. One that cannot be looked at counts as set.
    pub(super) fn kill_latch_set(&self) -> Option<&Path> {
        self.kill_latch.as_deref().filter(|latch| latch.try_exists().unwrap_or(true))
    }

    async fn submit_once(&self, order: GatedOrder) -> SubmitOutcome {
        let not_sent = |reason: String| SubmitOutcome::NotSent { reason };
        reached(KillPoint::K2);
        if let Some(latch) = self.kill_latch_set().filter(|_| !is_planted(PlantedBug::LatchAtStartOnly)) {
            return not_sent(format!("the kill latch {} is set", latch.display()));
        }
        if self.halted.load(Ordering::Acquire) {
            return not_sent("trading is halted".to_owned());
        }
        if let Err(late) = order.last_look(self.clock.now()) {
            return not_sent(late.to_string());
        }
        reached(KillPoint::K3);
        match self.executor.submit(order).await {
            Ok(accepted) => SubmitOutcome::Accepted(accepted),
            Err(ExecutorError::NotSent(reason)) => not_sent(reason),
            Err(ExecutorError::Closed) => not_sent("the executor has ended".to_owned()),
            Err(error @ ExecutorError::OutcomeUnknown(_)) if is_planted(PlantedBug::TimeoutIsRefusal) => {
                SubmitOutcome::Refused { code: in_full(&error) }
            }
            Err(error @ (ExecutorError::OutcomeUnknown(_) | ExecutorError::Unreachable(_))) => {
                SubmitOutcome::Unknown { reason: in_full(&error) }
            }
            Err(
                error @ (ExecutorError::Refused { .. }
                | ExecutorError::RateLimited
                | ExecutorError::NotFound
                | ExecutorError::AuthLost(_)
                | ExecutorError::Paused(_)),
            ) => SubmitOutcome::Refused { code: in_full(&error) },
        }
    }

    pub(super) async fn cancel(self, cancel: CancelOrder) -> Vec<Input> {
        let outcome = match self.executor.cancel(&cancel).await {
            Ok(canceled) => CancelOutcome::Canceled(canceled),
            Err(error) => CancelOutcome::Failed { reason: in_full(&error) },
        };
        vec![Input::Canceled { client_order_id: cancel.client_order_id, outcome }]
    }

    /// Reads the account part by part. A part that fails is left out, and named. Where the credentials are refused, nothing is opened any more:
    /// the next order would be refused as well, and what is held could not be watched.
    pub(super) async fn read_account(self, number: u64, since: Option<Timestamp>) -> Vec<Input> {
        let mut read = AccountRead { number, started_time: Some(self.clock.now().wall), ..AccountRead::default() };
        let executor = &self.executor;
        let mut troubles = Troubles::default();
        read.orders = troubles.note(executor.orders(since).await, "orders");
        read.fills = troubles.note(executor.fills(since).await, "fills");
        read.settlements = troubles.note(executor.settlements(since).await, "settlements");
        read.positions = troubles.note(executor.positions().await, "positions");
        read.balance = troubles.note(executor.balance().await, "balance");
        read.problems = troubles.problems;
        let refused = troubles.key_refused.map(|why| {
            let reason = format!("{why}; a person has to look at the key");
            Input::Command(Command::ReduceOnly { reason })
        });
        std::iter::once(Input::AccountRead(Box::new(read))).chain(refused).collect()
    }

    pub(super) async fn read_series(self, ticker: SeriesTicker) -> Vec<Input> {
        match self.market_data.series(&ticker).await {
            Ok(series) => vec![Input::Series(series)],
            Err(error) => vec![Input::Listed { series: ticker, markets: Err(in_full(&error)) }],
        }
    }

    pub(super) async fn list_markets(self, series: SeriesTicker, closing: TimeRange) -> Vec<Input> {
        let markets = self.market_data.markets(&series, closing).await.map_err(|error| in_full(&error));
        vec![Input::Listed { series, markets }]
    }
}

/// A record was written into the journal, or could not be. That it was is news where one before could not be.
pub(super) fn journaled(written: Result<(), String>, failed_before: bool) -> Vec<Input> {
    match written {
        Err(reason) => vec![Input::JournalFailed { reason }],
        Ok(()) if failed_before => vec![Input::JournalWrites],
        Ok(()) => Vec::new(),
    }
}

/// What went wrong while the account was read.
#[derive(Default)]
struct Troubles {
    problems: Vec<String>,
    key_refused: Option<String>,
}

impl Troubles {
    fn note<T>(&mut self, result: Result<T, ExecutorError>, part: &str) -> Option<T> {
        let error = match result {
            Ok(read) => return Some(read),
            Err(error) => error,
        };
        if matches!(error, ExecutorError::AuthLost(_)) {
            self.key_refused.get_or_insert_with(|| error.to_string());
        }
        self.problems.push(format!("{part}: {}", in_full(&error)));
        None
    }
}

#[cfg(test)]
mod tests;
