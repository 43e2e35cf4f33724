//! The names of the settings that may be overridden.

use super::limits::{MONITOR, RISK};
use crate::units::StrategyId;
use std::fmt;
use std::str::FromStr;

/// The name of one setting that may be overridden, as the config has it: `risk.max_position`, `monitor.hourly.entry.enabled` (monitors by
/// their id; in quotes where it is more than letters, digits, `-` and `_`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettingKey {
    monitor: Option<StrategyId>,
    name: &'static str,
}

/// Why a text names no setting that may be overridden.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It is a setting, and there is a reason why it stays as the config has it.
    #[error("`{key}` is set in the config alone: {why}")]
    FileOnly {
        /// The text.
        key: String,
        /// The reason.
        why: &'static str,
    },
    /// There is no such setting among those that may be overridden.
    #[error("`{key}` is no setting that can be overridden")]
    Unknown {
        /// The text.
        key: String,
    },
}

/// Settings that would seem to belong here, and the reason why they do not.
const FILE_ONLY: &[(&str, &str)] = &[
    ("risk.max_orders_per_second", "a lower rate would hold back stops as well"),
    ("risk.max_orders_per_minute", "a lower rate would hold back stops as well"),
    ("risk.repeat_window", "a longer time would hold back stops that are tried again"),
    ("stop.slippage_units", "less of it makes stops miss, more of it makes them dear: neither is the tighter side"),
];

impl SettingKey {
    /// The key that is asked whether anything may be entered: the one with a rule of its own.
    #[must_use]
    pub fn entry_switch(monitor: &StrategyId) -> Self {
        Self { monitor: Some(monitor.clone()), name: super::limits::ENTRY_SWITCH }
    }

    pub(super) fn new(monitor: Option<&StrategyId>, name: &'static str) -> Self {
        Self { monitor: monitor.cloned(), name }
    }

    /// The monitor that it is a setting of; `None` for what holds for all.
    #[must_use]
    pub const fn monitor(&self) -> Option<&StrategyId> {
        self.monitor.as_ref()
    }

    /// The name within its monitor, or the whole name where it is of none.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether it is the switch of a monitor's entries.
    #[must_use]
    pub fn is_entry_switch(&self) -> bool {
        self.name == super::limits::ENTRY_SWITCH
    }
}

/// The monitor that a text would be a setting of, whatever the rest of it says; `None` where it is of none, or not to be told.
pub(super) fn monitor_in(text: &str) -> Option<StrategyId> {
    split(text).and_then(|(monitor, _)| monitor)
}

/// The monitor and the name in it.
fn split(text: &str) -> Option<(Option<StrategyId>, &str)> {
    let Some(rest) = text.strip_prefix("monitor.") else { return Some((None, text)) };
    // From the end, as an id may hold dots: the name in a monitor has two parts.
    let (at, _) = rest.rmatch_indices('.').nth(1)?;
    let (id, name) = (&rest[..at], &rest[at + 1..]);
    let id = match id.strip_prefix('"').and_then(|id| id.strip_suffix('"')) {
        Some(quoted) => unescaped(quoted)?,
        None => id.to_owned(),
    };
    Some((Some(StrategyId::new(&id).ok()?), name))
}

/// The text before `escape_debug` was applied to visible ASCII: a backslash stands before what follows it.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        plain.push(if char == '\\' { chars.next()? } else { char });
    }
    Some(plain)
}

impl FromStr for SettingKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let unknown = || KeyError::Unknown { key: text.chars().take(200).collect() };
        let (monitor, name) = split(text).ok_or_else(unknown)?;
        let known = match monitor {
            Some(_) => MONITOR.iter().map(|limit| limit.name).find(|known| *known == name),
            None => RISK.iter().map(|limit| limit.name).find(|known| *known == name),
        };
        match known {
            Some(name) => Ok(Self { monitor, name }),
            None => match FILE_ONLY.iter().find(|(only, _)| *only == name) {
                Some((only, why)) if only.starts_with("risk.") == monitor.is_none() => {
                    Err(KeyError::FileOnly { key: text.to_owned(), why })
                }
                Some(_) | None => Err(unknown()),
            },
        }
    }
}

impl fmt::Display for SettingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(monitor) = &self.monitor else { return f.write_str(self.name) };
        let id = monitor.as_str();
        if id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            write!(f, "monitor.{id}.{}", self.name)
        } else {
            write!(f, "monitor.\"{}\".{}", id.escape_debug(), self.name)
        }
    }
}

impl serde::Serialize for SettingKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
