//! Orders, fills, positions, cash and settlements of the account.

use super::{Of, ParseError, market::result};
use crate::wire::{
    Balance, CreateOrderResponse, Fill as WireFill, FillMessage, MarketPosition, Order, PositionMessage,
    Settlement as WireSettlement, UserOrderMessage,
};
use recio_core::trade::{Fill, Liquidity, OrderReport, PositionReport, ReportedStatus, Settlement};
use recio_core::units::{ClientOrderId, ExchangeOrderId, Money, Position, Price, Quantity, Timestamp};
use std::collections::BTreeMap;

/// What the exchange says about an order it has just taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedOrder {
    /// Its id.
    pub exchange_id: ExchangeOrderId,
    /// Filled at once.
    pub filled: Quantity,
    /// Left of it; nothing for one that is done, one way or the other.
    pub remaining: Quantity,
    /// When.
    pub exchange_time: Timestamp,
}

/// A fill from the stream, with the position it led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamedFill {
    /// The fill.
    pub fill: Fill,
    /// The signed position after it, where the exchange says.
    pub position: Option<Position>,
}

/// The account's cash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountBalance {
    /// On all shards that were asked for.
    pub cash: Money,
    /// By shard; empty for a key that is locked to a subaccount.
    pub by_shard: BTreeMap<u16, Money>,
    /// As of.
    pub exchange_time: Timestamp,
}

/// Reads the answer to a create.
///
/// # Errors
/// An id, count or time that is none: whether the order is live is then unknown.
pub fn created_order(body: &CreateOrderResponse) -> Result<CreatedOrder, ParseError> {
    let of = Of("order", &body.order_id);
    Ok(CreatedOrder {
        exchange_id: of.field("order_id", &body.order_id)?,
        filled: of.field("fill_count", &body.fill_count)?,
        remaining: of.field("remaining_count", &body.remaining_count)?,
        exchange_time: of.millis("ts_ms", body.ts_ms)?,
    })
}

/// Reads an order from the list.
///
/// # Errors
/// A field that is not what it should be. An unknown status is none: nothing follows from it.
pub fn order_report(body: &Order) -> Result<OrderReport, ParseError> {
    let of = Of("order", &body.order_id);
    let created_time = body.created_time.as_deref().map(|text| of.time("created_time", text)).transpose()?;
    report(
        of,
        &ReportFields {
            order_id: &body.order_id,
            client_order_id: body.client_order_id.as_deref(),
            ticker: &body.ticker,
            book_side: &body.book_side,
            yes_price: &body.yes_price_dollars,
            status: &body.status,
            counts: [&body.initial_count_fp, &body.fill_count_fp, &body.remaining_count_fp],
            created_time,
        },
    )
}

/// Reads an order from the stream.
///
/// # Errors
/// As [`order_report`].
pub fn streamed_order(message: &UserOrderMessage<'_>) -> Result<OrderReport, ParseError> {
    let of = Of("order", &message.order_id);
    let created_time = match (message.created_ts_ms, message.created_time.as_deref()) {
        (Some(millis), _) => Some(of.millis("created_ts_ms", millis)?),
        (None, Some(text)) => Some(of.time("created_time", text)?),
        (None, None) => None,
    };
    report(
        of,
        &ReportFields {
            order_id: &message.order_id,
            client_order_id: message.client_order_id.as_deref(),
            ticker: &message.ticker,
            book_side: &message.book_side,
            yes_price: &message.yes_price_dollars,
            status: &message.status,
            counts: [&message.initial_count_fp, &message.fill_count_fp, &message.remaining_count_fp],
            created_time,
        },
    )
}

struct ReportFields<'a> {
    order_id: &'a str,
    client_order_id: Option<&'a str>,
    ticker: &'a str,
    book_side: &'a str,
    yes_price: &'a str,
    status: &'a str,
    /// Initial, filled, remaining.
    counts: [&'a str; 3],
    created_time: Option<Timestamp>,
}

fn report(of: Of<'_>, fields: &ReportFields<'_>) -> Result<OrderReport, ParseError> {
    Ok(OrderReport {
        exchange_id: of.field("order_id", fields.order_id)?,
        client_order_id: client_order_id(fields.client_order_id),
        market: of.field("ticker", fields.ticker)?,
        book_side: of.book_side(fields.book_side)?,
        yes_price: of.field("yes_price_dollars", fields.yes_price)?,
        status: match fields.status {
            "resting" => ReportedStatus::Resting,
            "canceled" => ReportedStatus::Canceled,
            "executed" => ReportedStatus::Executed,
            _ => ReportedStatus::Unknown,
        },
        initial: of.field("initial_count_fp", fields.counts[0])?,
        filled: of.field("fill_count_fp", fields.counts[1])?,
        remaining: of.field("remaining_count_fp", fields.counts[2])?,
        created_time: fields.created_time,
    })
}

/// An id of ours is always well-formed, so one that is not belongs to somebody else's order.
fn client_order_id(text: Option<&str>) -> Option<ClientOrderId> {
    text.and_then(|text| text.parse().ok())
}

/// Reads a fill from the list.
///
/// # Errors
/// A field that is not what it should be.
pub fn fill(body: &WireFill) -> Result<Fill, ParseError> {
    let of = Of("fill", &body.trade_id);
    Ok(Fill {
        id: of.field("trade_id", &body.trade_id)?,
        order: of.field("order_id", &body.order_id)?,
        client_order_id: None,
        market: of.field("ticker", &body.ticker)?,
        book_side: of.book_side(&body.book_side)?,
        yes_price: fill_price(of, &body.yes_price_dollars)?,
        quantity: fill_quantity(of, &body.count_fp)?,
        fee: of.field("fee_cost", &body.fee_cost)?,
        liquidity: liquidity(body.is_taker),
        exchange_time: of.time("created_time", &body.created_time)?,
    })
}

/// Reads a fill from the stream.
///
/// # Errors
/// As [`fill`].
pub fn streamed_fill(message: &FillMessage<'_>) -> Result<StreamedFill, ParseError> {
    let of = Of("fill", &message.trade_id);
    let fill = Fill {
        id: of.field("trade_id", &message.trade_id)?,
        order: of.field("order_id", &message.order_id)?,
        client_order_id: client_order_id(message.client_order_id.as_deref()),
        market: of.field("market_ticker", &message.market_ticker)?,
        book_side: of.book_side(&message.book_side)?,
        yes_price: fill_price(of, &message.yes_price_dollars)?,
        quantity: fill_quantity(of, &message.count_fp)?,
        fee: of.field("fee_cost", &message.fee_cost)?,
        liquidity: liquidity(message.is_taker),
        exchange_time: of.millis("ts_ms", message.ts_ms)?,
    };
    Ok(StreamedFill { fill, position: of.optional("post_position_fp", message.post_position_fp.as_deref())? })
}

fn fill_price(of: Of<'_>, text: &str) -> Result<Price, ParseError> {
    let price: Price = of.field("yes_price_dollars", text)?;
    if price > Price::ZERO && price < Price::ONE {
        Ok(price)
    } else {
        Err(of.error("yes_price_dollars", text, "nothing trades at $0 or $1"))
    }
}

fn fill_quantity(of: Of<'_>, text: &str) -> Result<Quantity, ParseError> {
    let quantity: Quantity = of.field("count_fp", text)?;
    if quantity.is_zero() { Err(of.error("count_fp", text, "a fill of nothing")) } else { Ok(quantity) }
}

const fn liquidity(is_taker: bool) -> Liquidity {
    if is_taker { Liquidity::Taker } else { Liquidity::Maker }
}

/// Reads a position from the list.
///
/// # Errors
/// A field that is not what it should be.
pub fn position(body: &MarketPosition) -> Result<PositionReport, ParseError> {
    let of = Of("position", &body.ticker);
    Ok(PositionReport {
        market: of.field("ticker", &body.ticker)?,
        position: of.field("position_fp", &body.position_fp)?,
        exposure: of.field("market_exposure_dollars", &body.market_exposure_dollars)?,
        fees_paid: of.field("fees_paid_dollars", &body.fees_paid_dollars)?,
        updated_time: body.last_updated_ts.as_deref().map(|text| of.time("last_updated_ts", text)).transpose()?,
    })
}

/// Reads a position from the stream.
///
/// # Errors
/// As [`position`].
pub fn streamed_position(message: &PositionMessage<'_>) -> Result<PositionReport, ParseError> {
    let of = Of("position", &message.market_ticker);
    Ok(PositionReport {
        market: of.field("market_ticker", &message.market_ticker)?,
        position: of.field("position_fp", &message.position_fp)?,
        exposure: of.field("position_cost_dollars", &message.position_cost_dollars)?,
        fees_paid: of.field("fees_paid_dollars", &message.fees_paid_dollars)?,
        updated_time: None,
    })
}

/// Reads the account's cash, from the exact figures; the cents are cut.
///
/// # Errors
/// An amount or time that is none, or a shard that is there twice.
pub fn balance(body: &Balance) -> Result<AccountBalance, ParseError> {
    let of = Of("balance", "of the account");
    let mut by_shard = BTreeMap::new();
    for shard in body.balance_breakdown.iter().flatten() {
        let cash: Money = of.field("balance_breakdown.balance", &shard.balance)?;
        if by_shard.insert(shard.exchange_index, cash).is_some() {
            return Err(of.error("balance_breakdown.exchange_index", shard.exchange_index, "it is there twice"));
        }
    }
    Ok(AccountBalance {
        cash: of.field("balance_dollars", &body.balance_dollars)?,
        by_shard,
        exchange_time: of.seconds("updated_ts", body.updated_ts)?,
    })
}

/// Reads a settlement.
///
/// # Errors
/// A field that is not what it should be; a result that recio does not know.
pub fn settlement(body: &WireSettlement) -> Result<Settlement, ParseError> {
    let of = Of("settlement", &body.ticker);
    let value = body.value.map(|cents| {
        let (sign, size) = (if cents < 0 { "-" } else { "" }, cents.unsigned_abs());
        format!("{sign}{}.{:02}", size / 100, size % 100)
    });
    let outcome = result(of, "market_result", &body.market_result, value.as_deref())?;
    let revenue = Money::from_micros_wide(i128::from(body.revenue) * 10_000)
        .map_err(|error| of.error("revenue", body.revenue, error))?;
    if body.revenue < 0 {
        return Err(of.error("revenue", body.revenue, "a settlement never takes money"));
    }
    Ok(Settlement {
        market: of.field("ticker", &body.ticker)?,
        event: of.field("event_ticker", &body.event_ticker)?,
        result: of.required("market_result", outcome)?,
        revenue,
        settled_time: of.time("settled_time", &body.settled_time)?,
    })
}
