//! Executions: who meets whom, and what each of them gets.

use super::market_book::Maker;
use super::{ChangeOrigin, SelfTradePrevention, UpdateReason, Venue, VenueEventKind, Wallet, collateral};
use crate::market::{BookSide, PublicTrade};
use crate::trade::{Fill, Liquidity, ReportedStatus};
use crate::units::{AccountName, FillId, MarketTicker, Money, Price, Quantity};

/// One side of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    Order(u64),
    Recorded,
}

/// One execution about to happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Execution {
    pub(super) taker: Party,
    pub(super) taker_side: BookSide,
    pub(super) maker: Party,
    pub(super) yes_price: Price,
    pub(super) quantity: Quantity,
}

impl Venue {
    /// How much of an incoming order would be executed at once, without anything being changed.
    pub(super) fn fillable(
        &self,
        market: &MarketTicker,
        account: &AccountName,
        (side, limit): (BookSide, Price),
        wanted: Quantity,
        prevention: SelfTradePrevention,
    ) -> Quantity {
        let mut found = Quantity::ZERO;
        for maker in self.markets[market].makers(&self.orders, account, side, limit, wanted) {
            match maker {
                Maker::Recorded(level) => found = found.saturating_add(level.quantity),
                Maker::Order { number, .. } => {
                    let order = &self.orders[&number];
                    match (order.account == *account, prevention) {
                        (false, _) => found = found.saturating_add(order.remaining),
                        (true, SelfTradePrevention::Maker) => {}
                        (true, SelfTradePrevention::TakerAtCross) => break,
                    }
                }
            }
        }
        found.min(wanted)
    }

    /// Lets a new order take what it crosses. It stays `Resting` with what is left, unless it met an order of its own account.
    pub(super) fn match_incoming(&mut self, number: u64) {
        let order = &self.orders[&number];
        let (terms, account) = (order.terms.clone(), order.account.clone());
        let makers = self.markets[&terms.market].makers(
            &self.orders,
            &account,
            terms.book_side,
            terms.yes_price,
            order.remaining,
        );
        for maker in makers {
            let wanted = self.orders[&number].remaining;
            if wanted.is_zero() {
                break;
            }
            let (maker, yes_price, offered) = match maker {
                Maker::Recorded(level) => (Party::Recorded, level.price, level.quantity),
                Maker::Order { price, number: resting } => {
                    let theirs = &self.orders[&resting];
                    if theirs.account == account {
                        match terms.self_trade_prevention {
                            SelfTradePrevention::TakerAtCross => {
                                self.end_order(number, Some(UpdateReason::SelfTradeCancel));
                                break;
                            }
                            SelfTradePrevention::Maker => {
                                self.end_order(resting, Some(UpdateReason::SelfTradeCancel));
                                continue;
                            }
                        }
                    }
                    (Party::Order(resting), price, theirs.remaining)
                }
            };
            let quantity = wanted.min(offered);
            if maker == Party::Recorded {
                self.take_recorded(&terms.market, terms.book_side.opposite(), yes_price, quantity);
            }
            let taker = Party::Order(number);
            self.execute(&terms.market, Execution { taker, taker_side: terms.book_side, maker, yes_price, quantity });
        }
        self.trip_groups();
        self.report_recorded_changes(&terms.market);
    }

    /// Takes contracts out of the front of a recorded level: those behind them move up.
    pub(super) fn take_recorded(&mut self, market: &MarketTicker, side: BookSide, price: Price, quantity: Quantity) {
        let Some(book) = self.markets.get_mut(market) else { return };
        book.overlay.take(side, price, quantity);
        let behind: Vec<u64> = book.resting_at(side, price).collect();
        for number in behind {
            if let Some(order) = self.orders.get_mut(&number) {
                order.queue_ahead = order.queue_ahead.saturating_sub(quantity);
            }
        }
    }

    /// Books one execution with both parties and tells of it.
    pub(super) fn execute(&mut self, market: &MarketTicker, execution: Execution) {
        let id = self.next_trade_id();
        for (party, liquidity, side) in [
            (execution.maker, Liquidity::Maker, execution.taker_side.opposite()),
            (execution.taker, Liquidity::Taker, execution.taker_side),
        ] {
            match party {
                Party::Order(number) => {
                    self.fill_order(number, &id, execution.yes_price, execution.quantity, liquidity);
                }
                Party::Recorded => self.book_recorded(market, side, execution.yes_price, execution.quantity),
            }
        }
        self.push(
            market,
            VenueEventKind::PublicTrade(PublicTrade {
                id,
                market: market.clone(),
                yes_price: execution.yes_price,
                quantity: execution.quantity,
                taker_side: execution.taker_side.outcome(),
                exchange_time: self.now,
            }),
        );
    }

    /// Takes an order out of the book and cancels what is left of it.
    pub(super) fn end_order(&mut self, number: u64, reason: Option<UpdateReason>) -> Quantity {
        let Some(order) = self.orders.get_mut(&number) else { return Quantity::ZERO };
        let left = std::mem::take(&mut order.remaining);
        order.status = ReportedStatus::Canceled;
        order.updated_time = self.now;
        order.last_update_reason = reason;
        let order = order.clone();
        self.leave_book(number, left);
        self.leave_group(number);
        self.refresh_reserved(&order.account, order.wallet, &order.terms.market);
        self.push(&order.terms.market.clone(), VenueEventKind::OrderUpdate(Box::new(order)));
        left
    }

    /// Puts what is left of an order into the book, behind everything that is visible at its price.
    pub(super) fn rest(&mut self, number: u64) {
        self.turn_count += 1;
        let Some(order) = self.orders.get_mut(&number) else { return };
        let terms = order.terms.clone();
        let Some(book) = self.markets.get_mut(&terms.market) else { return };
        order.queue_ahead = book.overlay.visible(terms.book_side, terms.yes_price);
        order.unproven = Quantity::ZERO;
        order.turn = self.turn_count;
        let left = order.remaining;
        book.insert(terms.book_side, terms.yes_price, order.turn, number);
        self.report_own_change(number, left.hundredths().cast_signed());
    }

    /// Works out again what the orders of a wallet hold back in a market.
    pub(super) fn refresh_reserved(&mut self, account: &AccountName, wallet: Wallet, market: &MarketTicker) {
        let Some(books) = self.accounts.get_mut(account) else { return };
        let claims = self.markets[market].claims(&self.orders, account, wallet, None);
        let purse = books.purse_mut(wallet);
        let micros = collateral::required_micros(purse.position(market), claims.into_iter());
        let reserved = Money::from_micros_wide(micros).expect("orders were checked against cash, which fits");
        if reserved.is_zero() {
            purse.reserved.remove(market);
        } else {
            purse.reserved.insert(market.clone(), reserved);
        }
    }

    /// Tells how the visible part of the recorded book changed.
    pub(super) fn report_recorded_changes(&mut self, market: &MarketTicker) {
        let Some(book) = self.markets.get_mut(market) else { return };
        for (book_side, yes_price, change_hundredths) in book.overlay.drain_changes() {
            self.push(market, VenueEventKind::BookChange { book_side, yes_price, change_hundredths, origin: None });
        }
    }

    fn fill_order(&mut self, number: u64, id: &FillId, yes_price: Price, quantity: Quantity, liquidity: Liquidity) {
        let order = self.orders.get_mut(&number).expect("only known orders are matched");
        let account = self.accounts.get_mut(&order.account).expect("an order belongs to an account of the venue");
        let schedule = &self.markets[&order.terms.market].fees;
        let mut fill = Fill {
            id: id.clone(),
            order: order.id.clone(),
            client_order_id: order.terms.client_order_id.clone(),
            market: order.terms.market.clone(),
            book_side: order.terms.book_side,
            yes_price,
            quantity,
            fee: Money::ZERO,
            liquidity,
            exchange_time: self.now,
        };
        let flow = fill.net(account.position(order.wallet, &fill.market)).expect("placing keeps positions in range");
        let exact =
            schedule.exact(liquidity, yes_price, quantity).expect("a market with unpublished fees is not added");
        fill.fee = order.fees.charge(exact, flow.proceeds - flow.cost, schedule.quantum);
        order.count_fill(yes_price, quantity, fill.fee, liquidity);
        order.updated_time = self.now;
        let order = order.clone();
        let wallet = order.wallet;
        let post_position = account.purse_mut(wallet).book(&fill, &flow);
        account.fills.push(fill.clone());

        if liquidity == Liquidity::Maker {
            self.leave_book(number, quantity);
        }
        if order.remaining.is_zero() {
            self.leave_group(number);
        }
        self.count_for_group(&order, quantity);
        self.refresh_reserved(&order.account, wallet, &order.terms.market);
        let (owner, market) = (order.account.clone(), order.terms.market.clone());
        self.push(&market, VenueEventKind::Fill { account: owner, wallet, fill: Box::new(fill), post_position });
        self.push(&market, VenueEventKind::OrderUpdate(Box::new(order)));
    }

    fn book_recorded(&mut self, market: &MarketTicker, side: BookSide, yes_price: Price, quantity: Quantity) {
        let (contracts, micros) = (i128::from(quantity.hundredths()), i128::from((yes_price * quantity).micros()));
        let sign = match side {
            BookSide::Bid => 1,
            BookSide::Ask => -1,
        };
        *self.recorded.positions.entry(market.clone()).or_default() += sign * contracts;
        self.recorded.cash_micros -= sign * micros;
    }

    /// So many contracts of a resting order are gone; an order with none left is taken out of the book.
    pub(super) fn leave_book(&mut self, number: u64, gone: Quantity) {
        let order = &self.orders[&number];
        let terms = &order.terms;
        let Some(book) = self.markets.get_mut(&terms.market) else { return };
        let was_there = book.resting_at(terms.book_side, terms.yes_price).any(|resting| resting == number);
        if order.remaining.is_zero() {
            book.remove(terms.book_side, terms.yes_price, order.turn);
        }
        if was_there {
            self.report_own_change(number, -gone.hundredths().cast_signed());
        }
    }

    fn report_own_change(&mut self, number: u64, change_hundredths: i64) {
        if change_hundredths == 0 {
            return;
        }
        let order = &self.orders[&number];
        let terms = &order.terms;
        let kind = VenueEventKind::BookChange {
            book_side: terms.book_side,
            yes_price: terms.yes_price,
            change_hundredths,
            origin: Some(ChangeOrigin {
                account: order.account.clone(),
                subaccount: order.wallet.subaccount,
                client_order_id: terms.client_order_id.clone(),
            }),
        };
        let market = terms.market.clone();
        self.push(&market, kind);
    }
}
