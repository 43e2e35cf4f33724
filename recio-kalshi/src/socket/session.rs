//! One connection's subscriptions as a state machine: frames in, commands and events out, no I/O.

use super::{AccountEvent, Channel, IndexEvent, MarketEvent, Wanted};
use crate::parse::{self, ParseError};
use crate::wire::{Command, CommandError, CommandParams, Frame, FrameBody, FrameHead};
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
    /// Close the connection and open another.
    Reconnect(String),
}

#[derive(Debug)]
enum State {
    /// Subscribed, not acknowledged.
    Asked {
        id: u64,
        markets: BTreeSet<MarketTicker>,
        ticks: u8,
    },
    Live {
        sid: u64,
        sequence: Sequence,
        markets: BTreeSet<MarketTicker>,
    },
    /// The exchange refuses it.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BookState {
    Void { attempts: u8 },
    Live,
}

#[derive(Debug)]
pub(super) struct Session {
    wanted: Wanted,
    last_id: u64,
    channels: BTreeMap<Channel, State>,
    books: BTreeMap<MarketTicker, BookState>,
    /// All that was wanted is subscribed.
    complete: bool,
    /// It was so for a whole tick.
    settled: bool,
}

impl Session {
    pub(super) const fn new(wanted: Wanted) -> Self {
        Self { wanted, last_id: 0, channels: BTreeMap::new(), books: BTreeMap::new(), complete: false, settled: false }
    }

    /// The commands to begin with.
    pub(super) fn open(&mut self) -> Vec<Act> {
        let mut acts = Vec::new();
        self.sync(&mut acts);
        acts
    }

    pub(super) fn want(&mut self, wanted: Wanted) -> Vec<Act> {
        self.wanted = wanted;
        let mut acts = Vec::new();
        self.sync(&mut acts);
        acts
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
            if let State::Asked { ticks, .. } = state {
                // The first tick may come right after the asking; the second leaves a whole interval for the answer.
                *ticks += 1;
                if *ticks > 1 {
                    return vec![Act::Reconnect(format!("no answer to the subscription of {}", channel.name()))];
                }
            }
        }
        let mut acts = Vec::new();
        self.ask_for_void_books(&mut acts);
        acts
    }

    pub(super) fn frame(&mut self, text: &[u8]) -> Vec<Act> {
        let mut acts = Vec::new();
        match Frame::parse(text) {
            Ok(frame) => self.parsed(&frame, &mut acts),
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
                    acts.push(Act::Market(MarketEvent::Snapshot { market, book, sequence }));
                }
            }),
            FrameBody::Delta(message) => parse::delta(message).map(|(market, delta, exchange_time)| {
                if self.books.get(&market) == Some(&BookState::Live) {
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
                parse::index_print(message).map(|print| acts.push(Act::Index(IndexEvent::Print(print))))
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

    fn missed(&mut self, channel: Channel, reason: String, acts: &mut Vec<Act>) {
        match channel {
            Channel::Books => {
                self.void_all(reason, acts);
                self.ask_for_void_books(acts);
            }
            Channel::Indices => acts.push(Act::Index(IndexEvent::Missed { reason })),
            Channel::Fills | Channel::Orders | Channel::Positions => {
                acts.push(Act::Account(AccountEvent::Reconcile { reason }));
            }
            Channel::Tickers | Channel::Trades | Channel::Lifecycle => {
                acts.push(Act::Market(MarketEvent::Missed(channel)));
            }
        }
    }

    fn void_all(&mut self, reason: String, acts: &mut Vec<Act>) {
        for state in self.books.values_mut() {
            *state = BookState::Void { attempts: 0 };
        }
        if !self.books.is_empty() {
            acts.push(Act::Market(MarketEvent::Void { markets: self.markets(), reason }));
        }
    }

    fn ask_for_void_books(&mut self, acts: &mut Vec<Act>) {
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

    /// A frame that is not what the API describes: it is counted, and whatever it may have said counts as missed.
    fn unreadable(&mut self, channel: Option<Channel>, error: String, acts: &mut Vec<Act>) {
        match channel {
            Some(channel @ (Channel::Tickers | Channel::Trades | Channel::Lifecycle)) => {
                acts.push(Act::Market(MarketEvent::Unreadable { channel, error }));
            }
            Some(Channel::Books) => {
                // Each unreadable frame asks at most SNAPSHOT_ATTEMPTS times: an unreadable snapshot does not ask for ever.
                let all_void = self.books.values().all(|state| matches!(state, BookState::Void { .. }));
                acts.push(Act::Market(MarketEvent::Unreadable { channel: Channel::Books, error: error.clone() }));
                if !all_void {
                    self.void_all(error, acts);
                    self.ask_for_void_books(acts);
                }
            }
            Some(channel) => self.missed(channel, error, acts),
            None => acts.push(Act::Reconnect(error)),
        }
    }

    /// A sound frame with a value that is none: only what it is about is spoiled.
    fn bad_value(&mut self, channel: Option<Channel>, error: &ParseError, acts: &mut Vec<Act>) {
        let market = MarketTicker::new(&error.name).ok().filter(|market| self.books.contains_key(market));
        match (channel, market) {
            (Some(Channel::Books), Some(market)) => {
                // A book that is void keeps its count of attempts, so that an unreadable snapshot does not ask for ever.
                let was_live = self.books.get(&market) == Some(&BookState::Live);
                if was_live {
                    self.books.insert(market.clone(), BookState::Void { attempts: 0 });
                }
                acts.push(Act::Market(MarketEvent::Void { markets: vec![market], reason: error.to_string() }));
                if was_live {
                    self.ask_for_void_books(acts);
                }
            }
            (channel, _) => self.unreadable(channel, error.to_string(), acts),
        }
    }

    fn acknowledged(&mut self, answered: Option<u64>, new_sid: u64, acts: &mut Vec<Act>) {
        let found = self
            .channels
            .iter_mut()
            .find(|(_, state)| matches!(state, State::Asked { id, .. } if Some(*id) == answered));
        // An acknowledgement of a subscription that is no longer wanted here changes nothing.
        let Some((_, state)) = found else { return };
        if let State::Asked { markets, .. } = state {
            let markets = std::mem::take(markets);
            *state = State::Live { sid: new_sid, sequence: Sequence::new(), markets };
        }
        self.sync(acts);
    }

    fn refused(&mut self, answered: Option<u64>, channel: Option<Channel>, error: &CommandError, acts: &mut Vec<Act>) {
        let message = error.msg.clone().unwrap_or_default();
        let asked = self.channels.iter().find_map(|(channel, state)| match state {
            State::Asked { id, .. } if Some(*id) == answered => Some(*channel),
            State::Asked { .. } | State::Live { .. } | State::Refused => None,
        });
        match (error.code, channel, asked) {
            // Terminal: this subscription is dead.
            (10 | 25, Some(channel), _) => {
                let reason = format!("error {} on {}: {message}", error.code, channel.name());
                self.subscribe_again(channel, &reason, acts);
            }
            // Passing: unable to process, command time-out, too many requests.
            (1 | 18 | 27, _, Some(channel)) => acts.push(Act::Reconnect(format!(
                "error {} on the subscription of {}: {message}",
                error.code,
                channel.name()
            ))),
            // A change to a subscription timed out or came too fast: what it asked for would stay without data for as long as the connection
            // lives, so all is asked for again.
            (18 | 27, channel, None) => acts.push(Act::Reconnect(format!(
                "error {} on a change to {}: {message}",
                error.code,
                channel.map_or("a subscription", Channel::name)
            ))),
            (code, _, Some(channel)) => {
                self.channels.insert(channel, State::Refused);
                acts.push(Act::Market(MarketEvent::Refused { channel: Some(channel), code, message }));
                if channel.is_account() {
                    let reason = format!("the exchange refuses {}", channel.name());
                    acts.push(Act::Account(AccountEvent::Reconcile { reason }));
                }
                self.sync(acts);
            }
            // A change to a subscription failed; what it asked for stays without data (a book stays void).
            (code, channel, None) => acts.push(Act::Market(MarketEvent::Refused { channel, code, message })),
        }
    }

    /// Drops a channel's subscription and makes a new one.
    fn subscribe_again(&mut self, channel: Channel, reason: &str, acts: &mut Vec<Act>) {
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
    fn sync(&mut self, acts: &mut Vec<Act>) {
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
                    let params = CommandParams {
                        market_tickers: names,
                        use_yes_price: (channel == Channel::Books).then_some(true),
                        send_initial_snapshot: (channel == Channel::Tickers).then_some(true),
                        index_ids: (channel == Channel::Indices).then(|| self.wanted.indices.iter().cloned().collect()),
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
                            let id = self.next_id();
                            acts.push(Act::Send(Command::update_markets(id, sid, action, tickers)));
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
            if self.wanted.account {
                acts.push(Act::Account(AccountEvent::Reconcile { reason: "subscribed".into() }));
            }
        }
    }

    fn is_wanted(&self, channel: Channel) -> bool {
        match channel {
            Channel::Books => !self.wanted.books.is_empty(),
            Channel::Tickers => self.wanted.tickers && !self.wanted.books.is_empty(),
            Channel::Trades => self.wanted.trades && !self.wanted.books.is_empty(),
            Channel::Lifecycle => !self.wanted.lifecycle.is_empty(),
            Channel::Indices => !self.wanted.indices.is_empty(),
            Channel::Fills | Channel::Orders | Channel::Positions => self.wanted.account,
        }
    }

    fn markets_of(&self, channel: Channel) -> BTreeSet<MarketTicker> {
        match channel {
            Channel::Books | Channel::Tickers | Channel::Trades => self.wanted.books.clone(),
            Channel::Lifecycle | Channel::Indices | Channel::Fills | Channel::Orders | Channel::Positions => {
                BTreeSet::new()
            }
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
