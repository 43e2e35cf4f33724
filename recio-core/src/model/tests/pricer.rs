//! Fair values: shape, limits, and what is unknown.

use crate::market::{Asset, Side, Strike};
use crate::model::testing::Dice;
use crate::model::{
    Bar, Basis, EventPricer, Fair, FairInputs, Fingerprint, FingerprintBuilder, Momentum, PricePoint, SettlementWindow,
    UnknownReason, Volatility, VolatilityUnknown,
};
use crate::price_feed::PriceKind;
use crate::units::{AssetPrice, Timestamp};
use jiff::SignedDuration;
use proptest::{prop_assert, proptest};
use std::sync::LazyLock;

/// Ten days of a random walk of 0.05 % a minute.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a price in cents")]
static FINGERPRINT: LazyLock<Fingerprint> = LazyLock::new(|| {
    let (mut dice, mut price) = (Dice(11), 80_000.0);
    let mut builder = FingerprintBuilder::new(Asset::Btc, "random walk");
    for minute in 0..14_400 {
        price *= 1.0 + 0.000_5 * dice.normal();
        let close = AssetPrice::from_cents((price * 100.0) as u64).unwrap();
        let start = Timestamp::from_second(1_747_699_200 + minute * 60).unwrap();
        builder.push(&Bar { start, open: close, high: close, low: close, close }).unwrap();
    }
    builder.finish().unwrap()
});

fn close() -> Timestamp {
    "2026-09-25T20:00:00Z".parse().unwrap()
}

fn before(millis: i64) -> Timestamp {
    close() - SignedDuration::from_millis(millis)
}

fn usd(usd: u64) -> AssetPrice {
    AssetPrice::from_cents(usd * 100).unwrap()
}

fn cents(cents: u64) -> AssetPrice {
    AssetPrice::from_cents(cents).unwrap()
}

/// Inputs so many milliseconds before the close, the price being $84,000.00.
fn inputs(millis: i64, kind: PriceKind) -> FairInputs<'static> {
    FairInputs {
        now: before(millis),
        close_time: close(),
        asset: Asset::Btc,
        price: Some(PricePoint { price: usd(84_000), time: before(millis), kind }),
        window: None,
        momentum: Momentum::default(),
        volatility: Ok(Volatility::new(5.4, 40.0).unwrap()),
        basis: Some(Basis::new(0.0, 4.6).unwrap()),
    }
}

fn pricer(inputs: &FairInputs<'_>) -> EventPricer {
    EventPricer::new(inputs, Some(&FINGERPRINT))
}

fn known(fair: Fair) -> [f64; 3] {
    match fair {
        Fair::Known { value, low, high } => [value.get(), low.get(), high.get()],
        Fair::Unknown(reason) => panic!("{reason}"),
    }
}

fn above(usd_level: u64) -> Strike {
    Strike::GreaterOrEqual { floor: usd(usd_level) }
}

/// Moments from an hour and a half before the close to inside the window, in milliseconds.
const MOMENTS: [i64; 12] =
    [5_400_000, 3_600_000, 1_800_000, 600_000, 340_000, 299_000, 180_000, 90_000, 61_000, 60_000, 30_500, 1_500];

#[test]
fn far_strikes_are_nearly_sure_the_right_way_round() {
    for millis in MOMENTS {
        for kind in [PriceKind::Index, PriceKind::StandIn] {
            let pricer = pricer(&inputs(millis, kind));
            let [deep, _, _] = known(pricer.fair(&above(80_000)));
            let [near, low, high] = known(pricer.fair(&above(84_000)));
            let [far, _, _] = known(pricer.fair(&above(88_000)));
            assert!(deep > 0.97 && far < 0.03, "{millis} ms: {deep} {far}");
            // Ten days hold 240 hours: the standard error of a half is 0.032.
            assert!((near - 0.5).abs() < 0.1 && low < near && near < high, "{millis} ms: {near}");
        }
    }
}

#[test]
fn probabilities_fall_with_the_strike_and_so_do_their_ends() {
    for millis in MOMENTS {
        for kind in [PriceKind::Index, PriceKind::StandIn] {
            let pricer = pricer(&inputs(millis, kind));
            let mut last = [1.0; 3];
            for level in (8_100_000..8_700_000).step_by(1_777) {
                let found = known(pricer.fair(&Strike::GreaterOrEqual { floor: cents(level) }));
                for (found, last) in found.iter().zip(last) {
                    assert!(*found <= last + 1e-12, "{millis} ms, {level}: {found} > {last}");
                }
                last = found;
            }
        }
    }
}

#[test]
fn a_ladder_of_188_ranges_sums_to_one() {
    let mut ladder = vec![Strike::Less { cap: usd(74_200) }];
    for floor in (74_200..92_800).step_by(100) {
        ladder.push(Strike::Between { floor: usd(floor), cap: cents((floor + 100) * 100 - 1) });
    }
    ladder.push(Strike::Greater { floor: cents(9_279_999) });
    assert_eq!(ladder.len(), 188);
    for millis in MOMENTS {
        let pricer = pricer(&inputs(millis, PriceKind::StandIn));
        let sum: f64 = ladder.iter().map(|strike| known(pricer.fair(strike))[0]).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{millis} ms: {sum}");
    }
}

#[test]
fn both_outcomes_are_complements() {
    for millis in MOMENTS {
        let pricer = pricer(&inputs(millis, PriceKind::StandIn));
        for level in [83_000, 83_950, 84_000, 84_120, 85_500] {
            let yes = known(pricer.fair(&Strike::GreaterOrEqual { floor: usd(level) }).of(Side::No));
            let no = known(pricer.fair(&Strike::Less { cap: usd(level) }));
            for (yes, no) in yes.iter().zip(no) {
                assert!((yes - no).abs() < 1e-9, "{millis} ms, {level}: {yes} {no}");
            }
            // Whole cents: above X.99 is from X+1 on.
            let strict = pricer.fair(&Strike::Greater { floor: cents(level * 100 - 1) });
            assert_eq!(strict, pricer.fair(&above(level)));
        }
    }
}

#[test]
fn the_law_gives_the_same_above_and_below() {
    // Inside the last minute nothing but the law counts, and it is symmetric about the price.
    let pricer = pricer(&inputs(60_000, PriceKind::Index));
    for distance in [500, 2_000, 9_000] {
        let mass = |from, to| Strike::Between { floor: cents(from), cap: cents(to) };
        let [up, ..] = known(pricer.fair(&mass(8_400_001, 8_400_000 + distance)));
        let [down, ..] = known(pricer.fair(&mass(8_400_000 - distance, 8_399_999)));
        assert!((up - down).abs() < 1e-9, "{up} {down}");
    }
}

#[test]
fn a_spread_of_one_standard_deviation_has_the_normal_probability() {
    // One minute before the close with σ = 5.4: sd = 5.4 × √19.5028 = 23.85, plus half a cent.
    let mut inputs = inputs(60_000, PriceKind::Index);
    inputs.volatility = Ok(Volatility::new(5.4, 1e12).unwrap());
    let [value, low, high] = known(pricer(&inputs).fair(&Strike::GreaterOrEqual { floor: cents(8_402_385) }));
    // Averaging over σ moves it little at one sd; with volatility known well there is nothing left to be unsure of.
    assert!((value - 0.158_7).abs() < 0.003, "{value}");
    assert!(high - low < 1e-4, "{low} {high}");
    // At four it is the tails of the averaged normal: wider than the normal's 0.000 03.
    let [value, ..] = known(pricer(&inputs).fair(&Strike::GreaterOrEqual { floor: cents(8_409_540) }));
    assert!((0.002..0.005).contains(&value), "{value}");
    inputs.volatility = Ok(Volatility::new(5.4, 40.0).unwrap());
    let [value, low, high] = known(pricer(&inputs).fair(&Strike::GreaterOrEqual { floor: cents(8_402_385) }));
    assert!(low < value - 0.02 && high > value + 0.02, "{low} {value} {high}");
}

#[test]
fn a_strike_table_reads_the_same_on_every_machine() {
    let mut table = String::new();
    for millis in [3_600_000, 600_000, 180_000, 60_000, 1_500] {
        let mut inputs = inputs(millis, PriceKind::StandIn);
        inputs.momentum.score = Some(0.042);
        let pricer = pricer(&inputs);
        let row = [83_800, 83_950, 84_000, 84_100].map(|level| pricer.fair(&above(level)).to_string());
        table.push_str(&format!("{:>4} s  {}\n", millis / 1_000, row.join("  ")));
    }
    insta::assert_snapshot!(table, @r"
    3600 s  70.11% (63.04% to 76.35%)  51.57% (44.68% to 58.44%)  46.60% (39.86% to 53.42%)  35.94% (29.58% to 42.76%)
     600 s  93.23% (90.08% to 95.56%)  60.79% (54.68% to 66.79%)  46.75% (40.86% to 52.67%)  20.97% (16.42% to 26.10%)
     180 s  99.47% (98.60% to 99.81%)  77.98% (71.32% to 84.24%)  48.92% (42.06% to 55.92%)  6.91% (3.85% to 11.06%)
      60 s  100.00% (100.00% to 100.00%)  96.37% (91.47% to 98.73%)  50.01% (34.91% to 65.11%)  0.25% (0.04% to 0.83%)
       1 s  100.00% (100.00% to 100.00%)  96.50% (91.68% to 98.78%)  50.01% (34.75% to 65.27%)  0.23% (0.04% to 0.79%)
    ");
}

#[test]
fn the_highest_strike_there_can_be_is_out_of_reach() {
    let floor = cents(1_000_000_000_000);
    let [value, ..] = known(pricer(&inputs(600_000, PriceKind::Index)).fair(&Strike::Greater { floor }));
    assert!(value < 1e-9, "{value}");
}

#[test]
fn the_value_is_continuous_in_time() {
    // Nowhere between two seconds does a probability jump, also not where fingerprint and law take turns.
    let strike = above(84_060);
    let mut last: Option<f64> = None;
    for second in (1..4_000).rev() {
        let [value, ..] = known(pricer(&inputs(second * 1_000, PriceKind::Index)).fair(&strike));
        assert!(last.is_none_or(|last| (last - value).abs() < 0.02), "{second} s: {last:?} {value}");
        last = Some(value);
    }
}

/// 60 prints of one price, the newest `missing` left out.
fn window(kind: PriceKind, price: u64, missing: i64) -> SettlementWindow {
    let mut window = SettlementWindow::new(close(), kind);
    for second in (1 + missing)..=60 {
        window.push(before(second * 1_000), cents(price));
    }
    window
}

#[test]
fn sure_with_all_index_prints_and_never_with_stand_ins() {
    let index = window(PriceKind::Index, 8_400_000, 0);
    let after = FairInputs { window: Some(&index), ..inputs(-30_000, PriceKind::Index) };
    let settled = EventPricer::new(&after, None);
    assert_eq!(settled.settled(), Some(usd(84_000)));
    assert_eq!(settled.fair(&above(84_000)), Fair::sure(true));
    assert_eq!(settled.fair(&Strike::Greater { floor: usd(84_000) }), Fair::sure(false));

    let stand_in = window(PriceKind::StandIn, 8_400_000, 0);
    let after = FairInputs { window: Some(&stand_in), price: None, ..inputs(-30_000, PriceKind::StandIn) };
    let guessed = EventPricer::new(&after, None);
    assert_eq!(guessed.settled(), None);
    let [value, low, high] = known(guessed.fair(&above(83_995)));
    assert!(value > 0.8 && value < 0.9 && low < value && high < 1.0, "{value} {low} {high}");
    assert!(!guessed.fair(&above(83_995)).is_sure() && !guessed.fair(&above(70_000)).is_sure());

    // One index print to come: nearly sure, not sure.
    let last = window(PriceKind::Index, 8_400_000, 1);
    let last = FairInputs { window: Some(&last), price: None, ..inputs(1_500, PriceKind::Index) };
    let [value, _, high] = known(EventPricer::new(&last, None).fair(&above(83_999)));
    assert!(value > 0.999 && high <= 1.0);
}

#[test]
fn unknown_has_a_reason() {
    let far = inputs(600_000, PriceKind::StandIn);
    let reason = |inputs: &FairInputs<'_>, fingerprint| {
        let pricer = EventPricer::new(inputs, fingerprint);
        assert_eq!(pricer.fair(&above(84_000)), Fair::Unknown(pricer.unknown().unwrap()));
        pricer.unknown()
    };
    let with = Some(&*FINGERPRINT);
    assert_eq!(reason(&FairInputs { price: None, ..far.clone() }, with), Some(UnknownReason::NoPrice));
    assert_eq!(reason(&far, None), Some(UnknownReason::NoFingerprint));
    assert_eq!(reason(&FairInputs { basis: None, ..far.clone() }, with), Some(UnknownReason::NoBasis));
    let ether = FairInputs { asset: Asset::Eth, ..far.clone() };
    assert_eq!(reason(&ether, with), Some(UnknownReason::OtherFingerprint(Asset::Btc)));
    let stale = FairInputs { now: before(593_800), ..far.clone() };
    assert_eq!(reason(&stale, with), Some(UnknownReason::StalePrice { age_ms: 6_200 }));
    let ahead = FairInputs { now: before(602_000), ..far.clone() };
    assert_eq!(reason(&ahead, with), Some(UnknownReason::PriceFromFuture { ahead_ms: 2_000 }));
    let early = inputs(7_260_000, PriceKind::Index);
    assert_eq!(reason(&early, with), Some(UnknownReason::TooFarAhead { minutes: 121 }));
    let other = SettlementWindow::new(before(900_000), PriceKind::Index);
    assert_eq!(reason(&FairInputs { window: Some(&other), ..far.clone() }, with), Some(UnknownReason::OtherWindow));
    let blind = FairInputs { volatility: Err(VolatilityUnknown::Frozen), ..inputs(120_000, PriceKind::Index) };
    assert_eq!(reason(&blind, with), Some(UnknownReason::NoVolatility(VolatilityUnknown::Frozen)));
    // Further out the fingerprint needs no volatility.
    let far_blind = FairInputs { volatility: Err(VolatilityUnknown::Frozen), ..far };
    assert_eq!(pricer(&far_blind).unknown(), None);
    let empty = Strike::Between { floor: usd(84_100), cap: usd(84_000) };
    assert_eq!(pricer(&far_blind).fair(&empty), Fair::Unknown(UnknownReason::EmptyStrike));
}

proptest! {
    #[test]
    fn always_a_probability_with_an_interval_around_it(
        millis in -5_000_i64..7_200_000,
        banked in 0_i64..=60,
        price in 1_u64..100_000_000,
        level in 1_u64..100_000_000,
        width in 0_u64..1_000_000,
        sigma in 1e-6_f64..1e4,
        score in proptest::option::of(-3.0_f64..3.0),
        (index_price, index_window) in (proptest::bool::ANY, proptest::bool::ANY),
    ) {
        let kind = |index| if index { PriceKind::Index } else { PriceKind::StandIn };
        let mut window = SettlementWindow::new(close(), kind(index_window));
        for second in (1..=60_i64).rev().take(usize::try_from(banked).unwrap()).filter(|&s| s * 1_000 >= millis) {
            window.push(before(second * 1_000), cents(price));
        }
        let inputs = FairInputs {
            price: Some(PricePoint { price: cents(price), time: before(millis), kind: kind(index_price) }),
            window: Some(&window),
            momentum: Momentum { score, ..Momentum::default() },
            volatility: Ok(Volatility::new(sigma, 30.0).unwrap()),
            ..inputs(millis, PriceKind::Index)
        };
        let pricer = pricer(&inputs);
        for strike in [
            Strike::GreaterOrEqual { floor: cents(level) },
            Strike::Less { cap: cents(level) },
            Strike::Between { floor: cents(level), cap: cents(level + width) },
        ] {
            let fair = pricer.fair(&strike);
            prop_assert!(!fair.is_sure() || pricer.settled().is_some(), "sure before all index prints are there");
            let [value, low, high] = known(fair);
            prop_assert!((0.0..=1.0).contains(&low) && low <= value && value <= high && high <= 1.0);
        }
    }
}
