//! The intent journal: what recio was about to do, durable before the first byte of it left.
//!
//! One text file, one line a record: eight hex digits of CRC-32, a space, JSON. A person can read it; a flipped bit is found. A record that
//! was cut off at the end of the file was never acted on and is dropped; anything else that does not check out stops the start.

use crate::engine::{JournalRecord, JournaledIntent, Recovered, SubmitOutcome, TradingChange};
use crate::kill_point::{KillPoint, reached_if};
use crate::trade::Intent;
use crate::units::{ClientOrderId, Money, Timestamp};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// One record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalEntry {
    /// The file's first record.
    Format {
        /// Of this description: 1.
        version: u32,
    },
    /// The account's books were opened with this much cash.
    Opened {
        /// Cash at that moment.
        cash: Money,
        /// When.
        time: Timestamp,
    },
    /// An order was wanted, and from this record on it may be on its way.
    Submitting {
        /// The order.
        intent: Box<Intent>,
        /// The strategy's words for it.
        why: String,
        /// The writer's epoch.
        epoch: u64,
    },
    /// A submit came to its end.
    Outcome {
        /// The order.
        client_order_id: ClientOrderId,
        /// How.
        outcome: SubmitOutcome,
    },
    /// An order without an answer was looked up until it was proved that the exchange never had it.
    Absent {
        /// The order.
        client_order_id: ClientOrderId,
    },
    /// What is let through changed: an error or a person closed it, or a person opened it again. The last one counts.
    Trading(TradingChange),
}

impl From<JournalRecord> for JournalEntry {
    fn from(record: JournalRecord) -> Self {
        match record {
            JournalRecord::Opened { cash, time } => Self::Opened { cash, time },
            JournalRecord::Absent { client_order_id } => Self::Absent { client_order_id },
            JournalRecord::Trading(change) => Self::Trading(change),
        }
    }
}

/// Why the journal cannot be used, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file system said no.
    #[error("cannot {doing} the intent journal {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process writes it.
    #[error("the intent journal {} is in use by another recio; stop that one first", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A record is not what was written.
    #[error(
        "line {line} of the intent journal {} is damaged ({what}); restore the file from a backup, or move it away and \
         start with a reconciliation by hand",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// It was written by another version of recio.
    #[error("the intent journal {} has format {found}, this recio reads format {FORMAT}", path.display())]
    WrongFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

const FORMAT: u32 = 1;

/// The open journal, locked for this process.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Where the last whole record ends.
    length: u64,
    /// An append failed and could not be taken back: what the file holds is not known, and nothing more is written.
    broken: bool,
}

impl Journal {
    /// Opens a journal, or begins one, and reads what is in it.
    ///
    /// The second value says how many bytes of a record that was cut off were dropped.
    ///
    /// # Errors
    /// The file cannot be read or written, is in use, is damaged, or has another format.
    pub fn open(path: &Path) -> Result<(Self, Recovered, usize), JournalError> {
        let io = |doing| move |source| JournalError::Io { path: path.to_owned(), doing, source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io("make the folder of"))?;
        }
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(io("open"))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => JournalError::Locked { path: path.to_owned() },
            TryLockError::Error(source) => io("lock")(source),
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io("read"))?;
        let (entries, good) = read_entries(path, &bytes)?;
        let dropped = bytes.len() - good;
        if dropped > 0 {
            file.set_len(good as u64).map_err(io("cut"))?;
            file.sync_data().map_err(io("sync"))?;
        }
        file.seek(SeekFrom::End(0)).map_err(io("read"))?;
        let mut journal = Self { path: path.to_owned(), file, length: good as u64, broken: false };
        if entries.is_empty() {
            journal.append(&[JournalEntry::Format { version: FORMAT }])?;
            journal.sync_folder()?;
        }
        Ok((journal, recover(entries), dropped))
    }

    /// Reads a journal without locking it or changing anything.
    ///
    /// # Errors
    /// As [`Journal::open`], but for the lock.
    pub fn read(path: &Path) -> Result<Recovered, JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), doing: "read", source };
        let bytes = std::fs::read(path).map_err(io)?;
        Ok(recover(read_entries(path, &bytes)?.0))
    }

    /// Appends records, and returns when they are durable. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// The disk said no: nothing that rests on these records may be done. Part of a record that was written is cut off again, so that the
    /// file stays readable; where that does not work either, or a sync failed, nothing more is appended until the journal is opened anew.
    pub fn append(&mut self, entries: &[JournalEntry]) -> Result<(), JournalError> {
        let mut text = String::new();
        for entry in entries {
            let json = serde_json::to_string(entry).map_err(|error| self.io("write", error.into()))?;
            let checksum = crc32fast::hash(json.as_bytes());
            text.push_str(&format!("{checksum:08x} {json}\n"));
        }
        if self.broken {
            return Err(self.io("write", std::io::Error::other("an earlier write failed; start recio again")));
        }
        if let Err(source) = self.file.write_all(text.as_bytes()) {
            let cut = self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            self.broken = cut.is_err();
            return Err(self.io("write", source));
        }
        self.length += text.len() as u64;
        reached_if(KillPoint::K1, || entries.iter().any(|entry| matches!(entry, JournalEntry::Submitting { .. })));
        // After a failed sync nobody knows what is on the disk, and a later one that works proves nothing about it.
        self.file.sync_data().map_err(|source| {
            self.broken = true;
            self.io("sync", source)
        })
    }

    /// The same journal on a disk that takes nothing any more.
    #[cfg(test)]
    pub(super) fn failing(self) -> Self {
        Self { file: File::open(&self.path).unwrap(), ..self }
    }

    /// A new file is only there after a crash if its folder was synced too.
    fn sync_folder(&self) -> Result<(), JournalError> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| self.io("sync the folder of", source))
    }

    fn io(&self, doing: &'static str, source: std::io::Error) -> JournalError {
        JournalError::Io { path: self.path.clone(), doing, source }
    }
}

/// Reads all whole records; the second value is where the last of them ends.
fn read_entries(path: &Path, bytes: &[u8]) -> Result<(Vec<JournalEntry>, usize), JournalError> {
    let mut entries = Vec::new();
    let mut good = 0;
    for (at, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        // Only the last record can have been cut off: it has no end of line, and was never acted on.
        let Some(record) = line.strip_suffix(b"\n") else { break };
        let damaged = |what: String| JournalError::Damaged { path: path.to_owned(), line: at + 1, what };
        let entry = read_entry(record).map_err(damaged)?;
        if let (0, JournalEntry::Format { version }) = (at, &entry)
            && *version != FORMAT
        {
            return Err(JournalError::WrongFormat { path: path.to_owned(), found: *version });
        }
        if at == 0 && !matches!(entry, JournalEntry::Format { .. }) {
            return Err(damaged("the first record names no format".to_owned()));
        }
        entries.push(entry);
        good += line.len();
    }
    Ok((entries, good))
}

fn read_entry(record: &[u8]) -> Result<JournalEntry, String> {
    let text = std::str::from_utf8(record).map_err(|_| "not text".to_owned())?;
    let (checksum, json) = text.split_once(' ').ok_or("no checksum")?;
    let written = u32::from_str_radix(checksum, 16).map_err(|_| "no checksum".to_owned())?;
    if checksum.len() != 8 || crc32fast::hash(json.as_bytes()) != written {
        return Err("the checksum does not fit".to_owned());
    }
    serde_json::from_str(json).map_err(|error| error.to_string())
}

fn recover(entries: Vec<JournalEntry>) -> Recovered {
    let mut recovered = Recovered::default();
    for entry in entries {
        match entry {
            JournalEntry::Format { .. } => {}
            JournalEntry::Opened { cash, time } => {
                recovered.opened.get_or_insert((cash, time));
            }
            JournalEntry::Submitting { intent, why, .. } => {
                recovered.intents.push(JournaledIntent { intent: *intent, why, outcome: None, absent: false });
            }
            JournalEntry::Outcome { client_order_id, outcome } => {
                if let Some(known) = find(&mut recovered.intents, &client_order_id) {
                    known.outcome = Some(outcome);
                }
            }
            JournalEntry::Absent { client_order_id } => {
                if let Some(known) = find(&mut recovered.intents, &client_order_id) {
                    known.absent = true;
                }
            }
            JournalEntry::Trading(change) => recovered.trading = Some(change),
        }
    }
    recovered
}

/// From the end, where the newest are.
fn find<'a>(intents: &'a mut [JournaledIntent], id: &ClientOrderId) -> Option<&'a mut JournaledIntent> {
    intents.iter_mut().rev().find(|known| known.intent.client_order_id == *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened() -> JournalEntry {
        JournalEntry::Opened { cash: Money::dollars(100), time: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn what_was_appended_is_recovered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("intents.journal");
        let (mut journal, recovered, _) = Journal::open(&path).unwrap();
        assert_eq!(recovered, Recovered::default());
        journal.append(&[opened()]).unwrap();
        assert!(matches!(Journal::open(&path), Err(JournalError::Locked { .. })));
        drop(journal);
        let (_journal, recovered, dropped) = Journal::open(&path).unwrap();
        assert_eq!((recovered.opened, dropped), (Some((Money::dollars(100), Timestamp::UNIX_EPOCH)), 0));
    }

    #[test]
    fn a_record_that_was_cut_off_is_dropped_and_the_rest_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("intents.journal");
        let (mut journal, ..) = Journal::open(&path).unwrap();
        journal.append(&[opened()]).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let first_line = whole.iter().position(|&byte| byte == b'\n').unwrap() + 1;
        for cut in first_line..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (_journal, recovered, dropped) = Journal::open(&path).unwrap();
            assert_eq!((recovered.opened, dropped), (None, cut - first_line));
        }
    }

    #[test]
    fn a_write_that_fails_leaves_a_readable_file_and_a_journal_that_writes_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("intents.journal");
        let (mut journal, ..) = Journal::open(&path).unwrap();
        journal.append(&[opened()]).unwrap();
        let writable = journal.file.try_clone().unwrap();
        let mut failing = journal.failing();
        assert!(failing.append(&[opened()]).is_err());
        // A disk that works again proves nothing about what it holds.
        failing.file = writable;
        assert!(failing.append(&[opened()]).is_err());
        assert_eq!(Journal::read(&path).unwrap().opened, Some((Money::dollars(100), Timestamp::UNIX_EPOCH)));
    }

    #[test]
    fn every_flipped_bit_before_the_end_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("intents.journal");
        let (mut journal, ..) = Journal::open(&path).unwrap();
        journal.append(&[opened(), opened()]).unwrap();
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() - 1 {
            let mut broken = whole.clone();
            broken[at] ^= 1;
            std::fs::write(&path, &broken).unwrap();
            assert!(Journal::read(&path).is_err(), "byte {at}");
        }
    }
}
