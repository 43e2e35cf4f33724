//! How much of the real exchange's untidiness is simulated: limits on calls, reads that lag, frames in another order, payouts that take long.
//!
//! Everything is off for clients in lockstep, which ask thousands of times in a simulated second and have to be able to count on what they
//! read. What is random is drawn from the seed and from the name of the thing, never from how often somebody asked before: the same
//! calls get the same answers.

use super::metering::Tier;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What is simulated beyond matching and playing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Realism {
    /// Makes what is random differ from another run's.
    pub seed: u64,
    /// The account tier whose token buckets are enforced; `None` enforces none. In either case the exchange tells its limits.
    pub tier: Option<Tier>,
    /// How far reads of the account's data lie behind the engine; `None` is not at all.
    pub read_lag: Option<ReadLag>,
    /// Whether the fill and the public trade of one execution come in either order.
    pub shuffle_fills: bool,
    /// When a closed market is determined and paid.
    pub settling: Settling,
    /// Whether trading pauses on Thursdays from 03:00 to 05:00 US Eastern, and the schedule says so.
    pub weekly_pause: bool,
    /// How long after its payout a market (with its trades, and orders and fills of that age) moves to the archive; `None` is never.
    pub archive_after: Option<SignedDuration>,
}

/// How far reads lie behind the engine: somewhere from least to most, drawn for each change. Source: 0.3 to 1 s seen in the field in 2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadLag {
    /// The least.
    pub least: SignedDuration,
    /// The most; at least the least.
    pub most: SignedDuration,
}

/// When a closed market is determined and paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Settling {
    /// When the recording says so.
    #[default]
    AsRecorded,
    /// As seen in the field in September 2026, counted from the close: quarter hours determined after 0.75 to 1.3 s and paid after 6.5 to 8 s, hours
    /// after 82 to 96 s and 148 to 158 s; never before the recording knows the outcome.
    Usual {
        /// Of a thousand markets, so many take up to five minutes longer.
        outliers_per_mille: u16,
        /// Whether some payouts are announced more than once, as the exchange does it.
        repeats: bool,
    },
}

impl Default for Realism {
    fn default() -> Self {
        Self::exact()
    }
}

impl Realism {
    /// Nothing of it: every read shows what is, at once, and nobody is refused for asking often.
    #[must_use]
    pub const fn exact() -> Self {
        Self {
            seed: 1,
            tier: None,
            read_lag: None,
            shuffle_fills: false,
            settling: Settling::AsRecorded,
            weekly_pause: false,
            archive_after: None,
        }
    }

    /// What a paced simulator does: the limits of the Basic tier are enforced.
    #[must_use]
    pub const fn paced() -> Self {
        Self { tier: Some(Tier::Basic), ..Self::exact() }
    }

    /// All of it at once.
    #[must_use]
    pub const fn lifelike(seed: u64) -> Self {
        Self {
            seed,
            tier: Some(Tier::Basic),
            read_lag: Some(ReadLag::USUAL),
            shuffle_fills: true,
            settling: Settling::Usual { outliers_per_mille: 100, repeats: true },
            weekly_pause: true,
            archive_after: Some(SignedDuration::from_hours(24 * 60)),
        }
    }

    /// A number that is always the same for the same seed and name.
    pub(super) fn draw(&self, kind: &str, name: &str) -> u64 {
        let digest = Sha256::new().chain_update(self.seed.to_le_bytes()).chain_update(kind).chain_update([0]);
        let digest = digest.chain_update(name).finalize();
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[..8]);
        u64::from_le_bytes(bytes)
    }

    /// A length of time from least to most, to the millisecond.
    pub(super) fn draw_between(&self, kind: &str, name: &str, least_ms: u64, most_ms: u64) -> SignedDuration {
        let span = most_ms.saturating_sub(least_ms) + 1;
        let ms = least_ms + self.draw(kind, name) % span;
        SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX))
    }
}

impl ReadLag {
    /// 0.3 to 1 s.
    pub const USUAL: Self = Self { least: SignedDuration::from_millis(300), most: SignedDuration::from_millis(1000) };
}
