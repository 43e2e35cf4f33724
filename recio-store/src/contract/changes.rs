//! The part of the contract about following a store.

use super::sample::cash_moved;
use super::{all, append};
use recio_core::fact::Fact;
use recio_core::store::{Changes, Store, StoreError, StoredFact};
use recio_core::units::Money;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

/// How long a fact may take to reach a follower before the store counts as one that does not push. It takes milliseconds; a busy machine may
/// take a thousand times as long.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) async fn followers_get_what_is_there_and_what_comes(store: &dyn Store) {
    append(store, &deposits(1..=5)).await;
    let mut from_the_start = follow(store, 0).await;
    let mut from_the_middle = follow(store, 3).await;
    let mut from_the_end = follow(store, 5).await;
    assert_eq!(sequences(&mut from_the_start, 5).await, [1, 2, 3, 4, 5]);
    assert_eq!(sequences(&mut from_the_middle, 2).await, [4, 5]);
    for number in 6..=8 {
        let fact = deposits(number..=number);
        let (_, first, second, third) = tokio::join!(
            append(store, &fact),
            next(&mut from_the_start),
            next(&mut from_the_middle),
            next(&mut from_the_end)
        );
        assert_eq!(first.sequence, number);
        assert_eq!((&first, &first), (&second, &third), "all followers get the same fact");
    }
    // Nobody asks for it while it is committed: it waits.
    append(store, &deposits(9..=10)).await;
    assert_eq!(sequences(&mut from_the_end, 2).await, [9, 10]);
    let stored = all(store).await;
    let mut again = follow(store, 0).await;
    for wanted in &stored {
        assert_eq!(next(&mut again).await, *wanted, "a follower gets facts as they are read");
    }
}

pub(super) async fn facts_that_are_known_are_not_told_again(store: &dyn Store) {
    append(store, &deposits(1..=3)).await;
    let mut changes = follow(store, 0).await;
    assert_eq!(sequences(&mut changes, 3).await, [1, 2, 3]);
    append(store, &deposits(1..=3)).await;
    append(store, &deposits(2..=4)).await;
    assert_eq!(sequences(&mut changes, 1).await, [4]);
}

pub(super) async fn a_follower_of_a_busy_store_misses_nothing(store: &dyn Store) {
    const GROUPS: u64 = 40;
    const SIZE: u64 = 7;
    let writing = async {
        for group in 0..GROUPS {
            append(store, &deposits(group * SIZE + 1..=(group + 1) * SIZE)).await;
            // Gives the followers a turn at every stage of an append.
            for _ in 0..group % 5 {
                tokio::task::yield_now().await;
            }
        }
    };
    let following = async |after: u64| {
        let mut changes = follow(store, after.min(all(store).await.len() as u64)).await;
        let mut got = Vec::new();
        while got.last().is_none_or(|&last| last < GROUPS * SIZE) {
            got.push(next(&mut changes).await.sequence);
        }
        got
    };
    let ((), first, second, third) = tokio::join!(writing, following(0), following(3), following(100));
    for got in [first, second, third] {
        let wanted: Vec<u64> = (got[0]..=GROUPS * SIZE).collect();
        assert_eq!(got, wanted, "in sequence, without a hole, each once");
    }
}

pub(super) async fn a_dropped_next_loses_nothing(store: &dyn Store) {
    let mut changes = follow(store, 0).await;
    let (mut got, mut number) = (Vec::new(), 0);
    for polls in 0..12_u64 {
        // Dropped while it waits for the first fact, while it reads, and while nothing is there.
        for appended in [0, 3, 1] {
            if appended > 0 {
                append(store, &deposits(number + 1..=number + appended)).await;
                number += appended;
            }
            let mut next = pin!(changes.next());
            let mut context = Context::from_waker(Waker::noop());
            for _ in 0..polls {
                if let std::task::Poll::Ready(fact) = next.as_mut().poll(&mut context) {
                    got.push(fact.expect("the store is read").sequence);
                    break;
                }
                std::thread::yield_now();
            }
        }
    }
    while got.len() < usize::try_from(number).expect("a few dozen") {
        got.push(next(&mut changes).await.sequence);
    }
    assert_eq!(got, (1..=number).collect::<Vec<_>>(), "each fact comes once, whichever call was dropped");
}

pub(super) async fn a_follower_goes_on_where_the_last_one_ended(store: &dyn Store) {
    append(store, &deposits(1..=20)).await;
    let mut last = 0;
    // Each follower takes three and ends, as a process does that is started again.
    while last < 18 {
        let mut changes = follow(store, last).await;
        let got = sequences(&mut changes, 3).await;
        assert_eq!(got, [last + 1, last + 2, last + 3]);
        last += 3;
    }
    append(store, &deposits(21..=22)).await;
    assert_eq!(sequences(&mut follow(store, last).await, 4).await, [19, 20, 21, 22]);
}

pub(super) async fn a_follower_far_behind_catches_up(store: &dyn Store) {
    const FACTS: u64 = 1_500;
    for first in (1..=FACTS).step_by(500) {
        append(store, &deposits(first..=first + 499)).await;
    }
    let mut changes = follow(store, 0).await;
    assert_eq!(next(&mut changes).await.sequence, 1);
    append(store, &deposits(FACTS + 1..=FACTS + 1)).await;
    let rest = sequences(&mut changes, FACTS).await;
    assert_eq!(rest, (2..=FACTS + 1).collect::<Vec<_>>(), "more than one page, and what came meanwhile");
}

pub(super) async fn a_follower_ahead_of_the_store_is_refused(store: &dyn Store) {
    append(store, &deposits(1..=3)).await;
    for after in [4, 99, u64::MAX] {
        match store.changes(after).await.err() {
            Some(StoreError::Damaged { sequence, .. }) => assert_eq!(sequence, after),
            answer => panic!("following from {after}, which the store does not have, gave {answer:?}"),
        }
    }
}

async fn follow(store: &dyn Store, after: u64) -> Box<dyn Changes> {
    store.changes(after).await.expect("the store can be followed")
}

async fn next(changes: &mut Box<dyn Changes>) -> StoredFact {
    let fact = tokio::time::timeout(PATIENCE, changes.next()).await.expect("the store pushes what is committed");
    fact.expect("the store is read")
}

async fn sequences(changes: &mut Box<dyn Changes>, count: u64) -> Vec<u64> {
    let mut got = Vec::new();
    for _ in 0..count {
        got.push(next(changes).await.sequence);
    }
    got
}

fn deposits(numbers: std::ops::RangeInclusive<u64>) -> Vec<Fact> {
    numbers.map(|number| cash_moved(number, Money::dollars(1))).collect()
}
