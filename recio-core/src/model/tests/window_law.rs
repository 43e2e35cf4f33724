//! The window's law against simulated paths.

use crate::model::testing::Dice;
use crate::model::{OpenLaw, PricePoint, SettlementWindow, WindowLaw};
use crate::price_feed::PriceKind;
use crate::units::{AssetPrice, Timestamp};
use jiff::SignedDuration;

const PATHS: u32 = 200_000;
/// Four standard errors of a variance from that many paths.
const TOLERANCE: f64 = 4.0 * 0.003_162;

fn close() -> Timestamp {
    "2026-09-25T20:00:00Z".parse().unwrap()
}

fn before(millis: i64) -> Timestamp {
    close() - SignedDuration::from_millis(millis)
}

fn cents(cents: u64) -> AssetPrice {
    AssetPrice::from_cents(cents).unwrap()
}

fn index(millis_before: i64, price: u64) -> Option<PricePoint> {
    Some(PricePoint { price: cents(price), time: before(millis_before), kind: PriceKind::Index })
}

fn open(window: Option<&SettlementWindow>, price: Option<PricePoint>) -> OpenLaw {
    match WindowLaw::new(close(), window, price) {
        Some(WindowLaw::Open(law)) => law,
        other => panic!("{other:?}"),
    }
}

/// A window of index prints of $100 at the given seconds before the close.
fn prints(seconds: impl Iterator<Item = i64>) -> SettlementWindow {
    let mut window = SettlementWindow::new(close(), PriceKind::Index);
    for second in seconds {
        window.push(before(second * 1_000), cents(10_000));
    }
    window
}

/// Variance, over random walks with steps of ±1 a second, of a statistic of the positions after 1, 2, … `steps` seconds.
fn simulated(steps: usize, statistic: impl Fn(&[f64]) -> f64) -> f64 {
    let (mut dice, mut path, mut squares) = (Dice(7), vec![0.0; steps], 0.0);
    for _ in 0..PATHS {
        let (mut position, mut bits, mut left) = (0.0, 0, 0);
        for point in &mut path {
            if left == 0 {
                (bits, left) = (dice.next(), 64);
            }
            position += if bits & 1 == 1 { 1.0 } else { -1.0 };
            (bits, left) = (bits >> 1, left - 1);
            *point = position;
        }
        let value = statistic(&path);
        squares += value * value;
    }
    squares / f64::from(PATHS)
}

fn close_to(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < TOLERANCE, "{found} against {expected}");
}

#[test]
fn before_the_window() {
    let law = open(None, index(90_000, 10_000));
    // σ²(τ + Σ k²/3600), τ = 30 s to the first print.
    let exact: f64 = 30.0 + (1..60).map(|k| f64::from(k * k)).sum::<f64>() / 3_600.0;
    assert!((law.variance_seconds - exact).abs() < 1e-9 && (exact - 49.502_8).abs() < 1e-4);
    assert_eq!((law.mean_usd, law.to_come, law.missing), (100.0, 60, 0));
    close_to(simulated(89, |path| path[29..].iter().sum::<f64>() / 60.0), law.variance_seconds);
}

#[test]
fn inside_the_window() {
    for left in [1_i64, 15, 59] {
        let window = prints((left + 1)..=60);
        let law = open(Some(&window), None);
        let r = f64::from(i32::try_from(left).unwrap());
        assert!((law.variance_seconds - r * (r + 1.0) * (2.0 * r + 1.0) / 21_600.0).abs() < 1e-12);
        assert_eq!(law.to_come, usize::try_from(left).unwrap());
        assert!((law.mean_usd - 100.0).abs() < 1e-9);
        close_to(
            simulated(usize::try_from(left).unwrap(), |path| path.iter().sum::<f64>() / 60.0),
            law.variance_seconds,
        );
    }
    // A newer price between two prints moves the mean and shortens the wait for the next.
    let law = open(Some(&prints(31..=60)), index(30_600, 10_100));
    let (r, d) = (30.0, 0.6);
    assert!((law.variance_seconds * 3_600.0 - (r * r * d + (r - 1.0) * r * (2.0 * r - 1.0) / 6.0)).abs() < 1e-9);
    assert!((law.mean_usd - (30.0 * 100.0 + 30.0 * 101.0) / 60.0).abs() < 1e-9);
}

#[test]
fn missed_prints_are_bridged() {
    for gap in [1_i64, 4, 20] {
        // All prints but `gap` of them, from T−40 on.
        let window = prints((1..=60).filter(|second| !(41 - gap..=40).contains(second)));
        let law = open(Some(&window), None);
        let g = f64::from(i32::try_from(gap).unwrap());
        assert!((law.variance_seconds * 3_600.0 - g * (g + 1.0) * (g + 2.0) / 12.0).abs() < 1e-9);
        assert_eq!((law.to_come, law.missing), (0, usize::try_from(gap).unwrap()));
        // What a straight line between the ends gets wrong.
        let steps = usize::try_from(gap).unwrap() + 1;
        let error = |path: &[f64]| path[..steps - 1].iter().sum::<f64>() - g / 2.0 * path[steps - 1];
        close_to(simulated(steps, error) / 3_600.0, law.variance_seconds);
    }
}

#[test]
fn missed_prints_lie_on_the_line_between_their_neighbours() {
    let mut window = prints((1..=60).filter(|second| !(30..=32).contains(second)));
    window.push(before(29_000), cents(10_400));
    let law = open(Some(&window), None);
    assert!((law.mean_usd * 60.0 - (56.0 * 100.0 + 104.0 + 101.0 + 102.0 + 103.0)).abs() < 1e-9);
}

#[test]
fn a_window_joined_late_is_guessed_backwards() {
    // Nothing before T−50: ten prints stand on the first one known, one to ten seconds away from it.
    let law = open(Some(&prints(1..=50)), None);
    let g = 10.0;
    assert!((law.variance_seconds * 3_600.0 - g * (g + 1.0) * (2.0 * g + 1.0) / 6.0).abs() < 1e-9);
    assert_eq!((law.missing, law.to_come), (10, 0));
}

#[test]
fn the_last_print_can_be_bridged_by_a_price_after_the_close() {
    let law = open(Some(&prints(2..=60)), index(-1_000, 10_200));
    // T−1 lies in the middle of T−2 and T+1, a third of the way.
    assert!((law.mean_usd * 60.0 - (59.0 * 100.0 + 100.0 + 2.0 / 3.0)).abs() < 1e-9);
    assert!((law.variance_seconds * 3_600.0 - 2.0 / 3.0).abs() < 1e-9);
    // Much later it says nothing.
    let law = open(Some(&prints(2..=60)), index(-60_000, 10_200));
    assert!((law.variance_seconds * 3_600.0 - 1.0).abs() < 1e-9 && law.to_come == 1);
}

#[test]
fn settled_only_by_index_prints() {
    assert_eq!(WindowLaw::new(close(), Some(&prints(1..=60)), None), Some(WindowLaw::Settled(cents(10_000))));
    assert_eq!(WindowLaw::new(close(), None, None), None);
    let mut stand_in = SettlementWindow::new(close(), PriceKind::StandIn);
    for second in 1..=60 {
        stand_in.push(before(second * 1_000), cents(10_000));
    }
    let law = open(Some(&stand_in), None);
    assert_eq!((law.basis_weight, law.variance_seconds, law.sd_usd(3.6, 4.6)), (1.0, 0.0, 4.6));
}

#[test]
fn the_basis_counts_for_what_rests_on_a_stand_in() {
    let spot = |millis, price| Some(PricePoint { price: cents(price), time: before(millis), kind: PriceKind::StandIn });
    assert!((open(None, spot(90_000, 10_000)).basis_weight - 1.0).abs() < 1e-12);
    // 45 index prints are banked: (r/60)² of the basis' variance is left.
    let law = open(Some(&prints(16..=60)), spot(15_500, 10_000));
    assert!((law.basis_weight - 15.0 / 60.0).abs() < 1e-12);
    assert!((open(Some(&prints(16..=60)), None).basis_weight).abs() < 1e-12);
}
