//! Recordings: what an exchange and its price sources sent, in one file, ordered by the exchange's time.
//!
//! # The file
//! All integers are little-endian.
//!
//! | part | bytes |
//! |---|---|
//! | magic | `RECIOREC` |
//! | version | u16, now 1 |
//! | header | u32 length, u32 CRC-32 of the text, then JSON text ([`Header`]), not compressed: `head -c 4000 FILE` shows it |
//! | block, any number | `B`, u32 raw length, u32 packed length, u32 records, u32 CRC-32 (of the three numbers and the packed bytes), then a zstd frame |
//! | trailer | `E`, u64 records, u64 blocks, SHA-256 of every byte before it; then the file ends |
//!
//! A block holds records in `postcard` form, in types of its own (`wire.rs`), so that a change to recio's types cannot change what an old
//! file says. Times are kept as the distance from the record before, markets and sources as places in the header's lists.
//!
//! # Order
//! Records never go back in exchange time, over all streams; the writer refuses one that does, whoever makes a recording merges first.
//! Within a stream they are numbered from 1 without a hole. Records of one time stand in the order in which they are to be played.

mod error;
mod format;
mod header;
pub mod live;
mod reader;
mod record;
mod wire;
mod writer;

pub use error::{RecordingError, RecordingProblem, WriteError};
pub use format::FORMAT_VERSION;
pub use header::{Header, StreamInfo};
pub use reader::{Recording, RecordingReader, Summary};
pub use record::{Boundary, Gap, MarketBody, Outcome, Record, RecordBody, StreamId};
pub use writer::{RecordingWriter, write_file};

#[cfg(test)]
mod tests;
