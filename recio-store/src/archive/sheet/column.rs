//! What a column is called, and what its numbers count.

use super::{Cell, SheetError};

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Words.
    Text,
    /// A number of things, or a number that names one.
    Count,
    /// A float that is no money: a probability, an estimate.
    Real,
    /// True or false.
    Flag,
    /// A moment: microseconds since 1970 UTC.
    Time,
    /// Millionths of a dollar.
    Money,
    /// The price of a contract: ten-thousandths of a dollar.
    Price,
    /// Hundredths of a contract; below zero where it is a change, or a position in NO.
    Quantity,
    /// The price of the asset: cents.
    AssetPrice,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name without the unit.
    pub name: &'static str,
    /// What it holds.
    pub unit: Unit,
    /// Whether a cell may be empty.
    pub optional: bool,
    /// What it says, in one sentence without a full stop; written into Parquet files.
    pub about: &'static str,
}

impl Unit {
    /// What Parquet's integers count, in words; `None` where there is nothing to count.
    #[must_use]
    pub const fn integers(self) -> Option<&'static str> {
        match self {
            Self::Text | Self::Count | Self::Real | Self::Flag => None,
            Self::Time => Some("microseconds since 1970 UTC"),
            Self::Money => Some("millionths of a dollar"),
            Self::Price => Some("ten-thousandths of a dollar"),
            Self::Quantity => Some("hundredths of a contract"),
            Self::AssetPrice => Some("cents"),
        }
    }

    /// Decimal places of the unit's integers.
    const fn places(self) -> u32 {
        match self {
            Self::Text | Self::Count | Self::Real | Self::Flag | Self::Time => 0,
            Self::Money => 6,
            Self::Price => 4,
            Self::Quantity | Self::AssetPrice => 2,
        }
    }

    /// The exact decimal that an integer of this unit stands for, with all its places: 17,500 of money is `0.017500`.
    #[must_use]
    pub fn decimal(self, integer: i64) -> String {
        let places = self.places();
        if places == 0 {
            return integer.to_string();
        }
        let (sign, size, scale) = (if integer < 0 { "-" } else { "" }, integer.unsigned_abs(), 10_u64.pow(places));
        let width = places as usize;
        format!("{sign}{}.{:0width$}", size / scale, size % scale)
    }
}

impl Column {
    /// A column whose every cell is filled.
    #[must_use]
    pub const fn new(name: &'static str, unit: Unit, about: &'static str) -> Self {
        Self { name, unit, optional: false, about }
    }

    /// The same column, with cells that may be empty.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// The name in Parquet, where the cells are integers: with the ending that the store's columns have.
    #[must_use]
    pub fn integer_name(&self) -> String {
        let ending = match self.unit {
            Unit::Text | Unit::Count | Unit::Real | Unit::Flag => "",
            Unit::Time => "_us",
            Unit::Money => "_micros",
            Unit::Price => "_units",
            Unit::Quantity => "_hundredths",
            Unit::AssetPrice => "_cents",
        };
        format!("{}{ending}", self.name)
    }

    /// The name in CSV and JSON lines, where the cells are decimals: with the unit in words.
    #[must_use]
    pub fn decimal_name(&self) -> String {
        let ending = match self.unit {
            Unit::Text | Unit::Count | Unit::Real | Unit::Flag => "",
            Unit::Time => "_utc",
            Unit::Money | Unit::Price | Unit::AssetPrice => "_dollars",
            Unit::Quantity => "_contracts",
        };
        format!("{}{ending}", self.name)
    }

    /// Whether a cell may stand in this column.
    pub(super) fn check(&self, cell: &Cell<'_>) -> Result<(), SheetError> {
        let refuse = |what: &'static str| Err(SheetError::Cell { column: self.integer_name(), what });
        match (self.unit, cell) {
            (_, Cell::Empty) if self.optional => Ok(()),
            (_, Cell::Empty) => refuse("it is empty, and the column's cells never are"),
            (_, Cell::TooLarge) => refuse("its number is larger than 2^63 - 1"),
            (_, Cell::Real(real)) if !real.is_finite() => refuse("it is not a finite number"),
            (Unit::Text, Cell::Text(_))
            | (Unit::Real, Cell::Real(_))
            | (Unit::Flag, Cell::Flag(_))
            | (
                Unit::Count | Unit::Time | Unit::Money | Unit::Price | Unit::Quantity | Unit::AssetPrice,
                Cell::Integer(_),
            ) => Ok(()),
            (_, Cell::Text(_) | Cell::Real(_) | Cell::Flag(_) | Cell::Integer(_)) => {
                refuse("it is not of the column's kind")
            }
        }
    }
}

/// Whether the cells are a row of these columns.
pub(super) fn check_row(columns: &[Column], cells: &[Cell<'_>]) -> Result<(), SheetError> {
    if columns.len() != cells.len() {
        return Err(SheetError::Width { found: cells.len(), needed: columns.len() });
    }
    columns.iter().zip(cells).try_for_each(|(column, cell)| column.check(cell))
}
