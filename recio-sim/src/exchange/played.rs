//! Prices as they play, for who serves them on: spot trades as recorded, and prints of the settlement index.

use super::Exchange;
use recio_core::units::{AssetPrice, Timestamp};
use std::collections::VecDeque;
use std::sync::Arc;

/// Prices that wait to be taken; the oldest are dropped. Hours of a busy market, far more than plays between two takes.
const MOST_WAITING: usize = 65_536;

/// One price that was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayedPrice {
    /// What kind of price it is.
    pub source: PriceSource,
    /// The venue (`coinbase`) or the index (`BRTI`), as the recording's header lists it.
    pub name: Arc<str>,
    /// When it was, in the exchange's time.
    pub time: Timestamp,
    /// Dollars for one unit of the asset.
    pub price: AssetPrice,
    /// The venue's number of a trade, where it was recorded.
    pub trade_id: Option<u64>,
}

/// The kinds of prices that are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PriceSource {
    /// A trade at a spot venue.
    Spot,
    /// A print of a settlement index: recorded, or made of a spot venue that stands in for it.
    Index,
}

/// Prices that wait to be taken.
#[derive(Debug, Default)]
pub(super) struct Played {
    waiting: VecDeque<PlayedPrice>,
    wanted: bool,
}

impl Played {
    pub(super) fn add(&mut self, price: PlayedPrice) {
        if !self.wanted {
            return;
        }
        if self.waiting.len() == MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(price);
    }
}

impl Exchange {
    /// Keeps the prices that are played from here on, to be taken with [`take_prices`](Self::take_prices).
    pub const fn watch_prices(&mut self) {
        self.played.wanted = true;
    }

    /// Takes the prices that were played since the last call, in order; none unless they are watched. Of more than 65,536 the oldest are gone.
    pub fn take_prices(&mut self) -> Vec<PlayedPrice> {
        self.played.waiting.drain(..).collect()
    }

    pub(super) fn play_price(&mut self, source: PriceSource, name: &Arc<str>, time: Timestamp, price: AssetPrice) {
        self.played.add(PlayedPrice { source, name: name.clone(), time, price, trade_id: None });
    }
}
