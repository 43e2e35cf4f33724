//! How long to wait before connecting again.

use crate::jitter::Jitter;
use jiff::{Timestamp, civil::Weekday, tz::TimeZone};
use std::time::Duration;

/// Waits while the exchange is under maintenance: four to eight attempts a minute, however they fail.
const MAINTENANCE_WAIT: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(15));
/// All clients come back when maintenance ends; within so long of it this one does.
const SPREAD: Duration = Duration::from_secs(2);

/// Waits that double from failure to failure and are random within their upper half.
#[derive(Debug)]
pub(super) struct Backoff {
    min: Duration,
    max: Duration,
    next: Duration,
    jitter: Jitter,
}

impl Backoff {
    pub(super) fn new(min: Duration, max: Duration, jitter: Jitter) -> Self {
        // Without a bound from below a dead exchange would be asked without end.
        let min = min.max(Duration::from_millis(10));
        Self { min, max: max.max(min), next: min, jitter }
    }

    /// A connection was sound for a while.
    pub(super) const fn reset(&mut self) {
        self.next = self.min;
    }

    /// The wait after a failure. `time` is the wall time, where the maintenance of the exchange is to be respected.
    pub(super) fn wait(&mut self, time: Option<Timestamp>) -> Duration {
        let most = self.next;
        self.next = (self.next * 2).min(self.max);
        match time.and_then(maintenance_left) {
            Some(left) => {
                let (least, most) = MAINTENANCE_WAIT;
                self.reset();
                // What would wait past the end comes back at the end.
                self.jitter.between(least, most).min(left + self.jitter.between(Duration::ZERO, SPREAD))
            }
            None => self.jitter.between(most / 2, most),
        }
    }

    /// The wait after the exchange refused the key: only a person can help.
    pub(super) fn longest(&mut self) -> Duration {
        self.jitter.between(self.max / 2, self.max)
    }
}

/// How long the weekly maintenance goes on, Thursdays 03:00 to 05:00 Eastern time; `None` outside of it. Clocks change on Sundays, so these
/// hours are never skipped or repeated. Source: docs.kalshi.com/getting_started/maintenance_and_pauses; read 2026-11-22.
pub(super) fn maintenance_left(time: Timestamp) -> Option<Duration> {
    let eastern = time.to_zoned(TimeZone::get("America/New_York").ok()?);
    let is_on = eastern.weekday() == Weekday::Thursday && (3..5).contains(&eastern.hour());
    let end = eastern.date().at(5, 0, 0, 0).to_zoned(eastern.time_zone().clone()).ok()?;
    is_on.then(|| Duration::try_from(end.timestamp().duration_since(time)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert, proptest};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn backoff(seed: u64) -> Backoff {
        Backoff::new(Duration::from_millis(250), Duration::from_secs(30), Jitter::seeded(seed))
    }

    #[test]
    fn maintenance_follows_eastern_time() {
        let left = |text| maintenance_left(at(text)).map(|left| left.as_secs());
        // 26 November 2026 is a Thursday in winter time, 9 July 2026 one in summer time.
        assert_eq!(left("2026-11-26T07:59:59Z"), None);
        assert_eq!(left("2026-11-26T08:00:00Z"), Some(7_200));
        assert_eq!(left("2026-11-26T09:59:59Z"), Some(1));
        assert_eq!(left("2026-11-26T10:00:00Z"), None);
        assert_eq!(left("2026-07-09T06:59:59Z"), None);
        assert_eq!(left("2026-07-09T07:00:00Z"), Some(7_200));
        assert_eq!(left("2026-11-25T08:30:00Z"), None, "a Wednesday");
    }

    #[test]
    fn waits_double_and_start_again_after_a_sound_connection() {
        let mut backoff = backoff(3);
        for most in [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let most = Duration::from_millis(most);
            let wait = backoff.wait(None);
            assert!(most / 2 <= wait && wait <= most, "{wait:?} of {most:?}");
        }
        backoff.reset();
        assert!(backoff.wait(None) <= Duration::from_millis(250));
    }

    proptest! {
        /// An exchange that is down hears from us a dozen times in any minute at most, in maintenance eight times.
        #[test]
        fn attempts_in_any_minute_are_bounded(seed: u64, maintenance: bool) {
            let mut backoff = backoff(seed);
            let start = at("2026-11-26T08:00:00Z");
            let mut attempts = vec![Duration::ZERO];
            while attempts[attempts.len() - 1] < Duration::from_secs(600) {
                let now = attempts[attempts.len() - 1];
                let time = maintenance.then(|| start.checked_add(now).unwrap());
                attempts.push(now + backoff.wait(time));
            }
            let most = if maintenance { 8 } else { 12 };
            for (at, from) in attempts.iter().enumerate() {
                let within = attempts[at..].iter().take_while(|time| **time < *from + Duration::from_secs(60)).count();
                prop_assert!(within <= most, "{within} attempts in a minute");
            }
        }

        /// However the attempts fall, the first one after the end comes within seconds of it.
        #[test]
        fn it_is_back_right_after_the_end(seed: u64, before_end in 0_u64..7_200) {
            let mut backoff = backoff(seed);
            let end = at("2026-11-26T10:00:00Z");
            let mut now = end.checked_sub(Duration::from_secs(before_end)).unwrap();
            while now < end {
                now = now.checked_add(backoff.wait(Some(now))).unwrap();
            }
            prop_assert!(now <= end.checked_add(SPREAD).unwrap());
        }
    }
}
