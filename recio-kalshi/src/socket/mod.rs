//! The WebSocket: subscriptions kept in sequence, and its frames split into three bounded streams of core types.
//!
//! One future owns the connection ([`Socket::run`]); the caller spawns it. It connects, subscribes, checks the acknowledgements, keeps count
//! of each subscription, asks for new snapshots after a gap, and connects again when the connection is lost.

mod event;
mod session;
mod task;

pub use event::{AccountEvent, Channel, IndexEvent, MarketEvent};
pub use task::{Progress, Sleep, Socket, SocketConfig, SocketStreams};

use recio_core::units::{MarketTicker, SeriesTicker};
use std::collections::BTreeSet;

/// What the socket subscribes to. May be changed at any time through the `watch` channel it is handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Markets whose books are kept.
    pub books: BTreeSet<MarketTicker>,
    /// Whether these markets' summaries are wanted too.
    pub tickers: bool,
    /// Whether these markets' prints are wanted too.
    pub trades: bool,
    /// Series whose markets' announcements are wanted; the exchange sends those of all markets, the rest is dropped here.
    pub lifecycle: BTreeSet<SeriesTicker>,
    /// Settlement indices, such as `BRTI`.
    pub indices: BTreeSet<String>,
    /// Whether our fills, orders and positions are wanted.
    pub account: bool,
}
