//! The tables that facts make, without a database: which there are, and what one fact writes into them.
//!
//! [`project`] is the one place where a fact becomes rows. A database carries the writes out in the fact's own transaction; [`Expected`] carries
//! them out in memory, and what a database holds is compared with that, cell by cell.

mod expected;
mod fact;
mod imported;
mod list;
mod project;

pub(crate) use expected::{Expected, Held};
pub(crate) use fact::fact_row;
pub(crate) use list::{ALL, FACTS, POSITIONS, SETTLEMENTS};
pub(crate) use project::{Before, books_of, project};

use crate::sql::readable;
use recio_core::fact::Fact;
use recio_core::store::{DamagedPart, StoreError};
use std::cmp::Ordering;

/// A table that facts make.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) rows: Rows,
    /// All columns, those of the primary key first.
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// How many columns make the primary key.
    pub(crate) key: usize,
}

/// What a row of a table stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Something that facts change: the newest state.
    State,
    /// Part of one fact, whose `sequence` is the first column. Written once.
    OfAFact,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Integer,
    Real,
    Text,
}

/// What stands in one column of one row.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
}

/// A row to write. The columns that it does not name stay as they are, or empty in a new row.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) table: &'static Table,
    pub(crate) cells: Vec<(&'static str, Cell)>,
    /// The cells from here on count in a new row alone.
    pub(crate) once: usize,
}

impl Table {
    /// The names of the columns, for a SELECT.
    pub(crate) fn column_list(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// The columns of the primary key.
    pub(crate) fn key_columns(&self) -> &'static [(&'static str, Kind)] {
        &self.columns[..self.key]
    }

    /// What a column holds.
    #[cfg(feature = "sqlite")]
    pub(crate) fn kind(&self, column: &str) -> Kind {
        self.columns.iter().find(|(name, _)| *name == column).map_or(Kind::Text, |(_, kind)| *kind)
    }
}

impl Write {
    /// A row of the fact's account.
    fn new(table: &'static Table, fact: &Fact) -> Self {
        let write = Self { table, cells: Vec::with_capacity(table.columns.len()), once: usize::MAX };
        write
            .text("environment", fact.environment.as_str())
            .text("account", fact.account.as_str())
            .integer("subaccount", i64::from(fact.subaccount))
            .integer("exchange_index", i64::from(fact.exchange_index))
    }

    fn integer(self, column: &'static str, value: i64) -> Self {
        self.cell(column, Cell::Integer(value))
    }

    fn optional_integer(self, column: &'static str, value: Option<i64>) -> Self {
        self.cell(column, value.map_or(Cell::Null, Cell::Integer))
    }

    /// A count or a sequence.
    fn count(self, column: &'static str, value: u64) -> Result<Self, StoreError> {
        Ok(self.integer(column, signed(value)?))
    }

    fn optional_real(self, column: &'static str, value: Option<f64>) -> Self {
        self.cell(column, value.map_or(Cell::Null, Cell::real))
    }

    fn text(self, column: &'static str, value: &str) -> Self {
        self.cell(column, Cell::text(value))
    }

    fn optional_text(self, column: &'static str, value: Option<&str>) -> Self {
        self.cell(column, value.map_or(Cell::Null, Cell::text))
    }

    fn cell(mut self, column: &'static str, cell: Cell) -> Self {
        self.cells.push((column, cell));
        self
    }

    /// What follows counts in a new row alone.
    fn once(mut self) -> Self {
        self.once = self.cells.len();
        self
    }

    /// The cells of the primary key.
    pub(crate) fn key(&self) -> Vec<Cell> {
        let cell = |name: &str| self.cells.iter().find(|(column, _)| *column == name).map(|(_, cell)| cell.clone());
        self.table.key_columns().iter().filter_map(|(name, _)| cell(name)).collect()
    }

    /// Makes of this write, and of a later one to the same row, the one that leaves the row as both would.
    pub(crate) fn absorb(&mut self, later: Self) {
        let mut once = self.cells.split_off(self.once.min(self.cells.len()));
        // For the later one the row is there already.
        for (column, cell) in later.cells.into_iter().take(later.once) {
            once.retain(|(name, _)| *name != column);
            match self.cells.iter_mut().find(|(name, _)| *name == column) {
                Some((_, known)) => *known = cell,
                None => self.cells.push((column, cell)),
            }
        }
        self.once = if once.is_empty() { usize::MAX } else { self.cells.len() };
        self.cells.extend(once);
    }
}

impl Cell {
    /// SQLite keeps zero without its sign.
    pub(crate) fn real(value: f64) -> Self {
        Self::Real(value + 0.0)
    }

    /// Text as a column of both databases can hold it.
    pub(crate) fn text(value: &str) -> Self {
        Self::Text(readable(value).into_owned())
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Integer(_) => 1,
            Self::Real(_) => 2,
            Self::Text(_) => 3,
        }
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => left.cmp(right),
            (Self::Real(left), Self::Real(right)) => left.total_cmp(right),
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (left, right) => left.rank().cmp(&right.rank()),
        }
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cell {}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "`{value}`"),
        }
    }
}

/// A count as the columns have it.
fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Damaged {
        part: DamagedPart::Facts,
        sequence: 0,
        what: format!("{number} does not fit the store's columns"),
    })
}
