//! The Coinbase tape: every trade of the session, and what there is of the time before it.

use super::ImportError;
use super::source::{Rising, Table, find, open};
use recio_core::units::{AssetPrice, Timestamp};
use std::path::Path;

const COLUMNS: &[&str] = &["exch_us", "recv_us", "trade_id", "price"];

/// One trade.
pub(super) struct SpotTrade {
    pub(super) time: Timestamp,
    pub(super) received: Timestamp,
    pub(super) trade_id: u64,
    pub(super) price: AssetPrice,
}

/// Trades between two times, and the holes among them.
pub(super) struct SpotTape {
    pub(super) trades: Vec<SpotTrade>,
    /// From, to, and what is missing.
    pub(super) gaps: Vec<(Timestamp, Timestamp, String)>,
    pub(super) raised: u64,
}

/// Reads the trades from `from` to `to`, both included. A number that is left out is a trade that is missing.
pub(super) fn read(folder: &Path, from: Timestamp, to: Timestamp) -> Result<SpotTape, ImportError> {
    let file = find(folder, "btcusd_ticks_coinbase", "csv")?;
    let mut table = Table::new(open(&file)?, &file, COLUMNS)?;
    let (mut trades, mut gaps, mut rising) = (Vec::<SpotTrade>::new(), Vec::new(), Rising::default());
    let mut last_id: Option<u64> = None;
    while let Some(row) = table.next()? {
        let time = row.time(0)?;
        if time < from {
            continue;
        }
        if time > to {
            break;
        }
        let time = rising.take(time).map_err(|problem| row.cell(0, &problem))?;
        let (received, trade_id, price) = (row.time(1)?, row.parse::<u64>(2)?, row.parse(3)?);
        match last_id {
            Some(last) if trade_id <= last => return Err(row.cell(2, "does not rise")),
            Some(last) if trade_id > last + 1 => {
                let since = trades.last().map_or(from, |trade| trade.time);
                gaps.push((since, time, format!("{} trades are missing by their numbers", trade_id - last - 1)));
            }
            None if time > from => gaps.push((from, time, "nothing was recorded before the first trade".to_owned())),
            Some(_) | None => {}
        }
        last_id = Some(trade_id);
        trades.push(SpotTrade { time, received, trade_id, price });
    }
    if trades.is_empty() {
        gaps.push((from, to, "no trade was recorded".to_owned()));
    }
    Ok(SpotTape { trades, gaps, raised: rising.raised })
}
