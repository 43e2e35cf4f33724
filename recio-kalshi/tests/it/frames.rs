//! Frames of the WebSocket: recorded ones, the documented ones, and broken ones.

use crate::{data, recorded::compare};
use proptest::{collection::vec, prop_assert, prop_assert_eq, proptest, sample::Index};
use recio_core::market::{BookSide, LifecycleEvent, MarketResult, Strike, StrikeTerms};
use recio_kalshi::parse;
use recio_kalshi::wire::{Frame, FrameBody, FrameHead};
use serde_json::Value;
use std::collections::BTreeSet;

pub(crate) fn recorded_frames() -> Vec<String> {
    let demo = data("demo_ws__orderbook_use_yes_price_true.jsonl");
    let kxbtc = data("ws_kxbtc_20260418.jsonl");
    let raw = kxbtc.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["raw"].as_str().unwrap().to_owned()
    });
    demo.lines().map(ToOwned::to_owned).chain(raw).filter(|line| !line.trim().is_empty()).collect()
}

/// One frame of every type, after the examples of docs.kalshi.com.
pub(crate) const DOCUMENTED: [&str; 22] = [
    r#"{"type":"ok","id":2,"sid":1,"seq":222,"msg":{"market_tickers":["A","B"]}}"#,
    r#"{"type":"ok","id":5,"sid":3,"seq":9,"msg":{"index_ids":["BRTI","ETHUSD_RTI"]}}"#,
    r#"{"type":"ok","id":7,"msg":[{"channel":"orderbook_delta","sid":1}]}"#,
    r#"{"type":"unsubscribed","id":6,"sid":2,"seq":7}"#,
    r#"{"type":"error","id":8,"msg":{"code":7,"msg":"Unknown subscription ID"}}"#,
    r#"{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"M"},"sending_ts_ms":1795356000123}"#,
    r#"{"type":"orderbook_delta","sid":1,"seq":2,"msg":{"market_ticker":"M","market_id":"u","price_dollars":"0.350","delta_fp":"-25.00","side":"no","ts":"2026-11-22T17:00:00.118Z","ts_ms":1795356000118,"client_order_id":"c"}}"#,
    r#"{"type":"ticker","sid":3,"msg":{"market_id":"u","market_ticker":"M","price_dollars":"0.0000","yes_bid_dollars":"0.0000","yes_ask_dollars":"0.3500","yes_bid_size_fp":"0.00","yes_ask_size_fp":"10670.72","last_trade_size_fp":"25.00","volume_fp":"33896.00","open_interest_fp":"20422.00","dollar_volume":16948,"dollar_open_interest":10211,"ts":1795356000,"ts_ms":1795356000118,"time":"2026-11-22T17:00:00.118Z"}}"#,
    r#"{"type":"trade","sid":2,"seq":5,"msg":{"trade_id":"t","market_ticker":"M","yes_price_dollars":"0.3500","no_price_dollars":"0.6500","count_fp":"25.00","taker_side":"yes","taker_outcome_side":"yes","taker_book_side":"bid","is_block_trade":false,"ts":1795356000,"ts_ms":1795356000118}}"#,
    r#"{"type":"fill","sid":4,"msg":{"trade_id":"t","order_id":"o","client_order_id":"c","market_ticker":"M","exchange_index":2,"is_taker":true,"side":"yes","action":"buy","outcome_side":"yes","book_side":"bid","purchased_side":"yes","yes_price_dollars":"0.3500","count_fp":"4.00","fee_cost":"0.063700","post_position_fp":"-4.00","ts":1795356000,"ts_ms":1795356000118,"subaccount":0}}"#,
    r#"{"type":"user_order","sid":5,"msg":{"order_id":"o","user_id":"u","client_order_id":"c","ticker":"M","exchange_index":2,"status":"resting","side":"yes","is_yes":true,"outcome_side":"yes","book_side":"bid","yes_price_dollars":"0.3500","initial_count_fp":"10.00","fill_count_fp":"4.00","remaining_count_fp":"6.00","taker_fill_cost_dollars":"1.400000","maker_fill_cost_dollars":"0.000000","taker_fees_dollars":"0.063700","maker_fees_dollars":"0.000000","self_trade_prevention_type":"taker_at_cross","order_group_id":"g","created_time":"2026-11-22T17:00:00.118Z","created_ts_ms":1795356000118,"last_updated_ts_ms":1795356000118,"expiration_ts_ms":1795356900000,"last_update_reason":"Trade","subaccount_number":0}}"#,
    r#"{"type":"market_position","sid":6,"msg":{"user_id":"u","market_ticker":"M","position_fp":"4.00","position_cost_dollars":"1.4000","realized_pnl_dollars":"0.0000","fees_paid_dollars":"0.0637","position_fee_cost_dollars":"0.0637","volume_fp":"4.00","subaccount":0}}"#,
    r#"{"type":"market_lifecycle_v2","sid":7,"seq":3,"msg":{"event_type":"created","market_ticker":"M","exchange_index":2,"open_ts":1795356000,"close_ts":1795359600,"price_level_structure":"linear_cent","price_ranges":[{"start":"0.0000","end":"1.0000","step":"0.0100"}],"additional_metadata":{"name":"n","title":"t","yes_sub_title":"y","no_sub_title":"n","rules_primary":"r","rules_secondary":"r","can_close_early":true,"event_ticker":"E","expected_expiration_ts":1795359900,"strike_type":"greater","floor_strike":91249.99}}}"#,
    r#"{"type":"market_lifecycle_v2","sid":7,"seq":4,"msg":{"event_type":"metadata_updated","market_ticker":"M","strike_type":"greater_or_equal","floor_strike":91204.11,"yes_sub_title":"Target Price: $91,204.11"}}"#,
    r#"{"type":"market_lifecycle_v2","sid":7,"seq":5,"msg":{"event_type":"determined","market_ticker":"M","result":"yes","settlement_value":"1.0000","determination_ts":1795359692}}"#,
    r#"{"type":"market_lifecycle_v2","sid":7,"seq":6,"msg":{"event_type":"settled","market_ticker":"M","settled_ts":1795359757}}"#,
    r#"{"type":"event_lifecycle","sid":7,"seq":7,"msg":{"event_ticker":"E","exchange_index":2,"title":"t","subtitle":"s","collateral_return_type":"","series_ticker":"KXBTCD","strike_date":1795359600}}"#,
    r#"{"type":"event_fee_update","sid":7,"seq":8,"msg":{"event_ticker":"E","fee_type_override":"quadratic","fee_multiplier_override":1}}"#,
    r#"{"type":"cfbenchmarks_value","sid":9,"seq":42,"msg":{"index_id":"BRTI","received_at":1795356000071,"data":"{\"type\":\"value\",\"time\":1795356000000,\"id\":\"BRTI\",\"value\":\"91204.11\"}","avg_60s_data":{"value":"91200.52000000","window_size":60,"window_start_ts_ms":1795355940000,"window_end_ts_exclusive":1795356000000},"last_60s_windowed_average_15min":{"value":"91201.10000000","window_size":14,"window_start_ts_ms":1795355986000,"window_end_ts_exclusive":1795356000000}}}"#,
    r#"{"type":"cfbenchmarks_value_5hz","sid":10,"seq":4,"msg":{"index_id":"BRTI","value_usd":"91204.11000000","source_ts_ms":1795356000200,"received_at":1795356000231,"data":"{}"}}"#,
    r#"{"type":"order_group_updates","sid":8,"seq":1,"msg":{"event_type":"created","order_group_id":"g","contracts_limit_fp":"50.00","ts_ms":1795356000118}}"#,
    r#"{"type":"order_group_updates","sid":8,"seq":2,"msg":{"event_type":"triggered","order_group_id":"g","ts_ms":1795356000118}}"#,
];

/// Whatever core makes of a frame; the point is that it returns.
fn interpret(frame: &Frame<'_>) -> bool {
    match &frame.body {
        FrameBody::Snapshot(message) => parse::snapshot(message).is_ok(),
        FrameBody::Delta(message) => parse::delta(message).is_ok(),
        FrameBody::Ticker(message) => parse::ticker(message).is_ok(),
        FrameBody::Trade(message) => parse::public_trade(message).is_ok(),
        FrameBody::Lifecycle(message) => parse::lifecycle(message).is_ok(),
        FrameBody::Fill(message) => parse::streamed_fill(message).is_ok(),
        FrameBody::UserOrder(message) => parse::streamed_order(message).is_ok(),
        FrameBody::Position(message) => parse::streamed_position(message).is_ok(),
        FrameBody::IndexValue(message) => parse::index_print(message).is_ok(),
        FrameBody::FastIndexValue(message) => parse::fast_index_print(message).is_ok(),
        FrameBody::OrderGroup(message) => parse::order_group_update(message).is_ok(),
        FrameBody::Subscribed(_)
        | FrameBody::Ok(_)
        | FrameBody::Unsubscribed
        | FrameBody::Error(_)
        | FrameBody::EventLifecycle(_)
        | FrameBody::EventFeeUpdate(_) => true,
        FrameBody::Other(_) => false,
    }
}

#[test]
fn frames_survive_parse_and_write_without_loss() {
    let recorded = recorded_frames();
    assert_eq!(recorded.len(), 79);
    for text in recorded.iter().map(String::as_str).chain(DOCUMENTED) {
        let frame = Frame::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert!(interpret(&frame), "{text}");
        let written = frame.to_text().unwrap();
        assert_eq!(Frame::parse(written.as_bytes()).unwrap(), frame);
        let mut dropped = BTreeSet::new();
        compare(&serde_json::from_str(text).unwrap(), &serde_json::from_str(&written).unwrap(), "", &mut dropped);
        assert_eq!(dropped, BTreeSet::new(), "{text}");
    }
}

#[test]
fn the_order_of_keys_does_not_matter() {
    let text = r#"{"msg":{"side":"no","delta_fp":"2.00","price_dollars":"0.5200","market_ticker":"M","ts_ms":1781159387427},"seq":3,"sid":1,"type":"orderbook_delta","new_key":{"x":[1]}}"#;
    let frame = Frame::parse(text.as_bytes()).unwrap();
    let FrameBody::Delta(message) = &frame.body else { panic!("{frame:?}") };
    let (market, delta, _) = parse::delta(message).unwrap();
    assert_eq!(
        (market.as_str(), delta.side, delta.price.to_string().as_str(), delta.change.hundredths()),
        ("M", BookSide::Ask, "0.5200", 200)
    );
    assert_eq!((frame.sid, frame.seq), (Some(1), Some(3)));
}

#[test]
fn unknown_types_are_named_and_broken_frames_are_errors() {
    let frame = Frame::parse(br#"{"type":"pyth_value","sid":4,"seq":1,"msg":{"x":1}}"#).unwrap();
    assert_eq!(frame.body, FrameBody::Other("pyth_value".into()));
    assert_eq!(Frame::parse(br#"{"type":"hello"}"#).unwrap().body, FrameBody::Other("hello".into()));
    for broken in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"type":7}"#,
        r#"{"type":"orderbook_delta","sid":1,"seq":2}"#,
        r#"{"type":"orderbook_delta","sid":1,"seq":2,"msg":null}"#,
        r#"{"type":"orderbook_delta","sid":1,"seq":2,"msg":{"market_ticker":"M","delta_fp":"1.00","side":"no","ts_ms":1}}"#,
        r#"{"type":"orderbook_delta","sid":1,"seq":2,"msg":{"market_ticker":"M","price_dollars":0.52,"delta_fp":"1.00","side":"no","ts_ms":1}}"#,
        r#"{"type":"orderbook_snapshot","sid":1,"seq":2,"msg":{"market_ticker":"M","yes_dollars_fp":[["0.5"]]}}"#,
        r#"{"type":"ticker","sid":-1,"msg":{}}"#,
    ] {
        assert!(Frame::parse(broken.as_bytes()).is_err(), "{broken}");
    }
    let head = FrameHead::parse(br#"{"type":"fill","sid":4,"seq":9,"msg":{"count_fp":4}}"#).unwrap();
    assert_eq!((head.kind.as_str(), head.sid, head.seq), ("fill", Some(4), Some(9)));
}

#[test]
fn values_that_are_none_are_named_and_never_zero() {
    let delta = |price: &str, change: &str, side: &str| {
        let text = format!(
            r#"{{"type":"orderbook_delta","sid":1,"seq":2,"msg":{{"market_ticker":"M","price_dollars":"{price}","delta_fp":"{change}","side":"{side}","ts_ms":1}}}}"#
        );
        let frame = Frame::parse(text.as_bytes()).unwrap();
        let FrameBody::Delta(message) = &frame.body else { panic!("{frame:?}") };
        parse::delta(message).map(|(_, delta, _)| delta).map_err(|error| error.to_string())
    };
    let cases = [
        ("", "1.00", "yes"),
        ("abc", "1.00", "yes"),
        ("0.0000", "1.00", "yes"),
        ("1.0000", "1.00", "no"),
        ("0.50001", "1.00", "no"),
        ("0.5", "NaN", "no"),
        ("0.5", "0.001", "no"),
        ("0.5", "99999999999999999", "no"),
        ("0.5", "1.00", "YES"),
    ];
    let trace: Vec<_> = cases.iter().map(|(price, change, side)| delta(price, change, side).unwrap_err()).collect();
    insta::assert_snapshot!(trace.join("\n"), @r"
    book M: field `price_dollars` is ``: `` is not a plain decimal number
    book M: field `price_dollars` is `abc`: `abc` is not a plain decimal number
    book M: field `price_dollars` is `0.0000`: an order lies strictly between $0 and $1
    book M: field `price_dollars` is `1.0000`: an order lies strictly between $0 and $1
    book M: field `price_dollars` is `0.50001`: `0.50001` has more than 4 decimals
    book M: field `delta_fp` is `NaN`: `NaN` is not a plain decimal number
    book M: field `delta_fp` is `0.001`: `0.001` has more than 2 decimals
    book M: field `delta_fp` is `99999999999999999`: 9999999999999999900 hundredths of a contract are outside what recio handles
    book M: field `side` is `YES`: it is neither yes nor no
    ");
    assert_eq!(delta("0.5", "-1.25", "yes").unwrap().change.hundredths(), -125);
}

#[test]
fn a_book_in_yes_prices_has_the_no_side_as_asks() {
    let text = r#"{"type":"orderbook_snapshot","sid":1,"seq":1,"msg":{"market_ticker":"M","yes_dollars_fp":[["0.33","120.00"],["0.3400","703.36"],["0.30","0.00"]],"no_dollars_fp":[["0.3600","5.00"],["0.3500","10670.72"]]}}"#;
    let frame = Frame::parse(text.as_bytes()).unwrap();
    let FrameBody::Snapshot(message) = &frame.body else { panic!("{frame:?}") };
    let (_, book) = parse::snapshot(message).unwrap();
    let show = |levels: &[recio_core::market::Level]| {
        levels.iter().map(|level| format!("{} x {}", level.price, level.quantity)).collect::<Vec<_>>()
    };
    assert_eq!(show(&book.bids), ["0.3400 x 703.36", "0.3300 x 120.00"]);
    assert_eq!(show(&book.asks), ["0.3500 x 10670.72", "0.3600 x 5.00"]);
}

#[test]
fn lifecycle_and_index_frames_become_core_types() {
    let lifecycle = |text: &str| {
        let frame = Frame::parse(text.as_bytes()).unwrap();
        let FrameBody::Lifecycle(message) = &frame.body else { panic!("{frame:?}") };
        parse::lifecycle(message)
    };
    let strike = StrikeTerms::Known(Strike::GreaterOrEqual { floor: "91204.11".parse().unwrap() });
    assert_eq!(lifecycle(DOCUMENTED[12]).unwrap().event, Some(LifecycleEvent::Created));
    assert_eq!(lifecycle(DOCUMENTED[13]).unwrap().event, Some(LifecycleEvent::StrikeUpdated { strike }));
    let determined = lifecycle(DOCUMENTED[14]).unwrap().event;
    assert!(matches!(determined, Some(LifecycleEvent::Determined { result: MarketResult::Yes, .. })), "{determined:?}");
    assert!(lifecycle(&DOCUMENTED[14].replace("\"yes\"", "\"yep\"")).is_err());
    assert!(lifecycle(&DOCUMENTED[14].replace("\"result\"", "\"outcome\"")).is_err());
    let unknown = lifecycle(&DOCUMENTED[15].replace("\"settled\"", "\"resettled\"")).unwrap();
    assert_eq!((unknown.event, unknown.word.as_str()), (None, "resettled"));

    let index = |text: &str| {
        let frame = Frame::parse(text.as_bytes()).unwrap();
        let FrameBody::IndexValue(message) = &frame.body else { panic!("{frame:?}") };
        parse::index_print(message)
    };
    let print = index(DOCUMENTED[18]).unwrap();
    assert_eq!((print.price.to_string().as_str(), print.source_time.as_millisecond()), ("91204.11", 1_795_356_000_000));
    assert!(index(&DOCUMENTED[18].replace(r#"\"BRTI\""#, r#"\"ETHUSD_RTI\""#)).is_err(), "another index inside");
    assert!(index(&DOCUMENTED[18].replace(r#"\"91204.11\""#, r#"\"0\""#)).is_err(), "a price of zero is none");
    assert!(index(&DOCUMENTED[18].replace(r#"\"91204.11\""#, "null")).is_err());

    let fast = |text: &str| {
        let frame = Frame::parse(text.as_bytes()).unwrap();
        let FrameBody::FastIndexValue(message) = &frame.body else { panic!("{frame:?}") };
        parse::fast_index_print(message)
    };
    let print = fast(DOCUMENTED[19]).unwrap();
    assert_eq!((print.price.to_string().as_str(), print.source_time.as_millisecond()), ("91204.11", 1_795_356_000_200));
    assert!(fast(&DOCUMENTED[19].replace("91204.11000000", "NaN")).is_err());
    assert!(fast(&DOCUMENTED[19].replace("91204.11000000", "0")).is_err());
}

proptest! {
    #[test]
    fn changed_bytes_never_panic(which in proptest::arbitrary::any::<Index>(), changes in vec((proptest::arbitrary::any::<Index>(), 0_u8..128), 1..6)) {
        let mut all = recorded_frames();
        all.extend(DOCUMENTED.map(ToOwned::to_owned));
        let mut bytes = which.get(&all).clone().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(frame) = Frame::parse(&bytes) {
            interpret(&frame);
            let text = frame.to_text().unwrap();
            if !matches!(frame.body, FrameBody::Other(_)) {
                let again = Frame::parse(text.as_bytes()).unwrap();
                prop_assert_eq!(again, frame);
            }
        }
        let _ = FrameHead::parse(&bytes);
    }

    #[test]
    fn cut_frames_are_errors(which in proptest::arbitrary::any::<Index>(), at in proptest::arbitrary::any::<Index>()) {
        let frames = DOCUMENTED;
        let text = *which.get(&frames);
        let cut = &text.as_bytes()[..at.index(text.len())];
        prop_assert!(Frame::parse(cut).is_err());
    }
}
