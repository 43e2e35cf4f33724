//! The exchange as a pure function: matching, collateral, fees and settlement over a recorded book.
//!
//! [`Venue`] is behind the simulator, paper trading and backtests alike. Accounts trade with each other and with a recorded book, of which
//! they see what they have not taken already (visible = recorded − taken).

#![deny(clippy::float_arithmetic)]

mod account;
mod amend;
mod audit;
mod collateral;
mod event;
mod groups;
mod life;
mod market_book;
mod matching;
mod order;
mod overlay;
mod placing;
mod reads;
mod recorded;
mod refusal;
mod settling;
mod transfers;
#[expect(clippy::module_inception, reason = "the venue is the main thing of this room")]
mod venue;
mod wallet;

#[cfg(test)]
mod tests;

pub use account::{AccountSettlement, Balance, MarketPosition};
pub use amend::{Amend, Decrease, ExpirationChange};
pub use event::{ChangeOrigin, GroupUpdate, GroupUpdateKind, VenueEvent, VenueEventKind};
pub use groups::OrderGroup;
pub use order::{CanceledOrder, NewOrder, Placed, SelfTradePrevention, UpdateReason, VenueOrder};
pub use reads::{BookLevels, BookView};
pub use refusal::{Refusal, RefusalCode};
pub use transfers::Transfer;
pub use venue::{DuplicateIds, PostOnlyCross, Venue, VenueError, VenueOptions};
pub use wallet::{CRYPTO_SHARD, Subaccount, SubaccountError, Wallet, WalletError};
