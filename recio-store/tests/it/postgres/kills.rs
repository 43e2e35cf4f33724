//! A server that is killed again and again while facts are written: what was answered is there, and the store is back without help.
//!
//! Five times; a hundred with `RECIO_TEST_FULL=1`.

use super::{facts, options, writer};
use recio_core::store::{Store, StoreError};
use recio_store::testing::Cluster;
use recio_store::{Access, PostgresOptions, PostgresStore};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_outlives_every_kill() {
    let full = std::env::var("RECIO_TEST_FULL").is_ok_and(|full| full == "1");
    let kills = if full { 100 } else { 5 };
    let mut cluster = Cluster::start();
    let url = cluster.database();
    let store = Arc::new(writer(&url, "a").await);
    let (answered, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let writing = {
        let (store, answered, over) = (Arc::clone(&store), Arc::clone(&answered), Arc::clone(&over));
        tokio::spawn(async move {
            let mut unavailable = 0_u64;
            for number in 0.. {
                // The same facts until they are answered, as a run does it.
                loop {
                    match store.append(&facts(number)).await {
                        Ok(appended) => {
                            assert_eq!(
                                appended.last_sequence,
                                2 * number + 2,
                                "nothing came twice, and nothing is missing"
                            );
                            answered.store(number + 1, Ordering::Release);
                            break;
                        }
                        Err(StoreError::Unavailable(_)) => unavailable += 1,
                        Err(error) => panic!("{error}"),
                    }
                }
                if over.load(Ordering::Acquire) {
                    return unavailable;
                }
            }
            unreachable!("it goes on until it is over")
        })
    };
    for kill in 1..=kills {
        // Some appends further each time, so that the kill meets another point of one.
        let until = answered.load(Ordering::Acquire) + 3 + kill % 7;
        while answered.load(Ordering::Acquire) < until {
            assert!(!writing.is_finished(), "the writer ended early");
            tokio::time::sleep(Duration::from_millis(kill % 4)).await;
        }
        let known = answered.load(Ordering::Acquire);
        cluster = tokio::task::spawn_blocking(move || {
            cluster.kill();
            cluster.restart();
            cluster
        })
        .await
        .unwrap();
        let reader =
            PostgresStore::open_with(&url, PostgresOptions { access: Access::Reader, ..options("b") }).await.unwrap();
        let there = reader.facts(0, u32::MAX).await.unwrap().len() as u64;
        assert!(there >= 2 * known, "kill {kill}: {there} facts are there, {} were answered", 2 * known);
        reader.close().await;
    }
    over.store(true, Ordering::Release);
    let unavailable = writing.await.unwrap();
    let verified = store.verify().await.unwrap();
    let answered = answered.load(Ordering::Acquire);
    assert_eq!(verified.last_sequence, 2 * answered);
    assert_eq!(store.epoch(), Some(1), "it was the same turn all the time");
    println!(
        "{kills} kills of the server: {answered} appends of 2 facts answered, all there; {unavailable} were told that it is away"
    );
    assert!(unavailable > 0);
}
