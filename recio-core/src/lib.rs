//! recio's core: domain types, the traits an embedder implements, the model, the venue and the trading engine.
//!
//! Nothing in here opens a socket, speaks SQL, reads a clock or rolls a die.

pub mod causes;
pub mod command;
#[cfg(feature = "pipeline")]
pub mod contract;
pub mod engine;
pub mod executor;
pub mod fact;
pub mod imported;
pub mod kill_latch;
pub mod kill_point;
pub mod local_cache;
pub mod market;
pub mod market_data;
pub mod model;
pub mod past_keeper;
#[cfg(feature = "pipeline")]
pub mod pipeline;
pub mod planted;
pub mod price_feed;
pub mod read;
pub mod settings;
pub mod store;
pub mod strategies;
pub mod strategy;
pub mod trade;
pub mod units;
pub mod venue;
