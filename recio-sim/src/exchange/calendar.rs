//! When the exchange trades by its own calendar: around the clock but for two hours on Thursdays.
//!
//! Source: docs.kalshi.com on maintenance (Thursdays 03:00 to 05:00 US Eastern, a trading pause) and the exchange's schedule, October 2026.

use super::Exchange;
use super::request::{Answer, answer};
use jiff::civil::{Date, Weekday, time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, ToSpan};
use recio_core::units::Timestamp;
use recio_kalshi::wire;
use std::sync::LazyLock;

/// US Eastern by the rules that are compiled in.
static EASTERN: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZoneDatabase::bundled().get("America/New_York").expect("the bundled database is compiled in and has New York")
});

/// One weekly pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// The weekly pause that lasts at a moment, or the next one; `None` at the end of time.
pub(super) fn weekly_pause(now: Timestamp) -> Option<Pause> {
    let today = EASTERN.to_datetime(now).date();
    let until_thursday = i64::from(today.weekday().until(Weekday::Thursday));
    [0, 7].into_iter().find_map(|weeks| {
        let day = today.checked_add(Span::new().try_days(until_thursday + weeks).ok()?).ok()?;
        pause_of(day).filter(|pause| now < pause.to)
    })
}

fn pause_of(day: Date) -> Option<Pause> {
    // Clocks change on Sundays at two, so these hours exist once on every Thursday.
    let at = |hour| EASTERN.to_timestamp(day.to_datetime(time(hour, 0, 0, 0))).ok();
    Some(Pause { from: at(3)?, to: at(5)? })
}

impl Exchange {
    pub(super) fn schedule(&self) -> Answer {
        let hours =
            |open: &str, close: &str| wire::DailySchedule { open_time: open.to_owned(), close_time: close.to_owned() };
        let whole = || vec![hours("00:00", "00:00")];
        let thursday =
            if self.realism.weekly_pause { vec![hours("00:00", "03:00"), hours("05:00", "00:00")] } else { whole() };
        let mut maintenance_windows = Vec::new();
        if self.realism.weekly_pause
            && let Some(pause) = weekly_pause(self.now())
        {
            let next = weekly_pause(pause.to);
            maintenance_windows.extend([Some(pause), next].into_iter().flatten().map(|pause| {
                wire::MaintenanceWindow { start_datetime: pause.from.to_string(), end_datetime: pause.to.to_string() }
            }));
        }
        // The exchange names no end of its hours either; this is a year around the moment.
        let year = |sign: i64| self.now().checked_add((sign * 24 * 365).hours()).unwrap_or(self.now()).to_string();
        let week = wire::WeeklySchedule {
            start_time: year(-1),
            end_time: year(1),
            monday: whole(),
            tuesday: whole(),
            wednesday: whole(),
            thursday,
            friday: whole(),
            saturday: whole(),
            sunday: whole(),
        };
        answer(
            200,
            &wire::ScheduleResponse { schedule: wire::Schedule { standard_hours: vec![week], maintenance_windows } },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_on_thursday_morning_in_new_york() {
        for (now, from, to) in [
            ("2026-11-22T12:00:00Z", "2026-11-26T08:00:00Z", "2026-11-26T10:00:00Z"),
            ("2026-11-26T09:59:59Z", "2026-11-26T08:00:00Z", "2026-11-26T10:00:00Z"),
            ("2026-11-26T10:00:00Z", "2026-12-03T08:00:00Z", "2026-12-03T10:00:00Z"),
            ("2026-07-01T00:00:00Z", "2026-07-02T07:00:00Z", "2026-07-02T09:00:00Z"),
            // Thursday evening in New York is Friday in UTC.
            ("2026-07-03T02:00:00Z", "2026-07-09T07:00:00Z", "2026-07-09T09:00:00Z"),
        ] {
            let pause = weekly_pause(now.parse().unwrap()).unwrap();
            assert_eq!((pause.from.to_string(), pause.to.to_string()), (from.to_owned(), to.to_owned()), "{now}");
        }
    }
}
