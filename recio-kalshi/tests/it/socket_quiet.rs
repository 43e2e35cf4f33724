//! Connections that live and say nothing, answers that do not cover what was asked, and calm in maintenance.

use crate::socket::{Harness, ack, books, delta, snapshot, two_books};
use recio_kalshi::socket::Wanted;
use std::time::Duration;

fn print(sid: u64, seq: u64) -> String {
    format!(
        r#"{{"type":"cfbenchmarks_value","sid":{sid},"seq":{seq},"msg":{{"index_id":"BRTI","received_at":1,"data":"{{\"type\":\"value\",\"time\":1000,\"id\":\"BRTI\",\"value\":\"91204.11\"}}"}}}}"#
    )
}

async fn ticks(harness: &mut Harness, ticks: usize) -> Vec<String> {
    let mut trace = Vec::new();
    for _ in 0..ticks {
        harness.tick.notify_one();
        trace.extend(harness.settle().await);
    }
    trace
}

fn index_alone() -> Wanted {
    Wanted { indices: ["BRTI".to_owned()].into(), ..Wanted::default() }
}

#[tokio::test]
async fn a_silent_index_is_subscribed_again_and_then_connected_again() {
    let mut harness = Harness::start(index_alone(), 0).await;
    harness.settle().await;
    harness.hear(&ack(1, "cfbenchmarks_value", 7)).await;
    harness.hear(&print(7, 1)).await;
    // Ticks come every ten seconds; 20 s of silence are allowed, and a tick may come right after the last print.
    assert_eq!(ticks(&mut harness, 2).await, [""; 0]);
    harness.hear(&print(7, 2)).await;
    assert_eq!(ticks(&mut harness, 2).await, [""; 0], "a print begins the count anew");
    let mut trace = ticks(&mut harness, 1).await;
    trace.extend(harness.hear(&ack(3, "cfbenchmarks_value", 8)).await);
    trace.extend(ticks(&mut harness, 2).await);
    harness.tick.notify_one();
    trace.extend(harness.reconnected().await);
    insta::assert_snapshot!(trace.join("\n"), @r#"
    index missed: no print of BRTI although the connection lives
    > {"id":2,"cmd":"unsubscribe","params":{"sids":[7]}}
    > {"id":3,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value"],"index_ids":["BRTI"]}}
    Connected
    disconnected: no print of BRTI although the connection lives, auth lost: false
    index missed: no print of BRTI although the connection lives
    reconcile: no print of BRTI although the connection lives
    > {"id":1,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value"],"index_ids":["BRTI"]}}
    "#);
    // The next connection may be silent for twice as long.
    harness.hear(&ack(1, "cfbenchmarks_value", 1)).await;
    assert_eq!(ticks(&mut harness, 4).await, [""; 0]);
    assert!(!ticks(&mut harness, 1).await.is_empty());
    harness.end().await;
}

#[tokio::test]
async fn a_quiet_market_is_looked_at_over_rest_and_left_alone_while_it_is_quiet_there_too() {
    let mut harness = two_books().await;
    harness.hear(&delta(7, 3, "B", "0.47")).await;
    harness.rest("B", "3.00");
    assert_eq!(ticks(&mut harness, 3).await, [""; 0]);
    assert_eq!(harness.asked(), 0, "30 s are nothing");
    assert_eq!(ticks(&mut harness, 30).await, [""; 0], "five quiet minutes, and no new connection");
    assert!((28..=30).contains(&harness.asked()), "once in ten seconds: {}", harness.asked());
    harness.end().await;
}

#[tokio::test]
async fn a_stream_that_hides_changes_is_connected_again() {
    let mut harness = two_books().await;
    harness.hear(&delta(7, 3, "B", "0.47")).await;
    harness.rest("B", "3.00");
    assert_eq!(ticks(&mut harness, 5).await, [""; 0]);
    harness.rest("B", "4.00");
    harness.tick.notify_one();
    let trace = harness.reconnected().await;
    assert!(trace[0].contains("the book of B changes, but the connection does not say so"), "{trace:?}");
    harness.end().await;
}

#[tokio::test]
async fn a_change_that_the_stream_tells_of_as_well_is_no_reason() {
    let mut harness = two_books().await;
    harness.rest("B", "3.00");
    harness.hear(&delta(7, 3, "B", "0.47")).await;
    ticks(&mut harness, 5).await;
    harness.rest("B", "4.00");
    harness.hear(&delta(7, 4, "B", "0.47")).await;
    assert_eq!(ticks(&mut harness, 8).await, [""; 0]);
    harness.end().await;
}

#[tokio::test]
async fn rest_in_trouble_says_nothing_about_the_stream() {
    let mut harness = two_books().await;
    assert_eq!(ticks(&mut harness, 20).await, [""; 0]);
    assert!(harness.asked() > 0);
    harness.end().await;
}

#[tokio::test]
async fn what_an_acknowledgement_does_not_cover_is_asked_for_once_more() {
    let mut harness = two_books().await;
    harness.wanted.send_replace(books(&["A", "B", "C"]));
    let mut trace = harness.settle().await;
    let ok = |id: u64, seq: u64, markets: &str| {
        format!(r#"{{"type":"ok","id":{id},"sid":7,"seq":{seq},"msg":{{"market_tickers":[{markets}]}}}}"#)
    };
    trace.extend(harness.hear(&ok(2, 3, r#""A","B""#)).await);
    trace.extend(harness.hear(&ok(3, 4, r#""A","B""#)).await);
    insta::assert_snapshot!(trace.join("\n"), @r#"
    > {"id":2,"cmd":"update_subscription","params":{"sids":[7],"action":"add_markets","market_tickers":["C"]}}
    > {"id":3,"cmd":"update_subscription","params":{"sids":[7],"action":"add_markets","market_tickers":["C"]}}
    Refused { channel: Some(Books), code: 0, message: "1 of 3 markets are not covered by orderbook_delta" }
    "#);
    assert_eq!(ticks(&mut harness, 1).await.len(), 1, "the book without a snapshot is asked for");

    harness.wanted.send_replace(books(&["A", "B"]));
    harness.settle().await;
    let trace = harness.hear(&ok(5, 5, r#""A","B""#)).await;
    assert_eq!(trace, [""; 0]);
    harness.end().await;
}

#[tokio::test]
async fn a_change_without_an_answer_ends_the_connection() {
    let mut harness = two_books().await;
    harness.wanted.send_replace(books(&["A", "B", "C"]));
    harness.settle().await;
    harness.hear(&snapshot(7, 3, "C")).await;
    ticks(&mut harness, 1).await;
    harness.tick.notify_one();
    let trace = harness.reconnected().await;
    assert!(trace[0].contains("no answer to a change to orderbook_delta"), "{trace:?}");
    harness.end().await;
}

#[tokio::test]
async fn a_refused_change_is_told_and_ends_nothing() {
    let mut harness = two_books().await;
    harness.wanted.send_replace(books(&["A", "B", "C"]));
    harness.settle().await;
    let trace = harness.hear(r#"{"type":"error","id":2,"sid":7,"seq":3,"msg":{"code":26,"msg":"limit"}}"#).await;
    assert_eq!(trace, [r#"Refused { channel: Some(Books), code: 26, message: "limit" }"#]);
    let trace = ticks(&mut harness, 6).await;
    assert!(trace.iter().all(|line| line.contains("get_snapshot")), "{trace:?}");
    assert_eq!(trace.len(), 3, "the book that never came is asked for, and then left void");
    harness.end().await;
}

#[tokio::test]
async fn fast_prints_and_order_groups_come_through_and_are_counted() {
    let wanted = Wanted { fast_indices: ["BRTI".to_owned()].into(), order_groups: true, ..Wanted::default() };
    let mut harness = Harness::start(wanted, 0).await;
    let mut trace = harness.settle().await;
    let fast = |seq: u64| {
        format!(
            r#"{{"type":"cfbenchmarks_value_5hz","sid":7,"seq":{seq},"msg":{{"index_id":"BRTI","value_usd":"91204.11000000","source_ts_ms":1,"received_at":2}}}}"#
        )
    };
    let group = |seq: u64, event: &str| {
        format!(
            r#"{{"type":"order_group_updates","sid":8,"seq":{seq},"msg":{{"event_type":"{event}","order_group_id":"g-1","ts_ms":1}}}}"#
        )
    };
    for frame in [
        ack(1, "cfbenchmarks_value_5hz", 7),
        ack(2, "order_group_updates", 8),
        fast(1),
        fast(3),
        group(1, "triggered"),
        group(3, "reset"),
    ] {
        trace.extend(harness.hear(&frame).await);
    }
    insta::assert_snapshot!(trace.join("\n"), @r#"
    > {"id":1,"cmd":"subscribe","params":{"channels":["cfbenchmarks_value_5hz"],"index_ids":["BRTI"]}}
    > {"id":2,"cmd":"subscribe","params":{"channels":["order_group_updates"]}}
    Connected
    reconcile: subscribed
    fast index BRTI 91204.11
    index missed: frames 2 to 2 of cfbenchmarks_value_5hz are missing
    fast index BRTI 91204.11
    group g-1 Triggered
    reconcile: frames 2 to 2 of order_group_updates are missing
    group g-1 Reset
    "#);
    harness.end().await;
}

#[tokio::test]
async fn a_connection_that_falls_behind_is_made_anew() {
    let time = "2026-11-27T12:00:00Z";
    let now: i64 = time.parse::<recio_core::units::Timestamp>().unwrap().as_millisecond();
    let mut harness = Harness::start_at(books(&["A"]), time).await;
    harness.settle().await;
    harness.hear(&ack(1, "orderbook_delta", 7)).await;
    harness.hear(&snapshot(7, 1, "A")).await;
    let late =
        |seq: u64, ms: i64| delta(7, seq, "A", "0.47").replace(r#""ts_ms":1"#, &format!(r#""ts_ms":{}"#, now - ms));
    for (seq, ms) in [(2, 50), (3, 6_000), (4, 7_000)] {
        assert_eq!(ticks(&mut harness, 1).await, [""; 0]);
        assert_eq!(harness.hear(&late(seq, ms)).await.len(), 1, "a change of the book, and nothing else");
        assert_eq!(harness.hear(&late(seq, 60_000)).await, [""; 0], "one look a tick");
    }
    ticks(&mut harness, 1).await;
    harness.current.send(Some(late(5, 8_000))).unwrap();
    let trace = harness.reconnected().await;
    assert!(trace.iter().any(|line| line.contains("frames come 7950 ms later than they did")), "{trace:?}");
    harness.end().await;
}

#[tokio::test]
async fn in_maintenance_it_comes_back_calmly() {
    // A Thursday, half past three in New York.
    let mut harness = Harness::start_at(index_alone(), "2026-11-26T08:30:00Z").await;
    for _ in 0..5 {
        harness.current.send(None).unwrap();
        harness.reconnected().await;
    }
    let slept = harness.slept.lock().unwrap().clone();
    assert_eq!(slept.len(), 5);
    assert!(slept.iter().all(|wait| (8..=15).contains(&wait.as_secs())), "{slept:?}");
    harness.end().await;
    let mut harness = Harness::start_at(index_alone(), "2026-11-26T09:59:58Z").await;
    harness.current.send(None).unwrap();
    harness.reconnected().await;
    let wait = harness.slept.lock().unwrap()[0];
    assert!((Duration::from_secs(2)..=Duration::from_secs(4)).contains(&wait), "back right after the end: {wait:?}");
    harness.end().await;
}
