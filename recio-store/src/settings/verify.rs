//! Are the settings and the audit log what was written?

use super::settings_damaged;
use crate::chain::GENESIS;
use recio_core::settings::{AuditEntry, AuditResult, NewVersion, SettingVersion, SettingsStore};
use recio_core::store::StoreError;
use std::collections::BTreeMap;

/// Entries and versions read at a time.
const PAGE: u32 = 1_000;
/// How often people may change something while it is looked at: they do so a few times a day.
const CATCH_UPS: u32 = 10;

/// What was found to be sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerifiedSettings {
    /// Entries of the audit log.
    pub entries: u64,
    /// Versions of overrides.
    pub versions: u64,
    /// The hash of the last entry, which stands for all of them: keep it elsewhere, and a log that lost its end shows too.
    pub hash: [u8; 32],
}

/// Checks the whole audit log (hashes, chain, holes, columns), and that every version of every override is what the log says was done, and
/// the other way round. Works while settings are being changed.
///
/// An end of the log that was cut off together with its versions leaves a sound rest; only a copy of the last hash kept elsewhere shows that.
///
/// # Errors
/// [`StoreError::Damaged`] with the first thing that is wrong; or the store cannot be read.
pub async fn verify_settings(store: &dyn SettingsStore) -> Result<VerifiedSettings, StoreError> {
    let mut catch_ups = 0;
    loop {
        let mut found = VerifiedSettings { hash: GENESIS, ..VerifiedSettings::default() };
        let compared = compare(store, &mut found).await;
        // What does not agree may be what came meanwhile.
        if catch_ups == CATCH_UPS || store.audit_log(found.entries, 1).await?.is_empty() {
            return compared.map(|()| found);
        }
        catch_ups += 1;
    }
}

async fn compare(store: &dyn SettingsStore, found: &mut VerifiedSettings) -> Result<(), StoreError> {
    let mut done: BTreeMap<(String, u64), AuditEntry> = BTreeMap::new();
    loop {
        let page = store.audit_log(found.entries, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for record in page {
            (found.entries, found.hash) = (record.sequence, record.hash);
            if record.entry.result == AuditResult::Done {
                done.insert((record.entry.subject.clone(), record.entry.version), record.entry);
            }
        }
    }
    for newest in store.newest().await? {
        let versions = store.history(&newest.key, u32::MAX).await?;
        for (version, number) in versions.into_iter().rev().zip(1..) {
            let (key, there) = (version.key.clone(), version.version);
            if there != number {
                return Err(wrong(&key, number, &format!("the next one there is has version {there}")));
            }
            match done.remove(&(key.clone(), number)) {
                Some(entry) if entry == said(version, entry.old.clone()) => found.versions += 1,
                Some(_) => return Err(wrong(&key, number, "it is not what the audit log says")),
                None => return Err(wrong(&key, number, "the audit log does not know it")),
            }
        }
    }
    match done.into_keys().next() {
        Some((key, number)) => Err(wrong(&key, number, "the audit log knows it, and it is gone")),
        None => Ok(()),
    }
}

/// What the log has to say of a version.
fn said(version: SettingVersion, old: Option<String>) -> AuditEntry {
    NewVersion { expected: version.version.saturating_sub(1), old, version }.audit_entry()
}

fn wrong(key: &str, version: u64, what: &str) -> StoreError {
    settings_damaged(format!("setting `{key}`, version {version}: {what}"))
}
