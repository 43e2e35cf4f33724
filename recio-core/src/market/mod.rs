//! What is traded: series, events, markets with their strikes and price grids, and what their books and quotes look like.

mod book;
mod discovery;
mod family;
mod grid;
mod lifecycle;
#[expect(clippy::module_inception, reason = "a market is the main thing of this room")]
mod market;
mod quote;
mod sequence;
mod side;
mod strike;
mod ticker;

pub use book::{Book, BookDelta, BookError, BookSnapshot, Levels, Take};
pub use discovery::{DiscoveredEvent, Discovery, Untradable, closes_first};
pub use family::{Asset, Family, UnknownSeries};
pub use grid::{GridError, PriceBand, PriceGrid};
pub use lifecycle::{LifecycleEvent, MarketStatus};
pub use market::{FeeType, Market, MarketResult, Series, StrikeTerms};
pub use quote::{Level, PublicTrade, Quote, TickerUpdate};
pub use sequence::{Sequence, SequenceStep};
pub use side::{Action, BookSide, Side};
pub use strike::{Strike, WinningRange};
pub use ticker::{Closings, EventName, MarketName, StrikePart, TickerError, check_ticker};
