//! What the local cache adds to a restart: how far stops were, and nothing else.

use crate::settings::usd;
use crate::world::World;
use recio_core::engine::{Input, Recalled, StopState};
use recio_core::market::Side;
use recio_core::trade::{CloseReason, TradeStatus};
use recio_core::units::Money;
use std::time::Duration;

/// A held trade whose momentum stop is off, and whose probability has been below its stop for so many seconds.
fn falling(seconds: u32) -> World {
    let mut world = World::ready_with(|config| config.monitors[0].stop.momentum_enabled = false);
    world.hold();
    world.second();
    world.price = Some(usd(79_600));
    world.book = Some((10, 11));
    world.seconds(seconds);
    assert!(world.submits.is_empty(), "{}", world.trace);
    world
}

/// The program dies, and the next one has what the cache was last given.
fn restart(world: &mut World, after: Duration) {
    world.cache = Some(Recalled { written_time: Some(world.now.wall), trades: world.engine.open_trades() });
    world.pass(after);
    world.restart("run2");
}

#[test]
fn a_verification_goes_on_over_a_restart() {
    let mut world = falling(11);
    let stop = world.engine.open_trades()[0].stop;
    assert_eq!(stop, StopState::Verifying { below_for: Duration::from_secs(10) });
    restart(&mut world, Duration::from_secs(2));
    world.seconds(4);
    assert!(world.submits.is_empty(), "ten seconds were seen before and the pause does not count: {}", world.trace);
    world.seconds(2);
    assert_eq!(world.submits.len(), 1, "{}", world.trace);
    world.accept(100);
    assert_eq!(world.trade().close_reason, Some(CloseReason::ProbabilityStop));
    assert_eq!(world.engine.trades().count(), 1);
}

#[test]
fn a_price_that_came_back_and_a_long_pause_end_what_was_verified() {
    for (price, pause) in [(80_000, 2), (79_600, 61)] {
        let mut world = falling(11);
        world.price = Some(usd(price));
        restart(&mut world, Duration::from_secs(pause));
        world.price = Some(usd(price));
        world.seconds(2);
        world.price = Some(usd(79_600));
        world.seconds(10);
        assert!(world.submits.is_empty(), "{price} after {pause} s: {}", world.trace);
    }
}

#[test]
fn a_stop_that_fired_before_its_order_was_written_down_goes_on() {
    let mut world = falling(10);
    // It fires while there is no book to sell into.
    world.book = None;
    world.tell(Input::Market(recio_core::market_data::MarketEvent::Void {
        markets: vec![crate::settings::MARKET.parse().unwrap()],
        reason: "gap".to_owned(),
    }));
    world.seconds(8);
    let stop = world.engine.open_trades()[0].stop;
    assert_eq!(stop, StopState::Closing { why: CloseReason::ProbabilityStop });
    assert!(world.submits.is_empty() && world.journal.intents.len() == 1);
    world.price = Some(usd(80_000));
    world.book = Some((94, 95));
    restart(&mut world, Duration::from_secs(1));
    world.seconds(2);
    assert_eq!(world.submits.len(), 1, "{}", world.trace);
    world.accept(100);
    let trade = world.trade();
    assert_eq!((trade.status, trade.close_reason), (TradeStatus::Closed, Some(CloseReason::ProbabilityStop)));
    world.seconds(40);
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
}

#[test]
fn what_the_signal_rested_on_is_known_again() {
    let mut world = falling(1);
    let before = world.trade().clone();
    assert!(before.entry_probability.is_some() && before.entry_asset_price.is_some());
    restart(&mut world, Duration::from_secs(1));
    world.second();
    assert_eq!(*world.trade(), before);
}

#[test]
fn a_trade_that_the_journal_does_not_know_is_left_alone() {
    let mut world = falling(1);
    let mut open = world.engine.open_trades();
    open[0].trade.id = "somebody-7".parse().unwrap();
    open[0].stop = StopState::Closing { why: CloseReason::Manual };
    let mut other_side = world.engine.open_trades();
    other_side[0].trade.side = Side::No;
    other_side[0].stop = StopState::Closing { why: CloseReason::Manual };
    open.extend(other_side);
    world.price = Some(usd(80_000));
    world.cache = Some(Recalled { written_time: Some(world.now.wall), trades: open });
    world.restart("run2");
    world.seconds(40);
    assert_eq!((world.engine.trades().count(), world.submits.len()), (1, 0), "{}", world.trace);
    assert!(world.said("of which the journal knows nothing"), "{}", world.trace);
    assert_eq!(world.engine.last_tie_out(), Some(Money::ZERO));
}

#[test]
fn nothing_is_entered_before_the_store_was_found_as_it_was_left() {
    let mut world = World::new();
    world.cache = Some(Recalled::default());
    world.boot();
    world.seconds(3);
    assert!(world.view.is_none() && world.submits.is_empty(), "no strategy is asked: {}", world.trace);
    world.tell(Input::Stored(Ok(())));
    world.second();
    assert!(world.buy(Side::Yes, 95), "{}", world.trace);
}
