//! The part of the contract about missing messages.

use super::{gap, message, number, numbered, numbers, publisher, subscribe, tell, topic};
use crate::bus::{Bus, GapReason, Start};
use crate::contract::sample::time;
use std::sync::Arc;

pub(super) async fn holes_and_restarts_are_told_and_repeats_are_not(bus: Arc<dyn Bus>) {
    let mut reader = subscribe(&bus, &["trades.*"], Start::Newest).await;
    for (epoch, sequence) in [(1, 4), (1, 5), (1, 5), (1, 8), (1, 7), (3, 1), (2, 9), (3, 2)] {
        bus.publish(numbered("trades.fill", None, epoch, sequence)).expect("the bus takes a message");
    }
    assert_eq!(numbers(&mut *reader, 2).await, [4, 5]);
    let told = gap(&mut *reader).await;
    assert_eq!(told.reason, GapReason::Hole { missed: 2 });
    assert_eq!(told.topic, Some(topic("trades.fill")));
    assert_eq!(numbers(&mut *reader, 1).await, [8], "a gap is told before the message after it");
    assert_eq!(gap(&mut *reader).await.reason, GapReason::Restarted);
    assert_eq!(numbers(&mut *reader, 2).await, [1, 2]);
    let counts = reader.counts();
    assert_eq!((counts.messages, counts.repeated, counts.gaps), (5, 3, 2));
}

pub(super) async fn what_a_publisher_announces_is_told(bus: Arc<dyn Bus>) {
    let mut reader = subscribe(&bus, &["trades.*"], Start::Newest).await;
    let publisher = publisher(&bus, 1);
    tell(&publisher, "trades.fill", None, 1);
    publisher.announce_gap(topic("trades.fill"), time(0), &"lost").expect("the bus takes a gap");
    tell(&publisher, "trades.fill", None, 2);
    assert_eq!(number(&message(&mut *reader).await), 1);
    assert_eq!(gap(&mut *reader).await.reason, GapReason::Announced { why: "\"lost\"".to_owned() });
    assert_eq!(number(&message(&mut *reader).await), 2);
}

pub(super) async fn holes_in_market_data_are_counted(bus: Arc<dyn Bus>) {
    let mut reader = subscribe(&bus, &["market_data.*"], Start::Newest).await;
    for (key, sequence) in [("a", 1), ("b", 4), ("c", 9)] {
        bus.publish(numbered("market_data.quote", Some(key), 1, sequence)).expect("the bus takes a message");
    }
    assert_eq!(numbers(&mut *reader, 3).await, [1, 4, 9]);
    assert_eq!(reader.counts().missed, 6);
    assert_eq!(reader.counts().gaps, 0);
}
