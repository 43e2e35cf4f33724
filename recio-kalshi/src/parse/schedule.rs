//! When the exchange trades, and where its live tier ends.

use super::{Of, ParseError};
use crate::wire;
use jiff::civil::{Time, Weekday};
use recio_core::units::Timestamp;

/// The exchange's hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The hours of a week, each for some stretch of time.
    pub weeks: Vec<WeekHours>,
    /// When it is looked after and may be away: from, to.
    pub maintenance: Vec<(Timestamp, Timestamp)>,
}

/// The hours of a week, for some stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekHours {
    /// From when on they hold.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The sessions, in New York's time. A day without one does not trade.
    pub sessions: Vec<Session>,
}

/// Hours of trading on one day of the week, in New York's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The day.
    pub day: Weekday,
    /// When it begins.
    pub open: Time,
    /// When it ends; midnight is the end of the day.
    pub close: Time,
}

/// The times that part the archive from the live tier: what is older is in the archive only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoricalCutoff {
    /// For markets and their candles: when they settled.
    pub market_settled: Timestamp,
    /// For fills and public trades: when they were made.
    pub trade_created: Timestamp,
    /// For orders: when they ended. Resting orders are always live.
    pub order_updated: Timestamp,
    /// For settled positions: when they last changed; where the exchange says.
    pub position_updated: Option<Timestamp>,
}

/// Reads the exchange's hours.
///
/// # Errors
/// A time that is none, or a stretch that ends before it begins.
pub fn schedule(body: &wire::Schedule) -> Result<Schedule, ParseError> {
    let of = Of("schedule", "of the exchange");
    let stretch = |fields: [&'static str; 2], from: &str, to: &str| {
        let (from, to) = (of.time(fields[0], from)?, of.time(fields[1], to)?);
        if from <= to { Ok((from, to)) } else { Err(of.error(fields[1], to, format_args!("it lies before {from}"))) }
    };
    let clock = |field, text: &str| Time::strptime("%H:%M", text).map_err(|error| of.error(field, text, error));
    let week = |week: &wire::WeeklySchedule| {
        let (from, until) = stretch(["start_time", "end_time"], &week.start_time, &week.end_time)?;
        let days = [
            (Weekday::Monday, &week.monday),
            (Weekday::Tuesday, &week.tuesday),
            (Weekday::Wednesday, &week.wednesday),
            (Weekday::Thursday, &week.thursday),
            (Weekday::Friday, &week.friday),
            (Weekday::Saturday, &week.saturday),
            (Weekday::Sunday, &week.sunday),
        ];
        let session = |(day, session): (Weekday, &wire::DailySchedule)| {
            let (open, close) = (clock("open_time", &session.open_time)?, clock("close_time", &session.close_time)?);
            Ok(Session { day, open, close })
        };
        let sessions = days.iter().flat_map(|(day, sessions)| sessions.iter().map(|session| (*day, session)));
        Ok(WeekHours { from, until, sessions: sessions.map(session).collect::<Result<_, _>>()? })
    };
    let window = |window: &wire::MaintenanceWindow| {
        stretch(["start_datetime", "end_datetime"], &window.start_datetime, &window.end_datetime)
    };
    Ok(Schedule {
        weeks: body.standard_hours.iter().map(week).collect::<Result<_, _>>()?,
        maintenance: body.maintenance_windows.iter().map(window).collect::<Result<_, _>>()?,
    })
}

/// Reads where the live tier ends.
///
/// # Errors
/// A time that is none.
pub fn historical_cutoff(body: &wire::HistoricalCutoff) -> Result<HistoricalCutoff, ParseError> {
    let of = Of("cutoff", "of the archive");
    let positions = body.market_positions_last_updated_ts.as_deref();
    Ok(HistoricalCutoff {
        market_settled: of.time("market_settled_ts", &body.market_settled_ts)?,
        trade_created: of.time("trades_created_ts", &body.trades_created_ts)?,
        order_updated: of.time("orders_updated_ts", &body.orders_updated_ts)?,
        position_updated: positions.map(|text| of.time("market_positions_last_updated_ts", text)).transpose()?,
    })
}
