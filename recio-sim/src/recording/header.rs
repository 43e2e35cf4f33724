//! What a recording says about itself.

use super::{FORMAT_VERSION, Gap, StreamId};
use recio_core::units::{MarketTicker, Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};

/// The head of a recording: where it comes from, what is in it, what is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The file's format; the writer sets it.
    pub format_version: u16,
    /// One line for people.
    pub title: String,
    /// The program that made the file, with its version.
    pub created_by: String,
    /// The time of the first record.
    pub from: Timestamp,
    /// When the session begins: before it there are only prices and lifecycle (the pre-roll), from it on there are books.
    pub session_from: Timestamp,
    /// The time of the last record.
    pub to: Timestamp,
    /// Every market that a record names.
    pub markets: Vec<MarketTicker>,
    /// Every spot venue and index that a record names.
    pub sources: Vec<Arc<str>>,
    /// The streams; a stream's id is its place in this list.
    pub streams: Vec<StreamInfo>,
    /// What is missing, when.
    pub gaps: Vec<Gap>,
    /// Rules and reservations, one sentence each.
    pub notes: Vec<String>,
}

/// One stream of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamInfo {
    /// Its id: its place in the list.
    pub id: StreamId,
    /// A word for it, such as `book`.
    pub name: String,
    /// Where its records come from.
    pub origin: String,
    /// What it stands in for, if it is not the real thing.
    pub stand_in_for: Option<String>,
}

impl Header {
    /// The stream of this name.
    #[must_use]
    pub fn stream(&self, name: &str) -> Option<&StreamInfo> {
        self.streams.iter().find(|stream| stream.name == name)
    }

    /// The streams that stand in for something that was not recorded.
    pub fn stand_ins(&self) -> impl Iterator<Item = &StreamInfo> {
        self.streams.iter().filter(|stream| stream.stand_in_for.is_some())
    }

    /// What makes this header unusable, if anything does.
    pub(super) fn fault(&self) -> Option<String> {
        if self.format_version != FORMAT_VERSION {
            return Some(format!("it names format {}, the file is of format {FORMAT_VERSION}", self.format_version));
        }
        if !(self.from <= self.session_from && self.session_from <= self.to) {
            return Some(format!(
                "its times are not in order: from {}, session from {}, to {}",
                self.from, self.session_from, self.to
            ));
        }
        let finer =
            [self.from, self.session_from, self.to].into_iter().find(|time| time.subsec_nanosecond() % 1000 != 0);
        if let Some(time) = finer {
            return Some(format!("the time {time} is finer than a microsecond"));
        }
        if self.markets.len() > usize::from(u16::MAX) || self.sources.len() > usize::from(u16::MAX) {
            return Some("it names more than 65535 markets or sources".to_owned());
        }
        if self.markets.iter().collect::<BTreeSet<_>>().len() != self.markets.len() {
            return Some("it names a market twice".to_owned());
        }
        if self.sources.iter().collect::<BTreeSet<_>>().len() != self.sources.len() {
            return Some("it names a source twice".to_owned());
        }
        if self.streams.len() > 256 {
            return Some("it names more than 256 streams".to_owned());
        }
        let misplaced = self.streams.iter().enumerate().find(|(place, stream)| usize::from(stream.id.0) != *place);
        misplaced.map(|(place, stream)| format!("stream `{}` has id {} in place {place}", stream.name, stream.id))
    }
}
