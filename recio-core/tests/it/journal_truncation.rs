//! A journal that lost its end at any byte: what was synced before the cut is there, and nothing else.
//!
//! The last 64 KiB, every 61st byte; every byte with `RECIO_TEST_FULL=1`.

use crate::settings::{cents, close, contracts, monitor, start};
use recio_core::engine::{Recovered, SubmitOutcome, TradingChange, TradingState};
use recio_core::market::{Action, Side};
use recio_core::pipeline::{Journal, JournalEntry};
use recio_core::trade::{Intent, Purpose, TimeInForce};
use recio_core::units::{Money, Timestamp};

/// How much of the end is cut, byte by byte.
const TAIL: usize = 64 * 1_024;

fn intent(number: u64) -> Intent {
    Intent {
        client_order_id: format!("order-{number}").parse().unwrap(),
        number,
        trade: format!("trade-{number}").parse().unwrap(),
        strategy: monitor(),
        market: "KXBTC15M-26MAY130915-15".parse().unwrap(),
        event: "KXBTC15M-26MAY130915".parse().unwrap(),
        close_time: close(),
        side: Side::Yes,
        action: Action::Buy,
        limit: cents(95),
        quantity: contracts(1),
        time_in_force: TimeInForce::ImmediateOrCancel,
        post_only: false,
        purpose: Purpose::Entry,
        created_time: start(),
    }
}

fn entries(number: u64) -> Vec<JournalEntry> {
    let intent = intent(number);
    let client_order_id = intent.client_order_id.clone();
    let why = format!("reason {number}, with a \"quote\", a \\ and an é");
    let submitting = JournalEntry::Submitting { intent: Box::new(intent), why, epoch: 1 };
    match number % 4 {
        0 => vec![submitting],
        1 => vec![
            submitting,
            JournalEntry::Outcome { client_order_id, outcome: SubmitOutcome::NotSent { reason: "no".to_owned() } },
        ],
        2 => vec![submitting, JournalEntry::Absent { client_order_id }],
        _ => {
            let (state, why) = (TradingState::Reducing, format!("reason {number}"));
            vec![submitting, JournalEntry::Trading(TradingChange { state, time: start(), why })]
        }
    }
}

#[test]
fn a_journal_cut_at_any_byte_holds_what_was_synced_before_the_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("intents.journal");
    let (mut journal, ..) = Journal::open(&path).unwrap();
    journal.append(&[JournalEntry::Opened { cash: Money::dollars(100), time: Timestamp::UNIX_EPOCH }]).unwrap();
    // Where each record ends, and what is known from there on.
    let mut known: Vec<(usize, Recovered)> = Vec::new();
    let mut number = 0;
    let length = || usize::try_from(std::fs::metadata(&path).unwrap().len()).unwrap();
    while length() < TAIL + 10_000 {
        for entry in entries(number) {
            journal.append(&[entry]).unwrap();
            known.push((length(), Journal::read(&path).unwrap()));
        }
        number += 1;
    }
    drop(journal);
    let whole = std::fs::read(&path).unwrap();
    let full = std::env::var("RECIO_TEST_FULL").is_ok_and(|full| full == "1");
    let step = if full { 1 } else { 61 };
    let cut = folder.path().join("cut.journal");
    let mut cuts = 0;
    for at in (whole.len() - TAIL..=whole.len()).step_by(step) {
        std::fs::write(&cut, &whole[..at]).unwrap();
        let (mut journal, recovered, dropped) = Journal::open(&cut).unwrap();
        let (end, expected) = known.iter().rev().find(|(end, _)| *end <= at).expect("the tail begins after a record");
        assert_eq!((dropped, &recovered), (at - end, expected), "cut at byte {at}");
        // And it goes on from there.
        journal.append(&entries(number)).unwrap();
        drop(journal);
        let after = Journal::read(&cut).unwrap();
        assert_eq!(after.intents.len(), expected.intents.len() + 1, "cut at byte {at}");
        cuts += 1;
    }
    assert!(cuts > TAIL / 100);
}
