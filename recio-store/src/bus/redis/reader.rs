//! The task that reads for one subscription.

use super::Keys;
use super::address::{Address, Backoff};
use super::entries::{RawEntry, raw_entries, streams};
use super::group::{Read, read_as};
use crate::bus::inbox::{Entry, Inbox};
use crate::bus::{EntryId, Event, Family, Gap, GapReason, Group, Policy, ReadCounts, Start, UNACKNOWLEDGED};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisError, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

/// Entries read at a time.
pub(super) const BATCH: usize = 128;
/// Events that wait for a slow reader; then no more are read, and Redis keeps them as long as its streams are.
const WAITING: usize = 256;
/// How long a read waits for entries. Redis answers at once when there is one; this bounds how late a dead connection is noticed.
pub(super) const BLOCK: Duration = Duration::from_secs(5);

pub(super) struct Reader {
    address: Arc<Address>,
    mode: Mode,
    /// The streams, in the order in which they are read.
    streams: Vec<(Family, String)>,
    inbox: Inbox,
    events: mpsc::Sender<(Family, Event)>,
    shared: Arc<Shared>,
    /// Whoever waits for the first connection.
    first: Option<oneshot::Sender<()>>,
    is_late: bool,
    interrupted: bool,
    /// The place to go on from is not there any more.
    has_forgotten: bool,
    backoff: Backoff,
}

enum Mode {
    /// By places of its own; `None` where the newest one has to be asked for first.
    Cursors(BTreeMap<Family, Option<EntryId>>),
    Group {
        group: Group,
        /// The group was there: where it is not any more, Redis has forgotten it, and nothing of what is there has been read.
        is_made: bool,
        next_claim: Instant,
    },
}

/// What a subscription has of its task.
pub(super) struct Parts {
    pub(super) events: mpsc::Receiver<(Family, Event)>,
    pub(super) shared: Arc<Shared>,
    pub(super) connected: oneshot::Receiver<()>,
}

/// What task and subscription both know.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) group: Option<Group>,
    pub(super) streams: Vec<(Family, String)>,
    pub(super) state: Mutex<State>,
    /// A message was acknowledged.
    pub(super) acknowledged: Notify,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) counts: ReadCounts,
    /// How far each stream was read.
    pub(super) read: BTreeMap<Family, EntryId>,
    /// What a group's reader was given and has not acknowledged.
    pub(super) held: BTreeSet<(Family, EntryId)>,
}

/// Why reading stopped.
enum Stopped {
    /// The connection is lost, or Redis has forgotten the group.
    Lost(RedisError),
    /// Nobody listens any more.
    Dropped,
}

impl From<RedisError> for Stopped {
    fn from(error: RedisError) -> Self {
        Self::Lost(error)
    }
}

impl Shared {
    /// Nothing that is done under the lock leaves the state half changed.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    pub(super) fn new(
        address: Arc<Address>,
        keys: Keys,
        families: Vec<Family>,
        start: Start,
        inbox: Inbox,
    ) -> (Self, Parts) {
        let (sender, events) = mpsc::channel(WAITING);
        let (first, connected) = oneshot::channel();
        let streams: Vec<_> = families.iter().map(|family| (*family, keys.stream(*family))).collect();
        let (mode, group) = match start {
            Start::Newest => (Mode::Cursors(families.into_iter().map(|family| (family, None)).collect()), None),
            Start::After(id) => (Mode::Cursors(families.into_iter().map(|family| (family, Some(id))).collect()), None),
            Start::Group(group) => {
                let (is_made, next_claim) = (false, Instant::now());
                (Mode::Group { group: group.clone(), is_made, next_claim }, Some(group))
            }
        };
        let state = Mutex::default();
        let shared = Arc::new(Shared { group, streams: streams.clone(), state, acknowledged: Notify::new() });
        let reader = Self {
            address,
            mode,
            streams,
            inbox,
            events: sender,
            shared: Arc::clone(&shared),
            first: Some(first),
            is_late: false,
            interrupted: false,
            has_forgotten: false,
            backoff: Backoff::default(),
        };
        (reader, Parts { events, shared, connected })
    }

    /// Reads until nobody listens: connects, reads until the connection is lost, waits, connects again.
    pub(super) async fn run(mut self) {
        loop {
            let error = match self.address.connect(BLOCK).await {
                Ok(connection) => match self.serve(connection).await {
                    Ok(never) => match never {},
                    Err(Stopped::Dropped) => return,
                    Err(Stopped::Lost(error)) => error,
                },
                Err(error) => error,
            };
            tracing::debug!(bus = %self.address, "reading was interrupted: {error}");
            if !self.interrupted {
                self.interrupted = true;
                if self.tell(Event::Interrupted).await.is_err() {
                    return;
                }
            }
            if self.events.is_closed() {
                return;
            }
            self.backoff.wait().await;
        }
    }

    async fn serve(&mut self, mut connection: MultiplexedConnection) -> Result<std::convert::Infallible, Stopped> {
        self.prepare(&mut connection).await?;
        match self.first.take() {
            Some(first) => self.is_late = first.send(()).is_err() || self.interrupted,
            None => self.is_late = true,
        }
        self.interrupted = false;
        let gap = |reason| Event::Gap(Gap { topic: None, publisher: None, reason });
        if self.is_late {
            self.inbox.counts.reconnects += 1;
            self.inbox.counts.gaps += 1;
            self.tell(gap(GapReason::Reconnected)).await?;
        } else if self.has_forgotten {
            self.inbox.counts.gaps += 1;
            self.tell(gap(GapReason::Forgotten)).await?;
        }
        self.read_left(&mut connection).await?;
        loop {
            self.wait_for_room().await?;
            self.claim(&mut connection).await?;
            let answer = match &self.mode {
                Mode::Cursors(cursors) => self.next_read(cursors).query_async(&mut connection).await?,
                Mode::Group { group, .. } => {
                    let Read { answer, has_forgotten, wait } = read_as(group, &self.streams, &mut connection).await?;
                    if has_forgotten {
                        self.inbox.counts.gaps += 1;
                        self.tell(gap(GapReason::Forgotten)).await?;
                    }
                    if let Some(wait) = wait {
                        wait.exec_async(&mut connection).await?;
                    }
                    answer
                }
            };
            self.backoff.reset();
            let mut batch = Vec::new();
            for (name, entries) in streams(answer) {
                let family = self.streams.iter().find(|(_, stream)| *stream == name).map(|(family, _)| *family);
                let Some(family) = family else { continue };
                if let (Mode::Cursors(cursors), Some(last)) = (&mut self.mode, entries.last()) {
                    cursors.insert(family, Some(last.id));
                }
                batch.extend(entries.into_iter().map(|entry| entry.read(family, false)));
            }
            self.hand_out(&mut connection, batch).await?;
        }
    }

    /// Finds out where each stream stands, or makes the group.
    async fn prepare(&mut self, connection: &mut MultiplexedConnection) -> Result<(), Stopped> {
        match &mut self.mode {
            Mode::Cursors(cursors) => {
                for (family, stream) in &self.streams {
                    let cursor = cursors.entry(*family).or_default();
                    let place = match *cursor {
                        None => newest(connection, stream).await?,
                        Some(known) if known == EntryId::default() => known,
                        Some(known) => {
                            let mut find = redis::cmd("XREVRANGE");
                            find.arg(stream).arg("+").arg(known.to_string()).arg("COUNT").arg(1);
                            let newest = newest_of(find.query_async(connection).await?);
                            let mut find = redis::cmd("XRANGE");
                            find.arg(stream).arg(known.to_string()).arg(known.to_string());
                            let is_there = newest_of(find.query_async(connection).await?) == known;
                            self.has_forgotten |= !is_there && family.policy() == Policy::Kept;
                            // A stream that ends before our place is another one: Redis has lost it, and all that is there is new to us.
                            if newest == EntryId::default() { newest } else { known }
                        }
                    };
                    *cursor = Some(place);
                    self.shared.state().read.insert(*family, place);
                }
            }
            Mode::Group { group, is_made, .. } => {
                for (_, stream) in &self.streams {
                    let start = if *is_made { "0" } else { "$" };
                    let mut create = redis::cmd("XGROUP");
                    create.arg("CREATE").arg(stream).arg(&group.name).arg(start).arg("MKSTREAM");
                    match create.exec_async(connection).await {
                        Err(error) if error.code() == Some("BUSYGROUP") => {}
                        other => other?,
                    }
                }
                *is_made = true;
            }
        }
        Ok(())
    }

    fn next_read(&self, cursors: &BTreeMap<Family, Option<EntryId>>) -> Cmd {
        let places: Vec<_> = self
            .streams
            .iter()
            .map(|(family, stream)| (stream.as_str(), cursors.get(family).copied().flatten().unwrap_or_default()))
            .collect();
        read_after(&places, BATCH, BLOCK)
    }

    /// A group's reader gets again what it had not acknowledged before it started again, or what got lost on its way here.
    async fn read_left(&mut self, connection: &mut MultiplexedConnection) -> Result<(), Stopped> {
        let Mode::Group { group, .. } = &self.mode else { return Ok(()) };
        let group = group.clone();
        for (family, stream) in self.streams.clone() {
            let mut after = EntryId::default();
            loop {
                let mut read = redis::cmd("XREADGROUP");
                read.arg("GROUP").arg(&group.name).arg(&group.consumer).arg("COUNT").arg(BATCH);
                let answer: Value =
                    read.arg("STREAMS").arg(&stream).arg(after.to_string()).query_async(connection).await?;
                let entries: Vec<_> = streams(answer).into_iter().flat_map(|(_, entries)| entries).collect();
                let Some(last) = entries.last() else { break };
                after = last.id;
                self.hand_out_left(connection, family, entries).await?;
            }
        }
        Ok(())
    }

    /// Takes over what other readers of the group have left.
    async fn claim(&mut self, connection: &mut MultiplexedConnection) -> Result<(), Stopped> {
        let Mode::Group { group, next_claim, .. } = &mut self.mode else { return Ok(()) };
        if Instant::now() < *next_claim {
            return Ok(());
        }
        *next_claim = Instant::now() + group.claim_after;
        let group = group.clone();
        let idle = u64::try_from(group.claim_after.as_millis()).unwrap_or(u64::MAX);
        for (family, stream) in self.streams.clone() {
            let mut start = "0-0".to_owned();
            loop {
                let mut claim = redis::cmd("XAUTOCLAIM");
                claim.arg(&stream).arg(&group.name).arg(&group.consumer).arg(idle).arg(&start);
                let answer: Vec<Value> = claim.arg("COUNT").arg(BATCH).query_async(connection).await?;
                let mut answer = answer.into_iter();
                let next = answer.next().and_then(|next| redis::from_redis_value::<String>(next).ok());
                let entries = raw_entries(answer.next().unwrap_or_default());
                self.hand_out_left(connection, family, entries).await?;
                match next {
                    Some(next) if next != "0-0" => start = next,
                    _ => break,
                }
            }
        }
        Ok(())
    }

    /// Hands out what was delivered before. What the stream does not have any more is lost, and said to be.
    async fn hand_out_left(
        &mut self,
        connection: &mut MultiplexedConnection,
        family: Family,
        entries: Vec<RawEntry>,
    ) -> Result<(), Stopped> {
        let (gone, left): (Vec<_>, Vec<_>) = entries.into_iter().partition(RawEntry::is_gone);
        if !gone.is_empty() {
            let missed = gone.len() as u64;
            self.acknowledge(connection, &gone.iter().map(|entry| (family, entry.id)).collect::<Vec<_>>()).await?;
            self.inbox.counts.gaps += 1;
            self.tell(Event::Gap(Gap { topic: None, publisher: None, reason: GapReason::Hole { missed } })).await?;
        }
        let left = {
            let held = &self.shared.state().held;
            left.into_iter().filter(|entry| !held.contains(&(family, entry.id))).collect::<Vec<_>>()
        };
        self.hand_out(connection, left.into_iter().map(|entry| entry.read(family, true)).collect()).await
    }

    async fn hand_out(&mut self, connection: &mut MultiplexedConnection, batch: Vec<Entry>) -> Result<(), Stopped> {
        let reached: Vec<_> = batch.iter().map(|entry| (entry.family, entry.id)).collect();
        let sorted = self.inbox.sort(batch);
        {
            let mut state = self.shared.state();
            state.counts = self.inbox.counts.clone();
            if self.shared.group.is_some() {
                let given = sorted.events.iter().filter_map(|event| match event {
                    Event::Message(delivery) => Some((delivery.envelope.topic.family(), delivery.id)),
                    Event::Gap(_) | Event::Interrupted => None,
                });
                state.held.extend(given);
            }
        }
        if self.shared.group.is_some() {
            self.acknowledge(connection, &sorted.passed_over).await?;
        }
        for event in sorted.events {
            self.tell(event).await?;
        }
        let mut state = self.shared.state();
        for (family, id) in reached {
            let read = state.read.entry(family).or_default();
            *read = (*read).max(id);
        }
        Ok(())
    }

    /// Acknowledges what nobody will.
    async fn acknowledge(
        &self,
        connection: &mut MultiplexedConnection,
        entries: &[(Family, EntryId)],
    ) -> Result<(), Stopped> {
        let Some(group) = &self.shared.group else { return Ok(()) };
        for (family, stream) in &self.streams {
            let ids: Vec<_> = entries.iter().filter(|(of, _)| of == family).map(|(_, id)| id.to_string()).collect();
            if !ids.is_empty() {
                redis::cmd("XACK").arg(stream).arg(&group.name).arg(ids).exec_async(connection).await?;
            }
        }
        Ok(())
    }

    /// Waits while too much is unacknowledged.
    async fn wait_for_room(&self) -> Result<(), Stopped> {
        loop {
            let acknowledged = self.shared.acknowledged.notified();
            if self.shared.state().held.len() < UNACKNOWLEDGED {
                return Ok(());
            }
            tokio::select! {
                biased;
                () = self.events.closed() => return Err(Stopped::Dropped),
                () = acknowledged => {}
            }
        }
    }

    async fn tell(&self, event: Event) -> Result<(), Stopped> {
        self.shared.state().counts = self.inbox.counts.clone();
        let family = match &event {
            Event::Message(delivery) => delivery.envelope.topic.family(),
            // They move no place.
            Event::Gap(_) | Event::Interrupted => Family::System,
        };
        self.events.send((family, event)).await.map_err(|_| Stopped::Dropped)
    }
}

/// Reads what comes after a place in each stream, and waits for it.
pub(super) fn read_after(places: &[(&str, EntryId)], most: usize, wait: Duration) -> Cmd {
    let mut read = redis::cmd("XREAD");
    let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
    read.arg("COUNT").arg(most).arg("BLOCK").arg(wait).arg("STREAMS");
    for (stream, _) in places {
        read.arg(*stream);
    }
    for (_, place) in places {
        read.arg(place.to_string());
    }
    read
}

/// The newest entry's place; zero for a stream that is empty, or not there.
pub(super) async fn newest(connection: &mut MultiplexedConnection, stream: &str) -> Result<EntryId, RedisError> {
    let command = newest_command(stream);
    Ok(newest_of(command.query_async(connection).await?))
}

pub(super) fn newest_command(stream: &str) -> Cmd {
    let mut command = redis::cmd("XREVRANGE");
    command.arg(stream).arg("+").arg("-").arg("COUNT").arg(1);
    command
}

pub(super) fn newest_of(answer: Value) -> EntryId {
    raw_entries(answer).first().map(|entry| entry.id).unwrap_or_default()
}
