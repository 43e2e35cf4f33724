//! The truth of the exchange about one account, small enough to be read at a glance.

use crate::settings;
use recio_core::engine::{AccountRead, GatedOrder};
use recio_core::executor::Accepted;
use recio_core::market::{BookSide, MarketResult};
use recio_core::read::Read;
use recio_core::trade::{
    FeeSchedule, Fill, Intent, Liquidity, OrderReport, PositionReport, ReportedStatus, Settlement,
};
use recio_core::units::{MarketTicker, Money, Position, Price, Quantity, Timestamp};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) cash: Money,
    pub(crate) orders: Vec<OrderReport>,
    pub(crate) fills: Vec<Fill>,
    pub(crate) settlements: Vec<Settlement>,
    pub(crate) positions: BTreeMap<MarketTicker, Position>,
}

impl Account {
    pub(crate) fn new() -> Self {
        Self {
            cash: settings::cash(),
            orders: Vec::new(),
            fills: Vec::new(),
            settlements: Vec::new(),
            positions: BTreeMap::new(),
        }
    }

    /// Takes an order and fills part of it at its limit; what is left of one that may not wait is canceled.
    pub(crate) fn take(&mut self, order: &GatedOrder, filled: Quantity, at: Timestamp) -> (Accepted, Option<Fill>) {
        self.take_intent(order.intent(), filled, Quantity::ZERO, at)
    }

    pub(crate) fn take_intent(
        &mut self,
        intent: &Intent,
        filled: Quantity,
        remaining: Quantity,
        at: Timestamp,
    ) -> (Accepted, Option<Fill>) {
        assert!(
            !self.orders.iter().any(|order| order.client_order_id.as_ref() == Some(&intent.client_order_id)),
            "the same order twice"
        );
        let exchange_id = format!("X{}", self.orders.len() + 1).parse().unwrap();
        let status = match (remaining.is_zero(), filled == intent.quantity) {
            (false, _) => ReportedStatus::Resting,
            (true, true) => ReportedStatus::Executed,
            (true, false) => ReportedStatus::Canceled,
        };
        self.orders.push(OrderReport {
            exchange_id,
            client_order_id: Some(intent.client_order_id.clone()),
            market: intent.market.clone(),
            book_side: intent.book_side(),
            yes_price: intent.yes_limit(),
            status,
            initial: intent.quantity,
            filled: Quantity::ZERO,
            remaining,
            created_time: Some(at),
        });
        let at_order = self.orders.len() - 1;
        let fill = (!filled.is_zero()).then(|| self.fill(at_order, intent.yes_limit(), filled, at));
        let report = &self.orders[at_order];
        (Accepted { exchange_id: report.exchange_id.clone(), filled, remaining }, fill)
    }

    /// Executes part of an order.
    pub(crate) fn fill(&mut self, order: usize, yes_price: Price, quantity: Quantity, at: Timestamp) -> Fill {
        let report = &mut self.orders[order];
        report.filled = report.filled.saturating_add(quantity);
        let fill = Fill {
            id: format!("F{}", self.fills.len() + 1).parse().unwrap(),
            order: report.exchange_id.clone(),
            client_order_id: None,
            market: report.market.clone(),
            book_side: report.book_side,
            yes_price,
            quantity,
            fee: FeeSchedule::quadratic().taker_fee(yes_price, quantity).unwrap(),
            liquidity: Liquidity::Taker,
            exchange_time: at,
        };
        let held = self.positions.entry(fill.market.clone()).or_insert(Position::FLAT);
        let flow = fill.net(*held).unwrap();
        *held = flow.position;
        self.cash = self.cash + flow.proceeds - flow.cost - fill.fee;
        self.fills.push(fill.clone());
        fill
    }

    /// Somebody trades on the same account by hand.
    pub(crate) fn by_hand(&mut self, market: &str, quantity: Quantity, at: Timestamp) {
        self.orders.push(OrderReport {
            exchange_id: format!("X{}", self.orders.len() + 1).parse().unwrap(),
            client_order_id: None,
            market: market.parse().unwrap(),
            book_side: BookSide::Bid,
            yes_price: Price::cents(50),
            status: ReportedStatus::Executed,
            initial: quantity,
            filled: Quantity::ZERO,
            remaining: Quantity::ZERO,
            created_time: Some(at),
        });
        self.fill(self.orders.len() - 1, Price::cents(50), quantity, at);
    }

    /// Pays a market.
    pub(crate) fn settle(&mut self, market: &str, result: MarketResult, at: Timestamp) {
        let market: MarketTicker = market.parse().unwrap();
        let held = self.positions.remove(&market).unwrap_or(Position::FLAT);
        let revenue = Settlement::payout(result, held);
        self.cash += revenue;
        let event = "KXBTC15M-TEST".parse().unwrap();
        self.settlements.push(Settlement { market, event, result, revenue, settled_time: at });
    }

    /// Changes the outcome of a market that was paid.
    pub(crate) fn amend(&mut self, result: MarketResult, revenue: Money, at: Timestamp) {
        let paid = self.settlements.last_mut().unwrap();
        self.cash = self.cash - paid.revenue + revenue;
        (paid.result, paid.revenue, paid.settled_time) = (result, revenue, at);
    }

    /// Everything, read whole. Fills come newest first, as the exchange lists them.
    pub(crate) fn read(&self, number: u64, started: Timestamp) -> AccountRead {
        let positions = self.positions.iter().filter(|(_, position)| !position.is_flat());
        let positions = positions.map(|(market, position)| reported(market, *position)).collect();
        AccountRead {
            number,
            started_time: Some(started),
            orders: Some(Read::Complete(self.orders.clone())),
            fills: Some(Read::Complete(self.fills.iter().rev().cloned().collect())),
            positions: Some(Read::Complete(positions)),
            settlements: Some(Read::Complete(self.settlements.clone())),
            balance: Some(self.cash),
            problems: Vec::new(),
        }
    }
}

fn reported(market: &MarketTicker, position: Position) -> PositionReport {
    PositionReport {
        market: market.clone(),
        position,
        exposure: Money::ZERO,
        fees_paid: Money::ZERO,
        updated_time: None,
    }
}
