//! What everybody can read beside markets and books: trades, candles, the schedule, the archive.

use crate::in_process::{at, play};
use crate::stage::{M0900, M0915, order};
use jiff::SignedDuration;
use recio_core::units::Money;
use recio_sim::exchange::Realism;
use serde_json::Value;

fn texts<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap()).collect()
}

#[tokio::test]
async fn trades_are_the_recorded_ones_and_our_own_newest_first() {
    let (simulator, caller) = play();
    simulator.advance(at("13:02:00")).unwrap();
    let before = caller.get("/markets/trades", &[("ticker", M0915)]).await;
    assert!(!before.body["trades"].as_array().unwrap().is_empty(), "the recorded volume grew: {before:?}");
    let made = caller.create(&order(M0915, "mine", "bid", "3.00", "0.9900", "immediate_or_cancel")).await;
    assert_eq!(made.body["fill_count"], "3.00", "{made:?}");
    let fills = caller.get("/portfolio/fills", &[]).await;
    let after = caller.get("/markets/trades", &[("ticker", M0915)]).await;
    let newest = &after.body["trades"][0];
    assert_eq!(newest["trade_id"], fills.body["fills"][0]["trade_id"], "a fill and its public trade have one id");
    assert_eq!((newest["taker_outcome_side"].as_str(), newest["taker_book_side"].as_str()), (Some("yes"), Some("bid")));

    // Page by page, with nothing twice and nothing left out.
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let page = caller.get("/markets/trades", &[("limit", "7"), ("cursor", &cursor)]).await;
        seen.extend(page.body["trades"].as_array().unwrap().clone());
        cursor = page.body["cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    let whole = caller.get("/markets/trades", &[("limit", "1000")]).await;
    assert_eq!(Value::Array(seen.clone()), whole.body["trades"]);
    let times =
        texts(&whole.body["trades"], "created_time").into_iter().map(|time| time.parse::<jiff::Timestamp>().unwrap());
    assert!(times.is_sorted_by(|later, earlier| later >= earlier));
    let none = caller.get("/markets/trades", &[("is_block_trade", "true")]).await;
    assert_eq!(none.body["trades"].as_array().map(Vec::len), Some(0));
}

#[tokio::test]
async fn candles_add_up_to_what_was_traded() {
    let (simulator, caller) = play();
    simulator.advance(at("13:14:59")).unwrap();
    let path = format!("/series/KXBTC15M/markets/{M0915}/candlesticks");
    // The quarter hour of the market.
    let (from, to) = (at("13:00:00").as_second().to_string(), at("13:15:00").as_second().to_string());
    let span = |minutes| vec![("start_ts", from.as_str()), ("end_ts", to.as_str()), ("period_interval", minutes)];
    let minutes = caller.get(&path, &span("1")).await;
    let candles = minutes.body["candlesticks"].as_array().unwrap().clone();
    assert_eq!(candles.len(), 15, "one for each minute");
    let money = |candle: &Value, field: &str| candle[field].as_str().unwrap().parse::<Money>().unwrap();
    let traded: Money = candles.iter().map(|candle| money(candle, "volume_fp")).sum();
    let trades = caller.get("/markets/trades", &[("ticker", M0915), ("limit", "1000"), ("min_ts", &from)]).await;
    let prints: Money =
        texts(&trades.body["trades"], "count_fp").into_iter().map(|count| count.parse::<Money>().unwrap()).sum();
    assert_eq!(traded, prints);
    assert!(traded > Money::ZERO);
    for (candle, next) in candles.iter().zip(&candles[1..]) {
        for side in ["yes_bid", "yes_ask"] {
            assert_eq!(candle[side]["close_dollars"], next[side]["open_dollars"], "a quote goes on");
        }
        for part in ["yes_bid", "yes_ask"] {
            let price = |field: &str| candle[part][field].as_str().unwrap().parse::<Money>().unwrap();
            assert!(price("low_dollars") <= price("open_dollars") && price("close_dollars") <= price("high_dollars"));
        }
    }
    let ends: Vec<i64> = candles.iter().map(|candle| candle["end_period_ts"].as_i64().unwrap()).collect();
    assert!(ends.windows(2).all(|pair| pair[1] == pair[0] + 60) && ends[0] % 60 == 0, "{ends:?}");
    let hour =
        caller.get(&path, &[("start_ts", from.as_str()), ("end_ts", "1778680800"), ("period_interval", "60")]).await;
    let hours = hour.body["candlesticks"].as_array().unwrap();
    assert_eq!(money(hours.last().unwrap(), "volume_fp"), traded);

    for (query, word) in [
        (vec![("start_ts", from.as_str()), ("end_ts", to.as_str())], "period_interval is required"),
        (span("5"), "period_interval must be"),
        (vec![("start_ts", to.as_str()), ("end_ts", from.as_str()), ("period_interval", "1")], "must not be after"),
        (vec![("start_ts", "-5"), ("end_ts", to.as_str()), ("period_interval", "1")], "Unix seconds"),
    ] {
        let refused = caller.get(&path, &query).await;
        assert_eq!(refused.status, 400);
        assert!(refused.body["msg"].as_str().unwrap().contains(word), "{refused:?}");
    }
}

#[tokio::test]
async fn what_was_paid_long_ago_is_in_the_archive_alone() {
    let (simulator, caller) = play();
    simulator.advance(at("13:01:00")).unwrap();
    caller.create(&order(M0915, "mine", "bid", "3.00", "0.9900", "immediate_or_cancel")).await;
    simulator.advance(at("13:17:40")).unwrap();
    let markets = async |path: &str| {
        let page = caller.get(path, &[]).await;
        texts(&page.body["markets"], "ticker").into_iter().map(ToOwned::to_owned).collect::<Vec<String>>()
    };
    let all = markets("/markets").await;
    assert_eq!((all.len(), markets("/historical/markets").await.len()), (3, 0));
    let archive_after = Some(SignedDuration::from_secs(60));
    simulator.operate(|exchange| exchange.set_realism(Realism { archive_after, ..Realism::exact() }));
    let (live, archived) = (markets("/markets").await, markets("/historical/markets").await);
    assert_eq!(archived, [M0900, M0915]);
    assert_eq!(live.len(), 1, "{live:?}");
    let count = async |path: &str, list: &str| caller.get(path, &[]).await.body[list].as_array().unwrap().len();
    assert_eq!(
        (count("/portfolio/fills", "fills").await > 0, count("/historical/fills", "fills").await > 0),
        (false, true)
    );
    assert_eq!((count("/portfolio/orders", "orders").await, count("/historical/orders", "orders").await), (0, 1));
    let positions = caller.get("/portfolio/positions", &[("settlement_status", "all")]).await;
    assert_eq!(positions.body["market_positions"].as_array().unwrap().len(), 0, "{positions:?}");
    assert_eq!(count("/historical/positions", "market_positions").await, 1);
    let cutoff = caller.get("/historical/cutoff", &[]).await;
    assert_eq!(cutoff.body["market_settled_ts"], "2026-05-13T13:16:40Z");
    assert_eq!(caller.get(&format!("/markets/{M0900}"), &[]).await.status, 404);
    assert_eq!(caller.get(&format!("/historical/markets/{M0900}"), &[]).await.status, 200);
    let both = [("series_ticker", "KXBTC15M"), ("event_ticker", "KXBTC15M-26MAY130900")];
    assert_eq!(caller.get("/historical/markets", &both).await.status, 400);
}

#[tokio::test]
async fn several_books_come_in_the_order_that_was_asked_for() {
    let (simulator, caller) = play();
    simulator.advance(at("13:02:00")).unwrap();
    let books =
        caller.get("/markets/orderbooks", &[("tickers", M0915), ("tickers", "KXNONE-1"), ("tickers", M0900)]).await;
    assert_eq!(texts(&books.body["orderbooks"], "ticker"), [M0915, M0900]);
    let one = caller.get(&format!("/markets/{M0915}/orderbook"), &[]).await;
    assert_eq!(books.body["orderbooks"][0]["orderbook_fp"], one.body["orderbook_fp"]);
    assert_eq!(caller.get("/markets/orderbooks", &[]).await.status, 400);
}

#[tokio::test]
async fn the_schedule_names_the_pause_of_thursday_where_there_is_one() {
    let (simulator, caller) = play();
    let schedule = caller.get("/exchange/schedule", &[]).await;
    assert_eq!(schedule.body["schedule"]["maintenance_windows"].as_array().map(Vec::len), Some(0));
    simulator.operate(|exchange| exchange.set_realism(Realism { weekly_pause: true, ..Realism::exact() }));
    let schedule = caller.get("/exchange/schedule", &[]).await;
    let windows = &schedule.body["schedule"]["maintenance_windows"];
    assert_eq!(texts(windows, "start_datetime"), ["2026-05-14T07:00:00Z", "2026-05-21T07:00:00Z"]);
    let hours = &schedule.body["schedule"]["standard_hours"][0];
    assert_eq!(texts(&hours["thursday"], "open_time"), ["00:00", "05:00"]);
    assert_eq!(texts(&hours["friday"], "close_time"), ["00:00"]);
}
