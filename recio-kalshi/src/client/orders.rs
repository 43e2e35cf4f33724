//! Orders: create, cancel, look up.

use super::{KalshiClient, Paged, Query, segment};
use crate::error::{Doubt, ReadError, WriteError, classify_cancel, classify_create};
use crate::parse::{self, CreatedOrder};
use crate::transport::Method;
use crate::wire::{self, orders_path};
use bytes::Bytes;
use recio_core::market::BookSide;
use recio_core::trade::{OrderReport, TimeInForce};
use recio_core::units::{ClientOrderId, ExchangeOrderId, MarketTicker, Price, Quantity, Timestamp};

/// An order as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// The market.
    pub market: MarketTicker,
    /// Our id; the exchange takes each once, for ever.
    pub client_order_id: ClientOrderId,
    /// Where it lies.
    pub book_side: BookSide,
    /// The worst YES price.
    pub yes_price: Price,
    /// Contracts.
    pub quantity: Quantity,
    /// How long it may wait.
    pub time_in_force: TimeInForce,
    /// Removed by itself at this time; whole seconds, only for orders that wait.
    pub expiration_time: Option<Timestamp>,
    /// Refused rather than filled at once.
    pub post_only: bool,
    /// Never more than the position it reduces; only for orders that do not wait.
    pub reduce_only: bool,
    /// Removed when trading pauses.
    pub cancel_on_pause: bool,
    /// The group whose limit it counts against.
    pub order_group_id: Option<String>,
    /// The market's shard. Named, so that the order is routed at once and counts against that shard's rate alone.
    pub exchange_index: u16,
}

/// A cancel that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanceledOrder {
    /// The order.
    pub exchange_id: ExchangeOrderId,
    /// Contracts that were taken out of the book. What the order filled before, its fills tell.
    pub reduced_by: Quantity,
    /// When.
    pub exchange_time: Timestamp,
}

/// Which orders to list; without anything all, of every status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Of this market.
    pub market: Option<MarketTicker>,
    /// `resting`, `canceled` or `executed`.
    pub status: Option<&'static str>,
    /// From this time on; whole seconds.
    pub min_time: Option<Timestamp>,
    /// Up to this time; whole seconds.
    pub max_time: Option<Timestamp>,
}

impl NewOrder {
    /// The body of the request. Our own resting orders are never traded with: the incoming order stops at them.
    #[must_use]
    pub fn body(&self) -> wire::CreateOrder {
        wire::CreateOrder {
            ticker: self.market.to_string(),
            client_order_id: Some(self.client_order_id.to_string()),
            side: self.book_side.to_string(),
            count: self.quantity.to_string(),
            price: self.yes_price.to_string(),
            time_in_force: match self.time_in_force {
                TimeInForce::GoodTillCanceled => "good_till_canceled",
                TimeInForce::ImmediateOrCancel => "immediate_or_cancel",
                TimeInForce::FillOrKill => "fill_or_kill",
            }
            .to_owned(),
            self_trade_prevention_type: "taker_at_cross".to_owned(),
            expiration_time: self.expiration_time.map(Timestamp::as_second),
            post_only: Some(self.post_only),
            reduce_only: Some(self.reduce_only),
            cancel_order_on_pause: Some(self.cancel_on_pause),
            subaccount: None,
            order_group_id: self.order_group_id.clone(),
            exchange_index: Some(i32::from(self.exchange_index)),
        }
    }
}

impl KalshiClient {
    /// Sends an order, once.
    ///
    /// # Errors
    /// Everything but a clear "taken", cut by what to do next. After [`WriteError::OutcomeUnknown`] look the order up; never send it again.
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown.
    pub async fn create_order(&self, order: &NewOrder) -> Result<CreatedOrder, WriteError> {
        let body = serde_json::to_vec(&order.body()).map_err(|error| WriteError::NotSent(error.into()))?;
        let request = self.build(Method::Post, &orders_path(None), Query::new(), body.into())?;
        let answer = self.transport.request(request).await?;
        let created = classify_create(order.client_order_id.as_str(), answer.status, &answer.body)?;
        parse::created_order(&created).map_err(|error| unknown(answer.status, &error, &answer.body))
    }

    /// Asks for an order's end.
    ///
    /// # Errors
    /// Everything but a clear "canceled". [`WriteError::NotResting`] is no news of where the order is.
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown. A cancel may be repeated.
    pub async fn cancel_order(
        &self,
        order: &ExchangeOrderId,
        exchange_index: u16,
    ) -> Result<CanceledOrder, WriteError> {
        let query = vec![("exchange_index", exchange_index.to_string())];
        let path = orders_path(Some(&segment(order.as_str())));
        // The exchange wants a JSON body even where there is nothing to say.
        let request = self.build(Method::Delete, &path, query, Bytes::from_static(b"{}"))?;
        let answer = self.transport.request(request).await?;
        let canceled = classify_cancel(order.as_str(), answer.status, &answer.body)?;
        let of = parse::Of("cancel", order.as_str());
        let read = || {
            Ok(CanceledOrder {
                exchange_id: order.clone(),
                reduced_by: of.field("reduced_by", &canceled.reduced_by)?,
                exchange_time: of.millis("ts_ms", canceled.ts_ms)?,
            })
        };
        read().map_err(|error: parse::ParseError| unknown(answer.status, &error, &answer.body))
    }

    /// All orders that fit the filter. Reads lag behind writes by up to seconds.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn orders(&self, filter: &OrderFilter) -> Result<Paged<OrderReport>, ReadError> {
        let mut query = Query::new();
        query.extend(filter.market.as_ref().map(|market| ("ticker", market.to_string())));
        query.extend(filter.status.map(|status| ("status", status.to_owned())));
        query.extend(filter.min_time.map(|time| ("min_ts", time.as_second().to_string())));
        query.extend(filter.max_time.map(|time| ("max_ts", time.as_second().to_string())));
        self.pages::<wire::OrdersPage, _>("orders", "/portfolio/orders", query, 1_000, parse::order_report).await
    }

    /// One order by the exchange's id. Right after a cancel it may still be called resting.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn order(&self, order: &ExchangeOrderId) -> Result<OrderReport, ReadError> {
        let what = format!("order {order}");
        let path = format!("/portfolio/orders/{}", segment(order.as_str()));
        let body: wire::OrderResponse = self.read(&what, &path, Query::new()).await?;
        parse::order_report(&body.order).map_err(|error| ReadError::parse(&what, error))
    }
}

fn unknown(status: u16, error: &parse::ParseError, body: &[u8]) -> WriteError {
    let body = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    Doubt::NoOrder { status, reason: error.to_string(), body }.into()
}
