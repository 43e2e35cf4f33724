//! The input log: everything that the engine was told, so that a run can be replayed bit for bit.
//!
//! A folder of segments. Each begins with all that is needed to start there: config, model hash, and a snapshot of the engine. Records are
//! `length, its CRC-32, CRC-32 of the rest, postcard`, buffered; a torn tail is fine, because the log is for replay and not for recovery. The
//! length has a checksum of its own, so that a damaged one is not taken for a record that was cut off. Beside each input stands the rolling
//! hash of all outputs up to it, so that a replay finds the first output that differs.

use crate::engine::{EngineConfig, EngineState, Input, Output};
use crate::units::Now;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// The version of the log's format.
const FORMAT: u32 = 6;
/// A segment ends after so many inputs: some five minutes of a busy market.
const SEGMENT_INPUTS: u64 = 20_000;

/// Why a log cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputLogError {
    /// The file system said no.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not an input log, or a damaged one.
    #[error("{} is not a readable input log: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        what: String,
    },
    /// It was written by another version of recio.
    #[error("{} has format {found}, this recio reads format {FORMAT}: replay it with the build that wrote it ({build})", path.display())]
    WrongFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The build that wrote it.
        build: String,
    },
}

/// What a segment begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentHeader {
    /// Of this description.
    pub format: u32,
    /// The build that wrote it.
    pub build: String,
    /// From 1.
    pub segment: u32,
    /// How many inputs came before it.
    pub inputs_before: u64,
    /// The rolling hash of all outputs before it.
    pub outputs: [u8; 32],
    /// SHA-256 of the fingerprint that the model used, in hex.
    pub model_hash: String,
    /// What the engine was told at its start. Overrides that were made since are part of what it remembered.
    pub config: EngineConfig,
    /// All that the engine remembered.
    pub state: EngineState,
}

/// One input with its time, and the rolling hash of all outputs up to and with it, cut to eight bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedInput {
    /// When the engine was told.
    pub now: Now,
    /// What.
    pub input: Input,
    /// What came of it.
    pub outputs: u64,
}

/// Rolls the outputs of a run into one hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OutputHash(pub(super) [u8; 32]);

impl OutputHash {
    /// Takes in the outputs of one input. No output leaves the hash as it is.
    pub(super) fn add(&mut self, outputs: &[Output]) -> Result<(), postcard::Error> {
        for output in outputs {
            let mut hash = Sha256::new();
            hash.update(self.0);
            hash.update(postcard::to_stdvec(output)?);
            self.0 = hash.finalize().into();
        }
        Ok(())
    }

    /// The first eight bytes.
    pub(super) fn short(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[..8]);
        u64::from_be_bytes(bytes)
    }
}

/// Writes a log.
#[derive(Debug)]
pub struct InputLog {
    folder: PathBuf,
    header: SegmentHeader,
    file: Option<BufWriter<File>>,
    path: PathBuf,
    inputs: u64,
    segment_inputs: u64,
    hash: OutputHash,
}

impl InputLog {
    /// Begins a log in a folder of its own, which is made. The first segment is written with the first input.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn create(folder: &Path, build: &str, model_hash: &str, config: &EngineConfig) -> Result<Self, InputLogError> {
        std::fs::create_dir_all(folder).map_err(|source| InputLogError::Io {
            path: folder.to_owned(),
            doing: "make the folder",
            source,
        })?;
        Ok(Self {
            folder: folder.to_owned(),
            header: SegmentHeader {
                format: FORMAT,
                build: build.to_owned(),
                segment: 0,
                inputs_before: 0,
                outputs: [0; 32],
                model_hash: model_hash.to_owned(),
                config: config.clone(),
                state: EngineState::default(),
            },
            file: None,
            path: folder.to_owned(),
            inputs: 0,
            segment_inputs: SEGMENT_INPUTS,
            hash: OutputHash::default(),
        })
    }

    /// The same log with shorter segments.
    #[cfg(test)]
    pub(super) fn with_segments_of(mut self, segment_inputs: u64) -> Self {
        self.segment_inputs = segment_inputs;
        self
    }

    /// The folder of the log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many inputs were written.
    #[must_use]
    pub const fn inputs(&self) -> u64 {
        self.inputs
    }

    /// Whether the next input begins a segment, for which the engine's state is needed.
    #[must_use]
    pub const fn wants_snapshot(&self) -> bool {
        self.file.is_none() || self.inputs - self.header.inputs_before >= self.segment_inputs
    }

    /// Begins a segment with what the engine remembers right now.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin_segment(&mut self, state: &EngineState) -> Result<(), InputLogError> {
        self.flush()?;
        self.header.segment += 1;
        self.header.inputs_before = self.inputs;
        self.header.outputs = self.hash.0;
        self.header.state = state.clone();
        self.path = self.folder.join(format!("inputs-{:05}.log", self.header.segment));
        let file = File::create(&self.path).map_err(|source| self.io("make", source))?;
        self.file = Some(BufWriter::with_capacity(1 << 16, file));
        let record = postcard::to_stdvec(&self.header).map_err(|error| self.damaged(&error.to_string()))?;
        self.write(&record)
    }

    /// Writes one input and takes in what came of it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, now: Now, input: &Input, outputs: &[Output]) -> Result<(), InputLogError> {
        self.hash.add(outputs).map_err(|error| self.damaged(&error.to_string()))?;
        let record = postcard::to_stdvec(&(now, input, self.hash.short())).map_err(|e| self.damaged(&e.to_string()))?;
        self.inputs += 1;
        self.write(&record)
    }

    fn write(&mut self, record: &[u8]) -> Result<(), InputLogError> {
        let length = u32::try_from(record.len()).map_err(|_| self.damaged("a record is larger than 4 GiB"))?;
        let length = length.to_le_bytes();
        let Some(file) = &mut self.file else { return Err(self.damaged("no segment was begun")) };
        let written = file
            .write_all(&length)
            .and_then(|()| file.write_all(&crc32fast::hash(&length).to_le_bytes()))
            .and_then(|()| file.write_all(&crc32fast::hash(record).to_le_bytes()))
            .and_then(|()| file.write_all(record));
        written.map_err(|source| self.io("write", source))
    }

    /// Hands everything written so far to the operating system.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&mut self) -> Result<(), InputLogError> {
        match self.file.as_mut().map(Write::flush) {
            Some(Err(source)) => Err(self.io("write", source)),
            Some(Ok(())) | None => Ok(()),
        }
    }

    fn io(&self, doing: &'static str, source: std::io::Error) -> InputLogError {
        InputLogError::Io { path: self.path.clone(), doing, source }
    }

    fn damaged(&self, what: &str) -> InputLogError {
        InputLogError::Damaged { path: self.path.clone(), what: what.to_owned() }
    }
}

/// Reads one segment of a log.
#[derive(Debug)]
pub struct InputLogReader {
    path: PathBuf,
    header: SegmentHeader,
    file: BufReader<File>,
    records: u64,
}

impl InputLogReader {
    /// The segments of a log's folder, in order. A path to one segment is a log of that one.
    ///
    /// # Errors
    /// The folder cannot be read, or holds no segment.
    pub fn segments(log: &Path) -> Result<Vec<PathBuf>, InputLogError> {
        let io = |source| InputLogError::Io { path: log.to_owned(), doing: "read", source };
        if log.is_file() {
            return Ok(vec![log.to_owned()]);
        }
        let mut segments = Vec::new();
        for entry in std::fs::read_dir(log).map_err(io)? {
            let path = entry.map_err(io)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with("inputs-") && name.ends_with(".log") {
                segments.push(path);
            }
        }
        segments.sort();
        if segments.is_empty() {
            let what = "the folder holds no inputs-NNNNN.log".to_owned();
            return Err(InputLogError::Damaged { path: log.to_owned(), what });
        }
        Ok(segments)
    }

    /// Opens a segment and reads its header.
    ///
    /// # Errors
    /// It cannot be read, is damaged, or has another format.
    pub fn open(path: &Path) -> Result<Self, InputLogError> {
        let file =
            File::open(path).map_err(|source| InputLogError::Io { path: path.to_owned(), doing: "open", source })?;
        let mut file = BufReader::with_capacity(1 << 16, file);
        let damaged = |what: &str| InputLogError::Damaged { path: path.to_owned(), what: what.to_owned() };
        let record = read_record(&mut file).map_err(|what| damaged(&what))?.ok_or_else(|| damaged("it is empty"))?;
        // Format and build come first, so that they can be read whatever follows them.
        let (format, build): (u32, String) =
            postcard::take_from_bytes(&record).map(|(found, _)| found).map_err(|_| damaged("the header is not one"))?;
        if format != FORMAT {
            return Err(InputLogError::WrongFormat { path: path.to_owned(), found: format, build });
        }
        let header = postcard::from_bytes(&record).map_err(|error| damaged(&format!("the header: {error}")))?;
        Ok(Self { path: path.to_owned(), header, file, records: 0 })
    }

    /// What the segment begins with.
    #[must_use]
    pub const fn header(&self) -> &SegmentHeader {
        &self.header
    }

    /// Reads the next input; `None` at the end, which may be a torn record.
    ///
    /// # Errors
    /// A record before the end is damaged.
    pub fn next_input(&mut self) -> Result<Option<LoggedInput>, InputLogError> {
        let at = self.records + 1;
        let damaged =
            |what: String| InputLogError::Damaged { path: self.path.clone(), what: format!("record {at}: {what}") };
        let Some(record) = read_record(&mut self.file).map_err(damaged)? else { return Ok(None) };
        self.records = at;
        let (now, input, outputs) = postcard::from_bytes(&record).map_err(|error| InputLogError::Damaged {
            path: self.path.clone(),
            what: format!("record {at}: {error}"),
        })?;
        Ok(Some(LoggedInput { now, input, outputs }))
    }
}

fn read_record(file: &mut impl Read) -> Result<Option<Vec<u8>>, String> {
    let mut head = [0; 12];
    if !fill(file, &mut head)? {
        return Ok(None);
    }
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (length, checksum) = (word(0), word(8));
    if crc32fast::hash(&length.to_le_bytes()) != word(4) {
        return Err("its length is not the one that was written".to_owned());
    }
    let mut record = vec![0; length as usize];
    if !fill(file, &mut record)? {
        return Ok(None);
    }
    if crc32fast::hash(&record) != checksum {
        return Err("the checksum does not fit".to_owned());
    }
    Ok(Some(record))
}

/// Fills the buffer; `false` where the file ends before it is full.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> Result<bool, String> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}
