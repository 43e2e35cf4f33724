//! Crash equivalence in memory: wherever the program dies, the next one ends with the same books.

use crate::settings::usd;
use crate::world::World;
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
            world.command(recio_core::engine::Command::CloseTrade(id));
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
        assert_eq!(world.engine.trading_state(), recio_core::engine::TradingState::Active, "{dies:?}: {}", world.trace);
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
    world.tell(recio_core::engine::Input::Recovered(world.journal.clone()));
    assert_eq!(*world.trade(), before);
}
