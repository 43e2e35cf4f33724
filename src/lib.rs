//! recio trades Kalshi's hourly crypto markets: price feeds and market data in; momentum, volatility and a probability for every strike; a
//! strategy that signals an entry; a trade recorded, an order sent, supervised, settled, and booked to the last micro-dollar.
//!
//! This crate is the door: it re-exports the crates below by feature, and puts whole sessions together.
//!
//! | feature | what | crate |
//! |---|---|---|
//! | (always) | domain types, traits, model, venue, engine | [`core`] |
//! | `pipeline` | the shells that drive the engine | [`pipeline`] |
//! | `kalshi` | the exchange's client | [`kalshi`] |
//! | `feeds` | spot prices of four venues, their median, the basis to the index | [`feeds`] |
//! | `sim` | the simulated exchange, recordings | [`sim`] |
//! | `sqlite` | facts in SQLite or memory | [`store`] |
//! | `archive` | history as Parquet, exports | [`store`] |
//! | `postgres` | facts on PostgreSQL | [`store`] |
//! | `redis` | the bus on Redis; in memory it is always there | [`store::bus`] |
//!
//! The default features are all but the last three; [`session`] and [`demo`] need them all.

pub use recio_core as core;
pub use recio_core::{
    engine, executor, fact, kill_latch, market, market_data, model, price_feed, read, store as store_trait, strategies,
    strategy, trade, units, venue,
};

#[cfg(feature = "pipeline")]
pub use recio_core::pipeline;
#[cfg(feature = "feeds")]
pub use recio_feeds as feeds;
#[cfg(feature = "kalshi")]
pub use recio_kalshi as kalshi;
#[cfg(feature = "sim")]
pub use recio_sim as sim;
#[cfg(any(feature = "archive", feature = "postgres", feature = "redis", feature = "sqlite"))]
pub use recio_store as store;

#[cfg(all(feature = "archive", feature = "sim"))]
pub mod archiving;
#[cfg(all(feature = "feeds", feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod basis;
#[cfg(all(feature = "feeds", feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod doctor;
#[cfg(all(feature = "feeds", feature = "kalshi", feature = "pipeline"))]
pub mod download;
pub mod fingerprint;
pub mod prelude;

#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod account_claim;
#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
mod composition;
#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod demo;
#[cfg(all(feature = "feeds", feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod history_chain;
#[cfg(all(feature = "feeds", feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod live_data;
#[cfg(all(feature = "pipeline", any(feature = "postgres", feature = "sqlite")))]
pub mod observing;
#[cfg(all(feature = "feeds", feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod paper;
#[cfg(all(
    feature = "pipeline",
    any(feature = "archive", feature = "postgres", feature = "redis", feature = "sqlite")
))]
pub mod publishing;
#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod reconcile;
#[cfg(all(feature = "feeds", feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod record;
#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod remembering_feed;
#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod session;
#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod simulation;
#[cfg(feature = "pipeline")]
pub mod snapshots;
#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub mod strikes;

#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
mod sim_clock;
#[cfg(all(feature = "kalshi", feature = "sim", feature = "pipeline"))]
mod sim_conductor;
#[cfg(all(feature = "kalshi", feature = "sim", feature = "pipeline"))]
pub use sim_conductor::SimConductor;

#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
mod sim_link;
#[cfg(all(feature = "pipeline", feature = "kalshi", feature = "sim", feature = "sqlite"))]
pub use sim_link::{SimConnection, SimLink};

/// The README's program is compiled with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
