//! The four protocols as a server speaks them.

use crate::protocol::{VenueTrade, bitstamp, coinbase, gemini, kraken};
use crate::venue::Venue;
use recio_core::market::Asset;
use serde_json::{Value, json};

/// What a client's frame asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A subscription to these assets' trades.
    Subscribe(Vec<Asset>),
    /// An answer of this text.
    Answer(String),
    /// Nothing that a venue would answer.
    Nothing,
}

const ASSETS: [Asset; 2] = [Asset::Btc, Asset::Eth];

/// A trade's frame.
pub(super) fn trade(venue: Venue, asset: Asset, trade: VenueTrade) -> String {
    let VenueTrade { id, price, time } = trade;
    match venue {
        Venue::Coinbase => coinbase_match("match", asset, trade),
        Venue::Kraken => kraken_trades("update", asset, &[trade]),
        Venue::Bitstamp => json!({
            "event": "trade",
            "channel": bitstamp::channel(asset),
            "data": {
                "id": id, "timestamp": time.as_second().to_string(), "amount": 0.0028, "amount_str": "0.00280000",
                "price": price.as_f64(), "price_str": price.to_string(), "type": 0,
                "microtimestamp": time.as_microsecond().to_string(), "buy_order_id": 1, "sell_order_id": 2,
            },
        })
        .to_string(),
        Venue::Gemini => json!({
            "E": i64::try_from(time.as_nanosecond()).unwrap_or_default(), "s": gemini::symbol(asset), "t": id,
            "p": price.to_string(), "q": "0.00280000", "m": false,
        })
        .to_string(),
    }
}

fn coinbase_match(kind: &str, asset: Asset, trade: VenueTrade) -> String {
    json!({
        "type": kind, "trade_id": trade.id, "sequence": trade.id * 10, "time": trade.time.to_string(),
        "maker_order_id": "ac928c66-ca53-498f-9c13-a110027a60e8", "taker_order_id": "132fb6ae-456b-4654-b4e0-d681ac05cea1",
        "product_id": coinbase::product(asset), "size": "0.00280000", "price": trade.price.to_string(), "side": "sell",
    })
    .to_string()
}

/// Prices of Kraken are numbers: written as text, so that no float comes between.
fn kraken_trades(kind: &str, asset: Asset, trades: &[VenueTrade]) -> String {
    let symbol = kraken::symbol(asset);
    let row = |trade: &VenueTrade| {
        let VenueTrade { id, price, time } = trade;
        format!(
            r#"{{"symbol":"{symbol}","side":"sell","price":{price},"qty":0.0028,"ord_type":"market","trade_id":{id},"timestamp":"{time}"}}"#
        )
    };
    let rows: Vec<String> = trades.iter().map(row).collect();
    format!(r#"{{"channel":"trade","type":"{kind}","data":[{}]}}"#, rows.join(","))
}

/// A heartbeat, or the answer to a ping.
pub(super) fn heartbeat(venue: Venue, asset: Asset, newest: Option<VenueTrade>) -> String {
    match venue {
        Venue::Coinbase => json!({
            "type": "heartbeat", "sequence": newest.map_or(0, |trade| trade.id * 10),
            "last_trade_id": newest.map_or(0, |trade| trade.id), "product_id": coinbase::product(asset),
            "time": newest.map_or_else(|| "1970-01-01T00:00:00Z".to_owned(), |trade| trade.time.to_string()),
        })
        .to_string(),
        Venue::Kraken => r#"{"channel":"heartbeat"}"#.into(),
        Venue::Bitstamp => r#"{"event":"bts:heartbeat","channel":"","data":{"status":"success"}}"#.into(),
        Venue::Gemini => r#"{"id":"ping","status":200,"result":{}}"#.into(),
    }
}

/// Whether a venue sends heartbeats by itself.
pub(super) const fn beats(venue: Venue) -> bool {
    match venue {
        Venue::Coinbase | Venue::Kraken => true,
        Venue::Bitstamp | Venue::Gemini => false,
    }
}

/// What a new subscriber is told first.
pub(super) fn welcome(venue: Venue, asset: Asset, recent: &[VenueTrade]) -> Vec<String> {
    match venue {
        Venue::Coinbase => {
            let product = coinbase::product(asset);
            let channel = |name: &str| json!({ "name": name, "product_ids": [product] });
            let accepted = json!({ "type": "subscriptions", "channels": [channel("matches"), channel("heartbeat")] });
            let last = recent.last().map(|trade| coinbase_match("last_match", asset, *trade));
            // The last match comes first, at the venue, too.
            last.into_iter().chain([accepted.to_string()]).collect()
        }
        Venue::Kraken => {
            let symbol = kraken::symbol(asset);
            let result = json!({ "channel": "trade", "snapshot": true, "symbol": symbol });
            let accepted = json!({ "method": "subscribe", "result": result, "success": true, "req_id": 1 });
            vec![accepted.to_string(), kraken_trades("snapshot", asset, recent)]
        }
        Venue::Bitstamp => {
            let channel = bitstamp::channel(asset);
            vec![json!({ "event": "bts:subscription_succeeded", "channel": channel, "data": {} }).to_string()]
        }
        Venue::Gemini => vec![r#"{"id":"subscribe","status":200}"#.into()],
    }
}

/// Reads what a client sent.
pub(super) fn wish(venue: Venue, frame: &str) -> Wish {
    let Ok(frame) = serde_json::from_str::<Value>(frame) else { return Wish::Answer(refusal(venue).into()) };
    let names = |list: &Value, name: fn(Asset) -> String| {
        let listed = |asset: &Asset| list.as_array().is_some_and(|all| all.iter().any(|one| *one == name(*asset)));
        let assets: Vec<Asset> = ASSETS.into_iter().filter(listed).collect();
        if assets.is_empty() { Wish::Answer(refusal(venue).into()) } else { Wish::Subscribe(assets) }
    };
    match venue {
        Venue::Coinbase if frame["type"] == "subscribe" => {
            names(&frame["product_ids"], |asset| coinbase::product(asset).to_owned())
        }
        Venue::Kraken if frame["method"] == "subscribe" && frame["params"]["channel"] == "trade" => {
            names(&frame["params"]["symbol"], |asset| kraken::symbol(asset).to_owned())
        }
        Venue::Bitstamp if frame["event"] == "bts:subscribe" => {
            names(&json!([frame["data"]["channel"]]), bitstamp::channel)
        }
        Venue::Gemini if frame["method"] == "subscribe" => {
            names(&frame["params"], |asset| format!("{}@trade", gemini::symbol(asset)))
        }
        Venue::Bitstamp if frame["event"] == "bts:heartbeat" => Wish::Answer(heartbeat(venue, Asset::Btc, None)),
        Venue::Gemini if frame["method"] == "ping" => Wish::Answer(heartbeat(venue, Asset::Btc, None)),
        Venue::Coinbase | Venue::Kraken | Venue::Bitstamp | Venue::Gemini => Wish::Nothing,
    }
}

const fn refusal(venue: Venue) -> &'static str {
    match venue {
        Venue::Coinbase => r#"{"type":"error","message":"Failed to subscribe","reason":"no such product here"}"#,
        Venue::Kraken => r#"{"error":"Currency pair not supported","method":"subscribe","success":false}"#,
        Venue::Bitstamp => {
            r#"{"event":"bts:error","channel":"","data":{"code":null,"message":"Bad subscription string."}}"#
        }
        Venue::Gemini => r#"{"id":"subscribe","status":400,"error":{"code":-1013,"msg":"Invalid parameters"}}"#,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Message, plausible};
    use proptest::proptest;

    /// One frame of each kind that a venue sends.
    fn frames(venue: Venue) -> Vec<String> {
        let time = "2026-05-11T12:09:11.435927Z".parse().unwrap();
        let one = VenueTrade { id: 1_016_361_845, price: "81120.01".parse().unwrap(), time };
        let mut frames = welcome(venue, Asset::Btc, &[one]);
        frames.extend([trade(venue, Asset::Btc, one), heartbeat(venue, Asset::Btc, Some(one)), refusal(venue).into()]);
        frames
    }

    #[test]
    fn the_feeds_read_back_what_it_says() {
        for venue in Venue::ALL {
            for frame in frames(venue) {
                let read = venue.parse(Asset::Btc, frame.as_bytes()).unwrap();
                assert_ne!(read, Message::Other, "{frame}");
                if let Message::Trades { trades, .. } = read {
                    assert_eq!((trades[0].id, trades[0].price.cents()), (1_016_361_845, 8_112_001));
                    assert_eq!(trades[0].time.to_string(), "2026-05-11T12:09:11.435927Z");
                }
            }
        }
    }

    proptest! {
        /// A damaged frame is an error, or says what a sound frame could say: never a panic, never a price out of reason.
        #[test]
        fn damaged_frames_are_errors_or_sound(
            which in 0_usize..5, place in 0.0..1.0_f64, byte in proptest::num::u8::ANY, cut in proptest::bool::ANY,
        ) {
            for venue in Venue::ALL {
                let all = frames(venue);
                let mut frame = all[which % all.len()].clone().into_bytes();
                let at = ((frame.len() as f64 * place) as usize).min(frame.len() - 1);
                if cut { frame.truncate(at) } else { frame[at] = byte }
                if let Ok(Message::Trades { trades, .. }) = venue.parse(Asset::Btc, &frame) {
                    let (low, high) = plausible(Asset::Btc);
                    assert!(trades.iter().all(|trade| (low..=high).contains(&trade.price.cents())));
                }
                let _ = venue.parse_candles(Asset::Btc, &frame);
            }
        }
    }

    #[test]
    fn it_understands_what_the_feeds_send() {
        for venue in Venue::ALL {
            for asset in ASSETS {
                assert_eq!(wish(venue, &venue.subscription(asset)), Wish::Subscribe(vec![asset]));
            }
            if let Some(ping) = venue.ping() {
                assert!(matches!(wish(venue, ping), Wish::Answer(_)), "{venue}");
            }
            assert!(matches!(wish(venue, "nonsense"), Wish::Answer(_)), "{venue}");
        }
    }
}
