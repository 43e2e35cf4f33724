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

mod changes;
mod commands;
mod facts;
pub mod observations;
mod reads;
pub mod sample;
mod settings;

pub use settings::{Doors, run_settings};

use recio_core::fact::Fact;
use recio_core::store::{Appended, Store, StoredFact};

/// Runs a store through everything that recio relies on. `make` gives a new, empty store each time.
///
/// Covered: order and gapless numbers, paging, idempotence, conflicts, scopes, exact return of every kind of fact, the hash chain, dropped
/// and concurrent appends, the tables of orders, trades, fills, positions and settlements, following the store, and commands where it keeps any. What a store keeps over the
/// end of a process is its own to test.
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
    changes::followers_get_what_is_there_and_what_comes(&*make().await).await;
    changes::facts_that_are_known_are_not_told_again(&*make().await).await;
    changes::a_follower_of_a_busy_store_misses_nothing(&*make().await).await;
    changes::a_dropped_next_loses_nothing(&*make().await).await;
    changes::a_follower_goes_on_where_the_last_one_ended(&*make().await).await;
    changes::a_follower_far_behind_catches_up(&*make().await).await;
    changes::a_follower_ahead_of_the_store_is_refused(&*make().await).await;
    commands::commands_are_taken_in_order_and_answered(&*make().await).await;
    commands::a_key_is_one_command(&*make().await).await;
    commands::what_no_queue_takes_is_refused(&*make().await).await;
    commands::a_command_is_taken_once(&*make().await).await;
    commands::a_command_that_waited_too_long_is_refused(&*make().await).await;
    commands::a_queue_is_bounded(&*make().await).await;
    commands::askers_at_once_get_numbers_of_their_own(&*make().await).await;
    commands::whoever_waits_is_told(&*make().await).await;
    commands::a_dropped_asker_asks_again(&*make().await).await;
}

async fn append(store: &dyn Store, facts: &[Fact]) -> Appended {
    store.append(facts).await.expect("the store takes facts")
}

async fn all(store: &dyn Store) -> Vec<StoredFact> {
    store.facts(0, u32::MAX).await.expect("the store reads its facts")
}
