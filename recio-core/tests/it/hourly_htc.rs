//! Hourly HTC strike by strike: thresholds, ranges and quarter hours, by the default rules and by REC.IO v2's.

use crate::settings::{cents, contracts, usd};
use recio_core::engine::{EventView, StrikeView};
use recio_core::market::{Asset, Family, Level, Quote, Side, Strike};
use recio_core::model::{Fair, UnknownReason};
use recio_core::strategies::{HourlyHtc, HtcParams};
use recio_core::strategy::{Decision, Strategy};
use recio_core::trade::FeeSchedule;
use recio_core::units::{Price, Quantity};

fn strikes(family: Family) -> Strike {
    match family {
        Family::HourlyThreshold => Strike::Greater { floor: usd(79_749) },
        Family::HourlyRange => Strike::Between { floor: usd(79_750), cap: usd(79_999) },
        Family::QuarterHour => Strike::GreaterOrEqual { floor: usd(79_800) },
    }
}

/// A strike whose YES is bid one cent below what it is offered for.
fn offered(family: Family, fair: Fair, ask: u16) -> StrikeView {
    let level = |price| Some(Level { price: cents(price), quantity: contracts(50) });
    let mut strike = StrikeView::new("M".parse().unwrap(), strikes(family), fair);
    strike.quote = Some(Quote { bid: level(ask - 1), ask: level(ask) });
    strike.volume = Some(contracts(1_000));
    strike.fees = Some(FeeSchedule::quadratic());
    strike
}

fn known(value: f64, low: f64, high: f64) -> Fair {
    Fair::known(value, low, high)
}

fn view(family: Family, strikes: Vec<StrikeView>) -> EventView {
    let series = match family {
        Family::HourlyThreshold => "KXBTCD",
        Family::HourlyRange => "KXBTC",
        Family::QuarterHour => "KXBTC15M",
    };
    let (time, close) = (crate::settings::start(), crate::settings::close());
    let (strategy, event) = ("htc".parse().unwrap(), format!("{series}-TEST").parse().unwrap());
    let mut view = EventView::new(strategy, series.parse().unwrap(), event, (Asset::Btc, family), time, close);
    view.strikes = strikes;
    view
}

fn decide(params: HtcParams, view: &EventView) -> Decision {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(HourlyHtc::new(params).evaluate(view)).unwrap()
}

/// What comes of one strike: the order, or the reason.
fn verdict(params: HtcParams, family: Family, strike: StrikeView) -> String {
    let decision = decide(params, &view(family, vec![strike]));
    assert_eq!(decision.wishes.len() + decision.skipped.len(), 1);
    match decision.wishes.first() {
        Some(wish) => format!("{} {} at {}", wish.quantity, wish.side, wish.limit),
        None => decision.skipped[0].reason.code(),
    }
}

const FAMILIES: [Family; 3] = [Family::HourlyThreshold, Family::HourlyRange, Family::QuarterHour];

#[test]
fn both_presets_on_every_family() {
    // Fee of one contract: at 95 cents 0.34, at 96 cents 0.27, at 97 cents 0.21 (rounded up to hundredths of a cent).
    let table = [
        // value, low, high, ask, default, v2
        (0.97, 0.96, 0.98, 95, "1.00 YES at 0.9500", "1.00 YES at 0.9500"),
        (0.97, 0.955, 0.98, 95, "edge_too_small", "1.00 YES at 0.9500"),
        (0.97, 0.97, 0.97, 97, "edge_too_small", "1.00 YES at 0.9700"),
        (0.97, 0.96, 0.98, 98, "edge_too_small", "edge_too_small"),
        (0.999, 0.998, 1.0, 99, "price_too_high", "price_too_high"),
        (0.94, 0.93, 0.95, 80, "probability_too_low", "probability_too_low"),
        (0.03, 0.02, 0.04, 6, "1.00 NO at 0.9500", "1.00 NO at 0.9500"),
        (0.06, 0.05, 0.07, 6, "probability_too_low", "probability_too_low"),
    ];
    for family in FAMILIES {
        for (value, low, high, ask, default, v2) in table {
            let strike = || offered(family, known(value, low, high), ask);
            let about = format!("{family:?} {value} at {ask}");
            assert_eq!(verdict(HtcParams::default(), family, strike()), default, "{about}");
            assert_eq!(verdict(HtcParams::v2(), family, strike()), v2, "v2: {about}");
        }
    }
}

#[test]
fn an_edge_of_exactly_the_threshold_is_enough() {
    // 96.59 % of value, 95 cents, 0.34 cents of fee: 1.25 cents.
    let exact = |min_differential| HtcParams { min_differential, ..HtcParams::default() };
    let strike = || offered(Family::QuarterHour, known(0.9659, 0.9659, 0.9659), 95);
    assert_eq!(verdict(exact(1.25), Family::QuarterHour, strike()), "1.00 YES at 0.9500");
    assert_eq!(verdict(exact(1.2501), Family::QuarterHour, strike()), "edge_too_small");
}

#[test]
fn what_is_missing_is_a_reason() {
    let good = || offered(Family::HourlyThreshold, known(0.99, 0.98, 1.0), 95);
    let case = |change: fn(&mut StrikeView)| {
        let mut strike = good();
        change(&mut strike);
        verdict(HtcParams::default(), Family::HourlyThreshold, strike)
    };
    assert_eq!(case(|_| {}), "1.00 YES at 0.9500");
    assert_eq!(case(|strike| strike.trading = false), "not_trading");
    assert_eq!(case(|strike| strike.strike = None), "no_strike");
    assert_eq!(case(|strike| strike.fair = Fair::Unknown(UnknownReason::NoPrice)), "no_opinion: no price of the asset");
    // A number in a reason would make each its own line in the minute's count.
    let stale = case(|strike| strike.fair = Fair::Unknown(UnknownReason::StalePrice { age_ms: 5_001 }));
    assert_eq!(stale, case(|strike| strike.fair = Fair::Unknown(UnknownReason::StalePrice { age_ms: 6_002 })));
    assert_eq!(case(|strike| strike.quote = None), "no_fresh_book");
    assert_eq!(case(|strike| strike.quote = Some(Quote::default())), "no_quote");
    assert_eq!(case(|strike| strike.volume = None), "volume_too_low");
    assert_eq!(case(|strike| strike.volume = Some(contracts(999))), "volume_too_low");
    assert_eq!(case(|strike| strike.fees = None), "bad_wish");
}

#[test]
fn the_likeliest_comes_first_and_no_more_is_wanted_than_is_offered() {
    let mut likely = offered(Family::HourlyRange, known(0.99, 0.98, 1.0), 95);
    likely.market = "LIKELY".parse().unwrap();
    likely.quote.as_mut().unwrap().ask = Some(Level { price: Price::cents(95), quantity: "2.50".parse().unwrap() });
    let other = offered(Family::HourlyRange, known(0.97, 0.97, 0.97), 95);
    let params = HtcParams { multiplier: 3, ..HtcParams::default() };
    let decision = decide(params, &view(Family::HourlyRange, vec![other, likely]));
    let wanted: Vec<_> = decision.wishes.iter().map(|wish| (wish.market.as_str(), wish.side, wish.quantity)).collect();
    assert_eq!(wanted, [("LIKELY", Side::Yes, "2.50".parse().unwrap()), ("M", Side::Yes, contracts(3))]);
    let absurd = HtcParams { position_size: Quantity::MAX, multiplier: 2, ..HtcParams::default() };
    let strike = offered(Family::HourlyRange, known(0.99, 0.98, 1.0), 95);
    assert_eq!(verdict(absurd, Family::HourlyRange, strike), "bad_wish");
}
