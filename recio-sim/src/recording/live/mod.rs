//! Recording while it happens: a file that only grows, and what makes a [`Recording`](super::Recording) of it.
//!
//! A recording's header names all markets and its last moment, and its records stand in the order of the exchange's time. A recorder knows
//! neither until it ends, and hears things out of order. So it writes a *live file* first: blocks as in a recording, each checksummed by
//! itself, new names told as they come, nothing ever rewritten. [`seal`] sorts it into a recording, which appears under its name in one
//! step, and removes it. The recording's format is the same, version 1, whoever made it.
//!
//! | part of a live file | bytes |
//! |---|---|
//! | magic | `RECIOLIV` |
//! | version | u16, now 1 |
//! | block, any number | as in a recording; its entries are in `postcard` form (`wire.rs`) |
//!
//! A live file without its last entry was *cut off*: the recorder was killed, or the disk was full. It reads up to the last whole block, says
//! so, and is sealed by the next [`Recorder`] in its folder, with a gap marked from its last record on.
//!
//! # Times
//! What carries the exchange's time keeps it; the recorder's clock is the time of receipt. Announcements, snapshots and whether the exchange
//! trades carry none: they have the time of receipt, but never one after the next thing that the same connection told.

mod error;
mod file;
mod known;
mod recorder;
mod seal;
mod tee;
mod wire;

pub use error::RecorderError;
pub use file::{LiveState, LiveSummary, inspect};
pub use recorder::{Recorder, RecorderOptions, RecorderStatus};
pub use seal::{Sealed, seal};
pub use tee::{RecordedFeed, RecordedMarkets, SharedRecorder, WallClock};

use super::StreamId;

/// How the name of a live file ends.
pub const LIVE_EXTENSION: &str = "live";

const SESSION: StreamId = StreamId(0);
const LIFECYCLE: StreamId = StreamId(1);
const OUTCOME: StreamId = StreamId(2);
const BOOK: StreamId = StreamId(3);
const TICKER: StreamId = StreamId(4);
const TRADE: StreamId = StreamId(5);
/// The first price source; the others follow in the order in which they were first heard.
const FIRST_SOURCE: u8 = 6;

#[cfg(test)]
mod tests;
