//! Past minutes from a venue's public candles.

use crate::backoff::Backoff;
use crate::config::FeedConfig;
use crate::protocol::Candles;
use crate::venue::{Hosts, Venue};
use recio_core::causes::in_full;
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedError, TimeRange};
use recio_core::read::{BoxError, Read};
use recio_core::units::Timestamp;
use std::collections::BTreeMap;
use tokio::time::{sleep, timeout};

/// Requests in one read: with 300 minutes each that is six weeks, more than any start needs. A longer range is read in parts.
const MAX_REQUESTS: usize = 200;
/// Attempts at one request before its minutes are given up as missing.
const ATTEMPTS: u32 = 3;
/// The largest answer: 1,440 candles are about 150 KB.
const MAX_BODY_BYTES: usize = 8 << 20;
/// A hole of more minutes than this at either end is not a quiet market but a source that lags or ends.
const QUIET_MINUTES: i64 = 3;

/// Where candles are read.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    pub(crate) venue: Venue,
    pub(crate) asset: Asset,
    pub(crate) hosts: &'a Hosts,
    pub(crate) http: &'a reqwest::Client,
}

/// Reads the whole minutes inside the range.
pub(crate) async fn read(
    source: &Source<'_>,
    config: &FeedConfig,
    range: TimeRange,
) -> Result<Read<Vec<Bar>>, FeedError> {
    let Some(minutes) = whole_minutes(range) else { return Ok(Read::Complete(Vec::new())) };
    let mut missing = Vec::new();
    let windows = windows(source.venue, minutes, &mut missing);
    let (mut bars, mut failed) = (BTreeMap::new(), None);
    let asked = windows.len();
    let mut lost = 0;
    for (at, window) in windows.into_iter().enumerate() {
        if at > 0 {
            sleep(config.request_every).await;
        }
        match page(source, config, window).await {
            // All that it keeps is newer: that nothing came is no gap, and will not be filled.
            Ok(page) if keeps_no_longer(source.venue, window, &page) => return Err(FeedError::NoHistory),
            Ok(page) => {
                let before = bars.len();
                bars.extend(page.into_iter().filter(|bar| inside(window, bar)).map(|bar| (bar.start, bar)));
                if bars.len() == before {
                    missing.push(format!("{} to {}: no candles", window.from, window.to));
                }
            }
            Err(error) => {
                lost += 1;
                missing.push(format!("{} to {}: {}", window.from, window.to, in_full(&*error)));
                failed = Some(error);
            }
        }
    }
    if lost == asked
        && let Some(error) = failed
    {
        return Err(FeedError::Unreachable(error));
    }
    let bars: Vec<Bar> = bars.into_values().collect();
    if missing.is_empty() {
        ends(&bars, minutes, &mut missing);
    }
    Ok(if missing.is_empty() {
        Read::Complete(bars)
    } else {
        Read::Partial { got: bars, missing: format!("{}: {}", source.venue, missing.join("; ")) }
    })
}

/// The minutes that begin and end inside the range, as a range.
fn whole_minutes(range: TimeRange) -> Option<TimeRange> {
    let first = (range.from.as_microsecond()).div_euclid(60_000_000)
        + i64::from(range.from.as_microsecond().rem_euclid(60_000_000) > 0);
    let last = range.to.as_microsecond().div_euclid(60_000_000);
    let at = |minute: i64| Timestamp::from_second(minute * 60).ok();
    (first < last).then_some(TimeRange { from: at(first)?, to: at(last)? })
}

fn keeps_no_longer(venue: Venue, window: TimeRange, page: &[Bar]) -> bool {
    let oldest = page.iter().map(|bar| bar.start).min();
    venue.candles() == Candles::Newest && oldest.is_some_and(|oldest| oldest >= window.to)
}

fn inside(window: TimeRange, bar: &Bar) -> bool {
    window.from <= bar.start && bar.start < window.to
}

/// The windows to ask for, oldest first; what the bound of requests leaves out is said.
fn windows(venue: Venue, range: TimeRange, missing: &mut Vec<String>) -> Vec<TimeRange> {
    let step = match venue.candles() {
        Candles::Newest => return vec![range],
        Candles::Windows { minutes } => i64::from(minutes) * 60,
    };
    let mut windows = Vec::new();
    let mut to = range.to;
    // From the newest back: what is near counts most.
    while to > range.from {
        if windows.len() == MAX_REQUESTS {
            missing.push(format!("everything before {to}: more than {MAX_REQUESTS} requests, read it in parts"));
            break;
        }
        let from = Timestamp::from_second(to.as_second() - step).unwrap_or(range.from).max(range.from);
        windows.push(TimeRange { from, to });
        to = from;
    }
    windows.reverse();
    windows
}

/// Says what is missing at the ends.
fn ends(bars: &[Bar], range: TimeRange, missing: &mut Vec<String>) {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
        missing.push("everything".into());
        return;
    };
    if first.start.as_second() - range.from.as_second() > QUIET_MINUTES * 60 {
        missing.push(format!("everything before {}", first.start));
    }
    if range.to.as_second() - last.start.as_second() > (QUIET_MINUTES + 1) * 60 {
        missing.push(format!("everything after {}", last.start));
    }
}

/// One request, tried again where that may help: candles change nothing at the venue.
async fn page(source: &Source<'_>, config: &FeedConfig, window: TimeRange) -> Result<Vec<Bar>, BoxError> {
    let mut backoff = Backoff::new(config);
    let mut attempt = 1;
    loop {
        let error = match timeout(config.request_within, request(source, window)).await {
            Ok(Ok(bars)) => return Ok(bars),
            Ok(Err(Failure::Final(error))) => return Err(error),
            Ok(Err(Failure::MayPass(error))) => error,
            Err(late) => late.into(),
        };
        if attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
        sleep(backoff.next()).await;
    }
}

enum Failure {
    /// The network, a full server, a rate limit.
    MayPass(BoxError),
    /// The same request would fail again.
    Final(BoxError),
}

async fn request(source: &Source<'_>, window: TimeRange) -> Result<Vec<Bar>, Failure> {
    let may_pass = |error: reqwest::Error| Failure::MayPass(error.into());
    let request = source.venue.candle_request(source.asset, window);
    let url = source.hosts.rest(&request.path, &request.query);
    let mut answer = source.http.get(url).send().await.map_err(may_pass)?;
    let status = answer.status();
    if !status.is_success() {
        let error: BoxError = format!("{} answers with status {status}", source.venue).into();
        let passing = status.is_server_error() || status.as_u16() == 429;
        return Err(if passing { Failure::MayPass(error) } else { Failure::Final(error) });
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(may_pass)? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(Failure::Final(format!("the answer is longer than {MAX_BODY_BYTES} bytes").into()));
        }
        body.extend_from_slice(&chunk);
    }
    // An error in a good answer (Kraken's way of saying "too many requests") may pass, too.
    source.venue.parse_candles(source.asset, &body).map_err(|error| Failure::MayPass(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> TimeRange {
        TimeRange { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    #[test]
    fn only_whole_minutes_count() {
        let odd = range("2026-05-11T12:00:00.000001Z", "2026-05-11T12:03:59Z");
        assert_eq!(whole_minutes(odd), Some(range("2026-05-11T12:01:00Z", "2026-05-11T12:03:00Z")));
        assert_eq!(whole_minutes(range("2026-05-11T12:00:30Z", "2026-05-11T12:01:30Z")), None);
        assert_eq!(whole_minutes(range("2026-05-11T12:00:00Z", "2026-05-11T11:00:00Z")), None);
    }

    #[test]
    fn windows_follow_one_another_and_are_bounded() {
        let mut missing = Vec::new();
        let day = range("2026-05-10T12:00:00Z", "2026-05-11T12:00:00Z");
        let pages = windows(Venue::Coinbase, day, &mut missing);
        assert_eq!(pages.len(), 5);
        assert_eq!((pages[0].from, pages[4].to), (day.from, day.to));
        assert!(pages.windows(2).all(|pair| pair[0].to == pair[1].from));
        assert!(missing.is_empty());
        assert_eq!(windows(Venue::Kraken, day, &mut missing), [day]);
        let year = range("2025-05-11T12:00:00Z", "2026-05-11T12:00:00Z");
        assert_eq!(windows(Venue::Coinbase, year, &mut missing).len(), MAX_REQUESTS);
        assert_eq!(missing.len(), 1);
    }
}
