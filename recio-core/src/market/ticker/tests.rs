//! Tickers of recorded markets, the days on which clocks change, and every hour of twelve years.

use super::*;
use crate::market::{MarketStatus, PriceGrid};
use proptest::{prop_assert, prop_assert_eq, proptest};
use std::time::Duration;

const SERIES: [&str; 6] = ["KXBTCD", "KXBTC", "KXBTC15M", "KXETHD", "KXETH", "KXETH15M"];

fn usd(text: &str) -> AssetPrice {
    text.parse().unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn market(ticker: &str, close_time: &str, strike: StrikeTerms) -> Market {
    let (event, _) = ticker.rsplit_once('-').unwrap();
    Market {
        ticker: ticker.parse().unwrap(),
        event: event.parse().unwrap(),
        series: event.split_once('-').unwrap().0.parse().unwrap(),
        strike,
        open_time: Timestamp::UNIX_EPOCH,
        close_time: time(close_time),
        status: MarketStatus::Active,
        grid: PriceGrid::linear_cent(),
        exchange_index: 2,
        settlement_timer: Duration::from_secs(60),
        result: None,
        expiration_value: None,
    }
}

/// Tickers, strikes and close times as the exchange listed them (production, March, July and September 2026).
fn recorded() -> Vec<Market> {
    let known = StrikeTerms::Known;
    vec![
        market("KXBTCD-26SEP2516-T92799.99", "2026-09-25T20:00:00Z", known(Strike::Greater { floor: usd("92799.99") })),
        market(
            "KXBTC-26JUL0302-B50750",
            "2026-07-03T06:00:00Z",
            known(Strike::Between { floor: usd("50700"), cap: usd("50799.99") }),
        ),
        market("KXBTC-26JUL0302-T50700", "2026-07-03T06:00:00Z", known(Strike::Less { cap: usd("50700") })),
        market("KXBTC-26JUL0302-T69299.99", "2026-07-03T06:00:00Z", known(Strike::Greater { floor: usd("69299.99") })),
        market(
            "KXETH-26JUL0302-B890",
            "2026-07-03T06:00:00Z",
            known(Strike::Between { floor: usd("880"), cap: usd("899.99") }),
        ),
        market("KXETH-26JUL0400-T880", "2026-07-04T04:00:00Z", known(Strike::Less { cap: usd("880") })),
        market("KXBTC15M-26MAR132200-00", "2026-03-14T02:00:00Z", StrikeTerms::ToBeAnnounced),
        market(
            "KXBTC15M-26SEP251515-15",
            "2026-09-25T19:15:00Z",
            known(Strike::GreaterOrEqual { floor: usd("84012.34") }),
        ),
        market("KXETH15M-26AUG170145-45", "2026-08-17T05:45:00Z", StrikeTerms::ToBeAnnounced),
    ]
}

#[test]
fn recorded_tickers_are_read_checked_and_made() {
    for market in recorded() {
        assert_eq!(check_ticker(&market), Ok(()), "{}", market.ticker);
        let name = MarketName::new(&market.series, market.close_time, &market.strike).unwrap();
        assert_eq!(name.ticker(), market.ticker);
        assert_eq!(name.event().ticker(), market.event);
        assert_eq!(market.ticker.as_str().parse(), Ok(name));
        assert_eq!(name.event().closings(), Closings { first: market.close_time, second: None });
    }
}

#[test]
fn a_ticker_that_contradicts_its_body_is_told() {
    let [first, range, ..] = &recorded()[..] else { unreachable!("nine markets") };
    let floor = usd("92799.99");
    let wrong = [
        Market { close_time: time("2026-09-25T21:00:00Z"), ..first.clone() },
        Market { series: "KXBTC".parse().unwrap(), ..first.clone() },
        Market { event: "KXBTCD-26SEP2517".parse().unwrap(), ..first.clone() },
        Market { strike: StrikeTerms::Known(Strike::Greater { floor: usd("92800") }), ..first.clone() },
        Market { strike: StrikeTerms::Known(Strike::Between { floor, cap: usd("92899.98") }), ..first.clone() },
        Market { strike: StrikeTerms::Known(Strike::Greater { floor: usd("50750") }), ..range.clone() },
    ];
    let told: Vec<String> = wrong.iter().map(|market| check_ticker(market).unwrap_err().to_string()).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    market KXBTCD-26SEP2516-T92799.99: its ticker says close time 2026-09-25T20:00:00Z, its body says close time 2026-09-25T21:00:00Z; not traded until the exchange's two agree
    market KXBTCD-26SEP2516-T92799.99: its ticker says series KXBTCD, its body says series KXBTC; not traded until the exchange's two agree
    market KXBTCD-26SEP2516-T92799.99: its ticker says event KXBTCD-26SEP2516, its body says event KXBTCD-26SEP2517; not traded until the exchange's two agree
    market KXBTCD-26SEP2516-T92799.99: its ticker says strike T92799.99, its body says strike > 92800.00; not traded until the exchange's two agree
    market KXBTCD-26SEP2516-T92799.99: its ticker says strike T92799.99, its body says strike 92799.99..92899.98; not traded until the exchange's two agree
    market KXBTC-26JUL0302-B50750: its ticker says strike B50750, its body says strike > 50750.00; not traded until the exchange's two agree
    ");
}

#[test]
fn texts_off_the_grammar_say_what_is_wrong() {
    let told: Vec<String> = [
        "",
        "KXBTCD",
        "KXSOLD-26SEP2516-T92799.99",
        "KXBTCD-26SEP2516",
        "KXBTCD-26SEP251-T92799.99",
        "KXBTCD-26SEP2524-T92799.99",
        "KXBTCD-26FEB3016-T92799.99",
        "KXBTCD-26sep2516-T92799.99",
        "KXBTCD-26SEP2516-B92750",
        "KXBTCD-26SEP2516-T",
        "KXBTCD-26SEP2516-T-5",
        "KXBTCD-26SEP2516-T+5",
        "KXBTCD-26SEP2516-T1e5",
        "KXBTCD-26SEP2516-T92799.999",
        "KXBTCD-26SEP2516-T0",
        "KXBTC-26SEP2516-X92799",
        "KXBTC15M-26SEP251510-10",
        "KXBTC15M-26SEP251515-30",
        "KXBTC15M-26SEP2515",
        "KXBTC-26MAR0802-B92750",
        "KXBTC15M-26MAR080215-15",
        "KXBTCD-2\u{e9}SEP251-T1",
    ]
    .iter()
    .map(|text| text.parse::<MarketName>().unwrap_err().to_string())
    .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    series `` is none of KXBTCD, KXBTC, KXBTC15M, KXETHD, KXETH, KXETH15M
    ticker `KXBTCD`: nothing, where a closing time as YYMONDDHH belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    series `KXSOLD` is none of KXBTCD, KXBTC, KXBTC15M, KXETHD, KXETH, KXETH15M
    ticker `KXBTCD-26SEP2516`: nothing, where `T` and a level belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26SEP251-T92799.99`: `26SEP251`, where a closing time as YYMONDDHH belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26SEP2524-T92799.99`: `26SEP2524`, where a closing time as YYMONDDHH belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26FEB3016-T92799.99`: `26FEB3016`, where a closing time as YYMONDDHH belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26sep2516-T92799.99`: `26sep2516`, where a closing time as YYMONDDHH belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26SEP2516-B92750`: `B92750`, where `T` and a level belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26SEP2516-T`: `T`, where a level in dollars and cents belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26SEP2516-T-5`: `T-5`, where a level in dollars and cents belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26SEP2516-T+5`: `T+5`, where a level in dollars and cents belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26SEP2516-T1e5`: `T1e5`, where a level in dollars and cents belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26SEP2516-T92799.999`: `T92799.999`, where a level in dollars and cents belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTCD-26SEP2516-T0`: `T0`, where a level in dollars and cents belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ticker `KXBTC-26SEP2516-X92799`: `X92799`, where `T` and a level, or `B` and a midpoint belongs (a whole ticker looks like KXBTC-26SEP2515-B92750)
    ticker `KXBTC15M-26SEP251510-10`: `26SEP251510`, where a closing time as YYMONDDHHMM, on a quarter of an hour belongs (a whole ticker looks like KXBTC15M-26SEP251515-15)
    ticker `KXBTC15M-26SEP251515-30`: `30`, where the closing minute of the event belongs (a whole ticker looks like KXBTC15M-26SEP251515-15)
    ticker `KXBTC15M-26SEP2515`: `26SEP2515`, where a closing time as YYMONDDHHMM, on a quarter of an hour belongs (a whole ticker looks like KXBTC15M-26SEP251515-15)
    ticker `KXBTC-26MAR0802-B92750`: US Eastern clocks skip 2026-03-08T02:00:00 that day, so no market closes then; go by its close_time
    ticker `KXBTC15M-26MAR080215-15`: US Eastern clocks skip 2026-03-08T02:15:00 that day, so no market closes then; go by its close_time
    ticker `KXBTCD-2éSEP251-T1`: `2éSEP251`, where a closing time as YYMONDDHH belongs (a whole ticker looks like KXBTCD-26SEP2516-T92799.99)
    ");
}

#[test]
fn the_repeated_hour_means_two_moments_and_the_check_takes_both() {
    let name: EventName = "KXBTCD-26NOV0101".parse().unwrap();
    let (summer, winter) = (time("2026-11-01T05:00:00Z"), time("2026-11-01T06:00:00Z"));
    assert_eq!(name.closings(), Closings { first: summer, second: Some(winter) });
    for close_time in ["2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z"] {
        assert_eq!(EventName::new(&name.series(), time(close_time)), Ok(name));
        let body = market("KXBTCD-26NOV0101-T92799.99", close_time, StrikeTerms::ToBeAnnounced);
        assert_eq!(check_ticker(&body), Ok(()));
    }
    let later = market("KXBTCD-26NOV0101-T92799.99", "2026-11-01T07:00:00Z", StrikeTerms::ToBeAnnounced);
    assert!(matches!(check_ticker(&later), Err(TickerError::Contradiction { .. })));
}

#[test]
fn clocks_change_when_the_law_says() {
    for (name, close_time) in [
        ("KXBTCD-27MAR1401", "2027-03-14T06:00:00Z"),
        ("KXBTCD-27MAR1403", "2027-03-14T07:00:00Z"),
        ("KXBTCD-27NOV0700", "2027-11-07T04:00:00Z"),
        ("KXBTCD-27NOV0702", "2027-11-07T07:00:00Z"),
        ("KXBTCD-28FEB2923", "2028-03-01T04:00:00Z"),
        ("KXBTCD-27JAN0100", "2027-01-01T05:00:00Z"),
    ] {
        let event: EventName = name.parse().unwrap();
        assert_eq!(event.closings(), Closings { first: time(close_time), second: None }, "{name}");
    }
    for skipped in ["KXBTCD-27MAR1402", "KXETH-25MAR0902", "KXBTC15M-27MAR140245"] {
        assert!(matches!(skipped.parse::<EventName>(), Err(TickerError::SkippedHour { .. })), "{skipped}");
    }
}

#[test]
fn what_has_no_name_is_refused() {
    let series = |text: &str| text.parse::<SeriesTicker>().unwrap();
    let noon = time("2026-09-25T16:00:00Z");
    let range = Strike::Between { floor: usd("100"), cap: usd("100.01") };
    let odd = Strike::Between { floor: usd("100"), cap: usd("100.02") };
    let refused = [
        EventName::new(&series("KXSOLD"), noon).map(|_| ()),
        EventName::new(&series("KXBTCD"), time("2026-09-25T16:15:00Z")).map(|_| ()),
        EventName::new(&series("KXBTC15M"), time("2026-09-25T16:15:01Z")).map(|_| ()),
        EventName::new(&series("KXBTCD"), time("2100-09-25T16:00:00Z")).map(|_| ()),
        MarketName::new(&series("KXBTCD"), noon, &StrikeTerms::ToBeAnnounced).map(|_| ()),
        MarketName::new(&series("KXBTC"), noon, &StrikeTerms::Unsupported("custom".into())).map(|_| ()),
        MarketName::new(&series("KXBTCD"), noon, &StrikeTerms::Known(range)).map(|_| ()),
        MarketName::new(&series("KXBTC"), noon, &StrikeTerms::Known(odd)).map(|_| ()),
    ];
    let told: Vec<String> = refused.iter().map(|result| result.as_ref().unwrap_err().to_string()).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    series KXSOLD is none of KXBTCD, KXBTC, KXBTC15M, KXETHD, KXETH, KXETH15M
    KXBTCD has no market with close time 2026-09-25T16:15:00Z (it closes every 60 minutes, in the years 2000 to 2099), so no ticker names it
    KXBTC15M has no market with close time 2026-09-25T16:15:01Z (it closes every 15 minutes, in the years 2000 to 2099), so no ticker names it
    KXBTCD has no market with close time 2100-09-25T16:00:00Z (it closes every 60 minutes, in the years 2000 to 2099), so no ticker names it
    KXBTCD has no market with a strike that comes later, so no ticker names it
    KXBTC has no market with a strike of type custom, so no ticker names it
    KXBTCD has no market with a range, so no ticker names it
    KXBTC has no market with a range without a whole middle, so no ticker names it
    ");
}

/// Every hour (for the hourly series) and every quarter of an hour (for the 15-minute series) from 2024 to 2035.
#[test]
fn every_closing_time_of_twelve_years_survives_its_name() {
    let (mut at, end) = (time("2024-01-01T00:00:00Z"), time("2036-01-01T00:00:00Z"));
    let (mut moments, mut ambiguous) = (0, 0);
    while at < end {
        let on_hour = at.as_second() % 3600 == 0;
        for series in [if on_hour { "KXBTCD" } else { "KXETH15M" }, "KXBTC15M"] {
            let name = EventName::new(&series.parse().unwrap(), at).unwrap();
            let read: EventName = name.ticker().as_str().parse().unwrap();
            assert_eq!(read, name);
            let closings = read.closings();
            assert!(closings.contains(at), "{name} is {closings}, made from {at}");
            if let Some(second) = closings.second {
                assert_eq!(second.duration_since(closings.first).as_secs(), 3600);
                ambiguous += 1;
            }
            moments += 1;
        }
        at += jiff::SignedDuration::from_mins(15);
    }
    // 12 autumns, one hour twice each, four quarters in it, two names each.
    assert_eq!((moments, ambiguous), ((365 * 12 + 3) * 24 * 4 * 2, 12 * 2 * 4 * 2));
}

proptest! {
    #[test]
    fn any_market_survives_its_name(
        hour in 473_352_u32..578_544, series in 0_usize..6, cents in 1_u64..20_000_000, width in 1_u64..50_000, kind in 0_u8..4,
    ) {
        let series: SeriesTicker = SERIES[series].parse().unwrap();
        let close_time = Timestamp::from_second(i64::from(hour) * 3600).unwrap();
        let at = |cents| AssetPrice::from_cents(cents).unwrap();
        let strike = StrikeTerms::Known(match kind {
            0 => Strike::Greater { floor: at(cents) },
            1 => Strike::Less { cap: at(cents) },
            2 => Strike::GreaterOrEqual { floor: at(cents) },
            _ => Strike::Between { floor: at(cents), cap: at(cents + 2 * width - 1) },
        });
        if let Ok(name) = MarketName::new(&series, close_time, &strike) {
            prop_assert_eq!(name.ticker().as_str().parse(), Ok(name));
            let body = Market { series, ..market(name.ticker().as_str(), &close_time.to_string(), strike) };
            prop_assert_eq!(check_ticker(&body), Ok(()));
        } else {
            prop_assert!(kind == 3 && !["KXBTC", "KXETH"].contains(&series.as_str()), "only ranges have no name elsewhere");
        }
    }

    #[test]
    fn no_text_panics(text in "(KXBTC(D|15M)?|KXETH)?-?[0-9]{0,2}([A-Z]{3})?[0-9]{0,6}-?[TB]?\\PC{0,12}") {
        let _ = text.parse::<MarketName>();
        let _ = text.parse::<EventName>();
    }
}
