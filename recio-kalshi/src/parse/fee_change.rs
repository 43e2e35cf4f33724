//! Announced changes of fees.

use super::{Of, ParseError, market::fee_type};
use crate::wire;
use recio_core::market::FeeType;
use recio_core::trade::FeeMultiplier;
use recio_core::units::{EventTicker, SeriesTicker, Timestamp};

/// A change of a series' fees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesFeeChange {
    /// The series.
    pub series: SeriesTicker,
    /// What it will be.
    pub fee_type: FeeType,
    /// What it will be.
    pub fee_multiplier: FeeMultiplier,
    /// From when on.
    pub time: Timestamp,
}

/// A change of an event's own fees. `None` takes an override back: the series' fee counts again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFeeChange {
    /// The event.
    pub event: EventTicker,
    /// Its series.
    pub series: SeriesTicker,
    /// What differs from the series.
    pub fee_type: Option<FeeType>,
    /// What differs from the series.
    pub fee_multiplier: Option<FeeMultiplier>,
    /// From when on.
    pub time: Timestamp,
}

/// Reads a change of a series' fees. A fee type that recio does not know is kept by its name.
///
/// # Errors
/// A ticker, multiplier or time that is none.
pub fn series_fee_change(body: &wire::SeriesFeeChange) -> Result<SeriesFeeChange, ParseError> {
    let of = Of("fee change", &body.id);
    Ok(SeriesFeeChange {
        series: of.field("series_ticker", &body.series_ticker)?,
        fee_type: fee_type(&body.fee_type),
        fee_multiplier: of.field("fee_multiplier", body.fee_multiplier.as_str())?,
        time: of.time("scheduled_ts", &body.scheduled_ts)?,
    })
}

/// Reads a change of an event's own fees. A fee type that recio does not know is kept by its name.
///
/// # Errors
/// A ticker, multiplier or time that is none.
pub fn event_fee_change(body: &wire::EventFeeChange) -> Result<EventFeeChange, ParseError> {
    let of = Of("fee change", &body.id);
    let multiplier = body.fee_multiplier_override.as_ref().map(|number| number.as_str());
    Ok(EventFeeChange {
        event: of.field("event_ticker", &body.event_ticker)?,
        series: of.field("series_ticker", &body.series_ticker)?,
        fee_type: body.fee_type_override.as_deref().map(fee_type),
        fee_multiplier: multiplier.map(|text| of.field("fee_multiplier_override", text)).transpose()?,
        time: of.time("scheduled_ts", &body.scheduled_ts)?,
    })
}
