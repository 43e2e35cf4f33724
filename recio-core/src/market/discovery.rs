//! Which event of a series trades now, and which comes next.

use super::{Family, LifecycleEvent, Market, MarketStatus, StrikeTerms, TickerError, UnknownSeries, check_ticker};
use crate::units::{EventTicker, MarketTicker, SeriesTicker, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

/// Of the markets that are open, one that closes first. Between events that close together, one that opened last: beside the hourly event of
/// 17:00 there may be a daily or weekly one that has been open for long.
#[must_use]
pub fn closes_first<'a>(markets: impl IntoIterator<Item = &'a Market>, now: Timestamp) -> Option<&'a Market> {
    let open = |market: &&Market| market.open_time <= now && now < market.close_time;
    markets.into_iter().filter(open).min_by_key(|market| (market.close_time, Reverse(market.open_time)))
}

/// The markets of a series as they are known: listed, and changed by what was announced since.
///
/// Events are told apart by their `close_time` and never by their tickers' text: a ticker names the repeated autumn hour twice, and nothing
/// else would survive a naming that recio has not seen. A ticker that contradicts its market's body makes the market untradable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    series: SeriesTicker,
    period: Duration,
    checks_tickers: bool,
    markets: BTreeMap<MarketTicker, Market>,
}

/// An event with its markets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveredEvent<'a> {
    /// The exchange's name for it.
    pub ticker: &'a EventTicker,
    /// When the first of its markets opens.
    pub open_time: Timestamp,
    /// When it closes.
    pub close_time: Timestamp,
    /// The markets that are traded while it is open, from the lowest strike up.
    pub tradable: Vec<&'a Market>,
    /// The others, each with the reason.
    pub untradable: Vec<(&'a Market, Untradable)>,
}

/// Why a market is not traded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untradable {
    /// It will be, once the exchange announces its strike.
    #[error("its strike is not announced yet")]
    StrikeToCome,
    /// It is of a kind that recio does not price.
    #[error("its strike is of type `{0}`, which recio does not price")]
    StrikeUnsupported(String),
    /// It ends before it begins.
    #[error("it closes at {close_time}, which is not after its opening at {open_time}")]
    NoTime {
        /// When it opens.
        open_time: Timestamp,
        /// When it closes.
        close_time: Timestamp,
    },
    /// The exchange halted it.
    #[error("the exchange has halted it")]
    Halted,
    /// It has ended before its time.
    #[error("it is {0:?} already")]
    Over(MarketStatus),
    /// Its ticker contradicts what else is known of it.
    #[error(transparent)]
    Name(TickerError),
}

impl Discovery {
    /// Knows no market of the series yet.
    ///
    /// # Errors
    /// Not one of recio's six series: how long its events last is not known.
    pub fn new(series: SeriesTicker) -> Result<Self, UnknownSeries> {
        let period = Family::of(&series)?.1.period();
        Ok(Self { series, period, checks_tickers: true, markets: BTreeMap::new() })
    }

    /// The same without the check of tickers, for a simulator that plays old markets at other times under their old names.
    #[must_use]
    pub fn without_ticker_check(self) -> Self {
        Self { checks_tickers: false, ..self }
    }

    /// The series.
    #[must_use]
    pub const fn series(&self) -> &SeriesTicker {
        &self.series
    }

    /// Takes in listed markets; those of other series are left out. A list does not take back a strike that was known: lists lag behind
    /// announcements.
    pub fn list(&mut self, markets: impl IntoIterator<Item = Market>) {
        for mut market in markets.into_iter().filter(|market| market.series == self.series) {
            if let Some(known) = self.markets.get(&market.ticker)
                && known.strike.known().is_some()
                && market.strike.known().is_none()
            {
                market.strike = known.strike.clone();
            }
            self.markets.insert(market.ticker.clone(), market);
        }
    }

    /// Takes in an announcement. Returns whether the market is known; after [`Created`](LifecycleEvent::Created) and for an unknown market
    /// the series has to be listed again.
    pub fn announce(&mut self, ticker: &MarketTicker, event: &LifecycleEvent) -> bool {
        let Some(market) = self.markets.get_mut(ticker) else { return false };
        event.apply(market);
        true
    }

    /// Forgets the markets that closed before a time.
    pub fn forget_closed(&mut self, before: Timestamp) {
        self.markets.retain(|_, market| market.close_time >= before);
    }

    /// The event that trades at a time: open, and closing within one period of the series (an hour, or a quarter of one).
    ///
    /// A daily or weekly event of the series is current in its last hour only: while trading pauses there is none.
    #[must_use]
    pub fn current(&self, now: Timestamp) -> Option<DiscoveredEvent<'_>> {
        let market = closes_first(self.markets.values(), now)?;
        let soon = market.close_time.duration_since(now).unsigned_abs() <= self.period;
        soon.then(|| self.event_of(market))
    }

    /// The event that closes first after the current one, or where there is none, after `now`. It may be open already.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Option<DiscoveredEvent<'_>> {
        let after = self.current(now).map_or(now, |current| current.close_time);
        let later = self.markets.values().filter(|market| market.close_time > after);
        later.min_by_key(|market| (market.close_time, Reverse(market.open_time))).map(|market| self.event_of(market))
    }

    /// All that closes with this market under the same event.
    fn event_of<'a>(&'a self, one: &'a Market) -> DiscoveredEvent<'a> {
        let same = |market: &&Market| market.event == one.event && market.close_time == one.close_time;
        let mut markets: Vec<_> = self.markets.values().filter(same).collect();
        markets.sort_by_key(|market| {
            (market.strike.known().map(|strike| strike.winning_range().from_cents), &market.ticker)
        });
        let open_time = markets.iter().map(|market| market.open_time).min().unwrap_or(one.open_time);
        let mut event = DiscoveredEvent {
            ticker: &one.event,
            open_time,
            close_time: one.close_time,
            tradable: Vec::new(),
            untradable: Vec::new(),
        };
        for market in markets {
            match self.check(market) {
                Ok(()) => event.tradable.push(market),
                Err(why) => event.untradable.push((market, why)),
            }
        }
        event
    }

    fn check(&self, market: &Market) -> Result<(), Untradable> {
        match &market.strike {
            StrikeTerms::Known(_) => {}
            StrikeTerms::ToBeAnnounced => return Err(Untradable::StrikeToCome),
            StrikeTerms::Unsupported(kind) => return Err(Untradable::StrikeUnsupported(kind.clone())),
        }
        let (open_time, close_time) = (market.open_time, market.close_time);
        if open_time >= close_time {
            return Err(Untradable::NoTime { open_time, close_time });
        }
        match market.status {
            // Opening is silent, so a market that was listed before it opened is still called so.
            MarketStatus::Initialized | MarketStatus::Active => {}
            MarketStatus::Inactive => return Err(Untradable::Halted),
            over @ (MarketStatus::Closed
            | MarketStatus::Determined
            | MarketStatus::Disputed
            | MarketStatus::Amended
            | MarketStatus::Finalized) => return Err(Untradable::Over(over)),
        }
        if self.checks_tickers { check_ticker(market).map_err(Untradable::Name) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{PriceGrid, Strike};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A threshold market that closes at a time and opened so many minutes before, named as the exchange names it.
    fn market(event: &str, floor: &str, close_time: &str, minutes: i64) -> Market {
        let event: EventTicker = event.parse().unwrap();
        let series = event.as_str().split('-').next().unwrap().parse().unwrap();
        let quarter = Family::of(&series).unwrap().1 == Family::QuarterHour;
        let close_time = at(close_time);
        let floor = floor.parse().unwrap();
        let strike = if quarter { Strike::GreaterOrEqual { floor } } else { Strike::Greater { floor } };
        let last = if quarter { event.as_str()[event.as_str().len() - 2..].to_owned() } else { format!("T{floor}") };
        Market {
            ticker: format!("{event}-{last}").parse().unwrap(),
            event,
            series,
            strike: StrikeTerms::Known(strike),
            open_time: close_time - jiff::SignedDuration::from_mins(minutes),
            close_time,
            status: MarketStatus::Initialized,
            grid: PriceGrid::linear_cent(),
            exchange_index: 2,
            settlement_timer: Duration::from_secs(60),
            result: None,
            expiration_value: None,
        }
    }

    fn discovery(markets: impl IntoIterator<Item = Market>) -> Discovery {
        let mut discovery = Discovery::new("KXBTCD".parse().unwrap()).unwrap();
        discovery.list(markets);
        discovery
    }

    fn told(event: Option<DiscoveredEvent<'_>>) -> String {
        event.map_or("none".to_owned(), |event| {
            let (tradable, rest) = (event.tradable.len(), event.untradable.len());
            format!("{} closes {} ({tradable} tradable, {rest} not)", event.ticker, event.close_time)
        })
    }

    /// Current and next at each time.
    fn trace(discovery: &Discovery, times: &[&str]) -> String {
        let line = |time: &&str| {
            format!("{time}: {}; next {}", told(discovery.current(at(time))), told(discovery.next(at(time))))
        };
        times.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_events_roll_over_at_their_close_times() {
        let events = [("KXBTCD-26SEP2515", "19"), ("KXBTCD-26SEP2516", "20"), ("KXBTCD-26SEP2517", "21")];
        let markets = events.iter().flat_map(|(event, hour)| {
            let close = format!("2026-09-25T{hour}:00:00Z");
            [market(event, "84999.99", &close, 60), market(event, "83999.99", &close, 60)]
        });
        let discovery = discovery(markets);
        let times = [
            "2026-09-25T17:59:59Z",
            "2026-09-25T18:00:00Z",
            "2026-09-25T18:59:59.999Z",
            "2026-09-25T19:00:00Z",
            "2026-09-25T20:30:00Z",
            "2026-09-25T21:00:00Z",
        ];
        insta::assert_snapshot!(trace(&discovery, &times), @r"
        2026-09-25T17:59:59Z: none; next KXBTCD-26SEP2515 closes 2026-09-25T19:00:00Z (2 tradable, 0 not)
        2026-09-25T18:00:00Z: KXBTCD-26SEP2515 closes 2026-09-25T19:00:00Z (2 tradable, 0 not); next KXBTCD-26SEP2516 closes 2026-09-25T20:00:00Z (2 tradable, 0 not)
        2026-09-25T18:59:59.999Z: KXBTCD-26SEP2515 closes 2026-09-25T19:00:00Z (2 tradable, 0 not); next KXBTCD-26SEP2516 closes 2026-09-25T20:00:00Z (2 tradable, 0 not)
        2026-09-25T19:00:00Z: KXBTCD-26SEP2516 closes 2026-09-25T20:00:00Z (2 tradable, 0 not); next KXBTCD-26SEP2517 closes 2026-09-25T21:00:00Z (2 tradable, 0 not)
        2026-09-25T20:30:00Z: KXBTCD-26SEP2517 closes 2026-09-25T21:00:00Z (2 tradable, 0 not); next none
        2026-09-25T21:00:00Z: none; next none
        ");
        let current = discovery.current(at("2026-09-25T18:00:00Z")).unwrap();
        assert!(current.tradable[0].ticker.as_str().ends_with("T83999.99"), "from the lowest strike up");
    }

    #[test]
    fn a_daily_event_is_current_in_its_last_hour_and_gives_way_to_the_hourly_one() {
        // The daily and the hourly event of 17:00 Eastern; the weekly one closes with them on another strike.
        let daily = Market {
            event: "KXBTCD-26SEP25DAY".parse().unwrap(),
            ticker: "KXBTCD-26SEP25DAY-T84999.99".parse().unwrap(),
            ..market("KXBTCD-26SEP2517", "84999.99", "2026-09-25T21:00:00Z", 24 * 60)
        };
        let hourly = market("KXBTCD-26SEP2517", "84999.99", "2026-09-25T21:00:00Z", 60);
        let four = market("KXBTCD-26SEP2516", "84999.99", "2026-09-25T20:00:00Z", 60);
        let six = market("KXBTCD-26SEP2518", "84999.99", "2026-09-25T22:00:00Z", 60);
        let all = discovery([daily.clone(), hourly, four, six]);
        let times = ["2026-09-25T19:30:00Z", "2026-09-25T20:30:00Z"];
        insta::assert_snapshot!(trace(&all, &times), @r"
        2026-09-25T19:30:00Z: KXBTCD-26SEP2516 closes 2026-09-25T20:00:00Z (1 tradable, 0 not); next KXBTCD-26SEP2517 closes 2026-09-25T21:00:00Z (1 tradable, 0 not)
        2026-09-25T20:30:00Z: KXBTCD-26SEP2517 closes 2026-09-25T21:00:00Z (1 tradable, 0 not); next KXBTCD-26SEP2518 closes 2026-09-25T22:00:00Z (1 tradable, 0 not)
        ");
        let alone = discovery([daily]);
        let times = ["2026-09-25T19:30:00Z", "2026-09-25T20:30:00Z"];
        insta::assert_snapshot!(trace(&alone, &times), @r"
        2026-09-25T19:30:00Z: none; next KXBTCD-26SEP25DAY closes 2026-09-25T21:00:00Z (0 tradable, 1 not)
        2026-09-25T20:30:00Z: KXBTCD-26SEP25DAY closes 2026-09-25T21:00:00Z (0 tradable, 1 not); next none
        ");
    }

    #[test]
    fn nothing_is_current_while_trading_pauses_on_thursday() {
        // 03:00 to 05:00 Eastern on the 24th of September, with the daily event open all along.
        let discovery = discovery([
            market("KXBTCD-26SEP2403", "84999.99", "2026-09-24T07:00:00Z", 60),
            market("KXBTCD-26SEP2406", "84999.99", "2026-09-24T10:00:00Z", 60),
            market("KXBTCD-26SEP2417", "84999.99", "2026-09-24T21:00:00Z", 24 * 60),
        ]);
        let times = ["2026-09-24T06:59:00Z", "2026-09-24T07:30:00Z", "2026-09-24T08:59:59Z", "2026-09-24T09:00:00Z"];
        insta::assert_snapshot!(trace(&discovery, &times), @r"
        2026-09-24T06:59:00Z: KXBTCD-26SEP2403 closes 2026-09-24T07:00:00Z (1 tradable, 0 not); next KXBTCD-26SEP2406 closes 2026-09-24T10:00:00Z (1 tradable, 0 not)
        2026-09-24T07:30:00Z: none; next KXBTCD-26SEP2406 closes 2026-09-24T10:00:00Z (1 tradable, 0 not)
        2026-09-24T08:59:59Z: none; next KXBTCD-26SEP2406 closes 2026-09-24T10:00:00Z (1 tradable, 0 not)
        2026-09-24T09:00:00Z: KXBTCD-26SEP2406 closes 2026-09-24T10:00:00Z (1 tradable, 0 not); next KXBTCD-26SEP2417 closes 2026-09-24T21:00:00Z (1 tradable, 0 not)
        ");
    }

    #[test]
    fn the_night_that_has_an_hour_less() {
        // On the 8th of March 2026, 02:00 Eastern is skipped: the hour that begins at 01:00 EST ends at 03:00 EDT.
        let discovery = discovery([
            market("KXBTCD-26MAR0801", "84999.99", "2026-03-08T06:00:00Z", 60),
            market("KXBTCD-26MAR0803", "84999.99", "2026-03-08T07:00:00Z", 60),
            market("KXBTCD-26MAR0804", "84999.99", "2026-03-08T08:00:00Z", 60),
        ]);
        let times = ["2026-03-08T05:30:00Z", "2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z"];
        insta::assert_snapshot!(trace(&discovery, &times), @r"
        2026-03-08T05:30:00Z: KXBTCD-26MAR0801 closes 2026-03-08T06:00:00Z (1 tradable, 0 not); next KXBTCD-26MAR0803 closes 2026-03-08T07:00:00Z (1 tradable, 0 not)
        2026-03-08T06:30:00Z: KXBTCD-26MAR0803 closes 2026-03-08T07:00:00Z (1 tradable, 0 not); next KXBTCD-26MAR0804 closes 2026-03-08T08:00:00Z (1 tradable, 0 not)
        2026-03-08T07:30:00Z: KXBTCD-26MAR0804 closes 2026-03-08T08:00:00Z (1 tradable, 0 not); next none
        ");
    }

    #[test]
    fn the_night_that_has_an_hour_more() {
        // On the 1st of November 2026, 01:00 Eastern comes twice, at 05:00 and 06:00 UTC; how the exchange names the second is not known.
        let first = market("KXBTCD-26NOV0101", "84999.99", "2026-11-01T05:00:00Z", 60);
        let second = market("KXBTCD-26NOV0101", "85999.99", "2026-11-01T06:00:00Z", 60);
        let odd = Market {
            event: "KXBTCD-26NOV0101B".parse().unwrap(),
            ticker: "KXBTCD-26NOV0101B-T84999.99".parse().unwrap(),
            ..second.clone()
        };
        let two = market("KXBTCD-26NOV0102", "84999.99", "2026-11-01T07:00:00Z", 60);
        let times = ["2026-11-01T04:30:00Z", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"];
        let same_name = trace(&discovery([first.clone(), second, two.clone()]), &times);
        let other_name = trace(&discovery([first, odd, two]), &times);
        insta::assert_snapshot!(format!("{same_name}\n{other_name}"), @r"
        2026-11-01T04:30:00Z: KXBTCD-26NOV0101 closes 2026-11-01T05:00:00Z (1 tradable, 0 not); next KXBTCD-26NOV0101 closes 2026-11-01T06:00:00Z (1 tradable, 0 not)
        2026-11-01T05:30:00Z: KXBTCD-26NOV0101 closes 2026-11-01T06:00:00Z (1 tradable, 0 not); next KXBTCD-26NOV0102 closes 2026-11-01T07:00:00Z (1 tradable, 0 not)
        2026-11-01T06:30:00Z: KXBTCD-26NOV0102 closes 2026-11-01T07:00:00Z (1 tradable, 0 not); next none
        2026-11-01T04:30:00Z: KXBTCD-26NOV0101 closes 2026-11-01T05:00:00Z (1 tradable, 0 not); next KXBTCD-26NOV0101B closes 2026-11-01T06:00:00Z (0 tradable, 1 not)
        2026-11-01T05:30:00Z: KXBTCD-26NOV0101B closes 2026-11-01T06:00:00Z (0 tradable, 1 not); next KXBTCD-26NOV0102 closes 2026-11-01T07:00:00Z (1 tradable, 0 not)
        2026-11-01T06:30:00Z: KXBTCD-26NOV0102 closes 2026-11-01T07:00:00Z (1 tradable, 0 not); next none
        ");
    }

    #[test]
    fn a_quarter_waits_for_its_strike() {
        let mut discovery = Discovery::new("KXBTC15M".parse().unwrap()).unwrap();
        let known = market("KXBTC15M-26SEP251515", "84000.11", "2026-09-25T19:15:00Z", 15);
        let to_come = Market {
            strike: StrikeTerms::ToBeAnnounced,
            ..market("KXBTC15M-26SEP251530", "84000.12", "2026-09-25T19:30:00Z", 15)
        };
        discovery.list([known, to_come.clone()]);
        let now = at("2026-09-25T19:15:00Z");
        let current = discovery.current(now).unwrap();
        assert_eq!((current.tradable.len(), &current.untradable[0].1), (0, &Untradable::StrikeToCome));
        let strike = StrikeTerms::Known(Strike::GreaterOrEqual { floor: "84000.12".parse().unwrap() });
        assert!(discovery.announce(&to_come.ticker, &LifecycleEvent::StrikeUpdated { strike: strike.clone() }));
        assert_eq!(discovery.current(now).unwrap().tradable[0].strike, strike);
        // A list that was on its way does not take it back.
        discovery.list([to_come]);
        assert_eq!(discovery.current(now).unwrap().tradable[0].strike, strike);
        assert!(discovery.next(now).is_none());
        assert!(!discovery.announce(&"KXBTC15M-26SEP251545-45".parse().unwrap(), &LifecycleEvent::Created));
        discovery.forget_closed(at("2026-09-25T19:30:01Z"));
        assert!(discovery.current(now).is_none());
    }

    #[test]
    fn each_market_that_is_not_traded_says_why() {
        let good = || market("KXBTCD-26SEP2516", "84999.99", "2026-09-25T20:00:00Z", 60);
        let named = |number: u32| -> MarketTicker { format!("KXBTCD-26SEP2516-T{number}.99").parse().unwrap() };
        let strike =
            |number: u32| StrikeTerms::Known(Strike::Greater { floor: format!("{number}.99").parse().unwrap() });
        let discovery = discovery([
            good(),
            Market { ticker: named(1), strike: StrikeTerms::Unsupported("functional".into()), ..good() },
            Market { ticker: named(2), strike: strike(2), status: MarketStatus::Inactive, ..good() },
            Market { ticker: named(3), strike: strike(3), status: MarketStatus::Determined, ..good() },
            Market { ticker: named(4), strike: strike(4), open_time: at("2026-09-25T20:00:00Z"), ..good() },
            Market { ticker: named(5), strike: strike(6), ..good() },
            // Of another series, and therefore nobody's business here.
            Market { ticker: named(7), series: "KXBTC".parse().unwrap(), ..good() },
        ]);
        let current = discovery.current(at("2026-09-25T19:30:00Z")).unwrap();
        let why: Vec<_> = current.untradable.iter().map(|(market, why)| format!("{}: {why}", market.ticker)).collect();
        insta::assert_snapshot!(why.join("\n"), @r"
        KXBTCD-26SEP2516-T1.99: its strike is of type `functional`, which recio does not price
        KXBTCD-26SEP2516-T2.99: the exchange has halted it
        KXBTCD-26SEP2516-T3.99: it is Determined already
        KXBTCD-26SEP2516-T4.99: it closes at 2026-09-25T20:00:00Z, which is not after its opening at 2026-09-25T20:00:00Z
        KXBTCD-26SEP2516-T5.99: market KXBTCD-26SEP2516-T5.99: its ticker says strike T5.99, its body says strike > 6.99; not traded until the exchange's two agree
        ");
        assert_eq!(current.tradable.len(), 1);
        assert_eq!(
            discovery.clone().without_ticker_check().current(at("2026-09-25T19:30:00Z")).unwrap().tradable.len(),
            2
        );
    }

    #[test]
    fn announcements_move_and_end_markets() {
        let ticker = market("KXBTCD-26SEP2516", "84999.99", "2026-09-25T20:00:00Z", 60).ticker;
        let mut discovery = discovery([market("KXBTCD-26SEP2516", "84999.99", "2026-09-25T20:00:00Z", 60)]);
        let now = at("2026-09-25T19:30:00Z");
        let mut why = |event: LifecycleEvent| {
            assert!(discovery.announce(&ticker, &event));
            discovery.current(now).map(|event| event.untradable.first().map(|(_, why)| why.clone()))
        };
        assert_eq!(why(LifecycleEvent::Deactivated), Some(Some(Untradable::Halted)));
        assert_eq!(why(LifecycleEvent::Activated), Some(None));
        let moved = why(LifecycleEvent::CloseDateUpdated { close_time: at("2026-09-25T19:45:00Z") });
        assert!(matches!(moved, Some(Some(Untradable::Name(TickerError::Contradiction { .. })))), "{moved:?}");
        let settled = why(LifecycleEvent::Settled { settled_time: now });
        assert_eq!(settled, Some(Some(Untradable::Over(MarketStatus::Finalized))));
        assert_eq!(why(LifecycleEvent::CloseDateUpdated { close_time: now }), None, "over at its close");
    }

    #[test]
    fn a_series_that_recio_does_not_know_has_no_period() {
        assert!(Discovery::new("KXGOLD".parse().unwrap()).is_err());
    }
}
