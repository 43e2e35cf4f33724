//! Answers to changes of orders; queue positions; order groups.

use super::{Of, ParseError};
use crate::wire;
use recio_core::units::{ClientOrderId, ExchangeOrderId, MarketTicker, OrderGroupId, Quantity, Timestamp};

/// An amend that was done. The exchange may leave the counts out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmendedOrder {
    /// The order.
    pub exchange_id: ExchangeOrderId,
    /// Our id, as it is now.
    pub client_order_id: Option<ClientOrderId>,
    /// What this change itself filled.
    pub filled: Option<Quantity>,
    /// What rests after it.
    pub remaining: Option<Quantity>,
    /// When.
    pub exchange_time: Timestamp,
}

/// A decrease that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecreasedOrder {
    /// The order.
    pub exchange_id: ExchangeOrderId,
    /// What rests after it.
    pub remaining: Quantity,
    /// When.
    pub exchange_time: Timestamp,
}

/// Where a resting order stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuePosition {
    /// The order.
    pub exchange_id: ExchangeOrderId,
    /// Its market.
    pub market: MarketTicker,
    /// The contracts that are to trade before it.
    pub ahead: Quantity,
}

/// An order group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderGroup {
    /// Its id.
    pub id: OrderGroupId,
    /// The most contracts that its orders may fill within 15 seconds; where the exchange says.
    pub limit: Option<Quantity>,
    /// Whether exceeding the limit cancels its orders.
    pub cancels: bool,
    /// Its shard, where the exchange says.
    pub exchange_index: Option<u16>,
    /// Its orders; `None` in lists, which do not tell them.
    pub orders: Option<Vec<ExchangeOrderId>>,
}

/// Reads the answer to an amend.
///
/// # Errors
/// An id, count or time that is none: what the order is now is then unknown.
pub fn amended_order(body: &wire::AmendOrderResponse) -> Result<AmendedOrder, ParseError> {
    let of = Of("order", &body.order_id);
    let count = |field, text: &Option<String>| text.as_deref().map(|text| of.field(field, text)).transpose();
    Ok(AmendedOrder {
        exchange_id: of.field("order_id", &body.order_id)?,
        client_order_id: of.optional("client_order_id", body.client_order_id.as_deref())?,
        filled: count("fill_count", &body.fill_count)?,
        remaining: count("remaining_count", &body.remaining_count)?,
        exchange_time: of.millis("ts_ms", body.ts_ms)?,
    })
}

/// Reads the answer to a decrease.
///
/// # Errors
/// An id, count or time that is none: what the order is now is then unknown.
pub fn decreased_order(body: &wire::DecreaseOrderResponse) -> Result<DecreasedOrder, ParseError> {
    let of = Of("order", &body.order_id);
    Ok(DecreasedOrder {
        exchange_id: of.field("order_id", &body.order_id)?,
        remaining: of.field("remaining_count", &body.remaining_count)?,
        exchange_time: of.millis("ts_ms", body.ts_ms)?,
    })
}

/// Reads where a resting order stands.
///
/// # Errors
/// An id, ticker or count that is none.
pub fn queue_position(body: &wire::QueuePosition) -> Result<QueuePosition, ParseError> {
    let of = Of("order", &body.order_id);
    Ok(QueuePosition {
        exchange_id: of.field("order_id", &body.order_id)?,
        market: of.field("market_ticker", &body.market_ticker)?,
        ahead: of.field("queue_position_fp", &body.queue_position_fp)?,
    })
}

/// Reads a group from the list.
///
/// # Errors
/// An id or limit that is none.
pub fn order_group(body: &wire::OrderGroup) -> Result<OrderGroup, ParseError> {
    let of = Of("order group", &body.id);
    Ok(OrderGroup {
        id: of.field("id", &body.id)?,
        limit: of.optional("contracts_limit_fp", body.contracts_limit_fp.as_deref())?,
        cancels: body.is_auto_cancel_enabled,
        exchange_index: body.exchange_index,
        orders: None,
    })
}

/// Reads one group with its orders.
///
/// # Errors
/// An id or limit that is none.
pub fn order_group_with_orders(id: &OrderGroupId, body: &wire::OrderGroupResponse) -> Result<OrderGroup, ParseError> {
    let of = Of("order group", id.as_str());
    let orders = body.orders.iter().map(|order| of.field("orders", order)).collect::<Result<_, _>>()?;
    Ok(OrderGroup {
        id: id.clone(),
        limit: of.optional("contracts_limit_fp", body.contracts_limit_fp.as_deref())?,
        cancels: body.is_auto_cancel_enabled,
        exchange_index: body.exchange_index,
        orders: Some(orders),
    })
}
