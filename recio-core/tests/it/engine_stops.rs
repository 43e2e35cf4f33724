//! Exits: each stop does what its name says, and goes on until it is done.

use crate::settings::{MARKET, usd};
use crate::world::World;
use recio_core::engine::{Command, Input, TradingState};
use recio_core::market::{MarketResult, Side};
use recio_core::market_data::MarketEvent;
use recio_core::trade::{CloseReason, Purpose, TradeStatus};
use std::time::Duration;

/// A held trade whose momentum stop is off.
fn held() -> World {
    held_with(|_| {})
}

fn held_with(change: impl FnOnce(&mut recio_core::engine::StopRules)) -> World {
    let mut world = World::ready_with(|config| {
        let stop = &mut config.monitors[0].stop;
        stop.momentum_enabled = false;
        change(stop);
    });
    world.hold();
    world.second();
    world.take_trace();
    world
}

#[test]
fn the_probability_stop_waits_for_its_verification() {
    let mut world = held();
    world.price = Some(usd(79_600));
    world.book = Some((10, 11));
    world.seconds(15);
    assert!(world.submits.is_empty(), "{}", world.trace);
    world.second();
    assert_eq!(world.submits.len(), 1, "{}", world.trace);
    let intent = world.submits[0].intent();
    // Three cents below the best bid.
    assert_eq!((intent.purpose, intent.limit), (Purpose::Exit, crate::settings::cents(7)));
    world.accept(100);
    assert_eq!(world.trade().close_reason, Some(CloseReason::ProbabilityStop));
}

#[test]
fn a_price_that_comes_back_begins_the_verification_anew() {
    let mut world = held();
    world.price = Some(usd(79_600));
    world.seconds(10);
    world.price = Some(usd(80_000));
    world.second();
    world.price = Some(usd(79_600));
    world.seconds(15);
    assert!(world.submits.is_empty());
    world.second();
    assert_eq!(world.submits.len(), 1);
}

#[test]
fn what_is_not_known_sells_nothing_and_breaks_no_verification() {
    let mut world = held();
    world.price = Some(usd(79_600));
    world.seconds(5);
    world.price = None;
    world.seconds(30);
    assert!(world.submits.is_empty(), "{}", world.trace);
    world.price = Some(usd(79_600));
    world.second();
    assert_eq!(world.submits.len(), 1, "below before the gap and after it");
}

#[test]
fn momentum_against_the_trade_stops_it_at_once_and_on_the_right_side() {
    for (side, price, book, stops) in [
        (Side::Yes, 79_500, (94, 95), true),
        (Side::Yes, 80_500, (94, 95), false),
        (Side::No, 80_500, (5, 6), true),
        (Side::No, 79_500, (5, 6), false),
    ] {
        let mut world = World::ready_with(|config| {
            config.monitors[0].stop.enabled = false;
            config.risk.model_collar_units = 10_000;
        });
        world.book = Some(book);
        world.second();
        assert!(world.buy(side, 95), "{}", world.trace);
        world.accept(100);
        world.price = Some(usd(price));
        world.second();
        assert_eq!(world.submits.len(), usize::from(stops), "{side} {price}: {}", world.trace);
        if stops {
            world.accept(100);
            assert_eq!(world.trade().close_reason, Some(CloseReason::MomentumStop));
        }
    }
}

#[test]
fn in_the_last_seconds_a_trade_is_left_to_settle() {
    let mut world = World::ready();
    world.hold();
    world.until_left(59);
    world.price = Some(usd(79_300));
    world.until_left(-1);
    assert!(world.submits.is_empty(), "{}", world.trace);
    assert_eq!(world.trade().status, TradeStatus::AwaitingSettlement);
}

#[test]
fn switched_off_stops_do_nothing() {
    let mut world = held_with(|stop| stop.enabled = false);
    world.price = Some(usd(79_300));
    world.seconds(60);
    assert!(world.submits.is_empty());
}

#[test]
fn an_exit_is_retried_until_it_is_done() {
    let mut world = held_with(|stop| stop.verification = Duration::ZERO);
    world.price = Some(usd(79_600));
    world.second();
    world.refuse();
    assert_eq!(world.trade().status, TradeStatus::Open);
    world.second();
    world.accept(0);
    world.second();
    world.accept(40);
    assert_eq!(world.trade().held(), "0.60".parse().unwrap());
    // The reason to close is gone, the closing is not.
    world.price = Some(usd(80_000));
    world.second();
    assert_eq!(world.submits[0].intent().quantity, "0.60".parse().unwrap());
    world.accept(60);
    let trade = world.trade();
    assert_eq!((trade.status, trade.close_reason), (TradeStatus::Closed, Some(CloseReason::ProbabilityStop)));
    world.second();
    assert!(world.submits.is_empty() && world.engine.is_at_rest());
    world.seconds(31);
    assert_eq!(world.engine.last_tie_out(), Some(recio_core::units::Money::ZERO));
}

#[test]
fn an_exit_under_way_at_the_close_ends_either_way() {
    for filled in [100, 0] {
        let mut world = World::ready();
        world.hold();
        world.until_left(1);
        let id = world.trade().id.clone();
        world.command(Command::CloseTrade(id));
        world.pass(Duration::from_millis(500));
        world.tell(Input::Timer);
        world.until_left(1);
        if world.submits.is_empty() {
            // The cycle of this second was over: the market closes with the wish unfulfilled.
            world.second();
            assert_eq!(world.trade().status, TradeStatus::AwaitingSettlement);
        } else {
            world.second();
            world.accept(filled);
        }
        world.settle(MarketResult::Yes);
        world.seconds(3);
        assert_eq!(world.trade().status, TradeStatus::Closed);
        assert_eq!(world.engine.last_tie_out(), Some(recio_core::units::Money::ZERO));
    }
}

#[test]
fn an_exit_that_crosses_the_close_on_the_wire() {
    for (filled, reason) in [(100, CloseReason::Manual), (0, CloseReason::Settled)] {
        let mut world = World::ready();
        world.hold();
        world.until_left(2);
        let id = world.trade().id.clone();
        world.command(Command::CloseTrade(id));
        world.second();
        assert_eq!(world.submits.len(), 1);
        world.seconds(2);
        assert_eq!(world.trade().status, TradeStatus::AwaitingSettlement);
        world.accept(filled);
        world.settle(MarketResult::Yes);
        world.seconds(3);
        assert_eq!((world.trade().status, world.trade().close_reason), (TradeStatus::Closed, Some(reason)));
        assert!(world.engine.is_at_rest());
        assert_eq!(world.engine.last_tie_out(), Some(recio_core::units::Money::ZERO));
    }
}

#[test]
fn exits_need_neither_store_nor_entries_nor_the_breaker_nor_fees() {
    let mut world = held_with(|stop| stop.verification = Duration::ZERO);
    world.tell(Input::Stored(Err("disk full".to_owned())));
    world.command(Command::ReduceOnly { reason: "test".to_owned() });
    let mut unpriced = crate::settings::series();
    unpriced.fee_type = recio_core::market::FeeType::Unsupported("new".to_owned());
    world.tell(Input::Series(unpriced));
    world.price = Some(usd(79_600));
    for _ in 0..5 {
        world.second();
        world.refuse();
    }
    world.second();
    world.accept(100);
    assert_eq!(world.trade().status, TradeStatus::Closed);
}

#[test]
fn without_a_book_an_exit_waits_for_one() {
    let mut world = held_with(|stop| stop.verification = Duration::ZERO);
    world.book = None;
    world.tell(Input::Market(MarketEvent::Void { markets: vec![MARKET.parse().unwrap()], reason: "gap".to_owned() }));
    world.price = Some(usd(79_600));
    world.seconds(3);
    assert!(world.submits.is_empty());
    world.book = Some((50, 51));
    world.seconds(2);
    assert_eq!(world.submits.len(), 1);
}

#[test]
fn halted_nothing_leaves_and_what_rests_is_canceled_even_if_its_answer_comes_later() {
    let mut world = World::ready();
    let view = world.view.take().unwrap();
    let mut decision = recio_core::strategy::Decision::on(&view);
    decision.buy_yes(&view.strikes[0], crate::settings::cents(90), crate::settings::contracts(1), "rests");
    decision.wishes[0].time_in_force = recio_core::trade::TimeInForce::GoodTillCanceled;
    world.tell(Input::Decision(decision));
    let order = world.submits.pop_front().unwrap();
    world.command(Command::Halt { reason: "test".to_owned() });
    assert!(world.cancels.is_empty(), "the exchange has not named it yet");
    let rest = order.intent().quantity;
    let (accepted, _) = world.account.take_intent(order.intent(), Default::default(), rest, world.now.wall);
    world.end(&order, recio_core::engine::SubmitOutcome::Accepted(accepted));
    world.second();
    assert_eq!(world.cancels.len(), 1, "{}", world.trace);
    let id = world.cancels.remove(0).client_order_id;
    let failed = recio_core::engine::CancelOutcome::Failed { reason: "no answer".to_owned() };
    world.tell(Input::Canceled { client_order_id: id.clone(), outcome: failed });
    world.second();
    assert_eq!(world.cancels.len(), 1, "asked again");
    let removed = recio_core::executor::Canceled { removed: rest };
    world.account.orders[0].status = recio_core::trade::ReportedStatus::Canceled;
    world.account.orders[0].remaining = Default::default();
    let done = recio_core::engine::CancelOutcome::Canceled(removed);
    world.tell(Input::Canceled { client_order_id: id, outcome: done });
    assert_eq!(world.trade().status, TradeStatus::Unfilled);
    assert_eq!(world.engine.trading_state(), TradingState::Halted);
}

#[test]
fn closing_a_trade_cancels_what_of_its_entry_still_rests() {
    let mut world = World::ready();
    let view = world.view.take().unwrap();
    let mut decision = recio_core::strategy::Decision::on(&view);
    decision.buy_yes(&view.strikes[0], crate::settings::cents(94), crate::settings::contracts(2), "rests");
    decision.wishes[0].time_in_force = recio_core::trade::TimeInForce::GoodTillCanceled;
    world.tell(Input::Decision(decision));
    let order = world.submits.pop_front().unwrap();
    let one = crate::settings::contracts(1);
    let (accepted, fill) = world.account.take_intent(order.intent(), one, one, world.now.wall);
    world.end(&order, recio_core::engine::SubmitOutcome::Accepted(accepted));
    world.stream(&fill.unwrap());
    assert_eq!(world.trade().status, TradeStatus::Open);
    let id = world.trade().id.clone();
    world.command(Command::CloseTrade(id));
    world.second();
    assert_eq!((world.cancels.len(), world.submits.len()), (1, 1), "{}", world.trace);
    world.accept(100);
    // The rest was filled before the cancel: it goes out as well.
    let late = world.account.fill(0, crate::settings::cents(94), one, world.now.wall);
    world.stream(&late);
    world.second();
    assert_eq!(world.submits.len(), 1, "{}", world.trace);
    world.accept(100);
    assert_eq!(world.trade().status, TradeStatus::Closed);
}
