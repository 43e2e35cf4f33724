//! Orders: create, cancel, look up.

use super::outcome::unreadable;
use super::{KalshiClient, NO_BODY, Paged, Query, segment};
use crate::error::{ReadError, WriteError, classify_cancel, classify_create};
use crate::parse::{self, CreatedOrder, QueuePosition};
use crate::transport::Method;
use crate::wire::{self, orders_path};
use recio_core::market::{BookSide, Market};
use recio_core::planted::{PlantedBug, is_planted};
use recio_core::trade::{OrderReport, TimeInForce};
use recio_core::units::{
    ClientOrderId, EventTicker, ExchangeOrderId, MarketTicker, OrderGroupId, Price, Quantity, Timestamp,
};

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
    pub order_group_id: Option<OrderGroupId>,
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
    /// Of this event.
    pub event: Option<EventTicker>,
    /// On this shard.
    pub exchange_index: Option<u16>,
    /// `resting`, `canceled` or `executed`.
    pub status: Option<&'static str>,
    /// From this time on; whole seconds.
    pub min_time: Option<Timestamp>,
    /// Up to this time; whole seconds.
    pub max_time: Option<Timestamp>,
}

impl OrderFilter {
    pub(super) fn query(&self) -> Query {
        let mut query = Query::new();
        query.extend(self.market.as_ref().map(|market| ("ticker", market.to_string())));
        query.extend(self.event.as_ref().map(|event| ("event_ticker", event.to_string())));
        query.extend(self.status.map(|status| ("status", status.to_owned())));
        query.extend(self.min_time.map(|time| ("min_ts", time.as_second().to_string())));
        query.extend(self.max_time.map(|time| ("max_ts", time.as_second().to_string())));
        query.extend(self.exchange_index.map(|shard| ("exchange_index", shard.to_string())));
        query
    }
}

impl NewOrder {
    /// A plain limit order that waits until it is filled, canceled, or its market closes.
    #[must_use]
    pub fn resting(
        market: &Market,
        client_order_id: ClientOrderId,
        book_side: BookSide,
        yes_price: Price,
        quantity: Quantity,
    ) -> Self {
        Self {
            market: market.ticker.clone(),
            client_order_id,
            book_side,
            yes_price,
            quantity,
            time_in_force: TimeInForce::GoodTillCanceled,
            expiration_time: None,
            post_only: false,
            reduce_only: false,
            cancel_on_pause: false,
            order_group_id: None,
            exchange_index: market.exchange_index,
        }
    }

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
            order_group_id: self.order_group_id.as_ref().map(ToString::to_string),
            exchange_index: Some(i32::from(self.exchange_index)),
        }
    }
}

impl KalshiClient {
    /// Sends an order, once. `POST /portfolio/events/orders`; costs 10 write tokens of the order's shard.
    ///
    /// # Errors
    /// Everything but a clear "taken", cut by what to do next. After [`WriteError::OutcomeUnknown`] look the order up; never send it again.
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown.
    pub async fn create_order(&self, order: &NewOrder) -> Result<CreatedOrder, WriteError> {
        let created = self.create_once(order).await;
        if is_planted(PlantedBug::NewIdPerRetry) && matches!(created, Err(WriteError::OutcomeUnknown(_))) {
            let renamed = format!("{}-again", order.client_order_id).parse();
            let client_order_id = renamed.unwrap_or_else(|_| order.client_order_id.clone());
            return self.create_once(&NewOrder { client_order_id, ..order.clone() }).await;
        }
        created
    }

    async fn create_once(&self, order: &NewOrder) -> Result<CreatedOrder, WriteError> {
        let answer = self.write(Method::Post, &orders_path(None), Query::new(), &self.body_of(order)).await?;
        let created = classify_create(order.client_order_id.as_str(), answer.status, &answer.body)?;
        parse::created_order(&created).map_err(|error| unreadable(&answer, &error))
    }

    /// The order's body, with this client's subaccount.
    pub(super) fn body_of(&self, order: &NewOrder) -> wire::CreateOrder {
        wire::CreateOrder { subaccount: self.subaccount.map(Into::into), ..order.body() }
    }

    /// Asks for an order's end. `DELETE /portfolio/events/orders/{id}`; costs 2 write tokens of the order's shard.
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
        let query = self.with_subaccount(vec![("exchange_index", exchange_index.to_string())]);
        let path = orders_path(Some(&segment(order.as_str())));
        let answer = self.write(Method::Delete, &path, query, &NO_BODY).await?;
        let canceled = classify_cancel(order.as_str(), answer.status, &answer.body)?;
        let of = parse::Of("cancel", order.as_str());
        let read = || {
            Ok(CanceledOrder {
                exchange_id: order.clone(),
                reduced_by: of.field("reduced_by", &canceled.reduced_by)?,
                exchange_time: of.millis("ts_ms", canceled.ts_ms)?,
            })
        };
        read().map_err(|error: parse::ParseError| unreadable(&answer, &error))
    }

    /// All orders that fit the filter. `GET /portfolio/orders`. Reads lag behind writes by up to seconds.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn orders(&self, filter: &OrderFilter) -> Result<Paged<OrderReport>, ReadError> {
        let query = self.with_subaccount(filter.query());
        self.pages::<wire::OrdersPage, _>("orders", "/portfolio/orders", query, 1_000, parse::order_report).await
    }

    /// One order by the exchange's id. `GET /portfolio/orders/{id}`; costs 2. Right after a cancel it may still be called resting.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn order(&self, order: &ExchangeOrderId) -> Result<OrderReport, ReadError> {
        let what = format!("order {order}");
        let path = format!("/portfolio/orders/{}", segment(order.as_str()));
        let body: wire::OrderResponse = self.read(&what, &path, Query::new()).await?;
        parse::order_report(&body.order).map_err(|error| ReadError::parse(&what, error))
    }

    /// The contracts that are to trade before a resting order. `GET /portfolio/orders/{id}/queue_position`.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn queue_position(&self, order: &ExchangeOrderId) -> Result<Quantity, ReadError> {
        let what = format!("queue position of {order}");
        let path = format!("/portfolio/orders/{}/queue_position", segment(order.as_str()));
        let body: wire::QueuePositionResponse = self.read(&what, &path, Query::new()).await?;
        let of = parse::Of("order", order.as_str());
        of.field("queue_position_fp", &body.queue_position_fp).map_err(|error| ReadError::parse(&what, error))
    }

    /// The contracts that are to trade before each resting order in some markets. `GET /portfolio/orders/queue_positions`. Whether the exchange
    /// answers for every shard is not documented: an order that is absent is not known to be gone.
    ///
    /// # Errors
    /// No usable answer. Single positions that cannot be read make the result partial.
    pub async fn queue_positions(&self, markets: &[MarketTicker]) -> Result<Paged<QueuePosition>, ReadError> {
        let Some(tickers) = super::markets::joined(markets) else { return Ok(Paged::nothing()) };
        let query = self.with_subaccount(vec![("market_tickers", tickers)]);
        let body: wire::QueuePositions =
            self.read("queue positions", "/portfolio/orders/queue_positions", query).await?;
        Ok(Paged::of_one(&body.queue_positions, parse::queue_position))
    }
}
