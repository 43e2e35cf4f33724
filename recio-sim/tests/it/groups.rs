//! Order groups: their calls, what they refuse, and what their channel says.

use crate::stage::{Caller, M0900, Reply, connect, in_process, order, ticker, waiting};
use recio_core::units::Money;
use recio_kalshi::transport::Method;
use serde_json::{Value, json};

const GTC: &str = "good_till_canceled";
const ON_2: &[(&str, &str)] = &[("exchange_index", "2")];
const NOT_FOUND: &str = r#"404 {"error":{"code":"not_found","message":"not found"}}"#;

async fn create(caller: &Caller, body: &Value) -> Reply {
    caller.send(Method::Post, "/portfolio/order_groups/create", &[], &body.to_string()).await
}

async fn put(caller: &Caller, group: &str, change: &str, body: &Value) -> Reply {
    let path = format!("/portfolio/order_groups/{group}/{change}");
    caller.send(Method::Put, &path, ON_2, &body.to_string()).await
}

fn grouped(id: &str, side: &str, count: &str, price: &str, tif: &str, group: &str) -> Value {
    let mut body = order(M0900, id, side, count, price, tif);
    body["order_group_id"] = group.into();
    body
}

#[tokio::test]
async fn a_group_lives_and_stops_its_orders() {
    let (simulator, callers) = in_process(&[&[(2, Money::dollars(1000))], &[(2, Money::dollars(1000))]]);
    let ann = &callers[0];
    let mut frames = connect(ann).await;
    let mut others = connect(&callers[1]).await;
    for frames in [&mut frames, &mut others] {
        let channels = ["order_group_updates", "user_orders"];
        frames.send(json!({"id": 1, "cmd": "subscribe", "params": {"channels": channels}}).to_string()).await.unwrap();
    }
    let made = create(ann, &json!({"contracts_limit_fp": "5.00", "exchange_index": 2})).await;
    let group = made.body["order_group_id"].as_str().unwrap().to_owned();
    assert_eq!(made.bytes(), format!(r#"201 {{"order_group_id":"{group}","subaccount":0,"exchange_index":2}}"#));
    let rests = ann.create(&grouped("a1", "bid", "10", "0.0020", GTC, &group)).await;
    let id = rests.body["order_id"].as_str().unwrap().to_owned();
    assert_eq!(ann.get(&format!("/portfolio/orders/{id}"), &[]).await.body["order"]["order_group_id"], group.as_str());
    let shown = ann.get(&format!("/portfolio/order_groups/{group}"), &[]).await;
    assert_eq!(
        shown.bytes(),
        format!(
            r#"200 {{"is_auto_cancel_enabled":true,"contracts_limit_fp":"5.00","orders":["{id}"],"exchange_index":2}}"#
        )
    );
    let listed = ann.get("/portfolio/order_groups", &[]).await;
    assert_eq!(
        listed.bytes(),
        format!(
            r#"200 {{"order_groups":[{{"id":"{group}","contracts_limit_fp":"5.00","is_auto_cancel_enabled":true,"exchange_index":2}}]}}"#
        )
    );
    assert_eq!(callers[1].get("/portfolio/order_groups", &[]).await.bytes(), r#"200 {"order_groups":[]}"#);

    // Five contracts are as many as may be executed; one more stops the group.
    let bid = ann.rest.orderbook(&ticker(M0900)).await.unwrap().bids[0].price.to_string();
    for (id, count, rests) in [("a2", "5", true), ("a3", "0.01", false)] {
        let taken = ann.create(&grouped(id, "ask", count, &bid, "immediate_or_cancel", &group)).await;
        assert_eq!(taken.status, 201, "{taken:?}");
        let first = ann.get("/portfolio/orders", &[("status", "resting")]).await;
        assert_eq!(!first.body["orders"].as_array().unwrap().is_empty(), rests, "after {id}");
    }
    let refused = ann.create(&grouped("a4", "bid", "1", "0.0020", GTC, &group)).await;
    assert_eq!(
        refused.bytes(),
        r#"400 {"error":{"code":"exceeded_order_group_risk_limit","message":"exceeded order group risk limit"}}"#
    );
    assert_eq!(put(ann, &group, "reset", &json!({})).await.bytes(), "200 {}");
    assert_eq!(ann.create(&grouped("a5", "bid", "1", "0.0020", GTC, &group)).await.status, 201);
    assert_eq!(put(ann, &group, "limit", &json!({"contracts_limit": 7})).await.bytes(), "200 {}");
    assert_eq!(put(ann, &group, "trigger", &json!({})).await.bytes(), "200 {}");
    let path = format!("/portfolio/order_groups/{group}");
    assert_eq!(ann.send(Method::Delete, &path, ON_2, "{}").await.bytes(), "200 {}");
    assert_eq!(ann.get(&path, &[]).await.bytes(), NOT_FOUND);

    let frames = waiting(&mut frames).await;
    let told: Vec<_> = frames.iter().filter(|frame| frame["type"] == "order_group_updates").collect();
    let words: Vec<_> = told.iter().map(|frame| frame["msg"]["event_type"].as_str().unwrap()).collect();
    assert_eq!(words, ["created", "triggered", "reset", "limit_updated", "triggered", "deleted"]);
    let numbers: Vec<_> = told.iter().map(|frame| frame["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let ts = simulator.now().as_millisecond();
    assert_eq!(
        told[3]["msg"],
        json!({"event_type": "limit_updated", "order_group_id": group, "contracts_limit_fp": "7.00", "ts_ms": ts})
    );
    assert!(told[1]["msg"].get("contracts_limit_fp").is_none());
    let orders = frames.iter().filter(|frame| frame["type"] == "user_order");
    assert!(
        orders.clone().count() > 0 && orders.into_iter().all(|frame| frame["msg"]["order_group_id"] == group.as_str())
    );
    assert!(waiting(&mut others).await.iter().all(|frame| frame["type"] == "subscribed"), "for its owner alone");
    simulator.audit().unwrap();
}

#[tokio::test]
async fn a_group_is_looked_for_on_its_shard_and_limits_have_bounds() {
    let (_simulator, callers) = in_process(&[&[(2, Money::dollars(1000))]]);
    let ann = &callers[0];
    let on_0 = create(ann, &json!({"contracts_limit": 50})).await;
    assert_eq!((on_0.status, on_0.body["exchange_index"].as_u64()), (201, Some(0)), "without a shard it is on 0");
    let group = on_0.body["order_group_id"].as_str().unwrap().to_owned();
    assert_eq!(put(ann, &group, "trigger", &json!({})).await.bytes(), NOT_FOUND);
    let path = format!("/portfolio/order_groups/{group}/trigger");
    assert_eq!(ann.send(Method::Put, &path, &[], "{}").await.bytes(), "200 {}");
    let foreign = r#"400 {"error":{"code":"order_group_not_found","message":"order group not found"}}"#;
    for group in [group.as_str(), "none"] {
        assert_eq!(ann.create(&grouped("a1", "bid", "1", "0.0020", GTC, group)).await.bytes(), foreign);
    }
    let invalid = |details: &str| {
        format!(
            r#"400 {{"error":{{"code":"invalid_parameters","message":"invalid parameters","details":"{details}"}}}}"#
        )
    };
    for (limits, details) in [
        (json!({}), "contracts_limit or contracts_limit_fp is needed"),
        (json!({"contracts_limit": 0}), "contracts_limit must be between 1 and 1000000"),
        (json!({"contracts_limit_fp": "1000000.01"}), "contracts_limit must be between 1 and 1000000"),
        (json!({"contracts_limit_fp": "many"}), "contracts_limit_fp is no count"),
        (json!({"contracts_limit": 1, "contracts_limit_fp": "2.00"}), "contracts_limit does not fit"),
        (json!({"contracts_limit": u64::MAX}), "contracts_limit does not fit"),
        (json!({"contracts_limit": 5, "subaccount": 64}), "64 is no subaccount: they are numbered 0 to 63"),
        (json!({"contracts_limit": 5, "subaccount": 7}), "no such subaccount on this shard"),
    ] {
        assert_eq!(create(ann, &limits).await.bytes(), invalid(details), "{limits}");
    }
}
