//! What a client says on its WebSocket: it subscribes, changes its subscriptions, and ends them.
//!
//! Source of commands, answers and error codes: docs.kalshi.com/websockets, state of October 2026.

use super::Exchange;
use super::frames::{self, ticker_frame};
use super::session::{Channel, Session, SessionId, Subscription, meaning};
use recio_core::units::{MarketTicker, Timestamp};
use recio_kalshi::wire::{Command, CommandError, CommandParams, FrameBody, OkMessage, SubscribedMessage};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Commands that a session may send within a second. Source: docs.kalshi.com/websockets, limits.
const COMMANDS_PER_SECOND: u32 = 10_000;
/// Markets that one session may be subscribed to, counted once for each subscription. Source: as above.
const MARKETS_PER_SESSION: usize = 500_000;

/// Why a command is not done: the exchange's code, and the subscription it concerns.
struct Fault {
    code: u32,
    sid: Option<u64>,
    market: Option<String>,
}

/// Parameters of channels that recio's client has no use for.
#[derive(Default, Deserialize)]
struct OtherCommand {
    #[serde(default)]
    params: Option<OtherParams>,
}

#[derive(Default, Deserialize)]
struct OtherParams {
    underlying_tickers: Option<Vec<String>>,
    shard_factor: Option<i64>,
    shard_key: Option<i64>,
}

/// Answer to `indexlist`.
#[derive(Serialize)]
struct IndexList {
    index_ids: Vec<String>,
}

impl From<u32> for Fault {
    fn from(code: u32) -> Self {
        Self { code, sid: None, market: None }
    }
}

fn refuse(session: &mut Session, id: Option<u64>, fault: Fault, now: Timestamp) {
    let error = CommandError {
        code: fault.code,
        msg: Some(meaning(fault.code).to_owned()),
        market_ticker: fault.market,
        market_tickers: None,
    };
    session.send(fault.sid, id, FrameBody::Error(error), now);
}

impl Exchange {
    /// Does what a client says on its session; the answers are queued.
    ///
    /// Source of commands, answers and error codes: docs.kalshi.com/websockets, state of October 2026.
    pub fn command(&mut self, session: SessionId, text: &str) {
        let now = self.now();
        let Some(mut open) = self.sessions.remove(&session) else { return };
        match serde_json::from_str::<Command>(text) {
            Ok(command) if !open.count_command(now, COMMANDS_PER_SECOND) => {
                refuse(&mut open, Some(command.id).filter(|id| *id > 0), 27.into(), now);
            }
            Ok(command) => {
                let id = Some(command.id).filter(|id| *id > 0);
                let other = serde_json::from_str::<OtherCommand>(text).ok().and_then(|other| other.params);
                if let Err(fault) = self.obey(&mut open, id, &command, &other.unwrap_or_default()) {
                    refuse(&mut open, id, fault, now);
                }
            }
            Err(_) => refuse(&mut open, None, 1.into(), now),
        }
        self.sessions.insert(session, open);
    }

    fn obey(
        &self,
        session: &mut Session,
        id: Option<u64>,
        command: &Command,
        other: &OtherParams,
    ) -> Result<(), Fault> {
        let params = || command.params.as_ref().ok_or(Fault::from(2));
        match command.cmd.as_str() {
            "subscribe" => self.subscribe(session, id, params()?, other),
            "update_subscription" => self.update(session, id, params()?, &command.sids()),
            "unsubscribe" => {
                params()?;
                self.unsubscribe(session, id, &command.sids())
            }
            "list_subscriptions" => {
                let all = OkMessage::Subscriptions(session.list());
                session.send(None, id, FrameBody::Ok(all), self.now());
                Ok(())
            }
            _ => Err(5.into()),
        }
    }

    fn subscribe(
        &self,
        session: &mut Session,
        id: Option<u64>,
        params: &CommandParams,
        other: &OtherParams,
    ) -> Result<(), Fault> {
        let names = params.channels.as_deref().filter(|names| !names.is_empty()).ok_or(Fault::from(3))?;
        let parse = |name: &String| Channel::parse(name).ok_or(Fault::from(8));
        let channels = names.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let markets = self.named_markets(params, None)?;
        if channels.contains(&Channel::Book) && markets.is_none() {
            return Err(14.into());
        }
        let indices: BTreeSet<String> = params.index_ids.iter().flatten().cloned().collect();
        if channels.iter().any(|channel| channel.is_index()) && indices.is_empty() {
            return Err(24.into());
        }
        if channels.contains(&Channel::Silent("pyth_value"))
            && other.underlying_tickers.as_ref().is_none_or(Vec::is_empty)
        {
            return Err(28.into());
        }
        // The docs give four codes for what can be wrong about the two, and not which is for what.
        let factor = other.shard_factor.unwrap_or(1);
        if !(1..=100).contains(&factor) {
            return Err(19.into());
        }
        if other.shard_key.is_some_and(|key| !(0..factor).contains(&key)) {
            return Err(21.into());
        }
        let named = markets.as_ref().map_or(0, BTreeSet::len).saturating_mul(channels.len());
        if session.market_count().saturating_add(named) > MARKETS_PER_SESSION {
            return Err(26.into());
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
        let sid = found.unwrap_or_else(|| session.add(channel, use_yes_price));
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
            | Channel::Groups
            | Channel::Index
            | Channel::Index5Hz
            | Channel::Silent(_) => {}
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
        if channel.is_index() {
            return self.update_indices(session, id, sid, channel, action, params);
        }
        if matches!(channel, Channel::Silent(_))
            || !matches!(action, "add_markets" | "delete_markets" | "get_snapshot")
            || (action == "get_snapshot" && channel != Channel::Book)
        {
            return Err(fault(13));
        }
        let markets = self.named_markets(params, Some(sid))?.ok_or_else(|| fault(14))?;
        if action == "get_snapshot" {
            self.send_snapshots(session, sid, id, markets.iter());
            return Ok(());
        }
        let adding = action == "add_markets";
        if adding && session.market_count().saturating_add(markets.len()) > MARKETS_PER_SESSION {
            return Err(fault(26));
        }
        let Some(one) = session.subscriptions.get_mut(&sid) else { return Err(7.into()) };
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
        channel: Channel,
        action: &str,
        params: &CommandParams,
    ) -> Result<(), Fault> {
        let fault = |code| Fault { code, sid: Some(sid), market: None };
        if action == "indexlist" {
            let index_ids = self.index.ids();
            session.send_raw(sid, id, &format!("{}_indexlist", channel.name()), IndexList { index_ids }, self.now());
            return Ok(());
        }
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
                refuse(session, id, 7.into(), self.now());
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
