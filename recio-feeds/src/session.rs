//! One venue's stream as a state machine: frames in, events and commands out, no I/O and no clock.

use crate::health::FeedHealth;
use crate::protocol::{Message, TradeNumbers, VenueTrade};
use crate::venue::Venue;
use recio_core::market::Asset;
use recio_core::price_feed::{PriceEvent, PriceTick};
use recio_core::units::Timestamp;

/// Unreadable messages in a row after which the connection is given up: a stream of garbage is no stream.
const MALFORMED_IN_A_ROW: u32 = 10;
/// A lower trade number this much later than the newest trade is no repetition: the venue counts anew.
const COUNTS_ANEW_AFTER_SECONDS: i64 = 5;

/// What the session wants done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Send this text frame.
    Send(String),
    /// Tell the reader.
    Tell(PriceEvent),
    /// Close the connection and open another.
    Reconnect(String),
}

#[derive(Debug)]
pub(crate) struct Session {
    venue: Venue,
    asset: Asset,
    health: FeedHealth,
    /// The highest trade number so far, and that trade's time; outlives connections, so that holes between them show.
    newest: Option<(u64, Timestamp)>,
    /// A number that a heartbeat named and we had not seen: missed when the next heartbeat comes and it is still not here.
    named: Option<u64>,
    malformed_in_a_row: u32,
    /// Trades that this connection brought beside a snapshot's.
    live_trades: u64,
}

impl Session {
    pub(crate) fn new(venue: Venue, asset: Asset) -> Self {
        let health = FeedHealth::default();
        Self { venue, asset, health, newest: None, named: None, malformed_in_a_row: 0, live_trades: 0 }
    }

    pub(crate) const fn health(&self) -> &FeedHealth {
        &self.health
    }

    /// Whether the running connection is subscribed.
    pub(crate) const fn is_connected(&self) -> bool {
        self.health.connected
    }

    /// Trades of the running connection, without those of its snapshot; none while there is no connection.
    pub(crate) const fn live_trades(&self) -> u64 {
        self.live_trades
    }

    /// A connection is open.
    pub(crate) fn open(&mut self) -> Vec<Act> {
        self.named = None;
        self.malformed_in_a_row = 0;
        vec![Act::Send(self.venue.subscription(self.asset))]
    }

    /// The connection is lost, or none came about.
    pub(crate) fn lost(&mut self, reason: String) -> PriceEvent {
        self.health.connected = false;
        self.health.losses += 1;
        self.live_trades = 0;
        self.health.last_trouble = Some(reason.clone());
        PriceEvent::Disconnected { reason }
    }

    /// A ping or pong of the WebSocket itself.
    pub(crate) fn sign_of_life(&mut self) -> Vec<Act> {
        if !self.health.connected {
            return Vec::new();
        }
        self.health.heartbeats += 1;
        vec![Act::Tell(PriceEvent::Heartbeat)]
    }

    pub(crate) fn frame(&mut self, frame: &[u8]) -> Vec<Act> {
        let message = match self.venue.parse(self.asset, frame) {
            Ok(message) => message,
            Err(error) => return self.unreadable(error.to_string()),
        };
        self.malformed_in_a_row = 0;
        let mut acts = Vec::new();
        match message {
            Message::Subscribed => self.subscribed(&mut acts),
            Message::Trades { trades, snapshot } => {
                // Trades prove the subscription; some venues send them before its acknowledgement.
                self.subscribed(&mut acts);
                for trade in trades {
                    self.trade(&mut acts, trade, snapshot);
                }
            }
            Message::Heartbeat { last_trade_id } => {
                acts.extend(self.sign_of_life());
                if let Some(id) = last_trade_id {
                    self.last_trade_named(&mut acts, id);
                }
            }
            Message::Refused(words) => acts.push(Act::Reconnect(format!("{} refuses: {words}", self.venue))),
            Message::ReconnectAsked => acts.push(Act::Reconnect(format!("{} asks for a new connection", self.venue))),
            Message::Other => self.health.ignored += 1,
        }
        acts
    }

    fn subscribed(&mut self, acts: &mut Vec<Act>) {
        if !std::mem::replace(&mut self.health.connected, true) {
            self.health.connects += 1;
            acts.push(Act::Tell(PriceEvent::Connected));
        }
    }

    fn trade(&mut self, acts: &mut Vec<Act>, trade: VenueTrade, snapshot: bool) {
        self.live_trades += u64::from(!snapshot);
        if let Some((id, time)) = self.newest {
            let late_by = trade.time.as_second() - time.as_second();
            if trade.id <= id && late_by < COUNTS_ANEW_AFTER_SECONDS {
                // A rising number may be overtaken by another: only the same one is surely the same trade.
                if self.venue.trade_numbers() == TradeNumbers::Gapless || trade.id == id {
                    self.health.repeated += 1;
                    return;
                }
            } else if trade.id <= id {
                self.interrupted(acts, format!("{} counts its trades anew from {}", self.venue, trade.id));
                self.newest = None;
            } else if self.venue.trade_numbers() == TradeNumbers::Gapless && trade.id > id + 1 {
                self.gap(acts, id, trade.id);
            }
        }
        if self.newest.is_none_or(|(id, _)| trade.id > id) {
            self.newest = Some((trade.id, trade.time));
        }
        let tick = PriceTick { price: trade.price, exchange_time: trade.time };
        if self.health.last_tick.is_none_or(|last| tick.exchange_time >= last.exchange_time) {
            self.health.last_tick = Some(tick);
        }
        self.health.trades += 1;
        acts.push(Act::Tell(PriceEvent::Tick(tick)));
    }

    /// A heartbeat says which trade is the last. It may overtake that trade, but not by a whole heartbeat.
    fn last_trade_named(&mut self, acts: &mut Vec<Act>, id: u64) {
        let Some((newest, _)) = self.newest else { return };
        match self.named {
            Some(named) if newest < named => {
                self.named = None;
                self.health.gaps += 1;
                self.health.missed_trades += named - newest;
                let reason = format!("{} made trade {named}, but its stream stays at {newest}", self.venue);
                acts.push(Act::Reconnect(reason));
            }
            _ => self.named = Some(id).filter(|id| *id > newest),
        }
    }

    fn gap(&mut self, acts: &mut Vec<Act>, last: u64, next: u64) {
        let missed = next - last - 1;
        self.health.gaps += 1;
        self.health.missed_trades += missed;
        self.interrupted(acts, format!("{missed} trades of {} are missed, between {last} and {next}", self.venue));
    }

    /// Something is missing although the connection goes on: said as a loss that is over at once.
    fn interrupted(&mut self, acts: &mut Vec<Act>, reason: String) {
        self.health.last_trouble = Some(reason.clone());
        acts.push(Act::Tell(PriceEvent::Disconnected { reason }));
        acts.push(Act::Tell(PriceEvent::Connected));
    }

    fn unreadable(&mut self, error: String) -> Vec<Act> {
        let mut acts = Vec::new();
        self.health.malformed += 1;
        self.malformed_in_a_row += 1;
        let reason = format!("a message of {} cannot be read: {error}", self.venue);
        if self.malformed_in_a_row >= MALFORMED_IN_A_ROW {
            self.health.last_trouble = Some(reason.clone());
            acts.push(Act::Reconnect(reason));
        } else if self.health.connected {
            // It may have been a trade.
            self.interrupted(&mut acts, reason);
        } else {
            self.health.last_trouble = Some(reason);
        }
        acts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, proptest};

    /// Feeds messages to a session and shows what it says, one line an act.
    fn told(session: &mut Session, frames: &[&str]) -> String {
        let mut lines = String::new();
        for frame in frames {
            for act in session.frame(frame.as_bytes()) {
                let line = match act {
                    Act::Send(text) => format!("send {text}"),
                    Act::Tell(PriceEvent::Tick(tick)) => format!("tick {} {}", tick.price, tick.exchange_time),
                    Act::Tell(PriceEvent::Heartbeat) => "heartbeat".into(),
                    Act::Tell(PriceEvent::Connected) => "connected".into(),
                    Act::Tell(PriceEvent::Disconnected { reason }) => format!("disconnected: {reason}"),
                    Act::Reconnect(reason) => format!("reconnect: {reason}"),
                };
                lines.push_str(&line);
                lines.push('\n');
            }
        }
        lines
    }

    const OK: &str = r#"{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]}]}"#;

    fn coinbase(id: u64, second: u32) -> String {
        format!(
            r#"{{"type":"match","trade_id":{id},"time":"2026-05-11T12:09:{second:02}.435927Z","product_id":"BTC-USD","price":"81120.01"}}"#
        )
    }

    fn heartbeat(id: u64) -> String {
        format!(r#"{{"type":"heartbeat","last_trade_id":{id},"product_id":"BTC-USD"}}"#)
    }

    #[test]
    fn a_hole_in_the_numbers_is_said_and_counted() {
        let mut session = Session::new(Venue::Coinbase, Asset::Btc);
        let frames = [OK, &coinbase(7, 1), &coinbase(8, 1), &coinbase(8, 1), &coinbase(12, 2)];
        insta::assert_snapshot!(told(&mut session, &frames), @r"
        connected
        tick 81120.01 2026-05-11T12:09:01.435927Z
        tick 81120.01 2026-05-11T12:09:01.435927Z
        disconnected: 3 trades of coinbase are missed, between 8 and 12
        connected
        tick 81120.01 2026-05-11T12:09:02.435927Z
        ");
        let health = session.health();
        assert_eq!((health.gaps, health.missed_trades, health.repeated, health.trades), (1, 3, 1, 3));
    }

    #[test]
    fn a_hole_over_a_reconnect_shows_too() {
        let mut session = Session::new(Venue::Coinbase, Asset::Btc);
        told(&mut session, &[OK, &coinbase(7, 1)]);
        assert_eq!(session.live_trades(), 1);
        session.lost("the cable".into());
        assert_eq!(session.live_trades(), 0, "or each failed attempt after it would count as a good connection");
        session.open();
        let last = coinbase(9, 5).replace("\"match\"", "\"last_match\"");
        insta::assert_snapshot!(told(&mut session, &[&last]), @r"
        connected
        disconnected: 1 trades of coinbase are missed, between 7 and 9
        connected
        tick 81120.01 2026-05-11T12:09:05.435927Z
        ");
    }

    #[test]
    fn a_snapshot_closes_the_hole_of_a_reconnect() {
        let kraken = |kind: &str, ids: &[u64]| {
            let rows: Vec<String> = ids.iter().map(|id| format!(r#"{{"symbol":"ETH/USD","price":3000.5,"trade_id":{id},"timestamp":"2026-05-11T12:09:00.{id:06}Z"}}"#)).collect();
            format!(r#"{{"channel":"trade","type":"{kind}","data":[{}]}}"#, rows.join(","))
        };
        let mut session = Session::new(Venue::Kraken, Asset::Eth);
        told(&mut session, &[&kraken("snapshot", &[5, 6]), &kraken("update", &[7])]);
        session.lost("the cable".into());
        session.open();
        told(&mut session, &[&kraken("snapshot", &[6, 7, 8, 9]), &kraken("update", &[10])]);
        let health = session.health();
        assert_eq!((health.gaps, health.repeated, health.trades), (0, 2, 6));
        assert_eq!(session.live_trades(), 1);
    }

    #[test]
    fn a_stream_that_stays_behind_its_heartbeats_is_given_up() {
        let mut session = Session::new(Venue::Coinbase, Asset::Btc);
        told(&mut session, &[OK, &coinbase(7, 1)]);
        // The heartbeat overtakes the trade: nothing is wrong.
        insta::assert_snapshot!(told(&mut session, &[&heartbeat(8), &coinbase(8, 2), &heartbeat(8)]), @r"
        heartbeat
        tick 81120.01 2026-05-11T12:09:02.435927Z
        heartbeat
        ");
        insta::assert_snapshot!(told(&mut session, &[&heartbeat(10), &heartbeat(11)]), @r"
        heartbeat
        heartbeat
        reconnect: coinbase made trade 10, but its stream stays at 8
        ");
        assert_eq!((session.health().gaps, session.health().missed_trades), (1, 2));
    }

    #[test]
    fn a_venue_that_counts_anew_is_followed() {
        let mut session = Session::new(Venue::Coinbase, Asset::Btc);
        insta::assert_snapshot!(told(&mut session, &[OK, &coinbase(700, 1), &coinbase(1, 30), &coinbase(2, 31)]), @r"
        connected
        tick 81120.01 2026-05-11T12:09:01.435927Z
        disconnected: coinbase counts its trades anew from 1
        connected
        tick 81120.01 2026-05-11T12:09:30.435927Z
        tick 81120.01 2026-05-11T12:09:31.435927Z
        ");
    }

    #[test]
    fn garbage_is_said_counted_and_in_the_end_left() {
        let mut session = Session::new(Venue::Coinbase, Asset::Btc);
        told(&mut session, &[OK]);
        insta::assert_snapshot!(told(&mut session, &["{}"]), @r"
        disconnected: a message of coinbase cannot be read: missing field `type` at line 1 column 2, in `{}`
        connected
        ");
        let acts = told(&mut session, &["garbage"; 9]);
        assert!(acts.lines().last().unwrap().starts_with("reconnect: a message of coinbase cannot be read"), "{acts}");
        assert_eq!(session.health().malformed, 10);
        assert_eq!(session.health().trades, 0);
    }

    #[test]
    fn numbers_shared_with_other_markets_leave_no_gaps() {
        let gemini = |id: u64| format!(r#"{{"E":1778501351435927000,"s":"btcusd","t":{id},"p":"81120.01"}}"#);
        let mut session = Session::new(Venue::Gemini, Asset::Btc);
        told(&mut session, &[r#"{"id":"subscribe","status":200}"#, &gemini(5), &gemini(50), &gemini(49), &gemini(50)]);
        let health = session.health();
        assert_eq!((health.gaps, health.trades, health.repeated), (0, 3, 1));
    }

    proptest! {
        #[test]
        fn bytes_of_any_kind_never_panic(frames in vec(vec(proptest::num::u8::ANY, 0..60), 0..20)) {
            for venue in Venue::ALL {
                let mut session = Session::new(venue, Asset::Btc);
                for frame in &frames {
                    session.frame(frame);
                }
                assert_eq!(session.health().trades, 0);
            }
        }
    }
}
