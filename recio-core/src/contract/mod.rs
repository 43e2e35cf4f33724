//! What every implementation of a trait has to do, as suites that any implementation can be run through: ours, and an embedder's.

pub mod price_feed;
