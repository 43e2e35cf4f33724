//! Prints of the settlement index: recorded ones, or made from a spot market that stands in for it.

use super::Exchange;
use super::played::PriceSource;
use super::session::Channel;
use crate::recording::{Gap, Header, StreamId};
use recio_core::units::{AssetPrice, Timestamp};
use recio_kalshi::wire::{FrameBody, IndexAverage, IndexData, IndexHistoryValue, IndexValueMessage};
use serde::Serialize;
use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc, time::Duration};

/// The indices that a spot market can stand in for, by the names that the exchange streams them under.
const KNOWN: [&str; 2] = ["BRTI", "ETHUSD_RTI"];
/// A spot price that is older says nothing about the index.
const STALE: Duration = Duration::from_secs(5);
/// Prints behind a settlement value, one a second. Source: docs.kalshi.com, rules of the crypto series.
const WINDOW_SECONDS: i64 = 60;
/// A longer hole than this, in seconds, ends what counts as an unbroken past.
const LONGEST_HOLE: i64 = 60;
/// The exchange also streams the mean of the last minute before each of these.
const QUARTER_SECONDS: i64 = 900;
/// Five prints a second.
const FIFTH_MS: i64 = 200;

/// All indices that the exchange streams.
pub(super) struct IndexTapes {
    tapes: BTreeMap<Arc<str>, Tape>,
    next_second: i64,
    last_second: i64,
    /// Unix milliseconds of the last print at 5 Hz.
    last_fifth: i64,
}

/// A frame of `cfbenchmarks_value_5hz`.
#[derive(Serialize)]
struct FifthMessage<'a> {
    index_id: &'a str,
    value_usd: String,
    source_ts_ms: i64,
    received_at: i64,
    data: String,
}

#[derive(Default)]
struct Tape {
    /// The spot stream that stands in for it, with the stretches in which that is not whole.
    stand_in: Option<(StreamId, Vec<Gap>)>,
    last_spot: Option<(Timestamp, AssetPrice)>,
    /// By Unix second.
    prints: BTreeMap<i64, AssetPrice>,
}

impl IndexTapes {
    pub(super) fn new(header: &Header) -> Self {
        let mut tapes: BTreeMap<Arc<str>, Tape> = BTreeMap::new();
        for stream in &header.streams {
            let stands_for = |index: &&str| stream.stand_in_for.as_ref().is_some_and(|text| text.contains(*index));
            for index in KNOWN.into_iter().filter(stands_for) {
                let gaps = header.gaps.iter().filter(|gap| gap.stream == stream.id).cloned().collect();
                tapes.entry(index.into()).or_default().stand_in = Some((stream.id, gaps));
            }
        }
        let first = header.from.as_second() + i64::from(header.from.subsec_nanosecond() > 0);
        Self { tapes, next_second: first, last_second: header.to.as_second(), last_fifth: i64::MIN }
    }

    pub(super) fn is_stand_in(&self) -> bool {
        self.tapes.values().any(|tape| tape.stand_in.is_some())
    }

    /// The next whole second at which a stand-in may print; `None` without a stand-in and after the recording.
    pub(super) fn next_print(&self) -> Option<Timestamp> {
        let more = self.next_second <= self.last_second && self.is_stand_in();
        more.then(|| Timestamp::from_second(self.next_second).ok()).flatten()
    }

    pub(super) fn spot(&mut self, stream: StreamId, time: Timestamp, price: AssetPrice) {
        for tape in self.tapes.values_mut() {
            if tape.stand_in.as_ref().is_some_and(|(id, _)| *id == stream) {
                tape.last_spot = Some((time, price));
            }
        }
    }

    /// Notes a print. The exchange leaves out what comes twice or in the wrong order; then it says false.
    pub(super) fn print(&mut self, index: &Arc<str>, time: Timestamp, price: AssetPrice) -> bool {
        let prints = &mut self.tapes.entry(index.clone()).or_default().prints;
        let is_new = prints.last_key_value().is_none_or(|(last, _)| *last < time.as_second());
        if is_new {
            prints.insert(time.as_second(), price);
        }
        is_new
    }

    /// From when on every index has prints without a hole of more than a minute; `None` where one has none, or there is no index.
    pub(super) fn prints_from(&self) -> Option<Timestamp> {
        let firsts = self.tapes.values().map(|tape| {
            let mut newest_first = tape.prints.keys().rev().copied();
            let newest = newest_first.next()?;
            let unbroken = newest_first.try_fold(newest, |later, second| {
                if later - second <= LONGEST_HOLE { ControlFlow::Continue(second) } else { ControlFlow::Break(later) }
            });
            match unbroken {
                ControlFlow::Continue(first) | ControlFlow::Break(first) => Some(first),
            }
        });
        Timestamp::from_second(firsts.collect::<Option<Vec<i64>>>()?.into_iter().max()?).ok()
    }

    /// The names of all that is streamed.
    pub(super) fn ids(&self) -> Vec<String> {
        self.tapes.keys().map(ToString::to_string).collect()
    }

    /// The prints of an index from a second on and before another; `None` for an index that is not streamed.
    pub(super) fn history(&self, index: &str, from: i64, before: i64) -> Option<Vec<IndexHistoryValue>> {
        let tape = self.tapes.get(index)?;
        let range = if from < before { tape.prints.range(from..before) } else { tape.prints.range(0..0) };
        Some(range.map(|(second, price)| IndexHistoryValue { time: second * 1000, value: price.to_string() }).collect())
    }
}

impl Tape {
    /// What the stand-in says at a whole second: the last trade, unless it is old or trades are missing.
    fn spot_at(&self, time: Timestamp) -> Option<AssetPrice> {
        let (_, gaps) = self.stand_in.as_ref()?;
        let (traded, price) = self.last_spot?;
        let missing = gaps.iter().any(|gap| gap.from < time && time < gap.to);
        let age = Duration::try_from(time.duration_since(traded)).ok()?;
        (!missing && age <= STALE).then_some(price)
    }

    /// The mean of the prints of the 60 s before a second, itself left out. On the print of a closing time it is the settlement value, unrounded.
    fn average(&self, second: i64) -> Option<IndexAverage<'static>> {
        self.mean(second - WINDOW_SECONDS, second)
    }

    /// In the last minute before a quarter of an hour: the mean of the prints after its beginning, up to this one. Its window lies a second later
    /// than the one that settles.
    fn quarter_average(&self, second: i64) -> Option<IndexAverage<'static>> {
        let quarter = (second + QUARTER_SECONDS - 1).div_euclid(QUARTER_SECONDS) * QUARTER_SECONDS;
        let from = quarter - WINDOW_SECONDS + 1;
        if second < from {
            return None;
        }
        self.mean(from, second + 1)
    }

    /// The mean of the prints from a second on and before another, rounded half up to eight decimals.
    fn mean(&self, from: i64, before: i64) -> Option<IndexAverage<'static>> {
        let prints = self.prints.range(from..before);
        let (count, sum) =
            prints.fold((0_u32, 0_i128), |(n, sum), (_, price)| (n + 1, sum + i128::from(price.cents())));
        if count == 0 {
            return None;
        }
        let units = (sum * 2_000_000 + i128::from(count)) / (2 * i128::from(count));
        Some(IndexAverage {
            value: format!("{}.{:08}", units / 100_000_000, units % 100_000_000).into(),
            window_size: Some(count),
            window_start_ts_ms: Some(from * 1000),
            window_end_ts_exclusive: Some(before * 1000),
        })
    }
}

impl Exchange {
    /// Prints every stand-in at a whole second.
    pub(super) fn print_index(&mut self, time: Timestamp) {
        self.index.next_second = time.as_second() + 1;
        let spots = |(index, tape): (&Arc<str>, &Tape)| Some((index.clone(), tape.spot_at(time)?));
        let printed: Vec<_> = self.index.tapes.iter().filter_map(spots).collect();
        for (index, price) in printed {
            if self.index.print(&index, time, price) {
                self.play_price(PriceSource::Index, &index, time, price);
                self.publish_index(&index, time);
            }
        }
    }

    /// Tells the subscribers of an index about its print at this time.
    pub(super) fn publish_index(&mut self, index: &Arc<str>, time: Timestamp) {
        let now = self.now();
        let (second, Some(tape)) = (time.as_second(), self.index.tapes.get(index)) else { return };
        let Some(price) = tape.prints.get(&second) else { return };
        let Some(data) = data_text(index, second * 1000, *price) else { return };
        for session in self.sessions.values_mut() {
            for sid in session.index_sids(Channel::Index, index) {
                let message = IndexValueMessage {
                    index_id: index.to_string().into(),
                    received_at: now.as_millisecond(),
                    data: data.clone().into(),
                    avg_60s_data: tape.average(second),
                    last_60s_windowed_average_15min: tape.quarter_average(second),
                };
                session.send(Some(sid), None, FrameBody::IndexValue(Box::new(message)), now);
            }
        }
    }

    /// The next moment at which stand-ins print for the 5 Hz channel; `None` where nobody listens to it.
    pub(super) fn next_fifth(&self) -> Option<Timestamp> {
        let mut listened = self.sessions.values().flat_map(|session| session.subscriptions.values());
        if !self.index.is_stand_in() || !listened.any(|one| one.channel == Channel::Index5Hz) {
            return None;
        }
        let (now, last) = (self.now().as_millisecond(), self.index.last_fifth);
        // Time may stand at the next one already: prints of whole seconds come first.
        let goes_on = last >= now.saturating_sub(FIFTH_MS);
        let next = if goes_on { last + FIFTH_MS } else { (now.div_euclid(FIFTH_MS) + 1) * FIFTH_MS };
        (next <= self.index.last_second * 1000).then(|| Timestamp::from_millisecond(next).ok()).flatten()
    }

    /// Prints every stand-in on the 5 Hz channel.
    pub(super) fn print_fifth(&mut self, time: Timestamp) {
        self.index.last_fifth = time.as_millisecond();
        let spots = |(index, tape): (&Arc<str>, &Tape)| Some((index.clone(), tape.spot_at(time)?));
        let printed: Vec<_> = self.index.tapes.iter().filter_map(spots).collect();
        for (index, price) in printed {
            self.publish_fifth(&index, time, price);
        }
    }

    /// Tells a print on the 5 Hz channel. A recording with a print a second is told there once a second.
    pub(super) fn publish_fifth(&mut self, index: &Arc<str>, time: Timestamp, price: AssetPrice) {
        let (now, source_ts_ms) = (self.now(), time.as_millisecond());
        let Some(data) = data_text(index, source_ts_ms, price) else { return };
        for session in self.sessions.values_mut() {
            for sid in session.index_sids(Channel::Index5Hz, index) {
                let message = FifthMessage {
                    index_id: index,
                    value_usd: format!("{price}000000"),
                    source_ts_ms,
                    received_at: now.as_millisecond(),
                    data: data.clone(),
                };
                session.send_raw(sid, None, Channel::Index5Hz.name(), message, now);
            }
        }
    }
}

/// The JSON text inside a frame's `data`.
fn data_text(index: &str, time_ms: i64, price: AssetPrice) -> Option<String> {
    let data =
        IndexData { kind: Some("value".into()), time: time_ms, id: index.into(), value: price.to_string().into() };
    serde_json::to_string(&data).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prints of BRTI around the closing time 2026-09-25T20:00:00Z, in cents, and what Kalshi made of them: `expiration_value` 84028.57 and the
    /// streamed quarter-hour average 84028.08783333. Recorded in production by github taranti1/delta-hedged.
    #[test]
    fn both_averages_are_those_of_a_recorded_window() {
        const CENTS: [u32; 61] = [
            8_403_603, 8_403_987, 8_404_002, 8_403_754, 8_403_809, 8_403_505, 8_403_504, 8_403_787, 8_403_942,
            8_403_913, 8_403_207, 8_403_431, 8_403_623, 8_402_093, 8_402_212, 8_401_982, 8_402_065, 8_402_262,
            8_402_318, 8_402_084, 8_402_334, 8_402_260, 8_402_165, 8_401_901, 8_401_565, 8_402_387, 8_403_087,
            8_402_652, 8_402_735, 8_402_988, 8_403_096, 8_403_006, 8_402_980, 8_403_044, 8_403_051, 8_403_795,
            8_403_412, 8_403_095, 8_403_602, 8_403_421, 8_403_230, 8_402_757, 8_402_730, 8_403_104, 8_403_338,
            8_403_781, 8_403_768, 8_403_925, 8_404_108, 8_404_119, 8_404_191, 8_402_576, 8_401_840, 8_401_802,
            8_401_655, 8_401_043, 8_401_047, 8_401_114, 8_401_255, 8_400_407, 8_400_681,
        ];
        let close = 1_790_366_400;
        let mut tape = Tape::default();
        for (second, cents) in (close - 60..=close).zip(CENTS) {
            tape.prints.insert(second, AssetPrice::from_cents(u64::from(cents)).unwrap());
        }
        let settles = tape.average(close).unwrap();
        assert_eq!(settles.value.as_str(), "84028.57483333");
        assert_eq!((settles.window_size, settles.window_start_ts_ms), (Some(60), Some((close - 60) * 1000)));
        let quarter = tape.quarter_average(close).unwrap();
        assert_eq!(quarter.value.as_str(), "84028.08783333");
        assert_eq!((quarter.window_size, quarter.window_end_ts_exclusive), (Some(60), Some((close + 1) * 1000)));
        assert_eq!(tape.quarter_average(close - 59).unwrap().window_size, Some(1), "it begins with the minute");
        assert_eq!(tape.quarter_average(close - 60), None);
        assert_eq!(tape.quarter_average(close + 1), None);
    }
}
