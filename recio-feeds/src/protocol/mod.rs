//! What the venues send: one module each, pure, from the bytes of a frame or body to trades and bars.
//!
//! Numbers are read as decimal text, never as floats: what lies beyond cents is rounded half up, exponents and NaN are refused, and so is a price
//! outside of what its asset can be worth ([`plausible`]). An unknown kind of message is [`Message::Other`]; a known kind that lacks a field or holds a
//! broken one is an error.

pub mod bitstamp;
pub mod coinbase;
pub mod gemini;
pub mod kraken;
mod read;

use crate::venue::Venue;
use read::clip;
pub use read::plausible;
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::TimeRange;
use recio_core::units::{AssetPrice, Timestamp};

/// One trade at a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueTrade {
    /// The venue's number for it.
    pub id: u64,
    /// Dollars for one unit of the asset.
    pub price: AssetPrice,
    /// When the venue says it was made, to the microsecond.
    pub time: Timestamp,
}

/// What one frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Trades, oldest first.
    Trades {
        /// The trades.
        trades: Vec<VenueTrade>,
        /// They were made before the subscription: the past, sent once.
        snapshot: bool,
    },
    /// The venue is alive.
    Heartbeat {
        /// The number of its latest trade, where the venue says it.
        last_trade_id: Option<u64>,
    },
    /// The subscription is accepted.
    Subscribed,
    /// The venue refuses what we sent, in its words.
    Refused(String),
    /// The venue asks us to connect again.
    ReconnectAsked,
    /// Of a kind, or about a market, that is not ours to read.
    Other,
}

/// A frame or body that cannot be read: nothing follows from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}, in `{excerpt}`")]
pub struct BadMessage {
    /// What is wrong with it.
    pub what: String,
    /// Its beginning.
    pub excerpt: String,
}

/// How a venue numbers its trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeNumbers {
    /// One by one for each market: a hole is a missed trade.
    Gapless,
    /// Rising, shared with other markets: a hole says nothing.
    Rising,
}

/// How far a venue's minute candles can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candles {
    /// Any past window, of at most so many minutes at once.
    Windows {
        /// Minutes in one answer.
        minutes: u32,
    },
    /// The newest ones only, all in one answer.
    Newest,
}

/// A request for candles: path below the REST root, and query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandleRequest {
    /// The path.
    pub path: String,
    /// Names and values, not yet encoded.
    pub query: Vec<(&'static str, String)>,
}

impl Venue {
    /// The frame that subscribes to an asset's trades (and heartbeats).
    #[must_use]
    pub fn subscription(self, asset: Asset) -> String {
        match self {
            Self::Coinbase => coinbase::subscription(asset),
            Self::Kraken => kraken::subscription(asset),
            Self::Bitstamp => bitstamp::subscription(asset),
            Self::Gemini => gemini::subscription(asset),
        }
    }

    /// The frame that asks for a sign of life, where heartbeats do not come by themselves.
    #[must_use]
    pub const fn ping(self) -> Option<&'static str> {
        match self {
            Self::Coinbase | Self::Kraken => None,
            Self::Bitstamp => Some(bitstamp::PING),
            Self::Gemini => Some(gemini::PING),
        }
    }

    /// How it numbers its trades.
    #[must_use]
    pub const fn trade_numbers(self) -> TradeNumbers {
        match self {
            Self::Coinbase | Self::Kraken => TradeNumbers::Gapless,
            Self::Bitstamp | Self::Gemini => TradeNumbers::Rising,
        }
    }

    /// Reads a text frame of a connection that follows this asset.
    ///
    /// # Errors
    /// Not JSON, or a message of a known kind with a field that is missing or broken.
    pub fn parse(self, asset: Asset, frame: &[u8]) -> Result<Message, BadMessage> {
        let parsed = match self {
            Self::Coinbase => coinbase::parse(asset, frame),
            Self::Kraken => kraken::parse(asset, frame),
            Self::Bitstamp => bitstamp::parse(asset, frame),
            Self::Gemini => gemini::parse(asset, frame),
        };
        parsed.map_err(|what| BadMessage { what, excerpt: clip(frame) })
    }

    /// How its minute candles are asked for.
    #[must_use]
    pub const fn candles(self) -> Candles {
        match self {
            Self::Coinbase => Candles::Windows { minutes: coinbase::CANDLES_A_PAGE },
            Self::Bitstamp => Candles::Windows { minutes: bitstamp::CANDLES_A_PAGE },
            Self::Kraken | Self::Gemini => Candles::Newest,
        }
    }

    /// The request for a window's candles: `from` and `to` on whole minutes, `to` not included. Venues with [`Candles::Newest`] ignore the window.
    #[must_use]
    pub fn candle_request(self, asset: Asset, window: TimeRange) -> CandleRequest {
        match self {
            Self::Coinbase => coinbase::candle_request(asset, window),
            Self::Kraken => kraken::candle_request(asset),
            Self::Bitstamp => bitstamp::candle_request(asset, window),
            Self::Gemini => gemini::candle_request(asset),
        }
    }

    /// Reads an answer with candles into bars in the order of time. It may hold more than was asked for.
    ///
    /// # Errors
    /// Not the documented form, a broken number, an error in place of candles, or a bar whose low and high do not enclose it.
    pub fn parse_candles(self, asset: Asset, body: &[u8]) -> Result<Vec<Bar>, BadMessage> {
        let parsed = match self {
            Self::Coinbase => coinbase::parse_candles(asset, body),
            Self::Kraken => kraken::parse_candles(asset, body),
            Self::Bitstamp => bitstamp::parse_candles(asset, body),
            Self::Gemini => gemini::parse_candles(asset, body),
        };
        let mut bars = parsed.map_err(|what| BadMessage { what, excerpt: clip(body) })?;
        bars.sort_by_key(|bar| bar.start);
        bars.dedup_by_key(|bar| bar.start);
        Ok(bars)
    }
}
