//! The audit log of one store, with the versions of settings that it tells of, into another.
//!
//! An entry about what was done holds the whole version that was made. So the log alone is enough to make both again, with the same hashes.

use crate::copy::CopyError;
use recio_core::settings::{AuditRecord, AuditResult, NewVersion, SettingVersion, SettingsStore, WriteError};
use recio_core::store::StoreError;

/// A log that is given entries which have their place already.
pub(crate) struct LogTarget<'a> {
    store: &'a dyn SettingsStore,
    pub(crate) last: u64,
    pub(crate) added: u64,
}

impl<'a> LogTarget<'a> {
    pub(crate) const fn new(store: &'a dyn SettingsStore) -> Self {
        Self { store, last: 0, added: 0 }
    }

    /// Takes the next entries, or sees that they are there.
    pub(crate) async fn take(&mut self, page: &[AuditRecord]) -> Result<(), CopyError> {
        let limit = u32::try_from(page.len()).unwrap_or(u32::MAX);
        let there = self.store.audit_log(self.last, limit).await.map_err(CopyError::Target)?;
        if let Some((wanted, _)) = page.iter().zip(&there).find(|(wanted, found)| wanted != found) {
            return Err(CopyError::OtherSettings { entry: wanted.sequence });
        }
        for record in page.get(there.len()..).unwrap_or_default() {
            self.append(record).await?;
            self.added += 1;
        }
        self.last += page.len() as u64;
        Ok(())
    }

    async fn append(&self, record: &AuditRecord) -> Result<(), CopyError> {
        let entry = &record.entry;
        if entry.result != AuditResult::Done {
            return self.store.record(entry).await.map(drop).map_err(CopyError::Target);
        }
        let version = SettingVersion {
            key: entry.subject.clone(),
            version: entry.version,
            value: entry.new.clone(),
            run: entry.run.clone(),
            who: entry.who.clone(),
            time: entry.time,
            why: entry.why.clone(),
        };
        let new = NewVersion { expected: entry.version.saturating_sub(1), old: entry.old.clone(), version };
        match self.store.add_version(&new).await {
            Ok(_) => Ok(()),
            Err(WriteError::Store(error)) => Err(CopyError::Target(error)),
            Err(_) => Err(CopyError::OtherSettings { entry: record.sequence }),
        }
    }
}

/// Where the target keeps settings; an error where it keeps none.
pub(crate) fn log_of(settings: Option<&dyn SettingsStore>) -> Result<&dyn SettingsStore, CopyError> {
    settings.ok_or(CopyError::Target(StoreError::Unsupported("keep settings")))
}
