//! Prints of the settlement index: recorded ones, or made from a spot market that stands in for it.

use super::Exchange;
use crate::recording::{Gap, Header, StreamId};
use recio_core::units::{AssetPrice, Timestamp};
use recio_kalshi::wire::{FrameBody, IndexAverage, IndexData, IndexHistoryValue, IndexValueMessage};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// The indices that a spot market can stand in for, by the names that the exchange streams them under.
const KNOWN: [&str; 2] = ["BRTI", "ETHUSD_RTI"];
/// A spot price that is older says nothing about the index.
const STALE: Duration = Duration::from_secs(5);
/// Prints behind a settlement value, one a second. Source: docs.kalshi.com, rules of the crypto series.
const WINDOW_SECONDS: i64 = 60;

/// All indices that the exchange streams.
pub(super) struct IndexTapes {
    tapes: BTreeMap<Arc<str>, Tape>,
    next_second: i64,
    last_second: i64,
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
        Self { tapes, next_second: first, last_second: header.to.as_second() }
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

    pub(super) fn print(&mut self, index: &Arc<str>, time: Timestamp, price: AssetPrice) {
        self.tapes.entry(index.clone()).or_default().prints.insert(time.as_second(), price);
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

    /// The mean of the prints of the 60 s before a second, itself left out; rounded half up to eight decimals.
    fn average(&self, second: i64) -> Option<IndexAverage<'static>> {
        let prints = self.prints.range(second - WINDOW_SECONDS..second);
        let (count, sum) =
            prints.fold((0_u32, 0_i128), |(n, sum), (_, price)| (n + 1, sum + i128::from(price.cents())));
        if count == 0 {
            return None;
        }
        let units = (sum * 2_000_000 + i128::from(count)) / (2 * i128::from(count));
        Some(IndexAverage {
            value: format!("{}.{:08}", units / 100_000_000, units % 100_000_000).into(),
            window_size: Some(count),
            window_start_ts_ms: Some((second - WINDOW_SECONDS) * 1000),
            window_end_ts_exclusive: Some(second * 1000),
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
            self.index.print(&index, time, price);
            self.publish_index(&index, time);
        }
    }

    /// Tells the subscribers of an index about its print at this time.
    pub(super) fn publish_index(&mut self, index: &Arc<str>, time: Timestamp) {
        let now = self.now();
        let (second, Some(tape)) = (time.as_second(), self.index.tapes.get(index)) else { return };
        let Some(price) = tape.prints.get(&second) else { return };
        let data = IndexData {
            kind: Some("value".into()),
            time: second * 1000,
            id: index.to_string().into(),
            value: price.to_string().into(),
        };
        let Ok(data) = serde_json::to_string(&data) else { return };
        for session in self.sessions.values_mut() {
            for sid in session.index_sids(index) {
                let message = IndexValueMessage {
                    index_id: index.to_string().into(),
                    received_at: now.as_millisecond(),
                    data: data.clone().into(),
                    avg_60s_data: tape.average(second),
                    last_60s_windowed_average_15min: None,
                };
                session.send(Some(sid), None, FrameBody::IndexValue(Box::new(message)), now);
            }
        }
    }
}
