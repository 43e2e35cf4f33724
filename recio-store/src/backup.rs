//! A store's facts, settings and audit log in one file, and a store from that file again.
//!
//! The file is zstd over lines of JSON: a header, one line a fact (sequence, hash, and the fact's canonical form as a text), one line an entry of the
//! audit log in the same manner, which tells of every version of every setting, and an end with the numbers of both. It belongs to no database: a backup
//! of SQLite is restored into PostgreSQL as well. Every line is checked against its hash and the hash before when it is read; a file without its end is
//! no backup. Observations are not in it: the archive keeps those.

use crate::chain::{GENESIS, canonical, next_hash};
use crate::copy::{Copied, CopyError, PAGE, Target};
use crate::settings::copy::{LogTarget, log_of};
use crate::settings::seal;
use crate::storage::Storage;
use recio_core::settings::AuditRecord;
use recio_core::store::{Store, StoreError, StoredFact};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Of this description.
const FORMAT: u32 = 2;
/// zstd's own default: what is gained beyond it is small, and costs much time.
const LEVEL: i32 = 3;

/// What a backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackedUp {
    /// The last fact's sequence, which is the number of facts.
    pub last_sequence: u64,
    /// The last fact's hash.
    pub hash: [u8; 32],
    /// The last entry of the audit log, which is the number of entries.
    pub entries: u64,
    /// That entry's hash.
    pub audit_hash: [u8; 32],
    /// The file's size.
    pub bytes: u64,
}

/// Why a store was not backed up or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The file system said no.
    #[error("cannot {doing} the backup {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is a file of that name already.
    #[error("{} is there already: name another file, or move it away", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file is no backup, or not a whole one.
    #[error("{} is damaged at line {line}: {what}; use another backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// Another recio wrote it.
    #[error("{} has backup format {found}, this recio reads {FORMAT}: restore it with the recio that made it", path.display())]
    WrongFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// The store cannot be read.
    #[error("the store cannot be backed up")]
    Store(#[source] StoreError),
    /// The facts cannot be put into the store.
    #[error(transparent)]
    Copy(#[from] CopyError),
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Backup { format: u32 },
    Fact { sequence: u64, hash: String, body: String },
    Audit { sequence: u64, hash: String, body: String },
    End { facts: u64, entries: u64 },
}

/// Writes all facts that are there when it gets to their end, and then the audit log, into a new file, which appears when it is whole.
///
/// # Errors
/// See [`BackupError`]. A file that is there is never overwritten; what was begun is removed.
///
/// # Cancel safety
/// A dropped backup leaves no file of its name; its temporary file, `NAME.part`, is overwritten by the next.
pub async fn backup(store: &dyn Store, path: &Path, mut told: impl FnMut(u64)) -> Result<BackedUp, BackupError> {
    if path.exists() {
        return Err(BackupError::Exists { path: path.to_owned() });
    }
    let part = part_of(path);
    let io = |doing| {
        let path = path.to_owned();
        move |source| BackupError::Io { path, doing, source }
    };
    let file = File::create(&part).map_err(io("make"))?;
    let mut lines = zstd::Encoder::new(BufWriter::new(file), LEVEL).map_err(io("write"))?;
    let mut write = |line: &Line| -> std::io::Result<()> {
        serde_json::to_writer(&mut lines, line)?;
        lines.write_all(b"\n")
    };
    write(&Line::Backup { format: FORMAT }).map_err(io("write"))?;
    let (mut last, mut hash) = (0, GENESIS);
    loop {
        let page = store.facts(last, PAGE).await.map_err(BackupError::Store)?;
        let Some(newest) = page.last() else { break };
        (last, hash) = (newest.sequence, newest.hash);
        for stored in &page {
            let body = canonical(&stored.fact).map_err(BackupError::Store)?;
            let line = Line::Fact { sequence: stored.sequence, hash: hex::encode(stored.hash), body };
            write(&line).map_err(io("write"))?;
        }
        told(last);
    }
    let (mut entries, mut audit_hash) = (0, GENESIS);
    while let Some(settings) = store.settings() {
        let page = settings.audit_log(entries, PAGE).await.map_err(BackupError::Store)?;
        let Some(newest) = page.last() else { break };
        (entries, audit_hash) = (newest.sequence, newest.hash);
        for record in &page {
            let body = seal::canonical(&record.entry).map_err(BackupError::Store)?;
            let line = Line::Audit { sequence: record.sequence, hash: hex::encode(record.hash), body };
            write(&line).map_err(io("write"))?;
        }
    }
    write(&Line::End { facts: last, entries }).map_err(io("write"))?;
    let mut buffer = lines.finish().map_err(io("write"))?;
    buffer.flush().map_err(io("write"))?;
    buffer.get_ref().sync_all().map_err(io("sync"))?;
    let bytes = buffer.get_ref().metadata().map_err(io("read"))?.len();
    // A link fails where a file of that name has appeared meanwhile; a rename would replace it.
    std::fs::hard_link(&part, path).map_err(io("name"))?;
    std::fs::remove_file(&part).map_err(io("tidy up after"))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("sync the folder of"))?;
    Ok(BackedUp { last_sequence: last, hash, entries, audit_hash, bytes })
}

/// Puts a backup's facts, settings and audit log into a store that is empty, or has the first of them already, and verifies it whole. The whole file is
/// checked before the first fact is written.
///
/// # Errors
/// See [`BackupError`].
///
/// # Cancel safety
/// A dropped restore leaves a whole number of facts; the same one again goes on from there.
pub async fn restore(path: &Path, store: &dyn Storage, mut told: impl FnMut(u64)) -> Result<Copied, BackupError> {
    let whole = Reader::open(path)?.check()?;
    let mut reader = Reader::open(path)?;
    let mut target = Target::new(store);
    let mut log = LogTarget::new(log_of(store.settings())?);
    loop {
        let page = reader.page()?;
        if page.len() == 0 {
            break;
        }
        target.take(&page.facts).await?;
        told(target.last);
        log.take(&page.entries).await?;
    }
    target.entries_added = log.added;
    Ok(target.finish((whole.last_sequence, whole.hash), (whole.entries, whole.audit_hash)).await?)
}

/// Reads a whole backup and says what it holds.
///
/// # Errors
/// The file cannot be read, or is damaged.
pub fn check(path: &Path) -> Result<BackedUp, BackupError> {
    Reader::open(path)?.check()
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// The next lines; none at the end.
#[derive(Default)]
struct Page {
    facts: Vec<StoredFact>,
    /// Of the audit log: they come after the last fact.
    entries: Vec<AuditRecord>,
}

impl Page {
    fn len(&self) -> usize {
        self.facts.len() + self.entries.len()
    }
}

struct Reader {
    path: PathBuf,
    lines: BufReader<zstd::Decoder<'static, BufReader<File>>>,
    line: u64,
    /// The last fact, and its hash.
    fact: (u64, [u8; 32]),
    /// The last entry of the audit log, and its hash.
    entry: (u64, [u8; 32]),
    ended: bool,
}

impl Reader {
    fn open(path: &Path) -> Result<Self, BackupError> {
        let io = |source| BackupError::Io { path: path.to_owned(), doing: "read", source };
        let decoder = zstd::Decoder::new(File::open(path).map_err(io)?).map_err(io)?;
        let (lines, none) = (BufReader::new(decoder), (0, GENESIS));
        let mut reader = Self { path: path.to_owned(), lines, line: 0, fact: none, entry: none, ended: false };
        match reader.next_line()? {
            Line::Backup { format: FORMAT } => Ok(reader),
            Line::Backup { format } => Err(BackupError::WrongFormat { path: reader.path, found: format }),
            Line::Fact { .. } | Line::Audit { .. } | Line::End { .. } => {
                Err(reader.damaged("it does not begin like a backup"))
            }
        }
    }

    fn check(mut self) -> Result<BackedUp, BackupError> {
        while self.page()?.len() > 0 {}
        let bytes = std::fs::metadata(&self.path)
            .map_err(|source| BackupError::Io { path: self.path.clone(), doing: "read", source })?
            .len();
        let ((last_sequence, hash), (entries, audit_hash)) = (self.fact, self.entry);
        Ok(BackedUp { last_sequence, hash, entries, audit_hash, bytes })
    }

    fn page(&mut self) -> Result<Page, BackupError> {
        let mut page = Page::default();
        while !self.ended && page.len() < PAGE as usize {
            match self.next_line()? {
                Line::Fact { .. } if self.entry.0 > 0 => return Err(self.damaged("a fact after the audit log")),
                Line::Fact { sequence, hash, body } => {
                    self.fact = self.follows(self.fact, (sequence, &hash, &body))?;
                    page.facts.push(StoredFact { sequence, hash: self.fact.1, fact: self.read(&body)? });
                }
                Line::Audit { sequence, hash, body } => {
                    self.entry = self.follows(self.entry, (sequence, &hash, &body))?;
                    page.entries.push(AuditRecord { sequence, hash: self.entry.1, entry: self.read(&body)? });
                }
                Line::End { facts, entries } if (facts, entries) == (self.fact.0, self.entry.0) => self.end()?,
                Line::End { facts, entries } => {
                    return Err(self.damaged(&format!("{facts} facts and {entries} audit entries are announced")));
                }
                Line::Backup { .. } => return Err(self.damaged("a second header")),
            }
        }
        Ok(page)
    }

    /// The place of a line that has to come after another one of its kind.
    fn follows(
        &self,
        (last, before): (u64, [u8; 32]),
        (sequence, hash, body): (u64, &str, &str),
    ) -> Result<(u64, [u8; 32]), BackupError> {
        let own = next_hash(&before, body);
        if sequence != last + 1 {
            return Err(self.damaged(&format!("number {sequence} where {} belongs", last + 1)));
        }
        if hex::encode(own) != hash {
            return Err(self.damaged("its hash is not the one of its content and the line before"));
        }
        Ok((sequence, own))
    }

    fn read<T: serde::de::DeserializeOwned>(&self, body: &str) -> Result<T, BackupError> {
        serde_json::from_str(body).map_err(|error| self.damaged(&error.to_string()))
    }

    /// After the end there is nothing; zstd's own checks are done by then.
    fn end(&mut self) -> Result<(), BackupError> {
        self.ended = true;
        let mut rest = String::new();
        match self.lines.read_line(&mut rest) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.damaged("something follows the end")),
            Err(error) => Err(self.damaged(&error.to_string())),
        }
    }

    fn next_line(&mut self) -> Result<Line, BackupError> {
        self.line += 1;
        let mut text = String::new();
        match self.lines.read_line(&mut text) {
            Ok(0) => Err(self.damaged("the file ends before its end is told: it was cut off")),
            Ok(_) => serde_json::from_str(&text).map_err(|error| self.damaged(&error.to_string())),
            Err(error) => Err(self.damaged(&error.to_string())),
        }
    }

    fn damaged(&self, what: &str) -> BackupError {
        BackupError::Damaged { path: self.path.clone(), line: self.line, what: what.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use crate::contract::sample;
    use crate::verify::verify;
    use recio_core::fact::Fact;
    use recio_core::units::Money;

    async fn filled(facts: u64, settings: u64) -> MemoryStore {
        let store = MemoryStore::new();
        let facts: Vec<Fact> = (0..facts).map(|number| sample::cash_moved(number, Money::dollars(1))).collect();
        store.append(&facts).await.unwrap();
        sample::set(store.settings().unwrap(), settings).await;
        store
    }

    #[tokio::test]
    async fn what_is_restored_has_the_hash_of_what_was_backed_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recio.backup");
        let store = filled(1_100, 700).await;
        let made = backup(&store, &path, |_| {}).await.unwrap();
        let whole = verify(&store).await.unwrap();
        assert_eq!((made.last_sequence, made.hash), (1_100, whole.hash));
        let settings = whole.settings.unwrap();
        assert_eq!((made.entries, made.audit_hash), (settings.entries, settings.hash));
        assert_eq!(check(&path).unwrap(), made);
        let error = backup(&store, &path, |_| {}).await.unwrap_err();
        assert!(matches!(error, BackupError::Exists { .. }), "{error}");
        let target = filled(7, 3).await;
        let restored = restore(&path, &target, |_| {}).await.unwrap();
        assert_eq!((restored.added, restored.known, restored.verified), (1_093, 7, whole));
        assert!(restored.entries_added > 700, "every third is refused, which the log keeps: {restored:?}");
        let (there, here) = (store.settings().unwrap(), target.settings().unwrap());
        assert_eq!(there.newest().await.unwrap(), here.newest().await.unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[tokio::test]
    async fn a_backup_that_is_cut_or_changed_anywhere_is_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recio.backup");
        backup(&filled(4, 2).await, &path, |_| {}).await.unwrap();
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(check(&path).is_err(), "cut at byte {at}");
        }
        let text = zstd::decode_all(&whole[..]).unwrap();
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            std::fs::write(&path, zstd::encode_all(&changed[..], LEVEL).unwrap()).unwrap();
            let store = MemoryStore::new();
            let Err(error) = restore(&path, &store, |_| {}).await else { panic!("changed at byte {at}") };
            assert!(error.to_string().contains("recio.backup"), "{error}");
            assert!(store.facts(0, 1).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn an_empty_store_makes_a_backup_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recio.backup");
        assert_eq!(backup(&MemoryStore::new(), &path, |_| {}).await.unwrap().last_sequence, 0);
        assert_eq!(restore(&path, &MemoryStore::new(), |_| {}).await.unwrap().added, 0);
    }
}
