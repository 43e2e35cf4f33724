//! Series and events, and what is announced about their fees.

use super::{KalshiClient, Paged, Query, segment};
use crate::error::ReadError;
use crate::parse::{self, EventFeeChange, EventMarkets, SeriesFeeChange};
use crate::wire;
use recio_core::market::Series;
use recio_core::units::{EventTicker, SeriesTicker, Timestamp};

/// Which series to list; without anything all, which are thousands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeriesFilter {
    /// Of this category, spelled exactly as the exchange does: `Crypto`.
    pub category: Option<String>,
    /// With these tags.
    pub tags: Vec<String>,
    /// Changed at this time or later; whole seconds.
    pub min_updated: Option<Timestamp>,
}

/// Which events to list; without anything all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of this series.
    pub series: Option<SeriesTicker>,
    /// These alone.
    pub tickers: Vec<EventTicker>,
    /// `unopened`, `open`, `closed` or `settled`; an event fits if any of its markets does.
    pub status: Option<&'static str>,
    /// Closing at this time or later; whole seconds.
    pub min_close: Option<Timestamp>,
    /// Changed at this time or later; whole seconds.
    pub min_updated: Option<Timestamp>,
}

impl KalshiClient {
    /// A series with its fee schedule. `GET /series/{ticker}`, public.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn series(&self, series: &SeriesTicker) -> Result<Series, ReadError> {
        let what = format!("series {series}");
        let body: wire::SeriesResponse =
            self.read(&what, &format!("/series/{}", segment(series.as_str())), Query::new()).await?;
        parse::series(&body.series).map_err(|error| ReadError::parse(&what, error))
    }

    /// All series that fit the filter. `GET /series`, public; one answer without pages.
    ///
    /// # Errors
    /// No usable answer. Single series that cannot be read make the result partial.
    pub async fn series_list(&self, filter: &SeriesFilter) -> Result<Paged<Series>, ReadError> {
        let mut query = Query::new();
        query.extend(filter.category.clone().map(|category| ("category", category)));
        query.extend((!filter.tags.is_empty()).then(|| ("tags", filter.tags.join(","))));
        query.extend(filter.min_updated.map(|time| ("min_updated_ts", time.as_second().to_string())));
        let body: wire::SeriesList = self.read("series", "/series", query).await?;
        Ok(Paged::of_one(&body.series, parse::series))
    }

    /// Announced changes of fees, of one series or all; with `past`, also those in force already. `GET /series/fee_changes`, public.
    ///
    /// # Errors
    /// No usable answer. Single changes that cannot be read make the result partial.
    pub async fn series_fee_changes(
        &self,
        series: Option<&SeriesTicker>,
        past: bool,
    ) -> Result<Paged<SeriesFeeChange>, ReadError> {
        let mut query = Query::new();
        query.extend(series.map(|series| ("series_ticker", series.to_string())));
        query.extend(past.then(|| ("show_historical", "true".to_owned())));
        let body: wire::SeriesFeeChanges = self.read("fee changes", "/series/fee_changes", query).await?;
        Ok(Paged::of_one(&body.series_fee_change_arr, parse::series_fee_change))
    }

    /// An event with all its markets. `GET /events/{ticker}`, public.
    ///
    /// # Errors
    /// No usable answer. Single markets that cannot be read are in [`EventMarkets::unreadable`].
    pub async fn event(&self, event: &EventTicker) -> Result<EventMarkets, ReadError> {
        let what = format!("event {event}");
        let query = vec![("with_nested_markets", "true".to_owned())];
        let body: wire::EventResponse =
            self.read(&what, &format!("/events/{}", segment(event.as_str())), query).await?;
        parse::event(&body).map_err(|error| ReadError::parse(&what, error))
    }

    /// All events that fit the filter, each with its markets. `GET /events`, public; combos are not among them.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn events(&self, filter: &EventFilter) -> Result<Paged<EventMarkets>, ReadError> {
        let mut query = vec![("with_nested_markets", "true".to_owned())];
        query.extend(filter.series.as_ref().map(|series| ("series_ticker", series.to_string())));
        let tickers: Vec<_> = filter.tickers.iter().map(EventTicker::as_str).collect();
        query.extend((!tickers.is_empty()).then(|| ("tickers", tickers.join(","))));
        query.extend(filter.status.map(|status| ("status", status.to_owned())));
        query.extend(filter.min_close.map(|time| ("min_close_ts", time.as_second().to_string())));
        query.extend(filter.min_updated.map(|time| ("min_updated_ts", time.as_second().to_string())));
        self.pages::<wire::EventsPage, _>("events", "/events", query, 200, parse::listed_event).await
    }

    /// Pictures of an event, and who publishes the value that settles it. `GET /events/{ticker}/metadata`, public.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn event_metadata(&self, event: &EventTicker) -> Result<wire::EventMetadata, ReadError> {
        let path = format!("/events/{}/metadata", segment(event.as_str()));
        self.read(&format!("metadata of {event}"), &path, Query::new()).await
    }

    /// Announced changes of fees, of one event or all. `GET /events/fee_changes`, public.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn event_fee_changes(&self, event: Option<&EventTicker>) -> Result<Paged<EventFeeChange>, ReadError> {
        let query = event.map(|event| ("event_ticker", event.to_string())).into_iter().collect();
        let (what, path) = ("fee changes", "/events/fee_changes");
        self.pages::<wire::EventFeeChangesPage, _>(what, path, query, 100, parse::event_fee_change).await
    }
}
