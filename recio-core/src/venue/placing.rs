//! What an account can ask for: placing and canceling orders.

use super::collateral::{self, Claim};
use super::venue::Deadline;
use super::{
    CanceledOrder, DuplicateIds, NewOrder, Placed, Refusal, RefusalCode, UpdateReason, Venue, VenueEventKind,
    VenueOrder,
};
use crate::market::{BookSide, MarketStatus};
use crate::trade::{OrderFees, ReportedStatus, TimeInForce};
use crate::units::{AccountName, ExchangeOrderId, Money, Price, Quantity, Timestamp};

impl Venue {
    /// Places an order. What it crosses is executed at the resting orders' prices, by price and then by time.
    ///
    /// # Errors
    /// The exchange's refusal. Nothing happened then, except that the client order id of a killed fill-or-kill order is spent.
    pub fn place(&mut self, account: &AccountName, order: NewOrder, now: Timestamp) -> Result<Placed, Refusal> {
        self.advance(now);
        self.check_form(account, &order)?;
        self.check_id(account, &order)?;
        if order.post_only && self.markets[&order.market].would_cross(order.book_side, order.yes_price) {
            return Err(RefusalCode::InvalidOrder.with("post only cross"));
        }
        let working = self.working_quantity(account, &order);
        self.check_collateral(account, &order, working)?;
        let limit = (order.book_side, order.yes_price);
        let fillable = || self.fillable(&order.market, account, limit, working, order.self_trade_prevention);
        let killed = order.time_in_force == TimeInForce::FillOrKill && fillable() < working;
        if let (Some(books), Some(id)) = (self.accounts.get_mut(account), &order.client_order_id) {
            books.used_ids.insert(id.clone());
        }
        if killed {
            return Err(RefusalCode::FillOrKillInsufficientRestingVolume.into());
        }

        let number = self.accept(account, order, working);
        if working.is_zero() {
            self.end_order(number, Some(UpdateReason::ReduceOnlyCancel));
        } else {
            self.match_incoming(number);
            self.finish(number);
        }
        let answer = self.answer(number);
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

    /// Checks what can be told from the order, the market and the exchange's state.
    fn check_form(&self, account: &AccountName, order: &NewOrder) -> Result<(), Refusal> {
        if !self.accounts.contains_key(account) {
            return Err(RefusalCode::UserNotFound.into());
        }
        if order.client_order_id.as_ref().is_some_and(|id| id.as_str().contains('.')) {
            return Err(RefusalCode::InvalidParameters.with("client_order_id must not contain a point"));
        }
        let book = self.markets.get(&order.market).ok_or(RefusalCode::MarketNotFound)?;
        if self.exchange_paused {
            return Err(RefusalCode::ExchangeIsPaused.into());
        }
        if self.trading_paused {
            return Err(RefusalCode::TradingIsPaused.into());
        }
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
        }
    }

    fn check_id(&self, account: &AccountName, order: &NewOrder) -> Result<(), Refusal> {
        let (Some(books), Some(id)) = (self.accounts.get(account), &order.client_order_id) else { return Ok(()) };
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
    fn working_quantity(&self, account: &AccountName, order: &NewOrder) -> Quantity {
        if !order.reduce_only {
            return order.quantity;
        }
        let held = self.accounts[account].position(&order.market);
        order.quantity.min(match order.book_side {
            BookSide::Bid => held.no_size(),
            BookSide::Ask => held.yes_size(),
        })
    }

    /// Checks that the account can pay for the most that its orders can lose, with this one among them.
    fn check_collateral(&self, account: &AccountName, order: &NewOrder, working: Quantity) -> Result<(), Refusal> {
        let books = &self.accounts[account];
        let held = books.position(&order.market);
        let mut claims = self.markets[&order.market].claims(&self.orders, account);
        let size: u64 = claims
            .iter()
            .filter(|claim| claim.book_side == order.book_side)
            .map(|claim| claim.remaining.hundredths())
            .fold(held.size().hundredths().saturating_add(working.hundredths()), u64::saturating_add);
        if size > Quantity::MAX.hundredths() {
            return Err(RefusalCode::ExceededPerMarketRiskLimit.into());
        }
        let before = collateral::required_micros(held, claims.iter().copied());
        let new = Claim { book_side: order.book_side, yes_price: order.yes_price, remaining: working };
        let better =
            |claim: &Claim| claim.book_side != new.book_side || claim.book_side.crosses(claim.yes_price, new.yes_price);
        let at = claims.iter().position(|claim| !better(claim)).unwrap_or(claims.len());
        claims.insert(at, new);
        let needed = collateral::required_micros(held, claims.into_iter()) - before;
        let available = i128::from(books.balance().available().micros());
        if needed > 0 && needed > available { Err(RefusalCode::InsufficientBalance.into()) } else { Ok(()) }
    }

    fn accept(&mut self, account: &AccountName, terms: NewOrder, working: Quantity) -> u64 {
        let number = self.orders.last_key_value().map_or(1, |(last, _)| last + 1);
        let id = self.order_id(number);
        if let Some(expiration) = terms.expiration {
            self.deadlines.insert((expiration, Deadline::Expire(number)));
        }
        self.numbers.insert(id.clone(), number);
        if let Some(books) = self.accounts.get_mut(account) {
            books.orders.push(number);
        }
        self.orders.insert(
            number,
            VenueOrder {
                id,
                account: account.clone(),
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
                queue_ahead: Quantity::ZERO,
                unproven: Quantity::ZERO,
            },
        );
        number
    }

    /// After matching: what is left rests or is canceled, as the order's time in force has it.
    fn finish(&mut self, number: u64) {
        let order = &self.orders[&number];
        if !order.is_resting() {
            return;
        }
        let (account, market) = (order.account.clone(), order.terms.market.clone());
        match order.terms.time_in_force {
            TimeInForce::GoodTillCanceled => {
                self.rest(number);
                self.refresh_reserved(&account, &market);
                let order = self.orders[&number].clone();
                if order.filled.is_zero() {
                    self.push(&market, VenueEventKind::OrderUpdate(Box::new(order)));
                }
            }
            TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => {
                self.end_order(number, None);
            }
        }
    }

    fn answer(&self, number: u64) -> Placed {
        let order = &self.orders[&number];
        let fees = order.taker_fees;
        let cost = order.taker_fill_cost;
        let yes_value = match order.terms.book_side {
            BookSide::Bid => cost,
            // The cost of NO contracts is a dollar each less the YES value.
            BookSide::Ask => Price::ONE * order.filled - cost,
        };
        Placed {
            order_id: order.id.clone(),
            client_order_id: order.terms.client_order_id.clone(),
            filled: order.filled,
            remaining: order.remaining,
            yes_value,
            fees,
            exchange_time: order.created_time,
        }
    }
}
