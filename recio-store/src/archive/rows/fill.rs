//! Executions of our orders.

use super::word;
use crate::archive::sheet::{Cell, Column, Tabular, Unit};
use recio_core::trade::Fill;

impl Tabular for Fill {
    const COLUMNS: &'static [Column] = &[
        Column::new("exchange_order_id", Unit::Text, "the exchange's name for the order"),
        Column::new("fill_id", Unit::Text, "the execution; unique together with the order"),
        Column::new("client_order_id", Unit::Text, "our name for the order").optional(),
        Column::new("market", Unit::Text, "the market"),
        Column::new("book_side", Unit::Text, "where our order lay: bid or ask, for YES"),
        Column::new("yes_price", Unit::Price, "the YES price"),
        Column::new("quantity", Unit::Quantity, "contracts"),
        Column::new("fee", Unit::Money, "what the exchange charged"),
        Column::new("liquidity", Unit::Text, "maker or taker"),
        Column::new("exchange_time", Unit::Time, "when the exchange executed it"),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            self.order.as_str().into(),
            self.id.as_str().into(),
            self.client_order_id.as_ref().map(|id| id.as_str()).into(),
            self.market.as_str().into(),
            word(&self.book_side).into(),
            self.yes_price.into(),
            self.quantity.into(),
            self.fee.into(),
            word(&self.liquidity).into(),
            self.exchange_time.into(),
        ]
    }
}
