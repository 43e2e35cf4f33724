//! Candles of the venues and of Kalshi's markets, into CSV files that grow from run to run.
//!
//! A file has the columns `ts,open,high,low,close,volume` (`ts`: Unix seconds, start of the minute), one row a minute; minutes without a trade are
//! absent. It is written in one step. While a download runs, what came is beside it under the name with `.part`, so that a killed one loses
//! at most one read; the next one takes it up. Only what is missing is asked for, with a few minutes of overlap on both sides: those must be
//! as they were, or nothing is written.

mod file;
mod source;

pub use source::{CandleSource, FeedCandles, MarketCandles};

use file::CandleFile;
use jiff::SignedDuration;
use recio_core::price_feed::TimeRange;
use recio_core::read::{BoxError, Read};
use recio_core::units::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Minutes asked for again on each side of what is missing.
const OVERLAP: SignedDuration = SignedDuration::from_secs(10 * 60);
/// A hole of up to so many minutes is a quiet market, and is not asked for again.
const QUIET: SignedDuration = SignedDuration::from_secs(5 * 60);
/// How many of the longest holes a report names.
const HOLES_NAMED: usize = 20;

/// One minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candle {
    /// Open, high, low, close, as plain decimals.
    pub prices: [String; 4],
    /// What was traded, as a plain decimal; `None` where the source does not tell.
    pub volume: Option<String>,
}

/// Minutes by their start.
pub type Candles = BTreeMap<Timestamp, Candle>;

/// What to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadOptions {
    /// The minutes that begin in this range. It should end some minutes ago: a minute that still runs changes.
    pub range: TimeRange,
    /// The file; packed if its name ends in `.gz`.
    pub out: PathBuf,
    /// How much is asked for in one read.
    pub chunk: Duration,
    /// How long to wait between two reads.
    pub pause: Duration,
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Reads done.
    pub done: usize,
    /// Reads in all.
    pub of: usize,
    /// Minutes that came and were not there before.
    pub added: usize,
    /// Up to where the last read went.
    pub to: Timestamp,
}

/// A stretch without minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hole {
    /// The first minute that is absent.
    pub from: Timestamp,
    /// The first that is there again, or the end of the range.
    pub to: Timestamp,
    /// How many are absent.
    pub minutes: i64,
}

/// What is in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DownloadReport {
    /// The file.
    pub file: PathBuf,
    /// Its minutes.
    pub minutes: usize,
    /// Those that came in this run.
    pub added: usize,
    /// Minutes that were asked for again and were as before.
    pub verified: usize,
    /// Its first minute.
    pub from: Option<Timestamp>,
    /// Its last minute.
    pub to: Option<Timestamp>,
    /// Minutes of the range that are absent.
    pub absent: i64,
    /// The longest stretches without minutes, in the order of time.
    pub holes: Vec<Hole>,
    /// What the source said it could not give.
    pub missing: Vec<String>,
    /// Whether everything was asked for; not so where it was interrupted.
    pub complete: bool,
}

/// Why a download failed. What was there before is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DownloadError {
    /// A file cannot be read or written.
    #[error("{}: cannot be {what}; check the path, its rights and free space", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file has a line that is no candle: another file, or a damaged one.
    #[error("{}:{line}: {problem}; name another file, or mend the line", file.display())]
    Line {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A minute that is in the file comes otherwise now: the file is of another source, or the source has changed its history.
    #[error("{}: the minute {minute} is {there} in the file and {now} at the source; nothing was written: is the file of another venue or asset?", file.display())]
    Differs {
        /// The file.
        file: PathBuf,
        /// The minute.
        minute: Timestamp,
        /// As it is in the file.
        there: String,
        /// As it comes now.
        now: String,
    },
    /// The source gives nothing. What came before is kept; run the same again.
    #[error("the source does not answer; what came so far is kept, run the same again")]
    Source(#[source] BoxError),
}

impl DownloadOptions {
    /// A day in one read, half a second between two.
    #[must_use]
    pub const fn new(range: TimeRange, out: PathBuf) -> Self {
        Self { range, out, chunk: Duration::from_secs(24 * 3600), pause: Duration::from_millis(500) }
    }
}

/// Downloads what of a range a file does not have.
///
/// # Errors
/// See [`DownloadError`]. An interruption by `stop` is none: the report says that it is not complete.
///
/// # Cancel safety
/// What was read before is kept in the `.part` file.
pub async fn download(
    source: &mut dyn CandleSource,
    options: &DownloadOptions,
    mut progress: impl FnMut(Progress),
    stop: &CancellationToken,
) -> Result<DownloadReport, DownloadError> {
    let mut file = CandleFile::open(&options.out)?;
    let reads = reads(file.candles(), options);
    let (mut added, mut verified, mut missing, mut done) = (0, 0, Vec::new(), 0);
    let mut failed = None;
    for range in &reads {
        if done > 0 && stop.run_until_cancelled(tokio::time::sleep(options.pause)).await.is_none() {
            break;
        }
        let read = match stop.run_until_cancelled(source.candles(*range)).await {
            None => break,
            Some(Ok(read)) => read,
            Some(Err(error)) => {
                failed = Some(error);
                break;
            }
        };
        let (got, lacks) = match read {
            Read::Complete(got) => (got, None),
            Read::Partial { got, missing } => (got, Some(missing)),
        };
        missing.extend(lacks);
        let got: Candles = got.into_iter().filter(|(start, _)| range.from <= *start && *start < range.to).collect();
        let (new, same) = file.add(got)?;
        added += new;
        verified += same;
        done += 1;
        progress(Progress { done, of: reads.len(), added, to: range.to });
    }
    file.finish()?;
    if let Some(error) = failed {
        return Err(DownloadError::Source(error));
    }
    let candles = file.candles();
    let mut holes = holes(candles, options.range);
    let absent = holes.iter().map(|hole| hole.minutes).sum();
    holes.sort_by_key(|hole| std::cmp::Reverse(hole.minutes));
    holes.truncate(HOLES_NAMED);
    holes.sort_by_key(|hole| hole.from);
    Ok(DownloadReport {
        file: options.out.clone(),
        minutes: candles.len(),
        added,
        verified,
        from: candles.keys().next().copied(),
        to: candles.keys().next_back().copied(),
        absent,
        holes,
        missing,
        complete: done == reads.len(),
    })
}

/// What to ask for: the stretches without minutes, with some overlap, in pieces.
fn reads(candles: &Candles, options: &DownloadOptions) -> Vec<TimeRange> {
    let chunk = SignedDuration::try_from(options.chunk).unwrap_or(MINUTE).max(MINUTE);
    let mut reads = Vec::new();
    let (first, end) = (minute_from(options.range.from), minute_from(options.range.to));
    for hole in holes(candles, options.range) {
        // A short hole is a quiet market; at an end of the range nobody has asked yet.
        let at_end = hole.from == first || hole.to == end;
        if hole.to.duration_since(hole.from) <= QUIET && !at_end {
            continue;
        }
        let mut from = if candles.is_empty() { hole.from } else { (hole.from - OVERLAP).max(options.range.from) };
        let to = if candles.is_empty() { hole.to } else { (hole.to + OVERLAP).min(options.range.to) };
        while from < to {
            let end = (from + chunk).min(to);
            reads.push(TimeRange { from, to: end });
            from = end;
        }
    }
    reads
}

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// The stretches of a range without minutes.
fn holes(candles: &Candles, range: TimeRange) -> Vec<Hole> {
    let mut holes = Vec::new();
    let mut next = minute_from(range.from);
    let end = minute_from(range.to);
    let starts = candles.range(range.from..range.to.max(range.from)).map(|(start, _)| *start);
    for start in starts.chain([end]) {
        let length = start.duration_since(next);
        if length.is_positive() {
            holes.push(Hole { from: next, to: start, minutes: length.as_secs() / 60 });
        }
        next = start + MINUTE;
    }
    holes
}

/// The first whole minute from a moment on.
fn minute_from(time: Timestamp) -> Timestamp {
    let minute =
        time.as_microsecond().div_euclid(60_000_000) + i64::from(time.as_microsecond().rem_euclid(60_000_000) > 0);
    Timestamp::from_second(minute.saturating_mul(60)).unwrap_or(time)
}
