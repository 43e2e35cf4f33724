//! What a subscription makes of the entries it reads: messages, gaps, and what is passed over.

use super::gap_watch::{GapWatch, Seen};
use super::{
    Delivery, EntryId, Envelope, EnvelopeError, Event, Family, Gap, GapReason, Kind, Policy, ReadCounts, Topic,
    TopicPattern,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An entry of a stream: a message, or something that is none.
pub(super) struct Entry {
    pub(super) family: Family,
    pub(super) id: EntryId,
    pub(super) read: Result<Arc<Envelope>, EnvelopeError>,
    pub(super) again: bool,
}

/// A batch of entries, sorted out.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) events: Vec<Event>,
    /// Entries that nobody will acknowledge, because nobody gets them.
    pub(super) passed_over: Vec<(Family, EntryId)>,
}

pub(super) struct Inbox {
    topics: Vec<TopicPattern>,
    /// None for a group, whose readers get some of the messages each.
    gaps: Option<GapWatch>,
    pub(super) counts: ReadCounts,
}

impl Inbox {
    pub(super) fn new(topics: Vec<TopicPattern>, is_group: bool) -> Self {
        Self { topics, gaps: (!is_group).then(GapWatch::default), counts: ReadCounts::default() }
    }

    /// Sorts a batch of entries, in the order of their streams.
    pub(super) fn sort(&mut self, batch: Vec<Entry>) -> Sorted {
        let mut sorted = Sorted::default();
        let mut events: Vec<Option<Event>> = Vec::with_capacity(batch.len());
        // Within a batch only the newest of a key is handed out, where only that matters.
        let mut newest: BTreeMap<(Topic, String), (usize, EntryId)> = BTreeMap::new();
        for Entry { family, id, read, again } in batch {
            let taken = match read {
                Ok(envelope) => self.take(&mut events, envelope, family),
                Err(why) => {
                    self.refuse(id, why);
                    None
                }
            };
            let Some(envelope) = taken else {
                sorted.passed_over.push((family, id));
                continue;
            };
            if let (Policy::Newest, Some(key)) = (family.policy(), &envelope.key)
                && let Some((older, older_id)) =
                    newest.insert((envelope.topic.clone(), key.clone()), (events.len(), id))
            {
                events[older] = None;
                self.counts.replaced += 1;
                sorted.passed_over.push((family, older_id));
            }
            events.push(Some(Event::Message(Delivery { id, envelope, again })));
        }
        sorted.events = events.into_iter().flatten().collect();
        self.counts.messages += sorted.events.iter().filter(|event| matches!(event, Event::Message(_))).count() as u64;
        sorted
    }

    /// Gives the message back if it is to be handed out.
    fn take(
        &mut self,
        events: &mut Vec<Option<Event>>,
        envelope: Arc<Envelope>,
        family: Family,
    ) -> Option<Arc<Envelope>> {
        if !self.topics.iter().any(|topic| topic.matches(&envelope.topic)) {
            return None;
        }
        let seen = match &mut self.gaps {
            Some(watch) => watch.see(&envelope),
            None if envelope.kind == Kind::Gap => GapWatch::default().see(&envelope),
            None => Seen::Next,
        };
        match seen {
            Seen::Next => Some(envelope),
            Seen::After(gap) => {
                self.tell(events, gap, family);
                Some(envelope)
            }
            Seen::Announced(gap) => {
                self.tell(events, gap, family);
                None
            }
            Seen::Again | Seen::Old => {
                self.counts.repeated += 1;
                None
            }
        }
    }

    /// Of market data the newest is all there is to know, so what is missing is counted and not told.
    fn tell(&mut self, events: &mut Vec<Option<Event>>, gap: Gap, family: Family) {
        match family.policy() {
            Policy::Newest => {
                if let GapReason::Hole { missed } = gap.reason {
                    self.counts.missed += missed;
                }
            }
            Policy::Kept => {
                self.counts.gaps += 1;
                events.push(Some(Event::Gap(gap)));
            }
        }
    }

    fn refuse(&mut self, id: EntryId, why: EnvelopeError) {
        // Once a kind: a stream full of them must not fill the log.
        if self.counts.refused_why.as_ref() != Some(&why) {
            tracing::warn!(%id, "passed over in a stream of the bus: {why}");
        }
        self.counts.refused += 1;
        self.counts.refused_why = Some(why);
    }
}
