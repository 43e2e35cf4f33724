//! What an account can ask for: placing and canceling orders.

use super::collateral::{self, Claim};
use super::venue::Deadline;
use super::{
    CanceledOrder, DuplicateIds, NewOrder, Placed, PostOnlyCross, Refusal, RefusalCode, UpdateReason, Venue,
    VenueEventKind, VenueOrder, Wallet,
};
use crate::market::{BookSide, MarketStatus};
use crate::trade::{OrderFees, ReportedStatus, TimeInForce};
use crate::units::{AccountName, ClientOrderId, ExchangeOrderId, MarketTicker, Money, Price, Quantity, Timestamp};

impl Venue {
    /// Places an order. What it crosses is executed at the resting orders' prices, by price and then by time.
    ///
    /// # Errors
    /// The exchange's refusal. Nothing happened then, except that the client order id of a killed fill-or-kill order is spent.
    pub fn place(&mut self, account: &AccountName, order: NewOrder, now: Timestamp) -> Result<Placed, Refusal> {
        self.advance(now);
        let wallet = self.check_form(account, &order)?;
        self.check_id(account, order.client_order_id.as_ref())?;
        let crosses = order.post_only && self.markets[&order.market].would_cross(order.book_side, order.yes_price);
        if crosses && self.options.post_only_cross == PostOnlyCross::Refuse {
            return Err(RefusalCode::InvalidOrder.with("post only cross"));
        }
        let working = self.working_quantity(account, wallet, &order);
        let claim = Claim { book_side: order.book_side, yes_price: order.yes_price, remaining: working };
        self.check_collateral(account, wallet, &order.market, claim, None)?;
        let limit = (order.book_side, order.yes_price);
        let fillable = || self.fillable(&order.market, account, limit, working, order.self_trade_prevention);
        let killed = order.time_in_force == TimeInForce::FillOrKill && fillable() < working;
        if let (Some(books), Some(id)) = (self.accounts.get_mut(account), &order.client_order_id) {
            books.used_ids.insert(id.clone());
        }
        if killed {
            return Err(RefusalCode::FillOrKillInsufficientRestingVolume.into());
        }

        let number = self.accept(account, wallet, order, working);
        if crosses {
            self.end_order(number, Some(UpdateReason::PostOnlyCrossCancel));
        } else if working.is_zero() {
            self.end_order(number, Some(UpdateReason::ReduceOnlyCancel));
        } else {
            self.match_incoming(number);
            self.finish(number);
        }
        let answer = self.answer(number, None);
        if self.in_cancel_tail(account, wallet) && self.orders[&number].is_resting() {
            self.end_order(number, Some(UpdateReason::Decrease));
        }
        // Where the recorded book was crossed itself, what was taken may have cleared the way to orders that waited.
        let market = self.orders[&number].terms.market.clone();
        self.match_recorded(&market);
        self.report_recorded_changes(&market);
        Ok(answer)
    }

    /// Takes what is left of an order out of the book.
    ///
    /// # Errors
    /// The exchange's refusal: the order does not rest any more or never did, the market has closed, or the exchange is paused. A paused or
    /// halted market is no hindrance (for a halted one that is not confirmed).
    pub fn cancel(
        &mut self,
        account: &AccountName,
        order_id: &ExchangeOrderId,
        now: Timestamp,
    ) -> Result<CanceledOrder, Refusal> {
        self.advance(now);
        if !self.accounts.contains_key(account) {
            return Err(RefusalCode::UserNotFound.into());
        }
        if self.exchange_paused {
            return Err(RefusalCode::ExchangeIsPaused.into());
        }
        let order = self.order(account, order_id).ok_or(RefusalCode::NotFound)?;
        if !matches!(self.markets[&order.terms.market].market.status, MarketStatus::Active | MarketStatus::Inactive) {
            return Err(RefusalCode::MarketInactive.into());
        }
        if !order.is_resting() {
            return Err(RefusalCode::NotFound.into());
        }
        let client_order_id = order.terms.client_order_id.clone();
        let number = self.numbers[order_id];
        let reduced_by = self.end_order(number, Some(UpdateReason::Decrease));
        Ok(CanceledOrder { order_id: order_id.clone(), client_order_id, reduced_by, exchange_time: self.now })
    }

    /// Checks what can be told from the order, the market and the exchange's state; returns whose cash it needs.
    fn check_form(&self, account: &AccountName, order: &NewOrder) -> Result<Wallet, Refusal> {
        let books = self.accounts.get(account).ok_or(RefusalCode::UserNotFound)?;
        check_client_id(order.client_order_id.as_ref())?;
        let book = self.markets.get(&order.market).ok_or(RefusalCode::MarketNotFound)?;
        let wallet = Wallet { subaccount: order.subaccount, shard: book.market.exchange_index };
        if !books.has(wallet) {
            return Err(RefusalCode::InvalidParameters.with("no such subaccount on this shard"));
        }
        self.check_trading()?;
        if !book.market.status.is_trading() {
            return Err(RefusalCode::MarketInactive.into());
        }
        if !book.market.grid.contains(order.yes_price) {
            return Err(RefusalCode::InvalidPrice.into());
        }
        if order.quantity.is_zero() {
            return Err(RefusalCode::InvalidOrderSize.into());
        }
        let rests = order.time_in_force == TimeInForce::GoodTillCanceled;
        if order.reduce_only && rests {
            return Err(RefusalCode::InvalidOrder.with("reduce_only can only be used with IoC or FoK orders"));
        }
        match order.expiration {
            Some(_) if !rests => {
                Err(RefusalCode::InvalidOrder.with("expiration_time can only be used with good_till_canceled"))
            }
            Some(time) if time <= self.now => Err(RefusalCode::InvalidOrder.with("expiration_time has passed")),
            Some(_) | None => Ok(()),
        }?;
        self.check_group(account, wallet, order.order_group.as_ref())?;
        Ok(wallet)
    }

    /// Checks that orders may be placed and amended at all.
    pub(super) fn check_trading(&self) -> Result<(), Refusal> {
        if self.exchange_paused {
            return Err(RefusalCode::ExchangeIsPaused.into());
        }
        if self.trading_paused {
            return Err(RefusalCode::TradingIsPaused.into());
        }
        Ok(())
    }

    /// Checks a client order id against those that were used before, as the venue's mode has it.
    pub(super) fn check_id(&self, account: &AccountName, id: Option<&ClientOrderId>) -> Result<(), Refusal> {
        let (Some(books), Some(id)) = (self.accounts.get(account), id) else { return Ok(()) };
        let rests = |number: &u64| {
            let order = &self.orders[number];
            order.is_resting() && order.terms.client_order_id.as_ref() == Some(id)
        };
        let refused = match self.options.duplicate_ids {
            DuplicateIds::RejectAlways => books.used_ids.contains(id),
            DuplicateIds::RejectIfOpen => books.used_ids.contains(id) && books.orders.iter().any(rests),
            DuplicateIds::Accept => false,
        };
        if refused { Err(RefusalCode::OrderAlreadyExists.into()) } else { Ok(()) }
    }

    /// Contracts that may be executed: all, or for a reduce-only order at most what is held of the other side.
    fn working_quantity(&self, account: &AccountName, wallet: Wallet, order: &NewOrder) -> Quantity {
        if !order.reduce_only {
            return order.quantity;
        }
        let held = self.accounts[account].position(wallet, &order.market);
        order.quantity.min(match order.book_side {
            BookSide::Bid => held.no_size(),
            BookSide::Ask => held.yes_size(),
        })
    }

    /// Checks that a wallet can pay for the most that its orders can lose, with this claim among them, in place of `replaced` where there
    /// is one.
    pub(super) fn check_collateral(
        &self,
        account: &AccountName,
        wallet: Wallet,
        market: &MarketTicker,
        new: Claim,
        replaced: Option<u64>,
    ) -> Result<(), Refusal> {
        let books = &self.accounts[account];
        let held = books.position(wallet, market);
        let book = &self.markets[market];
        let before = collateral::required_micros(held, book.claims(&self.orders, account, wallet, None).into_iter());
        let mut claims = book.claims(&self.orders, account, wallet, replaced);
        let size: u64 = claims
            .iter()
            .filter(|claim| claim.book_side == new.book_side)
            .map(|claim| claim.remaining.hundredths())
            .fold(held.size().hundredths().saturating_add(new.remaining.hundredths()), u64::saturating_add);
        if size > Quantity::MAX.hundredths() {
            return Err(RefusalCode::ExceededPerMarketRiskLimit.into());
        }
        let better =
            |claim: &Claim| claim.book_side != new.book_side || claim.book_side.crosses(claim.yes_price, new.yes_price);
        let at = claims.iter().position(|claim| !better(claim)).unwrap_or(claims.len());
        claims.insert(at, new);
        let needed = collateral::required_micros(held, claims.into_iter()) - before;
        let available = books.purse(wallet).map_or(Money::ZERO, |purse| purse.balance().available());
        let available = i128::from(available.micros());
        if needed > 0 && needed > available { Err(RefusalCode::InsufficientBalance.into()) } else { Ok(()) }
    }

    fn accept(&mut self, account: &AccountName, wallet: Wallet, terms: NewOrder, working: Quantity) -> u64 {
        let number = self.orders.last_key_value().map_or(1, |(last, _)| last + 1);
        let id = self.order_id(number);
        if let Some(expiration) = terms.expiration {
            self.deadlines.insert((expiration, Deadline::Expire(number)));
        }
        self.numbers.insert(id.clone(), number);
        if let Some(books) = self.accounts.get_mut(account) {
            books.orders.push(number);
        }
        self.join_group(number, terms.order_group.as_ref());
        self.orders.insert(
            number,
            VenueOrder {
                id,
                account: account.clone(),
                wallet,
                terms,
                status: ReportedStatus::Resting,
                filled: Quantity::ZERO,
                remaining: working,
                taker_fill_cost: Money::ZERO,
                maker_fill_cost: Money::ZERO,
                taker_fees: Money::ZERO,
                maker_fees: Money::ZERO,
                created_time: self.now,
                updated_time: self.now,
                last_update_reason: None,
                fees: OrderFees::default(),
                turn: 0,
                queue_ahead: Quantity::ZERO,
                unproven: Quantity::ZERO,
            },
        );
        number
    }

    /// After matching: what is left rests or is canceled, as the order's time in force has it.
    pub(super) fn finish(&mut self, number: u64) {
        let order = &self.orders[&number];
        if !order.is_resting() {
            return;
        }
        let (account, wallet, market) = (order.account.clone(), order.wallet, order.terms.market.clone());
        match order.terms.time_in_force {
            TimeInForce::GoodTillCanceled => {
                self.rest(number);
                self.refresh_reserved(&account, wallet, &market);
                let order = self.orders[&number].clone();
                // Fills and amends have told of it already.
                if order.last_update_reason.is_none() {
                    self.push(&market, VenueEventKind::OrderUpdate(Box::new(order)));
                }
            }
            TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => {
                self.end_order(number, None);
            }
        }
    }

    /// The answer to a create, or to an amend of an order that was as `before`: what this request alone did.
    pub(super) fn answer(&self, number: u64, before: Option<&VenueOrder>) -> Placed {
        let order = &self.orders[&number];
        let since = |of: fn(&VenueOrder) -> Money| of(order) - before.map_or(Money::ZERO, of);
        let (fees, cost) = (since(|order| order.taker_fees), since(|order| order.taker_fill_cost));
        let filled = order.filled.saturating_sub(before.map_or(Quantity::ZERO, |before| before.filled));
        let yes_value = match order.terms.book_side {
            BookSide::Bid => cost,
            // The cost of NO contracts is a dollar each less the YES value.
            BookSide::Ask => Price::ONE * filled - cost,
        };
        Placed {
            order_id: order.id.clone(),
            client_order_id: order.terms.client_order_id.clone(),
            filled,
            remaining: order.remaining,
            yes_value,
            fees,
            exchange_time: self.now,
        }
    }
}

/// Checks the form of a client order id: the exchange refuses a point in it.
pub(super) fn check_client_id(id: Option<&ClientOrderId>) -> Result<(), Refusal> {
    if id.is_some_and(|id| id.as_str().contains('.')) {
        return Err(RefusalCode::InvalidParameters.with("client_order_id must not contain a point"));
    }
    Ok(())
}
