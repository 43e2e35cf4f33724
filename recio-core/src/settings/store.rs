//! `SettingsStore` and `AuditLog`: where overrides and what was done about them are kept.

use super::{AuditEntry, AuditRecord};
use crate::store::{News, StoreError};
use crate::units::{RunId, Timestamp};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Keeps what people did, for ever.
///
/// Shared, and open to everybody, not only to who trades.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Appends an entry, durably before it returns.
    ///
    /// # Errors
    /// The store cannot be written now.
    async fn record(&self, entry: &AuditEntry) -> Result<AuditRecord, StoreError>;

    /// Reads entries in the order of their sequence, from after `after`, at most `limit`; each is checked against its hash and the one before.
    ///
    /// # Errors
    /// The store cannot be read, or what was read is not what was written.
    async fn audit_log(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;
}

/// Keeps the versions of overrides, for ever.
///
/// It does not know the config: whether a value may be set is judged before, by [`change`](super::change()), which is what callers want to call.
#[async_trait]
pub trait SettingsStore: AuditLog {
    /// The newest version of every key, in the order of the keys; of keys that were given back to the config too.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn newest(&self) -> Result<Vec<SettingVersion>, StoreError>;

    /// All versions of a key, newest first; at most `limit`.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn history(&self, key: &str, limit: u32) -> Result<Vec<SettingVersion>, StoreError>;

    /// Adds the version after `expected`, with its entry in the audit log: both, or none, durably before it returns.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] where the newest version is another than `expected`; nothing was written.
    async fn add_version(&self, version: &NewVersion) -> Result<SettingVersion, WriteError>;

    /// Listens for new versions from this moment on. Listen first, then look, then wait: nothing is missed then.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] from a store that cannot push; [`StoreError::Unavailable`] where it cannot listen.
    async fn news(&self) -> Result<Box<dyn News>, StoreError>;
}

/// A version that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVersion {
    /// The version that was seen when it was decided; 0 where there was none.
    pub expected: u64,
    /// What counted then, for the audit log.
    pub old: Option<String>,
    /// What is wanted; its version is one more than `expected`.
    pub version: SettingVersion,
}

/// One version of an override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingVersion {
    /// The key, as [`SettingKey`](super::SettingKey) writes it.
    pub key: String,
    /// From 1, without a hole, for each key.
    pub version: u64,
    /// The value, as [`SettingValue`](super::SettingValue) writes it; `None` gives the key back to the config.
    pub value: Option<String>,
    /// The only run for which it counts, where it is for one.
    pub run: Option<RunId>,
    /// Who wanted it.
    pub who: String,
    /// When.
    pub time: Timestamp,
    /// Why.
    pub why: String,
}

/// Why a version was not added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Somebody else was faster: look at what they did, and decide again.
    #[error("somebody else changed it in between")]
    Conflict {
        /// The newest version, if there is one.
        found: Option<Box<SettingVersion>>,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}
