//! A venue's past alone: its public minute candles, without a connection that streams.

use crate::config::FeedConfig;
use crate::feed::SetupError;
use crate::history;
use crate::socket::http_client;
use crate::venue::{Hosts, Venue};
use async_trait::async_trait;
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, PriceKind, Resolution, TimeRange};
use recio_core::read::Read;

/// One venue's public minute candles of one asset. As a feed it tells no prices: it has ended from the start.
#[derive(Clone, Debug)]
pub struct VenueCandles {
    venue: Venue,
    asset: Asset,
    hosts: Hosts,
    http: reqwest::Client,
    config: FeedConfig,
}

impl VenueCandles {
    /// Makes the client. Nothing is connected before something is read.
    ///
    /// # Errors
    /// The TLS library cannot be set up.
    pub fn new(venue: Venue, asset: Asset, hosts: Hosts, config: FeedConfig) -> Result<Self, SetupError> {
        let http =
            http_client(&hosts, config.connect_within).map_err(|source| SetupError { venue, source: source.into() })?;
        Ok(Self { venue, asset, hosts, http, config })
    }

    /// The venue.
    #[must_use]
    pub const fn venue(&self) -> Venue {
        self.venue
    }

    pub(crate) fn http(&self) -> reqwest::Client {
        self.http.clone()
    }
}

#[async_trait]
impl PriceFeed for VenueCandles {
    fn about(&self) -> FeedAbout {
        FeedAbout { source: self.venue.name().to_owned(), asset: self.asset, kind: PriceKind::StandIn }
    }

    /// # Errors
    /// [`FeedError::Closed`], always.
    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        Err(FeedError::Closed { source_name: self.venue.name().to_owned() })
    }

    /// Reads the whole minutes that lie inside the range.
    ///
    /// How far back: Coinbase and Bitstamp as far as a read's bound of pages (300 and 1,000 minutes each), Kraken 720 minutes, Gemini what its one
    /// answer holds. What is missing is said.
    ///
    /// # Errors
    /// [`FeedError::NoHistory`] for seconds, which no venue keeps, and for a range that is older than all that the venue keeps;
    /// [`FeedError::Unreachable`] where nothing could be read.
    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        if resolution != Resolution::Minute {
            return Err(FeedError::NoHistory);
        }
        let source = history::Source { venue: self.venue, asset: self.asset, hosts: &self.hosts, http: &self.http };
        history::read(&source, &self.config, range).await
    }
}
