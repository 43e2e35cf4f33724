//! What has to hold after a session, however often it was killed.

use super::session::Session;
use crate::outcome;
use recio_core::engine::SubmitOutcome;
use recio_core::fact::FactBody;
use recio_core::pipeline::Journal;
use recio_core::store::Store;
use recio_core::trade::TradeStatus;
use recio_core::units::{ClientOrderId, Money};
use recio_store::{Access, SqliteStore};
use std::collections::{BTreeMap, BTreeSet};

/// Checks the exchange's own books, the journal, and the store against each other. Returns how many orders there were.
pub(super) fn all(session: &Session) -> usize {
    reconciled(session);
    let number = session.number;
    let truth = session.truth();
    let journal = Journal::read(&session.journal()).unwrap();
    let store = session.runtime.block_on(SqliteStore::open(&session.store_url(), Access::Reader)).unwrap();
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
        // The store is filled from the journal: it knows no other intents, and all of those.
        let rows = store.orders().await.unwrap();
        let stored: BTreeSet<_> = rows.iter().map(|row| &row.intent.client_order_id).collect();
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
        let key = |fill: &recio_core::trade::Fill| {
            (fill.order.clone(), fill.id.clone(), fill.yes_price, fill.quantity, fill.fee)
        };
        let mut got: Vec<_> = fills.iter().map(key).collect();
        let mut true_ones: Vec<_> = truth.fills.iter().map(key).collect();
        got.sort();
        true_ones.sort();
        assert_eq!(got, true_ones, "session {number}: fills in the store and at the exchange");
        let paid: Vec<_> =
            store.settlements().await.unwrap().iter().map(|paid| (paid.market.clone(), paid.revenue)).collect();
        let payouts: Vec<_> =
            truth.settlements.iter().map(|paid| (paid.settlement.market.clone(), paid.settlement.revenue)).collect();
        assert_eq!(paid, payouts, "session {number}: settlements in the store and at the exchange");
        assert_eq!(paid.len(), 1, "session {number}: one market closes in the recording, and something was held in it");
        alarms(session, &store).await;
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
    reconcile.args(["reconcile", "--strict", "--endpoint", "ready.json", "--store", &session.store_url()]);
    let (code, stdout, stderr) = outcome(&mut reconcile);
    assert_eq!(code, Some(0), "session {}: {stdout}{stderr}", session.number);
    assert!(stdout.contains("store and exchange agree"), "{stdout}");
}

/// Being killed is nothing that a person has to look at.
async fn alarms(session: &Session, store: &dyn Store) {
    let mut after = 0;
    loop {
        let page = store.facts(after, 1_000).await.unwrap();
        let Some(last) = page.last() else { return };
        after = last.sequence;
        for stored in &page {
            if let FactBody::Alarm { text } = &stored.fact.body {
                panic!("session {}: {text}", session.number);
            }
        }
    }
}
