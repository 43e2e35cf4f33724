//! One writer at a time: a lock on a file beside the store, which the system lets go when the process dies.

use crate::open::OpenError;
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Between two tries to get the lock.
const RETRY: Duration = Duration::from_millis(20);

/// Held as long as it lives. The file stays when it is let go: removing it would race with the next writer.
#[derive(Debug)]
pub(super) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock, trying for `wait`, and writes into it who has it.
    ///
    /// `database` must be free of symbolic links, so that one store has one lock. On network file systems a lock may not reach other hosts.
    pub(super) async fn acquire(database: &Path, holder: &str, wait: Duration) -> Result<Self, OpenError> {
        let path = lock_path(database);
        let broken = |source: std::io::Error| OpenError::NoLockFile { path: path.clone(), source: Box::new(source) };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(broken)?;
        let mut left = wait;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if !left.is_zero() => {
                    tokio::time::sleep(RETRY.min(left)).await;
                    left = left.saturating_sub(RETRY);
                }
                Err(TryLockError::WouldBlock) => {
                    let mut text = String::new();
                    let read = Read::by_ref(&mut file).take(400).read_to_string(&mut text);
                    let holder = match text.trim() {
                        known if read.is_ok() && !known.is_empty() => known.to_owned(),
                        _ => "another process".to_owned(),
                    };
                    return Err(OpenError::Locked { place: database.display().to_string(), holder });
                }
                Err(TryLockError::Error(error)) => return Err(broken(error)),
            }
        }
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{holder}")).map_err(broken)?;
        Ok(Self { _file: file })
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".lock");
    PathBuf::from(name)
}
