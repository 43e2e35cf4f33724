//! Rows as Parquet, packed with zstd.

use super::column::check_row;
use super::parquet_file::{COLUMNS, KIND, VERSION, legend, physical, schema};
use super::{Cell, Column, Sheet, SheetError, Unit};
use parquet::basic::{Compression, Encoding, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use std::io::Write;
use std::sync::Arc;

/// Rows that are held until they are written together: enough to pack well and to skip by their statistics, about 10 MB of ticks.
pub const ROW_GROUP_ROWS: usize = 1 << 16;
/// zstd's own default.
const ZSTD_LEVEL: i32 = 3;

/// What a file says its rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SheetInfo {
    /// What the rows are: `ticks`, `trades`.
    pub kind: &'static str,
    /// The version of the columns.
    pub version: u32,
}

/// Writes rows as Parquet: integers of the columns' units, in row groups of [`ROW_GROUP_ROWS`], packed with zstd.
pub struct ParquetSheet<W: Write + Send> {
    out: SerializedFileWriter<W>,
    columns: &'static [Column],
    held: Vec<Held>,
    rows: usize,
}

/// The values of one column that are not written yet.
struct Held {
    values: Values,
    /// 1 for each value and 0 for each empty cell, where there may be empty ones.
    filled: Option<Vec<i16>>,
}

enum Values {
    Integers(Vec<i64>),
    Reals(Vec<f64>),
    Flags(Vec<bool>),
    Texts(Vec<ByteArray>),
}

impl<W: Write + Send> ParquetSheet<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(out: W, columns: &'static [Column], info: SheetInfo) -> Result<Self, SheetError> {
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("recio ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_key_value_metadata(Some(vec![
                KeyValue::new(KIND.to_owned(), info.kind.to_owned()),
                KeyValue::new(VERSION.to_owned(), info.version.to_string()),
                KeyValue::new(COLUMNS.to_owned(), legend(columns)),
            ]));
        for column in columns {
            // Times and running numbers hardly ever repeat: what they grow by is small, and a dictionary of them is not.
            if matches!(column.unit, Unit::Time | Unit::Count) {
                let path = ColumnPath::new(vec![column.integer_name()]);
                properties = properties
                    .set_column_dictionary_enabled(path.clone(), false)
                    .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
            }
        }
        let out = SerializedFileWriter::new(out, schema(columns)?, Arc::new(properties.build()))?;
        Ok(Self { out, columns, held: columns.iter().map(Held::new).collect(), rows: 0 })
    }

    /// Rows that are held and not written yet.
    pub(in crate::archive) const fn held_rows(&self) -> usize {
        self.rows
    }

    /// Writes the rows that are held as a row group, however few they are.
    pub(in crate::archive) fn write_group(&mut self) -> Result<(), SheetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.out.next_row_group()?;
        for held in &mut self.held {
            let missing = || SheetError::Form("Parquet's writer asks for fewer columns than there are".to_owned());
            let mut column = group.next_column()?.ok_or_else(missing)?;
            let filled = held.filled.as_deref();
            match &held.values {
                Values::Integers(values) => column.typed::<Int64Type>().write_batch(values, filled, None)?,
                Values::Reals(values) => column.typed::<DoubleType>().write_batch(values, filled, None)?,
                Values::Flags(values) => column.typed::<BoolType>().write_batch(values, filled, None)?,
                Values::Texts(values) => column.typed::<ByteArrayType>().write_batch(values, filled, None)?,
            };
            column.close()?;
            held.clear();
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }

    /// Ends the file, and gives back where it was written.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn into_inner(mut self) -> Result<W, SheetError> {
        self.write_group()?;
        Ok(self.out.into_inner()?)
    }
}

impl<W: Write + Send> Sheet for ParquetSheet<W> {
    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SheetError> {
        check_row(self.columns, cells)?;
        for (held, cell) in self.held.iter_mut().zip(cells) {
            held.push(cell);
        }
        self.rows += 1;
        if self.rows == ROW_GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    fn finish(self: Box<Self>) -> Result<(), SheetError> {
        Ok(self.into_inner()?.flush()?)
    }
}

impl Held {
    fn new(column: &Column) -> Self {
        let values = match physical(column.unit) {
            Physical::DOUBLE => Values::Reals(Vec::new()),
            Physical::BOOLEAN => Values::Flags(Vec::new()),
            Physical::BYTE_ARRAY => Values::Texts(Vec::new()),
            Physical::INT32 | Physical::INT64 | Physical::INT96 | Physical::FLOAT | Physical::FIXED_LEN_BYTE_ARRAY => {
                Values::Integers(Vec::new())
            }
        };
        Self { values, filled: column.optional.then(Vec::new) }
    }

    /// Takes a cell that was checked.
    fn push(&mut self, cell: &Cell<'_>) {
        if let Some(filled) = &mut self.filled {
            filled.push(i16::from(*cell != Cell::Empty));
        }
        match (&mut self.values, cell) {
            (Values::Integers(values), Cell::Integer(integer)) => values.push(*integer),
            (Values::Reals(values), Cell::Real(real)) => values.push(*real),
            (Values::Flags(values), Cell::Flag(flag)) => values.push(*flag),
            (Values::Texts(values), Cell::Text(text)) => values.push(text.as_ref().into()),
            // Empty cells have a level alone; anything else was refused by the check.
            (Values::Integers(_) | Values::Reals(_) | Values::Flags(_) | Values::Texts(_), _) => {}
        }
    }

    fn clear(&mut self) {
        match &mut self.values {
            Values::Integers(values) => values.clear(),
            Values::Reals(values) => values.clear(),
            Values::Flags(values) => values.clear(),
            Values::Texts(values) => values.clear(),
        }
        if let Some(filled) = &mut self.filled {
            filled.clear();
        }
    }
}

impl<W: Write + Send> std::fmt::Debug for ParquetSheet<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetSheet").field("columns", &self.columns.len()).finish_non_exhaustive()
    }
}
