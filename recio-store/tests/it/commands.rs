//! Commands between the stores of one file: the writer takes, everybody else asks.

use crate::damage::sqlite;
use recio_core::command::{CommandAnswer, CommandQueue, answered};
use recio_core::store::{Store, StoreError};
use recio_core::units::Timestamp;
use recio_store::contract::sample;
use recio_store::{Access, SqliteStore};
use std::process::{Command, Stdio};
use std::time::Duration;

const STORE: &str = "RECIO_STORE_COMMANDS_TEST";
/// How long the other process may take; it takes milliseconds once it runs.
const PATIENCE: Duration = Duration::from_secs(120);

fn url(directory: &tempfile::TempDir) -> String {
    format!("sqlite://{}/store.db", directory.path().display())
}

fn now() -> Timestamp {
    sample::time(1_000)
}

fn done(note: &str) -> CommandAnswer {
    CommandAnswer::Done { note: note.to_owned() }
}

/// Takes commands and answers them until `last` is answered.
async fn serve(writer: &SqliteStore, last: u64) {
    let mut news = writer.news().await.unwrap();
    let mut taken = 0;
    while taken < last {
        match writer.take(taken, now()).await.unwrap() {
            Some(command) => {
                taken = command.number;
                assert!(writer.answer(taken, &done(&format!("did {}", command.key)), now()).await.unwrap());
            }
            None => news.changed().await.unwrap(),
        }
    }
}

/// Not a test of its own: the process that `a_command_of_another_process_is_answered` starts. Without its variable it does nothing.
#[tokio::test]
async fn asker_that_is_answered() {
    let Ok(url) = std::env::var(STORE) else { return };
    let reader = SqliteStore::open(&url, Access::Reader).await.unwrap();
    for key in ["a", "b", "c"] {
        let number = reader.ask(&sample::command(key)).await.unwrap().number;
        let over = answered(&reader, number).await.unwrap().unwrap();
        assert_eq!(over.answer(), Some(&done(&format!("did {key}"))));
    }
    reader.close().await;
}

#[tokio::test]
async fn a_command_of_another_process_is_answered() {
    let directory = tempfile::tempdir().unwrap();
    let writer = SqliteStore::open(&url(&directory), Access::Writer).await.unwrap();
    let mut asker = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "commands::asker_that_is_answered", "--nocapture"])
        .env(STORE, url(&directory))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let served = tokio::time::timeout(PATIENCE, serve(&writer, 3)).await;
    if served.is_err() {
        let _ = asker.kill();
    }
    assert!(asker.wait().unwrap().success(), "the asker heard of every answer");
    served.expect("what another process asks is heard of");
}

#[tokio::test]
async fn a_reader_asks_and_cannot_take() {
    let directory = tempfile::tempdir().unwrap();
    let writer = SqliteStore::open(&url(&directory), Access::Writer).await.unwrap();
    let reader = SqliteStore::open(&url(&directory), Access::Reader).await.unwrap();
    let facts: Vec<_> = (0..50).map(|number| sample::alarm(number, "x")).collect();
    // Asking and appending take turns at the file.
    let appending = async {
        for fact in &facts {
            writer.append(std::slice::from_ref(fact)).await.unwrap();
        }
    };
    let asking = async {
        for number in 1..=5 {
            let asked = reader.ask(&sample::command(&format!("k-{number}"))).await.unwrap();
            assert_eq!(asked.number, number);
        }
    };
    let all = async { tokio::join!(appending, asking, serve(&writer, 5)) };
    tokio::time::timeout(PATIENCE, all).await.expect("the writer hears of a reader in its own process");
    assert!(reader.list(0, 10).await.unwrap().iter().all(|command| command.answer().is_some()));
    for refused in [reader.take(0, now()).await.map(drop), reader.give_up_taken(now()).await.map(drop)] {
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    }
    assert!(reader.answer(1, &done("x"), now()).await.is_err());
    writer.verify().await.unwrap();
}

#[tokio::test]
async fn the_next_run_gives_up_what_the_last_one_took() {
    let directory = tempfile::tempdir().unwrap();
    let writer = SqliteStore::open(&url(&directory), Access::Writer).await.unwrap();
    for key in ["a", "b"] {
        writer.ask(&sample::command(key)).await.unwrap();
    }
    assert_eq!(writer.take(0, now()).await.unwrap().unwrap().key, "a");
    writer.close().await;
    let writer = SqliteStore::open(&url(&directory), Access::Writer).await.unwrap();
    assert_eq!(writer.give_up_taken(now()).await.unwrap(), 1);
    assert!(matches!(writer.command(1).await.unwrap().unwrap().answer(), Some(CommandAnswer::Unknown { .. })));
    assert_eq!(writer.take(0, now()).await.unwrap().unwrap().key, "b", "what nobody took is taken now");
}

#[tokio::test]
async fn what_was_said_cannot_be_changed() {
    let directory = tempfile::tempdir().unwrap();
    let writer = SqliteStore::open(&url(&directory), Access::Writer).await.unwrap();
    writer.ask(&sample::command("a")).await.unwrap();
    writer.ask(&sample::command("b")).await.unwrap();
    writer.take(0, now()).await.unwrap();
    writer.answer(1, &done("x"), now()).await.unwrap();
    writer.take(1, now()).await.unwrap();
    let before = writer.list(0, 10).await.unwrap();
    let path = directory.path().join("store.db");
    for sql in [
        "DELETE FROM commands",
        "UPDATE commands SET answer = 'y' WHERE number = 1",
        "UPDATE commands SET status = 'waiting', answered_time_us = NULL WHERE number = 1",
        "UPDATE commands SET body = '{}' WHERE number = 2",
        "UPDATE commands SET asked_by = 'nobody'",
        "UPDATE commands SET status = 'waiting' WHERE number = 2",
    ] {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
        let mut shell = sqlx::ConnectOptions::connect(&options).await.unwrap();
        let error = sqlx::query(sql).execute(&mut shell).await.unwrap_err().to_string();
        assert!(error.contains("commands are never deleted") || error.contains("keep what was said"), "{sql}: {error}");
        sqlx::Connection::close(shell).await.unwrap();
    }
    assert_eq!(writer.list(0, 10).await.unwrap(), before);
    writer.close().await;
    sqlite(&path, "DROP TRIGGER commands_are_never_deleted").await;
    let error = SqliteStore::open(&url(&directory), Access::Reader).await.unwrap_err();
    assert!(format!("{error:?}").contains("commands_are_never_deleted"), "{error:?}");
}
