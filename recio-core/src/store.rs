//! `Store`: where facts are kept, and what is read back from them.

use crate::command::CommandQueue;
use crate::fact::Fact;
use crate::past_keeper::PastKeeper;
use crate::read::BoxError;
use crate::settings::SettingsStore;
use crate::trade::{Fill, Intent, OrderStatus, Settlement, Trade};
use crate::units::{ExchangeOrderId, MarketTicker, Money, Position, Quantity, Timestamp};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Keeps facts for ever, and answers questions about them.
///
/// Shared. Facts get a gapless sequence in the order of appending, and each carries the hash of the one before.
#[async_trait]
pub trait Store: Send + Sync {
    /// Appends facts, all or none, durably before it returns. A fact whose key is there already is passed over.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where a key is there with other [economics](Fact::economics); [`StoreError::Unavailable`] where nothing can be written now: the
    /// same facts may be appended again later.
    async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError>;

    /// Reads facts in the order of their sequence, from after `after`, at most `limit`.
    ///
    /// # Errors
    /// The store cannot be read, or holds something that it should not.
    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError>;

    /// Trades in their newest state, newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn trades(&self) -> Result<Vec<Trade>, StoreError>;

    /// Orders in their newest state, newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn orders(&self) -> Result<Vec<OrderRow>, StoreError>;

    /// Fills, newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn fills(&self) -> Result<Vec<Fill>, StoreError>;

    /// Positions that the fills and settlements leave open, by market.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn positions(&self) -> Result<Vec<PositionRow>, StoreError>;

    /// Settlements in their newest version, newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    async fn settlements(&self) -> Result<Vec<Settlement>, StoreError>;

    /// Follows the facts after `after`, which is the sequence of the last one that the caller has; 0 for none.
    ///
    /// The facts that are there come first, a page at a time, then every later one as it is committed, by whichever program. Whoever starts
    /// again follows from the last fact that it took care of.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the store ends before `after`, which happens after a restore from an older backup: what the caller has is
    /// not what the store has. [`StoreError::Unsupported`] from a store that cannot push; [`StoreError::Unavailable`] where it cannot be read.
    async fn changes(&self, after: u64) -> Result<Box<dyn Changes>, StoreError>;

    /// Where everybody who is not the writer asks something of it; `None` where the store keeps no commands.
    fn commands(&self) -> Option<&dyn CommandQueue> {
        None
    }

    /// Where overrides of the settings are kept, which a run goes by as long as it lasts; `None` where the store keeps none, so that the config alone
    /// counts.
    fn settings(&self) -> Option<&dyn SettingsStore> {
        None
    }

    /// Where a run that begins reads what earlier runs saw of prices; `None` where the store keeps none.
    fn past(&self) -> Option<&dyn PastKeeper> {
        None
    }
}

/// Tells that there may be something new to read, in a queue of commands or among the settings.
#[async_trait]
pub trait News: Send {
    /// Waits until something may have changed since the last call. A hint: what is read says what there is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]: the store was closed.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped call loses no hint.
    async fn changed(&mut self) -> Result<(), StoreError>;
}

/// The facts of a store from one sequence on, in order and without a hole, for one follower.
///
/// However far it is behind, a bounded number of facts is held for it. It keeps no store open.
#[async_trait]
pub trait Changes: Send {
    /// Waits for the next fact.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the store cannot be read, or was closed; [`StoreError::Damaged`] where the next fact there is has another
    /// sequence. Nothing was passed over: the next call starts from the same place.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped call loses no fact.
    async fn next(&mut self) -> Result<StoredFact, StoreError>;
}

/// What an append did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// The sequence of the last fact in the store.
    pub last_sequence: u64,
    /// Facts that were not there before.
    pub added: u64,
}

/// A fact with its place in the store.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredFact {
    /// From 1, without a hole.
    pub sequence: u64,
    /// SHA-256 over the fact's canonical bytes and the hash before.
    pub hash: [u8; 32],
    /// The fact.
    pub fact: Fact,
}

/// An order as the facts leave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// What was wanted.
    pub intent: Intent,
    /// Its newest state.
    pub status: OrderStatus,
    /// The exchange's id, once it is known.
    pub exchange_id: Option<ExchangeOrderId>,
    /// Contracts executed.
    pub filled: Quantity,
    /// Why it failed, where it did.
    pub reason: Option<String>,
    /// When the newest state came.
    pub updated_time: Timestamp,
}

/// An open position as the facts leave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionRow {
    /// The market.
    pub market: MarketTicker,
    /// Contracts: YES above zero, NO below.
    pub position: Position,
    /// What they cost, before fees.
    pub cost: Money,
    /// Fees of all fills in the market.
    pub fees: Money,
}

/// What of a store is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DamagedPart {
    /// Facts, or what everything in the store stands on: a copy of the store from before helps.
    Facts,
    /// Tables that are made from facts: they can be made again.
    Tables,
    /// Settings, or the audit log of what people did: a copy of the store from before helps.
    Settings,
}

/// Why the store could not do it, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Not now: try the same again.
    #[error("the store is not available")]
    Unavailable(#[source] BoxError),
    /// A fact is there under the same key with another amount: two writers, or a bug. A person has to look.
    #[error("fact `{key}` is in the store with other amounts")]
    Conflict {
        /// The key.
        key: String,
    },
    /// What was read is not what was written. A person has to look; nothing was skipped.
    #[error("the store is damaged at sequence {sequence}: {what}")]
    Damaged {
        /// Of what, which says what helps.
        part: DamagedPart,
        /// Where; 0 where no fact is to blame.
        sequence: u64,
        /// What is wrong.
        what: String,
    },
    /// The store cannot do it at all: use another one.
    #[error("this store does not {0}")]
    Unsupported(&'static str),
    /// Another writer has taken over: this one can write nothing any more. It must stop.
    #[error("the store is being written by {holder}, who took over: stop")]
    Fenced {
        /// Who has it, as it said itself.
        holder: String,
    },
    /// The store was made by another version of recio.
    #[error("the store has schema version {found}, this recio needs {needed}: {remedy}")]
    WrongVersion {
        /// What it has.
        found: i64,
        /// What is needed.
        needed: i64,
        /// What to do.
        remedy: String,
    },
}
