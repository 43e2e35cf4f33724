//! Archived facts as one chain: each against its hash and the one before, across parts, days and accounts.

use super::manifest::corrupt;
use super::rows::FactRow;
use super::{Archive, ArchiveError, Kind, Place};
use crate::chain::{GENESIS, next_hash};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// The archived facts of one store.
#[derive(Debug)]
pub struct FactChain {
    /// The store, as its parts name it.
    pub source: String,
    /// How many facts there are.
    pub facts: u64,
    /// The last of them, and its hash: what `recio db verify` says of the store, where all of its facts are archived.
    pub last: Option<(u64, [u8; 32])>,
    /// Facts of the store that are in no part that was looked at: they were not archived, or their part is damaged. Where there are any, the fact after
    /// them cannot be checked against the one before.
    pub missing: Vec<RangeInclusive<u64>>,
    /// What is wrong.
    pub problems: Vec<ArchiveError>,
}

impl Archive {
    /// Checks the facts in these parts, which [`check`](Self::check) found to be sound: that each is what its hash says, that its columns say what it
    /// says, and that it follows the one before, in whatever part that is. Parts of other kinds are passed over.
    ///
    /// Every part is read twice, and forty bytes of each fact are held in memory meanwhile.
    #[must_use]
    pub fn check_facts(&self, parts: &[Place]) -> Vec<FactChain> {
        let mut sources: BTreeMap<&str, Vec<&Place>> = BTreeMap::new();
        for place in parts.iter().filter(|place| place.kind == Kind::Facts) {
            sources.entry(&place.source).or_default().push(place);
        }
        sources.into_iter().map(|(source, parts)| self.chain(source, &parts)).collect()
    }

    fn chain(&self, source: &str, parts: &[&Place]) -> FactChain {
        let (mut hashes, mut doubtful) = (BTreeMap::new(), BTreeSet::new());
        // What cannot be read is met again, and told, when the rows are looked at.
        let _ = self.problems(parts, |row| {
            let hash = row.to_stored()?.hash;
            if hashes.insert(row.sequence, hash).is_some_and(|other| other != hash) {
                doubtful.insert(row.sequence);
            }
            Ok(())
        });
        let problems = self.problems(parts, |row| {
            let (stored, sequence) = (row.to_stored()?, row.sequence);
            if doubtful.contains(&sequence) {
                return Err(format!("fact {sequence} is in two parts, with different hashes"));
            }
            if FactRow::of(&stored).map_err(|error| error.to_string())? != *row {
                return Err(format!("the columns of fact {sequence} do not say what it says"));
            }
            let before = if sequence == 1 { Some(&GENESIS) } else { hashes.get(&sequence.saturating_sub(1)) };
            match before {
                Some(before) if next_hash(before, &row.body) != stored.hash => {
                    Err(format!("fact {sequence} is not what its hash and the fact before say"))
                }
                Some(_) | None => Ok(()),
            }
        });
        let mut missing = Vec::new();
        let mut expected = 1;
        for &sequence in hashes.keys() {
            if sequence > expected {
                missing.push(expected..=sequence - 1);
            }
            expected = sequence + 1;
        }
        let last = hashes.last_key_value().map(|(&sequence, &hash)| (sequence, hash));
        FactChain { source: source.to_owned(), facts: hashes.len() as u64, last, missing, problems }
    }

    /// Looks at every row of the parts; of each part, tells the first thing that is wrong.
    fn problems(&self, parts: &[&Place], mut look: impl FnMut(&FactRow) -> Result<(), String>) -> Vec<ArchiveError> {
        let mut problem = |place: &Place| {
            let looked = self.read::<FactRow>(place).and_then(|mut rows| {
                rows.try_for_each(|row| look(&row?).map_err(|what| corrupt(&place.file(self.folder()), what)))
            });
            looked.err()
        };
        parts.iter().filter_map(|place| problem(place)).collect()
    }
}
