//! Outcomes that are disputed before they are paid, and corrected after.

use super::{Stage, account, at, order, ticker};
use crate::market::BookSide::{Ask, Bid};
use crate::market::{MarketResult, MarketStatus};
use crate::trade::TimeInForce::ImmediateOrCancel;
use crate::units::{MarketTicker, Money};
use crate::venue::VenueEventKind;

/// Ann holds 3 YES and bob 4 NO when the market has closed.
fn held() -> Stage {
    let mut stage = Stage::with_book("100", &[("0.50", "50")], &[("0.52", "50")]);
    stage.place("ann", "a1", order(Bid, "0.52", "3", ImmediateOrCancel), 1);
    stage.place("bob", "b1", order(Ask, "0.50", "4", ImmediateOrCancel), 2);
    stage.venue.advance(at(900));
    stage.note("closed".into());
    stage
}

fn status(stage: &Stage) -> MarketStatus {
    stage.venue.market(&ticker()).unwrap().status
}

fn paid(stage: &mut Stage) -> Vec<(String, Money, Money)> {
    let events = stage.venue.take_events();
    stage.venue.audit().unwrap();
    let payouts = events.into_iter().filter_map(|event| {
        let VenueEventKind::Settled { account, settlement, paid } = event.kind else { return None };
        Some((account.to_string(), settlement.settlement.revenue, paid))
    });
    payouts.collect()
}

#[test]
fn a_disputed_market_is_paid_by_its_second_outcome() {
    let mut stage = held();
    let market: MarketTicker = ticker();
    assert!(stage.venue.dispute(&market, at(900)).is_err(), "there is nothing to dispute yet");
    stage.venue.determine(&market, MarketResult::Yes, None, at(901)).unwrap();
    stage.venue.dispute(&market, at(902)).unwrap();
    assert_eq!(status(&stage), MarketStatus::Disputed);
    assert!(stage.venue.settle(&market, at(903)).is_err());
    stage.venue.redetermine(&market, MarketResult::No, "80000.00".parse().ok(), at(904)).unwrap();
    assert_eq!(status(&stage), MarketStatus::Amended);
    assert_eq!(stage.venue.market(&market).unwrap().result, Some(MarketResult::No));
    stage.venue.settle(&market, at(905)).unwrap();
    let four = Money::dollars(4);
    assert_eq!(paid(&mut stage), [("ann".into(), Money::ZERO, Money::ZERO), ("bob".into(), four, four)]);
    assert_eq!(status(&stage), MarketStatus::Finalized);
    assert!(stage.venue.settle(&market, at(906)).is_err() && stage.venue.dispute(&market, at(906)).is_err());
}

#[test]
fn a_corrected_payout_books_the_difference_once() {
    let mut stage = held();
    let market: MarketTicker = ticker();
    stage.venue.determine(&market, MarketResult::Yes, None, at(901)).unwrap();
    stage.venue.settle(&market, at(902)).unwrap();
    let three = Money::dollars(3);
    assert_eq!(paid(&mut stage), [("ann".into(), three, three), ("bob".into(), Money::ZERO, Money::ZERO)]);
    let before = stage.venue.balance(&account("ann")).unwrap().cash;

    stage.venue.redetermine(&market, MarketResult::No, None, at(1_000)).unwrap();
    assert_eq!(stage.venue.balance(&account("ann")).unwrap().cash, before, "nothing moves until it is paid");
    stage.venue.settle(&market, at(1_001)).unwrap();
    let four = Money::dollars(4);
    assert_eq!(
        paid(&mut stage),
        [("ann".into(), Money::ZERO, Money::ZERO - three), ("bob".into(), four, four)],
        "in all, and now"
    );
    assert!(stage.venue.settle(&market, at(1_002)).is_err(), "not twice");
    assert_eq!(stage.venue.balance(&account("ann")).unwrap().cash, before - three);
    assert_eq!(stage.venue.settlements(&account("ann")).count(), 1, "the settlement is corrected in its place");

    let half = MarketResult::Scalar("0.25".parse().unwrap());
    stage.venue.redetermine(&market, half, None, at(1_003)).unwrap();
    stage.venue.settle(&market, at(1_004)).unwrap();
    let cents = |text: &str| text.parse::<Money>().unwrap();
    let ann = ("ann".to_owned(), cents("0.75"), cents("0.75"));
    assert_eq!(paid(&mut stage), [ann, ("bob".into(), three, Money::ZERO - Money::dollars(1))]);
}
