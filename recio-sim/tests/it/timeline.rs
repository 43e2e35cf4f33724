//! A whole session in process: close, determination and settlement at the recorded times, and nothing told before its time.

use crate::stage::{Caller, M0900, M0915, at, order, real_clock, recording};
use recio_core::units::{Money, Timestamp};
use recio_kalshi::signing::{SigningKey, generate_ed25519};
use recio_kalshi::transport::{FrameStream, Transport, TransportError};
use recio_sim::InProcess;
use recio_sim::exchange::Exchange;
use recio_sim::recording::{RecordBody, Recording};
use serde_json::{Value, json};
use std::sync::Arc;

const KEY: &str = "11111111-2222-4333-8444-555555555555";

fn exchange() -> (InProcess, Caller) {
    let exchange = Exchange::play(&Recording::open(recording()).unwrap(), 0).unwrap();
    let simulator = InProcess::new(exchange, real_clock());
    let key: SigningKey = generate_ed25519(KEY).unwrap().key;
    simulator.add_key(KEY, key.verifying_key(), Money::dollars(1000)).unwrap();
    let caller = Caller::over(Arc::new(simulator.clone()), Arc::new(key));
    (simulator, caller)
}

/// Everything that is there to read right now.
async fn read(frames: &mut Box<dyn FrameStream>) -> Vec<String> {
    let mut texts = Vec::new();
    while let Ok(Some(frame)) = tokio::time::timeout(std::time::Duration::ZERO, frames.next()).await {
        texts.push(String::from_utf8(frame.unwrap().to_vec()).unwrap());
    }
    texts
}

async fn subscribed(caller: &Caller, markets: &[&str]) -> Box<dyn FrameStream> {
    let mut frames = crate::stage::connect(caller).await;
    let channels = ["orderbook_delta", "ticker", "trade", "fill", "user_orders", "market_positions"];
    frames
        .send(
            json!({"id": 1, "cmd": "subscribe",
            "params": {"channels": channels, "market_tickers": markets, "use_yes_price": true}})
            .to_string(),
        )
        .await
        .unwrap();
    frames
        .send(json!({"id": 2, "cmd": "subscribe", "params": {"channels": ["market_lifecycle_v2"]}}).to_string())
        .await
        .unwrap();
    let index =
        json!({"id": 3, "cmd": "subscribe", "params": {"channels": ["cfbenchmarks_value"], "index_ids": ["all"]}});
    frames.send(index.to_string()).await.unwrap();
    frames
}

/// Recorded: what settles a market, and when it may first be told (as the strike of the next one).
fn outcomes() -> Vec<(String, String, Timestamp)> {
    let records = Recording::open(recording()).unwrap().records().unwrap();
    records
        .filter_map(|record| {
            let record = record.unwrap();
            let RecordBody::Outcome(outcome) = record.body else { return None };
            Some((outcome.market.to_string(), outcome.expiration_value.to_string(), record.exchange_time))
        })
        .collect()
}

async fn market(caller: &Caller, market: &str) -> Value {
    caller.get(&format!("/markets/{market}"), &[]).await.body["market"].clone()
}

#[tokio::test]
async fn a_market_ends_at_its_recorded_times() {
    let (simulator, caller) = exchange();
    let mut frames = subscribed(&caller, &[M0900]).await;
    let status =
        async |market_ticker: &str| market(&caller, market_ticker).await["status"].as_str().unwrap().to_owned();
    let made = caller.create(&order(M0900, "loses", "ask", "2.00", "0.9900", "immediate_or_cancel")).await;
    assert_eq!(made.body["fill_count"], "2.00");
    let rests = caller.create(&order(M0900, "rests", "bid", "5.00", "0.0010", "good_till_canceled")).await;
    let mut trace = vec![format!("{} {}", status(M0900).await, status(M0915).await)];
    let mut told = Vec::new();
    for clock in
        ["12:59:59.999", "13:00:00", "13:00:00.5", "13:00:00.999", "13:00:01", "13:00:30", "13:01:30", "13:10:00"]
    {
        simulator.advance(at(clock)).unwrap();
        let body = market(&caller, M0900).await;
        trace.push(format!(
            "{clock}: {} result={} value={} next={} strike={}",
            body["status"].as_str().unwrap(),
            body["result"],
            body["expiration_value"],
            status(M0915).await,
            market(&caller, M0915).await["floor_strike"],
        ));
        for text in read(&mut frames).await {
            let frame: Value = serde_json::from_str(&text).unwrap();
            let time = Timestamp::from_millisecond(frame["sending_ts_ms"].as_i64().unwrap()).unwrap();
            if frame["type"] == "market_lifecycle_v2" {
                told.push(format!("{time} {} {}", frame["msg"]["event_type"], frame["msg"]["market_ticker"]));
            }
            if frame["type"] == "user_order" {
                told.push(format!("{time} {} {}", frame["msg"]["client_order_id"], frame["msg"]["last_update_reason"]));
            }
        }
    }
    let late = caller
        .send(
            recio_kalshi::transport::Method::Delete,
            &format!("/portfolio/events/orders/{}", rests.body["order_id"].as_str().unwrap()),
            &[("exchange_index", "2")],
            "{}",
        )
        .await;
    trace.push(late.line());

    let outcome = outcomes().into_iter().find(|(name, _, _)| name == M0900).unwrap();
    assert_eq!(outcome.2, at("13:00:01"));
    let value = &outcome.1;
    assert_eq!(trace[0], "active initialized");
    assert_eq!(trace[1], r#"12:59:59.999: active result="" value="" next=initialized strike=null"#);
    assert_eq!(trace[2], r#"13:00:00: closed result="" value="" next=active strike=null"#);
    assert_eq!(trace[3], format!(r#"13:00:00.5: closed result="" value="" next=active strike={value}"#));
    assert_eq!(trace[4], format!(r#"13:00:00.999: closed result="" value="" next=active strike={value}"#));
    assert!(
        trace[5].starts_with("13:00:01: determined") && trace[5].contains(&format!("value=\"{value}\"")),
        "{}",
        trace[5]
    );
    assert!(trace.iter().any(|line| line.contains("finalized")));
    let position = |needle: &str| {
        told.iter().position(|line| line.contains(needle)).unwrap_or_else(|| panic!("{needle}: {told:?}"))
    };
    assert!(told[position("CloseCancel")].starts_with("2026-05-13T13:00:00Z"));
    assert!(told[position("metadata_updated")].starts_with("2026-05-13T13:00:00.5Z"));
    assert!(told[position("determined")].starts_with("2026-05-13T13:00:01Z"));
    assert!(position("CloseCancel") < position("metadata_updated") && position("determined") < position("settled"));

    let truth = simulator.account(KEY).unwrap();
    simulator.audit().unwrap();
    let settled = &truth.settlements[0];
    let cost: Money = truth.fills.iter().map(|fill| fill.yes_price.complement() * fill.quantity + fill.fee).sum();
    assert_eq!(truth.cash, truth.cash_start - cost + settled.settlement.revenue);
    let listed = caller.rest.settlements(None).await.unwrap();
    assert_eq!((listed.items.len(), listed.items[0].revenue), (1, settled.settlement.revenue));
    assert!(caller.rest.positions().await.unwrap().items.is_empty());
    assert_eq!(caller.rest.balance().await.unwrap().cash, truth.cash);
}

#[tokio::test]
async fn no_outcome_is_told_before_it_is_determined() {
    let (simulator, caller) = exchange();
    let outcomes = outcomes();
    assert_eq!(outcomes.len(), 2);
    let mut frames = subscribed(&caller, &[M0900, M0915]).await;
    let end = Recording::open(recording()).unwrap().header().to;
    let mut now = simulator.now();
    let (mut checked, mut prints, mut seqs) = (0, Vec::new(), std::collections::BTreeMap::new());
    while !simulator.ended() {
        now = (now + jiff::SignedDuration::from_millis(500)).min(end);
        simulator.advance(now).unwrap();
        let mut texts = read(&mut frames).await;
        for text in &texts {
            let frame: Value = serde_json::from_str(text).unwrap();
            if let (Some(sid), Some(seq)) = (frame["sid"].as_u64(), frame["seq"].as_u64()) {
                let last = seqs.insert(sid, seq).unwrap_or(0);
                assert_eq!(seq, last + 1, "{text}");
            }
            if frame["type"] == "cfbenchmarks_value" {
                prints.push(frame["msg"].clone());
            }
        }
        let is_close = |(_, _, time): &(String, String, Timestamp)| (time.duration_since(now).as_secs()).abs() < 5;
        if outcomes.iter().any(is_close) || now.as_second() % 60 == 0 {
            for path in ["/markets", "/events/KXBTC15M-26MAY130900", "/events/KXBTC15M-26MAY130915"] {
                texts.push(caller.get(path, &[("with_nested_markets", "true")]).await.body.to_string());
            }
        }
        for (market, value, determined) in &outcomes {
            for text in &texts {
                // The next market's strike is this value, half a second before.
                let strike_from = *determined - jiff::SignedDuration::from_millis(500);
                if now < strike_from {
                    let is_print = text.contains("cfbenchmarks_value");
                    assert!(is_print || !text.contains(value.as_str()), "{market} at {now}: {text}");
                }
                if now < *determined {
                    assert!(!text.contains(&format!("\"expiration_value\":\"{value}\"")), "{now}: {text}");
                    assert!(!tells_outcome(text, market), "{now}: {text}");
                }
                checked += 1;
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
    simulator.audit().unwrap();

    // Once a second, from the first second of the session on; the mean is of the sixty before.
    let times: Vec<i64> = prints.iter().map(|print| inner(print)["time"].as_i64().unwrap() / 1000).collect();
    assert!(times.is_sorted_by(|one, next| one < next));
    assert!(times.len() > 1000, "{}", times.len());
    let at_second = |second: i64| prints.iter().find(|print| inner(print)["time"] == second * 1000);
    let close = at("13:15:00").as_second();
    let mean = &at_second(close).unwrap()["avg_60s_data"];
    assert_eq!(
        (mean["window_size"].as_u64(), mean["window_end_ts_exclusive"].as_i64()),
        (Some(60), Some(close * 1000))
    );
    let cents =
        |second| inner(at_second(second).unwrap())["value"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let sum: i64 = (close - 60..close).map(cents).sum();
    let text = mean["value"].as_str().unwrap();
    let told: i64 = text.replace('.', "").parse().unwrap();
    assert!((told * 60 - sum * 1_000_000).abs() <= 30, "{text} is not the mean");
}

/// Whether a frame or body says how the market ended.
fn tells_outcome(text: &str, market: &str) -> bool {
    let body: Value = serde_json::from_str(text).unwrap();
    let message = &body["msg"];
    let determined = message["market_ticker"] == market && (message.get("result").is_some());
    let nested = body["event"]["markets"].as_array();
    let mut listed = body["markets"].as_array().into_iter().chain(nested).flatten();
    determined
        || listed.any(|listed| {
            listed["ticker"] == market
                && (listed["result"] != ""
                    || listed["expiration_value"] != ""
                    || listed.get("settlement_value_dollars").is_some())
        })
}

fn inner(print: &Value) -> Value {
    serde_json::from_str(print["data"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn the_same_signatures_are_asked_for_in_process() {
    let (simulator, caller) = exchange();
    let stranger = Caller::over(caller.transport.clone(), Arc::new(generate_ed25519("nobody").unwrap().key));
    let reply = stranger.get("/portfolio/balance", &[]).await;
    assert_eq!((reply.status, reply.body["error"]["details"].as_str()), (401, Some("NOT_FOUND")));
    let refused = caller.transport.connect(Vec::new()).await.map(|_| ()).unwrap_err();
    assert!(matches!(refused, TransportError::HandshakeRefused(answer) if answer.status == 401));
    assert!(simulator.account("nobody").is_none());
    assert_eq!(simulator.now(), at("12:59:42.861265"));
    let transport: &dyn Transport = &simulator;
    assert!(transport.connect(caller.rest.socket_headers().unwrap()).await.is_ok());
}
