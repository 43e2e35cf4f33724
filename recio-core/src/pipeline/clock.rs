//! The one clock of a run, injected: wall time, monotonic time, and waiting.

use crate::units::{Monotonic, Now, Timestamp, to_micros_precision};
use async_trait::async_trait;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Tells the time of a run, and waits in it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Now;

    /// Waits until a moment of wall time; returns at once where it has passed.
    ///
    /// # Cancel safety
    /// Cancel safe.
    async fn sleep_until(&self, moment: Timestamp);
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

/// A clock that runs at a multiple of real time from a given moment: a recording played for people.
#[derive(Debug)]
pub struct PacedClock {
    start: Instant,
    origin: Timestamp,
    speed: f64,
}

/// A clock that stands still until it is set: lockstep with a simulator, and tests.
#[derive(Debug)]
pub struct SteppedClock {
    origin: Timestamp,
    now: watch::Sender<Timestamp>,
}

impl SystemClock {
    /// Starts the monotonic time at zero.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "reading the machine's clock should be visible in the code")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the injected clock")]
    fn now(&self) -> Now {
        Now { wall: to_micros_precision(Timestamp::now()), mono: since(self.start) }
    }

    async fn sleep_until(&self, moment: Timestamp) {
        tokio::time::sleep(self.now().until(moment)).await;
    }
}

impl PacedClock {
    /// Starts at `origin` and runs `speed` times as fast as real time. A speed that is not above zero counts as 1.
    #[must_use]
    pub fn new(origin: Timestamp, speed: f64) -> Self {
        Self { start: Instant::now(), origin, speed: if speed > 0.0 { speed } else { 1.0 } }
    }
}

#[async_trait]
impl Clock for PacedClock {
    fn now(&self) -> Now {
        let passed = self.start.elapsed().mul_f64(self.speed);
        let wall = self.origin.checked_add(passed).unwrap_or(Timestamp::MAX);
        Now { wall: to_micros_precision(wall), mono: Monotonic::default().after(passed) }
    }

    async fn sleep_until(&self, moment: Timestamp) {
        tokio::time::sleep(self.now().until(moment).div_f64(self.speed)).await;
    }
}

impl SteppedClock {
    /// Stands at `origin`.
    #[must_use]
    pub fn new(origin: Timestamp) -> Self {
        Self { origin, now: watch::Sender::new(origin) }
    }

    /// Sets the clock forward; an earlier moment than the present one changes nothing.
    pub fn set(&self, moment: Timestamp) {
        self.now.send_if_modified(|now| {
            let later = moment > *now;
            *now = moment.max(*now);
            later
        });
    }
}

#[async_trait]
impl Clock for SteppedClock {
    fn now(&self) -> Now {
        let wall = *self.now.borrow();
        let passed = Duration::try_from(wall.duration_since(self.origin)).unwrap_or(Duration::ZERO);
        Now { wall, mono: Monotonic::default().after(passed) }
    }

    async fn sleep_until(&self, moment: Timestamp) {
        let mut now = self.now.subscribe();
        // The sender lives as long as the clock, so the wait cannot fail.
        let _ = now.wait_for(|now| *now >= moment).await;
    }
}

fn since(start: Instant) -> Monotonic {
    Monotonic::default().after(start.elapsed())
}
