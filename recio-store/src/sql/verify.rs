//! Compares every cell of every table with what the facts make.

use super::error::{signed, table_damaged};
use super::lane::Lane;
use super::tables::{count, held};
use crate::tables::{ALL, Expected, Held, Rows, Table};
use crate::verify::{Shown, Verified, Witness, walk};
use async_trait::async_trait;
use recio_core::fact::Fact;
use recio_core::store::{Store, StoreError};

/// Reads tables cell by cell.
#[async_trait]
pub(crate) trait TableReader: Send + Sync {
    /// Rows of a table: of one with rows for each fact, those of the facts after the first number up to the second; of another, all.
    async fn held(&self, table: &'static Table, range: (i64, i64)) -> Result<Vec<Held>, StoreError>;

    /// How many rows a table has.
    async fn count(&self, table: &'static Table) -> Result<u64, StoreError>;
}

#[async_trait]
impl TableReader for Lane {
    async fn held(&self, table: &'static Table, range: (i64, i64)) -> Result<Vec<Held>, StoreError> {
        self.call(async move |connection| held(connection, table, range).await).await
    }

    async fn count(&self, table: &'static Table) -> Result<u64, StoreError> {
        self.call(async move |connection| count(connection, table).await).await
    }
}

/// Walks a store in a database: the hash chain, every cell of every table, and what the store shows.
///
/// # Errors
/// [`StoreError::Damaged`] names the first fact, or the first row and column, that is not what it must be.
pub(crate) async fn verify(store: &dyn Store, reader: &dyn TableReader) -> Result<Verified, StoreError> {
    let mut cells = Cells { reader, expected: Expected::default(), last: 0 };
    walk(store, &mut [&mut cells, &mut Shown::new(store)]).await
}

/// The tables, cell by cell.
struct Cells<'s> {
    reader: &'s dyn TableReader,
    expected: Expected,
    last: u64,
}

#[async_trait]
impl Witness for Cells<'_> {
    async fn hear(&mut self, first: u64, facts: &[Fact]) -> Result<(), StoreError> {
        self.expected.next_page();
        for (sequence, fact) in (first..).zip(facts) {
            self.expected.apply(sequence, fact)?;
            self.last = sequence;
        }
        // Rows of single facts came with their facts, and never change.
        let range = (signed(first - 1)?, signed(self.last)?);
        for table in ALL.into_iter().filter(|table| table.rows == Rows::OfAFact) {
            let rows = self.reader.held(table, range).await?;
            if let Some((sequence, what)) = self.expected.difference(table, rows) {
                return Err(table_damaged(sequence, what));
            }
        }
        Ok(())
    }

    async fn difference(&mut self) -> Result<Option<StoreError>, StoreError> {
        for table in ALL {
            let found = match table.rows {
                Rows::State => {
                    let rows = self.reader.held(table, (0, 0)).await?;
                    self.expected.difference(table, rows)
                }
                Rows::OfAFact => {
                    let number = self.reader.count(table).await?;
                    let wanted = self.expected.count(table);
                    let what = format!("table {} has {number} rows, the facts make {wanted}", table.name);
                    (number != wanted).then_some((self.last, what))
                }
            };
            if let Some((sequence, what)) = found {
                return Ok(Some(table_damaged(sequence, what)));
            }
        }
        Ok(None)
    }
}
