//! What every `Store` has to do, as a suite that any store can be run through.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use recio_core::store::Store;
//! use recio_store::{MemoryStore, contract};
//!
//! contract::run(async || Box::new(MemoryStore::new()) as Box<dyn Store>).await;
//! # }
//! ```

mod facts;
mod reads;
pub mod sample;

use recio_core::fact::Fact;
use recio_core::store::{Appended, Store, StoredFact};

/// Runs a store through everything that recio relies on. `make` gives a new, empty store each time.
///
/// Covered: order and gapless numbers, paging, idempotence, conflicts, scopes, exact return of every kind of fact, the hash chain, dropped
/// and concurrent appends, and the tables of orders, trades, fills, positions and settlements. What a store keeps over the end of a process
/// is its own to test.
///
/// # Panics
/// The store does something else; the message says what.
pub async fn run<M>(make: M)
where
    M: AsyncFn() -> Box<dyn Store>,
{
    facts::an_empty_store_answers(&*make().await).await;
    facts::numbers_follow_the_order_of_appending(&*make().await).await;
    facts::what_is_known_is_passed_over(&*make().await).await;
    facts::other_amounts_under_a_key_conflict(&*make().await).await;
    facts::a_key_counts_within_its_scope(&*make().await).await;
    facts::every_kind_comes_back_exactly(&*make().await).await;
    facts::the_chain_is_the_shared_one(&*make().await).await;
    facts::a_dropped_append_is_all_or_nothing(&*make().await).await;
    facts::concurrent_appends_leave_no_hole(&*make().await).await;
    reads::orders_show_their_newest_state(&*make().await).await;
    reads::trades_show_their_newest_state(&*make().await).await;
    reads::fills_come_newest_first(&*make().await).await;
    reads::positions_net_and_settle(&*make().await).await;
    reads::settlements_show_their_newest_version(&*make().await).await;
}

async fn append(store: &dyn Store, facts: &[Fact]) -> Appended {
    store.append(facts).await.expect("the store takes facts")
}

async fn all(store: &dyn Store) -> Vec<StoredFact> {
    store.facts(0, u32::MAX).await.expect("the store reads its facts")
}
