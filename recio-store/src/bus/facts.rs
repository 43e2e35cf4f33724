//! `FactPublisher`: tells every fact of a store on the bus, in order.

use super::{BusError, Kind, Publisher, Queued, Topic};
use recio_core::fact::Fact;
use recio_core::store::{Changes, Store, StoreError, StoredFact};
use recio_core::units::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Before a store that could not be read is read again. It is a local file or a server that everything waits for: nothing is gained by haste.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// The body of a fact's message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToldFact {
    /// The fact's hash in the store, in hexadecimal.
    pub hash: String,
    /// The fact.
    pub fact: Fact,
}

/// Tells a store's facts on the bus: each on its topic, with its sequence in the store.
///
/// It only reads the store, after the facts are committed, so the store is the same with it and without.
#[derive(Debug)]
pub struct FactPublisher {
    publisher: Publisher,
}

impl FactPublisher {
    /// Tells facts by this publisher, which tells nothing else on `trades.*`.
    #[must_use]
    pub const fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Tells every fact after `after` as it is committed, until it is dropped. While the store cannot be read it waits, and then goes on where it
    /// was.
    ///
    /// First it tells a gap, stamped with `started`, the time of its start: facts were committed that nobody told. Readers then look into the
    /// store.
    ///
    /// # Errors
    /// The store holds something that it should not, or the bus was closed.
    ///
    /// # Cancel safety
    /// Dropping it is how it is stopped. The next one starts from any sequence: what is told twice is passed over.
    pub async fn run(&self, store: &dyn Store, after: u64, started: Timestamp) -> Result<(), FactPublisherError> {
        self.publisher.announce_gap(Topic::facts(), started, &"started")?;
        let mut last = after;
        loop {
            let ended = match store.changes(last).await {
                Ok(mut changes) => self.follow(&mut *changes, &mut last).await,
                Err(error) => Err(error.into()),
            };
            match ended {
                Err(FactPublisherError::Store(StoreError::Unavailable(error))) => {
                    tracing::warn!("no facts are told on the bus until the store can be read: {error}");
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                other => return other,
            }
        }
    }

    /// Tells one fact.
    ///
    /// # Errors
    /// The bus was closed, or the fact is too large for it.
    pub fn tell(&self, stored: &StoredFact) -> Result<Queued, BusError> {
        let StoredFact { sequence, hash, fact } = stored;
        let body = ToldFact { hash: hex::encode(hash), fact: fact.clone() };
        self.publisher.send(Topic::of_fact(fact), None, Kind::Message, fact.time, Some(*sequence), &body)
    }

    async fn follow(&self, changes: &mut dyn Changes, last: &mut u64) -> Result<(), FactPublisherError> {
        loop {
            let stored = changes.next().await?;
            match self.tell(&stored) {
                Ok(_) => {}
                // Its readers see the hole in the store's sequence, and read it there.
                Err(BusError::Envelope(error)) => tracing::warn!(sequence = stored.sequence, "not told: {error}"),
                Err(error) => return Err(error.into()),
            }
            *last = stored.sequence;
        }
    }
}

/// Why no more facts are told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FactPublisherError {
    /// The store holds something that it should not.
    #[error("the store's facts cannot be told on the bus")]
    Store(#[from] StoreError),
    /// The bus was closed.
    #[error("facts cannot be told")]
    Bus(#[from] BusError),
}
