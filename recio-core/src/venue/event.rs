//! What the venue tells after every call, in order.

use super::{AccountSettlement, VenueOrder};
use crate::market::{BookSide, Level, LifecycleEvent, PublicTrade};
use crate::trade::Fill;
use crate::units::{AccountName, ClientOrderId, MarketTicker, Position, Price, Timestamp};
use serde::{Deserialize, Serialize};

/// One thing that happened in one market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueEvent {
    /// Where.
    pub market: MarketTicker,
    /// When, by the venue's clock.
    pub exchange_time: Timestamp,
    /// What.
    pub kind: VenueEventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VenueEventKind {
    /// An order is new or changed. For its account only.
    OrderUpdate(Box<VenueOrder>),
    /// Part of an order was executed. For its account only; one per party that is an account.
    Fill {
        /// Whose.
        account: AccountName,
        /// The execution.
        fill: Box<Fill>,
        /// The account's position afterwards.
        post_position: Position,
    },
    /// A level of the visible book changed. Adding all changes to the last snapshot gives the visible book.
    BookChange {
        /// Which side, in YES prices.
        book_side: BookSide,
        /// YES price.
        yes_price: Price,
        /// Hundredths of a contract that came, or went if below zero; never zero.
        change_hundredths: i64,
        /// The order that made it, where it is one of an account's and not part of the recording.
        origin: Option<ChangeOrigin>,
    },
    /// The whole visible book, best level first: at the start of a recording, after a gap in it, and empty at close.
    BookSnapshot {
        /// Bids.
        bids: Vec<Level>,
        /// Asks.
        asks: Vec<Level>,
    },
    /// An execution, between any two parties; fills of the same execution have its id.
    PublicTrade(PublicTrade),
    /// The market moved in its life. Opening and closing are silent, as at the exchange.
    Lifecycle(LifecycleEvent),
    /// An account was paid.
    Settled {
        /// Whose.
        account: AccountName,
        /// What it got, and for what.
        settlement: Box<AccountSettlement>,
    },
}

/// Whose order changed a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeOrigin {
    /// The account.
    pub account: AccountName,
    /// The account's name for the order.
    pub client_order_id: Option<ClientOrderId>,
}
