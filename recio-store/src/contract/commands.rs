//! The part of the contract about commands, for stores that keep any.

use super::sample::{command, time};
use recio_core::command::{
    AskError, CommandAnswer, CommandQueue, CommandState, MAX_WAITING, NewCommand, StoredCommand, answered,
};
use recio_core::store::Store;
use serde_json::json;
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

/// How long a hint may take; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn commands_are_taken_in_order_and_answered(store: &dyn Store) {
    let Some(queue) = store.commands() else { return };
    assert_eq!(take(queue, 0).await, None, "nobody asked for anything");
    let asked: Vec<_> = [ask(queue, "a").await, ask(queue, "b").await, ask(queue, "c").await].into();
    assert_eq!(asked.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2, 3]);
    let (wanted, got) = (command("b"), &asked[1]);
    assert_eq!((&wanted.key, &wanted.kind, &wanted.body), (&got.key, &got.kind, &got.body));
    assert_eq!(
        (&wanted.asked_by, wanted.asked_time, wanted.valid_until),
        (&got.asked_by, got.asked_time, got.valid_until)
    );
    assert!(asked.iter().all(|one| one.state == CommandState::Waiting));
    let mut last = 0;
    for (key, answer) in [
        ("a", CommandAnswer::Done { note: "did it".to_owned() }),
        ("b", CommandAnswer::Refused { reason: "there is no trade `t`, \u{1F4B8}".to_owned() }),
        ("c", CommandAnswer::Done { note: String::new() }),
    ] {
        let taken = take(queue, last).await.expect("one waits");
        assert_eq!((taken.key.as_str(), taken.number), (key, last + 1));
        assert!(matches!(taken.state, CommandState::Taken { time, .. } if time == now()), "{:?}", taken.state);
        assert!(queue.answer(taken.number, &answer, time(70)).await.expect("the answer is written"));
        let over = queue.command(taken.number).await.expect("read").expect("there");
        assert_eq!(over.state, CommandState::Answered { time: time(70), answer });
        last = taken.number;
    }
    assert_eq!(take(queue, last).await, None);
    let all = queue.list(0, 10).await.expect("read");
    assert_eq!(all.iter().map(|one| one.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(queue.list(1, 1).await.expect("read"), all[1..2]);
    assert_eq!(queue.command(4).await.expect("read"), None);
    assert_eq!(queue.command(u64::MAX).await.expect("read"), None);
}

pub(super) async fn a_key_is_one_command(store: &dyn Store) {
    let Some(queue) = store.commands() else { return };
    let first = ask(queue, "a").await;
    let mut again = command("a");
    // Who asks again asks later, and the order of a JSON object's keys means nothing.
    (again.asked_time, again.valid_until) = (time(500), time(900_000));
    again.body = serde_json::from_str(r#"{"trade": "t-1", "note": {"b": 2, "a": [1.5, null]}}"#).expect("JSON");
    assert_eq!(queue.ask(&again).await.expect("the same"), first);
    let changes: [fn(&mut NewCommand); 2] =
        [|other| other.kind = "halt".to_owned(), |other| other.body = json!({"trade": "t-2"})];
    for change in changes {
        let mut other = command("a");
        change(&mut other);
        match queue.ask(&other).await {
            Err(AskError::KeyReused { key, number }) => assert_eq!((key.as_str(), number), ("a", first.number)),
            answer => panic!("another command under the same key gave {answer:?}"),
        }
    }
    let taken = take(queue, 0).await.expect("it waits");
    assert_eq!(queue.ask(&again).await.expect("the same").state, taken.state, "asking again shows how far it is");
    let answer = CommandAnswer::Done { note: "closed".to_owned() };
    assert!(queue.answer(taken.number, &answer, now()).await.expect("answered"));
    assert_eq!(queue.ask(&again).await.expect("the same").answer(), Some(&answer));
    assert_eq!(queue.list(0, 10).await.expect("read").len(), 1, "nothing was added");
}

pub(super) async fn what_no_queue_takes_is_refused(store: &dyn Store) {
    let Some(queue) = store.commands() else { return };
    type Change = fn(&mut NewCommand);
    let cases: [(&str, Change); 8] = [
        ("key", |bad| bad.key = String::new()),
        ("key", |bad| bad.key = "with a space".to_owned()),
        ("key", |bad| bad.key = "k".repeat(256)),
        ("kind", |bad| bad.kind = "k".repeat(65)),
        ("body", |bad| bad.body = json!("b".repeat(16 * 1024))),
        ("asker", |bad| bad.asked_by = String::new()),
        ("asker", |bad| bad.asked_by = "a\0b".to_owned()),
        ("end of validity", |bad| bad.valid_until = time(-1)),
    ];
    for (wanted, change) in cases {
        let mut bad = command("a");
        change(&mut bad);
        let answer = queue.ask(&bad).await;
        assert!(matches!(&answer, Err(AskError::Invalid { part, .. }) if *part == wanted), "{wanted}: {answer:?}");
    }
    assert!(queue.list(0, 10).await.expect("read").is_empty());
    let mut large = command("k");
    (large.key, large.kind) = ("k".repeat(255), "x".repeat(64));
    (large.body, large.asked_by) = (json!("\u{0}\"'; DROP TABLE commands; --"), "\u{1F4B8}'\"".to_owned());
    let stored = queue.ask(&large).await.expect("as large as it may be");
    assert_eq!((stored.body, stored.asked_by), (large.body, large.asked_by));
}

pub(super) async fn a_command_is_taken_once(store: &dyn Store) {
    let Some(queue) = store.commands() else { return };
    ask(queue, "a").await;
    ask(queue, "b").await;
    let first = take(queue, 0).await.expect("it waits");
    assert_eq!(take(queue, 0).await.as_ref(), Some(&first), "the answer was lost: the same one comes again");
    let second = take(queue, first.number).await.expect("the next one");
    assert_eq!(second.key, "b");
    assert_eq!(take(queue, second.number).await, None, "both are taken");
    let done = CommandAnswer::Done { note: "x".to_owned() };
    let refused = CommandAnswer::Refused { reason: "x".to_owned() };
    assert!(queue.answer(1, &done, now()).await.expect("answered"));
    assert!(queue.answer(1, &done, time(99)).await.expect("answered"), "the same answer twice is the same answer");
    assert!(!queue.answer(1, &refused, now()).await.expect("read"), "it has another answer");
    ask(queue, "c").await;
    assert!(!queue.answer(3, &done, now()).await.expect("read"), "it was not taken");
    assert!(!queue.answer(99, &done, now()).await.expect("read"), "there is none");
    // The next run gives up what this one took, and takes what still waits.
    assert_eq!(queue.give_up_taken(time(80)).await.expect("given up"), 1);
    assert_eq!(queue.give_up_taken(time(81)).await.expect("given up"), 0);
    let lost = queue.command(2).await.expect("read").expect("there");
    let unknown = matches!(lost.state, CommandState::Answered { time: at, answer: CommandAnswer::Unknown { .. } } if at == time(80));
    assert!(unknown, "{:?}", lost.state);
    assert_eq!(queue.command(1).await.expect("read").expect("there").answer(), Some(&done));
    assert_eq!(take(queue, 0).await.expect("it waits").key, "c");
}

pub(super) async fn a_command_that_waited_too_long_is_refused(store: &dyn Store) {
    let Some(queue) = store.commands() else { return };
    for (key, valid_until) in [("a", 59_999), ("b", 60_000), ("c", 10)] {
        let mut asked = command(key);
        asked.valid_until = time(valid_until);
        queue.ask(&asked).await.expect("asked");
    }
    assert_eq!(take(queue, 0).await.expect("one is valid").key, "b");
    for (number, refused) in [(1, true), (2, false), (3, true)] {
        let stored = queue.command(number).await.expect("read").expect("there");
        assert_eq!(matches!(stored.answer(), Some(CommandAnswer::Refused { .. })), refused, "{stored:?}");
    }
}

pub(super) async fn a_queue_is_bounded(store: &dyn Store) {
    let Some(queue) = store.commands() else { return };
    for number in 0..MAX_WAITING {
        ask(queue, &format!("k-{number}")).await;
    }
    let answer = queue.ask(&command("one-more")).await;
    assert!(matches!(answer, Err(AskError::Full { waiting }) if waiting == MAX_WAITING), "{answer:?}");
    ask(queue, "k-7").await;
    take(queue, 0).await.expect("one waits");
    ask(queue, "one-more").await;
}

pub(super) async fn askers_at_once_get_numbers_of_their_own(store: &dyn Store) {
    let Some(queue) = store.commands() else { return };
    let commands: Vec<NewCommand> = (0..8).map(|number| command(&format!("k-{}", number / 2))).collect();
    let [a, b, c, d, e, f, g, h] = &commands[..] else { unreachable!("eight") };
    let all = tokio::join!(
        queue.ask(a),
        queue.ask(b),
        queue.ask(c),
        queue.ask(d),
        queue.ask(e),
        queue.ask(f),
        queue.ask(g),
        queue.ask(h)
    );
    let got = [all.0, all.1, all.2, all.3, all.4, all.5, all.6, all.7].map(|asked| asked.expect("asked").number);
    assert_eq!(BTreeSet::from(got), BTreeSet::from([1, 2, 3, 4]), "each key once, without a hole: {got:?}");
    assert!(got.chunks(2).all(|pair| pair[0] == pair[1]), "the same key is the same command: {got:?}");
}

pub(super) async fn whoever_waits_is_told(store: &dyn Store) {
    let Some(queue) = store.commands() else { return };
    let answering = async {
        let mut news = queue.news().await.expect("the queue pushes");
        let mut last = 0;
        while last < 3 {
            match take(queue, last).await {
                Some(taken) => {
                    let note = format!("did {}", taken.key);
                    assert!(queue.answer(taken.number, &CommandAnswer::Done { note }, now()).await.expect("answered"));
                    last = taken.number;
                }
                None => news.changed().await.expect("the store is open"),
            }
        }
    };
    let asking = async {
        for key in ["a", "b", "c"] {
            let asked = ask(queue, key).await;
            let over = answered(queue, asked.number).await.expect("read").expect("there");
            assert_eq!(over.answer(), Some(&CommandAnswer::Done { note: format!("did {key}") }));
        }
    };
    tokio::time::timeout(PATIENCE, async { tokio::join!(answering, asking) }).await.expect("both sides are told");
    assert_eq!(answered(queue, 99).await.expect("read"), None, "nobody waits for what is not there");
}

pub(super) async fn a_dropped_asker_asks_again(store: &dyn Store) {
    let Some(queue) = store.commands() else { return };
    for polls in 0..8_u64 {
        let asked = command(&format!("k-{polls}"));
        {
            let mut asking = pin!(queue.ask(&asked));
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                if asking.as_mut().poll(&mut context).is_ready() {
                    break;
                }
                std::thread::yield_now();
            }
        }
        assert_eq!(queue.ask(&asked).await.expect("asked").number, polls + 1, "dropped after {polls} polls");
    }
}

/// When the writer takes, in these tests: a minute after the sample hour began, which is when samples stop being valid.
fn now() -> recio_core::units::Timestamp {
    time(60_000)
}

async fn ask(queue: &dyn CommandQueue, key: &str) -> StoredCommand {
    queue.ask(&command(key)).await.expect("the queue takes a command")
}

async fn take(queue: &dyn CommandQueue, after: u64) -> Option<StoredCommand> {
    queue.take(after, now()).await.expect("the writer takes commands")
}
