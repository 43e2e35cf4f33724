//! From a store's observations into the archive, a page at a time.

use super::rows::{BarRow, HealthRow, StrikeRow, Tick};
use super::{ArchiveError, LockedArchive, RowsWriter, Stored};
use crate::observations::pages::{PAGE, Pages, TABLES};
use crate::observations::{Observations, ObservedSources};
use recio_core::price_feed::{Resolution, TimeRange};
use recio_core::store::StoreError;
use recio_core::units::Timestamp;

/// Days that are archived at once: of each kind and symbol a day is an open file.
const DAYS: i64 = 50;
/// A UTC day, in seconds.
const DAY: i64 = 86_400;

impl LockedArchive {
    /// Archives what a store observed in a stretch of time: ticks, bars, strike tables and health, one part a day and symbol, under the name `name` of the
    /// store.
    ///
    /// The stretch has to be made of whole days: a part of a day would take the place of nothing larger. What the store has forgotten stays in the archive.
    ///
    /// # Errors
    /// The store cannot be read; or a part cannot be put in its place, see [`RowsWriter::finish`]. Days before are archived then.
    pub async fn observations(
        &self,
        name: &str,
        store: &dyn Observations,
        range: TimeRange,
    ) -> Result<Vec<Stored>, ArchiveError> {
        let sources = store.sources().await?;
        let (mut stored, mut left) = (Vec::new(), range);
        while let Some(first) = earliest(store, &sources, left).await? {
            let begins = first.as_second().div_euclid(DAY) * DAY;
            let ends = Timestamp::from_second(begins.saturating_add(DAYS * DAY)).unwrap_or(Timestamp::MAX);
            let days = TimeRange { from: left.from, to: ends.min(range.to) };
            stored.extend(self.ticks(name, store, &sources, days).await?);
            stored.extend(self.bars(name, store, &sources, days).await?);
            let mut tables = self.rows::<StrikeRow>(name);
            let read = async |range, limit| store.all_strike_tables(range, limit).await;
            pages(
                days,
                TABLES,
                |table| table.time,
                read,
                |table| StrikeRow::of(table).iter().try_for_each(|row| tables.add(row)),
            )
            .await?;
            stored.extend(tables.finish()?);
            let mut health = self.rows::<HealthRow>(name);
            let read = async |range, limit| store.all_health(range, limit).await;
            pages(days, PAGE, |one| one.time, read, |one| health.add(&HealthRow::from(one))).await?;
            stored.extend(health.finish()?);
            left.from = days.to;
        }
        Ok(stored)
    }

    async fn ticks(
        &self,
        name: &str,
        store: &dyn Observations,
        sources: &ObservedSources,
        days: TimeRange,
    ) -> Result<Vec<Stored>, ArchiveError> {
        let mut writer: RowsWriter<'_, Tick> = self.rows(name);
        for (asset, source) in &sources.ticks {
            let read = async |range, limit| store.ticks(*asset, source, range, limit).await;
            pages(days, PAGE, |seen| seen.tick.exchange_time, read, |seen| writer.add(&Tick::from(seen))).await?;
        }
        writer.finish()
    }

    /// Bars: each length in parts of its own, because each is forgotten by a rule of its own, and what is left of a part takes the place of nothing.
    async fn bars(
        &self,
        name: &str,
        store: &dyn Observations,
        sources: &ObservedSources,
        days: TimeRange,
    ) -> Result<Vec<Stored>, ArchiveError> {
        let mut stored = Vec::new();
        for (length, ending) in [(Resolution::Second, "seconds"), (Resolution::Minute, "minutes")] {
            let name = format!("{name}-{ending}");
            let mut writer: RowsWriter<'_, BarRow> = self.rows(&name);
            for (asset, source, _) in sources.bars.iter().filter(|(.., resolution)| *resolution == length) {
                let read = async |range, limit| store.bars(*asset, source, length, range, limit).await;
                pages(days, PAGE, |seen| seen.bar.start, read, |seen| writer.add(&BarRow::from(seen))).await?;
            }
            stored.extend(writer.finish()?);
        }
        Ok(stored)
    }
}

/// When the first observation of a stretch was; `None` where there is none.
async fn earliest(
    store: &dyn Observations,
    sources: &ObservedSources,
    range: TimeRange,
) -> Result<Option<Timestamp>, StoreError> {
    if range.from >= range.to {
        return Ok(None);
    }
    let mut times = Vec::new();
    for (asset, source) in &sources.ticks {
        times.extend(store.ticks(*asset, source, range, 1).await?.iter().map(|seen| seen.tick.exchange_time));
    }
    for (asset, source, resolution) in &sources.bars {
        times.extend(store.bars(*asset, source, *resolution, range, 1).await?.iter().map(|seen| seen.bar.start));
    }
    times.extend(store.all_strike_tables(range, 1).await?.iter().map(|table| table.time));
    times.extend(store.all_health(range, 1).await?.iter().map(|one| one.time));
    Ok(times.into_iter().min())
}

/// Reads a stretch page by page, oldest first, and hands over each observation once.
async fn pages<T>(
    range: TimeRange,
    page: u32,
    time: impl Fn(&T) -> Timestamp,
    read: impl AsyncFn(TimeRange, u32) -> Result<Vec<T>, StoreError>,
    mut take: impl FnMut(&T) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let mut pages = Pages::new(range, page);
    while let Some(found) = pages.next(&time, &read).await? {
        found.iter().try_for_each(&mut take)?;
    }
    Ok(())
}
