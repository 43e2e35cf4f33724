//! Opening: URLs, readers, the one writer, versions.

use crate::damage::sqlite;
use recio_core::causes::in_full;
use recio_core::store::{Store, StoreError};
use recio_core::units::Money;
use recio_store::contract::sample;
use recio_store::{Access, OpenError, SqliteOptions, SqliteStore, open};
use std::time::Duration;

fn url(directory: &tempfile::TempDir) -> String {
    format!("sqlite://{}/store.db", directory.path().display())
}

#[tokio::test]
async fn a_url_that_names_no_store_is_refused() {
    for (bad, remedy) in [
        ("postgres://user:secret@host", "names no database"),
        ("postgres:recio", "postgres://USER@HOST/DATABASE"),
        ("mysql://user:secret@host/recio", "postgres://USER@HOST/DATABASE"),
        ("sqlite:recio.db", "sqlite://PATH"),
        ("sqlite://", "names no file"),
        ("sqlite://a.db?mode=rwc", "no parameters"),
        ("memory", "memory:"),
        ("", "memory:"),
    ] {
        let error = open(bad, Access::Writer).await.err().unwrap().to_string();
        assert!(error.contains(remedy), "{bad}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
    open("memory:", Access::Writer).await.unwrap();
}

#[tokio::test]
async fn a_reader_makes_nothing_and_sees_what_is_written_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let error = SqliteStore::open(&url(&directory), Access::Reader).await.unwrap_err();
    assert!(matches!(&error, OpenError::Missing { place } if place.ends_with("store.db")), "{error}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);

    let writer = SqliteStore::open(&url(&directory), Access::Writer).await.unwrap();
    let reader = SqliteStore::open(&url(&directory), Access::Reader).await.unwrap();
    writer.append(&[sample::account_opened(Money::dollars(1))]).await.unwrap();
    assert_eq!(reader.facts(0, 10).await.unwrap(), writer.facts(0, 10).await.unwrap());
    let answer = reader.append(&[sample::alarm(1, "no")]).await;
    assert!(matches!(&answer, Err(error) if in_full(error).contains("opened for reading")), "{answer:?}");
    assert!(reader.rebuild().await.is_err());
    writer.append(&[sample::alarm(2, "yes")]).await.unwrap();
    assert_eq!(reader.verify().await.unwrap().last_sequence, 2);
    writer.close().await;
    assert_eq!(reader.facts(0, 10).await.unwrap().len(), 2, "a reader outlives the writer");
    reader.close().await;
    let reader = SqliteStore::open(&url(&directory), Access::Reader).await.unwrap();
    assert_eq!(reader.facts(0, 10).await.unwrap().len(), 2, "a reader needs no writer");
}

#[tokio::test]
async fn a_second_writer_is_refused_and_told_who_has_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let options = |holder: &str| {
        let mut options = SqliteOptions::new(Access::Writer);
        holder.clone_into(&mut options.holder);
        options.lock_wait = Duration::from_millis(50);
        options
    };
    let first = SqliteStore::open_with(&url(&directory), options("run 7 on alpha")).await.unwrap();
    let other_way = format!("sqlite://{}/./store.db", directory.path().display());
    for way in [url(&directory), other_way] {
        let error = SqliteStore::open_with(&way, options("b")).await.unwrap_err();
        assert!(matches!(&error, OpenError::Locked { holder, .. } if holder == "run 7 on alpha"), "{error}");
    }
    #[cfg(unix)]
    {
        let link = directory.path().join("link.db");
        std::os::unix::fs::symlink(first.path(), &link).unwrap();
        let error = SqliteStore::open_with(&format!("sqlite://{}", link.display()), options("b")).await.unwrap_err();
        assert!(matches!(error, OpenError::Locked { .. }), "a link leads to the same lock: {error}");
    }
    first.append(&[sample::alarm(1, "still mine")]).await.unwrap();
    first.close().await;
    let second = SqliteStore::open_with(&url(&directory), options("b")).await.unwrap();
    assert_eq!(second.facts(0, 10).await.unwrap().len(), 1);
    drop(second);
    // Dropped without waiting, it lets go in the background; opening waits for that.
    SqliteStore::open(&url(&directory), Access::Writer).await.unwrap();
}

#[tokio::test]
async fn a_missing_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/not/there/store.db", directory.path().display());
    let error = SqliteStore::open(&url, Access::Writer).await.unwrap_err();
    assert!(error.to_string().contains("not/there") && error.to_string().contains("make its directory"), "{error}");
}

#[tokio::test]
async fn what_another_version_or_program_made_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    SqliteStore::open(&url(&directory), Access::Writer).await.unwrap().close().await;
    let cases = [
        ("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1", "another build"),
        ("INSERT INTO _sqlx_migrations VALUES (99, 'later', '2030-01-01', true, x'00', 0)", "a newer recio made it"),
    ];
    for (number, (change, remedy)) in cases.into_iter().enumerate() {
        let copy = directory.path().join(format!("copy-{number}.db"));
        std::fs::copy(directory.path().join("store.db"), &copy).unwrap();
        sqlite(&copy, change).await;
        let error = SqliteStore::open(&format!("sqlite://{}", copy.display()), Access::Writer).await.unwrap_err();
        assert!(
            matches!(error, OpenError::Store { source: StoreError::WrongVersion { .. }, .. }),
            "{}",
            in_full(&error)
        );
        assert!(in_full(&error).contains(remedy), "{}", in_full(&error));
    }

    let foreign = directory.path().join("foreign.db");
    sqlite(&foreign, "CREATE TABLE customers (name TEXT)").await;
    let error = SqliteStore::open(&format!("sqlite://{}", foreign.display()), Access::Writer).await.unwrap_err();
    assert!(in_full(&error).contains("another program's database"), "{}", in_full(&error));

    let empty = directory.path().join("empty.db");
    std::fs::write(&empty, "").unwrap();
    let error = SqliteStore::open(&format!("sqlite://{}", empty.display()), Access::Reader).await.unwrap_err();
    assert!(in_full(&error).contains("open it for writing once"), "{}", in_full(&error));

    // A writer that was refused holds no lock.
    for _ in 0..2 {
        let mut options = SqliteOptions::new(Access::Writer);
        options.lock_wait = Duration::ZERO;
        let error = SqliteStore::open_with(&format!("sqlite://{}", foreign.display()), options).await.unwrap_err();
        assert!(matches!(error, OpenError::Store { .. }), "{}", in_full(&error));
    }

    let text = directory.path().join("notes.txt");
    std::fs::write(&text, "these are notes, and no database at all\n".repeat(100)).unwrap();
    for access in [Access::Reader, Access::Writer] {
        let error = SqliteStore::open(&format!("sqlite://{}", text.display()), access).await.unwrap_err();
        let damaged = matches!(error, OpenError::Store { source: StoreError::Damaged { .. }, .. });
        assert!(damaged && in_full(&error).contains("notes.txt"), "{}", in_full(&error));
    }
}

#[tokio::test]
async fn whose_turn_is_over_writes_nothing_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&url(&directory), Access::Writer).await.unwrap();
    store.append(&[sample::alarm(1, "mine")]).await.unwrap();
    // Its lock is held, and all the same somebody has taken over: on a network file system, say, whose locks reach nobody else.
    sqlite(store.path(), "UPDATE lease SET epoch = epoch + 1, holder = 'run 8 on beta'").await;
    let answer = store.append(&[sample::alarm(2, "too late")]).await;
    assert!(matches!(&answer, Err(StoreError::Fenced { holder }) if holder == "run 8 on beta"), "{answer:?}");
    assert!(matches!(store.rebuild().await, Err(StoreError::Fenced { .. })));
    assert_eq!(store.verify().await.unwrap().last_sequence, 1);
    store.close().await;
    let next = SqliteStore::open(&url(&directory), Access::Writer).await.unwrap();
    assert_eq!(next.epoch(), Some(3));
}

#[tokio::test]
async fn a_bad_append_spoils_no_other_that_waits_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut patient = SqliteOptions::new(Access::Writer);
    patient.busy_timeout = Duration::from_secs(60);
    let store = std::sync::Arc::new(SqliteStore::open_with(&url(&directory), patient).await.unwrap());
    store.append(&[sample::cash_moved(7, Money::dollars(7))]).await.unwrap();
    // While somebody else has the file, appends queue up.
    let mut shell = crate::damage::shell(store.path()).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut shell).await.unwrap();
    let append = |number: u64| {
        let store = store.clone();
        tokio::spawn(async move { store.append(&[sample::cash_moved(number, Money::dollars(1))]).await })
    };
    let all: Vec<_> = (0..10).map(append).collect();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    sqlx::query("ROLLBACK").execute(&mut shell).await.unwrap();
    for (number, each) in all.into_iter().enumerate() {
        match (number, each.await.unwrap()) {
            (7, answer) => assert!(matches!(answer, Err(StoreError::Conflict { .. })), "{answer:?}"),
            (_, answer) => assert_eq!(answer.unwrap().added, 1),
        }
    }
    assert_eq!(store.verify().await.unwrap().last_sequence, 10);
}
