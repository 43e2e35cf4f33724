//! The real exchange's untidiness: limits, late reads, order of frames, pauses, disputes, keys that may not do everything.

use crate::in_process::{KEY, at, play, read};
use crate::stage::{Caller, M0900, M0915, connect, order};
use jiff::SignedDuration;
use recio_core::market::{MarketResult, PriceGrid};
use recio_core::units::Money;
use recio_kalshi::signing::{generate_ed25519, generate_rsa_2048};
use recio_kalshi::transport::{FrameStream, Method};
use recio_sim::exchange::{ReadLag, Realism, Scope, Settling, Tier};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

async fn listening(caller: &Caller, channels: &[&str]) -> Box<dyn FrameStream> {
    let mut frames = connect(caller).await;
    let command = json!({"id": 1, "cmd": "subscribe", "params": {"channels": channels}});
    frames.send(command.to_string()).await.unwrap();
    read(&mut frames).await;
    frames
}

fn lifecycle(frames: &[Value], market: &str) -> Vec<String> {
    let of_market = frames.iter().filter(|frame| frame["msg"]["market_ticker"] == market);
    of_market.filter_map(|frame| Some(frame["msg"]["event_type"].as_str()?.to_owned())).collect()
}

#[tokio::test]
async fn an_account_that_asks_too_often_is_refused_until_time_passes() {
    let (simulator, caller) = play();
    simulator.operate(|exchange| exchange.set_realism(Realism { tier: Some(Tier::Basic), ..Realism::exact() }));
    let limits = caller.get("/account/limits", &[]).await;
    assert_eq!(limits.body["read"], json!({"refill_rate": 200, "bucket_capacity": 600}));
    for _ in 0..59 {
        assert_eq!(caller.get("/portfolio/balance", &[]).await.status, 200);
    }
    let refused = caller.get("/portfolio/balance", &[]).await;
    assert_eq!(refused.line(), r#"429 {"error":"too many requests"}"#);
    // Writes have a bucket of their own, and each shard another.
    for number in 0..10 {
        let body = order(M0915, &format!("o-{number}"), "bid", "1.00", "0.0100", "good_till_canceled");
        assert_ne!(caller.create(&body).await.status, 429, "{number}");
    }
    assert_eq!(caller.create(&order(M0915, "over", "bid", "1.00", "0.0100", "good_till_canceled")).await.status, 429);
    let mut unrouted = order(M0915, "unrouted", "bid", "1.00", "0.0100", "good_till_canceled");
    unrouted.as_object_mut().unwrap().remove("exchange_index");
    assert_eq!(caller.create(&unrouted).await.status, 429, "it would be billed to shard 2 as well");
    let open = format!("/markets/{M0915}");
    assert_eq!(
        caller.raw(Method::Get, format!("/trade-api/v2{open}"), &[], vec![], "").await.status,
        200,
        "no key, no bill"
    );
    let later = simulator.now().checked_add(SignedDuration::from_millis(50)).unwrap();
    simulator.advance(later).unwrap();
    assert_eq!(caller.get("/portfolio/balance", &[]).await.status, 200, "50 ms are 10 tokens");
    assert_eq!(caller.get("/portfolio/balance", &[]).await.status, 429);
}

#[tokio::test]
async fn reads_lie_behind_the_engine_and_say_how_far() {
    let (simulator, caller) = play();
    simulator.advance(at("13:01:00")).unwrap();
    let lag = ReadLag { least: SignedDuration::from_millis(300), most: SignedDuration::from_millis(1000) };
    simulator.operate(|exchange| exchange.set_realism(Realism { read_lag: Some(lag), ..Realism::exact() }));
    let mut frames = listening(&caller, &["fill"]).await;
    let made = caller.create(&order(M0915, "late", "bid", "3.00", "0.9900", "immediate_or_cancel")).await;
    assert_eq!(made.body["fill_count"], "3.00");
    assert_eq!(read(&mut frames).await.len(), 1, "the private channel is not late");
    let one = format!("/portfolio/orders/{}", made.body["order_id"].as_str().unwrap());
    let shown = async || {
        let fills = caller.get("/portfolio/fills", &[]).await.body["fills"].as_array().unwrap().len();
        let balance = caller.get("/portfolio/balance", &[]).await.body["balance"].as_i64().unwrap();
        (fills, balance == 100_000, caller.get(&one, &[]).await.status)
    };
    assert_eq!(shown().await, (0, true, 404), "nothing of it yet");
    let as_of = async || {
        caller.get("/exchange/user_data_timestamp", &[]).await.body["as_of_time"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    let made_at = simulator.now();
    assert!(as_of().await <= made_at);
    simulator.advance(made_at + SignedDuration::from_millis(299)).unwrap();
    assert_eq!(shown().await, (0, true, 404));
    assert!(as_of().await <= made_at);
    simulator.advance(made_at + SignedDuration::from_millis(1000)).unwrap();
    assert_eq!(shown().await, (1, false, 200));
    assert!(as_of().await > made_at);

    let group = r#"{"contracts_limit":5,"exchange_index":2}"#;
    let group = caller.send(Method::Post, "/portfolio/order_groups/create", &[], group).await;
    let group = format!("/portfolio/order_groups/{}", group.body["order_group_id"].as_str().unwrap());
    assert_eq!(caller.get(&group, &[]).await.status, 404, "not known to reads yet");
    let later = simulator.now() + SignedDuration::from_secs(1);
    simulator.advance(later).unwrap();
    assert_eq!(caller.get(&group, &[]).await.status, 200);
    simulator.audit().unwrap();
}

#[tokio::test]
async fn fill_and_trade_of_an_execution_come_in_either_order() {
    let (simulator, caller) = play();
    simulator.advance(at("13:01:00")).unwrap();
    simulator.operate(|exchange| exchange.set_realism(Realism { shuffle_fills: true, ..Realism::exact() }));
    let mut frames = listening(&caller, &["fill", "trade"]).await;
    let mut orders = BTreeSet::new();
    for number in 0..16 {
        caller.create(&order(M0915, &format!("o-{number}"), "bid", "0.10", "0.9900", "immediate_or_cancel")).await;
        let kinds: Vec<String> =
            read(&mut frames).await.iter().map(|frame| frame["type"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "fill").count(), 1, "{kinds:?}");
        orders.insert(kinds);
    }
    assert_eq!(orders.len(), 2, "{orders:?}");
}

#[tokio::test]
async fn pauses_are_told_refused_and_end_by_themselves() {
    let (simulator, caller) = play();
    simulator.advance(at("13:01:00")).unwrap();
    let rest = |id: &str| order(M0915, id, "bid", "1.00", "0.0100", "good_till_canceled");
    let mut stays = rest("leaves");
    stays["cancel_order_on_pause"] = true.into();
    let leaving = caller.create(&stays).await.body["order_id"].as_str().unwrap().to_owned();
    let staying = caller.create(&rest("stays")).await.body["order_id"].as_str().unwrap().to_owned();
    simulator.operate(|exchange| exchange.pause_trading(Some(at("13:02:00"))));
    let status = caller.get("/exchange/status", &[]).await.body;
    assert_eq!((status["exchange_active"].as_bool(), status["trading_active"].as_bool()), (Some(true), Some(false)));
    assert_eq!(status["exchange_estimated_resume_time"], "2026-05-13T13:02:00Z");
    assert_eq!(status["exchange_index_statuses"][1]["trading_active"], false);
    let refused = caller.create(&rest("refused")).await;
    assert_eq!((refused.status, refused.body["error"]["code"].as_str()), (409, Some("trading_is_paused")));
    let state = async |id: &str| {
        caller.get(&format!("/portfolio/orders/{id}"), &[]).await.body["order"]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!((state(&leaving).await, state(&staying).await), ("canceled".to_owned(), "resting".to_owned()));
    let path = format!("/portfolio/events/orders/{staying}");
    let canceled = caller.send(Method::Delete, &path, &[("exchange_index", "2")], "").await;
    assert_eq!(canceled.status, 200, "cancels work: {canceled:?}");
    simulator.advance(at("13:02:00")).unwrap();
    assert_eq!(caller.create(&rest("again")).await.status, 201);
    assert!(caller.get("/exchange/status", &[]).await.body.get("exchange_estimated_resume_time").is_none());

    simulator.operate(|exchange| exchange.pause_exchange(None));
    let refused = caller.create(&rest("refused-again")).await;
    assert_eq!((refused.status, refused.body["error"]["code"].as_str()), (409, Some("exchange_is_paused")));
    simulator.operate(recio_sim::exchange::Exchange::resume_exchange);
    assert_eq!(caller.create(&rest("at-last")).await.status, 201);
}

#[tokio::test]
async fn a_halted_market_loses_its_orders_when_it_trades_again() {
    let (simulator, caller) = play();
    simulator.advance(at("13:01:00")).unwrap();
    let mut frames = listening(&caller, &["market_lifecycle_v2"]).await;
    let market = crate::stage::ticker(M0915);
    let made = caller.create(&order(M0915, "a", "bid", "1.00", "0.0100", "good_till_canceled")).await;
    simulator.operate(|exchange| exchange.deactivate(&market)).unwrap();
    assert!(
        simulator.operate(|exchange| exchange.deactivate(&market)).unwrap_err().to_string().contains("cannot do this")
    );
    assert_eq!(caller.get("/markets", &[("status", "paused")]).await.body["markets"][0]["ticker"], M0915);
    simulator.operate(|exchange| exchange.reactivate(&market)).unwrap();
    simulator.operate(|exchange| exchange.change_grid(&market, PriceGrid::linear_cent())).unwrap();
    let one = format!("/portfolio/orders/{}", made.body["order_id"].as_str().unwrap());
    assert_eq!(caller.get(&one, &[]).await.body["order"]["status"], "canceled");
    let told = lifecycle(&read(&mut frames).await, M0915);
    assert_eq!(told, ["deactivated", "activated", "price_level_structure_updated"]);
    assert_eq!(
        caller.get(&format!("/markets/{M0915}"), &[]).await.body["market"]["price_level_structure"],
        "linear_cent"
    );
}

#[tokio::test]
async fn a_disputed_outcome_is_paid_after_it_was_set_again() {
    let (simulator, caller) = play();
    let market = crate::stage::ticker(M0915);
    simulator.operate(|exchange| exchange.delay_settlement(&market, SignedDuration::from_secs(60)));
    simulator.advance(at("13:01:00")).unwrap();
    caller.create(&order(M0915, "a", "bid", "3.00", "0.9900", "immediate_or_cancel")).await;
    let mut frames = listening(&caller, &["market_lifecycle_v2"]).await;
    simulator.advance(at("13:15:30")).unwrap();
    let body = async || caller.get(&format!("/markets/{M0915}"), &[]).await.body["market"].clone();
    let result = body().await["result"].as_str().unwrap().to_owned();
    assert_eq!(body().await["status"], "determined", "its payout is a minute late");
    simulator.operate(|exchange| exchange.dispute(&market)).unwrap();
    assert_eq!(body().await["status"], "disputed");
    simulator.advance(at("13:16:40")).unwrap();
    assert_eq!(body().await["status"], "disputed", "nothing is paid meanwhile");
    let other = if result == "yes" { MarketResult::No } else { MarketResult::Yes };
    simulator.operate(|exchange| exchange.amend_outcome(&market, other, None)).unwrap();
    assert_eq!(body().await["status"], "amended");
    simulator.advance(at("13:16:45")).unwrap();
    assert_eq!(body().await["status"], "finalized");
    let paid = caller.get("/portfolio/settlements", &[]).await;
    assert_ne!(paid.body["settlements"][0]["market_result"].as_str(), Some(result.as_str()));
    // And a correction after the payout takes back or pays the difference.
    let corrected = if result == "yes" { MarketResult::Yes } else { MarketResult::No };
    simulator.operate(|exchange| exchange.amend_outcome(&market, corrected, None)).unwrap();
    simulator.advance(at("13:16:50")).unwrap();
    let paid = caller.get("/portfolio/settlements", &[]).await;
    assert_eq!(paid.body["settlements"][0]["market_result"].as_str(), Some(result.as_str()));
    let told = lifecycle(&read(&mut frames).await, M0915);
    assert_eq!(told, ["determined", "determined", "settled", "determined", "settled"]);
    simulator.audit().unwrap();
}

#[tokio::test]
async fn by_the_usual_timetable_a_quarter_is_paid_within_seconds_and_told_again() {
    let settling = Settling::Usual { outliers_per_mille: 0, repeats: true };
    let mut repeats = 0;
    for seed in 0..6 {
        let (simulator, caller) = play();
        simulator.operate(|exchange| exchange.set_realism(Realism { seed, settling, ..Realism::exact() }));
        let mut frames = listening(&caller, &["market_lifecycle_v2"]).await;
        simulator.advance(at("13:01:00")).unwrap();
        let told = read(&mut frames).await;
        let of_market = || told.iter().filter(|frame| frame["msg"]["market_ticker"] == M0900);
        let time = |kind: &str| {
            of_market().find(|frame| frame["msg"]["event_type"] == kind).unwrap()["sending_ts_ms"].as_i64().unwrap()
        };
        let close = at("13:00:00").as_millisecond();
        let (determined, settled) = (time("determined") - close, time("settled") - close);
        assert!(determined >= 750, "{determined}");
        assert!((6500..=8000).contains(&settled) && settled > determined, "{determined} {settled}");
        repeats += of_market().filter(|frame| frame["msg"]["event_type"] == "settled").count() - 1;
    }
    assert!(repeats > 0, "some payouts are announced more than once");
}

#[tokio::test]
async fn an_outcome_or_a_strike_can_come_late() {
    let (simulator, caller) = play();
    let next = crate::stage::ticker(M0915);
    let market = crate::stage::ticker(M0900);
    simulator.operate(|exchange| {
        exchange.delay_strike(&next, SignedDuration::from_secs(20));
        exchange.delay_outcome(&market, SignedDuration::from_secs(120));
    });
    simulator.advance(at("13:00:15")).unwrap();
    let body = async |market: &str| caller.get(&format!("/markets/{market}"), &[]).await.body["market"].clone();
    assert!(body(M0915).await.get("floor_strike").is_none(), "the strike is not there yet");
    simulator.advance(at("13:01:30")).unwrap();
    assert!(body(M0915).await["floor_strike"].is_number());
    assert_eq!(body(M0900).await["status"], "closed");
    simulator.advance(at("13:03:00")).unwrap();
    assert_eq!(body(M0900).await["status"], "finalized");
}

#[tokio::test]
async fn announced_fees_are_listed_told_and_charged() {
    let (simulator, caller) = play();
    simulator.advance(at("13:01:00")).unwrap();
    let mut frames = listening(&caller, &["market_lifecycle_v2"]).await;
    let event = "KXBTC15M-26MAY130915".parse().unwrap();
    let double = ("quadratic", "2".parse().unwrap());
    simulator
        .operate(|exchange| {
            exchange.announce_event_fees(
                &event,
                Some((recio_core::market::FeeType::Quadratic, double.1)),
                at("13:02:00"),
            )
        })
        .unwrap();
    let listed = caller.get("/events/fee_changes", &[]).await.body["event_fee_changes"][0].clone();
    assert_eq!(
        (listed["fee_type_override"].as_str(), listed["fee_multiplier_override"].as_i64()),
        (Some(double.0), Some(2))
    );
    let fee = async |id: &str| {
        let made = caller.create(&order(M0915, id, "bid", "1.00", "0.9900", "immediate_or_cancel")).await;
        let fills = caller.get("/portfolio/fills", &[("order_id", made.body["order_id"].as_str().unwrap())]).await;
        let price: Money = fills.body["fills"][0]["yes_price_dollars"].as_str().unwrap().parse().unwrap();
        let fee: Money = fills.body["fills"][0]["fee_cost"].as_str().unwrap().parse().unwrap();
        let per_multiplier = price.micros() * (1_000_000 - price.micros()) / 1_000_000 * 7 / 100;
        (fee.micros() + 50) / per_multiplier.max(1)
    };
    assert_eq!(fee("before").await, 1);
    simulator.advance(at("13:02:00")).unwrap();
    assert_eq!(fee("after").await, 2);
    let told = read(&mut frames).await;
    let update = told.iter().find(|frame| frame["type"] == "event_fee_update").unwrap();
    assert_eq!(update["msg"]["fee_multiplier_override"], 2);
    let unknown = "KXBTC15M-26MAY131200".parse().unwrap();
    let refused =
        simulator.operate(|exchange| exchange.announce_event_fees(&unknown, None, at("13:02:00"))).unwrap_err();
    assert!(refused.to_string().contains("no market of KXBTC15M-26MAY131200 is listed"), "{refused}");
}

#[tokio::test]
async fn keys_of_one_account_do_what_their_scopes_allow() {
    let (simulator, first) = play();
    simulator.advance(at("13:01:00")).unwrap();
    let made = first.create(&order(M0915, "a", "bid", "1.00", "0.0100", "good_till_canceled")).await;
    let second_id = "22222222-2222-4333-8444-555555555555";
    let second = generate_rsa_2048(second_id).unwrap().key;
    assert!(simulator.add_key_beside(KEY, second_id, second.verifying_key(), BTreeSet::from([Scope::Read]), None));
    let third_id = "33333333-2222-4333-8444-555555555555";
    let third = generate_ed25519(third_id).unwrap().key;
    let all = BTreeSet::from([Scope::Read, Scope::Write]);
    assert!(simulator.add_key_beside(KEY, third_id, third.verifying_key(), all.clone(), Some(7)));
    assert!(!simulator.add_key_beside("nobody", "x", third.verifying_key(), all, None));
    let reader = Caller::over(Arc::new(simulator.clone()), Arc::new(second));
    let orders = reader.get("/portfolio/orders", &[]).await;
    assert_eq!(orders.body["orders"][0]["order_id"], made.body["order_id"], "an RSA key of the same account");
    let refused = reader.create(&order(M0915, "b", "bid", "1.00", "0.0100", "good_till_canceled")).await;
    assert_eq!((refused.status, refused.body["error"]["code"].as_str()), (403, Some("forbidden")));
    let locked = Caller::over(Arc::new(simulator.clone()), Arc::new(third));
    assert_eq!(locked.get("/portfolio/orders", &[]).await.body["orders"].as_array().map(Vec::len), Some(0));
    assert_eq!(locked.get("/portfolio/orders", &[("subaccount", "0")]).await.status, 403);
    assert_eq!(locked.create(&json!({"ticker": M0915, "subaccount": 0})).await.status, 403);
}

#[tokio::test]
async fn channels_that_others_use_answer_as_well() {
    let (simulator, caller) = play();
    simulator.advance(at("13:05:00")).unwrap();
    let mut frames = connect(&caller).await;
    let mut id = 0;
    let mut ask = async |frames: &mut Box<dyn FrameStream>, command: &str, params: Value| {
        id += 1;
        frames.send(json!({"id": id, "cmd": command, "params": params}).to_string()).await.unwrap();
        read(frames).await
    };
    let fast =
        ask(&mut frames, "subscribe", json!({"channels": ["cfbenchmarks_value_5hz"], "index_ids": ["BRTI"]})).await;
    assert_eq!(fast[0]["msg"], json!({"channel": "cfbenchmarks_value_5hz", "sid": 1}));
    let list = ask(&mut frames, "update_subscription", json!({"sid": 1, "action": "indexlist"})).await;
    assert_eq!(
        (list[0]["type"].as_str(), &list[0]["msg"]["index_ids"]),
        (Some("cfbenchmarks_value_5hz_indexlist"), &json!(["BRTI"]))
    );
    let now = simulator.now();
    simulator.advance(now + SignedDuration::from_secs(2)).unwrap();
    let prints = read(&mut frames).await;
    assert_eq!(prints.len(), 10, "five a second");
    for (print, seq) in prints.iter().zip(2..) {
        assert_eq!((print["seq"].as_i64(), print["msg"]["index_id"].as_str()), (Some(seq), Some("BRTI")));
        let data: Value = serde_json::from_str(print["msg"]["data"].as_str().unwrap()).unwrap();
        assert_eq!(data["time"], print["msg"]["source_ts_ms"]);
        assert_eq!(print["msg"]["value_usd"].as_str().unwrap(), format!("{}000000", data["value"].as_str().unwrap()));
        assert_eq!(print["msg"]["source_ts_ms"].as_i64().unwrap() % 200, 0);
    }
    let code = |frames: &[Value]| frames[0]["msg"]["code"].as_i64();
    assert_eq!(code(&ask(&mut frames, "subscribe", json!({"channels": ["pyth_value"]})).await), Some(28));
    assert_eq!(code(&ask(&mut frames, "subscribe", json!({"channels": ["multivariate"]})).await), Some(8));
    assert_eq!(
        code(&ask(&mut frames, "subscribe", json!({"channels": ["communications"], "shard_factor": 101})).await),
        Some(19)
    );
    assert_eq!(ask(&mut frames, "subscribe", json!({"channels": ["communications"]})).await[0]["type"], "subscribed");
    let ticker = ask(
        &mut frames,
        "subscribe",
        json!({"channels": ["ticker"], "market_tickers": [M0915], "send_initial_snapshot": true}),
    )
    .await;
    assert_eq!((ticker[0]["type"].as_str(), ticker[1]["type"].as_str()), (Some("subscribed"), Some("ticker")));
    let sid = &ticker[0]["msg"]["sid"];
    let quiet = ask(
        &mut frames,
        "update_subscription",
        json!({"sid": sid, "action": "add_markets", "market_tickers": [M0900], "skip_ticker_ack": true}),
    )
    .await;
    assert_eq!(quiet[0]["msg"], json!({}));

    let account = simulator.account(KEY).unwrap().account;
    let failed = simulator.operate(|exchange| exchange.fail_subscriptions(&account, "ticker", 25));
    assert_eq!(failed, 1);
    let dead = read(&mut frames).await;
    assert_eq!((code(&dead), &dead[0]["sid"]), (Some(25), sid));
    assert_eq!(code(&ask(&mut frames, "unsubscribe", json!({"sids": [sid]})).await), Some(7), "it is gone");
}

#[tokio::test]
async fn a_flood_of_commands_is_refused() {
    let (_, caller) = play();
    let mut frames = connect(&caller).await;
    let mut last = Value::Null;
    for id in 1..=10_001 {
        frames.send(json!({"id": id, "cmd": "list_subscriptions"}).to_string()).await.unwrap();
        if id % 1000 == 0 || id > 10_000 {
            last = read(&mut frames).await.pop().unwrap();
        }
    }
    assert_eq!((last["id"].as_i64(), last["msg"]["code"].as_i64()), (Some(10_001), Some(27)));
}
