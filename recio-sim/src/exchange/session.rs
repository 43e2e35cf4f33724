//! One WebSocket connection: its subscriptions, their numbering, and the frames that wait to be sent.

use super::Exchange;
use recio_core::units::{AccountName, MarketTicker, Timestamp};
use recio_kalshi::wire::{CommandError, Frame, FrameBody, SubscribedMessage};
use serde::Serialize;
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
    Groups,
    Index,
    Index5Hz,
    /// Channels that can be subscribed to and that nothing is ever told on: combos, requests for quotes, prices of another source.
    Silent(&'static str),
}

pub(super) struct Session {
    pub(super) account: AccountName,
    pub(super) subscriptions: BTreeMap<u64, Subscription>,
    last_sid: u64,
    outbox: Vec<String>,
    frames: u64,
    /// The second of the exchange's time that commands were last counted in, and how many came in it.
    commands: (i64, u32),
}

pub(super) struct Subscription {
    pub(super) channel: Channel,
    pub(super) use_yes_price: bool,
    seq: u64,
    /// `None` is all.
    pub(super) markets: Option<BTreeSet<MarketTicker>>,
    pub(super) indices: BTreeSet<String>,
}

/// A frame of a kind that the client's types do not have.
#[derive(Serialize)]
struct RawFrame<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    sid: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    msg: T,
    sending_ts_ms: i64,
}

impl Channel {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "orderbook_delta" => Self::Book,
            "ticker" => Self::Ticker,
            "trade" => Self::Trade,
            "market_lifecycle_v2" => Self::Lifecycle,
            "fill" => Self::Fill,
            "user_orders" => Self::UserOrders,
            "market_positions" => Self::Positions,
            "order_group_updates" => Self::Groups,
            "cfbenchmarks_value" => Self::Index,
            "cfbenchmarks_value_5hz" => Self::Index5Hz,
            "multivariate_market_lifecycle" => Self::Silent("multivariate_market_lifecycle"),
            "communications" => Self::Silent("communications"),
            "pyth_value" => Self::Silent("pyth_value"),
            _ => return None,
        })
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Book => "orderbook_delta",
            Self::Ticker => "ticker",
            Self::Trade => "trade",
            Self::Lifecycle => "market_lifecycle_v2",
            Self::Fill => "fill",
            Self::UserOrders => "user_orders",
            Self::Positions => "market_positions",
            Self::Groups => "order_group_updates",
            Self::Index => "cfbenchmarks_value",
            Self::Index5Hz => "cfbenchmarks_value_5hz",
            Self::Silent(name) => name,
        }
    }

    pub(super) const fn is_index(self) -> bool {
        matches!(self, Self::Index | Self::Index5Hz)
    }

    const fn is_sequenced(self) -> bool {
        matches!(
            self,
            Self::Book | Self::Trade | Self::Lifecycle | Self::Groups | Self::Index | Self::Index5Hz | Self::Silent(_)
        )
    }
}

impl Session {
    const fn new(account: AccountName) -> Self {
        Self { account, subscriptions: BTreeMap::new(), last_sid: 0, outbox: Vec::new(), frames: 0, commands: (0, 0) }
    }

    /// Queues a frame; on a channel that counts it takes the subscription's next number.
    pub(super) fn send(&mut self, sid: Option<u64>, id: Option<u64>, body: FrameBody<'_>, now: Timestamp) {
        let seq = sid.and_then(|sid| self.next_seq(sid));
        let frame = Frame { sid, seq, id, sending_ts_ms: Some(now.as_millisecond()), body };
        if let Ok(text) = frame.to_text() {
            self.queue(text);
        }
    }

    /// As [`send`](Self::send), for a kind that the client's types do not have.
    pub(super) fn send_raw(&mut self, sid: u64, id: Option<u64>, kind: &str, msg: impl Serialize, now: Timestamp) {
        let seq = self.next_seq(sid);
        let frame = RawFrame { kind, sid, seq, id, msg, sending_ts_ms: now.as_millisecond() };
        if let Ok(text) = serde_json::to_string(&frame) {
            self.queue(text);
        }
    }

    fn next_seq(&mut self, sid: u64) -> Option<u64> {
        let subscription = self.subscriptions.get_mut(&sid).filter(|one| one.channel.is_sequenced())?;
        subscription.seq += 1;
        Some(subscription.seq)
    }

    fn queue(&mut self, mut text: String) {
        text.push('\n');
        self.outbox.push(text);
        self.frames += 1;
    }

    /// Counts a command; false where there were more in this second than the exchange takes.
    pub(super) fn count_command(&mut self, now: Timestamp, most: u32) -> bool {
        let second = now.as_second();
        self.commands =
            if self.commands.0 == second { (second, self.commands.1.saturating_add(1)) } else { (second, 1) };
        self.commands.1 <= most
    }

    /// Markets that its subscriptions name, one counted for each of them.
    pub(super) fn market_count(&self) -> usize {
        self.subscriptions.values().filter_map(|one| one.markets.as_ref()).map(BTreeSet::len).sum()
    }

    /// Opens a subscription to a channel, to nothing of it yet; returns its id.
    pub(super) fn add(&mut self, channel: Channel, use_yes_price: bool) -> u64 {
        self.last_sid += 1;
        let markets = Some(BTreeSet::new());
        let one = Subscription { channel, use_yes_price, seq: 0, markets, indices: BTreeSet::new() };
        self.subscriptions.insert(self.last_sid, one);
        self.last_sid
    }

    /// What is subscribed to, as the exchange lists it.
    pub(super) fn list(&self) -> Vec<SubscribedMessage> {
        let list =
            |(sid, one): (&u64, &Subscription)| SubscribedMessage { channel: one.channel.name().to_owned(), sid: *sid };
        self.subscriptions.iter().map(list).collect()
    }

    /// Ends a subscription with an error, as the exchange does when it cannot go on.
    fn fail(&mut self, sid: u64, code: u32, now: Timestamp) {
        let error =
            CommandError { code, msg: Some(meaning(code).to_owned()), market_ticker: None, market_tickers: None };
        self.send(Some(sid), None, FrameBody::Error(error), now);
        self.subscriptions.remove(&sid);
    }

    /// The subscriptions of a channel that a market's news go to.
    pub(super) fn market_sids(&self, channel: Channel, market: &MarketTicker) -> Vec<(u64, bool)> {
        self.subscriptions
            .iter()
            .filter(|(_, subscription)| subscription.channel == channel && subscription.covers(market))
            .map(|(sid, subscription)| (*sid, subscription.use_yes_price))
            .collect()
    }

    /// The subscriptions of a channel that belongs to no market.
    pub(super) fn channel_sids(&self, channel: Channel) -> Vec<u64> {
        self.subscriptions.iter().filter(|(_, one)| one.channel == channel).map(|(sid, _)| *sid).collect()
    }

    /// The subscriptions that the prints of an index go to.
    pub(super) fn index_sids(&self, channel: Channel, index: &str) -> Vec<u64> {
        let wants = |indices: &BTreeSet<String>| indices.contains(index) || indices.contains("all");
        let entries = self.subscriptions.iter();
        entries.filter(|(_, one)| one.channel == channel && wants(&one.indices)).map(|(sid, _)| *sid).collect()
    }
}

impl Subscription {
    fn covers(&self, market: &MarketTicker) -> bool {
        self.markets.as_ref().is_none_or(|markets| markets.contains(market))
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

    /// Ends an account's subscriptions to a channel with a terminal error: 10 (channel error) or 25 (its buffer overflowed). Returns how many
    /// there were. The client has to subscribe again.
    pub fn fail_subscriptions(&mut self, account: &AccountName, channel: &str, code: u32) -> usize {
        let now = self.now();
        let mut failed = 0;
        for session in self.sessions.values_mut().filter(|session| session.account == *account) {
            let named = session.subscriptions.iter().filter(|(_, one)| one.channel.name() == channel);
            for sid in named.map(|(sid, _)| *sid).collect::<Vec<_>>() {
                session.fail(sid, code, now);
                failed += 1;
            }
        }
        failed
    }
}

/// The words that go with an error code. Source: docs.kalshi.com/websockets, state of October 2026.
pub(super) const fn meaning(code: u32) -> &'static str {
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
        19..=22 => "Shard factor or shard key invalid",
        24 => "Index IDs required",
        25 => "Subscription buffer overflow",
        26 => "Subscription market limit exceeded",
        27 => "Too many requests",
        28 => "Underlying tickers required",
        _ => "Channel error",
    }
}
