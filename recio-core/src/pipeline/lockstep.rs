//! A run in lockstep: time stands still until everything of an instant has been handled.

use super::SteppedClock;
use super::conductor::{Conductor, Step};
use super::shell::{EndReason, PipelineError, Shell, finished};
use crate::engine::Input;
use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

impl Shell {
    pub(super) async fn run_in_lockstep(
        &mut self,
        conductor: Arc<dyn Conductor>,
        stop: &CancellationToken,
    ) -> Result<EndReason, PipelineError> {
        loop {
            // Only what the pipeline did itself can bring new frames while time stands still.
            let mut worked = true;
            while worked {
                conductor.settle().await.map_err(PipelineError::Conductor)?;
                self.drain_sources()?;
                worked = self.finish_jobs(&conductor.clock()).await?;
            }
            if stop.is_cancelled() {
                return Ok(EndReason::Stopped);
            }
            match conductor.advance().await.map_err(PipelineError::Conductor)? {
                Step::End => return Ok(EndReason::SourceEnded),
                Step::Next(now) => conductor.clock().set(now),
            }
            self.wake()?;
        }
    }

    /// Takes in everything that the sources have, in a fixed order: private events, prices, market data. Before them what people
    /// asked for and settings that they changed, which come when they come, and are the same at a replay alone.
    fn drain_sources(&mut self) -> Result<(), PipelineError> {
        while let Some(taken) = self.commands.ready() {
            self.asked(taken)?;
        }
        while let Some(read) = self.settings.ready() {
            self.changed_settings(read)?;
        }
        while let Some(input) = self.ready_input() {
            self.tell(input)?;
        }
        Ok(())
    }

    fn ready_input(&mut self) -> Option<Input> {
        // Unconstrained, because tokio's budget would make a full channel look empty now and then.
        if let Some(Ok(event)) = tokio::task::unconstrained(self.executor.next()).now_or_never() {
            return Some(Input::Account(event));
        }
        if let Some((feed, event)) = self.feeds.ready() {
            return Some(Input::Price { feed, event });
        }
        let market = tokio::task::unconstrained(self.market_data.next()).now_or_never();
        market.and_then(Result::ok).map(Input::Market)
    }

    /// Waits for all jobs but those that wait for time to pass, and tells their results in the order in which the jobs were begun.
    pub(super) async fn finish_jobs(&mut self, clock: &SteppedClock) -> Result<bool, PipelineError> {
        let mut worked = false;
        loop {
            let mut done = BTreeMap::new();
            while !self.jobs.is_empty() {
                let left = self.jobs.len();
                tokio::select! {
                    biased;
                    Some(job) = self.jobs.join_next() => {
                        let (ticket, what) = finished(job)?;
                        done.insert(ticket, what);
                    }
                    () = clock.asleep(left) => break,
                }
            }
            if done.is_empty() {
                break;
            }
            worked = true;
            for what in done.into_values() {
                self.done(what)?;
            }
        }
        // Facts are awaited as well, so that they are stored at the same instants in every run; but not from a store that fails.
        while !self.facts.is_failing()
            && let Some(result) = self.storing.join_next().await
        {
            self.stored(result)?;
        }
        while let Some(result) = self.storing.try_join_next() {
            self.stored(result)?;
        }
        while let Some(result) = self.keeping.join_next().await {
            self.kept(result)?;
        }
        Ok(worked || self.jobs.len() > clock.sleepers())
    }
}
