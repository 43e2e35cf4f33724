//! What each read asks, and what becomes of its answer.

use crate::data;
use crate::script::setup;
use recio_kalshi::client::{
    ArchivedMarkets, CandlePeriod, CandleRange, EventFilter, FillFilter, MarketFilter, OrderFilter, PositionFilter,
    SeriesFilter, SettlementFilter, Subaccount, TradeFilter,
};
use recio_kalshi::error::ReadError;
use serde_json::{Value, json};
use std::error::Error;

/// A recorded market of the 25th of September, nested in a body of ours.
fn market() -> Value {
    let page: Value = serde_json::from_str(&data("prod_markets_open_KXBTCD_2026-09-25.json")).unwrap();
    page["markets"][0].clone()
}

fn event() -> Value {
    json!({"event_ticker": "KXBTCD-26SEP2516", "series_ticker": "KXBTCD", "title": "t", "sub_title": "s", "mutually_exclusive": false,
        "fee_multiplier_override": 0.5, "markets": [market(), {"ticker": "odd"}]})
}

fn source(error: &ReadError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn the_exchange() {
    let day = json!([{"open_time": "00:00", "close_time": "03:00"}, {"open_time": "05:00", "close_time": "00:00"}]);
    let schedule = json!({"schedule": {
        "standard_hours": [{"start_time": "2026-01-01T00:00:00Z", "end_time": "2027-01-01T00:00:00Z", "monday": [], "tuesday": [],
            "wednesday": [], "thursday": day, "friday": [], "saturday": [], "sunday": []}],
        "maintenance_windows": [{"start_datetime": "2026-11-26T08:00:00Z", "end_datetime": "2026-11-26T10:00:00Z"}]}})
    .to_string();
    let (client, script, _) = setup(&[(200, &schedule), (200, r#"{"as_of_time":"2026-11-22T17:00:00.5Z"}"#)]);
    let read = client.schedule().await.unwrap();
    let sessions: Vec<_> =
        read.weeks[0].sessions.iter().map(|s| format!("{:?} {} to {}", s.day, s.open, s.close)).collect();
    assert_eq!(sessions, ["Thursday 00:00:00 to 03:00:00", "Thursday 05:00:00 to 00:00:00"]);
    assert_eq!(read.maintenance, [("2026-11-26T08:00:00Z".parse().unwrap(), "2026-11-26T10:00:00Z".parse().unwrap())]);
    assert_eq!(client.account_data_time().await.unwrap(), "2026-11-22T17:00:00.5Z".parse().unwrap());
    insta::assert_snapshot!(script.take(), @r"
    GET /exchange/schedule
    GET /exchange/user_data_timestamp
    ");
    for (odd, with) in [("03:00", "3 o'clock"), ("2026-11-26T08:00:00Z", "2026-11-27T08:00:00Z")] {
        script.answer(200, &schedule.replace(odd, with));
        assert!(matches!(client.schedule().await, Err(ReadError::Unreadable { .. })), "{with}");
    }
}

#[tokio::test]
async fn series_and_events() {
    let series: Value = serde_json::from_str(&data("prod_series_KXBTCD_2026-09-25.json")).unwrap();
    let mut odd = series["series"].clone();
    odd["fee_multiplier"] = json!(-1);
    let list = json!({"series": [series["series"], odd]}).to_string();
    let change = |multiplier: Value| {
        json!({"id": "7", "event_ticker": "KXBTCD-26SEP2516", "series_ticker": "KXBTCD", "fee_type_override": "flat",
            "fee_multiplier_override": multiplier, "scheduled_ts": "2026-12-01T05:00:00Z"})
    };
    let series_change = json!({"series_fee_change_arr": [{"id": "8", "series_ticker": "KXBTCD", "fee_type": "quadratic", "fee_multiplier": 2,
        "scheduled_ts": "2026-12-01T05:00:00Z"}]});
    let metadata = json!({"image_url": "i", "market_details": [], "settlement_sources": []});
    let (client, script, _) = setup(&[
        (200, &list),
        (200, &series_change.to_string()),
        (200, &json!({ "event": event() }).to_string()),
        (200, &json!({"events": [event()], "cursor": ""}).to_string()),
        (200, &metadata.to_string()),
        (200, &json!({"event_fee_changes": [change(Value::Null)], "cursor": "next"}).to_string()),
        (200, &json!({"event_fee_changes": [change(json!(3))], "cursor": ""}).to_string()),
    ]);
    let filter = SeriesFilter {
        category: Some("Crypto".into()),
        tags: vec!["BTC".into(), "Hourly".into()],
        ..SeriesFilter::default()
    };
    let found = client.series_list(&filter).await.unwrap();
    assert_eq!((found.items.len(), found.complete), (1, false));
    assert!(found.missing.unwrap().contains("series KXBTCD: field `fee_multiplier` is `-1`"));
    let btcd = "KXBTCD".parse().unwrap();
    let found = client.series_fee_changes(Some(&btcd), true).await.unwrap();
    assert_eq!(found.items[0].fee_multiplier.to_string(), "2.0000");
    let ticker = "KXBTCD-26SEP2516".parse().unwrap();
    // `{"ticker": "odd"}` is not a market at all, so the answer as a whole is not one of the API.
    assert!(matches!(client.event(&ticker).await, Err(ReadError::Unreadable { .. })));
    let filter = EventFilter {
        series: Some(btcd),
        status: Some("open"),
        min_close: Some("2026-09-25T20:00:00Z".parse().unwrap()),
        ..EventFilter::default()
    };
    assert!(matches!(client.events(&filter).await, Err(ReadError::Unreadable { .. })));
    assert_eq!(client.event_metadata(&ticker).await.unwrap().image_url, "i");
    let found = client.event_fee_changes(None).await.unwrap();
    assert_eq!((found.items.len(), found.items[0].fee_multiplier), (1, None));
    assert!(found.missing.unwrap().contains("`7` came twice"));
    insta::assert_snapshot!(script.take(), @r"
    GET /series?category=Crypto&tags=BTC,Hourly
    GET /series/fee_changes?series_ticker=KXBTCD&show_historical=true
    GET /events/KXBTCD-26SEP2516?with_nested_markets=true
    GET /events?with_nested_markets=true&series_ticker=KXBTCD&status=open&min_close_ts=1790366400&limit=200
    GET /events/KXBTCD-26SEP2516/metadata
    GET /events/fee_changes?limit=100
    GET /events/fee_changes?limit=100&cursor=next
    ");
}

#[tokio::test]
async fn an_event_with_a_market_that_cannot_be_read() {
    let mut event = event();
    event["markets"][1] = market();
    event["markets"][1]["status"] = json!("dozing");
    let (client, ..) = setup(&[
        (200, &json!({ "event": event }).to_string()),
        (200, &json!({"events": [event], "cursor": ""}).to_string()),
    ]);
    let one = client.event(&"KXBTCD-26SEP2516".parse().unwrap()).await.unwrap();
    assert_eq!((one.markets.len(), one.unreadable.len()), (1, 1));
    assert_eq!(one.fee_multiplier_override.unwrap().to_string(), "0.5000");
    let listed = client.events(&EventFilter::default()).await.unwrap();
    assert_eq!(listed.items, [one]);
}

#[tokio::test]
async fn markets_books_and_trades() {
    let book =
        |ticker: &str, price: &str| json!({"ticker": ticker, "orderbook_fp": {"yes_dollars": [[price, "2.00"]]}});
    let books = json!({"orderbooks": [book("B", "0.3"), book("A", "1.3"), book("X", "0.1")]}).to_string();
    let page: Value = serde_json::from_str(&data("demo_trades__public.json")).unwrap();
    let trades = json!({"trades": page["trades"], "cursor": ""}).to_string();
    let markets = json!({"markets": [market()], "cursor": ""}).to_string();
    let (client, script, _) = setup(&[(200, &markets), (200, &books), (200, &trades)]);
    let hour = "2026-09-25T20:00:00Z".parse().unwrap();
    let filter = MarketFilter {
        min_settled: Some(hour),
        max_created: Some(hour),
        tickers: vec!["A".parse().unwrap(), "B".parse().unwrap()],
        ..MarketFilter::default()
    };
    assert_eq!(client.markets(&filter).await.unwrap().items.len(), 1);
    let tickers = ["A", "B", "C"].map(|ticker| ticker.parse().unwrap());
    let found = client.orderbooks(&tickers).await.unwrap();
    assert_eq!((found.items.len(), found.items[0].0.as_str()), (1, "B"));
    assert!(!found.complete);
    assert!(found.missing.unwrap().contains("book A: field `yes_dollars` is `1.3`"));
    let filter = TradeFilter {
        market: Some(tickers[0].clone()),
        min_time: Some(hour),
        max_time: Some(hour),
        block_trades: Some(false),
    };
    let found = client.trades(&filter).await.unwrap();
    assert_eq!((found.items.len(), found.complete), (page["trades"].as_array().unwrap().len(), true));
    insta::assert_snapshot!(script.take(), @r"
    GET /markets?tickers=A,B&max_created_ts=1790366400&min_settled_ts=1790366400&limit=1000
    GET /markets/orderbooks?tickers=A&tickers=B&tickers=C
    GET /markets/trades?ticker=A&min_ts=1790366400&max_ts=1790366400&is_block_trade=false&limit=1000
    ");
}

#[tokio::test]
async fn a_book_that_is_absent_twice_or_unasked_for_is_missed() {
    let book = |ticker: &str| json!({"ticker": ticker, "orderbook_fp": {"yes_dollars": [["0.3", "2.00"]]}});
    let tickers = ["A", "B"].map(|ticker| ticker.parse().unwrap());
    for (books, missing) in [
        (vec!["A"], "1 books are absent, that of B first"),
        (vec!["A", "A", "B"], "the book of A came twice"),
        (vec!["A", "B", "X"], "the exchange sent a book of `X`, which was not asked for"),
    ] {
        let body = json!({"orderbooks": books.into_iter().map(book).collect::<Vec<_>>()}).to_string();
        let (client, ..) = setup(&[(200, &body)]);
        assert_eq!(client.orderbooks(&tickers).await.unwrap().missing.unwrap(), missing);
    }
}

#[tokio::test]
async fn more_books_than_one_request_takes() {
    let tickers: Vec<_> = (0..101).map(|number| format!("M{number}").parse().unwrap()).collect();
    let all = |range: std::ops::Range<usize>| {
        let books: Vec<_> = range.map(|n| json!({"ticker": format!("M{n}"), "orderbook_fp": {}})).collect();
        json!({ "orderbooks": books }).to_string()
    };
    let (client, script, _) = setup(&[(200, &all(0..100)), (200, &all(100..101))]);
    let found = client.orderbooks(&tickers).await.unwrap();
    assert_eq!((found.items.len(), found.complete), (101, true));
    let asked: Vec<_> = script.requests.lock().unwrap().iter().map(|request| request.query.len()).collect();
    assert_eq!(asked, [100, 1]);
}

fn candle(suffix: &str, end: i64) -> Value {
    let field = |name: &str| format!("{name}{suffix}");
    let count = |name: &str| if suffix.is_empty() { name.to_owned() } else { format!("{name}_fp") };
    let quote =
        json!({field("open"): "0.3300", field("low"): "0.0000", field("high"): "0.3500", field("close"): "0.3400"});
    json!({"end_period_ts": end, "yes_bid": quote, "yes_ask": quote, "price": {field("open"): "0.3300", field("low"): "0.3200",
        field("high"): "0.3500", field("close"): "0.3400", field("mean"): "0.335512", field("previous"): null},
        count("volume"): "7.77", count("open_interest"): "5.00"})
}

#[tokio::test]
async fn candles_of_both_tiers_read_alike() {
    let (first, second) = (1_790_366_400, 1_790_366_460);
    let live = [candle("_dollars", first), candle("_dollars", second)];
    let archived = [candle("", first), candle("", second)];
    let (client, script, _) = setup(&[
        (200, &json!({"ticker": "M", "candlesticks": live}).to_string()),
        (200, &json!({"markets": [{"market_ticker": "N", "candlesticks": []}, {"market_ticker": "M", "candlesticks": live}]}).to_string()),
        (200, &json!({"market_tickers": ["M"], "market_candlesticks": [live], "adjusted_end_ts": second}).to_string()),
        (200, &json!({"ticker": "M", "candlesticks": archived}).to_string()),
    ]);
    let (series, market, event) = ("S".parse().unwrap(), "M".parse().unwrap(), "E".parse().unwrap());
    let at = |second| recio_core::units::Timestamp::from_second(second).unwrap();
    let range = CandleRange { start: at(first), end: at(second), period: CandlePeriod::Minute };
    let candles = client.candles(&series, &market, &range).await.unwrap();
    assert_eq!((candles.len(), candles[0].end, candles[0].volume.to_string().as_str()), (2, at(first), "7.77"));
    let traded = candles[0].traded.unwrap();
    assert_eq!((traded.high.to_string().as_str(), traded.mean.unwrap().to_string().as_str()), ("0.3500", "0.335512"));
    assert_eq!((candles[0].yes_bid.low.to_string().as_str(), candles[0].previous), ("0.0000", None));
    let both = [market.clone(), "N".parse().unwrap()];
    let by_market = client.candles_of(&both, &CandleRange { period: CandlePeriod::Hour, ..range }).await.unwrap();
    assert_eq!(by_market, [(market.clone(), candles.clone()), (both[1].clone(), Vec::new())]);
    let of_event =
        client.event_candles(&series, &event, &CandleRange { period: CandlePeriod::Day, ..range }).await.unwrap();
    assert_eq!((of_event.markets, of_event.end), (vec![(market.clone(), candles.clone())], at(second)));
    assert_eq!(client.historical_candles(&market, &range).await.unwrap(), candles);
    insta::assert_snapshot!(script.take(), @r"
    GET /series/S/markets/M/candlesticks?start_ts=1790366400&end_ts=1790366460&period_interval=1
    GET /markets/candlesticks?market_tickers=M,N&start_ts=1790366400&end_ts=1790366460&period_interval=60
    GET /series/S/events/E/candlesticks?start_ts=1790366400&end_ts=1790366460&period_interval=1440
    GET /historical/markets/M/candlesticks?start_ts=1790366400&end_ts=1790366460&period_interval=1
    ");

    let mut half = live[1].clone();
    half["price"].as_object_mut().unwrap().remove("low_dollars");
    for (body, why) in [
        (json!({"ticker": "N", "candlesticks": live}), "it is another market"),
        (json!({"ticker": "M", "candlesticks": [live[1], live[0]]}), "it follows 2026-09-25T20:01:00Z"),
        (json!({"ticker": "M", "candlesticks": [live[0], live[0]]}), "it follows 2026-09-25T20:00:00Z"),
        (
            json!({"ticker": "M", "candlesticks": [live[0], half]}),
            "some of open, low, high and close are there, some are not",
        ),
    ] {
        script.answer(200, &body.to_string());
        let error = client.candles(&series, &market, &range).await.unwrap_err();
        assert!(source(&error).contains(why), "{error:?}");
    }
    script.answer(200, r#"{"markets":[]}"#);
    assert!(source(&client.candles_of(&both, &range).await.unwrap_err()).contains("absent"));
    script.answer(
        200,
        &json!({"market_tickers": ["M"], "market_candlesticks": [], "adjusted_end_ts": second}).to_string(),
    );
    assert!(source(&client.event_candles(&series, &event, &range).await.unwrap_err()).contains("there are 1 markets"));
}

#[tokio::test]
async fn the_archive() {
    let cutoff = r#"{"market_settled_ts":"2026-09-01T00:00:00Z","trades_created_ts":"2026-09-02T00:00:00Z","orders_updated_ts":"2026-09-03T00:00:00Z"}"#;
    let markets = json!({"markets": [market()], "cursor": ""}).to_string();
    let empty = |list: &str| format!(r#"{{"{list}":[],"cursor":""}}"#);
    let (client, script, _) = setup(&[
        (200, cutoff),
        (200, &markets),
        (200, &markets),
        (200, &json!({ "market": market() }).to_string()),
        (200, &empty("trades")),
        (200, &data("demo_fills__after_taker.json")),
        (200, &empty("orders")),
        (200, &data("demo_portfolio__positions.json")),
    ]);
    let client = client.on_subaccount(Subaccount::new(3).unwrap());
    let read = client.historical_cutoff().await.unwrap();
    assert_eq!((read.order_updated, read.position_updated), ("2026-09-03T00:00:00Z".parse().unwrap(), None));
    let series = ArchivedMarkets::Series("KXBTCD".parse().unwrap());
    assert_eq!(client.historical_markets(&series).await.unwrap().items.len(), 1);
    let tickers = ArchivedMarkets::Tickers(vec!["A".parse().unwrap(), "B".parse().unwrap()]);
    assert_eq!(client.historical_markets(&tickers).await.unwrap().items.len(), 1);
    assert!(client.historical_markets(&ArchivedMarkets::Tickers(Vec::new())).await.unwrap().complete);
    client.historical_market(&"KXBTCD-26SEP2516-T92799.99".parse().unwrap()).await.unwrap();
    assert!(client.historical_trades(&TradeFilter::default()).await.unwrap().complete);
    assert_eq!(client.historical_fills(&FillFilter::default()).await.unwrap().items.len(), 3);
    assert!(client.historical_orders(&OrderFilter::default()).await.unwrap().complete);
    let filter = PositionFilter { event: Some("E".parse().unwrap()), ..PositionFilter::default() };
    assert!(!client.historical_positions(&filter).await.unwrap().items.is_empty());
    insta::assert_snapshot!(script.take(), @r"
    GET /historical/cutoff
    GET /historical/markets?series_ticker=KXBTCD&limit=1000
    GET /historical/markets?tickers=A,B&limit=1000
    GET /historical/markets/KXBTCD-26SEP2516-T92799.99
    GET /historical/trades?limit=1000
    GET /historical/fills?limit=1000
    GET /historical/orders?subaccount=3&limit=1000
    GET /historical/positions?event_ticker=E&subaccount=3&limit=1000
    ");

    let by_shard = OrderFilter { exchange_index: Some(2), ..OrderFilter::default() };
    assert!(matches!(client.historical_orders(&by_shard).await, Err(ReadError::NotSigned { .. })));
    let by_order = FillFilter { order: Some("o".parse().unwrap()), ..FillFilter::default() };
    assert!(matches!(client.historical_fills(&by_order).await, Err(ReadError::NotSigned { .. })));
    let by_shard = PositionFilter { exchange_index: Some(2), ..PositionFilter::default() };
    assert!(matches!(client.historical_positions(&by_shard).await, Err(ReadError::NotSigned { .. })));
    assert_eq!(script.take(), "", "a question that the archive does not know is not asked");
}

#[tokio::test]
async fn the_account() {
    let flow = json!({"id": "d", "status": "applied", "type": "ach", "amount_cents": 10001, "fee_cents": 7, "created_ts": 1795356123});
    let transfer = json!({"transfer_id": "t", "source": "event_contract", "destination": "event_contract", "source_exchange_shard": 0,
        "destination_exchange_shard": 2, "amount": "50.0000", "status": "pending", "created_ts": 1795356123});
    let between = json!({"transfer_id": "t", "from_subaccount": 0, "to_subaccount": 1, "amount_cents": 500, "created_ts": 1795356123, "exchange_index": 2});
    let empty = |list: &str| format!(r#"{{"{list}":[],"cursor":""}}"#);
    let bodies = [
        empty("orders"),
        empty("fills"),
        data("demo_portfolio__positions.json"),
        data("demo_auth__balance_ok.json"),
        data("demo_settlements__page.json"),
        r#"{"queue_position_fp":"120.00"}"#.into(),
        r#"{"queue_positions":[{"order_id":"o","market_ticker":"M","queue_position_fp":"-1"}]}"#.into(),
        r#"{"total_resting_order_value":561,"resting_order_value_breakdown":[]}"#.into(),
        r#"{"order_groups":[{"id":"g","contracts_limit_fp":"50.00","is_auto_cancel_enabled":true,"exchange_index":2}]}"#.into(),
        r#"{"is_auto_cancel_enabled":true,"contracts_limit_fp":"50.00","orders":["o"],"exchange_index":2}"#.into(),
        r#"{"subaccount_balances":[{"subaccount_number":1,"exchange_index":2,"balance":"60.0000","updated_ts":1795356123}]}"#.into(),
        json!({"transfers": [between], "cursor": ""}).to_string(),
        r#"{"netting_configs":[{"subaccount_number":1,"enabled":true,"exchange_index":2}]}"#.into(),
        json!({ "transfer": transfer }).to_string(),
        json!({"transfers": [transfer]}).to_string(),
        r#"{"allocations":[{"exchange_index":2,"percent":100}],"resting_margin_reservation":"sum"}"#.into(),
        json!({"deposits": [flow], "cursor": ""}).to_string(),
        json!({"withdrawals": [flow], "cursor": ""}).to_string(),
        data("demo_account__limits.json"),
        data("demo_account__endpoint_costs.json"),
    ];
    let answers: Vec<_> = bodies.iter().map(|body| (200, body.as_str())).collect();
    let (client, script, _) = setup(&answers);
    let client = client.on_subaccount(Subaccount::new(1).unwrap());
    let (market, event) = ("M".parse().unwrap(), "E".parse().unwrap());
    let filter =
        OrderFilter { event: Some(event), status: Some("resting"), exchange_index: Some(2), ..OrderFilter::default() };
    assert!(client.orders(&filter).await.unwrap().complete);
    let filter = FillFilter { exchange_index: Some(2), ..FillFilter::default() };
    assert!(client.fills(&filter).await.unwrap().complete);
    let filter =
        PositionFilter { market: Some("M".parse().unwrap()), exchange_index: Some(2), ..PositionFilter::default() };
    assert!(client.positions_of(&filter).await.unwrap().complete);
    assert_eq!(client.balance().await.unwrap().cash.to_string(), "98.018600");
    let filter = SettlementFilter { market: Some("M".parse().unwrap()), ..SettlementFilter::default() };
    assert!(client.settlements_of(&filter).await.unwrap().complete);
    assert_eq!(client.queue_position(&"o".parse().unwrap()).await.unwrap().to_string(), "120.00");
    assert!(!client.queue_positions(&[market]).await.unwrap().complete, "a negative place is none");
    assert_eq!(client.resting_order_value().await.unwrap().to_string(), "5.610000");
    let groups = client.order_groups().await.unwrap();
    assert_eq!(
        (groups.items[0].limit.unwrap().to_string().as_str(), groups.items[0].orders.as_deref()),
        ("50.00", None)
    );
    let group = client.order_group(&groups.items[0].id).await.unwrap();
    assert_eq!(group.orders.unwrap(), ["o".parse().unwrap()]);
    assert_eq!(client.subaccount_balances().await.unwrap().items[0].cash.to_string(), "60.000000");
    assert_eq!(client.cash_moves().await.unwrap().items[0].amount.to_string(), "5.000000");
    assert!(client.netting().await.unwrap()[0].enabled);
    assert_eq!(client.shard_transfer("t").await.unwrap().amount.to_string(), "50.000000");
    assert_eq!(client.shard_transfers().await.unwrap().items[0].status, "pending");
    assert_eq!(client.target_balances().await.unwrap().allocations[0].percent.as_str(), "100");
    assert_eq!(client.deposits().await.unwrap().items[0].amount.to_string(), "100.010000");
    assert_eq!(client.withdrawals().await.unwrap().items[0].fee.to_string(), "0.070000");
    client.account_limits().await.unwrap();
    assert_eq!(client.endpoint_costs().await.unwrap().default_cost, 10);
    insta::assert_snapshot!(script.take(), @r"
    GET /portfolio/orders?event_ticker=E&status=resting&exchange_index=2&subaccount=1&limit=1000
    GET /portfolio/fills?exchange_index=2&subaccount=1&limit=1000
    GET /portfolio/positions?ticker=M&exchange_index=2&subaccount=1&limit=1000
    GET /portfolio/balance?subaccount=1
    GET /portfolio/settlements?ticker=M&subaccount=1&limit=1000
    GET /portfolio/orders/o/queue_position
    GET /portfolio/orders/queue_positions?market_tickers=M&subaccount=1
    GET /portfolio/summary/total_resting_order_value
    GET /portfolio/order_groups?subaccount=1
    GET /portfolio/order_groups/g?subaccount=1
    GET /portfolio/subaccounts/balances
    GET /portfolio/subaccounts/transfers?limit=500
    GET /portfolio/subaccounts/netting
    GET /portfolio/intra_exchange_instance_transfers/t
    GET /portfolio/intra_exchange_instance_transfers?limit=500
    GET /portfolio/target_balance_allocation
    GET /portfolio/deposits?limit=500
    GET /portfolio/withdrawals?limit=500
    GET /account/limits
    GET /account/endpoint_costs
    ");
}

#[tokio::test]
async fn discovery_lists_what_closes_within_four_hours() {
    let mut odd = market();
    odd["ticker"] = json!("KXBTCD-26SEP2516-T1.99");
    odd["price_ranges"] = json!([]);
    let close = market()["close_time"].as_str().unwrap().to_owned();
    let (client, script, _) = setup(&[(200, &json!({"markets": [market(), odd], "cursor": ""}).to_string())]);
    let now = close.parse::<recio_core::units::Timestamp>().unwrap() - std::time::Duration::from_secs(600);
    let found = client.discover(&"KXBTCD".parse().unwrap(), now).await.unwrap();
    let current = found.markets.current(now).unwrap();
    assert_eq!((current.ticker.as_str(), current.tradable.len()), (market()["event_ticker"].as_str().unwrap(), 1));
    assert!(found.markets.next(now).is_none() && found.complete);
    assert!(found.unreadable[0].to_string().contains("price_ranges"), "{:?}", found.unreadable);
    insta::assert_snapshot!(script.take(), @r"GET /markets?series_ticker=KXBTCD&min_close_ts=1790365800&max_close_ts=1790380200&limit=1000");
    let unknown = client.discover(&"KXGOLD".parse().unwrap(), now).await;
    assert!(matches!(unknown, Err(ReadError::NotSigned { .. })), "{unknown:?}");
    assert_eq!(script.take(), "");
}
