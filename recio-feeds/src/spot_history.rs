//! The past of several venues as one, without connections that stream.

use crate::candles::VenueCandles;
use crate::composite::{BadComposite, BadSources, CompositeConfig, CompositePrice, median_history};
use crate::config::FeedConfig;
use crate::spot::{BadSpot, NAME};
use crate::venue::{Hosts, Venue};
use async_trait::async_trait;
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, PriceKind, Resolution, TimeRange};
use recio_core::read::Read;

/// The median of the venues' minute candles, for feeds whose own past is not to be had. As a feed it tells no prices: it has ended from the start.
#[derive(Debug)]
pub struct SpotHistory {
    asset: Asset,
    venues: Vec<VenueCandles>,
    config: CompositeConfig,
}

impl SpotHistory {
    /// Makes the clients. Nothing is connected before something is read.
    ///
    /// # Errors
    /// The TLS library cannot be set up; a venue is there twice; the limits make no sense for so many venues.
    pub fn new(
        asset: Asset,
        venues: &[(Venue, Hosts)],
        feeds: FeedConfig,
        composite: CompositeConfig,
    ) -> Result<Self, BadSpot> {
        let names: Vec<String> = venues.iter().map(|(venue, _)| venue.name().to_owned()).collect();
        if let Some((_, twice)) = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name)) {
            return Err(BadSources::Twice(twice.clone()).into());
        }
        CompositePrice::new(names, composite).map_err(|error: BadComposite| BadSources::from(error))?;
        let open = |(venue, hosts): &(Venue, Hosts)| VenueCandles::new(*venue, asset, hosts.clone(), feeds);
        let venues = venues.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { asset, venues, config: composite })
    }
}

#[async_trait]
impl PriceFeed for SpotHistory {
    fn about(&self) -> FeedAbout {
        FeedAbout { source: NAME.to_owned(), asset: self.asset, kind: PriceKind::StandIn }
    }

    /// # Errors
    /// [`FeedError::Closed`], always.
    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        Err(FeedError::Closed { source_name: NAME.to_owned() })
    }

    /// The same as [`CompositeFeed`](crate::composite::CompositeFeed) reads.
    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        let sources = self.venues.iter_mut().map(|venue| venue as &mut dyn PriceFeed);
        median_history(sources, 0, &self.config, range, resolution).await
    }
}
