//! What other programs ask of a run: taken from the store, told to the engine, answered, and the same at a replay.

use crate::support::tempdir;
use recio::core::command::{CommandAnswer, CommandQueue, NewCommand};
use recio::core::engine::{Command, Input, Output, Wish};
use recio::core::fact::FactBody;
use recio::core::pipeline::{Clock, InputLogReader, ReplayOptions, SystemClock, replay};
use recio::core::trade::{CloseReason, TradeStatus};
use recio::core::units::Now;
use recio::demo::{DemoOptions, DemoReport, demo};
use recio::store::MemoryStore;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Asks without waiting, also from within an observer: a store in memory does it all at once.
fn ask(store: &MemoryStore, key: &str, command: &Command) {
    let (now, hour) = (SystemClock::new().now().wall, Duration::from_secs(3_600));
    put(store, &NewCommand::for_engine(command, key.to_owned(), "a test".to_owned(), now, hour));
}

fn put(store: &MemoryStore, command: &NewCommand) {
    let asked = pin!(store.ask(command)).as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(asked, Poll::Ready(Ok(_))), "{asked:?}");
}

async fn answer(store: &MemoryStore, number: u64) -> CommandAnswer {
    store.command(number).await.unwrap().unwrap().answer().cloned().expect("it was answered")
}

/// The commands that the run's engine was told; and a replay of them all ends the same.
fn told(report: &DemoReport) -> Vec<Command> {
    let log = report.input_log.as_ref().unwrap();
    let model = recio::fingerprint::model(None).unwrap();
    let replayed = replay(log, &model, ReplayOptions::default(), |_, _| {}).unwrap();
    assert!(replayed.is_identical(), "{replayed:?}");
    assert_eq!(replayed.ledger_hash.as_ref(), Some(&report.ledger_hash));
    let mut told = Vec::new();
    for segment in InputLogReader::segments(log).unwrap() {
        let mut reader = InputLogReader::open(&segment).unwrap();
        while let Some(logged) = reader.next_input().unwrap() {
            if let Input::Command(command) = logged.input {
                told.push(command);
            }
        }
    }
    told
}

#[tokio::test]
async fn a_trade_that_a_person_wants_closed_is_closed() {
    let (dir, store) = (tempdir(), Arc::new(MemoryStore::new()));
    ask(&store, "no-such-trade", &Command::CloseTrade("nobody".parse().unwrap()));
    let mut foreign = NewCommand::for_engine(
        &Command::Resume,
        "dance".to_owned(),
        "a test".to_owned(),
        SystemClock::new().now().wall,
        Duration::from_secs(3_600),
    );
    foreign.kind = "dance".to_owned();
    put(&store, &foreign);
    ask(&store, "stop", &Command::Stop);
    let asked = Arc::clone(&store);
    let observer = move |_: Now, output: &Output| {
        if let Wish::Record(fact) = &output.wish
            && let FactBody::Trade(trade) = &fact.body
            && trade.status == TradeStatus::Open
        {
            ask(&asked, &format!("close-{}", trade.id), &Command::CloseTrade(trade.id.clone()));
        }
    };
    let options =
        DemoOptions { store: store.clone(), observers: vec![Box::new(observer)], ..DemoOptions::in_dir(dir.path()) };
    let report = demo(options, CancellationToken::new()).await.unwrap();
    assert_eq!((report.tie_out.to_string().as_str(), report.facts_not_stored), ("0.000000", 0));
    let closed: Vec<_> = report.trades.iter().filter(|trade| trade.close_reason == Some(CloseReason::Manual)).collect();
    assert!(!closed.is_empty(), "{:?}", report.trades);
    for (number, why) in [(1, ""), (2, "does not understand"), (3, "by a signal")] {
        let refused = answer(&store, number).await;
        assert!(matches!(&refused, CommandAnswer::Refused { reason } if reason.contains(why)), "{refused:?}");
    }
    let all = store.list(3, 100).await.unwrap();
    assert!(all.iter().all(|command| matches!(command.answer(), Some(CommandAnswer::Done { .. }))), "{all:?}");
    let commands = told(&report);
    for trade in &closed {
        assert!(commands.contains(&Command::CloseTrade(trade.id.clone())), "{commands:?}");
    }
    assert_eq!(commands.len(), all.len() + 1, "what was refused is not told; the last one is the end of the run");
}

#[tokio::test]
async fn a_run_that_is_halted_from_the_start_sends_nothing() {
    let (dir, store) = (tempdir(), Arc::new(MemoryStore::new()));
    ask(&store, "halt", &Command::Halt { reason: "wait".to_owned() });
    let options = DemoOptions { store: store.clone(), ..DemoOptions::in_dir(dir.path()) };
    let report = demo(options, CancellationToken::new()).await.unwrap();
    assert!(matches!(answer(&store, 1).await, CommandAnswer::Done { .. }));
    assert!(report.orders.is_empty(), "{:?}", report.orders);
    let reason = "wait (command 1 of a test)".to_owned();
    assert_eq!(told(&report), [Command::Halt { reason }, Command::Stop]);
}
