//! Which record a row is: a new one, one that is there, or one that is there and has changed.
//!
//! Keys: a trade is its market (contract and strike where it has no ticker), outcome, date and time as written at entry, and its ticket id, and
//! where one store has several such rows, which of them it is, by their numbers. A row without a ticket id is the one row of the other store
//! that is alike in all else. A fill is the exchange's id of it (its order, outcome, count and time where it has none); an order the
//! exchange's id; a position its ticker; a settlement ticker and time. What has none of these is its place in its store.

use super::exact::Exact;
use super::tables::{Identity, Measure, month, name};
use recio_core::imported::{ImportSource, Imported, ImportedTable};
use sha2::{Digest, Sha256};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the records of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    records: BTreeMap<String, Entry>,
    /// Records by all but their ticket id.
    alike: BTreeMap<String, Vec<String>>,
    /// How many rows of this identity a source has had so far.
    counts: BTreeMap<(String, String), u32>,
}

/// A record as far as it has to be remembered.
#[derive(Clone, Debug)]
struct Entry {
    version: u32,
    source: ImportSource,
    /// Of all that it says, and of what counts.
    digests: ([u8; 32], [u8; 32]),
    ticket: String,
    month: String,
    amounts: Vec<(Measure, Exact)>,
    /// The sources, by number, that have a row of it.
    claimed: BTreeSet<usize>,
}

/// What a row turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Not there yet: keep this.
    New(Box<Imported>),
    /// There with other values: keep this as its next version.
    Changed(Box<Imported>),
    /// There already.
    Already,
    /// The record of another row of this import, alike in all that counts.
    Merged,
    /// There with other values, which are kept: those of another row of this import, or (then with their amounts) of a better store.
    Differs(Option<Vec<(Measure, Exact)>>),
}

impl Known {
    /// Takes up a record that the store has.
    pub(crate) fn remember(&mut self, record: &Imported) {
        let known = self.records.get(&record.record).is_some_and(|known| known.version >= record.version);
        if !known {
            self.put(record);
        }
    }

    fn put(&mut self, record: &Imported) {
        let (alike, ticket) = split(&record.record);
        let claimed = self.records.get(&record.record).map(|known| known.claimed.clone()).unwrap_or_default();
        let entry = Entry {
            version: record.version,
            source: record.source,
            digests: digests(record),
            ticket: ticket.to_owned(),
            month: month(record.table, &record.columns),
            amounts: Measure::of(record.table).iter().map(|measure| (*measure, measure.stored(record))).collect(),
            claimed,
        };
        if self.records.insert(record.record.clone(), entry).is_none() {
            self.alike.entry(alike.to_owned()).or_default().push(record.record.clone());
        }
    }

    /// Starts with another source.
    pub(crate) fn next_source(&mut self) {
        self.counts.clear();
    }

    /// Finds out which record a row of the source with this number is, and remembers it.
    pub(crate) fn judge(&mut self, source: usize, identity: &Identity, mut record: Imported) -> Verdict {
        let count = self.counts.entry((identity.rest.clone(), identity.ticket.clone())).or_default();
        *count += 1;
        let turn = if identity.repeats { *count } else { 1 };
        let own = format!("{}/{}/{turn}", identity.rest, identity.ticket);
        let key = if self.records.contains_key(&own) { own } else { self.namesake(source, identity).unwrap_or(own) };
        record.record.clone_from(&key);
        let Some(entry) = self.records.get_mut(&key) else {
            record.version = 1;
            self.put(&record);
            self.claim(&key, source);
            return Verdict::New(Box::new(record));
        };
        let first = entry.claimed.is_empty();
        entry.claimed.insert(source);
        let (all, main) = digests(&record);
        // Two stores write the same number in different ways; one store's row that reads differently has changed.
        let same = match record.source.cmp(&entry.source) {
            Ordering::Equal => entry.digests.0 == all,
            Ordering::Greater => entry.digests.1 == main,
            // Its words and its number count, even where it says the same.
            Ordering::Less => false,
        };
        let better = record.source <= entry.source;
        match (same, first) {
            (true, true) => Verdict::Already,
            (true, false) => Verdict::Merged,
            // The better store's word, or the same store's newer one.
            (false, true) if better => {
                record.version = entry.version + 1;
                self.put(&record);
                Verdict::Changed(Box::new(record))
            }
            (false, true) => Verdict::Differs(Some(entry.amounts.clone())),
            (false, false) => Verdict::Differs(None),
        }
    }

    fn claim(&mut self, key: &str, source: usize) {
        if let Some(entry) = self.records.get_mut(key) {
            entry.claimed.insert(source);
        }
    }

    /// The one record that is alike in all but the ticket id, of which one of the two has none, and that this source has no row of yet.
    fn namesake(&self, source: usize, identity: &Identity) -> Option<String> {
        if !identity.repeats {
            return None;
        }
        let fits = |key: &&String| {
            self.records.get(*key).is_some_and(|known| {
                !known.claimed.contains(&source) && known.ticket.is_empty() != identity.ticket.is_empty()
            })
        };
        let mut alike = self.alike.get(&identity.rest)?.iter().filter(fits);
        let one = alike.next()?;
        alike.next().is_none().then(|| one.clone())
    }

    /// Counts and sums by month of the records that there are, and of those among them that no source has (any more).
    pub(crate) fn sums(&self) -> BTreeMap<String, Sums> {
        let mut months: BTreeMap<String, Sums> = BTreeMap::new();
        for entry in self.records.values() {
            let sums = months.entry(entry.month.clone()).or_default();
            sums.count += 1;
            let gone = entry.claimed.is_empty();
            sums.gone_count += u64::from(gone);
            for (measure, amount) in &entry.amounts {
                let (stored, lost) = sums.amounts.entry(*measure).or_default();
                *stored = stored.plus(*amount);
                if gone {
                    *lost = lost.plus(*amount);
                }
            }
        }
        months
    }
}

/// What there is of a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) count: u64,
    pub(crate) gone_count: u64,
    /// All of it, and what no source has any more.
    pub(crate) amounts: BTreeMap<Measure, (Exact, Exact)>,
}

/// Rest and ticket of a record's name.
fn split(record: &str) -> (&str, &str) {
    let mut parts = record.rsplitn(3, '/');
    let _turn = parts.next();
    let ticket = parts.next().unwrap_or("");
    (parts.next().unwrap_or(""), ticket)
}

/// Over all that the record says, and over what counts of it alone. Name, version and source are no part of it, and neither is the number, which
/// each store gives anew.
fn digests(record: &Imported) -> ([u8; 32], [u8; 32]) {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    part(ImportedTable::as_str(record.table));
    part(&record.economics());
    part(record.status.as_deref().unwrap_or(""));
    part(&format!("{:?} {:?} {:?}", record.side, record.time, record.end_time));
    let main = hash.clone().finalize().into();
    for (name, text) in &record.columns {
        if !matches!(name.as_str(), "id" | "created_at" | "updated_at") {
            for text in [name, text] {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
        }
    }
    (hash.finalize().into(), main)
}

/// A ticket id as part of a name: the name's own separator does not occur in it.
pub(crate) fn ticket(text: &str) -> String {
    name(&[&text.replace('/', "\\")])
}
