//! Following and asking over a server: what others commit is notified, and a lost connection loses nothing.

use super::{facts, options, until, writer};
use recio_core::command::{CommandAnswer, CommandQueue, answered};
use recio_core::store::{Changes, Store, StoreError};
use recio_store::contract::sample;
use recio_store::testing::{Cluster, Database, psql};
use recio_store::{Access, PostgresOptions, PostgresStore};
use std::time::Duration;

/// How long a fact may take to reach a follower; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(120);

const LISTENING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'listens for %'";

async fn reader(url: &str) -> PostgresStore {
    let options = PostgresOptions { access: Access::Reader, ..options("a reader") };
    PostgresStore::open_with(url, options).await.unwrap()
}

async fn next(changes: &mut Box<dyn Changes>) -> u64 {
    let fact = tokio::time::timeout(PATIENCE, changes.next()).await.expect("what was committed is told");
    fact.unwrap().sequence
}

async fn appends(store: &PostgresStore, number: u64) {
    until("the store takes facts", async || store.append(&facts(number)).await.is_ok()).await;
}

#[tokio::test]
async fn followers_elsewhere_are_notified() {
    let database = Database::create();
    let (writer, reader) = (writer(database.url(), "a").await, reader(database.url()).await);
    assert_eq!(psql(database.url(), LISTENING), "0", "nobody follows, nobody listens");
    let mut changes = reader.changes(0).await.unwrap();
    let mut late = reader.changes(0).await.unwrap();
    for number in 0..20 {
        appends(&writer, number).await;
        assert_eq!((next(&mut changes).await, next(&mut changes).await), (2 * number + 1, 2 * number + 2));
    }
    assert_eq!(psql(database.url(), LISTENING), "1", "one connection listens for all who follow one store");
    for sequence in 1..=40 {
        assert_eq!(next(&mut late).await, sequence);
    }
    reader.close().await;
    until("the listening ends with the store", async || psql(database.url(), LISTENING) == "0").await;
    let error = late.next().await.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable(why) if why.to_string().contains("was closed")), "{error:?}");
}

#[tokio::test]
async fn a_follower_outlives_its_connections() {
    let database = Database::create();
    let (writer, reader) = (writer(database.url(), "a").await, reader(database.url()).await);
    let mut changes = reader.changes(0).await.unwrap();
    for number in 0..5 {
        // Committed while nobody listens, and after it.
        until("somebody listens", async || psql(database.url(), LISTENING) == "1").await;
        let ends_all = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                        WHERE application_name IN ('a reader', 'listens for a reader') AND datname = current_database()";
        psql(database.url(), ends_all);
        appends(&writer, number).await;
        assert_eq!(next(&mut changes).await, 2 * number + 1);
        assert_eq!(next(&mut changes).await, 2 * number + 2);
    }
}

#[tokio::test]
async fn a_follower_outlives_the_server() {
    let mut cluster = Cluster::start();
    let url = cluster.database();
    let (writer, reader) = (writer(&url, "a").await, reader(&url).await);
    let mut changes = reader.changes(0).await.unwrap();
    let mut sequence = 0;
    for number in 0..3 {
        appends(&writer, 2 * number).await;
        cluster.kill();
        cluster.restart();
        appends(&writer, 2 * number + 1).await;
        let last = writer.facts(0, u32::MAX).await.unwrap().len() as u64;
        while sequence < last {
            match tokio::time::timeout(PATIENCE, changes.next()).await.expect("the follower goes on") {
                Ok(fact) => {
                    sequence += 1;
                    assert_eq!(fact.sequence, sequence, "in sequence, without a hole, each once");
                }
                // Read while the server was down: nothing is lost by asking again.
                Err(StoreError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    assert_eq!(sequence, 12);
}

#[tokio::test]
async fn a_reader_asks_the_writer_over_the_server() {
    let database = Database::create();
    let (writer, reader) = (writer(database.url(), "a").await, reader(database.url()).await);
    let serving = async {
        let mut news = writer.news().await.unwrap();
        let mut last = 0;
        while last < 3 {
            match writer.take(last, sample::time(1)).await.unwrap() {
                Some(taken) => {
                    last = taken.number;
                    let answer = CommandAnswer::Done { note: taken.key };
                    assert!(writer.answer(last, &answer, sample::time(2)).await.unwrap());
                }
                None => news.changed().await.unwrap(),
            }
        }
    };
    let asking = async {
        for key in ["a", "b", "c"] {
            let number = reader.ask(&sample::command(key)).await.unwrap().number;
            let over = answered(&reader, number).await.unwrap().unwrap();
            assert_eq!(over.answer(), Some(&CommandAnswer::Done { note: key.to_owned() }));
        }
    };
    tokio::time::timeout(PATIENCE, async { tokio::join!(serving, asking) }).await.expect("both sides are notified");
    assert!(matches!(reader.take(0, sample::time(1)).await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_writer_whose_turn_is_over_takes_and_answers_nothing() {
    let database = Database::create();
    let writer = writer(database.url(), "a").await;
    for key in ["a", "b"] {
        writer.ask(&sample::command(key)).await.unwrap();
    }
    assert_eq!(writer.take(0, sample::time(1)).await.unwrap().unwrap().number, 1);
    psql(database.url(), "UPDATE lease SET epoch = epoch + 1, holder = 'b'");
    let done = CommandAnswer::Done { note: String::new() };
    let fenced = [
        writer.take(1, sample::time(2)).await.map(drop),
        writer.answer(1, &done, sample::time(2)).await.map(drop),
        writer.give_up_taken(sample::time(2)).await.map(drop),
    ];
    for answer in fenced {
        assert!(matches!(&answer, Err(StoreError::Fenced { holder }) if holder == "b"), "{answer:?}");
    }
    let left = writer.list(0, 10).await.unwrap();
    assert!(left.iter().all(|command| command.answer().is_none()), "{left:?}");
    // Asking needs no turn.
    writer.ask(&sample::command("c")).await.unwrap();
}
