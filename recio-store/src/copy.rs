//! One store's facts into another, of the same or of another kind.

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
    /// The sequence and the hash of the last fact, the same in both.
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
    /// What stands in the target at the end is not what stands in the source.
    #[error("the copy differs from its source: fact {} with hash {} there, fact {} with hash {} here", .wanted.0, hex::encode(.wanted.1), .found.0, hex::encode(.found.1))]
    Differs {
        /// The source's last sequence and hash.
        wanted: (u64, [u8; 32]),
        /// The target's.
        found: (u64, [u8; 32]),
    },
}

/// Copies all facts, in their order, so that sequences and hashes are the same; the target makes its tables from them. Both are verified whole
/// at the end. Started again after it was broken off, it goes on where it was.
///
/// # Errors
/// See [`CopyError`]. Nothing is ever overwritten.
///
/// # Cancel safety
/// A dropped copy leaves a whole number of facts.
pub async fn copy(from: &dyn Store, to: &dyn Store, mut told: impl FnMut(u64)) -> Result<Copied, CopyError> {
    let mut target = Target::new(to);
    loop {
        let page = from.facts(target.last, PAGE).await.map_err(CopyError::Source)?;
        if page.is_empty() {
            break;
        }
        target.take(&page).await?;
        told(target.last);
    }
    let source = verify(from).await.map_err(CopyError::Source)?;
    target.finish(source.last_sequence, source.hash).await
}

/// A store that is given facts which have their place already.
pub(crate) struct Target<'a> {
    store: &'a dyn Store,
    pub(crate) last: u64,
    added: u64,
    known: u64,
}

impl<'a> Target<'a> {
    pub(crate) fn new(store: &'a dyn Store) -> Self {
        Self { store, last: 0, added: 0, known: 0 }
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

    /// Checks that the target ends where the source ended.
    pub(crate) async fn finish(self, last_sequence: u64, hash: [u8; 32]) -> Result<Copied, CopyError> {
        let verified = verify(self.store).await.map_err(CopyError::Target)?;
        if (verified.last_sequence, verified.hash) != (last_sequence, hash) {
            let found = (verified.last_sequence, verified.hash);
            return Err(CopyError::Differs { wanted: (last_sequence, hash), found });
        }
        Ok(Copied { added: self.added, known: self.known, verified })
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
        assert_eq!((again.added, again.known), (0, 1_201));
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
        assert!(matches!(error, CopyError::Differs { wanted: (10, _), found: (11, _) }), "{error}");
        assert_eq!(other.facts(0, 10).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn an_empty_store_is_copied_as_one() {
        let copied = copy(&filled(0).await, &filled(0).await, |_| {}).await.unwrap();
        assert_eq!((copied.added, copied.verified.last_sequence), (0, 0));
    }
}
