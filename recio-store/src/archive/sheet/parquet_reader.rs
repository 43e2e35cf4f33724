//! Rows out of a Parquet file.

use super::parquet_file::{KIND, VERSION, schema};
use super::{Cell, Column, SheetError, SheetInfo};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::borrow::Cow;
use std::fs::File;
use std::vec::IntoIter;

/// The rows of a Parquet file in their order, read one row group at a time.
pub struct ParquetRows {
    file: SerializedFileReader<File>,
    columns: &'static [Column],
    next_group: usize,
    held: Vec<IntoIter<Cell<'static>>>,
    failed: bool,
}

/// Opens a Parquet file whose rows have these columns.
///
/// # Errors
/// It is no Parquet file, or its rows are something else: another kind, another version, other columns.
pub fn read_parquet(file: File, columns: &'static [Column], info: SheetInfo) -> Result<ParquetRows, SheetError> {
    let file = SerializedFileReader::new(file)?;
    let about = file.metadata().file_metadata();
    let said = |key: &str| {
        let values = about.key_value_metadata()?;
        values.iter().find(|entry| entry.key == key)?.value.clone()
    };
    let (kind, version) = (said(KIND), said(VERSION));
    if kind.as_deref() != Some(info.kind) {
        let kind = kind.map_or_else(|| "no rows of recio's".to_owned(), |kind| format!("rows of the kind `{kind}`"));
        return Err(SheetError::Form(format!("it holds {kind}, not `{}`", info.kind)));
    }
    if version.as_deref() != Some(info.version.to_string().as_str()) {
        return Err(SheetError::Form(format!(
            "its `{}` are of version {}, this recio reads version {}: use the recio that made it, or make it again",
            info.kind,
            version.as_deref().unwrap_or("?"),
            info.version
        )));
    }
    if *about.schema_descr().root_schema() != *schema(columns)? {
        return Err(SheetError::Form(format!("its columns are not those of `{}`", info.kind)));
    }
    Ok(ParquetRows { file, columns, next_group: 0, held: Vec::new(), failed: false })
}

impl ParquetRows {
    /// Makes the next row group's cells; `false` at the end.
    fn next_group(&mut self) -> Result<bool, SheetError> {
        if self.next_group == self.file.num_row_groups() {
            return Ok(false);
        }
        let group = self.file.get_row_group(self.next_group)?;
        self.next_group += 1;
        let rows = usize::try_from(group.metadata().num_rows())
            .map_err(|_| SheetError::Form("a row group has fewer than no rows".to_owned()))?;
        self.held.clear();
        for (place, column) in self.columns.iter().enumerate() {
            let cells = match group.get_column_reader(place)? {
                ColumnReader::Int64ColumnReader(reader) => {
                    cells(reader, rows, column, |value| Ok(Cell::Integer(value)))
                }
                ColumnReader::DoubleColumnReader(reader) => cells(reader, rows, column, |value| Ok(Cell::Real(value))),
                ColumnReader::BoolColumnReader(reader) => cells(reader, rows, column, |value| Ok(Cell::Flag(value))),
                ColumnReader::ByteArrayColumnReader(reader) => cells(reader, rows, column, text),
                ColumnReader::Int32ColumnReader(_)
                | ColumnReader::Int96ColumnReader(_)
                | ColumnReader::FloatColumnReader(_)
                | ColumnReader::FixedLenByteArrayColumnReader(_) => {
                    Err(SheetError::Form(format!("column `{}` is of a kind that recio does not write", column.name)))
                }
            }?;
            self.held.push(cells.into_iter());
        }
        Ok(true)
    }

    fn step(&mut self) -> Result<Option<Vec<Cell<'static>>>, SheetError> {
        while self.held.first().is_none_or(|cells| cells.len() == 0) {
            if !self.next_group()? {
                return Ok(None);
            }
        }
        Ok(self.held.iter_mut().map(Iterator::next).collect())
    }
}

impl Iterator for ParquetRows {
    type Item = Result<Vec<Cell<'static>>, SheetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let row = self.step();
        self.failed = row.is_err();
        row.transpose()
    }
}

impl std::fmt::Debug for ParquetRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetRows").field("columns", &self.columns.len()).finish_non_exhaustive()
    }
}

/// The cells of one column of a row group.
fn cells<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    rows: usize,
    column: &Column,
    to_cell: impl Fn(T::T) -> Result<Cell<'static>, SheetError>,
) -> Result<Vec<Cell<'static>>, SheetError> {
    let (mut values, mut filled) = (Vec::new(), Vec::new());
    let mut read = 0;
    // A reading ends with a page; a row group has several.
    while read < rows {
        let levels = column.optional.then_some(&mut filled);
        let (records, _, _) = reader.read_records(rows - read, levels, None, &mut values)?;
        if records == 0 {
            return Err(SheetError::Form(format!("column `{}` ends after {read} of {rows} rows", column.name)));
        }
        read += records;
    }
    let mut values = values.into_iter();
    let mut next = || {
        let short = || SheetError::Form(format!("column `{}` has too few values", column.name));
        values.next().ok_or_else(short).and_then(&to_cell)
    };
    if column.optional {
        filled.into_iter().map(|level| if level == 0 { Ok(Cell::Empty) } else { next() }).collect()
    } else {
        (0..rows).map(|_| next()).collect()
    }
}

fn text(bytes: ByteArray) -> Result<Cell<'static>, SheetError> {
    match std::str::from_utf8(bytes.data()) {
        Ok(text) => Ok(Cell::Text(Cow::Owned(text.to_owned()))),
        Err(_) => Err(SheetError::Form("a text is not UTF-8".to_owned())),
    }
}
