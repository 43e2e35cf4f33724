//! What the simulated venues know, and who listens.

use super::{Fault, speech};
use crate::protocol::VenueTrade;
use crate::venue::Venue;
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::PriceTick;
use recio_core::units::Timestamp;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Frames that wait for a client before it is cut off, as venues do with slow ones.
pub(super) const QUEUE: usize = 8_192;
/// Trades kept for snapshots, as many as Kraken's has.
const RECENT: usize = 50;
/// Bars kept of each market: two weeks.
const BARS: usize = 20_160;

/// What a connection is told.
#[derive(Debug)]
pub(super) enum Out {
    /// Send it.
    Text(String),
    /// Look again whether the venue is silent.
    Look,
}

/// The world behind its lock, and word of changes.
#[derive(Debug)]
pub(super) struct Shared {
    world: Mutex<World>,
    changes: watch::Sender<u64>,
    pub(super) heartbeat_every: Duration,
}

#[derive(Debug, Default)]
pub(super) struct World {
    markets: BTreeMap<(Venue, Asset), Market>,
    doors: BTreeMap<Venue, Door>,
    last_connection: u64,
}

#[derive(Debug, Default)]
struct Market {
    last_id: u64,
    recent: VecDeque<VenueTrade>,
    bars: BTreeMap<Timestamp, Bar>,
}

#[derive(Debug, Default)]
struct Door {
    stalled: bool,
    silent: bool,
    refuses: bool,
    candle_failures: u32,
    handshakes: u64,
    clients: BTreeMap<u64, Client>,
}

#[derive(Debug)]
struct Client {
    out: mpsc::Sender<Out>,
    assets: BTreeSet<Asset>,
}

impl Shared {
    pub(super) fn new(heartbeat_every: Duration) -> Self {
        Self { world: Mutex::default(), changes: watch::Sender::new(0), heartbeat_every }
    }

    /// A panic of another holder leaves nothing half done that matters to a simulation.
    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl World {
    pub(super) fn trade(&mut self, venue: Venue, asset: Asset, tick: PriceTick) {
        let market = self.markets.entry((venue, asset)).or_default();
        market.last_id += step(venue);
        let trade = VenueTrade { id: market.last_id, price: tick.price, time: tick.exchange_time };
        if market.recent.len() == RECENT {
            market.recent.pop_front();
        }
        market.recent.push_back(trade);
        market.count(trade);
        let door = self.doors.entry(venue).or_default();
        if !door.stalled {
            door.say(asset, &speech::trade(venue, asset, trade));
        }
    }

    pub(super) fn history(&mut self, venue: Venue, asset: Asset, bars: &[Bar]) {
        let market = self.markets.entry((venue, asset)).or_default();
        market.bars.extend(bars.iter().map(|bar| (bar.start, *bar)));
        market.bound();
    }

    pub(super) fn beat(&mut self, venue: Venue) {
        for asset in [Asset::Btc, Asset::Eth] {
            let text = self.heartbeat(venue, asset);
            self.doors.entry(venue).or_default().say(asset, &text);
        }
    }

    /// A heartbeat's text.
    pub(super) fn heartbeat(&self, venue: Venue, asset: Asset) -> String {
        let newest = self
            .markets
            .get(&(venue, asset))
            .and_then(|market| market.recent.back().map(|trade| VenueTrade { id: market.last_id, ..*trade }));
        speech::heartbeat(venue, asset, newest)
    }

    pub(super) fn fault(&mut self, venue: Venue, fault: Fault) {
        let door = self.doors.entry(venue).or_default();
        match fault {
            // A connection whose queue has no sender ends.
            Fault::Cut => door.clients.clear(),
            Fault::Stall => door.stalled = true,
            Fault::Refuse => door.refuses = true,
            Fault::FailCandles(count) => door.candle_failures = count,
            Fault::Silence => {
                door.silent = true;
                door.look();
            }
            Fault::Send(text) => {
                for asset in [Asset::Btc, Asset::Eth] {
                    door.say(asset, &text);
                }
            }
            Fault::Skip(count) => {
                for (_, market) in self.markets.iter_mut().filter(|((at, _), _)| *at == venue) {
                    market.last_id += count;
                }
            }
        }
    }

    pub(super) fn resume(&mut self, venue: Venue) {
        let door = self.doors.entry(venue).or_default();
        (door.stalled, door.silent, door.refuses) = (false, false, false);
        door.look();
    }

    pub(super) fn subscribers(&self, venue: Venue, asset: Asset) -> usize {
        let Some(door) = self.doors.get(&venue) else { return 0 };
        door.clients.values().filter(|client| client.assets.contains(&asset)).count()
    }

    pub(super) fn handshakes(&self, venue: Venue) -> u64 {
        self.doors.get(&venue).map_or(0, |door| door.handshakes)
    }

    /// Counts a handshake; whether it is refused.
    pub(super) fn knock(&mut self, venue: Venue) -> bool {
        let door = self.doors.entry(venue).or_default();
        door.handshakes += 1;
        door.refuses
    }

    /// Takes a client in: its number, and what it is to be told.
    pub(super) fn enter(&mut self, venue: Venue) -> (u64, mpsc::Receiver<Out>) {
        self.last_connection += 1;
        let (out, told) = mpsc::channel(QUEUE);
        let client = Client { out, assets: BTreeSet::new() };
        self.doors.entry(venue).or_default().clients.insert(self.last_connection, client);
        (self.last_connection, told)
    }

    pub(super) fn leave(&mut self, venue: Venue, number: u64) {
        self.doors.entry(venue).or_default().clients.remove(&number);
    }

    /// Subscribes a client, and says the acknowledgement and the snapshot, before anything newer.
    pub(super) fn subscribe(&mut self, venue: Venue, number: u64, asset: Asset) {
        let recent: Vec<VenueTrade> =
            self.markets.get(&(venue, asset)).map(|market| market.recent.iter().copied().collect()).unwrap_or_default();
        let Some(client) = self.doors.entry(venue).or_default().clients.get_mut(&number) else { return };
        client.assets.insert(asset);
        for text in speech::welcome(venue, asset, &recent) {
            // A fresh queue has room; a client whose queue has none is cut off with the next trade.
            let _ = client.out.try_send(Out::Text(text));
        }
    }

    /// What a client follows.
    pub(super) fn follows(&self, venue: Venue, number: u64) -> Vec<Asset> {
        let client = self.doors.get(&venue).and_then(|door| door.clients.get(&number));
        client.map(|client| client.assets.iter().copied().collect()).unwrap_or_default()
    }

    pub(super) fn is_silent(&self, venue: Venue) -> bool {
        self.doors.get(&venue).is_some_and(|door| door.silent)
    }

    /// All bars of a market in the order of time, or that this request is to fail.
    pub(super) fn bars(&mut self, venue: Venue, asset: Asset) -> Option<Vec<Bar>> {
        let door = self.doors.entry(venue).or_default();
        if door.candle_failures > 0 {
            door.candle_failures -= 1;
            return None;
        }
        let market = self.markets.get(&(venue, asset));
        Some(market.map(|market| market.bars.values().copied().collect()).unwrap_or_default())
    }
}

impl Door {
    /// Says a text to all who follow the asset; who is too slow for it is cut off.
    fn say(&mut self, asset: Asset, text: &str) {
        self.clients.retain(|_, client| {
            !client.assets.contains(&asset) || client.out.try_send(Out::Text(text.to_owned())).is_ok()
        });
    }

    fn look(&mut self) {
        self.clients.retain(|_, client| client.out.try_send(Out::Look).is_ok());
    }
}

impl Market {
    fn count(&mut self, trade: VenueTrade) {
        let second = trade.time.as_second().div_euclid(60) * 60;
        let Ok(start) = Timestamp::from_second(second) else { return };
        let price = trade.price;
        let fresh = Bar { start, open: price, high: price, low: price, close: price };
        let bar = self.bars.entry(start).or_insert(fresh);
        *bar = Bar { high: bar.high.max(price), low: bar.low.min(price), close: price, ..*bar };
        self.bound();
    }

    fn bound(&mut self) {
        while self.bars.len() > BARS {
            self.bars.pop_first();
        }
    }
}

/// How far apart a venue's numbers for trades of one market are.
const fn step(venue: Venue) -> u64 {
    match venue {
        Venue::Coinbase | Venue::Kraken => 1,
        // Shared with other markets, whose trades lie between.
        Venue::Bitstamp | Venue::Gemini => 3,
    }
}
