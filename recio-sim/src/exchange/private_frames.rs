//! Frames that one account alone may see: its orders, fills and positions.

use super::frames::uuid_of;
use super::orders::status_word;
use recio_core::market::BookSide;
use recio_core::trade::{Fill, Liquidity};
use recio_core::units::{MarketTicker, Position};
use recio_core::venue::{MarketPosition, SelfTradePrevention, Subaccount, VenueOrder, Wallet};
use recio_kalshi::wire::{FillMessage, FrameBody, PositionMessage, Text, UserOrderMessage};

fn text(value: impl ToString) -> Text<'static> {
    value.to_string().into()
}

/// The outcome that an order on this side buys.
pub(super) const fn outcome_word(side: BookSide) -> &'static str {
    match side {
        BookSide::Bid => "yes",
        BookSide::Ask => "no",
    }
}

/// The exchange's id of a user, the same for the same account name in every run.
pub(super) fn user_id(account: &recio_core::units::AccountName) -> String {
    uuid_of("user", account.as_str())
}

pub(super) const fn stp_word(prevention: SelfTradePrevention) -> &'static str {
    match prevention {
        SelfTradePrevention::TakerAtCross => "taker_at_cross",
        SelfTradePrevention::Maker => "maker",
    }
}

pub(super) fn order_frame(order: &VenueOrder) -> FrameBody<'static> {
    let terms = &order.terms;
    let outcome = outcome_word(terms.book_side);
    FrameBody::UserOrder(Box::new(UserOrderMessage {
        order_id: text(&order.id),
        user_id: Some(user_id(&order.account).into()),
        client_order_id: terms.client_order_id.as_ref().map(text),
        ticker: text(&terms.market),
        exchange_index: Some(order.wallet.shard),
        status: status_word(order.status).into(),
        side: Some(outcome.into()),
        is_yes: Some(terms.book_side == BookSide::Bid),
        outcome_side: Some(outcome.into()),
        book_side: text(terms.book_side),
        yes_price_dollars: text(terms.yes_price),
        initial_count_fp: text(terms.quantity),
        fill_count_fp: text(order.filled),
        remaining_count_fp: text(order.remaining),
        taker_fill_cost_dollars: Some(text(order.taker_fill_cost)),
        maker_fill_cost_dollars: Some(text(order.maker_fill_cost)),
        taker_fees_dollars: Some(text(order.taker_fees)),
        maker_fees_dollars: Some(text(order.maker_fees)),
        self_trade_prevention_type: Some(stp_word(terms.self_trade_prevention).into()),
        order_group_id: terms.order_group.as_ref().map(text),
        created_time: Some(text(order.created_time)),
        created_ts_ms: Some(order.created_time.as_millisecond()),
        last_updated_ts_ms: Some(order.updated_time.as_millisecond()),
        expiration_ts_ms: terms.expiration.map(recio_core::units::Timestamp::as_millisecond),
        last_update_reason: order.last_update_reason.map(|reason| reason.as_str().into()),
        subaccount_number: Some(order.wallet.subaccount.number()),
    }))
}

pub(super) fn fill_frame(fill: &Fill, post_position: Position, wallet: Wallet) -> FrameBody<'static> {
    let outcome = outcome_word(fill.book_side);
    FrameBody::Fill(Box::new(FillMessage {
        trade_id: text(&fill.id),
        order_id: text(&fill.order),
        client_order_id: fill.client_order_id.as_ref().map(text),
        market_ticker: text(&fill.market),
        exchange_index: Some(wallet.shard),
        is_taker: fill.liquidity == Liquidity::Taker,
        side: Some(outcome.into()),
        action: Some("buy".into()),
        outcome_side: Some(outcome.into()),
        book_side: text(fill.book_side),
        purchased_side: Some(outcome.into()),
        yes_price_dollars: text(fill.yes_price),
        count_fp: text(fill.quantity),
        fee_cost: text(fill.fee),
        post_position_fp: Some(text(post_position)),
        ts: Some(fill.exchange_time.as_second()),
        ts_ms: fill.exchange_time.as_millisecond(),
        subaccount: Some(wallet.subaccount.number()),
    }))
}

pub(super) fn position_frame(
    user_id: String,
    subaccount: Subaccount,
    market: &MarketTicker,
    held: &MarketPosition,
) -> FrameBody<'static> {
    let volume = held.yes_quantity.saturating_add(held.no_quantity);
    FrameBody::Position(Box::new(PositionMessage {
        user_id: Some(user_id.into()),
        market_ticker: text(market),
        position_fp: text(held.position),
        position_cost_dollars: text(held.cost),
        realized_pnl_dollars: text(held.realized_pnl),
        fees_paid_dollars: text(held.fees),
        position_fee_cost_dollars: Some(text(held.fees)),
        volume_fp: Some(text(volume)),
        subaccount: Some(subaccount.number()),
    }))
}
