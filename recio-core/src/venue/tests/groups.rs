//! Order groups: what triggers them, what that cancels, and what they refuse.

use super::{Stage, account, at, order};
use crate::market::BookSide::{self, Ask, Bid};
use crate::market::Side;
use crate::trade::TimeInForce::{GoodTillCanceled, ImmediateOrCancel};
use crate::units::{ExchangeOrderId, OrderGroupId, Quantity};
use crate::venue::{CRYPTO_SHARD, NewOrder, RefusalCode, Wallet};
use insta::assert_snapshot;

const WALLET: Wallet = Wallet::primary(CRYPTO_SHARD);

struct Grouped {
    stage: Stage,
    group: OrderGroupId,
}

impl Grouped {
    fn new(limit: u32) -> Self {
        let mut stage = Stage::with_book("100", &[], &[]);
        let group = stage.venue.create_group(&account("ann"), WALLET, Quantity::contracts(limit), at(0)).unwrap();
        stage.note(format!("a group of {limit}"));
        Self { stage, group }
    }

    fn place(
        &mut self,
        id: &str,
        side: BookSide,
        price: &str,
        quantity: &str,
        seconds: i64,
    ) -> Option<ExchangeOrderId> {
        let grouped =
            NewOrder { order_group: Some(self.group.clone()), ..order(side, price, quantity, GoodTillCanceled) };
        self.stage.place("ann", id, grouped, seconds)
    }

    fn hit(&mut self, id: &str, quantity: &str, seconds: i64) {
        self.stage.place("bob", id, order(Ask, "0.40", quantity, ImmediateOrCancel), seconds);
    }

    fn is_triggered(&self) -> bool {
        self.stage.venue.group(&account("ann"), &self.group).unwrap().triggered
    }
}

#[test]
fn more_than_the_limit_in_fifteen_seconds_cancels_the_members() {
    let mut g = Grouped::new(5);
    g.place("a1", Bid, "0.42", "4", 1).unwrap();
    g.place("a2", Bid, "0.41", "4", 1).unwrap();
    g.place("a3", Ask, "0.60", "4", 1).unwrap();
    g.stage.place("ann", "free", order(Bid, "0.40", "1", GoodTillCanceled), 1).unwrap();
    g.hit("b1", "5", 2);
    assert!(!g.is_triggered(), "as much as the limit is not more");
    g.hit("b2", "0.01", 3);
    assert!(g.is_triggered());
    assert_eq!(g.place("a4", Bid, "0.41", "1", 4), None);
    g.stage.venue.reset_group(&account("ann"), WALLET, &g.group, at(5)).unwrap();
    g.place("a5", Bid, "0.41", "1", 5).unwrap();
    assert_snapshot!(g.stage.told(), @r#"
    a group of 5
      group of ann 0@2: Created { limit: Quantity(500) }
    ann a1: bid 4.00 @ 0.4200 GoodTillCanceled -> 201 filled 0.00 remaining 4.00 price 0.000000 fee 0.000000
      book bid @ 0.4200 +400 by ann
      order ann a1: Resting filled 0.00 remaining 4.00 -
    ann a2: bid 4.00 @ 0.4100 GoodTillCanceled -> 201 filled 0.00 remaining 4.00 price 0.000000 fee 0.000000
      book bid @ 0.4100 +400 by ann
      order ann a2: Resting filled 0.00 remaining 4.00 -
    ann a3: ask 4.00 @ 0.6000 GoodTillCanceled -> 201 filled 0.00 remaining 4.00 price 0.000000 fee 0.000000
      book ask @ 0.6000 +400 by ann
      order ann a3: Resting filled 0.00 remaining 4.00 -
    ann free: bid 1.00 @ 0.4000 GoodTillCanceled -> 201 filled 0.00 remaining 1.00 price 0.000000 fee 0.000000
      book bid @ 0.4000 +100 by ann
      order ann free: Resting filled 0.00 remaining 1.00 -
    bob b1: ask 5.00 @ 0.4000 ImmediateOrCancel -> 201 filled 5.00 remaining 0.00 price 0.418000 fee 0.017040
      book bid @ 0.4200 -400 by ann
      fill ann: bid 4.00 @ 0.4200 Maker fee 0.000000 holds 4.00
      order ann a1: Executed filled 4.00 remaining 0.00 Trade
      fill bob: ask 4.00 @ 0.4200 Taker fee 0.068300 holds -4.00
      order bob b1: Resting filled 4.00 remaining 1.00 Trade
      trade 4.00 @ 0.4200, taker bought NO
      book bid @ 0.4100 -100 by ann
      fill ann: bid 1.00 @ 0.4100 Maker fee 0.000000 holds 5.00
      order ann a2: Resting filled 1.00 remaining 3.00 Trade
      fill bob: ask 1.00 @ 0.4100 Taker fee 0.016900 holds -5.00
      order bob b1: Executed filled 5.00 remaining 0.00 Trade
      trade 1.00 @ 0.4100, taker bought NO
    bob b2: ask 0.01 @ 0.4000 ImmediateOrCancel -> 201 filled 0.01 remaining 0.00 price 0.410000 fee 0.020000
      book bid @ 0.4100 -1 by ann
      fill ann: bid 0.01 @ 0.4100 Maker fee 0.000000 holds 5.01
      order ann a2: Resting filled 1.01 remaining 2.99 Trade
      fill bob: ask 0.01 @ 0.4100 Taker fee 0.000200 holds -5.01
      order bob b2: Executed filled 0.01 remaining 0.00 Trade
      trade 0.01 @ 0.4100, taker bought NO
      book bid @ 0.4100 -299 by ann
      order ann a2: Canceled filled 1.01 remaining 0.00 Decrease
      book ask @ 0.6000 -400 by ann
      order ann a3: Canceled filled 0.00 remaining 0.00 Decrease
      group of ann 0@2: Triggered
    ann a4: bid 1.00 @ 0.4100 GoodTillCanceled -> 400 exceeded_order_group_risk_limit
    ann a5: bid 1.00 @ 0.4100 GoodTillCanceled -> 201 filled 0.00 remaining 1.00 price 0.000000 fee 0.000000
      book bid @ 0.4100 +100 by ann
      order ann a5: Resting filled 0.00 remaining 1.00 -
      group of ann 0@2: Reset
    "#);
}

#[test]
fn what_is_fifteen_seconds_old_no_longer_counts() {
    let mut g = Grouped::new(5);
    g.place("a1", Bid, "0.42", "40", 1).unwrap();
    g.hit("b1", "5", 2);
    g.hit("b2", "5", 17);
    assert!(!g.is_triggered(), "exactly 15 s later the first 5 are gone");
    g.hit("b3", "1", 31);
    assert!(g.is_triggered(), "14 s later they are not");
    g.stage.venue.audit().unwrap();
}

#[test]
fn a_sweep_is_one_step_and_a_print_stops_at_the_trigger() {
    let mut g = Grouped::new(5);
    for (id, price) in [("a1", "0.44"), ("a2", "0.43"), ("a3", "0.42")] {
        g.place(id, Bid, price, "4", 1).unwrap();
    }
    g.hit("b1", "12", 2);
    assert_eq!(g.stage.venue.fills(&account("ann")).count(), 3, "one incoming order is executed to its end");
    assert!(g.is_triggered());

    let mut g = Grouped::new(5);
    for (id, price) in [("a1", "0.44"), ("a2", "0.43"), ("a3", "0.42"), ("a4", "0.42")] {
        g.place(id, Bid, price, "4", 1).unwrap();
    }
    g.stage.print(Side::No, "0.42", "50", 2);
    assert_eq!(g.stage.venue.fills(&account("ann")).count(), 2, "the third was canceled before its turn");
}

#[test]
fn a_member_that_takes_too_much_loses_its_remainder() {
    let mut g = Grouped::new(5);
    g.stage.place("bob", "b1", order(Ask, "0.50", "6", GoodTillCanceled), 1).unwrap();
    let id = g.place("a1", Bid, "0.50", "10", 2).unwrap();
    let kept = g.stage.venue.order(&account("ann"), &id).unwrap();
    assert_eq!((kept.is_resting(), kept.filled), (false, Quantity::contracts(6)));
    assert!(g.is_triggered());
}

#[test]
fn groups_are_changed_by_their_owner_alone() {
    let mut g = Grouped::new(5);
    let (ann, bob) = (account("ann"), account("bob"));
    let group = g.group.clone();
    let elsewhere = Wallet::primary(0);
    let venue = &mut g.stage.venue;
    assert_eq!(venue.trigger_group(&bob, WALLET, &group, at(1)).unwrap_err().code, RefusalCode::NotFound);
    assert_eq!(venue.trigger_group(&ann, elsewhere, &group, at(1)).unwrap_err().code, RefusalCode::NotFound);
    for limit in [Quantity::ZERO, Quantity::from_hundredths(99).unwrap(), Quantity::contracts(1_000_001)] {
        let refusal = venue.limit_group(&ann, WALLET, &group, limit, at(1)).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::InvalidParameters);
        assert!(venue.create_group(&ann, WALLET, limit, at(1)).is_err());
    }
    let foreign = NewOrder { order_group: Some(group.clone()), ..order(Bid, "0.40", "1", GoodTillCanceled) };
    let refusal = venue.place(&bob, foreign, at(1)).unwrap_err();
    assert_eq!((refusal.code, refusal.code.http_status()), (RefusalCode::OrderGroupNotFound, 400));

    let id = g.place("a1", Bid, "0.42", "10", 1).unwrap();
    g.hit("b1", "5", 2);
    let venue = &mut g.stage.venue;
    assert_eq!(venue.group_orders(venue.group(&ann, &group).unwrap()), std::slice::from_ref(&id));
    venue.limit_group(&ann, WALLET, &group, Quantity::contracts(4), at(3)).unwrap();
    assert!(venue.group(&ann, &group).unwrap().triggered, "5 were executed and 4 are allowed");
    assert!(!venue.order(&ann, &id).unwrap().is_resting());
    venue.reset_group(&ann, WALLET, &group, at(4)).unwrap();
    let id = g.place("a2", Bid, "0.42", "10", 5).unwrap();
    let venue = &mut g.stage.venue;
    venue.pause_exchange(true, at(6));
    assert_eq!(venue.delete_group(&ann, WALLET, &group, at(6)).unwrap_err().code, RefusalCode::ExchangeIsPaused);
    venue.pause_exchange(false, at(7));
    venue.delete_group(&ann, WALLET, &group, at(8)).unwrap();
    assert!(!venue.order(&ann, &id).unwrap().is_resting());
    assert_eq!(venue.groups(&ann).count(), 0);
    g.stage.note("deleted".into());
    assert_eq!(g.place("a3", Bid, "0.42", "1", 9), None);
    assert!(g.stage.told().contains("Deleted"));
}
