//! Where a part of the archive lies.

use super::{ArchiveError, Kind};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use recio_core::units::Timestamp;
use std::fmt;
use std::path::{Path, PathBuf};

/// The longest name of a symbol or a source; keeps every file's name within what file systems take.
const MAX_NAME: usize = 60;

/// One part of the archive: what one source had of one symbol on one day.
///
/// It lies at `KIND/symbol=SYMBOL/date=YYYY-MM-DD/SOURCE.parquet`, the layout that DuckDB, pandas and Spark call hive; the folder of a kind is one
/// table to them. What they must not read begins with `_` or `.`, which they leave out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What is kept.
    pub kind: Kind,
    /// Of whom: an asset, a series, a monitor, an account.
    pub symbol: String,
    /// The day, in UTC.
    pub date: Date,
    /// Where it was taken from: a store, or one recording. Two sources of one day are two parts.
    pub source: String,
}

impl Place {
    /// The day of a moment, in UTC.
    #[must_use]
    pub fn day(time: Timestamp) -> Date {
        time.to_zoned(TimeZone::UTC).date()
    }

    /// Whether the names can be those of files.
    pub(super) fn check(&self) -> Result<(), ArchiveError> {
        for name in [&self.symbol, &self.source] {
            let length = encoded(name).len();
            if name.is_empty() || length > MAX_NAME {
                return Err(ArchiveError::Name { name: name.clone(), longest: MAX_NAME });
            }
        }
        Ok(())
    }

    /// The folder, below the archive's.
    pub(super) fn folder(&self, archive: &Path) -> PathBuf {
        archive
            .join(self.kind.as_str())
            .join(format!("symbol={}", encoded(&self.symbol)))
            .join(format!("date={}", self.date))
    }

    /// The file with the rows.
    #[must_use]
    pub fn file(&self, archive: &Path) -> PathBuf {
        self.folder(archive).join(format!("{}.{}", encoded(&self.source), self.kind.extension()))
    }

    /// The file that says what the other one is.
    #[must_use]
    pub fn manifest(&self, archive: &Path) -> PathBuf {
        self.folder(archive).join(format!("_{}.json", encoded(&self.source)))
    }

    /// Where the rows are while they are written.
    pub(super) fn temporary(&self, archive: &Path) -> PathBuf {
        self.folder(archive).join(format!(".{}.{}.tmp", encoded(&self.source), self.kind.extension()))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} on {} from {}", self.kind, self.symbol, self.date, self.source)
    }
}

/// A name as part of a path: whatever is not a letter, a digit, `-`, `_` or an inner `.` is written `%41`, as hive does, so that no name leaves its
/// folder, is hidden, or looks like something else.
fn encoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => text.push(char::from(byte)),
            b'.' | b'_' if at > 0 => text.push(char::from(byte)),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_folder() {
        let place = |symbol: &str| Place {
            kind: Kind::Ticks,
            symbol: symbol.to_owned(),
            date: "2026-11-22".parse().unwrap(),
            source: "a/b".to_owned(),
        };
        let file = |symbol: &str| place(symbol).file(Path::new("/a")).display().to_string();
        assert_eq!(file("BTC"), "/a/ticks/symbol=BTC/date=2026-11-22/a%2Fb.parquet");
        assert_eq!(file("../x=y"), "/a/ticks/symbol=%2E.%2Fx%3Dy/date=2026-11-22/a%2Fb.parquet");
        assert_eq!(file(".."), "/a/ticks/symbol=%2E./date=2026-11-22/a%2Fb.parquet");
        assert_eq!(file("_x"), "/a/ticks/symbol=%5Fx/date=2026-11-22/a%2Fb.parquet");
        assert!(place("").check().is_err());
        assert!(place(&"%".repeat(21)).check().is_err());
        assert!(place(&"a".repeat(60)).check().is_ok());
    }

    #[test]
    fn a_day_ends_at_midnight_utc() {
        let day = |time: &str| Place::day(time.parse().unwrap()).to_string();
        assert_eq!(day("2026-11-22T23:59:59.999999Z"), "2026-11-22");
        assert_eq!(day("2026-11-22T19:00:00-05:00"), "2026-11-23");
    }
}
