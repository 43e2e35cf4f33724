//! Randomness for waits, so that many clients that failed together do not come back together. Nothing is decided by it.

use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// A small generator (SplitMix64): even enough for waits, and the same sequence for the same seed.
#[derive(Clone, Debug)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Another sequence in each process.
    pub(crate) fn from_system() -> Self {
        Self(std::hash::RandomState::new().build_hasher().finish())
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Somewhere from `least` to `most`, to the microsecond; `least` where `most` is not above it.
    pub(crate) fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let room = u64::try_from(most.saturating_sub(least).as_micros()).unwrap_or(u64::MAX - 1);
        least + Duration::from_micros(self.next() % (room + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert, proptest};

    #[test]
    fn a_seed_gives_a_sequence_and_the_range_is_used() {
        let ms = Duration::from_millis;
        let draw = |seed| {
            let mut jitter = Jitter::seeded(seed);
            (0..1_000).map(|_| jitter.between(ms(100), ms(200))).collect::<Vec<_>>()
        };
        let drawn = draw(1);
        assert_eq!(drawn, draw(1));
        assert_ne!(drawn, draw(2));
        assert!(drawn.iter().any(|wait| *wait < ms(110)) && drawn.iter().any(|wait| *wait > ms(190)));
        assert_eq!(Jitter::seeded(1).between(ms(5), ms(1)), ms(5));
    }

    proptest! {
        #[test]
        fn never_outside_its_range(seed: u64, least in 0_u64..1 << 40, room in 0_u64..1 << 40) {
            let (least, most) = (Duration::from_micros(least), Duration::from_micros(least + room));
            let drawn = Jitter::seeded(seed).between(least, most);
            prop_assert!(least <= drawn && drawn <= most);
        }
    }
}
