//! Walks a whole store: is every fact what was written, and do the tables say what the facts say?

use crate::chain::{GENESIS, canonical, next_hash};
use crate::projections::Projections;
use recio_core::fact::Fact;
use recio_core::store::{Store, StoreError};

/// Facts read at a time.
const PAGE: u32 = 1_000;
/// How often the walk catches up with a writer before it gives up.
const CATCH_UPS: u32 = 10;

/// What a walk over a sound store found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The sequence of the last fact; 0 for an empty store.
    pub last_sequence: u64,
    /// The hash of the last fact, which stands for all of them: keep it elsewhere, and a store that lost its end shows too.
    pub hash: [u8; 32],
}

/// Walks the hash chain from the first fact to the last, and compares the tables with what the facts make.
///
/// Works on any [`Store`], also while facts are being added. It holds the tables in memory.
///
/// # Errors
/// [`StoreError::Damaged`] with the first sequence whose fact, number or hash is not what it must be, or with the last one where a table
/// differs from the facts; [`StoreError::Unavailable`] where the store cannot be read, or facts kept coming.
pub async fn verify(store: &dyn Store) -> Result<Verified, StoreError> {
    let mut walk = Walk { last: 0, hash: GENESIS, tables: Projections::default() };
    walk.read_to_end(store).await?;
    for _ in 0..CATCH_UPS {
        let difference = walk.difference(store).await?;
        if walk.read_to_end(store).await? == 0 {
            return match difference {
                None => Ok(Verified { last_sequence: walk.last, hash: walk.hash }),
                Some(table) => Err(StoreError::Damaged {
                    sequence: walk.last,
                    what: format!("the {table} differ from what the facts make: rebuild them"),
                }),
            };
        }
    }
    Err(StoreError::Unavailable(
        "facts kept coming while the store was being verified: stop the writer, or try again".into(),
    ))
}

struct Walk {
    last: u64,
    hash: [u8; 32],
    tables: Projections,
}

impl Walk {
    /// Reads on to the last fact; returns how many there were.
    async fn read_to_end(&mut self, store: &dyn Store) -> Result<u64, StoreError> {
        let before = self.last;
        loop {
            let page = store.facts(self.last, PAGE).await?;
            let mut facts: Vec<Fact> = Vec::with_capacity(page.len());
            let first = self.last + 1;
            for stored in page {
                let damaged = |what: String| StoreError::Damaged { sequence: self.last + 1, what };
                if stored.sequence != self.last + 1 {
                    return Err(damaged(format!("the next fact there is has sequence {}", stored.sequence)));
                }
                if next_hash(&self.hash, &canonical(&stored.fact)?) != stored.hash {
                    return Err(damaged("its hash is not the one of its content and the fact before".to_owned()));
                }
                self.last = stored.sequence;
                self.hash = stored.hash;
                facts.push(stored.fact);
            }
            if facts.is_empty() {
                return Ok(self.last - before);
            }
            self.tables.apply(first, &facts)?;
        }
    }

    /// The first table that is not what the facts make.
    async fn difference(&self, store: &dyn Store) -> Result<Option<&'static str>, StoreError> {
        Ok(if store.trades().await? != self.tables.trades() {
            Some("trades")
        } else if store.orders().await? != self.tables.orders() {
            Some("orders")
        } else if store.fills().await? != self.tables.fills() {
            Some("fills")
        } else if store.positions().await? != self.tables.positions() {
            Some("positions")
        } else if store.settlements().await? != self.tables.settlements() {
            Some("settlements")
        } else {
            None
        })
    }
}
