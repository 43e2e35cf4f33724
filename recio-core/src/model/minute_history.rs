//! The last day of prices, minute by minute: what volatility falls back on, and what long moves are measured from.

use super::{Bar, Volatility};
use crate::units::{AssetPrice, Timestamp, from_micros, micros};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many minutes are kept: a day.
pub const KEPT_MINUTES: u32 = 1_440;
const MINUTE_US: i64 = 60_000_000;

/// With fewer returns than this the minutes of a day give no volatility: an hour.
const MIN_RETURNS: u32 = 60;
/// A return this many minutes back counts half: what the market did an hour ago says more about the next minutes than what it did at night.
const HALF_LIFE_MINUTES: f64 = 60.0;
/// However many returns there are, the estimate counts as one from no more than this many: most of them are of other hours. The standard
/// error of ln σ is then at least 20 %.
const MAX_EFFECTIVE_SAMPLES: f64 = 12.0;

/// The last price of each minute of the last day. At most 1,441 minutes, the running one included.
///
/// Minutes that the feed itself has not may come from sources that stand in for it. A minute is of one source alone: the feed's own prices take
/// the place of a stand-in's, and never the other way round. Changes between minutes of different sources count for nothing, because the
/// distance between the sources would count as a move.
///
/// It believes the times it is given, as [`PriceWindow`](super::PriceWindow) does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinuteHistory {
    /// By minutes since 1970.
    closes: BTreeMap<i64, Close>,
}

/// The last price of a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Close {
    time_us: i64,
    cents: u64,
    /// Whose it is.
    source: SourceRank,
}

/// Whose past prices are: the feed's own, or those of the first, second, … source that stands in for it. The lower one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourceRank(u8);

impl SourceRank {
    /// The feed itself.
    pub const OWN: Self = Self(0);

    /// The source at this place among those that stand in for the feed, from 0. All beyond the 255th count as one.
    #[must_use]
    pub fn stand_in(place: usize) -> Self {
        Self(u8::try_from(place).unwrap_or(u8::MAX).saturating_add(1))
    }
}

impl MinuteHistory {
    /// Adds a price by its exchange time; in any order.
    pub fn push(&mut self, source: SourceRank, exchange_time: Timestamp, price: AssetPrice) {
        self.close_at(Close { time_us: micros(exchange_time), cents: price.cents(), source });
    }

    /// Adds the close of a minute bar. It is the last price of its minute, whatever else was seen of that from this source. A minute that is not
    /// over `now` is left out: its bar has no last price yet.
    pub fn push_bar(&mut self, source: SourceRank, bar: &Bar, now: Timestamp) {
        let end = micros(bar.start).saturating_add(MINUTE_US);
        if end <= micros(now) {
            self.close_at(Close { time_us: end - 1, cents: bar.close.cents(), source });
        }
    }

    /// How many of the last `wanted` whole minutes before `now` are of sources that stand in for the feed.
    #[must_use]
    pub fn stood_in(&self, now: Timestamp, wanted: u32) -> u32 {
        let running = minute_of(micros(now));
        let minutes = self.closes.range(running - i64::from(wanted)..running);
        u32::try_from(minutes.filter(|(_, close)| close.source != SourceRank::OWN).count()).unwrap_or(wanted)
    }

    /// How many of the last `wanted` whole minutes before `now` have a price.
    #[must_use]
    pub fn there(&self, now: Timestamp, wanted: u32) -> u32 {
        let running = minute_of(micros(now));
        let count = self.closes.range(running - i64::from(wanted)..running).count();
        u32::try_from(count).unwrap_or(wanted)
    }

    /// The whole minutes of a range that have no price, in minutes before `now` (1 is the last whole one), from the newest to the oldest.
    pub fn missing(&self, now: Timestamp, wanted: u32) -> impl Iterator<Item = u32> + '_ {
        let running = minute_of(micros(now));
        (1..=wanted).filter(move |ago| !self.closes.contains_key(&(running - i64::from(*ago))))
    }

    /// Whether a whole minute that begins within the range and before `now` has no price.
    #[must_use]
    pub fn lacks_within(&self, from: Timestamp, to: Timestamp, now: Timestamp) -> bool {
        let first = minute_of(micros(from) + MINUTE_US - 1);
        let end = minute_of(micros(to).min(micros(now)));
        (first..end).any(|minute| !self.closes.contains_key(&minute))
    }

    /// Whether the price of so many minutes before a moment is known, half a minute more or less.
    #[must_use]
    pub fn is_there(&self, now: Timestamp, ago: u32) -> bool {
        self.usd_near(micros(now) - i64::from(ago) * MINUTE_US).is_some()
    }

    /// Whether the price of so many minutes before a moment, half a minute more or less, is of a source that stands in for the feed.
    #[must_use]
    pub fn is_stood_in(&self, now: Timestamp, ago: u32) -> bool {
        let close = self.closes.get(&ended_near(micros(now) - i64::from(ago) * MINUTE_US));
        close.is_some_and(|close| close.source != SourceRank::OWN)
    }

    /// The price in dollars at the whole minute nearest to a moment, so at most half a minute off; `None` where that minute has none.
    pub(super) fn usd_near(&self, at_us: i64) -> Option<f64> {
        AssetPrice::from_cents(self.closes.get(&ended_near(at_us))?.cents).ok().map(AssetPrice::as_f64)
    }

    /// Volatility as of a moment from the minutes of the day before it, where the last half hour does not tell it.
    ///
    /// σ² is the weighted mean of squared one-minute price changes of one source divided by 60 s; a change an hour back counts half. `None` with fewer than
    /// 60 changes, or none at all above zero.
    #[must_use]
    pub fn volatility(&self, at: Timestamp) -> Option<Volatility> {
        let running = minute_of(micros(at));
        let decay = libm::exp2(-1.0 / HALF_LIFE_MINUTES);
        let usd = |minute: i64| self.closes.get(&minute).map(|close| (close.cents as f64 / 100.0, close.source));
        let (mut squares, mut weights, mut weights_squared) = (0.0, 0.0, 0.0);
        let (mut weight, mut found) = (1.0, 0_u32);
        let mut later = usd(running - 1);
        for ago in 2..=i64::from(KEPT_MINUTES) {
            let earlier = usd(running - ago);
            if let (Some((later, source)), Some((earlier, same))) = (later, earlier)
                && source == same
            {
                squares += weight * (later - earlier) * (later - earlier);
                weights += weight;
                weights_squared += weight * weight;
                found += 1;
            }
            weight *= decay;
            later = earlier;
        }
        if found < MIN_RETURNS {
            return None;
        }
        let samples = (weights * weights / weights_squared).min(MAX_EFFECTIVE_SAMPLES);
        Volatility::new(libm::sqrt(squares / weights / 60.0), samples)
    }

    fn close_at(&mut self, new: Close) {
        let newest = self.closes.last_key_value().map_or(i64::MIN, |(minute, _)| *minute);
        let minute = minute_of(new.time_us);
        if minute < newest.saturating_sub(i64::from(KEPT_MINUTES)) {
            return;
        }
        let close = self.closes.entry(minute).or_insert(new);
        if new.source < close.source || (new.source == close.source && new.time_us >= close.time_us) {
            *close = new;
        }
        let newest = newest.max(minute);
        while let Some((&oldest, _)) = self.closes.first_key_value()
            && oldest < newest - i64::from(KEPT_MINUTES)
        {
            self.closes.pop_first();
        }
    }
}

/// The whole hours that lie in or reach into the last day before `now`, from the newest to the oldest.
#[must_use]
pub fn hours_of_the_day_before(now: Timestamp) -> Vec<Timestamp> {
    let hour_us = 60 * MINUTE_US;
    let running = micros(now).div_euclid(hour_us);
    (0..=24).filter_map(|ago| from_micros((running - ago) * hour_us).ok()).collect()
}

/// The minute that ended nearest to a moment.
const fn ended_near(at_us: i64) -> i64 {
    minute_of(at_us + MINUTE_US / 2) - 1
}

const fn minute_of(time_us: i64) -> i64 {
    time_us.div_euclid(MINUTE_US)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::Dice;

    const START: i64 = 1_778_677_200;

    fn at(seconds: i64) -> Timestamp {
        from_micros((START + seconds) * 1_000_000).unwrap()
    }

    fn usd(dollars: f64) -> AssetPrice {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a price in cents")]
        AssetPrice::from_cents((dollars * 100.0) as u64).unwrap()
    }

    fn walk(seed: u64, sigma: f64, minutes: i64) -> MinuteHistory {
        let (mut dice, mut history, mut price) = (Dice(seed), MinuteHistory::default(), 80_000.0_f64);
        for minute in 0..minutes {
            history.push(SourceRank::OWN, at(minute * 60 + 59), usd(price));
            price += sigma * 60.0_f64.sqrt() * dice.normal();
        }
        history
    }

    #[test]
    fn a_day_is_kept_and_no_more() {
        let history = walk(1, 3.6, 3_000);
        assert_eq!(history.closes.len(), KEPT_MINUTES as usize + 1);
        assert_eq!(history.there(at(3_000 * 60), KEPT_MINUTES), KEPT_MINUTES);
        assert_eq!(history.there(at(3_010 * 60), 30), 20);
        assert_eq!(history.missing(at(3_010 * 60), 30).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
        let stored = postcard::to_stdvec(&history).unwrap();
        assert_eq!(postcard::from_bytes::<MinuteHistory>(&stored), Ok(history));
    }

    #[test]
    fn the_last_price_of_a_minute_counts_in_whatever_order_it_came() {
        let mut history = MinuteHistory::default();
        history.push(SourceRank::OWN, at(50), usd(80_002.0));
        history.push(SourceRank::OWN, at(10), usd(80_001.0));
        assert_eq!(history.usd_near(micros(at(60))), Some(80_002.0));
        assert_eq!(history.usd_near(micros(at(89))), Some(80_002.0), "half a minute off");
        assert_eq!(history.usd_near(micros(at(91))), None);
        let bar = Bar { start: at(0), open: usd(1.0), high: usd(3.0), low: usd(1.0), close: usd(2.0) };
        history.push_bar(SourceRank::OWN, &bar, at(59));
        assert_eq!(
            history.usd_near(micros(at(60))),
            Some(80_002.0),
            "the minute goes on, and its last price is to come"
        );
        history.push_bar(SourceRank::OWN, &bar, at(60));
        assert_eq!(history.usd_near(micros(at(60))), Some(2.0), "a bar knows its own close");
        assert!(!history.lacks_within(at(0), at(60), at(600)) && history.lacks_within(at(0), at(120), at(600)));
        assert!(!history.lacks_within(at(60), at(120), at(100)), "the running minute is not over");
    }

    fn bar(second: i64, close: f64) -> Bar {
        Bar { start: at(second), open: usd(1.0), high: usd(close + 1.0), low: usd(1.0), close: usd(close) }
    }

    #[test]
    fn a_minute_is_of_one_source_and_the_feed_itself_comes_first() {
        let mut history = MinuteHistory::default();
        let [first, second] = [SourceRank::stand_in(0), SourceRank::stand_in(1)];
        history.push_bar(second, &bar(0, 3.0), at(60));
        history.push_bar(first, &bar(0, 2.0), at(60));
        history.push_bar(second, &bar(0, 4.0), at(60));
        assert_eq!((history.usd_near(micros(at(60))), history.stood_in(at(60), 1)), (Some(2.0), 1));
        // One price of the feed itself, early in the minute, counts for more than the whole minute of another.
        history.push(SourceRank::OWN, at(10), usd(1.0));
        history.push_bar(first, &bar(0, 2.0), at(60));
        assert_eq!((history.usd_near(micros(at(60))), history.stood_in(at(60), 1)), (Some(1.0), 0));
        assert_eq!(SourceRank::stand_in(300), SourceRank::stand_in(254));
    }

    #[test]
    fn the_distance_between_two_sources_is_no_move() {
        let (mut of_two, mut of_one) = (MinuteHistory::default(), MinuteHistory::default());
        for minute in 0..200_i64 {
            let wave = if minute % 2 == 0 { 80_000.0 } else { 80_010.0 };
            of_one.push_bar(SourceRank::OWN, &bar(60 * minute, wave), at(86_400 * 3));
            // The older half is of a venue that stands 500 dollars below.
            let (source, price) =
                if minute < 100 { (SourceRank::stand_in(0), wave - 500.0) } else { (SourceRank::OWN, wave) };
            of_two.push_bar(source, &bar(60 * minute, price), at(86_400 * 3));
        }
        let [one, two] = [of_one, of_two].map(|history| history.volatility(at(200 * 60)).unwrap().sigma());
        assert!((one - two).abs() < 1e-9, "{one} {two}");
    }

    #[test]
    fn a_day_of_minutes_gives_volatility_with_a_wide_error() {
        let (mut sum, runs) = (0.0, 200_u32);
        for seed in 0..u64::from(runs) {
            let found = walk(seed, 3.6, 1_440).volatility(at(1_440 * 60)).unwrap();
            assert!((found.effective_samples() - MAX_EFFECTIVE_SAMPLES).abs() < 1e-9);
            sum += found.sigma() * found.sigma();
        }
        // About 170 samples each, 200 times: the relative standard error of the mean variance is √(2/170/200) = 0.8 %.
        let variance = sum / f64::from(runs);
        assert!((variance / (3.6 * 3.6) - 1.0).abs() < 0.04, "{variance}");
        assert_eq!(walk(1, 3.6, 60).volatility(at(3_600)), None, "59 changes");
        assert_eq!(walk(1, 0.0, 600).volatility(at(36_000)), None, "a frozen feed");
    }

    #[test]
    fn the_hours_of_a_day_reach_back_a_whole_day() {
        let hours = hours_of_the_day_before(at(90));
        assert_eq!((hours.len(), hours[0], hours[24]), (25, at(0), at(-24 * 3_600)));
    }
}
