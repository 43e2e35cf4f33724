//! Orders that are changed: amend, decrease, queue positions, and what the private channels say of it.

use crate::stage::{Caller, M0900, Reply, connect, in_process, offer, order, waiting};
use recio_core::units::Money;
use recio_kalshi::transport::Method;
use serde_json::{Value, json};

const GTC: &str = "good_till_canceled";
const NOT_FOUND: &str = r#"404 {"error":{"code":"not_found","message":"not found"}}"#;

async fn rest(caller: &Caller, id: &str, count: &str) -> String {
    let made = caller.create(&order(M0900, id, "bid", count, "0.0020", GTC)).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["order_id"].as_str().unwrap().to_owned()
}

fn body(price: &str, count: &str, more: &Value) -> Value {
    let mut body = json!({"ticker": M0900, "side": "bid", "price": price, "count": count, "exchange_index": 2});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn change(caller: &Caller, order: &str, what: &str, body: &Value) -> Reply {
    let path = format!("/portfolio/events/orders/{order}/{what}");
    caller.send(Method::Post, &path, &[], &body.to_string()).await
}

async fn ahead(caller: &Caller, order: &str) -> String {
    let reply = caller.get(&format!("/portfolio/orders/{order}/queue_position"), &[]).await;
    reply.body["queue_position_fp"].as_str().map_or_else(|| reply.bytes(), ToOwned::to_owned)
}

fn hundredths(count: &str) -> i64 {
    count.replace('.', "").parse().unwrap()
}

#[tokio::test]
async fn an_amend_answers_with_counts_and_moves_the_order() {
    let (simulator, callers) = in_process(&[&[(2, Money::dollars(1000))], &[(2, Money::dollars(1000))]]);
    let (ann, bob) = (&callers[0], &callers[1]);
    let first = rest(ann, "a1", "10.00").await;
    let second = rest(bob, "b1", "10.00").await;
    let recorded = hundredths(&ahead(ann, &first).await);
    assert_eq!(hundredths(&ahead(bob, &second).await), recorded + 1_000);

    let smaller = change(ann, &first, "amend", &body("0.0020", "4", &json!({}))).await;
    let ts = smaller.body["ts_ms"].as_i64().unwrap();
    assert_eq!(
        smaller.bytes(),
        format!(
            r#"200 {{"order_id":"{first}","client_order_id":"a1","remaining_count":"4.00","fill_count":"0.00","ts_ms":{ts}}}"#
        )
    );
    assert_eq!(ts, simulator.now().as_millisecond());
    assert_eq!(hundredths(&ahead(ann, &first).await), recorded, "its turn is kept");
    let larger = json!({"client_order_id": "a1", "updated_client_order_id": "a2"});
    let larger = change(ann, &first, "amend", &body("0.0020", "5", &larger)).await;
    assert_eq!((larger.status, larger.body["client_order_id"].as_str()), (200, Some("a2")), "{larger:?}");
    assert_eq!(hundredths(&ahead(ann, &first).await), recorded + 1_000, "behind bob's");
    let shown = ann.get(&format!("/portfolio/orders/{first}"), &[]).await.body;
    let shown = &shown["order"];
    assert_eq!([&shown["initial_count_fp"], &shown["remaining_count_fp"]], ["5.00", "5.00"]);
    assert_eq!([&shown["client_order_id"], &shown["yes_price_dollars"]], ["a2", "0.0020"]);

    // Where it crosses it takes what is there, at what is asked there.
    let ask = offer(bob, "8.00").await;
    let taking = change(ann, &first, "amend", &body("0.9990", "2", &json!({}))).await;
    assert_eq!(
        (taking.body["fill_count"].as_str(), taking.body["remaining_count"].as_str()),
        (Some("2.00"), Some("0.00"))
    );
    assert_eq!(taking.body["average_fill_price"].as_str(), Some(ask.as_str()));
    assert!(taking.body["average_fee_paid"].is_string());
    assert_eq!(change(ann, &first, "amend", &body("0.0020", "5", &json!({}))).await.bytes(), NOT_FOUND);
    simulator.audit().unwrap();
}

#[tokio::test]
async fn amends_that_cannot_be_are_refused_byte_for_byte() {
    let (simulator, callers) = in_process(&[&[(2, Money::dollars(1))]]);
    let ann = &callers[0];
    let id = rest(ann, "a1", "10.00").await;
    let error = |code: &str, details: &str| {
        let message = code.replace('_', " ");
        let details = if details.is_empty() { String::new() } else { format!(r#","details":"{details}""#) };
        format!(r#"400 {{"error":{{"code":"{code}","message":"{message}"{details}}}}}"#)
    };
    let good = body("0.0020", "10", &json!({}));
    let with = |more: Value| {
        let mut changed = good.clone();
        changed.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        changed
    };
    for (wanted, refused) in [
        (with(json!({"price": "0.00205"})), error("invalid_price", "")),
        (with(json!({"price": "0.0025"})), error("invalid_price", "")),
        (with(json!({"count": "1.001"})), error("invalid_order_size", "")),
        (with(json!({"count": "501"})), error("insufficient_balance", "")),
        (with(json!({"side": "ask"})), error("invalid_order", "ticker and side of an order cannot be amended")),
        (with(json!({"side": "yes"})), error("invalid_parameters", "side must be bid or ask")),
        (with(json!({"expiration_time": 1})), error("invalid_order", "expiration_time has passed")),
        (with(json!({"client_order_id": "a9"})), error("invalid_order", "client_order_id is not the order's")),
        (
            with(json!({"updated_client_order_id": "a.9"})),
            error("invalid_parameters", "client_order_id must not contain a point"),
        ),
        (with(json!({"exchange_index": 0})), NOT_FOUND.to_owned()),
        (
            with(json!({"count": 10})),
            r#"400 {"code":"bad_request","message":"json: cannot unmarshal number into Go struct field AmendOrderRequest.count of type string"}"#.to_owned(),
        ),
    ] {
        assert_eq!(change(ann, &id, "amend", &wanted).await.bytes(), refused, "{wanted}");
    }
    assert_eq!(change(ann, "none", "amend", &good).await.bytes(), NOT_FOUND);
    let path = format!("/portfolio/events/orders/{id}/amend");
    let elsewhere = ann.send(Method::Post, &path, &[("subaccount", "1")], &good.to_string()).await;
    assert_eq!(elsewhere.bytes(), NOT_FOUND);
    let beyond = ann.send(Method::Post, &path, &[("subaccount", "64")], &good.to_string()).await;
    assert_eq!(
        beyond.bytes(),
        r#"400 {"msg":"Parameter validation failed for AmendOrder: subaccount must be between 0 and 63"}"#
    );
    let mut routed = good.clone();
    routed.as_object_mut().unwrap().remove("exchange_index");
    assert_eq!(change(ann, &id, "amend", &routed).await.status, 200, "the ticker says where it is");
    simulator.audit().unwrap();
}

#[tokio::test]
async fn a_decrease_needs_one_count_and_the_way_to_the_order() {
    let (simulator, callers) = in_process(&[&[(2, Money::dollars(1000))]]);
    let ann = &callers[0];
    let id = rest(ann, "a1", "10.00").await;
    let by = |count: &str| json!({"reduce_by": count, "exchange_index": 2});
    let less = change(ann, &id, "decrease", &by("1.5")).await;
    let ts = less.body["ts_ms"].as_i64().unwrap();
    assert_eq!(
        less.bytes(),
        format!(r#"200 {{"order_id":"{id}","client_order_id":"a1","remaining_count":"8.50","ts_ms":{ts}}}"#)
    );
    let to = json!({"reduce_to": "3", "market_ticker": M0900});
    assert_eq!(change(ann, &id, "decrease", &to).await.body["remaining_count"], "3.00");
    for neither in [json!({"exchange_index": 2}), json!({"reduce_by": "1", "reduce_to": "1", "exchange_index": 2})] {
        assert_eq!(
            change(ann, &id, "decrease", &neither).await.bytes(),
            r#"400 {"error":{"code":"invalid_parameters","message":"invalid parameters","details":"exactly one of reduce_by and reduce_to is needed"}}"#
        );
    }
    assert_eq!(change(ann, &id, "decrease", &json!({"reduce_by": "1"})).await.bytes(), NOT_FOUND, "not on shard 0");
    assert_eq!(change(ann, &id, "decrease", &by("3")).await.body["remaining_count"], "0.00");
    assert_eq!(change(ann, &id, "decrease", &by("1")).await.bytes(), NOT_FOUND);
    simulator.audit().unwrap();
}

#[tokio::test]
async fn queue_positions_are_told_for_markets_and_events() {
    let (_simulator, callers) = in_process(&[&[(2, Money::dollars(1000))]]);
    let ann = &callers[0];
    let ids = [rest(ann, "a1", "10").await, rest(ann, "a2", "10").await];
    let path = "/portfolio/orders/queue_positions";
    for query in [("market_tickers", M0900), ("event_ticker", "KXBTC15M-26MAY130900")] {
        let all = ann.get(path, &[query]).await;
        let all = all.body["queue_positions"].as_array().unwrap().clone();
        let told: Vec<_> = all.iter().map(|one| one["order_id"].as_str().unwrap()).collect();
        assert_eq!(told, ids);
        let ahead: Vec<_> = all.iter().map(|one| hundredths(one["queue_position_fp"].as_str().unwrap())).collect();
        assert_eq!((ahead[1] - ahead[0], &all[0]["market_ticker"]), (1_000, &json!(M0900)));
    }
    let other = ann.get(path, &[("market_tickers", M0900), ("subaccount", "1")]).await;
    assert_eq!(other.bytes(), r#"200 {"queue_positions":[]}"#);
    assert_eq!(ann.get(path, &[]).await.status, 400);
    assert_eq!(ann.get("/portfolio/orders/none/queue_position", &[]).await.bytes(), NOT_FOUND);
}

#[tokio::test]
async fn the_private_channels_say_why_an_order_changed() {
    let (_simulator, callers) = in_process(&[&[(2, Money::dollars(1000))], &[(2, Money::dollars(1000))]]);
    let ann = &callers[0];
    let mut frames = connect(ann).await;
    let channels = ["user_orders", "fill", "market_positions"];
    frames.send(json!({"id": 1, "cmd": "subscribe", "params": {"channels": channels}}).to_string()).await.unwrap();
    let id = rest(ann, "a1", "10").await;
    let ask = offer(&callers[1], "8.00").await;
    change(ann, &id, "amend", &body("0.0030", "9", &json!({}))).await;
    change(ann, &id, "decrease", &json!({"reduce_to": "8", "exchange_index": 2})).await;
    change(ann, &id, "amend", &body(&ask, "1", &json!({}))).await;
    let frames = waiting(&mut frames).await;
    let told = |kind: &str, fields: [&str; 3]| -> Vec<String> {
        let of_kind = frames.iter().filter(|frame| frame["type"] == kind);
        of_kind.map(|frame| fields.map(|field| frame["msg"][field].to_string()).join(" ")).collect()
    };
    assert_eq!(
        told("user_order", ["last_update_reason", "initial_count_fp", "remaining_count_fp"]),
        [
            r#"null "10.00" "10.00""#,
            r#""Amend" "9.00" "9.00""#,
            r#""Decrease" "8.00" "8.00""#,
            r#""Amend" "1.00" "1.00""#,
            r#""Trade" "1.00" "0.00""#,
        ]
    );
    assert_eq!(told("fill", ["post_position_fp", "count_fp", "subaccount"]), [r#""1.00" "1.00" 0"#]);
    assert_eq!(told("market_position", ["position_fp", "volume_fp", "subaccount"]), [r#""1.00" "1.00" 0"#]);
}
