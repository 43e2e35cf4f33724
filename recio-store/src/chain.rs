//! The bytes of a fact, and the hash that ties it to the one before.

use recio_core::fact::Fact;
use recio_core::store::{DamagedPart, StoreError};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The version of [`canonical`]'s form, as the store's column has it.
pub const FACT_VERSION: i64 = 1;

/// What stands for the hash of the fact before the first one.
pub const GENESIS: [u8; 32] = [0; 32];

/// The canonical form of a fact: its JSON, without spaces, the keys of every object in the order of their bytes.
///
/// Money, prices and quantities are decimal strings, times RFC 3339, the few floats the shortest text that reads back as the same float. It
/// depends on no database and no platform.
///
/// [`verify`](crate::verify()) makes it anew from what it reads, so the form of a fact of one version never changes: a new form is a new
/// version, and the old one stays readable and writable.
///
/// # Errors
/// [`StoreError::Damaged`] at sequence 0 where the fact would not come back the same from this form: such a fact must never be written.
pub fn canonical(fact: &Fact) -> Result<String, StoreError> {
    let refuse = |what: String| StoreError::Damaged {
        part: DamagedPart::Facts,
        sequence: 0,
        what: format!("fact `{}` was not written: {what}", fact.key()),
    };
    let value = serde_json::to_value(fact).map_err(|error| refuse(format!("it has no JSON form: {error}")))?;
    let text = sorted(value).to_string();
    match serde_json::from_str::<Fact>(&text) {
        Ok(read) if read == *fact => Ok(text),
        Ok(_) => Err(refuse("it reads back as another fact".to_owned())),
        Err(error) => Err(refuse(format!("it does not read back: {error}"))),
    }
}

/// The hash of a fact: SHA-256 over the hash of the fact before ([`GENESIS`] for the first) and the bytes of its [`canonical`] form.
#[must_use]
pub fn next_hash(previous: &[u8; 32], canonical: &str) -> [u8; 32] {
    Sha256::new().chain_update(previous).chain_update(canonical).finalize().into()
}

/// Whether a fact may be passed over because `known` is in the store under its key.
pub(crate) fn same_economics(known: &Fact, again: &Fact) -> Result<(), StoreError> {
    if known.economics() == again.economics() { Ok(()) } else { Err(StoreError::Conflict { key: again.key() }) }
}

/// Orders keys whichever map serde_json was built with.
pub(crate) fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.into_iter().collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::sample;
    use recio_core::units::Money;

    #[test]
    fn the_form_and_the_hash_of_the_first_version_stay_as_they_are() {
        let fact = Fact { number: 1, ..sample::account_opened(Money::dollars(100)) };
        let text = canonical(&fact).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"account":"main","body":{"account_opened":{"cash":"100.000000"}},"environment":"sim","exchange_index":2,"#,
                r#""number":1,"run":"run-1","strategy":null,"subaccount":0,"time":"2026-05-13T13:00:00Z"}"#
            )
        );
        let expected: [u8; 32] = Sha256::digest([&GENESIS[..], text.as_bytes()].concat()).into();
        assert_eq!(next_hash(&GENESIS, &text), expected);
        assert_eq!(hex::encode(expected), "967b2e2489d178ab736cb7dc72279fda44d03ee8792a62d09add421ecb01ec6c");
    }
}
