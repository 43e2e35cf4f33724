//! Our trades.

use super::word;
use crate::archive::sheet::{Cell, Column, Tabular, Unit};
use recio_core::trade::Trade;

impl Tabular for Trade {
    const COLUMNS: &'static [Column] = &[
        Column::new("trade", Unit::Text, "our name for it"),
        Column::new("strategy", Unit::Text, "the monitor"),
        Column::new("market", Unit::Text, "the market"),
        Column::new("event", Unit::Text, "the event of the market"),
        Column::new("close_time", Unit::Time, "when the market closes"),
        Column::new("side", Unit::Text, "the outcome that is held"),
        Column::new("status", Unit::Text, "where it is in its life"),
        Column::new("opened_time", Unit::Time, "when the signal came"),
        Column::new("closed_time", Unit::Time, "when it ended").optional(),
        Column::new("entry_reason", Unit::Text, "why it was entered"),
        Column::new("entry_probability", Unit::Real, "the model's probability of the outcome at entry").optional(),
        Column::new("entry_asset_price", Unit::AssetPrice, "the asset's price at entry").optional(),
        Column::new("bought", Unit::Quantity, "contracts bought"),
        Column::new("sold", Unit::Quantity, "contracts sold again before settlement"),
        Column::new("cost", Unit::Money, "what the bought contracts cost, before fees"),
        Column::new("proceeds", Unit::Money, "what came in from selling and settlement"),
        Column::new("fees", Unit::Money, "what the exchange charged"),
        Column::new("realized_pnl", Unit::Money, "what it brought after fees, once it is over").optional(),
        Column::new("close_reason", Unit::Text, "how it ended").optional(),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            self.id.as_str().into(),
            self.strategy.as_str().into(),
            self.market.as_str().into(),
            self.event.as_str().into(),
            self.close_time.into(),
            word(&self.side).into(),
            word(&self.status).into(),
            self.opened_time.into(),
            self.closed_time.into(),
            self.entry_reason.as_str().into(),
            self.entry_probability.into(),
            self.entry_asset_price.into(),
            self.bought.into(),
            self.sold.into(),
            self.cost.into(),
            self.proceeds.into(),
            self.fees.into(),
            self.realized_pnl().into(),
            self.close_reason.map(|reason| Cell::text(reason.as_str())).into(),
        ]
    }
}
