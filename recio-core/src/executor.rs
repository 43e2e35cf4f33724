//! `Executor`: where orders go, and where the account's truth comes from.

use crate::engine::GatedOrder;
use crate::read::{BoxError, Read};
use crate::trade::{Fill, OrderReport, PositionReport, Settlement};
use crate::units::{ClientOrderId, ExchangeOrderId, MarketTicker, Money, Quantity, Timestamp};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// An exchange account: takes orders, and tells of orders, fills, positions, settlements and cash.
///
/// Shared. It never repeats a submit by itself, at any layer.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Sends one order, once. Takes nothing but a [`GatedOrder`], which the engine's risk gate alone can make.
    ///
    /// # Errors
    /// By what to do next; [`ExecutorError::OutcomeUnknown`] whenever the order may have reached the exchange and no usable answer came.
    ///
    /// # Cancel safety
    /// Not cancel safe: a dropped future is an unknown outcome.
    async fn submit(&self, order: GatedOrder) -> Result<Accepted, ExecutorError>;

    /// Asks for the end of an order.
    ///
    /// # Errors
    /// [`ExecutorError::NotFound`] does not mean that it was canceled: it may have been filled.
    async fn cancel(&self, order: &CancelOrder) -> Result<Canceled, ExecutorError>;

    /// Reads all orders of the account, of any state, created at or after a time; through all pages.
    ///
    /// # Errors
    /// Nothing at all could be read.
    async fn orders(&self, since: Option<Timestamp>) -> Result<Read<Vec<OrderReport>>, ExecutorError>;

    /// Reads all fills of the account, executed at or after a time; through all pages.
    ///
    /// # Errors
    /// Nothing at all could be read.
    async fn fills(&self, since: Option<Timestamp>) -> Result<Read<Vec<Fill>>, ExecutorError>;

    /// Reads all open positions; through all pages.
    ///
    /// # Errors
    /// Nothing at all could be read.
    async fn positions(&self) -> Result<Read<Vec<PositionReport>>, ExecutorError>;

    /// Reads all settlements paid at or after a time; through all pages.
    ///
    /// # Errors
    /// Nothing at all could be read.
    async fn settlements(&self, since: Option<Timestamp>) -> Result<Read<Vec<Settlement>>, ExecutorError>;

    /// Reads the cash on the shard that the markets trade on.
    ///
    /// # Errors
    /// It could not be read.
    async fn balance(&self) -> Result<Money, ExecutorError>;

    /// Waits for the next event of the private stream. Called by one task at a time. The stream is a hint: the reads are the truth.
    ///
    /// # Errors
    /// [`ExecutorError::Closed`] when no more will come.
    ///
    /// # Cancel safety
    /// Must be cancel safe: a dropped future loses no event.
    async fn next(&self) -> Result<AccountEvent, ExecutorError>;
}

/// The exchange has the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Under this id.
    pub exchange_id: ExchangeOrderId,
    /// Contracts executed at once.
    pub filled: Quantity,
    /// Contracts left at the exchange: zero for an order that is over.
    pub remaining: Quantity,
}

/// Which order to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelOrder {
    /// Our id.
    pub client_order_id: ClientOrderId,
    /// The exchange's id.
    pub exchange_id: ExchangeOrderId,
    /// The market.
    pub market: MarketTicker,
    /// Its shard.
    pub exchange_index: u16,
}

/// The remainder of an order was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canceled {
    /// Contracts that were removed.
    pub removed: Quantity,
}

/// What the private stream tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountEvent {
    /// An order changed.
    Order(OrderReport),
    /// Part of an order was executed.
    Fill(Fill),
    /// The stream is connected and subscribed; what happened before has to be read.
    Connected,
    /// The stream is gone; it is being reconnected.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// A frame that could not be read: the account has to be read again.
    Unreadable {
        /// What was wrong with it.
        reason: String,
    },
}

/// Why an account operation did not work, by what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutorError {
    /// The exchange refused. The same order would be refused again.
    #[error("refused by the exchange: {code}{}", details.as_ref().map(|d| format!(" ({d})")).unwrap_or_default())]
    Refused {
        /// The exchange's code.
        code: String,
        /// Its details.
        details: Option<String>,
    },
    /// Nothing left this machine.
    #[error("not sent: {0}")]
    NotSent(String),
    /// Too many requests; nothing was executed.
    #[error("the exchange asks for fewer requests")]
    RateLimited,
    /// No usable answer came. The order may be live: look it up before sending anything else.
    #[error("no usable answer: {0}")]
    OutcomeUnknown(String),
    /// There is no such resting order; it may have been filled, canceled, or never have been.
    #[error("no such resting order")]
    NotFound,
    /// The credentials are refused: a person has to look at the key. Nothing was executed.
    #[error("the exchange refuses the credentials: {0}")]
    AuthLost(String),
    /// The exchange or the market does not trade now; nothing was executed.
    #[error("trading is paused: {0}")]
    Paused(String),
    /// No more will come.
    #[error("the executor has ended")]
    Closed,
    /// A read failed; it may be tried again. Nothing follows from it.
    #[error("cannot read the account")]
    Unreachable(#[source] BoxError),
}
