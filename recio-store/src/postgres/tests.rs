//! What is not seen from outside: transactions that push each other out, and what a session is set to.

use super::*;
use crate::contract::sample;
use crate::sql::{WRITE, transaction};
use crate::testing::{Database, psql};
use recio_core::units::Money;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::Barrier;

/// A lane that writes and holds no lock.
async fn lane(url: &str) -> Lane {
    let mut options = PostgresOptions::new(Access::Writer);
    options.lock_timeout = std::time::Duration::from_secs(60);
    Lane::connect(Connector::writer(&Target::parse(url).unwrap(), &options, Turn::default())).await.unwrap()
}

#[tokio::test]
async fn a_transaction_that_is_pushed_out_is_done_again() {
    let database = Database::create();
    psql(database.url(), "CREATE TABLE steps (name TEXT PRIMARY KEY, number BIGINT NOT NULL)");
    psql(database.url(), "INSERT INTO steps VALUES ('a', 0), ('b', 0)");
    // Each reads the sum of both and adds it to its own row: only one after the other gives 0 + 0 + 1, then 1 + 0 + 1.
    let (both, turns) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let step = async |name: &'static str| {
        let (both, turns) = (both.clone(), turns.clone());
        let work = async move |connection: &mut Connection| {
            transaction(connection, WRITE, async |connection| {
                let sum = "SELECT CAST(sum(number) AS BIGINT) AS total FROM steps";
                let total = Query::new(sum).fetch_one(connection).await?.integer("total")?;
                if turns.fetch_add(1, Ordering::SeqCst) < 2 {
                    both.wait().await;
                }
                let set = "UPDATE steps SET number = $1 WHERE name = $2";
                Query::new(set).integer(total + 1).text(name).execute(connection).await.map(drop)
            })
            .await
        };
        lane(database.url()).await.call(work).await
    };
    let (left, right) = tokio::join!(step("a"), step("b"));
    left.unwrap();
    right.unwrap();
    assert_eq!(turns.load(Ordering::SeqCst), 3, "one of them was done twice");
    assert_eq!(psql(database.url(), "SELECT string_agg(CAST(number AS TEXT), ',' ORDER BY number) FROM steps"), "1,2");
}

#[tokio::test]
async fn a_deadlock_is_done_again() {
    let database = Database::create();
    psql(database.url(), "CREATE TABLE steps (name TEXT PRIMARY KEY, number BIGINT NOT NULL)");
    psql(database.url(), "INSERT INTO steps VALUES ('a', 0), ('b', 0)");
    let (both, turns) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let step = async |names: [&'static str; 2]| {
        let (both, turns) = (both.clone(), turns.clone());
        let work = async move |connection: &mut Connection| {
            transaction(connection, crate::sql::HELD, async |connection| {
                let sql = "UPDATE steps SET number = number + 1 WHERE name = $1";
                Query::new(sql).text(names[0]).execute(connection).await?;
                if turns.fetch_add(1, Ordering::SeqCst) < 2 {
                    both.wait().await;
                }
                Query::new(sql).text(names[1]).execute(connection).await.map(drop)
            })
            .await
        };
        lane(database.url()).await.call(work).await
    };
    let (left, right) = tokio::join!(step(["a", "b"]), step(["b", "a"]));
    left.unwrap();
    right.unwrap();
    // The server ends one of them, or in bad luck both.
    assert!((3..=10).contains(&turns.load(Ordering::SeqCst)), "{turns:?}");
    assert_eq!(psql(database.url(), "SELECT string_agg(CAST(number AS TEXT), ',') FROM steps"), "2,2");
}

#[tokio::test]
async fn tries_are_counted_and_end() {
    let database = Database::create();
    psql(
        database.url(),
        "CREATE FUNCTION lose() RETURNS BIGINT LANGUAGE plpgsql AS $$ BEGIN RAISE SQLSTATE '40001'; END $$",
    );
    let turns = Arc::new(AtomicU32::new(0));
    let counted = turns.clone();
    let work = async move |connection: &mut Connection| {
        transaction(connection, WRITE, async |connection| {
            counted.fetch_add(1, Ordering::SeqCst);
            Query::new("SELECT lose()").execute(connection).await.map(drop)
        })
        .await
    };
    let answer = lane(database.url()).await.call(work).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert_eq!(turns.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn sessions_are_set_so_that_nothing_is_lost_or_held() {
    let database = Database::create();
    let name = psql(database.url(), "SELECT current_database()");
    psql(database.url(), &format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    let store = PostgresStore::open(&database.url_with("schema=own"), Access::Writer).await.unwrap();
    store.append(&[sample::cash_moved(1, Money::dollars(1))]).await.unwrap();
    let ask = async |connection: &mut Connection| {
        let mut values = Vec::new();
        for setting in [
            "synchronous_commit",
            "search_path",
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "default_transaction_read_only",
        ] {
            let row = Query::new("SELECT current_setting($1) AS value").text(setting).fetch_one(connection).await?;
            values.push(row.text("value")?);
        }
        Ok(values)
    };
    let writes = store.writer.as_ref().unwrap().lane().call(ask).await.unwrap();
    assert_eq!(writes, ["on", "own", "30s", "5s", "30s", "off"]);
    let reads = store.readers.read(ask).await.unwrap();
    assert_eq!(reads[1..], ["own", "30s", "5s", "30s", "on"]);
}
