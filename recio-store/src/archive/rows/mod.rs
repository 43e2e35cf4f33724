//! What the rows of each table are.

mod bar;
mod book;
mod decision;
mod fact;
mod fill;
mod health;
mod ledger;
mod order;
mod position;
mod settlement;
mod strike;
mod tick;
mod trade;

pub use bar::BarRow;
pub use book::{BookChange, BookRow};
pub use decision::DecisionRow;
pub use fact::FactRow;
pub use health::HealthRow;
pub use ledger::{LedgerRow, LedgerRows};
pub use strike::StrikeRow;
pub use tick::Tick;

use super::Kind;
use super::sheet::{Cells, SheetError, Tabular};
use recio_core::units::Timestamp;

/// A row that the archive keeps.
pub trait Archived: Tabular + Sized {
    /// What it is.
    const KIND: Kind;
    /// The version of the columns: a file of another version is refused.
    const VERSION: u32;

    /// When it happened: its day in UTC is the day it is filed under.
    fn time(&self) -> Timestamp;

    /// What it is filed under: an asset, a series, a monitor, an account.
    fn symbol(&self) -> String;

    /// Makes the row of its cells.
    ///
    /// # Errors
    /// They are not such a row's, and why.
    fn read(cells: &mut Cells<'_>) -> Result<Self, String>;
}

/// The word that JSON has for a state.
fn word(state: &impl serde::Serialize) -> String {
    match serde_json::to_value(state) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

/// A row of the archive from its cells, with the place of what is wrong.
pub(super) fn read_row<R: Archived>(row: u64, cells: &[super::sheet::Cell<'_>]) -> Result<R, SheetError> {
    let mut cells = Cells::new(cells);
    let read = R::read(&mut cells).and_then(|read| cells.end().map(|()| read));
    read.map_err(|what| SheetError::Row { row, what })
}
