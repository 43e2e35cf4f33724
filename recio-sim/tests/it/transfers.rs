//! Cash where it lies: shards, subaccounts, and the ways between them.

use crate::stage::{Caller, M0900, Reply, in_process, offer, order};
use recio_core::units::Money;
use recio_kalshi::transport::Method;
use recio_sim::{SimOptions, Simulator};
use serde_json::{Value, json};

const GTC: &str = "good_till_canceled";
const POOR: &str = r#"400 {"error":{"code":"insufficient_balance","message":"insufficient balance"}}"#;
const APPLIED: &str = r#"409 {"error":{"code":"transfer_already_applied","message":"transfer already applied"}}"#;

async fn post(caller: &Caller, path: &str, body: &Value) -> Reply {
    caller.send(Method::Post, path, &[], &body.to_string()).await
}

fn between_shards(id: &str, centicents: i64, from: u16, to: u16) -> Value {
    json!({"source": "event_contract", "destination": "event_contract", "amount": centicents,
        "source_exchange_shard": from, "destination_exchange_shard": to, "client_transfer_id": id})
}

fn between_subaccounts(id: &str, cents: i64, from: u16, to: u16) -> Value {
    json!({"client_transfer_id": id, "from_subaccount": from, "to_subaccount": to, "amount_cents": cents, "exchange_index": 2})
}

fn shards(balance: &Reply) -> Vec<String> {
    let rows = balance.body["balance_breakdown"].as_array().unwrap();
    rows.iter().map(|row| format!("{}: {}", row["exchange_index"], row["balance"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn cash_on_shard_0_pays_for_no_crypto_until_it_is_moved() {
    let (simulator, callers) = in_process(&[&[(0, Money::dollars(50))]]);
    let ann = &callers[0];
    let bid = order(M0900, "a1", "bid", "10", "0.0020", GTC);
    assert_eq!(ann.create(&bid).await.bytes(), POOR);
    assert_eq!(shards(&ann.get("/portfolio/balance", &[]).await), ["0: 50.0000", "2: 0.0000"]);
    let path = "/portfolio/intra_exchange_instance_transfer";
    assert_eq!(post(ann, path, &between_shards("t1", 500_001, 0, 2)).await.bytes(), POOR);
    let moved = post(ann, path, &between_shards("t1", 300_000, 0, 2)).await;
    let id = moved.body["transfer_id"].as_str().unwrap().to_owned();
    assert_eq!(moved.bytes(), format!(r#"200 {{"transfer_id":"{id}"}}"#));
    assert_eq!(post(ann, path, &between_shards("t1", 300_000, 0, 2)).await.bytes(), APPLIED);
    assert_eq!(ann.create(&order(M0900, "a2", "bid", "10", "0.0020", GTC)).await.status, 201);
    let all = ann.get("/portfolio/balance", &[]).await;
    assert_eq!(shards(&all), ["0: 20.0000", "2: 29.9800"]);
    assert_eq!((all.body["balance"].as_i64(), all.body["balance_dollars"].as_str()), (Some(4998), Some("49.9800")));
    let crypto = ann.get("/portfolio/balance", &[("exchange_index", "2")]).await;
    assert_eq!(crypto.body["balance_dollars"], "29.9800");
    let shown = ann.get(&format!("/portfolio/intra_exchange_instance_transfers/{id}"), &[]).await;
    let ts = simulator.now().as_second();
    let row = format!(
        concat!(
            r#"{{"transfer_id":"{}","source":"event_contract","destination":"event_contract","source_exchange_shard":0,"#,
            r#""destination_exchange_shard":2,"amount":"30.0000","status":"complete","created_ts":{}}}"#
        ),
        id, ts
    );
    assert_eq!(shown.bytes(), format!(r#"200 {{"transfer":{row}}}"#));
    let list = ann.get("/portfolio/intra_exchange_instance_transfers", &[]).await;
    assert_eq!(list.bytes(), format!(r#"200 {{"transfers":[{row}],"cursor":""}}"#));

    let invalid = |details: &str| {
        format!(
            r#"400 {{"error":{{"code":"invalid_parameters","message":"invalid parameters","details":"{details}"}}}}"#
        )
    };
    let mut margined = between_shards("t2", 1, 0, 2);
    margined["destination"] = "margined".into();
    for (body, details) in [
        (margined, "recio's simulator has event_contract alone"),
        (between_shards("t2", 1, 0, 9), "no such exchange shard"),
        (between_shards("t2", 1, 2, 2), "source and destination are the same"),
        (between_shards("t2", -1, 0, 2), "amount must be above zero"),
        (between_shards("t2", i64::MAX, 0, 2), "amount does not fit"),
    ] {
        assert_eq!(post(ann, path, &body).await.bytes(), invalid(details), "{body}");
    }
    simulator.audit().unwrap();
}

#[tokio::test]
async fn subaccounts_trade_for_themselves() {
    let (simulator, callers) = in_process(&[&[(2, Money::dollars(50))], &[(2, Money::dollars(50))]]);
    let ann = &callers[0];
    let mut bid = order(M0900, "a1", "bid", "10", "0.0020", GTC);
    bid["subaccount"] = 1.into();
    assert_eq!(
        ann.create(&bid).await.bytes(),
        r#"400 {"error":{"code":"invalid_parameters","message":"invalid parameters","details":"no such subaccount on this shard"}}"#
    );
    let path = "/portfolio/subaccounts";
    assert_eq!(post(ann, path, &json!({"exchange_index": 2})).await.bytes(), r#"201 {"subaccount_number":1}"#);
    assert_eq!(ann.create(&bid).await.bytes(), POOR);
    let transfer = "/portfolio/subaccounts/transfer";
    assert_eq!(post(ann, transfer, &between_subaccounts("t1", 2_000, 0, 1)).await.bytes(), "200 {}");
    assert_eq!(post(ann, transfer, &between_subaccounts("t1", 2_000, 0, 1)).await.bytes(), APPLIED);
    assert_eq!(post(ann, transfer, &between_subaccounts("t2", 2_001, 1, 0)).await.bytes(), POOR);
    let made = ann.create(&bid).await;
    assert_eq!(made.status, 201, "{made:?}");
    let ask = offer(&callers[1], "8.00").await;
    let mut take = order(M0900, "a2", "bid", "1", &ask, "immediate_or_cancel");
    take["subaccount"] = 1.into();
    let taken = ann.create(&take).await;
    assert_eq!(taken.body["fill_count"], "1.00");

    let now = simulator.now().as_second();
    let truth = simulator.account(ann.key.id()).unwrap();
    let free = truth.wallets.iter().find(|wallet| wallet.wallet.subaccount.number() == 1).unwrap();
    let free = (free.cash - free.reserved).to_string();
    let balances = ann.get("/portfolio/subaccounts/balances", &[]).await;
    let rows: Vec<_> = balances.body["subaccount_balances"].as_array().unwrap().clone();
    assert_eq!(rows[0], json!({"subaccount_number": 0, "exchange_index": 2, "balance": "30.0000", "updated_ts": now}));
    assert_eq!(rows[1]["balance"].as_str().unwrap().trim_end_matches('0'), free.trim_end_matches('0'));
    assert_eq!(ann.get("/portfolio/balance", &[]).await.body["balance_dollars"], "30.0000", "subaccount 0's");
    assert_eq!(ann.get("/portfolio/balance", &[("subaccount", "2")]).await.status, 404);

    let count = |reply: &Reply, list: &str| reply.body[list].as_array().unwrap().len();
    for (path, list, without, of_0, of_1) in [
        ("/portfolio/orders", "orders", 2, 0, 2),
        ("/portfolio/fills", "fills", 1, 0, 1),
        ("/portfolio/positions", "market_positions", 0, 0, 1),
    ] {
        assert_eq!(count(&ann.get(path, &[]).await, list), without, "{path}");
        assert_eq!(count(&ann.get(path, &[("subaccount", "0")]).await, list), of_0, "{path}");
        assert_eq!(count(&ann.get(path, &[("subaccount", "1")]).await, list), of_1, "{path}");
    }
    let fill = ann.get("/portfolio/fills", &[]).await.body;
    assert_eq!(fill["fills"][0]["subaccount_number"], 1);

    let id = made.body["order_id"].as_str().unwrap();
    let path = format!("/portfolio/events/orders/{id}");
    assert_eq!(
        ann.send(Method::Delete, &path, &[("exchange_index", "2")], "{}").await.status,
        404,
        "not subaccount 0's"
    );
    let own: &[(&str, &str)] = &[("exchange_index", "2"), ("subaccount", "1")];
    assert_eq!(ann.send(Method::Delete, &path, own, "{}").await.status, 200);
    simulator.audit().unwrap();
}

#[tokio::test]
async fn netting_is_remembered_by_subaccount() {
    let (_simulator, callers) = in_process(&[&[(2, Money::dollars(50))]]);
    let ann = &callers[0];
    post(ann, "/portfolio/subaccounts", &json!({"exchange_index": 2})).await;
    let path = "/portfolio/subaccounts/netting";
    let put = |number: u16, enabled: bool| {
        let body = json!({"subaccount_number": number, "enabled": enabled}).to_string();
        async move { ann.send(Method::Put, path, &[], &body).await }
    };
    assert_eq!(put(1, true).await.bytes(), "200 {}");
    assert_eq!(
        ann.get(path, &[]).await.bytes(),
        concat!(
            r#"200 {"netting_configs":[{"subaccount_number":0,"enabled":false,"exchange_index":2},"#,
            r#"{"subaccount_number":1,"enabled":true,"exchange_index":2}]}"#
        )
    );
    assert_eq!(put(1, false).await.status, 200);
    assert!(!ann.get(path, &[]).await.text.contains("true"));
    assert_eq!(put(9, true).await.status, 404);
    assert_eq!(put(64, true).await.status, 400);
}

#[tokio::test]
async fn the_simulators_options_say_on_which_shard_the_cash_lies() {
    let folder = tempfile::tempdir().unwrap();
    let options = SimOptions {
        opening_shard: 0,
        opening_cash: Money::dollars(10),
        ..SimOptions::new(crate::stage::recording(), folder.path().join("keys"))
    };
    let running = Simulator::start(options).await.unwrap();
    let caller = Caller::new(running.endpoint(), &running.endpoint().keys[0]);
    assert_eq!(caller.create(&order(M0900, "a1", "bid", "10", "0.0020", GTC)).await.bytes(), POOR);
    assert_eq!(shards(&caller.get("/portfolio/balance", &[]).await), ["0: 10.0000", "2: 0.0000"]);
    let moved =
        post(&caller, "/portfolio/intra_exchange_instance_transfer", &between_shards("t1", 100_000, 0, 2)).await;
    assert_eq!(moved.status, 200, "{moved:?}");
    assert_eq!(caller.create(&order(M0900, "a2", "bid", "10", "0.0020", GTC)).await.status, 201);
    running.stop().await.unwrap();
}
