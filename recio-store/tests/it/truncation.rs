//! A store whose write-ahead log lost its end at any byte: whole groups of facts up to some point, or a refusal; never anything else.
//!
//! The last 64 KiB, every 257th byte and each end of a page; every byte with `RECIO_TEST_FULL=1`.

use recio_core::market::BookSide;
use recio_core::store::Store;
use recio_core::units::Money;
use recio_store::contract::sample;
use recio_store::{Access, SqliteStore};
use std::path::Path;

/// How much of the end is cut, byte by byte.
const TAIL: u64 = 64 * 1_024;
/// Facts of one append.
const GROUP: u64 = 3;
/// Of SQLite's log: a header, then pages of 4 KiB with a header each. Source: sqlite.org/fileformat2.html, section 4. Read 2026-11-22.
const LOG_HEADER: u64 = 32;
const FRAME: u64 = 24 + 4_096;

async fn append_group(store: &SqliteStore, number: u64) {
    let id = format!("f-{number}");
    let facts = [
        sample::cash_moved(2 * number, Money::dollars(1)),
        sample::cash_moved(2 * number + 1, Money::dollars(-1)),
        sample::filled(sample::fill("x", &id, "M", BookSide::Bid, "0.5", "1")),
    ];
    store.append(&facts).await.unwrap();
}

fn log_of(database: &Path) -> std::path::PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

#[tokio::test]
async fn a_log_cut_at_any_byte_leaves_whole_groups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&format!("sqlite://{}", path.display()), Access::Writer).await.unwrap();
    let length = || std::fs::metadata(log_of(&path)).unwrap().len();
    // The tables are made in the log as well.
    let (schema, mut groups) = (length(), 0);
    while length() < schema + TAIL + 100 * FRAME {
        append_group(&store, groups).await;
        groups += 1;
    }
    let hashes: Vec<_> = store.facts(0, u32::MAX).await.unwrap().iter().map(|stored| stored.hash).collect();
    // Copied while it is open: when it is closed, SQLite empties the log into the file.
    let (database, log) = (std::fs::read(&path).unwrap(), std::fs::read(log_of(&path)).unwrap());
    store.close().await;

    let full = std::env::var("RECIO_TEST_FULL").is_ok_and(|full| full == "1");
    let length = log.len() as u64;
    let chosen = |at: &u64| full || at.is_multiple_of(257) || (at - LOG_HEADER) % FRAME < 2 || *at + 1 >= length;
    let mut last = 0;
    let mut cuts = 0;
    for at in (length - TAIL..=length).filter(chosen) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        std::fs::write(&path, &database).unwrap();
        std::fs::write(log_of(&path), &log[..usize::try_from(at).unwrap()]).unwrap();
        let store = SqliteStore::open(&format!("sqlite://{}", path.display()), Access::Writer)
            .await
            .unwrap_or_else(|error| panic!("cut at byte {at}: {error}"));
        let verified = store.verify().await.unwrap_or_else(|error| panic!("cut at byte {at}: {error}"));
        let there = verified.last_sequence;
        assert_eq!(there % GROUP, 0, "cut at byte {at}: {there} facts");
        assert!(there >= last, "cut at byte {at}: {there} facts, and {last} where more was cut");
        let newest = store.facts(there - 1, 1).await.unwrap();
        assert_eq!(newest[0].hash, hashes[usize::try_from(there - 1).unwrap()], "cut at byte {at}");
        // And it goes on from there, with the very group that was lost.
        append_group(&store, there / GROUP).await;
        store.close().await;
        (last, cuts) = (there, cuts + 1);
    }
    assert_eq!(last, groups * GROUP, "the whole log has everything");
    assert!(cuts > 100);
}
