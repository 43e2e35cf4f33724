//! Changes of resting orders: amend, decrease; and the end of all of them.

use super::outcome::{answered_of_order, done, unclear, unreadable};
use super::{KalshiClient, NO_BODY, Query, segment};
use crate::error::WriteError;
use crate::parse::{self, AmendedOrder, DecreasedOrder};
use crate::transport::Method;
use crate::wire::{self, orders_path};
use recio_core::market::BookSide;
use recio_core::units::{ClientOrderId, ExchangeOrderId, MarketTicker, Price, Quantity, Timestamp};

/// What a resting order shall become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderChange {
    /// The order.
    pub exchange_id: ExchangeOrderId,
    /// Its market; it stays.
    pub market: MarketTicker,
    /// Where it lies; it stays.
    pub book_side: BookSide,
    /// The YES price it shall have. Another price puts it behind all others at that price.
    pub yes_price: Price,
    /// The total it shall have: what is filled already and what shall rest. More than before puts it behind all others at its price; what is
    /// filled already cancels it; less is refused.
    pub total: Quantity,
    /// Our id as it is, where it has one; checked against the answer.
    pub client_order_id: Option<ClientOrderId>,
    /// Our id as it shall be, where it changes.
    pub new_client_order_id: Option<ClientOrderId>,
    /// When it shall be removed by itself.
    pub expiration: ExpirationChange,
    /// The market's shard.
    pub exchange_index: u16,
}

/// What becomes of an order's expiration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpirationChange {
    /// It stays.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    /// It is set; whole seconds.
    At(Timestamp),
}

/// By how much, or to what, an order shrinks. It keeps its place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decrease {
    /// By these contracts.
    By(Quantity),
    /// To these contracts left.
    To(Quantity),
}

impl OrderChange {
    /// The body of the request.
    #[must_use]
    pub fn body(&self) -> wire::AmendOrder {
        wire::AmendOrder {
            ticker: self.market.to_string(),
            side: self.book_side.to_string(),
            price: self.yes_price.to_string(),
            count: self.total.to_string(),
            client_order_id: self.client_order_id.as_ref().map(ToString::to_string),
            updated_client_order_id: self.new_client_order_id.as_ref().map(ToString::to_string),
            expiration_time: match self.expiration {
                ExpirationChange::Keep => None,
                ExpirationChange::Clear => Some(0),
                ExpirationChange::At(time) => Some(time.as_second()),
            },
            exchange_index: Some(i32::from(self.exchange_index)),
        }
    }
}

impl KalshiClient {
    /// Changes price, size or expiration of a resting order, once. `POST /portfolio/events/orders/{id}/amend`; costs 10 write tokens.
    ///
    /// It may fill at once at its new price.
    ///
    /// # Errors
    /// Everything but a clear "amended", cut by what to do next. [`WriteError::NotResting`] is no news of where the order is. After
    /// [`WriteError::OutcomeUnknown`] look the order up; never send the change again.
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown.
    pub async fn amend_order(&self, change: &OrderChange) -> Result<AmendedOrder, WriteError> {
        let order = change.exchange_id.as_str();
        let path = format!("{}/amend", orders_path(Some(&segment(order))));
        let query = self.with_subaccount(Query::new());
        let answer = self.write(Method::Post, &path, query, &change.body()).await?;
        let body = answered_of_order::<wire::AmendOrderResponse>(&answer, order, |body| &body.order_id)?;
        let expected = change.new_client_order_id.as_ref().or(change.client_order_id.as_ref());
        if let (Some(expected), Some(id)) = (expected, &body.client_order_id)
            && id != expected.as_str()
        {
            return Err(unclear(&answer, &format!("it is for client order id `{id}`")));
        }
        parse::amended_order(&body).map_err(|error| unreadable(&answer, &error))
    }

    /// Takes contracts out of a resting order, once. `POST /portfolio/events/orders/{id}/decrease`; costs 10 write tokens.
    ///
    /// # Errors
    /// As [`amend_order`](Self::amend_order).
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown.
    pub async fn decrease_order(
        &self,
        order: &ExchangeOrderId,
        decrease: Decrease,
        exchange_index: u16,
    ) -> Result<DecreasedOrder, WriteError> {
        let (reduce_by, reduce_to) = match decrease {
            Decrease::By(contracts) => (Some(contracts.to_string()), None),
            Decrease::To(contracts) => (None, Some(contracts.to_string())),
        };
        let exchange_index = Some(i32::from(exchange_index));
        let body = wire::DecreaseOrder { reduce_by, reduce_to, exchange_index, market_ticker: None };
        let path = format!("{}/decrease", orders_path(Some(&segment(order.as_str()))));
        let answer = self.write(Method::Post, &path, self.with_subaccount(Query::new()), &body).await?;
        let body = answered_of_order::<wire::DecreaseOrderResponse>(&answer, order.as_str(), |body| &body.order_id)?;
        parse::decreased_order(&body).map_err(|error| unreadable(&answer, &error))
    }

    /// Asks for the end of every resting order on every shard: of this client's subaccount, or of all where it has none.
    /// `DELETE /portfolio/events/orders`; costs 2 write tokens.
    ///
    /// The exchange answers before all is done, and may cancel orders that are placed within the minute after.
    ///
    /// # Errors
    /// Everything but a clear "taken".
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown. It may be repeated.
    pub async fn cancel_all(&self) -> Result<(), WriteError> {
        let query = self.with_subaccount(Query::new());
        done(&self.write(Method::Delete, &orders_path(None), query, &NO_BODY).await?)
    }
}
