//! How orders meet the recorded book and its prints.

use super::{Stage, account, at, order, ticker};
use crate::market::BookSide::{Ask, Bid};
use crate::market::Side;
use crate::trade::TimeInForce::{GoodTillCanceled, ImmediateOrCancel};
use crate::units::Quantity;
use insta::assert_snapshot;

/// Recorded on Kalshi's demo in June 2026: limit 0.99, filled at 0.52, fee 0.0175.
#[test]
fn the_recorded_taker_order_comes_out() {
    let mut stage = Stage::with_book("100", &[], &[("0.52", "30"), ("0.60", "30")]);
    let id = stage.place("ann", "a1", order(Bid, "0.99", "1", ImmediateOrCancel), 1).unwrap();
    let kept = stage.venue.order(&account("ann"), &id).unwrap();
    assert_eq!((kept.taker_fill_cost, kept.total_fees()), ("0.52".parse().unwrap(), "0.0175".parse().unwrap()));
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 1.00 @ 0.9900 ImmediateOrCancel -> 201 filled 1.00 remaining 0.00 price 0.520000 fee 0.017500
      fill ann: bid 1.00 @ 0.5200 Taker fee 0.017500 holds 1.00
      order ann a1: Executed filled 1.00 remaining 0.00 Trade
      trade 1.00 @ 0.5200, taker bought YES
      book ask @ 0.5200 -100
    "#);
}

#[test]
fn a_resting_order_waits_for_its_turn_and_for_a_cross() {
    let mut stage = Stage::with_book("100", &[("0.50", "5")], &[("0.52", "30")]);
    let id = stage.place("ann", "a1", order(Ask, "0.52", "10", GoodTillCanceled), 1).unwrap();
    let queue = |stage: &mut Stage| {
        let ahead = stage.venue.queue_position(&account("ann"), &id).unwrap();
        stage.told.push(format!("ahead: {ahead}"));
    };
    stage.delta(Ask, "0.52", 20, 2);
    stage.delta(Ask, "0.52", -15, 3);
    queue(&mut stage);
    stage.delta(Ask, "0.52", -15, 4);
    queue(&mut stage);
    stage.delta(Ask, "0.52", -20, 5);
    stage.delta(Bid, "0.53", 4, 6);
    stage.delta(Bid, "0.53", 10, 7);
    stage.cash("ann");
    assert_snapshot!(stage.told(), @r#"
    ann a1: ask 10.00 @ 0.5200 GoodTillCanceled -> 201 filled 0.00 remaining 10.00 price 0.000000 fee 0.000000
      book ask @ 0.5200 +1000 by ann
      order ann a1: Resting filled 0.00 remaining 10.00 -
    recorded: ask @ 0.52 +20
      book ask @ 0.5200 +2000
    recorded: ask @ 0.52 -15
      book ask @ 0.5200 -1500
    ahead: 30.00
    recorded: ask @ 0.52 -15
      book ask @ 0.5200 -1500
    ahead: 20.00
    recorded: ask @ 0.52 -20
      book ask @ 0.5200 -2000
    recorded: bid @ 0.53 +4
      book ask @ 0.5200 -400 by ann
      fill ann: ask 4.00 @ 0.5200 Maker fee 0.000000 holds -4.00
      order ann a1: Resting filled 4.00 remaining 6.00 Trade
      trade 4.00 @ 0.5200, taker bought YES
    recorded: bid @ 0.53 +10
      book ask @ 0.5200 -600 by ann
      fill ann: ask 6.00 @ 0.5200 Maker fee 0.000000 holds -10.00
      order ann a1: Executed filled 10.00 remaining 0.00 Trade
      trade 6.00 @ 0.5200, taker bought YES
      book bid @ 0.5300 +400
    ann has 95.200000 with 0.000000 held back
    "#);
}

#[test]
fn prints_move_the_queue_and_are_not_counted_twice() {
    let mut stage = Stage::with_book("100", &[("0.50", "5")], &[("0.52", "30")]);
    stage.place("ann", "a1", order(Ask, "0.52", "10", GoodTillCanceled), 1);
    stage.place("bob", "b1", order(Ask, "0.52", "10", GoodTillCanceled), 1);
    // The level shrinks before its print comes: the print says nothing new.
    stage.delta(Ask, "0.52", -10, 2);
    stage.print(Side::Yes, "0.52", "10", 2);
    stage.print(Side::No, "0.52", "10", 3);
    stage.print(Side::Yes, "0.52", "22", 4);
    stage.print(Side::Yes, "0.53", "9", 5);
    stage.print(Side::Yes, "0.53", "50", 6);
    assert_snapshot!(stage.told(), @r#"
    ann a1: ask 10.00 @ 0.5200 GoodTillCanceled -> 201 filled 0.00 remaining 10.00 price 0.000000 fee 0.000000
      book ask @ 0.5200 +1000 by ann
      order ann a1: Resting filled 0.00 remaining 10.00 -
    bob b1: ask 10.00 @ 0.5200 GoodTillCanceled -> 201 filled 0.00 remaining 10.00 price 0.000000 fee 0.000000
      book ask @ 0.5200 +1000 by bob
      order bob b1: Resting filled 0.00 remaining 10.00 -
    recorded: ask @ 0.52 -10
      book ask @ 0.5200 -1000
    print: 10 @ 0.52, taker buys YES
      trade 10.00 @ 0.5200, taker bought YES
    print: 10 @ 0.52, taker buys NO
      trade 10.00 @ 0.5200, taker bought NO
    print: 22 @ 0.52, taker buys YES
      book ask @ 0.5200 -200 by ann
      fill ann: ask 2.00 @ 0.5200 Maker fee 0.000000 holds -2.00
      order ann a1: Resting filled 2.00 remaining 8.00 Trade
      trade 2.00 @ 0.5200, taker bought YES
      trade 20.00 @ 0.5200, taker bought YES
    print: 9 @ 0.53, taker buys YES
      book ask @ 0.5200 -800 by ann
      fill ann: ask 8.00 @ 0.5200 Maker fee 0.000000 holds -10.00
      order ann a1: Executed filled 10.00 remaining 0.00 Trade
      trade 8.00 @ 0.5200, taker bought YES
      book ask @ 0.5200 -100 by bob
      fill bob: ask 1.00 @ 0.5200 Maker fee 0.000000 holds -1.00
      order bob b1: Resting filled 1.00 remaining 9.00 Trade
      trade 1.00 @ 0.5200, taker bought YES
    print: 50 @ 0.53, taker buys YES
      book ask @ 0.5200 -900 by bob
      fill bob: ask 9.00 @ 0.5200 Maker fee 0.000000 holds -10.00
      order bob b1: Executed filled 10.00 remaining 0.00 Trade
      trade 9.00 @ 0.5200, taker bought YES
      trade 41.00 @ 0.5300, taker bought YES
    "#);
}

#[test]
fn what_is_taken_from_the_recording_is_gone() {
    let mut stage = Stage::with_book("100", &[], &[("0.52", "30")]);
    stage.place("ann", "a1", order(Bid, "0.52", "10", ImmediateOrCancel), 1);
    stage.place("bob", "b1", order(Bid, "0.52", "25", GoodTillCanceled), 2);
    stage.delta(Ask, "0.52", -25, 3);
    stage.delta(Ask, "0.52", 3, 4);
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 10.00 @ 0.5200 ImmediateOrCancel -> 201 filled 10.00 remaining 0.00 price 0.520000 fee 0.017480
      fill ann: bid 10.00 @ 0.5200 Taker fee 0.174800 holds 10.00
      order ann a1: Executed filled 10.00 remaining 0.00 Trade
      trade 10.00 @ 0.5200, taker bought YES
      book ask @ 0.5200 -1000
    bob b1: bid 25.00 @ 0.5200 GoodTillCanceled -> 201 filled 20.00 remaining 5.00 price 0.520000 fee 0.017475
      fill bob: bid 20.00 @ 0.5200 Taker fee 0.349500 holds 20.00
      order bob b1: Resting filled 20.00 remaining 5.00 Trade
      trade 20.00 @ 0.5200, taker bought YES
      book ask @ 0.5200 -2000
      book bid @ 0.5200 +500 by bob
    recorded: ask @ 0.52 -25
    recorded: ask @ 0.52 +3
      book bid @ 0.5200 -300 by bob
      fill bob: bid 3.00 @ 0.5200 Maker fee 0.000000 holds 23.00
      order bob b1: Resting filled 23.00 remaining 2.00 Trade
      trade 3.00 @ 0.5200, taker bought NO
    "#);
}

#[test]
fn a_broken_recording_is_refused_and_changes_nothing() {
    let mut stage = Stage::with_book("100", &[("0.50", "5")], &[]);
    let error = stage.venue.recorded_delta(&ticker(), Bid, "0.50".parse().unwrap(), -501, at(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "market KXBTC15M-26MAY130915-15: the recording changes the level at 0.5000 by -501 hundredths, and 5.00 lie there"
    );
    assert_eq!(stage.venue.quote(&ticker()).unwrap().bid.unwrap().quantity, Quantity::contracts(5));
    assert!(stage.venue.take_events().is_empty());
}

#[test]
fn where_the_recording_crosses_itself_what_was_there_before_is_served_first() {
    let mut stage = Stage::with_book("100", &[], &[("0.51", "4"), ("0.52", "30")]);
    stage.place("ann", "a1", order(Ask, "0.52", "10", GoodTillCanceled), 1);
    stage.delta(Bid, "0.53", 10, 2);
    stage.delta(Bid, "0.52", 24, 3);
    stage.delta(Bid, "0.52", 3, 4);
    assert_snapshot!(stage.told(), @r#"
    ann a1: ask 10.00 @ 0.5200 GoodTillCanceled -> 201 filled 0.00 remaining 10.00 price 0.000000 fee 0.000000
      book ask @ 0.5200 +1000 by ann
      order ann a1: Resting filled 0.00 remaining 10.00 -
    recorded: bid @ 0.53 +10
      book bid @ 0.5300 +1000
    recorded: bid @ 0.52 +24
      book bid @ 0.5200 +2400
    recorded: bid @ 0.52 +3
      book ask @ 0.5200 -300 by ann
      fill ann: ask 3.00 @ 0.5200 Maker fee 0.000000 holds -3.00
      order ann a1: Resting filled 3.00 remaining 7.00 Trade
      trade 3.00 @ 0.5200, taker bought YES
    "#);
}

#[test]
fn a_later_order_never_overtakes_an_earlier_one_at_its_price() {
    let mut stage = Stage::with_book("100", &[], &[("0.52", "100")]);
    let first = stage.place("ann", "a1", order(Ask, "0.52", "10", GoodTillCanceled), 1).unwrap();
    stage.delta(Ask, "0.52", -40, 2);
    let second = stage.place("bob", "b1", order(Ask, "0.52", "10", GoodTillCanceled), 3).unwrap();
    // The print that explains the 40 comes late: the earlier order knows of it already, the later one joined after it.
    stage.print(Side::Yes, "0.52", "40", 4);
    let ahead = |name, id| stage.venue.queue_position(&account(name), id).unwrap();
    assert_eq!(ahead("ann", &first), Quantity::contracts(60));
    assert_eq!(ahead("bob", &second), Quantity::contracts(70), "60 recorded and the 10 of the other order");
}
