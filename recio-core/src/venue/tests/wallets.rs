//! Subaccounts and shards: cash and positions of their own, transfers, and cancels by subaccount.

use super::{Stage, account, at, market, order, ticker};
use crate::market::BookSide::{Ask, Bid};
use crate::market::{Market, MarketResult};
use crate::trade::FeeSchedule;
use crate::trade::TimeInForce::{GoodTillCanceled, ImmediateOrCancel};
use crate::units::{Money, Position};
use crate::venue::{
    Balance, CRYPTO_SHARD, NewOrder, RefusalCode, Subaccount, Transfer, Venue, VenueError, VenueOptions, Wallet,
};

fn sub(number: u16) -> Subaccount {
    Subaccount::new(number).unwrap()
}

fn on(subaccount: u16, shard: u16) -> Wallet {
    Wallet { subaccount: sub(subaccount), shard }
}

fn transfer(id: &str, from: Wallet, to: Wallet, dollars: i32) -> Transfer {
    Transfer { id: id.parse().ok(), from, to, amount: Money::dollars(dollars) }
}

#[test]
fn cash_on_another_shard_buys_nothing_until_it_is_moved() {
    let mut venue = Venue::new(VenueOptions::default(), at(0));
    venue.add_market(market(), FeeSchedule::quadratic()).unwrap();
    let ann = account("ann");
    venue
        .open_account_on(ann.clone(), &[(0, Money::dollars(30)), (2, Money::dollars(4)), (0, Money::dollars(8))])
        .unwrap();
    let bid = order(Bid, "0.50", "10", GoodTillCanceled);
    assert_eq!(venue.place(&ann, bid.clone(), at(1)).unwrap_err().code, RefusalCode::InsufficientBalance);
    let over = transfer("t0", on(0, 0), on(0, 2), 39);
    assert_eq!(venue.transfer(&ann, &over, at(2)).unwrap_err().code, RefusalCode::InsufficientBalance);
    venue.transfer(&ann, &transfer("t0", on(0, 0), on(0, 2), 6), at(2)).unwrap();
    venue.place(&ann, bid, at(3)).unwrap();
    let money = |cash, reserved| Some(Balance { cash: Money::dollars(cash), reserved: Money::dollars(reserved) });
    assert_eq!(venue.wallet_balance(&ann, on(0, 0)), money(32, 0));
    assert_eq!(venue.wallet_balance(&ann, on(0, 2)), money(10, 5));
    assert_eq!(venue.balance(&ann), money(42, 5));
    assert_eq!(venue.wallet_balance(&ann, on(0, 3)), money(0, 0), "subaccount 0 is on every shard");
    assert_eq!(venue.wallet_balance(&ann, on(1, 2)), None);
    let held = transfer("t1", on(0, 2), on(0, 0), 6);
    assert_eq!(
        venue.transfer(&ann, &held, at(4)).unwrap_err().code,
        RefusalCode::InsufficientBalance,
        "5 are held back"
    );
    venue.transfer(&ann, &transfer("t1", on(0, 2), on(0, 0), 5), at(4)).unwrap();
    venue.audit().unwrap();
    let negative = venue.open_account_on(account("bob"), &[(0, Money::ZERO - Money::dollars(1))]).unwrap_err();
    assert!(matches!(negative, VenueError::NegativeCash(..)));
}

#[test]
fn a_transfer_is_applied_once() {
    let mut stage = Stage::new("100");
    let ann = account("ann");
    let venue = &mut stage.venue;
    assert_eq!(venue.create_subaccount(&ann, CRYPTO_SHARD, at(1)).unwrap(), sub(1));
    assert_eq!(venue.create_subaccount(&ann, CRYPTO_SHARD, at(1)).unwrap(), sub(2));
    assert_eq!(venue.create_subaccount(&ann, 0, at(1)).unwrap(), sub(1), "each shard counts for itself");
    let code =
        |venue: &mut Venue, wanted: &Transfer| venue.transfer(&ann, wanted, at(2)).map_err(|refusal| refusal.code);
    let good = transfer("t1", on(0, 2), on(1, 2), 10);
    for bad in [
        transfer("t1", on(0, 2), on(3, 2), 10),
        transfer("t1", on(2, 0), on(0, 0), 10),
        transfer("t1", on(0, 2), on(0, 2), 10),
        transfer("t1", on(0, 2), on(1, 2), 0),
        transfer("t1", on(0, 2), on(1, 2), -1),
    ] {
        assert_eq!(code(venue, &bad), Err(RefusalCode::InvalidParameters), "{bad:?}");
    }
    assert_eq!(code(venue, &good), Ok(()), "refused ones did not spend the id");
    assert_eq!(code(venue, &good), Err(RefusalCode::TransferAlreadyApplied));
    let other = transfer("t1", on(1, 2), on(0, 2), 1);
    assert_eq!(code(venue, &other), Err(RefusalCode::TransferAlreadyApplied), "whatever it says");
    assert_eq!(RefusalCode::TransferAlreadyApplied.http_status(), 409);
    let nameless = Transfer { id: None, ..good };
    assert_eq!([code(venue, &nameless), code(venue, &nameless)], [Ok(()), Ok(())]);
    let cash: Vec<_> = venue.wallets(&ann).map(|(wallet, money)| (wallet, money.cash)).collect();
    let dollars = |wallet, cash| (wallet, Money::dollars(cash));
    assert_eq!(cash, [dollars(on(0, 2), 70), dollars(on(1, 0), 0), dollars(on(1, 2), 30), dollars(on(2, 2), 0)]);
    venue.pause_exchange(true, at(3));
    assert_eq!(code(venue, &nameless), Err(RefusalCode::ExchangeIsPaused));
    venue.audit().unwrap();
}

#[test]
fn there_are_sixty_three_subaccounts() {
    let mut stage = Stage::new("1");
    let ann = account("ann");
    for number in 1..=63 {
        assert_eq!(stage.venue.create_subaccount(&ann, 2, at(1)).unwrap(), sub(number));
    }
    assert_eq!(stage.venue.create_subaccount(&ann, 2, at(1)).unwrap_err().code, RefusalCode::InvalidParameters);
}

#[test]
fn subaccounts_hold_apart_and_are_paid_apart() {
    let mut stage = Stage::with_book("100", &[("0.50", "50")], &[("0.52", "50")]);
    let ann = account("ann");
    let wallet = on(1, 2);
    let of = |subaccount, order| NewOrder { subaccount, ..order };
    let bid = || order(Bid, "0.52", "10", ImmediateOrCancel);
    let refusal = stage.venue.place(&ann, of(sub(1), bid()), at(1)).unwrap_err();
    assert_eq!(refusal.to_string(), "invalid_parameters: no such subaccount on this shard");
    stage.venue.create_subaccount(&ann, 2, at(1)).unwrap();
    let refusal = stage.venue.place(&ann, of(sub(1), bid()), at(1)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::InsufficientBalance, "its own cash is zero");
    stage.venue.transfer(&ann, &transfer("t", on(0, 2), wallet, 20), at(1)).unwrap();
    stage.place("ann", "a1", of(sub(1), bid()), 2).unwrap();
    stage.place("ann", "a2", order(Ask, "0.50", "4", ImmediateOrCancel), 3).unwrap();
    let held: Vec<_> = stage.venue.wallet_positions(&ann).map(|(wallet, _, held)| (wallet, held.position)).collect();
    let position = |text: &str| text.parse::<Position>().unwrap();
    assert_eq!(held, [(on(0, 2), position("-4")), (wallet, position("10"))], "they are not netted");
    assert_eq!(stage.venue.positions(&ann).count(), 1);
    let resting = |stage: &mut Stage, id: &str, subaccount| {
        stage.place("ann", id, of(subaccount, order(Bid, "0.30", "1", GoodTillCanceled)), 4).unwrap()
    };
    let (first, second) = (resting(&mut stage, "a3", sub(0)), resting(&mut stage, "a4", sub(1)));
    assert_eq!(stage.venue.cancel_all_of(&ann, Some(sub(1)), at(5)), Ok(1));
    let rests = |id| stage.venue.order(&ann, id).unwrap().is_resting();
    assert_eq!([rests(&first), rests(&second)], [true, false]);
    stage.venue.determine(&ticker(), MarketResult::Yes, None, at(901)).unwrap();
    stage.venue.settle(&ticker(), at(902)).unwrap();
    stage.note("settled".into());
    let paid: Vec<_> = stage.venue.settlements(&ann).map(|paid| (paid.wallet, paid.settlement.revenue)).collect();
    assert_eq!(paid, [(on(0, 2), Money::ZERO), (wallet, Money::dollars(10))]);
}

#[test]
fn orders_of_the_minute_after_a_cancel_of_all_may_go_too() {
    for (tail, expected) in [(false, [true, true, true]), (true, [false, true, true])] {
        let mut stage = Stage::with_book("100", &[], &[]);
        stage.venue.options.cancel_all_tail = tail;
        let ann = account("ann");
        stage.venue.create_subaccount(&ann, 2, at(1)).unwrap();
        stage.venue.transfer(&ann, &transfer("t", on(0, 2), on(1, 2), 20), at(1)).unwrap();
        assert_eq!(stage.venue.cancel_all_of(&ann, Some(Subaccount::PRIMARY), at(2)), Ok(0));
        let mut rests = |id: &str, subaccount, seconds| {
            let bid = NewOrder { subaccount, ..order(Bid, "0.30", "1", GoodTillCanceled) };
            let id = stage.place("ann", id, bid, seconds).unwrap();
            stage.venue.order(&ann, &id).unwrap().is_resting()
        };
        assert_eq!([rests("a1", sub(0), 3), rests("a2", sub(1), 3), rests("a3", sub(0), 62)], expected, "{tail}");
        stage.venue.pause_exchange(true, at(63));
        assert_eq!(stage.venue.cancel_all_of(&ann, None, at(63)).unwrap_err().code, RefusalCode::ExchangeIsPaused);
    }
}

#[test]
fn markets_of_two_shards_draw_on_their_own() {
    let mut stage = Stage::new("5");
    let other = Market { ticker: "KXOTHER-1".parse().unwrap(), exchange_index: 3, ..market() };
    stage.venue.add_market(other, FeeSchedule::quadratic()).unwrap();
    let ann = account("ann");
    let bid = NewOrder { market: "KXOTHER-1".parse().unwrap(), ..order(Bid, "0.50", "2", GoodTillCanceled) };
    assert_eq!(stage.venue.place(&ann, bid.clone(), at(1)).unwrap_err().code, RefusalCode::InsufficientBalance);
    stage.venue.transfer(&ann, &transfer("t", on(0, 2), on(0, 3), 1), at(1)).unwrap();
    let placed = stage.venue.place(&ann, bid, at(2)).unwrap();
    assert_eq!(stage.venue.order(&ann, &placed.order_id).unwrap().wallet, on(0, 3));
    stage.place("ann", "a1", order(Bid, "0.50", "8", GoodTillCanceled), 3).unwrap();
    assert_eq!(stage.place("ann", "a2", order(Bid, "0.01", "1", GoodTillCanceled), 3), None);
}

#[test]
fn a_venue_with_wallets_goes_through_json() {
    let mut venue = Venue::new(VenueOptions::default(), at(0));
    venue.add_market(market(), FeeSchedule::quadratic()).unwrap();
    let ann = account("ann");
    venue.open_account_on(ann.clone(), &[(0, Money::dollars(30)), (2, Money::dollars(4))]).unwrap();
    venue.place(&ann, order(Bid, "0.50", "2", GoodTillCanceled), at(1)).unwrap();
    let text = serde_json::to_string(&venue).unwrap();
    assert!(text.contains(r#""0@2":"#), "{text}");
    let back: Venue = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
    assert_eq!(back.wallet_balance(&ann, on(0, 2)), venue.wallet_balance(&ann, on(0, 2)));
    for none in ["", "0", "64@2", "0@x", "0@2@3"] {
        assert!(none.parse::<Wallet>().is_err(), "{none}");
    }
}
