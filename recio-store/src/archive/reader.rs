//! What is in the archive, and back out of it.

use super::error::{at, of};
use super::manifest::{Contents, Known, Manifest, corrupt, look};
use super::rows::{Archived, read_row};
use super::sheet::{ParquetRows, SheetInfo, read_parquet};
use super::{Archive, ArchiveError, Kind, Place};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// A file of the archive, looked at.
#[derive(Debug)]
pub struct Checked {
    /// The file, or its manifest where the file is not the matter.
    pub path: PathBuf,
    /// What it holds, or what is wrong with it.
    pub found: Result<(Place, Contents), ArchiveError>,
}

impl Archive {
    /// Every part that has a manifest, by kind, symbol, day and source.
    ///
    /// # Errors
    /// A folder or a manifest that cannot be read, or a manifest that lies in another part's place.
    pub fn parts(&self) -> Result<Vec<Place>, ArchiveError> {
        let mut parts = Vec::new();
        for path in self.files()? {
            if is_manifest(&path)
                && let Some(manifest) = Manifest::read(&path)?
            {
                parts.push(self.placed(&path, manifest)?);
            }
        }
        parts.sort();
        Ok(parts)
    }

    /// What a part holds, after its file was hashed; `None` where it is not there.
    ///
    /// What is to be removed elsewhere because it is archived has to be asked for here first.
    ///
    /// # Errors
    /// [`ArchiveError::Corrupt`] where the file is not what its manifest says.
    pub fn contents(&self, place: &Place) -> Result<Option<Contents>, ArchiveError> {
        Ok(match look(self.folder(), place)? {
            Known::Nothing | Known::FileMissing(_) => None,
            Known::Whole(manifest) => Some(manifest.file),
            Known::Before(contents) => Some(contents),
        })
    }

    /// Looks at every file: hashes it, and compares it with its manifest. One that is not sound does not keep the others from being looked at.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn check(&self) -> Result<Vec<Checked>, ArchiveError> {
        let mut checked = Vec::new();
        for path in self.files()? {
            if is_manifest(&path) {
                let read = Manifest::read(&path).and_then(|manifest| {
                    let place = self.placed(&path, manifest.ok_or_else(|| corrupt(&path, "it went away"))?)?;
                    let contents = self
                        .contents(&place)?
                        .ok_or_else(|| corrupt(&place.file(self.folder()), "its manifest is there, and it is not"))?;
                    Ok((place, contents))
                });
                let path = read.as_ref().map_or(path, |(place, _)| place.file(self.folder()));
                checked.push(Checked { path, found: read });
            } else if !has_manifest(&path) {
                let found = Err(corrupt(&path, "it has no manifest"));
                checked.push(Checked { path, found });
            }
        }
        Ok(checked)
    }

    /// Reads a part's rows, in the order in which they were archived. The file is hashed before its first row is given out.
    ///
    /// # Errors
    /// The part is not there, is not what its manifest says, or holds rows of another kind or version.
    pub fn read<R: Archived>(&self, place: &Place) -> Result<Rows<R>, ArchiveError> {
        let path = place.file(self.folder());
        let missing = || at(&path, "found")(ErrorKind::NotFound.into());
        let contents = self.contents(place)?.ok_or_else(missing)?;
        let file = File::open(&path).map_err(at(&path, "read"))?;
        let info = SheetInfo { kind: R::KIND.as_str(), version: R::VERSION };
        let rows = read_parquet(file, R::COLUMNS, info).map_err(of(&path))?;
        Ok(Rows { path, rows, read: 0, expected: contents.rows, kind: PhantomData })
    }

    fn placed(&self, path: &Path, manifest: Manifest) -> Result<Place, ArchiveError> {
        if manifest.place.manifest(self.folder()) == path {
            Ok(manifest.place)
        } else {
            Err(corrupt(path, format!("it is the manifest of {}, and lies in another part's place", manifest.place)))
        }
    }

    /// All files of all kinds, hidden ones aside, in the order of their paths.
    fn files(&self) -> Result<Vec<PathBuf>, ArchiveError> {
        let mut files = Vec::new();
        for kind in Kind::ALL {
            for symbol in entries(&self.folder().join(kind.as_str()))? {
                for date in entries(&symbol)? {
                    files.extend(entries(&date)?);
                }
            }
        }
        Ok(files)
    }
}

/// The rows of a part, in order. Ends with an error where there are not as many as the manifest says.
pub struct Rows<R> {
    path: PathBuf,
    rows: ParquetRows,
    read: u64,
    expected: u64,
    kind: PhantomData<fn() -> R>,
}

impl<R: Archived> Iterator for Rows<R> {
    type Item = Result<R, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.rows.next() {
            Some(Ok(cells)) => {
                self.read += 1;
                Some(read_row(self.read, &cells).map_err(of(&self.path)))
            }
            Some(Err(error)) => Some(Err(of(&self.path)(error))),
            None if self.read < self.expected => {
                let what = format!("it has {} rows, its manifest says {}", self.read, self.expected);
                self.read = self.expected;
                Some(Err(corrupt(&self.path, what)))
            }
            None => None,
        }
    }
}

impl<R> std::fmt::Debug for Rows<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("path", &self.path).field("expected", &self.expected).finish_non_exhaustive()
    }
}

fn is_manifest(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('_') && name.ends_with(".json")
}

fn has_manifest(file: &Path) -> bool {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("_{stem}.json")).exists()
}

/// What is in a folder, hidden entries aside, by name; nothing where there is no folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(at(folder, "read")(error)),
    };
    let mut entries = Vec::new();
    for entry in read {
        let entry = entry.map_err(at(folder, "read"))?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}
