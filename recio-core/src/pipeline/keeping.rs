//! What the shell keeps: facts in the store, and what a restart without the store needs in the local cache.

use super::cache_lane::{CacheAnswer, keep};
use super::shell::{PipelineError, Shell};
use super::store_lane::{StoreAnswer, ask};
use crate::causes::in_full;
use crate::engine::{Input, Recalled};
use crate::units::Now;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinError;
use tokio::time::timeout;

/// A start waits for its cache no longer than this: a file on this machine that takes longer is of no use.
const RECALL_WITHIN: Duration = Duration::from_secs(5);
/// How long the last word of a run may take to be kept.
const LAST_WITHIN: Duration = Duration::from_secs(2);

impl Shell {
    /// Takes up what an earlier run left in the cache: its facts come before the ones of this run. A cache that cannot be read is left alone.
    pub(super) async fn recall(&mut self) -> Option<Recalled> {
        let cache = self.cache.as_mut()?;
        let remembered = match timeout(RECALL_WITHIN, cache.cache().recall()).await {
            Ok(Ok(remembered)) => remembered,
            Ok(Err(error)) => {
                tracing::warn!("the local cache cannot be read, going on without it: {}", in_full(&error));
                self.cache = None;
                return None;
            }
            Err(_) => {
                tracing::warn!("the local cache does not answer within {RECALL_WITHIN:?}, going on without it");
                self.cache = None;
                return None;
            }
        };
        if !remembered.waiting.is_empty() {
            tracing::warn!(
                "{} facts of an earlier run wait in the local cache for the store",
                remembered.waiting.len()
            );
        }
        cache.begin(&remembered);
        self.facts.take_up(remembered.waiting, remembered.head);
        Some(Recalled { written_time: remembered.written_time, trades: remembered.trades })
    }

    /// Asks the store for the next thing, unless a fact that waits may be of an intent that is not in the journal yet: the store is filled from the
    /// journal, and never knows an order that a restart does not.
    pub(super) fn store_facts(&mut self) {
        if self.hands.unjournaled.load(Ordering::Acquire) > 0 {
            return;
        }
        let engine = &self.engine;
        if let Some(task) = self.facts.next_task(|| engine.trades().cloned().collect()) {
            self.storing.spawn(ask(Arc::clone(&self.store), self.facts.numbers(), task));
        }
    }

    /// The store answered.
    pub(super) fn stored(&mut self, result: Result<StoreAnswer, JoinError>) -> Result<(), PipelineError> {
        let news = self.facts.answered(result.map_err(|error| PipelineError::Panicked(error.to_string()))?);
        self.store_facts();
        news.map_or(Ok(()), |news| self.tell(Input::Stored(news)))
    }

    /// The store has not answered for too long.
    pub(super) fn store_does_not_answer(&mut self) -> Result<(), PipelineError> {
        self.facts.lost_patience().map_or(Ok(()), |news| self.tell(Input::Stored(news)))
    }

    /// Writes what is new into the cache, at its pace; facts that the store does not take at once. Those, too, only once their intents are journaled.
    pub(super) fn keep_in_cache(&mut self, now: Now) {
        let Some(cache) = &mut self.cache else { return };
        let spills = self.facts.is_down() && self.hands.unjournaled.load(Ordering::Acquire) == 0;
        if let Some(update) = cache.next_update(now, &self.engine, &self.facts, spills) {
            self.keeping.spawn(keep(cache.cache(), update));
        }
    }

    /// The cache answered.
    pub(super) fn kept(&mut self, result: Result<CacheAnswer, JoinError>) -> Result<(), PipelineError> {
        let answer = result.map_err(|error| PipelineError::Panicked(error.to_string()))?;
        if let Some(cache) = &mut self.cache {
            cache.answered(answer);
        }
        Ok(())
    }

    /// At the end of a run: everything once more into the cache, and a word on facts that the store did not take.
    pub(super) async fn keep_the_last(&mut self) -> Result<(), PipelineError> {
        let now = self.clock.now();
        let deadline = tokio::time::Instant::now() + LAST_WITHIN;
        while let Ok(Some(result)) = tokio::time::timeout_at(deadline, self.keeping.join_next()).await {
            self.kept(result)?;
        }
        while let Some(cache) = self.cache.as_mut().filter(|cache| !cache.is_at_work()) {
            let update = cache.update(now, &self.engine, &self.facts, true);
            let Ok(answer) = tokio::time::timeout_at(deadline, keep(cache.cache(), update)).await else { break };
            let kept = answer.is_kept();
            cache.answered(answer);
            if !kept || cache.has_all_of(&self.facts) {
                break;
            }
        }
        let waiting = self.facts.waiting();
        if waiting > 0 {
            let safe = self.cache.as_ref().is_some_and(|cache| cache.has_all_of(&self.facts));
            let place = if safe {
                "they wait in the local cache for the next run"
            } else {
                "the journal and the exchange hold what they say"
            };
            tracing::error!("{waiting} facts could not be stored; {place}");
        }
        Ok(())
    }
}
