//! **Simulated** venues on the loopback: one server that speaks the protocols of all four, for tests, simulators and demos.
//!
//! Prices are what its owner says ([`LoopbackVenues::tick`]); nothing is fetched anywhere. Every HTTP answer, handshakes included, carries the header
//! `x-recio-simulated: venues`. Clients reach it through [`LoopbackVenues::hosts`]; protocols are the documented ones, as far as
//! [`protocol`](crate::protocol) reads them. It can misbehave on demand ([`Fault`]).

mod candles;
mod server;
mod speech;
mod world;

use crate::venue::{Hosts, Venue};
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::PriceTick;
use recio_core::units::{AssetPrice, Timestamp};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use world::Shared;

/// How a simulated venue misbehaves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// All its connections break without a goodbye. Once; clients may connect again.
    Cut,
    /// Trades are made, but not sent, while heartbeats go on; until resumed.
    Stall,
    /// Nothing is sent and nothing is read, though connections stay open (half open); until resumed.
    Silence,
    /// Handshakes are refused with status 503; until resumed.
    Refuse,
    /// So many trades are made and never sent: a hole in the numbers.
    Skip(u64),
    /// This text is sent to all who are subscribed, as it is.
    Send(String),
    /// So many of the next requests for candles are answered with status 503.
    FailCandles(u32),
}

/// The running server. It stops, and its connections break, when this is dropped.
#[derive(Debug)]
pub struct LoopbackVenues {
    address: SocketAddr,
    shared: Arc<Shared>,
    _server: AbortOnDropHandle<()>,
}

impl LoopbackVenues {
    /// Starts on a free port of the loopback, with heartbeats once a second.
    ///
    /// # Errors
    /// No port can be had.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn start() -> std::io::Result<Self> {
        Self::start_with(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Duration::from_secs(1)).await
    }

    /// Starts at an address of the loopback (port 0: any), with heartbeats this often.
    ///
    /// # Errors
    /// The address is not of the loopback, or cannot be had.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn start_with(address: SocketAddr, heartbeat_every: Duration) -> std::io::Result<Self> {
        if !address.ip().is_loopback() {
            let text = format!("simulated venues serve the loopback alone, and {} is not of it", address.ip());
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(heartbeat_every.max(Duration::from_millis(1))));
        let router = server::router(Arc::clone(&shared));
        let server = AbortOnDropHandle::new(tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the simulated venues' server has ended");
            }
        }));
        Ok(Self { address, shared, _server: server })
    }

    /// Where a venue's feed finds this server.
    ///
    /// # Panics
    /// Never: the addresses are of the loopback and well formed.
    #[must_use]
    pub fn hosts(&self, venue: Venue) -> Hosts {
        let path = match venue {
            Venue::Kraken => "kraken/v2",
            Venue::Coinbase | Venue::Bitstamp | Venue::Gemini => venue.name(),
        };
        let socket = format!("ws://{}/{path}", self.address);
        Hosts::new(&socket, &format!("http://{}/{venue}", self.address)).expect("loopback addresses are well formed")
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A trade at all four venues. It is sent to all who are subscribed, and is part of its minute's candle.
    pub fn tick(&self, asset: Asset, price: AssetPrice, exchange_time: Timestamp) {
        for venue in Venue::ALL {
            self.tick_at(venue, asset, price, exchange_time);
        }
    }

    /// A trade at one venue.
    pub fn tick_at(&self, venue: Venue, asset: Asset, price: AssetPrice, exchange_time: Timestamp) {
        self.shared.lock().trade(venue, asset, PriceTick { price, exchange_time });
    }

    /// Minute bars that all four venues have in their candles. Later ticks of the same minutes change them.
    pub fn history(&self, asset: Asset, bars: &[Bar]) {
        for venue in Venue::ALL {
            self.history_at(venue, asset, bars);
        }
    }

    /// Minute bars that one venue has in its candles.
    pub fn history_at(&self, venue: Venue, asset: Asset, bars: &[Bar]) {
        self.shared.lock().history(venue, asset, bars);
    }

    /// Sends a sign of life to all who are subscribed at a venue, at once and unasked.
    pub fn beat(&self, venue: Venue) {
        self.shared.lock().beat(venue);
    }

    /// Makes a venue misbehave.
    pub fn fault(&self, venue: Venue, fault: Fault) {
        self.shared.lock().fault(venue, fault);
        self.shared.changed();
    }

    /// Ends what lasts: stall, silence, refusals. Half-open connections stay as they are until they break.
    pub fn resume(&self, venue: Venue) {
        self.shared.lock().resume(venue);
        self.shared.changed();
    }

    /// Connections to a venue that follow this asset.
    #[must_use]
    pub fn subscribers(&self, venue: Venue, asset: Asset) -> usize {
        self.shared.lock().subscribers(venue, asset)
    }

    /// Handshakes with a venue that were asked for since the start, refused ones included.
    #[must_use]
    pub fn handshakes(&self, venue: Venue) -> u64 {
        self.shared.lock().handshakes(venue)
    }

    /// Waits until somebody follows this asset at a venue: what is printed from then on reaches them.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn subscribed(&self, venue: Venue, asset: Asset) {
        self.until(|venues| venues.subscribers(venue, asset) > 0).await;
    }

    /// Waits until something holds of the server that its connections change.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let mut changes = self.shared.changes();
        while !holds(self) {
            // The sender lives as long as this server.
            if changes.changed().await.is_err() {
                return;
            }
        }
    }
}

impl Drop for LoopbackVenues {
    fn drop(&mut self) {
        let mut world = self.shared.lock();
        for venue in Venue::ALL {
            world.fault(venue, Fault::Cut);
        }
    }
}
