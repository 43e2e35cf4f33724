//! The file of a paper account: written whole or not at all.
//!
//! One line: eight hex digits of CRC-32, a space, JSON. A person can read it; a flipped bit is found.

use crate::units::AccountName;
use crate::venue::Venue;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Of this description.
const FORMAT: u32 = 1;

/// Why a paper account cannot be used, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PaperError {
    /// The file system said no.
    #[error("cannot {doing} the paper account {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process trades on it.
    #[error("the paper account {} is in use by another recio; stop that one first", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is not what was written.
    #[error("the paper account {} is damaged ({what}); restore it from a backup, or begin another account", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// It was written by another version of recio.
    #[error("the paper account {} has format {found}, this recio reads format {FORMAT}; begin another account", path.display())]
    WrongFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// The last attempt to write it failed, a moment ago.
    #[error("the paper account {} could not be written a moment ago, and is tried again", path.display())]
    NotSaved {
        /// The file.
        path: PathBuf,
    },
    /// It is another account's.
    #[error("the paper account {} is of `{found}`, not of `{wanted}`; name another data directory or account", path.display())]
    OtherAccount {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        found: AccountName,
        /// Whose it should be.
        wanted: AccountName,
    },
}

/// What stands in the file.
#[derive(Serialize)]
struct Saved<'a> {
    format: u32,
    simulated: bool,
    account: &'a AccountName,
    venue: &'a Venue,
}

/// What is read before anything else is believed.
#[derive(Deserialize)]
struct Head {
    format: u32,
    account: AccountName,
}

#[derive(Deserialize)]
struct Body {
    venue: Venue,
}

/// A paper account's file, held for this process.
#[derive(Debug)]
pub(super) struct AccountFile {
    path: PathBuf,
    /// Locked as long as it is open.
    _lock: File,
}

impl AccountFile {
    /// Takes the file for this process; it need not be there yet.
    pub(super) fn open(path: &Path) -> Result<Self, PaperError> {
        let io = |doing| move |source| PaperError::Io { path: path.to_owned(), doing, source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io("make the folder of"))?;
        }
        // The account's own file is replaced at every save, so the lock is on one beside it.
        let beside = beside(path, "lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&beside).map_err(io("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(PaperError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(io("lock")(source)),
        }
    }

    /// The venue that was saved last; `None` where nothing was.
    pub(super) fn read(&self, account: &AccountName) -> Result<Option<Venue>, PaperError> {
        let path = || self.path.clone();
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) if source.kind() == std::io::ErrorKind::InvalidData => {
                return Err(PaperError::Damaged { path: path(), what: "it is not text".to_owned() });
            }
            Err(source) => return Err(PaperError::Io { path: path(), doing: "read", source }),
        };
        let damaged = |what: &str| PaperError::Damaged { path: path(), what: what.to_owned() };
        let (sum, json) = text.trim_end_matches('\n').split_once(' ').ok_or_else(|| damaged("it has no checksum"))?;
        if u32::from_str_radix(sum, 16).ok() != Some(crc32fast::hash(json.as_bytes())) {
            return Err(damaged("its checksum is wrong"));
        }
        let head: Head = serde_json::from_str(json).map_err(|error| damaged(&error.to_string()))?;
        if head.format != FORMAT {
            return Err(PaperError::WrongFormat { path: path(), found: head.format });
        }
        if head.account != *account {
            return Err(PaperError::OtherAccount { path: path(), found: head.account, wanted: account.clone() });
        }
        let body: Body = serde_json::from_str(json).map_err(|error| damaged(&error.to_string()))?;
        Ok(Some(body.venue))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file, and waits for the disk.
    pub(super) fn save(&self, account: &AccountName, venue: &Venue) -> Result<(), PaperError> {
        let io = |doing| move |source| PaperError::Io { path: self.path.clone(), doing, source };
        let saved = Saved { format: FORMAT, simulated: true, account, venue };
        let json = serde_json::to_string(&saved).map_err(|error| io("write")(error.into()))?;
        let draft = beside(&self.path, "new");
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&draft)?;
            writeln!(file, "{:08x} {json}", crc32fast::hash(json.as_bytes()))?;
            file.sync_all()?;
            std::fs::rename(&draft, &self.path)?;
            // The rename itself is durable when the folder is.
            match self.path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
                Some(_) | None => Ok(()),
            }
        };
        write().map_err(io("write"))
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}
