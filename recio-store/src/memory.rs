//! `MemoryStore`: facts that end with the program, for tests and dry runs.

mod commands;

use crate::chain::{GENESIS, canonical, next_hash, same_economics};
use crate::changes::{CommitSignal, FactPages, follow};
use crate::observations::{
    Observation, ObservationKind, ObservationMemory, Observations, ObservedBar, ObservedHealth, ObservedSources,
    ObservedStrikeTable, ObservedTick,
};
use crate::projections::Projections;
use crate::scope::Scope;
use crate::settings::MemorySettings;
use crate::storage::Storage;
use crate::verify::{Verified, verify};
use async_trait::async_trait;
use recio_core::command::{CommandQueue, StoredCommand};
use recio_core::fact::Fact;
use recio_core::market::Asset;
use recio_core::past_keeper::PastKeeper;
use recio_core::price_feed::{Resolution, TimeRange};
use recio_core::settings::SettingsStore;
use recio_core::store::{Appended, Changes, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::trade::{Fill, Settlement, Trade};
use recio_core::units::{EventTicker, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// A [`Store`] in memory, with the same hash chain and the same answers as the one on SQLite.
///
/// Of observations it keeps the newest: 100,000 ticks of each source, 90,000 bars of each source and length, 3,600 strike tables, 10,000 states
/// of health.
///
/// # Cancel safety
/// Nothing waits: a future that was polled once is done.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    commits: CommitSignal,
    asked: Mutex<Vec<StoredCommand>>,
    command_news: CommitSignal,
    settings: MemorySettings,
}

/// The facts as a follower reads them.
struct Pages(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    facts: Vec<StoredFact>,
    keys: BTreeMap<(Scope, String), usize>,
    projections: Projections,
    observations: ObservationMemory,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        locked(&self.state)
    }
}

fn locked(state: &Mutex<State>) -> Result<MutexGuard<'_, State>, StoreError> {
    state.lock().map_err(|_| StoreError::Unavailable("a panic happened while the store was being changed".into()))
}

#[async_trait]
impl FactPages for Pages {
    async fn page(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        Ok(locked(&self.0)?.page(after, limit))
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError> {
        let appended = self.state()?.append(facts)?;
        if appended.added > 0 {
            self.commits.tell();
        }
        Ok(appended)
    }

    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        Ok(self.state()?.page(after, limit))
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

    async fn changes(&self, after: u64) -> Result<Box<dyn Changes>, StoreError> {
        follow(Pages(Arc::clone(&self.state)), &self.commits, after).await
    }

    fn commands(&self) -> Option<&dyn CommandQueue> {
        Some(self)
    }

    fn settings(&self) -> Option<&dyn SettingsStore> {
        Some(&self.settings)
    }

    fn past(&self) -> Option<&dyn PastKeeper> {
        Some(self)
    }
}

#[async_trait]
impl Observations for MemoryStore {
    async fn observe(&self, observations: &[Observation]) -> Result<u64, StoreError> {
        Ok(self.state()?.observations.observe(observations))
    }

    async fn ticks(
        &self,
        asset: Asset,
        source: &str,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedTick>, StoreError> {
        Ok(self.state()?.observations.ticks(asset, source, range, limit))
    }

    async fn bars(
        &self,
        asset: Asset,
        source: &str,
        resolution: Resolution,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedBar>, StoreError> {
        Ok(self.state()?.observations.bars((asset, source, resolution), range, limit))
    }

    async fn strike_tables(
        &self,
        event: &EventTicker,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedStrikeTable>, StoreError> {
        Ok(self.state()?.observations.strike_tables(event, range, limit))
    }

    async fn all_strike_tables(&self, range: TimeRange, limit: u32) -> Result<Vec<ObservedStrikeTable>, StoreError> {
        Ok(self.state()?.observations.all_strike_tables(range, limit))
    }

    async fn health(&self) -> Result<Vec<ObservedHealth>, StoreError> {
        Ok(self.state()?.observations.health())
    }

    async fn all_health(&self, range: TimeRange, limit: u32) -> Result<Vec<ObservedHealth>, StoreError> {
        Ok(self.state()?.observations.all_health(range, limit))
    }

    async fn sources(&self) -> Result<ObservedSources, StoreError> {
        Ok(self.state()?.observations.sources())
    }

    async fn forget_before(&self, kind: ObservationKind, time: Timestamp) -> Result<u64, StoreError> {
        Ok(self.state()?.observations.forget_before(kind, time))
    }
}

#[async_trait]
impl Storage for MemoryStore {
    async fn verify(&self) -> Result<Verified, StoreError> {
        verify(self).await
    }

    async fn rebuild(&self) -> Result<u64, StoreError> {
        let mut state = self.state()?;
        let facts: Vec<Fact> = state.facts.iter().map(|stored| stored.fact.clone()).collect();
        let mut projections = Projections::default();
        projections.apply(1, &facts)?;
        state.projections = projections;
        Ok(facts.len() as u64)
    }
}

impl State {
    fn page(&self, after: u64, limit: u32) -> Vec<StoredFact> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        let take = usize::try_from(limit).unwrap_or(usize::MAX);
        self.facts.iter().skip(skip).take(take).cloned().collect()
    }

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
