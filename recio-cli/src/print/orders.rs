//! Orders as rows.

use super::{Align, Listing, or_dash, time, word};
use recio_core::store::OrderRow;

impl Listing for OrderRow {
    const NAME: &'static str = "orders";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("created (UTC)", Align::Left),
        ("monitor", Align::Left),
        ("market", Align::Left),
        ("purpose", Align::Left),
        ("action", Align::Left),
        ("side", Align::Left),
        ("limit", Align::Right),
        ("quantity", Align::Right),
        ("filled", Align::Right),
        ("status", Align::Left),
        ("reason", Align::Left),
        ("client order id", Align::Left),
    ];

    fn cells(&self) -> Vec<String> {
        let intent = &self.intent;
        vec![
            time(intent.created_time),
            intent.strategy.to_string(),
            intent.market.to_string(),
            word(&intent.purpose),
            intent.action.to_string(),
            intent.side.to_string(),
            intent.limit.to_string(),
            intent.quantity.to_string(),
            self.filled.to_string(),
            word(&self.status),
            or_dash(self.reason.as_deref()),
            intent.client_order_id.to_string(),
        ]
    }
}
