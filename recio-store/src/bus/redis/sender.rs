//! The task that sends what was published, and the queue before it.

use super::Keys;
use super::address::{Address, Backoff};
use super::refusal::remedy;
use crate::bus::envelope::{Kind, Stamp};
use crate::bus::outbox::{Outbox, Ticketed};
use crate::bus::{BusError, Envelope, NEWEST_FOR, PublishCounts, Queued, Topic};
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisError, RedisResult, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Messages sent at a time: enough that the way there and back does not count, and few enough that an answer comes soon.
const BATCH: usize = 128;
/// Without anything to send, the connection is tried after so long: then readers soon hear of a Redis that has started anew.
const IDLE: Duration = Duration::from_secs(1);
/// Newest values that are remembered to be written again: the strikes of some days.
const NEWEST: usize = 10_000;

/// What is between those who publish and the task that sends.
#[derive(Debug)]
pub(super) struct Link {
    address: Arc<Address>,
    keys: Keys,
    kept: Option<usize>,
    queue: Mutex<Queue>,
    work: Notify,
    /// Changes with every batch that was sent.
    progress: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Queue {
    outbox: Outbox,
    in_flight: usize,
    connected: bool,
    connections: u64,
    problem: Option<String>,
    /// The problem is one that waiting does not help.
    is_refused: bool,
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.outbox.is_empty() && self.in_flight == 0
    }
}

/// Newest values, each with when it was sent.
type Newest = BTreeMap<(Topic, String), (Envelope, Instant)>;

impl Link {
    pub(super) fn new(address: Arc<Address>, keys: Keys, kept: Option<usize>) -> Self {
        Self { address, keys, kept, queue: Mutex::default(), work: Notify::new(), progress: watch::Sender::default() }
    }

    /// Nothing that is done under the lock leaves the queue half changed.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, envelope: Envelope) -> Result<Queued, BusError> {
        let queued =
            self.queue().outbox.push(envelope).map_err(|topic| {
                BusError::Request(format!("{topic} is one topic too many: their number has a bound"))
            })?;
        self.work.notify_one();
        Ok(queued)
    }

    pub(super) fn counts(&self) -> PublishCounts {
        let queue = self.queue();
        PublishCounts {
            connected: queue.connected,
            reconnects: queue.connections.saturating_sub(1),
            problem: queue.problem.clone(),
            ..queue.outbox.counts()
        }
    }

    pub(super) async fn flush(&self, within: Duration) -> Result<(), BusError> {
        let mut progress = self.progress.subscribe();
        let sent = async {
            loop {
                progress.borrow_and_update();
                if self.queue().is_empty() {
                    return;
                }
                // The sender of the channel is in `self`.
                let _ = progress.changed().await;
            }
        };
        tokio::time::timeout(within, sent).await.map_err(|_| {
            let queue = self.queue();
            let what = format!("{} messages wait to be sent", queue.outbox.len() + queue.in_flight);
            let why = queue.problem.as_deref().map_or_else(String::new, |problem| format!(": {problem}"));
            BusError::Unavailable { bus: self.address.to_string(), source: (what + &why).into() }
        })
    }

    fn take(&self) -> Vec<Ticketed> {
        let mut queue = self.queue();
        let batch = queue.outbox.take(BATCH);
        queue.in_flight = batch.len();
        batch
    }

    /// It works: there was nothing to send, or something was sent. A Redis that answers and takes nothing does not count.
    fn works(&self) {
        let mut queue = self.queue();
        if queue.connected {
            return;
        }
        queue.connected = true;
        queue.connections += 1;
        // Who was told that it is missing is told that it is there.
        if queue.problem.take().is_some() {
            tracing::info!(bus = %self.address, "the bus is connected");
        }
    }

    /// Says it once: when the connection is lost, and when it turns out that waiting does not help.
    fn failed(&self, error: &RedisError) {
        let remedy = remedy(error);
        let mut queue = self.queue();
        let is_new = queue.connected || queue.problem.is_none();
        match &remedy {
            Some(remedy) if is_new || !queue.is_refused => {
                tracing::error!(bus = %self.address, "the bus does not let recio use it, recio goes on without: {remedy} ({error})");
            }
            None if is_new => {
                tracing::warn!(bus = %self.address, "the bus is not available, recio goes on without it: {error}");
            }
            Some(_) | None => {}
        }
        queue.connected = false;
        queue.is_refused = remedy.is_some();
        queue.problem = Some(remedy.map_or_else(|| error.to_string(), |remedy| format!("{remedy} ({error})")));
    }

    fn add(&self, pipeline: &mut Pipeline, envelope: &Envelope) {
        let family = envelope.topic.family();
        pipeline.cmd("XADD").arg(self.keys.stream(family));
        pipeline.arg("MAXLEN").arg("~").arg(self.kept.unwrap_or_else(|| family.kept())).arg("*");
        for (field, value) in envelope.fields() {
            pipeline.arg(field).arg(value);
        }
    }

    fn remember(&self, pipeline: &mut Pipeline, envelope: &Envelope, key: &str) {
        let hash = self.keys.newest(&envelope.topic, key);
        pipeline.cmd("HSET").arg(&hash);
        for (field, value) in envelope.fields() {
            pipeline.arg(field).arg(value);
        }
        pipeline.cmd("PEXPIRE").arg(hash).arg(u64::try_from(NEWEST_FOR.as_millis()).unwrap_or(u64::MAX));
    }
}

/// Sends for ever: connects, sends until the connection is lost, waits, connects again.
pub(super) async fn send(link: Arc<Link>) {
    let mut backoff = Backoff::default();
    let mut newest = Newest::new();
    let mut lost_before = false;
    loop {
        let error = match link.address.connect(Duration::ZERO).await {
            Ok(mut connection) => {
                let Err(error) = serve(&link, &mut connection, &mut newest, lost_before, &mut backoff).await;
                lost_before = true;
                error
            }
            Err(error) => error,
        };
        link.failed(&error);
        backoff.wait().await;
    }
}

/// Sends what comes until the connection is lost.
async fn serve(
    link: &Link,
    connection: &mut MultiplexedConnection,
    newest: &mut Newest,
    lost_before: bool,
    backoff: &mut Backoff,
) -> Result<std::convert::Infallible, RedisError> {
    redis::cmd("PING").exec_async(connection).await?;
    if lost_before {
        tell_gaps(link, connection, true).await?;
        restore(link, connection, newest).await?;
    }
    loop {
        let work = link.work.notified();
        tell_gaps(link, connection, false).await?;
        let batch = link.take();
        if batch.is_empty() {
            link.works();
            if tokio::time::timeout(IDLE, work).await.is_err() {
                redis::cmd("PING").exec_async(connection).await?;
            }
            continue;
        }
        send_batch(link, connection, newest, batch).await?;
        link.works();
        backoff.reset();
    }
}

async fn send_batch(
    link: &Link,
    connection: &mut MultiplexedConnection,
    newest: &mut Newest,
    batch: Vec<Ticketed>,
) -> Result<(), RedisError> {
    let mut pipeline = redis::pipe();
    for (_, envelope) in &batch {
        link.add(&mut pipeline, envelope);
        if let Some(key) = newest_key(envelope) {
            link.remember(&mut pipeline, envelope, key);
        }
    }
    let answers: RedisResult<Vec<RedisResult<Value>>> = pipeline.ignore_errors().query_async(connection).await;
    let mut queue = link.queue();
    queue.in_flight = 0;
    let answers = match answers {
        Ok(answers) => answers,
        Err(error) => {
            // Some of it may have arrived; sent again, it is passed over by its number.
            queue.outbox.give_back(batch);
            return Err(error);
        }
    };
    let mut answers = answers.into_iter();
    let (mut refused, mut why) = (Vec::new(), None);
    for (ticket, envelope) in batch {
        let answer = answers.next();
        let of_newest = newest_key(&envelope).map(|key| (envelope.topic.clone(), key.to_owned()));
        if of_newest.is_some() {
            let (hset, expire) = (answers.next(), answers.next());
            why = [hset, expire].into_iter().flatten().find_map(Result::err).or(why);
        }
        match answer {
            Some(Ok(_)) => {
                queue.outbox.sent(&envelope.topic);
                if let Some(place) = of_newest
                    && (newest.len() < NEWEST || newest.contains_key(&place))
                {
                    newest.insert(place, (envelope, Instant::now()));
                }
            }
            Some(Err(error)) => {
                why = Some(error);
                refused.push((ticket, envelope));
            }
            None => refused.push((ticket, envelope)),
        }
    }
    queue.outbox.give_back(refused);
    drop(queue);
    link.progress.send_modify(|batches| *batches += 1);
    // A Redis without memory or rights answers so. It may get better: as with a lost connection, later again.
    why.map_or(Ok(()), Err)
}

/// Tells what is missing, or may be.
async fn tell_gaps(link: &Link, connection: &mut MultiplexedConnection, all: bool) -> Result<(), RedisError> {
    let gaps = link.queue().outbox.gaps(all);
    if gaps.is_empty() {
        return Ok(());
    }
    let mut pipeline = redis::pipe();
    for (last, dropped) in &gaps {
        let Envelope { publisher, epoch, sequence, time, .. } = last.clone();
        let stamp = Stamp { publisher, epoch, sequence, time };
        let why = serde_json::json!({ "dropped": dropped, "connection_lost": all });
        if let Ok(gap) = Envelope::new(last.topic.clone(), None, Kind::Gap, stamp, None, &why) {
            link.add(&mut pipeline, &gap);
        }
    }
    pipeline.exec_async(connection).await?;
    let mut queue = link.queue();
    for (last, dropped) in gaps {
        queue.outbox.told(&last.topic, dropped);
    }
    Ok(())
}

/// Writes the newest values again: Redis may have forgotten them.
async fn restore(link: &Link, connection: &mut MultiplexedConnection, newest: &mut Newest) -> Result<(), RedisError> {
    newest.retain(|_, (_, sent)| sent.elapsed() < NEWEST_FOR);
    let all: Vec<_> = newest.iter().map(|((_, key), (envelope, _))| (key, envelope)).collect();
    for some in all.chunks(BATCH) {
        let mut pipeline = redis::pipe();
        for (key, envelope) in some {
            link.remember(&mut pipeline, envelope, key);
        }
        pipeline.exec_async(connection).await?;
    }
    Ok(())
}

fn newest_key(envelope: &Envelope) -> Option<&str> {
    envelope.key.as_deref().filter(|_| envelope.kind == Kind::Message)
}
