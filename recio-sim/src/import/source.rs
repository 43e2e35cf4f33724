//! Finds the source files and reads their rows, so that every error knows its file, line and column.

use super::ImportError;
use flate2::read::MultiGzDecoder;
use recio_core::units::{Timestamp, from_micros};
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

const MEND: &str = "mend the line, or take a fresh copy of the file";

/// A file of the set, found by how its name begins.
pub(super) fn find(folder: &Path, prefix: &'static str, extension: &'static str) -> Result<PathBuf, ImportError> {
    let failed = |source| ImportError::Read { file: folder.to_owned(), source };
    let (plain, packed) = (format!(".{extension}"), format!(".{extension}.gz"));
    let mut found: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if name.starts_with(prefix) && (name.ends_with(&plain) || name.ends_with(&packed)) {
            found.push(name);
        }
    }
    found.sort();
    match found.as_slice() {
        [] => Err(ImportError::Missing { folder: folder.to_owned(), prefix, extension }),
        [one] => Ok(folder.join(one)),
        [first, second, ..] => Err(ImportError::Ambiguous {
            folder: folder.to_owned(),
            prefix,
            first: first.clone(),
            second: second.clone(),
        }),
    }
}

/// Opens a file, unpacking it if its name ends in `.gz`.
pub(super) fn open(file: &Path) -> Result<Box<dyn Read>, ImportError> {
    let input = File::open(file).map_err(|source| ImportError::Read { file: file.to_owned(), source })?;
    Ok(if file.extension().is_some_and(|extension| extension == "gz") {
        Box::new(MultiGzDecoder::new(BufReader::new(input)))
    } else {
        Box::new(input)
    })
}

/// A CSV file with the columns that are wanted of it.
pub(super) struct Table<R> {
    reader: csv::Reader<R>,
    file: PathBuf,
    names: &'static [&'static str],
    places: Vec<usize>,
    record: csv::StringRecord,
}

impl<R: Read> Table<R> {
    /// Reads the header line.
    pub(super) fn new(input: R, file: &Path, names: &'static [&'static str]) -> Result<Self, ImportError> {
        let mut reader = csv::Reader::from_reader(input);
        let header = reader.headers().map_err(|error| csv_error(file, 1, error))?;
        let mut places = Vec::with_capacity(names.len());
        for &name in names {
            let place = header.iter().position(|cell| cell == name).ok_or_else(|| ImportError::Line {
                file: file.to_owned(),
                line: 1,
                problem: format!("there is no column `{name}`"),
                remedy: "the first line names the columns; take the file as it was published",
            })?;
            places.push(place);
        }
        Ok(Self { reader, file: file.to_owned(), names, places, record: csv::StringRecord::new() })
    }

    /// The next row, or `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, ImportError> {
        let line = self.reader.position().line();
        let more = self.reader.read_record(&mut self.record).map_err(|error| csv_error(&self.file, line, error))?;
        let line = self.record.position().map_or(line, csv::Position::line);
        Ok(more.then_some(Row {
            file: &self.file,
            line,
            names: self.names,
            places: &self.places,
            record: &self.record,
        }))
    }
}

fn csv_error(file: &Path, line: u64, error: csv::Error) -> ImportError {
    let line = error.position().map_or(line, csv::Position::line);
    let problem = error.to_string();
    let kind = error.into_kind();
    if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = kind {
        return line_error(file, line, format!("it has {len} cells instead of {expected_len}"));
    }
    if let csv::ErrorKind::Io(source) = kind {
        return ImportError::Read { file: file.to_owned(), source };
    }
    line_error(file, line, problem)
}

/// One row of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    file: &'a Path,
    line: u64,
    names: &'static [&'static str],
    places: &'a [usize],
    record: &'a csv::StringRecord,
}

impl<'a> Row<'a> {
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// The text of the wanted column with this place in the list that the table was made with.
    pub(super) fn text(&self, column: usize) -> &'a str {
        self.places.get(column).and_then(|&place| self.record.get(place)).unwrap_or_default()
    }

    pub(super) fn parse<T: FromStr<Err: std::fmt::Display>>(&self, column: usize) -> Result<T, ImportError> {
        self.text(column).parse().map_err(|error: T::Err| self.cell(column, &format!("is refused ({error})")))
    }

    /// As [`parse`](Self::parse); an empty cell is `None`.
    pub(super) fn parse_some<T: FromStr<Err: std::fmt::Display>>(
        &self,
        column: usize,
    ) -> Result<Option<T>, ImportError> {
        if self.text(column).is_empty() { Ok(None) } else { self.parse(column).map(Some) }
    }

    /// Microseconds since 1970, in the years in which there is anything to record.
    pub(super) fn time(&self, column: usize) -> Result<Timestamp, ImportError> {
        sane_time(self.parse(column)?).map_err(|problem| self.cell(column, &problem))
    }

    pub(super) fn cell(&self, column: usize, problem: &str) -> ImportError {
        ImportError::Cell {
            file: self.file.to_owned(),
            line: self.line,
            column: self.names.get(column).copied().unwrap_or_default().to_owned(),
            text: self.text(column).chars().take(40).collect(),
            problem: problem.to_owned(),
            remedy: MEND,
        }
    }
}

/// A line that does not fit.
pub(super) fn line_error(file: &Path, line: u64, problem: String) -> ImportError {
    ImportError::Line { file: file.to_owned(), line, problem, remedy: MEND }
}

/// A moment between 2010 and 2100: seconds or milliseconds taken for microseconds fall out.
pub(super) fn sane_time(micros: i64) -> Result<Timestamp, String> {
    const SANE: std::ops::Range<i64> = 1_262_304_000_000_000..4_102_444_800_000_000;
    let time = SANE.contains(&micros).then(|| from_micros(micros).ok()).flatten();
    time.ok_or_else(|| "is not a time in microseconds since 1970 (from 2010 to 2100)".to_owned())
}

/// Raises times that fall a little, and refuses those that fall a lot.
#[derive(Debug, Default)]
pub(super) struct Rising {
    last: Option<Timestamp>,
    /// How many times were raised.
    pub(super) raised: u64,
}

/// How far a time may lie before the one before it. Two machines of one exchange differ by less; a wrong file differs by more.
pub(super) const FALL_MAX_MICROS: i64 = 1_000_000;

impl Rising {
    /// The time, or the one before if that is later; `Err` says how far it fell.
    pub(super) fn take(&mut self, time: Timestamp) -> Result<Timestamp, String> {
        let time = match self.last {
            Some(last) if time < last => {
                let fall = last.as_microsecond() - time.as_microsecond();
                if fall > FALL_MAX_MICROS {
                    return Err(format!(
                        "the exchange's time falls by {fall} us, more than the {FALL_MAX_MICROS} us allowed"
                    ));
                }
                self.raised += 1;
                last
            }
            Some(_) | None => time,
        };
        self.last = Some(time);
        Ok(time)
    }
}
