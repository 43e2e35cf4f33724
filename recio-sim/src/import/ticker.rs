//! The recorded `ticker` messages of a session.

use super::ImportError;
use super::source::{Rising, Row, Table, find, open};
use recio_core::market::{Level, Quote, TickerUpdate};
use recio_core::units::{Price, Quantity, Timestamp};
use std::path::Path;

const COLUMNS: &[&str] = &[
    "session",
    "recv_us",
    "exch_us",
    "market_ticker",
    "yes_bid_dollars",
    "yes_ask_dollars",
    "yes_bid_size_fp",
    "yes_ask_size_fp",
    "last_price_dollars",
    "volume_fp",
    "open_interest_fp",
];

/// The messages of one session with their times of receipt, and how many times were raised.
pub(super) struct Tickers {
    pub(super) updates: Vec<(Timestamp, TickerUpdate)>,
    pub(super) raised: u64,
}

pub(super) fn read(folder: &Path, session: &str) -> Result<Tickers, ImportError> {
    let file = find(folder, "kxbtc15m_ws_ticker", "csv")?;
    let mut table = Table::new(open(&file)?, &file, COLUMNS)?;
    let (mut updates, mut rising) = (Vec::new(), Rising::default());
    while let Some(row) = table.next()? {
        if row.text(0) != session {
            continue;
        }
        let exchange_time = rising.take(row.time(2)?).map_err(|problem| row.cell(2, &problem))?;
        let quote = Quote { bid: level(&row, 4, 6, Price::ZERO)?, ask: level(&row, 5, 7, Price::ONE)? };
        // The exchange writes a last price of zero before the first trade.
        let last_price = row.parse_some::<Price>(8)?.filter(|&price| price > Price::ZERO);
        let (volume, open_interest) = (row.parse(9)?, row.parse(10)?);
        let market = row.parse(3)?;
        let update = TickerUpdate { market, quote, last_price, volume, open_interest, exchange_time };
        updates.push((row.time(1)?, update));
    }
    Ok(Tickers { updates, raised: rising.raised })
}

/// A best price. The exchange writes an empty side as the price at the end of the scale, with a quantity of zero.
fn level(row: &Row<'_>, price: usize, quantity: usize, empty: Price) -> Result<Option<Level>, ImportError> {
    let level = Level { price: row.parse(price)?, quantity: row.parse::<Quantity>(quantity)? };
    match (level.price == empty, level.quantity.is_zero()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(level)),
        (true, false) => Err(row.cell(price, "has contracts at the end of the scale, where no order can lie")),
        (false, true) => Err(row.cell(quantity, "is nothing at a price where something lies")),
    }
}
