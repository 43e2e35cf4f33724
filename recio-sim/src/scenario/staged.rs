//! An exchange with what goes wrong around it.

use super::markets::FaultyRecords;
use super::plan::SharedCounts;
use super::{FaultPlan, Moment, Scenario};
use crate::exchange::{Exchange, ExchangeError, Rebase, Records};
use crate::recording::Header;
use jiff::SignedDuration;
use recio_core::venue::VenueOptions;

/// An exchange that plays records, with the faults of a scenario around it.
#[derive(Debug)]
pub struct Staged {
    /// The exchange.
    pub exchange: Exchange,
    /// What goes wrong with calls to it and frames from it.
    pub faults: FaultPlan,
}

impl Staged {
    /// An exchange without faults.
    #[must_use]
    pub fn calm(exchange: Exchange) -> Self {
        let faults = FaultPlan::calm(exchange.now());
        Self { exchange, faults }
    }
}

impl Scenario {
    /// Stages records, as [`Exchange::begin`] plays them, with what this scenario and seed let go wrong.
    ///
    /// # Errors
    /// As [`Exchange::begin`].
    pub fn stage(&self, header: Header, records: Records, rebase: Rebase, seed: u64) -> Result<Staged, ExchangeError> {
        let counts = SharedCounts::default();
        // Records still have their own time, moments of the scenario name the exchange's.
        let unshifted = self.moved_back(rebase.shift_seconds);
        let records: Records =
            Box::new(FaultyRecords::new(records, &unshifted, seed, header.session_from, counts.clone()));
        let options = VenueOptions { duplicate_ids: self.duplicate_ids, ..VenueOptions::default() };
        let mut exchange = Exchange::begin_with(header, records, rebase, options)?;
        if let Some(realism) = &self.realism {
            exchange.set_realism(realism.clone());
        }
        let faults = FaultPlan::with_counts(self, seed, exchange.now(), counts);
        Ok(Staged { exchange, faults })
    }

    fn moved_back(&self, shift_seconds: i64) -> Self {
        let mut moved = self.clone();
        let shift = SignedDuration::from_secs(shift_seconds);
        let back = |moment: &mut Moment| {
            if let Moment::Time(time) = moment {
                *time = time.checked_sub(shift).unwrap_or(*time);
            }
        };
        for fault in &mut moved.faults {
            if let super::When::At(moment) = &mut fault.when {
                back(moment);
            }
            fault.window.from.iter_mut().chain(fault.window.until.iter_mut()).for_each(back);
        }
        moved
    }
}
