//! The state machine, by what it says.

use super::*;
use recio_core::price_feed::{PriceEvent, PriceTick};
use recio_core::units::{Monotonic, Now, Timestamp};
use std::time::Duration;

/// A moment so many milliseconds after the start.
fn at(millis: u64) -> Now {
    let wall = Timestamp::from_millisecond(1_778_501_351_000 + i64::try_from(millis).unwrap()).unwrap();
    Now { wall, mono: Monotonic(millis * 1_000) }
}

fn tick(millis: u64, cents: u64) -> PriceEvent {
    PriceEvent::Tick(PriceTick { price: AssetPrice::from_cents(cents).unwrap(), exchange_time: at(millis).wall })
}

fn gone() -> PriceEvent {
    PriceEvent::Disconnected { reason: "the cable".into() }
}

/// Three sources, each connected.
fn three() -> CompositePrice {
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    let mut price = CompositePrice::new(names, CompositeConfig::default()).unwrap();
    for place in 0..3 {
        assert_eq!(price.on_event(at(0), place, &PriceEvent::Connected), []);
    }
    price
}

fn show(events: &[PriceEvent]) -> String {
    let one = |event: &PriceEvent| match event {
        PriceEvent::Tick(tick) => format!("tick {} at {}", tick.price, tick.exchange_time),
        PriceEvent::Heartbeat => "heartbeat".into(),
        PriceEvent::Connected => "connected".into(),
        PriceEvent::Disconnected { reason } => format!("disconnected: {reason}"),
    };
    events.iter().map(one).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_price_when_enough_agree() {
    let mut price = three();
    assert_eq!(price.on_event(at(100), 0, &tick(90, 8_000_000)), [], "one is not enough");
    insta::assert_snapshot!(show(&price.on_event(at(200), 1, &tick(150, 8_000_101))), @r"
    connected
    tick 80000.51 at 2026-05-11T12:09:11.09Z
    ");
    insta::assert_snapshot!(show(&price.on_event(at(300), 2, &tick(290, 8_000_050))), @"tick 80000.50 at 2026-05-11T12:09:11.15Z");
    assert_eq!(price.on_event(at(310), 2, &tick(290, 8_000_050)), [], "nothing new");
}

#[test]
fn an_outlier_is_left_out_and_counted() {
    let mut price = three();
    price.on_event(at(100), 0, &tick(90, 8_000_000));
    price.on_event(at(100), 1, &tick(90, 8_000_100));
    // 1 % above: the median of the three is b's price; c lies too far from it.
    insta::assert_snapshot!(show(&price.on_event(at(200), 2, &tick(190, 8_080_100))), @"");
    let health = price.health(at(200));
    assert_eq!((health.sources[2].verdict, health.sources[2].rejected), (SourceVerdict::Outlier, 1));
    assert_eq!(health.sources[2].deviation_cents, Some(80_000));
    assert_eq!((health.live, health.agreeing, health.as_of), (true, 2, at(200).wall));
}

#[test]
fn two_that_disagree_are_no_price() {
    let names = ["a", "b"].map(str::to_owned).to_vec();
    let mut price = CompositePrice::new(names, CompositeConfig::default()).unwrap();
    price.on_event(at(0), 0, &PriceEvent::Connected);
    price.on_event(at(0), 1, &PriceEvent::Connected);
    price.on_event(at(100), 0, &tick(90, 8_000_000));
    price.on_event(at(100), 1, &tick(90, 8_000_100));
    insta::assert_snapshot!(show(&price.on_event(at(200), 1, &tick(190, 8_200_000))), @"disconnected: 0 of 2 sources agree, 2 have to; a is an outlier; b is an outlier");
    insta::assert_snapshot!(show(&price.on_event(at(300), 1, &tick(290, 8_000_200))), @r"
    connected
    tick 80001.00 at 2026-05-11T12:09:11.09Z
    ");
    assert_eq!(price.health(at(300)).outages, 1);
}

#[test]
fn prices_grow_old_by_their_stamp_and_by_their_coming_and_heartbeats_keep_none_young() {
    let mut price = three();
    price.on_event(at(1_000), 0, &tick(1_000, 8_000_000));
    price.on_event(at(4_000), 1, &tick(3_000, 8_000_000));
    assert_eq!(price.wake_at(at(4_000)), Some(at(11_000).wall.checked_add(Duration::from_micros(1)).unwrap()));
    assert_eq!(price.on_event(at(11_000), 0, &PriceEvent::Heartbeat), [PriceEvent::Heartbeat], "as old as may be");
    let late = Now { mono: Monotonic(11_000_001), wall: at(11_000).wall };
    insta::assert_snapshot!(show(&price.on_event(late, 0, &PriceEvent::Heartbeat)), @"disconnected: 1 of 3 sources agree, 2 have to; a is stale; c has sent no price");
    // A trade that was made long ago does not count however lately it came.
    assert_eq!(price.on_event(at(14_000), 2, &tick(2_000, 8_000_000)), []);
    assert_eq!(price.health(at(14_000)).sources[2].verdict, SourceVerdict::Stale);
    assert_eq!(price.wake_at(at(20_000)), None);
}

#[test]
fn a_lost_source_is_an_outage_only_when_it_was_needed() {
    let mut price = three();
    for place in 0..3 {
        price.on_event(at(100), place, &tick(90, 8_000_000));
    }
    assert_eq!(price.on_event(at(200), 0, &gone()), []);
    insta::assert_snapshot!(show(&price.on_event(at(200), 1, &gone())), @"disconnected: 1 of 3 sources agree, 2 have to; a is not connected; b is not connected");
    // Back, with the price of before, which is fresh enough.
    insta::assert_snapshot!(show(&price.on_event(at(300), 1, &PriceEvent::Connected)), @"connected");
    assert_eq!(price.health(at(300)).sources[0].last_trouble.as_deref(), Some("the cable"));
}

#[test]
fn stamps_from_the_future_and_late_trades_do_not_count() {
    let mut price = three();
    price.on_event(at(100), 0, &tick(90, 8_000_000));
    assert_eq!(price.on_event(at(100), 1, &tick(5_200, 8_000_000)), []);
    assert_eq!(price.health(at(100)).sources[1].rejected, 1);
    price.on_event(at(200), 1, &tick(190, 8_000_000));
    assert_eq!(price.on_event(at(300), 1, &tick(100, 8_010_000)), [], "an older trade that came late");
}

#[test]
fn limits_have_to_make_sense() {
    let names = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>();
    let good = CompositeConfig::default();
    assert!(CompositePrice::new(names(1), good).is_err());
    for bad in [
        CompositeConfig { min_sources: 0, ..good },
        CompositeConfig { max_age: Duration::ZERO, ..good },
        CompositeConfig { max_deviation_bp: 0, ..good },
    ] {
        assert!(CompositePrice::new(names(4), bad).is_err(), "{bad:?}");
    }
}
