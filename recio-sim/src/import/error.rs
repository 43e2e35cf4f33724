//! What can be wrong with the files that a recording is made of.

use crate::recording::WriteError;
use std::path::PathBuf;

/// Why an import failed, by what to do next. Nothing is left behind: the recording is written when everything was read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file of the set is not there: get it.
    #[error("{}: there is no file `{prefix}*.{extension}` or `{prefix}*.{extension}.gz`; name the folder with the whole set", folder.display())]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
        /// How its name begins.
        prefix: &'static str,
        /// How its name ends.
        extension: &'static str,
    },
    /// Several files of the set have this name: leave one.
    #[error("{}: both {first} and {second} begin with `{prefix}`; leave one of them", folder.display())]
    Ambiguous {
        /// Where it was looked for.
        folder: PathBuf,
        /// How their names begin.
        prefix: &'static str,
        /// One of them.
        first: String,
        /// Another.
        second: String,
    },
    /// The operating system would not let us read it.
    #[error("{}: cannot be read; check the path, its rights and that the file is whole", file.display())]
    Read {
        /// The file or folder.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A cell is not what its column holds: mend the file.
    #[error("{}:{line}: column `{column}`: `{text}` {problem}; {remedy}", file.display())]
    Cell {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// What stands there.
        text: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A line does not fit its file or the lines before it: mend the file.
    #[error("{}:{line}: {problem}; {remedy}", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The session cannot be imported: choose another one.
    #[error("{}: session {session} {problem}; {remedy}", file.display())]
    Session {
        /// The file that says so.
        file: PathBuf,
        /// The session.
        session: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The recording could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
