//! The simulated exchange without sockets: a venue, a recording that plays into it, and what Kalshi's REST and WebSocket say about both.
//!
//! No clock and no IO of its own: time comes in with [`Exchange::advance`], requests and commands come in as values, frames go out by
//! session. The same calls in the same order give the same bytes.

mod agenda;
mod amend;
mod batch;
mod calendar;
mod caller;
mod candle_routes;
mod candles;
mod commands;
mod error;
mod events;
mod fee_notices;
mod frames;
mod groups;
mod history;
mod index;
mod lag;
mod listing;
mod markets;
mod metering;
mod operations;
mod orders;
mod playback;
mod played;
mod portfolio;
mod prints;
mod private_frames;
mod realism;
mod rebase;
mod request;
mod series;
mod session;
mod shown;
mod subaccounts;
mod transfers;
mod truth;
mod world_routes;
mod writes;

pub use caller::{Caller, Scope};
pub use error::ExchangeError;
pub use metering::Tier;
pub use playback::Records;
pub use played::{PlayedPrice, PriceSource};
pub use realism::{ReadLag, Realism, Settling};
pub use rebase::Rebase;
pub use request::ApiRequest;
pub use session::SessionId;
pub use truth::{AccountTruth, WalletTruth};

use crate::recording::{Header, Recording};
use agenda::Agenda;
use fee_notices::FeeNotices;
use index::IndexTapes;
use lag::Lag;
use listing::Listing;
use metering::Meters;
use operations::Halts;
use playback::Playback;
use played::Played;
use prints::Prints;
use rebase::Shift;
use recio_core::market::FeeType;
use recio_core::trade::{FeeMultiplier, FeeQuantum, FeeSchedule};
use recio_core::units::{AccountName, MarketTicker, Money, Timestamp};
use recio_core::venue::{CRYPTO_SHARD, Venue, VenueOptions};
use session::Session;
use std::{collections::BTreeMap, fmt};
use transfers::AccountMoves;

/// The exchange: REST answers, WebSocket sessions, accounts, and time that moves when it is told to.
pub struct Exchange {
    pub(super) header: Header,
    rebased: bool,
    names_are_true: bool,
    realism: Realism,
    venue: Venue,
    playback: Playback,
    listings: BTreeMap<MarketTicker, Listing>,
    index: IndexTapes,
    sessions: BTreeMap<SessionId, Session>,
    session_count: u64,
    opening: BTreeMap<AccountName, Money>,
    posts: BTreeMap<AccountName, BTreeMap<String, u64>>,
    fees: FeeSchedule,
    fee_notices: FeeNotices,
    agenda: Agenda,
    halts: Halts,
    meters: Meters,
    lag: Option<Lag>,
    prints: Prints,
    played: Played,
    moves: BTreeMap<AccountName, AccountMoves>,
}

impl Exchange {
    /// An exchange that plays a recording, standing at the moment at which its session begins; what was before is history.
    ///
    /// `shift_seconds` is added to every time of the recording. Tickers name the times after that where the shift is a whole number of quarters
    /// of an hour (of hours, with hourly markets); else they stay as recorded.
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
        let start = Rebase { shift_seconds, ..Rebase::none(&header) }.moved_start();
        Self::begin(header, records, Rebase { shift_seconds, start })
    }

    /// As [`new`](Self::new), moved as said, and standing at the moment that is said.
    ///
    /// # Errors
    /// As [`play`](Self::play).
    pub fn begin(header: Header, records: Records, rebase: Rebase) -> Result<Self, ExchangeError> {
        Self::begin_with(header, records, rebase, VenueOptions::default())
    }

    /// As [`begin`](Self::begin), with a choice of what the venue does.
    ///
    /// # Errors
    /// As [`play`](Self::play).
    pub fn begin_with(
        header: Header,
        records: Records,
        rebase: Rebase,
        options: VenueOptions,
    ) -> Result<Self, ExchangeError> {
        let shift = Shift::new(&header, rebase.shift_seconds);
        let header = shift.header(header);
        let from = header.from;
        let mut exchange = Self {
            rebased: rebase.shift_seconds != 0,
            names_are_true: shift.keeps_names_true(),
            realism: Realism::exact(),
            venue: Venue::new(options, from),
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
            fee_notices: FeeNotices::default(),
            agenda: Agenda::default(),
            halts: Halts::default(),
            meters: Meters::default(),
            lag: None,
            prints: Prints::of(&header),
            played: Played::default(),
            moves: BTreeMap::new(),
            header,
        };
        exchange.advance(rebase.start)?;
        Ok(exchange)
    }

    /// Changes how much of the real exchange's untidiness is simulated, from here on.
    pub fn set_realism(&mut self, realism: Realism) {
        self.lag = realism.read_lag.map(|range| Lag::new(range, &self.venue));
        let pauses = realism.weekly_pause && !self.realism.weekly_pause;
        self.realism = realism;
        if pauses {
            self.plan_weekly_pause(self.now());
        }
    }

    /// What is simulated of the real exchange's untidiness.
    #[must_use]
    pub const fn realism(&self) -> &Realism {
        &self.realism
    }

    /// Opens an account with this much cash, all of it on the shard of the crypto markets.
    ///
    /// # Errors
    /// There is one of this name, or the cash is below zero.
    pub fn open_account(&mut self, account: AccountName, cash: Money) -> Result<(), ExchangeError> {
        self.open_account_on(account, &[(CRYPTO_SHARD, cash)])
    }

    /// Opens an account whose cash lies on these shards: what lies elsewhere than a market's shard does not pay for orders in it.
    ///
    /// # Errors
    /// There is one of this name, or a cash is below zero.
    pub fn open_account_on(&mut self, account: AccountName, cash: &[(u16, Money)]) -> Result<(), ExchangeError> {
        self.venue.open_account_on(account.clone(), cash)?;
        self.opening.insert(account, cash.iter().map(|(_, cash)| *cash).sum());
        if let Some(range) = self.realism.read_lag {
            self.lag = Some(Lag::new(range, &self.venue));
        }
        Ok(())
    }

    /// Lets everything happen until `to`: the recording's records in their order, prints of the index at each whole second, openings,
    /// closings and expiries. Frames about it are queued for every session. Time never goes back.
    ///
    /// # Errors
    /// The recording cannot be read further, or holds something that no market can do.
    pub fn advance(&mut self, to: Timestamp) -> Result<(), ExchangeError> {
        loop {
            let due = |time: Option<Timestamp>| time.filter(|time| *time <= to);
            // At one moment: what was recorded, then prints, which see the trades of their moment, then what the exchange does by itself.
            let next = [
                (due(self.playback.next_time()), Step::Record),
                (due(self.index.next_print()), Step::Print),
                (due(self.next_fifth()), Step::Fifth),
                (due(self.agenda.next_time()), Step::Agenda),
            ];
            let next = next.into_iter().filter_map(|(time, step)| Some((time?, step))).min_by_key(|(time, _)| *time);
            let Some((time, step)) = next else { break };
            self.determine_before(time)?;
            match step {
                Step::Record => {
                    if let Some(record) = self.playback.take()? {
                        self.apply(record)?;
                    }
                }
                Step::Print => {
                    self.venue.advance(time);
                    self.publish();
                    self.print_index(time);
                }
                Step::Fifth => {
                    self.venue.advance(time);
                    self.publish();
                    self.print_fifth(time);
                }
                Step::Agenda => self.do_next().map_err(|problem| ExchangeError::Unplayable { time, problem })?,
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

    /// Whether the recording's times were shifted.
    #[must_use]
    pub const fn is_rebased(&self) -> bool {
        self.rebased
    }

    /// Whether tickers name the close times of their markets. Not where times were shifted by anything but whole quarters of an hour.
    #[must_use]
    pub const fn tickers_name_close_times(&self) -> bool {
        self.names_are_true
    }

    /// Whether the prints of the index are made of something else than the index.
    #[must_use]
    pub fn index_is_stand_in(&self) -> bool {
        self.index.is_stand_in()
    }

    /// From when on the past of every index can be read without a hole of more than a minute; `None` where one has no print yet.
    #[must_use]
    pub fn prices_from(&self) -> Option<Timestamp> {
        self.index.prints_from()
    }

    /// Checks the venue's own books: every cent and contract worked out once more.
    ///
    /// # Errors
    /// The first thing that is wrong, in words.
    pub fn audit(&self) -> Result<(), String> {
        self.venue.audit()
    }
}

/// What happens next.
#[derive(Clone, Copy)]
enum Step {
    Record,
    Print,
    Fifth,
    Agenda,
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
