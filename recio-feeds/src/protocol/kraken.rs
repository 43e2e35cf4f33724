//! Kraken: the `trade` channel of WebSocket v2, and `OHLC`.
//!
//! - A trade's `trade_id` is a sequence number of its book, its timestamp RFC 3339 to the microsecond. Prices are JSON numbers: they are read as text.
//!   The subscription asks for the snapshot of the latest 50 trades, which closes the hole after a reconnect. Without other updates a `heartbeat`
//!   comes about once a second by itself.
//! - `OHLC` gives up to 720 of the newest candles and nothing older, whatever is asked for; the last of them is still running. Rows are
//!   `[seconds, open, high, low, close, vwap, volume, count]`. Errors come with status 200 in `error`.
//!
//! Sources: docs.kraken.com/exchange/api-reference/spot-websocket-v2/trade and /heartbeat, docs.kraken.com/api/docs/websocket-v2/trade,
//! docs.kraken.com/api-reference/market-data/get-ohlc-data; read 2026-11-22.

use super::read::{bar, minute, price, rfc3339, text, whole};
use super::{CandleRequest, Message, VenueTrade};
use recio_core::market::Asset;
use recio_core::model::Bar;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Candles in the one answer there is.
pub const CANDLES_KEPT: u32 = 720;

/// The WebSocket's name of an asset's market.
#[must_use]
pub const fn symbol(asset: Asset) -> &'static str {
    match asset {
        Asset::Btc => "BTC/USD",
        Asset::Eth => "ETH/USD",
    }
}

/// REST's name of an asset's market, as it is asked for. (Answers use a longer one.)
#[must_use]
pub const fn pair(asset: Asset) -> &'static str {
    match asset {
        Asset::Btc => "XBTUSD",
        Asset::Eth => "ETHUSD",
    }
}

/// The frame that subscribes to an asset's trades.
#[must_use]
pub fn subscription(asset: Asset) -> String {
    let symbol = symbol(asset);
    format!(
        r#"{{"method":"subscribe","params":{{"channel":"trade","symbol":["{symbol}"],"snapshot":true}},"req_id":1}}"#
    )
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(default)]
    channel: Option<&'a str>,
    #[serde(default)]
    method: Option<&'a str>,
    #[serde(default, rename = "type")]
    kind: Option<&'a str>,
    #[serde(default)]
    success: Option<bool>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Trade<'a> {
    symbol: &'a str,
    #[serde(borrow)]
    price: &'a RawValue,
    trade_id: u64,
    timestamp: &'a str,
}

pub(super) fn parse(asset: Asset, frame: &[u8]) -> Result<Message, String> {
    let json = |error: serde_json::Error| error.to_string();
    let frame: Frame<'_> = serde_json::from_slice(frame).map_err(json)?;
    match (frame.channel, frame.method) {
        (Some("heartbeat"), _) => Ok(Message::Heartbeat { last_trade_id: None }),
        (Some("trade"), _) => {
            let snapshot = match frame.kind {
                Some("snapshot") => true,
                Some("update") => false,
                _ => return Err("a trade message that is neither snapshot nor update".into()),
            };
            let data = frame.data.ok_or("a trade message without data")?;
            let rows: Vec<Trade<'_>> = serde_json::from_str(data.get()).map_err(json)?;
            let mut trades = Vec::with_capacity(rows.len());
            for row in rows.iter().filter(|row| row.symbol == symbol(asset)) {
                let price = price(asset, text(row.price))?;
                trades.push(VenueTrade { id: row.trade_id, price, time: rfc3339(row.timestamp)? });
            }
            trades.sort_by_key(|trade| trade.id);
            // Without any rows it is the snapshot of a market without trades.
            let of_others = trades.is_empty() && !rows.is_empty();
            Ok(if of_others { Message::Other } else { Message::Trades { trades, snapshot } })
        }
        (None, Some("subscribe")) if frame.success == Some(true) => Ok(Message::Subscribed),
        // Without a method, too: a request that could not be understood is answered with its error alone.
        (None, _) if frame.success == Some(false) || frame.error.is_some() => {
            Ok(Message::Refused(frame.error.unwrap_or_else(|| "no reason given".into())))
        }
        _ => Ok(Message::Other),
    }
}

pub(super) fn candle_request(asset: Asset) -> CandleRequest {
    CandleRequest {
        path: "/0/public/OHLC".into(),
        query: vec![("pair", pair(asset).to_owned()), ("interval", "1".to_owned())],
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default)]
    error: Vec<String>,
    #[serde(default, borrow)]
    result: BTreeMap<String, &'a RawValue>,
}

pub(super) fn parse_candles(asset: Asset, body: &[u8]) -> Result<Vec<Bar>, String> {
    let json = |error: serde_json::Error| error.to_string();
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(json)?;
    if !answer.error.is_empty() {
        return Err(format!("the venue's error: {}", answer.error.join(", ")));
    }
    let mut named = answer.result.iter().filter(|(name, _)| *name != "last");
    let (Some((_, rows)), None) = (named.next(), named.next()) else {
        return Err("not the candles of one market".into());
    };
    let rows: Vec<Vec<&RawValue>> = serde_json::from_str(rows.get()).map_err(json)?;
    let read = |row: Vec<&RawValue>| match row.as_slice() {
        [time, open, high, low, close, ..] => {
            bar(asset, minute(whole(time, "time")?)?, [text(open), text(high), text(low), text(close)])
        }
        short => Err(format!("a candle of {} numbers", short.len())),
    };
    rows.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venue::Venue;
    use recio_core::units::AssetPrice;

    // The forms of the documentation's examples (see the module's sources), for our market.
    const SNAPSHOT: &str = r#"{"channel":"trade","type":"snapshot","data":[{"symbol":"BTC/USD","side":"buy","price":81120.1,"qty":0.02,"ord_type":"limit","trade_id":4665846,"timestamp":"2023-09-25T07:48:36.925533Z"},{"symbol":"BTC/USD","side":"buy","price":81120.0,"qty":1.5,"ord_type":"limit","trade_id":4665847,"timestamp":"2023-09-25T07:49:36.925603Z"}]}"#;
    const UPDATE: &str = r#"{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"sell","price":81119.9,"qty":40.0,"ord_type":"market","trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"}]}"#;
    const ACK: &str = r#"{"method":"subscribe","result":{"channel":"trade","snapshot":true,"symbol":"BTC/USD"},"success":true,"time_in":"2023-09-25T09:04:31.742599Z","time_out":"2023-09-25T09:04:31.742648Z","req_id":1}"#;
    const REFUSED: &str = r#"{"error":"Currency pair not supported BTC/XXX","method":"subscribe","success":false,"symbol":"BTC/XXX","time_in":"2023-09-25T09:04:31.742599Z","time_out":"2023-09-25T09:04:31.742648Z"}"#;
    const STATUS: &str = r#"{"channel":"status","data":[{"api_version":"v2","connection_id":13834774380200032777,"system":"online","version":"2.0.0"}],"type":"update"}"#;

    fn btc(frame: &str) -> Result<Message, String> {
        parse(Asset::Btc, frame.as_bytes())
    }

    #[test]
    fn documented_messages() {
        let Ok(Message::Trades { trades, snapshot: true }) = btc(SNAPSHOT) else { panic!("{:?}", btc(SNAPSHOT)) };
        assert_eq!(
            trades.iter().map(|trade| (trade.id, trade.price.cents())).collect::<Vec<_>>(),
            [(4_665_846, 8_112_010), (4_665_847, 8_112_000)]
        );
        let Ok(Message::Trades { trades, snapshot: false }) = btc(UPDATE) else { panic!("{:?}", btc(UPDATE)) };
        assert_eq!(trades[0].price.cents(), 8_111_990);
        assert_eq!(trades[0].time.to_string(), "2023-09-25T07:49:37.708706Z");
        assert_eq!(btc(ACK), Ok(Message::Subscribed));
        assert_eq!(btc(REFUSED), Ok(Message::Refused("Currency pair not supported BTC/XXX".into())));
        assert_eq!(btc(r#"{"channel":"heartbeat"}"#), Ok(Message::Heartbeat { last_trade_id: None }));
        assert_eq!(btc(STATUS), Ok(Message::Other));
        assert_eq!(parse(Asset::Eth, UPDATE.as_bytes()), Ok(Message::Other));
        let empty = r#"{"channel":"trade","type":"snapshot","data":[]}"#;
        assert_eq!(btc(empty), Ok(Message::Trades { trades: Vec::new(), snapshot: true }));
    }

    #[test]
    fn broken_messages_are_errors() {
        for bad in [
            "nonsense",
            &UPDATE.replace("81119.9", "8.11199e4"),
            &UPDATE.replace("81119.9", "null"),
            &UPDATE.replace("81119.9", "-1"),
            &UPDATE.replace("\"trade_id\":4665906,", ""),
            &UPDATE.replace("\"update\"", "\"delete\""),
            r#"{"channel":"trade","type":"update"}"#,
            &UPDATE[..60],
        ] {
            assert!(btc(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn candles_come_under_the_markets_long_name() {
        let body = br#"{"error":[],"result":{"XXBTZUSD":[[1778501280,"81100.0","81121.0","81090.0","81120.1","81111.1","1.5",12],[1778501340,"81120.1","81150.0","81100.5","81120.0","81111.0","2.5",9]],"last":1778501280}}"#;
        let bars = Venue::Kraken.parse_candles(Asset::Btc, body).unwrap();
        let cents = |bar: &Bar| [bar.open, bar.high, bar.low, bar.close].map(AssetPrice::cents);
        assert_eq!(cents(&bars[0]), [8_110_000, 8_112_100, 8_109_000, 8_112_010]);
        for bad in [
            r#"{"error":["EGeneral:Too many requests"]}"#,
            r#"{"error":[],"result":{"last":1}}"#,
            r#"{"error":[],"result":{"A":[],"B":[]}}"#,
        ] {
            assert!(Venue::Kraken.parse_candles(Asset::Btc, bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
