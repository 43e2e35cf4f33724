//! One store's facts, settings and audit log into another, of the same or of another kind.

use crate::chain::GENESIS;
use crate::settings::copy::{LogTarget, log_of};
use crate::storage::Storage;
use crate::verify::{Verified, verify};
use recio_core::fact::Fact;
use recio_core::store::{Store, StoreError, StoredFact};

/// Facts read and appended at a time.
pub(crate) const PAGE: u32 = 500;

/// What was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Facts that the target did not have.
    pub added: u64,
    /// Facts that it had already, because an earlier copy was broken off.
    pub known: u64,
    /// Entries of the audit log that the target did not have, each with the version of a setting that it tells of.
    pub entries_added: u64,
    /// The sequences and hashes of the last fact and of the last entry of the audit log, the same in both.
    pub verified: Verified,
}

/// Why facts were not copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The source cannot be read, or is damaged.
    #[error("the source cannot be copied from")]
    Source(#[source] StoreError),
    /// The target cannot be written.
    #[error("the target cannot be copied to; what was copied stays, and the same command goes on from there")]
    Target(#[source] StoreError),
    /// The target has facts of its own.
    #[error(
        "fact {sequence} of the target is another one than the source's: it is another account's store, or it went on by \
         itself; name an empty one"
    )]
    OtherFacts {
        /// The first fact that differs.
        sequence: u64,
    },
    /// The target has an audit log of its own.
    #[error(
        "entry {entry} of the target's audit log is another one than the source's: somebody changed settings there; name an empty store"
    )]
    OtherSettings {
        /// The first entry that differs.
        entry: u64,
    },
    /// The target has observations of its own.
    #[error(
        "the target holds {found} observations where the source has {wanted}, or others: name an empty store, or leave observations out"
    )]
    OtherObservations {
        /// How many the source has.
        wanted: u64,
        /// How many the target has.
        found: u64,
    },
    /// What stands in the target at the end is not what stands in the source.
    #[error("the copy differs from its source: {what} {} with hash {} there, {what} {} with hash {} here", .wanted.0, hex::encode(.wanted.1), .found.0, hex::encode(.found.1))]
    Differs {
        /// What differs: `fact`, or `audit entry`.
        what: &'static str,
        /// The source's last sequence and hash.
        wanted: (u64, [u8; 32]),
        /// The target's.
        found: (u64, [u8; 32]),
    },
}

/// Copies all facts, and the audit log with the versions of settings that it tells of, in their order, so that sequences and hashes are the same; the
/// target makes its tables from the facts. Both are verified whole at the end, the target cell by cell. Started again after it was broken off, it goes on
/// where it was. Commands are not copied: who asks for something asks the writer of one store. For observations see
/// [`copy_observations`](crate::copy_observations()).
///
/// # Errors
/// See [`CopyError`]. Nothing is ever overwritten.
///
/// # Cancel safety
/// A dropped copy leaves a whole number of facts.
pub async fn copy(from: &dyn Store, to: &dyn Storage, mut told: impl FnMut(u64)) -> Result<Copied, CopyError> {
    let mut target = Target::new(to);
    loop {
        let page = from.facts(target.last, PAGE).await.map_err(CopyError::Source)?;
        if page.is_empty() {
            break;
        }
        target.take(&page).await?;
        told(target.last);
    }
    if let Some(settings) = from.settings() {
        let mut log = LogTarget::new(log_of(to.settings())?);
        loop {
            let page = settings.audit_log(log.last, PAGE).await.map_err(CopyError::Source)?;
            if page.is_empty() {
                break;
            }
            log.take(&page).await?;
        }
        target.entries_added = log.added;
    }
    let source = verify(from).await.map_err(CopyError::Source)?;
    let entries = source.settings.map_or((0, GENESIS), |settings| (settings.entries, settings.hash));
    target.finish((source.last_sequence, source.hash), entries).await
}

/// A store that is given facts which have their place already.
pub(crate) struct Target<'a> {
    store: &'a dyn Storage,
    pub(crate) last: u64,
    added: u64,
    known: u64,
    pub(crate) entries_added: u64,
}

impl<'a> Target<'a> {
    pub(crate) fn new(store: &'a dyn Storage) -> Self {
        Self { store, last: 0, added: 0, known: 0, entries_added: 0 }
    }

    /// Takes the next facts, or sees that they are there.
    pub(crate) async fn take(&mut self, page: &[StoredFact]) -> Result<(), CopyError> {
        let limit = u32::try_from(page.len()).unwrap_or(u32::MAX);
        let there = self.store.facts(self.last, limit).await.map_err(CopyError::Target)?;
        for (wanted, found) in page.iter().zip(&there) {
            if (wanted.sequence, wanted.hash) != (found.sequence, found.hash) {
                return Err(CopyError::OtherFacts { sequence: found.sequence });
            }
        }
        let missing = page.get(there.len()..).unwrap_or_default();
        let facts: Vec<Fact> = missing.iter().map(|stored| stored.fact.clone()).collect();
        if !facts.is_empty() {
            self.store.append(&facts).await.map_err(CopyError::Target)?;
        }
        self.known += there.len() as u64;
        self.added += facts.len() as u64;
        self.last += page.len() as u64;
        Ok(())
    }

    /// Checks the target whole, and that facts and audit log end where those of the source ended.
    pub(crate) async fn finish(self, facts: (u64, [u8; 32]), entries: (u64, [u8; 32])) -> Result<Copied, CopyError> {
        let verified = self.store.verify().await.map_err(CopyError::Target)?;
        let found = verified.settings.map_or((0, GENESIS), |settings| (settings.entries, settings.hash));
        for (what, wanted, found) in
            [("fact", facts, (verified.last_sequence, verified.hash)), ("audit entry", entries, found)]
        {
            if wanted != found {
                return Err(CopyError::Differs { what, wanted, found });
            }
        }
        Ok(Copied { added: self.added, known: self.known, entries_added: self.entries_added, verified })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use crate::contract::sample;
    use recio_core::units::Money;

    async fn filled(facts: u64) -> MemoryStore {
        let store = MemoryStore::new();
        for number in 0..facts {
            store.append(&[sample::cash_moved(number, Money::dollars(1))]).await.unwrap();
        }
        store
    }

    #[tokio::test]
    async fn a_copy_has_the_same_hash_and_goes_on_where_it_was_broken_off() {
        let from = filled(1_201).await;
        let to = filled(3).await;
        let mut told = Vec::new();
        let copied = copy(&from, &to, |last| told.push(last)).await.unwrap();
        assert_eq!((copied.added, copied.known), (1_198, 3));
        assert_eq!(copied.verified, verify(&from).await.unwrap());
        assert_eq!(told, [500, 1_000, 1_201]);
        let again = copy(&from, &to, |_| {}).await.unwrap();
        assert_eq!((again.added, again.known, again.entries_added), (0, 1_201, 0));
    }

    #[tokio::test]
    async fn settings_and_audit_log_come_along_with_the_same_hash() {
        let (from, to) = (filled(2).await, filled(2).await);
        sample::set(from.settings().unwrap(), 12).await;
        sample::set(to.settings().unwrap(), 5).await;
        let copied = copy(&from, &to, |_| {}).await.unwrap();
        let whole = verify(&from).await.unwrap();
        assert_eq!((copied.verified, copied.verified.settings.unwrap().versions), (whole, 12));
        assert!(copied.entries_added > 7, "{copied:?}");
        let history = async |store: &MemoryStore| {
            let settings = store.settings().unwrap();
            (settings.newest().await.unwrap(), settings.history("risk.max_position", 100).await.unwrap())
        };
        assert_eq!(history(&from).await, history(&to).await);
        // Somebody changes something in the copy: from then on it is a store of its own.
        sample::set(to.settings().unwrap(), 13).await;
        let error = copy(&from, &to, |_| {}).await.unwrap_err();
        assert!(matches!(error, CopyError::Differs { what: "audit entry", .. }), "{error}");
        sample::set(from.settings().unwrap(), 14).await;
        let other = MemoryStore::new();
        other.settings().unwrap().record(&sample::refusal(1)).await.unwrap();
        let error = copy(&from, &other, |_| {}).await.unwrap_err();
        assert!(matches!(error, CopyError::OtherSettings { entry: 1 }), "{error}");
    }

    #[tokio::test]
    async fn a_target_with_facts_of_its_own_is_left_alone() {
        let from = filled(10).await;
        let other = MemoryStore::new();
        other.append(&[sample::cash_moved(0, Money::dollars(1)), sample::alarm(1, "mine")]).await.unwrap();
        let error = copy(&from, &other, |_| {}).await.unwrap_err();
        assert!(matches!(error, CopyError::OtherFacts { sequence: 2 }), "{error}");
        let longer = filled(11).await;
        let error = copy(&from, &longer, |_| {}).await.unwrap_err();
        assert!(matches!(error, CopyError::Differs { what: "fact", wanted: (10, _), found: (11, _) }), "{error}");
        assert_eq!(other.facts(0, 10).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn an_empty_store_is_copied_as_one() {
        let copied = copy(&filled(0).await, &filled(0).await, |_| {}).await.unwrap();
        assert_eq!((copied.added, copied.verified.last_sequence), (0, 0));
    }
}
