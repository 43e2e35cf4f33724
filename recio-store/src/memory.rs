//! `MemoryStore`: facts that end with the program, for tests and dry runs.

use crate::chain::{GENESIS, canonical, next_hash, same_economics};
use crate::projections::Projections;
use crate::scope::Scope;
use async_trait::async_trait;
use recio_core::fact::Fact;
use recio_core::store::{Appended, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::trade::{Fill, Settlement, Trade};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// A [`Store`] in memory, with the same hash chain and the same answers as the one on SQLite.
///
/// # Cancel safety
/// Nothing waits: a future that was polled once is done.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    facts: Vec<StoredFact>,
    keys: BTreeMap<(Scope, String), usize>,
    projections: Projections,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        self.state
            .lock()
            .map_err(|_| StoreError::Unavailable("a panic happened while the store was being changed".into()))
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError> {
        self.state()?.append(facts)
    }

    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        let take = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.state()?.facts.iter().skip(skip).take(take).cloned().collect())
    }

    async fn trades(&self) -> Result<Vec<Trade>, StoreError> {
        Ok(self.state()?.projections.trades())
    }

    async fn orders(&self) -> Result<Vec<OrderRow>, StoreError> {
        Ok(self.state()?.projections.orders())
    }

    async fn fills(&self) -> Result<Vec<Fill>, StoreError> {
        Ok(self.state()?.projections.fills())
    }

    async fn positions(&self) -> Result<Vec<PositionRow>, StoreError> {
        Ok(self.state()?.projections.positions())
    }

    async fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
        Ok(self.state()?.projections.settlements())
    }
}

impl State {
    fn append(&mut self, facts: &[Fact]) -> Result<Appended, StoreError> {
        let first = self.facts.len() as u64 + 1;
        let mut hash = self.facts.last().map_or(GENESIS, |last| last.hash);
        let mut keys: BTreeMap<(Scope, String), usize> = BTreeMap::new();
        let (mut stored, mut added) = (Vec::new(), Vec::<Fact>::new());
        for fact in facts {
            let key = (Scope::of(fact), fact.key());
            if let Some(&at) = self.keys.get(&key) {
                same_economics(&self.facts[at].fact, fact)?;
                continue;
            }
            if let Some(&at) = keys.get(&key) {
                same_economics(&added[at - self.facts.len()], fact)?;
                continue;
            }
            hash = next_hash(&hash, &canonical(fact)?);
            keys.insert(key, self.facts.len() + added.len());
            stored.push(StoredFact { sequence: first + added.len() as u64, hash, fact: fact.clone() });
            added.push(fact.clone());
        }
        self.projections.apply(first, &added)?;
        self.facts.append(&mut stored);
        self.keys.append(&mut keys);
        Ok(Appended { last_sequence: self.facts.len() as u64, added: added.len() as u64 })
    }
}
