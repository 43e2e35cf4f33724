//! The newest observations in memory.

use super::{
    Observation, ObservationKind, ObservedBar, ObservedHealth, ObservedSources, ObservedStrikeTable, ObservedTick,
};
use recio_core::market::Asset;
use recio_core::model::Bar;
use recio_core::price_feed::{PriceTick, Resolution, TimeRange};
use recio_core::units::{AssetPrice, EventTicker, Timestamp};
use std::collections::BTreeMap;

/// Ticks kept of each source: more than a day of one a second.
const MAX_TICKS: usize = 100_000;
/// Bars kept of each source and length: a day of seconds.
const MAX_BARS: usize = 90_000;
/// Strike tables kept in all: a quarter of an hour of four events, one a second.
const MAX_STRIKE_TABLES: usize = 3_600;
/// States of health kept in all.
const MAX_HEALTH: usize = 10_000;

/// Observations that end with the program. Of each kind the newest are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct ObservationMemory {
    /// By the source's time and price: when each came.
    ticks: BTreeMap<(Asset, String), BTreeMap<(Timestamp, AssetPrice), Timestamp>>,
    bars: BTreeMap<(Asset, String, Resolution), BTreeMap<Timestamp, Bar>>,
    /// By time first, so that the oldest go first.
    strike_tables: BTreeMap<(Timestamp, EventTicker), ObservedStrikeTable>,
    health: BTreeMap<(Timestamp, String, String), ObservedHealth>,
}

impl ObservationMemory {
    /// Keeps observations. Returns how many rows are new or changed.
    pub(crate) fn observe(&mut self, observations: &[Observation]) -> u64 {
        observations.iter().map(|observation| self.take(observation)).sum()
    }

    fn take(&mut self, observation: &Observation) -> u64 {
        match observation {
            Observation::Tick(ObservedTick { asset, source, tick, received_time }) => {
                let ticks = self.ticks.entry((*asset, source.clone())).or_default();
                let before = ticks.len();
                ticks.entry((tick.exchange_time, tick.price)).or_insert(*received_time);
                let added = (ticks.len() - before) as u64;
                bound(ticks, MAX_TICKS);
                added
            }
            Observation::Bar(ObservedBar { asset, source, resolution, bar }) => {
                let bars = self.bars.entry((*asset, source.clone(), *resolution)).or_default();
                let before = bars.insert(bar.start, *bar);
                bound(bars, MAX_BARS);
                u64::from(before != Some(*bar))
            }
            Observation::StrikeTable(table) => {
                let key = (table.time, table.event.clone());
                if self.strike_tables.contains_key(&key) {
                    return 0;
                }
                self.strike_tables.insert(key, table.clone());
                bound(&mut self.strike_tables, MAX_STRIKE_TABLES);
                1 + table.strikes.len() as u64
            }
            Observation::Health(health) => {
                let key = (health.time, health.service.clone(), health.instance.clone());
                let before = self.health.insert(key, health.clone());
                bound(&mut self.health, MAX_HEALTH);
                u64::from(before.as_ref() != Some(health))
            }
        }
    }

    pub(crate) fn ticks(&self, asset: Asset, source: &str, range: TimeRange, limit: u32) -> Vec<ObservedTick> {
        let Some(ticks) = self.ticks.get(&(asset, source.to_owned())) else { return Vec::new() };
        let mut found: Vec<ObservedTick> = ticks
            .iter()
            .filter(|((time, _), _)| *time >= range.from && *time < range.to)
            .map(|((exchange_time, price), received_time)| ObservedTick {
                asset,
                source: source.to_owned(),
                tick: PriceTick { price: *price, exchange_time: *exchange_time },
                received_time: *received_time,
            })
            .collect();
        found.sort_by_key(|seen| (seen.tick.exchange_time, seen.received_time, seen.tick.price));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        found
    }

    pub(crate) fn bars(
        &self,
        (asset, source, resolution): (Asset, &str, Resolution),
        range: TimeRange,
        limit: u32,
    ) -> Vec<ObservedBar> {
        let Some(bars) = self.bars.get(&(asset, source.to_owned(), resolution)) else { return Vec::new() };
        bars.values()
            .filter(|bar| bar.start >= range.from && bar.start < range.to)
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|bar| ObservedBar { asset, source: source.to_owned(), resolution, bar: *bar })
            .collect()
    }

    pub(crate) fn strike_tables(&self, event: &EventTicker, range: TimeRange, limit: u32) -> Vec<ObservedStrikeTable> {
        let within =
            |table: &&ObservedStrikeTable| table.event == *event && table.time >= range.from && table.time < range.to;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        self.strike_tables.values().rev().filter(within).take(most).cloned().collect()
    }

    pub(crate) fn all_strike_tables(&self, range: TimeRange, limit: u32) -> Vec<ObservedStrikeTable> {
        let within = |table: &&ObservedStrikeTable| table.time >= range.from && table.time < range.to;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        self.strike_tables.values().filter(within).take(most).cloned().collect()
    }

    pub(crate) fn all_health(&self, range: TimeRange, limit: u32) -> Vec<ObservedHealth> {
        let within = |one: &&ObservedHealth| one.time >= range.from && one.time < range.to;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        self.health.values().filter(within).take(most).cloned().collect()
    }

    pub(crate) fn sources(&self) -> ObservedSources {
        let ticks = self.ticks.iter().filter(|(_, ticks)| !ticks.is_empty()).map(|(of, _)| of.clone());
        let bars = self.bars.iter().filter(|(_, bars)| !bars.is_empty()).map(|(of, _)| of.clone());
        ObservedSources { ticks: ticks.collect(), bars: bars.collect() }
    }

    pub(crate) fn health(&self) -> Vec<ObservedHealth> {
        let newest = self.health.values().map(|one| ((&one.service, &one.instance), one));
        newest.collect::<BTreeMap<_, _>>().into_values().cloned().collect()
    }

    /// Forgets what is older. Returns how many rows are gone.
    pub(crate) fn forget_before(&mut self, kind: ObservationKind, time: Timestamp) -> u64 {
        let mut gone = 0;
        let mut count = |keep: bool, rows: u64| {
            gone += if keep { 0 } else { rows };
            keep
        };
        match kind {
            ObservationKind::Ticks => {
                for ticks in self.ticks.values_mut() {
                    ticks.retain(|(at, _), _| count(*at >= time, 1));
                }
            }
            ObservationKind::Bars(resolution) => {
                for (_, bars) in self.bars.iter_mut().filter(|((_, _, length), _)| *length == resolution) {
                    bars.retain(|start, _| count(*start >= time, 1));
                }
            }
            ObservationKind::StrikeTables => {
                self.strike_tables.retain(|(at, _), table| count(*at >= time, 1 + table.strikes.len() as u64));
            }
            ObservationKind::Health => self.health.retain(|(at, ..), _| count(*at >= time, 1)),
        }
        gone
    }
}

/// Lets the oldest go.
fn bound<K: Ord, V>(map: &mut BTreeMap<K, V>, most: usize) {
    while map.len() > most {
        map.pop_first();
    }
}
