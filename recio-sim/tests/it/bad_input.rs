//! Whatever comes over the wire: an answer or an error frame, never a panic, and books that still add up.

use crate::stage::{M0900, recording};
use proptest::{collection::vec, prelude::any, prop_assert, prop_oneof, proptest, sample::select, strategy::Strategy};
use recio_core::units::{AccountName, Money};
use recio_kalshi::transport::Method;
use recio_kalshi::wire::Frame;
use recio_sim::exchange::{ApiRequest, Exchange, SessionId};
use recio_sim::recording::Recording;
use std::sync::{Mutex, OnceLock};

fn exchange() -> &'static Mutex<(Exchange, SessionId)> {
    static EXCHANGE: OnceLock<Mutex<(Exchange, SessionId)>> = OnceLock::new();
    EXCHANGE.get_or_init(|| {
        let mut exchange = Exchange::play(&Recording::open(recording()).unwrap(), 0).unwrap();
        exchange.open_account(account(), Money::dollars(100)).unwrap();
        let session = exchange.connect(&account());
        Mutex::new((exchange, session))
    })
}

fn account() -> AccountName {
    "sim-1".parse().unwrap()
}

fn word() -> impl Strategy<Value = String> {
    let known = [
        "",
        "portfolio",
        "orders",
        "events",
        "markets",
        M0900,
        "orderbook",
        "fills",
        "positions",
        "balance",
        "settlements",
        "account",
        "limits",
        "cfbenchmarks",
        "history",
        "values",
        "exchange",
        "status",
        "series",
        "KXBTC15M",
        "batched",
        "amend",
        "decrease",
        "queue_positions",
        "order_groups",
        "create",
        "trigger",
        "limit",
        "subaccounts",
        "transfer",
        "transfers",
        "netting",
        "balances",
        "intra_exchange_instance_transfer",
        "%",
        "%zz",
        "..",
    ];
    prop_oneof![4 => select(known.to_vec()).prop_map(ToOwned::to_owned), 1 => "\\PC{0,12}"]
}

fn value() -> impl Strategy<Value = String> {
    let known = [
        "",
        "-1",
        "0",
        "1",
        "2",
        "1000",
        "99999999999999999999",
        "9223372036854775807",
        "open",
        "closed",
        "true",
        "BRTI",
        "HOUR",
        "2026-05-13T12:00:00.000Z",
        "9999-12-31T00:00:00Z",
        M0900,
    ];
    prop_oneof![4 => select(known.to_vec()).prop_map(ToOwned::to_owned), 1 => "\\PC{0,12}"]
}

fn name() -> impl Strategy<Value = String> {
    let names = [
        "limit",
        "cursor",
        "status",
        "ticker",
        "tickers",
        "min_ts",
        "max_ts",
        "min_close_ts",
        "depth",
        "id",
        "timespan",
        "timestamp",
        "exchange_index",
        "subaccount",
        "market_tickers",
        "event_ticker",
        "series_ticker",
    ];
    select(names.to_vec()).prop_map(ToOwned::to_owned)
}

fn body() -> impl Strategy<Value = String> {
    let amounts = ["0", "0.01", "1", "1.00", "0.001", "0.5", "-1", "1e9", "99999999999", "NaN", ""];
    let order = (select(amounts.to_vec()), select(amounts.to_vec()), select(&["bid", "ask", "x"][..]), any::<i64>(), any::<bool>())
        .prop_map(|(price, count, side, expiration, flag)| {
            format!(
                r#"{{"ticker":"{M0900}","side":"{side}","count":"{count}","price":"{price}","time_in_force":"good_till_canceled",
                "self_trade_prevention_type":"maker","post_only":{flag},"expiration_time":{expiration}}}"#
            )
        });
    let limit =
        select(amounts.to_vec()).prop_map(|limit| format!(r#"{{"contracts_limit_fp":"{limit}","exchange_index":2}}"#));
    let transfer = (any::<u16>(), any::<i64>(), 0_u16..4).prop_map(|(to, amount, shard)| {
        format!(
            r#"{{"client_transfer_id":"t","from_subaccount":0,"to_subaccount":{to},"amount_cents":{amount},"exchange_index":{shard},
            "source":"event_contract","destination":"event_contract","amount":{amount},"source_exchange_shard":2}}"#
        )
    });
    let batch = vec(order.clone(), 0..3).prop_map(|orders| format!(r#"{{"orders":[{}]}}"#, orders.join(",")));
    prop_oneof![6 => order, 1 => limit, 1 => transfer, 1 => batch, 2 => "\\PC{0,40}"]
}

fn command() -> impl Strategy<Value = String> {
    let words = ["subscribe", "update_subscription", "unsubscribe", "list_subscriptions", "dance"];
    let channels = ["orderbook_delta", "ticker", "trade", "fill", "cfbenchmarks_value", "weather"];
    let actions = ["add_markets", "delete_markets", "get_snapshot", "subscribe_indices", "unsubscribe_indices", "x"];
    let sound = (
        select(words.to_vec()),
        select(channels.to_vec()),
        select(actions.to_vec()),
        0_u64..9,
        any::<bool>(),
        any::<u64>(),
    )
        .prop_map(|(word, channel, action, sid, market, id)| {
            let market = if market { M0900 } else { "KXNONE" };
            format!(
                r#"{{"id":{id},"cmd":"{word}","params":{{"channels":["{channel}"],"action":"{action}","sids":[{sid}],
                "market_tickers":["{market}"],"index_ids":["BRTI"]}}}}"#
            )
        });
    prop_oneof![5 => sound, 1 => "\\PC{0,40}"]
}

proptest! {
    #[test]
    fn any_request_gets_an_answer(
        method in select(&[Method::Get, Method::Post, Method::Put, Method::Delete][..]),
        words in vec(word(), 0..5),
        query in vec((name(), value()), 0..3),
        order in select(&["", "/portfolio/events/orders", "/portfolio/events/orders/batched", "/portfolio/order_groups/create",
            "/portfolio/subaccounts", "/portfolio/subaccounts/transfer", "/portfolio/intra_exchange_instance_transfer"][..]),
        body in body(),
        signed in any::<bool>(),
    ) {
        let mut held = exchange().lock().unwrap();
        let path = if order.is_empty() { format!("/{}", words.join("/")) } else { order.to_owned() };
        let content_type = Some("application/json".to_owned());
        let request = ApiRequest { method, path, query, content_type, body: body.into() };
        let account = account();
        let answer = held.0.request(signed.then_some(&account), &request);
        let known = [200, 201, 204, 400, 401, 404, 409, 410, 501];
        prop_assert!(known.contains(&answer.status), "{request:?}: {}", answer.status);
        let says_json = serde_json::from_slice::<serde_json::Value>(&answer.body).is_ok();
        prop_assert!(if answer.status == 204 { answer.body.is_empty() } else { says_json }, "{request:?}");
        prop_assert!(held.0.audit().is_ok());
    }

    #[test]
    fn any_command_gets_frames_that_parse(text in command()) {
        let mut held = exchange().lock().unwrap();
        let session = held.1;
        held.0.take_frames(session);
        held.0.command(session, &text);
        let frames = held.0.take_frames(session);
        // A snapshot or a deletion of nothing may have nothing to say; everything else is answered.
        for frame in &frames {
            prop_assert!(Frame::parse(frame.as_bytes()).is_ok(), "{text}: {frame}");
        }
        prop_assert!(!frames.is_empty(), "{text}");
    }
}
