//! Why something could not be recorded.

use crate::recording::{RecordingError, WriteError};
use std::path::PathBuf;

/// Why something could not be recorded, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecorderError {
    /// The system would not let us: check path, rights and space.
    #[error("{}: cannot be {what}; check the path, its rights and free space", file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// Another recorder writes this file: stop that one first.
    #[error("{}: another recorder is writing it; stop that one, or record into another folder", file.display())]
    InUse {
        /// The file.
        file: PathBuf,
    },
    /// No live file, or one of a later recio.
    #[error("{}: {what}", file.display())]
    NotALiveFile {
        /// The file.
        file: PathBuf,
        /// What it is instead.
        what: String,
    },
    /// Something that was heard cannot be written down.
    #[error("{}: what was heard cannot be recorded: {why}", file.display())]
    Refused {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The recording could not be written; the live file is kept.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The recording was written and does not read; the live file is kept.
    #[error(transparent)]
    Read(#[from] RecordingError),
}
