//! Payouts.

use crate::archive::sheet::{Cell, Column, Tabular, Unit};
use recio_core::market::MarketResult;
use recio_core::trade::Settlement;

impl Tabular for Settlement {
    const COLUMNS: &'static [Column] = &[
        Column::new("market", Unit::Text, "the market"),
        Column::new("event", Unit::Text, "the event of the market"),
        Column::new("result", Unit::Text, "yes, no or scalar"),
        Column::new("yes_payout", Unit::Price, "what one YES contract was paid"),
        Column::new("revenue", Unit::Money, "what was paid into cash"),
        Column::new("settled_time", Unit::Time, "when it was paid"),
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        let result = match self.result {
            MarketResult::Yes => "yes",
            MarketResult::No => "no",
            MarketResult::Scalar(_) => "scalar",
        };
        vec![
            self.market.as_str().into(),
            self.event.as_str().into(),
            result.into(),
            self.result.yes_payout().into(),
            self.revenue.into(),
            self.settled_time.into(),
        ]
    }
}
