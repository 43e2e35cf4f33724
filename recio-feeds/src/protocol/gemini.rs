//! Gemini: the `{symbol}@trade` stream of its WebSocket API, and REST candles.
//!
//! - The older market data sockets (`api.gemini.com/v1/marketdata`, `/v2/marketdata`) are archived by the venue; this reads the one that replaces them. A
//!   trade has its number `t`, price `p`, and event time `E`. The page says nanoseconds; the venue's own conformance data shows milliseconds: both are
//!   read, told apart by their size. Numbers rise without being gapless for a market, and there is no sequence number: **a missed trade cannot be seen on
//!   this venue**. There is no snapshot of past trades and no heartbeat: it answers our `ping`.
//! - `/v2/candles/SYMBOL/1m`: `[milliseconds, open, high, low, close, volume]`, newest first; the newest ones in one answer, without paging.
//!
//! Sources: developer.gemini.com/websocket/streams, /websocket/message-format and /rest-api (List Candles); the frame in `conformance/websocket/events`
//! of github.com/gemini/developer-platform; read 2026-11-22.

use super::read::{bar, from_micros, minute, price, text, whole};
use super::{CandleRequest, Message, VenueTrade};
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::units::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The frame that asks for a sign of life.
pub const PING: &str = r#"{"id":"ping","method":"ping"}"#;

/// Its name of an asset's market.
#[must_use]
pub const fn symbol(asset: Asset) -> &'static str {
    match asset {
        Asset::Btc => "btcusd",
        Asset::Eth => "ethusd",
    }
}

/// The frame that subscribes to an asset's trades.
#[must_use]
pub fn subscription(asset: Asset) -> String {
    format!(r#"{{"id":"subscribe","method":"subscribe","params":["{}@trade"]}}"#, symbol(asset))
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(default)]
    id: Option<&'a str>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    error: Option<Refusal>,
    #[serde(default, rename = "e")]
    event: Option<&'a str>,
    #[serde(default, rename = "s")]
    symbol: Option<&'a str>,
    #[serde(default, rename = "t", borrow)]
    trade: Option<&'a RawValue>,
    #[serde(default, rename = "p", borrow)]
    price: Option<&'a RawValue>,
    #[serde(default, rename = "E", borrow)]
    time: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    msg: String,
}

pub(super) fn parse(asset: Asset, frame: &[u8]) -> Result<Message, String> {
    let frame: Frame<'_> = serde_json::from_slice(frame).map_err(|error| error.to_string())?;
    match (frame.id, frame.status) {
        (Some(id), Some(status)) => {
            return Ok(match (id, status) {
                ("subscribe", 200) => Message::Subscribed,
                ("subscribe", status) => {
                    let words = frame.error.map(|refusal| refusal.msg).unwrap_or_default();
                    Message::Refused(format!("status {status} to our subscription: {words}"))
                }
                // An answer to our ping, even a refusal, shows life.
                _ => Message::Heartbeat { last_trade_id: None },
            });
        }
        (None, Some(status)) if status != 200 => {
            let words = frame.error.map(|refusal| refusal.msg).unwrap_or_default();
            return Ok(Message::Refused(format!("status {status}: {words}")));
        }
        _ => {}
    }
    // The documented frame of a trade has no `e`; the venue's conformance data has one. Those of books have other values, or no `t`.
    let is_trade = frame.trade.is_some() && matches!(frame.event, None | Some("trade"));
    let ours = frame.symbol.is_some_and(|found| found.eq_ignore_ascii_case(symbol(asset)));
    if frame.event == Some("trade") && frame.trade.is_none() && ours {
        return Err("a trade without a number".into());
    }
    let (true, true, Some(number)) = (is_trade, ours, frame.trade) else { return Ok(Message::Other) };
    let trade = VenueTrade {
        id: whole(number, "trade number")?,
        price: price(asset, text(frame.price.ok_or("a trade without a price")?))?,
        time: event_time(whole(frame.time.ok_or("a trade without a time")?, "event time")?)?,
    };
    Ok(Message::Trades { trades: vec![trade], snapshot: false })
}

/// A time since 1970 in milliseconds, microseconds or nanoseconds: between 2010 and 2100 no two of them can be the same number.
fn event_time(number: u64) -> Result<Timestamp, String> {
    from_micros(number / 1_000).or_else(|_| from_micros(number.saturating_mul(1_000))).or_else(|_| from_micros(number))
}

pub(super) fn candle_request(asset: Asset) -> CandleRequest {
    CandleRequest { path: format!("/v2/candles/{}/1m", symbol(asset)), query: Vec::new() }
}

pub(super) fn parse_candles(asset: Asset, body: &[u8]) -> Result<Vec<Bar>, String> {
    let rows: Vec<Vec<&RawValue>> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let read = |row: Vec<&RawValue>| match row.as_slice() {
        [time, open, high, low, close, ..] => {
            let millis = whole(time, "time")?;
            if !millis.is_multiple_of(1_000) {
                return Err(format!("the candle of {millis} does not start on a minute"));
            }
            bar(asset, minute(millis / 1_000)?, [text(open), text(high), text(low), text(close)])
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

    // The frame of the venue's conformance data, and the documented form with nanoseconds.
    const CONFORMANCE: &str =
        r#"{"e":"trade","E":1700000000000,"s":"btcusd","t":123456789,"p":"1000.00","q":"0.25","m":true}"#;
    const DOCUMENTED: &str =
        r#"{"E":1751508438600117161,"s":"btcusd","t":2840140956529623,"p":"45000.505","q":"0.001","m":false}"#;
    const BOOK_TICKER: &str = r#"{"u":1751505576085,"E":1751508438600117161,"s":"btcusd","b":"45000.50","B":"1.25000000","a":"45001.00","A":"0.75000000"}"#;
    const REFUSED: &str = r#"{"id":"subscribe","status":400,"error":{"code":-1013,"msg":"Invalid parameters"}}"#;

    fn btc(frame: &str) -> Result<Message, String> {
        parse(Asset::Btc, frame.as_bytes())
    }

    #[test]
    fn documented_messages() {
        let Ok(Message::Trades { trades, snapshot: false }) = btc(DOCUMENTED) else { panic!("{:?}", btc(DOCUMENTED)) };
        assert_eq!((trades[0].id, trades[0].price.cents()), (2_840_140_956_529_623, 4_500_051));
        assert_eq!(trades[0].time.to_string(), "2025-07-03T02:07:18.600117Z");
        let Ok(Message::Trades { trades, .. }) = btc(CONFORMANCE) else { panic!("{:?}", btc(CONFORMANCE)) };
        assert_eq!(trades[0].time.to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(btc(r#"{"id":"subscribe","status":200}"#), Ok(Message::Subscribed));
        assert_eq!(btc(r#"{"id":"ping","status":200,"result":{}}"#), Ok(Message::Heartbeat { last_trade_id: None }));
        assert_eq!(btc(REFUSED), Ok(Message::Refused("status 400 to our subscription: Invalid parameters".into())));
        let limited = REFUSED.replace("subscribe", "ping");
        assert_eq!(btc(&limited), Ok(Message::Heartbeat { last_trade_id: None }), "an answer, at least");
        assert_eq!(btc(BOOK_TICKER), Ok(Message::Other));
        assert_eq!(parse(Asset::Eth, DOCUMENTED.as_bytes()), Ok(Message::Other));
    }

    #[test]
    fn broken_messages_are_errors() {
        for bad in [
            "7",
            &DOCUMENTED.replace("45000.505", ""),
            &DOCUMENTED.replace("45000.505", "Infinity"),
            &DOCUMENTED.replace("\"p\":\"45000.505\",", ""),
            &DOCUMENTED.replace("1751508438600117161", "17"),
            &DOCUMENTED.replace("2840140956529623", "-4"),
            &CONFORMANCE.replace("\"t\":123456789,", ""),
            &DOCUMENTED[..70],
        ] {
            assert!(btc(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn candles_are_stamped_in_milliseconds() {
        let body =
            br#"[[1778501340000,81120.01,81150,81100.5,81120,3.21],[1778501280000,81100,81121,81090,81120.01,0]]"#;
        let bars = Venue::Gemini.parse_candles(Asset::Btc, body).unwrap();
        let cents = |bar: &Bar| [bar.open, bar.high, bar.low, bar.close].map(AssetPrice::cents);
        assert_eq!(cents(&bars[1]), [8_112_001, 8_115_000, 8_110_050, 8_112_000]);
        assert_eq!(bars[0].start.as_second(), 1_778_501_280);
        assert!(Venue::Gemini.parse_candles(Asset::Btc, br#"{"result":"error","reason":"System"}"#).is_err());
        assert!(Venue::Gemini.parse_candles(Asset::Btc, br#"[[1778501340001,1,1,1,1]]"#).is_err());
    }
}
