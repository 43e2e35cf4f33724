//! The number that shows a gap.

use serde::{Deserialize, Serialize};

/// Checks the numbers of one subscription: they start at 1 and rise by one with every frame, whatever market it is about.
///
/// Source: Kalshi's WebSocket documentation and recordings of 2026; one gap invalidates every book of the subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    last: u64,
}

/// What a frame's number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceStep {
    /// The next one: use the frame.
    Next,
    /// Seen before: drop the frame.
    Duplicate,
    /// Numbers are missing: every book of the subscription is void until its next snapshot.
    Gap {
        /// The number that should have come.
        expected: u64,
    },
    /// The numbers began again: the server was reset, subscribe again.
    Reset,
}

impl Sequence {
    /// Before the first frame.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: 0 }
    }

    /// The number of the last frame.
    #[must_use]
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Takes the next frame's number. After a gap the numbers go on from this frame.
    pub const fn step(&mut self, number: u64) -> SequenceStep {
        // A foreign number may be the largest there is.
        let expected = self.last.saturating_add(1);
        if number == expected {
            self.last = number;
            SequenceStep::Next
        } else if number == self.last {
            SequenceStep::Duplicate
        } else if number > expected {
            self.last = number;
            SequenceStep::Gap { expected }
        } else {
            SequenceStep::Reset
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_a_repeat_and_a_reset_are_told_apart() {
        let mut sequence = Sequence::new();
        assert_eq!(sequence.step(1), SequenceStep::Next);
        assert_eq!(sequence.step(2), SequenceStep::Next);
        assert_eq!(sequence.step(2), SequenceStep::Duplicate);
        assert_eq!(sequence.step(5), SequenceStep::Gap { expected: 3 });
        assert_eq!(sequence.step(6), SequenceStep::Next);
        assert_eq!(sequence.step(1), SequenceStep::Reset);
    }
}
