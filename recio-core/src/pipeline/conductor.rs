//! Lockstep: a simulator that advances only when everything of the last instant has been handled.

use super::SteppedClock;
use crate::read::BoxError;
use crate::units::Timestamp;
use async_trait::async_trait;
use std::sync::Arc;

/// Leads a run in lockstep with a simulator: deterministic, and as fast as the machine goes.
#[async_trait]
pub trait Conductor: Send + Sync {
    /// The clock that stands still between steps. The pipeline sets it.
    fn clock(&self) -> Arc<SteppedClock>;

    /// Waits until everything that the simulator has sent has reached the sources, so that their `next` gives it without waiting.
    ///
    /// # Errors
    /// The simulator cannot be reached.
    async fn settle(&self) -> Result<(), BoxError>;

    /// Says that everything of this instant has been handled, and waits for the next one.
    ///
    /// # Errors
    /// The simulator cannot be reached.
    async fn advance(&self) -> Result<Step, BoxError>;
}

/// What comes after an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next instant.
    Next(Timestamp),
    /// The recording has ended.
    End,
}
