//! The names that the exchange gives to crypto events and markets, both ways: taken apart, and made from series, closing time and strike.
//!
//! ```text
//! event  = SERIES "-" YY MON DD HH      KXBTCD-26SEP2516         closes 2026-09-25 16:00 US Eastern, which is 20:00 UTC
//!        | SERIES "-" YY MON DD HHMM    KXBTC15M-26SEP251515     closes 15:15 US Eastern
//! market = event "-T" level             …-T92799.99, …-T74200    a threshold, or the open end of a range ladder
//!        | event "-B" midpoint          …-B92750                 the range from 92700 to 92799.99
//!        | event "-" MM                 …-15                     a quarter hour, by its closing minute
//! ```
//!
//! A market's identity is series, closing time and strike; its ticker is only a check on them. Source: market bodies of the exchange's API,
//! production, July and September 2026.

use super::{Asset, Family, Market, Strike, StrikeTerms, UnknownSeries};
use crate::units::{AssetPrice, EventTicker, MarketTicker, SeriesTicker, Timestamp};
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

/// US Eastern by the rules that are compiled in, so that names mean the same on every machine, with or without a zone database.
static EASTERN: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZoneDatabase::bundled().get("America/New_York").expect("the bundled database is compiled in and has New York")
});

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// An event's ticker taken apart: the series, and the US Eastern hour (or quarter) at which it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventName {
    asset: Asset,
    family: Family,
    closing: DateTime,
}

/// A market's ticker taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketName {
    event: EventName,
    strike: StrikePart,
}

/// What a market's ticker says of its strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StrikePart {
    /// `T` and a floor or a cap: which of the two, only the market's `strike_type` says.
    Threshold(AssetPrice),
    /// `B` and the middle of a range.
    Midpoint(AssetPrice),
    /// The closing minute of a quarter hour: 0, 15, 30 or 45. It says nothing of the level.
    Minute(u8),
}

/// When an event closes by its name. The hour that repeats when clocks go back names two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Closings {
    /// The moment, or the earlier of two.
    pub first: Timestamp,
    /// The later one, an hour on, where the name is ambiguous.
    pub second: Option<Timestamp>,
}

/// Why a ticker cannot be read, made, or trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TickerError {
    /// None of recio's six series: leave it alone.
    #[error(transparent)]
    UnknownSeries(#[from] UnknownSeries),
    /// The text does not follow the grammar: the exchange names markets in another way than recio knows, or the text was cut.
    #[error("ticker `{ticker}`: {found}, where {wanted} belongs (a whole ticker looks like {example})")]
    Malformed {
        /// The text as it came, cut short.
        ticker: String,
        /// The part that does not fit.
        found: String,
        /// What belongs there.
        wanted: &'static str,
        /// A ticker that fits.
        example: &'static str,
    },
    /// The clocks skip this hour in spring, so no market closes then.
    #[error(
        "ticker `{ticker}`: US Eastern clocks skip {closing} that day, so no market closes then; go by its close_time"
    )]
    SkippedHour {
        /// The ticker.
        ticker: String,
        /// The time that does not exist.
        closing: DateTime,
    },
    /// Ticker and body of a market contradict each other: it must not be traded.
    #[error(
        "market {ticker}: its ticker says {named}, its body says {body}; not traded until the exchange's two agree"
    )]
    Contradiction {
        /// The market.
        ticker: MarketTicker,
        /// What the ticker says.
        named: String,
        /// What the body says.
        body: String,
    },
    /// A market of this kind has no name in the grammar.
    #[error("{series} has no market with {what}, so no ticker names it")]
    Unnamed {
        /// The series.
        series: SeriesTicker,
        /// What cannot be named.
        what: String,
    },
}

impl EventName {
    /// The name of a series' event that closes at this moment.
    ///
    /// # Errors
    /// A series that recio does not know; a moment that is not on the series' hour or quarter, or not in the years 2000 to 2099.
    pub fn new(series: &SeriesTicker, close_time: Timestamp) -> Result<Self, TickerError> {
        let (asset, family) = Family::of(series)?;
        let closing = EASTERN.to_datetime(close_time);
        let step = if family == Family::QuarterHour { 15 } else { 60 };
        let on_step = closing.minute() % step == 0 && closing.second() == 0 && closing.subsec_nanosecond() == 0;
        if !on_step || !(2000..=2099).contains(&closing.year()) {
            let what = format!("close time {close_time} (it closes every {step} minutes, in the years 2000 to 2099)");
            return Err(TickerError::Unnamed { series: series.clone(), what });
        }
        Ok(Self { asset, family, closing })
    }

    /// What it is about.
    #[must_use]
    pub const fn asset(&self) -> Asset {
        self.asset
    }

    /// The kind of contract.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The series.
    ///
    /// # Panics
    /// Never: the six series are tickers.
    #[must_use]
    pub fn series(&self) -> SeriesTicker {
        SeriesTicker::new(series_name(self.asset, self.family)).expect("the six series are short visible ASCII")
    }

    /// The closing time on a clock in New York.
    #[must_use]
    pub const fn closing(&self) -> DateTime {
        self.closing
    }

    /// The moments that the name may mean: one, or two in the hour that repeats in autumn.
    ///
    /// # Panics
    /// Never: the years 2000 to 2099 lie well inside what a timestamp covers.
    #[must_use]
    pub fn closings(&self) -> Closings {
        let local = EASTERN.to_ambiguous_timestamp(self.closing);
        let why = "the years 2000 to 2099 fit a timestamp";
        Closings { first: local.earlier().expect(why), second: local.is_ambiguous().then(|| local.later().expect(why)) }
    }

    /// The ticker.
    ///
    /// # Panics
    /// Never: the text is 15 to 20 visible ASCII characters.
    #[must_use]
    pub fn ticker(&self) -> EventTicker {
        EventTicker::new(&self.to_string()).expect("an event's name is short visible ASCII")
    }
}

impl MarketName {
    /// The name of a series' market with this closing time and strike.
    ///
    /// A quarter hour's name does not depend on its strike, which may still be to come.
    ///
    /// # Errors
    /// As [`EventName::new`]; a strike of a kind that the series does not have, or not known where the name needs it; a range whose middle
    /// is not a whole cent.
    pub fn new(series: &SeriesTicker, close_time: Timestamp, strike: &StrikeTerms) -> Result<Self, TickerError> {
        let event = EventName::new(series, close_time)?;
        let unnamed = |what: &str| TickerError::Unnamed { series: series.clone(), what: what.to_owned() };
        let strike = match (event.family, strike) {
            (Family::HourlyThreshold | Family::QuarterHour, StrikeTerms::Known(Strike::Between { .. })) => {
                return Err(unnamed("a range"));
            }
            (Family::QuarterHour, _) => StrikePart::Minute(event.closing.minute().unsigned_abs()),
            (_, StrikeTerms::ToBeAnnounced) => return Err(unnamed("a strike that comes later")),
            (_, StrikeTerms::Unsupported(kind)) => return Err(unnamed(&format!("a strike of type {kind}"))),
            (_, StrikeTerms::Known(strike)) => {
                part_of(strike).ok_or_else(|| unnamed("a range without a whole middle"))?
            }
        };
        Ok(Self { event, strike })
    }

    /// The event.
    #[must_use]
    pub const fn event(&self) -> &EventName {
        &self.event
    }

    /// What the name says of the strike.
    #[must_use]
    pub const fn strike(&self) -> StrikePart {
        self.strike
    }

    /// The ticker.
    ///
    /// # Panics
    /// Never: the text is well below the longest ticker, and visible ASCII.
    #[must_use]
    pub fn ticker(&self) -> MarketTicker {
        MarketTicker::new(&self.to_string()).expect("a market's name is short visible ASCII")
    }
}

impl Closings {
    /// Whether the name may mean this moment.
    #[must_use]
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.first == moment || self.second == Some(moment)
    }
}

/// Checks a market's ticker against what its body says: series, event, closing time and strike.
///
/// Both readings of the repeated autumn hour are accepted. A strike that is to come, or of a type that recio does not price, is not checked.
///
/// # Errors
/// A series that recio does not know, a ticker off the grammar, or one that contradicts the body: such a market must not be traded.
pub fn check_ticker(market: &Market) -> Result<(), TickerError> {
    let contradiction = |named: &dyn fmt::Display, body: &dyn fmt::Display| {
        Err(TickerError::Contradiction {
            ticker: market.ticker.clone(),
            named: named.to_string(),
            body: body.to_string(),
        })
    };
    let name: MarketName = market.ticker.as_str().parse()?;
    if name.event.series() != market.series {
        return contradiction(
            &format_args!("series {}", name.event.series()),
            &format_args!("series {}", market.series),
        );
    }
    let event: EventName = market.event.as_str().parse()?;
    if event != name.event {
        return contradiction(&format_args!("event {}", name.event), &format_args!("event {}", market.event));
    }
    let closings = name.event.closings();
    if !closings.contains(market.close_time) {
        return contradiction(
            &format_args!("close time {closings}"),
            &format_args!("close time {}", market.close_time),
        );
    }
    let StrikeTerms::Known(strike) = &market.strike else { return Ok(()) };
    let agrees = match (name.event.family, name.strike) {
        (Family::QuarterHour, _) => !matches!(strike, Strike::Between { .. }),
        (_, part) => part_of(strike) == Some(part),
    };
    if agrees {
        Ok(())
    } else {
        contradiction(&format_args!("strike {}", name.strike), &format_args!("strike {strike}"))
    }
}

/// How a ticker names a strike; `None` for a range whose middle is not a whole cent.
fn part_of(strike: &Strike) -> Option<StrikePart> {
    match *strike {
        Strike::Greater { floor } | Strike::GreaterOrEqual { floor } => Some(StrikePart::Threshold(floor)),
        Strike::Less { cap } | Strike::LessOrEqual { cap } => Some(StrikePart::Threshold(cap)),
        // Both ends pay, so the range ends a cent above its cap.
        Strike::Between { floor, cap } => {
            let twice = floor.cents() + cap.cents() + 1;
            let middle = AssetPrice::from_cents(twice / 2).ok()?;
            twice.is_multiple_of(2).then_some(StrikePart::Midpoint(middle))
        }
    }
}

const fn series_name(asset: Asset, family: Family) -> &'static str {
    match (asset, family) {
        (Asset::Btc, Family::HourlyThreshold) => "KXBTCD",
        (Asset::Btc, Family::HourlyRange) => "KXBTC",
        (Asset::Btc, Family::QuarterHour) => "KXBTC15M",
        (Asset::Eth, Family::HourlyThreshold) => "KXETHD",
        (Asset::Eth, Family::HourlyRange) => "KXETH",
        (Asset::Eth, Family::QuarterHour) => "KXETH15M",
    }
}

const fn example(family: Family) -> &'static str {
    match family {
        Family::HourlyThreshold => "KXBTCD-26SEP2516-T92799.99",
        Family::HourlyRange => "KXBTC-26SEP2515-B92750",
        Family::QuarterHour => "KXBTC15M-26SEP251515-15",
    }
}

/// Reads a ticker's parts and makes errors that show the whole.
struct Reader<'a> {
    whole: &'a str,
    family: Family,
}

impl Reader<'_> {
    fn malformed(&self, found: &str, wanted: &'static str) -> TickerError {
        let clip = |text: &str| text.chars().take(40).collect::<String>();
        let found = if found.is_empty() { "nothing".to_owned() } else { format!("`{}`", clip(found)) };
        TickerError::Malformed { ticker: clip(self.whole), found, wanted, example: example(self.family) }
    }

    fn event(&self, asset: Asset, time: &str) -> Result<EventName, TickerError> {
        let wanted = match self.family {
            Family::HourlyThreshold | Family::HourlyRange => "a closing time as YYMONDDHH",
            Family::QuarterHour => "a closing time as YYMONDDHHMM, on a quarter of an hour",
        };
        let closing = self.closing(time).ok_or_else(|| self.malformed(time, wanted))?;
        match EASTERN.to_ambiguous_timestamp(closing).offset() {
            AmbiguousOffset::Gap { .. } => Err(TickerError::SkippedHour { ticker: self.whole.to_owned(), closing }),
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
                Ok(EventName { asset, family: self.family, closing })
            }
        }
    }

    fn closing(&self, time: &str) -> Option<DateTime> {
        let length = if self.family == Family::QuarterHour { 11 } else { 9 };
        if time.len() != length || !time.is_ascii() {
            return None;
        }
        let month = i8::try_from(MONTHS.iter().position(|&month| month == &time[2..5])?).ok()? + 1;
        let date = Date::new(2000 + i16::from(two_digits(&time[..2])?), month, two_digits(&time[5..7])?).ok()?;
        let minute = if self.family == Family::QuarterHour { two_digits(&time[9..])? } else { 0 };
        let time = jiff::civil::Time::new(two_digits(&time[7..9])?, minute, 0, 0).ok()?;
        (minute % 15 == 0).then(|| date.to_datetime(time))
    }

    fn strike(&self, event: &EventName, part: &str) -> Result<StrikePart, TickerError> {
        let level = |text: &str| {
            let digits_first = text.starts_with(|c: char| c.is_ascii_digit());
            text.parse()
                .ok()
                .filter(|_| digits_first)
                .ok_or_else(|| self.malformed(part, "a level in dollars and cents"))
        };
        match (self.family, part.as_bytes().first()) {
            (Family::QuarterHour, _) => match two_digits(part) {
                Some(minute) if minute == event.closing.minute() => Ok(StrikePart::Minute(minute.unsigned_abs())),
                Some(_) | None => Err(self.malformed(part, "the closing minute of the event")),
            },
            (Family::HourlyThreshold | Family::HourlyRange, Some(b'T')) => level(&part[1..]).map(StrikePart::Threshold),
            (Family::HourlyRange, Some(b'B')) => level(&part[1..]).map(StrikePart::Midpoint),
            (Family::HourlyThreshold, _) => Err(self.malformed(part, "`T` and a level")),
            (Family::HourlyRange, _) => Err(self.malformed(part, "`T` and a level, or `B` and a midpoint")),
        }
    }
}

fn two_digits(text: &str) -> Option<i8> {
    match text.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(((tens - b'0') * 10 + (ones - b'0')).cast_signed()),
        _ => None,
    }
}

/// Splits off the series; what is left after it has at least an empty text.
fn split_series(text: &str) -> Result<(Asset, Reader<'_>, &str), TickerError> {
    let (series, rest) = text.split_once('-').unwrap_or((text, ""));
    let unknown = || UnknownSeries(format!("`{}`", series.chars().take(40).collect::<String>()));
    let (asset, family) = Family::of(&SeriesTicker::new(series).map_err(|_| unknown())?).map_err(|_| unknown())?;
    Ok((asset, Reader { whole: text, family }, rest))
}

impl FromStr for EventName {
    type Err = TickerError;
    fn from_str(text: &str) -> Result<Self, TickerError> {
        let (asset, reader, time) = split_series(text)?;
        reader.event(asset, time)
    }
}

impl FromStr for MarketName {
    type Err = TickerError;
    fn from_str(text: &str) -> Result<Self, TickerError> {
        let (asset, reader, rest) = split_series(text)?;
        let (time, part) = rest.split_once('-').unwrap_or((rest, ""));
        let event = reader.event(asset, time)?;
        Ok(Self { event, strike: reader.strike(&event, part)? })
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (series, at) = (series_name(self.asset, self.family), self.closing);
        let month = MONTHS[usize::from(at.month().unsigned_abs()) - 1];
        let mut text = format!("{series}-{:02}{month}{:02}{:02}", at.year() - 2000, at.day(), at.hour());
        if self.family == Family::QuarterHour {
            text.push_str(&format!("{:02}", at.minute()));
        }
        f.pad(&text)
    }
}

impl fmt::Display for MarketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}-{}", self.event, self.strike))
    }
}

impl fmt::Display for StrikePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As the exchange prints them: without zeros at the end ("92750", "92799.99").
        let short = |level: &AssetPrice| {
            let text = level.to_string();
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        };
        f.pad(&match self {
            Self::Threshold(level) => format!("T{}", short(level)),
            Self::Midpoint(level) => format!("B{}", short(level)),
            Self::Minute(minute) => format!("{minute:02}"),
        })
    }
}

impl fmt::Display for Closings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.second {
            Some(second) => write!(f, "{} or {second}", self.first),
            None => write!(f, "{}", self.first),
        }
    }
}

#[cfg(test)]
mod tests;
