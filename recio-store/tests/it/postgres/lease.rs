//! One writer at a time, in turns.

use super::{facts, options, writer};
use recio_core::causes::in_full;
use recio_core::store::{Store, StoreError};
use recio_store::testing::{Database, psql};
use recio_store::{Access, OpenError, PostgresStore};
use std::time::Duration;

/// Ends the session that writes for somebody.
fn end_session(url: &str, holder: &str) {
    let end = format!(
        "SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid \
         WHERE l.locktype = 'advisory' AND a.datname = current_database() AND a.application_name = '{holder}'"
    );
    assert_eq!(psql(url, &end), "1");
}

#[tokio::test]
async fn a_second_writer_is_refused_and_told_who_writes() {
    let database = Database::create();
    let long = format!("run 7 on alpha, {} für später", "x".repeat(80));
    let first = writer(database.url(), &long).await;
    let error = PostgresStore::open_with(database.url(), options("b")).await.unwrap_err();
    assert!(matches!(&error, OpenError::Locked { holder, .. } if *holder == long), "{error}");
    let elsewhere = writer(&database.url_with("schema=elsewhere"), "b").await;
    let reader = PostgresStore::open(database.url(), Access::Reader).await.unwrap();
    first.append(&facts(1)).await.unwrap();
    assert_eq!(reader.facts(0, 10).await.unwrap().len(), 2, "who reads is not kept out");
    assert!(elsewhere.facts(0, 10).await.unwrap().is_empty());
    let answer = reader.append(&facts(2)).await;
    assert!(matches!(&answer, Err(error) if in_full(error).contains("opened for reading")), "{answer:?}");
    first.close().await;
    assert_eq!(writer(database.url(), "b").await.epoch(), Some(2));
}

#[tokio::test]
async fn opening_waits_for_the_writer_before() {
    let database = Database::create();
    let first = writer(database.url(), "a").await;
    let mut patient = options("b");
    patient.lock_wait = Duration::from_secs(60);
    let (url, second) = (database.url().to_owned(), patient);
    let second = tokio::spawn(async move { PostgresStore::open_with(&url, second).await });
    super::until("the second one waits", async || {
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
        psql(database.url(), waits) == "1"
    })
    .await;
    first.close().await;
    assert_eq!(second.await.unwrap().unwrap().epoch(), Some(2));
}

#[tokio::test]
async fn whose_turn_is_over_writes_nothing_any_more() {
    let database = Database::create();
    let first = writer(database.url(), "first").await;
    first.append(&facts(1)).await.unwrap();
    end_session(database.url(), "first");
    let second = writer(database.url(), "second").await;
    assert_eq!(second.epoch(), Some(2));
    for _ in 0..2 {
        let answer = first.append(&facts(2)).await;
        assert!(matches!(&answer, Err(StoreError::Fenced { holder }) if holder == "second"), "{answer:?}");
        let answer = first.rebuild().await;
        assert!(matches!(answer, Err(StoreError::Fenced { .. })), "{answer:?}");
    }
    second.append(&facts(3)).await.unwrap();
    second.close().await;
    let answer = first.append(&facts(2)).await;
    assert!(matches!(answer, Err(StoreError::Fenced { .. })), "also when nobody writes: {answer:?}");
    assert_eq!(first.facts(0, 10).await.unwrap().len(), 4, "it may still read");
    assert_eq!(psql(database.url(), "SELECT string_agg(DISTINCT CAST(epoch AS TEXT), ',') FROM facts"), "1,2");
}

#[tokio::test]
async fn the_turn_is_looked_at_in_every_transaction() {
    let database = Database::create();
    let store = writer(database.url(), "first").await;
    // Its connection and its lock are alive, and all the same somebody has taken over: after a failover, say, on another server.
    psql(database.url(), "UPDATE lease SET epoch = 9, holder = 'a standby'");
    let answer = store.append(&facts(1)).await;
    assert!(matches!(&answer, Err(StoreError::Fenced { holder }) if holder == "a standby"), "{answer:?}");
    assert!(store.facts(0, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_lost_lock_is_taken_back_where_nobody_took_a_turn() {
    let database = Database::create();
    let store = writer(database.url(), "first").await;
    end_session(database.url(), "first");
    store.append(&facts(1)).await.unwrap();
    let error = PostgresStore::open_with(database.url(), options("second")).await.unwrap_err();
    assert!(matches!(&error, OpenError::Locked { holder, .. } if holder == "first"), "{error}");
    assert_eq!(store.epoch(), Some(1));
}
