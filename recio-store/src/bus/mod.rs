//! `Bus`: tells other parts and other processes what happened, without ever holding up who tells.
//!
//! A bus carries hints. The store is the truth: every fact is there before it is told, and whoever sees a [`Gap`] reads the store again,
//! which is what a [`Follower`] does by itself. Nothing on a bus can make, repeat or allow an order; without a bus recio trades all the same.
//!
//! [`MemoryBus`] works within one process, [`RedisBus`] on Redis Streams (feature `redis`). Both keep [the same contract](contract).
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use recio_core::units::Timestamp;
//! use recio_store::bus::{Bus, Event, MemoryBus, Publisher, PublisherName, Start, Topic};
//! use std::sync::Arc;
//!
//! let bus = Arc::new(MemoryBus::new());
//! let mut reader = bus.subscribe(&["system.*".parse()?], Start::Newest).await?;
//! let publisher = Publisher::new(bus.clone(), PublisherName::new("coordinator")?, 1);
//! publisher.publish(Topic::health(), Some("coordinator"), Timestamp::UNIX_EPOCH, &"ready")?;
//! let Event::Message(delivery) = reader.next().await? else { unreachable!() };
//! assert_eq!(delivery.envelope.read::<String>()?, "ready");
//! # Ok(())
//! # }
//! ```

pub mod contract;
mod envelope;
mod facts;
mod follower;
mod gap_watch;
mod inbox;
mod memory;
mod observer;
#[cfg(feature = "redis")]
mod outbox;
mod publisher;
#[cfg(feature = "redis")]
mod redis;
mod topic;

pub use envelope::{ENVELOPE_VERSION, Envelope, EnvelopeError, Kind, MAX_BODY, PublisherName};
pub use facts::{FactPublisher, FactPublisherError, ToldFact};
pub use follower::{FollowError, Follower, FollowerCounts, FollowerOptions};
pub use memory::MemoryBus;
pub use observer::{BusObserver, ObserverCounts, PriceNow, QuoteNow};
pub use publisher::Publisher;
#[cfg(feature = "redis")]
pub use redis::{RedisBus, RedisOptions};
pub use topic::{Family, Policy, Topic, TopicError, TopicPattern};

use async_trait::async_trait;
use recio_core::read::BoxError;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// How long the newest value of a key is kept: the market of an hour is of no interest on the next day.
const NEWEST_FOR: Duration = Duration::from_secs(24 * 3_600);
/// Messages of a group that one reader may have without acknowledging them; then it gets no new ones. They are in its memory.
const UNACKNOWLEDGED: usize = 10_000;

/// Carries messages from publishers to subscribers.
///
/// Shared. Messages of one [`Family`] reach every subscriber in the order of publishing.
#[async_trait]
pub trait Bus: Send + Sync + fmt::Debug {
    /// Hands a message over, and never waits: what cannot be sent at once waits in a queue with a bound, by its family's [`Policy`].
    ///
    /// [`Publisher`] makes the message, and counts.
    ///
    /// # Errors
    /// [`BusError::Closed`].
    fn publish(&self, envelope: Envelope) -> Result<Queued, BusError>;

    /// Begins to read the topics.
    ///
    /// What is published after it returns is read. Where the bus cannot be reached it returns after a moment all the same; then the first event
    /// after the connection is a [`GapReason::Reconnected`], and what is published after that is read.
    ///
    /// # Errors
    /// [`BusError::Request`], [`BusError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped one reads nothing.
    async fn subscribe(&self, topics: &[TopicPattern], start: Start) -> Result<Box<dyn Subscription>, BusError>;

    /// Reads the newest message of a topic's key; its time tells how old it is. `None` where there is none, or none within a day.
    ///
    /// # Errors
    /// [`BusError::Unavailable`], [`BusError::Refused`], [`BusError::Envelope`].
    async fn newest(&self, topic: &Topic, key: &str) -> Result<Option<Arc<Envelope>>, BusError>;

    /// What became of the messages that were published here.
    fn counts(&self) -> PublishCounts;

    /// Waits until everything that was published has been sent: for the end of a program.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] where something still waits after `within`.
    async fn flush(&self, within: Duration) -> Result<(), BusError>;
}

/// One reader of a bus.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for what comes next. While the bus cannot be reached it goes on trying.
    ///
    /// # Errors
    /// [`BusError::Closed`]: nothing will come any more.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is lost.
    async fn next(&mut self) -> Result<Event, BusError>;

    /// Says that a message of a consumer group is done with: nobody gets it again. Without a group it does nothing.
    ///
    /// # Errors
    /// [`BusError::Unavailable`], [`BusError::Refused`]: the message may come again.
    async fn ack(&mut self, delivery: &Delivery) -> Result<(), BusError>;

    /// How far the subscription is behind its streams.
    ///
    /// # Errors
    /// [`BusError::Unavailable`], [`BusError::Refused`].
    async fn lag(&self) -> Result<Lag, BusError>;

    /// What was read.
    fn counts(&self) -> ReadCounts;
}

/// Where a subscription begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// After what is there.
    Newest,
    /// After this entry: for readers that remember how far they came. The topics then are of one family. Where the entry is not there any more, a
    /// [`GapReason::Forgotten`] comes first; after `0-0` comes all that is there.
    After(EntryId),
    /// Where the group's readers came to. Each message goes to one of them, until it is acknowledged; so a hole in what one of them gets means
    /// nothing, and none is looked for. What the stream lost before any of them got it is told as [`GapReason::Forgotten`] to the one who reads next.
    Group(Group),
}

/// A consumer group: readers that share the messages of their topics among them. All readers of a group ask for the same topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// This reader's name, the same after a restart: it then gets again what it had not acknowledged.
    pub consumer: String,
    /// Messages that another reader has not acknowledged for so long are taken over from it. Longer than the work on a message takes.
    pub claim_after: Duration,
}

/// The place of a message in its family's stream: a time of the bus in milliseconds, and a number within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// Since 1970.
    pub milliseconds: u64,
    /// Within the millisecond.
    pub number: u64,
}

/// What a subscription is told.
#[derive(Clone, Debug)]
pub enum Event {
    /// A message.
    Message(Delivery),
    /// Messages are missing, or may be: read the store again.
    Gap(Gap),
    /// The bus cannot be reached. It is tried again and again; a [`GapReason::Reconnected`] tells that it works.
    Interrupted,
}

/// One message, delivered.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its place.
    pub id: EntryId,
    /// The message.
    pub envelope: Arc<Envelope>,
    /// It may have been delivered before, here or to another reader of the group.
    pub again: bool,
}

/// That messages are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Of which topic; `None` for all that are read.
    pub topic: Option<Topic>,
    /// Of which publisher; `None` for all.
    pub publisher: Option<PublisherName>,
    /// Why.
    pub reason: GapReason,
}

/// Why messages are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// Numbers are missing.
    Hole {
        /// How many.
        missed: u64,
    },
    /// The publisher has started again: the end of its last start may be missing.
    Restarted,
    /// The publisher says so.
    Announced {
        /// Why, as JSON.
        why: String,
    },
    /// The bus could not be reached meanwhile.
    Reconnected,
    /// The stream goes on without entries that were not read: it was too long, or Redis has lost it.
    Forgotten,
}

/// What became of a published message at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It is sent, or waits its turn.
    Taken,
    /// It waits in place of an older one of its key.
    Replaced,
    /// It waits, and the oldest of its topic was dropped for it.
    Dropped,
}

/// What became of published messages, by topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishCounts {
    /// By topic.
    pub topics: BTreeMap<Topic, TopicCounts>,
    /// Whether the bus can be reached.
    pub connected: bool,
    /// How often it was connected again.
    pub reconnects: u64,
    /// What went wrong last, if something has since the last success.
    pub problem: Option<String>,
}

/// What became of published messages of one topic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopicCounts {
    /// Handed over.
    pub published: u64,
    /// On the bus.
    pub sent: u64,
    /// Replaced by a newer one of the same key before they were sent.
    pub replaced: u64,
    /// Dropped, because too many waited.
    pub dropped: u64,
    /// Waiting.
    pub waiting: u64,
}

/// What a subscription read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadCounts {
    /// Messages handed out.
    pub messages: u64,
    /// Messages passed over because they were there already, or from before the publisher's newest start.
    pub repeated: u64,
    /// Market data of which a newer state came at once.
    pub replaced: u64,
    /// Market data that was not read: holes in the publisher's numbers.
    pub missed: u64,
    /// Gaps told.
    pub gaps: u64,
    /// Entries passed over because they could not be read.
    pub refused: u64,
    /// Why the last of those could not be read.
    pub refused_why: Option<EnvelopeError>,
    /// How often the bus was connected again.
    pub reconnects: u64,
}

/// How far a subscription is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// From the last entry that was handed out to the newest one, by the bus's clock. Zero for who has read everything.
    pub behind: Duration,
    /// Entries that were not handed out yet; for a group those that none of its readers has acknowledged. `None` where the bus does not count.
    pub entries: Option<u64>,
}

/// Why the bus did not do it, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BusError {
    /// Not now. Nothing depends on it: go on, and try again later.
    #[error("the bus {bus} is not available")]
    Unavailable {
        /// Which, without user and password.
        bus: String,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// It is there, and does not let us: a person has to look. Nothing depends on it, so go on; it is tried again.
    #[error("the bus {bus} does not let recio use it: {remedy}")]
    Refused {
        /// Which, without user and password.
        bus: String,
        /// What to do.
        remedy: String,
        /// What it says.
        #[source]
        source: BoxError,
    },
    /// The request has to be changed.
    #[error("{0}")]
    Request(String),
    /// A message cannot be written, or what was read is none.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The bus was closed: nothing is taken or given any more.
    #[error("the bus was closed")]
    Closed,
}

impl Group {
    /// A reader of a group, which takes over what another one has left for a minute.
    #[must_use]
    pub fn new(name: impl Into<String>, consumer: impl Into<String>) -> Self {
        Self { name: name.into(), consumer: consumer.into(), claim_after: Duration::from_secs(60) }
    }
}

/// What is asked for, checked: the families to read, each once.
fn families(topics: &[TopicPattern], start: &Start) -> Result<Vec<Family>, BusError> {
    let mut families: Vec<_> = topics.iter().map(TopicPattern::family).collect();
    families.sort_unstable();
    families.dedup();
    if families.is_empty() {
        return Err(BusError::Request("a subscription needs a topic, such as trades.*".to_owned()));
    }
    match start {
        Start::After(_) if families.len() > 1 => Err(BusError::Request(
            "an entry has its place in one stream: to go on after it, subscribe to topics of its family alone"
                .to_owned(),
        )),
        Start::Group(Group { name, consumer, .. })
            if [name, consumer].iter().any(|name| PublisherName::new(name).is_err()) =>
        {
            Err(BusError::Request(format!(
                "group `{}`, consumer `{}`: names need 1 to 64 of a-z, 0-9, _ and -",
                name.chars().take(80).collect::<String>(),
                consumer.chars().take(80).collect::<String>()
            )))
        }
        Start::Newest | Start::After(_) | Start::Group(_) => Ok(families),
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.milliseconds, self.number)
    }
}

impl FromStr for EntryId {
    type Err = BusError;

    fn from_str(text: &str) -> Result<Self, BusError> {
        text.split_once('-')
            .and_then(|(ms, number)| Some(Self { milliseconds: ms.parse().ok()?, number: number.parse().ok()? }))
            .ok_or_else(|| {
                let text: String = text.chars().take(80).collect();
                BusError::Request(format!("`{text}` is not an entry's id: it looks like 1778677200000-0"))
            })
    }
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hole { missed } => write!(f, "{missed} messages are missing"),
            Self::Restarted => f.write_str("its publisher has started again"),
            Self::Announced { why } => write!(f, "its publisher says: {why}"),
            Self::Reconnected => f.write_str("the bus could not be reached meanwhile"),
            Self::Forgotten => f.write_str("the bus has forgotten what was not read"),
        }
    }
}
