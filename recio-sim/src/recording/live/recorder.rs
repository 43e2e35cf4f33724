//! The recorder: takes down what a client hears, into one live file after the other.

use super::file::LiveWriter;
use super::known::{Known, Source, is_index, price_body};
use super::seal::{Sealed, Sealing};
use super::wire::WireEntry;
use super::{BOOK, FIRST_SOURCE, LIFECYCLE, LIVE_EXTENSION, OUTCOME, RecorderError, SESSION, TICKER, TRADE};
use crate::recording::{MarketBody, Outcome, RecordBody, StreamId};
use recio_core::market::{Book, LifecycleEvent, Market, MarketStatus};
use recio_core::market_data::MarketEvent;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, PriceEvent, TimeRange};
use recio_core::read::Read;
use recio_core::units::{AssetPrice, MarketTicker, Timestamp, micros};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// How to record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecorderOptions {
    /// Where the files go; made if it is not there.
    pub folder: PathBuf,
    /// How their names begin, such as `kxbtc15m`: letters, digits, `-` and `_`.
    pub name: String,
    /// Where what is heard comes from, in words; every stream's header carries it.
    pub origin: String,
    /// How long one file goes on.
    pub rotate_every: Duration,
    /// How large one live file may become before packing: sealing holds its records in memory, about ten times as much.
    pub rotate_bytes: u64,
}

/// Where a recorder stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecorderStatus {
    /// The live file.
    pub file: PathBuf,
    /// Records since the recorder began, in all files.
    pub records: u64,
    /// Gaps since then, those that are still open included.
    pub gaps: u64,
    /// Gaps that are open now.
    pub open_gaps: usize,
    /// Markets whose books are known.
    pub books: usize,
}

/// Takes down what is heard. Owned by one task; see [`RecordedMarkets`](super::RecordedMarkets) for one shared by several.
///
/// Every call takes `now`, the time of receipt on the caller's clock. Calls are quick: at most one block of 64 KiB is packed and handed to the
/// system in one. A process that is killed loses less than a second, given [`turn`](Self::turn) is called about once a second; a machine that
/// loses power may lose what the system had not yet put on the disk. Either way the file reads up to there, and says that it was cut off.
#[derive(Debug)]
pub struct Recorder {
    options: RecorderOptions,
    live: LiveWriter,
    begun: Timestamp,
    known: Known,
    sealing: Sealing,
    records: u64,
    gaps: u64,
}

impl RecorderOptions {
    /// An hour, or 32 MiB, into each file.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, name: &str, origin: &str) -> Self {
        Self {
            folder: folder.into(),
            name: name.to_owned(),
            origin: origin.to_owned(),
            rotate_every: Duration::from_secs(3600),
            rotate_bytes: 32 << 20,
        }
    }

    fn begin(&self, now: Timestamp) -> Result<LiveWriter, RecorderError> {
        let stem = format!("{}_{}", self.name, now.strftime("%Y%m%dT%H%M%SZ"));
        // Two files that begin in one second are told apart by a number; no recorder makes more than a few.
        let path = (0..100)
            .map(|number| if number == 0 { stem.clone() } else { format!("{stem}-{number}") })
            .map(|stem| self.folder.join(format!("{stem}.{LIVE_EXTENSION}")))
            .find(|path| !path.exists() && !path.with_extension("rec").exists())
            .unwrap_or_else(|| self.folder.join(format!("{stem}.{LIVE_EXTENSION}")));
        let mut live = LiveWriter::create(path)?;
        live.put(&WireEntry::Begins {
            title: format!("{}, recorded live from {now}", self.name),
            created_by: concat!("recio record ", env!("CARGO_PKG_VERSION")).to_owned(),
            origin: self.origin.clone(),
            at: micros(now),
        })?;
        live.flush()?;
        Ok(live)
    }
}

impl Recorder {
    /// Begins a file, after sealing what earlier recorders of the folder left behind.
    ///
    /// # Errors
    /// The folder cannot be made or written. A file left behind that cannot be sealed is kept, told in the log, and is no error.
    pub fn create(options: RecorderOptions, now: Timestamp) -> Result<(Self, Vec<Sealed>), RecorderError> {
        let sound = !options.name.is_empty()
            && options.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !sound {
            let why = format!("`{}` cannot begin a file's name; use letters, digits, - and _", options.name);
            return Err(RecorderError::Refused { file: options.folder, why });
        }
        let failed = |source| RecorderError::Io { file: options.folder.clone(), what: "made", source };
        std::fs::create_dir_all(&options.folder).map_err(failed)?;
        let left_behind = super::seal::left_behind(&options.folder, now)?;
        let live = options.begin(now)?;
        let recorder = Self {
            live,
            begun: now,
            known: Known::default(),
            sealing: Sealing::default(),
            records: 0,
            gaps: 0,
            options,
        };
        Ok((recorder, left_behind))
    }

    /// Takes down a market as a list has it: one that is new, what changed without an announcement, the value that decided it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn listed(&mut self, market: &Market, now: Timestamp) -> Result<(), RecorderError> {
        let over = market.status == MarketStatus::Finalized || self.known.settled.contains(&market.ticker);
        if !self.known.markets.contains_key(&market.ticker) {
            if over {
                return Ok(());
            }
            self.known.markets.insert(market.ticker.clone(), market.clone());
            if market.status == MarketStatus::Inactive {
                self.known.halted.insert(market.ticker.clone());
            }
            self.body(&market.ticker.clone(), now)?;
        }
        for event in self.known.news(market, now) {
            self.announced(&market.ticker, &event, now)?;
        }
        let had = self.known.markets.get(&market.ticker).and_then(|known| known.expiration_value);
        if let (None, Some(value), Some(result)) = (had, market.expiration_value, market.result) {
            let outcome = Outcome { market: market.ticker.clone(), result, expiration_value: value };
            self.record(OUTCOME, None, Some(now), &RecordBody::Outcome(outcome))?;
            if let Some(known) = self.known.markets.get_mut(&market.ticker) {
                known.expiration_value = Some(value);
                known.result = Some(result);
            }
        }
        Ok(())
    }

    /// Notes which books are asked for from now on: until its snapshot comes, each is a gap.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn following(&mut self, markets: &[MarketTicker], now: Timestamp) -> Result<(), RecorderError> {
        for market in markets {
            if !self.known.books.contains_key(market) {
                self.gap_opens(BOOK, Some(market), now, "its snapshot has not come yet")?;
            }
        }
        // A book that is not followed any more is not told of any more, which is no gap.
        let gone: Vec<_> = self.known.books.keys().filter(|market| !markets.contains(market)).cloned().collect();
        for market in gone {
            self.known.books.remove(&market);
        }
        let waiting = self.known.gaps.keys().filter_map(|(stream, market)| market.clone().filter(|_| *stream == BOOK));
        let waiting: Vec<_> = waiting.filter(|market| !markets.contains(market)).collect();
        for market in waiting {
            self.gap_closes(BOOK, Some(&market), now)?;
        }
        Ok(())
    }

    /// Takes down an event of the market data.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn market(&mut self, event: &MarketEvent, now: Timestamp) -> Result<(), RecorderError> {
        match event {
            MarketEvent::Snapshot { market, book } => {
                self.gap_closes(BOOK, Some(market), now)?;
                // A book that contradicts itself is taken down all the same; it is not carried into the next file.
                match Book::from_snapshot(book, None) {
                    Ok(whole) => drop(self.known.books.insert(market.clone(), whole)),
                    Err(_) => drop(self.known.books.remove(market)),
                }
                let (bids, asks) = (book.bids.clone(), book.asks.clone());
                let body = RecordBody::BookSnapshot { market: market.clone(), bids, asks };
                self.record(BOOK, None, Some(now), &body)
            }
            MarketEvent::Delta { market, delta, exchange_time } => {
                let applied = self.known.books.get_mut(market).map(|book| book.apply(delta, None));
                if let Some(Err(error)) = applied {
                    self.known.books.remove(market);
                    self.gap_opens(BOOK, Some(market), exchange_time.unwrap_or(now), &error.to_string())?;
                }
                // A change to a book that is not known would break whoever plays it.
                if !self.known.books.contains_key(market) {
                    return Ok(());
                }
                let body = RecordBody::BookDelta {
                    market: market.clone(),
                    side: delta.side,
                    price: delta.price,
                    change: delta.change.hundredths(),
                };
                self.record(BOOK, *exchange_time, Some(now), &body)
            }
            MarketEvent::Void { markets, reason } => {
                for market in markets {
                    self.known.books.remove(market);
                    self.gap_opens(BOOK, Some(market), now, reason)?;
                }
                Ok(())
            }
            MarketEvent::Ticker(update) => {
                let body = RecordBody::Ticker(update.clone());
                self.record(TICKER, Some(update.exchange_time), Some(now), &body)
            }
            MarketEvent::Trade(trade) => {
                self.record(TRADE, Some(trade.exchange_time), Some(now), &RecordBody::Trade(trade.clone()))
            }
            MarketEvent::Lifecycle { market, event } => self.announced(market, event, now),
            MarketEvent::Exchange(status) => {
                if self.known.status == Some(*status) {
                    return Ok(());
                }
                self.known.status = Some(*status);
                self.record(SESSION, None, Some(now), &RecordBody::Exchange(*status))
            }
            MarketEvent::Heartbeat => Ok(()),
            MarketEvent::Connected => {
                for stream in [LIFECYCLE, TICKER, TRADE] {
                    self.gap_closes(stream, None, now)?;
                }
                Ok(())
            }
            MarketEvent::Disconnected { reason } => {
                let books: Vec<_> = self.known.books.keys().cloned().collect();
                for market in books {
                    self.known.books.remove(&market);
                    self.gap_opens(BOOK, Some(&market), now, reason)?;
                }
                for stream in [LIFECYCLE, TICKER, TRADE] {
                    self.gap_opens(stream, None, now, reason)?;
                }
                Ok(())
            }
            MarketEvent::Unreadable { reason } => self.gap(SESSION, now, now, reason),
        }
    }

    /// Notes a source of prices that is listened to from now on: until it is connected, or a price comes, it is a gap. Sources keep the order in which
    /// they were first named; of those of one asset, the first with prices stands in for an index that was not recorded.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn listening(&mut self, about: &FeedAbout, now: Timestamp) -> Result<(), RecorderError> {
        let place = self.source(about)?;
        self.gap_opens(source_stream(place), None, now, "it is not connected yet")
    }

    /// Takes down prices of before the recorder began (or of a hole), of one second each: a bar's close, unless a later print is known.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn history(&mut self, about: &FeedAbout, range: TimeRange, bars: &Read<Vec<Bar>>) -> Result<(), RecorderError> {
        let place = self.source(about)?;
        if let Read::Partial { missing, .. } = bars {
            self.gap(source_stream(place), range.from, range.to, &format!("the history lacks {missing}"))?;
        }
        for bar in bars.got() {
            self.print(place, bar.start, bar.close, None)?;
        }
        Ok(())
    }

    /// Takes down an event of a price feed.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn price(&mut self, about: &FeedAbout, event: &PriceEvent, now: Timestamp) -> Result<(), RecorderError> {
        let place = self.source(about)?;
        match event {
            PriceEvent::Tick(tick) => self.print(place, tick.exchange_time, tick.price, Some(now)),
            PriceEvent::Heartbeat => Ok(()),
            PriceEvent::Connected => self.gap_closes(source_stream(place), None, now),
            PriceEvent::Disconnected { reason } => {
                let from = self.known.sources[place].last().unwrap_or(now);
                self.gap_opens(source_stream(place), None, from, reason)
            }
        }
    }

    /// Hands what was taken down to the system, and begins the next file where it is time. To be called about once a second.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn turn(&mut self, now: Timestamp) -> Result<(), RecorderError> {
        let age = Duration::try_from(now.duration_since(self.begun)).unwrap_or(Duration::ZERO);
        if age >= self.options.rotate_every || self.live.raw_total() >= self.options.rotate_bytes {
            self.rotate(now)
        } else {
            self.live.flush()
        }
    }

    /// Where the recorder stands.
    #[must_use]
    pub fn status(&self) -> RecorderStatus {
        RecorderStatus {
            file: self.live.path().to_owned(),
            records: self.records,
            gaps: self.gaps,
            open_gaps: self.known.gaps.len(),
            books: self.known.books.len(),
        }
    }

    /// Ends the file, and waits until all are sealed. Takes as long as packing the last file does: seconds.
    ///
    /// # Errors
    /// A file cannot be written or sealed; live files that were not sealed are kept.
    pub fn finish(self, now: Timestamp) -> Result<Vec<Sealed>, RecorderError> {
        let Self { live, mut sealing, .. } = self;
        sealing.push(live.end(now)?);
        sealing.finish()
    }

    /// Begins the next file with everything that is known, so that it can be played by itself.
    fn rotate(&mut self, now: Timestamp) -> Result<(), RecorderError> {
        let next = self.options.begin(now)?;
        let ended = std::mem::replace(&mut self.live, next).end(now)?;
        self.begun = now;
        self.known.settled.clear();
        self.sealing.push(ended);
        let sources = std::mem::take(&mut self.known.sources);
        for source in &sources {
            self.live.learn_source(&source.about)?;
        }
        for (place, source) in sources.iter().enumerate() {
            for &(time, price) in &source.prints {
                let body = price_body(&source.about, price);
                self.record(source_stream(place), Some(time), None, &body)?;
            }
        }
        self.known.sources = sources;
        let tickers: Vec<_> = self.known.markets.keys().cloned().collect();
        for ticker in &tickers {
            self.body(ticker, now)?;
        }
        if let Some(status) = self.known.status {
            self.record(SESSION, None, Some(now), &RecordBody::Exchange(status))?;
        }
        let books = self.known.books.iter().map(|(market, book)| (market.clone(), book.snapshot()));
        for (market, book) in books.collect::<Vec<_>>() {
            let body = RecordBody::BookSnapshot { market, bids: book.bids, asks: book.asks };
            self.record(BOOK, None, Some(now), &body)?;
        }
        for ((stream, market), (_, why)) in self.known.gaps.clone() {
            let market = self.live.place(market.as_ref())?;
            self.live.put(&WireEntry::GapOpens { stream: stream.0, market, from: micros(now), why })?;
        }
        self.live.flush()
    }

    /// A market's body, with what was announced since.
    fn body(&mut self, ticker: &MarketTicker, now: Timestamp) -> Result<(), RecorderError> {
        let Some(market) = self.known.markets.get(ticker) else { return Ok(()) };
        let body = MarketBody {
            ticker: market.ticker.clone(),
            event: market.event.clone(),
            series: market.series.clone(),
            strike: market.strike.clone(),
            // When the exchange made it is not told; it was there by then.
            created_time: now.min(market.open_time),
            open_time: market.open_time,
            close_time: market.close_time,
            grid: market.grid.clone(),
            exchange_index: market.exchange_index,
            settlement_timer: market.settlement_timer,
        };
        let result = market.result;
        self.record(LIFECYCLE, None, Some(now), &RecordBody::Market(Box::new(body)))?;
        if self.known.halted.contains(ticker) {
            let body = RecordBody::Lifecycle { market: ticker.clone(), event: LifecycleEvent::Deactivated };
            self.record(LIFECYCLE, None, Some(now), &body)?;
        }
        if let Some(result) = result {
            let event = LifecycleEvent::Determined { result, determined_time: now };
            self.record(LIFECYCLE, None, Some(now), &RecordBody::Lifecycle { market: ticker.clone(), event })?;
        }
        Ok(())
    }

    fn announced(
        &mut self,
        market: &MarketTicker,
        event: &LifecycleEvent,
        now: Timestamp,
    ) -> Result<(), RecorderError> {
        self.known.announced(market, event, now);
        let body = RecordBody::Lifecycle { market: market.clone(), event: event.clone() };
        self.record(LIFECYCLE, None, Some(now), &body)
    }

    /// The place of a source; a new one begins its stream.
    fn source(&mut self, about: &FeedAbout) -> Result<usize, RecorderError> {
        if let Some(place) = self.known.sources.iter().position(|source| source.about.source == about.source) {
            return Ok(place);
        }
        if self.known.sources.len() >= usize::from(u8::MAX - FIRST_SOURCE) {
            let why = format!("{} is one source too many for a recording", about.source);
            return Err(RecorderError::Refused { file: self.live.path().to_owned(), why });
        }
        self.live.learn_source(about)?;
        self.known.sources.push(Source::new(about.clone()));
        Ok(self.known.sources.len() - 1)
    }

    /// A price of a source. One that is not later than the last of a source's history was taken down with it.
    fn print(
        &mut self,
        place: usize,
        time: Timestamp,
        price: AssetPrice,
        received: Option<Timestamp>,
    ) -> Result<(), RecorderError> {
        let source = &mut self.known.sources[place];
        let in_history = source.last().is_some_and(|last| time <= last);
        let is_index = is_index(&source.about);
        // Several trades of a venue may have one time; an index prints once at a time.
        if in_history && (is_index || received.is_none()) {
            return Ok(());
        }
        let body = price_body(&source.about, price);
        source.print(time, price);
        let close = self.known.gaps.contains_key(&(source_stream(place), None)) && received.is_some();
        if close {
            self.gap_closes(source_stream(place), None, time)?;
        }
        self.record(source_stream(place), Some(time), received, &body)
    }

    fn record(
        &mut self,
        stream: StreamId,
        exchange: Option<Timestamp>,
        received: Option<Timestamp>,
        body: &RecordBody,
    ) -> Result<(), RecorderError> {
        self.records += 1;
        self.live.record(stream, exchange, received, body)
    }

    fn gap(&mut self, stream: StreamId, from: Timestamp, to: Timestamp, why: &str) -> Result<(), RecorderError> {
        self.gaps += 1;
        let (from, to) = (micros(from), micros(to));
        self.live.put(&WireEntry::Gap { stream: stream.0, market: None, from, to, why: why.to_owned() })
    }

    fn gap_opens(
        &mut self,
        stream: StreamId,
        market: Option<&MarketTicker>,
        from: Timestamp,
        why: &str,
    ) -> Result<(), RecorderError> {
        let key = (stream, market.cloned());
        if self.known.gaps.contains_key(&key) {
            return Ok(());
        }
        self.gaps += 1;
        self.known.gaps.insert(key, (from, why.to_owned()));
        let market = self.live.place(market)?;
        self.live.put(&WireEntry::GapOpens { stream: stream.0, market, from: micros(from), why: why.to_owned() })
    }

    fn gap_closes(
        &mut self,
        stream: StreamId,
        market: Option<&MarketTicker>,
        to: Timestamp,
    ) -> Result<(), RecorderError> {
        if self.known.gaps.remove(&(stream, market.cloned())).is_none() {
            return Ok(());
        }
        let market = self.live.place(market)?;
        self.live.put(&WireEntry::GapCloses { stream: stream.0, market, to: micros(to) })
    }
}

fn source_stream(place: usize) -> StreamId {
    StreamId(FIRST_SOURCE.saturating_add(u8::try_from(place).unwrap_or(u8::MAX)))
}
