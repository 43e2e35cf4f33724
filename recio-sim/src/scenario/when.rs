//! When a fault comes.

use jiff::SignedDuration;
use recio_core::units::Timestamp;

/// When a fault comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// At a moment: what has no moment of its own (a call, a frame, a settlement) is hit by the first one from then on.
    At(Moment),
    /// With the call, handshake or settlement of this number, counted from 1.
    Nth(u64),
    /// With each call, frame, handshake or settlement, so many times in a billion.
    Rate(u32),
    /// At moments by chance, with this mean distance in milliseconds.
    Every(u64),
}

/// A moment of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So long after the session begins.
    After(SignedDuration),
    /// In the exchange's time.
    Time(Timestamp),
}

/// What a fault of a call may hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Calls {
    /// Every call.
    Any,
    /// Orders that are placed.
    Create,
    /// Orders that are canceled.
    Cancel,
    /// All that changes nothing.
    Read,
}

/// The stretch of time in which chance is at work; open ends reach to the simulation's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// From this moment on.
    pub from: Option<Moment>,
    /// Before this moment.
    pub until: Option<Moment>,
}

impl Moment {
    /// The moment in the exchange's time, where the session begins at `begin`.
    #[must_use]
    pub fn in_time(self, begin: Timestamp) -> Timestamp {
        match self {
            Self::After(after) => begin.checked_add(after).unwrap_or(Timestamp::MAX),
            Self::Time(time) => time,
        }
    }
}

impl Calls {
    /// Whether it covers a call of this kind.
    #[must_use]
    pub fn cover(self, call: Self) -> bool {
        self == Self::Any || self == call
    }
}

impl Window {
    pub(super) fn contains(self, now: Timestamp, begin: Timestamp) -> bool {
        self.from.is_none_or(|from| from.in_time(begin) <= now)
            && self.until.is_none_or(|until| now < until.in_time(begin))
    }
}
