//! The part of the contract about messages: order, topics, starts.

use super::{gap, message, next, number, numbers, patterns, publisher, subscribe, tell};
use crate::bus::{Bus, BusError, EntryId, Event, GapReason, Group, Start};
use crate::contract::sample::time;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

pub(super) async fn they_come_in_the_order_of_publishing(bus: Arc<dyn Bus>) {
    let mut reader = subscribe(&bus, &["trades.*"], Start::Newest).await;
    let publisher = publisher(&bus, 1);
    for number in 1..=1_000 {
        // Of different topics, as facts are.
        tell(&publisher, if number % 3 == 0 { "trades.fill" } else { "trades.trade" }, None, number);
    }
    let mut last = None;
    for wanted in 1..=1_000 {
        let delivery = message(&mut *reader).await;
        assert_eq!(number(&delivery), wanted, "messages come in the order of publishing");
        assert!(last < Some(delivery.id), "places go up");
        assert_eq!(delivery.envelope.time, time(i64::from(wanted)));
        assert!(!delivery.again);
        last = Some(delivery.id);
    }
    let counts = reader.counts();
    assert_eq!((counts.messages, counts.repeated, counts.gaps, counts.refused), (1_000, 0, 0, 0));
}

pub(super) async fn every_subscriber_gets_those_of_its_topics(bus: Arc<dyn Bus>) {
    let mut fills = subscribe(&bus, &["trades.fill"], Start::Newest).await;
    let mut both = subscribe(&bus, &["trades.*", "user.login"], Start::Newest).await;
    let publisher = publisher(&bus, 1);
    tell(&publisher, "trades.trade", None, 1);
    tell(&publisher, "trades.fill", None, 2);
    tell(&publisher, "system.notice", None, 3);
    tell(&publisher, "trades.fill", None, 4);
    assert_eq!(numbers(&mut *fills, 2).await, [2, 4]);
    assert_eq!(numbers(&mut *both, 3).await, [1, 2, 4]);
    tell(&publisher, "user.logout", None, 5);
    tell(&publisher, "user.login", None, 6);
    assert_eq!(numbers(&mut *both, 1).await, [6]);
    let mut late = subscribe(&bus, &["trades.*"], Start::Newest).await;
    tell(&publisher, "trades.fill", None, 7);
    assert_eq!(numbers(&mut *late, 1).await, [7], "who subscribes later gets later messages");
    assert_eq!(numbers(&mut *fills, 1).await, [7]);
}

pub(super) async fn a_reader_goes_on_after_the_entry_that_it_knows(bus: Arc<dyn Bus>) {
    let mut reader = subscribe(&bus, &["trades.*"], Start::Newest).await;
    let publisher = publisher(&bus, 1);
    (1..=5).for_each(|number| tell(&publisher, "trades.fill", None, number));
    assert_eq!(numbers(&mut *reader, 2).await, [1, 2]);
    let known = message(&mut *reader).await.id;
    drop(reader);
    tell(&publisher, "trades.fill", None, 6);
    let mut again = subscribe(&bus, &["trades.*"], Start::After(known)).await;
    assert_eq!(numbers(&mut *again, 3).await, [4, 5, 6]);
    let mut all = subscribe(&bus, &["trades.*"], Start::After(EntryId::default())).await;
    assert_eq!(numbers(&mut *all, 6).await, [1, 2, 3, 4, 5, 6]);
    // A place of before: the entry after it may have been there and is not any more.
    let before = EntryId { milliseconds: 1, number: 7 };
    let mut lost = subscribe(&bus, &["trades.*"], Start::After(before)).await;
    assert_eq!(gap(&mut *lost).await.reason, GapReason::Forgotten);
    assert_eq!(numbers(&mut *lost, 6).await, [1, 2, 3, 4, 5, 6]);
    // And one of a stream that was lost.
    let after = EntryId { milliseconds: u64::MAX / 2, number: 0 };
    let mut lost = subscribe(&bus, &["trades.*"], Start::After(after)).await;
    assert_eq!(gap(&mut *lost).await.reason, GapReason::Forgotten);
    assert_eq!(numbers(&mut *lost, 6).await, [1, 2, 3, 4, 5, 6]);
}

pub(super) async fn a_dropped_call_loses_nothing(bus: Arc<dyn Bus>) {
    let mut reader = subscribe(&bus, &["trades.*"], Start::Newest).await;
    let publisher = publisher(&bus, 1);
    let mut read = Vec::new();
    for number in 1..=200 {
        {
            let mut next = pin!(reader.next());
            if let std::task::Poll::Ready(event) = next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                let Ok(Event::Message(delivery)) = event else { panic!("in place of a message came {event:?}") };
                read.push(super::number(&delivery));
            }
        }
        tell(&publisher, "trades.fill", None, number);
        tokio::task::yield_now().await;
    }
    let left = 200 - read.len();
    read.extend(numbers(&mut *reader, left).await);
    assert_eq!(read, (1..=200).collect::<Vec<_>>(), "dropped calls lose and repeat nothing");
}

pub(super) async fn the_end_of_a_burst_of_market_data_comes(bus: Arc<dyn Bus>) {
    let mut reader = subscribe(&bus, &["market_data.*"], Start::Newest).await;
    let publisher = publisher(&bus, 1);
    let keys = ["KXBTCD-A", "KXBTCD-B", "KXBTCD-C"];
    for number in 0..3_000 {
        tell(&publisher, "market_data.quote", Some(keys[number as usize % 3]), number);
    }
    let mut newest = [None; 3];
    while newest != [Some(2_997), Some(2_998), Some(2_999)] {
        match next(&mut *reader).await {
            Event::Message(delivery) => {
                let number = number(&delivery);
                let of_key = &mut newest[number as usize % 3];
                assert!(*of_key < Some(number), "what is newer comes later");
                assert_eq!(delivery.envelope.key.as_deref(), Some(keys[number as usize % 3]));
                *of_key = Some(number);
            }
            other @ (Event::Gap(_) | Event::Interrupted) => panic!("of market data came {other:?}"),
        }
    }
    let counts = reader.counts();
    // What was replaced before the first message of all was read shows in no number.
    assert!(counts.messages + counts.replaced + counts.missed <= 3_000, "{counts:?}");
    let sent = bus.counts().topics[&super::topic("market_data.quote")];
    assert_eq!(sent.published, 3_000);
    assert_eq!(sent.published, sent.sent + sent.replaced + sent.dropped, "{sent:?}");
}

pub(super) async fn bad_requests_are_refused(bus: Arc<dyn Bus>) {
    let id = "5-0".parse().expect("an entry's id");
    for (topics, start, named) in [
        (patterns(&[]), Start::Newest, "needs a topic"),
        (patterns(&["trades.*", "user.*"]), Start::After(id), "its family alone"),
        (patterns(&["trades.*"]), Start::Group(Group::new("a group", "one")), "names need"),
        (patterns(&["trades.*"]), Start::Group(Group::new("group", "")), "names need"),
    ] {
        match bus.subscribe(&topics, start).await {
            Err(BusError::Request(text)) => assert!(text.contains(named), "{text}"),
            Err(other) => panic!("a bad request gave {other}"),
            Ok(_) => panic!("a bad request was taken: {named}"),
        }
    }
    let publisher = publisher(&bus, 1);
    assert!(publisher.publish(super::topic("user.login"), Some("two words"), time(0), &1).is_err());
    tell(&publisher, "user.login", None, 1);
}
