//! What every message carries besides its body, and the form in which it travels.

use super::Topic;
use recio_core::units::{Timestamp, to_micros_precision};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The version of the form that [`Envelope::fields`] writes. A reader passes over any other.
pub const ENVELOPE_VERSION: u32 = 1;
/// The largest body, in bytes: fifty times a table of forty strikes. A larger one is a mistake, and would hold up everybody.
pub const MAX_BODY: usize = 1 << 20;
/// The longest key: a monitor, a stroke and an event, at their longest.
const MAX_KEY: usize = 300;

/// Who publishes: a service's name, the same after each of its starts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublisherName(std::sync::Arc<str>);

/// Whether a message tells something, or that something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It has a body to read.
    Message,
    /// Its publisher knows that messages of the topic were lost, or may have been; the body says why.
    Gap,
}

/// One message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Envelope {
    /// What it is about.
    pub topic: Topic,
    /// Of what it tells the newest state, if of something: a market, a service.
    pub key: Option<String>,
    /// Whether it is a message or a gap.
    pub kind: Kind,
    /// Who published it.
    pub publisher: PublisherName,
    /// Counts the publisher's starts, upwards: the lease's epoch, or the start's time.
    pub epoch: u64,
    /// Counts the publisher's messages of this topic since its start, from 1. A hole is a lost message.
    pub sequence: u64,
    /// The fact's sequence in the store, for facts.
    pub fact: Option<u64>,
    /// When it happened, UTC, to the microsecond.
    pub time: Timestamp,
    body: Box<RawValue>,
}

/// Why something in a stream is no message that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// A newer recio wrote it.
    #[error("a message of envelope version {found}, this recio reads version {ENVELOPE_VERSION}: update it")]
    Version {
        /// Its version, cut short.
        found: String,
    },
    /// Something else writes into the stream.
    #[error("a message that recio did not write: its field `{field}` {problem}")]
    Foreign {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The message has no JSON form, or is too large.
    #[error("a message of {topic} cannot be sent: {problem}")]
    Unsendable {
        /// What it is about.
        topic: Topic,
        /// What is wrong with it.
        problem: String,
    },
    /// Not a name.
    #[error("`{0}` is not a publisher's name: it needs 1 to 64 of a-z, 0-9, _ and -")]
    Publisher(String),
}

impl PublisherName {
    /// Makes a name.
    ///
    /// # Errors
    /// Empty, longer than 64 characters, or with others than a-z, 0-9, `_` and `-`.
    pub fn new(text: &str) -> Result<Self, EnvelopeError> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'));
        if fits { Ok(Self(text.into())) } else { Err(EnvelopeError::Publisher(text.chars().take(80).collect())) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The parts of a message that its publisher counts.
#[derive(Clone, Debug)]
pub(super) struct Stamp {
    pub(super) publisher: PublisherName,
    pub(super) epoch: u64,
    pub(super) sequence: u64,
    pub(super) time: Timestamp,
}

impl Envelope {
    pub(super) fn new(
        topic: Topic,
        key: Option<String>,
        kind: Kind,
        stamp: Stamp,
        fact: Option<u64>,
        body: &impl Serialize,
    ) -> Result<Self, EnvelopeError> {
        let unsendable = |problem: String| EnvelopeError::Unsendable { topic: topic.clone(), problem };
        if key.as_deref().is_some_and(|key| !is_key(key)) {
            return Err(unsendable(format!("its key needs 1 to {MAX_KEY} visible ASCII characters")));
        }
        let body = serde_json::value::to_raw_value(body).map_err(|error| unsendable(error.to_string()))?;
        if body.get().len() > MAX_BODY {
            return Err(unsendable(format!("it has {} bytes, {MAX_BODY} is the most", body.get().len())));
        }
        let time = to_micros_precision(stamp.time);
        let Stamp { publisher, epoch, sequence, .. } = stamp;
        Ok(Self { topic, key, kind, publisher, epoch, sequence, fact, time, body })
    }

    /// Its name, unique for ever: publisher, epoch, topic and sequence.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}/{}/{}", self.publisher, self.epoch, self.topic, self.sequence)
    }

    /// The body, as JSON.
    #[must_use]
    pub fn body(&self) -> &str {
        self.body.get()
    }

    /// Reads the body.
    ///
    /// # Errors
    /// It is something else.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.body.get())
    }

    /// The fields of its entry in a stream, as texts; the body is JSON.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("version", ENVELOPE_VERSION.to_string()),
            ("id", self.id()),
            ("topic", self.topic.to_string()),
            ("kind", self.kind.as_str().to_owned()),
            ("publisher", self.publisher.to_string()),
            ("epoch", self.epoch.to_string()),
            ("sequence", self.sequence.to_string()),
            ("time", self.time.to_string()),
        ];
        fields.extend(self.key.clone().map(|key| ("key", key)));
        fields.extend(self.fact.map(|fact| ("fact", fact.to_string())));
        fields.push(("body", self.body.get().to_owned()));
        fields
    }

    /// Reads the fields of an entry. Fields that it does not know are passed over.
    ///
    /// # Errors
    /// A newer recio wrote it, or something that is not recio.
    pub fn from_fields(fields: &BTreeMap<String, String>) -> Result<Self, EnvelopeError> {
        let text = |field: &'static str| {
            let foreign = EnvelopeError::Foreign { field, problem: "is missing" };
            fields.get(field).map(String::as_str).ok_or(foreign)
        };
        let version = text("version")?;
        if version.parse() != Ok(ENVELOPE_VERSION) {
            return Err(EnvelopeError::Version { found: version.chars().take(20).collect() });
        }
        let key = fields.get("key").cloned();
        if key.as_deref().is_some_and(|key| !is_key(key)) {
            return Err(EnvelopeError::Foreign { field: "key", problem: "is not 1 to 300 visible ASCII characters" });
        }
        let body = text("body")?;
        if body.len() > MAX_BODY {
            return Err(EnvelopeError::Foreign { field: "body", problem: "is too large" });
        }
        let envelope = Self {
            topic: read("topic", text("topic")?, "is not a topic")?,
            key,
            kind: match text("kind")? {
                "message" => Kind::Message,
                "gap" => Kind::Gap,
                _ => return Err(EnvelopeError::Foreign { field: "kind", problem: "is neither message nor gap" }),
            },
            publisher: PublisherName::new(text("publisher")?)
                .map_err(|_| EnvelopeError::Foreign { field: "publisher", problem: "is not a publisher's name" })?,
            epoch: read("epoch", text("epoch")?, "is not a number")?,
            sequence: read("sequence", text("sequence")?, "is not a number")?,
            fact: fields.get("fact").map(|fact| read("fact", fact, "is not a number")).transpose()?,
            time: read("time", text("time")?, "is not a time")?,
            body: RawValue::from_string(body.to_owned())
                .map_err(|_| EnvelopeError::Foreign { field: "body", problem: "is not JSON" })?,
        };
        if envelope.id() != text("id")? {
            return Err(EnvelopeError::Foreign { field: "id", problem: "is not the one of the other fields" });
        }
        Ok(envelope)
    }
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Gap => "gap",
        }
    }
}

impl PartialEq for Envelope {
    fn eq(&self, other: &Self) -> bool {
        self.fields() == other.fields()
    }
}

impl fmt::Display for PublisherName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PublisherName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_key(key: &str) -> bool {
    (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn read<T: FromStr>(field: &'static str, text: &str, problem: &'static str) -> Result<T, EnvelopeError> {
    text.parse().map_err(|_| EnvelopeError::Foreign { field, problem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::sample::time;

    fn envelope() -> Envelope {
        let stamp =
            Stamp { publisher: PublisherName::new("trade_manager").unwrap(), epoch: 7, sequence: 3, time: time(5) };
        let body = serde_json::json!({ "text": "quotes \" and \n lines" });
        Envelope::new(Topic::quote(), Some("KXBTCD-1".into()), Kind::Message, stamp, Some(12), &body).unwrap()
    }

    fn fields(envelope: &Envelope) -> BTreeMap<String, String> {
        envelope.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn a_message_comes_back_from_its_fields_and_the_form_stays_as_it_is() {
        let sent = envelope();
        assert_eq!(Envelope::from_fields(&fields(&sent)).unwrap(), sent);
        assert_eq!(
            format!("{:?}", sent.fields()),
            concat!(
                r#"[("version", "1"), ("id", "trade_manager/7/market_data.quote/3"), ("topic", "market_data.quote"), "#,
                r#"("kind", "message"), ("publisher", "trade_manager"), ("epoch", "7"), ("sequence", "3"), "#,
                r#"("time", "2026-05-13T13:00:00.005Z"), ("key", "KXBTCD-1"), ("fact", "12"), "#,
                r#"("body", "{\"text\":\"quotes \\\" and \\n lines\"}")]"#
            )
        );
        let mut more = fields(&sent);
        more.insert("added_later".into(), "x".into());
        assert_eq!(Envelope::from_fields(&more).unwrap(), sent);
    }

    #[test]
    fn what_is_newer_foreign_or_broken_is_named() {
        let good = fields(&envelope());
        for (field, value, named) in [
            ("version", Some("2"), "update it"),
            ("version", Some("x"), "version x"),
            ("version", None, "`version` is missing"),
            ("topic", Some("orders.fill"), "`topic` is not a topic"),
            ("kind", Some("other"), "`kind`"),
            ("publisher", Some(""), "`publisher`"),
            ("epoch", Some("-1"), "`epoch` is not a number"),
            ("sequence", Some("18446744073709551616"), "`sequence` is not a number"),
            ("fact", Some("1.0"), "`fact` is not a number"),
            ("time", Some("yesterday"), "`time` is not a time"),
            ("key", Some("a b"), "`key`"),
            ("body", Some("{"), "`body` is not JSON"),
            ("body", None, "`body` is missing"),
            ("id", Some("other/7/market_data.quote/3"), "`id`"),
        ] {
            let mut bad = good.clone();
            match value {
                Some(value) => bad.insert(field.into(), value.into()),
                None => bad.remove(field),
            };
            let error = Envelope::from_fields(&bad).unwrap_err().to_string();
            assert!(error.contains(named), "{field} {value:?}: {error}");
        }
        assert!(Envelope::from_fields(&BTreeMap::new()).is_err());
    }

    #[test]
    fn what_is_too_large_is_not_sent() {
        let stamp = Stamp { publisher: PublisherName::new("a").unwrap(), epoch: 1, sequence: 1, time: time(0) };
        let large = "x".repeat(MAX_BODY);
        let error = Envelope::new(Topic::quote(), None, Kind::Message, stamp.clone(), None, &large).unwrap_err();
        assert!(error.to_string().contains("is the most"), "{error}");
        let key = Some("x".repeat(MAX_KEY + 1));
        assert!(Envelope::new(Topic::quote(), key, Kind::Message, stamp, None, &1).is_err());
    }
}
