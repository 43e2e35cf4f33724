//! What every `Bus` has to do, as a suite that any bus can be run through.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use recio_store::bus::{Bus, MemoryBus, contract};
//! use std::sync::Arc;
//!
//! contract::run(async || Arc::new(MemoryBus::new()) as Arc<dyn Bus>).await;
//! # }
//! ```

mod gaps;
mod groups;
mod messages;
mod newest;

use super::envelope::{Kind, Stamp};
use super::{
    Bus, Delivery, Envelope, Event, Gap, Group, Publisher, PublisherName, Start, Subscription, Topic, TopicPattern,
};
use crate::contract::sample::{time, value};
use std::sync::Arc;
use std::time::Duration;

/// A bus that works tells what was published within this time, on a machine as busy as can be.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a bus through everything that recio relies on. `make` gives a new, empty bus each time.
///
/// Covered: order within a family, topics, every subscriber, starts, dropped calls, gaps, repeats and restarts of publishers, newest values, and
/// groups with what was left unacknowledged. What a bus does while it cannot be reached is its own to test.
///
/// # Panics
/// The bus does something else; the message says what.
pub async fn run<M>(make: M)
where
    M: AsyncFn() -> Arc<dyn Bus>,
{
    messages::they_come_in_the_order_of_publishing(make().await).await;
    messages::every_subscriber_gets_those_of_its_topics(make().await).await;
    messages::a_reader_goes_on_after_the_entry_that_it_knows(make().await).await;
    messages::a_dropped_call_loses_nothing(make().await).await;
    messages::the_end_of_a_burst_of_market_data_comes(make().await).await;
    messages::bad_requests_are_refused(make().await).await;
    gaps::holes_and_restarts_are_told_and_repeats_are_not(make().await).await;
    gaps::what_a_publisher_announces_is_told(make().await).await;
    gaps::holes_in_market_data_are_counted(make().await).await;
    newest::the_newest_of_a_key_is_read(make().await).await;
    groups::readers_share_the_messages(make().await).await;
    groups::what_was_not_acknowledged_comes_again(make().await).await;
    groups::what_a_reader_leaves_is_taken_over(make().await).await;
    groups::lag_counts_what_is_left(make().await).await;
    groups::what_the_stream_lost_before_the_group_got_it_is_told(make().await).await;
}

fn topic(text: &str) -> Topic {
    value(text)
}

fn patterns(texts: &[&str]) -> Vec<TopicPattern> {
    texts.iter().map(|text| value(text)).collect()
}

fn publisher(bus: &Arc<dyn Bus>, epoch: u64) -> Publisher {
    Publisher::new(Arc::clone(bus), PublisherName::new("suite").expect("a name"), epoch)
}

/// A message with any number.
fn numbered(text: &str, key: Option<&str>, epoch: u64, sequence: u64) -> Envelope {
    let publisher = PublisherName::new("suite").expect("a name");
    let stamp = Stamp { publisher, epoch, sequence, time: time(0) };
    Envelope::new(topic(text), key.map(str::to_owned), Kind::Message, stamp, None, &sequence).expect("a message")
}

fn tell(publisher: &Publisher, text: &str, key: Option<&str>, number: u32) {
    publisher.publish(topic(text), key, time(i64::from(number)), &number).expect("the bus takes a message");
}

async fn subscribe(bus: &Arc<dyn Bus>, topics: &[&str], start: Start) -> Box<dyn Subscription> {
    bus.subscribe(&patterns(topics), start).await.expect("the bus takes a subscription")
}

async fn next(reader: &mut dyn Subscription) -> Event {
    tokio::time::timeout(PATIENCE, reader.next()).await.expect("something comes in time").expect("the bus is open")
}

async fn message(reader: &mut dyn Subscription) -> Delivery {
    match next(reader).await {
        Event::Message(delivery) => delivery,
        other @ (Event::Gap(_) | Event::Interrupted) => panic!("in place of a message came {other:?}"),
    }
}

async fn gap(reader: &mut dyn Subscription) -> Gap {
    match next(reader).await {
        Event::Gap(gap) => gap,
        other @ (Event::Message(_) | Event::Interrupted) => panic!("in place of a gap came {other:?}"),
    }
}

fn number(delivery: &Delivery) -> u32 {
    delivery.envelope.read().expect("the suite's messages are numbers")
}

async fn numbers(reader: &mut dyn Subscription, count: usize) -> Vec<u32> {
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        numbers.push(number(&message(reader).await));
    }
    numbers
}
