//! Faults as clients see them, through the loopback server and its own channel.

use crate::stage::{Caller, M0915, Stage, at, order, real_clock, ticker};
use recio_core::units::{Money, Timestamp};
use recio_kalshi::signing::generate_ed25519;
use recio_kalshi::transport::{Method, TransportError};
use recio_sim::control::{ControlError, Paused};
use recio_sim::exchange::Rebase;
use recio_sim::scenario::Scenario;
use recio_sim::synthetic::{SyntheticOptions, SyntheticWorld};
use recio_sim::{InProcess, Pace, SimOptions, Simulator};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

const STEP: Duration = Duration::from_millis(100);

/// The status of a create, or how its answer was lost; whether the exchange has the order; and how often it was sent.
async fn try_create(stage: &Stage, caller: &Caller, id: &str) -> (String, bool, u64) {
    let body = order(M0915, id, "bid", "1.00", "0.0500", "good_till_canceled").to_string();
    let path = "/trade-api/v2/portfolio/events/orders".to_owned();
    let signed = caller.key.sign((real_clock())(), "POST", &path).unwrap();
    let mut headers: Vec<_> = signed.into_pairs().into();
    headers.push(("content-type", "application/json".to_owned()));
    let request = recio_kalshi::transport::HttpRequest {
        method: Method::Post,
        path,
        query: Vec::new(),
        headers,
        body: body.into(),
    };
    let heard = match caller.transport.request(request).await {
        Ok(answer) => {
            let json = serde_json::from_slice::<Value>(&answer.body).is_ok();
            format!("{}{}", answer.status, if json { "" } else { " no JSON" })
        }
        Err(TransportError::Lost(_)) => "lost".to_owned(),
        Err(error) => panic!("{error}"),
    };
    let key = &stage.endpoint().key_id;
    let truth = stage.control.account(key).await.unwrap();
    let has =
        truth.orders.iter().any(|order| order.terms.client_order_id.as_ref().is_some_and(|own| own.as_str() == id));
    (heard, has, stage.control.posts(key).await.unwrap()[id])
}

#[tokio::test]
async fn calls_go_wrong_one_by_one_as_they_are_told_to() {
    let stage = Stage::lockstep(STEP, 1).await;
    let caller = stage.caller();
    let mut client = stage.client(0).await;
    while client.advance().await.now < at("13:02:00") {}
    let cases = [
        ("lost_request", "", "lost", false),
        ("lost_reply", "", "lost", true),
        ("late_reply", "by = \"3s\"", "201", true),
        ("late_reply", "by = \"30s\"", "lost", true),
        ("truncated_reply", "", "201 no JSON", true),
        ("html_reply", "", "200 no JSON", true),
        ("rate_limited", "", "429", false),
        ("server_error", "status = 502\nexecuted = true", "502", true),
        ("server_error", "status = 503\nexecuted = false", "503", false),
        ("connection_reset", "executed = true", "lost", true),
        ("connection_reset", "executed = false", "lost", false),
        ("insufficient_balance", "", "400", false),
    ];
    for (number, (kind, keys, heard, has)) in cases.into_iter().enumerate() {
        stage.control.inject(&format!("kind = \"{kind}\"\n{keys}")).await.unwrap();
        let id = format!("order-{number}");
        assert_eq!(try_create(&stage, &caller, &id).await, (heard.to_owned(), has, 1), "{kind} {keys}");
        let calm = format!("calm-{number}");
        assert_eq!(try_create(&stage, &caller, &calm).await, ("201".to_owned(), true, 1), "after {kind}");
    }
    // Injected faults without a word on which calls hit the first one, so none was hit by a question to the simulator's own channel.
    assert_eq!(stage.control.faults().await.unwrap().counts.total(), 12);

    stage.control.inject("kind = \"duplicate_delivery\"\ncalls = \"create\"").await.unwrap();
    assert_eq!(try_create(&stage, &caller, "twice").await, ("201".to_owned(), true, 1), "the client has sent it once");
    let truth = stage.control.account(&stage.endpoint().key_id).await.unwrap();
    assert_eq!(truth.posts_per_client_order_id["twice"], 2, "it came twice");
    stage.control.drop_next_reply().await.unwrap();
    assert_eq!(try_create(&stage, &caller, "dropped").await, ("lost".to_owned(), true, 1));

    // A late landing: nothing at first, and the order is there when its time has come.
    stage.control.inject("kind = \"late_landing\"\ncalls = \"create\"\nby = \"2s\"").await.unwrap();
    assert_eq!(try_create(&stage, &caller, "late").await, ("lost".to_owned(), false, 1));
    for _ in 0..21 {
        client.advance().await;
    }
    let truth = stage.control.account(&stage.endpoint().key_id).await.unwrap();
    let late =
        truth.orders.iter().find(|order| order.terms.client_order_id.as_ref().unwrap().as_str() == "late").unwrap();
    let sent =
        truth.orders.iter().find(|order| order.terms.client_order_id.as_ref().unwrap().as_str() == "dropped").unwrap();
    assert_eq!(late.created_time.duration_since(sent.created_time), jiff::SignedDuration::from_secs(2));
    stage.running.stop().await.unwrap();
}

#[tokio::test]
async fn sockets_stall_gap_and_drop_as_they_are_told_to() {
    let stage = Stage::lockstep(STEP, 1).await;
    let mut client = stage.client(0).await;
    client.subscribe(&["orderbook_delta", "ticker"], M0915).await;
    client.catch_up().await;
    while client.advance().await.now < at("13:02:00") {}
    let count = client.seen.len();
    stage.control.inject("kind = \"stall\"\nlasts = \"5s\"").await.unwrap();
    for _ in 0..49 {
        assert!(client.advance().await.stalled);
    }
    assert_eq!(client.seen.len(), count, "nothing comes");
    let after = client.advance().await;
    assert!(!after.stalled && client.seen.len() > count + 10, "then everything at once");

    let seqs = |client: &crate::stage::Client| -> Vec<u64> {
        client.messages("orderbook_delta").iter().map(|frame| frame["seq"].as_u64().unwrap()).collect()
    };
    assert!(seqs(&client).is_sorted_by(|one, next| one + 1 == *next), "nothing was lost in the stall");
    stage.control.gap(3).await.unwrap();
    for _ in 0..50 {
        client.advance().await;
    }
    assert!(!seqs(&client).is_sorted_by(|one, next| one + 1 == *next), "frames are missing");

    // The book that a client has after a snapshot is the one that the channel shows.
    let shown = stage.control.book(&ticker(M0915)).await.unwrap();
    assert!(!shown.bids.is_empty() && !shown.asks.is_empty());
    stage.control.disconnect().await.unwrap();
    assert!(client.frames.next().await.is_none_or(|frame| frame.is_err()), "the connection is cut");
    stage.control.inject("kind = \"refused_handshake\"\nstatus = 503").await.unwrap();
    let headers = || client.caller.rest.socket_headers().unwrap();
    let refused = client.caller.transport.connect(headers()).await.map(|_| ()).unwrap_err();
    assert!(matches!(refused, TransportError::HandshakeRefused(answer) if answer.status == 503));
    client.caller.transport.connect(headers()).await.unwrap();
    stage.running.stop().await.unwrap();
}

#[tokio::test]
async fn the_exchange_pauses_skews_and_goes_away_and_heals() {
    let stage = Stage::lockstep(STEP, 1).await;
    let caller = stage.caller();
    let mut client = stage.client(0).await;
    while client.advance().await.now < at("13:02:00") {}
    let resting = caller.create(&order(M0915, "rests", "bid", "1.00", "0.0500", "good_till_canceled")).await;
    let cancel = format!("/portfolio/events/orders/{}", resting.body["order_id"].as_str().unwrap());
    let code = |reply: &crate::stage::Reply| reply.body["error"]["code"].as_str().unwrap_or_default().to_owned();
    stage.control.pause(Paused::Exchange, true).await.unwrap();
    let refused = caller.create(&order(M0915, "paused", "bid", "1.00", "0.0500", "good_till_canceled")).await;
    assert_eq!((refused.status, code(&refused).as_str()), (409, "exchange_is_paused"));
    let refused = caller.send(Method::Delete, &cancel, &[("exchange_index", "2")], "{}").await;
    assert_eq!(code(&refused), "exchange_is_paused");
    stage.control.pause(Paused::Exchange, false).await.unwrap();
    stage.control.inject("kind = \"trading_pause\"\nlasts = \"1m\"").await.unwrap();
    let refused = caller.create(&order(M0915, "paused", "bid", "1.00", "0.0500", "good_till_canceled")).await;
    assert_eq!(code(&refused), "trading_is_paused");
    assert_eq!(caller.send(Method::Delete, &cancel, &[("exchange_index", "2")], "{}").await.status, 200);

    stage.control.inject("kind = \"clock_skew\"\nby = \"1m\"\nlasts = \"10s\"").await.unwrap();
    let refused = caller.get("/portfolio/balance", &[]).await;
    assert_eq!((refused.status, code(&refused).as_str()), (401, "header_timestamp_expired"));
    stage.control.inject("kind = \"maintenance\"\nlasts = \"2m\"").await.unwrap();
    assert_eq!(caller.get("/exchange/status", &[]).await.status, 503);
    stage.control.heal().await.unwrap();
    assert_eq!(caller.get("/portfolio/balance", &[]).await.status, 200);
    let taken = caller.create(&order(M0915, "healed", "bid", "1.00", "0.0500", "good_till_canceled")).await;
    assert_eq!(taken.status, 201, "{}", taken.line());
    assert!(stage.control.faults().await.unwrap().healed);

    for (wrong, words) in [
        ("kind = \"nonsense\"", "write one of"),
        ("kind = \"late_settlement\"\nby = \"1m\"", "from the start"),
        ("kind = ", ""),
    ] {
        let error = stage.control.inject(wrong).await.unwrap_err();
        let ControlError::Refused { status: 400, message, .. } = &error else { panic!("{error}") };
        assert!(message.contains("this is no fault") && message.contains(words), "{message}");
    }
    stage.running.stop().await.unwrap();
}

#[tokio::test]
async fn a_synthetic_world_in_a_scenario_is_served_and_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let from = "2026-11-22T14:00:00Z".parse().unwrap();
    let world = SyntheticOptions { hourly_strikes: 3, ..SyntheticOptions::new(from, 1, 11) };
    let options = SimOptions {
        synthetic: Some(world),
        scenario: Some(Scenario::find("market_halts").unwrap()),
        seed: 5,
        pace: Pace::Lockstep { step: Duration::from_secs(1) },
        ..SimOptions::new(std::path::PathBuf::new(), folder.path().join("keys"))
    };
    let running = Simulator::start(options).await.unwrap();
    let control = recio_sim::ControlClient::new(&running.endpoint().control).unwrap();
    let about = control.about().await.unwrap();
    assert!(about.title.contains("SYNTHETIC") && about.origin.iter().all(|origin| origin.contains("SYNTHETIC")));
    assert_eq!((about.scenario.as_str(), about.seed), ("market_halts", 5));
    assert!(!running.endpoint().index_is_stand_in, "in this world the prints are what settles");
    running.stop().await.unwrap();
}

#[test]
fn markets_are_halted_disputed_and_settled_late_as_the_scenario_says() {
    let from = "2026-11-22T14:00:00Z".parse().unwrap();
    let world = SyntheticWorld::new(SyntheticOptions::new(from, 1, 2)).unwrap();
    let scenario = Scenario::parse(
        r#"
        name = "late"
        about = "for a test"
        [[fault]]
        kind = "late_settlement"
        on = "1st settlement"
        by = "3m"
        [[fault]]
        kind = "disputed_settlement"
        on = "1st settlement"
        lasts = "1m"
        [[fault]]
        kind = "market_deactivation"
        at = "+5m"
        lasts = "30s"
        "#,
        "test",
    );
    let staged = scenario.unwrap().stage(world.header(), world.records(), Rebase::none(&world.header()), 1).unwrap();
    let simulator = InProcess::with_faults(staged, real_clock());
    let key = generate_ed25519("key").unwrap().key;
    simulator.add_key("key", key.verifying_key(), Money::dollars(100)).unwrap();
    let caller = Caller::over(Arc::new(simulator.clone()), Arc::new(key));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Second by second: verdicts fall between two instants.
    let status = |clock: &str| {
        let until: Timestamp = format!("2026-11-22T{clock}Z").parse().unwrap();
        while simulator.now() < until {
            simulator.advance(until.min(simulator.now() + Duration::from_secs(1))).unwrap();
        }
        let market = runtime.block_on(caller.get("/markets/KXBTC15M-26NOV220915-15", &[])).body;
        market["market"]["status"].as_str().unwrap().to_owned()
    };
    let clocks = [
        "14:04:59", "14:05:00", "14:05:29", "14:05:31", "14:15:00", "14:15:10", "14:17:59", "14:18:02", "14:19:00",
        "14:19:10",
    ];
    let statuses: Vec<String> = clocks.into_iter().map(status).collect();
    assert_eq!(
        statuses,
        ["active", "inactive", "inactive", "active", "closed", "closed", "closed", "disputed", "disputed", "finalized"]
    );
    let counts = simulator.fault_counts();
    let of = |kind: &str| counts.of(kind);
    assert_eq!(
        (of("late_settlement"), of("disputed_settlement"), of("market_deactivation"), counts.total()),
        (1, 1, 1, 3)
    );
}
