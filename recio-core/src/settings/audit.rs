//! What is written into the audit log: who wanted what, when and why, and what came of it.

use crate::units::{RunId, Timestamp};
use serde::{Deserialize, Serialize};

/// One line of the audit log. Never changed, never deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When it was wanted.
    pub time: Timestamp,
    /// Who wanted it, as the program that asked knows them.
    pub who: String,
    /// What was wanted.
    pub action: AuditAction,
    /// Of what: the key of a setting.
    pub subject: String,
    /// What counted before, where there was something.
    pub old: Option<String>,
    /// What was wanted to count, where it is something of its own.
    pub new: Option<String>,
    /// The version that was made, or would have been; 0 where there could be none.
    pub version: u64,
    /// The only run for which it was wanted, where it was for one.
    pub run: Option<RunId>,
    /// Why it was wanted.
    pub why: String,
    /// What came of it.
    pub result: AuditResult,
}

/// What can be wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditAction {
    /// A setting was given a value.
    SettingSet,
    /// A setting was given back to the config.
    SettingClear,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditResult {
    /// It was done.
    Done,
    /// It was refused, and nothing changed.
    Refused {
        /// Why.
        reason: String,
    },
}

/// An entry with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// From 1, without a hole.
    pub sequence: u64,
    /// SHA-256 over the entry's canonical bytes and the hash before.
    pub hash: [u8; 32],
    /// What.
    pub entry: AuditEntry,
}

impl AuditAction {
    /// The word for it, as the store's column has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SettingSet => "setting_set",
            Self::SettingClear => "setting_clear",
        }
    }
}

impl AuditResult {
    /// The word for it, as the store's column has it.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused { .. } => "refused",
        }
    }
}
