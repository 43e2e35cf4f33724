//! Changing an override: judged against the base, written as a new version, and audited either way.

use super::{
    AuditAction, AuditEntry, AuditResult, KeyError, NewVersion, SettingKey, SettingValue, SettingVersion, Settings,
    SettingsStore, Tighter, WriteError,
};
use crate::store::StoreError;
use crate::units::{RunId, Timestamp, to_micros_precision};

/// A change that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key of the setting.
    pub key: String,
    /// The value it shall have; `None` to give it back to the config.
    pub value: Option<String>,
    /// The version that whoever wants it has seen, 0 for none; `None` where it shall count whatever was there.
    pub expected: Option<u64>,
    /// The run in which entry is to be switched on, where the config has it off.
    pub run: Option<RunId>,
    /// Who wants it.
    pub who: String,
    /// Why.
    pub why: String,
    /// When.
    pub time: Timestamp,
}

/// A change that may be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The version that would be written.
    pub wanted: NewVersion,
    /// What counts afterwards, in the run that was named; `None` where the key is of no monitor of the config.
    pub counts: Option<String>,
    /// What else a person should know of the settings as they would be.
    pub remarks: Vec<String>,
}

/// Why a change was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It cannot be overridden.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It is of a monitor, or a parameter, that the config does not have.
    #[error("`{key}` is not in the config: it has no such monitor, or the monitor's strategy no such parameter")]
    NotInConfig {
        /// The key.
        key: SettingKey,
    },
    /// The value is none for this setting.
    #[error("`{key}`: {why}")]
    BadValue {
        /// The key.
        key: SettingKey,
        /// What is wrong with it.
        why: String,
    },
    /// It would be wider than the config has it.
    #[error("`{key}`: {} is wider than the config's {}: an override may be {}; to widen it, change the config", said(*.wanted), said(*.base), allowed(*.tighter, *.base))]
    Wider {
        /// The key.
        key: SettingKey,
        /// What was wanted.
        wanted: SettingValue,
        /// What the config has.
        base: SettingValue,
        /// Which way is tighter.
        tighter: Tighter,
    },
    /// Entry is off in the config, and may be switched on for one run alone.
    #[error(
        "`{key}`: the config has entry off, and no start switches it on: an override can do so for one run that is going on; to have it on from the start, change the config"
    )]
    NeedsRun {
        /// The key.
        key: SettingKey,
    },
    /// A run was named for a setting that counts in all.
    #[error("`{key}` counts in every run: a run is named only to switch entry on where the config has it off")]
    NoRunNeeded {
        /// The key.
        key: String,
    },
    /// There is no override.
    #[error("`{key}` is not overridden: there is nothing to clear")]
    NothingToClear {
        /// The key.
        key: String,
    },
    /// Nobody said who, or why.
    #[error("{0}: it is kept in the history for whoever asks later")]
    Unsigned(&'static str),
    /// Somebody else changed it after it was looked at.
    #[error("`{key}` was changed in between: version {expected} was seen, {}; look again and decide again", found_said(.found.as_deref()))]
    Conflict {
        /// The key.
        key: String,
        /// The version that was seen; 0 for none.
        expected: u64,
        /// The newest version, if there is one.
        found: Option<Box<SettingVersion>>,
    },
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// It was refused, which the audit log tells.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store cannot be read or written. Where the answer to a write was lost, it may have been made: look at the history.
    #[error("the settings cannot be read or written")]
    Store(#[from] StoreError),
}

/// Longest name and reason that are kept; what is longer is cut.
const MOST_WHO: usize = 100;
const MOST_WHY: usize = 500;
/// Longest key and value that the audit log repeats of what was refused.
const MOST_SUBJECT: usize = 200;

/// Changes an override: reads what is there, judges, writes the new version and its entry in the audit log. A refusal is written there too.
///
/// # Errors
/// [`SettingError::Refused`] with nothing changed; [`SettingError::Store`].
///
/// # Cancel safety
/// As [`SettingsStore::add_version`]: dropped, it is done in full or not at all.
pub async fn change(
    store: &dyn SettingsStore,
    base: &Settings,
    change: &Change,
) -> Result<SettingVersion, SettingError> {
    let newest = store.newest().await?;
    let judged = match judge(base, &newest, change) {
        Ok(judged) => judged,
        Err(refusal) => return Err(refused(store, change, &newest, refusal).await),
    };
    match store.add_version(&judged.wanted).await {
        Ok(version) => Ok(version),
        Err(WriteError::Conflict { found }) => {
            let (key, expected) = (judged.wanted.version.key, judged.wanted.expected);
            Err(refused(store, change, &newest, Refusal::Conflict { key, expected, found }).await)
        }
        Err(WriteError::Store(error)) => Err(error.into()),
    }
}

/// Whether a change may be made, with the newest versions as they were read. Changes nothing.
///
/// # Errors
/// See [`Refusal`].
pub fn judge(base: &Settings, newest: &[SettingVersion], change: &Change) -> Result<Judged, Refusal> {
    let (who, why) = (plain(&change.who, MOST_WHO), plain(&change.why, MOST_WHY));
    if who.is_empty() {
        return Err(Refusal::Unsigned("say who wants it"));
    }
    if why.is_empty() {
        return Err(Refusal::Unsigned("say why it is wanted"));
    }
    let (key, value, run) = match &change.value {
        Some(text) => {
            let key: SettingKey = change.key.parse()?;
            let (value, run) = value(base, &key, text, change.run.as_ref())?;
            (key.to_string(), Some(value.to_string()), run)
        }
        None => (cleared_key(newest, &change.key), None, None),
    };
    if change.run.is_some()
        && run.is_none()
        && change.key.parse().map_or(true, |key: SettingKey| !key.is_entry_switch())
    {
        return Err(Refusal::NoRunNeeded { key });
    }
    let seen = newest.iter().filter(|version| version.key == key).max_by_key(|version| version.version);
    let seen_version = seen.map_or(0, |seen| seen.version);
    let expected = change.expected.unwrap_or(seen_version);
    if expected != seen_version {
        return Err(Refusal::Conflict { key, expected, found: seen.cloned().map(Box::new) });
    }
    let overridden = seen.and_then(|seen| seen.value.clone());
    if value.is_none() && overridden.is_none() {
        return Err(Refusal::NothingToClear { key });
    }
    let old = overridden.or_else(|| base_text(base, &key));
    let version =
        SettingVersion { key, version: expected + 1, value, run, who, time: to_micros_precision(change.time), why };
    let after: Vec<SettingVersion> = newest.iter().cloned().chain([version.clone()]).collect();
    let in_force = base.with_overrides(&after, change.run.as_ref()).settings;
    let before = base.with_overrides(newest, change.run.as_ref()).settings.remarks();
    let remarks = in_force.remarks().into_iter().filter(|remark| !before.contains(remark)).collect();
    Ok(Judged { counts: base_text(&in_force, &version.key), wanted: NewVersion { expected, old, version }, remarks })
}

/// The value that a text means, if the base allows it, with the run for which alone it may count.
fn value(
    base: &Settings,
    key: &SettingKey,
    text: &str,
    run: Option<&RunId>,
) -> Result<(SettingValue, Option<RunId>), Refusal> {
    let base = base.get(key).ok_or_else(|| Refusal::NotInConfig { key: key.clone() })?;
    let bad = |why| Refusal::BadValue { key: key.clone(), why };
    let wanted = base.like(text).map_err(bad)?;
    if let Some(why) = key.range().fault(wanted) {
        return Err(bad(why));
    }
    let tighter = key.tighter();
    match (tighter.is_wider(wanted, base), tighter, run) {
        (false, _, _) => Ok((wanted, None)),
        (true, Tighter::Switch, Some(run)) => Ok((wanted, Some(run.clone()))),
        (true, Tighter::Switch, None) => Err(Refusal::NeedsRun { key: key.clone() }),
        (true, _, _) => Err(Refusal::Wider { key: key.clone(), wanted, base, tighter }),
    }
}

/// The key as recio writes it; as it was said where a store holds it so, so that what cannot be understood can be cleared.
fn cleared_key(newest: &[SettingVersion], said: &str) -> String {
    if newest.iter().any(|version| version.key == said) {
        return said.to_owned();
    }
    said.parse().map_or_else(|_| said.to_owned(), |key: SettingKey| key.to_string())
}

fn base_text(base: &Settings, key: &str) -> Option<String> {
    let key: SettingKey = key.parse().ok()?;
    base.get(&key).map(|value| value.to_string())
}

/// Writes a refusal into the audit log. That it cannot be written there takes nothing back.
async fn refused(
    store: &dyn SettingsStore,
    change: &Change,
    newest: &[SettingVersion],
    refusal: Refusal,
) -> SettingError {
    let seen = newest.iter().filter(|version| version.key == change.key).max_by_key(|version| version.version);
    let entry = AuditEntry {
        time: to_micros_precision(change.time),
        who: plain(&change.who, MOST_WHO),
        action: if change.value.is_some() { AuditAction::SettingSet } else { AuditAction::SettingClear },
        subject: plain(&change.key, MOST_SUBJECT),
        old: seen.and_then(|seen| seen.value.clone()),
        new: change.value.as_deref().map(|value| plain(value, MOST_SUBJECT)),
        version: change.expected.or(seen.map(|seen| seen.version)).map_or(0, |expected| expected.saturating_add(1)),
        run: change.run.clone(),
        why: plain(&change.why, MOST_WHY),
        result: AuditResult::Refused { reason: refusal.to_string() },
    };
    if let Err(error) = store.record(&entry).await {
        tracing::error!(key = %entry.subject, who = %entry.who, %error, "a refused change could not be written into the audit log");
    }
    SettingError::Refused(refusal)
}

impl NewVersion {
    /// What the audit log says of the version, once it is written.
    #[must_use]
    pub fn audit_entry(&self) -> AuditEntry {
        let version = &self.version;
        AuditEntry {
            time: version.time,
            who: version.who.clone(),
            action: if version.value.is_some() { AuditAction::SettingSet } else { AuditAction::SettingClear },
            subject: version.key.clone(),
            old: self.old.clone(),
            new: version.value.clone(),
            version: version.version,
            run: version.run.clone(),
            why: version.why.clone(),
            result: AuditResult::Done,
        }
    }
}

/// One line of text, without control characters, cut to a length.
fn plain(text: &str, most: usize) -> String {
    let text: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    text.trim().chars().take(most).collect()
}

fn said(value: SettingValue) -> String {
    match value {
        SettingValue::Seconds(_) => format!("{value} s"),
        SettingValue::Flag(_)
        | SettingValue::Count(_)
        | SettingValue::Number(_)
        | SettingValue::Price(_)
        | SettingValue::Quantity(_)
        | SettingValue::Money(_) => value.to_string(),
    }
}

fn allowed(tighter: Tighter, base: SettingValue) -> String {
    match tighter {
        Tighter::Lower => format!("{} or less", said(base)),
        Tighter::Higher => format!("{} or more", said(base)),
        Tighter::On | Tighter::Off | Tighter::Switch => format!("{base} alone"),
    }
}

fn found_said(found: Option<&SettingVersion>) -> String {
    match found {
        None => "and there is none".to_owned(),
        Some(found) => {
            let value = found.value.as_deref().map_or_else(|| "cleared".to_owned(), |value| format!("set to {value}"));
            format!("it was {value} by version {} of {} at {} ({})", found.version, found.who, found.time, found.why)
        }
    }
}
