//! What the tests share: folders, the bundled recording whole and cut short, errors with all their causes.

mod cut;
mod venues;

pub(crate) use cut::short_recording;
pub(crate) use venues::{feeds_of, trading_the_index};

use recio_core::causes::in_full;
use std::error::Error;
use std::path::{Path, PathBuf};

pub(crate) fn tempdir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The recording that comes with recio, written into a folder.
pub(crate) fn bundled_recording(dir: &Path) -> PathBuf {
    recio::demo::write_recording(dir).unwrap()
}

/// That an error says all of this.
#[track_caller]
pub(crate) fn assert_says(error: &dyn Error, words: &[&str]) {
    let text = in_full(error);
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}
