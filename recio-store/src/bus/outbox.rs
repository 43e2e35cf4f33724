//! Messages that wait to be sent: bounded for each topic, in the order of publishing over all topics.

use super::{Envelope, Policy, PublishCounts, Queued, Topic, TopicCounts};
use std::collections::{BTreeMap, BTreeSet};

/// Topics that are told apart. There are some twenty; more would be a mistake, and share the last one's counts and bound.
const TOPICS: usize = 1_000;

/// What waits, by the order of publishing.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: BTreeMap<u64, Envelope>,
    topics: BTreeMap<Topic, Lane>,
    last_ticket: u64,
}

/// One topic's share.
#[derive(Debug, Default)]
struct Lane {
    tickets: BTreeSet<u64>,
    by_key: BTreeMap<String, u64>,
    counts: TopicCounts,
    /// Messages were dropped that no gap has told of.
    untold: u64,
    /// The last message, for the stamp of a gap.
    last: Option<Envelope>,
}

/// A message with its place in the order.
pub(super) type Ticketed = (u64, Envelope);

impl Outbox {
    /// Takes a message. `Err` says that there are too many topics to take this one.
    pub(super) fn push(&mut self, envelope: Envelope) -> Result<Queued, Topic> {
        if self.topics.len() >= TOPICS && !self.topics.contains_key(&envelope.topic) {
            return Err(envelope.topic);
        }
        self.last_ticket += 1;
        let lane = self.topics.entry(envelope.topic.clone()).or_default();
        lane.counts.published += 1;
        let mut queued = Queued::Taken;
        let conflates = envelope.topic.family().policy() == Policy::Newest;
        if let Some(key) = envelope.key.as_ref().filter(|_| conflates)
            && let Some(older) = lane.by_key.insert(key.clone(), self.last_ticket)
        {
            lane.tickets.remove(&older);
            self.waiting.remove(&older);
            lane.counts.replaced += 1;
            queued = Queued::Replaced;
        }
        if lane.tickets.len() >= envelope.topic.family().waiting()
            && let Some(oldest) = lane.tickets.pop_first()
        {
            let dropped = self.waiting.remove(&oldest);
            lane.forget(dropped.as_ref(), oldest);
            lane.count_dropped(&envelope.topic);
            queued = Queued::Dropped;
        }
        lane.tickets.insert(self.last_ticket);
        if !conflates {
            lane.last = Some(envelope.clone());
        }
        self.waiting.insert(self.last_ticket, envelope);
        Ok(queued)
    }

    /// Takes out the next messages to send.
    pub(super) fn take(&mut self, most: usize) -> Vec<Ticketed> {
        let mut batch = Vec::new();
        while batch.len() < most
            && let Some((ticket, envelope)) = self.waiting.pop_first()
        {
            if let Some(lane) = self.topics.get_mut(&envelope.topic) {
                lane.tickets.remove(&ticket);
                lane.forget(Some(&envelope), ticket);
            }
            batch.push((ticket, envelope));
        }
        batch
    }

    /// Puts back what could not be sent: at its place, unless a newer one of its key has come, or its topic is full.
    pub(super) fn give_back(&mut self, batch: Vec<Ticketed>) {
        for (ticket, envelope) in batch {
            let Some(lane) = self.topics.get_mut(&envelope.topic) else { continue };
            let family = envelope.topic.family();
            if let Some(key) = envelope.key.as_ref().filter(|_| family.policy() == Policy::Newest) {
                if lane.by_key.contains_key(key) {
                    lane.counts.replaced += 1;
                    continue;
                }
                lane.by_key.insert(key.clone(), ticket);
            }
            if lane.tickets.len() >= family.waiting() {
                lane.forget(Some(&envelope), ticket);
                lane.count_dropped(&envelope.topic);
                continue;
            }
            lane.tickets.insert(ticket);
            self.waiting.insert(ticket, envelope);
        }
    }

    /// Counts a message as sent.
    pub(super) fn sent(&mut self, topic: &Topic) {
        if let Some(lane) = self.topics.get_mut(topic) {
            lane.counts.sent += 1;
        }
    }

    /// The last message of each topic that is kept, with how many were dropped untold: where a gap has to be told of. After a lost connection
    /// of every one, because the bus may have forgotten what it had taken.
    pub(super) fn gaps(&self, all: bool) -> Vec<(Envelope, u64)> {
        let of = |lane: &Lane| Some((lane.last.clone()?, lane.untold)).filter(|(_, untold)| all || *untold > 0);
        self.topics.values().filter_map(of).collect()
    }

    /// A gap was told of.
    pub(super) fn told(&mut self, topic: &Topic, dropped: u64) {
        if let Some(lane) = self.topics.get_mut(topic) {
            lane.untold -= dropped.min(lane.untold);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn counts(&self) -> PublishCounts {
        let of = |lane: &Lane| TopicCounts { waiting: lane.tickets.len() as u64, ..lane.counts };
        let topics = self.topics.iter().map(|(topic, lane)| (topic.clone(), of(lane))).collect();
        PublishCounts { topics, ..PublishCounts::default() }
    }
}

impl Lane {
    /// Takes a message out of the keys, unless a newer one has its place.
    fn forget(&mut self, envelope: Option<&Envelope>, ticket: u64) {
        if let Some(key) = envelope.and_then(|envelope| envelope.key.as_ref())
            && self.by_key.get(key) == Some(&ticket)
        {
            self.by_key.remove(key);
        }
    }

    fn count_dropped(&mut self, topic: &Topic) {
        self.counts.dropped += 1;
        self.untold += u64::from(topic.family().policy() == Policy::Kept);
    }
}

#[cfg(test)]
mod tests {
    use super::super::envelope::{Kind, PublisherName, Stamp};
    use super::*;
    use crate::contract::sample::time;
    use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

    fn envelope(topic: &Topic, key: Option<&str>, sequence: u64) -> Envelope {
        let stamp = Stamp { publisher: PublisherName::new("a").unwrap(), epoch: 1, sequence, time: time(0) };
        Envelope::new(topic.clone(), key.map(str::to_owned), Kind::Message, stamp, None, &sequence).unwrap()
    }

    fn fill() -> Topic {
        "trades.fill".parse().unwrap()
    }

    fn sequences(batch: &[Ticketed]) -> Vec<u64> {
        batch.iter().map(|(_, envelope)| envelope.sequence).collect()
    }

    #[test]
    fn market_data_keeps_the_newest_of_a_key_in_the_order_of_publishing() {
        let mut outbox = Outbox::default();
        for (sequence, key) in [(1, "a"), (2, "b"), (3, "a")] {
            outbox.push(envelope(&Topic::quote(), Some(key), sequence)).unwrap();
        }
        let batch = outbox.take(10);
        assert_eq!(sequences(&batch), [2, 3]);
        outbox.push(envelope(&Topic::quote(), Some("b"), 4)).unwrap();
        outbox.give_back(batch);
        let counts = outbox.counts().topics[&Topic::quote()];
        assert_eq!((counts.published, counts.replaced, counts.waiting), (4, 2, 2));
        assert_eq!(sequences(&outbox.take(10)), [3, 4], "what came back takes its old place");
    }

    #[test]
    fn a_full_topic_drops_its_oldest_and_says_so() {
        let mut outbox = Outbox::default();
        let most = fill().family().waiting() as u64;
        for sequence in 1..=most + 3 {
            let queued = outbox.push(envelope(&fill(), None, sequence)).unwrap();
            assert_eq!(queued == Queued::Dropped, sequence > most, "{sequence}");
        }
        outbox.push(envelope(&Topic::notice(), None, 1)).unwrap();
        assert_eq!(outbox.len() as u64, most + 1, "the bound is the topic's own");
        let gaps = outbox.gaps(false);
        assert_eq!(gaps.iter().map(|(last, dropped)| (last.sequence, *dropped)).collect::<Vec<_>>(), [(most + 3, 3)]);
        assert_eq!(outbox.gaps(true).len(), 2);
        outbox.told(&fill(), 3);
        assert!(outbox.gaps(false).is_empty());
        assert_eq!(outbox.take(1)[0].1.sequence, 4);

        for sequence in 1..=Topic::quote().family().waiting() as u64 + 5 {
            outbox.push(envelope(&Topic::quote(), Some(&format!("key-{sequence}")), sequence)).unwrap();
        }
        let counts = outbox.counts().topics[&Topic::quote()];
        assert_eq!((counts.dropped, counts.waiting), (5, Topic::quote().family().waiting() as u64));
        assert!(outbox.gaps(false).is_empty(), "of market data no gap is told");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn nothing_is_lost_uncounted_and_order_stays(steps in proptest::collection::vec(any::<u8>(), 1..200)) {
            let mut outbox = Outbox::default();
            let (mut sequence, mut sent) = (0, Vec::new());
            for step in steps {
                match step % 4 {
                    0 => { sequence += 1; outbox.push(envelope(&fill(), None, sequence)).unwrap(); }
                    1 => {
                        sequence += 1;
                        let key = format!("k{}", step % 16);
                        outbox.push(envelope(&Topic::quote(), Some(&key), sequence)).unwrap();
                    }
                    2 => { let batch = outbox.take(usize::from(step / 16)); outbox.give_back(batch); }
                    _ => {
                        for (_, envelope) in outbox.take(usize::from(step / 16)) {
                            outbox.sent(&envelope.topic);
                            sent.push(envelope.sequence);
                        }
                    }
                }
            }
            prop_assert!(sent.is_sorted());
            for counts in outbox.counts().topics.values() {
                prop_assert_eq!(counts.published, counts.sent + counts.replaced + counts.dropped + counts.waiting);
            }
            let waiting: u64 = outbox.counts().topics.values().map(|counts| counts.waiting).sum();
            prop_assert_eq!(waiting as usize, outbox.len());
            while !outbox.is_empty() {
                for (ticket, envelope) in outbox.take(3) { prop_assert!(ticket <= sequence && envelope.sequence <= sequence); }
            }
        }
    }
}
