//! The bytes of an entry of the audit log, and the hash that ties it to the one before.

use super::settings_damaged;
use crate::chain::{next_hash, sorted};
use recio_core::settings::{AuditEntry, AuditRecord};
use recio_core::store::StoreError;

/// The version of the canonical form of an entry, as the store's column has it.
pub const AUDIT_VERSION: i64 = 1;

/// The canonical form of an entry: its JSON, without spaces, the keys in the order of their bytes.
pub(crate) fn canonical(entry: &AuditEntry) -> Result<String, StoreError> {
    let refuse =
        |what: String| settings_damaged(format!("an audit entry of `{}` was not written: {what}", entry.subject));
    let value = serde_json::to_value(entry).map_err(|error| refuse(error.to_string()))?;
    let text = sorted(value).to_string();
    match serde_json::from_str::<AuditEntry>(&text) {
        Ok(read) if read == *entry => Ok(text),
        Ok(_) => Err(refuse("it reads back as another entry".to_owned())),
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// The record after `(sequence, hash)`, with its canonical form.
pub(crate) fn next(last: (u64, [u8; 32]), entry: &AuditEntry) -> Result<(AuditRecord, String), StoreError> {
    let body = canonical(entry)?;
    let hash = next_hash(&last.1, &body);
    Ok((AuditRecord { sequence: last.0 + 1, hash, entry: entry.clone() }, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GENESIS;
    use recio_core::settings::{AuditAction, AuditResult};
    use recio_core::units::Timestamp;

    #[test]
    fn the_form_of_the_first_version_stays_as_it_is() {
        let entry = AuditEntry {
            time: Timestamp::UNIX_EPOCH,
            who: "ana".to_owned(),
            action: AuditAction::SettingSet,
            subject: "risk.max_position".to_owned(),
            old: None,
            new: Some("5.00".to_owned()),
            version: 1,
            run: None,
            why: "\"quoted\"".to_owned(),
            result: AuditResult::Refused { reason: "no".to_owned() },
        };
        let (record, body) = next((0, GENESIS), &entry).unwrap();
        assert_eq!(
            body,
            concat!(
                r#"{"action":"setting_set","new":"5.00","old":null,"result":{"refused":{"reason":"no"}},"run":null,"#,
                r#""subject":"risk.max_position","time":"1970-01-01T00:00:00Z","version":1,"who":"ana","why":"\"quoted\""}"#
            )
        );
        assert_eq!((record.sequence, record.hash), (1, next_hash(&GENESIS, &body)));
    }
}
