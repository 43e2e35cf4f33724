//! `MemorySettings`: overrides that end with the program, for tests and for runs without a store.

use super::seal;
use crate::chain::GENESIS;
use crate::changes::CommitSignal;
use async_trait::async_trait;
use recio_core::settings::{AuditEntry, AuditLog, AuditRecord, NewVersion, SettingVersion, SettingsStore, WriteError};
use recio_core::store::{News, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// A [`SettingsStore`] in memory, with the same audit chain and the same answers as those in databases.
///
/// # Cancel safety
/// Nothing waits: a future that was polled once is done.
#[derive(Debug, Default)]
pub struct MemorySettings {
    state: Mutex<State>,
    added: CommitSignal,
}

#[derive(Debug, Default)]
struct State {
    versions: BTreeMap<String, Vec<SettingVersion>>,
    log: Vec<AuditRecord>,
}

impl MemorySettings {
    /// No override, and an empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let what = "a panic happened while the settings were being changed";
        self.state.lock().map_err(|_| StoreError::Unavailable(what.into()))
    }
}

impl State {
    fn record(&mut self, entry: &AuditEntry) -> Result<AuditRecord, StoreError> {
        let last = self.log.last().map_or((0, GENESIS), |last| (last.sequence, last.hash));
        let (record, _) = seal::next(last, entry)?;
        self.log.push(record.clone());
        Ok(record)
    }
}

#[async_trait]
impl AuditLog for MemorySettings {
    async fn record(&self, entry: &AuditEntry) -> Result<AuditRecord, StoreError> {
        self.state()?.record(entry)
    }

    async fn audit_log(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        let skip = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(self.state()?.log.iter().skip(skip).take(limit as usize).cloned().collect())
    }
}

#[async_trait]
impl SettingsStore for MemorySettings {
    async fn newest(&self) -> Result<Vec<SettingVersion>, StoreError> {
        Ok(self.state()?.versions.values().filter_map(|versions| versions.last()).cloned().collect())
    }

    async fn history(&self, key: &str, limit: u32) -> Result<Vec<SettingVersion>, StoreError> {
        let state = self.state()?;
        let versions = state.versions.get(key).map_or(&[][..], Vec::as_slice);
        Ok(versions.iter().rev().take(limit as usize).cloned().collect())
    }

    async fn add_version(&self, new: &NewVersion) -> Result<SettingVersion, WriteError> {
        let mut state = self.state()?;
        let found = state.versions.get(&new.version.key).and_then(|versions| versions.last());
        if found.map_or(0, |found| found.version) != new.expected {
            return Err(WriteError::Conflict { found: found.cloned().map(Box::new) });
        }
        let version = SettingVersion { version: new.expected + 1, ..new.version.clone() };
        state.record(&new.audit_entry())?;
        state.versions.entry(version.key.clone()).or_default().push(version.clone());
        self.added.tell();
        Ok(version)
    }

    async fn news(&self) -> Result<Box<dyn News>, StoreError> {
        Ok(Box::new(self.added.listen()))
    }
}
