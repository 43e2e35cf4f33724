//! The live file: its writer, and its reader up to wherever it was cut off.

use super::super::format::{BLOCK, BlockHead, PACKED_MAX, RAW_MAX, RECORD_MAX};
use super::super::wire::Codec;
use super::super::{RecordBody, StreamId};
use super::RecorderError;
use super::wire::WireEntry;
use recio_core::price_feed::FeedAbout;
use recio_core::units::{MarketTicker, Timestamp, micros, to_micros_precision};
use serde::Serialize;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: [u8; 8] = *b"RECIOLIV";
const VERSION: u16 = 1;
/// A block is closed at this size, or when it is a second old.
const BLOCK_TARGET: usize = 64 << 10;
/// Quick, as trading may wait for it; sealing packs tighter.
const ZSTD_LEVEL: i32 = 3;

/// Writes a live file, and holds it locked as long as it does.
#[derive(Debug)]
pub(super) struct LiveWriter {
    path: PathBuf,
    file: File,
    codec: Codec,
    raw: Vec<u8>,
    entries: u32,
    raw_total: u64,
}

impl LiveWriter {
    pub(super) fn create(path: PathBuf) -> Result<Self, RecorderError> {
        let failed = |source| RecorderError::Io { file: path.clone(), what: "made", source };
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        lock(&file, &path)?;
        file.write_all(&MAGIC).and_then(|()| file.write_all(&VERSION.to_le_bytes())).map_err(failed)?;
        Ok(Self { path, file, codec: Codec::empty(), raw: Vec::new(), entries: 0, raw_total: 0 })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes before packing, which bound what sealing needs in memory.
    pub(super) const fn raw_total(&self) -> u64 {
        self.raw_total
    }

    pub(super) fn record(
        &mut self,
        stream: StreamId,
        exchange: Option<Timestamp>,
        received: Option<Timestamp>,
        body: &RecordBody,
    ) -> Result<(), RecorderError> {
        if let Some(market) = market_of(body) {
            self.learn_market(market)?;
        }
        let time = exchange.or(received).map_or(Timestamp::UNIX_EPOCH, to_micros_precision);
        let body = self.codec.encode_body(body, time).map_err(|why| self.refused(why))?;
        let (exchange, received) = (exchange.map(micros), received.map(micros));
        self.put(&WireEntry::Record { stream: stream.0, exchange, received, body })
    }

    pub(super) fn learn_source(&mut self, about: &FeedAbout) -> Result<(), RecorderError> {
        let name: Arc<str> = about.source.as_str().into();
        if self.codec.learn_source(&name).map_err(|why| self.refused(why))? {
            let index = super::wire::is_index(about.kind);
            self.put(&WireEntry::Source { name: about.source.clone(), asset: about.asset.into(), index })?;
        }
        Ok(())
    }

    pub(super) fn place(&mut self, market: Option<&MarketTicker>) -> Result<Option<u16>, RecorderError> {
        let Some(market) = market else { return Ok(None) };
        self.learn_market(market)?;
        self.codec.place(market).map(Some).map_err(|why| self.refused(why))
    }

    fn learn_market(&mut self, market: &MarketTicker) -> Result<(), RecorderError> {
        if self.codec.learn_market(market).map_err(|why| self.refused(why))? {
            self.put(&WireEntry::Market(market.as_str().to_owned()))?;
        }
        Ok(())
    }

    pub(super) fn put(&mut self, entry: &WireEntry) -> Result<(), RecorderError> {
        let bytes = postcard::to_stdvec(entry).map_err(|error| self.refused(error.to_string()))?;
        if bytes.len() > RECORD_MAX {
            return Err(self.refused(format!("it takes {} bytes, more than {RECORD_MAX}", bytes.len())));
        }
        self.raw_total += bytes.len() as u64;
        self.raw.extend_from_slice(&bytes);
        self.entries += 1;
        if self.raw.len() >= BLOCK_TARGET { self.flush() } else { Ok(()) }
    }

    /// Hands everything to the system: a killed process loses nothing of it.
    pub(super) fn flush(&mut self) -> Result<(), RecorderError> {
        if self.entries == 0 {
            return Ok(());
        }
        let failed = |source| RecorderError::Io { file: self.path.clone(), what: "written", source };
        let packed = zstd::bulk::compress(&self.raw, ZSTD_LEVEL).map_err(failed)?;
        let raw = u32::try_from(self.raw.len()).expect("a block is closed at 64 KiB, and an entry has at most 512 KiB");
        let head = BlockHead::new(raw, self.entries, &packed);
        let mut block = Vec::with_capacity(packed.len() + BlockHead::SIZE + 1);
        block.push(BLOCK);
        block.extend_from_slice(&head.to_bytes());
        block.extend_from_slice(&packed);
        self.file.write_all(&block).map_err(failed)?;
        self.raw.clear();
        self.entries = 0;
        Ok(())
    }

    /// Ends the file, on the disk.
    pub(super) fn end(mut self, at: Timestamp) -> Result<PathBuf, RecorderError> {
        self.put(&WireEntry::Ends { at: micros(at) })?;
        self.flush()?;
        let failed = |source| RecorderError::Io { file: self.path.clone(), what: "synced", source };
        self.file.sync_all().map_err(failed)?;
        Ok(self.path)
    }

    fn refused(&self, why: String) -> RecorderError {
        RecorderError::Refused { file: self.path.clone(), why }
    }
}

fn lock(file: &File, path: &Path) -> Result<(), RecorderError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => RecorderError::InUse { file: path.to_owned() },
        TryLockError::Error(source) => RecorderError::Io { file: path.to_owned(), what: "locked", source },
    })
}

/// The market that a record names.
pub(super) const fn market_of(body: &RecordBody) -> Option<&MarketTicker> {
    match body {
        RecordBody::Market(market) => Some(&market.ticker),
        RecordBody::Lifecycle { market, .. }
        | RecordBody::BookSnapshot { market, .. }
        | RecordBody::BookDelta { market, .. } => Some(market),
        RecordBody::Outcome(outcome) => Some(&outcome.market),
        RecordBody::Ticker(update) => Some(&update.market),
        RecordBody::Trade(trade) => Some(&trade.market),
        RecordBody::Gap(gap) => gap.market.as_ref(),
        RecordBody::Boundary(_)
        | RecordBody::SpotTrade { .. }
        | RecordBody::IndexPrint { .. }
        | RecordBody::Exchange(_) => None,
    }
}

/// How a live file ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LiveState {
    /// In order.
    Ended,
    /// In the middle: the recorder was killed, or still runs.
    CutOff {
        /// The end of the last whole block.
        at_byte: u64,
        /// What follows it and cannot be used.
        unusable_bytes: u64,
        /// Whether what follows is damaged, more than a write that was not finished.
        damaged: bool,
    },
}

/// What a live file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiveSummary {
    /// Records in whole blocks.
    pub records: u64,
    /// When the last of them was heard.
    pub last_received: Option<Timestamp>,
    /// How it ends.
    pub state: LiveState,
}

/// Looks at a live file, also while it is being written.
///
/// # Errors
/// It cannot be read, or is no live file. Being cut off is no error.
pub fn inspect(path: &Path) -> Result<LiveSummary, RecorderError> {
    let (mut records, mut last_received) = (0, None);
    let state = read(path, |entry| {
        if let WireEntry::Record { received, .. } = entry {
            records += 1;
            last_received = last_received.max(received);
        }
        Ok(())
    })?;
    let last_received = last_received.and_then(|micros| recio_core::units::from_micros(micros).ok());
    Ok(LiveSummary { records, last_received, state })
}

/// Opens a live file that nobody writes any more; it stays locked as long as the handle lives.
pub(super) fn claim(path: &Path) -> Result<File, RecorderError> {
    let failed = |source| RecorderError::Io { file: path.to_owned(), what: "opened", source };
    let file = File::open(path).map_err(failed)?;
    lock(&file, path)?;
    Ok(file)
}

/// Shows every entry of every whole block, in order.
pub(super) fn read(
    path: &Path,
    mut see: impl FnMut(WireEntry) -> Result<(), String>,
) -> Result<LiveState, RecorderError> {
    let failed = |source| RecorderError::Io { file: path.to_owned(), what: "read", source };
    let not = |what: String| RecorderError::NotALiveFile { file: path.to_owned(), what };
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let mut input = BufReader::new(file);
    let mut begin = [0; 10];
    match fill(&mut input, &mut begin).map_err(failed)? {
        false => return Ok(LiveState::CutOff { at_byte: 0, unusable_bytes: size, damaged: false }),
        true if begin[..8] != MAGIC => return Err(not("is no live file of a recorder".to_owned())),
        true => {}
    }
    let version = u16::from_le_bytes([begin[8], begin[9]]);
    if version != VERSION {
        return Err(not(format!(
            "is a live file of version {version}, this recio reads {VERSION}; use the one that wrote it"
        )));
    }
    let mut at_byte = 10;
    let mut ended = false;
    loop {
        match block(&mut input, &mut see).map_err(failed)? {
            Block::Whole { size, ends } => {
                at_byte += size;
                ended = ends;
            }
            Block::None if ended => return Ok(LiveState::Ended),
            Block::None => {
                return Ok(LiveState::CutOff { at_byte, unusable_bytes: size.saturating_sub(at_byte), damaged: false });
            }
            Block::Damaged => {
                return Ok(LiveState::CutOff { at_byte, unusable_bytes: size.saturating_sub(at_byte), damaged: true });
            }
            Block::Refused(why) => return Err(RecorderError::Refused { file: path.to_owned(), why }),
        }
    }
}

enum Block {
    Whole {
        size: u64,
        ends: bool,
    },
    /// The end of the file, or a block that was not written to its end.
    None,
    Damaged,
    Refused(String),
}

fn block(input: &mut impl Read, see: &mut impl FnMut(WireEntry) -> Result<(), String>) -> std::io::Result<Block> {
    let mut tag = [0];
    let mut head = [0; BlockHead::SIZE];
    if !fill(input, &mut tag)? {
        return Ok(Block::None);
    }
    if tag != [BLOCK] {
        return Ok(Block::Damaged);
    }
    if !fill(input, &mut head)? {
        return Ok(Block::None);
    }
    let head = BlockHead::from_bytes(head);
    if head.raw > RAW_MAX || head.packed > PACKED_MAX || head.records == 0 || head.records > head.raw {
        return Ok(Block::Damaged);
    }
    let mut packed = vec![0; head.packed as usize];
    if !fill(input, &mut packed)? {
        return Ok(Block::None);
    }
    if head.expected_crc(&packed) != head.crc {
        return Ok(Block::Damaged);
    }
    let Ok(raw) = zstd::bulk::decompress(&packed, head.raw as usize) else { return Ok(Block::Damaged) };
    let mut entries = Vec::new();
    let mut rest = raw.as_slice();
    for _ in 0..head.records {
        let Ok((entry, left)) = postcard::take_from_bytes::<WireEntry>(rest) else { return Ok(Block::Damaged) };
        entries.push(entry);
        rest = left;
    }
    if !rest.is_empty() {
        return Ok(Block::Damaged);
    }
    let ends = matches!(entries.last(), Some(WireEntry::Ends { .. }));
    for entry in entries {
        if let Err(why) = see(entry) {
            return Ok(Block::Refused(why));
        }
    }
    Ok(Block::Whole { size: u64::from(head.packed) + BlockHead::SIZE as u64 + 1, ends })
}

/// Fills the buffer; `false` where the file ends before.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
