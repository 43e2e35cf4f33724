//! `RedisBus`: a bus on Redis Streams.
//!
//! Each [`Family`] is one stream, `NAMESPACE:bus:FAMILY`, and each message one entry whose fields are those of the
//! [`Envelope`](Envelope::fields). The newest message of a key is a hash with the same fields, `NAMESPACE:newest:TOPIC:KEY`, which goes after a
//! day. Streams are cut at about the length that the family [keeps](Family::kept) (`MAXLEN ~`), so a Redis that nobody reads does not fill up.
//!
//! With `rediss://` the server's certificate is checked, against the system's authorities or those of `?sslrootcert=FILE`; `?sslcert=FILE&sslkey=FILE` is
//! shown to a server that asks for one.
//!
//! Works with Redis 6.2 and newer (XAUTOCLAIM). Source: redis.io/docs/latest/develop/data-types/streams. Read 2026-11-22.

mod address;
mod entries;
mod group;
mod reader;
mod refusal;
mod sender;
mod subscription;
mod tls;

use super::inbox::Inbox;
use super::{
    Bus, BusError, Envelope, Family, PublishCounts, Queued, Start, Subscription, Topic, TopicPattern, families,
};
use address::{Address, Commands, Form};
use async_trait::async_trait;
use reader::Reader;
use sender::Link;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use subscription::RedisSubscription;
use tokio::task::JoinSet;

/// How long a subscription waits for its first connection before it goes on without.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// The oldest version that has all we ask for (XAUTOCLAIM).
const OLDEST: (u32, u32) = (6, 2);

/// How a bus on Redis is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedisOptions {
    /// The first part of every key: one for each store, so that two of them can share a Redis.
    pub namespace: String,
    /// Entries that a stream keeps, in place of what its family says.
    pub kept: Option<usize>,
}

/// A [`Bus`] on Redis Streams.
///
/// Publishing puts the message into a queue in memory, and one task sends what is there. Without Redis it goes on: of market data the newest of
/// each key waits, the others wait up to a bound; after the connection came back a gap is told on every topic that keeps its messages, because
/// Redis may have forgotten what it had taken, and the newest values are written again.
#[derive(Debug)]
pub struct RedisBus {
    address: Arc<Address>,
    keys: Keys,
    link: Arc<Link>,
    commands: Commands,
    /// Ends with the bus.
    _sender: JoinSet<()>,
}

/// The names of keys.
#[derive(Clone, Debug)]
struct Keys {
    namespace: Arc<str>,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self { namespace: "recio".to_owned(), kept: None }
    }
}

impl RedisBus {
    /// Makes a bus of a URL: `redis://host:6379/0`, `rediss://user:password@host:6380/0?sslrootcert=/etc/recio/ca.pem` for TLS,
    /// `unix:///run/redis.sock`.
    ///
    /// It connects in the background, for ever: nothing waits for Redis. [`check`](Self::check) tells whether it can be reached.
    ///
    /// # Errors
    /// [`BusError::Request`] where the URL or the namespace is none, or a file that the URL names cannot be read; without user and password in its
    /// text.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn open(url: &str, options: RedisOptions) -> Result<Self, BusError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':' | b'.');
        if !(1..=200).contains(&options.namespace.len()) || !options.namespace.bytes().all(fits) {
            let text = "the bus's namespace needs 1 to 200 letters, digits, _, -, . and :";
            return Err(BusError::Request(text.to_owned()));
        }
        let address = Arc::new(Address::parse(url)?);
        let keys = Keys { namespace: options.namespace.into() };
        let link = Arc::new(Link::new(Arc::clone(&address), keys.clone(), options.kept));
        let mut sender = JoinSet::new();
        sender.spawn(sender::send(Arc::clone(&link)));
        Ok(Self { commands: Commands::new(Arc::clone(&address)), address, keys, link, _sender: sender })
    }

    /// Looks at the form of a URL alone: at no file that it names, and at no server.
    ///
    /// # Errors
    /// [`BusError::Request`] as for [`open`](Self::open).
    pub fn check_url(url: &str) -> Result<(), BusError> {
        Form::parse(url).map(drop)
    }

    /// Asks Redis which version it is, and so whether it answers and lets us in.
    ///
    /// # Errors
    /// [`BusError::Unavailable`] and [`BusError::Refused`] with the reason; the latter also for one that is too old.
    pub async fn check(&self) -> Result<String, BusError> {
        self.commands.query::<()>(&redis::cmd("PING")).await?;
        let told: String = self.commands.query(redis::cmd("INFO").arg("server")).await?;
        let version = told.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or("unknown").trim();
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let parts = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        // What calls itself otherwise may be as good.
        if parts != (0, 0) && parts < OLDEST {
            let (bus, source) = (self.address.to_string(), format!("it is version {version}").into());
            let remedy = format!("it needs version {}.{} or newer", OLDEST.0, OLDEST.1);
            return Err(BusError::Refused { bus, remedy, source });
        }
        Ok(version.to_owned())
    }
}

#[async_trait]
impl Bus for RedisBus {
    fn publish(&self, envelope: Envelope) -> Result<Queued, BusError> {
        self.link.push(envelope)
    }

    async fn subscribe(&self, topics: &[TopicPattern], start: Start) -> Result<Box<dyn Subscription>, BusError> {
        let families = families(topics, &start)?;
        let is_group = matches!(start, Start::Group(_));
        let inbox = Inbox::new(topics.to_vec(), is_group);
        let (reader, parts) = Reader::new(Arc::clone(&self.address), self.keys.clone(), families, start, inbox);
        let mut task = JoinSet::new();
        task.spawn(reader.run());
        // Late or not at all: the reader goes on trying, and says when it could.
        let _ = tokio::time::timeout(CONNECT_WITHIN, parts.connected).await;
        let commands = Commands::new(Arc::clone(&self.address));
        Ok(Box::new(RedisSubscription::new(parts.events, parts.shared, commands, task)))
    }

    async fn newest(&self, topic: &Topic, key: &str) -> Result<Option<Arc<Envelope>>, BusError> {
        let hash = self.keys.newest(topic, key);
        let fields: BTreeMap<String, String> = self.commands.query(redis::cmd("HGETALL").arg(hash)).await?;
        if fields.is_empty() {
            return Ok(None);
        }
        Ok(Some(Arc::new(Envelope::from_fields(&fields)?)))
    }

    fn counts(&self) -> PublishCounts {
        self.link.counts()
    }

    async fn flush(&self, within: Duration) -> Result<(), BusError> {
        self.link.flush(within).await
    }
}

impl Keys {
    fn stream(&self, family: Family) -> String {
        format!("{}:bus:{family}", self.namespace)
    }

    fn newest(&self, topic: &Topic, key: &str) -> String {
        format!("{}:newest:{topic}:{key}", self.namespace)
    }
}
