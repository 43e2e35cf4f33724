//! v2's times: text of a clock in New York, mostly without an offset.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use recio_core::units::{Timestamp, to_micros_precision};
use serde::Serialize;
use std::sync::LazyLock;
use std::time::Duration;

/// US Eastern by the rules that are compiled in, so that an import means the same on every machine.
static EASTERN: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZoneDatabase::bundled().get("America/New_York").expect("the bundled database is compiled in and has New York")
});

/// A moment, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    /// The moment.
    pub(crate) time: Timestamp,
    /// How it was found.
    pub(crate) how: How,
}

/// How a text became a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The text says its offset itself.
    Offset,
    /// The clock showed it once.
    Clock,
    /// The clock showed it twice, in the night in autumn; the market that closes within the hour says which one is meant.
    RepeatedByMarket,
    /// The clock showed it twice; the rows before it say which one is meant.
    RepeatedByOrder,
    /// The clock showed it twice, and nothing says which one is meant.
    Repeated,
    /// The clock never showed it: the night in spring skips the hour. Taken as the moment so long after the skip began.
    Skipped,
}

/// Which of the two moments is taken where nothing says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// The one before the clock is set back.
    Earlier,
    /// The one after.
    Later,
}

/// What a text says of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// A moment.
    Moment(Timestamp),
    /// A time on the clock.
    Clock(DateTime),
    /// A time of day without a date.
    TimeOfDay(Time),
}

/// Reads a text: ISO with or without offset, a blank or a `T` between date and time, `EST`, `EDT` or `ET` after it, or a time of day alone
/// (`23:59:59`, `11:59:59 PM`). `None` where it is none of these.
pub(crate) fn read(text: &str) -> Option<Written> {
    let text = text.trim();
    if let Some((rest, zone)) = text.rsplit_once(' ') {
        match zone {
            "EST" => {
                return local(rest).and_then(|at| at.to_zoned(TimeZone::fixed(Offset::constant(-5))).ok()).map(moment);
            }
            "EDT" => {
                return local(rest).and_then(|at| at.to_zoned(TimeZone::fixed(Offset::constant(-4))).ok()).map(moment);
            }
            "ET" => return read(rest),
            _ => {}
        }
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(Written::Moment(to_micros_precision(time)));
    }
    // A zone that was not understood must not be read as if it were not there.
    if text.ends_with(['Z', 'z', ']']) {
        return None;
    }
    local(text).map(Written::Clock).or_else(|| time_of_day(text).map(Written::TimeOfDay))
}

fn moment(zoned: jiff::Zoned) -> Written {
    Written::Moment(to_micros_precision(zoned.timestamp()))
}

fn local(text: &str) -> Option<DateTime> {
    // A date alone is no time.
    if !text.contains(':') || text.parse::<Date>().is_err() {
        return None;
    }
    text.parse::<DateTime>().ok()
}

/// A time of day, on a clock of 24 or of 12 hours.
pub(crate) fn time_of_day(text: &str) -> Option<Time> {
    let text = text.trim();
    let half = text.len().checked_sub(2).and_then(|at| text.get(at..)).map(str::to_ascii_uppercase);
    match half.as_deref() {
        Some("AM" | "PM") => {
            let upper = text.to_ascii_uppercase();
            ["%I:%M:%S %p", "%I:%M:%S%p", "%I:%M %p", "%I:%M%p"]
                .into_iter()
                .find_map(|format| Time::strptime(format, &upper).ok())
        }
        _ if text.contains(':') && text.parse::<Date>().is_err() => text.parse::<Time>().ok(),
        _ => None,
    }
}

/// A date as v2 wrote it, or as an American would.
pub(crate) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    text.parse::<Date>().ok().or_else(|| Date::strptime("%m/%d/%Y", text).ok())
}

/// A time on the clock as a moment.
///
/// `fits` says of a moment whether what is known otherwise allows it (the market's close, the trade's start). It is asked in the repeated
/// hour alone: where it allows one of the two, that one is meant.
pub(crate) fn resolve(clock: DateTime, fits: impl Fn(Timestamp) -> bool, otherwise: Otherwise) -> Option<Resolved> {
    let ambiguous = EASTERN.to_ambiguous_timestamp(clock);
    let (time, how) = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => (ambiguous.unambiguous().ok()?, How::Clock),
        AmbiguousOffset::Gap { .. } => (ambiguous.compatible().ok()?, How::Skipped),
        AmbiguousOffset::Fold { .. } => {
            let (earlier, later) = (ambiguous.earlier().ok()?, ambiguous.later().ok()?);
            match (fits(earlier), fits(later), otherwise) {
                (true, false, _) => (earlier, How::RepeatedByMarket),
                (false, true, _) => (later, How::RepeatedByMarket),
                (_, _, Otherwise::Earlier) => (earlier, How::Repeated),
                (_, _, Otherwise::Later) => (later, How::Repeated),
            }
        }
    };
    Some(Resolved { time: to_micros_precision(time), how })
}

/// The clock in New York at a moment.
pub(crate) fn clock(time: Timestamp) -> DateTime {
    EASTERN.to_datetime(time)
}

/// Whether a trade in a market that closes at one of these can have begun then: v2 traded the market of the running hour alone.
pub(crate) fn within_the_hour_before(closings: &[Timestamp], time: Timestamp) -> bool {
    closings.iter().any(|&close| time < close && close.duration_since(time) <= jiff::SignedDuration::from_hours(1))
}

/// Times of a log, row by row. In the repeated hour, a clock that goes back by more than a few seconds has been set back; later rows mean
/// the second time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Log {
    newest: Option<DateTime>,
    set_back: bool,
}

/// A log's row may come a little late; the clock goes back by an hour.
const DISORDER: Duration = Duration::from_secs(1_800);

impl Log {
    /// The moment of the next row. `two_rounds`: the log holds rows of both rounds of the repeated hour, in the order in which they came.
    pub(crate) fn resolve(&mut self, clock: DateTime, two_rounds: bool) -> Option<Resolved> {
        let disorder = jiff::SignedDuration::try_from(DISORDER).ok()?;
        if let Some(newest) = self.newest {
            let back = newest.duration_since(clock);
            if back > disorder && back < jiff::SignedDuration::from_hours(3) {
                self.set_back = true;
                self.newest = Some(clock);
            } else if clock > newest {
                if clock.duration_since(newest) > jiff::SignedDuration::from_hours(3) {
                    self.set_back = false;
                }
                self.newest = Some(clock);
            }
        } else {
            self.newest = Some(clock);
        }
        let otherwise = if two_rounds && !self.set_back { Otherwise::Earlier } else { Otherwise::Later };
        let mut resolved = resolve(clock, |_| true, otherwise)?;
        if two_rounds && resolved.how == How::Repeated {
            resolved.how = How::RepeatedByOrder;
        }
        Some(resolved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<Written> {
        read(text)
    }

    fn moment_of(text: &str) -> String {
        match at(text) {
            Some(Written::Moment(time)) => time.to_string(),
            Some(Written::Clock(clock)) => {
                let resolved = resolve(clock, |_| true, Otherwise::Earlier).unwrap();
                format!("{} {:?}", resolved.time, resolved.how)
            }
            Some(Written::TimeOfDay(time)) => format!("{time} of some day"),
            None => "unreadable".to_owned(),
        }
    }

    #[test]
    fn offsets_are_taken_at_their_word_and_clocks_by_the_rules_of_new_york() {
        for (text, expected) in [
            ("2025-11-02T06:30:00Z", "2025-11-02T06:30:00Z"),
            ("2025-11-02 01:30:00-05:00", "2025-11-02T06:30:00Z"),
            ("2025-11-02 06:30:00+00", "2025-11-02T06:30:00Z"),
            ("2025-11-02 01:30:00 EDT", "2025-11-02T05:30:00Z"),
            ("2025-11-02 01:30:00 EST", "2025-11-02T06:30:00Z"),
            ("2025-08-20 15:50:01.250", "2025-08-20T19:50:01.25Z Clock"),
            ("2025-01-20T15:50:01 ET", "2025-01-20T20:50:01Z Clock"),
            ("2025-11-02 01:30:00", "2025-11-02T05:30:00Z Repeated"),
            ("2025-03-09 02:30:00", "2025-03-09T07:30:00Z Skipped"),
            (" 23:59:59 ", "23:59:59 of some day"),
            ("11:59:59 PM", "23:59:59 of some day"),
            ("2025-11-02", "unreadable"),
            ("yesterday", "unreadable"),
            ("2025-13-02 01:30:00", "unreadable"),
            ("25:00:00", "unreadable"),
            ("", "unreadable"),
        ] {
            assert_eq!(moment_of(text), expected, "{text}");
        }
    }

    #[test]
    fn a_market_says_which_of_two_hours_is_meant() {
        let clock: DateTime = "2025-11-02T01:30:00".parse().unwrap();
        let closes = |text: &str| vec![text.parse::<Timestamp>().unwrap()];
        let check = |closings: Vec<Timestamp>| {
            let resolved = resolve(clock, |time| within_the_hour_before(&closings, time), Otherwise::Earlier).unwrap();
            (resolved.time.to_string(), resolved.how)
        };
        assert_eq!(check(closes("2025-11-02T06:00:00Z")), ("2025-11-02T05:30:00Z".to_owned(), How::RepeatedByMarket));
        assert_eq!(check(closes("2025-11-02T07:00:00Z")), ("2025-11-02T06:30:00Z".to_owned(), How::RepeatedByMarket));
        assert_eq!(check(Vec::new()), ("2025-11-02T05:30:00Z".to_owned(), How::Repeated));
    }

    #[test]
    fn a_log_with_both_rounds_tells_them_by_their_order() {
        let mut log = Log::default();
        let mut take = |text: &str, two| {
            let resolved = log.resolve(text.parse().unwrap(), two).unwrap();
            format!("{} {:?}", resolved.time.strftime("%H:%M:%S"), resolved.how)
        };
        assert_eq!(take("2025-11-02T00:59:59", true), "04:59:59 Clock");
        assert_eq!(take("2025-11-02T01:00:00", true), "05:00:00 RepeatedByOrder");
        assert_eq!(take("2025-11-02T01:59:59", true), "05:59:59 RepeatedByOrder");
        assert_eq!(take("2025-11-02T01:59:58", true), "05:59:58 RepeatedByOrder");
        assert_eq!(take("2025-11-02T01:00:00", true), "06:00:00 RepeatedByOrder");
        assert_eq!(take("2025-11-02T01:59:59", true), "06:59:59 RepeatedByOrder");
        assert_eq!(take("2025-11-02T02:00:00", true), "07:00:00 Clock");
        assert_eq!(take("2026-11-01T01:10:00", true), "05:10:00 RepeatedByOrder");
        let mut one = Log::default();
        let resolved = one.resolve("2025-11-02T01:00:00".parse().unwrap(), false).unwrap();
        assert_eq!((resolved.time.to_string(), resolved.how), ("2025-11-02T06:00:00Z".to_owned(), How::Repeated));
    }
}
