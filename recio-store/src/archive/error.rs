//! What can be wrong with the archive.

use super::sheet::SheetError;
use recio_core::read::BoxError;
use recio_core::store::StoreError;
use std::io;
use std::path::{Path, PathBuf};

/// Why something was not archived, read or removed, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The operating system would not let us: look at path, rights and free space.
    #[error("{}: cannot be {what}; check the path, its rights and free space", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Somebody else writes in this archive: wait until it is done.
    #[error("the archive {} is being changed by another process: wait until it is done", path.display())]
    Busy {
        /// The archive.
        path: PathBuf,
    },
    /// A name that can be no file's.
    #[error(
        "`{name}` cannot be filed: a name needs 1 to {longest} characters, those of a path that have to be written out counted thrice"
    )]
    Name {
        /// The name.
        name: String,
        /// How long it may be.
        longest: usize,
    },
    /// A file is not what its manifest says: take it from a backup, or archive it again.
    #[error("{}: {what}; put a sound copy in its place, or remove both files and archive the day again", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// A manifest that this recio does not read.
    #[error("{}: its format is {found}, this recio reads {known}: use a newer recio", path.display())]
    Version {
        /// The manifest.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format that this build reads.
        known: u32,
    },
    /// What would take a part's place has less in it: what is there stays.
    #[error("{}: what would take its place has less in it ({what}); it was left as it is", path.display())]
    Shrinks {
        /// The file.
        path: PathBuf,
        /// What would be lost.
        what: String,
    },
    /// More parts would be open at once than is sensible: archive less at a time.
    #[error("more than {0} symbols and days at once: archive a shorter time, or fewer kinds")]
    TooManyParts(usize),
    /// The rows cannot be written or read.
    #[error("{}", path.display())]
    Sheet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: SheetError,
    },
    /// Where the rows come from failed: nothing of it was archived.
    #[error("what is to be archived cannot be read; nothing of it was archived")]
    Source(#[source] BoxError),
    /// The store cannot be read: nothing of it was archived.
    #[error("the store cannot be read; nothing of it was archived")]
    Store(#[from] StoreError),
}

/// Says which file it is.
pub(super) fn at<'a>(path: &'a Path, what: &'static str) -> impl FnOnce(io::Error) -> ArchiveError + 'a {
    move |source| ArchiveError::Io { path: path.to_owned(), what, source }
}

/// Says which file the rows are of.
pub(super) fn of(path: &Path) -> impl FnOnce(SheetError) -> ArchiveError + '_ {
    move |source| ArchiveError::Sheet { path: path.to_owned(), source }
}
