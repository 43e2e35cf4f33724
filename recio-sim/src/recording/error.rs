//! What can be wrong with a recording, and with writing one.

use std::path::PathBuf;

/// A recording that cannot be read (further): which file, and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", file.display())]
pub struct RecordingError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong.
    #[source]
    pub problem: RecordingProblem,
}

/// What is wrong with a recording, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingProblem {
    /// The operating system would not let us read it: check path, rights and disk.
    #[error("cannot be read at byte {offset}; check the path, its rights and the disk")]
    Read {
        /// Where in the file.
        offset: u64,
        /// What the system says.
        source: std::io::Error,
    },
    /// Some other kind of file: name another one.
    #[error("is not a recio recording: it does not begin with `RECIOREC`; name a file made by `recio data import`")]
    NotARecording,
    /// Made by a later recio: use that one.
    #[error("is a recording of format {found}, this recio reads format {known}; use a newer recio, or import it again")]
    Version {
        /// The file's format.
        found: u16,
        /// The format that this build reads.
        known: u16,
    },
    /// Cut short or changed since it was written: get another copy.
    #[error(
        "is damaged at byte {offset}, after record {record}: {what}; take a fresh copy, or make it again with `recio data import`"
    )]
    Damaged {
        /// Where in the file.
        offset: u64,
        /// How many records were read before.
        record: u64,
        /// What does not fit.
        what: String,
    },
}

/// Why a recording could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The operating system would not let us write it.
    #[error("{}: cannot be written; check the path, its rights and free space", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The header does not describe a recording.
    #[error("the recording's header is not sound: {0}")]
    Header(String),
    /// A record does not belong where it was put.
    #[error("record {record} is refused: {why}")]
    Refused {
        /// Its number over all streams, from 1.
        record: u64,
        /// What is wrong with it, and what would be right.
        why: String,
    },
}
