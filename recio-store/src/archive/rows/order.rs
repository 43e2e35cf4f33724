//! Our orders.

use super::word;
use crate::archive::sheet::{Cell, Column, Tabular, Unit};
use recio_core::store::OrderRow;

impl Tabular for OrderRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("client_order_id", Unit::Text, "our name for it"),
        Column::new("exchange_order_id", Unit::Text, "the exchange's name for it, once it is known").optional(),
        Column::new("trade", Unit::Text, "the trade it opens or closes"),
        Column::new("strategy", Unit::Text, "the monitor"),
        Column::new("market", Unit::Text, "the market"),
        Column::new("event", Unit::Text, "the event of the market"),
        Column::new("close_time", Unit::Time, "when the market closes"),
        Column::new("purpose", Unit::Text, "entry or exit"),
        Column::new("action", Unit::Text, "buy or sell"),
        Column::new("side", Unit::Text, "the outcome"),
        Column::new("limit", Unit::Price, "the worst price that is wanted, in the outcome's own terms"),
        Column::new("quantity", Unit::Quantity, "contracts wanted"),
        Column::new("time_in_force", Unit::Text, "how long it may wait"),
        Column::new("post_only", Unit::Flag, "refused rather than filled at once"),
        Column::new("created_time", Unit::Time, "when the engine formed it"),
        Column::new("status", Unit::Text, "its newest state"),
        Column::new("filled", Unit::Quantity, "contracts executed"),
        Column::new("reason", Unit::Text, "why it failed").optional(),
        Column::new("updated_time", Unit::Time, "when the newest state came"),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        let intent = &self.intent;
        vec![
            intent.client_order_id.as_str().into(),
            self.exchange_id.as_ref().map(|id| id.as_str()).into(),
            intent.trade.as_str().into(),
            intent.strategy.as_str().into(),
            intent.market.as_str().into(),
            intent.event.as_str().into(),
            intent.close_time.into(),
            word(&intent.purpose).into(),
            word(&intent.action).into(),
            word(&intent.side).into(),
            intent.limit.into(),
            intent.quantity.into(),
            word(&intent.time_in_force).into(),
            intent.post_only.into(),
            intent.created_time.into(),
            word(&self.status).into(),
            self.filled.into(),
            self.reason.as_deref().into(),
            self.updated_time.into(),
        ]
    }
}
