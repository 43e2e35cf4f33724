//! Series and events as families: what they are about, what settles them, what their fills cost.

use super::Exchange;
use super::fee_notices::{fee_word, multiplier_number};
use super::request::{Answer, Query, answer, not_found};
use recio_core::market::Family;
use recio_core::units::{EventTicker, Quantity, SeriesTicker};
use recio_kalshi::wire;
use std::collections::BTreeSet;

impl Exchange {
    pub(super) fn series(&self, series: &str, query: Query<'_>) -> Answer {
        let listing = self.listings.values().find(|listing| listing.body.series.as_str() == series);
        let series = &listing.ok_or_else(not_found)?.body.series;
        let body = self.series_body(series, query.flag("include_volume")).ok_or_else(not_found)?;
        answer(200, &wire::SeriesResponse { series: body })
    }

    /// All series, in one page. Categories and tags are compared exactly, as the exchange does it.
    pub(super) fn series_list(&self, query: Query<'_>) -> Answer {
        let (category, tags) = (query.get("category"), query.list("tags"));
        let all: BTreeSet<&SeriesTicker> = self.listings.values().map(|listing| &listing.body.series).collect();
        let bodies = all.into_iter().filter_map(|series| self.series_body(series, query.flag("include_volume")));
        let fits = |body: &wire::Series| {
            let tagged = |tag: &&str| body.tags.iter().flatten().any(|given| given == tag);
            category.is_none_or(|category| body.category == category)
                && tags.as_ref().is_none_or(|tags| tags.iter().any(tagged))
        };
        answer(200, &wire::SeriesList { series: bodies.filter(fits).collect() })
    }

    fn series_body(&self, series: &SeriesTicker, with_volume: bool) -> Option<wire::Series> {
        let family = Family::of(series).ok();
        let quarter = matches!(family, Some((_, Family::QuarterHour)));
        let fees = self.fee_notices.of_series(series, self.now());
        let (fee_type, multiplier) = fees.unwrap_or((&self.fees.fee_type, self.fees.multiplier));
        let of_series = || self.listings.values().filter(|listing| listing.body.series == *series);
        let volume = of_series().fold(Quantity::ZERO, |sum, listing| sum.saturating_add(listing.volume()));
        let updated = of_series().map(|listing| listing.updated_time).max();
        let frequency = if quarter { "fifteen_min" } else { "hourly" };
        Some(wire::Series {
            ticker: series.to_string(),
            frequency: frequency.to_owned(),
            title: format!("{series} (simulated from a recording)"),
            category: "Crypto".to_owned(),
            categories: Some(vec!["Crypto".to_owned()]),
            tags: family
                .map(|(asset, _)| vec![if quarter { "15 Minute" } else { "Hourly" }.to_owned(), asset.to_string()]),
            settlement_sources: Some(settlement_sources(series)),
            contract_url: String::new(),
            contract_terms_url: String::new(),
            fee_type: fee_word(fee_type).to_owned(),
            fee_multiplier: multiplier_number(multiplier)?,
            additional_prohibitions: Some(Vec::new()),
            product_metadata: None,
            volume_fp: with_volume.then(|| volume.to_string()),
            last_updated_ts: updated.map(|time| time.to_string()),
            exchange_index: of_series().next().map(|listing| listing.body.exchange_index),
        })
    }

    /// Pictures there are none.
    pub(super) fn event_metadata(&self, event: &str) -> Answer {
        let event = EventTicker::new(event).map_err(|_| not_found())?;
        let details = |listing: &super::listing::Listing| wire::MarketMetadata {
            market_ticker: listing.body.ticker.to_string(),
            image_url: String::new(),
            color_code: String::new(),
        };
        let series = self.of_event(&event).next().map(|listing| &listing.body.series).ok_or_else(not_found)?;
        let body = wire::EventMetadata {
            image_url: String::new(),
            featured_image_url: None,
            market_details: self.of_event(&event).map(details).collect(),
            settlement_sources: settlement_sources(series),
            competition: None,
            competition_scope: None,
        };
        answer(200, &body)
    }
}

/// Who publishes the value that settles.
pub(super) fn settlement_sources(series: &SeriesTicker) -> Vec<wire::SettlementSource> {
    let index = Family::of(series).map_or("index", |(asset, _)| asset.index_id());
    vec![wire::SettlementSource {
        name: format!("CF Benchmarks {index}"),
        url: "https://www.cfbenchmarks.com".to_owned(),
    }]
}
