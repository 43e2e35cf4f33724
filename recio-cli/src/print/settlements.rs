//! Settlements as rows.

use super::{Align, Listing, time};
use recio_core::market::MarketResult;
use recio_core::trade::Settlement;

impl Listing for Settlement {
    const NAME: &'static str = "settlements";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("settled (UTC)", Align::Left),
        ("market", Align::Left),
        ("result", Align::Left),
        ("YES pays", Align::Right),
        ("revenue", Align::Right),
    ];

    fn cells(&self) -> Vec<String> {
        let result = match self.result {
            MarketResult::Yes => "YES",
            MarketResult::No => "NO",
            MarketResult::Scalar(_) => "scalar",
        };
        vec![
            time(self.settled_time),
            self.market.to_string(),
            result.to_owned(),
            self.result.yes_payout().to_string(),
            self.revenue.to_string(),
        ]
    }
}
