//! The row of a record that was taken over from another program.

use super::list::IMPORTED_RECORDS;
use super::{Write, signed};
use recio_core::fact::Fact;
use recio_core::imported::Imported;
use recio_core::store::{DamagedPart, StoreError};
use recio_core::units::{Money, micros};

/// The record in its newest version: a version is told after the one before it.
pub(super) fn record(sequence: i64, fact: &Fact, imported: &Imported) -> Result<Write, StoreError> {
    let words = serde_json::to_string(&imported.columns).map_err(|error| StoreError::Damaged {
        part: DamagedPart::Facts,
        sequence: 0,
        what: format!("the words of a record have no JSON form: {error}"),
    })?;
    let money = |amount: Option<Money>| amount.map(Money::micros);
    Ok(Write::new(&IMPORTED_RECORDS, fact)
        .text("origin", imported.origin.as_str())
        .text("kind", imported.table.as_str())
        .text("record", &imported.record)
        .integer("version", i64::from(imported.version))
        .integer("sequence", sequence)
        .text("source", imported.source.as_str())
        .optional_integer("number", imported.number)
        .optional_text("status", imported.status.as_deref())
        .optional_text("market", imported.market.as_deref())
        .optional_text("side", imported.side.map(|side| side.to_string().to_lowercase()).as_deref())
        .optional_integer("time_us", imported.time.map(micros))
        .optional_integer("end_time_us", imported.end_time.map(micros))
        .optional_integer("quantity_hundredths", imported.quantity.map(|q| signed(q.hundredths())).transpose()?)
        .optional_integer("price_micros", money(imported.price))
        .optional_integer("end_price_micros", money(imported.end_price))
        .optional_integer("cost_micros", money(imported.cost))
        .optional_integer("fees_micros", money(imported.fees))
        .optional_integer("revenue_micros", money(imported.revenue))
        .optional_integer("pnl_micros", money(imported.pnl))
        .text("words", &words))
}
