//! What a venue's connection has been through, for the doctor and the dashboard.

use recio_core::price_feed::PriceTick;
use serde::Serialize;

/// The state of one venue's feed, and counts since it was opened.
///
/// Ages are not in here: whoever shows it knows the time, and subtracts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FeedHealth {
    /// Connected and subscribed.
    pub connected: bool,
    /// Connections that were accepted and subscribed.
    pub connects: u64,
    /// Connections that failed or were lost.
    pub losses: u64,
    /// The newest price by the venue's own time.
    pub last_tick: Option<PriceTick>,
    /// Trades handed on.
    pub trades: u64,
    /// Times at which trades were missed, where the venue's numbers show it.
    pub gaps: u64,
    /// Trades missed in them.
    pub missed_trades: u64,
    /// Trades that had been handed on before and came again (snapshots after a reconnect).
    pub repeated: u64,
    /// Messages of a known kind that could not be read.
    pub malformed: u64,
    /// Messages that are not ours to read.
    pub ignored: u64,
    /// Heartbeats.
    pub heartbeats: u64,
    /// The last thing that went wrong, in words.
    pub last_trouble: Option<String>,
}
