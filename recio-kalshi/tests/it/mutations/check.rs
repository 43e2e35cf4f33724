//! What must hold for any bytes at all. Shared with the fuzz targets in `fuzz/`.

use recio_core::market::{EventName, MarketName};
use recio_core::units::{EventTicker, MarketTicker};
use recio_kalshi::signing::SigningKey;
use recio_kalshi::wire::{self, Frame, FrameBody, FrameHead};
use recio_kalshi::{error, parse};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// What became of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Read,
    Refused,
}

/// A kind of REST body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BodyKind {
    Limits,
    Costs,
    Balance,
    Status,
    Fills,
    Market,
    Book,
    Canceled,
    Created,
    Order,
    Positions,
    Settlements,
    Trades,
    Markets,
    Series,
    Error,
}

impl BodyKind {
    pub(crate) const ALL: [Self; 16] = [
        Self::Limits,
        Self::Costs,
        Self::Balance,
        Self::Status,
        Self::Fills,
        Self::Market,
        Self::Book,
        Self::Canceled,
        Self::Created,
        Self::Order,
        Self::Positions,
        Self::Settlements,
        Self::Trades,
        Self::Markets,
        Self::Series,
        Self::Error,
    ];
}

/// What may be absent and then counts as empty, by what the exchange documents; no money, no quantity, no time is among them.
const EMPTY_IF_ABSENT: [&str; 13] = [
    "yes_sub_title",
    "no_sub_title",
    "result",
    "can_close_early",
    "expiration_value",
    "rules_primary",
    "rules_secondary",
    "price_level_structure",
    "contract_url",
    "contract_terms_url",
    "is_block_trade",
    "grants",
    "event_positions",
];

/// The first value in `written` that `given` does not have; where it is.
pub(crate) fn invented(given: &Value, written: &Value) -> Option<String> {
    match (given, written) {
        (Value::Object(given), Value::Object(written)) => {
            written.iter().find_map(|(key, value)| match given.get(key) {
                Some(there) => invented(there, value).map(|at| format!("{key}/{at}")),
                None => {
                    let empty = value == &Value::Bool(false) || value == "" || value == &Value::Array(Vec::new());
                    // Null is how nothing is written.
                    let allowed = value.is_null() || (empty && EMPTY_IF_ABSENT.contains(&key.as_str()));
                    (!allowed).then(|| format!("{key}: {value} came out of nowhere"))
                }
            })
        }
        (Value::Array(given), Value::Array(written)) => {
            if given.len() != written.len() {
                return Some(format!("{} rows of {}", written.len(), given.len()));
            }
            given.iter().zip(written).find_map(|(given, written)| invented(given, written))
        }
        (given, written) => (given != written).then(|| format!("{given} became {written}")),
    }
}

/// An independent reading. `None` where it fails over something that recio passes over: a lone surrogate or a number without end, in a field
/// that it does not read.
fn independent(text: &[u8]) -> Option<Value> {
    match serde_json::from_slice(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let told = error.to_string();
            let passed_over = ["unicode code point", "surrogate", "hex escape", "number out of range"];
            assert!(passed_over.iter().any(|words| told.contains(words)), "what was read is JSON: {told}");
            None
        }
    }
}

fn assert_nothing_invented(given: &Value, written: &str) {
    let written: Value = serde_json::from_str(written).expect("what is written is JSON");
    if let Some(what) = invented(given, &written) {
        panic!("{what}\n{given}\n{written}");
    }
}

/// A decimal without what does not change its value.
fn plain(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let value = format!("{}.{part}", if whole.is_empty() { "0" } else { whole });
    if value == "0." { value } else { format!("{sign}{value}") }
}

fn same(told: &Value, read: impl ToString, what: &str) {
    let told = told.as_str().unwrap_or_else(|| panic!("{what} was read from {told}"));
    assert_eq!(plain(told), plain(&read.to_string()), "{what}");
}

/// A text frame: whatever is read of it stands in it.
pub(crate) fn frame(text: &[u8]) -> Seen {
    let _ = FrameHead::parse(text);
    let Ok(frame) = Frame::parse(text) else { return Seen::Refused };
    let written = frame.to_text().expect("a frame can be written");
    if !matches!(frame.body, FrameBody::Other(_)) {
        assert_eq!(Frame::parse(written.as_bytes()).expect("what was written is read"), frame);
    }
    let Some(given) = independent(text) else { return Seen::Refused };
    assert_nothing_invented(&given, &written);
    values(&frame.body, &given["msg"])
}

/// The values that core takes from a frame, beside an independent reading.
fn values(body: &FrameBody<'_>, msg: &Value) -> Seen {
    let sound = match body {
        FrameBody::Delta(message) => parse::delta(message).is_ok_and(|(market, delta, time)| {
            assert_eq!(msg["market_ticker"], market.as_str());
            same(&msg["price_dollars"], delta.price, "price");
            same(&msg["delta_fp"], delta.change, "change");
            let bid = matches!(delta.side, recio_core::market::BookSide::Bid);
            assert_eq!(msg["side"], if bid { "yes" } else { "no" });
            if let Some(millis) = msg["ts_ms"].as_i64() {
                assert_eq!(time.as_millisecond(), millis);
            }
            true
        }),
        FrameBody::Snapshot(message) => parse::snapshot(message).is_ok_and(|(_, book)| {
            for (levels, name) in [(&book.bids, "yes_dollars_fp"), (&book.asks, "no_dollars_fp")] {
                let none = Vec::new();
                let rows = msg[name].as_array().unwrap_or(&none);
                for level in levels {
                    let fits = |row: &&Value| row[0].as_str().map(plain) == Some(plain(&level.price.to_string()));
                    let row = rows.iter().find(fits).unwrap_or_else(|| panic!("no level at {}", level.price));
                    same(&row[1], level.quantity, "quantity");
                }
                let full = |row: &&Value| row[1].as_str().map(plain).is_some_and(|quantity| quantity != "0.");
                assert_eq!(rows.iter().filter(full).count(), levels.len(), "{name}");
            }
            true
        }),
        FrameBody::Ticker(message) => parse::ticker(message).is_ok_and(|update| {
            for (level, price, quantity) in [
                (update.quote.bid, "yes_bid_dollars", "yes_bid_size_fp"),
                (update.quote.ask, "yes_ask_dollars", "yes_ask_size_fp"),
            ] {
                if let Some(level) = level {
                    same(&msg[price], level.price, price);
                    same(&msg[quantity], level.quantity, quantity);
                }
            }
            same(&msg["volume_fp"], update.volume, "volume");
            same(&msg["open_interest_fp"], update.open_interest, "open interest");
            assert_eq!(msg["ts_ms"].as_i64(), Some(update.exchange_time.as_millisecond()));
            true
        }),
        FrameBody::Trade(message) => parse::public_trade(message).is_ok_and(|trade| {
            same(&msg["yes_price_dollars"], trade.yes_price, "price");
            same(&msg["count_fp"], trade.quantity, "count");
            true
        }),
        FrameBody::Fill(message) => parse::streamed_fill(message).is_ok_and(|fill| {
            same(&msg["yes_price_dollars"], fill.fill.yes_price, "price");
            same(&msg["count_fp"], fill.fill.quantity, "count");
            same(&msg["fee_cost"], fill.fill.fee, "fee");
            true
        }),
        FrameBody::UserOrder(message) => parse::streamed_order(message).is_ok_and(|order| {
            same(&msg["initial_count_fp"], order.initial, "initial");
            same(&msg["remaining_count_fp"], order.remaining, "remaining");
            true
        }),
        FrameBody::Position(message) => parse::streamed_position(message).is_ok_and(|position| {
            same(&msg["position_fp"], position.position, "position");
            true
        }),
        FrameBody::IndexValue(message) => parse::index_print(message).is_ok_and(|print| {
            let data: Value = serde_json::from_str(msg["data"].as_str().unwrap()).unwrap();
            same(&data["value"], print.price, "value");
            true
        }),
        FrameBody::Lifecycle(message) => parse::lifecycle(message).is_ok(),
        FrameBody::Subscribed(_)
        | FrameBody::Ok(_)
        | FrameBody::Unsubscribed
        | FrameBody::Error(_)
        | FrameBody::EventLifecycle(_)
        | FrameBody::EventFeeUpdate(_)
        | FrameBody::FastIndexValue(_)
        | FrameBody::OrderGroup(_)
        | FrameBody::Other(_) => true,
    };
    if sound { Seen::Read } else { Seen::Refused }
}

fn typed<T: DeserializeOwned + Serialize>(text: &[u8]) -> Option<(T, Value)> {
    let read: T = wire::read_body(text).ok()?;
    let written = serde_json::to_string(&read).expect("a body can be written");
    let given = independent(text)?;
    assert_nothing_invented(&given, &written);
    Some((read, given))
}

fn seen<T>(read: Option<T>) -> Seen {
    if read.is_some() { Seen::Read } else { Seen::Refused }
}

/// A REST body of some kind.
pub(crate) fn body(kind: BodyKind, text: &[u8]) -> Seen {
    for status in [200, 201, 400, 404, 409, 429, 500, 503] {
        let _ = error::classify_read("a body", status, text);
        let _ = error::classify_create("order", status, text);
        let _ = error::classify_cancel("order", status, text);
    }
    match kind {
        BodyKind::Limits => seen(typed::<wire::AccountLimits>(text)),
        BodyKind::Costs => seen(typed::<wire::EndpointCosts>(text)),
        BodyKind::Status => seen(typed::<wire::ExchangeStatus>(text)),
        BodyKind::Canceled => seen(typed::<wire::CancelOrderResponse>(text)),
        BodyKind::Series => {
            seen(typed::<wire::SeriesResponse>(text).map(|(body, _)| parse::series(&body.series).is_ok()))
        }
        BodyKind::Error => seen(wire::ErrorBody::parse(text)),
        BodyKind::Created => seen(typed::<wire::CreateOrderResponse>(text).map(|(body, given)| {
            if let Ok(created) = parse::created_order(&body) {
                assert_eq!(given["order_id"], created.exchange_id.as_str());
                same(&given["fill_count"], created.filled, "filled");
                same(&given["remaining_count"], created.remaining, "remaining");
            }
        })),
        BodyKind::Balance => seen(typed::<wire::Balance>(text).map(|(body, _)| parse::balance(&body).is_ok())),
        BodyKind::Order => seen(typed::<wire::OrderResponse>(text).map(|(body, given)| {
            if let Ok(order) = parse::order_report(&body.order) {
                same(&given["order"]["remaining_count_fp"], order.remaining, "remaining");
            }
        })),
        BodyKind::Fills => seen(typed::<wire::FillsPage>(text).map(|(body, given)| {
            for (at, fill) in body.fills.iter().enumerate() {
                if let Ok(fill) = parse::fill(fill) {
                    same(&given["fills"][at]["count_fp"], fill.quantity, "count");
                    same(&given["fills"][at]["fee_cost"], fill.fee, "fee");
                }
            }
        })),
        BodyKind::Positions => seen(typed::<wire::PositionsPage>(text).map(|(body, given)| {
            for (at, position) in body.market_positions.iter().enumerate() {
                if let Ok(position) = parse::position(position) {
                    same(&given["market_positions"][at]["position_fp"], position.position, "position");
                }
            }
        })),
        BodyKind::Settlements => seen(typed::<wire::SettlementsPage>(text).map(|(body, _)| {
            body.settlements.iter().filter(|settlement| parse::settlement(settlement).is_ok()).count()
        })),
        BodyKind::Trades => seen(typed::<wire::TradesPage>(text).map(|(body, given)| {
            for (at, trade) in body.trades.iter().enumerate() {
                if let Ok(trade) = parse::listed_trade(trade) {
                    same(&given["trades"][at]["yes_price_dollars"], trade.yes_price, "price");
                    same(&given["trades"][at]["count_fp"], trade.quantity, "count");
                }
            }
        })),
        BodyKind::Book => seen(typed::<wire::OrderBookResponse>(text).map(|(body, _)| {
            let market = MarketTicker::new("M").expect("a letter is a ticker");
            parse::rest_book(&market, &body.orderbook_fp).is_ok()
        })),
        BodyKind::Market => {
            seen(typed::<wire::MarketResponse>(text).map(|(body, given)| market(&body.market, &given["market"])))
        }
        BodyKind::Markets => seen(typed::<wire::MarketsPage>(text).map(|(body, given)| {
            for (at, of) in body.markets.iter().enumerate() {
                market(of, &given["markets"][at]);
            }
        })),
    }
}

fn market(body: &wire::Market, given: &Value) {
    let Ok(market) = parse::market(body) else { return };
    assert_eq!(given["ticker"], market.ticker.as_str());
    let time: recio_core::units::Timestamp = given["close_time"].as_str().unwrap().parse().unwrap();
    assert_eq!(recio_core::units::to_micros_precision(time), market.close_time);
    if let Some(recio_core::market::Strike::Greater { floor } | recio_core::market::Strike::GreaterOrEqual { floor }) =
        market.strike.known()
    {
        let told = given["floor_strike"].to_string();
        // A JSON number may come in another notation; what is compared is its value.
        assert!((told.parse::<f64>().unwrap() - floor.as_f64()).abs() < 0.000_001, "{told} became {floor}");
    }
    let _ = parse::market_quote(body);
}

/// A ticker: its names say what the text says, or nothing.
pub(crate) fn ticker(text: &[u8]) -> Seen {
    let Ok(text) = std::str::from_utf8(text) else { return Seen::Refused };
    if let Ok(event) = EventTicker::new(text) {
        assert_eq!(event.as_str(), text);
        if let Ok(name) = event.as_str().parse::<EventName>() {
            assert_eq!(name.ticker().as_str().parse(), Ok(name));
        }
    }
    let Ok(market) = MarketTicker::new(text) else { return Seen::Refused };
    let Ok(name) = market.as_str().parse::<MarketName>() else { return Seen::Refused };
    // The same name, also where the text has zeros in front of its strike.
    assert_eq!(name.ticker().as_str().parse(), Ok(name));
    Seen::Read
}

/// A key file's text: no panic, and no word of it in an error.
pub(crate) fn key_file(text: &[u8]) -> Seen {
    let text = String::from_utf8_lossy(text).into_owned();
    match SigningKey::from_pem("key", &secrecy::SecretString::from(text.clone())) {
        Ok(key) => {
            assert!(!format!("{key:?}").contains("BEGIN"));
            Seen::Read
        }
        Err(error) => {
            let (told, shown) = (error.to_string(), format!("{error:?}"));
            let longest = text.lines().filter(|line| line.len() > 40 && !line.contains("-----"));
            for line in longest {
                assert!(!told.contains(line) && !shown.contains(line), "an error shows the key");
            }
            Seen::Refused
        }
    }
}
