//! The exchange's rate limits, kept on our side, so that it need not refuse.
//!
//! An account has a bucket of tokens for reads and one for writes (one per shard for orders that name theirs); a call costs what the exchange's
//! list says. A request that finds its bucket empty waits in a bounded queue, in the order of [`Priority`]: cancels and look-ups have a part of
//! each bucket to themselves and never wait behind others. A 429 empties the bucket; reads then pause together, for a random while that
//! doubles with each refusal, and are asked again a few times; a write is never repeated. Source: docs.kalshi.com/getting_started/rate_limits;
//! read 2026-11-22.

mod bucket;
mod charge;
mod costs;
mod gate;
mod transport;

pub use charge::Priority;
pub use transport::{LimitError, Limits, Patience};
