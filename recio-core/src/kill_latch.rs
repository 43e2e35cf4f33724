//! The file kill latch: while the file is there, no order is sent.
//!
//! A file, because it outlives every process and needs none of them: a person with a shell can make it, and a full disk, a dead store or a
//! hung program cannot take it away. The sender looks at it right before every write.

use crate::units::Timestamp;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The latch of one data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillLatch {
    path: PathBuf,
}

/// What making the latch did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engaged {
    /// The file was made.
    Fresh,
    /// It was there already, and is as it was.
    Already,
}

/// Why the latch could not be made, read or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LatchError {
    /// There is no such directory: no recio runs there, so a latch in it would stop nothing.
    #[error("there is no data directory {}: name the config or the data directory of the recio to stop", .0.display())]
    NoDirectory(PathBuf),
    /// The file is there, so nothing is sent; the reason could not be written into it.
    #[error("the kill latch {} holds, but its reason could not be written", path.display())]
    NoNote {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The system refused.
    #[error("the kill latch {} could not be {what}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl KillLatch {
    /// The file's name in the data directory.
    pub const FILE_NAME: &'static str = "KILL";

    /// The latch of a data directory. Looks at nothing yet.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        Self { path: data_dir.join(Self::FILE_NAME) }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether sending is forbidden. Anything but a clear "no such file" counts as yes.
    #[must_use]
    pub fn is_engaged(&self) -> bool {
        match self.path.symlink_metadata() {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    /// Makes the file, with time and reason in it, durably. From the moment it exists it holds, whether the note could be written or not.
    ///
    /// # Errors
    /// See [`LatchError`]; only [`LatchError::NoNote`] leaves the latch engaged.
    pub fn engage(&self, reason: &str, now: Timestamp) -> Result<Engaged, LatchError> {
        let directory = self.path.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !directory.is_dir() {
            return Err(LatchError::NoDirectory(directory.to_owned()));
        }
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Engaged::Already),
            Err(source) => return Err(LatchError::Io { path: self.path.clone(), what: "made", source }),
        };
        let reason: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        file.write_all(format!("time = {now}\nreason = {}\n", reason.trim()).as_bytes())
            .and_then(|()| file.sync_all())
            .and_then(|()| File::open(directory)?.sync_all())
            .map_err(|source| LatchError::NoNote { path: self.path.clone(), source })?;
        Ok(Engaged::Fresh)
    }

    /// What is written in the file; `None` where there is none. May be empty: the file holds all the same.
    ///
    /// # Errors
    /// It is there and cannot be read; it holds all the same.
    pub fn note(&self) -> Result<Option<String>, LatchError> {
        match std::fs::read(&self.path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LatchError::Io { path: self.path.clone(), what: "read", source }),
        }
    }

    /// Removes the file, durably. Says whether there was one. Only a person does this.
    ///
    /// # Errors
    /// The system refused; the latch may hold still.
    pub fn release(&self) -> Result<bool, LatchError> {
        match std::fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(LatchError::Io { path: self.path.clone(), what: "removed", source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_from_engage_to_release() {
        let directory = tempfile::tempdir().unwrap();
        let latch = KillLatch::new(directory.path());
        assert!(!latch.is_engaged());
        assert_eq!(latch.engage("prices look\nwrong", Timestamp::UNIX_EPOCH).unwrap(), Engaged::Fresh);
        assert!(latch.is_engaged());
        assert_eq!(latch.engage("again", Timestamp::UNIX_EPOCH).unwrap(), Engaged::Already);
        assert_eq!(latch.note().unwrap().unwrap(), "time = 1970-01-01T00:00:00Z\nreason = prices look wrong\n");
        assert!(latch.release().unwrap());
        assert!(!latch.release().unwrap());
        assert!(!latch.is_engaged());
    }

    #[test]
    fn an_empty_file_and_what_cannot_be_looked_at_hold() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("KILL"), "").unwrap();
        assert!(KillLatch::new(directory.path()).is_engaged());
        // A file where the directory should be: the look fails with something else than "not found".
        assert!(KillLatch::new(&directory.path().join("KILL")).is_engaged());
    }

    #[test]
    fn a_latch_that_nobody_would_read_is_refused() {
        let latch = KillLatch::new(Path::new("/nowhere/at/all"));
        assert!(matches!(latch.engage("x", Timestamp::UNIX_EPOCH), Err(LatchError::NoDirectory(_))));
    }
}
