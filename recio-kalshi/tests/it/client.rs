//! The REST client over a scripted transport.

use crate::data;
use crate::script::setup;
use recio_core::market::BookSide;
use recio_core::trade::TimeInForce;
use recio_kalshi::client::{FillFilter, MarketFilter, NewOrder, OrderFilter};
use recio_kalshi::error::{ReadError, WriteError};
use recio_kalshi::signing::{KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use recio_kalshi::transport::{HttpResponse, TransportError};

pub(crate) fn order() -> NewOrder {
    NewOrder {
        market: "KXBTCD-26NOV2217-T91249.99".parse().unwrap(),
        client_order_id: "4a75a66e-ca85-4187-93cd-aac5e01ad982".parse().unwrap(),
        book_side: BookSide::Bid,
        yes_price: "0.56".parse().unwrap(),
        quantity: "10".parse().unwrap(),
        time_in_force: TimeInForce::ImmediateOrCancel,
        expiration_time: None,
        post_only: false,
        reduce_only: true,
        cancel_on_pause: false,
        order_group_id: None,
        exchange_index: 2,
    }
}

#[tokio::test]
async fn an_order_is_signed_sent_once_and_read_back() {
    let (client, script, key) = setup(&[(201, &data("demo_orders__create_v2_maker.json"))]);
    let created = client.create_order(&order()).await.unwrap();
    assert_eq!((created.filled.to_string().as_str(), created.remaining.to_string().as_str()), ("0.00", "1.00"));
    let requests = script.requests.lock().unwrap();
    let [request] = &requests[..] else { panic!("one request, not {}", requests.len()) };
    insta::assert_snapshot!(String::from_utf8_lossy(&request.body), @r#"{"ticker":"KXBTCD-26NOV2217-T91249.99","client_order_id":"4a75a66e-ca85-4187-93cd-aac5e01ad982","side":"bid","count":"10.00","price":"0.5600","time_in_force":"immediate_or_cancel","self_trade_prevention_type":"taker_at_cross","post_only":false,"reduce_only":true,"cancel_order_on_pause":false,"exchange_index":2}"#);
    let header = |name| &request.headers.iter().find(|(header, _)| *header == name).unwrap().1;
    assert_eq!(header(KEY_HEADER), "key-1");
    let signature = header(SIGNATURE_HEADER);
    key.verifying_key()
        .verify(header(TIMESTAMP_HEADER), "POST", "/trade-api/v2/portfolio/events/orders", signature)
        .unwrap();
    assert!(!format!("{request:?}").contains(signature.as_str()));
}

#[tokio::test]
async fn no_clear_answer_means_unknown() {
    for (status, body) in
        [(201, "{}"), (500, "{}"), (201, r#"{"order_id":"o","fill_count":"x","remaining_count":"1.00","ts_ms":1}"#)]
    {
        let (client, ..) = setup(&[(status, body)]);
        let error = client.create_order(&order()).await.unwrap_err();
        assert!(matches!(error, WriteError::OutcomeUnknown(_)), "{status} {body}: {error:?}");
    }
    let (client, script, _) = setup(&[]);
    let answers = || script.answers.lock().unwrap();
    answers().push_back(Err(TransportError::Lost("reset".into())));
    assert!(matches!(client.create_order(&order()).await, Err(WriteError::OutcomeUnknown(_))));
    answers().push_back(Err(TransportError::NotSent("no route".into())));
    assert!(matches!(client.create_order(&order()).await, Err(WriteError::NotSent(_))));
}

#[tokio::test]
async fn a_cancel_names_the_shard_and_a_404_is_not_canceled() {
    let id = "2597b999-f887-4195-8bac-c3f97a1f2021".parse().unwrap();
    let (client, script, _) =
        setup(&[(200, &data("demo_orders__cancel_v2.json")), (404, &data("demo_orders__cancel_unknown_id.json"))]);
    assert_eq!(client.cancel_order(&id, 2).await.unwrap().reduced_by.to_string(), "1.00");
    assert!(matches!(client.cancel_order(&id, 2).await, Err(WriteError::NotResting)));
    let requests = script.requests.lock().unwrap();
    assert_eq!(requests[0].path, format!("/trade-api/v2/portfolio/events/orders/{id}"));
    assert_eq!(requests[0].query, [("exchange_index", "2".to_owned())]);
    assert_eq!(&requests[0].body[..], b"{}");
}

fn orders_page(ids: &[&str], cursor: &str) -> String {
    let order: serde_json::Value = serde_json::from_str(&data("demo_orders__get_after_create.json")).unwrap();
    let orders: Vec<_> = ids
        .iter()
        .map(|id| {
            let mut order = order["order"].clone();
            order["order_id"] = (*id).into();
            order
        })
        .collect();
    serde_json::json!({ "orders": orders, "cursor": cursor }).to_string()
}

#[tokio::test]
async fn paging_reads_everything_or_says_what_is_missing() {
    let read = async |answers: &[(u16, &str)]| {
        let (client, script, _) = setup(answers);
        let found = client.orders(&OrderFilter::default()).await.unwrap();
        let asked = script.requests.lock().unwrap().len();
        (found.items.len(), found.complete, asked, found.missing.unwrap_or_default())
    };
    let (one, two, last) = (orders_page(&["a", "b"], "c1"), orders_page(&["c"], "c2"), orders_page(&["d"], ""));
    assert_eq!(read(&[(200, &one), (200, &two), (200, &last)]).await, (4, true, 3, String::new()));
    assert_eq!(read(&[(200, &orders_page(&[], ""))]).await, (0, true, 1, String::new()));
    let trace = [
        read(&[(200, &one), (503, "down")]).await,
        read(&[(200, &one), (200, "{")]).await,
        read(&[(200, &one), (200, &orders_page(&["b", "c"], ""))]).await,
        read(&[(200, &one), (200, &orders_page(&["c"], "c1"))]).await,
        read(&[(200, &one.replace("0.0100", "one cent")), (200, &last)]).await,
    ];
    let trace: Vec<_> = trace.iter().map(|(n, complete, _, missing)| format!("{n} {complete} {missing}")).collect();
    insta::assert_snapshot!(trace.join("\n"), @r"
    2 false page 2: orders: no answer: status 503: down
    2 false page 2: orders: the answer cannot be read: EOF while parsing an object at line 1 column 1
    3 false page 2: `b` came twice, so the list moved while it was read
    3 false page 2: the exchange repeats a cursor
    1 false order a: field `yes_price_dollars` is `one cent`: `one cent` is not a plain decimal number
    ");
}

#[tokio::test]
async fn a_server_without_end_is_left() {
    let (client, script, _) = setup(&[]);
    for number in 0..501 {
        let body = orders_page(&[], &format!("c{number}")).into();
        script.answers.lock().unwrap().push_back(Ok(HttpResponse { status: 200, body }));
    }
    let found = client.orders(&OrderFilter::default()).await.unwrap();
    assert_eq!((found.complete, found.missing.as_deref()), (false, Some("more than 500 pages")));
}

#[tokio::test]
async fn reads_turn_into_core_types_and_errors_into_next_actions() {
    let (client, script, _) = setup(&[
        (200, &data("prod_series_KXBTCD_2026-09-25.json")),
        (200, &data("prod_markets_open_KXBTC15M_2026-09-25.json")),
        (200, &data("demo_fills__after_taker.json")),
        (200, &data("demo_auth__balance_ok.json")),
        (503, r#"{"exchange_active":false,"trading_active":false}"#),
        (200, r#"{"data":{"serverTime":"x","payload":[{"time":1795356000000,"value":"91204.11"}]}}"#),
    ]);
    assert_eq!(client.series(&"KXBTCD".parse().unwrap()).await.unwrap().fee_multiplier.to_string(), "1.0000");
    let filter =
        MarketFilter { series: Some("KXBTC15M".parse().unwrap()), status: Some("open"), ..MarketFilter::default() };
    let markets = client.markets(&filter).await.unwrap();
    assert_eq!((markets.items.len(), markets.complete), (1, true));
    assert_eq!(client.fills(&FillFilter::default()).await.unwrap().items.len(), 3);
    assert_eq!(client.balance().await.unwrap().cash.to_string(), "98.018600");
    assert!(!client.exchange_status().await.unwrap().trading_active);
    let hour = "2026-11-22T14:00:00Z".parse().unwrap();
    assert_eq!(client.index_history("BRTI", hour).await.unwrap().len(), 1);
    let requests = script.requests.lock().unwrap();
    assert_eq!(requests[1].query[..2], [("series_ticker", "KXBTC15M".to_owned()), ("status", "open".to_owned())]);
    assert_eq!(requests[5].query[2].1, "2026-11-22T14:00:00.000Z");
}

#[tokio::test]
async fn read_errors_say_what_to_do() {
    let error = async |status, body: &str| {
        let (client, ..) = setup(&[(status, body)]);
        client.balance().await.unwrap_err()
    };
    assert!(matches!(error(401, &data("demo_auth__bad_signature.json")).await, ReadError::AuthLost { .. }));
    assert!(matches!(error(429, r#"{"error":"too many requests"}"#).await, ReadError::RateLimited { .. }));
    assert!(matches!(error(404, "").await, ReadError::NotFound { .. }));
    assert!(matches!(
        error(400, &data("demo_markets__limit_over_max.json")).await,
        ReadError::Refused { status: 400, .. }
    ));
    assert!(matches!(error(502, "<html>").await, ReadError::Unavailable { .. }));
    assert!(matches!(error(200, "<html>").await, ReadError::Unreadable { .. }));
    assert!(matches!(error(200, r#"{"balance":1}"#).await, ReadError::Unreadable { .. }));
}
