//! Reconciliation: what the store says against what the exchange says, to the last micro-dollar.

use recio_core::executor::{Executor, ExecutorError};
use recio_core::fact::FactBody;
use recio_core::read::Read;
use recio_core::store::{OrderRow, Store, StoreError};
use recio_core::trade::{Fill, OrderReport, OrderStatus, Settlement};
use recio_core::units::{ClientOrderId, ExchangeOrderId, FillId, MarketTicker, Money, Position};
use recio_kalshi::exchange::Care;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Facts read from the store at a time.
const PAGE: u32 = 1_000;

/// What a reconciliation found. Nothing in `differences` means that store and exchange agree in everything that was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// Orders that both know.
    pub orders: usize,
    /// Fills that both know.
    pub fills: usize,
    /// Settlements that both know.
    pub settlements: usize,
    /// Cash by the store: the opening balance and everything booked since.
    pub cash_store: Money,
    /// Cash by the exchange.
    pub cash_exchange: Money,
    /// Cash by the exchange less cash by the store.
    pub tie_out: Money,
    /// What does not agree, one sentence each.
    pub differences: Vec<String>,
}

impl Reconciliation {
    /// Whether store and exchange agree.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Why nothing could be compared. No difference follows from it, and no agreement either.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReconcileError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The exchange cannot be read.
    #[error("cannot read the exchange")]
    Exchange(#[from] ExecutorError),
    /// The exchange's client cannot be made.
    #[error("cannot make the exchange client")]
    Client(#[source] recio_core::read::BoxError),
    /// A part of the exchange's answer is missing.
    #[error("the exchange's {what} could not be read whole: {missing}")]
    Partial {
        /// Orders, fills, ….
        what: &'static str,
        /// What is missing.
        missing: String,
    },
    /// The store holds no opened account.
    #[error("the store holds no opened account: nothing has been traded into it yet")]
    NeverOpened,
    /// The store's facts do not make a ledger.
    #[error("the store's facts cannot be booked")]
    Ledger(#[from] recio_core::trade::LedgerError),
}

/// Compares everything: each intent, order, fill, settlement, position, and the cash.
///
/// # Errors
/// One of the sides could not be read whole.
pub async fn reconcile(store: &dyn Store, exchange: &dyn Executor) -> Result<Reconciliation, ReconcileError> {
    let mut differences = Vec::new();
    let ledger = ledger_of(store).await?;
    let reports = complete("orders", exchange.orders(None).await?)?;
    let fills = complete("fills", exchange.fills(None).await?)?;
    let settlements = complete("settlements", exchange.settlements(None).await?)?;
    let positions = complete("positions", exchange.positions().await?)?;
    let cash_exchange = exchange.balance().await?;

    let orders = compare_orders(&store.orders().await?, &reports, &mut differences);
    let fills = compare_fills(&store.fills().await?, &fills, &mut differences);
    let settlements = compare_settlements(&store.settlements().await?, &settlements, &mut differences);
    let held: BTreeMap<MarketTicker, Position> = store
        .positions()
        .await?
        .into_iter()
        .map(|row| (row.market, row.position))
        .filter(|(_, p)| !p.is_flat())
        .collect();
    let reported: BTreeMap<MarketTicker, Position> =
        positions.into_iter().map(|report| (report.market, report.position)).filter(|(_, p)| !p.is_flat()).collect();
    if held != reported {
        differences.push(format!("positions differ: {held:?} in the store, {reported:?} at the exchange"));
    }
    let tie_out = ledger.tie_out(cash_exchange);
    if !tie_out.is_zero() {
        differences.push(format!("cash differs by {tie_out}"));
    }
    Ok(Reconciliation { orders, fills, settlements, cash_store: ledger.cash(), cash_exchange, tie_out, differences })
}

/// Returns how many orders both know.
fn compare_orders(rows: &[OrderRow], reports: &[OrderReport], differences: &mut Vec<String>) -> usize {
    let mut by_client_id: BTreeMap<&ClientOrderId, Vec<&ExchangeOrderId>> = BTreeMap::new();
    for report in reports {
        if let Some(id) = &report.client_order_id {
            by_client_id.entry(id).or_default().push(&report.exchange_id);
        }
    }
    for (id, orders) in by_client_id.iter().filter(|(_, orders)| orders.len() > 1) {
        differences.push(format!("intent {id} became {} orders at the exchange", orders.len()));
    }
    let known: BTreeMap<_, _> = rows.iter().map(|row| (&row.intent.client_order_id, row)).collect();
    let mut both = 0;
    for report in reports {
        let Some(row) = report.client_order_id.as_ref().and_then(|id| known.get(id)) else {
            differences.push(format!("order {} at the exchange is in no record", report.exchange_id));
            continue;
        };
        both += 1;
        let id = &row.intent.client_order_id;
        if row.filled != report.filled {
            differences
                .push(format!("order {id}: {} filled in the store, {} at the exchange", row.filled, report.filled));
        }
        let over = report.remaining.is_zero();
        let (status, what) = (
            row.status,
            match (never_there(row.status), row.status.is_final(), over) {
                (true, ..) => "and the exchange has it",
                (false, true, false) => "and rests at the exchange",
                (false, false, true) => "and over at the exchange",
                (false, true, true) | (false, false, false) => continue,
            },
        );
        differences.push(format!("order {id} is {status:?} in the store, {what}"));
    }
    for row in rows.iter().filter(|row| !by_client_id.contains_key(&row.intent.client_order_id)) {
        // What the exchange never took is all that it need not know.
        if !never_there(row.status) || !row.filled.is_zero() {
            let id = &row.intent.client_order_id;
            differences.push(format!("order {id} is {:?} in the store, and unknown at the exchange", row.status));
        }
    }
    both
}

/// Whether the exchange never took the order, by the store.
const fn never_there(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Rejected | OrderStatus::NotSent | OrderStatus::Absent)
}

/// Returns how many fills both know.
fn compare_fills(stored: &[Fill], executed: &[Fill], differences: &mut Vec<String>) -> usize {
    let by_key = |fills: &[Fill]| -> BTreeMap<(ExchangeOrderId, FillId), Fill> {
        fills.iter().map(|fill| ((fill.order.clone(), fill.id.clone()), fill.clone())).collect()
    };
    let (ours, theirs) = (by_key(stored), by_key(executed));
    if ours.len() != stored.len() {
        differences.push(format!("{} fills are in the store twice", stored.len() - ours.len()));
    }
    let mut both = 0;
    for ((order, id), fill) in &theirs {
        match ours.get(&(order.clone(), id.clone())) {
            None => differences.push(format!("fill {id} of order {order} is missing in the store")),
            Some(our) => {
                both += 1;
                let what = |fill: &Fill| {
                    format!(
                        "{} {} {} at {} with a fee of {}",
                        fill.quantity, fill.market, fill.book_side, fill.yes_price, fill.fee
                    )
                };
                if what(our) != what(fill) {
                    differences.push(format!(
                        "fill {id} of order {order} is {} in the store, {} at the exchange",
                        what(our),
                        what(fill)
                    ));
                }
            }
        }
    }
    for (order, id) in ours.keys().filter(|key| !theirs.contains_key(*key)) {
        differences.push(format!("fill {id} of order {order} is not known at the exchange"));
    }
    both
}

/// Returns how many settlements both know.
fn compare_settlements(booked: &[Settlement], paid: &[Settlement], differences: &mut Vec<String>) -> usize {
    let by_market = |settlements: &[Settlement]| -> BTreeMap<MarketTicker, Settlement> {
        settlements.iter().map(|settlement| (settlement.market.clone(), settlement.clone())).collect()
    };
    let (ours, theirs) = (by_market(booked), by_market(paid));
    let mut both = 0;
    for (market, settlement) in &theirs {
        match ours.get(market) {
            None => differences.push(format!("the settlement of {market} is missing in the store")),
            Some(our) => {
                both += 1;
                if (our.revenue, our.result) != (settlement.revenue, settlement.result) {
                    differences.push(format!(
                        "{market} settled {:?} and paid {} by the store, {:?} and {} by the exchange",
                        our.result, our.revenue, settlement.result, settlement.revenue
                    ));
                }
            }
        }
    }
    for market in ours.keys().filter(|market| !theirs.contains_key(*market)) {
        differences.push(format!("the settlement of {market} in the store is not known at the exchange"));
    }
    both
}

/// Compares a store with the account of a running simulator.
///
/// # Errors
/// One of the sides could not be read whole.
pub async fn reconcile_sim(
    store: &dyn Store,
    endpoint: &recio_sim::Endpoint,
) -> Result<Reconciliation, ReconcileError> {
    let care = Care::live(&recio_kalshi::client::wall_clock());
    let client = crate::session::client(endpoint, BTreeSet::new(), care).map_err(ReconcileError::Client)?;
    reconcile(store, &*client.account).await
}

/// The ledger that a store's facts make, from the first to the last.
///
/// # Errors
/// The store cannot be read, holds no opened account, or its facts do not book.
pub async fn ledger_of(store: &dyn Store) -> Result<recio_core::trade::Ledger, ReconcileError> {
    let mut ledger = None;
    let mut after = 0;
    loop {
        let page = store.facts(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.sequence;
        for stored in &page {
            let fact = &stored.fact;
            match (&fact.body, &mut ledger) {
                (FactBody::AccountOpened { cash }, None) => {
                    ledger = Some(recio_core::trade::Ledger::open(fact.account.clone(), *cash, fact.time)?);
                }
                (FactBody::Fill { fill, .. }, Some(ledger)) => {
                    ledger.record_fill(fill)?;
                }
                (FactBody::Settlement { settlement, version }, Some(ledger)) => {
                    ledger.record_settlement(settlement, *version)?;
                }
                _ => {}
            }
        }
    }
    ledger.ok_or(ReconcileError::NeverOpened)
}

fn complete<T>(what: &'static str, read: Read<T>) -> Result<T, ReconcileError> {
    match read {
        Read::Complete(got) => Ok(got),
        Read::Partial { missing, .. } => Err(ReconcileError::Partial { what, missing }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use recio_core::market::{BookSide, MarketResult};
    use recio_core::trade::ReportedStatus;
    use recio_store::contract::sample;

    fn row(status: OrderStatus, filled: &str) -> OrderRow {
        let FactBody::Intent(intent) = sample::intent("client-1", 1).body else { panic!("an intent") };
        let (exchange_id, updated_time) = (Some(sample::value("X1")), intent.created_time);
        OrderRow { intent, status, exchange_id, filled: sample::value(filled), reason: None, updated_time }
    }

    fn report(status: ReportedStatus, filled: &str, remaining: &str) -> OrderReport {
        OrderReport {
            exchange_id: sample::value("X1"),
            client_order_id: Some(sample::value("client-1")),
            market: sample::value("M"),
            book_side: BookSide::Bid,
            yes_price: sample::value("0.56"),
            status,
            initial: sample::value("10"),
            filled: sample::value(filled),
            remaining: sample::value(remaining),
            created_time: None,
        }
    }

    #[test]
    fn orders_that_differ_in_any_way_are_named() {
        use OrderStatus::{Canceled, Filled, NotSent, Open, Rejected, Submitting, Unknown};
        use ReportedStatus::{Executed, Resting};
        let gone: [OrderReport; 0] = [];
        let (resting, done) = ([report(Resting, "0", "10")], [report(Executed, "10", "0")]);
        let cases: [(OrderStatus, &str, &[OrderReport], &str); 11] = [
            (Open, "0", &resting, ""),
            (Filled, "10", &done, ""),
            (NotSent, "0", &gone, ""),
            (Rejected, "0", &gone, ""),
            (Rejected, "0", &resting, "Rejected in the store, and the exchange has it"),
            (Canceled, "0", &resting, "Canceled in the store, and rests"),
            (Open, "10", &done, "Open in the store, and over"),
            (Filled, "9", &done, "9.00 filled in the store, 10.00"),
            (Open, "0", &gone, "Open in the store, and unknown"),
            (Submitting, "0", &gone, "Submitting in the store, and unknown"),
            (Unknown, "0", &gone, "Unknown in the store, and unknown"),
        ];
        for (status, filled, reports, expected) in cases {
            let mut found = Vec::new();
            compare_orders(&[row(status, filled)], reports, &mut found);
            assert_eq!(found.is_empty(), expected.is_empty(), "{status:?}: {found:?}");
            assert!(found.first().is_none_or(|text| text.contains(expected)), "{status:?}: {found:?}");
        }
        let mut found = Vec::new();
        assert_eq!(compare_orders(&[], &resting, &mut found), 0);
        assert!(found.iter().any(|text| text.contains("in no record")), "{found:?}");
    }

    #[test]
    fn fills_and_settlements_are_compared_both_ways_and_by_what_they_say() {
        let fill = |id: &str, fee: &str| Fill {
            fee: sample::value(fee),
            ..sample::fill("X1", id, "M", BookSide::Bid, "0.56", "10")
        };
        let settled = |market: &str, revenue: i32| {
            let FactBody::Settlement { settlement, .. } =
                sample::settled(market, MarketResult::Yes, Money::dollars(revenue), 1).body
            else {
                panic!("a settlement")
            };
            settlement
        };
        let mut found = Vec::new();
        let (ours, theirs) = ([fill("f1", "0.01"), fill("f2", "0.01")], [fill("f2", "0.02"), fill("f3", "0.01")]);
        assert_eq!(compare_fills(&ours, &theirs, &mut found), 1);
        let (ours, theirs) = ([settled("A", 1), settled("B", 1)], [settled("B", 2), settled("C", 1)]);
        assert_eq!(compare_settlements(&ours, &theirs, &mut found), 1);
        insta::assert_snapshot!(found.join("\n"), @r"
        fill f2 of order X1 is 10.00 M bid at 0.5600 with a fee of 0.010000 in the store, 10.00 M bid at 0.5600 with a fee of 0.020000 at the exchange
        fill f3 of order X1 is missing in the store
        fill f1 of order X1 is not known at the exchange
        B settled Yes and paid 1.000000 by the store, Yes and 2.000000 by the exchange
        the settlement of C is missing in the store
        the settlement of A in the store is not known at the exchange
        ");
    }
}
