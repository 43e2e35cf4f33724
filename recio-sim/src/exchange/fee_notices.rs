//! Changes of fees: announced, listed, and in force from their time on.

use super::agenda::Due;
use super::frames::uuid_of;
use super::listing::Listing;
use super::request::{Answer, Query, answer};
use super::{Exchange, ExchangeError};
use recio_core::market::FeeType;
use recio_core::trade::{FeeError, FeeMultiplier, FeeSchedule};
use recio_core::units::{EventTicker, MarketTicker, SeriesTicker, Timestamp};
use recio_core::venue::VenueError;
use recio_kalshi::wire::{self, EventFeeUpdateMessage, FrameBody, JsonNumber};

/// What is announced.
#[derive(Clone, Debug)]
pub(super) enum FeeNotice {
    Series(SeriesTicker, FeeType, FeeMultiplier),
    /// `None`: as the series.
    Event(EventTicker, Option<(FeeType, FeeMultiplier)>),
}

/// All that was announced, oldest first.
#[derive(Debug, Default)]
pub(super) struct FeeNotices(Vec<(FeeNotice, Timestamp)>);

impl FeeNotice {
    fn concerns(&self, listing: &Listing) -> bool {
        match self {
            Self::Series(series, ..) => listing.body.series == *series,
            Self::Event(event, _) => listing.body.event == *event,
        }
    }
}

impl FeeNotices {
    /// The override in force for an event.
    pub(super) fn of_event(&self, event: &EventTicker, now: Timestamp) -> Option<&(FeeType, FeeMultiplier)> {
        let in_force = |(notice, scheduled): &&(FeeNotice, Timestamp)| {
            *scheduled <= now && matches!(notice, FeeNotice::Event(of, _) if of == event)
        };
        match self.0.iter().filter(in_force).max_by_key(|(_, scheduled)| *scheduled) {
            Some((FeeNotice::Event(_, fees), _)) => fees.as_ref(),
            Some((FeeNotice::Series(..), _)) | None => None,
        }
    }

    /// The fees in force for a series, where they were changed.
    pub(super) fn of_series(&self, series: &SeriesTicker, now: Timestamp) -> Option<(&FeeType, FeeMultiplier)> {
        let in_force = |(notice, scheduled): &&(FeeNotice, Timestamp)| {
            *scheduled <= now && matches!(notice, FeeNotice::Series(of, ..) if of == series)
        };
        match self.0.iter().filter(in_force).max_by_key(|(_, scheduled)| *scheduled) {
            Some((FeeNotice::Series(_, fee_type, multiplier), _)) => Some((fee_type, *multiplier)),
            Some((FeeNotice::Event(..), _)) | None => None,
        }
    }
}

/// The exchange's word for a fee type.
pub(super) fn fee_word(fee_type: &FeeType) -> &str {
    match fee_type {
        FeeType::Quadratic => "quadratic",
        FeeType::QuadraticWithMakerFees => "quadratic_with_maker_fees",
        FeeType::QuadraticWithComboMakerFees => "quadratic_with_combo_maker_fees",
        FeeType::Unsupported(word) => word,
    }
}

/// A multiplier as a JSON number, without decimals that say nothing.
pub(super) fn multiplier_number(multiplier: FeeMultiplier) -> Option<JsonNumber> {
    let text = multiplier.to_string();
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    JsonNumber::new(short)
}

impl Exchange {
    pub(super) fn announce_fees(&mut self, notice: FeeNotice, scheduled: Timestamp) -> Result<(), ExchangeError> {
        let (name, fee_type) = match &notice {
            FeeNotice::Series(series, fee_type, _) => (series.as_str(), Some(fee_type)),
            FeeNotice::Event(event, fees) => (event.as_str(), fees.as_ref().map(|(fee_type, _)| fee_type)),
        };
        if !self.listings.values().any(|listing| notice.concerns(listing)) {
            return Err(ExchangeError::NotListed(name.to_owned()));
        }
        if let Some(FeeType::Unsupported(word)) = fee_type {
            let fault = FeeError::UnsupportedType(word.clone());
            return Err(ExchangeError::Operation(VenueError::Fees(fault)));
        }
        self.fee_notices.0.push((notice, scheduled));
        self.agenda.plan(scheduled.max(self.now()), Due::Fees(self.fee_notices.0.len() - 1));
        Ok(())
    }

    /// A change comes into force.
    pub(super) fn apply_fees(&mut self, place: usize, now: Timestamp) -> Result<(), VenueError> {
        let Some((notice, _)) = self.fee_notices.0.get(place).cloned() else { return Ok(()) };
        let concerned: Vec<(MarketTicker, FeeSchedule)> = self
            .listings
            .values()
            .filter(|listing| notice.concerns(listing))
            .map(|listing| (listing.body.ticker.clone(), self.fees_of(&listing.body.series, &listing.body.event, now)))
            .collect();
        for (market, fees) in concerned {
            self.venue.change_fees(&market, fees, now)?;
        }
        if let FeeNotice::Event(event, fees) = &notice {
            let frame = FrameBody::EventFeeUpdate(EventFeeUpdateMessage {
                event_ticker: event.to_string().into(),
                fee_type_override: fees.as_ref().map(|(fee_type, _)| fee_word(fee_type).to_owned().into()),
                fee_multiplier_override: fees.as_ref().and_then(|(_, multiplier)| multiplier_number(*multiplier)),
            });
            self.tell_event(event, &frame);
        }
        Ok(())
    }

    /// What fills of an event's markets cost: its own fees where it has some, else the series'.
    pub(super) fn fees_of(&self, series: &SeriesTicker, event: &EventTicker, now: Timestamp) -> FeeSchedule {
        let own = self.fee_notices.of_event(event, now).map(|(fee_type, multiplier)| (fee_type, *multiplier));
        match own.or_else(|| self.fee_notices.of_series(series, now)) {
            Some((fee_type, multiplier)) => {
                FeeSchedule { fee_type: fee_type.clone(), multiplier, quantum: self.fees.quantum }
            }
            None => self.fees.clone(),
        }
    }

    pub(super) fn series_fee_changes(&self, query: Query<'_>) -> Answer {
        let (wanted, past) = (query.get("series_ticker"), query.flag("show_historical"));
        let changes = self.fee_notices.0.iter().enumerate().filter_map(|(place, (notice, scheduled))| {
            let FeeNotice::Series(series, fee_type, multiplier) = notice else { return None };
            let fits = wanted.is_none_or(|wanted| series.as_str() == wanted) && (past || *scheduled > self.now());
            fits.then_some(wire::SeriesFeeChange {
                id: uuid_of("fee change", &place.to_string()),
                series_ticker: series.to_string(),
                fee_type: fee_word(fee_type).to_owned(),
                fee_multiplier: multiplier_number(*multiplier)?,
                scheduled_ts: scheduled.to_string(),
            })
        });
        answer(200, &wire::SeriesFeeChanges { series_fee_change_arr: changes.collect() })
    }

    pub(super) fn event_fee_changes(&self, query: Query<'_>) -> Answer {
        let wanted = query.get("event_ticker");
        let changes = self.fee_notices.0.iter().enumerate().filter_map(|(place, (notice, scheduled))| {
            let FeeNotice::Event(event, fees) = notice else { return None };
            let series = self.of_event(event).next().map(|listing| listing.body.series.to_string())?;
            let id = uuid_of("fee change", &place.to_string());
            let body = wire::EventFeeChange {
                id: id.clone(),
                event_ticker: event.to_string(),
                series_ticker: series,
                fee_type_override: fees.as_ref().map(|(fee_type, _)| fee_word(fee_type).to_owned()),
                fee_multiplier_override: fees.as_ref().and_then(|(_, multiplier)| multiplier_number(*multiplier)),
                scheduled_ts: scheduled.to_string(),
            };
            wanted.is_none_or(|wanted| event.as_str() == wanted).then_some((id, body))
        });
        let (event_fee_changes, cursor) = query.page(changes.collect(), 1000)?;
        answer(200, &wire::EventFeeChangesPage { event_fee_changes, cursor: Some(cursor) })
    }
}
