//! The recording as it plays into the venue: its times shifted, its outcomes held until they are due.

use super::listing::Listing;
use super::{Exchange, ExchangeError};
use crate::recording::{Header, MarketBody, Record, RecordBody, RecordingError};
use jiff::SignedDuration;
use recio_core::market::{LifecycleEvent, MarketResult, MarketStatus, TickerUpdate};
use recio_core::units::{MarketTicker, Timestamp};
use recio_core::venue::VenueError;

/// Records in their order, read one by one.
pub type Records = Box<dyn Iterator<Item = Result<Record, RecordingError>> + Send>;

/// Where in the recording we are.
pub(super) struct Playback {
    records: Records,
    next: Option<Record>,
    shift: SignedDuration,
    /// Announced as determined; the value behind it may follow at the same moment.
    determined: Vec<(Timestamp, MarketTicker, MarketResult)>,
}

impl Playback {
    pub(super) fn new(records: Records, shift: SignedDuration) -> Result<Self, ExchangeError> {
        let mut playback = Self { records, next: None, shift, determined: Vec::new() };
        playback.take()?;
        Ok(playback)
    }

    /// When the next record is due; `None` at the end.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.next.as_ref().map(|record| record.exchange_time)
    }

    /// Takes the next record and reads the one after it.
    pub(super) fn take(&mut self) -> Result<Option<Record>, ExchangeError> {
        let after = self.records.next().transpose()?.map(|record| shifted(record, self.shift));
        Ok(std::mem::replace(&mut self.next, after))
    }
}

impl Exchange {
    /// Plays one record into the venue, and tells the sessions.
    pub(super) fn apply(&mut self, record: Record) -> Result<(), ExchangeError> {
        let now = record.exchange_time;
        self.apply_body(record).map_err(|problem| ExchangeError::Unplayable { time: now, problem })?;
        self.publish();
        Ok(())
    }

    fn apply_body(&mut self, record: Record) -> Result<(), VenueError> {
        let now = record.exchange_time;
        match record.body {
            RecordBody::Boundary(_) | RecordBody::Gap(_) => {
                self.venue.advance(now);
                Ok(())
            }
            RecordBody::Market(body) => self.list(*body, now),
            RecordBody::Lifecycle { market, event } => self.live(&market, event, now),
            RecordBody::Outcome(outcome) => {
                self.playback.determined.retain(|(_, market, _)| *market != outcome.market);
                self.determine(&outcome.market, |venue| {
                    venue.determine(&outcome.market, outcome.result, Some(outcome.expiration_value), now)
                })
            }
            RecordBody::BookSnapshot { market, bids, asks } => {
                if let Some(listing) = self.listings.get_mut(&market) {
                    listing.has_book = true;
                }
                self.venue.recorded_snapshot(&market, &bids, &asks, now)
            }
            RecordBody::BookDelta { market, side, price, change } => {
                self.venue.recorded_delta(&market, side, price, change, now)
            }
            RecordBody::Ticker(update) => {
                self.venue.advance(now);
                self.publish();
                self.tick(&update);
                Ok(())
            }
            RecordBody::SpotTrade { price, .. } => {
                self.index.spot(record.stream, now, price);
                Ok(())
            }
            RecordBody::IndexPrint { index, price } => {
                self.venue.advance(now);
                self.publish();
                self.index.print(&index, now, price);
                self.publish_index(&index, now);
                Ok(())
            }
        }
    }

    fn list(&mut self, body: MarketBody, now: Timestamp) -> Result<(), VenueError> {
        self.venue.advance(now);
        let ticker = body.ticker.clone();
        self.venue.add_market(body.to_market(MarketStatus::Initialized), self.fees.clone())?;
        self.listings.insert(ticker.clone(), Listing::new(body));
        self.publish_lifecycle(&ticker, &LifecycleEvent::Created);
        Ok(())
    }

    fn live(&mut self, market: &MarketTicker, event: LifecycleEvent, now: Timestamp) -> Result<(), VenueError> {
        if let Some(listing) = self.listings.get_mut(market)
            && matches!(event, LifecycleEvent::StrikeUpdated { .. } | LifecycleEvent::CloseDateUpdated { .. })
        {
            listing.updated_time = now;
        }
        match event {
            // Announced with the market's body.
            LifecycleEvent::Created => Ok(()),
            LifecycleEvent::Activated => self.venue.activate(market, now),
            LifecycleEvent::Deactivated => self.venue.deactivate(market, now),
            LifecycleEvent::CloseDateUpdated { close_time } => self.venue.change_close_time(market, close_time, now),
            LifecycleEvent::StrikeUpdated { strike } => self.venue.announce_strike(market, strike, now),
            LifecycleEvent::GridUpdated { grid } => self.venue.change_grid(market, grid, now),
            LifecycleEvent::Determined { result, .. } => {
                self.playback.determined.push((now, market.clone(), result));
                Ok(())
            }
            LifecycleEvent::Settled { .. } => {
                self.determine_all(|_| true)?;
                match self.venue.settle(market, now) {
                    // The exchange announces a payout more than once; it pays once.
                    Err(VenueError::WrongStatus { status: MarketStatus::Finalized, .. }) => Ok(()),
                    settled => settled,
                }
            }
        }
    }

    /// Determines the markets whose outcome was announced before `time` without the value behind it.
    pub(super) fn determine_before(&mut self, time: Timestamp) -> Result<(), ExchangeError> {
        if self.playback.determined.is_empty() {
            return Ok(());
        }
        self.determine_all(|due| due < time).map_err(|problem| ExchangeError::Unplayable { time, problem })?;
        self.publish();
        Ok(())
    }

    fn determine_all(&mut self, is_due: impl Fn(Timestamp) -> bool) -> Result<(), VenueError> {
        let (due, later) =
            std::mem::take(&mut self.playback.determined).into_iter().partition(|(at, _, _)| is_due(*at));
        self.playback.determined = later;
        let due: Vec<(Timestamp, MarketTicker, MarketResult)> = due;
        for (at, market, result) in due {
            self.determine(&market, |venue| venue.determine(&market, result, None, at))?;
        }
        Ok(())
    }

    /// An outcome that is known already is not announced again.
    fn determine(
        &mut self,
        market: &MarketTicker,
        determine: impl FnOnce(&mut recio_core::venue::Venue) -> Result<(), VenueError>,
    ) -> Result<(), VenueError> {
        if self.venue.market(market).is_some_and(|market| market.result.is_some()) {
            return Ok(());
        }
        determine(&mut self.venue)
    }

    fn tick(&mut self, update: &TickerUpdate) {
        if let Some(listing) = self.listings.get_mut(&update.market) {
            listing.tick(update);
            self.publish_ticker(&update.market);
        }
    }
}

fn later(time: Timestamp, shift: SignedDuration) -> Timestamp {
    time.checked_add(shift).unwrap_or(time)
}

/// A header whose times are shifted.
pub(super) fn shifted_header(mut header: Header, shift: SignedDuration) -> Header {
    for time in [&mut header.from, &mut header.session_from, &mut header.to] {
        *time = later(*time, shift);
    }
    for gap in &mut header.gaps {
        gap.from = later(gap.from, shift);
        gap.to = later(gap.to, shift);
    }
    header
}

/// A record whose times, outside and inside, are shifted.
fn shifted(mut record: Record, shift: SignedDuration) -> Record {
    if shift.is_zero() {
        return record;
    }
    record.exchange_time = later(record.exchange_time, shift);
    record.received_time = record.received_time.map(|time| later(time, shift));
    match &mut record.body {
        RecordBody::Gap(gap) => {
            gap.from = later(gap.from, shift);
            gap.to = later(gap.to, shift);
        }
        RecordBody::Market(body) => {
            for time in [&mut body.created_time, &mut body.open_time, &mut body.close_time] {
                *time = later(*time, shift);
            }
        }
        RecordBody::Lifecycle { event, .. } => match event {
            LifecycleEvent::CloseDateUpdated { close_time: time }
            | LifecycleEvent::Determined { determined_time: time, .. }
            | LifecycleEvent::Settled { settled_time: time } => *time = later(*time, shift),
            LifecycleEvent::Created
            | LifecycleEvent::Activated
            | LifecycleEvent::Deactivated
            | LifecycleEvent::StrikeUpdated { .. }
            | LifecycleEvent::GridUpdated { .. } => {}
        },
        RecordBody::Ticker(update) => update.exchange_time = later(update.exchange_time, shift),
        RecordBody::Boundary(_)
        | RecordBody::Outcome(_)
        | RecordBody::BookSnapshot { .. }
        | RecordBody::BookDelta { .. }
        | RecordBody::SpotTrade { .. }
        | RecordBody::IndexPrint { .. } => {}
    }
    record
}
