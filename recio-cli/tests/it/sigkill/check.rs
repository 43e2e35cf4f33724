//! What has to hold after a session, however often it was killed.

use super::session::Session;
use crate::outcome;
use recio_core::engine::SubmitOutcome;
use recio_core::fact::FactBody;
use recio_core::pipeline::Journal;
use recio_core::store::{OrderRow, StoredFact};
use recio_core::trade::{Fill, OrderStatus, TradeStatus};
use recio_core::units::{ClientOrderId, ExchangeOrderId, FillId, Money, Price, Quantity};
use recio_store::{Access, open_storage};
use std::collections::{BTreeMap, BTreeSet};

/// Whether the journal could always be written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    HadRoom,
    WasFull,
}

/// What a kill may leave: a sound store, in which nothing stands that the journal or the exchange does not know, and orders that were sent once.
pub(super) fn killed(session: &Session) {
    let number = session.number;
    let truth = session.truth();
    let journaled = session.journaled();
    let is_known = |id: &ClientOrderId| journaled.iter().any(|known| known.intent.client_order_id == *id);
    for (id, posts) in &truth.posts_per_client_order_id {
        let known = id.parse().is_ok_and(|id| is_known(&id));
        assert!(known && *posts == 1, "session {number}: order `{id}` was sent {posts} times");
    }
    let Some(store) = session.store() else { return };
    session.runtime.block_on(async {
        store.verify().await.unwrap_or_else(|error| panic!("session {number}: {error}"));
        for row in store.orders().await.unwrap() {
            let id = &row.intent.client_order_id;
            assert!(is_known(id), "session {number}: the journal does not know order {id}");
        }
        let true_ones: BTreeSet<_> = truth.fills.iter().map(execution).collect();
        for fill in store.fills().await.unwrap() {
            assert!(true_ones.contains(&execution(&fill)), "session {number}: the exchange does not know {fill:?}");
        }
    });
}

/// What makes an execution this one, with the money in it.
fn execution(fill: &Fill) -> (ExchangeOrderId, FillId, Price, Quantity, Money) {
    (fill.order.clone(), fill.id.clone(), fill.yes_price, fill.quantity, fill.fee)
}

/// Checks everything. Returns how many orders there were.
pub(crate) fn all(session: &Session) -> usize {
    let orders = books(session, Disk::HadRoom);
    // Being killed is nothing that a person has to look at.
    let alarms = alarms(session);
    assert!(alarms.is_empty(), "session {}: {alarms:?}", session.number);
    orders
}

/// Checks the exchange's own books, the journal, and the store against each other. Returns how many orders there were.
pub(crate) fn books(session: &Session, disk: Disk) -> usize {
    reconciled(session);
    let number = session.number;
    let truth = session.truth();
    let journal = Journal::read(&session.journal()).unwrap();
    let store = session.runtime.block_on(open_storage(session.store_url(), Access::Reader)).unwrap();
    let intents: BTreeMap<&ClientOrderId, _> =
        journal.intents.iter().map(|journaled| (&journaled.intent.client_order_id, journaled)).collect();
    assert_eq!(intents.len(), journal.intents.len(), "session {number}: an id was used for two intents");

    // I1: one request, one order, and no more filled than wanted.
    for (id, posts) in &truth.posts_per_client_order_id {
        assert!(!id.is_empty() && *posts == 1, "session {number}: order `{id}` was sent {posts} times");
        assert!(intents.keys().any(|known| known.as_str() == id), "session {number}: order `{id}` is no intent's");
    }
    let mut ordered = BTreeSet::new();
    for order in &truth.orders {
        let id = order.terms.client_order_id.as_ref().expect("recio names all its orders");
        assert!(ordered.insert(id), "session {number}: intent {id} became two orders");
        let intent = &intents[id].intent;
        let filled = truth.fills.iter().filter(|fill| fill.order == order.id);
        let filled: u64 = filled.map(|fill| fill.quantity.hundredths()).sum();
        assert!(filled <= intent.quantity.hundredths(), "session {number}: order {id} is overfilled");
    }
    // None lost: what the exchange once took is there.
    for (id, journaled) in &intents {
        if matches!(journaled.outcome, Some(SubmitOutcome::Accepted(_))) {
            assert!(ordered.contains(id), "session {number}: order {id} was accepted, and is not at the exchange");
        }
    }

    session.runtime.block_on(async {
        store.verify().await.unwrap();
        // The store is filled from the journal: it knows all intents, and no others but what a full disk kept out of the journal, and was not sent.
        let rows = store.orders().await.unwrap();
        let not_written = |row: &&OrderRow| disk == Disk::WasFull && row.status == OrderStatus::NotSent;
        let is_known = |row: &&OrderRow| intents.contains_key(&row.intent.client_order_id);
        let stored: BTreeSet<_> = rows
            .iter()
            .filter(|row| is_known(row) || !not_written(row))
            .map(|row| &row.intent.client_order_id)
            .collect();
        let journaled: BTreeSet<_> = intents.keys().copied().collect();
        let apart: Vec<_> = stored.symmetric_difference(&journaled).collect();
        assert!(apart.is_empty(), "session {number}: intents of the store or the journal alone: {apart:?}");
        // At the end nothing is left open, and nothing unknown.
        for row in &rows {
            assert!(row.status.is_final(), "session {number}: {} is {:?}", row.intent.client_order_id, row.status);
        }
        for trade in store.trades().await.unwrap() {
            let over = matches!(trade.status, TradeStatus::Closed | TradeStatus::Unfilled);
            assert!(over, "session {number}: trade {} is {:?}", trade.id, trade.status);
        }
        // I2: every fill once. Two of one key would be a conflict or one row; two rows of one execution are seen by their number.
        let fills = store.fills().await.unwrap();
        let mut got: Vec<_> = fills.iter().map(execution).collect();
        let mut true_ones: Vec<_> = truth.fills.iter().map(execution).collect();
        got.sort();
        true_ones.sort();
        assert_eq!(got, true_ones, "session {number}: fills in the store and at the exchange");
        let paid: Vec<_> =
            store.settlements().await.unwrap().iter().map(|paid| (paid.market.clone(), paid.revenue)).collect();
        let payouts: Vec<_> =
            truth.settlements.iter().map(|paid| (paid.settlement.market.clone(), paid.settlement.revenue)).collect();
        assert_eq!(paid, payouts, "session {number}: settlements in the store and at the exchange");
        assert_eq!(paid.len(), 1, "session {number}: one market closes in the recording, and something was held in it");
    });

    // I5, from the exchange's own books: what came in and went out is what is there.
    let mut ledger =
        recio_core::trade::Ledger::open(truth.account.clone(), truth.cash_start, session.endpoint.now).unwrap();
    for fill in &truth.fills {
        ledger.record_fill(fill).unwrap();
    }
    for paid in &truth.settlements {
        ledger.record_settlement(&paid.settlement, 1).unwrap();
    }
    assert_eq!(ledger.tie_out(truth.cash), Money::ZERO, "session {number}: the exchange's own cash");
    assert_eq!(truth.reserved, Money::ZERO);
    truth.orders.len()
}

/// `recio reconcile --strict` finds no difference.
fn reconciled(session: &Session) {
    let mut reconcile = session.recio();
    reconcile.args(["reconcile", "--strict", "--endpoint", "ready.json", "--store", session.store_url()]);
    let (code, stdout, stderr) = outcome(&mut reconcile);
    assert_eq!(code, Some(0), "session {}: {stdout}{stderr}", session.number);
    assert!(stdout.contains("store and exchange agree"), "{stdout}");
}

/// What a person was told to look at.
pub(crate) fn alarms(session: &Session) -> Vec<String> {
    let store = session.store().expect("a run has made it");
    let facts = session.runtime.block_on(store.facts(0, u32::MAX)).unwrap();
    let alarm = |stored: StoredFact| if let FactBody::Alarm { text } = stored.fact.body { Some(text) } else { None };
    facts.into_iter().filter_map(alarm).collect()
}
