//! Leading a pipeline through a simulation in its own process.

use super::books::BookTap;
use async_trait::async_trait;
use recio_core::kill_latch::KillLatch;
use recio_core::pipeline::{Conductor, Step, SteppedClock};
use recio_core::read::BoxError;
use recio_core::units::Timestamp;
use recio_sim::InProcess;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// With paused time, a wait ends when nothing else can go on, whatever its length.
const IDLE: Duration = Duration::from_millis(1);

/// Moves the exchange's time on when a session has handled everything.
pub(super) struct InProcessConductor {
    pub(super) simulator: InProcess,
    pub(super) clock: Arc<SteppedClock>,
    pub(super) step: Duration,
    pub(super) until: Option<Timestamp>,
    pub(super) heal_at: Option<Timestamp>,
    pub(super) tap: Arc<BookTap>,
    pub(super) operator: Arc<Operator>,
}

/// The person who sets the kill latch at a moment.
#[derive(Debug)]
pub(super) struct Operator {
    pub(super) latch: KillLatch,
    pub(super) kill_at: Mutex<Option<Timestamp>>,
}

impl Operator {
    /// Does what is due.
    pub(super) fn look(&self, now: Timestamp) -> Result<(), BoxError> {
        let mut kill_at = self.kill_at.lock().unwrap_or_else(PoisonError::into_inner);
        if kill_at.take_if(|moment| *moment <= now).is_some() {
            self.latch.engage("a person of the simulation", now)?;
        }
        Ok(())
    }
}

/// Waits until no task can go on without time moving.
pub(super) async fn idle() {
    tokio::time::sleep(IDLE).await;
}

#[async_trait]
impl Conductor for InProcessConductor {
    fn clock(&self) -> Arc<SteppedClock> {
        Arc::clone(&self.clock)
    }

    async fn settle(&self) -> Result<(), BoxError> {
        idle().await;
        Ok(())
    }

    async fn advance(&self) -> Result<Step, BoxError> {
        self.tap.compare(&self.simulator);
        let now = self.simulator.now();
        if self.simulator.ended() || self.until.is_some_and(|until| until <= now) {
            return Ok(Step::End);
        }
        let next = now.checked_add(self.step).unwrap_or(Timestamp::MAX);
        if self.heal_at.is_some_and(|heal_at| now < heal_at && heal_at <= next) {
            self.simulator.heal();
        }
        self.simulator.advance(next)?;
        self.operator.look(next)?;
        Ok(Step::Next(next))
    }
}

/// A conductor that tells of a moment as the process's end.
pub(super) struct CutAt {
    pub(super) inner: Arc<InProcessConductor>,
    pub(super) moment: Timestamp,
    pub(super) reached: CancellationToken,
}

#[async_trait]
impl Conductor for CutAt {
    fn clock(&self) -> Arc<SteppedClock> {
        self.inner.clock()
    }

    async fn settle(&self) -> Result<(), BoxError> {
        self.inner.settle().await
    }

    async fn advance(&self) -> Result<Step, BoxError> {
        if self.inner.simulator.now() >= self.moment {
            self.reached.cancel();
            return std::future::pending().await;
        }
        self.inner.advance().await
    }
}
