//! What a recorder knows at a moment: enough to begin a file that stands for itself.

use crate::recording::{RecordBody, StreamId};
use jiff::SignedDuration;
use recio_core::market::{Book, LifecycleEvent, Market, StrikeTerms};
use recio_core::market_data::ExchangeStatus;
use recio_core::price_feed::FeedAbout;
use recio_core::units::{AssetPrice, MarketTicker, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Prices that are carried into the next file, so that momentum is there from its beginning.
pub(super) const PRE_ROLL: Duration = Duration::from_secs(2 * 3600);
/// At five prints a second.
const PRINTS_MAX: usize = 36_000;

/// A list may be older than an announcement that came before it by less than this.
const LIST_TRAILS: SignedDuration = SignedDuration::from_secs(60);

/// The world as it was last heard.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// With what was announced since it was read.
    pub(super) markets: BTreeMap<MarketTicker, Market>,
    /// Markets that were paid while this file is written: a list that trails must not bring them back.
    pub(super) settled: BTreeSet<MarketTicker>,
    /// Markets that were halted.
    pub(super) halted: BTreeSet<MarketTicker>,
    /// When each market was last announced something about.
    pub(super) announced_at: BTreeMap<MarketTicker, Timestamp>,
    /// Books that are not void.
    pub(super) books: BTreeMap<MarketTicker, Book>,
    pub(super) status: Option<ExchangeStatus>,
    pub(super) sources: Vec<Source>,
    pub(super) gaps: BTreeMap<(StreamId, Option<MarketTicker>), (Timestamp, String)>,
}

/// A source of prices.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) about: FeedAbout,
    pub(super) prints: VecDeque<(Timestamp, AssetPrice)>,
}

impl Source {
    pub(super) const fn new(about: FeedAbout) -> Self {
        Self { about, prints: VecDeque::new() }
    }

    pub(super) fn last(&self) -> Option<Timestamp> {
        self.prints.back().map(|(time, _)| *time)
    }

    pub(super) fn print(&mut self, time: Timestamp, price: AssetPrice) {
        self.prints.push_back((time, price));
        let oldest = time.checked_sub(PRE_ROLL).unwrap_or(time);
        while self.prints.front().is_some_and(|(time, _)| *time < oldest) || self.prints.len() > PRINTS_MAX {
            self.prints.pop_front();
        }
    }
}

impl Known {
    /// What an announcement changes.
    pub(super) fn announced(&mut self, ticker: &MarketTicker, event: &LifecycleEvent, now: Timestamp) {
        self.announced_at.insert(ticker.clone(), now);
        match event {
            LifecycleEvent::Settled { .. } => {
                self.markets.remove(ticker);
                self.halted.remove(ticker);
                self.books.remove(ticker);
                self.announced_at.remove(ticker);
                self.settled.insert(ticker.clone());
            }
            LifecycleEvent::Deactivated => {
                self.halted.insert(ticker.clone());
            }
            LifecycleEvent::Activated => {
                self.halted.remove(ticker);
            }
            LifecycleEvent::CloseDateUpdated { .. }
            | LifecycleEvent::StrikeUpdated { .. }
            | LifecycleEvent::GridUpdated { .. }
            | LifecycleEvent::Determined { .. }
            | LifecycleEvent::Created => {}
        }
        let Some(market) = self.markets.get_mut(ticker) else { return };
        match event {
            LifecycleEvent::CloseDateUpdated { close_time } => market.close_time = *close_time,
            LifecycleEvent::StrikeUpdated { strike } => market.strike = strike.clone(),
            LifecycleEvent::GridUpdated { grid } => market.grid = grid.clone(),
            LifecycleEvent::Determined { result, .. } => market.result = Some(*result),
            LifecycleEvent::Created
            | LifecycleEvent::Activated
            | LifecycleEvent::Deactivated
            | LifecycleEvent::Settled { .. } => {}
        }
    }

    /// What a list says that no announcement has said: a strike, a close time or a grid that came while nobody listened.
    pub(super) fn news(&self, listed: &Market, now: Timestamp) -> Vec<LifecycleEvent> {
        let Some(known) = self.markets.get(&listed.ticker) else { return Vec::new() };
        let mut news = Vec::new();
        let told = self.announced_at.get(&listed.ticker);
        if told.is_some_and(|told| now.duration_since(*told) < LIST_TRAILS) {
            return news;
        }
        if known.close_time != listed.close_time {
            news.push(LifecycleEvent::CloseDateUpdated { close_time: listed.close_time });
        }
        // A strike that is known is not taken back by a list that lacks it.
        if known.strike != listed.strike && listed.strike != StrikeTerms::ToBeAnnounced {
            news.push(LifecycleEvent::StrikeUpdated { strike: listed.strike.clone() });
        }
        if known.grid != listed.grid {
            news.push(LifecycleEvent::GridUpdated { grid: listed.grid.clone() });
        }
        news
    }
}

/// Whether a source prints under the name of the index that settles markets, real or played.
pub(super) fn is_index(about: &FeedAbout) -> bool {
    about.source == about.asset.index_id()
}

pub(super) fn price_body(about: &FeedAbout, price: AssetPrice) -> RecordBody {
    if is_index(about) {
        RecordBody::IndexPrint { index: about.source.as_str().into(), price }
    } else {
        RecordBody::SpotTrade { source: about.source.as_str().into(), price, trade_id: None }
    }
}
