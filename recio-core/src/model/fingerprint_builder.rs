//! Counts a fingerprint in one pass over minute bars.

use super::fingerprint::{BASELINE, BUCKETS, Counts, HORIZON_MINUTES, ROWS, THRESHOLDS, bucket_row, place};
use super::{Bar, Fingerprint, FingerprintAbout, Momentum};
use crate::market::Asset;
use crate::units::Timestamp;
use jiff::SignedDuration;

/// Minutes kept: 60 ahead and 30 back of the bar being counted, up to a power of two.
const RING: usize = 128;
/// Bins of signed moves: 41 down, none, 41 up.
const BINS: usize = 2 * THRESHOLDS + 1;
const NO_MOVE: usize = THRESHOLDS;
/// Builder rows: one a bucket, and one for bars whose momentum is unknown or beyond ±30.
const NO_BUCKET: usize = BUCKETS;
/// 0.05 % is one part in 2000.
const STEPS_PER_WHOLE: u64 = 2_000;

/// Builds a [`Fingerprint`] from minute bars pushed in the order of time.
///
/// A sample is a bar whose close is known exactly n minutes later: a missing minute makes no sample rather than a longer move. Momentum
/// is computed from closes, by the same rule as live. Moves are compared with thresholds in whole cents, so a move of exactly 0.05 %
/// counts as one. Memory is about 1.5 MB, whatever the number of bars.
#[derive(Debug)]
pub struct FingerprintBuilder {
    asset: Asset,
    source: String,
    closes: Box<[(i64, u64); RING]>,
    first: Option<Timestamp>,
    last_minute: i64,
    /// The oldest minute whose look-ahead is not counted yet.
    next_origin: i64,
    bars: u64,
    bins: Vec<u32>,
    independent: Vec<u32>,
    /// Per row and look-ahead, the first minute whose sample would not overlap the one counted last.
    free_from: Vec<i64>,
}

/// Why a bar cannot be counted, or no fingerprint can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintBuildError {
    /// The start is not a whole minute.
    #[error("the bar of {start} does not start on a whole minute: fingerprints are built from minute bars")]
    Unaligned {
        /// When it starts.
        start: Timestamp,
    },
    /// It does not come after the bar before it.
    #[error("the bar of {start} does not come after the one of {previous}: sort the bars by time and drop duplicates")]
    NotRising {
        /// When it starts.
        start: Timestamp,
        /// When the one before it starts.
        previous: Timestamp,
    },
    /// There was no bar.
    #[error("no bars to make a fingerprint of")]
    NoBars,
}

impl FingerprintBuilder {
    /// Makes a builder; `source` names where the bars come from.
    #[must_use]
    pub fn new(asset: Asset, source: impl Into<String>) -> Self {
        Self {
            asset,
            source: source.into(),
            closes: Box::new([(i64::MIN, 0); RING]),
            first: None,
            last_minute: i64::MIN,
            next_origin: i64::MIN,
            bars: 0,
            bins: vec![0; (BUCKETS + 1) * HORIZON_MINUTES * BINS],
            independent: vec![0; ROWS * HORIZON_MINUTES],
            free_from: vec![i64::MIN; ROWS * HORIZON_MINUTES],
        }
    }

    /// Adds the next minute.
    ///
    /// # Errors
    /// Not on a whole minute, or not after the bar before. The bar is then left out, and the builder is as it was.
    pub fn push(&mut self, bar: &Bar) -> Result<(), FingerprintBuildError> {
        let start = bar.start;
        if start.as_microsecond().rem_euclid(60_000_000) != 0 {
            return Err(FingerprintBuildError::Unaligned { start });
        }
        let minute = start.as_second().div_euclid(60);
        if self.first.is_none() {
            self.first = Some(start);
            self.next_origin = minute;
        } else if minute <= self.last_minute {
            let previous = Timestamp::from_second(self.last_minute * 60).unwrap_or(start);
            return Err(FingerprintBuildError::NotRising { start, previous });
        }
        // Before this minute takes its place in the ring, count the bars that it ends the look-ahead of.
        self.count_up_to(minute - HORIZON_MINUTES as i64 - 1);
        self.closes[slot(minute)] = (minute, bar.close.cents());
        self.last_minute = minute;
        self.bars += 1;
        Ok(())
    }

    /// Counts the last bars and makes the fingerprint.
    ///
    /// # Errors
    /// There was no bar.
    pub fn finish(mut self) -> Result<Fingerprint, FingerprintBuildError> {
        let Some(from) = self.first else { return Err(FingerprintBuildError::NoBars) };
        self.count_up_to(self.last_minute);
        let to = Timestamp::from_second(self.last_minute * 60).unwrap_or(from);
        let to = to.saturating_add(SignedDuration::from_mins(1)).unwrap_or(to);
        let about = FingerprintAbout { asset: self.asset, source: self.source, from, to, bars: self.bars };
        Ok(Fingerprint::from_counts(about, cumulate(&self.bins, self.independent)))
    }

    fn count_up_to(&mut self, minute: i64) {
        let end = minute.min(self.last_minute);
        while self.next_origin <= end {
            self.count(self.next_origin);
            self.next_origin += 1;
        }
        // A long gap: nothing was there to count.
        self.next_origin = self.next_origin.max(minute.saturating_add(1).min(self.last_minute.saturating_add(1)));
    }

    /// Counts one bar's moves over the next hour.
    fn count(&mut self, origin: i64) {
        let Some(cents) = close_at(&self.closes, origin) else { return };
        let momentum =
            Momentum::from_prices(usd(cents), |minutes| close_at(&self.closes, origin - i64::from(minutes)).map(usd));
        let bucket = momentum.bucket().and_then(bucket_row);
        let steps_per_cent = usd(STEPS_PER_WHOLE) / usd(cents);
        let row = bucket.unwrap_or(NO_BUCKET) * HORIZON_MINUTES * BINS;
        let bins = &mut self.bins[row..row + HORIZON_MINUTES * BINS];
        for (minutes, bins) in (1..=HORIZON_MINUTES).zip(bins.chunks_exact_mut(BINS)) {
            let target = origin + minutes as i64;
            let Some(later) = close_at(&self.closes, target) else { continue };
            bins[bin(cents, later, steps_per_cent)] += 1;
            for row in bucket.into_iter().chain([BASELINE]) {
                let place = place(row, minutes);
                if origin >= self.free_from[place] {
                    self.free_from[place] = target;
                    self.independent[place] += 1;
                }
            }
        }
    }
}

const fn slot(minute: i64) -> usize {
    minute.rem_euclid(RING as i64) as usize
}

fn close_at(closes: &[(i64, u64); RING], minute: i64) -> Option<u64> {
    let (kept, cents) = closes[slot(minute)];
    (kept == minute).then_some(cents)
}

#[expect(clippy::cast_precision_loss, reason = "asset prices are below 10^12 cents")]
fn usd(cents: u64) -> f64 {
    cents as f64 / 100.0
}

/// The bin of a move: floor(|move| / 0.05 %), at most 40, exact in whole cents. The float, 2000 / `from`, only makes the first guess.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 10^16")]
fn bin(from: u64, to: u64, steps_per_cent: f64) -> usize {
    let moved = to.abs_diff(from);
    if moved == 0 {
        return NO_MOVE;
    }
    let mut steps = ((moved as f64 * steps_per_cent) as u64).min(THRESHOLDS as u64);
    if steps * from > moved * STEPS_PER_WHOLE {
        steps -= 1;
    } else if (steps + 1) * from <= moved * STEPS_PER_WHOLE {
        steps += 1;
    }
    let steps = steps.min(THRESHOLDS as u64 - 1) as usize;
    if to > from { NO_MOVE + 1 + steps } else { NO_MOVE - 1 - steps }
}

/// Adds up bins into tails, and all rows into the baseline.
fn cumulate(bins: &[u32], independent: Vec<u32>) -> Counts {
    let cells = ROWS * HORIZON_MINUTES;
    let mut counts = Counts {
        up: vec![0; cells * THRESHOLDS],
        down: vec![0; cells * THRESHOLDS],
        samples: vec![0; cells],
        independent,
    };
    for (cell, bins) in bins.chunks_exact(BINS).enumerate() {
        // The builder's last row, of bars without a bucket, lies where the baseline goes: there it is only a part of it.
        let (row, minutes) = (cell / HORIZON_MINUTES, cell % HORIZON_MINUTES + 1);
        let targets = if row == NO_BUCKET { [Some(BASELINE), None] } else { [Some(row), Some(BASELINE)] };
        for row in targets.into_iter().flatten() {
            let place = place(row, minutes);
            counts.samples[place] += bins.iter().sum::<u32>();
            let (mut up, mut down) = (0, 0);
            for threshold in (0..THRESHOLDS).rev() {
                up += bins[NO_MOVE + 1 + threshold];
                down += bins[NO_MOVE - 1 - threshold];
                let unmoved = if threshold == 0 { bins[NO_MOVE] } else { 0 };
                counts.up[place * THRESHOLDS + threshold] += up + unmoved;
                counts.down[place * THRESHOLDS + threshold] += down + unmoved;
            }
        }
    }
    counts
}
