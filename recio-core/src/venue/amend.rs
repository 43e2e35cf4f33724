//! Changing a resting order: its price, size, name and expiration.
//!
//! An order keeps its place in the queue when it gets smaller or only ends at another time; a new price or a larger size costs it. Source:
//! docs.kalshi.com (amend and decrease of V2 event orders) and the exchange's FIX texts, state of October 2026.

use super::collateral::Claim;
use super::placing::check_client_id;
use super::venue::Deadline;
use super::{Placed, PostOnlyCross, Refusal, RefusalCode, Subaccount, UpdateReason, Venue, VenueEventKind, VenueOrder};
use crate::market::{BookSide, MarketStatus};
use crate::units::{AccountName, ClientOrderId, ExchangeOrderId, MarketTicker, Price, Quantity, Timestamp};
use serde::{Deserialize, Serialize};

/// What an order is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amend {
    /// The order's market; it cannot be changed.
    pub market: MarketTicker,
    /// The order's side; it cannot be changed.
    pub book_side: BookSide,
    /// The order's subaccount; it cannot be changed.
    pub subaccount: Subaccount,
    /// The worst price, as a YES price.
    pub yes_price: Price,
    /// Contracts in all, with those that were executed.
    pub quantity: Quantity,
    /// The account's name for the order as it is, where it is given: checked.
    pub client_order_id: Option<ClientOrderId>,
    /// The account's name for the order from here on.
    pub updated_client_order_id: Option<ClientOrderId>,
    /// When it is canceled.
    pub expiration: ExpirationChange,
}

/// What becomes of an order's expiration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpirationChange {
    /// It stays.
    #[default]
    Keep,
    /// The order no longer expires.
    Clear,
    /// It is then.
    Set(Timestamp),
}

/// How much smaller an order is to be, in contracts that are not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decrease {
    /// So many fewer; as many as remain or more cancel it.
    By(Quantity),
    /// So many remain; none cancels it, and it never gets larger.
    To(Quantity),
}

impl Venue {
    /// Changes a resting order. Its remainder is what the new total leaves after what was executed; where nothing is left it is canceled.
    /// At a price that crosses, it is executed as an incoming order would be. The answer counts what the amend itself caused to be executed.
    ///
    /// # Errors
    /// The exchange's refusal; the order is as it was.
    pub fn amend(
        &mut self,
        account: &AccountName,
        order_id: &ExchangeOrderId,
        amend: &Amend,
        now: Timestamp,
    ) -> Result<Placed, Refusal> {
        self.advance(now);
        self.check_account(account)?;
        self.check_trading()?;
        let number = self.resting_number(account, amend.subaccount, order_id)?;
        let before = self.orders[&number].clone();
        self.check_amend(&before, amend)?;

        let remaining = amend.quantity.saturating_sub(before.filled);
        if remaining.is_zero() {
            self.end_order(number, Some(UpdateReason::Amend));
            return Ok(self.answer(number, Some(&before)));
        }
        let new_price = amend.yes_price != before.terms.yes_price;
        let book = &self.markets[&amend.market];
        if new_price && before.terms.post_only && book.would_cross(amend.book_side, amend.yes_price) {
            return match self.options.post_only_cross {
                PostOnlyCross::Refuse => Err(RefusalCode::InvalidOrder.with("post only cross")),
                PostOnlyCross::Cancel => {
                    self.end_order(number, Some(UpdateReason::PostOnlyCrossCancel));
                    Ok(self.answer(number, Some(&before)))
                }
            };
        }
        let claim = Claim { book_side: amend.book_side, yes_price: amend.yes_price, remaining };
        self.check_collateral(account, before.wallet, &amend.market, claim, Some(number))?;

        self.rename(number, amend);
        self.reschedule(number, amend.expiration);
        if new_price || remaining > before.remaining {
            self.requeue(number, amend.yes_price, remaining);
        } else {
            self.shrink(number, remaining, UpdateReason::Amend);
        }
        let answer = self.answer(number, Some(&before));
        self.match_recorded(&amend.market);
        self.report_recorded_changes(&amend.market);
        Ok(answer)
    }

    /// Makes a resting order smaller. It keeps its place in the queue. Works while trading is paused, as a cancel does (not confirmed).
    ///
    /// # Errors
    /// The exchange's refusal; the order is as it was.
    pub fn decrease(
        &mut self,
        account: &AccountName,
        subaccount: Subaccount,
        order_id: &ExchangeOrderId,
        decrease: Decrease,
        now: Timestamp,
    ) -> Result<Placed, Refusal> {
        self.advance(now);
        self.check_account(account)?;
        if self.exchange_paused {
            return Err(RefusalCode::ExchangeIsPaused.into());
        }
        let number = self.resting_number(account, subaccount, order_id)?;
        if decrease == Decrease::By(Quantity::ZERO) {
            return Err(RefusalCode::InvalidOrderSize.into());
        }
        let before = self.orders[&number].clone();
        let remaining = match decrease {
            Decrease::By(less) => before.remaining.saturating_sub(less),
            Decrease::To(left) => left.min(before.remaining),
        };
        if remaining.is_zero() {
            self.end_order(number, Some(UpdateReason::Decrease));
        } else if remaining < before.remaining {
            self.shrink(number, remaining, UpdateReason::Decrease);
        }
        Ok(self.answer(number, Some(&before)))
    }

    pub(super) fn check_account(&self, account: &AccountName) -> Result<(), Refusal> {
        if self.accounts.contains_key(account) { Ok(()) } else { Err(RefusalCode::UserNotFound.into()) }
    }

    /// The number of an order that rests in a market that has not closed.
    fn resting_number(
        &self,
        account: &AccountName,
        subaccount: Subaccount,
        order_id: &ExchangeOrderId,
    ) -> Result<u64, Refusal> {
        let order = self.order(account, order_id).filter(|order| order.wallet.subaccount == subaccount);
        let order = order.ok_or(RefusalCode::NotFound)?;
        if !matches!(self.markets[&order.terms.market].market.status, MarketStatus::Active | MarketStatus::Inactive) {
            return Err(RefusalCode::MarketInactive.into());
        }
        if order.is_resting() { Ok(self.numbers[order_id]) } else { Err(RefusalCode::NotFound.into()) }
    }

    fn check_amend(&self, order: &VenueOrder, amend: &Amend) -> Result<(), Refusal> {
        let terms = &order.terms;
        if amend.market != terms.market || amend.book_side != terms.book_side {
            return Err(RefusalCode::InvalidOrder.with("ticker and side of an order cannot be amended"));
        }
        let book = &self.markets[&terms.market];
        if !book.market.status.is_trading() {
            return Err(RefusalCode::MarketInactive.into());
        }
        if amend.client_order_id.is_some() && amend.client_order_id != terms.client_order_id {
            return Err(RefusalCode::InvalidOrder.with("client_order_id is not the order's"));
        }
        if amend.yes_price != terms.yes_price && !book.market.grid.contains(amend.yes_price) {
            return Err(RefusalCode::InvalidPrice.into());
        }
        if amend.quantity < order.filled {
            return Err(RefusalCode::InvalidOrder.with("count is below what was filled"));
        }
        if matches!(amend.expiration, ExpirationChange::Set(time) if time <= self.now) {
            return Err(RefusalCode::InvalidOrder.with("expiration_time has passed"));
        }
        let renamed = amend.updated_client_order_id.as_ref().filter(|id| terms.client_order_id.as_ref() != Some(*id));
        check_client_id(renamed)?;
        self.check_id(&order.account, renamed)
    }

    fn rename(&mut self, number: u64, amend: &Amend) {
        let Some(id) = &amend.updated_client_order_id else { return };
        let Some(order) = self.orders.get_mut(&number) else { return };
        order.terms.client_order_id = Some(id.clone());
        if let Some(books) = self.accounts.get_mut(&order.account) {
            books.used_ids.insert(id.clone());
        }
    }

    fn reschedule(&mut self, number: u64, change: ExpirationChange) {
        let Some(order) = self.orders.get_mut(&number) else { return };
        let expiration = match change {
            ExpirationChange::Keep => return,
            ExpirationChange::Clear => None,
            ExpirationChange::Set(time) => Some(time),
        };
        if let Some(old) = std::mem::replace(&mut order.terms.expiration, expiration) {
            self.deadlines.remove(&(old, Deadline::Expire(number)));
        }
        if let Some(time) = expiration {
            self.deadlines.insert((time, Deadline::Expire(number)));
        }
    }

    /// Sets what remains of a resting order to no more than remains; it keeps its place.
    fn shrink(&mut self, number: u64, remaining: Quantity, reason: UpdateReason) {
        let Some(order) = self.orders.get_mut(&number) else { return };
        let gone = order.remaining.saturating_sub(remaining);
        order.change_remaining(remaining, reason, self.now);
        let order = order.clone();
        self.leave_book(number, gone);
        self.refresh_reserved(&order.account, order.wallet, &order.terms.market);
        self.push(&order.terms.market.clone(), VenueEventKind::OrderUpdate(Box::new(order)));
    }

    /// Takes an order out of the book and lets it come in again at this price and size.
    fn requeue(&mut self, number: u64, yes_price: Price, remaining: Quantity) {
        let Some(order) = self.orders.get_mut(&number) else { return };
        let was = std::mem::take(&mut order.remaining);
        self.leave_book(number, was);
        let Some(order) = self.orders.get_mut(&number) else { return };
        order.terms.yes_price = yes_price;
        order.change_remaining(remaining, UpdateReason::Amend, self.now);
        let order = order.clone();
        self.push(&order.terms.market.clone(), VenueEventKind::OrderUpdate(Box::new(order)));
        self.match_incoming(number);
        self.finish(number);
        let order = &self.orders[&number];
        let (account, wallet, market) = (order.account.clone(), order.wallet, order.terms.market.clone());
        self.refresh_reserved(&account, wallet, &market);
    }
}
