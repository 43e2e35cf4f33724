//! The tables as the facts make them, in memory, for the comparison with a database.

use super::{Before, Cell, Rows, Table, Write, project};
use crate::books::Books;
use recio_core::fact::Fact;
use recio_core::store::StoreError;
use std::collections::BTreeMap;

/// A row as a database holds it: a cell for each column of the table, in its order.
pub(crate) type Held = Vec<Cell>;

/// Cells by the column's name.
type Cells = BTreeMap<&'static str, Cell>;

/// What the tables must hold after some facts.
///
/// Tables of states are held whole. Of tables with rows for each fact, which grow for ever, the rows of the newest page are held, and the
/// number of all.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    books: Books,
    states: BTreeMap<&'static str, BTreeMap<Vec<Cell>, Cells>>,
    page: BTreeMap<&'static str, BTreeMap<Vec<Cell>, Cells>>,
    counts: BTreeMap<&'static str, u64>,
}

impl Expected {
    /// Takes up the next fact.
    pub(crate) fn apply(&mut self, sequence: u64, fact: &Fact) -> Result<(), StoreError> {
        let (market, balance) = self.books.of(fact);
        let (writes, booked) = project(sequence, fact, &Before { market, balance })?;
        self.books.take(fact, &booked);
        for write in writes {
            self.put(write);
        }
        Ok(())
    }

    /// Forgets the rows of single facts, whose pages were compared.
    pub(crate) fn next_page(&mut self) {
        self.page.clear();
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &Table) -> u64 {
        match table.rows {
            Rows::State => self.states.get(table.name).map_or(0, |rows| rows.len() as u64),
            Rows::OfAFact => self.counts.get(table.name).copied().unwrap_or(0),
        }
    }

    /// Compares rows of a table with what they must be: all of them for a table of states, those of the page for another.
    ///
    /// Names the first row and column that differs, in the order of the primary key.
    pub(crate) fn difference(&self, table: &Table, held: Vec<Held>) -> Option<(u64, String)> {
        let rows = match table.rows {
            Rows::State => self.states.get(table.name),
            Rows::OfAFact => self.page.get(table.name),
        };
        let nothing = BTreeMap::new();
        let rows = rows.unwrap_or(&nothing);
        let held: BTreeMap<Vec<Cell>, Held> = held.into_iter().map(|row| (row[..table.key].to_vec(), row)).collect();
        let keys: std::collections::BTreeSet<_> = rows.keys().chain(held.keys()).collect();
        for key in keys {
            let named = named(table, key);
            let found = match (rows.get(key), held.get(key)) {
                (Some(wanted), Some(is)) => unlike(table, wanted, is).map(|what| format!("{named}: {what}")),
                (Some(_), None) => Some(format!("{named} is missing")),
                (None, Some(_)) => Some(format!("{named} is made by no fact")),
                (None, None) => None,
            };
            if let Some(what) = found {
                return Some((sequence(table, rows.get(key), held.get(key)), what));
            }
        }
        None
    }

    fn put(&mut self, write: Write) {
        let Write { table, cells, once } = write;
        let mut given: Vec<_> = cells.into_iter().enumerate().collect();
        let key = table.key_columns().iter().map(|(name, _)| {
            given.iter().find(|(_, (column, _))| column == name).map_or(Cell::Null, |(_, (_, cell))| cell.clone())
        });
        let key: Vec<Cell> = key.collect();
        let rows = match table.rows {
            Rows::State => self.states.entry(table.name).or_default(),
            Rows::OfAFact => {
                *self.counts.entry(table.name).or_default() += 1;
                self.page.entry(table.name).or_default()
            }
        };
        let is_known = rows.contains_key(&key);
        given.retain(|(at, _)| !is_known || *at < once);
        rows.entry(key).or_default().extend(given.into_iter().map(|(_, cell)| cell));
    }
}

/// The first column that is not as it must be.
fn unlike(table: &Table, wanted: &Cells, is: &Held) -> Option<String> {
    table.columns.iter().zip(is).find_map(|((column, _), is)| {
        let wanted = wanted.get(column).unwrap_or(&Cell::Null);
        (wanted != is).then(|| format!("column {column} is {is}, the facts make it {wanted}"))
    })
}

/// The row in words.
fn named(table: &Table, key: &[Cell]) -> String {
    // Whose it is matters least: most stores have one account.
    let own = table.key_columns().iter().zip(key).skip(if table.rows == Rows::State { 4 } else { 0 });
    let parts: Vec<String> = own.map(|((column, _), cell)| format!("{column} {cell}")).collect();
    format!("table {}, row {}", table.name, parts.join(", "))
}

/// The fact that a row points to: that of the facts' own row where there is one.
fn sequence(table: &Table, wanted: Option<&Cells>, held: Option<&Held>) -> u64 {
    let columns = ["sequence", "changed_sequence", "intent_sequence"];
    let of_held = |name: &str| {
        let at = table.columns.iter().position(|(column, _)| *column == name)?;
        held.and_then(|held| held.get(at))
    };
    let cell = |name: &&'static str| match wanted {
        Some(wanted) => wanted.get(name),
        None => of_held(name),
    };
    let number = columns.iter().find_map(|name| match cell(name) {
        Some(Cell::Integer(sequence)) => u64::try_from(*sequence).ok(),
        Some(Cell::Null | Cell::Real(_) | Cell::Text(_)) | None => None,
    });
    number.unwrap_or(0)
}
