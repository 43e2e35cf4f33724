//! What the exchange will do by itself: outcomes and payouts that are due, ends of pauses, fee changes.
//!
//! Recorded announcements come through here too, so that a market can be late, disputed or paid by another timetable than the recorded one.

use super::realism::Settling;
use super::{Exchange, calendar};
use jiff::SignedDuration;
use recio_core::market::{Family, LifecycleEvent, MarketResult, MarketStatus, StrikeTerms};
use recio_core::units::{AssetPrice, MarketTicker, Timestamp};
use recio_core::venue::VenueError;
use std::collections::BTreeMap;

/// How long a payout waits for an outcome that is itself late: a step of looking again.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(1);

/// Something to do.
#[derive(Clone, Debug)]
pub(super) enum Due {
    Determine {
        market: MarketTicker,
        result: MarketResult,
        value: Option<AssetPrice>,
    },
    Settle {
        market: MarketTicker,
    },
    /// A payout is announced once more.
    AnnounceAgain {
        market: MarketTicker,
    },
    Strike {
        market: MarketTicker,
        strike: StrikeTerms,
    },
    ResumeTrading,
    ResumeExchange,
    WeeklyPause,
    WeeklyResume,
    /// A fee change by its place in the list of those that were announced.
    Fees(usize),
}

/// What is to be done, by time and then by when it was planned.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    due: BTreeMap<(Timestamp, u64), Due>,
    planned: u64,
    delays: BTreeMap<MarketTicker, Delays>,
}

/// By how much longer a market takes than it would.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delays {
    pub(super) strike: SignedDuration,
    pub(super) outcome: SignedDuration,
    pub(super) payout: SignedDuration,
}

impl Agenda {
    pub(super) fn plan(&mut self, time: Timestamp, due: Due) {
        self.planned += 1;
        self.due.insert((time, self.planned), due);
    }

    /// When the next thing is due.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|((time, _), _)| *time)
    }

    pub(super) fn take(&mut self) -> Option<(Timestamp, Due)> {
        self.due.pop_first().map(|((time, _), due)| (time, due))
    }

    fn awaits_outcome(&self, of: &MarketTicker) -> bool {
        self.due.values().any(|due| matches!(due, Due::Determine { market, .. } if market == of))
    }

    /// Forgets planned payouts of a market: its outcome is open again.
    pub(super) fn forget_payouts(&mut self, of: &MarketTicker) {
        self.due
            .retain(|_, due| !matches!(due, Due::Settle { market } | Due::AnnounceAgain { market } if market == of));
    }

    pub(super) fn delays_mut(&mut self, market: &MarketTicker) -> &mut Delays {
        self.delays.entry(market.clone()).or_default()
    }

    fn delays(&self, market: &MarketTicker) -> Delays {
        self.delays.get(market).copied().unwrap_or_default()
    }
}

/// The later of a time plus a length, and another time.
fn plus(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(time)
}

impl Exchange {
    /// Does the next thing on the agenda. What has become pointless meanwhile is left out.
    pub(super) fn do_next(&mut self) -> Result<(), VenueError> {
        let Some((now, due)) = self.agenda.take() else { return Ok(()) };
        self.venue.advance(now);
        self.publish();
        match due {
            Due::Determine { market, result, value } => self.determine_now(&market, result, value, now)?,
            Due::Settle { market } => self.settle_now(&market, now)?,
            Due::AnnounceAgain { market } => {
                if let Some(settled_time) = self.listings.get(&market).and_then(|listing| listing.settled_time) {
                    self.publish_lifecycle(&market, &LifecycleEvent::Settled { settled_time });
                }
            }
            Due::Strike { market, strike } => self.announce_now(&market, strike, now)?,
            Due::ResumeTrading => self.end_pause_due(now),
            Due::ResumeExchange => self.end_exchange_pause_due(now),
            Due::WeeklyPause => {
                self.halts.weekly = calendar::weekly_pause(now).map(|pause| pause.to);
                self.apply_halts(now);
                if let Some(until) = self.halts.weekly {
                    self.agenda.plan(until, Due::WeeklyResume);
                }
            }
            Due::WeeklyResume => {
                self.halts.weekly = None;
                self.apply_halts(now);
                self.plan_weekly_pause(now);
            }
            Due::Fees(place) => self.apply_fees(place, now)?,
        }
        self.publish();
        Ok(())
    }

    pub(super) fn plan_weekly_pause(&mut self, now: Timestamp) {
        if let Some(pause) = calendar::weekly_pause(now).filter(|_| self.realism.weekly_pause) {
            self.agenda.plan(pause.from.max(now), Due::WeeklyPause);
        }
    }

    /// The recording announces an outcome.
    pub(super) fn outcome(
        &mut self,
        market: &MarketTicker,
        result: MarketResult,
        value: Option<AssetPrice>,
        now: Timestamp,
    ) -> Result<(), VenueError> {
        let due = plus(
            self.usual_times(market).map_or(now, |(outcome, _)| now.max(outcome)),
            self.agenda.delays(market).outcome,
        );
        if due > now {
            self.agenda.plan(due, Due::Determine { market: market.clone(), result, value });
            return Ok(());
        }
        self.determine_now(market, result, value, now)
    }

    /// The recording announces a payout. By the usual timetable it follows from the outcome instead.
    pub(super) fn payout(&mut self, market: &MarketTicker, now: Timestamp) -> Result<(), VenueError> {
        if self.realism.settling != Settling::AsRecorded {
            return Ok(());
        }
        let due = plus(now, self.agenda.delays(market).payout);
        if due > now || self.agenda.awaits_outcome(market) {
            self.agenda.plan(due, Due::Settle { market: market.clone() });
            return Ok(());
        }
        self.settle_now(market, now)
    }

    /// The recording announces a strike.
    pub(super) fn strike(
        &mut self,
        market: &MarketTicker,
        strike: StrikeTerms,
        now: Timestamp,
    ) -> Result<(), VenueError> {
        let due = plus(now, self.agenda.delays(market).strike);
        if due > now {
            self.agenda.plan(due, Due::Strike { market: market.clone(), strike });
            return Ok(());
        }
        self.venue.announce_strike(market, strike, now)
    }

    /// A strike that comes after the market has closed is not announced any more.
    fn announce_now(&mut self, market: &MarketTicker, strike: StrikeTerms, now: Timestamp) -> Result<(), VenueError> {
        if let Some(listing) = self.listings.get_mut(market) {
            listing.updated_time = now;
        }
        match self.venue.announce_strike(market, strike, now) {
            Err(VenueError::WrongStatus { .. }) => Ok(()),
            announced => announced,
        }
    }

    /// An outcome that is known already is not announced again.
    fn determine_now(
        &mut self,
        market: &MarketTicker,
        result: MarketResult,
        value: Option<AssetPrice>,
        now: Timestamp,
    ) -> Result<(), VenueError> {
        if self.venue.market(market).is_some_and(|market| market.result.is_some()) {
            return Ok(());
        }
        self.venue.determine(market, result, value, now)?;
        if let Some((_, payout)) = self.usual_times(market) {
            let due = plus(payout.max(now), self.agenda.delays(market).payout);
            self.agenda.plan(due, Due::Settle { market: market.clone() });
        }
        Ok(())
    }

    /// Pays, unless the outcome is disputed (a new one plans the payout anew) or not there yet. The exchange announces a payout more than once;
    /// it pays once.
    fn settle_now(&mut self, market: &MarketTicker, now: Timestamp) -> Result<(), VenueError> {
        match self.venue.market(market).map(|market| market.status) {
            Some(MarketStatus::Disputed | MarketStatus::Finalized) => return Ok(()),
            Some(MarketStatus::Closed) if self.agenda.awaits_outcome(market) => {
                self.agenda.plan(plus(now, LOOK_AGAIN), Due::Settle { market: market.clone() });
                return Ok(());
            }
            Some(
                MarketStatus::Initialized
                | MarketStatus::Active
                | MarketStatus::Inactive
                | MarketStatus::Closed
                | MarketStatus::Determined
                | MarketStatus::Amended,
            )
            | None => {}
        }
        self.venue.settle(market, now)?;
        if let Settling::Usual { repeats: true, .. } = self.realism.settling {
            let times = self.realism.draw("repeats", market.as_str()) % 3;
            for time in 1..=times {
                let later = self.realism.draw_between("again", &format!("{market} {time}"), 1000, 5000);
                self.agenda.plan(plus(now, later), Due::AnnounceAgain { market: market.clone() });
            }
        }
        Ok(())
    }

    /// When a market is determined and paid by the usual timetable; `None` where the recorded one counts.
    fn usual_times(&self, market: &MarketTicker) -> Option<(Timestamp, Timestamp)> {
        let Settling::Usual { outliers_per_mille, .. } = self.realism.settling else { return None };
        let body = self.venue.market(market)?;
        let quarter = matches!(Family::of(&body.series), Ok((_, Family::QuarterHour)));
        let draw = |kind, least, most| self.realism.draw_between(kind, market.as_str(), least, most);
        let (mut outcome, mut payout) = if quarter {
            (draw("outcome", 750, 1300), draw("payout", 6500, 8000))
        } else {
            (draw("outcome", 82_000, 96_000), draw("payout", 148_000, 158_000))
        };
        if self.realism.draw("outlier", market.as_str()) % 1000 < u64::from(outliers_per_mille) {
            let late = draw("late", 10_000, 300_000);
            outcome += late;
            payout += late;
        }
        Some((plus(body.close_time, outcome), plus(body.close_time, payout)))
    }
}
