//! One session into one recording.

use super::lifecycle::{MarketLife, MarketList};
use super::source::{Table, find, open};
use super::{ImportError, book, spot, ticker};
use crate::recording::{Boundary, FORMAT_VERSION, Gap, Header, RecordBody, StreamId, StreamInfo, write_file};
use recio_core::units::{MarketTicker, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const COLUMNS: &[&str] = &["session", "market_tickers", "kind"];

const SESSION: StreamId = StreamId(0);
const LIFECYCLE: StreamId = StreamId(1);
const OUTCOME: StreamId = StreamId(2);
const BOOK: StreamId = StreamId(3);
const TICKER: StreamId = StreamId(4);
const SPOT: StreamId = StreamId(5);

/// What to import.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The folder with the set of files.
    pub source: PathBuf,
    /// The session, as the sessions file names it (`0513T125943`). It has to be one with whole books.
    pub session: String,
    /// From when on the spot venue's trades are taken; `None` is from the session's beginning.
    pub pre_roll_from: Option<Timestamp>,
    /// Where the files come from: repository and state. Goes into the header of every stream.
    pub origin: String,
    /// The recording to write. One that is there is replaced when the new one is complete.
    pub out: PathBuf,
}

/// What an import took, and what is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The recording.
    pub recording: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 over its content, in hex.
    pub sha256: String,
    /// The time of its first record.
    pub from: Timestamp,
    /// The beginning of the session proper.
    pub session_from: Timestamp,
    /// The time of its last record.
    pub to: Timestamp,
    /// Its markets.
    pub markets: Vec<MarketTicker>,
    /// Its streams.
    pub streams: Vec<StreamCount>,
    /// Whole books among the records.
    pub snapshots: u64,
    /// Changes of books among the records.
    pub deltas: u64,
    /// Changes after which best bid and best offer met or crossed for a moment.
    pub crossed: u64,
    /// Times that fell within their stream by up to a second, and were raised to the one before.
    pub times_raised: u64,
    /// What is missing, when.
    pub gaps: Vec<Gap>,
}

/// How much of a stream there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StreamCount {
    /// Its name.
    pub name: String,
    /// Its records.
    pub records: u64,
    /// What it stands in for, if it is not the real thing.
    pub stand_in_for: Option<String>,
}

type Entry = (StreamId, Timestamp, Option<Timestamp>, RecordBody);

/// Makes a recording of one session.
///
/// # Errors
/// A file of the set is missing, cannot be read or has a line that does not fit (named with file, line and column); the session is not there or has
/// no whole books; the recording cannot be written. In every case nothing is left behind.
pub fn import(options: &ImportOptions) -> Result<ImportReport, ImportError> {
    let ImportOptions { source, session, origin, out, .. } = options;
    let session_row = find_session(source, session)?;
    let books = book::read(source, session)?;
    let tickers = ticker::read(source, session)?;
    let session_error = |problem: String, remedy| ImportError::Session {
        file: session_row.file.clone(),
        session: session.clone(),
        problem,
        remedy,
    };
    for market in
        books.events.iter().map(|event| &event.market).chain(tickers.updates.iter().map(|(_, update)| &update.market))
    {
        if !session_row.markets.contains(market) {
            let problem = format!("has messages of {market}, which its row does not name");
            return Err(session_error(problem, "add the market to `market_tickers`"));
        }
    }
    let times = || {
        let updates = tickers.updates.iter().map(|(_, update)| update.exchange_time);
        books.events.iter().map(|event| event.time).chain(updates)
    };
    let (Some(session_from), Some(to)) = (times().min(), times().max()) else {
        return Err(session_error("has no messages".to_owned(), "name the folder with the whole set"));
    };
    let from = options.pre_roll_from.unwrap_or(session_from);
    if from > session_from {
        let problem = format!("begins at {session_from}, before the pre-roll at {from}");
        return Err(session_error(problem, "give an earlier pre-roll, or none"));
    }

    let tape = spot::read(source, from, to)?;
    let list = MarketList::read(source)?;
    let lives = session_row.markets.iter().map(|market| list.life(market, from, to)).collect::<Result<Vec<_>, _>>()?;

    let mut gaps: Vec<Gap> = Vec::new();
    for (market, before, after) in &books.broken {
        let why = "the recorder subscribed anew".to_owned();
        gaps.push(Gap { stream: BOOK, market: Some(market.clone()), from: *before, to: *after, why });
    }
    let book_times = books.events.iter().map(|event| (&event.market, event.time));
    gaps.extend(coverage(BOOK, "the book", &lives, book_times, to));
    let ticker_times = tickers.updates.iter().map(|(_, update)| (&update.market, update.exchange_time));
    gaps.extend(coverage(TICKER, "the ticker", &lives, ticker_times, to));
    let spot_gap = |(from, to, why): &(Timestamp, Timestamp, String)| Gap {
        stream: SPOT,
        market: None,
        from: *from,
        to: *to,
        why: why.clone(),
    };
    gaps.extend(tape.gaps.iter().map(spot_gap));
    gaps.sort_by_key(|gap| (gap.from, gap.stream));

    let coinbase: Arc<str> = Arc::from("coinbase");
    let header = Header {
        format_version: FORMAT_VERSION,
        title: format!("KXBTC15M, session {session}: {session_from} to {to}"),
        created_by: concat!("recio data import ", env!("CARGO_PKG_VERSION")).to_owned(),
        from,
        session_from,
        to,
        markets: session_row.markets.clone(),
        sources: vec![coinbase.clone()],
        streams: streams(origin),
        gaps: gaps.clone(),
        notes: notes(&books, &lives),
    };

    let (snapshots, deltas, crossed) = (books.snapshots, books.deltas, books.crossed);
    let times_raised = books.raised + tickers.raised + tape.raised;
    let mut entries: Vec<Entry> = Vec::new();
    if from < session_from {
        entries.push((SESSION, from, None, RecordBody::Boundary(Boundary::PreRollBegins)));
    }
    entries.push((SESSION, session_from, None, RecordBody::Boundary(Boundary::SessionBegins)));
    entries.extend(gaps.iter().map(|gap| (SESSION, gap.from.clamp(from, to), None, RecordBody::Gap(gap.clone()))));
    for MarketLife { body, events, .. } in lives {
        entries.push((LIFECYCLE, from, None, RecordBody::Market(Box::new(body))));
        entries.extend(events.into_iter().map(|(time, body)| {
            let stream = if matches!(body, RecordBody::Outcome(_)) { OUTCOME } else { LIFECYCLE };
            (stream, time, None, body)
        }));
    }
    entries.extend(books.events.into_iter().map(|event| (BOOK, event.time, Some(event.received), event.body)));
    entries.extend(
        tickers
            .updates
            .into_iter()
            .map(|(received, update)| (TICKER, update.exchange_time, Some(received), RecordBody::Ticker(update))),
    );
    entries.extend(tape.trades.into_iter().map(|trade| {
        let body =
            RecordBody::SpotTrade { source: coinbase.clone(), price: trade.price, trade_id: Some(trade.trade_id) };
        (SPOT, trade.time, Some(trade.received), body)
    }));
    // Each stream is in order by itself, and the sort keeps that order among equals.
    entries.sort_by_key(|&(stream, time, ..)| (time, stream));
    entries.push((SESSION, to, None, RecordBody::Boundary(Boundary::SessionEnds)));

    let stream_infos = header.streams.clone();
    let summary = write_file(out, header, entries)?;
    let bytes = fs::metadata(out).map_err(|source| ImportError::Read { file: out.clone(), source })?.len();
    let count = |(stream, &records): (StreamInfo, &u64)| StreamCount {
        name: stream.name,
        records,
        stand_in_for: stream.stand_in_for,
    };
    Ok(ImportReport {
        recording: out.clone(),
        bytes,
        sha256: summary.sha256,
        from,
        session_from,
        to,
        markets: session_row.markets,
        streams: stream_infos.into_iter().zip(&summary.per_stream).map(count).collect(),
        snapshots,
        deltas,
        crossed,
        times_raised,
        gaps,
    })
}

struct SessionRow {
    file: PathBuf,
    markets: Vec<MarketTicker>,
}

fn find_session(folder: &Path, session: &str) -> Result<SessionRow, ImportError> {
    let file = find(folder, "kxbtc15m_ws_sessions", "csv")?;
    let mut table = Table::new(open(&file)?, &file, COLUMNS)?;
    while let Some(row) = table.next()? {
        if row.text(0) != session {
            continue;
        }
        if row.text(2) != "full_book" {
            let problem = format!("is of kind `{}`: it has no books", row.text(2));
            let remedy = "choose one whose `kind` is `full_book`";
            return Err(ImportError::Session { file, session: session.to_owned(), problem, remedy });
        }
        let market =
            |name: &str| MarketTicker::new(name).map_err(|error| row.cell(1, &format!("is refused ({error})")));
        let markets = row.text(1).split_whitespace().map(market).collect::<Result<Vec<_>, _>>()?;
        if markets.is_empty() {
            return Err(row.cell(1, "names no market"));
        }
        return Ok(SessionRow { file, markets });
    }
    let remedy = "choose one of those that the file lists";
    Err(ImportError::Session { file, session: session.to_owned(), problem: "is not listed".to_owned(), remedy })
}

/// What of each market's trading time lies before its first message and after the recording's end.
fn coverage<'a>(
    stream: StreamId,
    what: &str,
    lives: &[MarketLife],
    times: impl Iterator<Item = (&'a MarketTicker, Timestamp)>,
    end: Timestamp,
) -> Vec<Gap> {
    let mut first: BTreeMap<&MarketTicker, Timestamp> = BTreeMap::new();
    for (market, time) in times {
        first.entry(market).or_insert(time);
    }
    let mut gaps = Vec::new();
    for life in lives {
        let (open, close) = (life.body.open_time, life.body.close_time);
        let mut gap = |from: Timestamp, to: Timestamp, why: &str| {
            let market = Some(life.body.ticker.clone());
            gaps.push(Gap { stream, market, from, to, why: format!("{what} {why}") });
        };
        match first.get(&life.body.ticker) {
            None => gap(open, close, "was not recorded at all"),
            Some(&first) => {
                if first > open {
                    gap(open, first, "was not recorded from the market's open until then");
                }
                if end < close {
                    gap(end, close, "was not recorded from the session's end to the market's close");
                }
            }
        }
    }
    gaps
}

fn streams(origin: &str) -> Vec<StreamInfo> {
    let stream = |id, name: &str, from: &str, stand_in_for: Option<&str>| StreamInfo {
        id,
        name: name.to_owned(),
        origin: from.to_owned(),
        stand_in_for: stand_in_for.map(str::to_owned),
    };
    let recorded = |file: &str| format!("recorded: `{file}` of {origin}");
    vec![
        stream(SESSION, "session", "made by the import", None),
        stream(
            LIFECYCLE,
            "lifecycle",
            &format!("built from `kxbtc15m_markets` of {origin} and the exchange's documented way"),
            Some("market bodies (REST) and `market_lifecycle_v2` messages, which were not recorded"),
        ),
        stream(OUTCOME, "outcome", &recorded("kxbtc15m_markets"), None),
        stream(BOOK, "book", &recorded("kxbtc15m_ws_snapshots` and `kxbtc15m_ws_deltas"), None),
        stream(TICKER, "ticker", &recorded("kxbtc15m_ws_ticker"), None),
        stream(
            SPOT,
            "spot",
            &recorded("btcusd_ticks_coinbase"),
            Some(
                "the prints of the settlement index BRTI, which were not recorded: a settlement value can be estimated from it, never known",
            ),
        ),
    ]
}

fn notes(books: &book::Books, lives: &[MarketLife]) -> Vec<String> {
    let mut notes: Vec<String> = [
        "Everything is ordered by the exchanges' own times; the recorder's clock is off by an unknown amount, so receipt less exchange time is no latency.",
        "Snapshots came without the exchange's time: they have that of the next change of their subscription (else the one before), shifted by the difference of the two receipts, never beyond either.",
        "No trade prints were recorded: an order that rests can be known to fill only when the other side's best crosses it.",
        "Spot trades stand in for the settlement index: no outcome may be taken as decided from them before it is determined.",
        "Market bodies, strike hand-over (0.5 s after the quarter before closes) and determination (1 s after close) are built; strikes, outcomes, settlement values and times of payout are recorded.",
        "The market bodies stand at the recording's beginning; the markets were made the day before.",
        "Changes after a market's close are the exchange clearing the book; nothing trades at or after close.",
        "The outcome of a market that closes after the recording's end is not in the recording.",
    ]
    .map(str::to_owned)
    .into();
    if books.crossed > 0 {
        notes.push(format!("After {} of {} changes the book was crossed for a moment.", books.crossed, books.deltas));
    }
    for life in lives.iter().filter(|life| life.settled_guessed) {
        notes.push(format!("{}: the time of payout was not recorded; it is 7 s after close.", life.body.ticker));
    }
    notes
}
