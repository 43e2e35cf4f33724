//! Strike tables: all strikes of one event priced at one moment, beside a bare bilinear lookup.

use criterion::{BenchmarkId, Criterion, Throughput};
use recio::core::market::{Asset, Strike};
use recio::core::model::{Basis, EventPricer, Fair, FairInputs, Fingerprint, Momentum, PricePoint, Tail, Volatility};
use recio::core::price_feed::PriceKind;
use recio::core::units::{AssetPrice, Timestamp};
use std::hint::black_box;

/// Strikes of one event: what the exchange lists for an hour near the price, and in all.
const STRIKES: [u64; 2] = [40, 188];
const MIDDLE_USD: u64 = 80_000;
const BETWEEN_STRIKES_USD: u64 = 250;

const MINUTES: usize = 60;
const STEPS: usize = 40;

pub(crate) fn benches(criterion: &mut Criterion) {
    let fingerprint = recio::fingerprint::bundled().expect("the bundled fingerprint is sound");
    let grid = Grid::of(&fingerprint);
    let mut group = criterion.benchmark_group("strike_table");
    for count in STRIKES {
        let strikes = strikes(count);
        let levels: Vec<f64> = strikes.iter().map(|(_, level)| *level).collect();
        group.throughput(Throughput::Elements(count));
        for (name, seconds) in [("fingerprint_alone", 1_500.5), ("fingerprint_and_law", 180.5)] {
            group.bench_with_input(BenchmarkId::new(name, count), &strikes, |bencher, strikes| {
                let mut table = Vec::with_capacity(strikes.len());
                bencher.iter(|| {
                    let pricer = EventPricer::new(&inputs(black_box(seconds)), Some(&fingerprint));
                    table.clear();
                    table.extend(strikes.iter().map(|(strike, _)| pricer.fair(strike)));
                    assert!(matches!(table[0], Fair::Known { .. }));
                });
            });
        }
        group.bench_with_input(BenchmarkId::new("bare_bilinear", count), &levels, |bencher, levels| {
            let mut table = Vec::with_capacity(levels.len());
            bencher.iter(|| {
                table.clear();
                let (price, minutes) = (black_box(80_123.45), black_box(25.008));
                table.extend(levels.iter().map(|level| grid.probability(price, *level, minutes)));
                black_box(&mut table);
            });
        });
    }
    group.finish();
}

fn strikes(count: u64) -> Vec<(Strike, f64)> {
    let lowest = MIDDLE_USD - count / 2 * BETWEEN_STRIKES_USD;
    (0..count)
        .map(|place| {
            let cents = (lowest + place * BETWEEN_STRIKES_USD) * 100;
            let floor = AssetPrice::from_cents(cents).expect("a price of some thousand dollars is one");
            (Strike::GreaterOrEqual { floor }, floor.as_f64())
        })
        .collect()
}

/// A moment so many seconds before the close, with a stand-in's price.
fn inputs(seconds: f64) -> FairInputs<'static> {
    let close_time = Timestamp::from_second(1_778_677_200).expect("a time of 2026");
    let now = close_time - jiff::SignedDuration::from_secs_f64(seconds);
    let price = AssetPrice::from_cents(8_012_345).expect("a price of some thousand dollars is one");
    FairInputs {
        now,
        close_time,
        asset: Asset::Btc,
        price: Some(PricePoint { price, time: now, kind: PriceKind::StandIn }),
        window: None,
        momentum: Momentum { deltas: [Some(0.03); 6], score: Some(0.03) },
        volatility: Ok(Volatility::new(4.0, 60.0).expect("a usual volatility is one")),
        basis: Some(Basis::new(10.9, 4.6).expect("two plain numbers make a basis")),
    }
}

/// The least that a lookup in a table of minutes and moves can be: two probabilities a strike, no interval, no tail beyond the table.
struct Grid {
    up: Vec<f64>,
    down: Vec<f64>,
}

impl Grid {
    fn of(fingerprint: &Fingerprint) -> Self {
        let table = |tail| {
            let mut table = Vec::with_capacity(MINUTES * STEPS);
            for minute in 1..=MINUTES {
                for step in 0..STEPS {
                    let cell = fingerprint.cell(None, minute, step, tail).expect("the table is 60 by 41");
                    table.push(f64::from(cell.moved) / f64::from(cell.samples));
                }
            }
            table
        };
        Self { up: table(Tail::Up), down: table(Tail::Down) }
    }

    /// P(at or above) and P(below) of the level.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the table")]
    fn probability(&self, price: f64, level: f64, minutes: f64) -> (f64, f64) {
        let move_percent = 100.0 * (level - price) / price;
        let table = if move_percent >= 0.0 { &self.up } else { &self.down };
        let (x, y) = ((move_percent.abs() / 0.05).min(STEPS as f64 - 1.001), (minutes - 1.0).clamp(0.0, 58.999));
        let (column, row) = (x as usize, y as usize);
        let (right, below) = (x - column as f64, y - row as f64);
        let at = row * STEPS + column;
        let upper = table[at] * (1.0 - right) + table[at + 1] * right;
        let lower = table[at + STEPS] * (1.0 - right) + table[at + STEPS + 1] * right;
        let tail = upper * (1.0 - below) + lower * below;
        if move_percent >= 0.0 { (tail, 1.0 - tail) } else { (1.0 - tail, tail) }
    }
}
