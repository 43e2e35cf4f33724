//! Wall time and monotonic time, both as values that the shell hands in.

use std::time::Duration;

/// A moment in UTC, kept to the microsecond (what Postgres keeps).
pub use jiff::Timestamp;

/// Makes a moment from microseconds since 1970.
///
/// # Errors
/// Outside the years that jiff covers.
pub fn from_micros(micros: i64) -> Result<Timestamp, jiff::Error> {
    Timestamp::from_microsecond(micros)
}

/// Microseconds since 1970, cutting what is finer.
#[must_use]
pub fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// The moment cut to whole microseconds: done to every time that comes from outside.
#[must_use]
pub fn to_micros_precision(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// Time since an arbitrary start that never goes back, in microseconds. Ages and time-outs are measured with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Monotonic(pub u64);

impl Monotonic {
    /// How long ago `earlier` was; zero if it was not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// This much later.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(wait.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// The moment at which the engine is told something: wall time for deadlines and records, monotonic time for ages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Now {
    /// UTC.
    pub wall: Timestamp,
    /// Since an arbitrary start; never goes back.
    pub mono: Monotonic,
}

impl Now {
    /// Time left until `deadline`; zero if it has passed.
    #[must_use]
    pub fn until(&self, deadline: Timestamp) -> Duration {
        Duration::try_from(deadline.duration_since(self.wall)).unwrap_or(Duration::ZERO)
    }
}
