//! Fingerprints against a count by brute force, and their file form.

use crate::market::Asset;
use crate::model::testing::Dice;
use crate::model::{
    Bar, Fingerprint, FingerprintBuildError, FingerprintBuilder, FingerprintFileError, MOMENTUM_MINUTES,
    MOMENTUM_WEIGHTS, Tail,
};
use crate::units::{AssetPrice, Timestamp};
use std::collections::BTreeMap;

fn bar(minute: i64, cents: u64) -> Bar {
    let price = AssetPrice::from_cents(cents).unwrap();
    let start = Timestamp::from_second(1_747_699_200 + minute * 60).unwrap();
    Bar { start, open: price, high: price, low: price, close: price }
}

/// A random walk of `sd` a minute with missing minutes and one long gap.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a price in cents")]
fn series(seed: u64, minutes: i64, sd: f64) -> BTreeMap<i64, u64> {
    let (mut dice, mut price, mut closes) = (Dice(seed), 80_000.0, BTreeMap::new());
    for minute in 0..minutes {
        price *= 1.0 + sd * dice.normal();
        let missing = dice.next() % 97 == 0 || (minutes / 2..minutes / 2 + 200).contains(&minute);
        if !missing {
            closes.insert(minute, (price * 100.0) as u64);
        }
    }
    closes
}

fn build(closes: &BTreeMap<i64, u64>) -> Fingerprint {
    let mut builder = FingerprintBuilder::new(Asset::Btc, "random walk");
    for (&minute, &cents) in closes {
        builder.push(&bar(minute, cents)).unwrap();
    }
    builder.finish().unwrap()
}

#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "small numbers")]
fn brute_bucket(closes: &BTreeMap<i64, u64>, minute: i64) -> Option<i32> {
    let now = closes[&minute] as f64 / 100.0;
    let (mut sum, mut weight) = (0.0, 0.0);
    for (n, (minutes, share)) in MOMENTUM_MINUTES.into_iter().zip(MOMENTUM_WEIGHTS).enumerate() {
        match closes.get(&(minute - i64::from(minutes))) {
            Some(&then) => {
                sum += share * (now / (then as f64 / 100.0) - 1.0) * 100.0;
                weight += share;
            }
            None if n < 4 => return None,
            None => {}
        }
    }
    Some(libm::round(sum / weight * 100.0) as i32)
}

/// The same cell, counted the slow way: moved up, moved down, samples, independent.
fn brute_cell(closes: &BTreeMap<i64, u64>, bucket: Option<i32>, minutes: i64, threshold: u64) -> [u32; 4] {
    let (mut cell, mut free) = ([0; 4], i64::MIN);
    for (&minute, &from) in closes {
        let Some(&to) = closes.get(&(minute + minutes)) else { continue };
        if bucket.is_some() && brute_bucket(closes, minute) != bucket {
            continue;
        }
        // Moved by k × 0.05 %, in whole cents.
        let far = from.abs_diff(to) * 2_000 >= threshold * from;
        cell[0] += u32::from(far && to >= from);
        cell[1] += u32::from(far && to <= from);
        cell[2] += 1;
        if minute >= free {
            free = minute + minutes;
            cell[3] += 1;
        }
    }
    cell
}

#[test]
fn one_pass_counts_what_brute_force_counts() {
    let closes = series(3, 2_500, 0.000_8);
    let fingerprint = build(&closes);
    let mut seen = 0;
    for bucket in [None, Some(-30), Some(-12), Some(-3), Some(0), Some(1), Some(7), Some(30)] {
        for minutes in [1_usize, 2, 7, 30, 59, 60] {
            for threshold in [0_usize, 1, 2, 9, 39, 40] {
                let expected =
                    brute_cell(&closes, bucket, i64::try_from(minutes).unwrap(), u64::try_from(threshold).unwrap());
                let up = fingerprint.cell(bucket, minutes, threshold, Tail::Up).unwrap();
                let down = fingerprint.cell(bucket, minutes, threshold, Tail::Down).unwrap();
                let found = [up.moved, down.moved, up.samples, up.independent];
                assert_eq!(found, expected, "bucket {bucket:?}, {minutes} min, threshold {threshold}");
                seen += expected[2];
            }
        }
    }
    assert!(seen > 10_000, "the test has looked at {seen} samples");
    assert_eq!(fingerprint.cell(Some(31), 1, 0, Tail::Up), None);
    assert_eq!(fingerprint.cell(None, 61, 0, Tail::Up), None);
    assert_eq!(fingerprint.cell(None, 0, 0, Tail::Up), None);
    assert_eq!(fingerprint.cell(None, 1, 41, Tail::Up), None);
}

#[test]
fn a_move_of_exactly_a_threshold_counts() {
    // +0.05 % of $80,000.00 is $40.00 exactly; a cent less is not.
    for (to, moved) in [(8_004_000, 1), (8_003_999, 0)] {
        let fingerprint = build(&BTreeMap::from([(0, 8_000_000), (1, to)]));
        assert_eq!(fingerprint.cell(None, 1, 1, Tail::Up).unwrap().moved, moved);
        assert_eq!(fingerprint.cell(None, 1, 0, Tail::Up).unwrap().moved, 1);
        assert_eq!(fingerprint.cell(None, 1, 0, Tail::Down).unwrap().moved, 0);
    }
}

#[test]
fn bars_have_to_come_in_order() {
    let mut builder = FingerprintBuilder::new(Asset::Btc, "x");
    builder.push(&bar(5, 100)).unwrap();
    assert!(matches!(builder.push(&bar(5, 100)), Err(FingerprintBuildError::NotRising { .. })));
    assert!(matches!(builder.push(&bar(4, 100)), Err(FingerprintBuildError::NotRising { .. })));
    let odd = Bar { start: Timestamp::from_second(1_747_699_201).unwrap(), ..bar(0, 100) };
    assert!(matches!(builder.push(&odd), Err(FingerprintBuildError::Unaligned { .. })));
    builder.push(&bar(6, 101)).unwrap();
    assert_eq!(builder.finish().unwrap().about().bars, 2);
    let none = FingerprintBuilder::new(Asset::Btc, "x").finish();
    assert_eq!(none, Err(FingerprintBuildError::NoBars));
}

#[test]
fn the_file_form_round_trips_and_is_checked() {
    let fingerprint = build(&series(4, 3_000, 0.000_8));
    let bytes = fingerprint.to_bytes();
    assert_eq!(Fingerprint::from_bytes(&bytes).as_ref(), Ok(&fingerprint));
    assert!(bytes.len() < 1_000_000, "{}", bytes.len());
    // The same on every machine, until the format changes.
    insta::assert_snapshot!(fingerprint.hash(), @"d57110ce275387ba6b362bb0f7c2e5cae1d7d95744d0483ecaaa684610bf65c1");
    // Another run gives the same bytes; other bars another hash.
    assert_eq!(build(&series(4, 3_000, 0.000_8)).to_bytes(), bytes);
    assert_ne!(build(&series(4, 2_999, 0.000_8)).hash(), fingerprint.hash());

    let error = |bytes: &[u8]| Fingerprint::from_bytes(bytes).unwrap_err();
    assert_eq!(error(b""), FingerprintFileError::NotAFingerprint);
    assert_eq!(error(&bytes[..20]), FingerprintFileError::NotAFingerprint);
    assert_eq!(error(b"ts,open,high,low,close,volume"), FingerprintFileError::NotAFingerprint);
    assert!(matches!(error(&bytes[..bytes.len() - 1]), FingerprintFileError::Damaged { .. }));
    let mut later = bytes.clone();
    later[8] = 9;
    insta::assert_snapshot!(error(&later), @"the fingerprint has format 9, this program reads 1: build it again from its bars");
    for place in (42..bytes.len()).step_by(bytes.len() / 50) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 4;
        assert!(matches!(error(&damaged), FingerprintFileError::Damaged { .. }));
    }
}

#[test]
fn a_curve_is_monotone_and_near_the_normal_it_was_drawn_from() {
    let fingerprint = build(&series(5, 40_000, 0.000_5));
    for seconds in [0.0, 19.5, 45.0, 60.0, 259.5, 1_000.0, 3_599.0, 3_600.0, 5_000.0] {
        for bucket in [None, Some(0), Some(4), Some(-9), Some(30), Some(99)] {
            let curve = fingerprint.curve(seconds, bucket).unwrap();
            let mut last = 1.0;
            for step in -500..=500 {
                let p = curve.at_least(f64::from(step) * 0.011);
                assert!(
                    (0.0..=1.0).contains(&p) && p <= last + 1e-12,
                    "{seconds} s, {bucket:?}, step {step}: {p} > {last}"
                );
                last = p;
            }
            assert_eq!((curve.at_least(f64::INFINITY), curve.at_least(f64::NEG_INFINITY)), (0.0, 1.0));
            assert!(
                curve.at_least(5.0) > 0.0 && curve.at_least(-5.0) < 1.0,
                "beyond the last threshold there is a tail"
            );
        }
    }
    // 0.05 % a minute: 0.1 % over four minutes.
    let curve = fingerprint.curve(240.0, None).unwrap();
    for (percent, normal) in [(0.0, 0.5), (0.1, 0.158_7), (-0.1, 0.841_3), (0.07, 0.242_0), (0.2, 0.022_8)] {
        assert!((curve.at_least(percent) - normal).abs() < 0.012, "{percent}: {}", curve.at_least(percent));
    }
    assert!(!fingerprint.curve(240.0, Some(29)).unwrap().by_momentum() && curve.independent() > 9_000.0);
    let (low, high) = curve.interval(0.5);
    assert!(low < 0.5 && high > 0.5 && high - low < 0.03);
}

#[test]
fn too_few_samples_give_no_curve() {
    assert_eq!(build(&series(6, 300, 0.000_5)).curve(3_600.0, None), None);
}
