//! Several creates or cancels in one request: each item has an outcome of its own.

use super::outcome::{answered, item_error, unclear, unreadable};
use super::{CanceledOrder, KalshiClient, NewOrder, Query};
use crate::error::WriteError;
use crate::parse::{self, CreatedOrder, Of, ParseError};
use crate::transport::{HttpResponse, Method};
use crate::wire::{self, orders_path};
use recio_core::units::ExchangeOrderId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// What became of each item, in the order that was sent.
pub type BatchOutcome<T> = Vec<Result<T, WriteError>>;

/// The answer to a batch, its items not read yet: one that is odd must not spoil the others.
#[derive(Deserialize)]
struct Items {
    orders: Vec<serde_json::Value>,
}

impl KalshiClient {
    /// Sends several orders, once. `POST /portfolio/events/orders/batched`; costs 10 write tokens each, and is refused as a whole where the
    /// bucket does not hold that many.
    ///
    /// They stand each for itself: some may be taken and others refused. One that the answer does not tell of is
    /// [`WriteError::OutcomeUnknown`].
    ///
    /// # Errors
    /// The request as a whole. After [`WriteError::OutcomeUnknown`] that holds for every order of it.
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome of every order is unknown.
    pub async fn create_orders(&self, orders: &[NewOrder]) -> Result<BatchOutcome<CreatedOrder>, WriteError> {
        let mut ids = BTreeSet::new();
        if let Some(twice) = orders.iter().find(|order| !ids.insert(&order.client_order_id)) {
            return Err(WriteError::NotSent(
                format!("client order id {} is in the batch twice", twice.client_order_id).into(),
            ));
        }
        if orders.is_empty() {
            return Ok(Vec::new());
        }
        let body = wire::BatchCreate { orders: orders.iter().map(|order| self.body_of(order)).collect() };
        let answer = self.write(Method::Post, &batch_path(), Query::new(), &body).await?;
        let items = items::<wire::BatchCreated>(&answer)?;
        let outcome = |(place, order): (usize, &NewOrder)| {
            let id = order.client_order_id.as_str();
            let named = |item: &wire::BatchCreated| item.client_order_id.as_deref() == Some(id);
            // Items come in the order that was sent; one without our id is known by its place alone, where none is missing.
            let nameless = |item: &wire::BatchCreated| item.client_order_id.is_none() && items.len() == orders.len();
            created(&answer, find(&answer, &items, place, named, nameless)?)
        };
        Ok(orders.iter().enumerate().map(outcome).collect())
    }

    /// Asks for the end of several orders on one shard. `DELETE /portfolio/events/orders/batched`; costs 2 write tokens each.
    ///
    /// # Errors
    /// The request as a whole. After [`WriteError::OutcomeUnknown`] that holds for every order of it.
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown. Cancels may be repeated.
    pub async fn cancel_orders(
        &self,
        orders: &[ExchangeOrderId],
        exchange_index: u16,
    ) -> Result<BatchOutcome<CanceledOrder>, WriteError> {
        let mut ids = BTreeSet::new();
        if let Some(twice) = orders.iter().find(|order| !ids.insert(*order)) {
            return Err(WriteError::NotSent(format!("order {twice} is in the batch twice").into()));
        }
        if orders.is_empty() {
            return Ok(Vec::new());
        }
        let item = |order: &ExchangeOrderId| wire::BatchCancelOrder {
            order_id: order.to_string(),
            subaccount: self.subaccount.map(Into::into),
            exchange_index: Some(i32::from(exchange_index)),
            market_ticker: None,
        };
        let body = wire::BatchCancel { orders: orders.iter().map(item).collect() };
        let answer = self.write(Method::Delete, &batch_path(), Query::new(), &body).await?;
        let items = items::<wire::BatchCanceled>(&answer)?;
        let outcome = |(place, order): (usize, &ExchangeOrderId)| {
            let named = |item: &wire::BatchCanceled| item.order_id == order.as_str();
            canceled(&answer, order, find(&answer, &items, place, named, |_| false)?)
        };
        Ok(orders.iter().enumerate().map(outcome).collect())
    }
}

fn batch_path() -> String {
    format!("{}/batched", orders_path(None))
}

fn items<T: DeserializeOwned>(answer: &HttpResponse) -> Result<Vec<Result<T, String>>, WriteError> {
    let items: Items = answered(answer)?;
    Ok(items.orders.into_iter().map(|item| wire::read_value(item).map_err(|error| error.to_string())).collect())
}

/// The one item that is about an order: by its id, or by its place where it has none. Two of them contradict each other.
fn find<'a, T>(
    answer: &HttpResponse,
    items: &'a [Result<T, String>],
    place: usize,
    named: impl Fn(&T) -> bool,
    nameless: impl Fn(&T) -> bool,
) -> Result<&'a T, WriteError> {
    let mut found = items.iter().filter_map(|item| item.as_ref().ok()).filter(|item| named(item));
    match (found.next(), found.next(), items.get(place)) {
        (Some(item), None, _) => Ok(item),
        (Some(_), Some(_), _) => Err(unclear(answer, "two items are about this order")),
        (None, _, Some(Ok(item))) if nameless(item) => Ok(item),
        (None, _, Some(Err(error))) => Err(unclear(answer, &format!("the item cannot be read: {error}"))),
        (None, ..) => Err(unclear(answer, "no item is about this order")),
    }
}

fn created(answer: &HttpResponse, item: &wire::BatchCreated) -> Result<CreatedOrder, WriteError> {
    let id = item.order_id.as_deref().unwrap_or_default();
    match (&item.error, id.is_empty()) {
        (Some(error), true) => return Err(item_error(answer, error)),
        (Some(error), false) => {
            return Err(unclear(answer, &format!("order `{id}` has an id and the error `{}`", error.code)));
        }
        (None, true) => return Err(unclear(answer, "the item has neither an order id nor an error")),
        (None, false) => {}
    }
    let of = Of("order", id);
    let read = || {
        parse::created_order(&wire::CreateOrderResponse {
            order_id: id.to_owned(),
            client_order_id: item.client_order_id.clone(),
            fill_count: of.required("fill_count", item.fill_count.clone())?,
            remaining_count: of.required("remaining_count", item.remaining_count.clone())?,
            average_fill_price: item.average_fill_price.clone(),
            average_fee_paid: item.average_fee_paid.clone(),
            ts_ms: of.required("ts_ms", item.ts_ms)?,
        })
    };
    read().map_err(|error| unreadable(answer, &error))
}

fn canceled(
    answer: &HttpResponse,
    order: &ExchangeOrderId,
    item: &wire::BatchCanceled,
) -> Result<CanceledOrder, WriteError> {
    match &item.error {
        Some(error) if matches!(error.code.as_str(), "not_found" | "order_not_found") => {
            return Err(WriteError::NotResting);
        }
        Some(error) => return Err(item_error(answer, error)),
        None => {}
    }
    let of = Of("cancel", order.as_str());
    let read = || -> Result<_, ParseError> {
        Ok(CanceledOrder {
            exchange_id: order.clone(),
            reduced_by: of.field("reduced_by", &item.reduced_by)?,
            exchange_time: of.millis("ts_ms", of.required("ts_ms", item.ts_ms)?)?,
        })
    };
    read().map_err(|error| unreadable(answer, &error))
}
