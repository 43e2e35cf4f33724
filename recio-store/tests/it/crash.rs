//! A process that dies, and a caller that goes away, leave all of a group of facts or nothing.

use recio_core::fact::Fact;
use recio_core::market::BookSide;
use recio_core::store::{Appended, Store};
use recio_core::units::Money;
use recio_store::contract::sample;
use recio_store::{Access, OpenError, SqliteOptions, SqliteStore};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Facts of one append; some of them make rows in tables.
const GROUP: u64 = 7;
const STORE: &str = "RECIO_STORE_CRASH_TEST";

fn group(number: u64) -> Vec<Fact> {
    let cash = (0..GROUP - 2).map(|at| sample::cash_moved(number * GROUP + at, Money::dollars(1)));
    let fill = |id: &str| sample::filled(sample::fill("x", &format!("{id}-{number}"), "M", BookSide::Bid, "0.5", "1"));
    cash.chain([fill("a"), fill("b")]).collect()
}

/// Not a test of its own: the process that `a_killed_writer_leaves_whole_groups` kills. Without its variable it does nothing.
#[tokio::test]
async fn writer_that_is_killed() {
    let Ok(url) = std::env::var(STORE) else { return };
    let store = SqliteStore::open(&url, Access::Writer).await.unwrap();
    let first = store.facts(0, u32::MAX).await.unwrap().len() as u64 / GROUP;
    for number in first.. {
        store.append(&group(number)).await.unwrap();
        println!("\nappended {number}");
    }
}

#[tokio::test]
async fn a_killed_writer_leaves_whole_groups() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    for round in 1..=6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::writer_that_is_killed", "--nocapture"])
            .env(STORE, &url)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut told = |line: String| line.strip_prefix("appended ").map(|number| number.parse::<u64>().unwrap());
        let mut last = lines.by_ref().find_map(&mut told).expect("the writer appends");
        for _ in 0..round * 3 {
            last = lines.by_ref().find_map(&mut told).expect("the writer goes on");
        }
        let mut impatient = SqliteOptions::new(Access::Writer);
        impatient.lock_wait = Duration::ZERO;
        let error = SqliteStore::open_with(&url, impatient).await.unwrap_err();
        let named = format!("process {}", child.id());
        assert!(matches!(&error, OpenError::Locked { holder, .. } if *holder == named), "{error}");
        // A spin of another length in each round, so that the kill meets other points of an append.
        for _ in 0..round * 200_000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        last = lines.filter_map(&mut told).last().unwrap_or(last);

        let reader = SqliteStore::open(&url, Access::Reader).await.unwrap();
        let read = reader.verify().await.unwrap().last_sequence;
        reader.close().await;
        let store = SqliteStore::open(&url, Access::Writer).await.expect("the dead writer's lock is gone");
        let facts = store.verify().await.unwrap().last_sequence;
        assert_eq!(facts, read, "a reader after the crash sees what the next writer sees");
        assert_eq!(facts % GROUP, 0, "round {round}: a group is whole or absent");
        assert!(facts / GROUP > last, "round {round}: what was answered is there");
        let unsure = group(facts / GROUP - 1);
        let again = store.append(&unsure).await.unwrap();
        assert_eq!(again, Appended { last_sequence: facts, added: 0 }, "appending the last one again changes nothing");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_caller_does_not_cancel_its_append() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    let store = std::sync::Arc::new(SqliteStore::open(&url, Access::Writer).await.unwrap());
    for number in 0..20 {
        let facts = group(number);
        let own = store.clone();
        let caller = tokio::spawn(async move { own.append(&facts).await });
        for _ in 0..number {
            tokio::task::yield_now().await;
        }
        caller.abort();
        let _ = caller.await;
    }
    let sound = store.verify().await.unwrap();
    assert_eq!(sound.last_sequence % GROUP, 0, "every group is whole or absent");
    for number in 0..20 {
        store.append(&group(number)).await.unwrap();
    }
    assert_eq!(store.verify().await.unwrap().last_sequence, 20 * GROUP);
}

#[test]
fn the_end_of_a_runtime_does_not_cancel_an_append() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let store = first.block_on(SqliteStore::open(&url, Access::Writer)).unwrap();
    first.block_on(async {
        let facts = group(0);
        let mut append = std::pin::pin!(store.append(&facts));
        // Polled once, it is handed over; then caller and runtime are gone.
        std::future::poll_fn(|context| std::task::Poll::Ready(append.as_mut().poll(context).is_ready())).await;
    });
    drop(first);
    let second = runtime();
    second.block_on(async {
        store.append(&group(1)).await.unwrap();
        assert_eq!(store.verify().await.unwrap().last_sequence, 2 * GROUP);
        store.close().await;
    });
}
