//! The row of a fact itself.

use super::list::FACTS;
use super::{Cell, Write};
use crate::chain::FACT_VERSION;
use recio_core::fact::Fact;
use recio_core::store::StoreError;
use recio_core::units::micros;

/// The row of a fact with its canonical form, at its sequence, between the hash before it and its own.
pub(crate) fn fact_row(
    fact: &Fact,
    body: &str,
    (sequence, previous, own): (u64, [u8; 32], [u8; 32]),
    epoch: u64,
) -> Result<Write, StoreError> {
    Ok(Write::new(&FACTS, fact)
        .count("sequence", sequence)?
        .text("kind", fact.kind())
        .integer("version", FACT_VERSION)
        .integer("time_us", micros(fact.time))
        .text("prev_hash", &hex::encode(previous))
        .text("hash", &hex::encode(own))
        // As they are, to the last character: they have to read back.
        .cell("body", Cell::Text(body.to_owned()))
        .cell("fact_key", Cell::Text(fact.key()))
        .count("epoch", epoch)?
        .text("run", fact.run.as_str())
        .optional_text("strategy", fact.strategy.as_ref().map(|strategy| strategy.as_str())))
}
