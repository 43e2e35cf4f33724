//! One bucket of tokens: arithmetic over a time that is handed in.

use recio_core::units::Monotonic;
use std::time::Duration;

/// Tokens are counted in millionths: so many tokens a second are just as many millionths a microsecond, and nothing is rounded.
const MILLIONTHS: u64 = 1_000_000;

/// A bucket that is refilled continuously, up to its capacity; full at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// Tokens a second.
    rate: u64,
    /// In millionths.
    capacity: u64,
    /// In millionths, at `at`.
    level: u64,
    at: Monotonic,
}

/// Why a cost cannot be taken at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Short {
    /// Enough tokens will be there after so long, if nobody takes any.
    For(Duration),
    /// The cost is more than the bucket ever holds.
    Ever,
}

impl Bucket {
    pub(super) const fn new(rate: u64, capacity: u64, now: Monotonic) -> Self {
        let capacity = capacity.saturating_mul(MILLIONTHS);
        Self { rate, capacity, level: capacity, at: now }
    }

    /// Whether so many tokens are there beside a reserve that stays untouched. A reserve never makes a cost impossible that the bucket holds.
    pub(super) fn look(&mut self, now: Monotonic, cost: u64, reserve: u64) -> Result<(), Short> {
        self.refill(now);
        let cost = cost.saturating_mul(MILLIONTHS);
        if cost > self.capacity {
            return Err(Short::Ever);
        }
        let needed = cost.saturating_add(reserve.saturating_mul(MILLIONTHS)).min(self.capacity);
        if self.level >= needed {
            return Ok(());
        }
        match (needed - self.level).checked_div(self.rate) {
            // One microsecond more than the whole ones, so that the wait is never too short.
            Some(micros) => Err(Short::For(Duration::from_micros(micros.saturating_add(1)))),
            None => Err(Short::Ever),
        }
    }

    /// Takes tokens; what is not there is not owed.
    pub(super) fn take(&mut self, now: Monotonic, cost: u64) {
        self.refill(now);
        self.level = self.level.saturating_sub(cost.saturating_mul(MILLIONTHS));
    }

    /// The exchange says that the bucket is empty.
    pub(super) fn empty(&mut self, now: Monotonic) {
        self.refill(now);
        self.level = 0;
    }

    /// Other limits from here on; what was spent stays spent.
    pub(super) fn resize(&mut self, now: Monotonic, rate: u64, capacity: u64) {
        self.refill(now);
        let spent = self.capacity - self.level;
        self.rate = rate;
        self.capacity = capacity.saturating_mul(MILLIONTHS);
        self.level = self.capacity.saturating_sub(spent);
    }

    /// Whole tokens that the bucket holds when full.
    pub(super) const fn capacity(&self) -> u64 {
        self.capacity / MILLIONTHS
    }

    fn refill(&mut self, now: Monotonic) {
        let micros = u64::try_from(now.since(self.at).as_micros()).unwrap_or(u64::MAX);
        self.level = self.level.saturating_add(self.rate.saturating_mul(micros)).min(self.capacity);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prop_assert, prop_assert_eq, proptest};

    const fn at(micros: u64) -> Monotonic {
        Monotonic(micros)
    }

    #[test]
    fn it_refills_continuously_up_to_its_capacity() {
        let mut bucket = Bucket::new(200, 600, at(0));
        bucket.take(at(0), 600);
        assert_eq!(bucket.look(at(0), 10, 0), Err(Short::For(Duration::from_micros(50_001))));
        assert_eq!(bucket.look(at(49_999), 10, 0), Err(Short::For(Duration::from_micros(2))));
        assert_eq!(bucket.look(at(50_000), 10, 0), Ok(()));
        assert_eq!(bucket.look(at(60_000_000), 600, 0), Ok(()));
        assert_eq!(bucket.look(at(60_000_000), 601, 0), Err(Short::Ever));
    }

    #[test]
    fn a_reserve_holds_back_but_never_for_good() {
        let mut bucket = Bucket::new(100, 100, at(0));
        bucket.take(at(0), 85);
        assert_eq!(bucket.look(at(0), 10, 20), Err(Short::For(Duration::from_micros(150_001))));
        assert_eq!(bucket.look(at(0), 10, 0), Ok(()));
        assert_eq!(bucket.look(at(10_000_000), 95, 20), Ok(()), "a full bucket is as much as there can be");
    }

    #[test]
    fn a_time_before_the_last_one_changes_nothing() {
        let mut bucket = Bucket::new(1, 10, at(5_000_000));
        bucket.take(at(5_000_000), 10);
        bucket.take(at(0), 0);
        assert_eq!(bucket.look(at(6_000_000), 1, 0), Ok(()));
        assert!(bucket.look(at(6_000_000), 2, 0).is_err());
    }

    #[test]
    fn what_was_spent_stays_spent_when_the_limits_change() {
        let mut bucket = Bucket::new(200, 600, at(0));
        bucket.take(at(0), 50);
        bucket.resize(at(0), 300, 900);
        assert!(bucket.look(at(0), 850, 0).is_ok() && bucket.look(at(0), 851, 0).is_err());
        bucket.resize(at(0), 1, 20);
        assert!(bucket.look(at(0), 1, 0).is_err());
    }

    #[test]
    fn a_bucket_without_refill_is_never_enough_once_it_is_empty() {
        let mut bucket = Bucket::new(0, 10, at(0));
        bucket.empty(at(0));
        assert_eq!(bucket.look(at(1), 1, 0), Err(Short::Ever));
    }

    proptest! {
        /// However requests come, no stretch of time sees more than the capacity and what was refilled in it: the exchange's own rule.
        #[test]
        fn never_more_than_capacity_and_refill(
            rate in 1_u64..500, capacity in 1_u64..500, steps in vec((0_u64..3_000_000, 1_u64..60), 1..80)
        ) {
            let mut bucket = Bucket::new(rate, capacity, at(0));
            let (mut now, mut taken) = (0, Vec::new());
            for (wait, cost) in steps {
                now += wait;
                if bucket.look(at(now), cost, 0).is_ok() {
                    bucket.take(at(now), cost);
                    taken.push((now, cost));
                }
            }
            for from in 0..taken.len() {
                let mut sum = 0;
                for (time, cost) in &taken[from..] {
                    sum += cost;
                    prop_assert!(sum * MILLIONTHS <= capacity * MILLIONTHS + rate * (time - taken[from].0));
                }
            }
        }

        /// The wait that is named is long enough, and not by more than the microsecond it is rounded up by.
        #[test]
        fn the_wait_is_exact(rate in 1_u64..10_000, capacity in 1_u64..20_000, spent in 0_u64..20_000, cost in 1_u64..20_000) {
            let mut bucket = Bucket::new(rate, capacity, at(0));
            bucket.take(at(0), spent);
            match bucket.look(at(0), cost, 0) {
                Ok(()) => prop_assert!(cost <= capacity.saturating_sub(spent)),
                Err(Short::Ever) => prop_assert!(cost > capacity),
                Err(Short::For(wait)) => {
                    let micros = u64::try_from(wait.as_micros()).unwrap();
                    prop_assert_eq!(bucket.clone().look(at(micros), cost, 0), Ok(()));
                    prop_assert!(micros < 2 || bucket.look(at(micros - 2), cost, 0).is_err());
                }
            }
        }
    }
}
