//! A run that begins at any minute: which past is asked for, what is said of it, and that nothing is entered before it is there.

use crate::settings::{close, feed, usd};
use crate::world::World;
use recio_core::engine::{StopRules, WarmStart};
use recio_core::market::Side;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, PastPrices, PriceKind, Resolution, TimeRange};
use recio_core::read::Read;
use recio_core::units::Timestamp;
use std::time::Duration;

fn warm(momentum: u64, volatility: u64) -> World {
    World::with(|config| {
        let minutes = |minutes| Duration::from_secs(60 * minutes);
        config.warm_start = WarmStart { momentum: minutes(momentum), volatility: minutes(volatility) };
        config.monitors[0].stop = StopRules { enabled: false, ..config.monitors[0].stop.clone() };
    })
}

/// Bars of a whole range that go five dollars up and down.
fn bars(range: TimeRange, seconds: i64) -> Vec<Bar> {
    let bar = |start: i64| {
        let price = usd(if start / 60 % 2 == 0 { 80_000 } else { 80_005 });
        let start = Timestamp::from_second(start).unwrap();
        Bar { start, open: price, high: price, low: price, close: price }
    };
    let (from, to) = (range.from.as_second(), range.to.as_second());
    (from..to).step_by(usize::try_from(seconds).unwrap()).map(bar).collect()
}

/// Answers the newest question after the past whole, until there is none for a while; returns how many there were.
fn read_everything(world: &mut World) -> usize {
    let (mut answered, mut quiet) = (0, 0);
    while quiet < 5 {
        match world.history.get(answered).copied() {
            Some((resolution, range)) => {
                let length = if resolution == Resolution::Second { 1 } else { 60 };
                world.answer_history(resolution, Ok(Read::Complete(bars(range, length))));
                (answered, quiet) = (answered + 1, 0);
            }
            None => quiet += 1,
        }
        world.second();
    }
    answered
}

#[test]
fn a_day_is_read_hour_by_hour_and_entries_wait_for_it() {
    let mut world = warm(30, 24 * 60);
    world.boot();
    assert!(world.said("entries wait until the past of BTC is read"), "{}", world.trace);
    assert!(world.said("momentum has 0 min of 30 min, volatility 0 min of 24 h"), "{}", world.trace);
    world.seconds(3);
    assert!(world.view.is_none(), "a half hour of seconds is no day: nothing is asked of the strategy");
    assert_eq!(world.reasons(), ["history_missing"]);
    world.history.remove(0);
    let hours = read_everything(&mut world);
    assert_eq!(world.history.len(), hours);
    // The hours lie one behind the other, from the running one back; a day less one in twenty minutes is enough.
    assert!((23..=25).contains(&hours), "{hours}");
    assert!(world.history.iter().all(|(resolution, _)| *resolution == Resolution::Minute));
    assert!(world.history.windows(2).all(|pair| pair[1].1.to == pair[0].1.from));
    assert!(world.said("the past of BTC is there, entries may begin"), "{}", world.trace);
    world.second();
    assert!(world.buy(Side::Yes, 95));
}

#[test]
fn without_any_past_it_is_said_when_enough_is_there_by_itself() {
    let mut world = warm(4, 0);
    world.boot();
    let mut cold = warm(4, 0);
    cold.price = Some(usd(80_000));
    // Nothing is read: the past comes from the prices themselves.
    for _ in 0..3 {
        cold.second();
    }
    assert!(cold.said("complete by itself at 2026-05-13 13:1"), "{}", cold.trace);
    let view = world.engine.config().warm_start.clone();
    assert_eq!(view.volatility, Duration::ZERO);
}

#[test]
fn what_fails_is_asked_for_again_later_and_later() {
    let mut world = warm(30, 0);
    world.boot();
    let mut world = warm(30, 0);
    let (mut asked, mut answered) = (Vec::new(), 0);
    while close().duration_since(world.now.wall).as_secs() > 20 {
        let new = world.history.get(answered).copied();
        answered += usize::from(new.is_some());
        if let Some((Resolution::Minute, _)) = new {
            world.answer_history(Resolution::Minute, Err("the index has no history for this key".to_owned()));
        } else if new.is_some() {
            asked.push(close().duration_since(world.now.wall).as_secs());
            let failed = if asked.len() % 2 == 0 {
                Ok(Read::Partial { got: Vec::new(), missing: "the running hour lags".to_owned() })
            } else {
                Err("the index has no history for this key".to_owned())
            };
            world.answer_history(Resolution::Second, failed);
        }
        world.second();
    }
    let waits: Vec<_> = asked.windows(2).map(|pair| pair[0] - pair[1]).collect();
    assert_eq!(waits[..5], [5, 10, 20, 40, 80], "{waits:?}");
    assert!(answered > asked.len(), "minutes are tried as well");
    assert!(world.said("past prices of BTC could not be read: the index has no history"), "{}", world.trace);
    assert!(world.said("some are missing: the running hour lags"), "{}", world.trace);
}

fn venues() -> FeedAbout {
    FeedAbout { source: "median".to_owned(), kind: PriceKind::StandIn, ..feed() }
}

#[test]
fn minutes_of_a_stand_in_do_where_the_index_has_none_and_no_settlement_value_rests_on_them() {
    let mut world = warm(30, 24 * 60);
    world.boot();
    world.history.remove(0);
    let (mut answered, mut quiet) = (0, 0);
    while quiet < 5 {
        let asked = world.history.get(answered).copied();
        world.second();
        let Some((resolution, range)) = asked else {
            quiet += 1;
            continue;
        };
        let refused = Read::Partial { got: Vec::new(), missing: "no right to it".to_owned() };
        let own = PastPrices { source: feed(), bars: refused };
        // The venues stand 500 dollars away from the index.
        let length = if resolution == Resolution::Second { 1 } else { 60 };
        let mut bars = bars(range, length);
        bars.iter_mut().for_each(|bar| bar.close = usd(79_500));
        world.answer_past(resolution, vec![own, PastPrices { source: venues(), bars: Read::Complete(bars) }]);
        (answered, quiet) = (answered + 1, 0);
    }
    // News of it come once a minute at most.
    world.seconds(15);
    assert!(world.said("the past of BTC is there, entries may begin"), "{}", world.trace);
    assert_eq!(world.trace.matches("median stands in for what BRTI has not of the past of BTC").count(), 1);
    let view = world.view.clone().unwrap();
    // All but the half hour of its own, as far as it was read: one in twenty may be missing.
    let volatility = view.warmth.volatility;
    assert_eq!((volatility.there - volatility.stood_in, volatility.is_enough()), (32, true), "{}", view.warmth);
    assert_eq!(view.warmth.momentum.stood_in, 0, "the half hour came from the index itself");
    assert!(world.buy(Side::Yes, 95));
}

#[test]
fn seconds_of_a_stand_in_are_no_prints() {
    let mut world = warm(30, 0);
    world.begin();
    let (_, range) = world.history[0];
    world.answer_past(Resolution::Second, vec![PastPrices { source: venues(), bars: Read::Complete(bars(range, 1)) }]);
    world.price = Some(usd(81_000));
    world.seconds(2);
    // The feed stays the index: its prices are taken, and of the stand-in's seconds nothing but the minutes' closes.
    assert!(!world.said("are dropped"), "{}", world.trace);
    let view = world.table.clone().unwrap();
    assert_eq!(view.asset_price, Some(usd(81_000)));
    assert_eq!((view.warmth.momentum.there, view.warmth.momentum.stood_in), (26, 26), "{}", view.warmth);
    assert!(view.momentum.unwrap().score.is_none());
}

#[test]
fn where_no_seconds_are_kept_minutes_are_read_for_momentum() {
    let mut world = warm(30, 0);
    world.begin();
    assert_eq!(world.history[0].0, Resolution::Second);
    world.answer_past(Resolution::Second, Vec::new());
    assert!(world.said("BRTI keeps no past seconds"), "{}", world.trace);
    world.seconds(2);
    let (resolution, range) = world.history[1];
    assert_eq!(resolution, Resolution::Minute);
    assert_eq!(range.to.as_second() % 60, 0, "the running minute has no close yet");
}

#[test]
fn nothing_is_asked_for_twice_where_nothing_is_wanted() {
    let mut world = warm(0, 0);
    world.boot();
    world.seconds(200);
    assert_eq!(world.history.len(), 1, "the half hour before the start, once, for whatever it gives");
    assert!(!world.said("entries wait"), "{}", world.trace);
}
