//! The WebSocket: subscriptions kept in sequence, and its frames split into three bounded streams of core types.
//!
//! One future owns the connection ([`Socket::run`]); the caller spawns it. It connects, subscribes, checks the acknowledgements, keeps count
//! of each subscription, asks for new snapshots after a gap, and connects again when the connection is lost.
//!
//! Three clocks tell that a connection is dead: no frame and no ping at all (the transport's), no answer to a command, and no data although the
//! connection lives. An index prints every second, so its silence alone says enough; a book may be quiet because its market is, so its silence
//! is checked over REST before anything is done about it. A connection whose frames come later and later is made anew as well. Waits before a new connection grow, are random within bounds, and stay calm in the
//! exchange's weekly maintenance.

mod backoff;
mod event;
mod lateness;
mod quiet;
mod session;
mod task;
mod trouble;

pub use event::{AccountEvent, Channel, IndexEvent, MarketEvent};
pub use task::{Progress, Sleep, Socket, SocketConfig, SocketStreams, WallClock};

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
    /// Settlement indices wanted five times a second as well.
    pub fast_indices: BTreeSet<String>,
    /// Whether our fills, orders and positions are wanted.
    pub account: bool,
    /// Whether announcements about our order groups are wanted.
    pub order_groups: bool,
}
