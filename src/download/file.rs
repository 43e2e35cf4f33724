//! The CSV file, and what came since beside it.

use super::{Candle, Candles, DownloadError};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use recio_core::units::Timestamp;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

const HEADER: [&str; 6] = ["ts", "open", "high", "low", "close", "volume"];
/// A file of minutes of ten years has a tenth of this.
const MAX_BYTES: u64 = 4 << 30;

/// A file of candles that is being added to.
#[derive(Debug)]
pub(super) struct CandleFile {
    path: PathBuf,
    part: PathBuf,
    candles: Candles,
    /// Opened with the first minute that comes.
    part_file: Option<File>,
    changed: bool,
}

impl CandleFile {
    /// Reads what is there, and what an interrupted download left beside it.
    pub(super) fn open(path: &Path) -> Result<Self, DownloadError> {
        let part = beside(path, "part");
        let mut candles = Candles::new();
        if let Some(bytes) = read(path)? {
            parse(path, &bytes, &mut candles)?;
        }
        let mut changed = false;
        if let Some(mut bytes) = read(&part)? {
            // A killed download may have left half a line.
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            if whole < bytes.len() {
                let failed = |source| DownloadError::Io { file: part.clone(), what: "written", source };
                let file = OpenOptions::new().write(true).open(&part).map_err(failed)?;
                file.set_len(whole as u64).map_err(failed)?;
                bytes.truncate(whole);
            }
            let mut came = Candles::new();
            parse(&part, &bytes, &mut came)?;
            changed = !came.is_empty();
            check(path, &candles, &came)?;
            candles.extend(came);
        }
        Ok(Self { path: path.to_owned(), part, candles, part_file: None, changed })
    }

    pub(super) const fn candles(&self) -> &Candles {
        &self.candles
    }

    /// Adds minutes: how many are new, and how many were there and are the same.
    pub(super) fn add(&mut self, came: Candles) -> Result<(usize, usize), DownloadError> {
        check(&self.path, &self.candles, &came)?;
        let count = came.len();
        let new: Candles = came.into_iter().filter(|(start, _)| !self.candles.contains_key(start)).collect();
        let added = new.len();
        if added > 0 {
            let failed = |source| DownloadError::Io { file: self.part.clone(), what: "written", source };
            let empty = fs::metadata(&self.part).map_or(true, |meta| meta.len() == 0);
            let text = text(&new, empty);
            let mut file = match self.part_file.take() {
                Some(file) => file,
                None => OpenOptions::new().create(true).append(true).open(&self.part).map_err(failed)?,
            };
            file.write_all(text.as_bytes()).map_err(failed)?;
            self.part_file = Some(file);
            self.candles.extend(new);
            self.changed = true;
        }
        Ok((added, count - added))
    }

    /// Writes the whole file in one step, and removes what was beside it.
    pub(super) fn finish(&mut self) -> Result<(), DownloadError> {
        self.part_file = None;
        if self.changed || !self.path.exists() {
            let temporary = beside(&self.path, "tmp");
            let failed = |source| DownloadError::Io { file: self.path.clone(), what: "written", source };
            let text = text(&self.candles, true);
            let write = || -> std::io::Result<()> {
                let mut file = File::create(&temporary)?;
                if is_packed(&self.path) {
                    let mut packed = GzEncoder::new(file, Compression::best());
                    packed.write_all(text.as_bytes())?;
                    file = packed.finish()?;
                } else {
                    file.write_all(text.as_bytes())?;
                }
                file.sync_all()?;
                fs::rename(&temporary, &self.path)
            };
            write().map_err(failed)?;
            self.changed = false;
        }
        match fs::remove_file(&self.part) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(DownloadError::Io { file: self.part.clone(), what: "removed", source })
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// The minutes that are known have to be as they were. A volume that only one side has says nothing.
fn check(path: &Path, known: &Candles, came: &Candles) -> Result<(), DownloadError> {
    let differs = |there: &Candle, now: &Candle| {
        there.prices != now.prices || (there.volume.is_some() && now.volume.is_some() && there.volume != now.volume)
    };
    for (minute, now) in came {
        if let Some(there) = known.get(minute)
            && differs(there, now)
        {
            return Err(DownloadError::Differs {
                file: path.to_owned(),
                minute: *minute,
                there: row(there),
                now: row(now),
            });
        }
    }
    Ok(())
}

fn row(candle: &Candle) -> String {
    format!("{},{}", candle.prices.join(","), candle.volume.as_deref().unwrap_or_default())
}

fn text(candles: &Candles, with_header: bool) -> String {
    let mut text = if with_header { HEADER.join(",") + "\n" } else { String::new() };
    for (start, candle) in candles {
        text.push_str(&format!("{},{}\n", start.as_second(), row(candle)));
    }
    text
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    path.with_file_name(name)
}

fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, DownloadError> {
    let failed = |source| DownloadError::Io { file: path.to_owned(), what: "read", source };
    let file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(failed(source)),
    };
    let mut bytes = Vec::new();
    let read = if is_packed(path) {
        MultiGzDecoder::new(file).take(MAX_BYTES).read_to_end(&mut bytes)
    } else {
        file.take(MAX_BYTES).read_to_end(&mut bytes)
    };
    read.map_err(failed)?;
    Ok(Some(bytes))
}

fn parse(path: &Path, bytes: &[u8], candles: &mut Candles) -> Result<(), DownloadError> {
    if bytes.is_empty() {
        return Ok(());
    }
    let bad = |line: u64, problem: String| DownloadError::Line { file: path.to_owned(), line, problem };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let mut record = csv::StringRecord::new();
    let mut first = true;
    loop {
        let line = reader.position().line();
        let more = reader.read_record(&mut record).map_err(|error| bad(line, error.to_string()))?;
        if !more {
            return Ok(());
        }
        if std::mem::take(&mut first) {
            if record.iter().ne(HEADER) {
                return Err(bad(line, format!("its columns are not {}", HEADER.join(","))));
            }
            continue;
        }
        let (start, candle) = candle(&record).map_err(|problem| bad(line, problem))?;
        if candles.insert(start, candle).is_some() {
            return Err(bad(line, format!("the minute {start} is there twice")));
        }
    }
}

fn candle(record: &csv::StringRecord) -> Result<(Timestamp, Candle), String> {
    let cell = |place: usize| record.get(place).unwrap_or_default();
    let seconds: i64 = cell(0).parse().map_err(|_| format!("`{}` is not a time in seconds", cell(0)))?;
    let start = Timestamp::from_second(seconds).map_err(|error| error.to_string())?;
    if seconds.rem_euclid(60) != 0 {
        return Err(format!("{seconds} is not the start of a minute"));
    }
    let number = |place: usize| {
        let text = cell(place);
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let sound = plain && !text.starts_with('.') && !text.ends_with('.') && text.matches('.').count() < 2;
        (sound && !text.is_empty()).then(|| text.to_owned()).ok_or_else(|| format!("`{text}` is not a plain decimal"))
    };
    let prices = [number(1)?, number(2)?, number(3)?, number(4)?];
    let volume = if cell(5).is_empty() { None } else { Some(number(5)?) };
    Ok((start, Candle { prices, volume }))
}
