//! One thing that was recorded, with its times.

use recio_core::market::{
    BookSide, Level, LifecycleEvent, Market, MarketResult, MarketStatus, PriceGrid, PublicTrade, StrikeTerms,
    TickerUpdate,
};
use recio_core::market_data::ExchangeStatus;
use recio_core::units::{AssetPrice, EventTicker, MarketTicker, Price, SeriesTicker, Timestamp};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc, time::Duration};

/// One stream of a recording: its place in [`Header::streams`](super::Header::streams).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(pub u8);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One recorded thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When the exchange (or price source) says it happened, to the microsecond. Records are ordered by it.
    pub exchange_time: Timestamp,
    /// When the recorder's clock says it arrived. That clock may be wrong by more than the journey takes: never a measure of latency.
    pub received_time: Option<Timestamp>,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its number within the stream: from 1, without a hole. Not the exchange's own number.
    pub seq: u64,
    /// What was recorded.
    pub body: RecordBody,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordBody {
    /// The recording session begins or ends here.
    Boundary(Boundary),
    /// Something is missing from here on.
    Gap(Gap),
    /// A market exists, and this is what is known of it here. Never says how it ends.
    Market(Box<MarketBody>),
    /// The exchange announced something about a market.
    Lifecycle {
        /// The market.
        market: MarketTicker,
        /// What was announced.
        event: LifecycleEvent,
    },
    /// The outcome with the value behind it. Stands where the market is determined, so that a player that reads in order cannot leak it.
    Outcome(Outcome),
    /// The whole book of a market; both sides in YES prices, best level first.
    BookSnapshot {
        /// The market.
        market: MarketTicker,
        /// Bids for YES, highest price first.
        bids: Vec<Level>,
        /// Offers of YES (bids for NO, turned into YES prices), lowest price first.
        asks: Vec<Level>,
    },
    /// One level of a book changed.
    BookDelta {
        /// The market.
        market: MarketTicker,
        /// The side of the book.
        side: BookSide,
        /// The YES price of the level.
        price: Price,
        /// Hundredths of a contract that came (above zero) or went (below).
        change: i64,
    },
    /// Best prices, last trade and volume of a market. Its own time is the record's.
    Ticker(TickerUpdate),
    /// A trade at a spot venue.
    SpotTrade {
        /// The venue, as the header lists it (`coinbase`).
        source: Arc<str>,
        /// Dollars for one unit of the asset.
        price: AssetPrice,
        /// The venue's number of the trade: without holes where nothing is missing.
        trade_id: Option<u64>,
    },
    /// A print of the settlement index.
    IndexPrint {
        /// The index, as the header lists it (`BRTI`).
        index: Arc<str>,
        /// Its value.
        price: AssetPrice,
    },
    /// A print of a market. Its own time is the record's.
    Trade(PublicTrade),
    /// Whether the exchange trades, from here on.
    Exchange(ExchangeStatus),
}

/// Where in the session a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// The first record: from here on prices are there, books not yet.
    PreRollBegins,
    /// From here on everything is there that the header does not call missing.
    SessionBegins,
    /// The last moment of the recording.
    SessionEnds,
}

/// A stretch of time for which something is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// The stream with the hole.
    pub stream: StreamId,
    /// The market, where the hole concerns one only.
    pub market: Option<MarketTicker>,
    /// The last moment at which the stream is known to be whole.
    pub from: Timestamp,
    /// The first moment at which it is whole again. May lie after the recording's end.
    pub to: Timestamp,
    /// What is missing, and why.
    pub why: String,
}

/// A market as it is known while it trades: [`Market`] without the outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketBody {
    /// The exchange's name for it.
    pub ticker: MarketTicker,
    /// The event it is a strike of.
    pub event: EventTicker,
    /// The series the event belongs to.
    pub series: SeriesTicker,
    /// Which settlement values pay YES, as far as it is known at the record's time.
    pub strike: StrikeTerms,
    /// When the exchange made it.
    pub created_time: Timestamp,
    /// When trading begins.
    pub open_time: Timestamp,
    /// When trading ends.
    pub close_time: Timestamp,
    /// The prices at which orders may lie.
    pub grid: PriceGrid,
    /// The exchange's shard that it trades on.
    pub exchange_index: u16,
    /// How long after determination it is paid.
    pub settlement_timer: Duration,
}

impl MarketBody {
    /// The market in core's form, with a status that its times do not tell, and without an outcome.
    #[must_use]
    pub fn to_market(&self, status: MarketStatus) -> Market {
        Market {
            ticker: self.ticker.clone(),
            event: self.event.clone(),
            series: self.series.clone(),
            strike: self.strike.clone(),
            open_time: self.open_time,
            close_time: self.close_time,
            status,
            grid: self.grid.clone(),
            exchange_index: self.exchange_index,
            settlement_timer: self.settlement_timer,
            result: None,
            expiration_value: None,
        }
    }
}

/// How a market ended, with the index value that decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The market.
    pub market: MarketTicker,
    /// The outcome.
    pub result: MarketResult,
    /// The index value that decided it.
    pub expiration_value: AssetPrice,
}
