//! What the venue tells after every call, in order.

use super::{AccountSettlement, Subaccount, VenueOrder, Wallet};
use crate::market::{BookSide, Level, LifecycleEvent, PublicTrade};
use crate::trade::Fill;
use crate::units::{
    AccountName, ClientOrderId, MarketTicker, Money, OrderGroupId, Position, Price, Quantity, Timestamp,
};
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
        /// Which of the account's wallets it went to.
        wallet: Wallet,
        /// The wallet's position in the market afterwards.
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
        /// What it got in all, and for what.
        settlement: Box<AccountSettlement>,
        /// What was paid now: all of it, or what a correction changed; below zero where a payout was too high.
        paid: Money,
    },
}

/// Whose order changed a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeOrigin {
    /// The account.
    pub account: AccountName,
    /// Its subaccount.
    pub subaccount: Subaccount,
    /// The account's name for the order.
    pub client_order_id: Option<ClientOrderId>,
}

/// One thing that happened to an order group. Groups belong to no market, so these are told apart from [`VenueEvent`]s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupUpdate {
    /// Whose it is.
    pub account: AccountName,
    /// Which wallet's orders may be in it.
    pub wallet: Wallet,
    /// The group.
    pub group: OrderGroupId,
    /// When, by the venue's clock.
    pub exchange_time: Timestamp,
    /// What.
    pub kind: GroupUpdateKind,
}

/// What happened to an order group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupUpdateKind {
    /// It is there.
    Created {
        /// Contracts that may be executed within 15 seconds.
        limit: Quantity,
    },
    /// Its orders were canceled; it takes none until it is reset.
    Triggered,
    /// It counts from zero and takes orders.
    Reset,
    /// Its orders were canceled, and it is gone.
    Deleted,
    /// Its limit changed.
    LimitUpdated {
        /// Contracts that may be executed within 15 seconds.
        limit: Quantity,
    },
}

impl GroupUpdateKind {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created { .. } => "created",
            Self::Triggered => "triggered",
            Self::Reset => "reset",
            Self::Deleted => "deleted",
            Self::LimitUpdated { .. } => "limit_updated",
        }
    }
}
