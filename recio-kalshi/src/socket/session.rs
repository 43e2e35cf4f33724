//! One connection's subscriptions as a state machine: frames in, commands and events out, no I/O.

use super::lateness::Lateness;
use super::quiet::{Quiet, Silence};
use super::{AccountEvent, Channel, IndexEvent, MarketEvent, Wanted};
use crate::parse;
use crate::wire::{Command, CommandParams, Frame, FrameBody, FrameHead, OkMessage};
use recio_core::market::{Sequence, SequenceStep};
use recio_core::units::MarketTicker;
use std::collections::{BTreeMap, BTreeSet};

/// How often a book without a snapshot is asked for again before it is left void (a closed market may never send one).
const SNAPSHOT_ATTEMPTS: u8 = 3;

/// What the session wants done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Send(Command),
    Market(MarketEvent),
    Index(IndexEvent),
    Account(AccountEvent),
    /// Read this market's book over REST, and hand it back.
    Probe(MarketTicker),
    /// Close the connection and open another.
    Reconnect(String),
}

#[derive(Debug)]
pub(super) enum State {
    /// Subscribed, not acknowledged.
    Asked { id: u64, markets: BTreeSet<MarketTicker>, ticks: u8 },
    Live {
        sid: u64,
        sequence: Sequence,
        markets: BTreeSet<MarketTicker>,
        /// The last change to its markets, while it is not acknowledged.
        change: Option<Change>,
    },
    /// The exchange refuses it.
    Refused,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) id: u64,
    ticks: u8,
    /// It asks a second time for what an earlier one did not bring.
    pub(super) is_repeated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BookState {
    Void { attempts: u8 },
    Live,
}

#[derive(Debug)]
pub(super) struct Session {
    pub(super) wanted: Wanted,
    last_id: u64,
    pub(super) channels: BTreeMap<Channel, State>,
    pub(super) books: BTreeMap<MarketTicker, BookState>,
    pub(super) quiet: Quiet,
    lateness: Lateness,
    /// It ends because it says nothing, not because it was cut.
    pub(super) fell_silent: bool,
    /// All that was wanted is subscribed.
    complete: bool,
    /// It was so for a whole tick.
    settled: bool,
}

impl Session {
    pub(super) fn new(wanted: Wanted, silence: Silence) -> Self {
        let (channels, books) = (BTreeMap::new(), BTreeMap::new());
        let (quiet, lateness) = (Quiet::new(silence), Lateness::default());
        Self {
            wanted,
            last_id: 0,
            channels,
            books,
            quiet,
            lateness,
            fell_silent: false,
            complete: false,
            settled: false,
        }
    }

    /// The commands to begin with.
    pub(super) fn open(&mut self) -> Vec<Act> {
        let mut acts = Vec::new();
        self.sync(&mut acts);
        acts
    }

    pub(super) fn want(&mut self, wanted: Wanted) -> Vec<Act> {
        let before = std::mem::replace(&mut self.wanted, wanted);
        let mut acts = Vec::new();
        for (channel, same) in [
            (Channel::Indices, before.indices == self.wanted.indices),
            (Channel::FastIndices, before.fast_indices == self.wanted.fast_indices),
        ] {
            if !same && self.is_wanted(channel) && matches!(self.channels.get(&channel), Some(State::Live { .. })) {
                self.subscribe_again(channel, "other indices are wanted", &mut acts);
            }
        }
        self.sync(&mut acts);
        acts
    }

    /// Whether it ends for having said nothing although it lived.
    pub(super) const fn fell_silent(&self) -> bool {
        self.fell_silent
    }

    /// All that was wanted has been subscribed for a while.
    pub(super) const fn is_settled(&self) -> bool {
        self.settled
    }

    /// Everything that is wanted has been answered: each channel acknowledged or refused, each book here or given up.
    pub(super) fn is_answered(&self) -> bool {
        let asked = self.channels.values().any(|state| matches!(state, State::Asked { .. }));
        let waiting =
            |state: &BookState| matches!(state, BookState::Void { attempts } if *attempts < SNAPSHOT_ATTEMPTS);
        !asked && !self.books.values().any(waiting)
    }

    /// What it subscribes to.
    pub(super) const fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// The markets whose books exist here: they are void once the connection is lost.
    pub(super) fn markets(&self) -> Vec<MarketTicker> {
        self.books.keys().cloned().collect()
    }

    /// Some time has passed: what was not acknowledged by now never will be, and void books are asked for again.
    pub(super) fn tick(&mut self) -> Vec<Act> {
        self.settled = self.complete;
        for (channel, state) in &mut self.channels {
            // The first tick may come right after the asking; the second leaves a whole interval for the answer.
            let (what, ticks) = match state {
                State::Asked { ticks, .. } => ("the subscription of", ticks),
                State::Live { change: Some(change), .. } => ("a change to", &mut change.ticks),
                State::Live { change: None, .. } | State::Refused => continue,
            };
            *ticks += 1;
            if *ticks > 1 {
                return vec![Act::Reconnect(format!("no answer to {what} {}", channel.name()))];
            }
        }
        let mut acts = Vec::new();
        self.ask_for_void_books(&mut acts);
        self.tick_quiet(&mut acts);
        self.lateness.tick();
        acts
    }

    /// Whether the next frame's age is looked at, for which its caller looks at the clock.
    pub(super) const fn wants_the_time(&self) -> bool {
        self.lateness.is_due()
    }

    /// Takes a frame; with the time in Unix milliseconds where it is known and [wanted](Self::wants_the_time).
    pub(super) fn frame(&mut self, text: &[u8], now_ms: Option<i64>) -> Vec<Act> {
        let mut acts = Vec::new();
        match Frame::parse(text) {
            Ok(frame) => {
                self.parsed(&frame, &mut acts);
                if let (Some(now), Some(sent)) = (now_ms, frame.sent_ms())
                    && let Some(late) = self.lateness.look(sent, now)
                {
                    acts.push(Act::Reconnect(format!("frames come {} ms later than they did", late.as_millis())));
                }
            }
            Err(error) => match FrameHead::parse(text).map(|head| (head.sid, head.seq)) {
                Some((sid, seq)) => {
                    let channel = sid.and_then(|sid| self.channel_of(sid));
                    if let (Some(channel), Some(seq)) = (channel, seq) {
                        self.count(channel, seq, &mut acts);
                    }
                    self.unreadable(channel, error.to_string(), &mut acts);
                }
                None => acts.push(Act::Reconnect(error.to_string())),
            },
        }
        acts
    }

    fn parsed(&mut self, frame: &Frame<'_>, acts: &mut Vec<Act>) {
        if let FrameBody::Subscribed(message) = &frame.body {
            return self.acknowledged(frame.id, message.sid, acts);
        }
        let channel = frame.sid.and_then(|sid| self.channel_of(sid));
        if let (Some(channel), Some(seq)) = (channel, frame.seq)
            && !self.count(channel, seq, acts)
        {
            return;
        }
        let sequence = frame.seq.unwrap_or_default();
        let read = match &frame.body {
            FrameBody::Error(error) => {
                self.refused(frame.id, channel, error, acts);
                Ok(())
            }
            // A subscription that was ended here, or that nobody here made.
            _ if channel.is_none() => Ok(()),
            FrameBody::Snapshot(message) => parse::snapshot(message).map(|(market, book)| {
                if let Some(state) = self.books.get_mut(&market) {
                    *state = BookState::Live;
                    self.quiet.book(&market);
                    acts.push(Act::Market(MarketEvent::Snapshot { market, book, sequence }));
                }
            }),
            FrameBody::Delta(message) => parse::book_change(message).map(|(delta, exchange_time)| {
                // The ticker of a book that is kept is shared, not made again for every frame.
                if let Some((market, BookState::Live)) = self.books.get_key_value(&*message.market_ticker) {
                    let market = market.clone();
                    self.quiet.book(&market);
                    acts.push(Act::Market(MarketEvent::Delta { market, delta, sequence, exchange_time }));
                }
            }),
            FrameBody::Ticker(message) => {
                parse::ticker(message).map(|update| acts.push(Act::Market(MarketEvent::Ticker(update))))
            }
            FrameBody::Trade(message) => {
                parse::public_trade(message).map(|trade| acts.push(Act::Market(MarketEvent::Trade(trade))))
            }
            FrameBody::Lifecycle(message) if self.is_wanted_series(&message.market_ticker) => {
                parse::lifecycle(message).map(|update| acts.push(Act::Market(MarketEvent::Lifecycle(update))))
            }
            FrameBody::IndexValue(message) => {
                self.quiet.index(Channel::Indices, &message.index_id);
                parse::index_print(message).map(|print| acts.push(Act::Index(IndexEvent::Print(print))))
            }
            FrameBody::FastIndexValue(message) => {
                self.quiet.index(Channel::FastIndices, &message.index_id);
                parse::fast_index_print(message).map(|print| acts.push(Act::Index(IndexEvent::FastPrint(print))))
            }
            FrameBody::OrderGroup(message) => {
                parse::order_group_update(message).map(|group| acts.push(Act::Account(AccountEvent::OrderGroup(group))))
            }
            FrameBody::Ok(OkMessage::Set { market_tickers: Some(covered), .. }) => {
                if let Some(channel) = channel {
                    self.change_acknowledged(channel, frame.id, covered, acts);
                }
                Ok(())
            }
            FrameBody::Fill(message) => {
                parse::streamed_fill(message).map(|fill| acts.push(Act::Account(AccountEvent::Fill(fill))))
            }
            FrameBody::UserOrder(message) => {
                parse::streamed_order(message).map(|order| acts.push(Act::Account(AccountEvent::Order(order))))
            }
            FrameBody::Position(message) => parse::streamed_position(message)
                .map(|position| acts.push(Act::Account(AccountEvent::Position(position)))),
            FrameBody::Unsubscribed => {
                // Not asked for here: our own unsubscribes forget the sid at once.
                if let Some(channel) = channel {
                    self.subscribe_again(channel, "the exchange ended the subscription", acts);
                }
                Ok(())
            }
            FrameBody::Lifecycle(_)
            | FrameBody::EventLifecycle(_)
            | FrameBody::EventFeeUpdate(_)
            | FrameBody::Subscribed(_)
            | FrameBody::Ok(_)
            | FrameBody::Other(_) => Ok(()),
        };
        if let Err(error) = read {
            self.bad_value(channel, &error, acts);
        }
    }

    fn channel_of(&self, wanted: u64) -> Option<Channel> {
        self.channels.iter().find_map(|(channel, state)| match state {
            State::Live { sid, .. } if *sid == wanted => Some(*channel),
            State::Live { .. } | State::Asked { .. } | State::Refused => None,
        })
    }

    /// Keeps count; `false` where the frame must not be used.
    fn count(&mut self, channel: Channel, seq: u64, acts: &mut Vec<Act>) -> bool {
        let Some(State::Live { sequence, .. }) = self.channels.get_mut(&channel) else { return false };
        match sequence.step(seq) {
            SequenceStep::Next => true,
            SequenceStep::Duplicate => false,
            SequenceStep::Gap { expected } => {
                let reason = format!("frames {expected} to {} of {} are missing", seq - 1, channel.name());
                self.missed(channel, reason, acts);
                true
            }
            SequenceStep::Reset => {
                let reason = format!("{} began to count again at {seq}", channel.name());
                self.subscribe_again(channel, &reason, acts);
                false
            }
        }
    }

    pub(super) fn ask_for_void_books(&mut self, acts: &mut Vec<Act>) {
        let Some(State::Live { sid, .. }) = self.channels.get(&Channel::Books) else { return };
        let sid = *sid;
        let mut tickers = Vec::new();
        for (market, state) in &mut self.books {
            if let BookState::Void { attempts } = state
                && *attempts < SNAPSHOT_ATTEMPTS
            {
                *attempts += 1;
                tickers.push(market.to_string());
            }
        }
        if !tickers.is_empty() {
            let id = self.next_id();
            acts.push(Act::Send(Command::update_markets(id, sid, "get_snapshot", tickers)));
        }
    }

    fn acknowledged(&mut self, answered: Option<u64>, new_sid: u64, acts: &mut Vec<Act>) {
        let found = self
            .channels
            .iter_mut()
            .find(|(_, state)| matches!(state, State::Asked { id, .. } if Some(*id) == answered));
        // An acknowledgement of a subscription that is no longer wanted here changes nothing.
        let Some((&channel, state)) = found else { return };
        if let State::Asked { markets, .. } = state {
            let markets = std::mem::take(markets);
            *state = State::Live { sid: new_sid, sequence: Sequence::new(), markets, change: None };
            self.quiet.began(channel);
        }
        self.sync(acts);
    }

    /// Drops a channel's subscription and makes a new one.
    pub(super) fn subscribe_again(&mut self, channel: Channel, reason: &str, acts: &mut Vec<Act>) {
        if let Some(State::Live { sid, .. }) = self.channels.remove(&channel) {
            let id = self.next_id();
            acts.push(Act::Send(Command::unsubscribe(id, sid)));
        }
        if channel == Channel::Books {
            self.void_all(reason.to_owned(), acts);
        } else {
            self.missed(channel, reason.to_owned(), acts);
        }
        self.sync(acts);
    }

    /// Brings the subscriptions to what is wanted.
    pub(super) fn sync(&mut self, acts: &mut Vec<Act>) {
        let wanted_books = self.wanted.books.clone();
        self.books.retain(|market, _| wanted_books.contains(market));
        for market in &wanted_books {
            self.books.entry(market.clone()).or_insert(BookState::Void { attempts: 0 });
        }
        for channel in Channel::ALL {
            let markets = self.markets_of(channel);
            let is_wanted = self.is_wanted(channel);
            match self.channels.get_mut(&channel) {
                None if is_wanted => {
                    let id = self.next_id();
                    let names = (!markets.is_empty()).then(|| markets.iter().map(ToString::to_string).collect());
                    let one_a_second = (channel == Channel::Indices).then_some(&self.wanted.indices);
                    let indices =
                        one_a_second.or((channel == Channel::FastIndices).then_some(&self.wanted.fast_indices));
                    let params = CommandParams {
                        market_tickers: names,
                        use_yes_price: (channel == Channel::Books).then_some(true),
                        send_initial_snapshot: (channel == Channel::Tickers).then_some(true),
                        index_ids: indices.map(|indices| indices.iter().cloned().collect()),
                        ..CommandParams::default()
                    };
                    acts.push(Act::Send(Command::subscribe(id, channel.name(), params)));
                    self.channels.insert(channel, State::Asked { id, markets, ticks: 0 });
                    self.complete = false;
                }
                Some(State::Live { sid, .. }) if !is_wanted => {
                    let sid = *sid;
                    self.channels.remove(&channel);
                    let id = self.next_id();
                    acts.push(Act::Send(Command::unsubscribe(id, sid)));
                }
                Some(State::Live { sid, markets: have, .. }) => {
                    let sid = *sid;
                    let names = |set: Vec<&MarketTicker>| set.into_iter().map(ToString::to_string).collect::<Vec<_>>();
                    let (more, less) =
                        (names(markets.difference(have).collect()), names(have.difference(&markets).collect()));
                    *have = markets;
                    for (action, tickers) in [("add_markets", more), ("delete_markets", less)] {
                        if !tickers.is_empty() {
                            self.change(channel, sid, action, tickers, false, acts);
                        }
                    }
                }
                // What was asked for is adjusted when it is acknowledged.
                Some(State::Asked { .. } | State::Refused) | None => {}
            }
        }
        let waiting = self.channels.values().any(|state| matches!(state, State::Asked { .. }));
        if !waiting && !self.complete {
            self.complete = true;
            acts.push(Act::Market(MarketEvent::Connected));
            if self.wanted.account || self.wanted.order_groups {
                acts.push(Act::Account(AccountEvent::Reconcile { reason: "subscribed".into() }));
            }
        }
    }

    /// Adds markets to a subscription, or takes some out of it.
    pub(super) fn change(
        &mut self,
        channel: Channel,
        sid: u64,
        action: &str,
        tickers: Vec<String>,
        is_repeated: bool,
        acts: &mut Vec<Act>,
    ) {
        let id = self.next_id();
        if let Some(State::Live { change, .. }) = self.channels.get_mut(&channel) {
            *change = Some(Change { id, ticks: 0, is_repeated });
        }
        acts.push(Act::Send(Command::update_markets(id, sid, action, tickers)));
    }

    fn is_wanted(&self, channel: Channel) -> bool {
        match channel {
            Channel::Books => !self.wanted.books.is_empty(),
            Channel::Tickers => self.wanted.tickers && !self.wanted.books.is_empty(),
            Channel::Trades => self.wanted.trades && !self.wanted.books.is_empty(),
            Channel::Lifecycle => !self.wanted.lifecycle.is_empty(),
            Channel::Indices => !self.wanted.indices.is_empty(),
            Channel::FastIndices => !self.wanted.fast_indices.is_empty(),
            Channel::OrderGroups => self.wanted.order_groups,
            Channel::Fills | Channel::Orders | Channel::Positions => self.wanted.account,
        }
    }

    fn markets_of(&self, channel: Channel) -> BTreeSet<MarketTicker> {
        match channel {
            Channel::Books | Channel::Tickers | Channel::Trades => self.wanted.books.clone(),
            Channel::Lifecycle
            | Channel::Indices
            | Channel::FastIndices
            | Channel::Fills
            | Channel::Orders
            | Channel::Positions
            | Channel::OrderGroups => BTreeSet::new(),
        }
    }

    fn is_wanted_series(&self, market: &str) -> bool {
        market.split('-').next().is_some_and(|series| self.wanted.lifecycle.contains(series))
    }

    const fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}
