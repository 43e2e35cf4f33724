//! Coinbase Exchange: the public feed's `matches` and `heartbeat` channels, and product candles.
//!
//! - `match` carries a `trade_id` that rises by one for each product, and its time to the microsecond; `last_match` repeats the newest one right after
//!   subscribing. `heartbeat` comes each second and names the last trade's number, so that missed trades show (some servers send 0 there: then it
//!   says nothing). New message types may come at any time and are to be ignored; without a subscription within 5 s the server closes.
//! - Candles: `[seconds, low, high, open, close, volume]`, newest first, at most 300 a request, none for minutes without a trade.
//!
//! Sources: docs.cdp.coinbase.com/exchange/websocket-feed/overview and /channels,
//! docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-candles; read 2026-11-22.

use super::read::{bar, minute, price, rfc3339, text, whole};
use super::{CandleRequest, Message, VenueTrade};
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::TimeRange;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Candles in one answer.
pub const CANDLES_A_PAGE: u32 = 300;

/// Its name of an asset's market.
#[must_use]
pub const fn product(asset: Asset) -> &'static str {
    match asset {
        Asset::Btc => "BTC-USD",
        Asset::Eth => "ETH-USD",
    }
}

/// The frame that subscribes to an asset's trades and heartbeats.
#[must_use]
pub fn subscription(asset: Asset) -> String {
    let product = product(asset);
    format!(r#"{{"type":"subscribe","product_ids":["{product}"],"channels":["matches","heartbeat"]}}"#)
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(default)]
    product_id: Option<&'a str>,
}

#[derive(Deserialize)]
struct Match<'a> {
    trade_id: u64,
    time: &'a str,
    price: &'a str,
}

#[derive(Deserialize)]
struct Heartbeat {
    #[serde(default)]
    last_trade_id: u64,
}

#[derive(Deserialize)]
struct Subscriptions {
    channels: Vec<Channel>,
}

#[derive(Deserialize)]
struct Channel {
    name: String,
    #[serde(default)]
    product_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
}

pub(super) fn parse(asset: Asset, frame: &[u8]) -> Result<Message, String> {
    let json = |error: serde_json::Error| error.to_string();
    let head: Kind<'_> = serde_json::from_slice(frame).map_err(json)?;
    let ours = head.product_id == Some(product(asset));
    match head.kind {
        kind @ ("match" | "last_match") if ours => {
            let found: Match<'_> = serde_json::from_slice(frame).map_err(json)?;
            let trade =
                VenueTrade { id: found.trade_id, price: price(asset, found.price)?, time: rfc3339(found.time)? };
            Ok(Message::Trades { trades: vec![trade], snapshot: kind == "last_match" })
        }
        "heartbeat" if ours => {
            let heartbeat: Heartbeat = serde_json::from_slice(frame).map_err(json)?;
            Ok(Message::Heartbeat { last_trade_id: Some(heartbeat.last_trade_id).filter(|id| *id > 0) })
        }
        "subscriptions" => {
            let list: Subscriptions = serde_json::from_slice(frame).map_err(json)?;
            let has = |name: &str| {
                let of_ours = |channel: &&Channel| channel.product_ids.iter().any(|id| id == product(asset));
                list.channels.iter().filter(of_ours).any(|channel| channel.name == name)
            };
            if has("matches") {
                Ok(Message::Subscribed)
            } else {
                Ok(Message::Refused(format!("the subscription came back without matches of {}", product(asset))))
            }
        }
        "error" => {
            let refusal: Refusal = serde_json::from_slice(frame).map_err(json)?;
            Ok(Message::Refused(format!("{} {}", refusal.message, refusal.reason).trim().to_owned()))
        }
        _ => Ok(Message::Other),
    }
}

pub(super) fn candle_request(asset: Asset, window: TimeRange) -> CandleRequest {
    // Both ends are included.
    let last = window.to.as_second() - 60;
    CandleRequest {
        path: format!("/products/{}/candles", product(asset)),
        query: vec![
            ("granularity", "60".to_owned()),
            ("start", window.from.as_second().to_string()),
            ("end", last.to_string()),
        ],
    }
}

pub(super) fn parse_candles(asset: Asset, body: &[u8]) -> Result<Vec<Bar>, String> {
    let rows: Vec<Vec<&RawValue>> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let read = |row: Vec<&RawValue>| match row.as_slice() {
        [time, low, high, open, close, ..] => {
            bar(asset, minute(whole(time, "time")?)?, [text(open), text(high), text(low), text(close)])
        }
        short => Err(format!("a candle of {} numbers", short.len())),
    };
    rows.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use recio_core::units::AssetPrice;

    // The documentation's examples (see the module's sources); the price of the match is brought up to date.
    const MATCH: &str = r#"{"type":"match","trade_id":10,"sequence":50,"maker_order_id":"ac928c66-ca53-498f-9c13-a110027a60e8","taker_order_id":"132fb6ae-456b-4654-b4e0-d681ac05cea1","time":"2014-11-07T08:19:27.028459Z","product_id":"BTC-USD","size":"5.23512","price":"400.23","side":"sell"}"#;
    const HEARTBEAT: &str = r#"{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}"#;
    const SUBSCRIPTIONS: &str = r#"{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]},{"name":"heartbeat","product_ids":["BTC-USD"]}]}"#;
    const ERROR: &str =
        r#"{"type":"error","message":"Failed to subscribe","reason":"user channel requires authentication"}"#;

    fn btc(frame: &str) -> Result<Message, String> {
        parse(Asset::Btc, frame.as_bytes())
    }

    #[test]
    fn documented_messages() {
        let price = AssetPrice::from_cents(40_023).unwrap();
        let time = "2014-11-07T08:19:27.028459Z".parse().unwrap();
        let trades = vec![VenueTrade { id: 10, price, time }];
        assert_eq!(btc(MATCH), Ok(Message::Trades { trades: trades.clone(), snapshot: false }));
        let last = MATCH.replace("\"match\"", "\"last_match\"");
        assert_eq!(btc(&last), Ok(Message::Trades { trades, snapshot: true }));
        assert_eq!(btc(HEARTBEAT), Ok(Message::Heartbeat { last_trade_id: Some(20) }));
        assert_eq!(
            btc(&HEARTBEAT.replace(":20,", ":0,")),
            Ok(Message::Heartbeat { last_trade_id: None }),
            "0 is what some servers send for not known"
        );
        assert_eq!(btc(SUBSCRIPTIONS), Ok(Message::Subscribed));
        assert_eq!(btc(ERROR), Ok(Message::Refused("Failed to subscribe user channel requires authentication".into())));
        assert_eq!(btc(r#"{"type":"status","products":[]}"#), Ok(Message::Other));
    }

    #[test]
    fn another_product_is_not_ours() {
        assert_eq!(parse(Asset::Eth, MATCH.as_bytes()), Ok(Message::Other));
        assert_eq!(parse(Asset::Eth, HEARTBEAT.as_bytes()), Ok(Message::Other));
        assert!(matches!(parse(Asset::Eth, SUBSCRIPTIONS.as_bytes()), Ok(Message::Refused(_))));
    }

    #[test]
    fn broken_messages_are_errors() {
        for bad in [
            "",
            "[]",
            r#"{"price":"400.23"}"#,
            &MATCH.replace("400.23", "0.00"),
            &MATCH.replace("400.23", "-400.23"),
            &MATCH.replace("400.23", "4e2"),
            &MATCH.replace("400.23", "40000000000.00"),
            &MATCH.replace("\"400.23\"", "null"),
            &MATCH.replace("\"trade_id\":10,", ""),
            &MATCH.replace("2014-11-07", "0014-11-07"),
            &MATCH[..80],
        ] {
            assert!(btc(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn candles_are_low_high_open_close() {
        // The form of the documentation's schema, with numbers of recorded minutes.
        let body = br#"[[1778501340,81100.5,81150,81120.01,81120,3.21],[1778501280,81090,81121,81100,81120.01,1.5]]"#;
        let bars = Venue::Coinbase.parse_candles(Asset::Btc, body).unwrap();
        assert_eq!(bars.len(), 2);
        assert_eq!(bars[0].start.as_second(), 1_778_501_280);
        let cents = |bar: &Bar| [bar.open, bar.high, bar.low, bar.close].map(AssetPrice::cents);
        assert_eq!(cents(&bars[1]), [8_112_001, 8_115_000, 8_110_050, 8_112_000]);
        for bad in [
            r#"{"message":"NotFound"}"#,
            "[[1778501340,1]]",
            "[[1778501341,81100.5,81150,81120.01,81120,3]]",
            "[[1778501340,81150,81100.5,81120.01,81120,3]]",
        ] {
            assert!(Venue::Coinbase.parse_candles(Asset::Btc, bad.as_bytes()).is_err(), "{bad}");
        }
    }
    use crate::venue::Venue;
}
