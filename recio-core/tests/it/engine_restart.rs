//! Crash equivalence in memory: wherever the program dies, the next one ends with the same books.

use crate::settings::usd;
use crate::world::World;
use recio_core::engine::{Command, Input, TradingState};
use recio_core::market::{MarketResult, Side};
use recio_core::trade::{CloseReason, OrderStatus, TradeStatus};
use recio_core::units::Money;

/// A session of `steps` steps, of which the program does not live through the one numbered `dies`; the world does.
fn session(dies: Option<usize>, ends: usize) -> World {
    let mut world = World::new();
    world.boot();
    type Step = fn(&mut World);
    let steps: [Step; 9] = [
        |world| world.second(),
        |world| {
            world.second();
            assert!(world.buy(Side::Yes, 95), "{}", world.trace);
        },
        |world| {
            if !world.submits.is_empty() {
                world.accept(60);
            }
        },
        |world| world.seconds(3),
        |world| {
            let id = world.trade().id.clone();
            world.command(Command::CloseTrade(id));
            world.second();
        },
        |world| {
            if !world.submits.is_empty() {
                world.accept(20);
            }
        },
        |world| {
            for _ in 0..300 {
                // Further tries find nobody.
                if !world.submits.is_empty() {
                    world.accept(0);
                }
                if world.now.wall > crate::settings::close() {
                    break;
                }
                world.second();
            }
        },
        |world| world.settle(MarketResult::Yes),
        |world| world.seconds(40),
    ];
    for (at, step) in steps.iter().enumerate().take(ends) {
        step(&mut world);
        if dies == Some(at) {
            // An order that was on its way arrives whether its sender lives or not.
            while let Some(order) = world.submits.pop_front() {
                let quantity = [60, 20][usize::from(at >= 3)] * u64::from(at < 6);
                let filled = recio_core::units::Quantity::from_hundredths(quantity).unwrap();
                world.account.take(&order, filled, world.now.wall);
            }
            world.restart("run2");
            world.seconds(3);
        }
    }
    world
}

#[test]
fn wherever_the_program_dies_the_books_are_those_of_the_exchange() {
    for dies in std::iter::once(None).chain((1..9).map(Some)) {
        let mut world = session(dies, 9);
        world.seconds(40);
        // How often a closing is retried depends on the seconds the restart took; what was executed does not go missing.
        assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO), "{dies:?}: {}", world.trace);
        assert!(world.engine.is_at_rest(), "{dies:?}");
        let ledger = world.engine.ledger().unwrap();
        ledger.check().unwrap();
        assert_eq!(ledger.cash(), world.account.cash, "{dies:?}");
        let fills = ledger.transactions().iter().filter(|t| matches!(t.booking, recio_core::trade::Booking::Fill(_)));
        assert_eq!(fills.count(), world.account.fills.len(), "{dies:?}");
        assert_eq!(world.engine.trading_state(), TradingState::Active, "{dies:?}: {}", world.trace);
        assert!(!world.said("no intent explains"), "{dies:?}: {}", world.trace);
    }
}

#[test]
fn a_new_start_at_every_prefix_of_the_session_folds_to_the_same_ledger() {
    for ends in 1..=9 {
        let mut lived = session(None, ends);
        // What is under way arrives nowhere: the journal knows of it, the exchange does not.
        lived.submits.clear();
        lived.seconds(2);
        let (hash, cash) = (lived.ledger_hash(), lived.account.cash);
        let trades: Vec<_> = lived.engine.trades().map(|t| (t.id.clone(), t.bought, t.sold, t.cost, t.fees)).collect();
        lived.restart("run2");
        lived.seconds(2);
        assert_eq!(lived.ledger_hash(), hash, "after {ends} steps");
        assert_eq!(lived.engine.ledger().unwrap().cash(), cash);
        let again: Vec<_> = lived.engine.trades().map(|t| (t.id.clone(), t.bought, t.sold, t.cost, t.fees)).collect();
        assert_eq!(again, trades, "after {ends} steps");
    }
}

#[test]
fn a_stop_that_was_sent_goes_on_and_keeps_its_reason() {
    let mut world = World::ready_with(|config| {
        config.monitors[0].stop.momentum_enabled = false;
        config.monitors[0].stop.verification = std::time::Duration::ZERO;
    });
    world.hold();
    world.price = Some(usd(79_600));
    world.second();
    world.accept(30);
    world.price = Some(usd(80_000));
    world.restart("run2");
    world.seconds(2);
    assert_eq!(world.submits.len(), 1, "{}", world.trace);
    assert_eq!(world.submits[0].intent().quantity, "0.70".parse().unwrap());
    world.accept(70);
    let trade = world.trade();
    assert_eq!((trade.status, trade.close_reason), (TradeStatus::Closed, Some(CloseReason::ProbabilityStop)));
}

#[test]
fn an_intent_without_an_outcome_is_looked_up_and_never_sent_again() {
    let mut world = World::ready();
    assert!(world.buy(Side::Yes, 95));
    world.restart("run2");
    assert_eq!(world.order().status(), OrderStatus::Unknown);
    world.seconds(15);
    assert_eq!(world.order().status(), OrderStatus::AbsentProvisional);
    assert!(world.submits.is_empty() && world.account.orders.is_empty());
}

#[test]
fn a_run_whose_name_was_used_before_repeats_no_order_id() {
    let mut world = World::ready();
    assert!(world.buy(Side::Yes, 95));
    world.accept(0);
    world.restart("run");
    world.seconds(12);
    assert!(world.buy(Side::Yes, 95), "{}", world.trace);
    assert_eq!(world.submits[0].intent().number, 2);
    world.accept(100);
}

#[test]
fn the_journal_told_twice_changes_nothing() {
    let mut world = World::ready();
    world.hold();
    let before = world.trade().clone();
    world.tell(Input::Recovered(world.journal.clone()));
    assert_eq!(*world.trade(), before);
}

#[test]
fn what_an_error_or_a_person_closed_stays_closed_until_a_person_opens_it() {
    type Close = fn(&mut World);
    let close: [(Close, TradingState); 3] = [
        (|world| world.command(Command::ReduceOnly { reason: "look".to_owned() }), TradingState::Reducing),
        (|world| world.command(Command::Halt { reason: "look".to_owned() }), TradingState::Halted),
        (
            |world| {
                world.account.cash += Money::dollars(1);
                world.seconds(70);
            },
            TradingState::Reducing,
        ),
    ];
    for (close, state) in close {
        let mut world = World::ready();
        close(&mut world);
        assert_eq!(world.engine.trading_state(), state, "{}", world.trace);
        let why = world.journal.trading.clone().unwrap().why;
        // What differed heals by itself; the state does not.
        if why.contains("differ") {
            world.account.cash -= Money::dollars(1);
        }
        for run in ["run2", "run3"] {
            _ = world.take_trace();
            world.restart(run);
            world.seconds(3);
            assert_eq!(world.engine.trading_state(), state, "{}", world.trace);
            assert!(world.said(&why) && world.said("`recio arm`"), "{}", world.trace);
            assert!(!world.said("journal:"), "it is written once: {}", world.trace);
            assert!(!world.buy(Side::Yes, 95), "{}", world.trace);
        }
        world.command(Command::Resume);
        world.restart("run4");
        world.seconds(12);
        assert_eq!(world.engine.trading_state(), TradingState::Active, "{}", world.trace);
        assert!(world.buy(Side::Yes, 95), "{}", world.trace);
    }
}

#[test]
fn a_later_run_goes_by_the_kill_latch_itself() {
    let mut world = World::ready();
    world.command(Command::Kill { latch: "KILL".to_owned() });
    assert_eq!((world.engine.trading_state(), &world.journal.trading), (TradingState::Halted, &None));
    world.restart("run2");
    assert_eq!(world.engine.trading_state(), TradingState::Active);
    // What else was wrong meanwhile is kept, under the latch as well.
    world.command(Command::Kill { latch: "KILL".to_owned() });
    world.command(Command::ReduceOnly { reason: "look".to_owned() });
    assert_eq!(world.engine.trading_state(), TradingState::Halted);
    world.restart("run3");
    assert_eq!(world.engine.trading_state(), TradingState::Reducing);
}

#[test]
fn a_journal_that_does_not_write_is_tried_until_it_does() {
    let mut world = World::ready();
    world.tell(Input::JournalFailed { reason: "no space left".to_owned() });
    assert!(!world.buy(Side::Yes, 95), "{}", world.trace);
    world.seconds(5);
    assert_eq!(world.trace.matches("journal: Active").count(), 1, "{}", world.trace);
    world.tell(Input::JournalFailed { reason: "no space left".to_owned() });
    world.seconds(5);
    assert_eq!(world.trace.matches("journal: Active").count(), 2, "{}", world.trace);
    assert_eq!(world.trace.matches("Alarm").count(), 1, "it is alarmed once: {}", world.trace);
    world.tell(Input::JournalWrites);
    world.seconds(6);
    assert_eq!(world.trace.matches("journal: Active").count(), 2, "{}", world.trace);
    assert!(world.buy(Side::Yes, 95), "{}", world.trace);
}
