//! Every answer has what Kalshi's own clients require of it.
//!
//! `tests/data/sdk_models.json` lists the models of the official clients kalshi-typescript 3.30.0 and kalshi_python_async 3.34.0 (both generated
//! from Kalshi's OpenAPI): each field's JSON type, whether it has to be there, whether it may be null, and the words it may have. Where the two
//! differ, the stricter one is listed. A time is RFC 3339 text.

use crate::in_process::{at, play};
use crate::stage::{M0900, M0915, order};
use recio_core::units::Timestamp;
use recio_kalshi::transport::Method;
use recio_sim::exchange::{Realism, Tier};
use serde_json::{Map, Value, json};

struct Models(Map<String, Value>);

/// Model, path, query.
type Question<'a> = (&'a str, &'a str, Vec<(&'static str, &'a str)>);

impl Models {
    fn load() -> Self {
        let Value::Object(models) = serde_json::from_str(include_str!("../data/sdk_models.json")).unwrap() else {
            panic!("the models are an object");
        };
        Self(models)
    }

    /// What is wrong with a body, as the clients see it.
    fn faults(&self, model: &str, body: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        self.check(model, body, model, &mut faults);
        faults
    }

    fn check(&self, kind: &str, value: &Value, place: &str, faults: &mut Vec<String>) {
        if let Some(item) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
            match value.as_array() {
                Some(items) => items
                    .iter()
                    .enumerate()
                    .for_each(|(at, one)| self.check(item, one, &format!("{place}[{at}]"), faults)),
                None => faults.push(format!("{place} is no list: {value}")),
            }
            return;
        }
        let fits = match kind {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "object" => value.is_object(),
            "time" => value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
            model => {
                let fields = self.0.get(model).unwrap_or_else(|| panic!("no model {model}")).as_object().unwrap();
                let Some(body) = value.as_object() else {
                    faults.push(format!("{place} is no object: {value}"));
                    return;
                };
                for (name, field) in fields {
                    let place = format!("{place}.{name}");
                    let required = field["required"] == true;
                    match body.get(name) {
                        None if required => faults.push(format!("{place} is missing")),
                        None => {}
                        Some(Value::Null) if required && field["nullable"] != true => {
                            faults.push(format!("{place} is null"))
                        }
                        Some(Value::Null) => {}
                        Some(value) => {
                            self.check(field["type"].as_str().unwrap(), value, &place, faults);
                            let words = field["enum"].as_array();
                            if words.is_some_and(|words| !words.contains(value)) {
                                faults.push(format!("{place} has a word that the clients do not know: {value}"));
                            }
                        }
                    }
                }
                true
            }
        };
        if !fits {
            faults.push(format!("{place} is no {kind}: {value}"));
        }
    }
}

#[test]
fn the_check_finds_what_the_clients_would_not_read() {
    let models = Models::load();
    let good = json!({"order_id": "a", "reduced_by": "1.00", "ts_ms": 5});
    assert!(models.faults("CancelOrderV2Response", &good).is_empty());
    for (field, value) in
        [("order_id", Value::Null), ("reduced_by", json!(1.0)), ("ts_ms", json!("5")), ("ts_ms", json!(5.5))]
    {
        let mut bad = good.clone();
        bad[field] = value;
        assert_eq!(models.faults("CancelOrderV2Response", &bad).len(), 1, "{bad}");
    }
    assert_eq!(models.faults("CancelOrderV2Response", &json!({})).len(), 3);
    let unknown_word = json!({"grants": [{"exchange_instance": "moon", "level": "basic", "source": "manual"}],
        "usage_tier": "basic", "read": {"refill_rate": 1, "bucket_capacity": 1}, "write": {"refill_rate": 1, "bucket_capacity": 1}});
    assert_eq!(models.faults("GetAccountApiLimitsResponse", &unknown_word).len(), 1);
}

#[tokio::test]
async fn every_answer_can_be_read_by_kalshis_own_clients() {
    let models = Models::load();
    let (simulator, caller) = play();
    simulator.operate(|exchange| {
        exchange.set_realism(Realism { weekly_pause: true, ..Realism::exact() });
        let event = "KXBTC15M-26MAY130915".parse().unwrap();
        let fees = (recio_core::market::FeeType::QuadraticWithMakerFees, "0.5".parse().unwrap());
        exchange.announce_event_fees(&event, Some(fees), at("13:00:30")).unwrap();
        exchange.announce_event_fees(&event, None, at("13:30:00")).unwrap();
        let series = "KXBTC15M".parse().unwrap();
        let half = "0.5".parse().unwrap();
        exchange.announce_series_fees(&series, recio_core::market::FeeType::Quadratic, half, at("14:00:00")).unwrap();
    });
    simulator.advance(at("13:01:00")).unwrap();
    let check = |model: &str, reply: &crate::stage::Reply, what: &str| {
        assert!((200..300).contains(&reply.status), "{what}: {reply:?}");
        assert_eq!(models.faults(model, &reply.body), Vec::<String>::new(), "{what}: {}", reply.body);
    };
    let resting = caller.create(&order(M0915, "resting", "bid", "5.00", "0.0100", "good_till_canceled")).await;
    check("CreateOrderV2Response", &resting, "a resting order");
    let mut nameless = order(M0915, "x", "bid", "5.00", "0.0100", "good_till_canceled");
    nameless.as_object_mut().unwrap().remove("client_order_id");
    check("CreateOrderV2Response", &caller.create(&nameless).await, "an order without a name");
    let taken = caller.create(&order(M0915, "taken", "bid", "3.00", "0.9900", "immediate_or_cancel")).await;
    check("CreateOrderV2Response", &taken, "an order that trades");
    let gone = caller.create(&order(M0915, "gone", "bid", "1.00", "0.0100", "good_till_canceled")).await;
    let path = format!("/portfolio/events/orders/{}", gone.body["order_id"].as_str().unwrap());
    let canceled = caller.send(Method::Delete, &path, &[("exchange_index", "2")], "").await;
    check("CancelOrderV2Response", &canceled, "a cancel");
    let group = r#"{"contracts_limit":5,"exchange_index":2}"#;
    let group = caller.send(Method::Post, "/portfolio/order_groups/create", &[], group).await;
    check("CreateOrderGroupResponse", &group, "a group");

    let one = format!("/portfolio/orders/{}", resting.body["order_id"].as_str().unwrap());
    let queue = format!("{one}/queue_position");
    let book = format!("/markets/{M0915}/orderbook");
    let (market, event) = (format!("/markets/{M0915}"), "/events/KXBTC15M-26MAY130915");
    let metadata = format!("{event}/metadata");
    let candles = format!("/series/KXBTC15M/markets/{M0915}/candlesticks");
    let event_candles = "/series/KXBTC15M/events/KXBTC15M-26MAY130915/candlesticks";
    let span = |minutes| {
        vec![
            ("start_ts", "1778673600"),
            ("end_ts", "1778680800"),
            ("period_interval", minutes),
            ("include_latest_before_start", "true"),
        ]
    };
    let mut batch = span("1");
    batch.push(("market_tickers", "KXBTC15M-26MAY130915-15,KXBTC15M-26MAY130900-00"));
    let everything: Vec<Question<'_>> = vec![
        ("ExchangeStatus", "/exchange/status", vec![]),
        ("GetExchangeScheduleResponse", "/exchange/schedule", vec![]),
        ("GetUserDataTimestampResponse", "/exchange/user_data_timestamp", vec![]),
        ("GetSeriesListResponse", "/series", vec![("include_volume", "true")]),
        ("GetSeriesResponse", "/series/KXBTC15M", vec![]),
        ("GetSeriesFeeChangesResponse", "/series/fee_changes", vec![("show_historical", "true")]),
        ("GetEventFeeChangesResponse", "/events/fee_changes", vec![]),
        ("GetEventMetadataResponse", &metadata, vec![]),
        ("GetEventResponse", event, vec![]),
        ("GetEventResponse", event, vec![("with_nested_markets", "true")]),
        ("GetEventsResponse", "/events", vec![("with_nested_markets", "true")]),
        ("GetMarketResponse", &market, vec![]),
        ("GetMarketsResponse", "/markets", vec![]),
        ("GetMarketOrderbookResponse", &book, vec![]),
        ("GetMarketOrderbooksResponse", "/markets/orderbooks", vec![("tickers", M0900), ("tickers", M0915)]),
        ("GetTradesResponse", "/markets/trades", vec![]),
        ("GetMarketCandlesticksResponse", &candles, span("1")),
        ("GetMarketCandlesticksResponse", &candles, span("60")),
        ("BatchGetMarketCandlesticksResponse", "/markets/candlesticks", batch),
        ("GetEventCandlesticksResponse", event_candles, span("1")),
        ("GetHistoricalCutoffResponse", "/historical/cutoff", vec![]),
        ("GetMarketsResponse", "/historical/markets", vec![]),
        ("GetTradesResponse", "/historical/trades", vec![]),
        ("GetFillsResponse", "/historical/fills", vec![]),
        ("GetOrdersResponse", "/historical/orders", vec![]),
        ("GetPositionsResponse", "/historical/positions", vec![]),
        ("GetAccountApiLimitsResponse", "/account/limits", vec![]),
        ("GetAccountEndpointCostsResponse", "/account/endpoint_costs", vec![]),
        ("GetDepositsResponse", "/portfolio/deposits", vec![]),
        ("GetWithdrawalsResponse", "/portfolio/withdrawals", vec![]),
        ("GetPortfolioRestingOrderTotalValueResponse", "/portfolio/summary/total_resting_order_value", vec![]),
        ("GetBalanceResponse", "/portfolio/balance", vec![]),
        ("GetPositionsResponse", "/portfolio/positions", vec![("settlement_status", "all")]),
        ("GetFillsResponse", "/portfolio/fills", vec![]),
        ("GetSettlementsResponse", "/portfolio/settlements", vec![]),
        ("GetOrdersResponse", "/portfolio/orders", vec![]),
        ("GetOrderResponse", &one, vec![]),
        ("GetOrderQueuePositionResponse", &queue, vec![]),
        ("GetOrderGroupsResponse", "/portfolio/order_groups", vec![]),
        ("GetSubaccountBalancesResponse", "/portfolio/subaccounts/balances", vec![]),
    ];
    // While a market trades, after it was paid, and with everything archived that can be.
    for moment in ["13:01:30", "13:16:30", "13:17:40"] {
        simulator.advance(at(moment)).unwrap();
        if moment == "13:17:40" {
            let archive_after = Some(jiff::SignedDuration::from_secs(30));
            let tier = Some(Tier::Prestige);
            simulator.operate(|exchange| exchange.set_realism(Realism { archive_after, tier, ..Realism::exact() }));
            let archived = format!("/historical/markets/{M0915}");
            check("GetMarketResponse", &caller.get(&archived, &[]).await, &archived);
            let candles = format!("{archived}/candlesticks");
            check("GetMarketCandlesticksHistoricalResponse", &caller.get(&candles, &span("1")).await, &candles);
        }
        for (model, path, query) in &everything {
            let reply = caller.get(path, query).await;
            let is_archived =
                moment == "13:17:40" && (*path == market || *path == book || path.starts_with("/series/KXBTC15M/"));
            if is_archived {
                assert_eq!(reply.status, 404, "{path}: a paid market is in the archive alone");
            } else if *path == queue && moment != "13:01:30" {
                assert_eq!(reply.status, 404, "{path}: the order has ended");
            } else {
                check(model, &reply, &format!("{path} at {moment}"));
            }
        }
    }
}
