//! What a part's manifest says: what the file is, and by which hash it is known.

use super::disk::{digest, write_whole};
use super::error::at;
use super::{ArchiveError, Place};
use recio_core::units::Timestamp;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::Path;

/// The format of manifests that this build writes and reads.
pub const MANIFEST_FORMAT: u32 = 1;
/// Longer than any manifest: bounds what a foreign file can make us read.
const MAX_BYTES: u64 = 1 << 20;

/// What a file of the archive is. Written beside the file, under its name with a `_` before it.
///
/// While a part takes the place of an older one, its manifest is there first and tells of both, so that at every moment the file is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The manifest's format.
    pub format: u32,
    /// What the file holds, and where it belongs.
    pub place: Place,
    /// The program that made it.
    pub made_by: String,
    /// The version of the columns; 0 for a recording, whose own header has one.
    pub schema_version: u32,
    /// The file.
    pub file: Contents,
    /// The file whose place it took.
    pub before: Option<Contents>,
}

/// The contents of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of all its bytes, 64 hex digits.
    pub sha256: String,
    /// Rows in it; records of a recording.
    pub rows: u64,
    /// The time of the earliest.
    pub from: Timestamp,
    /// The time of the latest.
    pub to: Timestamp,
}

/// What is known of a part on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing is there.
    Nothing,
    /// A manifest is there and its file is not: whoever wrote it was interrupted, or the file was lost.
    FileMissing(Manifest),
    /// The file is what the manifest says.
    Whole(Manifest),
    /// The file is the one from before: whoever wrote the manifest was interrupted.
    Before(Contents),
}

impl Manifest {
    /// Reads a manifest; `None` where there is none.
    ///
    /// # Errors
    /// It cannot be read, is of another format, or no manifest of this place.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, ArchiveError> {
        let bytes = match std::fs::metadata(path) {
            Ok(meta) if meta.len() <= MAX_BYTES => std::fs::read(path).map_err(at(path, "read"))?,
            Ok(_) => return Err(corrupt(path, "it is too long for a manifest")),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(path, "read")(error)),
        };
        let unreadable = |error: serde_json::Error| corrupt(path, format!("it is no manifest ({error})"));
        // The format first: another one may have other fields.
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(unreadable)?;
        let format = value.get("format").and_then(serde_json::Value::as_u64);
        match format.and_then(|format| u32::try_from(format).ok()) {
            Some(MANIFEST_FORMAT) => serde_json::from_value(value).map(Some).map_err(unreadable),
            Some(found) => Err(ArchiveError::Version { path: path.to_owned(), found, known: MANIFEST_FORMAT }),
            None => Err(corrupt(path, "it names no format")),
        }
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), ArchiveError> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| corrupt(path, error.to_string()))?;
        text.push(b'\n');
        write_whole(path, &text).map_err(at(path, "written"))
    }
}

/// Looks at a part: reads its manifest, and hashes its file.
///
/// # Errors
/// The file is none that the manifest knows, there is a file without a manifest, or they cannot be read.
pub(super) fn look(archive: &Path, place: &Place) -> Result<Known, ArchiveError> {
    let (path, manifest_path) = (place.file(archive), place.manifest(archive));
    let manifest = Manifest::read(&manifest_path)?;
    let found = match digest(&path) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(at(&path, "read")(error)),
    };
    let manifest = match (manifest, &found) {
        (None, None) => return Ok(Known::Nothing),
        (None, Some(_)) => return Err(corrupt(&path, "it has no manifest")),
        (Some(manifest), _) if manifest.place != *place => {
            return Err(corrupt(&manifest_path, format!("it is the manifest of {}, not of {place}", manifest.place)));
        }
        (Some(manifest), None) => return Ok(Known::FileMissing(manifest)),
        (Some(manifest), Some(_)) => manifest,
    };
    let is = |contents: &Contents| found.as_ref() == Some(&(contents.bytes, contents.sha256.clone()));
    match manifest.before.clone().filter(is) {
        _ if is(&manifest.file) => Ok(Known::Whole(manifest)),
        Some(before) => Ok(Known::Before(before)),
        None => {
            let (bytes, sha256) = found.unwrap_or_default();
            Err(corrupt(
                &path,
                format!(
                    "its {bytes} bytes have the SHA-256 {sha256}, its manifest says {} bytes and {}",
                    manifest.file.bytes, manifest.file.sha256
                ),
            ))
        }
    }
}

pub(super) fn corrupt(path: &Path, what: impl Into<String>) -> ArchiveError {
    ArchiveError::Corrupt { path: path.to_owned(), what: what.into() }
}
