//! The end of a subscription that its reader holds.

use super::address::Commands;
use super::reader::{Shared, newest_command, newest_of};
use crate::bus::{BusError, Delivery, EntryId, Event, Family, Lag, ReadCounts, Subscription};
use async_trait::async_trait;
use redis::streams::StreamInfoGroupsReply;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

pub(super) struct RedisSubscription {
    events: mpsc::Receiver<(Family, Event)>,
    shared: Arc<Shared>,
    commands: Commands,
    handed_out: BTreeMap<Family, EntryId>,
    /// Ends with the subscription.
    _task: JoinSet<()>,
}

impl RedisSubscription {
    pub(super) const fn new(
        events: mpsc::Receiver<(Family, Event)>,
        shared: Arc<Shared>,
        commands: Commands,
        task: JoinSet<()>,
    ) -> Self {
        Self { events, shared, commands, handed_out: BTreeMap::new(), _task: task }
    }
}

#[async_trait]
impl Subscription for RedisSubscription {
    async fn next(&mut self) -> Result<Event, BusError> {
        let (family, event) = self.events.recv().await.ok_or(BusError::Closed)?;
        if let Event::Message(delivery) = &event {
            self.handed_out.insert(family, delivery.id);
        }
        Ok(event)
    }

    async fn ack(&mut self, delivery: &Delivery) -> Result<(), BusError> {
        let Some(group) = &self.shared.group else { return Ok(()) };
        let family = delivery.envelope.topic.family();
        let Some((_, stream)) = self.shared.streams.iter().find(|(of, _)| *of == family) else { return Ok(()) };
        let mut command = redis::cmd("XACK");
        command.arg(stream).arg(&group.name).arg(delivery.id.to_string());
        let answer = self.commands.query::<u64>(&command).await;
        // Also where it failed: then it is to come again.
        self.shared.state().held.remove(&(family, delivery.id));
        self.shared.acknowledged.notify_one();
        answer.map(drop)
    }

    async fn lag(&self) -> Result<Lag, BusError> {
        let waiting = self.events.len() as u64;
        let mut lag = Lag { behind: Duration::ZERO, entries: self.shared.group.is_some().then_some(0) };
        for (family, stream) in &self.shared.streams {
            let newest = newest_of(self.commands.query(&newest_command(stream)).await?);
            let read = self.shared.state().read.get(family).copied();
            let reached = if waiting == 0 { read } else { self.handed_out.get(family).copied().or(read) };
            let behind = newest.milliseconds.saturating_sub(reached.unwrap_or(newest).milliseconds);
            lag.behind = lag.behind.max(Duration::from_millis(behind));
            if let (Some(group), Some(entries)) = (&self.shared.group, lag.entries) {
                let mut command = redis::cmd("XINFO");
                let answer: StreamInfoGroupsReply = self.commands.query(command.arg("GROUPS").arg(stream)).await?;
                // Servers before Redis 7 do not know how many are unread.
                let known = answer.groups.iter().find(|known| known.name == group.name);
                lag.entries = known.and_then(|known| Some(entries + (known.pending + known.lag?) as u64));
            }
        }
        Ok(lag)
    }

    fn counts(&self) -> ReadCounts {
        self.shared.state().counts.clone()
    }
}
