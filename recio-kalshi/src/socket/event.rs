//! What comes out of the socket.

use crate::parse::{IndexPrint, LifecycleUpdate, OrderGroupUpdate, StreamedFill};
use recio_core::market::{BookDelta, BookSnapshot, PublicTrade, TickerUpdate};
use recio_core::trade::{OrderReport, PositionReport};
use recio_core::units::{MarketTicker, Timestamp};

/// A channel of the exchange's WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// `orderbook_delta`.
    Books,
    /// `ticker`.
    Tickers,
    /// `trade`.
    Trades,
    /// `market_lifecycle_v2`.
    Lifecycle,
    /// `cfbenchmarks_value`.
    Indices,
    /// `cfbenchmarks_value_5hz`.
    FastIndices,
    /// `fill`.
    Fills,
    /// `user_orders`.
    Orders,
    /// `market_positions`.
    Positions,
    /// `order_group_updates`.
    OrderGroups,
}

/// About markets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarketEvent {
    /// A whole book. Changes to it follow until it is void.
    Snapshot {
        /// The market.
        market: MarketTicker,
        /// The book.
        book: BookSnapshot,
        /// The frame's number in its subscription.
        sequence: u64,
    },
    /// A change to a book whose snapshot came before.
    Delta {
        /// The market.
        market: MarketTicker,
        /// The change.
        delta: BookDelta,
        /// The frame's number in its subscription.
        sequence: u64,
        /// When the exchange made it.
        exchange_time: Timestamp,
    },
    /// These books are void until their next snapshot.
    Void {
        /// The markets.
        markets: Vec<MarketTicker>,
        /// Why.
        reason: String,
    },
    /// A market's summary.
    Ticker(TickerUpdate),
    /// A print.
    Trade(PublicTrade),
    /// An announcement about a market.
    Lifecycle(LifecycleUpdate),
    /// Frames of this channel were missed: what they said has to be read over REST. (Books repair themselves.)
    Missed(Channel),
    /// A frame of this channel could not be read: nothing follows from it.
    Unreadable {
        /// The channel.
        channel: Channel,
        /// What is wrong with it.
        error: String,
    },
    /// The exchange refuses a command: what it asked for stays without data until the next connection.
    Refused {
        /// The channel it was about, where the answer says.
        channel: Option<Channel>,
        /// The exchange's code.
        code: u32,
        /// Its words.
        message: String,
    },
    /// All that was wanted is subscribed.
    Connected,
    /// The connection is lost; all books are void.
    Disconnected {
        /// Why.
        reason: String,
        /// Whether the exchange does not accept the key: a person has to look.
        auth_lost: bool,
    },
}

/// About the settlement index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexEvent {
    /// A print of the stream of one a second, of which settlement values are made.
    Print(IndexPrint),
    /// A print of the stream of five a second: earlier and between whole seconds, so not to be counted into a settlement value.
    FastPrint(IndexPrint),
    /// Prints were missed, or the connection was.
    Missed {
        /// Why.
        reason: String,
    },
}

/// About the account. A hint that something happened: REST is the truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// One of our orders was executed.
    Fill(StreamedFill),
    /// One of our orders changed.
    Order(OrderReport),
    /// One of our positions changed.
    Position(PositionReport),
    /// One of our order groups changed.
    OrderGroup(OrderGroupUpdate),
    /// Something may have been missed: read orders, fills and positions over REST. Sent after every (re)connection, once subscribed.
    Reconcile {
        /// Why.
        reason: String,
    },
}

impl Channel {
    pub(super) const ALL: [Self; 10] = [
        Self::Books,
        Self::Tickers,
        Self::Trades,
        Self::Lifecycle,
        Self::Indices,
        Self::FastIndices,
        Self::Fills,
        Self::Orders,
        Self::Positions,
        Self::OrderGroups,
    ];

    /// The exchange's name for it, in a subscription.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Books => "orderbook_delta",
            Self::Tickers => "ticker",
            Self::Trades => "trade",
            Self::Lifecycle => "market_lifecycle_v2",
            Self::Indices => "cfbenchmarks_value",
            Self::FastIndices => "cfbenchmarks_value_5hz",
            Self::Fills => "fill",
            Self::Orders => "user_orders",
            Self::Positions => "market_positions",
            Self::OrderGroups => "order_group_updates",
        }
    }

    pub(super) const fn is_account(self) -> bool {
        matches!(self, Self::Fills | Self::Orders | Self::Positions | Self::OrderGroups)
    }
}
