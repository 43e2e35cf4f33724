//! `recio close`, `disarm` and `arm`: asked of whoever writes the store.

use super::{outcome, recio};
use recio_core::command::{CommandAnswer, StoredCommand};
use recio_core::engine::Command;
use recio_core::units::Timestamp;
use recio_store::{Access, open};
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// A busy machine may be slow to answer.
const PATIENT: [&str; 2] = ["--wait", "600"];

fn url(directory: &Path) -> String {
    format!("sqlite://{}", directory.join("recio-data/recio.db").display())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A directory with an empty store where the config's default looks.
fn with_store() -> TempDir {
    let directory = tempdir().unwrap();
    std::fs::create_dir(directory.path().join("recio-data")).unwrap();
    runtime().block_on(async { drop(open(&url(directory.path()), Access::Writer).await.unwrap()) });
    directory
}

/// Writes the store beside what is run, and answers this many commands, each by what it asks for.
fn answering<T>(
    directory: &Path,
    count: u64,
    answer: fn(&StoredCommand) -> CommandAnswer,
    run: impl FnOnce() -> T,
) -> (T, Vec<StoredCommand>) {
    let url = url(directory);
    let (ready, waits) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            runtime().block_on(async {
                let store = open(&url, Access::Writer).await.unwrap();
                let queue = store.commands().unwrap();
                let mut news = queue.news().await.unwrap();
                ready.send(()).unwrap();
                let (mut last, now) = (0, Timestamp::UNIX_EPOCH);
                for _ in 0..count {
                    let taken = loop {
                        match queue.take(last, now).await.unwrap() {
                            Some(taken) => break taken,
                            None => news.changed().await.unwrap(),
                        }
                    };
                    last = taken.number;
                    assert!(queue.answer(last, &answer(&taken), now).await.unwrap());
                }
                queue.list(0, 100).await.unwrap()
            })
        });
        waits.recv().unwrap();
        (run(), writer.join().unwrap())
    })
}

fn by_kind(command: &StoredCommand) -> CommandAnswer {
    match command.for_engine().unwrap() {
        Command::CloseTrade(id) => CommandAnswer::Done { note: format!("closing {id}") },
        Command::ReduceOnly { reason } => CommandAnswer::Done { note: format!("disarmed: {reason}") },
        Command::Resume => CommandAnswer::Refused { reason: "the kill latch is set".to_owned() },
        other @ (Command::Halt { .. } | Command::Kill { .. } | Command::Stop) => panic!("nobody asked for {other:?}"),
    }
}

#[test]
fn what_is_asked_is_answered() {
    let directory = with_store();
    let run = |args: &[&str]| outcome(recio(directory.path()).env("USER", "alice").args(args).args(PATIENT));
    let (said, asked) = answering(directory.path(), 4, by_kind, || {
        [
            run(&["close", "t-1"]),
            run(&["disarm", "--reason", "look first"]),
            run(&["arm", "--yes"]),
            run(&["close", "t-2", "--json"]),
        ]
    });
    let [close, disarm, arm, json] = said;
    assert_eq!(close, (Some(0), "closing t-1\n".to_owned(), String::new()));
    assert_eq!(disarm, (Some(0), "disarmed: look first\n".to_owned(), String::new()));
    assert_eq!(arm, (Some(1), String::new(), "error: refused: the kill latch is set\n".to_owned()));
    let printed: StoredCommand = serde_json::from_str(&json.1).unwrap();
    assert_eq!((json.0, &printed), (Some(0), &asked[3]));
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|command| command.asked_by.starts_with("alice at a shell, process ")), "{asked:?}");
}

#[test]
fn a_wish_with_a_key_is_done_once() {
    let directory = with_store();
    let run = |args: &[&str]| outcome(recio(directory.path()).args(args).args(PATIENT));
    let (said, asked) = answering(directory.path(), 1, by_kind, || {
        [
            run(&["close", "t-1", "--key", "k"]),
            run(&["close", "t-1", "--key", "k"]),
            run(&["close", "t-2", "--key", "k"]),
        ]
    });
    assert_eq!(said[0], said[1], "asked again, the answer is the same");
    assert_eq!((said[2].0, said[2].1.as_str()), (Some(2), ""));
    assert!(said[2].2.contains("take a new key"), "{}", said[2].2);
    assert_eq!(asked.len(), 1);
}

#[test]
fn without_a_running_recio_it_says_so() {
    let directory = with_store();
    let (code, stdout, stderr) = outcome(recio(directory.path()).args(["close", "t-1", "--wait", "1"]));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert_eq!(
        stderr,
        "error: no recio took command 1 within 1s: is one running on this store? It is not taken any more\n"
    );
    let (code, stdout, stderr) = outcome(recio(directory.path()).arg("arm"));
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("add --yes"), "{stderr}");
    let elsewhere = tempdir().unwrap();
    let (code, _, stderr) = outcome(recio(elsewhere.path()).args(["close", "t-1"]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("there is no store"), "{stderr}");
}
