//! Makes a recording of one session out of recorded CSV and JSON-lines files.
//!
//! The files, in one folder, plain or gzipped, found by the beginning of their names:
//!
//! | file | what is taken |
//! |---|---|
//! | `kxbtc15m_ws_sessions*.csv` | the session's row: kind and markets |
//! | `kxbtc15m_ws_snapshots*.jsonl` | whole books; NO levels come in NO prices and are turned into YES offers |
//! | `kxbtc15m_ws_deltas*.csv` | changes of the books |
//! | `kxbtc15m_ws_ticker*.csv` | best prices, last price, volume |
//! | `kxbtc15m_markets*.csv` | times, strikes and outcomes |
//! | `btcusd_ticks_coinbase*.csv` | trades, also of the time before the session (the pre-roll) |
//!
//! # Rules
//! - The exchanges' own times (`exch_us`) order everything. The recorder's clock is kept as the time of receipt and is no measure of latency;
//!   only a *difference* between two of its readings is used, for snapshots.
//! - A snapshot was recorded without the exchange's time. It gets that of its neighbor in its subscription (the change numbered one higher, or
//!   else one lower), shifted by the difference of the two receipts, and never beyond either neighbor.
//! - An exchange time that falls within its stream by up to a second is raised to the one before (and counted); more is an error.
//! - The numbers of a subscription begin at 1 with a snapshot and rise by one; a hole is an error, and so is a level below zero.
//! - At equal times: lifecycle, outcome, book, ticker, spot.
//! - Market bodies, lifecycle announcements and the times of determination were not recorded. They are built from the market list and from how
//!   the exchange does it (docs.kalshi.com, market lifecycle, state of October 2026, and recorded settlements): see `lifecycle.rs`.

mod bars;
mod book;
mod error;
mod lifecycle;
mod session;
mod source;
mod spot;
mod ticker;
mod verify;

pub use bars::BarReader;
pub use error::ImportError;
pub use session::{ImportOptions, ImportReport, StreamCount, import};
pub use verify::{BookMatches, VerifyOptions, verify_books};

#[cfg(test)]
mod tests;
