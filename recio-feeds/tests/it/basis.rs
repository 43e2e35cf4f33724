//! The basis of recorded settlements (see `tests/data/README.md`).

use recio_core::market::Asset;
use recio_core::price_feed::PriceTick;
use recio_core::units::{AssetPrice, Timestamp, from_micros};
use recio_feeds::basis::{BadSample, BasisConfig, BasisEstimator};
use std::collections::BTreeMap;
use std::time::Duration;

type Settlements = BTreeMap<Timestamp, (AssetPrice, Vec<PriceTick>)>;

fn recorded() -> Settlements {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/settlements_202605.csv");
    let mut settlements = Settlements::new();
    for row in csv::Reader::from_path(path).unwrap().records() {
        let row = row.unwrap();
        let (_, ticks) = settlements.entry(row[0].parse().unwrap()).or_insert((row[1].parse().unwrap(), Vec::new()));
        let exchange_time = from_micros(row[2].parse().unwrap()).unwrap();
        ticks.push(PriceTick { price: AssetPrice::parse_rounded(&row[3]).unwrap(), exchange_time });
    }
    settlements
}

#[test]
fn recorded_settlements_give_the_known_basis() {
    // A half-life so long that all weigh the same: the figures are those of a plain mean, computed apart.
    let config = BasisConfig { half_life: Duration::from_secs(1_000_000_000), ..BasisConfig::of(Asset::Btc).unwrap() };
    let mut estimator = BasisEstimator::new(config);
    let mut refused = 0;
    for (close, (value, spot)) in recorded() {
        match estimator.push_settlement(close, value, &spot) {
            Ok(()) => {}
            Err(BadSample::Uncovered { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    let figure = estimator.figure("2026-05-14T02:00:00Z".parse().unwrap());
    assert_eq!((figure.samples, refused), (19, 3), "three windows have holes in the recording");
    assert!((figure.mean_usd - 11.05).abs() < 0.01, "{figure:?}");
    assert!((figure.sd_usd - 4.44).abs() < 0.01, "{figure:?}");
    assert!((figure.standard_error_usd.unwrap() - 4.44 / 19_f64.sqrt()).abs() < 0.01, "{figure:?}");
    assert!(figure.is_measured());
}

#[test]
fn the_newest_settlements_count_most() {
    let mut estimator = BasisEstimator::new(BasisConfig::of(Asset::Btc).unwrap());
    let mut measured_after = None;
    for (at, (close, (value, spot))) in recorded().into_iter().enumerate() {
        // A prediction never knows its own outcome: the figure is asked for before the sample goes in.
        if measured_after.is_none() && estimator.figure(close).is_measured() {
            measured_after = Some(at);
        }
        let _ = estimator.push_settlement(close, value, &spot);
    }
    assert!(measured_after.is_some_and(|at| at >= 10), "{measured_after:?}");
    // Later that day the basis fell to 4.2 and 0.3 dollars; a figure with a short memory follows.
    let now = "2026-05-14T02:00:00Z".parse().unwrap();
    let day = estimator.figure(now);
    insta::assert_snapshot!(day, @"index minus spot 11.14 USD ± 1.08, spread 4.63 (19 samples, 18.3 effective at a half-life of 24.0 h, as of 2026-05-14T01:15:00Z)");
    let config = BasisConfig {
        half_life: Duration::from_secs(4 * 3_600),
        min_effective: 5.0,
        ..BasisConfig::of(Asset::Btc).unwrap()
    };
    let mut short = BasisEstimator::new(config);
    for (close, (value, spot)) in recorded() {
        let _ = short.push_settlement(close, value, &spot);
    }
    let short = short.figure(now);
    assert!(short.mean_usd < day.mean_usd && short.is_measured(), "{short:?} {day:?}");
}
