//! Mutated frames and bodies: nothing panics, and nothing comes out that did not go in.
//!
//! `RECIO_TEST_FULL=1` runs a million; without it a few thousand, which is what continuous integration has time for. A failure names seed and
//! number: `RECIO_TEST_SEED` repeats it.

mod check;
mod corpus;
mod mutator;

use check::{BodyKind, Seen};
use mutator::Mutator;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// With all checks, some 20 s in a debug build on one slow core.
const SHORT: u64 = 20_000;
const FULL: u64 = 1_000_000;

fn count() -> u64 {
    if std::env::var_os("RECIO_TEST_FULL").is_some_and(|value| value == "1") { FULL } else { SHORT }
}

fn seed() -> u64 {
    std::env::var("RECIO_TEST_SEED").map_or(20_261_122, |text| text.parse().expect("RECIO_TEST_SEED is a number"))
}

/// Runs a check on so many mutations, and says how often the mutated text was still read.
fn run<T: Copy>(corpus: &[(T, Vec<u8>)], count: u64, check: impl Fn(T, &[u8]) -> Seen) -> u64 {
    let texts: Vec<&[u8]> = corpus.iter().map(|(_, text)| text.as_slice()).collect();
    let seed = seed();
    let mut mutator = Mutator::new(seed);
    let mut read = 0;
    for number in 0..count {
        let (which, text) = mutator.mutate(&texts);
        let kind = corpus[which].0;
        match catch_unwind(AssertUnwindSafe(|| check(kind, &text))) {
            Ok(Seen::Read) => read += 1,
            Ok(Seen::Refused) => {}
            Err(_) => panic!("seed {seed}, mutation {number}: {}", String::from_utf8_lossy(&text)),
        }
    }
    read
}

#[test]
fn the_corpus_itself_is_read() {
    for ((), text) in corpus::frames() {
        assert_eq!(check::frame(&text), Seen::Read, "{}", String::from_utf8_lossy(&text));
    }
    let mut kinds = std::collections::BTreeSet::new();
    for (kind, text) in corpus::bodies() {
        assert_eq!(check::body(kind, &text), Seen::Read, "{kind:?} {}", String::from_utf8_lossy(&text));
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), BodyKind::ALL.len(), "a body of each kind");
}

#[test]
fn mutated_frames_are_read_as_they_are_or_refused() {
    let count = count() / 2;
    let read = run(&corpus::frames(), count, |(), text| check::frame(text));
    // Neither may be rare, or the mutations test only one side.
    assert!(read > count / 20 && read < count * 19 / 20, "{read} of {count} were read");
}

#[test]
fn mutated_bodies_are_read_as_they_are_or_refused() {
    let count = count() / 2;
    let read = run(&corpus::bodies(), count, check::body);
    assert!(read > count / 20 && read < count * 19 / 20, "{read} of {count} were read");
}

#[test]
fn mutated_tickers_and_key_files_never_panic() {
    let count = count() / 20;
    let tickers = corpus::tickers();
    assert!(run(&tickers, count, |(), text| check::ticker(text)) > 0);
    run(&corpus::key_files(), count, |(), text| check::key_file(text));
}

/// A check that finds nothing wrong with what is wrong checks nothing.
#[test]
fn invented_and_changed_values_are_found() {
    use serde_json::json;
    let given = json!({"price": "0.5", "levels": [["0.1", "2"]], "n": 1});
    for written in [
        json!({"price": "0.5", "size": "0"}),
        json!({"price": "0.50"}),
        json!({"price": null}),
        json!({"levels": [["0.1", "2"], ["0.2", "0"]]}),
        json!({"levels": [["0.1", "3"]]}),
        json!({"n": 2}),
    ] {
        assert!(check::invented(&given, &written).is_some(), "{written}");
    }
    assert_eq!(check::invented(&given, &given), None);
    assert_eq!(check::invented(&given, &json!({"n": 1})), None, "leaving out is no invention");
}

/// Found by a mutation: serde takes a list for a structure, and one without entries was a book without orders.
#[test]
fn a_list_is_no_book() {
    assert_eq!(check::body(BodyKind::Book, br#"{"orderbook_fp":[]}"#), Seen::Refused);
    assert_eq!(
        check::frame(br#"{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":["KXBTCD-26NOV2217-T91249.99"]}"#),
        Seen::Refused
    );
    assert_eq!(
        check::frame(br#"{"msg":["KXBTCD-26NOV2217-T91249.99"],"type":"orderbook_snapshot","sid":1,"seq":1}"#),
        Seen::Refused
    );
    assert_eq!(
        check::body(BodyKind::Book, br#"{"orderbook_fp":{}}"#),
        Seen::Read,
        "absent sides are empty, as documented"
    );
}
