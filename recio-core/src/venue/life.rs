//! What happens by itself, and what the exchange's operators do: opening, closing, halts, pauses.

use super::venue::Deadline;
use super::{Refusal, RefusalCode, Subaccount, UpdateReason, Venue, VenueError, VenueEventKind, Wallet};
use crate::market::{LifecycleEvent, MarketStatus, PriceGrid, StrikeTerms};
use crate::trade::{FeeSchedule, Liquidity};
use crate::units::{AccountName, MarketTicker, Price, Quantity, Timestamp, to_micros_precision};
use jiff::SignedDuration;

/// How long a cancel of everything may go on. Source: docs.kalshi.com on cancelling all orders, state of October 2026.
const CANCEL_TAIL: SignedDuration = SignedDuration::from_secs(60);

impl Venue {
    /// Lets happen what is due: markets open at their open time and close at their close time (their resting orders are canceled, their
    /// book is emptied), orders end at their expiration. At one moment closing comes first.
    pub fn advance(&mut self, now: Timestamp) {
        let now = to_micros_precision(now).max(self.now);
        while let Some((time, _)) = self.deadlines.first()
            && *time <= now
        {
            let Some((time, due)) = self.deadlines.pop_first() else { break };
            self.now = self.now.max(time);
            match due {
                Deadline::Close(market) => self.close(&market),
                Deadline::Expire(number) => {
                    if self.orders.get(&number).is_some_and(super::VenueOrder::is_resting) {
                        self.end_order(number, Some(UpdateReason::ExpiryCancel));
                    }
                }
                Deadline::Open(market) => {
                    if let Some(book) = self.markets.get_mut(&market)
                        && book.market.status == MarketStatus::Initialized
                    {
                        book.market.status = MarketStatus::Active;
                    }
                }
            }
        }
        self.now = now;
    }

    /// When the next thing happens by itself.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(time, _)| *time)
    }

    /// Halts a market. Resting orders stay, until it trades again.
    ///
    /// # Errors
    /// No such market, or it does not trade.
    pub fn deactivate(&mut self, market: &MarketTicker, now: Timestamp) -> Result<(), VenueError> {
        self.advance(now);
        self.step(market, &[MarketStatus::Active], MarketStatus::Inactive, "halt it")?;
        self.push(market, VenueEventKind::Lifecycle(LifecycleEvent::Deactivated));
        Ok(())
    }

    /// Lets a halted market trade again. All of its resting orders are canceled.
    ///
    /// # Errors
    /// No such market, or it is not halted.
    pub fn activate(&mut self, market: &MarketTicker, now: Timestamp) -> Result<(), VenueError> {
        self.advance(now);
        self.step(market, &[MarketStatus::Inactive], MarketStatus::Active, "resume it")?;
        for number in self.markets[market].resting_numbers() {
            self.end_order(number, Some(UpdateReason::HaltCancel));
        }
        self.push(market, VenueEventKind::Lifecycle(LifecycleEvent::Activated));
        Ok(())
    }

    /// Pauses trading everywhere, or ends the pause: orders are refused, cancels work, nothing is executed. Orders that asked for it are
    /// canceled when it begins.
    pub fn pause_trading(&mut self, paused: bool, now: Timestamp) {
        self.advance(now);
        self.trading_paused = paused;
        self.after_pause(paused);
    }

    /// Pauses the whole exchange, or ends the pause: orders and cancels are refused. Orders that asked for it are canceled when it begins.
    pub fn pause_exchange(&mut self, paused: bool, now: Timestamp) {
        self.advance(now);
        self.exchange_paused = paused;
        self.after_pause(paused);
    }

    /// Announces or corrects a market's strike.
    ///
    /// # Errors
    /// No such market, or it has closed.
    pub fn announce_strike(
        &mut self,
        market: &MarketTicker,
        strike: StrikeTerms,
        now: Timestamp,
    ) -> Result<(), VenueError> {
        let book = self.open_book(market, now, "announce its strike")?;
        book.market.strike = strike.clone();
        self.push(market, VenueEventKind::Lifecycle(LifecycleEvent::StrikeUpdated { strike }));
        Ok(())
    }

    /// Changes a market's price grid. Resting orders stay where they are.
    ///
    /// # Errors
    /// No such market, or it has closed.
    pub fn change_grid(&mut self, market: &MarketTicker, grid: PriceGrid, now: Timestamp) -> Result<(), VenueError> {
        let book = self.open_book(market, now, "change its grid")?;
        book.market.grid = grid.clone();
        self.push(market, VenueEventKind::Lifecycle(LifecycleEvent::GridUpdated { grid }));
        Ok(())
    }

    /// Changes what fills of a market cost from here on. Orders keep what their fills have paid.
    ///
    /// # Errors
    /// No such market, or the fees are not published.
    pub fn change_fees(&mut self, market: &MarketTicker, fees: FeeSchedule, now: Timestamp) -> Result<(), VenueError> {
        self.advance(now);
        for liquidity in [Liquidity::Taker, Liquidity::Maker] {
            fees.exact(liquidity, Price::ONE, Quantity::ZERO)?;
        }
        let book = self.markets.get_mut(market).ok_or_else(|| VenueError::UnknownMarket(market.clone()))?;
        let before = std::mem::replace(&mut book.fees, fees);
        book.past_fees.push((now, before));
        Ok(())
    }

    /// Moves the close time of a market that has not closed. One in the past closes it at once.
    ///
    /// # Errors
    /// No such market, or it has closed.
    pub fn change_close_time(
        &mut self,
        market: &MarketTicker,
        close_time: Timestamp,
        now: Timestamp,
    ) -> Result<(), VenueError> {
        let book = self.open_book(market, now, "move its close time")?;
        book.market.close_time = close_time;
        self.deadlines.insert((close_time, Deadline::Close(market.clone())));
        self.push(market, VenueEventKind::Lifecycle(LifecycleEvent::CloseDateUpdated { close_time }));
        self.advance(self.now);
        Ok(())
    }

    /// Cancels every resting order of an account; returns how many there were. Nothing happens while the exchange is paused.
    pub fn cancel_all(&mut self, account: &AccountName, now: Timestamp) -> usize {
        self.cancel_all_of(account, None, now).unwrap_or_default()
    }

    /// Cancels every resting order of one of an account's subaccounts on every shard, or of all (`None`); returns how many there were.
    /// With [`VenueOptions::cancel_all_tail`](super::VenueOptions::cancel_all_tail) it goes on for a minute.
    ///
    /// # Errors
    /// The exchange's refusal: no such account, or the exchange is paused.
    pub fn cancel_all_of(
        &mut self,
        account: &AccountName,
        subaccount: Option<Subaccount>,
        now: Timestamp,
    ) -> Result<usize, Refusal> {
        self.advance(now);
        let books = self.accounts.get_mut(account).ok_or(RefusalCode::UserNotFound)?;
        if self.exchange_paused {
            return Err(RefusalCode::ExchangeIsPaused.into());
        }
        if self.options.cancel_all_tail {
            let until = self.now.saturating_add(CANCEL_TAIL).unwrap_or(self.now);
            match subaccount {
                Some(subaccount) => _ = books.cancel_tails.insert(subaccount, until),
                None => books.cancel_tail = Some(until),
            }
        }
        let concerned = |number: &u64| {
            let order = &self.orders[number];
            order.is_resting() && subaccount.is_none_or(|wanted| order.wallet.subaccount == wanted)
        };
        let resting: Vec<u64> = books.orders.iter().copied().filter(concerned).collect();
        for &number in &resting {
            self.end_order(number, Some(UpdateReason::Decrease));
        }
        Ok(resting.len())
    }

    /// Whether all orders of the wallet's subaccount were canceled less than a minute ago, and new ones are canceled with them.
    pub(super) fn in_cancel_tail(&self, account: &AccountName, wallet: Wallet) -> bool {
        let Some(books) = self.accounts.get(account) else { return false };
        let until = books.cancel_tail.max(books.cancel_tails.get(&wallet.subaccount).copied());
        until.is_some_and(|until| self.now < until)
    }

    fn close(&mut self, market: &MarketTicker) {
        let now = self.now;
        let Some(book) = self.markets.get_mut(market) else { return };
        let open =
            matches!(book.market.status, MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive);
        if !open || book.market.close_time > now {
            return;
        }
        book.market.status = MarketStatus::Closed;
        for number in self.markets[market].resting_numbers() {
            self.end_order(number, Some(UpdateReason::CloseCancel));
        }
        if let Some(book) = self.markets.get_mut(market) {
            book.overlay.clear();
        }
        self.push(market, VenueEventKind::BookSnapshot { bids: Vec::new(), asks: Vec::new() });
    }

    fn after_pause(&mut self, paused: bool) {
        let markets: Vec<MarketTicker> = self.markets.keys().cloned().collect();
        for market in &markets {
            if paused {
                for number in self.markets[market].resting_numbers() {
                    if self.orders[&number].terms.cancel_on_pause {
                        self.end_order(number, Some(UpdateReason::HaltCancel));
                    }
                }
            } else {
                self.match_recorded(market);
                self.report_recorded_changes(market);
            }
        }
    }

    fn open_book(
        &mut self,
        market: &MarketTicker,
        now: Timestamp,
        wanted: &'static str,
    ) -> Result<&mut super::market_book::MarketBook, VenueError> {
        self.advance(now);
        let book = self.markets.get_mut(market).ok_or_else(|| VenueError::UnknownMarket(market.clone()))?;
        match book.market.status {
            MarketStatus::Initialized | MarketStatus::Active | MarketStatus::Inactive => Ok(book),
            status @ (MarketStatus::Closed
            | MarketStatus::Determined
            | MarketStatus::Disputed
            | MarketStatus::Amended
            | MarketStatus::Finalized) => Err(VenueError::WrongStatus { market: market.clone(), status, wanted }),
        }
    }

    pub(super) fn step(
        &mut self,
        market: &MarketTicker,
        from: &[MarketStatus],
        to: MarketStatus,
        wanted: &'static str,
    ) -> Result<(), VenueError> {
        let book = self.markets.get_mut(market).ok_or_else(|| VenueError::UnknownMarket(market.clone()))?;
        let status = book.market.status;
        if !from.contains(&status) {
            return Err(VenueError::WrongStatus { market: market.clone(), status, wanted });
        }
        book.market.status = to;
        Ok(())
    }
}
