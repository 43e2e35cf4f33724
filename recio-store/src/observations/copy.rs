//! One store's observations into another.

use super::pages::{PAGE, Pages, TABLES};
use super::{Observation, Observations, ObservedBar, ObservedHealth, ObservedStrikeTable, ObservedTick};
use crate::copy::CopyError;
use recio_core::market::Asset;
use recio_core::price_feed::{Resolution, TimeRange};
use recio_core::store::StoreError;
use recio_core::units::Timestamp;
use sha2::{Digest, Sha256};

/// What was copied of observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopiedObservations {
    /// How many there are, the same in both.
    pub observations: u64,
    /// Rows that the target did not have, or had otherwise; a strike table has one for itself and one for each strike.
    pub rows: u64,
    /// SHA-256 over all of them in their order, the same in both.
    pub hash: [u8; 32],
}

/// Copies all observations, in pieces, and compares what the target then holds with what was read, by a hash over all of it. Started again after it was
/// broken off, it passes over what is there.
///
/// # Errors
/// [`CopyError::OtherObservations`] where the target holds something else besides; the source or the target cannot be used.
///
/// # Cancel safety
/// A dropped copy leaves some of the observations.
pub async fn copy_observations(
    from: &dyn Observations,
    to: &dyn Observations,
) -> Result<CopiedObservations, CopyError> {
    let (mut wanted, mut rows) = (Tally::default(), 0);
    let mut walk = Walk::begin(from).await.map_err(CopyError::Source)?;
    while let Some(page) = walk.next(from).await.map_err(CopyError::Source)? {
        wanted.add(&page).map_err(CopyError::Source)?;
        rows += to.observe(&page).await.map_err(CopyError::Target)?;
    }
    let mut found = Tally::default();
    let mut walk = Walk::begin(to).await.map_err(CopyError::Target)?;
    while let Some(page) = walk.next(to).await.map_err(CopyError::Target)? {
        found.add(&page).map_err(CopyError::Target)?;
    }
    let (observations, hash) = wanted.end();
    let there = found.end();
    if there != (observations, hash) {
        return Err(CopyError::OtherObservations { wanted: observations, found: there.0 });
    }
    Ok(CopiedObservations { observations, rows, hash })
}

/// Counts observations, and rolls them into one hash.
#[derive(Default)]
struct Tally {
    count: u64,
    hash: Sha256,
}

impl Tally {
    fn add(&mut self, page: &[Observation]) -> Result<(), StoreError> {
        for one in page {
            let text = match one {
                Observation::Tick(tick) => serde_json::to_vec(tick),
                Observation::Bar(bar) => serde_json::to_vec(bar),
                Observation::StrikeTable(table) => serde_json::to_vec(table),
                Observation::Health(health) => serde_json::to_vec(health),
            };
            let text = text.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            self.hash.update((text.len() as u64).to_be_bytes());
            self.hash.update(text);
            self.count += 1;
        }
        Ok(())
    }

    fn end(self) -> (u64, [u8; 32]) {
        (self.count, self.hash.finalize().into())
    }
}

/// What is read one after the other.
enum Part {
    Ticks(Asset, String),
    Bars(Asset, String, Resolution),
    StrikeTables,
    Health,
}

/// A walk over all that a store observed: ticks and bars source by source, then strike tables, then health.
struct Walk {
    /// The last is the next.
    left: Vec<Part>,
    pages: Pages,
}

const ALWAYS: TimeRange = TimeRange { from: Timestamp::MIN, to: Timestamp::MAX };

impl Walk {
    async fn begin(store: &dyn Observations) -> Result<Self, StoreError> {
        let sources = store.sources().await?;
        let ticks = sources.ticks.into_iter().map(|(asset, source)| Part::Ticks(asset, source));
        let bars = sources.bars.into_iter().map(|(asset, source, length)| Part::Bars(asset, source, length));
        let mut left: Vec<Part> = ticks.chain(bars).chain([Part::StrikeTables, Part::Health]).collect();
        left.reverse();
        Ok(Self { left, pages: Pages::new(ALWAYS, PAGE) })
    }

    async fn next(&mut self, store: &dyn Observations) -> Result<Option<Vec<Observation>>, StoreError> {
        while let Some(part) = self.left.last() {
            let pages = &mut self.pages;
            let page: Option<Vec<Observation>> = match part {
                Part::Ticks(asset, source) => pages
                    .next(
                        |seen: &ObservedTick| seen.tick.exchange_time,
                        async |range, limit| store.ticks(*asset, source, range, limit).await,
                    )
                    .await?
                    .map(|page| page.into_iter().map(Observation::Tick).collect()),
                Part::Bars(asset, source, length) => pages
                    .next(
                        |seen: &ObservedBar| seen.bar.start,
                        async |range, limit| store.bars(*asset, source, *length, range, limit).await,
                    )
                    .await?
                    .map(|page| page.into_iter().map(Observation::Bar).collect()),
                Part::StrikeTables => pages
                    .next(
                        |table: &ObservedStrikeTable| table.time,
                        async |range, limit| store.all_strike_tables(range, limit).await,
                    )
                    .await?
                    .map(|page| page.into_iter().map(Observation::StrikeTable).collect()),
                Part::Health => pages
                    .next(|one: &ObservedHealth| one.time, async |range, limit| store.all_health(range, limit).await)
                    .await?
                    .map(|page| page.into_iter().map(Observation::Health).collect()),
            };
            if page.is_some() {
                return Ok(page);
            }
            self.left.pop();
            let size = if matches!(self.left.last(), Some(Part::StrikeTables)) { TABLES } else { PAGE };
            self.pages = Pages::new(ALWAYS, size);
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use recio_core::price_feed::PriceTick;
    use recio_core::units::AssetPrice;

    fn tick(source: &str, micros: i64) -> Observation {
        let exchange_time = Timestamp::from_microsecond(micros / 3).unwrap();
        let price = AssetPrice::from_cents(micros.unsigned_abs() + 1).unwrap();
        Observation::Tick(ObservedTick {
            asset: Asset::Btc,
            source: source.to_owned(),
            tick: PriceTick { price, exchange_time },
            received_time: exchange_time,
        })
    }

    #[tokio::test]
    async fn a_copy_holds_the_same_and_goes_on_where_it_was_broken_off() {
        let (from, to) = (MemoryStore::new(), MemoryStore::new());
        // More than a page, three of each moment, so that a page ends within one.
        let seen: Vec<_> = (0..25_000).map(|number| tick("a", number)).chain((0..10).map(|n| tick("b", n))).collect();
        from.observe(&seen).await.unwrap();
        to.observe(&seen[..100]).await.unwrap();
        let copied = copy_observations(&from, &to).await.unwrap();
        assert_eq!((copied.observations, copied.rows), (25_010, 24_910));
        let again = copy_observations(&from, &to).await.unwrap();
        assert_eq!((again.rows, again.hash), (0, copied.hash));
        to.observe(&[tick("c", 1)]).await.unwrap();
        let error = copy_observations(&from, &to).await.unwrap_err();
        assert!(matches!(error, CopyError::OtherObservations { wanted: 25_010, found: 25_011 }), "{error}");
    }
}
