//! The distribution of a move over one look-ahead: read from a fingerprint once, asked for many strikes.

use super::fingerprint::{BASELINE, Counts, HORIZON_MINUTES, THRESHOLD_STEP_PERCENT, THRESHOLDS, place};

/// Points from −2.00 % to +2.00 %.
const POINTS: usize = 2 * THRESHOLDS - 1;
const MIDDLE: usize = THRESHOLDS - 1;
/// How many independent samples the baseline counts for when a momentum bucket is drawn towards it.
const PRIOR: f64 = 30.0;
/// Beyond the last threshold a tail falls with the third power of the move, as the tails of returns of liquid assets do.
/// Source: Gopikrishnan, Plerou, Amaral, Meyer and Stanley, "Scaling of the distribution of fluctuations of financial market indices",
/// Phys. Rev. E 60 (1999).
const TAIL_POWER: i32 = 3;
/// The standard normal's 95 % point: intervals hold 90 %.
pub(super) const Z_90: f64 = 1.644_853_626_951_472_2;

/// The probability of moving by so much or more over one look-ahead.
///
/// Monotone. Between thresholds it is a monotone cubic (Fritsch and Carlson, SIAM J. Numer. Anal. 17, 1980; harmonic-mean slopes), beyond
/// ±2.00 % it falls with the third power of the move. It is never exactly 0 or 1: half a sample is added to either side of the baseline, and
/// a momentum bucket is drawn towards the baseline as by 30 independent samples of it.
#[derive(Clone, Debug, PartialEq)]
pub struct MoveCurve {
    /// P(move ≥ x), x from −2.00 % to +2.00 %.
    at_least: [f64; POINTS],
    slopes: [f64; POINTS],
    /// What a move is multiplied with before it is looked up, for look-aheads outside 1 to 60 minutes.
    stretch: f64,
    independent: f64,
    by_momentum: bool,
}

impl MoveCurve {
    /// With fewer independent samples than this a row is not used.
    pub const MIN_INDEPENDENT: u32 = 30;

    pub(super) fn from_counts(counts: &Counts, seconds: f64, row: Option<usize>) -> Option<Self> {
        let minutes = (seconds / 60.0).max(1.0 / 60.0);
        let last = HORIZON_MINUTES as f64;
        let within = minutes.clamp(1.0, last);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 60")]
        let lower = within as usize;
        let upper = (lower + 1).min(HORIZON_MINUTES);
        let share = within - lower as f64;
        let stretch = libm::sqrt(within / minutes);

        let least = |row| {
            let count = |minutes| counts.independent[place(row, minutes)];
            if share > 0.0 { count(lower).min(count(upper)) } else { count(lower) }
        };
        if least(BASELINE) < Self::MIN_INDEPENDENT {
            return None;
        }
        let row = row.filter(|&row| least(row) >= Self::MIN_INDEPENDENT);
        let mut at_least = [0.0; POINTS];
        for (minutes, weight) in [(lower, 1.0 - share), (upper, share)] {
            if weight > 0.0 {
                add_row(&mut at_least, counts, row, minutes, weight);
            }
        }
        let slopes = slopes(&at_least);
        let independent = f64::from(least(row.unwrap_or(BASELINE)));
        Some(Self { at_least, slopes, stretch, independent, by_momentum: row.is_some() })
    }

    /// The probability that the move is at least this many percent (negative: downwards). Falls as the move rises; not a number for one.
    #[must_use]
    pub fn at_least(&self, percent: f64) -> f64 {
        let steps = percent * self.stretch / THRESHOLD_STEP_PERCENT;
        let edge = MIDDLE as f64;
        if steps >= edge {
            return self.at_least[POINTS - 1] * power_of(edge / steps);
        }
        if steps <= -edge {
            return 1.0 - (1.0 - self.at_least[0]) * power_of(edge / -steps);
        }
        let place = steps + edge;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "above 0, below 80; NaN becomes 0")]
        let index = (place as usize).min(POINTS - 2);
        let t = place - index as f64;
        let (left, right) = (self.at_least[index], self.at_least[index + 1]);
        let (rise_left, rise_right) = (self.slopes[index], self.slopes[index + 1]);
        // Hermite's cubic over one step.
        let back = 1.0 - t;
        let value = back * back * ((1.0 + 2.0 * t) * left + t * rise_left)
            + t * t * ((3.0 - 2.0 * t) * right - back * rise_right);
        value.clamp(right.min(left), left.max(right))
    }

    /// The 90 % interval of a probability read from this curve: Wilson's, with the samples that do not overlap.
    ///
    /// Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    #[must_use]
    pub fn interval(&self, probability: f64) -> (f64, f64) {
        let (p, n, z) = (probability.clamp(0.0, 1.0), self.independent, Z_90);
        let scale = 1.0 / (1.0 + z * z / n);
        let middle = (p + z * z / (2.0 * n)) * scale;
        let half = z * scale * libm::sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));
        ((middle - half).max(0.0), (middle + half).min(1.0))
    }

    /// How many samples that do not overlap stand behind it.
    #[must_use]
    pub const fn independent(&self) -> f64 {
        self.independent
    }

    /// Whether it is the momentum bucket's own, or the baseline's.
    #[must_use]
    pub const fn by_momentum(&self) -> bool {
        self.by_momentum
    }
}

const fn power_of(ratio: f64) -> f64 {
    let mut power = 1.0;
    let mut step = 0;
    while step < TAIL_POWER {
        power *= ratio;
        step += 1;
    }
    power
}

/// Adds one row's P(move ≥ x), weighted.
fn add_row(at_least: &mut [f64; POINTS], counts: &Counts, row: Option<usize>, minutes: usize, weight: f64) {
    let baseline = Row::new(counts, BASELINE, minutes);
    let own = row.map(|row| Row::new(counts, row, minutes));
    for (index, sum) in at_least.iter_mut().enumerate() {
        let n = baseline.independent;
        let mut value = (n * baseline.at_least(index) + 0.5) / (n + 1.0);
        if let Some(own) = &own {
            value = (own.independent * own.at_least(index) + PRIOR * value) / (own.independent + PRIOR);
        }
        *sum += weight * value;
    }
}

/// One row of counts.
struct Row<'a> {
    up: &'a [u32],
    down: &'a [u32],
    per_sample: f64,
    independent: f64,
}

impl<'a> Row<'a> {
    fn new(counts: &'a Counts, row: usize, minutes: usize) -> Self {
        let place = place(row, minutes);
        let tails = place * THRESHOLDS..(place + 1) * THRESHOLDS;
        Self {
            up: &counts.up[tails.clone()],
            down: &counts.down[tails],
            per_sample: 1.0 / f64::from(counts.samples[place]),
            independent: f64::from(counts.independent[place]),
        }
    }

    /// The share that moved by at least the point's threshold. What did not move at all counts half at zero.
    fn at_least(&self, index: usize) -> f64 {
        let up = || f64::from(self.up[index - MIDDLE]) * self.per_sample;
        let down = || f64::from(self.down[MIDDLE - index]) * self.per_sample;
        match index.cmp(&MIDDLE) {
            std::cmp::Ordering::Greater => up(),
            std::cmp::Ordering::Less => 1.0 - down(),
            std::cmp::Ordering::Equal => 0.5 * (up() + 1.0 - down()),
        }
    }
}

/// Slopes that keep a cubic between falling points falling.
fn slopes(points: &[f64; POINTS]) -> [f64; POINTS] {
    let mut slopes = [0.0; POINTS];
    slopes[0] = points[1] - points[0];
    slopes[POINTS - 1] = points[POINTS - 1] - points[POINTS - 2];
    for index in 1..POINTS - 1 {
        let (before, after) = (points[index] - points[index - 1], points[index + 1] - points[index]);
        if before * after > 0.0 {
            slopes[index] = 2.0 * before * after / (before + after);
        }
    }
    slopes
}
