//! What each write sends, once, and what its answer amounts to.

use crate::client::order;
use crate::script::{Script, setup};
use recio_kalshi::client::{
    CashMove, Decrease, ExpirationChange, KalshiClient, NewOrder, NoSubaccount, OrderChange, RestingReserve, ShardMove,
    Subaccount,
};
use recio_kalshi::error::WriteError;
use recio_kalshi::transport::TransportError;
use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

/// An outcome in one line.
fn said<T: Debug>(outcome: Result<T, WriteError>) -> String {
    match outcome {
        Ok(done) => format!("done {done:?}"),
        Err(error) => {
            let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            format!("{error}{source}")
        }
    }
}

fn change() -> OrderChange {
    OrderChange {
        exchange_id: "o-1".parse().unwrap(),
        market: "M".parse().unwrap(),
        book_side: recio_core::market::BookSide::Ask,
        yes_price: "0.57".parse().unwrap(),
        total: "12".parse().unwrap(),
        client_order_id: Some("c-1".parse().unwrap()),
        new_client_order_id: Some("c-2".parse().unwrap()),
        expiration: ExpirationChange::Clear,
        exchange_index: 2,
    }
}

fn named(client_order_id: &str) -> NewOrder {
    NewOrder { client_order_id: client_order_id.parse().unwrap(), ..order() }
}

fn shard_move() -> ShardMove {
    ShardMove {
        client_transfer_id: Some("t-1".into()),
        from_shard: 0,
        to_shard: 2,
        from: Subaccount::PRIMARY,
        to: Subaccount::new(1).unwrap(),
        amount: "50.0001".parse().unwrap(),
    }
}

fn cash_move() -> CashMove {
    CashMove {
        client_transfer_id: "t-2".into(),
        from: Subaccount::PRIMARY,
        to: Subaccount::new(1).unwrap(),
        amount: "5.01".parse().unwrap(),
        exchange_index: 2,
    }
}

#[tokio::test]
async fn what_is_sent() {
    let order = r#"{"order_id":"o-1","client_order_id":"c-2","fill_count":"1.00","remaining_count":"3.00","reduced_by":"1.00","ts_ms":1}"#;
    let created = order.replace("c-2", "4a75a66e-ca85-4187-93cd-aac5e01ad982");
    let batch = format!(r#"{{"orders":[{order}]}}"#);
    let created_batch = format!(r#"{{"orders":[{created}]}}"#);
    let group = r#"{"order_group_id":"g-1","subaccount":0,"exchange_index":2}"#;
    let (client, script, _) = setup(&[
        (201, &created),
        (200, order),
        (200, order),
        (200, order),
        (200, order),
        (201, &created_batch),
        (200, &batch),
        (204, ""),
        (201, group),
        (200, "{}"),
        (200, "{}"),
        (200, "{}"),
        (200, "{}"),
        (201, r#"{"subaccount_number":4}"#),
        (200, "{}"),
        (200, "{}"),
        (200, r#"{"transfer_id":"x"}"#),
        (200, "{}"),
    ]);
    let client = client.on_subaccount(Subaccount::new(7).unwrap());
    let (id, group) = ("o-1".parse().unwrap(), "g-1".parse().unwrap());
    client.create_order(&crate::client::order()).await.unwrap();
    client.cancel_order(&id, 2).await.unwrap();
    let amended = client.amend_order(&change()).await.unwrap();
    assert_eq!(
        (amended.filled.unwrap().to_string(), amended.remaining.unwrap().to_string()),
        ("1.00".into(), "3.00".into())
    );
    assert_eq!(
        client.decrease_order(&id, Decrease::By("1".parse().unwrap()), 2).await.unwrap().remaining.to_string(),
        "3.00"
    );
    client.decrease_order(&id, Decrease::To("3".parse().unwrap()), 2).await.unwrap();
    assert!(client.create_orders(&[crate::client::order()]).await.unwrap()[0].is_ok());
    assert!(client.cancel_orders(&[id], 2).await.unwrap()[0].is_ok());
    client.cancel_all().await.unwrap();
    assert_eq!(client.create_order_group("50".parse().unwrap(), 2).await.unwrap(), group);
    client.trigger_order_group(&group, 2).await.unwrap();
    client.reset_order_group(&group, 2).await.unwrap();
    client.limit_order_group(&group, "60".parse().unwrap(), 2).await.unwrap();
    client.delete_order_group(&group, 2).await.unwrap();
    assert_eq!(client.create_subaccount(2).await.unwrap(), Subaccount::new(4).unwrap());
    client.move_cash(&cash_move()).await.unwrap();
    client.set_netting(Subaccount::new(4).unwrap(), true).await.unwrap();
    assert_eq!(client.move_between_shards(&shard_move()).await.unwrap(), "x");
    client.set_target_balances(&[(0, 10), (2, 90)], RestingReserve::Max).await.unwrap();
    insta::assert_snapshot!(script.take(), @r#"
    POST /portfolio/events/orders {"ticker":"KXBTCD-26NOV2217-T91249.99","client_order_id":"4a75a66e-ca85-4187-93cd-aac5e01ad982","side":"bid","count":"10.00","price":"0.5600","time_in_force":"immediate_or_cancel","self_trade_prevention_type":"taker_at_cross","post_only":false,"reduce_only":true,"cancel_order_on_pause":false,"subaccount":7,"exchange_index":2}
    DELETE /portfolio/events/orders/o-1?exchange_index=2&subaccount=7 {}
    POST /portfolio/events/orders/o-1/amend?subaccount=7 {"ticker":"M","side":"ask","price":"0.5700","count":"12.00","client_order_id":"c-1","updated_client_order_id":"c-2","expiration_time":0,"exchange_index":2}
    POST /portfolio/events/orders/o-1/decrease?subaccount=7 {"reduce_by":"1.00","exchange_index":2}
    POST /portfolio/events/orders/o-1/decrease?subaccount=7 {"reduce_to":"3.00","exchange_index":2}
    POST /portfolio/events/orders/batched {"orders":[{"ticker":"KXBTCD-26NOV2217-T91249.99","client_order_id":"4a75a66e-ca85-4187-93cd-aac5e01ad982","side":"bid","count":"10.00","price":"0.5600","time_in_force":"immediate_or_cancel","self_trade_prevention_type":"taker_at_cross","post_only":false,"reduce_only":true,"cancel_order_on_pause":false,"subaccount":7,"exchange_index":2}]}
    DELETE /portfolio/events/orders/batched {"orders":[{"order_id":"o-1","subaccount":7,"exchange_index":2}]}
    DELETE /portfolio/events/orders?subaccount=7 {}
    POST /portfolio/order_groups/create {"contracts_limit_fp":"50.00","subaccount":7,"exchange_index":2}
    PUT /portfolio/order_groups/g-1/trigger?exchange_index=2&subaccount=7 {}
    PUT /portfolio/order_groups/g-1/reset?exchange_index=2&subaccount=7 {}
    PUT /portfolio/order_groups/g-1/limit?exchange_index=2&subaccount=7 {"contracts_limit_fp":"60.00"}
    DELETE /portfolio/order_groups/g-1?exchange_index=2&subaccount=7 {}
    POST /portfolio/subaccounts {"exchange_index":2}
    POST /portfolio/subaccounts/transfer {"client_transfer_id":"t-2","from_subaccount":0,"to_subaccount":1,"amount_cents":501,"exchange_index":2}
    PUT /portfolio/subaccounts/netting {"subaccount_number":4,"enabled":true}
    POST /portfolio/intra_exchange_instance_transfer {"source":"event_contract","destination":"event_contract","amount":500001,"source_exchange_shard":0,"destination_exchange_shard":2,"source_subaccount":0,"destination_subaccount":1,"client_transfer_id":"t-1"}
    POST /portfolio/target_balance_allocation {"allocations":[{"exchange_index":0,"percent":10},{"exchange_index":2,"percent":90}],"resting_margin_reservation":"max"}
    "#);
}

#[tokio::test]
async fn a_client_without_a_subaccount_names_none() {
    let (client, script, _) = setup(&[(204, ""), (200, r#"{"order_id":"o-1","remaining_count":"3.00","ts_ms":1}"#)]);
    client.cancel_all().await.unwrap();
    client.decrease_order(&"o-1".parse().unwrap(), Decrease::To("3".parse().unwrap()), 2).await.unwrap();
    insta::assert_snapshot!(script.take(), @r#"
    DELETE /portfolio/events/orders {}
    POST /portfolio/events/orders/o-1/decrease {"reduce_to":"3.00","exchange_index":2}
    "#);
    assert_eq!(Subaccount::new(64), Err(NoSubaccount(64)));
}

type Call = fn(KalshiClient) -> std::pin::Pin<Box<dyn Future<Output = String> + Send>>;

/// Every write whose answer is about one thing.
const WRITES: [(&str, Call); 14] = [
    ("amend", |client| Box::pin(async move { said(client.amend_order(&change()).await) })),
    ("decrease", |client| {
        Box::pin(async move {
            said(client.decrease_order(&"o-1".parse().unwrap(), Decrease::To("3".parse().unwrap()), 2).await)
        })
    }),
    ("cancel", |client| Box::pin(async move { said(client.cancel_order(&"o-1".parse().unwrap(), 2).await) })),
    ("create batch", |client| Box::pin(async move { said(client.create_orders(&[named("c-1")]).await) })),
    ("cancel batch", |client| Box::pin(async move { said(client.cancel_orders(&["o-1".parse().unwrap()], 2).await) })),
    ("cancel all", |client| Box::pin(async move { said(client.cancel_all().await) })),
    ("create group", |client| Box::pin(async move { said(client.create_order_group("5".parse().unwrap(), 2).await) })),
    ("trigger group", |client| {
        Box::pin(async move { said(client.trigger_order_group(&"g".parse().unwrap(), 2).await) })
    }),
    ("delete group", |client| Box::pin(async move { said(client.delete_order_group(&"g".parse().unwrap(), 2).await) })),
    ("subaccount", |client| Box::pin(async move { said(client.create_subaccount(2).await) })),
    ("move cash", |client| Box::pin(async move { said(client.move_cash(&cash_move()).await) })),
    ("netting", |client| Box::pin(async move { said(client.set_netting(Subaccount::PRIMARY, true).await) })),
    ("move shard", |client| Box::pin(async move { said(client.move_between_shards(&shard_move()).await) })),
    ("targets", |client| Box::pin(async move { said(client.set_target_balances(&[], RestingReserve::Sum).await) })),
];

#[tokio::test]
async fn what_an_answer_amounts_to_whatever_was_written() {
    let unknown = [
        (500, r#"{"error":{"code":"internal","message":"m"}}"#),
        (503, "upstream"),
        (408, ""),
        (302, "moved"),
        (200, "<html>welcome to the hotel's network</html>"),
        (200, ""),
        (201, "[]"),
        (400, "<html>bad request</html>"),
        (404, "404 page not found"),
    ];
    for (name, call) in WRITES {
        let asked = |script: &Script| script.requests.lock().unwrap().len();
        for (status, body) in unknown {
            let (client, script, _) = setup(&[(status, body)]);
            let said = call(client).await;
            assert!(said.starts_with("the outcome is unknown: "), "{name}: {status} {body}: {said}");
            assert_eq!(asked(&script), 1, "{name}: nothing is sent again");
        }
        let lost = setup(&[]);
        lost.1.answers.lock().unwrap().push_back(Err(TransportError::Lost("reset".into())));
        assert!(call(lost.0).await.starts_with("the outcome is unknown: "), "{name}");
        assert_eq!(asked(&lost.1), 1, "{name}: nothing is sent again");
        let unsent = setup(&[]);
        unsent.1.answers.lock().unwrap().push_back(Err(TransportError::NotSent("no route".into())));
        assert!(call(unsent.0).await.starts_with("not sent: "), "{name}");
        for (status, code, expected) in [
            (400, "invalid_parameters", "refused: invalid_parameters"),
            (401, "authentication_error", "the exchange does not accept the key: authentication_error"),
            (403, "forbidden", "refused: forbidden"),
            (409, "exchange_is_paused", "trading is paused: exchange_is_paused"),
            (429, "slow_down", "refused: the exchange's rate limit is reached"),
        ] {
            let (client, ..) = setup(&[(status, &format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#))]);
            assert_eq!(call(client).await, expected, "{name}");
        }
        let (client, ..) = setup(&[(404, r#"{"error":{"code":"not_found","message":"not found"}}"#)]);
        let of_one_order = matches!(name, "amend" | "decrease" | "cancel");
        let expected = if of_one_order {
            "no resting order has this id: it may be executed or canceled"
        } else {
            "refused: not_found"
        };
        assert_eq!(call(client).await, expected, "{name}");
    }
}

#[tokio::test]
async fn done_needs_the_thing_that_was_done() {
    let order = r#"{"order_id":"o-1","client_order_id":"c-2","remaining_count":"3.00","ts_ms":1}"#;
    let call = |name: &str| WRITES.iter().find(|(other, _)| *other == name).unwrap().1;
    let mut trace = Vec::new();
    for (name, status, body) in [
        ("amend", 200, order.to_owned()),
        ("amend", 200, order.replace(r#","client_order_id":"c-2""#, "")),
        ("amend", 200, order.replace("o-1", "o-2")),
        ("amend", 200, order.replace("c-2", "c-1")),
        ("amend", 200, order.replace("3.00", "three")),
        ("decrease", 200, order.replace("o-1", "o-2")),
        ("decrease", 200, order.replace(r#""remaining_count":"3.00","#, "")),
        ("create group", 201, "{}".into()),
        ("create group", 201, r#"{"order_group_id":"","subaccount":0}"#.into()),
        ("create group", 201, r#"{"order_group_id":"g","subaccount":0,"exchange_index":0}"#.into()),
        ("subaccount", 201, r#"{"subaccount_number":64}"#.into()),
        ("move shard", 200, r#"{"transfer_id":""}"#.into()),
        ("move cash", 409, r#"{"error":{"code":"transfer_already_applied","message":"m"}}"#.into()),
    ] {
        let (client, ..) = setup(&[(status, &body)]);
        trace.push(format!("{name}: {}", call(name)(client).await));
    }
    insta::assert_snapshot!(trace.join("\n"), @r#"
    amend: done AmendedOrder { exchange_id: o-1, client_order_id: Some(c-2), filled: None, remaining: Some(Quantity(300)), exchange_time: 1970-01-01T00:00:00.001Z }
    amend: done AmendedOrder { exchange_id: o-1, client_order_id: None, filled: None, remaining: Some(Quantity(300)), exchange_time: 1970-01-01T00:00:00.001Z }
    amend: the outcome is unknown: status 200, which does not say what was done: it is for order `o-2`: {"order_id":"o-2","client_order_id":"c-2","remaining_count":"3.00","ts_ms":1}
    amend: the outcome is unknown: status 200, which does not say what was done: it is for client order id `c-1`: {"order_id":"o-1","client_order_id":"c-1","remaining_count":"3.00","ts_ms":1}
    amend: the outcome is unknown: status 200, which does not say what was done: order o-1: field `remaining_count` is `three`: `three` is not a plain decimal number: {"order_id":"o-1","client_order_id":"c-2","remaining_count":"three","ts_ms":1}
    decrease: the outcome is unknown: status 200, which does not say what was done: it is for order `o-2`: {"order_id":"o-2","client_order_id":"c-2","remaining_count":"3.00","ts_ms":1}
    decrease: the outcome is unknown: status 200, which does not say what was done: missing field `remaining_count` at line 1 column 52: {"order_id":"o-1","client_order_id":"c-2","ts_ms":1}
    create group: the outcome is unknown: status 201, which does not say what was done: missing field `order_group_id` at line 1 column 2: {}
    create group: the outcome is unknown: status 201, which does not say what was done: order_group_id: `` is not an order group id: it needs 1 to 128 visible ASCII characters: {"order_group_id":"","subaccount":0}
    create group: the outcome is unknown: status 201, which does not say what was done: the group is on another shard: {"order_group_id":"g","subaccount":0,"exchange_index":0}
    subaccount: the outcome is unknown: status 201, which does not say what was done: 64 is no subaccount: they are numbered from 0, the primary one, to 63: {"subaccount_number":64}
    move shard: the outcome is unknown: status 200, which does not say what was done: the transfer id is empty: {"transfer_id":""}
    move cash: refused: transfer_already_applied
    "#);
}

async fn created(sent: &[&str], items: &str) -> Vec<String> {
    let (client, script, _): (_, Arc<Script>, _) = setup(&[(201, &format!(r#"{{"orders":[{items}]}}"#))]);
    let orders: Vec<_> = sent.iter().map(|id| named(id)).collect();
    let outcomes = client.create_orders(&orders).await.unwrap();
    assert_eq!((outcomes.len(), script.requests.lock().unwrap().len()), (sent.len(), 1));
    let short = |outcome: Result<recio_kalshi::parse::CreatedOrder, WriteError>| {
        said(outcome.map(|created| (created.exchange_id, created.filled, created.remaining)))
    };
    outcomes.into_iter().map(short).map(|text| text.split(": {\"orders\"").next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_item_of_a_batch_has_an_outcome_of_its_own() {
    let item = |order: &str, client: &str| {
        format!(
            r#"{{"order_id":"{order}","client_order_id":"{client}","fill_count":"4.00","remaining_count":"6.00","ts_ms":1}}"#
        )
    };
    let nameless = |order: &str| item(order, "x").replace(r#""client_order_id":"x","#, "");
    let error = |client: &str, code: &str| {
        format!(r#"{{"client_order_id":"{client}","error":{{"code":"{code}","message":"m"}}}}"#)
    };
    let mut trace = Vec::new();
    for (about, items) in [
        (
            "taken and refused",
            [
                item("o-1", "a"),
                error("b", "insufficient_balance"),
                error("c", "fill_or_kill_insufficient_resting_volume"),
            ]
            .join(","),
        ),
        (
            "paused, closed, there before",
            [error("a", "trading_is_paused"), error("b", "market_inactive"), error("c", "order_already_exists")]
                .join(","),
        ),
        ("in another order", [item("o-3", "c"), item("o-2", "b"), item("o-1", "a")].join(",")),
        (
            "without our ids, known by place",
            [nameless("o-1"), r#"{"error":{"code":"invalid_price"}}"#.into(), nameless("o-3")].join(","),
        ),
        ("one missing, so place says nothing", [nameless("o-1"), item("o-2", "b")].join(",")),
        ("one twice", [item("o-1", "a"), item("o-2", "a"), item("o-3", "c")].join(",")),
        (
            "neither id nor error; both; a code that nobody knows",
            [
                "{\"client_order_id\":\"a\"}".into(),
                item("o-2", "b").replace("\"ts_ms\"", "\"error\":{\"code\":\"invalid_price\"},\"ts_ms\""),
                error("c", "internal_server_error"),
            ]
            .join(","),
        ),
        (
            "odd items spoil themselves alone",
            ["7".into(), item("o-2", "b").replace("4.00", "four"), item("o-3", "c")].join(","),
        ),
        ("nothing", String::new()),
    ] {
        trace.push(format!("- {about}"));
        trace.extend(created(&["a", "b", "c"], &items).await);
    }
    insta::assert_snapshot!(trace.join("\n"), @r"
    - taken and refused
    done (o-1, Quantity(400), Quantity(600))
    refused: insufficient_balance
    refused: fill_or_kill_insufficient_resting_volume
    - paused, closed, there before
    trading is paused: trading_is_paused
    the market is closed: market_inactive
    the outcome is unknown: an order with this client id exists already
    - in another order
    done (o-1, Quantity(400), Quantity(600))
    done (o-2, Quantity(400), Quantity(600))
    done (o-3, Quantity(400), Quantity(600))
    - without our ids, known by place
    done (o-1, Quantity(400), Quantity(600))
    refused: invalid_price
    done (o-3, Quantity(400), Quantity(600))
    - one missing, so place says nothing
    the outcome is unknown: status 201, which does not say what was done: no item is about this order
    done (o-2, Quantity(400), Quantity(600))
    the outcome is unknown: status 201, which does not say what was done: no item is about this order
    - one twice
    the outcome is unknown: status 201, which does not say what was done: two items are about this order
    the outcome is unknown: status 201, which does not say what was done: no item is about this order
    done (o-3, Quantity(400), Quantity(600))
    - neither id nor error; both; a code that nobody knows
    the outcome is unknown: status 201, which does not say what was done: the item has neither an order id nor an error
    the outcome is unknown: status 201, which does not say what was done: order `o-2` has an id and the error `invalid_price`
    the outcome is unknown: status 201, which does not say what was done: the error `internal_server_error` does not tell whether anything was done
    - odd items spoil themselves alone
    the outcome is unknown: status 201, which does not say what was done: the item cannot be read: invalid type: integer `7`, expected struct BatchCreated
    the outcome is unknown: status 201, which does not say what was done: order o-2: field `fill_count` is `four`: `four` is not a plain decimal number
    done (o-3, Quantity(400), Quantity(600))
    - nothing
    the outcome is unknown: status 201, which does not say what was done: no item is about this order
    the outcome is unknown: status 201, which does not say what was done: no item is about this order
    the outcome is unknown: status 201, which does not say what was done: no item is about this order
    ");
}

#[tokio::test]
async fn cancels_in_a_batch_are_known_by_their_ids() {
    let body = r#"{"orders":[{"order_id":"o-2","reduced_by":"0.00","error":{"code":"not_found","message":"not found"}},
        {"order_id":"o-1","reduced_by":"6.00","ts_ms":1},{"order_id":"o-3","reduced_by":"6.00"},
        {"order_id":"o-4","reduced_by":"0.00","error":{"code":"exchange_is_paused"}},{"order_id":"o-5","reduced_by":"0.00","error":{"code":"odd"}}]}"#;
    let (client, ..) = setup(&[(200, body)]);
    let ids: Vec<_> = (1..=6).map(|number| format!("o-{number}").parse().unwrap()).collect();
    let outcomes = client.cancel_orders(&ids, 2).await.unwrap();
    let short = |text: String| text.split(": {\"orders\"").next().unwrap().to_owned();
    let trace: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| short(said(outcome.map(|canceled| (canceled.exchange_id, canceled.reduced_by)))))
        .collect();
    insta::assert_snapshot!(trace.join("\n"), @r"
    done (o-1, Quantity(600))
    no resting order has this id: it may be executed or canceled
    the outcome is unknown: status 200, which does not say what was done: cancel o-3: field `ts_ms` is ``: it is required here and absent
    trading is paused: exchange_is_paused
    the outcome is unknown: status 200, which does not say what was done: the error `odd` does not tell whether anything was done
    the outcome is unknown: status 200, which does not say what was done: no item is about this order
    ");
}

#[tokio::test]
async fn what_cannot_be_meant_is_not_sent() {
    let (client, script, _) = setup(&[]);
    let twice = client.create_orders(&[named("a"), named("a")]).await;
    assert_eq!(said(twice), "not sent: client order id a is in the batch twice");
    let id: recio_core::units::ExchangeOrderId = "o-1".parse().unwrap();
    assert_eq!(said(client.cancel_orders(&[id.clone(), id], 2).await), "not sent: order o-1 is in the batch twice");
    assert!(client.create_orders(&[]).await.unwrap().is_empty());
    assert!(client.cancel_orders(&[], 2).await.unwrap().is_empty());
    for amount in ["0", "-5", "5.001", "0.000001"] {
        let cash = CashMove { amount: amount.parse().unwrap(), ..cash_move() };
        assert!(matches!(client.move_cash(&cash).await, Err(WriteError::NotSent(_))), "{amount}");
    }
    for amount in ["0", "-5", "5.00001"] {
        let cash = ShardMove { amount: amount.parse().unwrap(), ..shard_move() };
        assert!(matches!(client.move_between_shards(&cash).await, Err(WriteError::NotSent(_))), "{amount}");
    }
    assert_eq!(script.take(), "");
}
