//! Connections that get lost, and callers that go away.

use super::{facts, options, until, writer};
use recio_core::store::{Store, StoreError};
use recio_store::testing::{Cluster, Database, psql};
use recio_store::{Access, PostgresOptions, PostgresStore};
use std::time::Duration;

#[tokio::test]
async fn a_killed_server_is_found_again_without_help() {
    let mut cluster = Cluster::start();
    let store = writer(&cluster.database(), "a").await;
    store.append(&facts(0)).await.unwrap();
    for round in 1..=3 {
        cluster.kill();
        for _ in 0..2 {
            let answer = store.append(&facts(round)).await;
            assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
            let answer = store.facts(0, 100).await;
            assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
        }
        assert!(store.connections().lost >= 2, "{:?}", store.connections());
        cluster.restart();
        assert_eq!(store.append(&facts(round)).await.unwrap().added, 2, "round {round}");
        assert_eq!(store.verify().await.unwrap().last_sequence, 2 * round + 2, "what was answered is there");
    }
    assert_eq!(store.epoch(), Some(1), "it was the same turn all the time");
}

#[tokio::test]
async fn a_server_that_was_restarted_while_nobody_asked_is_not_noticed() {
    let mut cluster = Cluster::start();
    let store = writer(&cluster.database(), "a").await;
    store.append(&facts(0)).await.unwrap();
    store.facts(0, 10).await.unwrap();
    cluster.kill();
    cluster.restart();
    assert_eq!(store.append(&facts(1)).await.unwrap().last_sequence, 4);
    assert_eq!(store.facts(0, 10).await.unwrap().len(), 4);
}

#[tokio::test]
async fn an_idle_store_mends_its_connections() {
    let mut cluster = Cluster::start();
    let mut watchful = options("a");
    watchful.idle_check = Duration::from_millis(20);
    let store = PostgresStore::open_with(&cluster.database(), watchful).await.unwrap();
    assert_eq!(store.connections().size, 3);
    cluster.kill();
    until("all connections are known to be lost", async || store.connections().lost == 3).await;
    cluster.restart();
    until("all connections are back", async || store.connections().lost == 0).await;
    store.append(&facts(0)).await.unwrap();
}

#[tokio::test]
async fn an_ended_session_loses_no_append_and_no_lock() {
    let database = Database::create();
    let store = writer(database.url(), "first").await;
    store.append(&facts(0)).await.unwrap();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for number in 1..=3 {
        // The writer's and one that reads at least: the other one may lie idle, ended already and not missed yet. One that was refused may
        // still be on its way out.
        assert!(psql(database.url(), end).parse::<u32>().unwrap() >= 2);
        assert_eq!(store.append(&facts(number)).await.unwrap().last_sequence, 2 * number + 2);
        assert_eq!(store.facts(0, 100).await.unwrap().len() as u64, 2 * number + 2);
        store.orders().await.unwrap();
        let error = PostgresStore::open_with(database.url(), options("second")).await.unwrap_err();
        assert!(error.to_string().contains("being written by first"), "{error}");
    }
}

#[tokio::test]
async fn a_lock_that_does_not_come_passes() {
    let database = Database::create();
    let mut impatient = options("a");
    impatient.lock_timeout = Duration::from_millis(20);
    let store = PostgresStore::open_with(database.url(), impatient).await.unwrap();
    let mut other = super::proxy::connect(database.url()).await;
    sqlx::raw_sql("BEGIN; SELECT epoch FROM lease FOR UPDATE").execute(&mut other).await.unwrap();
    let answer = store.append(&facts(0)).await;
    assert!(
        matches!(&answer, Err(StoreError::Unavailable(why)) if why.to_string().contains("lock timeout")),
        "{answer:?}"
    );
    assert!(store.facts(0, 10).await.unwrap().is_empty(), "reading goes on");
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(store.append(&facts(0)).await.unwrap().added, 2);
}

#[tokio::test]
async fn a_dropped_caller_leaves_no_open_transaction() {
    let database = Database::create();
    let store = writer(database.url(), "a").await;
    for polls in 0..12 {
        {
            let facts = facts(polls);
            let mut append = std::pin::pin!(store.append(&facts));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            for _ in 0..polls {
                if append.as_mut().poll(&mut context).is_ready() {
                    break;
                }
                std::thread::yield_now();
            }
        }
        // All that was handed over before is done when this is.
        store.append(&facts(100 + polls)).await.unwrap();
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                    AND state <> 'idle'";
        assert_eq!(psql(database.url(), open), "0", "after {polls} polls");
    }
    store.verify().await.unwrap();
}

#[tokio::test]
async fn connections_are_as_many_as_was_asked_for_and_limited() {
    let database = Database::create();
    let mut many = PostgresOptions::new(Access::Writer);
    many.readers = std::num::NonZeroUsize::new(4).unwrap();
    let store = PostgresStore::open_with(database.url(), many).await.unwrap();
    let reader = PostgresStore::open(database.url(), Access::Reader).await.unwrap();
    assert_eq!((store.connections().size, reader.connections().size), (5, 2));
    let count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert_eq!(psql(database.url(), count), "7");
    store.close().await;
    reader.close().await;
    until("the server has let the closed ones go", async || psql(database.url(), count) == "0").await;
}
