//! Appends that come at once are committed together, and answered each for itself.

use super::{options, proxy, until};
use recio_core::store::{Store, StoreError};
use recio_core::units::Money;
use recio_store::PostgresStore;
use recio_store::contract::sample;
use recio_store::testing::{Database, psql};
use std::sync::Arc;

#[tokio::test]
async fn appends_that_wait_are_committed_together() {
    let database = Database::create();
    let store = Arc::new(PostgresStore::open_with(database.url(), options("a")).await.unwrap());
    let mut other = proxy::connect(database.url()).await;
    sqlx::raw_sql("BEGIN; SELECT epoch FROM lease FOR UPDATE").execute(&mut other).await.unwrap();
    let append = |number: u64| {
        let store = store.clone();
        tokio::spawn(async move { store.append(&[sample::cash_moved(number, Money::dollars(1))]).await })
    };
    // The first one waits for the lock, the others behind it.
    let first = append(0);
    until("the first is at work", async || {
        psql(
            database.url(),
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
        ) == "1"
    })
    .await;
    let behind: Vec<_> = (1..=40).map(append).collect();
    until("all are handed over", async || store.connections().waiting == 40).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(first.await.unwrap().unwrap().added, 1);
    for each in behind {
        assert_eq!(each.await.unwrap().unwrap().added, 1);
    }
    let transactions = psql(database.url(), "SELECT count(DISTINCT CAST(xmin AS TEXT)) FROM facts");
    assert_eq!(transactions, "2", "the first one's, and one for all that waited");
    assert_eq!(store.verify().await.unwrap().last_sequence, 41);
}

#[tokio::test]
async fn a_bad_append_spoils_no_other_of_its_group() {
    let database = Database::create();
    let store = Arc::new(PostgresStore::open_with(database.url(), options("a")).await.unwrap());
    store.append(&[sample::cash_moved(7, Money::dollars(7))]).await.unwrap();
    let mut other = proxy::connect(database.url()).await;
    sqlx::raw_sql("BEGIN; SELECT epoch FROM lease FOR UPDATE").execute(&mut other).await.unwrap();
    let append = |number: u64| {
        let store = store.clone();
        let pair = [sample::alarm(number, "with it"), sample::cash_moved(number, Money::dollars(1))];
        tokio::spawn(async move { store.append(&pair).await })
    };
    let all: Vec<_> = (0..10).map(append).collect();
    until("all are handed over", async || store.connections().waiting >= 9).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    for (number, each) in all.into_iter().enumerate() {
        match (number, each.await.unwrap()) {
            (7, Err(StoreError::Conflict { key })) => assert_eq!(key, sample::cash_moved(7, Money::ZERO).key()),
            (7, answer) => panic!("{answer:?}"),
            (_, answer) => assert_eq!(answer.unwrap().added, 2),
        }
    }
    assert_eq!(store.verify().await.unwrap().last_sequence, 19, "nothing of the bad one is there");
}
