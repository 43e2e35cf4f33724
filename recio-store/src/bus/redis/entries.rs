//! Redis's answers, turned into entries.

use crate::bus::inbox::Entry;
use crate::bus::{EntryId, Envelope, EnvelopeError, Family};
use redis::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The streams of an answer to XREAD or XREADGROUP, each with its entries.
pub(super) fn streams(answer: Value) -> Vec<(String, Vec<RawEntry>)> {
    // RESP3 has it as a map.
    let pairs = if let Value::Map(pairs) = answer {
        pairs
    } else {
        array(answer).unwrap_or_default().into_iter().filter_map(pair).collect()
    };
    pairs.into_iter().filter_map(|(name, entries)| Some((text(name)?, raw_entries(entries)))).collect()
}

/// An entry as it came; without fields where the stream does not have it any more.
pub(super) struct RawEntry {
    pub(super) id: EntryId,
    fields: Option<Vec<Value>>,
}

/// The entries of an answer to XRANGE, XREVRANGE, and of the middle of one to XAUTOCLAIM.
pub(super) fn raw_entries(answer: Value) -> Vec<RawEntry> {
    let entry = |entry| {
        let (id, fields) = pair(entry)?;
        Some(RawEntry { id: text(id)?.parse().ok()?, fields: array(fields) })
    };
    array(answer).unwrap_or_default().into_iter().filter_map(entry).collect()
}

/// What a stream has, of an answer to XINFO STREAM.
#[derive(Debug, Default)]
pub(super) struct EntryCounts {
    /// Its first entry's place; `None` where it is empty.
    pub(super) first: Option<EntryId>,
    pub(super) length: u64,
    /// All that were ever added, where the server counts them.
    pub(super) added: Option<u64>,
}

pub(super) fn entry_counts(answer: Value) -> EntryCounts {
    let mut counts = EntryCounts::default();
    let fields = if let Value::Map(pairs) = answer {
        pairs
    } else {
        let mut values = array(answer).unwrap_or_default().into_iter();
        std::iter::from_fn(|| Some((values.next()?, values.next()?))).collect()
    };
    for (name, value) in fields {
        match (text(name).as_deref(), value) {
            (Some("length"), Value::Int(length)) => counts.length = length.unsigned_abs(),
            (Some("entries-added"), Value::Int(added)) => counts.added = Some(added.unsigned_abs()),
            (Some("first-entry"), entry) => {
                counts.first = pair(entry).and_then(|(id, _)| text(id)?.parse().ok());
            }
            _ => {}
        }
    }
    counts
}

impl RawEntry {
    pub(super) const fn is_gone(&self) -> bool {
        self.fields.is_none()
    }

    pub(super) fn read(self, family: Family, again: bool) -> Entry {
        let read = envelope(self.fields.unwrap_or_default(), family).map(Arc::new);
        Entry { family, id: self.id, read, again }
    }
}

fn envelope(fields: Vec<Value>, family: Family) -> Result<Envelope, EnvelopeError> {
    let not_text =
        EnvelopeError::Foreign { field: "version", problem: "is not there: some of its fields are not text" };
    let mut texts = BTreeMap::new();
    let mut values = fields.into_iter();
    while let (Some(name), Some(value)) = (values.next(), values.next()) {
        let (Some(name), Some(value)) = (text(name), text(value)) else { return Err(not_text) };
        texts.insert(name, value);
    }
    let envelope = Envelope::from_fields(&texts)?;
    if envelope.topic.family() == family {
        Ok(envelope)
    } else {
        Err(EnvelopeError::Foreign { field: "topic", problem: "belongs into another stream" })
    }
}

/// Nothing where it is nil: then nothing came while it blocked, or the entry is gone.
fn array(value: Value) -> Option<Vec<Value>> {
    if let Value::Array(values) = value { Some(values) } else { None }
}

fn pair(value: Value) -> Option<(Value, Value)> {
    <[Value; 2]>::try_from(array(value)?).ok().map(|[left, right]| (left, right))
}

fn text(value: Value) -> Option<String> {
    if let Value::BulkString(bytes) = value { String::from_utf8(bytes).ok() } else { None }
}
