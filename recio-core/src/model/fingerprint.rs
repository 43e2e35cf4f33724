//! Fingerprints: how far the price has moved within 1 to 60 minutes, counted over minute bars, by momentum.
//!
//! The form is REC.IO v2's: minutes ahead × thresholds of 0.05 % × momentum buckets of one basis point. Unlike there, tails are kept the
//! right way round, every cell knows how many samples it has, and how many of them do not overlap.

use super::MoveCurve;
use crate::market::Asset;
use crate::units::Timestamp;
use serde::{Deserialize, Serialize};

/// Minutes ahead: rows 1 to 60.
pub const HORIZON_MINUTES: usize = 60;
/// Thresholds of 0.00 %, 0.05 %, … 2.00 %.
pub const THRESHOLDS: usize = 41;
/// From one threshold to the next, in percent.
pub const THRESHOLD_STEP_PERCENT: f64 = 0.05;
/// Momentum buckets go from −30 to +30 basis points.
pub const MAX_BUCKET: i32 = 30;

/// Rows by momentum, then one over all samples, whatever their momentum.
pub(super) const BUCKETS: usize = 61;
pub(super) const BASELINE: usize = BUCKETS;
pub(super) const ROWS: usize = BUCKETS + 1;

/// Which way the price moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tail {
    /// By the threshold or more upwards.
    Up,
    /// By the threshold or more downwards.
    Down,
}

/// What was counted in one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Samples that moved by the threshold or more.
    pub moved: u32,
    /// All samples of this momentum and look-ahead.
    pub samples: u32,
    /// How many of the samples have look-aheads that do not overlap: what there is to conclude from.
    pub independent: u32,
}

/// Where a fingerprint comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FingerprintAbout {
    /// The asset.
    pub asset: Asset,
    /// The source of its bars, such as `binance BTCUSDT 1m`.
    pub source: String,
    /// The start of the first bar.
    pub from: Timestamp,
    /// The end of the last bar.
    pub to: Timestamp,
    /// How many bars.
    pub bars: u64,
}

/// Forward moves by look-ahead and momentum. Made by [`FingerprintBuilder`](super::FingerprintBuilder), or read from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    pub(super) about: FingerprintAbout,
    pub(super) hash: [u8; 32],
    pub(super) counts: Counts,
}

/// Counts of all cells: tails cumulated, so `up[k]` counts moves of k steps and more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) up: Vec<u32>,
    pub(super) down: Vec<u32>,
    pub(super) samples: Vec<u32>,
    pub(super) independent: Vec<u32>,
}

/// The place of a row and a look-ahead (in minutes, from 1) in `samples` and `independent`.
pub(super) const fn place(row: usize, minutes: usize) -> usize {
    row * HORIZON_MINUTES + minutes - 1
}

impl Fingerprint {
    /// Where it comes from.
    #[must_use]
    pub const fn about(&self) -> &FingerprintAbout {
        &self.about
    }

    /// SHA-256 over its content, in hexadecimal: the same bars give the same hash on every machine.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(self.hash)
    }

    /// The counts of one cell: of moves by `threshold` × 0.05 % or more, `minutes` ahead, after momentum `bucket` or any (`None`).
    ///
    /// `None` if the bucket is beyond ±30, the minutes not 1 to 60, or the threshold above 40.
    #[must_use]
    pub fn cell(&self, bucket: Option<i32>, minutes: usize, threshold: usize, tail: Tail) -> Option<Cell> {
        let row = match bucket {
            None => BASELINE,
            Some(bucket) => bucket_row(bucket)?,
        };
        if !(1..=HORIZON_MINUTES).contains(&minutes) || threshold >= THRESHOLDS {
            return None;
        }
        let place = place(row, minutes);
        let tails = match tail {
            Tail::Up => &self.counts.up,
            Tail::Down => &self.counts.down,
        };
        Some(Cell {
            moved: tails[place * THRESHOLDS + threshold],
            samples: self.counts.samples[place],
            independent: self.counts.independent[place],
        })
    }

    /// The distribution of the move over the next `seconds`, given momentum; `None` if even the baseline has too few samples for it.
    ///
    /// Linear between whole minutes. Under a minute and over an hour the first and last row are stretched with the square root of time.
    /// Momentum that is unknown, beyond ±30, or has fewer than [`MoveCurve::MIN_INDEPENDENT`] independent samples, takes the baseline.
    #[must_use]
    pub fn curve(&self, seconds: f64, bucket: Option<i32>) -> Option<MoveCurve> {
        MoveCurve::from_counts(&self.counts, seconds, bucket.and_then(bucket_row))
    }
}

/// The row of a momentum bucket from −30 to +30.
pub(super) fn bucket_row(bucket: i32) -> Option<usize> {
    let row = usize::try_from(bucket.checked_add(MAX_BUCKET)?).ok()?;
    (row < BUCKETS).then_some(row)
}
