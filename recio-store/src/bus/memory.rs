//! `MemoryBus`: a bus within one process.

use super::inbox::{Entry, Inbox};
use super::{
    Bus, BusError, Delivery, EntryId, Envelope, Event, Family, Gap, GapReason, Group, Kind, Lag, NEWEST_FOR, Policy,
    PublishCounts, Queued, ReadCounts, Start, Subscription, Topic, TopicPattern, UNACKNOWLEDGED, families,
};
use async_trait::async_trait;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Entries that are sorted at a time.
const BATCH: usize = 128;
/// Newest values that are kept: the strikes of some days. Beyond, the oldest goes.
const NEWEST: usize = 10_000;

/// A [`Bus`] in memory. Nothing waits to be sent: a message is there as soon as it is published, for as long as its stream
/// [keeps](Family::kept) it.
///
/// Clones are the same bus; it closes when the last is dropped.
#[derive(Clone, Debug, Default)]
pub struct MemoryBus {
    shared: Arc<Shared>,
    /// Counts what was published: subscriptions wait for it to change, and end with it.
    published: Arc<watch::Sender<u64>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    streams: BTreeMap<Family, Stream>,
    newest: BTreeMap<(Topic, String), (Arc<Envelope>, Instant)>,
    counts: PublishCounts,
}

#[derive(Debug)]
struct Stream {
    entries: VecDeque<(EntryId, Arc<Envelope>)>,
    last: EntryId,
    /// The last entry that was dropped because of the stream's length.
    dropped: EntryId,
    groups: BTreeMap<String, Members>,
}

/// A group of readers.
#[derive(Debug)]
struct Members {
    delivered: EntryId,
    pending: BTreeMap<EntryId, (String, Instant)>,
}

impl MemoryBus {
    /// An empty bus.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Shared {
    /// Nothing that is done under the lock leaves the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Bus for MemoryBus {
    fn publish(&self, envelope: Envelope) -> Result<Queued, BusError> {
        self.shared.state().publish(Arc::new(envelope));
        self.published.send_modify(|published| *published += 1);
        Ok(Queued::Taken)
    }

    async fn subscribe(&self, topics: &[TopicPattern], start: Start) -> Result<Box<dyn Subscription>, BusError> {
        let families = families(topics, &start)?;
        let mut state = self.shared.state();
        let mut cursors = BTreeMap::new();
        let mut members = None;
        for family in families {
            let stream = state.stream(family);
            let after = match &start {
                Start::Newest => stream.last,
                Start::After(id) if *id == EntryId::default() => stream.dropped,
                Start::After(id) => *id,
                Start::Group(group) => {
                    let delivered = stream.last;
                    stream
                        .groups
                        .entry(group.name.clone())
                        .or_insert_with(|| Members { delivered, pending: BTreeMap::new() });
                    members = Some(group.clone());
                    EntryId::default()
                }
            };
            cursors.insert(family, after);
        }
        drop(state);
        Ok(Box::new(MemorySubscription {
            shared: Arc::clone(&self.shared),
            published: self.published.subscribe(),
            inbox: Inbox::new(topics.to_vec(), members.is_some()),
            resumed: members.is_none(),
            group: members,
            cursors,
            ready: VecDeque::new(),
            handed_out: BTreeMap::new(),
        }))
    }

    async fn newest(&self, topic: &Topic, key: &str) -> Result<Option<Arc<Envelope>>, BusError> {
        let state = self.shared.state();
        let found = state.newest.get(&(topic.clone(), key.to_owned()));
        Ok(found.filter(|(_, at)| at.elapsed() < NEWEST_FOR).map(|(envelope, _)| Arc::clone(envelope)))
    }

    fn counts(&self) -> PublishCounts {
        PublishCounts { connected: true, ..self.shared.state().counts.clone() }
    }

    async fn flush(&self, _within: Duration) -> Result<(), BusError> {
        Ok(())
    }
}

impl State {
    fn stream(&mut self, family: Family) -> &mut Stream {
        self.streams.entry(family).or_insert_with(|| Stream {
            entries: VecDeque::new(),
            last: EntryId::default(),
            dropped: EntryId::default(),
            groups: BTreeMap::new(),
        })
    }

    fn publish(&mut self, envelope: Arc<Envelope>) {
        let counts = self.counts.topics.entry(envelope.topic.clone()).or_default();
        counts.published += 1;
        counts.sent += 1;
        if let Some(key) = envelope.key.as_ref().filter(|_| envelope.kind == Kind::Message) {
            let place = (envelope.topic.clone(), key.clone());
            if self.newest.len() >= NEWEST && !self.newest.contains_key(&place) {
                let oldest = self.newest.iter().min_by_key(|(_, (_, at))| *at).map(|(place, _)| place.clone());
                oldest.map(|place| self.newest.remove(&place));
            }
            self.newest.insert(place, (Arc::clone(&envelope), Instant::now()));
        }
        let family = envelope.topic.family();
        let stream = self.stream(family);
        // The message's own time stands for the bus's; ids only ever go up.
        let milliseconds = u64::try_from(envelope.time.as_millisecond()).unwrap_or_default();
        stream.last = if milliseconds > stream.last.milliseconds {
            EntryId { milliseconds, number: 0 }
        } else {
            EntryId { number: stream.last.number + 1, ..stream.last }
        };
        if stream.entries.len() >= family.kept()
            && let Some((dropped, _)) = stream.entries.pop_front()
        {
            stream.dropped = dropped;
        }
        stream.entries.push_back((stream.last, envelope));
    }
}

impl Stream {
    fn after(&self, id: EntryId) -> impl Iterator<Item = &(EntryId, Arc<Envelope>)> {
        let first = self.entries.partition_point(|(at, _)| *at <= id);
        self.entries.range(first..)
    }

    /// Whether nothing after this place can have been dropped: it is an entry's, or the one before the first.
    fn knows(&self, id: EntryId) -> bool {
        id == self.dropped || self.find(id).is_some()
    }

    fn find(&self, id: EntryId) -> Option<&Arc<Envelope>> {
        let at = self.entries.binary_search_by_key(&id, |(at, _)| *at).ok()?;
        self.entries.get(at).map(|(_, envelope)| envelope)
    }
}

struct MemorySubscription {
    shared: Arc<Shared>,
    published: watch::Receiver<u64>,
    inbox: Inbox,
    group: Option<Group>,
    /// Whether a group's reader has got again what it had not acknowledged.
    resumed: bool,
    cursors: BTreeMap<Family, EntryId>,
    ready: VecDeque<(Family, Event)>,
    handed_out: BTreeMap<Family, EntryId>,
}

#[async_trait]
impl Subscription for MemorySubscription {
    async fn next(&mut self) -> Result<Event, BusError> {
        loop {
            if let Some((family, event)) = self.ready.pop_front() {
                if let Event::Message(delivery) = &event {
                    self.handed_out.insert(family, delivery.id);
                }
                return Ok(event);
            }
            self.published.borrow_and_update();
            if self.read() {
                continue;
            }
            // What other readers of the group leave has to be looked for; nobody tells.
            let claim = self.group.as_ref().map(|group| group.claim_after);
            let changed = self.published.changed();
            match claim {
                Some(wait) => {
                    if let Ok(changed) = tokio::time::timeout(wait, changed).await {
                        changed.map_err(|_| BusError::Closed)?;
                    }
                }
                None => changed.await.map_err(|_| BusError::Closed)?,
            }
        }
    }

    async fn ack(&mut self, delivery: &Delivery) -> Result<(), BusError> {
        if let Some(group) = &self.group {
            acknowledge(&mut self.shared.state(), &group.name, delivery.envelope.topic.family(), delivery.id);
        }
        Ok(())
    }

    async fn lag(&self) -> Result<Lag, BusError> {
        let state = self.shared.state();
        let mut lag = Lag { behind: Duration::ZERO, entries: Some(0) };
        for (family, cursor) in &self.cursors {
            let Some(stream) = state.streams.get(family) else { continue };
            let members = self.group.as_ref().and_then(|group| stream.groups.get(&group.name));
            let read = members.map_or(*cursor, |members| members.delivered);
            let waiting = self.ready.iter().filter(|(of, event)| of == family && matches!(event, Event::Message(_)));
            let (waiting, unread) = (waiting.count() as u64, stream.after(read).count() as u64);
            let left = unread + members.map_or(waiting, |members| members.pending.len() as u64);
            lag.entries = lag.entries.map(|entries| entries + left);
            let reached = if waiting == 0 { read } else { self.handed_out.get(family).copied().unwrap_or_default() };
            let behind = stream.last.milliseconds.saturating_sub(reached.milliseconds);
            if waiting + unread > 0 {
                lag.behind = lag.behind.max(Duration::from_millis(behind));
            }
        }
        Ok(lag)
    }

    fn counts(&self) -> ReadCounts {
        self.inbox.counts.clone()
    }
}

impl MemorySubscription {
    /// Reads the next batch of each family; whether there was anything.
    fn read(&mut self) -> bool {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.state();
        let mut any = false;
        for (&family, cursor) in &mut self.cursors {
            let stream = state.stream(family);
            let batch = match &self.group {
                None => {
                    // An unknown place is one of another bus.
                    if !stream.knows(*cursor) {
                        *cursor = stream.dropped;
                        if family.policy() == Policy::Kept {
                            self.inbox.counts.gaps += 1;
                            let gap = Gap { topic: None, publisher: None, reason: GapReason::Forgotten };
                            self.ready.push_back((family, Event::Gap(gap)));
                            any = true;
                        }
                    }
                    let batch: Vec<_> = stream.after(*cursor).take(BATCH).cloned().collect();
                    *cursor = batch.last().map_or(*cursor, |(id, _)| *id);
                    batch.into_iter().map(|(id, envelope)| entry(family, id, envelope, false)).collect()
                }
                Some(group) => {
                    let (batch, gap) = stream.read_as(family, group, self.resumed);
                    if let Some(reason) = gap.filter(|_| family.policy() == Policy::Kept) {
                        self.inbox.counts.gaps += 1;
                        self.ready.push_back((family, Event::Gap(Gap { topic: None, publisher: None, reason })));
                        any = true;
                    }
                    batch
                }
            };
            any |= !batch.is_empty();
            let sorted = self.inbox.sort(batch);
            if let Some(group) = &self.group {
                for (family, id) in sorted.passed_over {
                    acknowledge(&mut state, &group.name, family, id);
                }
            }
            self.ready.extend(sorted.events.into_iter().map(|event| (family, event)));
        }
        self.resumed = true;
        any
    }
}

impl Stream {
    /// What a group's reader gets: first its own from before it started again, then what others have left, then new ones; and what is missing.
    fn read_as(&mut self, family: Family, group: &Group, resumed: bool) -> (Vec<Entry>, Option<GapReason>) {
        let Some(members) = self.groups.get(&group.name) else { return (Vec::new(), None) };
        let mut gap = (members.delivered < self.dropped).then_some(GapReason::Forgotten);
        let now = Instant::now();
        let is_due = |(consumer, since): &(String, Instant)| {
            (consumer == &group.consumer && !resumed)
                || (consumer != &group.consumer && now.duration_since(*since) >= group.claim_after)
        };
        let mut ids: Vec<_> =
            members.pending.iter().filter(|(_, held)| is_due(held)).map(|(id, _)| (*id, true)).collect();
        let held = members.pending.values().filter(|(consumer, _)| consumer == &group.consumer).count();
        let room = UNACKNOWLEDGED.saturating_sub(held).min(BATCH);
        let new: Vec<_> = self.after(members.delivered).take(room).map(|(id, _)| (*id, false)).collect();
        ids.extend(new);
        let found: Vec<_> = ids.into_iter().map(|(id, again)| (id, again, self.find(id).cloned())).collect();
        let dropped = self.dropped;
        let Some(members) = self.groups.get_mut(&group.name) else { return (Vec::new(), None) };
        members.delivered = members.delivered.max(dropped);
        let mut entries = Vec::with_capacity(found.len());
        let mut missed = 0;
        for (id, again, envelope) in found {
            members.delivered = members.delivered.max(id);
            match envelope {
                Some(envelope) => {
                    members.pending.insert(id, (group.consumer.clone(), now));
                    entries.push(entry(family, id, envelope, again));
                }
                // The stream has gone on without it.
                None => {
                    missed += 1;
                    members.pending.remove(&id);
                }
            }
        }
        if missed > 0 && gap.is_none() {
            gap = Some(GapReason::Hole { missed });
        }
        (entries, gap)
    }
}

fn entry(family: Family, id: EntryId, envelope: Arc<Envelope>, again: bool) -> Entry {
    Entry { family, id, read: Ok(envelope), again }
}

fn acknowledge(state: &mut State, group: &str, family: Family, id: EntryId) {
    if let Some(members) = state.stream(family).groups.get_mut(group) {
        members.pending.remove(&id);
    }
}
