//! One WebSocket connection: its subscriptions, their numbering, and the frames that wait to be sent; and the commands that change it.

use super::Exchange;
use super::frames::{self, ticker_frame};
use recio_core::units::{AccountName, MarketTicker, Timestamp};
use recio_kalshi::wire::{Command, CommandError, CommandParams, Frame, FrameBody, OkMessage, SubscribedMessage};
use std::collections::{BTreeMap, BTreeSet};

/// One WebSocket connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub(super) u64);

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channel {
    Book,
    Ticker,
    Trade,
    Lifecycle,
    Fill,
    UserOrders,
    Positions,
    Index,
}

pub(super) struct Session {
    pub(super) account: AccountName,
    subscriptions: BTreeMap<u64, Subscription>,
    last_sid: u64,
    outbox: Vec<String>,
    frames: u64,
}

pub(super) struct Subscription {
    pub(super) channel: Channel,
    pub(super) use_yes_price: bool,
    seq: u64,
    /// `None` is all.
    markets: Option<BTreeSet<MarketTicker>>,
    indices: BTreeSet<String>,
}

/// Why a command is not done: the exchange's code, and the subscription it concerns.
struct Fault {
    code: u32,
    sid: Option<u64>,
    market: Option<String>,
}

impl Channel {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "orderbook_delta" => Self::Book,
            "ticker" => Self::Ticker,
            "trade" => Self::Trade,
            "market_lifecycle_v2" => Self::Lifecycle,
            "fill" => Self::Fill,
            "user_orders" => Self::UserOrders,
            "market_positions" => Self::Positions,
            "cfbenchmarks_value" => Self::Index,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Book => "orderbook_delta",
            Self::Ticker => "ticker",
            Self::Trade => "trade",
            Self::Lifecycle => "market_lifecycle_v2",
            Self::Fill => "fill",
            Self::UserOrders => "user_orders",
            Self::Positions => "market_positions",
            Self::Index => "cfbenchmarks_value",
        }
    }

    const fn is_sequenced(self) -> bool {
        matches!(self, Self::Book | Self::Trade | Self::Lifecycle | Self::Index)
    }
}

impl Session {
    const fn new(account: AccountName) -> Self {
        Self { account, subscriptions: BTreeMap::new(), last_sid: 0, outbox: Vec::new(), frames: 0 }
    }

    /// Queues a frame; on a channel that counts it takes the subscription's next number.
    pub(super) fn send(&mut self, sid: Option<u64>, id: Option<u64>, body: FrameBody<'_>, now: Timestamp) {
        let subscription = sid.and_then(|sid| self.subscriptions.get_mut(&sid));
        let seq = subscription.filter(|subscription| subscription.channel.is_sequenced()).map(|subscription| {
            subscription.seq += 1;
            subscription.seq
        });
        let frame = Frame { sid, seq, id, sending_ts_ms: Some(now.as_millisecond()), body };
        if let Ok(mut text) = frame.to_text() {
            text.push('\n');
            self.outbox.push(text);
            self.frames += 1;
        }
    }

    /// The subscriptions of a channel that a market's news go to.
    pub(super) fn market_sids(&self, channel: Channel, market: &MarketTicker) -> Vec<(u64, bool)> {
        self.subscriptions
            .iter()
            .filter(|(_, subscription)| subscription.channel == channel && subscription.covers(market))
            .map(|(sid, subscription)| (*sid, subscription.use_yes_price))
            .collect()
    }

    /// The subscriptions that the prints of an index go to.
    pub(super) fn index_sids(&self, index: &str) -> Vec<u64> {
        let wants = |indices: &BTreeSet<String>| indices.contains(index) || indices.contains("all");
        let entries = self.subscriptions.iter();
        entries.filter(|(_, one)| one.channel == Channel::Index && wants(&one.indices)).map(|(sid, _)| *sid).collect()
    }

    fn refuse(&mut self, id: Option<u64>, fault: Fault, now: Timestamp) {
        let error = CommandError {
            code: fault.code,
            msg: Some(meaning(fault.code).to_owned()),
            market_ticker: fault.market,
            market_tickers: None,
        };
        self.send(fault.sid, id, FrameBody::Error(error), now);
    }
}

impl Subscription {
    fn covers(&self, market: &MarketTicker) -> bool {
        self.markets.as_ref().is_none_or(|markets| markets.contains(market))
    }
}

impl From<u32> for Fault {
    fn from(code: u32) -> Self {
        Self { code, sid: None, market: None }
    }
}

impl Exchange {
    /// Opens a WebSocket session of an account.
    pub fn connect(&mut self, account: &AccountName) -> SessionId {
        self.session_count += 1;
        let id = SessionId(self.session_count);
        self.sessions.insert(id, Session::new(account.clone()));
        id
    }

    /// Ends a session; what was queued for it is gone.
    pub fn disconnect(&mut self, session: SessionId) {
        self.sessions.remove(&session);
    }

    /// Takes the frames that wait for a session, each with its line break.
    pub fn take_frames(&mut self, session: SessionId) -> Vec<String> {
        self.sessions.get_mut(&session).map(|session| std::mem::take(&mut session.outbox)).unwrap_or_default()
    }

    /// How many frames were ever queued for a session.
    #[must_use]
    pub fn frames_queued(&self, session: SessionId) -> u64 {
        self.sessions.get(&session).map_or(0, |session| session.frames)
    }

    /// Does what a client says on its session; the answers are queued.
    ///
    /// Source of commands, answers and error codes: docs.kalshi.com/websockets, state of October 2026.
    pub fn command(&mut self, session: SessionId, text: &str) {
        let now = self.now();
        let Some(mut open) = self.sessions.remove(&session) else { return };
        match serde_json::from_str::<Command>(text) {
            Ok(command) => {
                let id = Some(command.id).filter(|id| *id > 0);
                if let Err(fault) = self.obey(&mut open, id, &command) {
                    open.refuse(id, fault, now);
                }
            }
            Err(_) => open.refuse(None, 1.into(), now),
        }
        self.sessions.insert(session, open);
    }

    fn obey(&self, session: &mut Session, id: Option<u64>, command: &Command) -> Result<(), Fault> {
        let params = || command.params.as_ref().ok_or(Fault::from(2));
        match command.cmd.as_str() {
            "subscribe" => self.subscribe(session, id, params()?),
            "update_subscription" => self.update(session, id, params()?, &command.sids()),
            "unsubscribe" => {
                params()?;
                self.unsubscribe(session, id, &command.sids())
            }
            "list_subscriptions" => {
                let list = |(sid, one): (&u64, &Subscription)| SubscribedMessage {
                    channel: one.channel.name().to_owned(),
                    sid: *sid,
                };
                let all = session.subscriptions.iter().map(list).collect();
                session.send(None, id, FrameBody::Ok(OkMessage::Subscriptions(all)), self.now());
                Ok(())
            }
            _ => Err(5.into()),
        }
    }

    fn subscribe(&self, session: &mut Session, id: Option<u64>, params: &CommandParams) -> Result<(), Fault> {
        let names = params.channels.as_deref().filter(|names| !names.is_empty()).ok_or(Fault::from(3))?;
        let parse = |name: &String| Channel::parse(name).ok_or(Fault::from(8));
        let channels = names.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let markets = self.named_markets(params, None)?;
        if channels.contains(&Channel::Book) && markets.is_none() {
            return Err(14.into());
        }
        let indices: BTreeSet<String> = params.index_ids.iter().flatten().cloned().collect();
        if channels.contains(&Channel::Index) && indices.is_empty() {
            return Err(24.into());
        }
        for channel in channels {
            self.open(session, id, channel, markets.as_ref(), &indices, params);
        }
        Ok(())
    }

    /// Opens a subscription, or widens the one that is there: subscribing again is no error.
    fn open(
        &self,
        session: &mut Session,
        id: Option<u64>,
        channel: Channel,
        markets: Option<&BTreeSet<MarketTicker>>,
        indices: &BTreeSet<String>,
        params: &CommandParams,
    ) {
        let use_yes_price = params.use_yes_price.unwrap_or(false);
        let same = |(_, one): &(&u64, &Subscription)| {
            one.channel == channel && (channel != Channel::Book || one.use_yes_price == use_yes_price)
        };
        let found = session.subscriptions.iter().find(same).map(|(sid, _)| *sid);
        let sid = found.unwrap_or_else(|| {
            session.last_sid += 1;
            let markets = Some(BTreeSet::new());
            let one = Subscription { channel, use_yes_price, seq: 0, markets, indices: BTreeSet::new() };
            session.subscriptions.insert(session.last_sid, one);
            session.last_sid
        });
        if let Some(one) = session.subscriptions.get_mut(&sid) {
            match (markets, &mut one.markets) {
                (Some(wanted), Some(covered)) => covered.extend(wanted.iter().cloned()),
                (None, covered) => *covered = None,
                (Some(_), None) => {}
            }
            one.indices.extend(indices.iter().cloned());
        }
        let subscribed = SubscribedMessage { channel: channel.name().to_owned(), sid };
        session.send(None, id, FrameBody::Subscribed(subscribed), self.now());
        match channel {
            Channel::Book => self.send_snapshots(session, sid, None, markets.into_iter().flatten()),
            Channel::Ticker if params.send_initial_snapshot == Some(true) => {
                let covered: Vec<_> = self
                    .listings
                    .keys()
                    .filter(|market| markets.is_none_or(|wanted| wanted.contains(*market)))
                    .collect();
                for market in covered {
                    if let Some(frame) = ticker_frame(&self.listings[market], &self.venue) {
                        session.send(Some(sid), None, frame, self.now());
                    }
                }
            }
            Channel::Ticker
            | Channel::Trade
            | Channel::Lifecycle
            | Channel::Fill
            | Channel::UserOrders
            | Channel::Positions
            | Channel::Index => {}
        }
    }

    fn update(
        &self,
        session: &mut Session,
        id: Option<u64>,
        params: &CommandParams,
        sids: &[u64],
    ) -> Result<(), Fault> {
        let &[sid] = sids else { return Err(12.into()) };
        let channel = session.subscriptions.get(&sid).ok_or(Fault::from(7))?.channel;
        let fault = |code| Fault { code, sid: Some(sid), market: None };
        let action = params.action.as_deref().ok_or_else(|| fault(15))?;
        let now = self.now();
        if channel == Channel::Index {
            return self.update_indices(session, id, sid, action, params);
        }
        if !matches!(action, "add_markets" | "delete_markets" | "get_snapshot")
            || (action == "get_snapshot" && channel != Channel::Book)
        {
            return Err(fault(13));
        }
        let markets = self.named_markets(params, Some(sid))?.ok_or_else(|| fault(14))?;
        if action == "get_snapshot" {
            self.send_snapshots(session, sid, id, markets.iter());
            return Ok(());
        }
        let Some(one) = session.subscriptions.get_mut(&sid) else { return Err(7.into()) };
        let adding = action == "add_markets";
        match (&mut one.markets, adding) {
            (Some(covered), true) => covered.extend(markets.iter().cloned()),
            (Some(covered), false) => covered.retain(|market| !markets.contains(market)),
            // All markets are covered, also those to come.
            (None, true) => {}
            (covered @ None, false) => {
                *covered = Some(self.listings.keys().filter(|market| !markets.contains(*market)).cloned().collect());
            }
        }
        let covered = one.markets.iter().flatten().map(ToString::to_string).collect();
        let set = OkMessage::Set {
            market_tickers: Some(covered).filter(|_| params.skip_ticker_ack != Some(true)),
            index_ids: None,
        };
        session.send(Some(sid), id, FrameBody::Ok(set), now);
        if adding && channel == Channel::Book {
            self.send_snapshots(session, sid, None, markets.iter());
        }
        Ok(())
    }

    fn update_indices(
        &self,
        session: &mut Session,
        id: Option<u64>,
        sid: u64,
        action: &str,
        params: &CommandParams,
    ) -> Result<(), Fault> {
        let fault = |code| Fault { code, sid: Some(sid), market: None };
        let adding = match action {
            "subscribe_indices" => true,
            "unsubscribe_indices" => false,
            _ => return Err(fault(13)),
        };
        let named = params.index_ids.as_deref().filter(|named| !named.is_empty()).ok_or_else(|| fault(24))?;
        let Some(one) = session.subscriptions.get_mut(&sid) else { return Err(7.into()) };
        for index in named {
            if adding {
                one.indices.insert(index.clone());
            } else {
                one.indices.remove(index);
            }
        }
        let index_ids = Some(one.indices.iter().cloned().collect());
        session.send(Some(sid), id, FrameBody::Ok(OkMessage::Set { market_tickers: None, index_ids }), self.now());
        Ok(())
    }

    fn unsubscribe(&self, session: &mut Session, id: Option<u64>, sids: &[u64]) -> Result<(), Fault> {
        if sids.is_empty() {
            return Err(4.into());
        }
        for sid in sids {
            if session.subscriptions.contains_key(sid) {
                session.send(Some(*sid), id, FrameBody::Unsubscribed, self.now());
                session.subscriptions.remove(sid);
            } else {
                session.refuse(id, 7.into(), self.now());
            }
        }
        Ok(())
    }

    fn send_snapshots<'a>(
        &self,
        session: &mut Session,
        sid: u64,
        id: Option<u64>,
        markets: impl Iterator<Item = &'a MarketTicker>,
    ) {
        let use_yes_price = session.subscriptions.get(&sid).is_some_and(|one| one.use_yes_price);
        for market in markets {
            let book = frames::current_book_frame(&self.venue, market, use_yes_price);
            session.send(Some(sid), id, book, self.now());
        }
    }

    /// The markets that a command names; `None` where it names none.
    fn named_markets(&self, params: &CommandParams, sid: Option<u64>) -> Result<Option<BTreeSet<MarketTicker>>, Fault> {
        let names: Vec<&String> = match (&params.market_ticker, &params.market_tickers) {
            (Some(_), Some(_)) => return Err(Fault { code: 11, sid, market: None }),
            (Some(one), None) => vec![one],
            (None, Some(many)) => many.iter().collect(),
            (None, None) => return Ok(None),
        };
        let known = |name: &String| {
            let listed = MarketTicker::new(name).ok().filter(|market| self.listings.contains_key(market));
            listed.ok_or_else(|| Fault { code: 11, sid, market: Some(name.clone()) })
        };
        let markets = names.into_iter().map(known).collect::<Result<BTreeSet<_>, _>>()?;
        Ok(Some(markets).filter(|markets| !markets.is_empty()))
    }
}

/// The words that go with an error code. Source: docs.kalshi.com/websockets, state of October 2026.
const fn meaning(code: u32) -> &'static str {
    match code {
        1 => "Unable to process message",
        2 => "Params required",
        3 => "Channels required",
        4 => "Subscription IDs required",
        5 => "Unknown command",
        7 => "Unknown subscription ID",
        8 => "Unknown channel name",
        11 => "Invalid parameter",
        12 => "Exactly one subscription ID is required",
        13 => "Unsupported action",
        14 => "Market ticker required",
        15 => "Action required",
        24 => "Index IDs required",
        _ => "Channel error",
    }
}
