//! `Follower`: every fact exactly once and in order, from the bus where that is possible, from the store where it is not.

use super::{Bus, BusError, Delivery, Event, Family, Start, Subscription, ToldFact, TopicPattern};
use crate::chain::{GENESIS, canonical, next_hash};
use recio_core::store::{DamagedPart, Store, StoreError, StoredFact};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// When a follower reads the store although the bus says nothing.
#[derive(Clone, Copy, Debug)]
pub struct FollowerOptions {
    /// The bus works and is quiet: a server may have failed over to one that lacks the last messages, which only the next one would show.
    pub quiet: Duration,
    /// The bus cannot be reached.
    pub interrupted: Duration,
    /// Facts read from the store at a time.
    pub page: u32,
}

/// Follows the facts of a store by the hints of a bus.
///
/// A fact from the bus is handed out only where it is the next one and its hash continues the store's chain; anything else makes the follower
/// read the store from its last sequence. So lost, repeated, foreign and forged messages cost a reading and change nothing, and while the bus
/// cannot be reached facts come from the store alone.
pub struct Follower {
    store: Arc<dyn Store>,
    subscription: Box<dyn Subscription>,
    options: FollowerOptions,
    /// The last fact that was taken over, and its hash.
    last: u64,
    hash: [u8; 32],
    ready: VecDeque<StoredFact>,
    /// The store has to be read before the bus is believed.
    reread: bool,
    interrupted: bool,
    counts: FollowerCounts,
}

/// Where a follower's facts came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FollowerCounts {
    /// Facts handed over by the bus.
    pub from_bus: u64,
    /// Facts read from the store.
    pub from_store: u64,
    /// Hints of facts that were there already.
    pub repeated: u64,
    /// Gaps that were seen, or told by the bus.
    pub gaps: u64,
    /// Hints whose fact does not continue the store's chain, or that are no facts.
    pub unproved: u64,
    /// Readings of the store.
    pub readings: u64,
}

/// Why a follower cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The store cannot be read. If it is only not available, call again.
    #[error("the store cannot be followed")]
    Store(#[from] StoreError),
    /// The bus was closed, or refused the subscription.
    #[error("the bus cannot be followed")]
    Bus(#[from] BusError),
}

impl Default for FollowerOptions {
    fn default() -> Self {
        Self { quiet: Duration::from_secs(30), interrupted: Duration::from_secs(1), page: 500 }
    }
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower").field("last", &self.last).field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl Follower {
    /// Follows the facts after `after`, the last one that the caller has; 0 for none.
    ///
    /// # Errors
    /// The store cannot be read, or ends before `after`: it was restored from an older backup, and is not what the caller knows.
    pub async fn start(
        bus: &dyn Bus,
        store: Arc<dyn Store>,
        after: u64,
        options: FollowerOptions,
    ) -> Result<Self, FollowError> {
        // First the subscription, then the reading: what comes in between comes twice, and not never.
        let subscription = bus.subscribe(&[TopicPattern::All(Family::Trades)], Start::Newest).await?;
        let hash = match after.checked_sub(1) {
            None => GENESIS,
            Some(before) => store
                .facts(before, 1)
                .await?
                .first()
                .filter(|known| known.sequence == after)
                .map(|known| known.hash)
                .ok_or_else(|| StoreError::Damaged {
                    part: DamagedPart::Facts,
                    sequence: after,
                    what: "this fact was read before and is not there: the store was restored from an older backup, or is another one"
                        .to_owned(),
                })?,
        };
        let (ready, counts) = (VecDeque::new(), FollowerCounts::default());
        Ok(Self { store, subscription, options, last: after, hash, ready, reread: true, interrupted: false, counts })
    }

    /// Waits for the next fact.
    ///
    /// # Errors
    /// [`FollowError::Store`]: nothing was passed over, and the next call starts from the same place. [`FollowError::Bus`]: the bus was closed.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped call loses no fact.
    pub async fn next(&mut self) -> Result<StoredFact, FollowError> {
        loop {
            if let Some(stored) = self.ready.pop_front() {
                return Ok(stored);
            }
            if self.reread {
                self.read_store().await?;
                continue;
            }
            let wait = if self.interrupted { self.options.interrupted } else { self.options.quiet };
            match tokio::time::timeout(wait, self.subscription.next()).await {
                Err(_) => self.reread = true,
                Ok(event) => self.hear(event?),
            }
        }
    }

    /// Where its facts came from.
    #[must_use]
    pub const fn counts(&self) -> FollowerCounts {
        self.counts
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Message(delivery) => self.hint(&delivery),
            Event::Gap(_) => {
                self.interrupted = false;
                self.counts.gaps += 1;
                self.reread = true;
            }
            Event::Interrupted => {
                self.interrupted = true;
                self.reread = true;
            }
        }
    }

    fn hint(&mut self, delivery: &Delivery) {
        match delivery.envelope.fact {
            Some(sequence) if sequence <= self.last => self.counts.repeated += 1,
            Some(sequence) if sequence == self.last + 1 => match self.proved(delivery, sequence) {
                Some(stored) => {
                    self.counts.from_bus += 1;
                    self.take(stored);
                }
                None => {
                    self.counts.unproved += 1;
                    self.reread = true;
                }
            },
            Some(_) => {
                self.counts.gaps += 1;
                self.reread = true;
            }
            None => self.counts.unproved += 1,
        }
    }

    /// The fact of a hint, if it continues the chain.
    fn proved(&self, delivery: &Delivery, sequence: u64) -> Option<StoredFact> {
        let ToldFact { hash, fact } = delivery.envelope.read().ok()?;
        let expected = next_hash(&self.hash, &canonical(&fact).ok()?);
        (hash == hex::encode(expected)).then_some(StoredFact { sequence, hash: expected, fact })
    }

    async fn read_store(&mut self) -> Result<(), FollowError> {
        let page = self.store.facts(self.last, self.options.page).await?;
        self.counts.readings += 1;
        self.reread = page.len() >= self.options.page as usize;
        for stored in page {
            let damaged =
                |what: String| StoreError::Damaged { part: DamagedPart::Facts, sequence: self.last + 1, what };
            if stored.sequence != self.last + 1 {
                self.reread = true;
                return Err(damaged(format!("the next fact there is has sequence {}", stored.sequence)).into());
            }
            if next_hash(&self.hash, &canonical(&stored.fact)?) != stored.hash {
                self.reread = true;
                return Err(damaged("its hash is not the one of its content and the fact before".to_owned()).into());
            }
            self.counts.from_store += 1;
            self.take(stored);
        }
        Ok(())
    }

    fn take(&mut self, stored: StoredFact) {
        self.last = stored.sequence;
        self.hash = stored.hash;
        self.ready.push_back(stored);
    }
}
