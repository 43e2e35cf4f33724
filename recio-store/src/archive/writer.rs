//! Rows and files on their way into the archive.

use super::disk::{HashedFile, make_folder, put_in_place};
use super::error::{at, of};
use super::manifest::{Contents, Known, MANIFEST_FORMAT, Manifest, look};
use super::rows::Archived;
use super::sheet::{ParquetSheet, Sheet, SheetInfo};
use super::{Archive, ArchiveError, Place};
use jiff::civil::Date;
use recio_core::units::Timestamp;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader};
use std::marker::PhantomData;
use std::path::Path;

/// Symbols and days that are written at once: each has an open file, and a process may often have no more than 1,024.
const MAX_PARTS: usize = 400;
/// Rows that are held in memory over all parts: twice what one part holds, some 100 MB of facts.
const MAX_HELD: usize = 1 << 17;

/// The archive while this process alone may change it.
#[derive(Debug)]
pub struct LockedArchive {
    archive: Archive,
    _lock: File,
}

/// A part that was archived.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Stored {
    /// Which.
    pub place: Place,
    /// What it holds.
    pub contents: Contents,
    /// What became of what was there.
    pub how: StoredHow,
}

/// What archiving a part did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredHow {
    /// There was nothing.
    Added,
    /// It took the place of what was there, and has all of its time.
    Replaced,
    /// The same was there to the byte; it was left.
    Unchanged,
}

impl Archive {
    /// Makes the archive's folder if it is not there, and lets nobody else change it.
    ///
    /// # Errors
    /// [`ArchiveError::Busy`] where another process has it; the folder cannot be made.
    pub fn lock(&self) -> Result<LockedArchive, ArchiveError> {
        make_folder(self.folder()).map_err(at(self.folder(), "made"))?;
        let path = self.folder().join(".lock");
        let open = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let lock = open.map_err(at(&path, "opened"))?;
        match lock.try_lock() {
            Ok(()) => Ok(LockedArchive { archive: self.clone(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(ArchiveError::Busy { path: self.folder().to_owned() }),
            Err(TryLockError::Error(error)) => Err(at(&path, "locked")(error)),
        }
    }
}

impl LockedArchive {
    /// What is locked.
    #[must_use]
    pub const fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Begins to archive rows of one source. They may come in any order, of several symbols and days; nothing of them is seen before
    /// [`RowsWriter::finish`].
    #[must_use]
    pub const fn rows<'a, R: Archived>(&'a self, source: &'a str) -> RowsWriter<'a, R> {
        RowsWriter { archive: &self.archive, source, parts: BTreeMap::new(), rows: PhantomData }
    }

    /// Archives a file as it is, by copying it. `contents` says how many rows it has and of which time.
    ///
    /// # Errors
    /// It cannot be read or written; what is in its place has more in it, or is not what its manifest says.
    pub fn copy(
        &self,
        place: &Place,
        file: &Path,
        rows: u64,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Stored, ArchiveError> {
        place.check()?;
        let folder = place.folder(self.archive.folder());
        make_folder(&folder).map_err(at(&folder, "made"))?;
        let temporary = Temporary::new(place, self.archive.folder());
        let mut original = BufReader::new(File::open(file).map_err(at(file, "read"))?);
        let mut copy = HashedFile::create(&temporary.path).map_err(at(&temporary.path, "written"))?;
        io::copy(&mut original, &mut copy).map_err(at(file, "copied"))?;
        let (bytes, sha256) = copy.close().map_err(at(&temporary.path, "written"))?;
        commit(&self.archive, place, 0, Contents { bytes, sha256, rows, from, to }, &temporary)
    }
}

/// Rows of one kind and one source, on their way into the archive.
pub struct RowsWriter<'a, R> {
    archive: &'a Archive,
    source: &'a str,
    parts: BTreeMap<(String, Date), Part>,
    rows: PhantomData<fn(R)>,
}

struct Part {
    place: Place,
    temporary: Temporary,
    sheet: ParquetSheet<HashedFile>,
    rows: u64,
    from: Timestamp,
    to: Timestamp,
}

impl<R: Archived> RowsWriter<'_, R> {
    /// Takes a row.
    ///
    /// # Errors
    /// It cannot be written. What was taken before is then lost with the writer; the archive is as it was.
    pub fn add(&mut self, row: &R) -> Result<(), ArchiveError> {
        let (time, key) = (row.time(), (row.symbol(), Place::day(row.time())));
        if !self.parts.contains_key(&key) {
            if self.parts.len() == MAX_PARTS {
                return Err(ArchiveError::TooManyParts(MAX_PARTS));
            }
            let part = self.begin(key.clone(), time)?;
            self.parts.insert(key.clone(), part);
        }
        let Some(part) = self.parts.get_mut(&key) else { return Ok(()) };
        part.sheet.row(&row.cells()).map_err(of(&part.temporary.path))?;
        part.rows += 1;
        (part.from, part.to) = (part.from.min(time), part.to.max(time));
        if self.parts.len() > 1 && self.parts.values().map(|part| part.sheet.held_rows()).sum::<usize>() >= MAX_HELD {
            for part in self.parts.values_mut() {
                part.sheet.write_group().map_err(of(&part.temporary.path))?;
            }
        }
        Ok(())
    }

    fn begin(&self, (symbol, date): (String, Date), time: Timestamp) -> Result<Part, ArchiveError> {
        let place = Place { kind: R::KIND, symbol, date, source: self.source.to_owned() };
        place.check()?;
        let folder = place.folder(self.archive.folder());
        make_folder(&folder).map_err(at(&folder, "made"))?;
        let temporary = Temporary::new(&place, self.archive.folder());
        let file = HashedFile::create(&temporary.path).map_err(at(&temporary.path, "written"))?;
        let info = SheetInfo { kind: R::KIND.as_str(), version: R::VERSION };
        let sheet = ParquetSheet::new(file, R::COLUMNS, info).map_err(of(&temporary.path))?;
        Ok(Part { place, temporary, sheet, rows: 0, from: time, to: time })
    }

    /// Puts everything in its place: each part at once, all of them one after the other.
    ///
    /// A part of the same source that is there already is replaced, unless it has more in it.
    ///
    /// # Errors
    /// The first part that cannot be put in its place; those before it are there, those after it are not, and the same call made again brings them.
    pub fn finish(self) -> Result<Vec<Stored>, ArchiveError> {
        let mut stored = Vec::with_capacity(self.parts.len());
        for part in self.parts.into_values() {
            let Part { place, temporary, sheet, rows, from, to } = part;
            let file = sheet.into_inner().map_err(of(&temporary.path))?;
            let (bytes, sha256) = file.close().map_err(at(&temporary.path, "written"))?;
            let contents = Contents { bytes, sha256, rows, from, to };
            stored.push(commit(self.archive, &place, R::VERSION, contents, &temporary)?);
        }
        Ok(stored)
    }
}

impl<R> std::fmt::Debug for RowsWriter<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowsWriter").field("source", &self.source).field("parts", &self.parts.len()).finish()
    }
}

/// Puts a written file in its place. The manifest goes first and names the file that was there too: whenever the machine stops, the file in the
/// place is one that the manifest knows.
fn commit(
    archive: &Archive,
    place: &Place,
    schema_version: u32,
    file: Contents,
    temporary: &Temporary,
) -> Result<Stored, ArchiveError> {
    let path = place.file(archive.folder());
    let known = look(archive.folder(), place)?;
    let interrupted = matches!(known, Known::Before(_));
    let before = match known {
        Known::Nothing | Known::FileMissing(_) => None,
        Known::Whole(manifest) => Some(manifest.file),
        Known::Before(contents) => Some(contents),
    };
    let how = match &before {
        None => StoredHow::Added,
        // A manifest that an interrupted writer left tells of a file that never came: it is written anew.
        Some(before) if *before == file && !interrupted => StoredHow::Unchanged,
        Some(before) => {
            if let Some(what) = lost(before, &file) {
                return Err(ArchiveError::Shrinks { path, what });
            }
            StoredHow::Replaced
        }
    };
    let stored = Stored { place: place.clone(), contents: file.clone(), how };
    if how != StoredHow::Unchanged {
        let made_by = concat!("recio ", env!("CARGO_PKG_VERSION")).to_owned();
        let manifest =
            Manifest { format: MANIFEST_FORMAT, place: place.clone(), made_by, schema_version, file, before };
        manifest.write(&place.manifest(archive.folder()))?;
        put_in_place(&temporary.path, &path).map_err(at(&path, "put in its place"))?;
    }
    Ok(stored)
}

/// What a new part would lose of the one before. A store whose old rows were removed has less of a day than its archive.
fn lost(before: &Contents, new: &Contents) -> Option<String> {
    let fewer = new.rows < before.rows;
    let shorter = new.from > before.from || new.to < before.to;
    (fewer || shorter).then(|| {
        format!(
            "{} rows from {} to {}, in place of {} rows from {} to {}",
            new.rows, new.from, new.to, before.rows, before.from, before.to
        )
    })
}

/// A hidden file that is removed unless it was put in its place.
struct Temporary {
    path: std::path::PathBuf,
}

impl Temporary {
    fn new(place: &Place, archive: &Path) -> Self {
        Self { path: place.temporary(archive) }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Gone already where it was put in its place. What stays behind is hidden, and the next writer of the part begins it anew.
        let _ = fs::remove_file(&self.path);
    }
}
