//! Whether what comes is old: a connection that falls behind delivers every frame, each later than the last.

use std::time::Duration;

/// So much later than at the connection's best is too late. Deltas 4 to 21 s old, growing within one connection, were reported in 2026; a sound
/// connection delivers within tenths of a second.
const TOO_LATE_MS: i64 = 5_000;
/// So many looks in a row have to find it, so that one odd frame is no reason. There is one look in each tick.
const LOOKS: u8 = 3;

/// Compares frames' own times with the clock, once a tick. Against the best of the same connection, so that a clock that is wrong by a fixed
/// amount does not matter.
#[derive(Debug, Default)]
pub(super) struct Lateness {
    best_ms: Option<i64>,
    late: u8,
    is_due: bool,
}

impl Lateness {
    /// A tick has passed: the next frame with a time is looked at.
    pub(super) const fn tick(&mut self) {
        self.is_due = true;
    }

    pub(super) const fn is_due(&self) -> bool {
        self.is_due
    }

    /// Looks at a frame that the exchange queued at one time and that came at another; how late it is, where that is too late by now.
    pub(super) fn look(&mut self, sent_ms: i64, now_ms: i64) -> Option<Duration> {
        self.is_due = false;
        let age = now_ms.saturating_sub(sent_ms);
        let best = self.best_ms.map_or(age, |best| best.min(age));
        self.best_ms = Some(best);
        let behind = age.saturating_sub(best);
        self.late = if behind > TOO_LATE_MS { self.late.saturating_add(1) } else { 0 };
        (self.late >= LOOKS).then(|| Duration::from_millis(behind.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(ages: &[i64]) -> Vec<bool> {
        let mut lateness = Lateness::default();
        ages.iter().map(|age| lateness.look(1_000_000, age.saturating_add(1_000_000)).is_some()).collect()
    }

    #[test]
    fn falling_behind_is_found_after_three_looks() {
        assert_eq!(looks(&[100, 2_000, 5_200, 6_000, 9_000]), [false, false, false, false, true]);
    }

    #[test]
    fn odd_frames_and_wrong_clocks_are_no_reason() {
        assert_eq!(looks(&[100, 9_000, 9_000, 200, 9_000, 9_000]), [false; 6]);
        assert_eq!(looks(&[60_000; 6]), [false; 6], "a clock that is a minute ahead");
        assert_eq!(looks(&[-60_000; 6]), [false; 6], "and one behind");
        assert_eq!(looks(&[i64::MIN, i64::MAX, i64::MAX]), [false; 3]);
    }
}
