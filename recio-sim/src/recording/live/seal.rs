//! A live file becomes a recording: sorted, with its header, in one step.

use super::super::wire::Codec;
use super::file::{LiveState, claim, market_of, read};
use super::wire::WireEntry;
use super::{BOOK, FIRST_SOURCE, LIFECYCLE, LIVE_EXTENSION, OUTCOME, RecorderError, SESSION, TICKER, TRADE};
use crate::recording::{
    Boundary, FORMAT_VERSION, Gap, Header, RecordBody, Recording, StreamId, StreamInfo, write_file,
};
use recio_core::market::{Asset, LifecycleEvent};
use recio_core::units::{MarketTicker, Timestamp, from_micros};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A recording that was made of a live file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sealed {
    /// The recording.
    pub recording: PathBuf,
    /// Its records.
    pub records: u64,
    /// The time of its first record.
    pub from: Timestamp,
    /// The time of its last record.
    pub to: Timestamp,
    /// What is missing, when.
    pub gaps: Vec<Gap>,
    /// How the live file ended.
    pub state: LiveState,
    /// Announcements that were left out, because their markets' bodies were never read.
    pub without_market: u64,
    /// SHA-256 over its content, in hex.
    pub sha256: String,
}

struct Heard {
    stream: StreamId,
    exchange: Option<Timestamp>,
    received: Option<Timestamp>,
    body: RecordBody,
    time: Timestamp,
}

/// Everything that a live file says.
struct Content {
    title: String,
    created_by: String,
    origin: String,
    begun: Timestamp,
    ended: Option<Timestamp>,
    codec: Codec,
    sources: Vec<(Arc<str>, Asset, bool)>,
    heard: Vec<Heard>,
    gaps: Vec<Gap>,
    open: BTreeMap<(StreamId, Option<MarketTicker>), (Timestamp, String)>,
}

/// Makes a recording of a live file that nobody writes any more, beside it and under its name with the ending `rec`, and removes the live
/// file. One that was cut off is taken up to its last whole block; what is missing from there to `found_at` is marked.
///
/// Holds all records in memory. A live file with damage (more than a write that was not finished) is kept beside the recording, with the ending `damaged`.
///
/// # Errors
/// Somebody writes it; it cannot be read, or is none; the recording cannot be written. The live file is then as it was.
pub fn seal(live: &Path, found_at: Timestamp) -> Result<Sealed, RecorderError> {
    let claimed = claim(live)?;
    let refused = |why: String| RecorderError::Refused { file: live.to_owned(), why };
    let mut content = Content::new();
    let state = read(live, |entry| content.take(entry))?;
    let without_market = content.leave_out_unknown();
    content.time().map_err(refused)?;
    let last = content.heard.iter().map(|heard| heard.received.unwrap_or(heard.time)).max().unwrap_or(content.begun);
    let end = content.ended.unwrap_or(last).max(content.begun);
    for ((stream, market), (from, why)) in std::mem::take(&mut content.open) {
        content.gaps.push(Gap { stream, market, from, to: end.max(from), why });
    }
    let cut_off = state != LiveState::Ended;
    if cut_off {
        let why = "the recorder was cut off: nothing was recorded from here on".to_owned();
        content.gaps.push(Gap { stream: SESSION, market: None, from: last, to: found_at.max(last), why });
    }
    let recording = live.with_extension("rec");
    let (header, records) = content.into_recording(end, &state, without_market).map_err(refused)?;
    let (from, to, gaps) = (header.from, header.to, header.gaps.clone());
    let written = write_file(&recording, header, records)?;
    // The live file goes only when what replaces it has been read back whole.
    let read_back = Recording::open(&recording)?.verify()?;
    if read_back != written {
        return Err(RecorderError::Refused {
            file: recording,
            why: "it reads back as something else than was written".to_owned(),
        });
    }
    let failed = |what| move |source| RecorderError::Io { file: live.to_owned(), what, source };
    if matches!(state, LiveState::CutOff { damaged: true, .. }) {
        std::fs::rename(live, live.with_extension("damaged")).map_err(failed("renamed"))?;
    } else {
        std::fs::remove_file(live).map_err(failed("removed"))?;
    }
    drop(claimed);
    Ok(Sealed { recording, records: written.records, from, to, gaps, state, without_market, sha256: written.sha256 })
}

/// Seals what earlier recorders left in a folder; files that are being written are left alone.
pub(super) fn left_behind(folder: &Path, now: Timestamp) -> Result<Vec<Sealed>, RecorderError> {
    let mut sealed = Vec::new();
    for live in live_files(folder)? {
        match seal(&live, now) {
            Ok(done) => sealed.push(done),
            Err(RecorderError::InUse { .. }) => {}
            Err(error) => {
                tracing::error!(file = %live.display(), %error, "a file left behind by a recorder cannot be sealed; it is kept")
            }
        }
    }
    Ok(sealed)
}

/// The folder's live files, in the order of their names.
fn live_files(folder: &Path) -> Result<Vec<PathBuf>, RecorderError> {
    let failed = |source| RecorderError::Io { file: folder.to_owned(), what: "read", source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == LIVE_EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl Content {
    fn new() -> Self {
        Self {
            title: String::new(),
            created_by: String::new(),
            origin: String::new(),
            begun: Timestamp::UNIX_EPOCH,
            ended: None,
            codec: Codec::empty(),
            sources: Vec::new(),
            heard: Vec::new(),
            gaps: Vec::new(),
            open: BTreeMap::new(),
        }
    }

    fn take(&mut self, entry: WireEntry) -> Result<(), String> {
        let time = |micros| from_micros(micros).map_err(|error| format!("a time of {micros} us: {error}"));
        match entry {
            WireEntry::Begins { title, created_by, origin, at } => {
                (self.title, self.created_by, self.origin, self.begun) = (title, created_by, origin, time(at)?);
            }
            WireEntry::Market(name) => {
                let market = MarketTicker::new(&name).map_err(|error| error.to_string())?;
                self.codec.learn_market(&market)?;
            }
            WireEntry::Source { name, asset, index } => {
                let name: Arc<str> = name.into();
                self.codec.learn_source(&name)?;
                self.sources.push((name, asset.into(), index));
            }
            WireEntry::Record { stream, exchange, received, body } => {
                let (exchange, received) = (exchange.map(time).transpose()?, received.map(time).transpose()?);
                let at = exchange.or(received).unwrap_or(self.begun);
                let body = self.codec.decode_body(body, at)?;
                self.heard.push(Heard { stream: StreamId(stream), exchange, received, body, time: at });
            }
            WireEntry::GapOpens { stream, market, from, why } => {
                self.open.insert((StreamId(stream), self.market(market)?), (time(from)?, why));
            }
            WireEntry::GapCloses { stream, market, to } => {
                let key = (StreamId(stream), self.market(market)?);
                if let Some((from, why)) = self.open.remove(&key) {
                    let (stream, market) = key;
                    self.gaps.push(Gap { stream, market, from, to: time(to)?.max(from), why });
                }
            }
            WireEntry::Gap { stream, market, from, to, why } => {
                let (from, market) = (time(from)?, self.market(market)?);
                self.gaps.push(Gap { stream: StreamId(stream), market, from, to: time(to)?.max(from), why });
            }
            WireEntry::Ends { at } => self.ended = Some(time(at)?),
        }
        Ok(())
    }

    fn market(&self, place: Option<u16>) -> Result<Option<MarketTicker>, String> {
        place.map(|place| self.codec.market(place)).transpose()
    }

    /// Whoever plays a recording has to know a market before anything happens to it.
    fn leave_out_unknown(&mut self) -> u64 {
        let body =
            |heard: &Heard| if let RecordBody::Market(body) = &heard.body { Some(body.ticker.clone()) } else { None };
        let known: BTreeSet<MarketTicker> = self.heard.iter().filter_map(body).collect();
        let mut told = BTreeSet::new();
        self.heard.retain(|heard| body(heard).is_none_or(|market| told.insert(market)));
        let before = self.heard.len();
        self.heard.retain(|heard| market_of(&heard.body).is_none_or(|market| known.contains(market)));
        self.gaps.retain(|gap| gap.market.as_ref().is_none_or(|market| known.contains(market)));
        self.open.retain(|(_, market), _| market.as_ref().is_none_or(|market| known.contains(market)));
        (before - self.heard.len()) as u64
    }

    /// Gives every record its time; see the module's rules.
    fn time(&mut self) -> Result<(), String> {
        // What came without a time is not later than the next change of a book on its connection.
        let mut next: Option<Timestamp> = None;
        for heard in self.heard.iter_mut().rev() {
            match (heard.exchange, next) {
                (Some(exchange), _) if heard.stream == BOOK => next = Some(exchange),
                (None, Some(next)) if heard.stream == BOOK || heard.stream == LIFECYCLE => {
                    heard.time = heard.time.min(next)
                }
                (_, _) => {}
            }
        }
        let mut book = Timestamp::MIN;
        let mut determined: BTreeMap<MarketTicker, Timestamp> = BTreeMap::new();
        for heard in &mut self.heard {
            match heard.stream {
                // Each change builds on the one before, so their order is kept, whatever the clocks of the exchange's machines say.
                BOOK => {
                    book = book.max(heard.time);
                    heard.time = book;
                }
                // These come in whole milliseconds: within the one of the book's last change they came after it.
                TICKER | TRADE
                    if heard.time.as_microsecond() % 1000 == 0
                        && heard.time.as_millisecond() == book.as_millisecond() =>
                {
                    heard.time = book;
                }
                _ => {}
            }
            match &mut heard.body {
                RecordBody::Ticker(update) => update.exchange_time = heard.time,
                RecordBody::Trade(trade) => trade.exchange_time = heard.time,
                RecordBody::Lifecycle { market, event: LifecycleEvent::Determined { .. } } => {
                    determined.entry(market.clone()).or_insert(heard.time);
                }
                // The value behind an outcome is read after the announcement, and belongs to it.
                RecordBody::Outcome(outcome) => {
                    heard.time = determined.get(&outcome.market).copied().unwrap_or(heard.time);
                }
                RecordBody::Boundary(_)
                | RecordBody::Gap(_)
                | RecordBody::Market(_)
                | RecordBody::Lifecycle { .. }
                | RecordBody::BookSnapshot { .. }
                | RecordBody::BookDelta { .. }
                | RecordBody::SpotTrade { .. }
                | RecordBody::IndexPrint { .. }
                | RecordBody::Exchange(_) => {}
            }
        }
        let mut first: BTreeMap<MarketTicker, Timestamp> = BTreeMap::new();
        for heard in &self.heard {
            if let Some(market) = market_of(&heard.body) {
                let first = first.entry(market.clone()).or_insert(heard.time);
                *first = (*first).min(heard.time);
            }
        }
        for heard in &mut self.heard {
            if let RecordBody::Market(body) = &mut heard.body {
                heard.time = first.get(&body.ticker).copied().unwrap_or(heard.time);
                body.created_time = body.created_time.min(heard.time);
            }
        }
        // A market's body stands before all else of its moment; the rest keeps the order in which it was heard.
        self.heard.sort_by_key(|heard| (heard.time, !matches!(heard.body, RecordBody::Market(_))));
        Ok(())
    }

    #[expect(clippy::type_complexity, reason = "what `write_file` takes")]
    fn into_recording(
        self,
        end: Timestamp,
        state: &LiveState,
        without_market: u64,
    ) -> Result<(Header, Vec<(StreamId, Timestamp, Option<Timestamp>, RecordBody)>), String> {
        let mut markets: Vec<MarketTicker> = Vec::new();
        for heard in &self.heard {
            if let RecordBody::Market(body) = &heard.body {
                markets.push(body.ticker.clone());
            }
        }
        markets.sort();
        markets.dedup();
        let from = self.heard.first().map_or(self.begun, |heard| heard.time).min(self.begun);
        let to = self.heard.last().map_or(end, |heard| heard.time).max(end);
        let mut gaps = self.gaps;
        gaps.sort_by_key(|gap| (gap.from, gap.stream));
        let mut notes: Vec<String> = [
            "Ordered by the exchanges' own times; what came without one has the recorder's time of receipt, but none after the next change of a book on its connection.",
            "The recorder's clock is kept as the time of receipt; it is no measure of latency.",
            "The times at which markets were made are not known: they were there by the time that stands there.",
            "The series' fees are not recorded.",
        ]
        .map(str::to_owned)
        .into();
        if let LiveState::CutOff { at_byte, unusable_bytes, damaged } = state {
            let damage = if *damaged { ", which are damaged" } else { "" };
            notes.push(format!("The recorder was cut off: {unusable_bytes} bytes after byte {at_byte} of its live file could not be used{damage}."));
        }
        if without_market > 0 {
            notes.push(format!("{without_market} announcements were left out: their markets' bodies were never read."));
        }
        let header = Header {
            format_version: FORMAT_VERSION,
            title: self.title,
            created_by: self.created_by,
            from,
            session_from: self.begun,
            to,
            markets,
            sources: self.sources.iter().map(|(name, ..)| name.clone()).collect(),
            streams: streams(&self.origin, &self.sources, &self.heard.iter().map(|heard| heard.stream).collect())?,
            gaps: gaps.clone(),
            notes,
        };
        let mut records = Vec::with_capacity(self.heard.len() + gaps.len() + 3);
        if from < self.begun {
            records.push((SESSION, from, None, RecordBody::Boundary(Boundary::PreRollBegins)));
        }
        records.push((SESSION, self.begun, None, RecordBody::Boundary(Boundary::SessionBegins)));
        records.extend(gaps.into_iter().map(|gap| (SESSION, gap.from.clamp(from, to), None, RecordBody::Gap(gap))));
        records.extend(self.heard.into_iter().map(|heard| (heard.stream, heard.time, heard.received, heard.body)));
        records.sort_by_key(|&(_, time, ..)| time);
        records.push((SESSION, to, None, RecordBody::Boundary(Boundary::SessionEnds)));
        Ok((header, records))
    }
}

/// The streams by their ids; `told` are those that have records. A source without any stands in for nothing.
fn streams(
    origin: &str,
    sources: &[(Arc<str>, Asset, bool)],
    told: &BTreeSet<StreamId>,
) -> Result<Vec<StreamInfo>, String> {
    let named = [
        (SESSION, "session"),
        (LIFECYCLE, "lifecycle"),
        (OUTCOME, "outcome"),
        (BOOK, "book"),
        (TICKER, "ticker"),
        (TRADE, "trade"),
    ];
    let stream = |id, name: &str, stand_in_for| StreamInfo {
        id,
        name: name.to_owned(),
        origin: format!("recorded live: {origin}"),
        stand_in_for,
    };
    let mut streams: Vec<StreamInfo> = named.into_iter().map(|(id, name)| stream(id, name, None)).collect();
    let mut standing_in = BTreeSet::new();
    for (place, (name, asset, index)) in sources.iter().enumerate() {
        let id = u8::try_from(place).ok().and_then(|place| place.checked_add(FIRST_SOURCE));
        let id = StreamId(id.ok_or_else(|| "it has more sources than a recording can name".to_owned())?);
        let plays_index = |(other, of, _): &(Arc<str>, Asset, bool)| of == asset && **other == *asset.index_id();
        let has_prices = told.contains(&id);
        let stand_in_for = if *index {
            None
        } else if **name == *asset.index_id() {
            Some(format!(
                "the prints of the settlement index {name}: the exchange was a simulator, or played another price under its name"
            ))
        } else if has_prices && !sources.iter().any(plays_index) && standing_in.insert(asset.index_id()) {
            Some(format!("the prints of the settlement index {}, which were not recorded", asset.index_id()))
        } else {
            None
        };
        streams.push(stream(id, name, stand_in_for));
    }
    Ok(streams)
}

/// Seals files one after the other, beside whoever records.
#[derive(Debug, Default)]
pub(super) struct Sealing {
    running: Option<JoinHandle<Result<Sealed, RecorderError>>>,
    waiting: VecDeque<PathBuf>,
    done: Vec<Sealed>,
    failed: Option<RecorderError>,
}

impl Sealing {
    /// Seals a file that was ended; files wait for each other, so that memory holds one.
    pub(super) fn push(&mut self, live: PathBuf) {
        self.waiting.push_back(live);
        if self.running.as_ref().is_none_or(JoinHandle::is_finished) {
            self.next();
        }
    }

    fn next(&mut self) {
        if let Some(running) = self.running.take() {
            match running.join() {
                Ok(Ok(sealed)) => {
                    tracing::info!(recording = %sealed.recording.display(), records = sealed.records, gaps = sealed.gaps.len(), "sealed a recording");
                    self.done.push(sealed);
                }
                Ok(Err(error)) => {
                    tracing::error!(%error, "a live file cannot be sealed; it is kept");
                    self.failed.get_or_insert(error);
                }
                Err(_) => tracing::error!("sealing a live file panicked; it is kept"),
            }
        }
        if let Some(live) = self.waiting.pop_front() {
            // A file that ended in order has no gap up to when it was found.
            self.running = Some(std::thread::spawn(move || seal(&live, Timestamp::UNIX_EPOCH)));
        }
    }

    pub(super) fn finish(mut self) -> Result<Vec<Sealed>, RecorderError> {
        while self.running.is_some() || !self.waiting.is_empty() {
            self.next();
        }
        self.failed.map_or(Ok(self.done), Err)
    }
}
