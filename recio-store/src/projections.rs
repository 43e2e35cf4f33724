//! The tables that facts make, held in memory: what the memory store answers from, and what a database is checked against.

use crate::books::Books;
use crate::scope::Scope;
use recio_core::fact::{Fact, FactBody};
use recio_core::store::{OrderRow, PositionRow, StoreError};
use recio_core::trade::{Fill, OrderStatus, Settlement, Trade};
use recio_core::units::{ClientOrderId, ExchangeOrderId, MarketTicker, Quantity, TradeId};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The tables after some facts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Projections {
    trades: BTreeMap<(Scope, TradeId), (u64, Trade)>,
    orders: BTreeMap<(Scope, ClientOrderId), OrderEntry>,
    fills: Vec<Fill>,
    books: Books,
    settlements: BTreeMap<(Scope, MarketTicker), SettlementEntry>,
}

#[derive(Clone, Debug, Default)]
struct OrderEntry {
    intent: Option<(u64, Fact)>,
    changed: Option<Fact>,
    exchange_id: Option<ExchangeOrderId>,
}

#[derive(Clone, Debug)]
struct SettlementEntry {
    sequence: u64,
    version: u32,
    settlement: Settlement,
}

impl Projections {
    /// Adds facts, the first of which has this sequence: all of them, or on an error none.
    pub(crate) fn apply(&mut self, first: u64, facts: &[Fact]) -> Result<(), StoreError> {
        self.books.apply(first, facts)?;
        for (sequence, fact) in (first..).zip(facts) {
            self.apply_one(sequence, fact);
        }
        Ok(())
    }

    /// All but the books, which can fail and are done before.
    fn apply_one(&mut self, sequence: u64, fact: &Fact) {
        match &fact.body {
            FactBody::Intent(intent) => {
                let entry = self.orders.entry((Scope::of(fact), intent.client_order_id.clone())).or_default();
                entry.intent = Some((sequence, fact.clone()));
            }
            FactBody::OrderChanged { client_order_id, exchange_id, .. } => {
                let entry = self.orders.entry((Scope::of(fact), client_order_id.clone())).or_default();
                entry.changed = Some(fact.clone());
                if exchange_id.is_some() {
                    entry.exchange_id.clone_from(exchange_id);
                }
            }
            FactBody::Fill { fill, .. } => self.fills.push(fill.clone()),
            FactBody::Settlement { settlement, version } => {
                let newer = SettlementEntry { sequence, version: *version, settlement: settlement.clone() };
                let key = (Scope::of(fact), settlement.market.clone());
                if self.settlements.get(&key).is_none_or(|known| known.version < newer.version) {
                    self.settlements.insert(key, newer);
                }
            }
            FactBody::Trade(trade) => {
                let key = (Scope::of(fact), trade.id.clone());
                self.trades
                    .entry(key)
                    .and_modify(|(_, known)| known.clone_from(trade))
                    .or_insert_with(|| (sequence, trade.clone()));
            }
            FactBody::AccountOpened { .. }
            | FactBody::CashMoved { .. }
            | FactBody::Decision(_)
            | FactBody::Alarm { .. }
            | FactBody::Shadow(_)
            | FactBody::Imported(_) => {}
        }
    }

    pub(crate) fn trades(&self) -> Vec<Trade> {
        let mut trades: Vec<_> = self.trades.values().collect();
        trades.sort_by_key(|(first, _)| Reverse(*first));
        trades.into_iter().map(|(_, trade)| trade.clone()).collect()
    }

    pub(crate) fn orders(&self) -> Vec<OrderRow> {
        let mut orders: Vec<_> =
            self.orders.values().filter_map(|entry| entry.intent.as_ref().map(|intent| (intent, entry))).collect();
        orders.sort_by_key(|((sequence, _), _)| Reverse(*sequence));
        orders
            .into_iter()
            .filter_map(|((_, intent), entry)| order_row(intent, entry.changed.as_ref(), entry.exchange_id.clone()))
            .collect()
    }

    pub(crate) fn fills(&self) -> Vec<Fill> {
        self.fills.iter().rev().cloned().collect()
    }

    pub(crate) fn positions(&self) -> Vec<PositionRow> {
        let mut rows: Vec<_> = self.books.positions().collect();
        rows.sort_by(|(scope, market, _), (other, another, _)| (market, scope).cmp(&(another, other)));
        rows.into_iter().filter_map(|(_, market, state)| state.row(market.clone())).collect()
    }

    pub(crate) fn settlements(&self) -> Vec<Settlement> {
        let mut settlements: Vec<_> = self.settlements.values().collect();
        settlements.sort_by_key(|entry| Reverse(entry.sequence));
        settlements.into_iter().map(|entry| entry.settlement.clone()).collect()
    }
}

/// The order that an intent and the newest change of it make; `None` where the first fact is no intent.
///
/// An exchange id stays once it is known, also where a later change does not repeat it.
pub(crate) fn order_row(
    intent: &Fact,
    changed: Option<&Fact>,
    exchange_id: Option<ExchangeOrderId>,
) -> Option<OrderRow> {
    let FactBody::Intent(wanted) = &intent.body else { return None };
    let mut row = OrderRow {
        intent: wanted.clone(),
        status: OrderStatus::Submitting,
        exchange_id,
        filled: Quantity::ZERO,
        reason: None,
        updated_time: intent.time,
    };
    if let Some(Fact { time, body: FactBody::OrderChanged { status, filled, reason, .. }, .. }) = changed {
        row.status = *status;
        row.filled = *filled;
        row.reason.clone_from(reason);
        row.updated_time = *time;
    }
    Some(row)
}
