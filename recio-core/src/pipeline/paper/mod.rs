//! Trading on paper: live data in, and an account that trades with it at a venue of recio's own.
//!
//! Nothing here is real money: orders go to [`crate::venue`] and nowhere else. [`PaperVenue`] stands between a source of market data and the
//! pipeline. As [`MarketData`](crate::market_data::MarketData) it hands everything on, and plays it into its venue; as
//! [`Executor`](crate::executor::Executor) it is an account at that venue. An order takes effect after a delay, trades with the book as it is then,
//! pays the series' fees, waits in the queue, and is settled by the exchange's own outcome.
//!
//! What paper cannot show: that our order would have moved the market, and what others would have done about it.

mod account;
mod account_file;
mod desk;
mod markets;
mod terms;

pub use account_file::PaperError;
pub use terms::{BookTiming, PaperTerms};

use super::Clock;
use crate::market_data::MarketData;
use crate::trade::FeeSchedule;
use crate::units::{AccountName, MarketTicker, Money, Monotonic, SeriesTicker};
use account_file::AccountFile;
use desk::Desk;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// An account that trades on paper, and the market data that it trades with: give it to a pipeline as both.
pub struct PaperVenue {
    data: Arc<dyn MarketData>,
    clock: Arc<dyn Clock>,
    terms: PaperTerms,
    desk: Mutex<Desk>,
    /// What fills of a series cost, as the exchange told.
    fees: Mutex<BTreeMap<SeriesTicker, FeeSchedule>>,
    /// When outcomes of closed markets were last asked for.
    asked: Mutex<Option<Monotonic>>,
    /// There are private events to tell.
    news: Notify,
}

impl PaperVenue {
    /// Opens the paper account of this name around a source of market data: the one in the file, or a new one with the opening cash of the terms.
    ///
    /// The file is written whole or not at all, and before any answer that depends on it is given: whatever an order led to survives a crash as
    /// soon as anybody can know of it. What was not answered may be lost, and is then found to be absent; it is never there twice.
    ///
    /// # Errors
    /// The file cannot be read or written, is damaged, is in use, or is another account's.
    pub fn open(
        data: Arc<dyn MarketData>,
        clock: Arc<dyn Clock>,
        account: AccountName,
        file: &Path,
        terms: PaperTerms,
    ) -> Result<Arc<Self>, PaperError> {
        let now = clock.now();
        let file = AccountFile::open(file)?;
        let desk = match file.read(&account)? {
            Some(venue) => Desk::go_on(venue, account, file, now.wall),
            None => Desk::begin(account, file, terms.opening_cash, now.wall),
        };
        let venue = Self {
            data,
            clock,
            terms,
            desk: Mutex::new(desk),
            fees: Mutex::default(),
            asked: Mutex::default(),
            news: Notify::new(),
        };
        venue.lock().save(now.mono)?;
        Ok(Arc::new(venue))
    }

    /// All cash of the account, with what resting orders hold back.
    #[must_use]
    pub fn cash(&self) -> Money {
        self.lock().cash()
    }

    /// What the account began with.
    #[must_use]
    pub fn opening_cash(&self) -> Money {
        self.lock().opening_cash()
    }

    /// Checks the account's books once more from its fills: see [`Venue::audit`](crate::venue::Venue::audit).
    ///
    /// # Errors
    /// The first thing that is wrong, in words.
    pub fn audit(&self) -> Result<(), String> {
        self.lock().audit()
    }

    /// Whether the market's book is known.
    #[must_use]
    pub fn knows_book(&self, market: &MarketTicker) -> bool {
        self.lock().book_received(market).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        // Whoever panicked in between left a venue that is whole: each of its calls is.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever waits for private events, if there are any.
    fn tell(&self, desk: &Desk) {
        if desk.has_news() {
            self.news.notify_one();
        }
    }
}

impl std::fmt::Debug for PaperVenue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperVenue").field("terms", &self.terms).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
