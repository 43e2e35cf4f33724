//! `StoredSettings`: overrides in either database.

use super::{rows, seal};
use crate::open::OpenError;
use crate::sql::{HELD, Lane, transaction};
use async_trait::async_trait;
use recio_core::settings::{AuditEntry, AuditLog, AuditRecord, NewVersion, SettingVersion, SettingsStore, WriteError};
use recio_core::store::StoreError;

/// A [`SettingsStore`] in the database of a store, over a connection of its own. It takes neither the writer's lock nor its lease.
///
/// # Cancel safety
/// A dropped write is done in full or not at all.
#[derive(Debug)]
pub struct StoredSettings {
    lane: Lane,
}

impl StoredSettings {
    /// Opens the settings in the SQLite file that a `sqlite://` URL names. The file has to be there, made by this version of recio; a
    /// writer may have it open.
    ///
    /// # Errors
    /// See [`OpenError`].
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(url: &str) -> Result<Self, OpenError> {
        Ok(Self { lane: crate::sqlite::guest_lane(url).await? })
    }

    /// Opens the settings in the database that a `postgres://` URL names, as [`PostgresStore::open`](crate::PostgresStore::open) reads it. The
    /// tables have to be there, made by this version of recio.
    ///
    /// # Errors
    /// See [`OpenError`].
    #[cfg(feature = "postgres")]
    pub async fn postgres(url: &str) -> Result<Self, OpenError> {
        Ok(Self { lane: crate::postgres::guest_lane(url).await? })
    }

    /// Waits until all work handed over is done and the connection is closed.
    pub async fn close(self) {
        self.lane.close().await;
    }
}

#[async_trait]
impl AuditLog for StoredSettings {
    async fn record(&self, entry: &AuditEntry) -> Result<AuditRecord, StoreError> {
        let entry = entry.clone();
        let write = async move |connection: &mut crate::sql::Connection| {
            transaction(connection, HELD, async |connection| {
                rows::lock(connection).await?;
                let (record, body) = seal::next(rows::log_head(connection).await?, &entry)?;
                rows::insert_record(connection, &record, &body).await?;
                Ok(record)
            })
            .await
        };
        self.lane.call(write).await
    }

    async fn audit_log(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.lane.call(async move |connection| rows::log(connection, after, limit).await).await
    }
}

#[async_trait]
impl SettingsStore for StoredSettings {
    async fn newest(&self) -> Result<Vec<SettingVersion>, StoreError> {
        self.lane.call(async |connection| rows::newest(connection).await).await
    }

    async fn history(&self, key: &str, limit: u32) -> Result<Vec<SettingVersion>, StoreError> {
        let key = key.to_owned();
        self.lane.call(async move |connection| rows::history(connection, &key, limit).await).await
    }

    async fn add_version(&self, new: &NewVersion) -> Result<SettingVersion, WriteError> {
        let new = new.clone();
        let write = async move |connection: &mut crate::sql::Connection| {
            transaction(connection, HELD, async |connection| {
                rows::lock(connection).await?;
                let found = rows::history(connection, &new.version.key, 1).await?.pop();
                if found.as_ref().map_or(0, |found| found.version) != new.expected {
                    return Ok(Err(found));
                }
                let version = SettingVersion { version: new.expected + 1, ..new.version.clone() };
                let (record, body) = seal::next(rows::log_head(connection).await?, &new.audit_entry())?;
                rows::insert_record(connection, &record, &body).await?;
                rows::insert_version(connection, &version, record.sequence).await?;
                Ok(Ok(version))
            })
            .await
        };
        match self.lane.call(write).await? {
            Ok(version) => Ok(version),
            Err(found) => Err(WriteError::Conflict { found: found.map(Box::new) }),
        }
    }
}
