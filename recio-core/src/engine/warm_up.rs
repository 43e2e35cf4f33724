//! What of an asset's past is there, what is missing until when, and which history is asked for.
//!
//! A run may begin at any minute. Momentum looks back half an hour and volatility a day, so the past is read from the feed at the start, in pieces,
//! and what failed is asked for again. Until enough is there nothing is entered; trades that are open are watched all the same.

use super::{Context, Role, Wish};
use crate::market::Asset;
use crate::model::{KEPT_MINUTES, MinuteHistory, PriceWindow, SECONDS_UP_TO, hours_of_the_day_before};
use crate::price_feed::{Resolution, TimeRange};
use crate::units::{Monotonic, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Seconds are read this far back: half an hour of look-back, and a minute for the way.
const SECONDS_BACK: Duration = Duration::from_secs(31 * 60);
/// One minute in so many may be missing: a venue's short outage should not hold everything up.
const ONE_IN: u32 = 20;
/// A piece that could not be read is asked for again after this long, and after twice as long each time it fails again.
const RETRY_FIRST: Duration = Duration::from_secs(5);
/// And after this long at most; also a piece that was read in full and has holes, which the source may fill later.
const RETRY_LAST: Duration = Duration::from_secs(300);
/// An answer that has not come after this long will not come.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Whether enough is there is news once a minute at most.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// How much of the past has to be there before anything is entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WarmStart {
    /// For momentum; half an hour at most. Zero asks for nothing: entries then wait for a momentum score alone.
    #[serde(with = "super::seconds")]
    pub momentum: Duration,
    /// For volatility; a day at most. Zero asks for nothing.
    #[serde(with = "super::seconds")]
    pub volatility: Duration,
}

/// What of an asset's past is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warmth {
    /// For momentum.
    pub momentum: Coverage,
    /// For volatility.
    pub volatility: Coverage,
}

/// How much of a stretch of the past is there, in minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Minutes with a price.
    pub there: u32,
    /// Minutes that are wanted. One in twenty of them may be missing.
    pub wanted: u32,
    /// Minutes among those that are there whose price is of a source that stands in for the feed.
    pub stood_in: u32,
    /// When enough is there if prices go on as they do and nothing more is read; `None` where it is.
    pub complete_at: Option<Timestamp>,
}

/// The reading of one asset's past.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct WarmUp {
    asked: Option<(Piece, Monotonic)>,
    attempts: BTreeMap<Piece, Attempt>,
    /// What was told last of whether enough is there, and when.
    told: Option<(bool, Monotonic)>,
}

/// A piece of the past that is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Piece {
    /// The last half hour in seconds.
    Seconds,
    /// The hour from this time in minutes.
    Hour(Timestamp),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    failures: u32,
    again: Monotonic,
}

impl WarmStart {
    /// Nothing is asked for.
    #[must_use]
    pub const fn none() -> Self {
        Self { momentum: Duration::ZERO, volatility: Duration::ZERO }
    }

    /// No more of it than there is: for a source that cannot say anything of the time before. What is left of a minute is left out.
    #[must_use]
    pub fn at_most(&self, there: Duration) -> Self {
        let there = Duration::from_secs(there.as_secs() / 60 * 60);
        Self { momentum: self.momentum.min(there), volatility: self.volatility.min(there) }
    }

    fn minutes(of: Duration, most: u32) -> u32 {
        u32::try_from(of.as_secs().div_ceil(60)).unwrap_or(most).min(most)
    }

    /// Minutes that momentum wants.
    pub(super) fn momentum_minutes(&self) -> u32 {
        Self::minutes(self.momentum, 30)
    }

    /// Minutes that volatility wants.
    pub(super) fn volatility_minutes(&self) -> u32 {
        Self::minutes(self.volatility, KEPT_MINUTES)
    }
}

impl Default for WarmStart {
    fn default() -> Self {
        Self { momentum: Duration::from_secs(30 * 60), volatility: Duration::from_secs(24 * 3_600) }
    }
}

impl Coverage {
    /// Whether enough is there.
    #[must_use]
    pub const fn is_enough(&self) -> bool {
        self.there + self.wanted / ONE_IN >= self.wanted
    }

    /// From the minutes after which each hole of the stretch is gone, if prices go on.
    fn of(now: Timestamp, wanted: u32, stood_in: u32, mut gone_after: Vec<u32>) -> Self {
        gone_after.sort_unstable();
        let missing = u32::try_from(gone_after.len()).unwrap_or(wanted);
        let too_many = missing.saturating_sub(wanted / ONE_IN);
        let last = usize::try_from(too_many).ok().and_then(|count| gone_after.get(count.checked_sub(1)?));
        let complete_at = last.and_then(|minutes| now.checked_add(Duration::from_secs(60 * u64::from(*minutes))).ok());
        Self { there: wanted.saturating_sub(missing), wanted, stood_in, complete_at }
    }
}

impl Warmth {
    pub(super) fn of(wanted: &WarmStart, now: Timestamp, window: &PriceWindow, minutes: &MinuteHistory) -> Self {
        let for_momentum = wanted.momentum_minutes();
        let gone_after = |ago: u32| {
            // A minute whose seconds alone are missing does for the longer moves.
            let seconds_alone = ago <= SECONDS_UP_TO && minutes.is_there(now, ago);
            if seconds_alone { SECONDS_UP_TO + 1 - ago } else { for_momentum + 1 - ago }
        };
        let lacking = (1..=for_momentum).filter(|ago| !window.reaches_back(now, *ago, Some(minutes))).map(gone_after);
        let from_minutes = (SECONDS_UP_TO + 1..=for_momentum).filter(|ago| !window.reaches_back(now, *ago, None));
        let stood_in = from_minutes.filter(|ago| minutes.is_stood_in(now, *ago)).count();
        let stood_in = u32::try_from(stood_in).unwrap_or(for_momentum);
        let for_volatility = wanted.volatility_minutes();
        let holes = minutes.missing(now, for_volatility).map(|ago| for_volatility + 1 - ago);
        Self {
            momentum: Coverage::of(now, for_momentum, stood_in, lacking.collect()),
            volatility: Coverage::of(now, for_volatility, minutes.stood_in(now, for_volatility), holes.collect()),
        }
    }

    /// Whether enough is there to enter.
    #[must_use]
    pub const fn is_enough(&self) -> bool {
        self.momentum.is_enough() && self.volatility.is_enough()
    }

    /// Whether any of the past has to be there at all.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        self.momentum.wanted > 0 || self.volatility.wanted > 0
    }

    /// When enough is there if prices go on and nothing more is read; `None` where it is, or cannot be told.
    #[must_use]
    pub fn complete_at(&self) -> Option<Timestamp> {
        self.momentum.complete_at.max(self.volatility.complete_at)
    }
}

impl fmt::Display for Warmth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { momentum, volatility } = self;
        write!(f, "momentum has {momentum}, volatility {volatility}")?;
        match self.complete_at() {
            Some(at) if !self.is_enough() => write!(f, ", complete by itself at {}", at.strftime("%Y-%m-%d %H:%MZ")),
            Some(_) | None => Ok(()),
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { there, wanted, stood_in, .. } = *self;
        write!(f, "{} of {}", Span(there), Span(wanted))?;
        if stood_in > 0 { write!(f, " ({} from a stand-in)", Span(stood_in)) } else { Ok(()) }
    }
}

/// Minutes in words.
struct Span(u32);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 60, self.0 % 60) {
            (0, minutes) => write!(f, "{minutes} min"),
            (hours, 0) => write!(f, "{hours} h"),
            (hours, minutes) => write!(f, "{hours} h {minutes} min"),
        }
    }
}

impl WarmUp {
    /// Asks for the next piece that is missing, the half hour before the day and the newest hour first; says when enough is there, and when not.
    pub(super) fn watch(&mut self, cx: &mut Context<'_>, asset: Asset, warmth: &Warmth, minutes: &MinuteHistory) {
        self.tell(cx, asset, warmth);
        if self.asked.is_some_and(|(_, at)| cx.now.mono.since(at) < ANSWER_WITHIN) {
            return;
        }
        let now = cx.now.wall;
        let hours = hours_of_the_day_before(now);
        self.attempts.retain(|piece, _| {
            matches!(piece, Piece::Seconds) || hours.iter().any(|hour| *piece == Piece::Hour(*hour))
        });
        let first = !self.attempts.contains_key(&Piece::Seconds);
        let seconds = (first || !warmth.momentum.is_enough()).then_some(Piece::Seconds);
        // Minutes do for the longer moves of momentum where seconds cannot be had.
        let for_volatility = if warmth.volatility.is_enough() { 0 } else { warmth.volatility.wanted };
        let for_momentum = if warmth.momentum.is_enough() { 0 } else { warmth.momentum.wanted + 1 };
        let reach = for_volatility.max(for_momentum);
        let oldest = now.checked_sub(Duration::from_secs(60 * u64::from(reach))).unwrap_or(now);
        let lacking = hours.iter().filter(|hour| minutes.lacks_within(oldest.max(**hour), end_of(**hour), now));
        let due = |piece: &Piece| self.attempts.get(piece).is_none_or(|attempt| cx.now.mono >= attempt.again);
        let next = seconds.into_iter().chain(lacking.map(|hour| Piece::Hour(*hour))).find(due);
        let Some(piece) = next else { return };
        let (resolution, range) = match piece {
            Piece::Seconds => {
                (Resolution::Second, TimeRange { from: now.checked_sub(SECONDS_BACK).unwrap_or(now), to: now })
            }
            // The running minute is not over, and its bar would have no close.
            Piece::Hour(from) => (Resolution::Minute, TimeRange { from, to: end_of(from).min(minute_of(now)) }),
        };
        self.asked = Some((piece, cx.now.mono));
        // Should no answer come, this is when it is asked for again.
        self.attempts.entry(piece).or_insert(Attempt { failures: 0, again: cx.now.mono });
        cx.wish(Role::PriceWatchdog, Wish::ReadHistory { asset, resolution, range });
    }

    /// An answer came; `whole` where nothing of it is missing.
    pub(super) fn answered(&mut self, now: Monotonic, whole: bool) {
        let Some((piece, _)) = self.asked.take() else { return };
        let failures = match self.attempts.get(&piece) {
            Some(attempt) if !whole => attempt.failures.saturating_add(1),
            Some(_) | None => 0,
        };
        let doubled = RETRY_FIRST.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
        let wait = if whole { RETRY_LAST } else { doubled.min(RETRY_LAST) };
        self.attempts.insert(piece, Attempt { failures, again: now.after(wait) });
    }

    fn tell(&mut self, cx: &mut Context<'_>, asset: Asset, warmth: &Warmth) {
        let enough = warmth.is_enough();
        let news = match self.told {
            None => !enough,
            Some((before, at)) => before != enough && cx.now.mono.since(at) >= TELL_EVERY,
        };
        if self.told.is_none() || news {
            self.told = Some((enough, cx.now.mono));
        }
        if news && enough {
            cx.info(Role::PriceWatchdog, None, format!("the past of {asset} is there, entries may begin: {warmth}"));
        } else if news {
            let text = format!("entries wait until the past of {asset} is read: {warmth}");
            cx.warn(Role::PriceWatchdog, None, text);
        }
    }
}

fn minute_of(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now)
}

fn end_of(hour: Timestamp) -> Timestamp {
    hour.checked_add(Duration::from_secs(3_600)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_says_when_the_holes_have_left() {
        let now = Timestamp::from_second(1_778_677_200).unwrap();
        let after = |minutes: i64| Some(now + jiff::SignedDuration::from_mins(minutes));
        let of = |gone_after: &[u32]| Coverage::of(now, 30, 0, gone_after.to_vec());
        assert!(of(&[]).is_enough() && of(&[24]).is_enough(), "one in twenty");
        assert_eq!((of(&[24]).complete_at, of(&[]).complete_at), (None, None));
        // Two are missing and one may be: it is enough once the first of them has left.
        let two = of(&[24, 19]);
        assert!(!two.is_enough());
        assert_eq!((two.there, two.complete_at), (28, after(19)));
        let all: Vec<u32> = (1..=30).collect();
        assert_eq!((of(&all).there, of(&all).complete_at), (0, after(29)));
        assert!(Coverage::of(now, 0, 0, Vec::new()).is_enough(), "nothing is wanted");
    }

    #[test]
    fn with_the_minutes_of_a_venue_and_no_seconds_it_takes_three_minutes() {
        let now = Timestamp::from_second(1_778_677_200).unwrap();
        let mut minutes = MinuteHistory::default();
        for ago in 1..=KEPT_MINUTES {
            let start = now - jiff::SignedDuration::from_secs(60 * i64::from(ago));
            let price = crate::units::AssetPrice::from_cents(8_000_000).unwrap();
            let bar = crate::model::Bar { start, open: price, high: price, low: price, close: price };
            minutes.push_bar(crate::model::SourceRank::OWN, &bar, now);
        }
        let warmth = Warmth::of(&WarmStart::default(), now, &PriceWindow::new(), &minutes);
        assert_eq!((warmth.momentum.there, warmth.volatility.there), (26, KEPT_MINUTES));
        assert!(warmth.volatility.is_enough() && !warmth.is_enough());
        // Of the four moves that need seconds one may be missing.
        assert_eq!(warmth.complete_at(), Some(now + jiff::SignedDuration::from_mins(3)));
    }

    #[test]
    fn what_is_wanted_is_bounded_by_what_is_kept() {
        let much = WarmStart { momentum: Duration::from_secs(36_000), volatility: Duration::from_secs(360_000) };
        assert_eq!((much.momentum_minutes(), much.volatility_minutes()), (30, 1_440));
        assert_eq!(WarmStart::none().momentum_minutes() + WarmStart::none().volatility_minutes(), 0);
        let held = WarmStart::default().at_most(Duration::from_secs(35 * 60 + 59));
        assert_eq!((held.momentum_minutes(), held.volatility_minutes()), (30, 35));
    }

    #[test]
    fn it_is_said_in_words_how_much_is_there() {
        let coverage = |there, wanted, stood_in| Coverage { there, wanted, stood_in, complete_at: None };
        let mut warmth = Warmth { momentum: coverage(30, 30, 0), volatility: coverage(1_430, 1_440, 133) };
        let text = "momentum has 30 min of 30 min, volatility 23 h 50 min of 24 h (2 h 13 min from a stand-in)";
        assert_eq!(warmth.to_string(), text);
        warmth.volatility.there = 180;
        warmth.volatility.complete_at = Timestamp::from_second(1_778_677_200).ok();
        let text = "volatility 3 h of 24 h (2 h 13 min from a stand-in), complete by itself at 2026-05-13 13:00Z";
        assert!(warmth.to_string().ends_with(text), "{warmth}");
    }
}
