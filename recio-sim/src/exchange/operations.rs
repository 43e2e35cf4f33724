//! What the exchange's operators do, for scenarios and tests: pauses, halts, late, disputed and corrected outcomes, fees.
//!
//! Nothing here is part of Kalshi's API. Everything happens at the exchange's own time and is told to clients in the exchange's ways alone.

use super::agenda::Due;
use super::fee_notices::FeeNotice;
use super::{Exchange, ExchangeError};
use jiff::SignedDuration;
use recio_core::market::{FeeType, MarketResult, PriceGrid, StrikeTerms};
use recio_core::trade::FeeMultiplier;
use recio_core::units::{AssetPrice, EventTicker, MarketTicker, SeriesTicker, Timestamp};
use recio_core::venue::VenueError;

/// What is paused, and until when that is announced. The outer `None` is not paused.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Halts {
    trading: Option<Option<Timestamp>>,
    exchange: Option<Option<Timestamp>>,
    /// The weekly pause, with its end.
    pub(super) weekly: Option<Timestamp>,
}

impl Halts {
    /// When it is said to go on: when the last of the pauses ends. `None` where nothing is paused, or one has no end.
    pub(super) fn resume_time(&self) -> Option<Timestamp> {
        let ends = [self.trading, self.exchange, self.weekly.map(Some)];
        ends.into_iter().flatten().collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

impl Exchange {
    /// Pauses trading everywhere: orders are refused with 409 `trading_is_paused`, cancels work, and orders that asked for it are canceled. With
    /// `until` the pause ends by itself, and the exchange's status tells when.
    pub fn pause_trading(&mut self, until: Option<Timestamp>) {
        self.halts.trading = Some(until);
        if let Some(until) = until {
            self.agenda.plan(until, Due::ResumeTrading);
        }
        self.apply_halts(self.now());
    }

    /// Ends a trading pause. The weekly pause goes on.
    pub fn resume_trading(&mut self) {
        self.halts.trading = None;
        self.apply_halts(self.now());
    }

    /// Pauses the whole exchange: orders and cancels are refused with 409 `exchange_is_paused`. With `until` the pause ends by itself.
    pub fn pause_exchange(&mut self, until: Option<Timestamp>) {
        self.halts.exchange = Some(until);
        if let Some(until) = until {
            self.agenda.plan(until, Due::ResumeExchange);
        }
        self.apply_halts(self.now());
    }

    /// Ends a pause of the whole exchange.
    pub fn resume_exchange(&mut self) {
        self.halts.exchange = None;
        self.apply_halts(self.now());
    }

    pub(super) fn end_pause_due(&mut self, now: Timestamp) {
        if self.halts.trading.flatten().is_some_and(|until| until <= now) {
            self.halts.trading = None;
            self.apply_halts(now);
        }
    }

    pub(super) fn end_exchange_pause_due(&mut self, now: Timestamp) {
        if self.halts.exchange.flatten().is_some_and(|until| until <= now) {
            self.halts.exchange = None;
            self.apply_halts(now);
        }
    }

    /// Brings the venue to what is wanted.
    pub(super) fn apply_halts(&mut self, now: Timestamp) {
        let trading = self.halts.trading.is_some() || self.halts.weekly.is_some();
        if self.venue.is_trading_paused() != trading {
            self.venue.pause_trading(trading, now);
        }
        let exchange = self.halts.exchange.is_some();
        if self.venue.is_exchange_paused() != exchange {
            self.venue.pause_exchange(exchange, now);
        }
        self.publish();
    }

    /// Halts one market. Its resting orders stay until it trades again, and are canceled then.
    ///
    /// # Errors
    /// No such market, or it does not trade.
    pub fn deactivate(&mut self, market: &MarketTicker) -> Result<(), ExchangeError> {
        self.operate(|exchange, now| exchange.venue.deactivate(market, now))
    }

    /// Lets a halted market trade again.
    ///
    /// # Errors
    /// No such market, or it is not halted.
    pub fn reactivate(&mut self, market: &MarketTicker) -> Result<(), ExchangeError> {
        self.operate(|exchange, now| exchange.venue.activate(market, now))
    }

    /// Moves the close time of a market that has not closed.
    ///
    /// # Errors
    /// No such market, or it has closed.
    pub fn change_close_time(&mut self, market: &MarketTicker, close_time: Timestamp) -> Result<(), ExchangeError> {
        self.operate(|exchange, now| {
            exchange.venue.change_close_time(market, close_time, now)?;
            exchange.touch(market, now);
            Ok(())
        })
    }

    /// Changes the prices at which orders may lie (`price_level_structure_updated`).
    ///
    /// # Errors
    /// No such market, or it has closed.
    pub fn change_grid(&mut self, market: &MarketTicker, grid: PriceGrid) -> Result<(), ExchangeError> {
        self.operate(|exchange, now| {
            exchange.venue.change_grid(market, grid, now)?;
            exchange.touch(market, now);
            Ok(())
        })
    }

    /// Announces or corrects a strike (`metadata_updated`).
    ///
    /// # Errors
    /// No such market, or it has closed.
    pub fn announce_strike(&mut self, market: &MarketTicker, strike: StrikeTerms) -> Result<(), ExchangeError> {
        self.operate(|exchange, now| {
            exchange.venue.announce_strike(market, strike, now)?;
            exchange.touch(market, now);
            Ok(())
        })
    }

    /// Lets the strike of a market be announced so much later than it would be.
    pub fn delay_strike(&mut self, market: &MarketTicker, by: SignedDuration) {
        self.agenda.delays_mut(market).strike = by;
    }

    /// Lets the outcome of a market be announced so much later than it would be; what was announced stays.
    pub fn delay_outcome(&mut self, market: &MarketTicker, by: SignedDuration) {
        self.agenda.delays_mut(market).outcome = by;
    }

    /// Lets a market be paid so much later than it would be, as far as its payout is not planned yet.
    pub fn delay_settlement(&mut self, market: &MarketTicker, by: SignedDuration) {
        self.agenda.delays_mut(market).payout = by;
    }

    /// Challenges the outcome of a determined market: it is not paid before [`amend_outcome`](Self::amend_outcome).
    ///
    /// # Errors
    /// No such market, or its outcome is not known or paid already.
    pub fn dispute(&mut self, market: &MarketTicker) -> Result<(), ExchangeError> {
        self.operate(|exchange, now| {
            exchange.venue.dispute(market, now)?;
            exchange.agenda.forget_payouts(market);
            Ok(())
        })
    }

    /// Determines a disputed market again (with the same outcome, where the challenge failed), or corrects one that was paid. It is paid, or the
    /// difference is, when its settlement timer has run once more.
    ///
    /// # Errors
    /// No such market, or it is neither disputed nor paid.
    pub fn amend_outcome(
        &mut self,
        market: &MarketTicker,
        result: MarketResult,
        value: Option<AssetPrice>,
    ) -> Result<(), ExchangeError> {
        self.operate(|exchange, now| {
            exchange.venue.redetermine(market, result, value, now)?;
            let timer = exchange.venue.market(market).map(|market| market.settlement_timer).unwrap_or_default();
            let timer = SignedDuration::try_from(timer).unwrap_or(SignedDuration::ZERO);
            let due = now.checked_add(timer).unwrap_or(now);
            exchange.agenda.plan(due, Due::Settle { market: market.clone() });
            Ok(())
        })
    }

    /// Announces fees of an event that differ from its series', from a time on; `None` announces the series' fees again.
    ///
    /// # Errors
    /// No such event, or a fee type whose table is not published.
    pub fn announce_event_fees(
        &mut self,
        event: &EventTicker,
        fees: Option<(FeeType, FeeMultiplier)>,
        scheduled: Timestamp,
    ) -> Result<(), ExchangeError> {
        self.announce_fees(FeeNotice::Event(event.clone(), fees), scheduled)
    }

    /// Announces the fees of a series from a time on.
    ///
    /// # Errors
    /// No such series, or a fee type whose table is not published.
    pub fn announce_series_fees(
        &mut self,
        series: &SeriesTicker,
        fee_type: FeeType,
        multiplier: FeeMultiplier,
        scheduled: Timestamp,
    ) -> Result<(), ExchangeError> {
        self.announce_fees(FeeNotice::Series(series.clone(), fee_type, multiplier), scheduled)
    }

    /// Does something at the exchange's time, and tells the sessions what came of it.
    fn operate(
        &mut self,
        action: impl FnOnce(&mut Self, Timestamp) -> Result<(), VenueError>,
    ) -> Result<(), ExchangeError> {
        let now = self.now();
        let done = action(self, now);
        self.publish();
        done.map_err(ExchangeError::Operation)
    }

    fn touch(&mut self, market: &MarketTicker, now: Timestamp) {
        if let Some(listing) = self.listings.get_mut(market) {
            listing.updated_time = now;
        }
    }
}
