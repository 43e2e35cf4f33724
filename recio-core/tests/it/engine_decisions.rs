//! Which decisions are kept, and what is in them.

use crate::settings::{MARKET, cents};
use crate::world::World;
use recio_core::engine::{DecisionRecord, Input, Reason, Verdict};
use recio_core::fact::FactBody;
use recio_core::market::Side;
use recio_core::strategy::Decision;
use recio_core::units::Quantity;

fn kept(world: &World) -> Vec<DecisionRecord> {
    let decision =
        |body: &FactBody| if let FactBody::Decision(decision) = body { Some(decision.clone()) } else { None };
    world.facts.iter().filter_map(|fact| decision(&fact.body)).collect()
}

/// Answers the newest view by skipping its strike.
fn skip(world: &mut World, reason: Reason) {
    let view = world.view.take().unwrap();
    let mut decision = Decision::on(&view);
    decision.skip(&view.strikes[0], reason);
    world.tell(Input::Decision(decision));
    world.second();
}

#[test]
fn the_first_answer_of_a_minute_is_kept_with_model_market_and_reason() {
    let mut world = World::ready();
    let before = kept(&world).len();
    // On to the start of a minute, so that the count below is one.
    while world.now.wall.as_second() % 60 != 0 {
        world.second();
    }
    let begun = kept(&world).len();
    assert!(begun <= before + 1);
    for _ in 0..60 {
        skip(&mut world, Reason::PriceTooHigh);
    }
    let decisions = kept(&world);
    assert_eq!(decisions.len(), begun + 1, "sixty answers that say the same are kept once");
    let decision = decisions.last().unwrap();
    assert_eq!(decision.strikes.len(), 1);
    let strike = &decision.strikes[0];
    assert_eq!(
        (strike.market.as_str(), &strike.verdict),
        (MARKET, &Verdict::Skipped { reason: "price_too_high".into() })
    );
    assert!(strike.fair.unwrap().value().is_some() && strike.quote.unwrap().ask.is_some());
    assert!(decision.asset_price.is_some() && decision.momentum.is_some());
    assert!(decision.view_time <= decision.time && decision.time < decision.close_time);
}

#[test]
fn every_entry_is_kept_and_a_refusal_once_a_minute() {
    let mut world = World::ready();
    while world.now.wall.as_second() % 60 != 0 {
        world.second();
    }
    world.second();
    let begun = kept(&world).len();
    assert!(!world.buy_many(Side::Yes, 95, 1_000));
    world.second();
    assert_eq!(kept(&world).len(), begun + 1, "the first answer of its minute was another one; the refusal is new");
    assert!(!world.buy_many(Side::Yes, 95, 1_000));
    world.second();
    assert_eq!(kept(&world).len(), begun + 1, "refused as a moment ago");
    assert!(!world.buy_many(Side::No, 5, 1_000));
    world.second();
    assert_eq!(kept(&world).len(), begun + 2, "the other outcome");
    let last = kept(&world).pop().unwrap();
    let Verdict::Refused { wanted, reason } = &last.strikes[0].verdict else { panic!("{last:?}") };
    assert_eq!((wanted.side, wanted.limit, wanted.quantity), (Side::No, cents(5), Quantity::contracts(1_000)));
    assert!(reason.starts_with("risk: "), "{reason}");
    assert!(world.buy(Side::Yes, 95), "{}", world.trace);
    let decisions = kept(&world);
    assert_eq!(decisions.len(), begun + 3);
    assert!(matches!(decisions.last().unwrap().strikes[0].verdict, Verdict::Entered(_)));
}

#[test]
fn what_was_said_of_no_strike_and_of_strikes_elsewhere_is_kept_too() {
    let mut world = World::ready();
    let view = world.view.take().unwrap();
    let mut decision = Decision::on(&view);
    decision.buy(&view.strikes[0], Side::Yes, cents(95), Quantity::contracts(1), "why");
    decision.wishes[0].market = "ELSEWHERE".parse().unwrap();
    world.tell(Input::Decision(decision));
    let decision = kept(&world).pop().unwrap();
    let lines: Vec<_> = decision.strikes.iter().map(|strike| (strike.market.as_str(), strike.fair.is_some())).collect();
    assert_eq!(lines, [(MARKET, true), ("ELSEWHERE", false)]);
    assert_eq!(decision.strikes[0].verdict, Verdict::Silent);
    let Verdict::Refused { reason, .. } = &decision.strikes[1].verdict else { panic!("{decision:?}") };
    assert_eq!(reason, "bad_wish");
}
