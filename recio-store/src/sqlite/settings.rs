//! Settings and audit log in the file of the facts.

use super::SqliteStore;
use crate::settings::rows;
use crate::sql::Connection;
use async_trait::async_trait;
use recio_core::settings::{AuditEntry, AuditLog, AuditRecord, NewVersion, SettingVersion, SettingsStore, WriteError};
use recio_core::store::{News, StoreError};
use std::sync::Arc;

#[async_trait]
impl AuditLog for SqliteStore {
    async fn record(&self, entry: &AuditEntry) -> Result<AuditRecord, StoreError> {
        let entry = entry.clone();
        self.as_anybody(async move |connection| rows::record(connection, &entry).await).await
    }

    async fn audit_log(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.reader.call(async move |connection| rows::log(connection, after, limit).await).await
    }
}

#[async_trait]
impl SettingsStore for SqliteStore {
    async fn newest(&self) -> Result<Vec<SettingVersion>, StoreError> {
        self.reader.call(async |connection| rows::newest(connection).await).await
    }

    async fn history(&self, key: &str, limit: u32) -> Result<Vec<SettingVersion>, StoreError> {
        let key = key.to_owned();
        self.reader.call(async move |connection| rows::history(connection, &key, limit).await).await
    }

    async fn add_version(&self, new: &NewVersion) -> Result<SettingVersion, WriteError> {
        let (new, file) = (new.clone(), Arc::clone(&self.file));
        let add = async move |connection: &mut Connection| {
            let added = rows::add_version(connection, &new).await;
            file.tell_settings();
            added
        };
        self.as_anybody(add).await?.map_err(|found| WriteError::Conflict { found: found.map(Box::new) })
    }

    async fn news(&self) -> Result<Box<dyn News>, StoreError> {
        let news = self.signals.settings.listen();
        self.file.watch(&self.watching)?;
        Ok(Box::new(news))
    }
}
