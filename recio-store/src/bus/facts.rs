//! `FactPublisher`: tells every fact of a store on the bus, in order.

use super::{BusError, Kind, Publisher, Queued, Topic};
use recio_core::fact::Fact;
use recio_core::store::{Store, StoreError, StoredFact};
use recio_core::units::Timestamp;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;

/// Before a store that could not be read is read again. It is a local file or a server that everything waits for: nothing is gained by haste.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// Facts read at a time at the end.
const PAGE: u32 = 256;

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
    /// The last fact that was told, or that nobody has to be told; `None` before that is known.
    place: watch::Sender<Option<u64>>,
}

impl FactPublisher {
    /// Tells facts by this publisher, which tells nothing else on `trades.*`.
    #[must_use]
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher, place: watch::Sender::new(None) }
    }

    /// Waits until [`run`](Self::run) knows from where on it tells: what is committed after that is told.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn begun(&self) {
        // The channel's sender is in `self`.
        let _ = self.place.subscribe().wait_for(Option::is_some).await;
    }

    /// Tells every fact after `after` as it is committed, until it is dropped; with `None` those after the newest one that the store has when it can
    /// first be read. While the store cannot be read it waits, and then goes on where it was.
    ///
    /// First it tells a gap, stamped with `started`, the time of its start: facts were committed that nobody told. Readers then look into the
    /// store.
    ///
    /// # Errors
    /// The store holds something that it should not, or does not push; or the bus was closed.
    ///
    /// # Cancel safety
    /// Dropping it is how it is stopped: called again, it goes on where it was. What is committed and not told then is told by
    /// [`tell_rest`](Self::tell_rest).
    pub async fn run(
        &self,
        store: &dyn Store,
        after: Option<u64>,
        started: Timestamp,
    ) -> Result<Infallible, FactPublisherError> {
        let mut said_at = None;
        loop {
            let Err(error) = self.follow(store, after, started).await;
            let FactPublisherError::Store(StoreError::Unavailable(error)) = error else { return Err(error) };
            // Once for each time that it goes away: it was there if a fact was told meanwhile.
            let place = self.place();
            if said_at.replace(place) != Some(place) {
                tracing::warn!("no facts are told on the bus until the store can be read: {error}");
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    /// Tells what the store has and nobody was told, for the end of a run. Nothing where [`run`](Self::run) has never found its place: then every
    /// reader still waits for the gap of its start, or has none to wait for.
    ///
    /// # Errors
    /// The store cannot be read, or the bus was closed.
    ///
    /// # Cancel safety
    /// Cancel safe: called again, it goes on where it was.
    pub async fn tell_rest(&self, store: &dyn Store) -> Result<(), FactPublisherError> {
        while let Some(place) = self.place() {
            let page = store.facts(place, PAGE).await?;
            if page.is_empty() {
                break;
            }
            page.iter().try_for_each(|stored| self.tell_next(stored))?;
        }
        Ok(())
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

    async fn follow(
        &self,
        store: &dyn Store,
        after: Option<u64>,
        started: Timestamp,
    ) -> Result<Infallible, FactPublisherError> {
        let place = match self.place() {
            Some(place) => place,
            None => {
                let place = match after {
                    Some(after) => after,
                    None => newest(store).await?,
                };
                // After the place is known: who reads the store at this gap reads all that is not told.
                self.publisher.announce_gap(Topic::facts(), started, &"started")?;
                self.set_place(place);
                place
            }
        };
        let mut changes = store.changes(place).await?;
        loop {
            self.tell_next(&changes.next().await?)?;
        }
    }

    fn tell_next(&self, stored: &StoredFact) -> Result<(), FactPublisherError> {
        match self.tell(stored) {
            Ok(_) => {}
            // Its readers see the hole in the store's sequence, and read it there.
            Err(BusError::Envelope(error)) => tracing::warn!(sequence = stored.sequence, "not told: {error}"),
            Err(error) => return Err(error.into()),
        }
        self.set_place(stored.sequence);
        Ok(())
    }

    fn place(&self) -> Option<u64> {
        *self.place.borrow()
    }

    fn set_place(&self, sequence: u64) {
        self.place.send_replace(Some(sequence));
    }
}

/// The sequence of the newest fact. A store tells what comes after a place and not where it ends, so the end is found by halving: some forty short
/// readings for a million facts.
async fn newest(store: &dyn Store) -> Result<u64, StoreError> {
    let has_more = async |after| Ok::<_, StoreError>(!store.facts(after, 1).await?.is_empty());
    // There is a fact after `below`, and none after `end`.
    let (mut below, mut end) = (None, 0_u64);
    while has_more(end).await? {
        below = Some(end);
        end = end.saturating_mul(2).max(1);
    }
    while let Some(known) = below
        && end - known > 1
    {
        let middle = known + (end - known) / 2;
        if has_more(middle).await? {
            below = Some(middle);
        } else {
            end = middle;
        }
    }
    Ok(end)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use crate::contract::sample::alarm;

    #[tokio::test]
    async fn the_newest_fact_is_found_in_a_store_of_any_size() {
        let store = MemoryStore::new();
        for number in 0..70 {
            assert_eq!(newest(&store).await.unwrap(), number);
            store.append(&[alarm(number, "one more")]).await.unwrap();
        }
    }
}
