//! The recorded books of a session: snapshots and changes in the order of their subscriptions, with the exchange's times.

use super::ImportError;
use super::source::{Rising, Table, find, line_error, open, sane_time};
use crate::recording::RecordBody;
use recio_core::market::{BookSide, Level, Side};
use recio_core::units::{MarketTicker, Position, Price, Quantity, Timestamp};
use serde::Deserialize;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

const COLUMNS: &[&str] =
    &["session", "recv_us", "exch_us", "seq", "market_ticker", "side", "price_dollars", "delta_fp"];

/// The book messages of one session in order, and what was seen on the way.
pub(super) struct Books {
    pub(super) events: Vec<BookEvent>,
    /// A market whose subscription was made anew while it was being followed: the time before, and the time after.
    pub(super) broken: Vec<(MarketTicker, Timestamp, Timestamp)>,
    pub(super) snapshots: u64,
    pub(super) deltas: u64,
    /// Changes after which best bid and best offer met or crossed.
    pub(super) crossed: u64,
    pub(super) raised: u64,
}

/// One message.
pub(super) struct BookEvent {
    pub(super) time: Timestamp,
    pub(super) received: Timestamp,
    pub(super) market: MarketTicker,
    pub(super) body: RecordBody,
}

/// A message as it stands in its file.
struct Frame {
    line: u64,
    received: Timestamp,
    /// Not recorded for snapshots.
    exchange_time: Option<Timestamp>,
    seq: u64,
    market: MarketTicker,
    body: RecordBody,
}

pub(super) fn read(folder: &Path, session: &str) -> Result<Books, ImportError> {
    let snapshot_file = find(folder, "kxbtc15m_ws_snapshots", "jsonl")?;
    let snapshots = read_snapshots(&snapshot_file, session)?;
    let delta_file = find(folder, "kxbtc15m_ws_deltas", "csv")?;
    let deltas = read_deltas(&delta_file, session)?;
    let files = Files { snapshots: snapshot_file, deltas: delta_file };
    let subscriptions = join(snapshots, deltas, &files)?;
    check(subscriptions, &files)
}

struct Files {
    snapshots: PathBuf,
    deltas: PathBuf,
}

impl Files {
    fn error(&self, frame: &Frame, problem: String) -> ImportError {
        let file = if frame.exchange_time.is_some() { &self.deltas } else { &self.snapshots };
        line_error(file, frame.line, problem)
    }
}

#[derive(Deserialize)]
struct SnapshotLine {
    session: String,
    recv_us: i64,
    seq: u64,
    market_ticker: MarketTicker,
    yes_dollars_fp: Vec<(Price, Quantity)>,
    no_dollars_fp: Vec<(Price, Quantity)>,
}

fn read_snapshots(file: &Path, session: &str) -> Result<VecDeque<Frame>, ImportError> {
    let mut frames = VecDeque::new();
    for (line, text) in (1..).zip(BufReader::new(open(file)?).lines()) {
        let text = text.map_err(|source| ImportError::Read { file: file.to_owned(), source })?;
        if text.trim().is_empty() {
            continue;
        }
        let snapshot: SnapshotLine = serde_json::from_str(&text)
            .map_err(|error| line_error(file, line, format!("it is no book snapshot ({error})")))?;
        if snapshot.session != session {
            continue;
        }
        let levels = |side: Side, levels: &[(Price, Quantity)]| -> Result<Vec<Level>, ImportError> {
            if let Some(pair) = levels.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
                return Err(line_error(
                    file,
                    line,
                    format!("level {} does not lie above level {}", pair[1].0, pair[0].0),
                ));
            }
            // The best level comes last; each side is quoted in its own outcome's price.
            let level = |&(price, quantity): &(Price, Quantity)| Level { price: side.yes_price(price), quantity };
            Ok(levels.iter().rev().map(level).collect())
        };
        let bids = levels(Side::Yes, &snapshot.yes_dollars_fp)?;
        let asks = levels(Side::No, &snapshot.no_dollars_fp)?;
        let received =
            sane_time(snapshot.recv_us).map_err(|problem| line_error(file, line, format!("`recv_us` {problem}")))?;
        let market = snapshot.market_ticker;
        let body = RecordBody::BookSnapshot { market: market.clone(), bids, asks };
        frames.push_back(Frame { line, received, exchange_time: None, seq: snapshot.seq, market, body });
    }
    Ok(frames)
}

fn read_deltas(file: &Path, session: &str) -> Result<VecDeque<Frame>, ImportError> {
    let mut table = Table::new(open(file)?, file, COLUMNS)?;
    let mut frames = VecDeque::new();
    while let Some(row) = table.next()? {
        if row.text(0) != session {
            continue;
        }
        let (side, outcome) = match row.text(5) {
            "yes" => (BookSide::Bid, Side::Yes),
            "no" => (BookSide::Ask, Side::No),
            _ => return Err(row.cell(5, "is neither `yes` nor `no`")),
        };
        let price = outcome.yes_price(row.parse(6)?);
        let change = row.parse::<Position>(7)?.hundredths();
        let market: MarketTicker = row.parse(4)?;
        let body = RecordBody::BookDelta { market: market.clone(), side, price, change };
        let (received, exchange_time) = (row.time(1)?, Some(row.time(2)?));
        frames.push_back(Frame { line: row.line(), received, exchange_time, seq: row.parse(3)?, market, body });
    }
    Ok(frames)
}

/// Puts snapshots and changes together by their numbers alone: each subscription begins with a snapshot numbered 1 and rises by one.
fn join(
    mut snapshots: VecDeque<Frame>,
    mut deltas: VecDeque<Frame>,
    files: &Files,
) -> Result<Vec<Vec<Frame>>, ImportError> {
    let mut subscriptions: Vec<Vec<Frame>> = Vec::new();
    let mut last = 0;
    loop {
        let next = match (snapshots.front(), deltas.front()) {
            (None, None) => return Ok(subscriptions),
            (_, Some(delta)) if !subscriptions.is_empty() && delta.seq == last + 1 => deltas.pop_front(),
            (Some(snapshot), _) if !subscriptions.is_empty() && snapshot.seq == last + 1 => snapshots.pop_front(),
            (Some(snapshot), _) if snapshot.seq == 1 => {
                subscriptions.push(Vec::new());
                snapshots.pop_front()
            }
            (_, Some(frame)) | (Some(frame), None) => {
                let problem =
                    format!("the subscription goes from number {last} to {}: messages are missing", frame.seq);
                return Err(files.error(frame, problem));
            }
        };
        if let (Some(frame), Some(subscription)) = (next, subscriptions.last_mut()) {
            last = frame.seq;
            subscription.push(frame);
        }
    }
}

/// Gives every message its time, and follows the books to see that they are whole.
fn check(subscriptions: Vec<Vec<Frame>>, files: &Files) -> Result<Books, ImportError> {
    let mut books = Books { events: Vec::new(), broken: Vec::new(), snapshots: 0, deltas: 0, crossed: 0, raised: 0 };
    let mut rising = Rising::default();
    let mut last_seen: BTreeMap<MarketTicker, Timestamp> = BTreeMap::new();
    for subscription in subscriptions {
        let times = times(&subscription).map_err(|(frame, problem)| files.error(frame, problem))?;
        let mut levels: BTreeMap<MarketTicker, Levels> = BTreeMap::new();
        for (frame, time) in subscription.into_iter().zip(times) {
            let time = rising.take(time).map_err(|problem| files.error(&frame, problem))?;
            if !levels.contains_key(&frame.market)
                && let Some(&before) = last_seen.get(&frame.market)
            {
                books.broken.push((frame.market.clone(), before, time));
            }
            apply(&mut levels, &frame, &mut books).map_err(|problem| files.error(&frame, problem))?;
            last_seen.insert(frame.market.clone(), time);
            books.events.push(BookEvent { time, received: frame.received, market: frame.market, body: frame.body });
        }
    }
    books.raised = rising.raised;
    Ok(books)
}

/// The exchange's times of one subscription's messages; see the module's rules for those of snapshots.
fn times(frames: &[Frame]) -> Result<Vec<Timestamp>, (&Frame, String)> {
    let time_of = |(place, frame): (usize, &'_ Frame)| -> Option<Timestamp> {
        if frame.exchange_time.is_some() {
            return frame.exchange_time;
        }
        let before = frames[..place].iter().rev().find_map(|frame| Some((frame.exchange_time?, frame.received)));
        let after = frames[place..].iter().find_map(|frame| Some((frame.exchange_time?, frame.received)));
        let (neighbor, received) = after.or(before)?;
        let time = neighbor + frame.received.duration_since(received);
        let time = before.map_or(time, |(before, _)| time.max(before));
        Some(after.map_or(time, |(after, _)| time.min(after)))
    };
    let time_or_fault = |(place, frame)| {
        let no_time = || (frame, "no change came in its subscription, so that its time is not known".to_owned());
        time_of((place, frame)).ok_or_else(no_time)
    };
    frames.iter().enumerate().map(time_or_fault).collect()
}

/// Both sides of one book in YES prices.
#[derive(Default)]
struct Levels {
    bids: BTreeMap<Price, i64>,
    asks: BTreeMap<Price, i64>,
}

impl Levels {
    fn crossed(&self) -> bool {
        let (bid, ask) = (self.bids.last_key_value(), self.asks.first_key_value());
        matches!((bid, ask), (Some((bid, _)), Some((ask, _))) if bid >= ask)
    }
}

fn apply(levels: &mut BTreeMap<MarketTicker, Levels>, frame: &Frame, books: &mut Books) -> Result<(), String> {
    if let RecordBody::BookSnapshot { bids, asks, .. } = &frame.body {
        let side = |levels: &[Level]| {
            levels
                .iter()
                .map(|level| (level.price, level.quantity.hundredths().cast_signed()))
                .collect::<BTreeMap<_, _>>()
        };
        let book = Levels { bids: side(bids), asks: side(asks) };
        if book.crossed() {
            return Err("its best bid and best offer cross; NO levels have to be in NO prices".to_owned());
        }
        if book.bids.values().chain(book.asks.values()).any(|&held| held == 0) {
            return Err("it has a level with nothing in it".to_owned());
        }
        levels.insert(frame.market.clone(), book);
        books.snapshots += 1;
    } else if let RecordBody::BookDelta { side, price, change, .. } = &frame.body {
        let Some(book) = levels.get_mut(&frame.market) else {
            return Err(format!("{} has no snapshot in this subscription", frame.market));
        };
        let half = match side {
            BookSide::Bid => &mut book.bids,
            BookSide::Ask => &mut book.asks,
        };
        let held = half.get(price).copied().unwrap_or_default();
        match held + change {
            0 => half.remove(price),
            left if left > 0 => half.insert(*price, left),
            _ => return Err(format!("{change} hundredths at YES {price} leave less than nothing of {held}")),
        };
        books.deltas += 1;
        books.crossed += u64::from(book.crossed());
    }
    Ok(())
}
