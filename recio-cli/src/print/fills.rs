//! Fills as rows.

use super::{Align, Listing, time, word};
use recio_core::trade::Fill;

impl Listing for Fill {
    const NAME: &'static str = "fills";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("executed (UTC)", Align::Left),
        ("market", Align::Left),
        ("book side", Align::Left),
        ("YES price", Align::Right),
        ("quantity", Align::Right),
        ("fee", Align::Right),
        ("liquidity", Align::Left),
        ("order", Align::Left),
        ("fill", Align::Left),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            time(self.exchange_time),
            self.market.to_string(),
            self.book_side.to_string(),
            self.yes_price.to_string(),
            self.quantity.to_string(),
            self.fee.to_string(),
            word(&self.liquidity),
            self.order.to_string(),
            self.id.to_string(),
        ]
    }
}
