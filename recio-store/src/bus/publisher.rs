//! `Publisher`: makes messages, and counts them so that a lost one shows.

use super::envelope::{Kind, Stamp};
use super::{Bus, BusError, Envelope, PublisherName, Queued, Topic};
use recio_core::units::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One service's way onto a bus.
#[derive(Debug)]
pub struct Publisher {
    bus: Arc<dyn Bus>,
    name: PublisherName,
    epoch: u64,
    sequences: Mutex<BTreeMap<Topic, u64>>,
}

impl Publisher {
    /// A publisher of this name. `epoch` has to be higher than at its last start, and no two of one name may publish at a time: the lease's
    /// epoch for whoever holds it, else the time of the start in microseconds.
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, name: PublisherName, epoch: u64) -> Self {
        Self { bus, name, epoch, sequences: Mutex::default() }
    }

    /// Hands a message over, and never waits. With a key it also becomes the newest of that key.
    ///
    /// # Errors
    /// The body has no JSON form or is too large, the key is not one, or the bus was closed.
    pub fn publish(
        &self,
        topic: Topic,
        key: Option<&str>,
        time: Timestamp,
        body: &impl Serialize,
    ) -> Result<Queued, BusError> {
        self.send(topic, key, Kind::Message, time, None, body)
    }

    /// Tells that messages of a topic were lost, or may have been.
    ///
    /// # Errors
    /// As for [`publish`](Self::publish).
    pub fn announce_gap(&self, topic: Topic, time: Timestamp, why: &impl Serialize) -> Result<Queued, BusError> {
        self.send(topic, None, Kind::Gap, time, None, why)
    }

    /// The bus.
    #[must_use]
    pub fn bus(&self) -> &Arc<dyn Bus> {
        &self.bus
    }

    pub(super) fn send(
        &self,
        topic: Topic,
        key: Option<&str>,
        kind: Kind,
        time: Timestamp,
        fact: Option<u64>,
        body: &impl Serialize,
    ) -> Result<Queued, BusError> {
        // Held until the message is handed over, so that numbers go out in their order. Nothing in between waits.
        let mut sequences = self.sequences.lock().unwrap_or_else(PoisonError::into_inner);
        let last = sequences.get(&topic).copied().unwrap_or_default();
        let sequence = if kind == Kind::Gap { last } else { last + 1 };
        let stamp = Stamp { publisher: self.name.clone(), epoch: self.epoch, sequence, time };
        let envelope = Envelope::new(topic.clone(), key.map(str::to_owned), kind, stamp, fact, body)?;
        let queued = self.bus.publish(envelope)?;
        sequences.insert(topic, sequence);
        Ok(queued)
    }
}
