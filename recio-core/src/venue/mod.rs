//! The exchange as a pure function: matching, collateral, fees and settlement over a recorded book.
//!
//! [`Venue`] is behind the simulator, paper trading and backtests alike. Accounts trade with each other and with a recorded book, of which
//! they see what they have not taken already (visible = recorded − taken).

#![deny(clippy::float_arithmetic)]

mod account;
mod audit;
mod collateral;
mod event;
mod life;
mod market_book;
mod matching;
mod order;
mod overlay;
mod placing;
mod reads;
mod recorded;
mod refusal;
#[expect(clippy::module_inception, reason = "the venue is the main thing of this room")]
mod venue;

#[cfg(test)]
mod tests;

pub use account::{AccountSettlement, Balance, MarketPosition};
pub use event::{ChangeOrigin, VenueEvent, VenueEventKind};
pub use order::{CanceledOrder, NewOrder, Placed, SelfTradePrevention, UpdateReason, VenueOrder};
pub use reads::{BookLevels, BookView};
pub use refusal::{Refusal, RefusalCode};
pub use venue::{DuplicateIds, Venue, VenueError, VenueOptions};
