//! Waits that grow, are bounded, and are spread.

use crate::config::FeedConfig;
use std::time::Duration;

/// The waits between attempts: each up to twice the one before, up to a bound, and each between half of its length and all of it, so that many
/// who were cut off at once do not come back at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    wait: Duration,
    dice: fastrand::Rng,
}

impl Backoff {
    pub(crate) fn new(config: &FeedConfig) -> Self {
        let (min, max) = (config.backoff_min, config.backoff_max.max(config.backoff_min));
        let dice = config.jitter_seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self { min, max, wait: min, dice }
    }

    /// The next wait.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.wait;
        self.wait = (wait * 2).min(self.max);
        wait.mul_f64(0.5 + self.dice.f64() / 2.0)
    }

    /// Begins again with the shortest.
    pub(crate) const fn reset(&mut self) {
        self.wait = self.min;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_spread_and_bounded() {
        let config = FeedConfig { jitter_seed: Some(1), ..FeedConfig::default() };
        let mut backoff = Backoff::new(&config);
        let mut full = config.backoff_min;
        let mut shares = Vec::new();
        for _ in 0..50 {
            let wait = backoff.next();
            assert!(wait >= full / 2 && wait <= full, "{wait:?} of {full:?}");
            shares.push(wait.as_secs_f64() / full.as_secs_f64());
            full = (full * 2).min(config.backoff_max);
        }
        assert_eq!(full, config.backoff_max);
        assert!(shares.iter().any(|share| *share < 0.6) && shares.iter().any(|share| *share > 0.9));
        backoff.reset();
        assert!(backoff.next() <= config.backoff_min);
    }
}
