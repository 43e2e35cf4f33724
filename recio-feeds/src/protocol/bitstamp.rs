//! Bitstamp: the `live_trades` channel of WebSocket v2, and `ohlc`.
//!
//! - A trade's `id` rises, but is shared by all markets: a hole says nothing. Its `microtimestamp` is microseconds since 1970. The venue sends no
//!   heartbeat by itself; it answers ours (`bts:heartbeat`). It asks for a new connection with `bts:request_reconnect` before maintenance; a connection
//!   lives 90 days at most. There is no snapshot of past trades.
//! - `ohlc` gives up to 1,000 candles; where both `start` and `end` are given, `end` alone counts, so windows are asked for by `end` and `limit`.
//!
//! Sources: www.bitstamp.net/websocket/v2 and www.bitstamp.net/api (OHLC data); read 2026-11-22.

use super::read::{bar, from_micros, minute, price, text, whole};
use super::{CandleRequest, Message, VenueTrade};
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::TimeRange;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Candles in one answer.
pub const CANDLES_A_PAGE: u32 = 1_000;

/// The frame that asks for a sign of life.
pub const PING: &str = r#"{"event":"bts:heartbeat"}"#;

/// Its name of an asset's market.
#[must_use]
pub const fn market(asset: Asset) -> &'static str {
    match asset {
        Asset::Btc => "btcusd",
        Asset::Eth => "ethusd",
    }
}

/// The channel of an asset's trades.
#[must_use]
pub fn channel(asset: Asset) -> String {
    format!("live_trades_{}", market(asset))
}

/// The frame that subscribes to an asset's trades.
#[must_use]
pub fn subscription(asset: Asset) -> String {
    format!(r#"{{"event":"bts:subscribe","data":{{"channel":"{}"}}}}"#, channel(asset))
}

#[derive(Deserialize)]
struct Frame<'a> {
    event: &'a str,
    #[serde(default)]
    channel: Option<&'a str>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Trade<'a> {
    id: u64,
    /// The exact text; the number beside it may be rounded.
    #[serde(default)]
    price_str: Option<&'a str>,
    #[serde(borrow)]
    price: &'a RawValue,
    #[serde(borrow)]
    microtimestamp: &'a RawValue,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
}

pub(super) fn parse(asset: Asset, frame: &[u8]) -> Result<Message, String> {
    let json = |error: serde_json::Error| error.to_string();
    let frame: Frame<'_> = serde_json::from_slice(frame).map_err(json)?;
    let ours = frame.channel == Some(channel(asset).as_str());
    match frame.event {
        "trade" if ours => {
            let data = frame.data.ok_or("a trade without data")?;
            let trade: Trade<'_> = serde_json::from_str(data.get()).map_err(json)?;
            let found = VenueTrade {
                id: trade.id,
                price: price(asset, trade.price_str.unwrap_or_else(|| text(trade.price)))?,
                time: from_micros(whole(trade.microtimestamp, "microtimestamp")?)?,
            };
            Ok(Message::Trades { trades: vec![found], snapshot: false })
        }
        "bts:subscription_succeeded" if ours => Ok(Message::Subscribed),
        "bts:heartbeat" => Ok(Message::Heartbeat { last_trade_id: None }),
        "bts:request_reconnect" => Ok(Message::ReconnectAsked),
        "bts:error" => {
            let refusal = frame.data.and_then(|data| serde_json::from_str::<Refusal>(data.get()).ok());
            Ok(Message::Refused(refusal.map_or_else(|| "no reason given".into(), |refusal| refusal.message)))
        }
        _ => Ok(Message::Other),
    }
}

pub(super) fn candle_request(asset: Asset, window: TimeRange) -> CandleRequest {
    let last = window.to.as_second() - 60;
    let minutes = (window.to.as_second() - window.from.as_second()).div_euclid(60).clamp(1, i64::from(CANDLES_A_PAGE));
    CandleRequest {
        path: format!("/api/v2/ohlc/{}/", market(asset)),
        query: vec![("step", "60".to_owned()), ("limit", minutes.to_string()), ("end", last.to_string())],
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Ohlc<'a>,
}

#[derive(Deserialize)]
struct Ohlc<'a> {
    #[serde(borrow)]
    ohlc: Vec<Candle<'a>>,
}

#[derive(Deserialize)]
struct Candle<'a> {
    #[serde(borrow)]
    timestamp: &'a RawValue,
    #[serde(borrow)]
    open: &'a RawValue,
    #[serde(borrow)]
    high: &'a RawValue,
    #[serde(borrow)]
    low: &'a RawValue,
    #[serde(borrow)]
    close: &'a RawValue,
}

pub(super) fn parse_candles(asset: Asset, body: &[u8]) -> Result<Vec<Bar>, String> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let read = |row: Candle<'_>| {
        let start = minute(whole(row.timestamp, "timestamp")?)?;
        bar(asset, start, [text(row.open), text(row.high), text(row.low), text(row.close)])
    };
    answer.data.ohlc.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::Venue;
    use recio_core::units::AssetPrice;

    // A trade as the venue sends it (fields of the documentation; numbers of a message quoted in public), the others documented.
    const TRADE: &str = r#"{"event":"trade","channel":"live_trades_btcusd","data":{"id":212337562,"timestamp":"1643643584","amount":0.0028,"amount_str":"0.00280000","price":38416,"price_str":"38416","type":0,"microtimestamp":"1643643584587000","buy_order_id":1453286405111809,"sell_order_id":1453286404931584}}"#;
    const SUBSCRIBED: &str = r#"{"event":"bts:subscription_succeeded","channel":"live_trades_btcusd","data":{}}"#;
    const HEARTBEAT: &str = r#"{"event":"bts:heartbeat","channel":"","data":{"status":"success"}}"#;
    const RECONNECT: &str = r#"{"event":"bts:request_reconnect","channel":"","data":""}"#;
    const ERROR: &str = r#"{"event":"bts:error","channel":"","data":{"code":null,"message":"Incorrect JSON format."}}"#;

    fn btc(frame: &str) -> Result<Message, String> {
        parse(Asset::Btc, frame.as_bytes())
    }

    #[test]
    fn documented_messages() {
        let Ok(Message::Trades { trades, snapshot: false }) = btc(TRADE) else { panic!("{:?}", btc(TRADE)) };
        assert_eq!((trades[0].id, trades[0].price.cents()), (212_337_562, 3_841_600));
        assert_eq!(trades[0].time.to_string(), "2022-01-31T15:39:44.587Z");
        assert_eq!(btc(SUBSCRIBED), Ok(Message::Subscribed));
        assert_eq!(btc(HEARTBEAT), Ok(Message::Heartbeat { last_trade_id: None }));
        assert_eq!(btc(RECONNECT), Ok(Message::ReconnectAsked));
        assert_eq!(btc(ERROR), Ok(Message::Refused("Incorrect JSON format.".into())));
        assert_eq!(btc(r#"{"event":"order_created","channel":"live_orders_btcusd","data":{}}"#), Ok(Message::Other));
        assert_eq!(parse(Asset::Eth, TRADE.as_bytes()), Ok(Message::Other));
    }

    #[test]
    fn the_exact_text_goes_before_the_number() {
        let odd = TRADE.replace(r#""price":38416,"price_str":"38416""#, r#""price":38416.12,"price_str":"38416.13""#);
        assert!(matches!(btc(&odd), Ok(Message::Trades { trades, .. }) if trades[0].price.cents() == 3_841_613));
        let without = TRADE.replace(r#""price_str":"38416","#, "");
        assert!(matches!(btc(&without), Ok(Message::Trades { trades, .. }) if trades[0].price.cents() == 3_841_600));
    }

    #[test]
    fn broken_messages_are_errors() {
        for bad in [
            "{}",
            &TRADE.replace("\"38416\"", "\"NaN\""),
            &TRADE.replace("\"38416\"", "\"0\""),
            &TRADE.replace("1643643584587000", "1643643584"),
            &TRADE.replace("\"id\":212337562,", ""),
            r#"{"event":"trade","channel":"live_trades_btcusd"}"#,
            &TRADE[..90],
        ] {
            assert!(btc(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn candles_are_objects_of_texts() {
        let body = br#"{"data":{"ohlc":[{"close":"81120","high":"81150","low":"81100","open":"81120","timestamp":"1778501340","volume":"0.5"}],"pair":"BTC/USD"}}"#;
        let bars = Venue::Bitstamp.parse_candles(Asset::Btc, body).unwrap();
        let cents = |bar: &Bar| [bar.open, bar.high, bar.low, bar.close].map(AssetPrice::cents);
        assert_eq!(cents(&bars[0]), [8_112_000, 8_115_000, 8_110_000, 8_112_000]);
        assert!(Venue::Bitstamp.parse_candles(Asset::Btc, br#"{"code":"x","errors":[]}"#).is_err());
    }

    #[test]
    fn windows_are_asked_for_by_their_end() {
        let from = "2026-05-11T12:00:00Z".parse().unwrap();
        let to = "2026-05-11T13:00:00Z".parse().unwrap();
        let request = candle_request(Asset::Eth, TimeRange { from, to });
        assert_eq!(request.path, "/api/v2/ohlc/ethusd/");
        assert_eq!(request.query[1].1, "60");
        assert_eq!(request.query[2].1, "1778504340");
    }
}
