//! What PostgreSQL alone does: connections that get lost, writers that take turns, rights, TLS.

mod changes;
mod connections;
mod crash;
mod damage;
mod groups;
mod kills;
mod lease;
mod opening;
mod proxy;
mod rights;
mod servers;
mod tls;

use recio_core::fact::Fact;
use recio_core::units::Money;
use recio_store::contract::sample;
use recio_store::{Access, PostgresOptions, PostgresStore};
use std::time::Duration;

/// Options of a writer with this name, which waits for nobody and looks after nothing by itself: what a test sees comes from its own calls.
fn options(holder: &str) -> PostgresOptions {
    let mut options = PostgresOptions::new(Access::Writer);
    holder.clone_into(&mut options.holder);
    options.lock_wait = Duration::ZERO;
    options.connect_timeout = Duration::from_secs(60);
    options.statement_timeout = Duration::from_secs(60);
    options.lock_timeout = Duration::from_secs(60);
    options.idle_check = Duration::from_secs(3_600);
    options
}

async fn writer(url: &str, holder: &str) -> PostgresStore {
    PostgresStore::open_with(url, options(holder)).await.unwrap()
}

/// Facts that nobody else appends.
fn facts(number: u64) -> Vec<Fact> {
    vec![sample::cash_moved(number, Money::dollars(1)), sample::alarm(number, "x")]
}

/// Waits until something holds, for a minute at most.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1_200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("after a minute it still does not hold that {what}");
}
