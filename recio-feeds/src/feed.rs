//! A venue's trades as a price feed.

use crate::backoff::Backoff;
use crate::candles::VenueCandles;
use crate::config::FeedConfig;
use crate::driver::Driver;
use crate::health::FeedHealth;
use crate::session::Session;
use crate::venue::{Hosts, Venue};
use async_trait::async_trait;
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, Resolution, TimeRange};
use recio_core::read::{BoxError, Read};
use tokio::sync::{mpsc, watch};
use tokio_util::task::AbortOnDropHandle;

/// One venue's trades of one asset, as a stand-in for the settlement index.
///
/// Each trade is a tick with the venue's own time. A tick's age is never refreshed by heartbeats: those are [`PriceEvent::Heartbeat`] and say that the
/// connection lives. Missed trades (where the venue's numbers show them) and unreadable messages are said as [`PriceEvent::Disconnected`]
/// followed by [`PriceEvent::Connected`]; a lost connection as `Disconnected`, until it is back.
#[derive(Debug)]
pub struct VenueFeed {
    candles: VenueCandles,
    events: mpsc::Receiver<PriceEvent>,
    health: watch::Receiver<FeedHealth>,
    /// The connection's task; it ends with the feed.
    _task: AbortOnDropHandle<()>,
}

/// The feed cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the price feed of {venue}")]
pub struct SetupError {
    /// The venue.
    pub venue: Venue,
    /// Why: the TLS library.
    #[source]
    pub source: BoxError,
}

impl VenueFeed {
    /// Starts the connection to a venue, and goes on without waiting for it: what becomes of it comes as events.
    ///
    /// # Errors
    /// The TLS library cannot be set up.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn open(venue: Venue, asset: Asset, hosts: Hosts, config: FeedConfig) -> Result<Self, SetupError> {
        let candles = VenueCandles::new(venue, asset, hosts.clone(), config)?;
        // An empty queue cannot be; one event is enough to go on.
        let (events, reader) = mpsc::channel(config.capacity.max(1));
        let (health_writer, health) = watch::channel(FeedHealth::default());
        let driver = Driver {
            venue,
            hosts,
            http: candles.http(),
            config,
            session: Session::new(venue, asset),
            events,
            health: health_writer,
            backoff: Backoff::new(&config),
        };
        let task = AbortOnDropHandle::new(tokio::spawn(driver.run()));
        Ok(Self { candles, events: reader, health, _task: task })
    }

    /// The venue.
    #[must_use]
    pub const fn venue(&self) -> Venue {
        self.candles.venue()
    }

    /// What the connection has been through; the receiver may outlive the feed.
    #[must_use]
    pub fn monitor(&self) -> watch::Receiver<FeedHealth> {
        self.health.clone()
    }
}

#[async_trait]
impl PriceFeed for VenueFeed {
    fn about(&self) -> FeedAbout {
        self.candles.about()
    }

    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        let source_name = self.venue().name().to_owned();
        let ended = || FeedError::Closed { source_name };
        self.events.recv().await.ok_or_else(ended)
    }

    /// Reads the venue's public minute candles, as [`VenueCandles`] does; the stream goes on in the meantime.
    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        self.candles.history(range, resolution).await
    }
}
