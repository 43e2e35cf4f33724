//! What the exchange does by itself: closing, expiry, halts, pauses, settlement, memory.

use super::{Stage, account, at, market, order, ticker};
use crate::market::BookSide::{Ask, Bid};
use crate::market::MarketResult;
use crate::trade::FeeSchedule;
use crate::trade::TimeInForce::{GoodTillCanceled, ImmediateOrCancel};
use crate::units::Money;
use crate::venue::{DuplicateIds, NewOrder, RefusalCode, Venue, VenueOptions};
use insta::assert_snapshot;

#[test]
fn closing_cancels_and_settlement_pays() {
    let mut stage = Stage::with_book("100", &[("0.50", "50")], &[("0.52", "50")]);
    stage.place("ann", "a1", order(Bid, "0.52", "3", ImmediateOrCancel), 1);
    stage.place("bob", "b1", order(Ask, "0.50", "4", ImmediateOrCancel), 2);
    stage.place("bob", "b2", order(Bid, "0.52", "1", ImmediateOrCancel), 3);
    let id = stage.place("ann", "a2", order(Bid, "0.45", "3", GoodTillCanceled), 4).unwrap();
    stage.venue.advance(at(899));
    assert!(stage.venue.settle(&ticker(), at(899)).is_err(), "not before it is determined");
    stage.note("a second before the close".into());
    stage.delta(Ask, "0.44", 10, 900);
    let refusal = stage.venue.cancel(&account("ann"), &id, at(900)).unwrap_err();
    stage.note(format!("cancel -> {} {refusal}", refusal.code.http_status()));
    stage.place("ann", "a3", order(Bid, "0.52", "3", ImmediateOrCancel), 901);
    stage.venue.determine(&ticker(), MarketResult::No, Some("80000.00".parse().unwrap()), at(901)).unwrap();
    stage.note("determined".into());
    stage.venue.settle(&ticker(), at(907)).unwrap();
    stage.note("settled".into());
    assert!(stage.venue.settle(&ticker(), at(908)).is_err(), "not twice");
    stage.cash("ann");
    stage.cash("bob");
    assert_eq!(stage.venue.positions(&account("bob")).count(), 0);
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 3.00 @ 0.5200 ImmediateOrCancel -> 201 filled 3.00 remaining 0.00 price 0.520000 fee 0.017500
      fill ann: bid 3.00 @ 0.5200 Taker fee 0.052500 holds 3.00
      order ann a1: Executed filled 3.00 remaining 0.00 Trade
      trade 3.00 @ 0.5200, taker bought YES
      book ask @ 0.5200 -300
    bob b1: ask 4.00 @ 0.5000 ImmediateOrCancel -> 201 filled 4.00 remaining 0.00 price 0.500000 fee 0.017500
      fill bob: ask 4.00 @ 0.5000 Taker fee 0.070000 holds -4.00
      order bob b1: Executed filled 4.00 remaining 0.00 Trade
      trade 4.00 @ 0.5000, taker bought NO
      book bid @ 0.5000 -400
    bob b2: bid 1.00 @ 0.5200 ImmediateOrCancel -> 201 filled 1.00 remaining 0.00 price 0.520000 fee 0.017500
      fill bob: bid 1.00 @ 0.5200 Taker fee 0.017500 holds -3.00
      order bob b2: Executed filled 1.00 remaining 0.00 Trade
      trade 1.00 @ 0.5200, taker bought YES
      book ask @ 0.5200 -100
    ann a2: bid 3.00 @ 0.4500 GoodTillCanceled -> 201 filled 0.00 remaining 3.00 price 0.000000 fee 0.000000
      book bid @ 0.4500 +300 by ann
      order ann a2: Resting filled 0.00 remaining 3.00 -
    a second before the close
    recorded: ask @ 0.44 +10
      book bid @ 0.4500 -300 by ann
      order ann a2: Canceled filled 0.00 remaining 0.00 CloseCancel
      book anew: 0 bids, 0 asks
    cancel -> 400 market_inactive
    ann a3: bid 3.00 @ 0.5200 ImmediateOrCancel -> 400 market_inactive
    determined
      life Determined { result: No, determined_time: 2026-05-13T13:15:01Z }
    settled
      life Settled { settled_time: 2026-05-13T13:15:07Z }
      settled ann: 0.000000 for 3.00 (YES 3.00 for 1.560000, NO 0.00 for 0.000000, fees 0.052500)
      settled bob: 3.000000 for -3.00 (YES 1.00 for 0.520000, NO 4.00 for 2.000000, fees 0.087500)
    ann has 98.387500 with 0.000000 held back
    bob has 101.392500 with 0.000000 held back
    "#);
}

#[test]
fn expiry_halts_and_pauses_end_orders_as_they_should() {
    let mut stage = Stage::with_book("100", &[("0.50", "50")], &[("0.52", "50")]);
    let bid = |price| order(Bid, price, "1", GoodTillCanceled);
    stage.place("ann", "a1", NewOrder { expiration: Some(at(10)), ..bid("0.45") }, 1);
    stage.place("ann", "a2", NewOrder { expiration: Some(at(1)), ..bid("0.45") }, 1);
    stage.place("ann", "a3", NewOrder { cancel_on_pause: true, ..bid("0.46") }, 1);
    stage.place("ann", "a4", bid("0.47"), 1);
    stage.venue.advance(at(10));
    stage.note("10 s".into());
    stage.venue.pause_trading(true, at(11));
    stage.note("pause".into());
    stage.place("ann", "a5", bid("0.47"), 12);
    stage.delta(Bid, "0.50", -50, 13);
    stage.delta(Ask, "0.47", 5, 13);
    stage.venue.pause_trading(false, at(14));
    stage.note("end of the pause: the recorded ask meets the order now".into());
    stage.place("ann", "a7", bid("0.41"), 15);
    stage.venue.deactivate(&ticker(), at(16)).unwrap();
    stage.note("halted".into());
    stage.place("ann", "a8", bid("0.41"), 17);
    stage.venue.activate(&ticker(), at(18)).unwrap();
    stage.note("resumed".into());
    let id = stage.place("ann", "a9", bid("0.41"), 18).unwrap();
    stage.venue.pause_exchange(true, at(19));
    stage.place("ann", "a10", bid("0.41"), 20);
    let refusal = stage.venue.cancel(&account("ann"), &id, at(20)).unwrap_err();
    assert_eq!((refusal.code.http_status(), refusal.code), (409, RefusalCode::ExchangeIsPaused));
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 1.00 @ 0.4500 GoodTillCanceled -> 201 filled 0.00 remaining 1.00 price 0.000000 fee 0.000000
      book bid @ 0.4500 +100 by ann
      order ann a1: Resting filled 0.00 remaining 1.00 -
    ann a2: bid 1.00 @ 0.4500 GoodTillCanceled -> 400 invalid_order: expiration_time has passed
    ann a3: bid 1.00 @ 0.4600 GoodTillCanceled -> 201 filled 0.00 remaining 1.00 price 0.000000 fee 0.000000
      book bid @ 0.4600 +100 by ann
      order ann a3: Resting filled 0.00 remaining 1.00 -
    ann a4: bid 1.00 @ 0.4700 GoodTillCanceled -> 201 filled 0.00 remaining 1.00 price 0.000000 fee 0.000000
      book bid @ 0.4700 +100 by ann
      order ann a4: Resting filled 0.00 remaining 1.00 -
    10 s
      book bid @ 0.4500 -100 by ann
      order ann a1: Canceled filled 0.00 remaining 0.00 ExpiryCancel
    pause
      book bid @ 0.4600 -100 by ann
      order ann a3: Canceled filled 0.00 remaining 0.00 HaltCancel
    ann a5: bid 1.00 @ 0.4700 GoodTillCanceled -> 409 trading_is_paused
    recorded: bid @ 0.50 -50
      book bid @ 0.5000 -5000
    recorded: ask @ 0.47 +5
      book ask @ 0.4700 +500
    end of the pause: the recorded ask meets the order now
      book bid @ 0.4700 -100 by ann
      fill ann: bid 1.00 @ 0.4700 Maker fee 0.000000 holds 1.00
      order ann a4: Executed filled 1.00 remaining 0.00 Trade
      trade 1.00 @ 0.4700, taker bought NO
      book ask @ 0.4700 -100
    ann a7: bid 1.00 @ 0.4100 GoodTillCanceled -> 201 filled 0.00 remaining 1.00 price 0.000000 fee 0.000000
      book bid @ 0.4100 +100 by ann
      order ann a7: Resting filled 0.00 remaining 1.00 -
    halted
      life Deactivated
    ann a8: bid 1.00 @ 0.4100 GoodTillCanceled -> 400 market_inactive
    resumed
      book bid @ 0.4100 -100 by ann
      order ann a7: Canceled filled 0.00 remaining 0.00 HaltCancel
      life Activated
    ann a9: bid 1.00 @ 0.4100 GoodTillCanceled -> 201 filled 0.00 remaining 1.00 price 0.000000 fee 0.000000
      book bid @ 0.4100 +100 by ann
      order ann a9: Resting filled 0.00 remaining 1.00 -
    ann a10: bid 1.00 @ 0.4100 GoodTillCanceled -> 409 exchange_is_paused
    "#);
}

#[test]
fn a_repeated_client_id_is_answered_as_the_mode_says() {
    for (mode, accepted) in [
        (DuplicateIds::RejectAlways, [true, false, false]),
        (DuplicateIds::RejectIfOpen, [true, false, true]),
        (DuplicateIds::Accept, [true, true, true]),
    ] {
        let mut venue = Venue::new(VenueOptions { duplicate_ids: mode, ..VenueOptions::default() }, at(0));
        venue.add_market(market(), FeeSchedule::quadratic()).unwrap();
        let ann = account("ann");
        venue.open_account(ann.clone(), Money::dollars(10)).unwrap();
        let order =
            NewOrder { client_order_id: Some("a1".parse().unwrap()), ..order(Bid, "0.50", "1", GoodTillCanceled) };
        let first = venue.place(&ann, order.clone(), at(1));
        let second = venue.place(&ann, order.clone(), at(2));
        if let Err(refusal) = &second {
            assert_eq!((refusal.code.as_str(), refusal.code.http_status()), ("order_already_exists", 409));
        }
        venue.cancel(&ann, &first.as_ref().unwrap().order_id, at(3)).unwrap();
        let third = venue.place(&ann, order, at(4));
        assert_eq!([first.is_ok(), second.is_ok(), third.is_ok()], accepted, "{mode:?}");
        venue.cancel_all(&ann, at(5));
        assert_eq!(venue.balance(&ann).unwrap().reserved, Money::ZERO);
    }
}

#[test]
fn a_venue_goes_through_a_snapshot_and_ids_depend_on_the_seed() {
    let mut stage = Stage::with_book("100", &[("0.50", "5")], &[("0.52", "30")]);
    let id = stage.place("ann", "a1", order(Bid, "0.51", "10", GoodTillCanceled), 1).unwrap();
    let bytes = postcard::to_stdvec(&stage.venue).unwrap();
    let mut restored: Venue = postcard::from_bytes(&bytes).unwrap();
    let next = order(Ask, "0.51", "4", ImmediateOrCancel);
    let (here, there) =
        (stage.venue.place(&account("bob"), next.clone(), at(2)), restored.place(&account("bob"), next, at(2)));
    assert_eq!(here, there);
    assert_eq!(stage.venue.take_events(), restored.take_events());
    let other = Venue::new(VenueOptions { seed: 2, ..VenueOptions::default() }, at(0));
    assert_ne!(other.order_id(1), id);
}

#[test]
fn fees_change_for_what_comes_after() {
    let mut stage = Stage::with_book("100", &[("0.50", "50")], &[("0.52", "50")]);
    stage.place("ann", "a1", order(Bid, "0.52", "3", ImmediateOrCancel), 1);
    let double = FeeSchedule { multiplier: "2".parse().unwrap(), ..FeeSchedule::quadratic() };
    stage.venue.change_fees(&ticker(), double, at(2)).unwrap();
    stage.note("the fees double".into());
    stage.place("ann", "a2", order(Bid, "0.52", "3", ImmediateOrCancel), 3);
    let fees: Vec<_> = stage.venue.fills(&account("ann")).map(|fill| fill.fee).collect();
    assert_eq!(fees, ["0.0525", "0.1049"].map(|fee| fee.parse::<Money>().unwrap()));
}
