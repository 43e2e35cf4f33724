//! The way out: every live trade is looked at, exits that are wanted are sent, and what rests is canceled where it has to be.

use super::context::Context;
use super::coordinator::EventTable;
use super::engine::Engine;
use super::risk_gate::Surroundings;
use super::trade_executor::News;
use super::{ActiveTrade, Reason, RiskRefusal, Role, Wish};
use crate::executor::CancelOrder;
use crate::market::{Action, PriceGrid, Quote, Side, Strike};
use crate::model::{Fair, UnknownReason};
use crate::strategy::Wish as EntryWish;
use crate::trade::{CloseReason, Order, OrderEvent, OrderStatus, Purpose, TimeInForce, Trade};
use crate::units::{AssetPrice, EventTicker, Money};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Engine {
    /// Looks at every live trade, and sends the exits that are wanted.
    pub(super) fn supervise(&mut self, cx: &mut Context<'_>, tables: &BTreeMap<EventTicker, EventTable>) {
        let config = Arc::clone(&self.in_force);
        let live: Vec<Trade> = self.state.trades.live().cloned().collect();
        self.state.active.keep_only(live.iter().map(|trade| &trade.id).collect());
        let mut watched = Vec::new();
        for trade in live {
            let monitor = config.monitors.iter().find(|monitor| monitor.id == trade.strategy);
            let table = tables.get(&trade.event);
            let strike = table.and_then(|table| table.view.strikes.iter().find(|strike| strike.market == trade.market));
            let fair = strike.map_or(Fair::Unknown(UnknownReason::NoPrice), |strike| strike.fair);
            let momentum = table.and_then(|table| table.view.momentum.as_ref());
            let market = self.state.markets.get(&trade.market);
            let grid_and_quote = market
                .filter(|market| market.is_trading(cx.now.wall))
                .and_then(|market| Some((&market.market.grid, self.state.markets.fresh_quote(cx, market)?.0)));
            if !trade.held().is_zero() {
                let asset_price = table.and_then(|table| table.view.asset_price);
                watched.push(watch(
                    &trade,
                    &fair,
                    strike.and_then(|strike| strike.strike),
                    asset_price,
                    grid_and_quote,
                ));
            }
            let exit = self.state.active.look(cx, monitor, &trade, grid_and_quote, &fair, momentum);
            if self.state.active.is_closing(&trade.id) {
                // More of it must not come in while it goes out.
                self.cancel(cx, |order| order.intent().trade == trade.id && order.intent().purpose == Purpose::Entry);
            }
            if let Some(exit) = exit {
                let wish = EntryWish {
                    market: trade.market.clone(),
                    side: trade.side,
                    action: Action::Sell,
                    limit: exit.limit,
                    quantity: trade.held(),
                    time_in_force: TimeInForce::ImmediateOrCancel,
                    why: exit.why.as_str().to_owned(),
                };
                self.send_exit(cx, &trade, &wish, exit.why);
            }
        }
        if !watched.is_empty() {
            cx.wish(Role::ActiveTradeSupervisor, Wish::Supervised(watched));
        }
    }

    pub(super) fn send_exit(&mut self, cx: &mut Context<'_>, trade: &Trade, wish: &EntryWish, why: CloseReason) {
        let Some(market) = self.state.markets.get(&wish.market) else { return };
        let Some((quote, received)) = self.state.markets.fresh_quote(cx, market) else { return };
        let market = market.market.clone();
        let mut intent = self.state.trades.form(cx, &trade.strategy, wish, &market);
        intent.trade = trade.id.clone();
        let around = Surroundings {
            grid: &market.grid,
            quote,
            fees: self.state.markets.fees(&market.series),
            fair: None,
            position: trade.held(),
            event_exposure: Money::ZERO,
            total_exposure: Money::ZERO,
            free_cash: Money::ZERO,
            oldest_input: received,
        };
        match self.state.gate.check(cx, intent.clone(), &around) {
            // Where orders are only recorded nothing is ever held, so there is nothing to close.
            Ok(None) => {}
            Ok(Some(order)) => {
                self.state.orders.add(cx, intent);
                self.state.trades.exiting(cx, &trade.id, why);
                cx.info(
                    Role::ActiveTradeSupervisor,
                    Some(&trade.event),
                    format!("closing {} {} in {}: {}", wish.quantity, wish.side, wish.market, why.as_str()),
                );
                cx.wish(Role::ActiveTradeSupervisor, Wish::Submit { order, why: wish.why.clone() });
            }
            Err(RiskRefusal::Rate | RiskRefusal::Repeated) => {}
            Err(refusal) => {
                let text = format!("an exit from {} is held back: {}", wish.market, Reason::Risk(refusal));
                cx.warn(Role::ActiveTradeSupervisor, Some(&trade.event), text);
            }
        }
    }

    /// Asks for the end of everything that rests.
    pub(super) fn cancel_all(&mut self, cx: &mut Context<'_>) {
        self.cancel(cx, |_| true);
    }

    fn cancel(&mut self, cx: &mut Context<'_>, wanted: impl Fn(&Order) -> bool) {
        let resting: Vec<_> = self
            .state
            .orders
            .orders()
            .filter(|order| order.status() == OrderStatus::Open && !order.may_still_fill().is_zero() && wanted(order))
            .filter(|order| order.may_still_fill() > order.fills_to_come())
            .filter_map(|order| {
                Some(CancelOrder {
                    client_order_id: order.id().clone(),
                    exchange_id: order.exchange_id()?.clone(),
                    market: order.intent().market.clone(),
                    exchange_index: self.in_force.exchange_index,
                })
            })
            .collect();
        for cancel in resting {
            let news = self.state.orders.apply(cx, &cancel.client_order_id, &OrderEvent::CancelRequested, None);
            if matches!(news, News::Changed | News::Nothing) {
                cx.wish(Role::TradeExecutor, Wish::Cancel(cancel));
            }
        }
    }
}

/// A trade at this moment.
fn watch(
    trade: &Trade,
    fair: &Fair,
    strike: Option<Strike>,
    asset_price: Option<AssetPrice>,
    market: Option<(&PriceGrid, Quote)>,
) -> ActiveTrade {
    let close_price = market.and_then(|(_, quote)| quote.proceeds(trade.side)).map(|level| level.price);
    ActiveTrade {
        trade: trade.id.clone(),
        strategy: trade.strategy.clone(),
        market: trade.market.clone(),
        side: trade.side,
        held: trade.held(),
        probability: fair.of(trade.side).value(),
        buffer: strike.zip(asset_price).and_then(|(strike, price)| buffer(strike, price, trade.side)),
        close_price,
        unrealized_pnl: close_price.map(|price| trade.proceeds + price * trade.held() - trade.cost - trade.fees),
    }
}

fn buffer(strike: Strike, price: AssetPrice, side: Side) -> Option<f64> {
    let above = price.as_f64() - strike.level().as_f64();
    let ours = match strike {
        Strike::Greater { .. } | Strike::GreaterOrEqual { .. } => above,
        Strike::Less { .. } | Strike::LessOrEqual { .. } => -above,
        Strike::Between { .. } => return None,
    };
    Some(match side {
        Side::Yes => ours,
        Side::No => -ours,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_counts_on_our_side_of_the_strike() {
        let usd = |text: &str| text.parse::<AssetPrice>().unwrap();
        let (floor, cap) = (usd("80000"), usd("80100"));
        let above = Strike::GreaterOrEqual { floor };
        assert_eq!(buffer(above, usd("80050.50"), Side::Yes), Some(50.5));
        assert_eq!(buffer(above, usd("80050.50"), Side::No), Some(-50.5));
        assert_eq!(buffer(Strike::Less { cap }, usd("80050"), Side::Yes), Some(50.0));
        assert_eq!(buffer(Strike::Between { floor, cap }, usd("80050"), Side::Yes), None);
    }
}
