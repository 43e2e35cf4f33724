//! For how long observations are kept.

use super::{ObservationKind, Observations};
use recio_core::price_feed::Resolution;
use recio_core::store::StoreError;
use recio_core::units::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// For how many days each kind of observation is kept; 0 is for ever.
///
/// The defaults are generous: losing what may be wanted later is worse than a big file. They bound it all the same, because a full disk closes entries.
/// In SQLite a tick or a bar takes 80 bytes and a strike 225, measured on the demo: a feed with a price a second is 14 MB a day, and an event with forty
/// strikes every ten seconds 78 MB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObservationRetention {
    /// Prices one by one.
    pub ticks_days: u32,
    /// Prices by the second.
    pub second_bars_days: u32,
    /// Prices by the minute.
    pub minute_bars_days: u32,
    /// Strike tables.
    pub strike_tables_days: u32,
    /// The services' health.
    pub health_days: u32,
}

impl Default for ObservationRetention {
    fn default() -> Self {
        Self { ticks_days: 180, second_bars_days: 365, minute_bars_days: 0, strike_tables_days: 30, health_days: 90 }
    }
}

impl ObservationRetention {
    /// Everything is kept for ever.
    #[must_use]
    pub const fn none() -> Self {
        Self { ticks_days: 0, second_bars_days: 0, minute_bars_days: 0, strike_tables_days: 0, health_days: 0 }
    }

    /// For how many days a kind is kept; `None` for ever.
    #[must_use]
    pub const fn days(&self, kind: ObservationKind) -> Option<u32> {
        let days = match kind {
            ObservationKind::Ticks => self.ticks_days,
            ObservationKind::Bars(Resolution::Second) => self.second_bars_days,
            ObservationKind::Bars(Resolution::Minute) => self.minute_bars_days,
            ObservationKind::StrikeTables => self.strike_tables_days,
            ObservationKind::Health => self.health_days,
        };
        if days == 0 { None } else { Some(days) }
    }

    /// From when on a kind is kept: the beginning of a UTC day, so that the archive's days and what is forgotten meet. With one day kept, on the 22nd
    /// all of the 21st stays and the 20th goes. `None` where all stays.
    #[must_use]
    pub fn kept_from(&self, kind: ObservationKind, now: Timestamp) -> Option<Timestamp> {
        let midnight = now.as_second().div_euclid(DAY) * DAY;
        // Before the calendar begins there is nothing to forget.
        Timestamp::from_second(midnight - i64::from(self.days(kind)?) * DAY).ok()
    }

    /// Forgets what is older. Returns the kinds of which something went, with the number of rows.
    ///
    /// # Errors
    /// The store cannot be written now. What went before stays gone.
    ///
    /// # Cancel safety
    /// A dropped call has forgotten some of it.
    pub async fn forget(
        &self,
        store: &dyn Observations,
        now: Timestamp,
    ) -> Result<Vec<(ObservationKind, u64)>, StoreError> {
        let mut forgotten = Vec::new();
        for kind in ObservationKind::ALL {
            let Some(from) = self.kept_from(kind, now) else { continue };
            match store.forget_before(kind, from).await? {
                0 => {}
                rows => forgotten.push((kind, rows)),
            }
        }
        Ok(forgotten)
    }
}

/// A UTC day, in seconds.
const DAY: i64 = Duration::from_secs(24 * 3_600).as_secs().cast_signed();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_are_kept_and_nothing_said_is_for_ever() {
        let rules = ObservationRetention { ticks_days: 1, ..ObservationRetention::none() };
        let now = "2026-11-22T20:33:06Z".parse().unwrap();
        assert_eq!(rules.kept_from(ObservationKind::Ticks, now), Some("2026-11-21T00:00:00Z".parse().unwrap()));
        for kind in ObservationKind::ALL.into_iter().filter(|kind| *kind != ObservationKind::Ticks) {
            assert_eq!(rules.kept_from(kind, now), None, "{kind:?}");
        }
    }
}
