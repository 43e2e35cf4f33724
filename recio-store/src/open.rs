//! From a URL to a store.

use crate::{MemoryStore, SqliteStore};
use recio_core::read::BoxError;
use recio_core::store::{Store, StoreError};
use std::path::PathBuf;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To append facts. One writer at a time; makes the store where there is none.
    Writer,
    /// To read alone, also while somebody writes. Makes no store where there is none.
    Reader,
}

/// Why a store was not opened, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL has to be changed.
    #[error("store `{url}` cannot be opened: {why}")]
    BadUrl {
        /// The URL.
        url: String,
        /// What is wrong with it, and what to write instead.
        why: String,
    },
    /// There is nothing to read.
    #[error("there is no store at {}: name the file of one, or let `recio run` or `recio demo` make it", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// Another writer has it: wait until it has ended, or end it.
    #[error("the store {} is being written by {holder}: end it first, or open the store for reading", path.display())]
    Locked {
        /// The store.
        path: PathBuf,
        /// Who has it, as it said itself.
        holder: String,
    },
    /// The lock file beside the store cannot be made: the directory is missing, or may not be written.
    #[error("the lock file {} cannot be used: make its directory, and let recio write in it", path.display())]
    NoLockFile {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: BoxError,
    },
    /// The store is there, but not as it should be.
    #[error("the store {} cannot be opened", path.display())]
    Store {
        /// The store.
        path: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// Opens the store that a URL names: `memory:`, or `sqlite://` with a path (`sqlite://recio.db`, `sqlite:///var/lib/recio/recio.db`).
///
/// A memory store is new and empty each time, for readers too.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(url: &str, access: Access) -> Result<Box<dyn Store>, OpenError> {
    match url.split_once(':') {
        Some(("memory", "")) => Ok(Box::new(MemoryStore::new())),
        Some(("sqlite", _)) => Ok(Box::new(SqliteStore::open(url, access).await?)),
        Some(("postgres" | "postgresql", _)) => {
            Err(bad_url(url, "PostgreSQL comes with the data layer; use sqlite://PATH until then"))
        }
        Some(_) | None => Err(bad_url(url, "write memory: or sqlite://PATH")),
    }
}

/// The path in a `sqlite://` URL.
pub(crate) fn sqlite_path(url: &str) -> Result<PathBuf, OpenError> {
    let path = url.strip_prefix("sqlite://").ok_or_else(|| bad_url(url, "write sqlite://PATH"))?;
    if path.is_empty() || path.ends_with('/') {
        return Err(bad_url(url, "it names no file; write sqlite://PATH"));
    }
    if path.contains(['?', '#']) {
        return Err(bad_url(url, "there are no parameters after the path; write sqlite://PATH"));
    }
    Ok(PathBuf::from(path))
}

/// Keeps what may be a password out of the message.
fn bad_url(url: &str, why: &str) -> OpenError {
    let url = match (url.find("://"), url.rfind('@')) {
        (Some(start), Some(end)) if start + 3 <= end => format!("{}***{}", &url[..start + 3], &url[end..]),
        (Some(_) | None, _) => url.to_owned(),
    };
    OpenError::BadUrl { url, why: why.to_owned() }
}
