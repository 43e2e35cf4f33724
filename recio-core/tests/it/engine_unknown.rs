//! Orders whose answer is lost: fenced, looked up, adopted or let go; never resent, and never called absent without proof.

use crate::settings::{cash, cents, config};
use crate::world::World;
use recio_core::engine::{Input, Monitor, SubmitOutcome, TradingState};
use recio_core::market::{MarketResult, Side};
use recio_core::read::Read;
use recio_core::strategy::Decision;
use recio_core::trade::{CloseReason, OrderStatus, TradeStatus};
use recio_core::units::{Money, Quantity};

fn unknown(arrived: Option<u64>) -> World {
    let mut world = World::ready();
    assert!(world.buy(Side::Yes, 95));
    world.lose_answer(arrived);
    assert_eq!(world.order().status(), OrderStatus::Unknown);
    world
}

#[test]
fn an_order_that_arrived_is_adopted_with_its_fills() {
    let mut world = unknown(Some(100));
    world.seconds(3);
    assert_eq!(world.order().status(), OrderStatus::Filled);
    assert_eq!(world.trade().status, TradeStatus::Open);
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
    assert!(!world.said("no intent explains"), "{}", world.trace);
}

#[test]
fn an_order_that_never_arrived_fences_its_event_and_is_let_go_after_the_close() {
    let mut world = unknown(None);
    world.second();
    assert!(!world.buy(Side::Yes, 95) && world.reasons().contains(&"fenced".to_owned()));
    assert_eq!(world.order().status(), OrderStatus::AbsentProvisional, "two look-ups have not found it");
    assert_eq!(world.trade().status, TradeStatus::Pending);
    world.until_left(-5);
    assert_eq!(world.order().status(), OrderStatus::AbsentProvisional, "a moment after the close it may still land");
    // No settlement is ever reported of a market in which nothing was held.
    world.until_left(-60);
    assert_eq!((world.order().status(), world.trade().status), (OrderStatus::Absent, TradeStatus::Unfilled));
    assert!(world.engine.is_at_rest() && world.submits.is_empty());
    assert_eq!(world.engine.ledger().unwrap().cash(), cash());
    // What was proved once stays proved.
    world.restart("run2");
    assert_eq!((world.order().status(), world.trade().status), (OrderStatus::Absent, TradeStatus::Unfilled));
}

#[test]
fn an_order_that_is_missing_fences_nothing_and_stays_reserved() {
    for (limit, leaves) in [("2", true), ("1.99", false)] {
        let mut world = World::ready_with(|config| {
            config.risk.max_position = limit.parse().unwrap();
            config.monitors.push(Monitor { id: "two".parse().unwrap(), ..config.monitors[0].clone() });
        });
        // Both were asked, `two` last.
        let view = world.view.take().unwrap();
        let mut decision = Decision::on(&view);
        (decision.strategy, decision.view) = (config().monitors[0].id.clone(), view.number - 1);
        decision.buy(&view.strikes[0], Side::Yes, cents(95), Quantity::contracts(1), "it is likely");
        world.tell(Input::Decision(decision));
        world.lose_answer(None);
        world.seconds(15);
        assert_eq!(world.order().status(), OrderStatus::AbsentProvisional);
        assert_eq!(world.buy(Side::Yes, 95), leaves, "{limit}: {}", world.trace);
    }
}

#[test]
fn two_look_ups_lie_ten_seconds_apart_and_begin_after_the_answer_was_lost() {
    let mut world = World::ready();
    world.answers = false;
    // A reading begins while the order is not even formed, and is answered after its answer was lost.
    while world.reading.is_none() {
        world.second();
    }
    assert!(world.buy(Side::Yes, 95));
    world.second();
    world.lose_answer(None);
    world.answers = true;
    world.answer_reading();
    let mut misses = 0;
    while world.order().status() == OrderStatus::Unknown {
        world.second();
        misses += 1;
    }
    assert_eq!(misses, 11, "a look-up in the next second, and one ten seconds after it");
}

#[test]
fn partial_and_late_readings_prove_nothing() {
    let mut world = unknown(None);
    for _ in 0..8 {
        world.read_spoiled(|read| {
            let orders = read.orders.take().unwrap().got().clone();
            read.orders = Some(Read::Partial { got: orders, missing: "page 2".to_owned() });
        });
        world.read_spoiled(|read| read.positions = None);
        // An answer to a reading that was given up long ago.
        world.read_spoiled(|read| read.number -= 1);
    }
    assert_eq!(world.order().status(), OrderStatus::Unknown);
}

#[test]
fn an_order_that_lands_after_it_was_given_up_is_adopted() {
    let mut world = World::ready();
    assert!(world.buy(Side::Yes, 95));
    let order = world.lose_answer(None);
    world.seconds(15);
    assert_eq!(world.order().status(), OrderStatus::AbsentProvisional);
    world.account.take_intent(order.intent(), order.intent().quantity, Default::default(), world.now.wall);
    world.seconds(31);
    assert_eq!((world.order().status(), world.trade().status), (OrderStatus::Filled, TradeStatus::Open));
    world.until_left(-2);
    world.settle(MarketResult::Yes);
    world.seconds(3);
    assert_eq!(world.trade().close_reason, Some(CloseReason::Settled));
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
}

#[test]
fn an_order_that_was_refused_and_is_there_after_all_is_adopted() {
    for outcome in [
        SubmitOutcome::Refused { code: "duplicate id".to_owned() },
        SubmitOutcome::NotSent { reason: "no route".to_owned() },
    ] {
        let mut world = World::ready();
        assert!(world.buy(Side::Yes, 95));
        let order = world.submits.pop_front().unwrap();
        world.account.take(&order, order.intent().quantity, world.now.wall);
        world.end(&order, outcome);
        assert_eq!(world.trade().status, TradeStatus::Unfilled);
        world.seconds(35);
        let trade = world.trade();
        assert_eq!((trade.status, trade.close_reason, trade.closed_time), (TradeStatus::Open, None, None));
        assert!(world.said("believed to be"));
        assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
    }
}

#[test]
fn a_fill_that_comes_before_its_order_is_known_is_not_taken_for_somebody_elses() {
    // The list of fills has it; the list of orders lags, or could not be read.
    let mut world = unknown(Some(100));
    world.read_spoiled(|read| read.orders = Some(Read::Complete(Vec::new())));
    world.read_spoiled(|read| read.orders = None);
    assert!(!world.said("no intent explains"), "{}", world.trace);
    assert_eq!(world.engine.ledger().unwrap().cash(), cash());
    world.seconds(10);
    assert_eq!((world.trade().status, world.trade().held()), (TradeStatus::Open, crate::settings::contracts(1)));
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
}

#[test]
fn a_lost_exit_is_looked_up_and_then_sent_anew() {
    let mut world = World::ready();
    world.hold();
    let id = world.trade().id.clone();
    world.command(recio_core::engine::Command::CloseTrade(id));
    world.second();
    world.lose_answer(None);
    world.seconds(9);
    assert!(world.submits.is_empty(), "its outcome is not known yet");
    assert_eq!(world.trade().status, TradeStatus::Closing);
    world.seconds(4);
    assert_eq!(world.submits.len(), 1, "{}", world.trace);
    world.accept(100);
    assert_eq!((world.trade().status, world.trade().close_reason), (TradeStatus::Closed, Some(CloseReason::Manual)));
    world.until_left(-60);
    assert!(world.engine.is_at_rest());
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
}

#[test]
fn an_exit_that_arrived_without_an_answer_is_not_sent_again() {
    let mut world = World::ready();
    world.hold();
    let id = world.trade().id.clone();
    world.command(recio_core::engine::Command::CloseTrade(id));
    world.second();
    world.lose_answer(Some(100));
    world.seconds(30);
    assert_eq!((world.trade().status, world.submits.len()), (TradeStatus::Closed, 0));
}

#[test]
fn three_failures_in_a_minute_stop_entries_until_the_minute_is_over() {
    let mut world = World::ready_with(|config| config.monitors[0].entry.cooldown = std::time::Duration::ZERO);
    for _ in 0..3 {
        assert!(world.buy(Side::Yes, 95), "{}", world.trace);
        world.refuse();
        world.seconds(2);
    }
    assert!(!world.buy(Side::Yes, 95) && world.reasons().contains(&"risk: breaker".to_owned()));
    world.seconds(20);
    assert!(world.buy(Side::Yes, 95), "{}", world.trace);
}

#[test]
fn more_filled_than_ordered_halts() {
    let mut world = World::ready();
    world.hold();
    let fill = world.account.fills[0].clone();
    world.stream(&recio_core::trade::Fill { id: "F9".parse().unwrap(), ..fill });
    assert_eq!(world.engine.trading_state(), TradingState::Halted);
    world.tell(Input::Command(recio_core::engine::Command::Resume));
    assert_eq!(world.engine.trading_state(), TradingState::Active);
}
