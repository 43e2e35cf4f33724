//! Trades as rows.

use super::{Align, Listing, or_dash, time, word};
use recio_core::trade::{Trade, TradeStatus};
use recio_core::units::{Money, Price, Quantity};
use serde::Serialize;

/// A trade with what follows from it.
#[derive(Clone, Debug, Serialize)]
pub struct TradeView<'a> {
    #[serde(flatten)]
    trade: &'a Trade,
    held: Quantity,
    average_price: Option<Price>,
    realized_pnl: Option<Money>,
}

impl<'a> From<&'a Trade> for TradeView<'a> {
    fn from(trade: &'a Trade) -> Self {
        let over = matches!(trade.status, TradeStatus::Closed | TradeStatus::Unfilled);
        Self {
            trade,
            // What a trade that is over did not sell again was paid out at settlement: nothing of it is held.
            held: if over { Quantity::ZERO } else { trade.held() },
            average_price: trade.average_price(),
            realized_pnl: trade.realized_pnl(),
        }
    }
}

impl Listing for TradeView<'_> {
    const NAME: &'static str = "trades";
    const COLUMNS: &'static [(&'static str, Align)] = &[
        ("opened (UTC)", Align::Left),
        ("monitor", Align::Left),
        ("market", Align::Left),
        ("side", Align::Left),
        ("status", Align::Left),
        ("bought", Align::Right),
        ("held", Align::Right),
        ("price", Align::Right),
        ("fees", Align::Right),
        ("pnl", Align::Right),
        ("ended by", Align::Left),
    ];

    fn cells(&self) -> Vec<String> {
        let trade = self.trade;
        vec![
            time(trade.opened_time),
            trade.strategy.to_string(),
            trade.market.to_string(),
            trade.side.to_string(),
            word(&trade.status),
            trade.bought.to_string(),
            self.held.to_string(),
            or_dash(self.average_price),
            trade.fees.to_string(),
            or_dash(self.realized_pnl),
            or_dash(trade.close_reason.map(|reason| word(&reason))),
        ]
    }
}
