//! REST over the loopback: bodies and codes as the exchange has them.

use crate::stage::{M0900, M0915, Stage, order, real_now, ticker};
use recio_core::market::MarketStatus;
use recio_core::units::Money;
use recio_kalshi::client::MarketFilter;
use recio_kalshi::signing::{KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, generate_ed25519};
use recio_kalshi::transport::{Method, TransportError};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_request_that_is_not_signed_right_is_refused_in_the_exchanges_words() {
    let stage = Stage::lockstep(SECOND, 1).await;
    let caller = stage.caller();
    let path = "/trade-api/v2/portfolio/balance";
    let now = real_now().as_millisecond();
    let stranger = generate_ed25519("11111111-2222-4333-8444-555555555555").unwrap().key;
    let headers = |ms: i64, method: &str| caller.key.sign(ms, method, path).unwrap().into_pairs().to_vec();
    let foreign = stranger.sign(now, "GET", path).unwrap().into_pairs().to_vec();
    let unsigned: Vec<_> = headers(now, "GET").into_iter().filter(|(name, _)| *name != SIGNATURE_HEADER).collect();
    let mut lines = Vec::new();
    for headers in [
        vec![],
        unsigned,
        headers(now - 30_000, "GET"),
        headers(now + 60_000, "GET"),
        headers(now, "POST"),
        foreign,
        headers(now - 10_000, "GET"),
        headers(now + 30_000, "GET"),
    ] {
        lines.push(caller.raw(Method::Get, path.to_owned(), &[], headers, "").await.line());
    }
    let missing =
        r#"401 {"error":{"code":"signature_is_missing_from_headers","message":"signature is missing from headers"}}"#;
    let expired = r#"401 {"error":{"code":"header_timestamp_expired","message":"header timestamp expired"}}"#;
    let refused = |details: &str| {
        format!(
            r#"401 {{"error":{{"code":"authentication_error","details":"{details}","message":"authentication_error"}}}}"#
        )
    };
    assert_eq!(lines[0], missing);
    assert_eq!(lines[1], missing);
    assert_eq!(lines[2], expired);
    assert_eq!(lines[3], expired);
    assert_eq!(lines[4], refused("INCORRECT_API_KEY_SIGNATURE"));
    assert_eq!(lines[5], refused("NOT_FOUND"));
    assert!(lines[6].starts_with("200") && lines[7].starts_with("200"), "{lines:?}");

    let socket = |headers| caller.transport.connect(headers);
    let wrong = vec![
        (KEY_HEADER, caller.key.id().to_owned()),
        (TIMESTAMP_HEADER, now.to_string()),
        (SIGNATURE_HEADER, "AAAA".to_owned()),
    ];
    for headers in [vec![], wrong] {
        let error = socket(headers).await.map(|_| ()).unwrap_err();
        assert!(matches!(&error, TransportError::HandshakeRefused(answer) if answer.status == 401), "{error:?}");
    }
}

#[tokio::test]
async fn everything_says_that_it_is_a_simulator() {
    let stage = Stage::lockstep(SECOND, 1).await;
    let endpoint = stage.endpoint();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for url in [
        format!("{}/exchange/status", endpoint.rest),
        format!("{}/portfolio/balance", endpoint.rest),
        format!("{}/about", endpoint.control),
        endpoint.ws.replace("ws://", "http://"),
        endpoint.rest.replace("/trade-api/v2", "/nowhere"),
    ] {
        let answer = http.get(&url).send().await.unwrap();
        assert_eq!(answer.headers()["x-recio-simulator"], "true", "{url}");
    }
    let about = stage.control.about().await.unwrap();
    assert!(about.simulator && about.banner.contains("simulator"));
    assert!(about.stand_ins.iter().any(|text| text.contains("BRTI")), "{about:?}");
    assert!(about.origin.iter().any(|text| text.contains("kalshi-probability-model-bot")));
    assert_eq!((about.now, about.ended, about.rebased), (endpoint.now, false, false));
    assert!(endpoint.simulator && endpoint.index_is_stand_in);
    assert!(endpoint.ws.starts_with("ws://127.0.0.1:") && endpoint.rest.starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn public_data_parses_and_needs_no_key() {
    let stage = Stage::lockstep(SECOND, 1).await;
    let caller = stage.caller();
    let rest = recio_kalshi::client::KalshiClient::new(caller.transport.clone(), None, crate::stage::real_clock());
    let status = rest.exchange_status().await.unwrap();
    let crypto = status.exchange_index_statuses.unwrap();
    assert!(crypto.iter().any(|shard| shard.exchange_index == 2 && shard.trading_active));
    rest.series(&"KXBTC15M".parse().unwrap()).await.unwrap();
    let event = rest.event(&"KXBTC15M-26MAY130900".parse().unwrap()).await.unwrap();
    assert_eq!((event.markets.len(), event.unreadable.len()), (1, 0));
    assert_eq!(
        rest.event(&"KXBTC15M-26MAY130901".parse().unwrap()).await.unwrap_err().to_string(),
        "event KXBTC15M-26MAY130901: not found"
    );
    let all = rest.markets(&MarketFilter::default()).await.unwrap();
    assert!(all.complete);
    let statuses: Vec<_> = all.items.iter().map(|market| market.status).collect();
    assert_eq!(statuses, [MarketStatus::Active, MarketStatus::Initialized, MarketStatus::Initialized]);
    assert!(all.items[0].strike.known().is_some() && all.items[1].strike.known().is_none());
    assert!(all.items.iter().all(|market| market.result.is_none() && market.expiration_value.is_none()));
    let open = MarketFilter { status: Some("open"), ..MarketFilter::default() };
    assert_eq!(rest.markets(&open).await.unwrap().items.len(), 1);
    let late = MarketFilter { min_close: Some(crate::stage::at("13:15:00")), ..MarketFilter::default() };
    assert_eq!(rest.markets(&late).await.unwrap().items.len(), 2);
    let book = rest.orderbook(&ticker(M0900)).await.unwrap();
    assert!(!book.bids.is_empty() || !book.asks.is_empty());
    let events = caller.get("/events", &[("series_ticker", "KXBTC15M"), ("status", "open"), ("limit", "1")]).await;
    assert_eq!((events.status, events.body["events"].as_array().unwrap().len()), (200, 1));
    assert_eq!(events.body["cursor"], "");

    let first = caller.get("/markets", &[("limit", "2")]).await.body;
    let cursor = first["cursor"].as_str().unwrap();
    let rest_of_it = caller.get("/markets", &[("limit", "2"), ("cursor", cursor)]).await.body;
    let count = |page: &serde_json::Value| page["markets"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&rest_of_it), rest_of_it["cursor"].as_str()), (2, 1, Some("")));
    let garbage = caller.get("/markets", &[("limit", "2"), ("cursor", "zz")]).await.body;
    assert_eq!(garbage["markets"][0], first["markets"][0], "a garbage cursor is the first page");
}

#[tokio::test]
async fn questions_that_are_not_allowed_are_refused_with_a_msg() {
    let stage = Stage::lockstep(SECOND, 1).await;
    let caller = stage.caller();
    for query in [
        [("limit", "1001"), ("x", "y")],
        [("limit", "many"), ("x", "y")],
        [("status", "active"), ("x", "y")],
        [("status", "open"), ("max_close_ts", "1778677200")],
        [("status", "settled"), ("min_created_ts", "1778677200")],
    ] {
        let reply = caller.get("/markets", &query).await;
        assert_eq!(reply.status, 400, "{query:?}");
        let msg = reply.body["msg"].as_str().unwrap();
        assert!(msg.starts_with("Parameter validation failed for GetMarkets: "), "{msg}");
    }
    for path in
        ["/markets/KXNONE-1-2", "/markets/KXNONE-1-2/orderbook", "/series/KXNONE", "/nothing", "/portfolio/orders/1"]
    {
        let reply = caller.get(path, &[]).await;
        assert_eq!((reply.status, reply.body["error"]["code"].as_str()), (404, Some("not_found")), "{path}");
    }
}

#[tokio::test]
async fn orders_live_and_end_as_at_the_exchange() {
    let stage = Stage::lockstep(SECOND, 1).await;
    let caller = stage.caller();
    let rests = order(M0900, "rests", "bid", "10.00", "0.0010", "good_till_canceled");
    let made = caller.create(&rests).await;
    assert_eq!((made.status, made.body["fill_count"].as_str()), (201, Some("0.00")), "{made:?}");
    assert_eq!(made.body["remaining_count"], "10.00");
    assert!(made.body.get("average_fill_price").is_none());
    let again = caller.create(&rests).await;
    assert_eq!(again.line(), r#"409 {"error":{"code":"order_already_exists","message":"order already exists"}}"#);

    let mut number = order(M0900, "number", "bid", "1", "0.01", "good_till_canceled");
    number["price"] = 0.01.into();
    let reply = caller.create(&number).await;
    assert_eq!((reply.status, reply.body["code"].as_str()), (400, Some("bad_request")), "{reply:?}");
    assert!(reply.body["message"].as_str().unwrap().contains("cannot unmarshal number"));

    let code =
        |reply: crate::stage::Reply| format!("{} {}", reply.status, reply.body["error"]["code"].as_str().unwrap());
    let create = |id: &str, side: &str, count: &str, price: &str, tif: &str| order(M0900, id, side, count, price, tif);
    let gtc = "good_till_canceled";
    assert_eq!(code(caller.create(&create("o1", "bid", "1", "0.1050", gtc)).await), "400 invalid_price");
    assert_eq!(code(caller.create(&create("o2", "bid", "0", "0.10", gtc)).await), "400 invalid_order_size");
    assert_eq!(code(caller.create(&create("o3", "bid", "90000", "0.90", gtc)).await), "400 insufficient_balance");
    assert_eq!(code(caller.create(&create("a.b", "bid", "1", "0.10", gtc)).await), "400 invalid_parameters");
    assert_eq!(
        code(caller.create(&create("o4", "bid", "1", "0.0010", "fill_or_kill")).await),
        "409 fill_or_kill_insufficient_resting_volume"
    );
    assert_eq!(code(caller.create(&order(M0915, "o5", "bid", "1", "0.10", gtc)).await), "400 market_inactive");
    assert_eq!(code(caller.create(&order("KXNONE-1-2", "o6", "bid", "1", "0.10", gtc)).await), "404 market_not_found");
    let old = caller.send(Method::Post, "/portfolio/orders", &[], "{}").await;
    assert_eq!(code(old), "410 deprecated_v1_order_endpoint");

    let id = made.body["order_id"].as_str().unwrap().to_owned();
    let path = format!("/portfolio/events/orders/{id}");
    let shard: &[(&str, &str)] = &[("exchange_index", "2")];
    let nowhere = r#"404 {"error":{"code":"not_found","message":"not found"}}"#;
    assert_eq!(
        caller.send(Method::Delete, &path, &[], "{}").await.line(),
        nowhere,
        "on shard 0 there is no such order"
    );
    let canceled = caller.send(Method::Delete, &path, shard, "{}").await;
    assert_eq!((canceled.status, canceled.body["reduced_by"].as_str()), (200, Some("10.00")), "{canceled:?}");
    assert_eq!(caller.send(Method::Delete, &path, shard, "{}").await.line(), nowhere);
    let order = caller.get(&format!("/portfolio/orders/{id}"), &[]).await.body;
    assert_eq!(order["order"]["status"], "canceled");
    assert_eq!(
        (order["order"]["remaining_count_fp"].as_str(), order["order"]["initial_count_fp"].as_str()),
        (Some("0.00"), Some("10.00"))
    );

    let truth = stage.control.account(&stage.endpoint().key_id).await.unwrap();
    assert_eq!(truth.posts_per_client_order_id["rests"], 2, "both were counted");
    assert_eq!(truth.posts_per_client_order_id["o4"], 1);
    assert_eq!((truth.cash, truth.reserved, truth.orders.len()), (Money::dollars(1000), Money::ZERO, 1));
}

#[tokio::test]
async fn an_immediate_order_takes_from_the_recorded_book_and_everything_adds_up() {
    let stage = Stage::lockstep(SECOND, 1).await;
    let caller = stage.caller();
    let before = caller.rest.orderbook(&ticker(M0900)).await.unwrap();
    let best = before.bids[0];
    let made =
        caller.create(&order(M0900, "takes", "ask", "2.00", &best.price.to_string(), "immediate_or_cancel")).await;
    assert_eq!((made.status, made.body["fill_count"].as_str()), (201, Some("2.00")), "{made:?}");
    assert_eq!(
        (made.body["remaining_count"].as_str(), made.body["average_fill_price"].as_str()),
        (Some("0.00"), Some(best.price.to_string().as_str()))
    );
    let after = caller.rest.orderbook(&ticker(M0900)).await.unwrap();
    let left = after.bids.iter().find(|level| level.price == best.price).map_or(0, |level| level.quantity.hundredths());
    assert_eq!(left + 200, best.quantity.hundredths(), "what was taken is gone");

    for id in ["p1", "p2", "p3"] {
        let reply = caller.create(&order(M0900, id, "bid", "1", "0.0010", "immediate_or_cancel")).await;
        assert_eq!((reply.status, reply.body["fill_count"].as_str()), (201, Some("0.00")), "a zero fill is no error");
    }
    let mut cursor = String::new();
    let mut ids = Vec::new();
    loop {
        let page = caller.get("/portfolio/orders", &[("limit", "2"), ("cursor", &cursor)]).await.body;
        ids.extend(page["orders"].as_array().unwrap().iter().map(|order| order["client_order_id"].to_string()));
        cursor = page["cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(ids, [r#""p3""#, r#""p2""#, r#""p1""#, r#""takes""#]);

    let orders = caller.rest.orders(&recio_kalshi::client::OrderFilter::default()).await.unwrap();
    assert!(orders.complete && orders.items.len() == 4);
    let fills = caller.rest.fills(&recio_kalshi::client::FillFilter::default()).await.unwrap();
    let positions = caller.rest.positions().await.unwrap();
    assert!(positions.complete && positions.items.len() == 1);
    let fees: Money = fills.items.iter().map(|fill| fill.fee).sum();
    let cost: Money = fills.items.iter().map(|fill| fill.yes_price.complement() * fill.quantity).sum();
    let truth = stage.control.account(&stage.endpoint().key_id).await.unwrap();
    assert_eq!(truth.cash, truth.cash_start - cost - fees);
    assert_eq!(caller.rest.balance().await.unwrap().cash, truth.cash);
    assert_eq!(truth.fills.len(), fills.items.len());
    caller.rest.account_limits().await.unwrap();
    assert!(caller.rest.settlements(None).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn the_index_history_has_no_prints_from_the_gaps_and_none_from_the_future() {
    let stage = Stage::lockstep(SECOND, 1).await;
    let caller = stage.caller();
    let prints = caller.rest.index_history("BRTI", crate::stage::at("12:00:00")).await.unwrap();
    let has = |clock: &str| prints.iter().any(|(time, _)| *time == crate::stage::at(clock));
    assert!(!has("12:20:30") && has("12:20:58") && has("12:31:51") && !has("12:31:52") && !has("12:33:00"));
    assert!(has("12:40:00") && !has("12:50:00") && has("12:59:42") && !has("12:59:43"));
    assert!(prints.iter().all(|(time, _)| *time <= stage.endpoint().now));
    let other =
        caller.get("/cfbenchmarks/history/values", &[("id", "ETHUSD_RTI"), ("timestamp", "2026-05-13T12:00:00.000Z")]);
    assert_eq!(other.await.status, 404);
}

#[tokio::test]
async fn the_clients_own_calls_place_and_cancel() {
    let stage = Stage::lockstep(SECOND, 1).await;
    let caller = stage.caller();
    let order = recio_kalshi::client::NewOrder {
        market: ticker(M0900),
        client_order_id: "8c35ecb3-328f-4f52-8c7c-0f4b9862f8d1".parse().unwrap(),
        book_side: recio_core::market::BookSide::Bid,
        yes_price: "0.001".parse().unwrap(),
        quantity: "2.50".parse().unwrap(),
        time_in_force: recio_core::trade::TimeInForce::GoodTillCanceled,
        expiration_time: None,
        post_only: true,
        reduce_only: false,
        cancel_on_pause: true,
        order_group_id: None,
        exchange_index: 2,
    };
    let made = caller.rest.create_order(&order).await.unwrap();
    assert_eq!(caller.rest.balance().await.unwrap().cash, "999.9975".parse().unwrap(), "resting orders hold cash back");
    let twice = caller.rest.create_order(&order).await.unwrap_err();
    assert!(
        matches!(&twice, recio_kalshi::error::WriteError::OutcomeUnknown(_)),
        "a used id says nothing of this order: {twice}"
    );
    let canceled = caller.rest.cancel_order(&made.exchange_id, 2).await.unwrap();
    assert_eq!(canceled.reduced_by, order.quantity);
    let again = caller.rest.cancel_order(&made.exchange_id, 2).await.unwrap_err();
    assert!(matches!(again, recio_kalshi::error::WriteError::NotResting), "{again}");
    let report = caller.rest.order(&made.exchange_id).await.unwrap();
    assert_eq!(report.status, recio_core::trade::ReportedStatus::Canceled);
    assert_eq!(report.client_order_id, Some(order.client_order_id));
}
