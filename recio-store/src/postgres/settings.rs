//! Settings and audit log in the database of the facts.

use super::PostgresStore;
use crate::settings::rows;
use crate::sql::Connection;
use async_trait::async_trait;
use recio_core::settings::{AuditEntry, AuditLog, AuditRecord, NewVersion, SettingVersion, SettingsStore, WriteError};
use recio_core::store::{News, StoreError};

#[async_trait]
impl AuditLog for PostgresStore {
    async fn record(&self, entry: &AuditEntry) -> Result<AuditRecord, StoreError> {
        let entry = entry.clone();
        self.as_anybody(async move |connection| rows::record(connection, &entry).await).await
    }

    async fn audit_log(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.readers.read(async move |connection| rows::log(connection, after, limit).await).await
    }
}

#[async_trait]
impl SettingsStore for PostgresStore {
    async fn newest(&self) -> Result<Vec<SettingVersion>, StoreError> {
        self.readers.read(async |connection| rows::newest(connection).await).await
    }

    async fn history(&self, key: &str, limit: u32) -> Result<Vec<SettingVersion>, StoreError> {
        let key = key.to_owned();
        self.readers.read(async move |connection| rows::history(connection, &key, limit).await).await
    }

    async fn add_version(&self, new: &NewVersion) -> Result<SettingVersion, WriteError> {
        let new = new.clone();
        let add = async move |connection: &mut Connection| rows::add_version(connection, &new).await;
        let added = self.as_anybody(add).await;
        self.signals.settings.tell();
        added?.map_err(|found| WriteError::Conflict { found: found.map(Box::new) })
    }

    async fn news(&self) -> Result<Box<dyn News>, StoreError> {
        let news = self.signals.settings.listen();
        self.listener.begin()?;
        Ok(Box::new(news))
    }
}
