//! A writer's process that dies leaves all of a group of facts or nothing, and no lock.

use super::options;
use recio_core::fact::Fact;
use recio_core::market::BookSide;
use recio_core::store::{Appended, Store};
use recio_core::units::Money;
use recio_store::contract::sample;
use recio_store::testing::Database;
use recio_store::{Access, OpenError, PostgresStore};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

const GROUP: u64 = 5;
const STORE: &str = "RECIO_STORE_POSTGRES_CRASH_TEST";

fn group(number: u64) -> Vec<Fact> {
    let cash = (0..GROUP - 1).map(|at| sample::cash_moved(number * GROUP + at, Money::dollars(1)));
    let fill = sample::filled(sample::fill("x", &format!("f-{number}"), "M", BookSide::Bid, "0.5", "1"));
    cash.chain([fill]).collect()
}

/// Not a test of its own: the process that `a_killed_writer_leaves_whole_groups` kills. Without its variable it does nothing.
#[tokio::test]
async fn writer_that_is_killed() {
    let Ok(url) = std::env::var(STORE) else { return };
    let store = PostgresStore::open(&url, Access::Writer).await.unwrap();
    let first = store.facts(0, u32::MAX).await.unwrap().len() as u64 / GROUP;
    for number in first.. {
        store.append(&group(number)).await.unwrap();
        println!("\nappended {number}");
    }
}

#[tokio::test]
async fn a_killed_writer_leaves_whole_groups() {
    let database = Database::create();
    let url = database.url();
    for round in 1..=4_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "postgres::crash::writer_that_is_killed", "--nocapture"])
            .env(STORE, url)
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
        let error = PostgresStore::open_with(url, options("x")).await.unwrap_err();
        let named = format!("process {}", child.id());
        assert!(matches!(&error, OpenError::Locked { holder, .. } if *holder == named), "{error}");
        // A spin of another length in each round, so that the kill meets other points of an append.
        for _ in 0..round * 200_000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        last = lines.filter_map(&mut told).last().unwrap_or(last);

        // The server notices a dead client when it next hears of it.
        let mut patient = options("x");
        patient.lock_wait = Duration::from_secs(60);
        let store = PostgresStore::open_with(url, patient).await.expect("the dead writer's lock is gone");
        assert_eq!(store.epoch(), Some(2 * round));
        let facts = store.verify().await.unwrap().last_sequence;
        assert_eq!(facts % GROUP, 0, "round {round}: a group is whole or absent");
        assert!(facts / GROUP > last, "round {round}: what was answered is there");
        let again = store.append(&group(facts / GROUP - 1)).await.unwrap();
        assert_eq!(again, Appended { last_sequence: facts, added: 0 }, "appending the last one again changes nothing");
        store.close().await;
    }
}
