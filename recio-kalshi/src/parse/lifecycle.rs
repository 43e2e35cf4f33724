//! What the exchange announces about markets.

use super::{
    Of, ParseError,
    market::{grid, result, strike},
};
use crate::wire::LifecycleMessage;
use recio_core::market::{LifecycleEvent, StrikeTerms};
use recio_core::units::MarketTicker;

/// An announcement about one market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleUpdate {
    /// The market.
    pub market: MarketTicker,
    /// What happened; `None` for a change that means nothing to recio, or one it does not know.
    pub event: Option<LifecycleEvent>,
    /// The exchange's word for it.
    pub word: String,
}

/// Reads an announcement.
///
/// # Errors
/// A field that the announcement needs is missing or not what it should be. An unknown word is none.
pub fn lifecycle(message: &LifecycleMessage<'_>) -> Result<LifecycleUpdate, ParseError> {
    let of = Of("market", &message.market_ticker);
    let event = match &*message.event_type {
        "created" => Some(LifecycleEvent::Created),
        "activated" => Some(LifecycleEvent::Activated),
        "deactivated" => Some(LifecycleEvent::Deactivated),
        "close_date_updated" => Some(LifecycleEvent::CloseDateUpdated {
            close_time: of.seconds("close_ts", of.required("close_ts", message.close_ts)?)?,
        }),
        "metadata_updated" => {
            let (floor, cap) = (message.floor_strike.as_ref(), message.cap_strike.as_ref());
            let terms = strike(of, message.strike_type.as_deref(), floor, cap)?;
            matches!(terms, StrikeTerms::Known(_)).then_some(LifecycleEvent::StrikeUpdated { strike: terms })
        }
        "price_level_structure_updated" => {
            let ranges = of.required("price_ranges", message.price_ranges.as_deref())?;
            Some(LifecycleEvent::GridUpdated { grid: grid(of, ranges)? })
        }
        "determined" => {
            let word = of.required("result", message.result.as_deref())?;
            let outcome = result(of, "result", word, message.settlement_value.as_deref())?;
            let time = of.required("determination_ts", message.determination_ts)?;
            Some(LifecycleEvent::Determined {
                result: of.required("result", outcome)?,
                determined_time: of.seconds("determination_ts", time)?,
            })
        }
        "settled" => {
            let time = of.required("settled_ts", message.settled_ts)?;
            Some(LifecycleEvent::Settled { settled_time: of.seconds("settled_ts", time)? })
        }
        _ => None,
    };
    Ok(LifecycleUpdate {
        market: of.field("market_ticker", &message.market_ticker)?,
        event,
        word: message.event_type.as_str().to_owned(),
    })
}
