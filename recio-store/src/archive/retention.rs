//! What may go, by rule.

use super::disk::sync_folder;
use super::error::at;
use super::manifest::{Known, look};
use super::{Archive, ArchiveError, Kind, LockedArchive, Place};
use jiff::ToSpan;
use jiff::civil::Date;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// For how many days each kind is kept; `None` is for ever, and so is what holds where nothing is said. Facts have no rule: they are never removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Prices one by one.
    pub ticks_days: Option<u32>,
    /// Prices by the second and the minute.
    pub bars_days: Option<u32>,
    /// Strike tables.
    pub strike_tables_days: Option<u32>,
    /// How services were.
    pub health_days: Option<u32>,
    /// Order books.
    pub books_days: Option<u32>,
    /// Decisions.
    pub decisions_days: Option<u32>,
    /// Recordings.
    pub recordings_days: Option<u32>,
}

/// A part that a rule lets go.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Expired {
    /// Which.
    pub place: Place,
    /// Its length; 0 where its file is gone already.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
}

/// What a look at the rules found.
#[derive(Debug, Default)]
pub struct RetentionPlan {
    /// What may go: known to its manifest, and hashed.
    pub expired: Vec<Expired>,
    /// What is old enough and stays all the same, because it is not what its manifest says.
    pub refused: Vec<(Place, ArchiveError)>,
}

impl Retention {
    /// For how many days a kind is kept; `None` for ever.
    #[must_use]
    pub const fn days(&self, kind: Kind) -> Option<u32> {
        match kind {
            Kind::Ticks => self.ticks_days,
            Kind::Bars => self.bars_days,
            Kind::StrikeTables => self.strike_tables_days,
            Kind::Health => self.health_days,
            Kind::Books => self.books_days,
            Kind::Decisions => self.decisions_days,
            Kind::Recordings => self.recordings_days,
            Kind::Facts => None,
        }
    }

    /// The first day of a kind that stays: with one day kept, on the 22nd the 21st stays and the 20th goes. `None` where all stay.
    #[must_use]
    pub fn first_kept(&self, kind: Kind, today: Date) -> Option<Date> {
        let days = self.days(kind)?;
        // Before the calendar begins there is nothing to remove.
        today.checked_sub(i64::from(days).days()).ok()
    }
}

impl Archive {
    /// Finds what the rules let go on a day, and changes nothing.
    ///
    /// # Errors
    /// The archive cannot be walked.
    pub fn plan(&self, rules: &Retention, today: Date) -> Result<RetentionPlan, ArchiveError> {
        let mut plan = RetentionPlan::default();
        for place in self.parts()? {
            if rules.first_kept(place.kind, today).is_none_or(|first| place.date >= first) {
                continue;
            }
            let (rows, bytes) = match look(self.folder(), &place) {
                Ok(Known::Whole(manifest)) => (manifest.file.rows, manifest.file.bytes),
                Ok(Known::Before(contents)) => (contents.rows, contents.bytes),
                Ok(Known::FileMissing(_)) => (0, 0),
                Ok(Known::Nothing) => continue,
                Err(error) => {
                    plan.refused.push((place, error));
                    continue;
                }
            };
            plan.expired.push(Expired { place, bytes, rows });
        }
        Ok(plan)
    }
}

impl LockedArchive {
    /// Removes what a plan of the same rules finds at this moment: first a part's file, then its manifest, then folders that are empty.
    ///
    /// # Errors
    /// The first file that cannot be removed. What was removed before it is gone; the same call made again removes the rest.
    pub fn retain(&self, rules: &Retention, today: Date) -> Result<RetentionPlan, ArchiveError> {
        let plan = self.archive().plan(rules, today)?;
        for expired in &plan.expired {
            let (file, manifest) =
                (expired.place.file(self.archive().folder()), expired.place.manifest(self.archive().folder()));
            for path in [&file, &manifest] {
                remove(path).map_err(at(path, "removed"))?;
            }
            remove_empty(&file);
        }
        Ok(plan)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes the folders of a day and of a symbol where nothing is left in them. They are no matter: the system refuses the others.
fn remove_empty(file: &Path) {
    for folder in file.ancestors().skip(1).take(2) {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}
