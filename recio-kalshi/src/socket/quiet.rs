//! Whether a channel that lives says anything.

use super::Channel;
use recio_core::market::BookSnapshot;
use recio_core::units::MarketTicker;
use std::collections::{BTreeMap, BTreeSet};

/// After how many ticks without data a channel is looked at; `None` for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    pub(super) index: Option<u32>,
    pub(super) books: Option<u32>,
}

/// What is to be done about a silent channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Subscribe again: it may be the subscription alone that is dead.
    Subscribe(Channel, String),
    /// That was no help: connect again.
    Reconnect(String),
    /// Look at this market over REST.
    Probe(MarketTicker),
}

/// Counts ticks since the last data of each channel. A ping is no data.
#[derive(Debug)]
pub(super) struct Quiet {
    limit: Silence,
    /// Ticks since the last print, by channel and index.
    indices: BTreeMap<(Channel, String), u32>,
    /// Index channels that were subscribed again for being silent, and have said nothing since.
    again: BTreeSet<Channel>,
    books: u32,
    /// The market whose book changed last: the one that changes soonest.
    active: Option<MarketTicker>,
    /// What REST said of a market while the stream was silent.
    probed: Option<(MarketTicker, BookSnapshot)>,
}

impl Quiet {
    pub(super) fn new(limit: Silence) -> Self {
        let (indices, again) = (BTreeMap::new(), BTreeSet::new());
        Self { limit, indices, again, books: 0, active: None, probed: None }
    }

    pub(super) fn index(&mut self, channel: Channel, index: &str) {
        if let Some(ticks) = self.indices.get_mut(&(channel, index.to_owned())) {
            *ticks = 0;
        }
        self.again.remove(&channel);
    }

    pub(super) fn book(&mut self, market: &MarketTicker) {
        self.books = 0;
        self.probed = None;
        if self.active.as_ref() != Some(market) {
            self.active = Some(market.clone());
        }
    }

    /// Counts anew, as a subscription that was just made has said nothing yet.
    pub(super) fn began(&mut self, channel: Channel) {
        match channel {
            Channel::Books => self.books = 0,
            Channel::Indices | Channel::FastIndices => self.indices.retain(|(one, _), _| *one != channel),
            Channel::Tickers
            | Channel::Trades
            | Channel::Lifecycle
            | Channel::Fills
            | Channel::Orders
            | Channel::Positions
            | Channel::OrderGroups => {}
        }
    }

    /// Some time has passed on a channel of indices that lives.
    pub(super) fn tick_indices(&mut self, channel: Channel, wanted: &BTreeSet<String>) -> Option<Remedy> {
        let limit = self.limit.index?;
        let mut silent = None;
        for index in wanted {
            let ticks = self.indices.entry((channel, index.clone())).or_insert(0);
            *ticks += 1;
            if *ticks > limit {
                silent = Some(index.clone());
            }
        }
        let reason = format!("no print of {} although the connection lives", silent?);
        self.began(channel);
        Some(if self.again.insert(channel) { Remedy::Subscribe(channel, reason) } else { Remedy::Reconnect(reason) })
    }

    /// Some time has passed on the channel of books; `live` are those that have a snapshot.
    pub(super) fn tick_books(&mut self, live: &[MarketTicker]) -> Option<Remedy> {
        let limit = self.limit.books?;
        self.books = self.books.saturating_add(1);
        if self.books <= limit {
            return None;
        }
        let active = self.active.clone().filter(|active| live.contains(active));
        // The strikes in the middle are the busiest.
        active.or_else(|| live.get(live.len() / 2).cloned()).map(Remedy::Probe)
    }

    /// REST has told a book. Where it changes while the stream says nothing, the stream is dead.
    pub(super) fn probe_answered(&mut self, market: MarketTicker, book: BookSnapshot) -> Option<Remedy> {
        if self.limit.books.is_none_or(|limit| self.books <= limit) {
            return None;
        }
        match self.probed.replace((market.clone(), book.clone())) {
            Some((before, old)) if before == market && old != book => {
                Some(Remedy::Reconnect(format!("the book of {market} changes, but the connection does not say so")))
            }
            Some(_) | None => None,
        }
    }
}
