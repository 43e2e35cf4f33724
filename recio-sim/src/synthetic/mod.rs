//! A world without a recording: an index that walks by seed, markets that open, close and settle on it by the exchange's own rules, and books
//! around what their contracts are worth.
//!
//! Nothing in it ever happened, and everything says so: title, notes, streams. It is for tests of machinery over many hours: whether books heal,
//! whether orders are lost, whether money adds up. It says nothing about what a strategy would earn: whoever quotes its books knows the price.
//!
//! Records come one by one, second by second; the world remembers its open markets and 60 prints, however long it lasts.
//!
//! ```
//! use recio_sim::exchange::Exchange;
//! use recio_sim::synthetic::{SyntheticOptions, SyntheticWorld};
//!
//! let world = SyntheticWorld::new(SyntheticOptions::new("2026-11-22T14:05:00Z".parse()?, 1, 42))?;
//! let exchange = Exchange::new(world.header(), world.records(), 0)?;
//! assert!(exchange.header().title.contains("SYNTHETIC"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod book;
mod event;
mod options;
mod path;
mod records;
mod world;

pub use options::{MAX_HOURS, SyntheticError, SyntheticOptions};
pub use world::SyntheticWorld;

#[cfg(test)]
mod tests;
