//! `LocalCache`: what a run keeps on its own machine beside the store, for the hour in which the store is away.

use crate::engine::{OpenTrade, StrikeTable};
use crate::fact::Fact;
use crate::model::Bar;
use crate::past_keeper::PastKeeper;
use crate::price_feed::{FeedAbout, PriceTick, Resolution};
use crate::store::StoreError;
use crate::trade::Order;
use crate::units::{Money, Timestamp};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Keeps the newest of what a run knows on its own machine: recent prices, open trades with the state of their stops, orders under way, strike tables,
/// the balance, and the facts that the store has not taken yet.
///
/// A cache is never the truth. What was ordered stands in the intent journal, what came of it at the exchange, what happened in the store; a cache that
/// is lost or wrong costs comfort (a stop's verification begins anew, prices are read again), never money: it makes no trade, no order and no fill.
///
/// Shared. One writer at a time, and it must be a disk of this machine: a run waits for [`recall`](Self::recall) at its start.
#[async_trait]
pub trait LocalCache: PastKeeper {
    /// Reads what a start takes up.
    ///
    /// # Errors
    /// The cache cannot be read: a run goes on without it.
    ///
    /// # Cancel safety
    /// Nothing is changed.
    async fn recall(&self) -> Result<Remembered, StoreError>;

    /// Keeps all of an update, or nothing, durably before it returns.
    ///
    /// # Errors
    /// It cannot be written now; the same update may be kept again later.
    ///
    /// # Cancel safety
    /// A dropped call is done in full or not at all.
    async fn keep(&self, update: Arc<CacheUpdate>) -> Result<(), StoreError>;

    /// Forgets which fact the store held last: a person says that the store counts as it is now, an older copy that was put back for one. The next
    /// start then fills in what it lacks.
    ///
    /// # Errors
    /// The cache cannot be written.
    ///
    /// # Cancel safety
    /// A dropped call is done or not.
    async fn forget_head(&self) -> Result<(), StoreError>;
}

/// What a cache is given to keep at one moment. Sets (trades, orders) take the place of what was kept before; the rest is added under its key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CacheUpdate {
    /// When it was so.
    pub time: Timestamp,
    /// All open trades.
    pub trades: Vec<OpenTrade>,
    /// All orders that are not final.
    pub orders: Vec<Order>,
    /// Cash at the exchange with the time of the reading, where it was read.
    pub balance: Option<(Money, Timestamp)>,
    /// The newest strike table of each series that has a new one.
    pub tables: Vec<Arc<StrikeTable>>,
    /// The newest price of each feed that has a new one.
    pub ticks: Vec<(FeedAbout, PriceTick)>,
    /// Bars that are over.
    pub bars: Vec<KeptBar>,
    /// The store's last fact that is known by its hash, where one is.
    pub head: Option<StoreHead>,
    /// Facts that wait for the store, each with its place in the line of all that ever waited.
    pub waiting: Vec<(u64, Fact)>,
    /// Facts before this place are in the store and need not be kept.
    pub stored_before: u64,
}

/// A bar with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptBar {
    /// Whose it is.
    pub source: FeedAbout,
    /// How long it is.
    pub resolution: Resolution,
    /// The bar.
    pub bar: Bar,
}

/// A place in the store's chain: whatever store is found later has to have this hash there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreHead {
    /// The fact's sequence.
    pub sequence: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// What a cache holds, but for bars: a start takes up trades, head and waiting facts; the rest is for whoever looks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remembered {
    /// When the cache was last written; `None` for a new one.
    pub written_time: Option<Timestamp>,
    /// The trades that were open then.
    pub trades: Vec<OpenTrade>,
    /// The orders that were not final then.
    pub orders: Vec<Order>,
    /// Cash at the exchange with the time of the reading, where it was read.
    pub balance: Option<(Money, Timestamp)>,
    /// The newest strike table of each series.
    pub tables: Vec<StrikeTable>,
    /// The newest price of each feed.
    pub ticks: Vec<(FeedAbout, PriceTick)>,
    /// The store's last fact that was known then.
    pub head: Option<StoreHead>,
    /// Facts that the store had not taken, in order, each with its place in the line.
    pub waiting: Vec<(u64, Fact)>,
}
