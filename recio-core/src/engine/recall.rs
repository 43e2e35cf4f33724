//! What a run's local cache remembers of open trades: told by the engine while it runs, and taken up by the next run's.
//!
//! Journal and exchange say what is held. What they do not say is how far a stop was: since when a probability lay below it, or that it had fired
//! before its order was written down. That alone is taken up here, and only for trades that the journal knows.

use super::context::Context;
use super::engine::Engine;
use super::{Role, config::seconds};
use crate::trade::{CloseReason, Order, Trade};
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A verification goes on over a pause of at most this long: what was seen longer ago says nothing about now.
const VERIFY_ACROSS: Duration = Duration::from_secs(60);

/// What the local cache remembers of an earlier run. Told after the journal, and before anything else.
///
/// From then on nothing is entered until the store was found as it was left, and agrees with the trades: [`Input::Stored`](super::Input::Stored).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recalled {
    /// When it was written; `None` where there was nothing to remember.
    pub written_time: Option<Timestamp>,
    /// The trades that were open.
    pub trades: Vec<OpenTrade>,
}

/// An open trade with the state of its stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenTrade {
    /// The trade.
    pub trade: Trade,
    /// How far its stop is.
    pub stop: StopState,
}

/// How far the stop of an open trade is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopState {
    /// Nothing speaks for closing it.
    #[default]
    Watching,
    /// Its probability lies below the stop.
    Verifying {
        /// For so long, without a break.
        #[serde(with = "seconds")]
        below_for: Duration,
    },
    /// It has to be closed, and is tried until it is.
    Closing {
        /// Why.
        why: CloseReason,
    },
}

impl Engine {
    /// All trades that are not over, with the state of their stops.
    #[must_use]
    pub fn open_trades(&self) -> Vec<OpenTrade> {
        let mono = self.state.last.map(|now| now.mono).unwrap_or_default();
        let open = |trade: &Trade| OpenTrade { trade: trade.clone(), stop: self.state.active.stop_of(&trade.id, mono) };
        self.state.trades.live().map(open).collect()
    }

    /// All orders that are not final.
    pub fn unfinished_orders(&self) -> impl Iterator<Item = &Order> {
        self.state.orders.unfinished()
    }

    /// Takes up the stops of trades that the journal knows. A trade that it does not know stays unknown: what was ordered stands in the journal, and what
    /// is held at the exchange.
    pub(super) fn recall(&mut self, cx: &mut Context<'_>, recalled: &Recalled) {
        // Whether the store is what this run believes is seen when it answers.
        self.state.store_failed = true;
        let paused = recalled.written_time.map(|written| cx.now.wall.duration_since(written));
        let goes_on = paused.and_then(|paused| Duration::try_from(paused).ok()).is_some_and(|p| p <= VERIFY_ACROSS);
        for OpenTrade { trade, stop } in &recalled.trades {
            let Some(known) = self.state.trades.recalled(cx, trade) else {
                let text = format!(
                    "the local cache remembers trade {} in {}, of which the journal knows nothing: left alone",
                    trade.id, trade.market
                );
                cx.warn(Role::ActiveTradeSupervisor, Some(&trade.event), text);
                continue;
            };
            match stop {
                StopState::Closing { why } => {
                    self.state.active.close(&known, *why);
                    let text = format!("{} is still to be closed: {}", trade.market, why.as_str());
                    cx.info(Role::ActiveTradeSupervisor, Some(&trade.event), text);
                }
                StopState::Verifying { below_for } if goes_on => {
                    self.state.active.verified(&known, *below_for);
                }
                StopState::Verifying { .. } | StopState::Watching => {}
            }
        }
    }
}
