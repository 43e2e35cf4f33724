//! From a URL to a store.

use crate::MemoryStore;
use crate::storage::Storage;
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
    #[error("there is no store at {place}: name one that is there, or let `recio run` or `recio demo` make it")]
    Missing {
        /// Where it should be.
        place: String,
    },
    /// Another writer has it: wait until it has ended, or end it.
    #[error("the store {place} is being written by {holder}: end it first, or open the store for reading")]
    Locked {
        /// The store.
        place: String,
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
    /// Nobody answers: start the server, or name the right one. It may pass.
    #[error("no server answers at {place}: is it running, and does it listen there?")]
    NoServer {
        /// The store.
        place: String,
        /// What the system says.
        #[source]
        source: BoxError,
    },
    /// The server is there and says no.
    #[error("the server does not let recio use {place}: {remedy}")]
    Refused {
        /// The store.
        place: String,
        /// What to do, with the command.
        remedy: String,
        /// What the server says.
        #[source]
        source: BoxError,
    },
    /// The store is there, but not as it should be.
    #[error("the store {place} cannot be opened")]
    Store {
        /// The store.
        place: String,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// Opens the store that a URL names: `memory:`, `sqlite://` with a path (`sqlite://recio.db`, `sqlite:///var/lib/recio/recio.db`), or
/// `postgres://USER@HOST/DATABASE`.
///
/// A memory store is new and empty each time, for readers too.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(url: &str, access: Access) -> Result<Box<dyn Store>, OpenError> {
    let store: Box<dyn Store> = open_any(url, access).await?;
    Ok(store)
}

/// The one way from a URL to a store.
pub(crate) async fn open_any(
    url: &str,
    #[cfg_attr(not(any(feature = "sqlite", feature = "postgres")), expect(unused_variables))] access: Access,
) -> Result<Box<dyn Storage>, OpenError> {
    match url.split_once(':') {
        Some(("memory", "")) => Ok(Box::new(MemoryStore::new())),
        #[cfg(feature = "sqlite")]
        Some(("sqlite", _)) => Ok(Box::new(crate::SqliteStore::open(url, access).await?)),
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => Ok(Box::new(crate::PostgresStore::open(url, access).await?)),
        #[cfg(not(feature = "sqlite"))]
        Some(("sqlite", _)) => Err(bad_url(url, "it needs a build of recio with the feature `sqlite`")),
        #[cfg(not(feature = "postgres"))]
        Some(("postgres" | "postgresql", _)) => {
            Err(bad_url(url, "it needs a build of recio with the feature `postgres`"))
        }
        Some(_) | None => Err(bad_url(url, "write memory:, sqlite://PATH or postgres://USER@HOST/DATABASE")),
    }
}

/// The path in a `sqlite://` URL.
#[cfg(feature = "sqlite")]
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

pub(crate) fn bad_url(url: &str, why: &str) -> OpenError {
    OpenError::BadUrl { url: without_password(url), why: why.to_owned() }
}

/// A URL as it may be shown: without user and password, and without its parameters where one may be a password.
#[must_use]
pub fn without_password(url: &str) -> String {
    // A file has none, and its path may hold any character.
    if url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let mut shown = match (url.find("://"), url.rfind('@')) {
        (Some(start), Some(end)) if start + 3 <= end => format!("{}***{}", &url[..start + 3], &url[end..]),
        (Some(_) | None, _) => url.to_owned(),
    };
    if let Some(parameters) = shown.find('?')
        && shown[parameters..].contains("pass")
    {
        shown.replace_range(parameters + 1.., "***");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn no_password_is_shown() {
        assert_eq!(without_password("sqlite://paper/sim@1/recio.db"), "sqlite://paper/sim@1/recio.db");
        assert_eq!(
            without_password("postgres://me:secret@db/recio?sslmode=require"),
            "postgres://***@db/recio?sslmode=require"
        );
        assert_eq!(without_password("postgres://db/recio?user=me&password=secret"), "postgres://db/recio?***");
        assert_eq!(without_password("redis://:secret@host:6379/0"), "redis://***@host:6379/0");
        assert_eq!(without_password("unix:///run/redis.sock?pass=secret"), "unix:///run/redis.sock?***");
    }
}
