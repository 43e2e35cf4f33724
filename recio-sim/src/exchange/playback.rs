//! The recording as it plays into the venue: its times shifted, its outcomes held until they are due.

use super::frames::trade_frame;
use super::listing::Listing;
use super::played::{PlayedPrice, PriceSource};
use super::rebase::Shift;
use super::session::Channel;
use super::{Exchange, ExchangeError};
use crate::recording::{MarketBody, Record, RecordBody, RecordingError};
use recio_core::market::{LifecycleEvent, MarketResult, MarketStatus, TickerUpdate};
use recio_core::units::{MarketTicker, Timestamp};
use recio_core::venue::VenueError;

/// Records in their order, read one by one.
pub type Records = Box<dyn Iterator<Item = Result<Record, RecordingError>> + Send>;

/// Where in the recording we are.
pub(super) struct Playback {
    records: Records,
    next: Option<Record>,
    shift: Shift,
    /// Announced as determined; the value behind it may follow at the same moment.
    determined: Vec<(Timestamp, MarketTicker, MarketResult)>,
}

impl Playback {
    pub(super) fn new(records: Records, shift: Shift) -> Result<Self, ExchangeError> {
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
        let after = self.records.next().transpose()?.map(|record| self.shift.record(record));
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
                self.outcome(&outcome.market, outcome.result, Some(outcome.expiration_value), now)
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
            RecordBody::SpotTrade { source, price, trade_id } => {
                self.index.spot(record.stream, now, price);
                self.played.add(PlayedPrice { source: PriceSource::Spot, name: source, time: now, price, trade_id });
                Ok(())
            }
            RecordBody::IndexPrint { index, price } => {
                self.venue.advance(now);
                self.publish();
                self.publish_fifth(&index, now, price);
                if self.index.print(&index, now, price) {
                    self.play_price(PriceSource::Index, &index, now, price);
                    self.publish_index(&index, now);
                }
                Ok(())
            }
            RecordBody::Trade(trade) => {
                self.prints.play(Some(&trade));
                let played = self.venue.recorded_trade(&trade, now);
                self.publish();
                self.prints.play(None);
                played
            }
            RecordBody::Exchange(status) => {
                self.venue.pause_exchange(!status.exchange_active, now);
                self.venue.pause_trading(!status.trading_active, now);
                Ok(())
            }
        }
    }

    fn list(&mut self, body: MarketBody, now: Timestamp) -> Result<(), VenueError> {
        self.venue.advance(now);
        let ticker = body.ticker.clone();
        let fees = self.fees_of(&body.series, &body.event, now);
        self.venue.add_market(body.to_market(MarketStatus::Initialized), fees)?;
        let is_new_event = self.of_event(&body.event).next().is_none();
        self.listings.insert(ticker.clone(), Listing::new(body));
        if is_new_event {
            self.publish_event_created(&ticker);
        }
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
            // A live recorder may hear of the end of a halt without its beginning, or of a halt twice.
            LifecycleEvent::Activated => unless_so_already(self.venue.activate(market, now)),
            LifecycleEvent::Deactivated => unless_so_already(self.venue.deactivate(market, now)),
            LifecycleEvent::CloseDateUpdated { close_time } => self.venue.change_close_time(market, close_time, now),
            LifecycleEvent::StrikeUpdated { strike } => self.strike(market, strike, now),
            LifecycleEvent::GridUpdated { grid } => self.venue.change_grid(market, grid, now),
            LifecycleEvent::Determined { result, .. } => {
                self.playback.determined.push((now, market.clone(), result));
                Ok(())
            }
            LifecycleEvent::Settled { .. } => {
                self.determine_all(|_| true)?;
                self.payout(market, now)
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
            self.outcome(&market, result, None, at)?;
        }
        Ok(())
    }

    fn tick(&mut self, update: &TickerUpdate) {
        let Some(listing) = self.listings.get_mut(&update.market) else { return };
        let print = listing.told().and_then(|(quote, volume)| self.prints.told_by(update, quote, volume));
        listing.tick(update, print.as_ref());
        if let Some(print) = print {
            self.tell(Channel::Trade, &update.market, None, &trade_frame(&print));
            self.prints.add(print);
        }
        self.publish_ticker(&update.market);
    }
}

fn unless_so_already(done: Result<(), VenueError>) -> Result<(), VenueError> {
    match done {
        Err(VenueError::WrongStatus { .. }) => Ok(()),
        done => done,
    }
}
