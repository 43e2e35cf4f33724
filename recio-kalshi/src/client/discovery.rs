//! The current and the next event of a series.

use super::{KalshiClient, MarketFilter};
use crate::error::ReadError;
use crate::parse::{self, ParseError};
use crate::wire;
use recio_core::market::{Discovery, Market};
use recio_core::units::{SeriesTicker, Timestamp};
use std::time::Duration;

/// How far ahead markets are listed: over the weekly pause of two hours, and the hour after it.
const AHEAD: Duration = Duration::from_secs(4 * 3600);

/// What a search for events found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// The markets: ask it for the current and the next event, and tell it what is announced.
    pub markets: Discovery,
    /// The listed markets that cannot be traded, as their grid, times, strike or status cannot be read; each says why.
    pub unreadable: Vec<ParseError>,
    /// Whether these are all markets that close within the next four hours.
    pub complete: bool,
    /// What is missing, where these are not all.
    pub missing: Option<String>,
}

impl KalshiClient {
    /// Finds the current and the next event of a series by their closing times. `GET /markets`, public; a page for every 1,000 markets.
    ///
    /// The result stands for longer than `now`: it rolls over by itself, to the end of what is listed, and takes announcements of late strikes.
    ///
    /// # Errors
    /// No usable answer; not one of recio's six series ([`ReadError::NotSigned`], as nothing was asked then).
    pub async fn discover(&self, series: &SeriesTicker, now: Timestamp) -> Result<Discovered, ReadError> {
        let markets = Discovery::new(series.clone())
            .map_err(|error| ReadError::NotSigned { what: what(series), source: error.into() })?;
        let mut found = Discovered { markets, unreadable: Vec::new(), complete: false, missing: None };
        self.rediscover(&mut found, now).await?;
        Ok(found)
    }

    /// Lists the series again, up to four hours from `now`. What was announced of a strike stays known, and what has closed is forgotten.
    ///
    /// # Errors
    /// No usable answer; what was known stays as it was.
    pub async fn rediscover(&self, found: &mut Discovered, now: Timestamp) -> Result<(), ReadError> {
        let series = found.markets.series().clone();
        let filter = MarketFilter {
            series: Some(series.clone()),
            min_close: Some(now),
            max_close: Some(now.checked_add(AHEAD).unwrap_or(Timestamp::MAX)),
            ..MarketFilter::default()
        };
        let read = |body: &wire::Market| -> Result<Result<Market, ParseError>, ParseError> { Ok(parse::market(body)) };
        let listed =
            self.pages::<wire::MarketsPage, _>(&what(&series), "/markets", filter.query(), 1_000, read).await?;
        (found.complete, found.missing) = (listed.complete, listed.missing);
        found.markets.forget_closed(now);
        found.unreadable.clear();
        for market in listed.items {
            match market {
                Ok(market) => found.markets.list([market]),
                Err(error) => found.unreadable.push(error),
            }
        }
        Ok(())
    }
}

fn what(series: &SeriesTicker) -> String {
    format!("events of {series}")
}
