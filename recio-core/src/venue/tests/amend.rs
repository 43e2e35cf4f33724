//! What amending and decreasing does: priority, executions, refusals, names and expirations.

use super::{Stage, account, amend, at, order, ticker};
use crate::market::BookSide::{Ask, Bid};
use crate::trade::ReportedStatus;
use crate::trade::TimeInForce::{GoodTillCanceled, ImmediateOrCancel};
use crate::units::{ExchangeOrderId, Money, Quantity};
use crate::venue::{
    Amend, Decrease, ExpirationChange, NewOrder, PostOnlyCross, RefusalCode, SelfTradePrevention, Subaccount,
    UpdateReason,
};
use insta::assert_snapshot;

/// Three bids at one price behind 5 recorded contracts: ann's, bob's, ann's.
fn queue() -> (Stage, [ExchangeOrderId; 3]) {
    let mut stage = Stage::with_book("100", &[("0.45", "5")], &[("0.52", "30")]);
    let mut place =
        |name: &str, id: &str| stage.place(name, id, order(Bid, "0.45", "10", GoodTillCanceled), 1).unwrap();
    let ids = [place("ann", "a1"), place("bob", "b1"), place("ann", "a2")];
    stage.told.clear();
    (stage, ids)
}

fn ahead(stage: &Stage, name: &str, id: &ExchangeOrderId) -> String {
    stage.venue.queue_position(&account(name), id).map_or("-".to_owned(), |ahead| ahead.to_string())
}

fn decrease(stage: &mut Stage, id: &ExchangeOrderId, decrease: Decrease) -> Result<Quantity, RefusalCode> {
    let answer = stage.venue.decrease(&account("ann"), Subaccount::PRIMARY, id, decrease, at(2));
    stage.note(format!("{decrease:?}"));
    answer.map(|left| left.remaining).map_err(|refusal| refusal.code)
}

#[test]
fn a_smaller_order_keeps_its_turn_and_a_larger_or_moved_one_loses_it() {
    let (mut stage, [first, second, third]) = queue();
    assert_eq!([ahead(&stage, "ann", &first), ahead(&stage, "bob", &second)], ["5.00", "15.00"]);
    stage.amend("ann", &first, &amend(Bid, "0.45", "4"), 2);
    assert_eq!([ahead(&stage, "ann", &first), ahead(&stage, "bob", &second)], ["5.00", "9.00"]);
    let later = Amend { expiration: ExpirationChange::Set(at(60)), ..amend(Bid, "0.45", "4") };
    stage.amend("ann", &first, &later, 2);
    assert_eq!(ahead(&stage, "ann", &first), "5.00", "another end costs nothing");
    assert_eq!(decrease(&mut stage, &first, Decrease::By(Quantity::contracts(1))), Ok(Quantity::contracts(3)));
    assert_eq!(ahead(&stage, "ann", &first), "5.00");
    stage.amend("ann", &first, &amend(Bid, "0.45", "3.01"), 3);
    assert_eq!(
        [ahead(&stage, "ann", &first), ahead(&stage, "bob", &second), ahead(&stage, "ann", &third)],
        ["25.00", "5.00", "15.00"],
        "a hundredth more goes to the back"
    );
    stage.amend("bob", &second, &amend(Bid, "0.44", "10"), 4);
    stage.amend("bob", &second, &amend(Bid, "0.45", "10"), 5);
    assert_eq!(
        [ahead(&stage, "ann", &first), ahead(&stage, "bob", &second), ahead(&stage, "ann", &third)],
        ["15.00", "18.01", "5.00"],
        "there and back is behind all"
    );
    assert_snapshot!(stage.told(), @r#"
    ann amends to 4.00 @ 0.4500 -> 200 filled 0.00 remaining 4.00 price 0.000000 fee 0.000000
      book bid @ 0.4500 -600 by ann
      order ann a1: Resting filled 0.00 remaining 4.00 Amend
    ann amends to 4.00 @ 0.4500 -> 200 filled 0.00 remaining 4.00 price 0.000000 fee 0.000000
      order ann a1: Resting filled 0.00 remaining 4.00 Amend
    By(Quantity(100))
      book bid @ 0.4500 -100 by ann
      order ann a1: Resting filled 0.00 remaining 3.00 Decrease
    ann amends to 3.01 @ 0.4500 -> 200 filled 0.00 remaining 3.01 price 0.000000 fee 0.000000
      book bid @ 0.4500 -300 by ann
      order ann a1: Resting filled 0.00 remaining 3.01 Amend
      book bid @ 0.4500 +301 by ann
    bob amends to 10.00 @ 0.4400 -> 200 filled 0.00 remaining 10.00 price 0.000000 fee 0.000000
      book bid @ 0.4500 -1000 by bob
      order bob b1: Resting filled 0.00 remaining 10.00 Amend
      book bid @ 0.4400 +1000 by bob
    bob amends to 10.00 @ 0.4500 -> 200 filled 0.00 remaining 10.00 price 0.000000 fee 0.000000
      book bid @ 0.4400 -1000 by bob
      order bob b1: Resting filled 0.00 remaining 10.00 Amend
      book bid @ 0.4500 +1000 by bob
    "#);
}

#[test]
fn an_amend_that_crosses_is_executed_and_answers_for_itself_alone() {
    let mut stage = Stage::with_book("100", &[("0.45", "5")], &[("0.52", "3"), ("0.53", "4")]);
    let id = stage.place("ann", "a1", order(Bid, "0.52", "8", GoodTillCanceled), 1).unwrap();
    stage.amend("ann", &id, &amend(Bid, "0.53", "20"), 2);
    stage.cash("ann");
    stage.amend("ann", &id, &amend(Bid, "0.53", "6.99"), 3);
    stage.amend("ann", &id, &amend(Bid, "0.53", "7"), 3);
    stage.cash("ann");
    stage.amend("ann", &id, &amend(Bid, "0.53", "8"), 4);
    let kept = stage.venue.order(&account("ann"), &id).unwrap();
    assert_eq!((kept.status, kept.filled), (ReportedStatus::Canceled, Quantity::contracts(7)));
    assert_snapshot!(stage.told(), @r#"
    ann a1: bid 8.00 @ 0.5200 GoodTillCanceled -> 201 filled 3.00 remaining 5.00 price 0.520000 fee 0.017500
      fill ann: bid 3.00 @ 0.5200 Taker fee 0.052500 holds 3.00
      order ann a1: Resting filled 3.00 remaining 5.00 Trade
      trade 3.00 @ 0.5200, taker bought YES
      book ask @ 0.5200 -300
      book bid @ 0.5200 +500 by ann
    ann amends to 20.00 @ 0.5300 -> 200 filled 4.00 remaining 13.00 price 0.530000 fee 0.017425
      book bid @ 0.5200 -500 by ann
      order ann a1: Resting filled 3.00 remaining 17.00 Amend
      fill ann: bid 4.00 @ 0.5300 Taker fee 0.069700 holds 7.00
      order ann a1: Resting filled 7.00 remaining 13.00 Trade
      trade 4.00 @ 0.5300, taker bought YES
      book ask @ 0.5300 -400
      book bid @ 0.5300 +1300 by ann
    ann has 96.197800 with 6.890000 held back
    ann amends to 6.99 @ 0.5300 -> 400 invalid_order: count is below what was filled
    ann amends to 7.00 @ 0.5300 -> 200 filled 0.00 remaining 0.00 price 0.000000 fee 0.000000
      book bid @ 0.5300 -1300 by ann
      order ann a1: Canceled filled 7.00 remaining 0.00 Amend
    ann has 96.197800 with 0.000000 held back
    ann amends to 8.00 @ 0.5300 -> 404 not_found
    "#);
}

#[test]
fn an_amend_is_refused_whole() {
    let mut stage = Stage::with_book("10", &[("0.45", "5")], &[("0.52", "3")]);
    let id = stage.place("ann", "a1", order(Bid, "0.40", "10", GoodTillCanceled), 1).unwrap();
    let named = |id: &str| id.parse().ok();
    let code = |stage: &mut Stage, wanted: Amend| stage.amend("ann", &id, &wanted, 2).unwrap().to_string();
    let before = stage.venue.order(&account("ann"), &id).cloned();
    let good = || amend(Bid, "0.41", "10");
    for (wanted, refused) in [
        (amend(Ask, "0.41", "10"), "invalid_order: ticker and side of an order cannot be amended"),
        (amend(Bid, "0.4155", "10"), "invalid_price"),
        (amend(Bid, "0.41", "25"), "insufficient_balance"),
        (Amend { client_order_id: named("other"), ..good() }, "invalid_order: client_order_id is not the order's"),
        (
            Amend { updated_client_order_id: named("a.b"), ..good() },
            "invalid_parameters: client_order_id must not contain a point",
        ),
        (Amend { expiration: ExpirationChange::Set(at(2)), ..good() }, "invalid_order: expiration_time has passed"),
        (Amend { subaccount: Subaccount::LAST, ..good() }, "not_found"),
    ] {
        assert_eq!(code(&mut stage, wanted), refused);
        assert_eq!(stage.venue.order(&account("ann"), &id).cloned(), before, "{refused}");
    }
    // What it holds back already may be used again: 10 dollars are enough for 24 at 0.41.
    assert_eq!(stage.amend("ann", &id, &amend(Bid, "0.41", "24"), 3), None);
    assert_eq!(stage.amend("bob", &id, &amend(Bid, "0.41", "2"), 3).unwrap().code, RefusalCode::NotFound);
    stage.venue.pause_trading(true, at(4));
    assert_eq!(stage.amend("ann", &id, &amend(Bid, "0.41", "2"), 4).unwrap().code, RefusalCode::TradingIsPaused);
    stage.venue.pause_trading(false, at(5));
    stage.venue.deactivate(&ticker(), at(5)).unwrap();
    assert_eq!(stage.amend("ann", &id, &amend(Bid, "0.41", "2"), 5).unwrap().code, RefusalCode::MarketInactive);
    assert_eq!(stage.amend("ann", &id, &amend(Bid, "0.41", "2"), 900).unwrap().code, RefusalCode::MarketInactive);
}

#[test]
fn a_post_only_amend_that_crosses_is_refused_or_ends_its_order() {
    for (mode, rests) in [(PostOnlyCross::Refuse, true), (PostOnlyCross::Cancel, false)] {
        let mut stage = Stage::with_book("10", &[("0.45", "5")], &[("0.52", "3")]);
        stage.venue.options.post_only_cross = mode;
        let post_only = NewOrder { post_only: true, ..order(Bid, "0.40", "10", GoodTillCanceled) };
        let id = stage.place("ann", "a1", post_only.clone(), 1).unwrap();
        let refusal = stage.amend("ann", &id, &amend(Bid, "0.52", "10"), 2);
        assert_eq!(refusal.map(|refusal| refusal.to_string()), rests.then(|| "invalid_order: post only cross".into()));
        let kept = stage.venue.order(&account("ann"), &id).unwrap();
        assert_eq!((kept.is_resting(), kept.terms.yes_price), (rests, "0.40".parse().unwrap()));
        if !rests {
            assert_eq!(kept.last_update_reason, Some(UpdateReason::PostOnlyCrossCancel));
            let crossing = NewOrder { yes_price: "0.52".parse().unwrap(), ..post_only };
            let id = stage.place("ann", "a2", crossing, 3).unwrap();
            let kept = stage.venue.order(&account("ann"), &id).unwrap();
            assert_eq!((kept.status, kept.filled), (ReportedStatus::Canceled, Quantity::ZERO));
        }
    }
}

#[test]
fn an_amend_meets_an_order_of_its_own_account_as_a_new_one_would() {
    for (prevention, first_rests, second_rests) in
        [(SelfTradePrevention::TakerAtCross, false, true), (SelfTradePrevention::Maker, true, false)]
    {
        let mut stage = Stage::with_book("100", &[], &[]);
        let bid = NewOrder { self_trade_prevention: prevention, ..order(Bid, "0.40", "10", GoodTillCanceled) };
        let first = stage.place("ann", "a1", bid, 1).unwrap();
        let second = stage.place("ann", "a2", order(Ask, "0.50", "10", GoodTillCanceled), 1).unwrap();
        assert_eq!(stage.amend("ann", &first, &amend(Bid, "0.50", "10"), 2), None);
        let rests = |id| stage.venue.order(&account("ann"), id).unwrap().is_resting();
        assert_eq!([rests(&first), rests(&second)], [first_rests, second_rests], "{prevention:?}");
    }
}

#[test]
fn a_new_name_and_a_new_end_count_from_the_amend_on() {
    let (mut stage, [first, second, _]) = queue();
    let renamed = Amend {
        client_order_id: "a1".parse().ok(),
        updated_client_order_id: "a3".parse().ok(),
        expiration: ExpirationChange::Set(at(10)),
        ..amend(Bid, "0.45", "10")
    };
    assert_eq!(stage.amend("ann", &first, &renamed, 2), None);
    let name = |stage: &Stage| stage.venue.order(&account("ann"), &first).unwrap().terms.client_order_id.clone();
    assert_eq!(name(&stage), "a3".parse().ok());
    for id in ["a1", "a3"] {
        assert_eq!(stage.place("ann", id, order(Bid, "0.30", "1", GoodTillCanceled), 2), None, "both are spent");
    }
    let taken = Amend { updated_client_order_id: "a2".parse().ok(), ..amend(Bid, "0.45", "10") };
    assert_eq!(stage.amend("ann", &first, &taken, 2).unwrap().code, RefusalCode::OrderAlreadyExists);
    let same = Amend { updated_client_order_id: "a3".parse().ok(), ..amend(Bid, "0.45", "10") };
    assert_eq!(stage.amend("ann", &first, &same, 2), None, "its own name is no other order's");

    let moved = |change| Amend { expiration: change, ..amend(Bid, "0.45", "10") };
    assert_eq!(stage.amend("ann", &first, &moved(ExpirationChange::Set(at(20))), 3), None);
    assert_eq!(stage.amend("bob", &second, &moved(ExpirationChange::Set(at(15))), 3), None);
    assert_eq!(stage.amend("bob", &second, &moved(ExpirationChange::Clear), 3), None);
    let rests = |stage: &Stage, name: &str, id| stage.venue.order(&account(name), id).unwrap().is_resting();
    stage.venue.advance(at(19));
    assert!(rests(&stage, "ann", &first) && rests(&stage, "bob", &second));
    stage.venue.advance(at(20));
    assert!(!rests(&stage, "ann", &first) && rests(&stage, "bob", &second));
    let kept = stage.venue.order(&account("ann"), &first).unwrap();
    assert_eq!(kept.last_update_reason, Some(UpdateReason::ExpiryCancel));
    stage.venue.audit().unwrap();
}

#[test]
fn a_decrease_never_makes_an_order_larger() {
    let (mut stage, [first, second, third]) = queue();
    assert_eq!(decrease(&mut stage, &first, Decrease::To(Quantity::contracts(12))), Ok(Quantity::contracts(10)));
    assert_eq!(decrease(&mut stage, &first, Decrease::By(Quantity::ZERO)), Err(RefusalCode::InvalidOrderSize));
    assert_eq!(decrease(&mut stage, &second, Decrease::To(Quantity::ZERO)), Err(RefusalCode::NotFound), "bob's");
    stage.place("bob", "b2", order(Ask, "0.45", "9", ImmediateOrCancel), 2).unwrap();
    assert_eq!(decrease(&mut stage, &first, Decrease::To(Quantity::contracts(2))), Ok(Quantity::contracts(2)));
    let kept = stage.venue.order(&account("ann"), &first).unwrap();
    assert_eq!((kept.terms.quantity, kept.filled), (Quantity::contracts(6), Quantity::contracts(4)));
    assert_eq!(decrease(&mut stage, &first, Decrease::By(Quantity::contracts(3))), Ok(Quantity::ZERO));
    assert_eq!(decrease(&mut stage, &first, Decrease::By(Quantity::contracts(1))), Err(RefusalCode::NotFound));
    assert_eq!(decrease(&mut stage, &third, Decrease::To(Quantity::ZERO)), Ok(Quantity::ZERO));
    assert_eq!(stage.venue.balance(&account("ann")).unwrap().reserved, Money::ZERO);
}
