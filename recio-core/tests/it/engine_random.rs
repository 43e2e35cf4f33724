//! Whatever comes, in whatever order and however often: the engine answers, its books balance, and the same again gives the same.

use crate::settings::{Dice, MARKET, MODEL};
use crate::world::{World, now_at};
use proptest::{prop_assert, prop_assert_eq, proptest};
use recio_core::engine::{Command, Engine, Input};
use recio_core::market::MarketResult;
use recio_core::units::{Monotonic, Now, Timestamp};
use std::sync::Arc;

/// All that one session heard: an entry with a lost answer, another with fills, a stop, a settlement and its amendment.
fn heard() -> Vec<(Now, Input)> {
    let mut world = World::ready_with(|config| config.monitors[0].entry.allow_re_entry = true);
    world.hold();
    world.second();
    let id = world.trade().id.clone();
    world.command(Command::CloseTrade(id));
    world.second();
    world.lose_answer(Some(40));
    world.seconds(20);
    while !world.trade().held().is_zero() {
        if !world.submits.is_empty() {
            world.accept(30);
        }
        world.second();
    }
    world.hold();
    world.until_left(60);
    world.command(Command::ReduceOnly { reason: "test".to_owned() });
    world.command(Command::Resume);
    world.until_left(-2);
    world.settle(MarketResult::Yes);
    world.seconds(2);
    world.account.amend(MarketResult::No, recio_core::units::Money::ZERO, world.now.wall);
    world.seconds(31);
    world.tell(Input::Stored(Err("full".to_owned())));
    world.tell(Input::Stored(Ok(())));
    world.command(Command::Stop);
    world.script
}

/// The same inputs shuffled, repeated and left out; times that jump and go back.
fn scrambled(seed: u64) -> Vec<(Now, Input)> {
    let mut dice = Dice(seed);
    let heard = heard();
    let reach = 1 + dice.below(60);
    let mut out = Vec::new();
    for at in 0..heard.len() as u64 {
        let from = (at + dice.below(reach)).saturating_sub(dice.below(reach)).min(heard.len() as u64 - 1);
        let (mut now, input) = heard[usize::try_from(from).unwrap()].clone();
        if dice.below(200) == 0 {
            now = match dice.below(3) {
                0 => now_at(crate::settings::start()),
                1 => Now { wall: Timestamp::MAX, mono: now.mono },
                _ => Now { wall: now.wall, mono: Monotonic(u64::MAX) },
            };
        }
        for _ in 0..[1, 1, 1, 2, 0][usize::try_from(dice.below(5)).unwrap()] {
            out.push((now, input.clone()));
        }
    }
    out
}

fn engine() -> Engine {
    let world = World::with(|config| config.monitors[0].entry.allow_re_entry = true);
    Engine::new(Arc::new(world.engine.config().clone()), Arc::clone(&MODEL))
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]
    #[test]
    fn nothing_that_is_heard_makes_it_panic_or_lose_count(seed: u64) {
        let (mut first, mut second) = (engine(), engine());
        for (now, input) in scrambled(seed) {
            let outputs = first.handle(now, &input);
            prop_assert_eq!(&outputs, &second.handle(now, &input));
        }
        prop_assert!(first.state() == second.state());
        if let Some(ledger) = first.ledger() {
            ledger.check().unwrap();
        }
        for trade in first.trades() {
            prop_assert!(trade.sold <= trade.bought || trade.bought.is_zero(), "{trade:?}");
        }
        let snapshot = postcard::to_stdvec(first.state()).unwrap();
        prop_assert!(&postcard::from_bytes::<recio_core::engine::EngineState>(&snapshot).unwrap() == first.state());
    }
}

#[test]
fn the_unscrambled_session_is_a_whole_one() {
    let mut engine = engine();
    for (now, input) in heard() {
        engine.handle(now, &input);
    }
    assert!(engine.is_at_rest());
    assert_eq!(engine.trades().count(), 2);
    assert_eq!(engine.ledger().unwrap().settlement(&MARKET.parse().unwrap()).unwrap().0, 2);
}

#[test]
fn a_wall_clock_that_once_jumped_ahead_does_not_stop_the_cycle() {
    let mut world = World::ready();
    let ahead = Now { wall: world.now.wall + jiff::SignedDuration::from_secs(5), ..world.now };
    world.engine.handle(ahead, &Input::Timer);
    world.seconds(3);
    assert!(world.trace.matches("evaluate").count() > 0, "{}", world.trace);
}
