//! Walks a whole store: is every fact what was written, and do the tables say what the facts say?

use crate::chain::{GENESIS, canonical, next_hash};
use crate::projections::Projections;
use crate::settings::{VerifiedSettings, verify_settings};
use async_trait::async_trait;
use recio_core::fact::Fact;
use recio_core::store::{DamagedPart, Store, StoreError};

/// Facts read at a time. A decision holds all strikes of an event, and makes a row for each.
const PAGE: u32 = 250;
/// How often the walk catches up with a writer before it gives up.
const CATCH_UPS: u32 = 10;

/// What a walk over a sound store found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The sequence of the last fact; 0 for an empty store.
    pub last_sequence: u64,
    /// The hash of the last fact, which stands for all of them: keep it elsewhere, and a store that lost its end shows too.
    pub hash: [u8; 32],
    /// What was found of settings and audit log, where the store keeps them.
    pub settings: Option<VerifiedSettings>,
}

/// Walks the hash chain from the first fact to the last, compares what the store shows with what the facts make, and checks settings and audit log.
///
/// Works on any [`Store`], also while facts are being added. It holds orders, fills, positions, settlements and trades in memory. A
/// database's own `verify` compares every cell of every table besides.
///
/// # Errors
/// [`StoreError::Damaged`] with the first sequence whose fact, number or hash is not what it must be, or with the last one where a table
/// differs from the facts; [`StoreError::Unavailable`] where the store cannot be read, or facts kept coming.
pub async fn verify(store: &dyn Store) -> Result<Verified, StoreError> {
    walk(store, &mut [&mut Shown::new(store)]).await
}

/// Hears all facts of a walk, and says what there is beside them that does not agree.
#[async_trait]
pub(crate) trait Witness: Send {
    /// Hears the next facts, the first of which has this sequence.
    async fn hear(&mut self, first: u64, facts: &[Fact]) -> Result<(), StoreError>;

    /// What does not agree with the facts heard so far. While facts are being added, it may be what the witness has not heard of yet.
    async fn difference(&mut self) -> Result<Option<StoreError>, StoreError>;
}

/// Walks a store before witnesses, those that name a damage best first.
pub(crate) async fn walk(store: &dyn Store, witnesses: &mut [&mut dyn Witness]) -> Result<Verified, StoreError> {
    let mut walk = Walk { last: 0, hash: GENESIS };
    walk.read_to_end(store, witnesses).await?;
    for _ in 0..CATCH_UPS {
        let mut difference = None;
        for witness in &mut *witnesses {
            difference = witness.difference().await?;
            if difference.is_some() {
                break;
            }
        }
        if walk.read_to_end(store, witnesses).await? == 0 {
            return match difference {
                None => {
                    let settings = match store.settings() {
                        Some(settings) => Some(verify_settings(settings).await?),
                        None => None,
                    };
                    Ok(Verified { last_sequence: walk.last, hash: walk.hash, settings })
                }
                Some(difference) => Err(difference),
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
}

impl Walk {
    /// Reads on to the last fact; returns how many there were.
    async fn read_to_end(&mut self, store: &dyn Store, witnesses: &mut [&mut dyn Witness]) -> Result<u64, StoreError> {
        let before = self.last;
        loop {
            let page = store.facts(self.last, PAGE).await?;
            let mut facts: Vec<Fact> = Vec::with_capacity(page.len());
            let first = self.last + 1;
            for stored in page {
                let damaged =
                    |what: String| StoreError::Damaged { part: DamagedPart::Facts, sequence: self.last + 1, what };
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
            for witness in &mut *witnesses {
                witness.hear(first, &facts).await?;
            }
        }
    }
}

/// What the store shows to everybody.
pub(crate) struct Shown<'s> {
    store: &'s dyn Store,
    tables: Projections,
    last: u64,
}

impl<'s> Shown<'s> {
    pub(crate) fn new(store: &'s dyn Store) -> Self {
        Self { store, tables: Projections::default(), last: 0 }
    }
}

#[async_trait]
impl Witness for Shown<'_> {
    async fn hear(&mut self, first: u64, facts: &[Fact]) -> Result<(), StoreError> {
        self.last = first + facts.len() as u64 - 1;
        self.tables.apply(first, facts)
    }

    async fn difference(&mut self) -> Result<Option<StoreError>, StoreError> {
        let (store, tables) = (self.store, &self.tables);
        let table = if store.trades().await? != tables.trades() {
            "trades"
        } else if store.orders().await? != tables.orders() {
            "orders"
        } else if store.fills().await? != tables.fills() {
            "fills"
        } else if store.positions().await? != tables.positions() {
            "positions"
        } else if store.settlements().await? != tables.settlements() {
            "settlements"
        } else {
            return Ok(None);
        };
        let what = format!("the {table} differ from what the facts make");
        Ok(Some(StoreError::Damaged { part: DamagedPart::Tables, sequence: self.last, what }))
    }
}
