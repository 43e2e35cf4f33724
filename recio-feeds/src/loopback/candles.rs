//! The venues' candles over REST, with each one's limits.

use super::world::Shared;
use crate::protocol::{bitstamp, coinbase, gemini, kraken};
use crate::venue::Venue;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use recio_core::market::Asset;
use recio_core::model::Bar;
use serde::Deserialize;
use std::sync::Arc;

/// Candles in Gemini's one answer: a day.
const GEMINI_MINUTES: usize = 1_440;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/coinbase/products/{product}/candles", get(coinbase_candles))
        .route("/kraken/0/public/OHLC", get(kraken_candles))
        .route("/bitstamp/api/v2/ohlc/{market}/", get(bitstamp_candles))
        .route("/gemini/v2/candles/{symbol}/1m", get(gemini_candles))
}

fn asset(named: &str, name: fn(Asset) -> &'static str) -> Option<Asset> {
    [Asset::Btc, Asset::Eth].into_iter().find(|asset| name(*asset) == named)
}

fn json(body: String) -> Response {
    ([("content-type", "application/json")], body).into_response()
}

fn bad(body: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, body).into_response()
}

/// The bars, or the status of a request that is to fail.
fn bars(shared: &Shared, venue: Venue, asset: Asset) -> Result<Vec<Bar>, StatusCode> {
    shared.lock().bars(venue, asset).ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

fn newest(bars: &[Bar], count: usize) -> &[Bar] {
    &bars[bars.len().saturating_sub(count)..]
}

#[derive(Deserialize)]
struct CoinbaseQuery {
    granularity: u32,
    start: Option<i64>,
    end: Option<i64>,
}

async fn coinbase_candles(
    State(shared): State<Arc<Shared>>,
    Path(product): Path<String>,
    Query(query): Query<CoinbaseQuery>,
) -> Response {
    let Some(asset) = asset(&product, coinbase::product) else {
        return (StatusCode::NOT_FOUND, r#"{"message":"NotFound"}"#).into_response();
    };
    let limit = i64::from(coinbase::CANDLES_A_PAGE);
    let window = query.start.zip(query.end);
    if query.granularity != 60 || window.is_some_and(|(start, end)| (end - start).div_euclid(60) + 1 > limit) {
        return bad(
            r#"{"message":"granularity too small for the requested time range. Count of aggregations requested exceeds 300"}"#,
        );
    }
    let bars = match bars(&shared, Venue::Coinbase, asset) {
        Ok(bars) => bars,
        Err(failure) => return failure.into_response(),
    };
    let inside = |bar: &&Bar| window.is_none_or(|(start, end)| (start..=end).contains(&bar.start.as_second()));
    let chosen: Vec<Bar> = bars.iter().filter(inside).copied().collect();
    let row = |bar: &Bar| {
        let Bar { start, open, high, low, close } = bar;
        format!("[{},{low},{high},{open},{close},1.5]", start.as_second())
    };
    let rows: Vec<String> = newest(&chosen, coinbase::CANDLES_A_PAGE as usize).iter().rev().map(row).collect();
    json(format!("[{}]", rows.join(",")))
}

#[derive(Deserialize)]
struct KrakenQuery {
    pair: String,
    interval: Option<u32>,
}

async fn kraken_candles(State(shared): State<Arc<Shared>>, Query(query): Query<KrakenQuery>) -> Response {
    let Some(asset) = asset(&query.pair, kraken::pair).filter(|_| query.interval.unwrap_or(1) == 1) else {
        return json(r#"{"error":["EQuery:Unknown asset pair"]}"#.into());
    };
    let bars = match bars(&shared, Venue::Kraken, asset) {
        Ok(bars) => bars,
        Err(failure) => return failure.into_response(),
    };
    let name = match asset {
        Asset::Btc => "XXBTZUSD",
        Asset::Eth => "XETHZUSD",
    };
    let row = |bar: &Bar| {
        let Bar { start, open, high, low, close } = bar;
        format!(r#"[{},"{open}","{high}","{low}","{close}","{close}","1.5",9]"#, start.as_second())
    };
    let chosen = newest(&bars, kraken::CANDLES_KEPT as usize);
    let last = chosen.last().map_or(0, |bar| bar.start.as_second());
    let rows: Vec<String> = chosen.iter().map(row).collect();
    json(format!(r#"{{"error":[],"result":{{"{name}":[{}],"last":{last}}}}}"#, rows.join(",")))
}

#[derive(Deserialize)]
struct BitstampQuery {
    step: u32,
    limit: usize,
    start: Option<i64>,
    end: Option<i64>,
}

async fn bitstamp_candles(
    State(shared): State<Arc<Shared>>,
    Path(market): Path<String>,
    Query(query): Query<BitstampQuery>,
) -> Response {
    let Some(asset) = asset(&market, bitstamp::market) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if query.step != 60 || !(1..=bitstamp::CANDLES_A_PAGE as usize).contains(&query.limit) {
        return bad(r#"{"code":"Missing or invalid step or limit","errors":[]}"#);
    }
    let bars = match bars(&shared, Venue::Bitstamp, asset) {
        Ok(bars) => bars,
        Err(failure) => return failure.into_response(),
    };
    // Where there is an end, the start does not count.
    let inside = |bar: &&Bar| match (query.start, query.end) {
        (_, Some(end)) => bar.start.as_second() <= end,
        (Some(start), None) => bar.start.as_second() >= start,
        (None, None) => true,
    };
    let chosen: Vec<Bar> = bars.iter().filter(inside).copied().collect();
    let row = |bar: &Bar| {
        let Bar { start, open, high, low, close } = bar;
        format!(
            r#"{{"close":"{close}","high":"{high}","low":"{low}","open":"{open}","timestamp":"{}","volume":"1.5"}}"#,
            start.as_second()
        )
    };
    let rows: Vec<String> = newest(&chosen, query.limit).iter().map(row).collect();
    json(format!(r#"{{"data":{{"ohlc":[{}],"pair":"{asset}/USD"}}}}"#, rows.join(",")))
}

async fn gemini_candles(State(shared): State<Arc<Shared>>, Path(symbol): Path<String>) -> Response {
    let Some(asset) = asset(&symbol, gemini::symbol) else {
        return bad(r#"{"result":"error","reason":"InvalidSymbol","message":"no such symbol here"}"#);
    };
    let bars = match bars(&shared, Venue::Gemini, asset) {
        Ok(bars) => bars,
        Err(failure) => return failure.into_response(),
    };
    let row = |bar: &Bar| {
        let Bar { start, open, high, low, close } = bar;
        format!("[{},{open},{high},{low},{close},1.5]", start.as_millisecond())
    };
    let rows: Vec<String> = newest(&bars, GEMINI_MINUTES).iter().rev().map(row).collect();
    json(format!("[{}]", rows.join(",")))
}
