//! From a store's observations into the archive, a page at a time.

use super::rows::{BarRow, Tick};
use super::{ArchiveError, LockedArchive, Stored};
use crate::observations::Observations;
use recio_core::market::Asset;
use recio_core::price_feed::{Resolution, TimeRange};
use recio_core::units::Timestamp;
use std::time::Duration;

/// Rows read at a time.
const PAGE: u32 = 10_000;
/// More ticks of one source within one microsecond are no ticks.
const MAX_PAGE: u32 = 1_000_000;

/// Whose prices, and of which time. The time has to be made of whole days: a part of a day would take the place of nothing larger.
#[derive(Clone, Copy, Debug)]
pub struct PriceSelection<'a> {
    /// The asset.
    pub asset: Asset,
    /// The sources, by the names under which they were observed.
    pub sources: &'a [&'a str],
    /// The days.
    pub range: TimeRange,
}

impl LockedArchive {
    /// Archives ticks of some sources: one part a day, under the name `name` of the store.
    ///
    /// # Errors
    /// The store cannot be read, and nothing was archived; or a part cannot be put in its place, see
    /// [`RowsWriter::finish`](super::RowsWriter::finish).
    pub async fn ticks(
        &self,
        name: &str,
        observations: &dyn Observations,
        selection: PriceSelection<'_>,
    ) -> Result<Vec<Stored>, ArchiveError> {
        let mut writer = self.rows::<Tick>(name);
        for source in selection.sources {
            let (mut range, mut limit) = (selection.range, PAGE);
            loop {
                let mut page = observations.ticks(selection.asset, source, range, limit).await?;
                let whole = page.len() < limit as usize;
                if !whole {
                    // More of the last moment may follow: it is read again from its beginning.
                    let last = page.last().map(|observed| observed.tick.exchange_time);
                    page.retain(|observed| Some(observed.tick.exchange_time) != last);
                    range.from = last.unwrap_or(range.to);
                }
                for observed in &page {
                    writer.add(&Tick::from(observed))?;
                }
                match (whole, page.is_empty()) {
                    (true, _) => break,
                    (false, false) => limit = PAGE,
                    (false, true) if limit < MAX_PAGE => limit = limit.saturating_mul(10),
                    (false, true) => {
                        let what = format!("{source} has more than {MAX_PAGE} prices at {}", range.from);
                        return Err(ArchiveError::Source(what.into()));
                    }
                }
            }
        }
        writer.finish()
    }

    /// Archives bars of some sources: one part a day, under the name `name` of the store.
    ///
    /// # Errors
    /// As [`LockedArchive::ticks`].
    pub async fn bars(
        &self,
        name: &str,
        observations: &dyn Observations,
        resolution: Resolution,
        selection: PriceSelection<'_>,
    ) -> Result<Vec<Stored>, ArchiveError> {
        let mut writer = self.rows::<BarRow>(name);
        for source in selection.sources {
            let mut range = selection.range;
            loop {
                let page = observations.bars(selection.asset, source, resolution, range, PAGE).await?;
                page.iter().try_for_each(|observed| writer.add(&BarRow::from(observed)))?;
                match page.last().map(|observed| next_moment(observed.bar.start)) {
                    // One bar starts at one time.
                    Some(next) if page.len() == PAGE as usize => range.from = next,
                    Some(_) | None => break,
                }
            }
        }
        writer.finish()
    }
}

fn next_moment(time: Timestamp) -> Timestamp {
    time.checked_add(Duration::from_micros(1)).unwrap_or(Timestamp::MAX)
}
