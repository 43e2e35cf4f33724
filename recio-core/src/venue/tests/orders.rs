//! What an order does: time in force, flags, refusals, collateral, netting.

use super::{Stage, account, at, order};
use crate::market::BookSide::{Ask, Bid};
use crate::trade::TimeInForce::{FillOrKill, GoodTillCanceled, ImmediateOrCancel};
use crate::units::{Price, Quantity};
use crate::venue::{NewOrder, RefusalCode, SelfTradePrevention};
use insta::assert_snapshot;

#[test]
fn an_immediate_order_takes_what_is_there_and_the_rest_is_canceled() {
    let mut stage = Stage::with_book("100", &[("0.50", "5")], &[("0.52", "3"), ("0.55", "4.50"), ("0.60", "30")]);
    stage.place("ann", "a1", order(Bid, "0.55", "10", ImmediateOrCancel), 1);
    stage.place("ann", "a2", order(Bid, "0.55", "10", ImmediateOrCancel), 2);
    stage.cash("ann");
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 10.00 @ 0.5500 ImmediateOrCancel -> 201 filled 7.50 remaining 0.00 price 0.538000 fee 0.017387
      fill ann: bid 3.00 @ 0.5200 Taker fee 0.052500 holds 3.00
      order ann a1: Resting filled 3.00 remaining 7.00 Trade
      trade 3.00 @ 0.5200, taker bought YES
      fill ann: bid 4.50 @ 0.5500 Taker fee 0.077900 holds 7.50
      order ann a1: Resting filled 7.50 remaining 2.50 Trade
      trade 4.50 @ 0.5500, taker bought YES
      book ask @ 0.5200 -300
      book ask @ 0.5500 -450
      order ann a1: Canceled filled 7.50 remaining 0.00 -
    ann a2: bid 10.00 @ 0.5500 ImmediateOrCancel -> 201 filled 0.00 remaining 0.00 price 0.000000 fee 0.000000
      order ann a2: Canceled filled 0.00 remaining 0.00 -
    ann has 95.834600 with 0.000000 held back
    "#);
}

#[test]
fn fill_or_kill_is_all_or_nothing_and_spends_its_id() {
    let mut stage = Stage::with_book("100", &[], &[("0.52", "3"), ("0.55", "4")]);
    stage.place("ann", "a1", order(Bid, "0.55", "7.01", FillOrKill), 1);
    stage.place("ann", "a1", order(Bid, "0.55", "7", FillOrKill), 2);
    stage.place("ann", "a2", order(Bid, "0.55", "7", FillOrKill), 3);
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 7.01 @ 0.5500 FillOrKill -> 409 fill_or_kill_insufficient_resting_volume
    ann a1: bid 7.00 @ 0.5500 FillOrKill -> 409 order_already_exists
    ann a2: bid 7.00 @ 0.5500 FillOrKill -> 201 filled 7.00 remaining 0.00 price 0.537143 fee 0.017400
      fill ann: bid 3.00 @ 0.5200 Taker fee 0.052500 holds 3.00
      order ann a2: Resting filled 3.00 remaining 4.00 Trade
      trade 3.00 @ 0.5200, taker bought YES
      fill ann: bid 4.00 @ 0.5500 Taker fee 0.069300 holds 7.00
      order ann a2: Executed filled 7.00 remaining 0.00 Trade
      trade 4.00 @ 0.5500, taker bought YES
      book ask @ 0.5200 -300
      book ask @ 0.5500 -400
    "#);
}

#[test]
fn post_only_never_takes() {
    let mut stage = Stage::with_book("100", &[("0.50", "5")], &[("0.52", "3")]);
    let post_only = |price| NewOrder { post_only: true, ..order(Bid, price, "1", GoodTillCanceled) };
    stage.place("ann", "a1", post_only("0.52"), 1);
    stage.place("ann", "a2", post_only("0.51"), 2);
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 1.00 @ 0.5200 GoodTillCanceled -> 400 invalid_order: post only cross
    ann a2: bid 1.00 @ 0.5100 GoodTillCanceled -> 201 filled 0.00 remaining 1.00 price 0.000000 fee 0.000000
      book bid @ 0.5100 +100 by ann
      order ann a2: Resting filled 0.00 remaining 1.00 -
    "#);
}

#[test]
fn an_order_never_trades_with_its_own_account() {
    let mut stage = Stage::with_book("100", &[("0.40", "5")], &[("0.52", "2"), ("0.56", "30")]);
    stage.place("ann", "a1", order(Ask, "0.54", "3", GoodTillCanceled), 1);
    stage.place("ann", "a2", order(Bid, "0.56", "4", GoodTillCanceled), 2);
    let maker = SelfTradePrevention::Maker;
    stage.place("ann", "a3", NewOrder { self_trade_prevention: maker, ..order(Bid, "0.56", "4", GoodTillCanceled) }, 3);
    assert_snapshot!(stage.told(), @r#"
    ann a1: ask 3.00 @ 0.5400 GoodTillCanceled -> 201 filled 0.00 remaining 3.00 price 0.000000 fee 0.000000
      book ask @ 0.5400 +300 by ann
      order ann a1: Resting filled 0.00 remaining 3.00 -
    ann a2: bid 4.00 @ 0.5600 GoodTillCanceled -> 201 filled 2.00 remaining 0.00 price 0.520000 fee 0.017500
      fill ann: bid 2.00 @ 0.5200 Taker fee 0.035000 holds 2.00
      order ann a2: Resting filled 2.00 remaining 2.00 Trade
      trade 2.00 @ 0.5200, taker bought YES
      order ann a2: Canceled filled 2.00 remaining 0.00 SelfTradeCancel
      book ask @ 0.5200 -200
    ann a3: bid 4.00 @ 0.5600 GoodTillCanceled -> 201 filled 4.00 remaining 0.00 price 0.560000 fee 0.017250
      book ask @ 0.5400 -300 by ann
      order ann a1: Canceled filled 0.00 remaining 0.00 SelfTradeCancel
      fill ann: bid 4.00 @ 0.5600 Taker fee 0.069000 holds 6.00
      order ann a3: Executed filled 4.00 remaining 0.00 Trade
      trade 4.00 @ 0.5600, taker bought YES
      book ask @ 0.5600 -400
    "#);
}

#[test]
fn accounts_trade_with_each_other_by_price_and_time_and_net() {
    let mut stage = Stage::with_book("10", &[], &[]);
    stage.place("ann", "a1", order(Bid, "0.40", "5", GoodTillCanceled), 1);
    stage.place("bob", "b1", order(Ask, "0.30", "5.50", ImmediateOrCancel), 2);
    stage.cash("ann");
    stage.cash("bob");
    // Ann sells her YES into nothing held back; Bob buys back his NO.
    stage.place("ann", "a2", order(Ask, "0.45", "5", GoodTillCanceled), 3);
    stage.cash("ann");
    stage.place("bob", "b2", order(Bid, "0.45", "8", ImmediateOrCancel), 4);
    stage.cash("ann");
    stage.cash("bob");
    let held: Vec<_> = stage.venue.positions(&account("bob")).map(|(_, held)| held.clone()).collect();
    assert_eq!((held[0].position, held[0].realized_pnl), ("0".parse().unwrap(), "-0.25".parse().unwrap()));
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 5.00 @ 0.4000 GoodTillCanceled -> 201 filled 0.00 remaining 5.00 price 0.000000 fee 0.000000
      book bid @ 0.4000 +500 by ann
      order ann a1: Resting filled 0.00 remaining 5.00 -
    bob b1: ask 5.50 @ 0.3000 ImmediateOrCancel -> 201 filled 5.00 remaining 0.00 price 0.400000 fee 0.016800
      book bid @ 0.4000 -500 by ann
      fill ann: bid 5.00 @ 0.4000 Maker fee 0.000000 holds 5.00
      order ann a1: Executed filled 5.00 remaining 0.00 Trade
      fill bob: ask 5.00 @ 0.4000 Taker fee 0.084000 holds -5.00
      order bob b1: Resting filled 5.00 remaining 0.50 Trade
      trade 5.00 @ 0.4000, taker bought NO
      order bob b1: Canceled filled 5.00 remaining 0.00 -
    ann has 8.000000 with 0.000000 held back
    bob has 6.916000 with 0.000000 held back
    ann a2: ask 5.00 @ 0.4500 GoodTillCanceled -> 201 filled 0.00 remaining 5.00 price 0.000000 fee 0.000000
      book ask @ 0.4500 +500 by ann
      order ann a2: Resting filled 0.00 remaining 5.00 -
    ann has 8.000000 with 0.000000 held back
    bob b2: bid 8.00 @ 0.4500 ImmediateOrCancel -> 201 filled 5.00 remaining 0.00 price 0.450000 fee 0.017340
      book ask @ 0.4500 -500 by ann
      fill ann: ask 5.00 @ 0.4500 Maker fee 0.000000 holds 0.00
      order ann a2: Executed filled 5.00 remaining 0.00 Trade
      fill bob: bid 5.00 @ 0.4500 Taker fee 0.086700 holds 0.00
      order bob b2: Resting filled 5.00 remaining 3.00 Trade
      trade 5.00 @ 0.4500, taker bought YES
      order bob b2: Canceled filled 5.00 remaining 0.00 -
    ann has 10.250000 with 0.000000 held back
    bob has 9.579300 with 0.000000 held back
    "#);
}

#[test]
fn an_order_needs_the_most_it_can_lose() {
    let mut stage = Stage::with_book("5", &[("0.40", "50")], &[("0.60", "50")]);
    stage.place("ann", "a1", order(Bid, "0.50", "10", GoodTillCanceled), 1);
    stage.place("ann", "a2", order(Bid, "0.001", "0.01", GoodTillCanceled), 2);
    stage.place("bob", "b1", order(Ask, "0.40", "8.34", ImmediateOrCancel), 3);
    stage.place("bob", "b2", order(Ask, "0.40", "8", ImmediateOrCancel), 4);
    stage.cash("bob");
    // Buying NO back needs nothing, even with a balance that fees took below what is needed.
    stage.place("bob", "b3", order(Bid, "0.60", "8", ImmediateOrCancel), 5);
    stage.cash("bob");
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 10.00 @ 0.5000 GoodTillCanceled -> 201 filled 0.00 remaining 10.00 price 0.000000 fee 0.000000
      book bid @ 0.5000 +1000 by ann
      order ann a1: Resting filled 0.00 remaining 10.00 -
    ann a2: bid 0.01 @ 0.0010 GoodTillCanceled -> 400 insufficient_balance
    bob b1: ask 8.34 @ 0.4000 ImmediateOrCancel -> 400 insufficient_balance
    bob b2: ask 8.00 @ 0.4000 ImmediateOrCancel -> 201 filled 8.00 remaining 0.00 price 0.500000 fee 0.017500
      book bid @ 0.5000 -800 by ann
      fill ann: bid 8.00 @ 0.5000 Maker fee 0.000000 holds 8.00
      order ann a1: Resting filled 8.00 remaining 2.00 Trade
      fill bob: ask 8.00 @ 0.5000 Taker fee 0.140000 holds -8.00
      order bob b2: Executed filled 8.00 remaining 0.00 Trade
      trade 8.00 @ 0.5000, taker bought NO
    bob has 0.860000 with 0.000000 held back
    bob b3: bid 8.00 @ 0.6000 ImmediateOrCancel -> 201 filled 8.00 remaining 0.00 price 0.600000 fee 0.016800
      fill bob: bid 8.00 @ 0.6000 Taker fee 0.134400 holds 0.00
      order bob b3: Executed filled 8.00 remaining 0.00 Trade
      trade 8.00 @ 0.6000, taker bought YES
      book ask @ 0.6000 -800
    bob has 3.925600 with 0.000000 held back
    "#);
}

#[test]
fn reduce_only_is_capped_to_the_position() {
    let mut stage = Stage::with_book("100", &[("0.50", "50")], &[("0.52", "50")]);
    let reduce = |time_in_force| NewOrder { reduce_only: true, ..order(Ask, "0.50", "5", time_in_force) };
    stage.place("ann", "a1", reduce(ImmediateOrCancel), 1);
    stage.place("ann", "a2", reduce(GoodTillCanceled), 1);
    stage.place("ann", "a3", order(Bid, "0.52", "3", ImmediateOrCancel), 2);
    stage.place("ann", "a4", reduce(FillOrKill), 3);
    assert_snapshot!(stage.told(), @r#"
    ann a1: ask 5.00 @ 0.5000 ImmediateOrCancel -> 201 filled 0.00 remaining 0.00 price 0.000000 fee 0.000000
      order ann a1: Canceled filled 0.00 remaining 0.00 ReduceOnlyCancel
    ann a2: ask 5.00 @ 0.5000 GoodTillCanceled -> 400 invalid_order: reduce_only can only be used with IoC or FoK orders
    ann a3: bid 3.00 @ 0.5200 ImmediateOrCancel -> 201 filled 3.00 remaining 0.00 price 0.520000 fee 0.017500
      fill ann: bid 3.00 @ 0.5200 Taker fee 0.052500 holds 3.00
      order ann a3: Executed filled 3.00 remaining 0.00 Trade
      trade 3.00 @ 0.5200, taker bought YES
      book ask @ 0.5200 -300
    ann a4: ask 5.00 @ 0.5000 FillOrKill -> 201 filled 3.00 remaining 0.00 price 0.500000 fee 0.017500
      fill ann: ask 3.00 @ 0.5000 Taker fee 0.052500 holds 0.00
      order ann a4: Canceled filled 3.00 remaining 0.00 ReduceOnlyCancel
      trade 3.00 @ 0.5000, taker bought NO
      book bid @ 0.5000 -300
    "#);
}

#[test]
fn malformed_orders_are_refused_with_the_exchanges_codes() {
    let mut stage = Stage::with_book("100", &[], &[("0.52", "30")]);
    let good = || order(Bid, "0.50", "1", GoodTillCanceled);
    for (id, order) in [
        ("a1", NewOrder { market: "NONE".parse().unwrap(), ..good() }),
        ("a2", NewOrder { yes_price: "0.505".parse().unwrap(), ..good() }),
        ("a3", NewOrder { yes_price: Price::ONE, ..good() }),
        ("a4", NewOrder { quantity: Quantity::ZERO, ..good() }),
        ("a5.1", good()),
        ("a6", NewOrder { expiration: Some(at(60)), ..order(Bid, "0.50", "1", ImmediateOrCancel) }),
        ("a7", NewOrder { quantity: Quantity::MAX, ..good() }),
    ] {
        stage.place("ann", id, order, 1);
    }
    stage.place("eve", "e1", good(), 1);
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 1.00 @ 0.5000 GoodTillCanceled -> 404 market_not_found
    ann a2: bid 1.00 @ 0.5050 GoodTillCanceled -> 400 invalid_price
    ann a3: bid 1.00 @ 1.0000 GoodTillCanceled -> 400 invalid_price
    ann a4: bid 0.00 @ 0.5000 GoodTillCanceled -> 400 invalid_order_size
    ann a5.1: bid 1.00 @ 0.5000 GoodTillCanceled -> 400 invalid_parameters: client_order_id must not contain a point
    ann a6: bid 1.00 @ 0.5000 ImmediateOrCancel -> 400 invalid_order: expiration_time can only be used with good_till_canceled
    ann a7: bid 1000000000000.00 @ 0.5000 GoodTillCanceled -> 400 insufficient_balance
    eve e1: bid 1.00 @ 0.5000 GoodTillCanceled -> 404 user_not_found
    "#);
}

#[test]
fn a_position_cannot_grow_beyond_what_a_quantity_holds() {
    let mut stage = Stage::with_book("5000000000000", &[], &[]);
    let all = || NewOrder { quantity: Quantity::MAX, ..order(Bid, "0.001", "1", GoodTillCanceled) };
    assert!(stage.place("ann", "a1", all(), 1).is_some());
    let refusal = stage.venue.place(&account("ann"), order(Bid, "0.002", "0.01", GoodTillCanceled), at(1)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::ExceededPerMarketRiskLimit);
    assert!(stage.place("bob", "b1", NewOrder { book_side: Ask, ..all() }, 2).is_some());
    assert_eq!(stage.venue.balance(&account("ann")).unwrap().cash, "4999000000000".parse().unwrap());
}

#[test]
fn a_position_covers_the_best_priced_orders_first() {
    let mut stage = Stage::with_book("3", &[("0.50", "50")], &[("0.52", "50")]);
    stage.place("ann", "a1", order(Bid, "0.52", "3", ImmediateOrCancel), 1);
    stage.place("ann", "a2", order(Ask, "0.60", "3", GoodTillCanceled), 2);
    stage.cash("ann");
    // The incoming order closes the position; the resting one needs 1.20 from then on, which there is, and not the 1.50 of this one.
    stage.place("ann", "a3", order(Ask, "0.50", "3", ImmediateOrCancel), 3);
    stage.cash("ann");
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 3.00 @ 0.5200 ImmediateOrCancel -> 201 filled 3.00 remaining 0.00 price 0.520000 fee 0.017500
      fill ann: bid 3.00 @ 0.5200 Taker fee 0.052500 holds 3.00
      order ann a1: Executed filled 3.00 remaining 0.00 Trade
      trade 3.00 @ 0.5200, taker bought YES
      book ask @ 0.5200 -300
    ann a2: ask 3.00 @ 0.6000 GoodTillCanceled -> 201 filled 0.00 remaining 3.00 price 0.000000 fee 0.000000
      book ask @ 0.6000 +300 by ann
      order ann a2: Resting filled 0.00 remaining 3.00 -
    ann has 1.387500 with 0.000000 held back
    ann a3: ask 3.00 @ 0.5000 ImmediateOrCancel -> 201 filled 3.00 remaining 0.00 price 0.500000 fee 0.017500
      fill ann: ask 3.00 @ 0.5000 Taker fee 0.052500 holds 0.00
      order ann a3: Executed filled 3.00 remaining 0.00 Trade
      trade 3.00 @ 0.5000, taker bought NO
      book bid @ 0.5000 -300
    ann has 2.835000 with 1.200000 held back
    "#);
}
