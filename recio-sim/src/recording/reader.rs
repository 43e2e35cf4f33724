//! Reads recordings, block by block.

use super::format::{BLOCK, BlockHead, FORMAT_VERSION, HEADER_MAX, MAGIC, PACKED_MAX, RAW_MAX, TRAILER};
use super::wire::Codec;
use super::{Header, Record, RecordingError, RecordingProblem};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// A recording on disk: its header is read, its records are not yet.
#[derive(Clone, Debug)]
pub struct Recording {
    path: PathBuf,
    header: Header,
}

/// What a whole recording adds up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Records in all streams.
    pub records: u64,
    /// Compressed blocks.
    pub blocks: u64,
    /// Records of each stream, by stream id.
    pub per_stream: Vec<u64>,
    /// SHA-256 of everything before the trailer's hash, in hex: the recording's identity.
    pub sha256: String,
}

impl Recording {
    /// Opens a recording and reads its header; nothing is decompressed.
    ///
    /// # Errors
    /// Not readable, not a recording, of another format, or with a damaged header.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RecordingError> {
        let path = path.into();
        let header = open_file(&path)?.header;
        Ok(Self { path, header })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the recording says about itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The records from the beginning, in order.
    ///
    /// # Errors
    /// As [`open`](Self::open); each record can fail on its own later.
    pub fn records(&self) -> Result<RecordingReader<BufReader<File>>, RecordingError> {
        open_file(&self.path)
    }

    /// Reads everything, keeps nothing.
    ///
    /// # Errors
    /// The first thing that is wrong anywhere in the file.
    pub fn verify(&self) -> Result<Summary, RecordingError> {
        let mut reader = self.records()?;
        reader.by_ref().try_for_each(|record| record.map(drop))?;
        Ok(reader.summary().expect("a reader that ends without an error has read the trailer").clone())
    }
}

fn open_file(path: &Path) -> Result<RecordingReader<BufReader<File>>, RecordingError> {
    let failed =
        |source| RecordingError { file: path.to_owned(), problem: RecordingProblem::Read { offset: 0, source } };
    RecordingReader::new(BufReader::new(File::open(path).map_err(failed)?), path)
}

/// The records of a recording in order, at most one block of them in memory. Yields before the end is read.
///
/// Every block is checked before any record of it is given out; the hash over the whole is checked at the end, so only a reader that came to
/// its end without an error (see [`summary`](Self::summary)) has seen a whole recording. After an error there is nothing more.
#[derive(Debug)]
pub struct RecordingReader<R> {
    input: R,
    file: PathBuf,
    header: Header,
    codec: Codec,
    hash: Sha256,
    offset: u64,
    raw: Vec<u8>,
    at: usize,
    block_left: u32,
    records: u64,
    blocks: u64,
    per_stream: Vec<u64>,
    end: End,
}

#[derive(Debug)]
enum End {
    NotYet,
    Failed,
    Complete(Summary),
}

impl<R: Read> RecordingReader<R> {
    /// Reads the header. `file` is only the name that errors give.
    ///
    /// # Errors
    /// Not readable, not a recording, of another format, or with a damaged header.
    pub fn new(mut input: R, file: &Path) -> Result<Self, RecordingError> {
        let mut hash = Sha256::new();
        let mut offset = 0;
        let header = read_header(&mut input, &mut hash, &mut offset)
            .map_err(|problem| RecordingError { file: file.to_owned(), problem })?;
        Ok(Self {
            input,
            file: file.to_owned(),
            codec: Codec::new(&header),
            per_stream: vec![0; header.streams.len()],
            header,
            hash,
            offset,
            raw: Vec::new(),
            at: 0,
            block_left: 0,
            records: 0,
            blocks: 0,
            end: End::NotYet,
        })
    }

    /// What the recording says about itself.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What the recording added up to, once its end was reached without an error.
    #[must_use]
    pub const fn summary(&self) -> Option<&Summary> {
        match &self.end {
            End::Complete(summary) => Some(summary),
            End::NotYet | End::Failed => None,
        }
    }

    fn step(&mut self) -> Result<Option<Record>, RecordingProblem> {
        while self.block_left == 0 {
            if self.at != self.raw.len() {
                return Err(self.damaged("a block holds more than its records"));
            }
            let [tag] = take(&mut self.input, &mut self.hash, &mut self.offset)
                .map_err(|fault| fault.problem(self.offset, self.records, "it ends without a trailer"))?;
            match tag {
                BLOCK => self.read_block()?,
                TRAILER => {
                    let summary = self.read_trailer()?;
                    self.end = End::Complete(summary);
                    return Ok(None);
                }
                other => return Err(self.damaged(&format!("byte {other:#04x} begins neither a block nor the trailer"))),
            }
        }
        self.next_of_block().map(Some)
    }

    fn next_of_block(&mut self) -> Result<Record, RecordingProblem> {
        let (wire, rest) = postcard::take_from_bytes(&self.raw[self.at..])
            .map_err(|error| self.damaged(&format!("the next record cannot be decoded ({error})")))?;
        let at = self.raw.len() - rest.len();
        let record = self.codec.decode(wire).map_err(|fault| self.damaged(&format!("the next record: {fault}")))?;
        let stream = usize::from(record.stream.0);
        let expected = match self.per_stream.get(stream) {
            Some(count) => count + 1,
            None => {
                return Err(
                    self.damaged(&format!("the next record is of stream {stream}, which the header does not name"))
                );
            }
        };
        if record.seq != expected {
            let text = format!("stream {stream} goes on with number {} instead of {expected}", record.seq);
            return Err(self.damaged(&text));
        }
        if record.exchange_time > self.header.to {
            let text = format!("the next record is of {}, after the recording's end", record.exchange_time);
            return Err(self.damaged(&text));
        }
        self.at = at;
        self.block_left -= 1;
        self.records += 1;
        self.per_stream[stream] = expected;
        Ok(record)
    }

    fn read_block(&mut self) -> Result<(), RecordingProblem> {
        let begin = self.offset;
        let cut = "it ends in the middle of a block";
        let bytes = take(&mut self.input, &mut self.hash, &mut self.offset)
            .map_err(|fault| fault.problem(self.offset, self.records, cut))?;
        let head = BlockHead::from_bytes(bytes);
        let damaged =
            |what: &str| RecordingProblem::Damaged { offset: begin, record: self.records, what: what.to_owned() };
        if head.raw > RAW_MAX || head.packed > PACKED_MAX || head.records > head.raw || head.records == 0 {
            return Err(damaged("a block's lengths are out of bounds"));
        }
        let mut packed = vec![0; head.packed as usize];
        fill(&mut self.input, &mut packed, &mut self.hash, &mut self.offset)
            .map_err(|fault| fault.problem(self.offset, self.records, cut))?;
        if head.expected_crc(&packed) != head.crc {
            return Err(damaged("a block's checksum does not fit"));
        }
        let raw = zstd::bulk::decompress(&packed, head.raw as usize)
            .map_err(|error| damaged(&format!("a block cannot be decompressed ({error})")))?;
        if raw.len() != head.raw as usize {
            return Err(damaged("a block decompresses to another length than it says"));
        }
        self.raw = raw;
        self.at = 0;
        self.block_left = head.records;
        self.blocks += 1;
        Ok(())
    }

    fn read_trailer(&mut self) -> Result<Summary, RecordingProblem> {
        let cut = "it ends in the middle of the trailer";
        let mut counts = [0; 16];
        fill(&mut self.input, &mut counts, &mut self.hash, &mut self.offset)
            .map_err(|fault| fault.problem(self.offset, self.records, cut))?;
        let mut expected = [0; 16];
        expected[..8].copy_from_slice(&self.records.to_le_bytes());
        expected[8..].copy_from_slice(&self.blocks.to_le_bytes());
        if counts != expected {
            return Err(self.damaged("the trailer counts other records or blocks than there are"));
        }
        let digest: [u8; 32] = self.hash.clone().finalize().into();
        let written: [u8; 32] = take(&mut self.input, &mut self.hash, &mut self.offset)
            .map_err(|fault| fault.problem(self.offset, self.records, cut))?;
        if written != digest {
            return Err(self.damaged("the hash over the whole file does not fit"));
        }
        match take::<1>(&mut self.input, &mut self.hash, &mut self.offset) {
            Err(Fault::Cut) => {}
            Err(Fault::Io(source)) => return Err(RecordingProblem::Read { offset: self.offset, source }),
            Ok(_) => return Err(self.damaged("something follows the trailer")),
        }
        Ok(Summary {
            records: self.records,
            blocks: self.blocks,
            per_stream: self.per_stream.clone(),
            sha256: hex::encode(digest),
        })
    }

    fn damaged(&self, what: &str) -> RecordingProblem {
        RecordingProblem::Damaged { offset: self.offset, record: self.records, what: what.to_owned() }
    }
}

impl<R: Read> Iterator for RecordingReader<R> {
    type Item = Result<Record, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        if !matches!(self.end, End::NotYet) {
            return None;
        }
        match self.step() {
            Ok(record) => record.map(Ok),
            Err(problem) => {
                self.end = End::Failed;
                Some(Err(RecordingError { file: self.file.clone(), problem }))
            }
        }
    }
}

impl<R: Read> std::iter::FusedIterator for RecordingReader<R> {}

fn read_header(input: &mut impl Read, hash: &mut Sha256, offset: &mut u64) -> Result<Header, RecordingProblem> {
    let damaged = |offset: u64, what: String| RecordingProblem::Damaged { offset, record: 0, what };
    let cut = "it ends in the middle of the header";
    let magic: [u8; 8] = take(input, hash, offset).map_err(|fault| match fault {
        Fault::Cut => RecordingProblem::NotARecording,
        Fault::Io(source) => RecordingProblem::Read { offset: *offset, source },
    })?;
    if magic != MAGIC {
        return Err(RecordingProblem::NotARecording);
    }
    let version = take(input, hash, offset).map_err(|fault| fault.problem(*offset, 0, cut))?;
    let version = u16::from_le_bytes(version);
    if version != FORMAT_VERSION {
        return Err(RecordingProblem::Version { found: version, known: FORMAT_VERSION });
    }
    let length = take(input, hash, offset).map_err(|fault| fault.problem(*offset, 0, cut))?;
    let length = u32::from_le_bytes(length);
    if length > HEADER_MAX {
        return Err(damaged(*offset, "the header's length is out of bounds".to_owned()));
    }
    let crc = take(input, hash, offset).map_err(|fault| fault.problem(*offset, 0, cut))?;
    let mut text = vec![0; length as usize];
    fill(input, &mut text, hash, offset).map_err(|fault| fault.problem(*offset, 0, cut))?;
    if crc32fast::hash(&text) != u32::from_le_bytes(crc) {
        return Err(damaged(*offset, "the header's checksum does not fit".to_owned()));
    }
    let header: Header = serde_json::from_slice(&text)
        .map_err(|error| damaged(*offset, format!("the header cannot be read ({error})")))?;
    match header.fault() {
        Some(fault) => Err(damaged(*offset, format!("the header is not sound: {fault}"))),
        None => Ok(header),
    }
}

/// Why bytes are not there.
enum Fault {
    Cut,
    Io(std::io::Error),
}

impl Fault {
    fn problem(self, offset: u64, record: u64, cut: &str) -> RecordingProblem {
        match self {
            Self::Cut => RecordingProblem::Damaged { offset, record, what: cut.to_owned() },
            Self::Io(source) => RecordingProblem::Read { offset, source },
        }
    }
}

fn take<const N: usize>(input: &mut impl Read, hash: &mut Sha256, offset: &mut u64) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    fill(input, &mut bytes, hash, offset)?;
    Ok(bytes)
}

fn fill(input: &mut impl Read, bytes: &mut [u8], hash: &mut Sha256, offset: &mut u64) -> Result<(), Fault> {
    input
        .read_exact(bytes)
        .map_err(|error| if error.kind() == ErrorKind::UnexpectedEof { Fault::Cut } else { Fault::Io(error) })?;
    hash.update(&*bytes);
    *offset += bytes.len() as u64;
    Ok(())
}
