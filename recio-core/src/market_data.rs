//! `MarketData`: which markets there are, and what their books look like.

use crate::market::{BookDelta, BookSnapshot, LifecycleEvent, Market, PublicTrade, Series, TickerUpdate};
use crate::price_feed::TimeRange;
use crate::read::{BoxError, Read};
use crate::units::{MarketTicker, SeriesTicker, Timestamp};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A source of markets and their books.
///
/// Shared: reads go on while one task waits in [`next`](MarketData::next). An implementation checks sequence numbers, asks for snapshots after
/// a gap, reconnects by itself, and says so with events.
#[async_trait]
pub trait MarketData: Send + Sync {
    /// Reads a series, for its fees.
    ///
    /// # Errors
    /// The read failed.
    async fn series(&self, series: &SeriesTicker) -> Result<Series, MarketDataError>;

    /// Lists the markets of a series that close within a range, whatever their state.
    ///
    /// # Errors
    /// Nothing at all could be read.
    async fn markets(&self, series: &SeriesTicker, closing: TimeRange) -> Result<Read<Vec<Market>>, MarketDataError>;

    /// Follows exactly these markets from now on: each is told of with a snapshot first.
    ///
    /// # Errors
    /// The source is closed. Not being connected is no error: it follows them once it is.
    async fn follow(&self, markets: &[MarketTicker]) -> Result<(), MarketDataError>;

    /// Waits for the next event. Called by one task at a time.
    ///
    /// # Errors
    /// [`MarketDataError::Closed`] when no more will come.
    ///
    /// # Cancel safety
    /// Must be cancel safe: a dropped future loses no event.
    async fn next(&self) -> Result<MarketEvent, MarketDataError>;
}

/// What a source of market data tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketEvent {
    /// All levels of a market's book.
    Snapshot {
        /// The market.
        market: MarketTicker,
        /// The levels.
        book: BookSnapshot,
    },
    /// A change to one level.
    Delta {
        /// The market.
        market: MarketTicker,
        /// The change.
        delta: BookDelta,
        /// When the exchange made it, where the frame says.
        exchange_time: Option<Timestamp>,
    },
    /// These books are not known any more, until their next snapshots.
    Void {
        /// The markets.
        markets: Vec<MarketTicker>,
        /// Why.
        reason: String,
    },
    /// A summary of a market.
    Ticker(TickerUpdate),
    /// A print of a market.
    Trade(PublicTrade),
    /// News of a market's life.
    Lifecycle {
        /// The market.
        market: MarketTicker,
        /// The news.
        event: LifecycleEvent,
    },
    /// Whether the exchange trades, for the shard of the crypto markets.
    Exchange(ExchangeStatus),
    /// The connection is alive (a ping or a pong). Says nothing about books.
    Heartbeat,
    /// Connected and subscribed.
    Connected,
    /// Gone; being reconnected. All books are void.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// A frame that could not be read: it was dropped, and what it may have touched is void.
    Unreadable {
        /// What was wrong with it.
        reason: String,
    },
}

/// Whether orders and cancels are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeStatus {
    /// The exchange accepts cancels.
    pub exchange_active: bool,
    /// It accepts orders as well.
    pub trading_active: bool,
}

/// Why market data could not be had, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MarketDataError {
    /// No more will come.
    #[error("the market data source has ended")]
    Closed,
    /// The exchange knows nothing of it.
    #[error("the exchange does not know {0}")]
    NotFound(String),
    /// Too many requests: wait, then ask again.
    #[error("the exchange asks for fewer requests")]
    RateLimited,
    /// The credentials are refused: a person has to look at the key.
    #[error("the exchange refuses the credentials")]
    AuthLost(#[source] BoxError),
    /// The read failed; it may be tried again.
    #[error("cannot read market data")]
    Unreachable(#[source] BoxError),
    /// The answer was not understood.
    #[error("cannot understand the exchange's answer")]
    Unreadable(#[source] BoxError),
}
