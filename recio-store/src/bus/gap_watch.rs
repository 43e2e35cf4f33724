//! Finds lost messages: each publisher counts its messages of each topic, and a hole shows.

use super::envelope::{Envelope, Kind, PublisherName};
use super::{Gap, GapReason, Topic};
use std::collections::BTreeMap;

/// Publishers and topics that are watched at a time. There are some ten of each; more would be somebody else's doing, and is not watched.
const WATCHED: usize = 10_000;

/// What was read of each publisher's topics.
#[derive(Debug, Default)]
pub(super) struct GapWatch {
    read: BTreeMap<(PublisherName, Topic), Read>,
}

#[derive(Clone, Copy, Debug)]
struct Read {
    epoch: u64,
    sequence: u64,
}

/// What a message is beside those read before it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The next one; the first of its kind counts as that.
    Next,
    /// The next one there is, but something is missing before it.
    After(Gap),
    /// It was read before: its publisher could not know whether it had arrived.
    Again,
    /// From before the publisher's newest start.
    Old,
    /// Its publisher says that something is missing.
    Announced(Gap),
}

impl GapWatch {
    pub(super) fn see(&mut self, envelope: &Envelope) -> Seen {
        let Envelope { topic, publisher, epoch, sequence, .. } = envelope;
        let gap = |reason| Gap { topic: Some(topic.clone()), publisher: Some(publisher.clone()), reason };
        let known = self.read.get_mut(&(publisher.clone(), topic.clone()));
        if let Some(read) = &known
            && *epoch < read.epoch
        {
            return Seen::Old;
        }
        if envelope.kind == Kind::Gap {
            // Its number is the one of the last message before it, which may be among the lost.
            return Seen::Announced(gap(GapReason::Announced { why: envelope.body().to_owned() }));
        }
        match known {
            Some(read) if *epoch > read.epoch => {
                // The end of the last start may be missing, and nobody is left to say so.
                *read = Read { epoch: *epoch, sequence: *sequence };
                Seen::After(gap(GapReason::Restarted))
            }
            Some(read) if *sequence <= read.sequence => Seen::Again,
            Some(read) => {
                let missed = sequence - read.sequence - 1;
                read.sequence = *sequence;
                if missed == 0 { Seen::Next } else { Seen::After(gap(GapReason::Hole { missed })) }
            }
            None => {
                if self.read.len() < WATCHED {
                    let read = Read { epoch: *epoch, sequence: *sequence };
                    self.read.insert((publisher.clone(), topic.clone()), read);
                }
                Seen::Next
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::envelope::Stamp;
    use super::*;
    use crate::contract::sample::time;

    fn see(watch: &mut GapWatch, publisher: &str, topic: &str, epoch: u64, sequence: u64, kind: Kind) -> String {
        let publisher = PublisherName::new(publisher).unwrap();
        let stamp = Stamp { publisher, epoch, sequence, time: time(0) };
        let envelope = Envelope::new(topic.parse().unwrap(), None, kind, stamp, None, &"lost").unwrap();
        match watch.see(&envelope) {
            Seen::Next => "next".into(),
            Seen::After(Gap { reason, .. }) => format!("after {reason}"),
            Seen::Again => "again".into(),
            Seen::Old => "old".into(),
            Seen::Announced(Gap { reason, .. }) => format!("{reason}"),
        }
    }

    #[test]
    fn holes_repeats_and_restarts_show_for_each_publisher_and_topic() {
        let mut watch = GapWatch::default();
        let steps = [
            ("a", "trades.fill", 1, 5, "next"),
            ("a", "trades.fill", 1, 6, "next"),
            ("a", "trades.fill", 1, 6, "again"),
            ("a", "trades.fill", 1, 4, "again"),
            ("a", "trades.fill", 1, 9, "after 2 messages are missing"),
            ("b", "trades.fill", 1, 1, "next"),
            ("a", "trades.trade", 1, 1, "next"),
            ("a", "trades.fill", 1, 10, "next"),
            ("a", "trades.fill", 3, 1, "after its publisher has started again"),
            ("a", "trades.fill", 2, 11, "old"),
            ("a", "trades.fill", 3, 2, "next"),
        ];
        for (at, (publisher, topic, epoch, sequence, wanted)) in steps.into_iter().enumerate() {
            let seen = see(&mut watch, publisher, topic, epoch, sequence, Kind::Message);
            assert_eq!(seen, wanted, "step {at}");
        }
        let announced = see(&mut watch, "a", "trades.fill", 3, 2, Kind::Gap);
        assert_eq!(announced, "its publisher says: \"lost\"");
        assert_eq!(see(&mut watch, "a", "trades.fill", 1, 2, Kind::Gap), "old");
        assert_eq!(see(&mut watch, "a", "trades.fill", 3, 3, Kind::Message), "next", "a gap changes no number");
    }
}
