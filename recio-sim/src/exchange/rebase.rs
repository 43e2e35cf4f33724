//! A recording moved in time: by how much, and what its markets are called then.
//!
//! Kalshi names a crypto market by its closing time. A recording that is moved by whole quarters of an hour (whole hours where it has hourly
//! markets) gets names that fit: `KXBTC15M-26MAY130915-15`, moved so that it closes at 14:30 US Eastern on 22 November, is
//! `KXBTC15M-26NOV221430-30`.

use crate::recording::{Header, Record, RecordBody};
use jiff::SignedDuration;
use recio_core::market::{EventName, Family, LifecycleEvent, MarketName, StrikeTerms};
use recio_core::units::{EventTicker, MarketTicker, Timestamp};
use std::collections::BTreeMap;

/// Who finds less than this left of the last market that a session settles gets the session at the next quarter (or hour) instead.
const TIME_TO_TRADE: SignedDuration = SignedDuration::from_mins(5);

/// How far a recording is moved, and where in it the exchange begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebase {
    /// Added to every time of the recording: whole quarters or hours where its markets can be named anew, else whole seconds.
    pub shift_seconds: i64,
    /// When the exchange begins, in moved time.
    pub start: Timestamp,
}

/// The move itself: of times, and of the names that follow from them.
pub(super) struct Shift {
    by: SignedDuration,
    /// Recorded name to name after the move, of the markets whose names follow.
    names: BTreeMap<MarketTicker, MarketTicker>,
}

impl Rebase {
    /// Not moved: from the session's beginning, at its own time.
    #[must_use]
    pub const fn none(header: &Header) -> Self {
        Self { shift_seconds: 0, start: header.session_from }
    }

    /// The session's beginning after the move, for a `start` that is not moved yet.
    pub(super) fn moved_start(&self) -> Timestamp {
        later(self.start, SignedDuration::from_secs(self.shift_seconds))
    }

    /// For who controls the time: a whole session, the last one that has begun by `now`, from its beginning. That lies up to a quarter (with
    /// hourly markets, up to an hour) back.
    #[must_use]
    pub fn whole_session(header: &Header, now: Timestamp) -> Self {
        let step = naming_step(header).unwrap_or(1);
        let shift_seconds = whole_seconds(header.session_from.duration_until(now)).div_euclid(step) * step;
        Self { shift_seconds, start: later(header.session_from, SignedDuration::from_secs(shift_seconds)) }
    }

    /// For who follows the real time, from `now` on: at the place within its quarter (or hour) at which it was recorded. Where the last market
    /// that the recording settles would close within five minutes, or has closed, the session that begins with the next quarter is taken instead,
    /// and its prices play until then. Where there are no prices for that long and nothing is left to trade, the session begins now, by
    /// whole seconds, and tickers stay as recorded.
    #[must_use]
    pub fn to_now(header: &Header, now: Timestamp) -> Self {
        let begun = Self::whole_session(header, now);
        let joined = Self { start: begun.start.max(now), ..begun };
        let moved = |time, shift| later(time, SignedDuration::from_secs(shift));
        let left = last_settled_close(header).map(|close| now.duration_until(moved(close, begun.shift_seconds)));
        let (Some(step), Some(left)) = (naming_step(header), left.filter(|left| *left < TIME_TO_TRADE)) else {
            return joined;
        };
        let next = begun.shift_seconds + step;
        if moved(header.from, next) <= now {
            return Self { shift_seconds: next, start: now };
        }
        if left > SignedDuration::ZERO {
            return joined;
        }
        let shift_seconds = whole_seconds(header.session_from.duration_until(now));
        Self { shift_seconds, start: moved(header.session_from, shift_seconds).max(now) }
    }
}

impl Shift {
    pub(super) fn new(header: &Header, shift_seconds: i64) -> Self {
        let by = SignedDuration::from_secs(shift_seconds);
        let fits = naming_step(header).is_some_and(|step| shift_seconds % step == 0);
        let named = |market: &MarketTicker| Some((market.clone(), moved_market(market, by)?));
        let names = if fits && shift_seconds != 0 {
            header.markets.iter().filter_map(named).collect()
        } else {
            BTreeMap::new()
        };
        Self { by, names }
    }

    /// Whether tickers still name the closing times of their markets.
    pub(super) fn keeps_names_true(&self) -> bool {
        self.by.is_zero() || !self.names.is_empty()
    }

    pub(super) fn time(&self, time: Timestamp) -> Timestamp {
        later(time, self.by)
    }

    fn name(&self, market: &mut MarketTicker) {
        if let Some(name) = self.names.get(market) {
            *market = name.clone();
        }
    }

    pub(super) fn header(&self, mut header: Header) -> Header {
        for time in [&mut header.from, &mut header.session_from, &mut header.to] {
            *time = self.time(*time);
        }
        for gap in &mut header.gaps {
            self.gap(gap);
        }
        for market in &mut header.markets {
            self.name(market);
        }
        header
    }

    fn gap(&self, gap: &mut crate::recording::Gap) {
        gap.from = self.time(gap.from);
        gap.to = self.time(gap.to);
        if let Some(market) = &mut gap.market {
            self.name(market);
        }
    }

    /// A record with its times and names, outside and inside, moved.
    pub(super) fn record(&self, mut record: Record) -> Record {
        if self.by.is_zero() {
            return record;
        }
        record.exchange_time = self.time(record.exchange_time);
        record.received_time = record.received_time.map(|time| self.time(time));
        match &mut record.body {
            RecordBody::Gap(gap) => self.gap(gap),
            RecordBody::Market(body) => {
                if self.names.contains_key(&body.ticker)
                    && let Some(event) = moved_event(&body.event, self.by)
                {
                    body.event = event;
                }
                self.name(&mut body.ticker);
                for time in [&mut body.created_time, &mut body.open_time, &mut body.close_time] {
                    *time = self.time(*time);
                }
            }
            RecordBody::Lifecycle { market, event } => {
                self.name(market);
                self.lifecycle(event);
            }
            RecordBody::Ticker(update) => {
                self.name(&mut update.market);
                update.exchange_time = self.time(update.exchange_time);
            }
            RecordBody::Trade(trade) => {
                trade.exchange_time = self.time(trade.exchange_time);
                self.name(&mut trade.market);
            }
            RecordBody::Outcome(outcome) => self.name(&mut outcome.market),
            RecordBody::BookSnapshot { market, .. } | RecordBody::BookDelta { market, .. } => self.name(market),
            RecordBody::Boundary(_)
            | RecordBody::SpotTrade { .. }
            | RecordBody::IndexPrint { .. }
            | RecordBody::Exchange(_) => {}
        }
        record
    }

    fn lifecycle(&self, event: &mut LifecycleEvent) {
        match event {
            LifecycleEvent::CloseDateUpdated { close_time: time }
            | LifecycleEvent::Determined { determined_time: time, .. }
            | LifecycleEvent::Settled { settled_time: time } => *time = self.time(*time),
            LifecycleEvent::Created
            | LifecycleEvent::Activated
            | LifecycleEvent::Deactivated
            | LifecycleEvent::StrikeUpdated { .. }
            | LifecycleEvent::GridUpdated { .. } => {}
        }
    }
}

/// Rounded down, so that the session has not begun in the future.
fn whole_seconds(time: SignedDuration) -> i64 {
    time.as_secs() - i64::from(time.subsec_nanos() < 0)
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(time)
}

/// By how many seconds, or a multiple of that, the markets can be moved and still be named by the exchange's rules: a quarter of an hour, an
/// hour with hourly markets, `None` where a name is not one of the exchange's.
fn naming_step(header: &Header) -> Option<i64> {
    let steps = header.markets.iter().map(|market| {
        let name: MarketName = market.as_str().parse().ok()?;
        Some(if name.event().family() == Family::QuarterHour { 900 } else { 3600 })
    });
    steps.collect::<Option<Vec<i64>>>()?.into_iter().max()
}

/// When the last market closes that the recording also settles: one that closes at its end is not settled any more.
fn last_settled_close(header: &Header) -> Option<Timestamp> {
    let closes = header.markets.iter().filter_map(|market| market.as_str().parse::<MarketName>().ok());
    closes.map(|name| name.event().closings().first).filter(|close| *close < header.to).max()
}

fn moved_event(event: &EventTicker, by: SignedDuration) -> Option<EventTicker> {
    let name: EventName = event.as_str().parse().ok()?;
    Some(EventName::new(&name.series(), later(name.closings().first, by)).ok()?.ticker())
}

fn moved_market(market: &MarketTicker, by: SignedDuration) -> Option<MarketTicker> {
    let name: MarketName = market.as_str().parse().ok()?;
    let event = name.event();
    let close_time = later(event.closings().first, by);
    if event.family() == Family::QuarterHour {
        // Its name ends in the closing minute.
        return Some(MarketName::new(&event.series(), close_time, &StrikeTerms::ToBeAnnounced).ok()?.ticker());
    }
    let strike = market.as_str().strip_prefix(event.ticker().as_str())?;
    let moved = EventName::new(&event.series(), close_time).ok()?.ticker();
    MarketTicker::new(&format!("{moved}{strike}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::FORMAT_VERSION;

    /// As the recording that comes with recio: 18 minutes around one quarter, with prices from 40 minutes before.
    fn header(markets: &[&str]) -> Header {
        Header {
            format_version: FORMAT_VERSION,
            title: "test".to_owned(),
            created_by: "test".to_owned(),
            from: "2026-05-13T12:20:00Z".parse().unwrap(),
            session_from: "2026-05-13T12:59:42.861265Z".parse().unwrap(),
            to: "2026-05-13T13:17:42.343513Z".parse().unwrap(),
            markets: markets.iter().map(|market| market.parse().unwrap()).collect(),
            sources: Vec::new(),
            streams: Vec::new(),
            gaps: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn quarters() -> Header {
        header(&["KXBTC15M-26MAY130900-00", "KXBTC15M-26MAY130915-15", "KXBTC15M-26MAY130930-30"])
    }

    fn played(header: &Header, now: &str) -> String {
        let now: Timestamp = now.parse().unwrap();
        let rebase = Rebase::to_now(header, now);
        let shift = Shift::new(header, rebase.shift_seconds);
        let moved = shift.header(header.clone());
        let wait = now.duration_until(moved.session_from).max(SignedDuration::ZERO);
        assert!(rebase.start >= moved.from && rebase.start.duration_since(now) <= SignedDuration::from_secs(1));
        format!("{} in {} s, named: {}", moved.markets[1], wait.as_secs(), shift.keeps_names_true())
    }

    #[test]
    fn who_starts_at_any_minute_gets_a_market_that_closes_later_and_says_when() {
        let quarters = quarters();
        for (now, expected) in [
            ("2026-11-22T14:00:00Z", "KXBTC15M-26NOV220915-15 in 0 s, named: true"),
            ("2026-11-22T14:09:59Z", "KXBTC15M-26NOV220915-15 in 0 s, named: true"),
            ("2026-11-22T14:10:01Z", "KXBTC15M-26NOV220930-30 in 281 s, named: true"),
            ("2026-11-22T14:14:42Z", "KXBTC15M-26NOV220930-30 in 0 s, named: true"),
            ("2026-11-22T14:14:59Z", "KXBTC15M-26NOV220930-30 in 0 s, named: true"),
            ("2027-07-04T00:03:00Z", "KXBTC15M-27JUL032015-15 in 0 s, named: true"),
        ] {
            assert_eq!(played(&quarters, now), expected, "{now}");
        }
        for minute in 0..60 {
            for second in [0, 31] {
                let now = format!("2026-11-22T14:{minute:02}:{second:02}Z");
                let line = played(&quarters, &now);
                let market: MarketName = line.split(' ').next().unwrap().parse().unwrap();
                let left = now.parse::<Timestamp>().unwrap().duration_until(market.event().closings().first);
                assert!(left >= SignedDuration::from_mins(5) && left <= SignedDuration::from_mins(20), "{now}: {line}");
            }
        }
    }

    #[test]
    fn hourly_markets_move_by_whole_hours_and_keep_their_strikes() {
        let hours = header(&["KXBTCD-26MAY1309-T80999.99", "KXBTCD-26MAY1310-T80999.99"]);
        let rebase = Rebase::whole_session(&hours, "2026-11-22T14:40:00Z".parse().unwrap());
        assert_eq!(rebase.shift_seconds % 3600, 0);
        let moved = Shift::new(&hours, rebase.shift_seconds).header(hours.clone());
        // 13:00 UTC in May is 9 in New York; 14:00 UTC in November as well.
        assert_eq!(moved.markets[0].as_str(), "KXBTCD-26NOV2209-T80999.99");
        assert_eq!(moved.session_from.to_string(), "2026-11-22T13:59:42.861265Z");
    }

    #[test]
    fn a_move_that_no_name_fits_keeps_the_names() {
        let quarters = quarters();
        let shift = Shift::new(&quarters, 60);
        assert!(!shift.keeps_names_true());
        assert_eq!(shift.header(quarters.clone()).markets, quarters.markets);
        let strange = header(&["OTHER-26MAY13", "KXBTC15M-26MAY130915-15"]);
        let now = "2026-11-22T14:07:12Z".parse().unwrap();
        let rebase = Rebase::to_now(&strange, now);
        assert!(!Shift::new(&strange, rebase.shift_seconds).keeps_names_true());
        let begins = later(strange.session_from, SignedDuration::from_secs(rebase.shift_seconds));
        assert!(begins <= now && begins.duration_until(now) < SignedDuration::from_secs(1), "by whole seconds");
    }
}
