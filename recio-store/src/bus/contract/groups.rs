//! The part of the contract about groups of readers.

use super::{Group, PATIENCE, gap, message, next, number, publisher, subscribe, tell, topic};
use crate::bus::{Bus, Delivery, Event, GapReason, Start, Subscription};
use crate::contract::sample::time;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const ALL: &[&str] = &["trades.*"];

async fn member(bus: &Arc<dyn Bus>, consumer: &str) -> Box<dyn Subscription> {
    subscribe(bus, ALL, Start::Group(Group::new("workers", consumer))).await
}

pub(super) async fn readers_share_the_messages(bus: Arc<dyn Bus>) {
    let (mut first, mut second) = (member(&bus, "one").await, member(&bus, "two").await);
    let mut other = subscribe(&bus, ALL, Start::Group(Group::new("others", "one"))).await;
    let publisher = publisher(&bus, 1);
    (1..=100).for_each(|number| tell(&publisher, "trades.fill", None, number));
    let (mut read, mut last) = (BTreeSet::new(), [0; 2]);
    while read.len() < 100 {
        let (at, event) = tokio::select! {
            event = next(&mut *first) => (0, event),
            event = next(&mut *second) => (1, event),
        };
        let Event::Message(delivery) = event else { panic!("in place of a message came {event:?}") };
        assert!(last[at] < number(&delivery), "each reader gets its messages in order");
        last[at] = number(&delivery);
        assert!(read.insert(number(&delivery)), "a message goes to one reader of a group");
        let reader = if at == 0 { &mut first } else { &mut second };
        reader.ack(&delivery).await.expect("the bus takes an acknowledgement");
    }
    assert_eq!(super::numbers(&mut *other, 100).await, (1..=100).collect::<Vec<_>>(), "another group gets them all");
    publisher.announce_gap(topic("trades.fill"), time(0), &"lost").expect("the bus takes a gap");
    assert!(matches!(gap(&mut *other).await.reason, GapReason::Announced { .. }));
}

async fn some(reader: &mut dyn Subscription, count: usize) -> Vec<Delivery> {
    let mut read = Vec::new();
    while read.len() < count {
        read.push(message(reader).await);
    }
    read
}

pub(super) async fn what_was_not_acknowledged_comes_again(bus: Arc<dyn Bus>) {
    let mut reader = member(&bus, "one").await;
    let publisher = publisher(&bus, 1);
    (1..=6).for_each(|number| tell(&publisher, "trades.fill", None, number));
    let read = some(&mut *reader, 4).await;
    for at in [0, 2] {
        reader.ack(&read[at]).await.expect("the bus takes an acknowledgement");
        reader.ack(&read[at]).await.expect("twice does no harm");
    }
    drop(reader);
    tell(&publisher, "trades.fill", None, 7);
    let mut reader = member(&bus, "one").await;
    let read = some(&mut *reader, 5).await;
    assert_eq!(read.iter().map(number).collect::<Vec<_>>(), [2, 4, 5, 6, 7], "what was left comes first, in order");
    assert!(read[0].again && read[1].again, "and says that it may have been there before");
    for delivery in &read {
        reader.ack(delivery).await.expect("the bus takes an acknowledgement");
    }
    drop(reader);
    let mut reader = member(&bus, "one").await;
    tell(&publisher, "trades.fill", None, 8);
    assert_eq!(number(&message(&mut *reader).await), 8, "what was acknowledged does not come again");
}

pub(super) async fn what_a_reader_leaves_is_taken_over(bus: Arc<dyn Bus>) {
    let mut dead = member(&bus, "dead").await;
    let publisher = publisher(&bus, 1);
    (1..=3).for_each(|number| tell(&publisher, "trades.fill", None, number));
    let read = some(&mut *dead, 3).await;
    dead.ack(&read[1]).await.expect("the bus takes an acknowledgement");
    drop(dead);
    let mut group = Group::new("workers", "heir");
    group.claim_after = Duration::from_millis(50);
    let mut heir = subscribe(&bus, ALL, Start::Group(group)).await;
    let read = some(&mut *heir, 2).await;
    assert_eq!(read.iter().map(number).collect::<Vec<_>>(), [1, 3]);
    assert!(read.iter().all(|delivery| delivery.again));
}

pub(super) async fn lag_counts_what_is_left(bus: Arc<dyn Bus>) {
    let mut cursor = subscribe(&bus, ALL, Start::Newest).await;
    assert_eq!(cursor.lag().await.expect("the bus knows").behind, Duration::ZERO);
    let mut reader = member(&bus, "one").await;
    let publisher = publisher(&bus, 1);
    (1..=5).for_each(|number| tell(&publisher, "trades.fill", None, number));
    bus.flush(PATIENCE).await.expect("everything is sent");
    for left in (0..5).rev() {
        let delivery = message(&mut *reader).await;
        reader.ack(&delivery).await.expect("the bus takes an acknowledgement");
        message(&mut *cursor).await;
        let lag = reader.lag().await.expect("the bus knows");
        // A server older than Redis 7 does not count.
        assert!(lag.entries.is_none_or(|entries| entries == left), "{left} are not acknowledged, the bus says {lag:?}");
    }
    // All is handed out; the reading task may be a moment behind in saying so.
    let caught_up = async {
        while cursor.lag().await.expect("the bus knows").behind > Duration::ZERO {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, caught_up).await.expect("who has read everything is not behind");
}

pub(super) async fn what_the_stream_lost_before_the_group_got_it_is_told(bus: Arc<dyn Bus>) {
    let all = ["user.*"];
    let join = async || subscribe(&bus, &all, Start::Group(Group::new("workers", "one"))).await;
    let mut reader = join().await;
    let publisher = publisher(&bus, 1);
    tell(&publisher, "user.login", None, 0);
    let delivery = message(&mut *reader).await;
    reader.ack(&delivery).await.expect("the bus takes an acknowledgement");
    drop(reader);
    let lost = crate::bus::Family::User.kept() as u32 + 500;
    for number in 1..=lost {
        tell(&publisher, "user.login", None, number);
        if number % 2_000 == 0 {
            bus.flush(PATIENCE).await.expect("everything is sent");
        }
    }
    bus.flush(PATIENCE).await.expect("everything is sent");
    let mut reader = join().await;
    assert_eq!(gap(&mut *reader).await.reason, GapReason::Forgotten, "told before what comes after it");
    let first = message(&mut *reader).await;
    assert!((2..=501).contains(&number(&first)), "the oldest that is kept comes next, not {}", number(&first));
    assert_eq!(number(&message(&mut *reader).await), number(&first) + 1);
    assert_eq!(reader.counts().gaps, 1);
}
