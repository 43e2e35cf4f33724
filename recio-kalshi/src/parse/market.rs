//! Series, events and markets.

use super::{Of, ParseError};
use crate::wire;
use recio_core::market::{
    FeeType, Level, Market, MarketResult, MarketStatus, PriceBand, PriceGrid, Quote, Series, Strike, StrikeTerms,
};
use recio_core::trade::FeeMultiplier;
use recio_core::units::{AssetPrice, EventTicker, Price, Quantity, SeriesTicker};
use std::time::Duration;

/// An event with its markets, as far as they could be read.
#[derive(Clone, Debug, PartialEq)]
pub struct EventMarkets {
    /// The event.
    pub event: EventTicker,
    /// Its series.
    pub series: SeriesTicker,
    /// Fees that differ from the series'.
    pub fee_type_override: Option<FeeType>,
    /// A fee multiplier that differs from the series'.
    pub fee_multiplier_override: Option<FeeMultiplier>,
    /// Its markets.
    pub markets: Vec<Market>,
    /// The markets that could not be read.
    pub unreadable: Vec<ParseError>,
}

/// Reads a series. A fee type that recio does not know is kept by its name: its fee is not known.
///
/// # Errors
/// A ticker or multiplier that is none.
pub fn series(body: &wire::Series) -> Result<Series, ParseError> {
    let of = Of("series", &body.ticker);
    Ok(Series {
        ticker: of.field("ticker", &body.ticker)?,
        fee_type: fee_type(&body.fee_type),
        fee_multiplier: of.field("fee_multiplier", body.fee_multiplier.as_str())?,
    })
}

pub(super) fn fee_type(word: &str) -> FeeType {
    match word {
        "quadratic" => FeeType::Quadratic,
        "quadratic_with_maker_fees" => FeeType::QuadraticWithMakerFees,
        "quadratic_with_combo_maker_fees" => FeeType::QuadraticWithComboMakerFees,
        other => FeeType::Unsupported(other.to_owned()),
    }
}

/// Reads an event with its markets, nested or beside it.
///
/// # Errors
/// The event itself cannot be read; a market that cannot is in [`EventMarkets::unreadable`].
pub fn event(body: &wire::EventResponse) -> Result<EventMarkets, ParseError> {
    let mut read = listed_event(&body.event)?;
    read.take_up(body.markets.iter().flatten());
    Ok(read)
}

/// Reads an event from the list, with the markets that are nested in it.
///
/// # Errors
/// As [`event`].
pub fn listed_event(event: &wire::Event) -> Result<EventMarkets, ParseError> {
    let of = Of("event", &event.event_ticker);
    let multiplier = event.fee_multiplier_override.as_ref().map(wire::JsonNumber::as_str);
    let mut read = EventMarkets {
        event: of.field("event_ticker", &event.event_ticker)?,
        series: of.field("series_ticker", &event.series_ticker)?,
        fee_type_override: event.fee_type_override.as_deref().map(fee_type),
        fee_multiplier_override: of.optional("fee_multiplier_override", multiplier)?,
        markets: Vec::new(),
        unreadable: Vec::new(),
    };
    read.take_up(event.markets.iter().flatten());
    Ok(read)
}

impl EventMarkets {
    fn take_up<'a>(&mut self, markets: impl Iterator<Item = &'a wire::Market>) {
        for body in markets {
            match market(body) {
                Ok(market) => self.markets.push(market),
                Err(error) => self.unreadable.push(error),
            }
        }
    }
}

/// Reads a market. The series is the part of the event's ticker before the first dash; a missing shard is shard 0, the exchange's default.
///
/// # Errors
/// A field that is not what the API describes, or a status or result that recio does not know.
pub fn market(body: &wire::Market) -> Result<Market, ParseError> {
    let of = Of("market", &body.ticker);
    let series = body.event_ticker.split('-').next().unwrap_or_default();
    let strike = strike(of, body.strike_type.as_deref(), body.floor_strike.as_ref(), body.cap_strike.as_ref())?;
    let result = result(of, "result", &body.result, body.settlement_value_dollars.as_deref())?;
    // A market of another kind may settle on a name; recio does not price it, so nothing is read into that.
    let expiration_value = match (&strike, body.expiration_value.replace(',', "")) {
        (StrikeTerms::Unsupported(_), _) => None,
        (StrikeTerms::Known(_) | StrikeTerms::ToBeAnnounced, text) => of.optional("expiration_value", Some(&text))?,
    };
    Ok(Market {
        ticker: of.field("ticker", &body.ticker)?,
        event: of.field("event_ticker", &body.event_ticker)?,
        series: of.field("event_ticker", series)?,
        strike,
        open_time: of.time("open_time", &body.open_time)?,
        close_time: of.time("close_time", &body.close_time)?,
        status: status(of, &body.status)?,
        grid: grid(of, &body.price_ranges)?,
        exchange_index: body.exchange_index.unwrap_or(0),
        settlement_timer: Duration::from_secs(body.settlement_timer_seconds),
        result,
        expiration_value,
    })
}

/// The best prices in a market's body. They lag behind the book channel by up to seconds.
///
/// # Errors
/// A price or size that is none.
pub fn market_quote(body: &wire::Market) -> Result<Quote, ParseError> {
    let of = Of("market", &body.ticker);
    Ok(Quote {
        bid: best(of, "yes_bid_dollars", &body.yes_bid_dollars, "yes_bid_size_fp", &body.yes_bid_size_fp)?,
        ask: best(of, "yes_ask_dollars", &body.yes_ask_dollars, "yes_ask_size_fp", &body.yes_ask_size_fp)?,
    })
}

/// A best level; an empty side is sent as a bid of 0 or an ask of 1.
pub(super) fn best(
    of: Of<'_>,
    price_field: &'static str,
    price: &str,
    size_field: &'static str,
    size: &str,
) -> Result<Option<Level>, ParseError> {
    let price: Price = of.field(price_field, price)?;
    let quantity: Quantity = of.field(size_field, size)?;
    let is_level = price > Price::ZERO && price < Price::ONE && !quantity.is_zero();
    Ok(is_level.then_some(Level { price, quantity }))
}

pub(super) fn strike(
    of: Of<'_>,
    strike_type: Option<&str>,
    floor: Option<&wire::JsonNumber>,
    cap: Option<&wire::JsonNumber>,
) -> Result<StrikeTerms, ParseError> {
    let known = strike_type.unwrap_or_default();
    if !matches!(known, "greater" | "greater_or_equal" | "less" | "less_or_equal" | "between") {
        return Ok(StrikeTerms::Unsupported(known.to_owned()));
    }
    let floor: Option<AssetPrice> = of.optional("floor_strike", floor.map(wire::JsonNumber::as_str))?;
    let cap: Option<AssetPrice> = of.optional("cap_strike", cap.map(wire::JsonNumber::as_str))?;
    let strike = match known {
        "greater" => floor.map(|floor| Strike::Greater { floor }),
        "greater_or_equal" => floor.map(|floor| Strike::GreaterOrEqual { floor }),
        "less" => cap.map(|cap| Strike::Less { cap }),
        "less_or_equal" => cap.map(|cap| Strike::LessOrEqual { cap }),
        _ => floor.zip(cap).map(|(floor, cap)| Strike::Between { floor, cap }),
    };
    if let Some(Strike::Between { floor, cap }) = strike
        && floor > cap
    {
        return Err(of.error("cap_strike", cap, format_args!("it lies below floor_strike {floor}")));
    }
    Ok(strike.map_or(StrikeTerms::ToBeAnnounced, StrikeTerms::Known))
}

pub(super) fn result(
    of: Of<'_>,
    field: &'static str,
    word: &str,
    value: Option<&str>,
) -> Result<Option<MarketResult>, ParseError> {
    match word {
        "" => Ok(None),
        "yes" => Ok(Some(MarketResult::Yes)),
        "no" => Ok(Some(MarketResult::No)),
        "scalar" => {
            let value = of.required("settlement_value", value)?;
            Ok(Some(MarketResult::Scalar(of.field("settlement_value", value)?)))
        }
        other => Err(of.error(field, other, "it is none of yes, no, scalar")),
    }
}

fn status(of: Of<'_>, word: &str) -> Result<MarketStatus, ParseError> {
    Ok(match word {
        "initialized" => MarketStatus::Initialized,
        "inactive" => MarketStatus::Inactive,
        "active" => MarketStatus::Active,
        "closed" => MarketStatus::Closed,
        "determined" => MarketStatus::Determined,
        "disputed" => MarketStatus::Disputed,
        "amended" => MarketStatus::Amended,
        "finalized" => MarketStatus::Finalized,
        other => return Err(of.error("status", other, "recio does not know this state")),
    })
}

pub(super) fn grid(of: Of<'_>, ranges: &[wire::PriceRange]) -> Result<PriceGrid, ParseError> {
    let mut bands = Vec::with_capacity(ranges.len());
    for range in ranges {
        bands.push(PriceBand {
            start: of.field("price_ranges.start", &range.start)?,
            end: of.field("price_ranges.end", &range.end)?,
            step: of.field("price_ranges.step", &range.step)?,
        });
    }
    PriceGrid::new(bands).map_err(|error| of.error("price_ranges", format_args!("{} bands", ranges.len()), error))
}
