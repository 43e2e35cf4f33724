//! Time: lockstep is the same every time and waits for its clients; paced follows the real clock; a rebase moves by whole quarters of an hour.

use crate::stage::{Client, M0900, M0915, Stage, order, real_now, ticker};
use recio_core::market::{MarketName, check_ticker};
use recio_core::units::MarketTicker;
use recio_kalshi::client::MarketFilter;
use recio_sim::Pace;
use recio_sim::control::{ControlError, Mode};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;

const CHANNELS: [&str; 5] = ["orderbook_delta", "ticker", "fill", "user_orders", "market_lifecycle_v2"];

async fn run() -> (String, usize) {
    let stage = Stage::lockstep(Duration::from_millis(500), 1).await;
    let mut client = stage.client(0).await;
    client.subscribe(&CHANNELS, M0915).await;
    client
        .command(&json!({"cmd": "subscribe", "params": {"channels": ["cfbenchmarks_value"], "index_ids": ["BRTI"]}}))
        .await;
    client.read_one().await;
    // The book of this market begins 52 s after the session.
    for step in 0..140 {
        client.advance().await;
        if step >= 110 && step % 10 == 0 {
            let id = format!("order-{step}");
            client.caller.create(&order(M0915, &id, "ask", "1.00", "0.0100", "immediate_or_cancel")).await;
        }
    }
    client.catch_up().await;
    assert_eq!(client.messages("fill").len(), 3);
    let mut hash = Sha256::new();
    for frame in &client.seen {
        hash.update(frame);
    }
    (hex::encode(hash.finalize()), client.seen.len())
}

#[tokio::test]
async fn two_runs_in_lockstep_tell_the_same_bytes() {
    let (first, second) = tokio::join!(run(), run());
    assert!(first.1 > 500, "{} frames", first.1);
    assert_eq!(first, second);
}

async fn stands_still(stage: &Stage, why: &str) {
    let before = stage.control.about().await.unwrap().now;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(stage.control.about().await.unwrap().now, before, "{why}");
}

#[tokio::test]
async fn time_stands_still_without_its_client_and_goes_on_when_it_is_back() {
    let stage = Stage::lockstep(Duration::from_millis(100), 1).await;
    stands_still(&stage, "nobody is there").await;
    let mut client = stage.client(0).await;
    let begin = stage.endpoint().now;
    client.subscribe(&CHANNELS, M0900).await;
    for step in 1..=5 {
        let advanced = client.advance().await;
        assert_eq!(advanced.now.duration_since(begin).as_millis(), step * 100);
    }
    let Client { caller, control, token, frames, .. } = client;
    // Killed while it waits: its acknowledgement goes with it.
    drop(frames);
    let waits = tokio::time::timeout(Duration::from_millis(200), control.advance(&token)).await;
    if let Ok(answer) = waits {
        assert_eq!(answer.unwrap().now.duration_since(begin).as_millis(), 500, "its connection is gone");
    }
    stands_still(&stage, "it was killed").await;

    let mut back = stage.client(0).await;
    stands_still(&stage, "it has not acknowledged").await;
    let old = control.advance(&token).await.unwrap_err();
    assert!(matches!(old, ControlError::Refused { status: 409, .. }), "{old}");
    assert_eq!(control.frames(&back.token).await.unwrap(), 0, "frames count from the new connection on");
    back.subscribe(&CHANNELS, M0900).await;
    assert_eq!(back.advance().await.now.duration_since(begin).as_millis(), 600);
    assert_eq!(
        caller.rest.orderbook(&ticker(M0900)).await.unwrap(),
        back.caller.rest.orderbook(&ticker(M0900)).await.unwrap()
    );
}

#[tokio::test]
async fn time_waits_for_every_client() {
    let stage = Stage::lockstep(Duration::from_millis(100), 2).await;
    assert_eq!(stage.endpoint().keys.len(), 2);
    let mut first = stage.client(0).await;
    first.catch_up().await;
    let (control, token) = (first.control.clone(), first.token.clone());
    let waiting = tokio::spawn(async move { control.advance(&token).await.unwrap() });
    stands_still(&stage, "one of two is there").await;
    let mut second = stage.client(1).await;
    stands_still(&stage, "one of two has acknowledged").await;
    assert!(!waiting.is_finished());
    let advanced = second.advance().await;
    assert_eq!(waiting.await.unwrap().now, advanced.now);
    let unknown = stage.control.join("nobody").await.unwrap_err();
    assert!(matches!(unknown, ControlError::Refused { status: 404, .. }), "{unknown}");
}

#[tokio::test]
async fn a_rebase_moves_by_whole_quarters_and_names_the_markets_anew() {
    let before = real_now();
    let stage = Stage::start(Pace::LOCKSTEP, true, 1).await;
    let endpoint = stage.endpoint();
    let recorded = crate::stage::at("12:59:42.861265");
    let shift = endpoint.now.duration_since(recorded);
    assert_eq!((shift.as_secs() % 900, shift.subsec_nanos()), (0, 0), "{shift:?}");
    let ago = before.duration_since(endpoint.now).as_secs_f64();
    assert!((-30.0..=900.0).contains(&ago), "the last session that has begun: {ago} s ago");
    assert!(endpoint.rebased && endpoint.tickers_name_close_times && stage.control.about().await.unwrap().rebased);
    let page = stage.caller().rest.markets(&MarketFilter::default()).await.unwrap();
    assert_eq!(page.items.len(), 3);
    for market in &page.items {
        check_ticker(market).unwrap();
        assert!(endpoint.market_tickers.contains(&market.ticker), "{}", market.ticker);
    }
    let moved = &endpoint.market_tickers[0];
    let market = stage.caller().rest.market(moved).await.unwrap();
    assert_eq!(market.close_time.duration_since(crate::stage::at("13:00:00")), shift);
    assert_eq!(endpoint.recording_ends.duration_since(crate::stage::at("13:17:42.343513")), shift);
}

#[tokio::test]
async fn a_paced_rebase_is_where_the_clock_is_and_its_market_closes_later() {
    let before = real_now();
    let stage = Stage::start(Pace::Paced(1.0), true, 1).await;
    let endpoint = stage.endpoint();
    assert!(endpoint.now >= before && endpoint.now <= real_now(), "it is now");
    let close = |market: &MarketTicker| market.as_str().parse::<MarketName>().unwrap().event().closings().first;
    // The second of three is the one that is played whole.
    let left = close(&endpoint.market_tickers[1]).duration_since(endpoint.now).as_secs();
    assert!((299..=1200).contains(&left), "{left} s");
}

#[tokio::test]
async fn paced_time_follows_the_real_clock_and_waits_for_nobody() {
    let stage = Stage::start(Pace::Paced(60.0), false, 1).await;
    let about = stage.control.about().await.unwrap();
    assert_eq!((about.mode, about.speed), (Mode::Paced, Some(60.0)));
    let real = tokio::time::Instant::now();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let now = stage.control.about().await.unwrap().now;
    let passed = now.duration_since(about.now).as_secs_f64();
    let bound = real.elapsed().as_secs_f64() * 60.0 + 6.0;
    assert!(passed >= 15.0 && passed <= bound, "{passed} s of at most {bound}");
    let joined = stage.control.join(&stage.endpoint().key_id).await.unwrap();
    assert!(stage.control.advance(&joined.client).await.unwrap().now > now);
}

#[tokio::test]
async fn at_the_end_it_says_so_and_goes_on_answering() {
    let stage = Stage::lockstep(Duration::from_secs(60), 1).await;
    let mut client = stage.client(0).await;
    let mut steps = 0;
    loop {
        let advanced = client.advance().await;
        steps += 1;
        assert!(steps < 30);
        if advanced.ended {
            assert!(advanced.now >= stage.endpoint().recording_ends);
            break;
        }
    }
    let last = client.advance().await;
    assert!(last.ended && stage.control.about().await.unwrap().ended);
    assert_eq!(client.advance().await.now, last.now, "time stands");
    client.caller.rest.orderbook(&ticker(M0900)).await.unwrap();
    stage.control.stop().await.unwrap();
    stage.running.stopped().await;
    stage.running.stop().await.unwrap();
    assert!(matches!(stage.control.about().await.unwrap_err(), ControlError::Unreachable { .. }));
}
