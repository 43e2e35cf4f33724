//! A store that could not be opened yet: the run begins without it, and it is opened as soon as that works.

use crate::observations::{
    Observation, ObservationKind, Observations, ObservedBar, ObservedHealth, ObservedSources, ObservedStrikeTable,
    ObservedTick,
};
use crate::open::{Access, OpenError, open_any};
use crate::storage::Storage;
use crate::verify::Verified;
use async_trait::async_trait;
use recio_core::command::{AskError, CommandAnswer, CommandQueue, NewCommand, StoredCommand};
use recio_core::fact::Fact;
use recio_core::market::Asset;
use recio_core::past_keeper::PastKeeper;
use recio_core::price_feed::{Resolution, TimeRange};
use recio_core::settings::{AuditEntry, AuditLog, AuditRecord, NewVersion, SettingVersion, SettingsStore, WriteError};
use recio_core::store::{Appended, Changes, News, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::trade::{Fill, Settlement, Trade};
use recio_core::units::{EventTicker, Timestamp};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// A store for writing that is there, or will be.
pub struct Opened {
    /// The store. Until it could be opened, everything asked of it is [`StoreError::Unavailable`].
    pub store: Arc<dyn Storage>,
    /// Why it is not open yet, if it is not: show it to a person.
    pub later: Option<OpenError>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("later", &self.later).finish_non_exhaustive()
    }
}

/// Opens the store that a URL names for writing, or promises to: where it is merely away (a server that is down, a file that may not be touched, a full
/// disk), each later question tries to open it once more.
///
/// For a run that has a local cache, and a journal that says whose the store is: it watches its trades meanwhile.
///
/// # Errors
/// What a person has to put right first: a wrong URL, another writer, another version, a damaged store. See [`OpenError`].
pub async fn open_or_wait(url: &str) -> Result<Opened, OpenError> {
    match open_any(url, Access::Writer).await {
        Ok(store) => Ok(Opened { store: Arc::from(store), later: None }),
        Err(why) if may_pass(&why) => {
            let store = LateStore { url: url.to_owned(), open: OnceCell::new() };
            Ok(Opened { store: Arc::new(store), later: Some(why) })
        }
        Err(why) => Err(why),
    }
}

fn may_pass(why: &OpenError) -> bool {
    match why {
        OpenError::Store { source: StoreError::Unavailable(_), .. }
        | OpenError::NoLockFile { .. }
        | OpenError::NoServer { .. } => true,
        OpenError::Store { .. }
        | OpenError::BadUrl { .. }
        | OpenError::Missing { .. }
        | OpenError::Locked { .. }
        | OpenError::Refused { .. } => false,
    }
}

struct LateStore {
    url: String,
    open: OnceCell<Arc<dyn Storage>>,
}

impl LateStore {
    /// The store, opened now if it was not before. How often this is tried is the caller's matter.
    async fn store(&self) -> Result<&Arc<dyn Storage>, StoreError> {
        let open = async || match open_any(&self.url, Access::Writer).await {
            Ok(store) => {
                tracing::info!("the store could be opened after all");
                Ok(Arc::from(store))
            }
            Err(OpenError::Store { source, .. }) => Err(source),
            // Another writer may end as well.
            Err(error) => Err(StoreError::Unavailable(Box::new(error))),
        };
        self.open.get_or_try_init(open).await
    }

    /// The store if it is open. Observations open nothing: facts have to find it first, and make sure that it is theirs.
    fn opened(&self) -> Result<&Arc<dyn Storage>, StoreError> {
        self.open.get().ok_or_else(|| StoreError::Unavailable("it is not open yet".into()))
    }
}

#[async_trait]
impl Store for LateStore {
    async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError> {
        self.store().await?.append(facts).await
    }

    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        self.store().await?.facts(after, limit).await
    }

    async fn trades(&self) -> Result<Vec<Trade>, StoreError> {
        self.store().await?.trades().await
    }

    async fn orders(&self) -> Result<Vec<OrderRow>, StoreError> {
        self.store().await?.orders().await
    }

    async fn fills(&self) -> Result<Vec<Fill>, StoreError> {
        self.store().await?.fills().await
    }

    async fn positions(&self) -> Result<Vec<PositionRow>, StoreError> {
        self.store().await?.positions().await
    }

    async fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
        self.store().await?.settlements().await
    }

    async fn changes(&self, after: u64) -> Result<Box<dyn Changes>, StoreError> {
        self.store().await?.changes(after).await
    }

    fn commands(&self) -> Option<&dyn CommandQueue> {
        Some(self)
    }

    fn settings(&self) -> Option<&dyn SettingsStore> {
        Some(self)
    }

    /// None until it is open: a run that begins without its store warms up with what feed and local cache tell.
    fn past(&self) -> Option<&dyn PastKeeper> {
        self.open.get().and_then(|store| store.past())
    }
}

/// What a URL opens keeps both, so that a run may count on them before it is open.
impl LateStore {
    async fn queue(&self) -> Result<&dyn CommandQueue, StoreError> {
        self.store().await?.commands().ok_or(StoreError::Unsupported("keep commands"))
    }

    async fn settings_store(&self) -> Result<&dyn SettingsStore, StoreError> {
        self.store().await?.settings().ok_or(StoreError::Unsupported("keep settings"))
    }
}

#[async_trait]
impl CommandQueue for LateStore {
    async fn ask(&self, command: &NewCommand) -> Result<StoredCommand, AskError> {
        self.queue().await?.ask(command).await
    }

    async fn command(&self, number: u64) -> Result<Option<StoredCommand>, StoreError> {
        self.queue().await?.command(number).await
    }

    async fn list(&self, after: u64, limit: u32) -> Result<Vec<StoredCommand>, StoreError> {
        self.queue().await?.list(after, limit).await
    }

    async fn take(&self, after: u64, now: Timestamp) -> Result<Option<StoredCommand>, StoreError> {
        self.queue().await?.take(after, now).await
    }

    async fn answer(&self, number: u64, answer: &CommandAnswer, now: Timestamp) -> Result<bool, StoreError> {
        self.queue().await?.answer(number, answer, now).await
    }

    async fn give_up_taken(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.queue().await?.give_up_taken(now).await
    }

    async fn news(&self) -> Result<Box<dyn News>, StoreError> {
        self.queue().await?.news().await
    }
}

#[async_trait]
impl AuditLog for LateStore {
    async fn record(&self, entry: &AuditEntry) -> Result<AuditRecord, StoreError> {
        self.settings_store().await?.record(entry).await
    }

    async fn audit_log(&self, after: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.settings_store().await?.audit_log(after, limit).await
    }
}

#[async_trait]
impl SettingsStore for LateStore {
    async fn newest(&self) -> Result<Vec<SettingVersion>, StoreError> {
        self.settings_store().await?.newest().await
    }

    async fn history(&self, key: &str, limit: u32) -> Result<Vec<SettingVersion>, StoreError> {
        self.settings_store().await?.history(key, limit).await
    }

    async fn add_version(&self, version: &NewVersion) -> Result<SettingVersion, WriteError> {
        self.settings_store().await?.add_version(version).await
    }

    async fn news(&self) -> Result<Box<dyn News>, StoreError> {
        self.settings_store().await?.news().await
    }
}

#[async_trait]
impl Observations for LateStore {
    async fn observe(&self, observations: &[Observation]) -> Result<u64, StoreError> {
        self.opened()?.observe(observations).await
    }

    async fn ticks(
        &self,
        asset: Asset,
        source: &str,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedTick>, StoreError> {
        self.opened()?.ticks(asset, source, range, limit).await
    }

    async fn bars(
        &self,
        asset: Asset,
        source: &str,
        resolution: Resolution,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedBar>, StoreError> {
        self.opened()?.bars(asset, source, resolution, range, limit).await
    }

    async fn strike_tables(
        &self,
        event: &EventTicker,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedStrikeTable>, StoreError> {
        self.opened()?.strike_tables(event, range, limit).await
    }

    async fn all_strike_tables(&self, range: TimeRange, limit: u32) -> Result<Vec<ObservedStrikeTable>, StoreError> {
        self.opened()?.all_strike_tables(range, limit).await
    }

    async fn health(&self) -> Result<Vec<ObservedHealth>, StoreError> {
        self.opened()?.health().await
    }

    async fn all_health(&self, range: TimeRange, limit: u32) -> Result<Vec<ObservedHealth>, StoreError> {
        self.opened()?.all_health(range, limit).await
    }

    async fn sources(&self) -> Result<ObservedSources, StoreError> {
        self.opened()?.sources().await
    }

    async fn forget_before(&self, kind: ObservationKind, time: Timestamp) -> Result<u64, StoreError> {
        self.opened()?.forget_before(kind, time).await
    }
}

#[async_trait]
impl Storage for LateStore {
    async fn verify(&self) -> Result<Verified, StoreError> {
        self.opened()?.verify().await
    }

    async fn rebuild(&self) -> Result<u64, StoreError> {
        self.opened()?.rebuild().await
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;
    use crate::contract::sample;
    use crate::{SqliteStore, verify};

    #[tokio::test]
    async fn a_store_that_is_away_is_opened_when_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let url = format!("sqlite://{}", path.display());
        let first = SqliteStore::open(&url, Access::Writer).await.unwrap();
        first.append(&[sample::alarm(1, "before")]).await.unwrap();
        first.close().await;
        // Something that is no file stands where the store was: nobody may read it, not even root.
        let hidden = folder.path().join("hidden.db");
        std::fs::rename(&path, &hidden).unwrap();
        std::fs::create_dir(&path).unwrap();
        let Opened { store, later } = open_or_wait(&url).await.unwrap();
        assert!(later.is_some());
        for _ in 0..2 {
            let answer = store.append(&[sample::alarm(2, "meanwhile")]).await;
            assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
        }
        assert!(store.trades().await.is_err() && store.past().is_none());
        std::fs::remove_dir(&path).unwrap();
        std::fs::rename(&hidden, &path).unwrap();
        let tick = [sample::tick(1)];
        assert!(matches!(store.observe(&tick).await, Err(StoreError::Unavailable(_))), "facts find the store first");
        assert_eq!(store.append(&[sample::alarm(2, "meanwhile")]).await.unwrap().last_sequence, 2);
        assert_eq!(verify(&*store).await.unwrap().last_sequence, 2);
        assert_eq!(store.observe(&tick).await.unwrap(), 1);
        assert!(store.past().is_some());
    }

    #[tokio::test]
    async fn what_a_person_has_to_put_right_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        std::fs::write(&path, "no database at all, but long enough to be read as the header of one: it is not\n")
            .unwrap();
        let url = format!("sqlite://{}", path.display());
        assert!(matches!(open_or_wait(&url).await, Err(OpenError::Store { .. })));
        assert!(matches!(open_or_wait("nonsense").await, Err(OpenError::BadUrl { .. })));
        assert!(open_or_wait("memory:").await.unwrap().later.is_none());
    }
}
