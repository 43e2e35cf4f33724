//! The one clock of a run, injected: wall time, monotonic time, and waiting.

use crate::units::{Monotonic, Now, Timestamp, to_micros_precision};
use async_trait::async_trait;
use std::collections::BTreeMap;
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
///
/// It knows who waits for it, so that a run in lockstep can tell a job that is at work from one that waits for time to pass. Nobody but jobs of
/// the pipeline may wait for it in such a run.
#[derive(Debug)]
pub struct SteppedClock {
    origin: Timestamp,
    now: watch::Sender<Timestamp>,
    /// Until when somebody waits, and how many do.
    waiting: watch::Sender<BTreeMap<Timestamp, usize>>,
}

/// Somebody who waits for a moment of a stepped clock, counted until the wait ends or is given up.
struct Sleeper<'a> {
    clock: &'a SteppedClock,
    until: Timestamp,
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
        Self { origin, now: watch::Sender::new(origin), waiting: watch::Sender::default() }
    }

    /// How many wait for a moment that has not come.
    pub(super) fn sleepers(&self) -> usize {
        self.count(&self.waiting.borrow())
    }

    /// Waits until at least so many wait for a moment that has not come. Cancel safe.
    pub(super) async fn asleep(&self, count: usize) {
        let mut waiting = self.waiting.subscribe();
        // The sender lives as long as the clock, so the wait cannot fail.
        let _ = waiting.wait_for(|waiting| self.count(waiting) >= count).await;
    }

    /// The first moment that somebody waits for.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        let now = *self.now.borrow();
        self.waiting.borrow().keys().copied().find(|until| *until > now)
    }

    fn count(&self, waiting: &BTreeMap<Timestamp, usize>) -> usize {
        let now = *self.now.borrow();
        waiting.iter().filter(|(until, _)| **until > now).map(|(_, count)| count).sum()
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
        if *now.borrow() >= moment {
            return;
        }
        let _sleeper = Sleeper::new(self, moment);
        // The sender lives as long as the clock, so the wait cannot fail.
        let _ = now.wait_for(|now| *now >= moment).await;
    }
}

impl<'a> Sleeper<'a> {
    fn new(clock: &'a SteppedClock, until: Timestamp) -> Self {
        clock.waiting.send_modify(|waiting| *waiting.entry(until).or_default() += 1);
        Self { clock, until }
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.clock.waiting.send_modify(|waiting| {
            if let Some(count) = waiting.get_mut(&self.until) {
                *count -= 1;
                if *count == 0 {
                    waiting.remove(&self.until);
                }
            }
        });
    }
}

fn since(start: Instant) -> Monotonic {
    Monotonic::default().after(start.elapsed())
}
