//! News of the account on its way through the services: what an earlier run left, what the stream tells, what a reading shows.

use super::context::Context;
use super::engine::{Engine, EngineState};
use super::trade_executor::{LANDING_TIME, News};
use super::{AccountRead, CancelOutcome, JournalRecord, Recovered, Role, TradingChange, TradingState, Wish};
use crate::executor::AccountEvent;
use crate::fact::FactBody;
use crate::read::Read;
use crate::trade::{Fill, Order, OrderEvent, Purpose};
use crate::units::{ClientOrderId, MarketTicker, Quantity, Timestamp, TradeId};
use std::collections::BTreeSet;

impl Engine {
    pub(super) fn recover(&mut self, cx: &mut Context<'_>, recovered: &Recovered) {
        if let Some((cash, time)) = recovered.opened {
            self.state.account.opened(time);
            self.state.trades.open_ledger(cx, cash, time);
            cx.record(Role::TradeManager, None, time, FactBody::AccountOpened { cash });
        }
        for journaled in &recovered.intents {
            let intent = &journaled.intent;
            if self.state.orders.get(&intent.client_order_id).is_some() {
                continue;
            }
            let reason = self.state.trades.recover(cx, journaled);
            if intent.purpose == Purpose::Exit {
                // What was to be closed is still to be closed.
                self.state.active.close(&intent.trade, reason);
            }
            self.state.orders.recover(cx, journaled);
            self.state.gate.recover(cx, intent);
            self.reconsider(cx, &journaled.intent.trade);
        }
        if let Some(trading) = &recovered.trading
            && self.state.gate.take_up(trading.state)
        {
            let what = match trading.state {
                TradingState::Active => "all orders are",
                TradingState::Reducing => "only orders that reduce are",
                TradingState::Halted => "nothing but cancels is",
            };
            let TradingChange { time, why, .. } = trading;
            let text = format!("{what} let through since {time} ({why}): look, then `recio arm`");
            cx.alarm(Role::TradeManager, None, text);
        }
        if !recovered.intents.is_empty() {
            let text = format!("{} intents of earlier runs taken up from the journal", recovered.intents.len());
            cx.info(Role::TradeExecutor, None, text);
        }
    }

    pub(super) fn on_account_event(&mut self, cx: &mut Context<'_>, event: &AccountEvent) {
        match event {
            AccountEvent::Order(report) => {
                if let Some((id, news)) = self.state.orders.reported(cx, report) {
                    self.follow_up(cx, &id, &news);
                } else {
                    self.state.account.want();
                }
            }
            AccountEvent::Fill(fill) => {
                self.on_fill(cx, fill, false);
            }
            AccountEvent::Connected => {
                cx.info(Role::AccountSync, None, "private stream connected".to_owned());
                self.state.account.want();
            }
            AccountEvent::Disconnected { reason } => {
                cx.warn(Role::AccountSync, None, format!("private stream lost: {reason}"));
            }
            AccountEvent::Unreadable { reason } => {
                cx.warn(Role::AccountSync, None, format!("a private frame was dropped: {reason}"));
                self.state.account.want();
            }
        }
    }

    /// A fill, from the stream or from a read. One that no order explains is adopted only from a read: the stream may be ahead of the answer
    /// to our own order.
    pub(super) fn on_fill(&mut self, cx: &mut Context<'_>, fill: &Fill, from_read: bool) {
        let state = &mut self.state;
        let ours = fill
            .client_order_id
            .clone()
            .filter(|id| state.orders.get(id).is_some())
            .or_else(|| state.orders.by_exchange_id(&fill.order).cloned());
        let Some(id) = ours else {
            let before_opening = state.account.opened_time().is_none_or(|opened| fill.exchange_time < opened);
            if !from_read {
                state.account.want();
            } else if !before_opening && let Err(tighten) = state.trades.filled_by_somebody(cx, fill) {
                state.gate.tighten(tighten);
            }
            return;
        };
        let news = state.orders.apply(cx, &id, &OrderEvent::Filled(fill.clone()), None);
        if news == News::Changed
            && let Some(order) = state.orders.get(&id)
        {
            state.account.active(cx.now.mono);
            if let Err(tighten) = state.trades.filled(cx, order, fill) {
                state.gate.tighten(tighten);
            }
        }
        self.follow_up(cx, &id, &news);
    }

    pub(super) fn on_cancel(&mut self, cx: &mut Context<'_>, id: &ClientOrderId, outcome: &CancelOutcome) {
        let state = &mut self.state;
        state.account.active(cx.now.mono);
        let news = match outcome {
            CancelOutcome::Canceled(canceled) => {
                let filled = state
                    .orders
                    .get(id)
                    .map_or(Quantity::ZERO, |order| order.intent().quantity.saturating_sub(canceled.removed));
                state.orders.apply(cx, id, &OrderEvent::Canceled { filled }, None)
            }
            CancelOutcome::Failed { reason } => {
                state.account.want();
                state.orders.apply(cx, id, &OrderEvent::CancelFailed, Some(reason))
            }
        };
        self.follow_up(cx, id, &news);
    }

    /// After news of an order: its trade is looked at again.
    pub(super) fn follow_up(&mut self, cx: &mut Context<'_>, id: &ClientOrderId, news: &News) {
        match news {
            News::Nothing => return,
            News::Changed => {}
            News::Overfilled => self.state.gate.tighten(TradingState::Halted),
            News::Refused => self.state.account.want(),
        }
        let trade = self.state.orders.get(id).map(|order| order.intent().trade.clone());
        if let Some(trade) = trade {
            self.reconsider(cx, &trade);
        }
    }

    pub(super) fn reconsider(&mut self, cx: &mut Context<'_>, trade: &TradeId) {
        let orders: Vec<_> = self.state.orders.orders().filter(|order| order.intent().trade == *trade).collect();
        self.state.trades.reconsider(cx, trade, &orders);
    }

    pub(super) fn on_account_read(&mut self, cx: &mut Context<'_>, read: &AccountRead) {
        for problem in &read.problems {
            cx.warn(Role::AccountSync, None, format!("reading the account: {problem}"));
        }
        let whole = read.is_whole();
        let began = self.state.account.answered(read.number, cx.now.mono, whole);
        if !self.state.account.is_open() {
            if !whole {
                return;
            }
            self.open_books(cx, read);
        }
        for report in read.orders.iter().flat_map(|orders| orders.got()) {
            if let Some((id, news)) = self.state.orders.reported(cx, report) {
                self.follow_up(cx, &id, &news);
            }
        }
        // In the order in which they happened, whatever order they are listed in.
        let mut fills: Vec<&Fill> = read.fills.iter().flat_map(|fills| fills.got()).collect();
        fills.sort_by_key(|fill| (fill.exchange_time, &fill.order, &fill.id));
        let orders_known = read.orders.as_ref().is_some_and(Read::is_complete);
        for fill in fills {
            // While an order of ours may be it, or orders could not all be read, a fill is nobody else's.
            let may_be_ours = !orders_known || self.state.orders.may_own(&fill.market);
            self.on_fill(cx, fill, !may_be_ours);
        }
        let fills_known = read.fills.as_ref().is_some_and(Read::is_complete);
        for settlement in read.settlements.iter().flat_map(|settlements| settlements.got()) {
            let before_opening = self.state.account.opened_time().is_none_or(|opened| settlement.settled_time < opened);
            if !before_opening && let Err(tighten) = self.state.trades.settled(cx, settlement, fills_known) {
                self.state.gate.tighten(tighten);
            }
        }
        let (true, Some(began)) = (whole, began) else { return };
        let unexplained = unexplained_markets(&self.state, read);
        let state = &mut self.state;
        let markets = &state.markets;
        let is_over = |order: &Order| {
            let intent = order.intent();
            let close =
                markets.get(&intent.market).map_or(intent.close_time, |m| m.market.close_time.max(intent.close_time));
            let landed = close.checked_add(LANDING_TIME).unwrap_or(Timestamp::MAX);
            read.started_time.is_some_and(|started| started >= landed) && !unexplained.contains(&intent.market)
        };
        for id in state.orders.looked_up(cx, began, is_over) {
            self.follow_up(cx, &id, &News::Changed);
        }
        let state = &mut self.state;
        if state.orders.lacks_fills(cx, began) {
            state.gate.tighten(TradingState::Reducing);
        }
        if let Some(tighten) = state.account.compare(cx, began, read, &state.trades, &state.orders) {
            state.gate.tighten(tighten);
        }
    }

    /// The very first complete read of an account opens its books: what is there before recio's first order is its opening balance.
    pub(super) fn open_books(&mut self, cx: &mut Context<'_>, read: &AccountRead) {
        let Some(cash) = read.balance else { return };
        let time = cx.now.wall;
        self.state.account.opened(time);
        self.state.trades.open_ledger(cx, cash, time);
        cx.wish(Role::TradeManager, Wish::Journal(JournalRecord::Opened { cash, time }));
        cx.record(Role::TradeManager, None, time, FactBody::AccountOpened { cash });
        for report in read.positions.iter().flat_map(|positions| positions.got()) {
            if !report.position.is_flat() {
                let text = format!(
                    "{} of {} were held before recio's first order; recio does not manage them, and their payout will show as a difference",
                    report.position, report.market
                );
                cx.alarm(Role::AccountSync, None, text);
            }
        }
    }
}

/// Markets in which the exchange shows a position or a payout that the ledger does not have: nothing may be called absent there.
fn unexplained_markets(state: &EngineState, read: &AccountRead) -> BTreeSet<MarketTicker> {
    let opened = state.account.opened_time();
    let held = read.positions.iter().flat_map(|positions| positions.got()).filter(|report| {
        let ledger = state.trades.ledger().and_then(|ledger| ledger.holding(&report.market));
        ledger.map_or(!report.position.is_flat(), |holding| holding.position() != report.position)
    });
    let paid = read.settlements.iter().flat_map(|settlements| settlements.got()).filter(|settlement| {
        opened.is_some_and(|opened| settlement.settled_time >= opened) && !state.trades.is_settled(&settlement.market)
    });
    held.map(|report| report.market.clone()).chain(paid.map(|settlement| settlement.market.clone())).collect()
}
