//! Bodies that were not recorded, in the shapes that the API describes (docs.kalshi.com, read 2026-11-22; the values are ours): each survives
//! the way through our type, loses nothing, takes unknown fields, and misses what it needs.

use recio_kalshi::wire;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, from_value, json, to_value};

/// Checks a body; `optional` names the fields that may be absent, wherever they are.
fn check<T: DeserializeOwned + Serialize>(body: Value, optional: &[&str]) {
    let name = std::any::type_name::<T>();
    let read: T = from_value(body.clone()).unwrap_or_else(|error| panic!("{name}: {error}: {body}"));
    assert_eq!(to_value(read).unwrap(), body, "{name}");
    let mut all = Vec::new();
    paths(&body, &mut Vec::new(), &mut all);
    for path in all {
        let mut extended = body.clone();
        object(&mut extended, &path[..path.len() - 1]).insert("zzz".into(), json!({"a": [1]}));
        assert!(from_value::<T>(extended).is_ok(), "{name}: {path:?} does not take an unknown field");
        let field = path.last().unwrap();
        let mut cut = body.clone();
        object(&mut cut, &path[..path.len() - 1]).remove(field);
        let may_be_absent = optional.contains(&field.as_str());
        assert_eq!(from_value::<T>(cut).is_ok(), may_be_absent, "{name}: {path:?}");
    }
}

fn paths(value: &Value, at: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                at.push(key.clone());
                found.push(at.clone());
                if key != "product_metadata" {
                    paths(value, at, found);
                }
                at.pop();
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                at.push(number.to_string());
                paths(item, at, found);
                at.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn object<'a>(value: &'a mut Value, path: &[String]) -> &'a mut serde_json::Map<String, Value> {
    let inner = path.iter().fold(value, |value, key| match key.parse::<usize>() {
        Ok(index) => &mut value[index],
        Err(_) => &mut value[key],
    });
    inner.as_object_mut().unwrap()
}

#[test]
fn the_exchange() {
    let hours = json!([{"open_time": "00:00", "close_time": "00:00"}]);
    check::<wire::ScheduleResponse>(
        json!({"schedule": {
            "standard_hours": [{"start_time": "2026-01-01T00:00:00Z", "end_time": "2027-01-01T00:00:00Z", "monday": hours, "tuesday": hours,
                "wednesday": hours, "thursday": [{"open_time": "00:00", "close_time": "03:00"}, {"open_time": "05:00", "close_time": "00:00"}],
                "friday": hours, "saturday": hours, "sunday": []}],
            "maintenance_windows": [{"start_datetime": "2026-11-26T08:00:00Z", "end_datetime": "2026-11-26T10:00:00Z"}]}}),
        &[],
    );
    check::<wire::UserDataTimestamp>(json!({"as_of_time": "2026-11-22T17:00:00.5Z"}), &[]);
    check::<wire::AccountLimits>(
        json!({"usage_tier": "advanced", "read": {"refill_rate": 300, "bucket_capacity": 900}, "write": {"refill_rate": 300, "bucket_capacity": 900},
            "grants": [{"exchange_instance": "event_contract", "level": "advanced", "source": "manual", "expires_ts": 1795356000}]}),
        &["grants", "expires_ts"],
    );
    check::<wire::EndpointCosts>(
        json!({"default_cost": 10, "endpoint_costs": [{"method": "DELETE", "path": "/trade-api/v2/portfolio/events/orders/:order_id", "cost": 2}]}),
        &[],
    );
}

#[test]
fn series_and_events() {
    let series = json!({"ticker": "KXBTCD", "frequency": "hourly", "title": "t", "category": "Crypto", "categories": ["Crypto"], "tags": ["BTC"],
        "settlement_sources": [{"name": "CF", "url": "u"}], "contract_url": "", "contract_terms_url": "", "product_metadata": {"x": 1},
        "fee_type": "quadratic", "fee_multiplier": 1, "additional_prohibitions": [], "volume_fp": "12.00",
        "last_updated_ts": "2026-11-22T17:00:00Z", "exchange_index": 2});
    let optional = [
        "categories",
        "tags",
        "settlement_sources",
        "contract_url",
        "contract_terms_url",
        "product_metadata",
        "additional_prohibitions",
        "volume_fp",
        "last_updated_ts",
        "exchange_index",
    ];
    check::<wire::SeriesList>(json!({ "series": [series] }), &optional);
    check::<wire::EventsPage>(
        json!({"cursor": "c", "events": [{"event_ticker": "KXBTCD-26NOV2217", "series_ticker": "KXBTCD", "title": "t", "sub_title": "s",
            "collateral_return_type": "", "mutually_exclusive": false, "category": "Crypto", "strike_date": "2026-11-22T22:00:00Z",
            "strike_period": "hour", "product_metadata": {"cadence": "hourly"}, "markets": [], "settlement_sources": null,
            "last_updated_ts": "2026-11-22T17:00:00Z", "fee_type_override": "quadratic", "fee_multiplier_override": 0.5, "exchange_index": 2}]}),
        &[
            "cursor",
            "collateral_return_type",
            "category",
            "strike_date",
            "strike_period",
            "product_metadata",
            "markets",
            "settlement_sources",
            "last_updated_ts",
            "fee_type_override",
            "fee_multiplier_override",
            "exchange_index",
        ],
    );
    check::<wire::EventMetadata>(
        json!({"image_url": "i", "featured_image_url": "f", "market_details": [{"market_ticker": "M", "image_url": "i", "color_code": "#fff"}],
            "settlement_sources": [{"name": "CF", "url": "u"}], "competition": "c", "competition_scope": "s"}),
        &["featured_image_url", "competition", "competition_scope"],
    );
    check::<wire::SeriesFeeChanges>(
        json!({"series_fee_change_arr": [{"id": "1", "series_ticker": "KXBTCD", "fee_type": "quadratic", "fee_multiplier": 0.5,
            "scheduled_ts": "2026-12-01T05:00:00Z"}]}),
        &[],
    );
    let change = json!({"id": "1", "event_ticker": "KXBTCD-26NOV2217", "series_ticker": "KXBTCD", "fee_type_override": null,
        "fee_multiplier_override": null, "scheduled_ts": "2026-12-01T05:00:00Z"});
    check::<wire::EventFeeChangesPage>(json!({ "event_fee_changes": [change], "cursor": "" }), &["cursor"]);
}

#[test]
fn books_and_candles() {
    check::<wire::OrderBooks>(
        json!({"orderbooks": [{"ticker": "M", "orderbook_fp": {"yes_dollars": [["0.3300", "120.00"]], "no_dollars": null}}]}),
        &["yes_dollars", "no_dollars"],
    );
    let quote =
        json!({"open_dollars": "0.3300", "low_dollars": "0.3200", "high_dollars": "0.3500", "close_dollars": "0.3400"});
    let price = json!({"open_dollars": null, "low_dollars": null, "high_dollars": null, "close_dollars": null, "mean_dollars": null,
        "previous_dollars": "0.3300", "min_dollars": null, "max_dollars": null});
    let candle = json!({"end_period_ts": 1790366400, "yes_bid": quote, "yes_ask": quote, "price": price, "volume_fp": "0.00",
        "open_interest_fp": "5.00"});
    // All prices of a period may be absent; the best prices may not, and neither has the suffix of the other.
    let mut broken = candle.clone();
    broken["yes_bid"].as_object_mut().unwrap().remove("low_dollars");
    assert!(from_value::<wire::Candle>(broken).is_err());
    let prices = ["open", "low", "high", "close", "mean", "previous", "min", "max"];
    let live: Vec<_> = prices.iter().map(|name| format!("{name}_dollars")).collect();
    let quiet = json!({"end_period_ts": 1790366400, "yes_bid": quote, "yes_ask": quote, "price": {}, "volume_fp": "0.00", "open_interest_fp": "5.00"});
    assert!(from_value::<wire::Candle>(quiet).is_ok());
    check::<wire::CandlePrice>(price, &live.iter().map(String::as_str).collect::<Vec<_>>());
    check::<wire::CandleQuote>(quote, &[]);
    assert_eq!(
        to_value(from_value::<wire::MarketCandles>(json!({"ticker": "M", "candlesticks": [candle]})).unwrap()).unwrap()
            ["candlesticks"][0],
        candle
    );
    check::<wire::MarketCandles>(json!({"ticker": "M", "candlesticks": []}), &[]);
    check::<wire::CandleBatch>(json!({"markets": [{"market_ticker": "M", "candlesticks": []}]}), &[]);
    check::<wire::EventCandles>(
        json!({"market_tickers": ["M"], "market_candlesticks": [[]], "adjusted_end_ts": 1790366400}),
        &[],
    );
    let quote = json!({"open": "0.3300", "low": "0.3200", "high": "0.3500", "close": "0.3400"});
    let price = json!({"open": "0.3300", "low": "0.3200", "high": "0.3500", "close": "0.3400", "mean": "0.3355", "previous": null});
    check::<wire::ArchivedCandlePrice>(price.clone(), &prices);
    let candle = json!({"end_period_ts": 1790366400, "yes_bid": quote, "yes_ask": quote, "price": {}, "volume": "0.00", "open_interest": "5.00"});
    assert!(from_value::<wire::ArchivedCandle>(candle).is_ok());
    check::<wire::ArchivedCandleQuote>(quote, &[]);
    check::<wire::ArchivedCandles>(json!({"ticker": "M", "candlesticks": []}), &[]);
    check::<wire::HistoricalCutoff>(
        json!({"market_settled_ts": "2026-09-01T00:00:00Z", "trades_created_ts": "2026-09-01T00:00:00Z",
            "orders_updated_ts": "2026-09-01T00:00:00Z", "market_positions_last_updated_ts": "2026-09-01T00:00:00Z"}),
        &["market_positions_last_updated_ts"],
    );
}

#[test]
fn changes_of_orders() {
    check::<wire::AmendOrder>(
        json!({"ticker": "M", "side": "bid", "price": "0.5600", "count": "10.00", "client_order_id": "c-1", "updated_client_order_id": "c-2",
            "expiration_time": 0, "exchange_index": 2}),
        &["client_order_id", "updated_client_order_id", "expiration_time", "exchange_index"],
    );
    check::<wire::AmendOrderResponse>(
        json!({"order_id": "o", "client_order_id": "c-2", "remaining_count": "6.00", "fill_count": "0.00", "average_fill_price": "0.5600",
            "average_fee_paid": "0.0173", "ts_ms": 1795356123456_i64}),
        &["client_order_id", "remaining_count", "fill_count", "average_fill_price", "average_fee_paid"],
    );
    check::<wire::DecreaseOrder>(
        json!({"reduce_by": "1.00", "exchange_index": 2, "market_ticker": "M"}),
        &["reduce_by", "exchange_index", "market_ticker"],
    );
    check::<wire::DecreaseOrderResponse>(
        json!({"order_id": "o", "client_order_id": "c", "remaining_count": "2.00", "ts_ms": 1795356123456_i64}),
        &["client_order_id"],
    );
    let created = json!({"order_id": "o", "client_order_id": "c", "fill_count": "4.00", "remaining_count": "6.00", "average_fill_price": "0.5550",
        "average_fee_paid": "0.0173", "ts_ms": 1795356123456_i64});
    let refused = json!({"client_order_id": "d", "error": {"code": "invalid_price", "message": "m", "details": "d"}});
    check::<wire::BatchCreateResponse>(
        json!({ "orders": [created, refused] }),
        &[
            "order_id",
            "client_order_id",
            "fill_count",
            "remaining_count",
            "average_fill_price",
            "average_fee_paid",
            "ts_ms",
            "error",
            "message",
            "details",
        ],
    );
    check::<wire::BatchCancel>(
        json!({"orders": [{"order_id": "o", "subaccount": 1, "exchange_index": 2, "market_ticker": "M"}]}),
        &["subaccount", "exchange_index", "market_ticker"],
    );
    check::<wire::BatchCancelResponse>(
        json!({"orders": [{"order_id": "o", "client_order_id": "c", "reduced_by": "6.00", "ts_ms": 1795356123456_i64},
            {"order_id": "p", "reduced_by": "0.00", "error": {"code": "not_found", "message": "not found"}}]}),
        &["client_order_id", "ts_ms", "error", "message"],
    );
    check::<wire::QueuePositionResponse>(json!({"queue_position_fp": "120.00"}), &[]);
    check::<wire::QueuePositions>(
        json!({"queue_positions": [{"order_id": "o", "market_ticker": "M", "queue_position_fp": "120.00"}]}),
        &[],
    );
}

#[test]
fn groups_and_subaccounts() {
    let optional = ["contracts_limit", "contracts_limit_fp", "subaccount", "exchange_index"];
    check::<wire::CreateOrderGroup>(
        json!({"contracts_limit_fp": "50.00", "subaccount": 0, "exchange_index": 2}),
        &optional,
    );
    check::<wire::CreateOrderGroup>(json!({"contracts_limit": 50}), &optional);
    check::<wire::CreateOrderGroupResponse>(
        json!({"order_group_id": "g", "subaccount": 0, "exchange_index": 2}),
        &["exchange_index"],
    );
    let optional = ["contracts_limit", "contracts_limit_fp", "exchange_index", "order_groups"];
    check::<wire::OrderGroups>(
        json!({"order_groups": [{"id": "g", "contracts_limit_fp": "50.00", "is_auto_cancel_enabled": true, "exchange_index": 2}]}),
        &optional,
    );
    check::<wire::OrderGroupResponse>(
        json!({"is_auto_cancel_enabled": true, "contracts_limit_fp": "50.00", "orders": ["o"], "exchange_index": 2}),
        &optional,
    );
    check::<wire::OrderGroupLimit>(json!({"contracts_limit_fp": "50.00"}), &optional);
    check::<wire::CreateSubaccount>(json!({"exchange_index": 2}), &["exchange_index"]);
    check::<wire::CreateSubaccountResponse>(json!({"subaccount_number": 1}), &[]);
    check::<wire::SubaccountBalances>(
        json!({"subaccount_balances": [{"subaccount_number": 1, "exchange_index": 2, "balance": "60.0000", "updated_ts": 1795356123}]}),
        &[],
    );
    check::<wire::SubaccountTransferRequest>(
        json!({"client_transfer_id": "t", "from_subaccount": 0, "to_subaccount": 1, "amount_cents": 500, "exchange_index": 2}),
        &["exchange_index"],
    );
    check::<wire::SubaccountTransfersPage>(
        json!({"cursor": "", "transfers": [{"transfer_id": "t", "from_subaccount": 0, "to_subaccount": 1, "amount_cents": 500,
            "created_ts": 1795356123, "exchange_index": 2}]}),
        &["cursor"],
    );
    check::<wire::SubaccountNettings>(
        json!({"netting_configs": [{"subaccount_number": 1, "enabled": true, "exchange_index": 2}]}),
        &[],
    );
    check::<wire::UpdateSubaccountNetting>(json!({"subaccount_number": 1, "enabled": true}), &[]);
}

#[test]
fn cash_on_its_way() {
    check::<wire::ShardTransferRequest>(
        json!({"source": "event_contract", "destination": "event_contract", "amount": 500000, "source_exchange_shard": 0,
            "destination_exchange_shard": 2, "source_subaccount": 0, "destination_subaccount": 0, "client_transfer_id": "t"}),
        &[
            "source_exchange_shard",
            "destination_exchange_shard",
            "source_subaccount",
            "destination_subaccount",
            "client_transfer_id",
        ],
    );
    check::<wire::ShardTransferCreated>(json!({"transfer_id": "t"}), &[]);
    let transfer = json!({"transfer_id": "t", "source": "event_contract", "destination": "event_contract", "source_exchange_shard": 0,
        "destination_exchange_shard": 2, "amount": "50.0000", "status": "pending", "created_ts": 1795356123});
    check::<wire::ShardTransferResponse>(json!({ "transfer": transfer }), &[]);
    check::<wire::ShardTransfersPage>(json!({ "transfers": [transfer], "cursor": "c" }), &["cursor"]);
    check::<wire::TargetBalanceAllocation>(
        json!({"allocations": [{"exchange_index": 2, "percent": 100}], "resting_margin_reservation": "sum"}),
        &["resting_margin_reservation"],
    );
    let deposit = json!({"id": "d", "status": "applied", "type": "ach", "amount_cents": 10000, "fee_cents": 0, "created_ts": 1795356123,
        "finalized_ts": 1795356999});
    check::<wire::DepositsPage>(json!({ "deposits": [deposit], "cursor": "" }), &["cursor", "finalized_ts"]);
    check::<wire::WithdrawalsPage>(json!({ "withdrawals": [deposit], "cursor": "" }), &["cursor", "finalized_ts"]);
    check::<wire::RestingOrderValue>(
        json!({"total_resting_order_value": 560, "resting_order_value_breakdown": [{"exchange_index": 2, "balance": "5.6000"}]}),
        &[],
    );
}
