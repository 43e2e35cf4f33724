//! Where the live tier ends and the archive begins. The archive lists with the same pages as the live tier.

use serde::{Deserialize, Serialize};

/// Answer of `GET /historical/cutoff`. What is older than these times is in the archive only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoricalCutoff {
    /// By when a market settled: markets and their candles.
    pub market_settled_ts: String,
    /// By when a trade was made: fills and public trades.
    pub trades_created_ts: String,
    /// By when an order ended. Resting orders are always live.
    pub orders_updated_ts: String,
    /// By when a settled position last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market_positions_last_updated_ts: Option<String>,
}
