//! Open positions.

use crate::archive::sheet::{Cell, Column, Tabular, Unit};
use recio_core::store::PositionRow;

impl Tabular for PositionRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("market", Unit::Text, "the market"),
        Column::new("position", Unit::Quantity, "contracts held: YES above zero, NO below"),
        Column::new("cost", Unit::Money, "what they cost, before fees"),
        Column::new("fees", Unit::Money, "fees of all fills in the market"),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![self.market.as_str().into(), self.position.into(), self.cost.into(), self.fees.into()]
    }
}
