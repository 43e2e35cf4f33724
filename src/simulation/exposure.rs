//! What the account may lose, counted from the exchange's own books and from what was sent: without the engine.

use recio_core::market::BookSide;
use recio_core::trade::Fill;
use recio_core::units::{ExchangeOrderId, MarketTicker, Money, Price, Quantity, Timestamp, TradeId};
use recio_sim::exchange::AccountTruth;
use std::collections::{BTreeMap, BTreeSet};

/// What may be lost, an order that is being sent included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtRisk {
    /// Contracts held in the order's market, resting, or on their way.
    pub position: Quantity,
    /// On the settlement at which the order's market ends.
    pub event: Money,
    /// In all.
    pub total: Money,
}

/// An order that was sent to open something, as far as exposure goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) client_order_id: String,
    pub(super) market: MarketTicker,
    /// What one contract costs at most, in its own outcome's price.
    pub(super) limit: Price,
    pub(super) quantity: Quantity,
    /// When its market closes; `None` where nobody said.
    pub(super) closes: Option<Timestamp>,
    /// The exchange said clearly that it did not take it, and the answer was heard.
    pub(super) refused: bool,
}

/// What the fills of one market cost since nothing was held there last, and what is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Hundredths of a contract; NO below zero.
    pub(super) position: i64,
    /// Micro-dollars, fees included.
    cost: i128,
    /// Micro-dollars that all fills brought, fees included.
    pub(super) cash: i128,
}

impl Held {
    /// A bid closes NO at the price of its complement and opens YES; an ask closes YES and opens NO.
    pub(super) fn fill(&mut self, fill: &Fill) {
        let quantity = i64::try_from(fill.quantity.hundredths()).unwrap_or(i64::MAX);
        let yes = i128::from(fill.yes_price.units());
        let no = 10_000 - yes;
        let (closable, close_price, open_price, direction) = match fill.book_side {
            BookSide::Bid => (-self.position, no, yes, 1),
            BookSide::Ask => (self.position, yes, no, -1),
        };
        let closed = quantity.min(closable.max(0));
        let cash = close_price * i128::from(closed) - open_price * i128::from(quantity - closed);
        let cash = cash - i128::from(fill.fee.micros());
        self.position += direction * quantity;
        self.cash += cash;
        self.cost = if self.position == 0 { 0 } else { self.cost - cash };
    }
}

/// What the fills of each market come to.
pub(super) fn held(fills: &[Fill]) -> BTreeMap<MarketTicker, Held> {
    let mut held: BTreeMap<MarketTicker, Held> = BTreeMap::new();
    for fill in fills {
        held.entry(fill.market.clone()).or_default().fill(fill);
    }
    held
}

/// What may be lost when `sent` has left besides everything before it. `trades` names the trade of each client order id: what a closed trade lost
/// is lost, and no risk any more.
///
/// An order that the exchange has counts with its fills and with what rests of it. One that it does not have counts whole until its market
/// closes, unless a clear refusal was heard: it may be on its way still, and nobody but the exchange knows.
pub(super) fn at_risk(
    truth: &AccountTruth,
    openings: &[Opening],
    sent: &Opening,
    trades: &BTreeMap<String, TradeId>,
    now: Timestamp,
) -> AtRisk {
    let settled: BTreeSet<&MarketTicker> = truth.settlements.iter().map(|paid| &paid.settlement.market).collect();
    let closes: BTreeMap<&MarketTicker, Timestamp> =
        openings.iter().filter_map(|opening| Some((&opening.market, opening.closes?))).collect();
    let here = |market: &MarketTicker| *market == sent.market || closes.get(market).copied() == sent.closes;
    let (mut position, mut event, mut total) = (0_u64, 0_i128, 0_i128);
    let mut add = |market: &MarketTicker, contracts: u64, micros: i128| {
        total += micros;
        event += if here(market) { micros } else { 0 };
        position += if *market == sent.market { contracts } else { 0 };
    };
    let trade_of: BTreeMap<&ExchangeOrderId, Option<&TradeId>> = truth
        .orders
        .iter()
        .map(|order| (&order.id, order.terms.client_order_id.as_ref().and_then(|id| trades.get(id.as_str()))))
        .collect();
    let mut by_trade: BTreeMap<(&MarketTicker, Option<&TradeId>), Held> = BTreeMap::new();
    for fill in truth.fills.iter().filter(|fill| !settled.contains(&fill.market)) {
        let trade = trade_of.get(&fill.order).copied().flatten();
        by_trade.entry((&fill.market, trade)).or_default().fill(fill);
    }
    for ((market, _), held) in by_trade {
        add(market, held.position.unsigned_abs(), held.cost.max(0));
    }
    let mut at_exchange: BTreeMap<&str, Quantity> = BTreeMap::new();
    for order in &truth.orders {
        if let Some(id) = &order.terms.client_order_id {
            let rests = at_exchange.entry(id.as_str()).or_default();
            *rests = rests.saturating_add(order.remaining);
        }
    }
    let with_this = openings.iter().filter(|opening| opening.client_order_id != sent.client_order_id);
    for opening in with_this.chain([sent]) {
        let open = opening.closes.is_none_or(|closes| now < closes);
        let rest = match at_exchange.get(opening.client_order_id.as_str()) {
            Some(rests) => *rests,
            None if opening.refused || !open => Quantity::ZERO,
            None => opening.quantity,
        };
        let cost = i128::from(opening.limit.units()) * i128::from(rest.hundredths());
        add(&opening.market, rest.hundredths(), cost);
    }
    let money = |micros| Money::from_micros_wide(micros).unwrap_or(Money::from_micros(i64::MAX));
    AtRisk {
        position: Quantity::from_hundredths(position).unwrap_or(Quantity::ZERO),
        event: money(event),
        total: money(total),
    }
}
