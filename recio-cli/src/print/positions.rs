//! Positions as rows.

use super::{Align, Listing};
use recio_core::store::PositionRow;

impl Listing for PositionRow {
    const NAME: &'static str = "positions";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("market", Align::Left),
        ("YES", Align::Right),
        ("NO", Align::Right),
        ("cost", Align::Right),
        ("fees", Align::Right),
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.market.to_string(),
            self.position.yes_size().to_string(),
            self.position.no_size().to_string(),
            self.cost.to_string(),
            self.fees.to_string(),
        ]
    }
}
