//! What world is to be made.

use recio_core::units::{AssetPrice, Timestamp};
use std::time::Duration;

/// The most hours of one world: a month. Its markets are listed in its header.
pub const MAX_HOURS: u32 = 744;
/// The most strikes of one hourly event.
const MAX_STRIKES: u16 = 200;

/// The longest pre-roll: a day of prices before any minute, and room.
const MAX_PRE_ROLL: Duration = Duration::from_secs(48 * 3_600);
/// The shortest: the first strike is the mean of a minute of prints.
const MIN_PRE_ROLL: Duration = Duration::from_secs(60);

/// What world is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntheticOptions {
    /// When the session begins: a whole second.
    pub from: Timestamp,
    /// How many hours it lasts, 1 to 744.
    pub hours: u32,
    /// What everything by chance is made of.
    pub seed: u64,
    /// The index at the beginning of the pre-roll.
    pub opening: AssetPrice,
    /// How many strikes each hourly event has; none leaves only the quarters.
    pub hourly_strikes: u16,
    /// How long there were prices before the first market opened: a minute to two days, in whole seconds. 35 minutes unless said otherwise, which
    /// is what momentum looks back on. Another length gives other prices.
    pub pre_roll: Duration,
}

/// Why no world can be made of these options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntheticError {
    /// Too short or too long.
    #[error("a synthetic world of {0} hours is not possible; choose 1 to {MAX_HOURS}")]
    Hours(u32),
    /// More strikes than any event has.
    #[error("{0} hourly strikes are not possible; choose up to {MAX_STRIKES}")]
    Strikes(u16),
    /// The beginning is not a whole second, or lies where markets have no names.
    #[error("a synthetic world cannot begin at {0}; choose a whole second in the years 2000 to 2098")]
    From(Timestamp),
    /// Too short or too long a time of prices before the first market.
    #[error("a pre-roll of {0:?} is not possible; choose a minute to two days")]
    PreRoll(Duration),
    /// The opening price is too small for a walk.
    #[error("a synthetic index cannot begin at {0} USD; choose 2,000 or above")]
    Opening(AssetPrice),
}

impl SyntheticOptions {
    /// So many hours from a moment, by seed: KXBTC15M alone, the index from 90,000 USD.
    ///
    /// # Panics
    /// Never: the price is one.
    #[must_use]
    pub fn new(from: Timestamp, hours: u32, seed: u64) -> Self {
        let opening = AssetPrice::from_cents(9_000_000).expect("90,000 USD is a price");
        Self { from, hours, seed, opening, hourly_strikes: 0, pre_roll: Duration::from_secs(35 * 60) }
    }

    pub(super) fn check(&self) -> Result<(), SyntheticError> {
        if !(1..=MAX_HOURS).contains(&self.hours) {
            return Err(SyntheticError::Hours(self.hours));
        }
        if self.hourly_strikes > MAX_STRIKES {
            return Err(SyntheticError::Strikes(self.hourly_strikes));
        }
        // 2000-01-02 and 2098-12-01: a day and a month inside what tickers can name.
        let named = (946_771_200..4_068_144_000).contains(&self.from.as_second());
        if self.from.subsec_nanosecond() != 0 || !named {
            return Err(SyntheticError::From(self.from));
        }
        if !(MIN_PRE_ROLL..=MAX_PRE_ROLL).contains(&self.pre_roll) {
            return Err(SyntheticError::PreRoll(self.pre_roll));
        }
        if self.opening.cents() < 200_000 {
            return Err(SyntheticError::Opening(self.opening));
        }
        Ok(())
    }
}
