//! Writes recordings.

use super::format::{BLOCK, BLOCK_TARGET, BlockHead, FORMAT_VERSION, HEADER_MAX, MAGIC, RECORD_MAX, TRAILER};
use super::wire::Codec;
use super::{Header, Record, RecordBody, StreamId, Summary, WriteError};
use recio_core::units::Timestamp;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Good packing at a speed that nobody waits for; fixed, so that the same input gives the same file.
const ZSTD_LEVEL: i32 = 19;

/// Writes a recording record by record. Without [`finish`](Self::finish) the file has no trailer and reads as damaged.
#[derive(Debug)]
pub struct RecordingWriter<W> {
    output: W,
    file: PathBuf,
    header: Header,
    codec: Codec,
    hash: Sha256,
    raw: Vec<u8>,
    block_records: u32,
    records: u64,
    blocks: u64,
    per_stream: Vec<u64>,
}

impl<W: Write> RecordingWriter<W> {
    /// Writes the header. `file` is only the name that errors give; the header's `format_version` is set here.
    ///
    /// # Errors
    /// The header is not sound, or the output fails.
    pub fn new(output: W, file: &Path, mut header: Header) -> Result<Self, WriteError> {
        header.format_version = FORMAT_VERSION;
        if let Some(fault) = header.fault() {
            return Err(WriteError::Header(fault));
        }
        let text = serde_json::to_vec_pretty(&header).map_err(|error| WriteError::Header(error.to_string()))?;
        let length = u32::try_from(text.len()).ok().filter(|&length| length <= HEADER_MAX);
        let length = length.ok_or_else(|| WriteError::Header(format!("it takes more than {HEADER_MAX} bytes")))?;
        let mut writer = Self {
            output,
            file: file.to_owned(),
            codec: Codec::new(&header),
            hash: Sha256::new(),
            raw: Vec::new(),
            block_records: 0,
            records: 0,
            blocks: 0,
            per_stream: vec![0; header.streams.len()],
            header,
        };
        writer.put(&MAGIC)?;
        writer.put(&FORMAT_VERSION.to_le_bytes())?;
        writer.put(&length.to_le_bytes())?;
        writer.put(&crc32fast::hash(&text).to_le_bytes())?;
        writer.put(&text)?;
        Ok(writer)
    }

    /// Adds a record and returns its number within its stream.
    ///
    /// # Errors
    /// Refused: a time before the record before it or outside the header's range, a stream, market or source that the header does not name.
    pub fn push(
        &mut self,
        stream: StreamId,
        exchange_time: Timestamp,
        received_time: Option<Timestamp>,
        body: RecordBody,
    ) -> Result<u64, WriteError> {
        let refused = |why: String| WriteError::Refused { record: self.records + 1, why };
        let Some(count) = self.per_stream.get(usize::from(stream.0)) else {
            return Err(refused(format!("the header names no stream {stream}")));
        };
        if !(self.header.from..=self.header.to).contains(&exchange_time) {
            let (from, to) = (self.header.from, self.header.to);
            return Err(refused(format!(
                "its time {exchange_time} is not between {from} and {to}, the header's range"
            )));
        }
        let record = Record { exchange_time, received_time, stream, seq: count + 1, body };
        let bytes = match self.codec.encode(&record) {
            Ok(wire) => postcard::to_stdvec(&wire).map_err(|error| refused(error.to_string()))?,
            Err(why) => return Err(refused(why)),
        };
        if bytes.len() > RECORD_MAX {
            return Err(refused(format!("it takes {} bytes, more than {RECORD_MAX}", bytes.len())));
        }
        self.raw.extend_from_slice(&bytes);
        self.block_records += 1;
        self.records += 1;
        self.per_stream[usize::from(stream.0)] = record.seq;
        if self.raw.len() >= BLOCK_TARGET {
            self.close_block()?;
        }
        Ok(record.seq)
    }

    /// Writes what is left and the trailer, and gives the output back.
    ///
    /// # Errors
    /// The output fails.
    pub fn finish(mut self) -> Result<(W, Summary), WriteError> {
        self.close_block()?;
        self.put(&[TRAILER])?;
        self.put(&self.records.to_le_bytes())?;
        self.put(&self.blocks.to_le_bytes())?;
        let digest: [u8; 32] = self.hash.clone().finalize().into();
        self.put(&digest)?;
        self.output.flush().map_err(|source| WriteError::Write { file: self.file.clone(), source })?;
        let summary = Summary {
            records: self.records,
            blocks: self.blocks,
            per_stream: self.per_stream,
            sha256: hex::encode(digest),
        };
        Ok((self.output, summary))
    }

    fn close_block(&mut self) -> Result<(), WriteError> {
        if self.block_records == 0 {
            return Ok(());
        }
        let packed = zstd::bulk::compress(&self.raw, ZSTD_LEVEL)
            .map_err(|source| WriteError::Write { file: self.file.clone(), source })?;
        let raw =
            u32::try_from(self.raw.len()).expect("a block is closed at 256 KiB, and a record has at most 512 KiB");
        let head = BlockHead::new(raw, self.block_records, &packed);
        self.put(&[BLOCK])?;
        self.put(&head.to_bytes())?;
        self.put(&packed)?;
        self.raw.clear();
        self.block_records = 0;
        self.blocks += 1;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.hash.update(bytes);
        self.output.write_all(bytes).map_err(|source| WriteError::Write { file: self.file.clone(), source })
    }
}

/// Writes a whole recording into a file: beside it first, in its place only when it is complete and on the disk.
///
/// # Errors
/// As [`RecordingWriter::push`]; the file is then as it was.
pub fn write_file(
    file: &Path,
    header: Header,
    records: impl IntoIterator<Item = (StreamId, Timestamp, Option<Timestamp>, RecordBody)>,
) -> Result<Summary, WriteError> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = file.with_file_name(name);
    let result = write_part(&part, header, records).and_then(|summary| {
        fs::rename(&part, file).map_err(|source| WriteError::Write { file: file.to_owned(), source })?;
        Ok(summary)
    });
    if result.is_err() {
        // The half file is of no use to anybody; failing to remove it must not hide why it is half.
        let _ = fs::remove_file(&part);
    }
    result
}

fn write_part(
    part: &Path,
    header: Header,
    records: impl IntoIterator<Item = (StreamId, Timestamp, Option<Timestamp>, RecordBody)>,
) -> Result<Summary, WriteError> {
    let failed = |source| WriteError::Write { file: part.to_owned(), source };
    let output = BufWriter::new(File::create(part).map_err(failed)?);
    let mut writer = RecordingWriter::new(output, part, header)?;
    for (stream, exchange_time, received_time, body) in records {
        writer.push(stream, exchange_time, received_time, body)?;
    }
    let (output, summary) = writer.finish()?;
    let output = output.into_inner().map_err(|error| failed(error.into_error()))?;
    output.sync_all().map_err(failed)?;
    Ok(summary)
}
