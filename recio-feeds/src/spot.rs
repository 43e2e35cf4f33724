//! The usual composition: several venues of one asset, and their median.

use crate::composite::{BadSources, CompositeConfig, CompositeFeed, CompositeHealth};
use crate::config::FeedConfig;
use crate::feed::{SetupError, VenueFeed};
use crate::health::FeedHealth;
use crate::venue::{Hosts, Venue};
use recio_core::market::Asset;
use recio_core::pipeline::Clock;
use recio_core::price_feed::PriceFeed;
use std::sync::Arc;
use tokio::sync::watch;

/// The name of the median of venues, as a source of prices.
pub(crate) const NAME: &str = "median";

/// Venues of one asset, as one feed.
#[derive(Debug)]
pub struct SpotFeeds {
    /// Their median.
    pub feed: CompositeFeed,
    /// How the median is, and what each venue counts for.
    pub composite: watch::Receiver<CompositeHealth>,
    /// What each venue's connection has been through.
    pub venues: Vec<(Venue, watch::Receiver<FeedHealth>)>,
}

/// Why the venues make no feed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadSpot {
    /// A venue's feed.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The composite.
    #[error(transparent)]
    Sources(#[from] BadSources),
}

/// Opens the venues' feeds of an asset and puts them together as `median`. Ages are measured on `clock`.
///
/// # Errors
/// The TLS library cannot be set up; a venue is there twice; the limits make no sense for so many venues.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn spot(
    asset: Asset,
    venues: &[(Venue, Hosts)],
    feeds: FeedConfig,
    composite: CompositeConfig,
    clock: Arc<dyn Clock>,
) -> Result<SpotFeeds, BadSpot> {
    let (mut sources, mut monitors): (Vec<Box<dyn PriceFeed>>, Vec<_>) = (Vec::new(), Vec::new());
    for (venue, hosts) in venues {
        let feed = VenueFeed::open(*venue, asset, hosts.clone(), feeds)?;
        monitors.push((*venue, feed.monitor()));
        sources.push(Box::new(feed));
    }
    let feed = CompositeFeed::new(NAME, asset, sources, composite, clock)?;
    Ok(SpotFeeds { composite: feed.monitor(), feed, venues: monitors })
}
