//! Frames on their way, and what lasts.

use super::{Change, Weather};
use crate::scenario::{FaultPlan, Scenario};
use recio_core::units::Timestamp;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + second).unwrap()
}

fn weather(faults: &str) -> Weather {
    let text = format!("name = \"test\"\nabout = \"for a test\"\n{faults}");
    Weather::new(FaultPlan::new(&Scenario::parse(&text, "test").unwrap(), 1, at(0)))
}

fn carried(weather: &mut Weather, kinds: &[(&str, u64)]) -> Vec<u64> {
    let frame = |(kind, seq): &(&str, u64)| format!("{{\"type\":\"{kind}\",\"sid\":1,\"seq\":{seq},\"msg\":{{}}}}\n");
    let seq = |frame: &String| serde_json::from_str::<serde_json::Value>(frame).unwrap()["seq"].as_u64().unwrap();
    weather.carry(kinds.iter().map(frame).collect(), at(1)).iter().map(seq).collect()
}

const DELTAS: [(&str, u64); 5] = [
    ("orderbook_delta", 1),
    ("orderbook_delta", 2),
    ("orderbook_snapshot", 3),
    ("orderbook_delta", 4),
    ("orderbook_delta", 5),
];

#[test]
fn frames_are_lost_doubled_and_swapped_and_answers_are_spared() {
    let rule = |kind: &str| format!("[[fault]]\nkind = \"{kind}\"\nat = \"+0s\"\n");
    assert_eq!(carried(&mut weather(""), &DELTAS), [1, 2, 3, 4, 5]);
    assert_eq!(carried(&mut weather(&rule("dropped_frame")), &DELTAS), [2, 3, 4, 5]);
    assert_eq!(carried(&mut weather(&rule("duplicate_frame")), &DELTAS), [1, 1, 2, 3, 4, 5]);
    assert_eq!(carried(&mut weather(&rule("reordered_frames")), &DELTAS), [2, 1, 3, 4, 5]);
    let gap = format!("{}frames = 3\n", rule("sequence_gap"));
    assert_eq!(carried(&mut weather(&gap), &DELTAS), [3, 5], "the snapshot is spared");
    let all = "[[fault]]\nkind = \"dropped_frame\"\nrate = 1.0\n";
    assert_eq!(carried(&mut weather(all), &DELTAS), [3]);
    assert_eq!(carried(&mut weather(all), &[("subscribed", 0), ("ok", 1), ("error", 2), ("fill", 3)]), [0, 1, 2]);
}

#[test]
fn a_gap_goes_on_in_the_next_batch() {
    let mut weather = weather("[[fault]]\nkind = \"sequence_gap\"\nat = \"+0s\"\nframes = 4\n");
    assert_eq!(carried(&mut weather, &[("ticker", 1), ("ticker", 2)]), Vec::<u64>::new());
    assert_eq!(carried(&mut weather, &[("ticker", 3), ("ticker", 4), ("ticker", 5)]), [5]);
}

#[test]
fn what_lasts_begins_and_ends_at_its_time_and_heals() {
    let mut weather = weather(
        r#"
        [[fault]]
        kind = "trading_pause"
        at = "+10s"
        lasts = "5s"
        [[fault]]
        kind = "stall"
        at = "+12s"
        lasts = "5s"
        [[fault]]
        kind = "clock_skew"
        at = "+12s"
        by = "-40s"
        lasts = "1m"
        [[fault]]
        kind = "maintenance"
        at = "+30s"
        lasts = "9s"
        "#,
    );
    assert_eq!(weather.next_change(), Some(at(10)));
    assert_eq!(weather.advance(at(10)), [Change::PauseTrading(true)]);
    assert_eq!((weather.advance(at(12)), weather.is_stalled(), weather.skew_ms()), (vec![], true, -40_000));
    assert_eq!(weather.next_change(), Some(at(15)));
    assert_eq!(weather.advance(at(17)), [Change::PauseTrading(false)]);
    assert!(!weather.is_stalled());
    assert_eq!(weather.advance(at(30)), [Change::CutSockets]);
    assert_eq!(weather.away().map(|answer| answer.status), Some(503));
    assert_eq!(weather.refuses_handshake(at(31)).map(|answer| answer.status), Some(503));
    assert!(weather.heal().is_empty());
    assert_eq!((weather.away(), weather.skew_ms(), weather.next_change()), (None, 0, None));
}
