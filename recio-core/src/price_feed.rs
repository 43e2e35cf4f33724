//! `PriceFeed`: where the price of the asset comes from.

use crate::market::Asset;
use crate::model::Bar;
use crate::read::{BoxError, Read};
use crate::units::{AssetPrice, Timestamp};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A source of prices of one asset: an index, or a spot venue.
///
/// Owned by one task. An implementation reconnects by itself and says so with [`PriceEvent::Disconnected`] and [`PriceEvent::Connected`].
#[async_trait]
pub trait PriceFeed: Send {
    /// What the feed's prices are.
    fn about(&self) -> FeedAbout;

    /// Waits for the next event.
    ///
    /// # Errors
    /// [`FeedError::Closed`] when no more will come, [`FeedError::AuthLost`] when a person has to act. What heals by itself is an event.
    ///
    /// # Cancel safety
    /// Must be cancel safe: a dropped future loses no event.
    async fn next(&mut self) -> Result<PriceEvent, FeedError>;

    /// Reads past prices, so that momentum and volatility are there from the start.
    ///
    /// Bars are in the order of time, without those in which nothing was printed.
    ///
    /// # Errors
    /// [`FeedError::NoHistory`] where the source keeps none.
    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError>;

    /// Reads past prices, and says whose they are: the feed's own first, then those of sources that stand in for what it has not.
    ///
    /// Without stand-ins, and unless it is said otherwise, the feed's own [`history`](Self::history). A wrapper that does not pass this on has no
    /// stand-ins; it never takes a stand-in's prices for the feed's own.
    ///
    /// # Errors
    /// Those of `history`, where no source has anything.
    async fn past(&mut self, range: TimeRange, resolution: Resolution) -> Result<Vec<PastPrices>, FeedError> {
        let bars = self.history(range, resolution).await?;
        Ok(vec![PastPrices { source: self.about(), bars }])
    }
}

/// What a feed's prices are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedAbout {
    /// Its name, such as `BRTI` or `coinbase`.
    pub source: String,
    /// The asset.
    pub asset: Asset,
    /// Whether it settles markets.
    pub kind: PriceKind,
}

/// Whether a price is the one that settles markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceKind {
    /// The settlement index itself.
    Index,
    /// A spot price standing in for the index: never good enough to call an outcome sure.
    StandIn,
}

/// What a feed tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceEvent {
    /// A price.
    Tick(PriceTick),
    /// The connection is alive (a ping or a pong). Says nothing about prices.
    Heartbeat,
    /// The source is connected and subscribed.
    Connected,
    /// The source is gone; it is being reconnected. Followed by `Connected` at once where something was missed although the connection goes on.
    Disconnected {
        /// Why.
        reason: String,
    },
}

/// One price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceTick {
    /// Dollars for one unit of the asset.
    pub price: AssetPrice,
    /// When the source says it was so.
    pub exchange_time: Timestamp,
}

/// Past prices of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastPrices {
    /// Whose they are.
    pub source: FeedAbout,
    /// Its bars, in the order of time.
    pub bars: Read<Vec<Bar>>,
}

/// From (included) to (not included).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// The first moment.
    pub from: Timestamp,
    /// The moment after the last.
    pub to: Timestamp,
}

/// How long a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// One second.
    Second,
    /// One minute.
    Minute,
}

/// Why a feed has nothing more, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// No more will come: the source ended, or was stopped.
    #[error("the price feed {source_name} has ended")]
    Closed {
        /// The feed.
        source_name: String,
    },
    /// The source refuses us: a person has to look at the key.
    #[error("the price feed refuses the credentials")]
    AuthLost(#[source] BoxError),
    /// It keeps no history of this kind.
    #[error("the price feed has no history of this resolution")]
    NoHistory,
    /// A read failed; it may be tried again.
    #[error("cannot read the price history")]
    Unreachable(#[source] BoxError),
}

#[async_trait]
impl<F: PriceFeed + ?Sized> PriceFeed for Box<F> {
    fn about(&self) -> FeedAbout {
        (**self).about()
    }
    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        (**self).next().await
    }
    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        (**self).history(range, resolution).await
    }
    async fn past(&mut self, range: TimeRange, resolution: Resolution) -> Result<Vec<PastPrices>, FeedError> {
        (**self).past(range, resolution).await
    }
}
