//! Many orders at once: items that stand for themselves, and the cancel of everything.

use crate::stage::{M0900, in_process, order};
use recio_core::units::Money;
use recio_kalshi::transport::Method;
use serde_json::{Value, json};

const BATCH: &str = "/portfolio/events/orders/batched";
const GTC: &str = "good_till_canceled";

#[tokio::test]
async fn each_item_of_a_batch_is_answered_in_its_place() {
    let (simulator, callers) = in_process(&[&[(2, Money::dollars(1))]]);
    let ann = &callers[0];
    let mut foreign = order(M0900, "a5", "bid", "1", "0.0020", GTC);
    foreign["subaccount"] = 64.into();
    let orders = json!({"orders": [
        order(M0900, "a1", "bid", "10", "0.0020", GTC),
        order(M0900, "a1", "bid", "10", "0.0020", GTC),
        order(M0900, "a2", "bid", "10", "0.90", GTC),
        order(M0900, "a3", "bid", "1", "0.0020", "fill_or_kill"),
        order(M0900, "a4", "bid", "3", "0.0020", GTC),
        foreign,
    ]});
    let made = ann.send(Method::Post, BATCH, &[], &orders.to_string()).await;
    let id = |at: usize| made.body["orders"][at]["order_id"].as_str().unwrap().to_owned();
    let ts = simulator.now().as_millisecond();
    assert_eq!(
        made.bytes(),
        format!(
            concat!(
                r#"201 {{"orders":[{{"order_id":"{}","client_order_id":"a1","fill_count":"0.00","remaining_count":"10.00","ts_ms":{ts}}},"#,
                r#"{{"client_order_id":"a1","error":{{"code":"order_already_exists","message":"order already exists"}}}},"#,
                r#"{{"client_order_id":"a2","error":{{"code":"insufficient_balance","message":"insufficient balance"}}}},"#,
                r#"{{"client_order_id":"a3","error":{{"code":"fill_or_kill_insufficient_resting_volume","#,
                r#""message":"fill or kill insufficient resting volume"}}}},"#,
                r#"{{"order_id":"{}","client_order_id":"a4","fill_count":"0.00","remaining_count":"3.00","ts_ms":{ts}}},"#,
                r#"{{"client_order_id":"a5","error":{{"code":"invalid_parameters","message":"invalid parameters","#,
                r#""details":"64 is no subaccount: they are numbered 0 to 63"}}}}]}}"#,
            ),
            id(0),
            id(4),
            ts = ts
        )
    );

    let named = |id: &str, shard: Value| json!({"order_id": id, "exchange_index": shard});
    let cancels = json!({"orders": [
        named(&id(4), 2.into()),
        named(&id(4), 2.into()),
        named(&id(0), 0.into()),
        {"order_id": id(0)},
        {"order_id": id(0), "market_ticker": M0900},
    ]});
    let gone = ann.send(Method::Delete, BATCH, &[], &cancels.to_string()).await;
    let missed = |id: &str| {
        format!(r#"{{"order_id":"{id}","reduced_by":"0.00","error":{{"code":"not_found","message":"not found"}}}}"#)
    };
    assert_eq!(
        gone.bytes(),
        format!(
            concat!(
                r#"200 {{"orders":[{{"order_id":"{last}","client_order_id":"a4","reduced_by":"3.00","ts_ms":{ts}}},{},{},{},"#,
                r#"{{"order_id":"{first}","client_order_id":"a1","reduced_by":"10.00","ts_ms":{ts}}}]}}"#,
            ),
            missed(&id(4)),
            missed(&id(0)),
            missed(&id(0)),
            last = id(4),
            first = id(0),
            ts = ts
        )
    );
    let truth = simulator.account(ann.key.id()).unwrap();
    assert_eq!((truth.posts_per_client_order_id["a1"], truth.posts_per_client_order_id["a3"]), (2, 1));
    assert_eq!((truth.reserved, truth.orders.len()), (Money::ZERO, 2));
    simulator.audit().unwrap();
}

#[tokio::test]
async fn a_batch_that_is_none_is_refused_whole() {
    let (simulator, callers) = in_process(&[&[(2, Money::dollars(1000))]]);
    let ann = &callers[0];
    let mut number = order(M0900, "a2", "bid", "10", "0.0020", GTC);
    number["price"] = 0.002.into();
    let mixed = json!({"orders": [order(M0900, "a1", "bid", "10", "0.0020", GTC), number]});
    let refused = ann.send(Method::Post, BATCH, &[], &mixed.to_string()).await;
    assert_eq!(
        refused.bytes(),
        concat!(
            r#"400 {"code":"bad_request","message":"json: cannot unmarshal number into Go struct field "#,
            r#"BatchCreateOrdersRequest.orders.price of type string"}"#
        )
    );
    for (method, body) in [(Method::Post, "{}"), (Method::Post, "[]"), (Method::Delete, "{}"), (Method::Delete, "x")] {
        let refused = ann.send(method, BATCH, &[], body).await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (400, Some("bad_request")), "{body}");
    }
    assert_eq!(ann.send(Method::Post, BATCH, &[], r#"{"orders":[]}"#).await.bytes(), r#"201 {"orders":[]}"#);
    let truth = simulator.account(ann.key.id()).unwrap();
    assert!(truth.orders.is_empty(), "no item was placed");
    assert_eq!(truth.posts_per_client_order_id["a1"], 1, "and both had arrived");
}

#[tokio::test]
async fn cancel_all_says_nothing_and_takes_everything() {
    let (simulator, callers) = in_process(&[&[(2, Money::dollars(1000))], &[(2, Money::dollars(1000))]]);
    for (caller, ids) in [(&callers[0], ["a1", "a2"]), (&callers[1], ["b1", "b2"])] {
        for id in ids {
            assert_eq!(caller.create(&order(M0900, id, "bid", "10", "0.0020", GTC)).await.status, 201);
        }
    }
    let all = |query: &'static [(&'static str, &'static str)]| {
        callers[0].send(Method::Delete, "/portfolio/events/orders", query, "{}")
    };
    let resting = |key: usize| {
        let truth = simulator.account(callers[key].key.id()).unwrap();
        truth.orders.iter().filter(|order| order.is_resting()).count()
    };
    assert_eq!(all(&[("subaccount", "1")]).await.bytes(), "204 ");
    assert_eq!(resting(0), 2, "subaccount 1 has none");
    assert_eq!(all(&[]).await.bytes(), "204 ");
    assert_eq!((resting(0), resting(1)), (0, 2));
    assert_eq!(all(&[]).await.bytes(), "204 ", "again is fine");
}
