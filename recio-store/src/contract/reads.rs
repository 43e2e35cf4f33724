//! The part of the contract about what is read back from facts.

use super::append;
use super::sample::{fill, filled, intent, order_changed, settled, time, trade, value};
use crate::verify::verify;
use recio_core::fact::Fact;
use recio_core::market::{BookSide, MarketResult};
use recio_core::store::{PositionRow, Store};
use recio_core::trade::{OrderStatus, TradeStatus};
use recio_core::units::{Money, Quantity};

pub(super) async fn orders_show_their_newest_state(store: &dyn Store) {
    // A change that comes before its intent waits for it.
    append(store, &[order_changed("c-3", Some("x-3"), OrderStatus::Open, "0")]).await;
    assert!(store.orders().await.expect("orders").is_empty(), "without an intent there is no order to show");
    append(store, &[intent("c-1", 1), intent("c-2", 2), intent("c-3", 3)]).await;
    let orders = store.orders().await.expect("orders");
    let ids: Vec<_> = orders.iter().map(|order| order.intent.client_order_id.as_str()).collect();
    assert_eq!(ids, ["c-3", "c-2", "c-1"], "orders come newest first");
    assert_eq!((orders[0].status, orders[0].exchange_id.clone()), (OrderStatus::Open, Some(value("x-3"))));
    assert_eq!((orders[1].status, orders[1].exchange_id.clone()), (OrderStatus::Submitting, None));
    let mut last = order_changed("c-1", None, OrderStatus::Canceled, "3.5");
    last.time = time(9);
    append(store, &[order_changed("c-1", Some("x-1"), OrderStatus::Open, "0"), last]).await;
    append(store, &[order_changed("c-2", None, OrderStatus::Rejected, "0")]).await;
    let orders = store.orders().await.expect("orders");
    assert_eq!(orders[1].reason.as_deref(), Some("insufficient_balance"));
    let first = &orders[2];
    assert_eq!((first.status, first.filled, first.updated_time), (OrderStatus::Canceled, value("3.5"), time(9)));
    assert_eq!(first.exchange_id, Some(value("x-1")), "an exchange id stays once it is known");
    verify(store).await.expect("the store is sound");
}

pub(super) async fn trades_show_their_newest_state(store: &dyn Store) {
    let (none, ten) = (Quantity::ZERO, Quantity::contracts(10));
    append(store, &[trade("t-1", TradeStatus::Pending, none), trade("t-2", TradeStatus::Pending, none)]).await;
    append(store, &[trade("t-1", TradeStatus::Open, ten), trade("t-1", TradeStatus::Closed, ten)]).await;
    let trades = store.trades().await.expect("trades");
    let shown: Vec<_> = trades.iter().map(|trade| (trade.id.as_str(), trade.status)).collect();
    assert_eq!(shown, [("t-2", TradeStatus::Pending), ("t-1", TradeStatus::Closed)]);
    assert_eq!(trades[1].bought, ten);
    verify(store).await.expect("the store is sound");
}

pub(super) async fn fills_come_newest_first(store: &dyn Store) {
    // The exchange's fill ids are told apart by their orders.
    let fills = [
        fill("x-1", "f-1", "M", BookSide::Bid, "0.60", "1"),
        fill("x-2", "f-1", "M", BookSide::Ask, "0.61", "0.01"),
        fill("x-1", "f-2", "N", BookSide::Bid, "0.62", "2"),
    ];
    append(store, &fills.clone().map(filled)).await;
    let mut wanted = fills.to_vec();
    wanted.reverse();
    assert_eq!(store.fills().await.expect("fills"), wanted);
    verify(store).await.expect("the store is sound");
}

pub(super) async fn positions_net_and_settle(store: &dyn Store) {
    use BookSide::{Ask, Bid};
    let mut number = 0;
    let mut step = |market: &str, side, price: &str, quantity: &str| -> Fact {
        number += 1;
        filled(fill("x", &format!("f-{number}"), market, side, price, quantity))
    };
    append(
        store,
        &[
            step("LONG", Bid, "0.60", "1"),
            step("LONG", Bid, "0.50", "2"),
            step("LONG", Ask, "0.90", "1"),
            step("CROSSED", Bid, "0.60", "1"),
            step("CROSSED", Ask, "0.70", "3"),
            step("FLAT", Ask, "0.40", "2.50"),
            step("FLAT", Bid, "0.35", "2.50"),
            step("PAID", Bid, "0.95", "4"),
        ],
    )
    .await;
    let row = |market: &str, position: &str, cost: &str, fees: &str| PositionRow {
        market: value(market),
        position: value(position),
        cost: value(cost),
        fees: value(fees),
    };
    let crossed = row("CROSSED", "-2", "0.60", "0.02");
    let long = row("LONG", "2", "1.066667", "0.03");
    let wanted = [crossed.clone(), long.clone(), row("PAID", "4", "3.80", "0.01")];
    assert_eq!(store.positions().await.expect("positions"), wanted, "by market, the flat ones left out");

    append(store, &[settled("PAID", MarketResult::Yes, Money::dollars(4), 1), step("PAID", Bid, "0.95", "1")]).await;
    let wanted = [crossed.clone(), long.clone()];
    assert_eq!(
        store.positions().await.expect("positions"),
        wanted,
        "a paid market holds nothing, also not for late fills"
    );

    let mut other = step("LONG", Ask, "0.90", "2");
    other.account = value("second");
    append(store, &[other]).await;
    let wanted = [crossed, long, row("LONG", "-2", "0.20", "0.01")];
    assert_eq!(store.positions().await.expect("positions"), wanted, "accounts do not net against each other");
    verify(store).await.expect("the store is sound");
}

pub(super) async fn settlements_show_their_newest_version(store: &dyn Store) {
    append(store, &[settled("M", MarketResult::Yes, Money::dollars(4), 1)]).await;
    append(store, &[settled("M", MarketResult::No, Money::ZERO, 3), settled("N", MarketResult::No, Money::ZERO, 1)])
        .await;
    append(store, &[settled("M", MarketResult::Yes, Money::dollars(4), 2)]).await;
    let settlements = store.settlements().await.expect("settlements");
    let shown: Vec<_> = settlements.iter().map(|one| (one.market.as_str(), one.result)).collect();
    assert_eq!(shown, [("N", MarketResult::No), ("M", MarketResult::No)], "version 3 counts, although 2 came last");
    verify(store).await.expect("the store is sound");
}
