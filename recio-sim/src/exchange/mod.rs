//! The simulated exchange without sockets: a venue, a recording that plays into it, and what Kalshi's REST and WebSocket say about both.
//!
//! No clock and no IO of its own: time comes in with [`Exchange::advance`], requests and commands come in as values, frames go out by
//! session. The same calls in the same order give the same bytes.

mod error;
mod events;
mod frames;
mod index;
mod listing;
mod markets;
mod orders;
mod playback;
mod portfolio;
mod private_frames;
mod request;
mod session;
mod truth;

pub use error::ExchangeError;
pub use playback::Records;
pub use request::ApiRequest;
pub use session::SessionId;
pub use truth::AccountTruth;

use crate::recording::{Header, Recording};
use index::IndexTapes;
use jiff::SignedDuration;
use listing::Listing;
use playback::Playback;
use recio_core::market::FeeType;
use recio_core::trade::{FeeMultiplier, FeeQuantum, FeeSchedule};
use recio_core::units::{AccountName, MarketTicker, Money, Timestamp};
use recio_core::venue::{Venue, VenueOptions};
use session::Session;
use std::{collections::BTreeMap, fmt};

/// The exchange: REST answers, WebSocket sessions, accounts, and time that moves when it is told to.
pub struct Exchange {
    pub(super) header: Header,
    pub(super) rebased: bool,
    venue: Venue,
    playback: Playback,
    listings: BTreeMap<MarketTicker, Listing>,
    index: IndexTapes,
    sessions: BTreeMap<SessionId, Session>,
    session_count: u64,
    opening: BTreeMap<AccountName, Money>,
    posts: BTreeMap<AccountName, BTreeMap<String, u64>>,
    fees: FeeSchedule,
}

impl Exchange {
    /// An exchange that plays a recording, standing at the moment at which its session begins; what was before is history.
    ///
    /// `shift_seconds` is added to every time of the recording; tickers stay as recorded.
    ///
    /// # Errors
    /// The recording cannot be read, or holds something that no market can do.
    pub fn play(recording: &Recording, shift_seconds: i64) -> Result<Self, ExchangeError> {
        let records = recording.records()?;
        Self::new(recording.header().clone(), Box::new(records), shift_seconds)
    }

    /// As [`play`](Self::play), with the records from anywhere.
    ///
    /// # Errors
    /// As [`play`](Self::play).
    pub fn new(header: Header, records: Records, shift_seconds: i64) -> Result<Self, ExchangeError> {
        let shift = SignedDuration::from_secs(shift_seconds);
        let header = playback::shifted_header(header, shift);
        let (from, start) = (header.from, header.session_from);
        let mut exchange = Self {
            rebased: shift_seconds != 0,
            venue: Venue::new(VenueOptions::default(), from),
            playback: Playback::new(records, shift)?,
            listings: BTreeMap::new(),
            index: IndexTapes::new(&header),
            sessions: BTreeMap::new(),
            session_count: 0,
            opening: BTreeMap::new(),
            posts: BTreeMap::new(),
            fees: FeeSchedule {
                fee_type: FeeType::Quadratic,
                multiplier: FeeMultiplier::ONE,
                quantum: FeeQuantum::CentiCent,
            },
            header,
        };
        exchange.advance(start)?;
        Ok(exchange)
    }

    /// Opens an account with this much cash.
    ///
    /// # Errors
    /// There is one of this name, or the cash is below zero.
    pub fn open_account(&mut self, account: AccountName, cash: Money) -> Result<(), ExchangeError> {
        self.venue.open_account(account.clone(), cash)?;
        self.opening.insert(account, cash);
        Ok(())
    }

    /// Lets everything happen until `to`: the recording's records in their order, prints of the index at each whole second, openings,
    /// closings and expiries. Frames about it are queued for every session. Time never goes back.
    ///
    /// # Errors
    /// The recording cannot be read further, or holds something that no market can do.
    pub fn advance(&mut self, to: Timestamp) -> Result<(), ExchangeError> {
        loop {
            let record = self.playback.next_time().filter(|time| *time <= to);
            let print = self.index.next_print().filter(|time| *time <= to);
            match (record, print) {
                // A print sees the trades of its own moment.
                (Some(time), print) if print.is_none_or(|print| time <= print) => {
                    self.determine_before(time)?;
                    if let Some(record) = self.playback.take()? {
                        self.apply(record)?;
                    }
                }
                (_, Some(time)) => {
                    self.determine_before(time)?;
                    self.venue.advance(time);
                    self.publish();
                    self.print_index(time);
                }
                (_, None) => break,
            }
        }
        self.determine_before(to)?;
        self.venue.advance(to);
        self.publish();
        Ok(())
    }

    /// The exchange's time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.venue.now()
    }

    /// When the recording's last record is due.
    #[must_use]
    pub const fn recording_ends(&self) -> Timestamp {
        self.header.to
    }

    /// Whether everything that was recorded has been played.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.playback.next_time().is_none()
    }

    /// What the recording says about itself, with its times shifted as the exchange's.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the recording's times were shifted, so that tickers no longer name the close times.
    #[must_use]
    pub const fn is_rebased(&self) -> bool {
        self.rebased
    }

    /// Whether the prints of the index are made of something else than the index.
    #[must_use]
    pub fn index_is_stand_in(&self) -> bool {
        self.index.is_stand_in()
    }

    /// Checks the venue's own books: every cent and contract worked out once more.
    ///
    /// # Errors
    /// The first thing that is wrong, in words.
    pub fn audit(&self) -> Result<(), String> {
        self.venue.audit()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("title", &self.header.title)
            .field("now", &self.now())
            .field("sessions", &self.sessions.len())
            .finish_non_exhaustive()
    }
}
