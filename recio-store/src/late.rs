//! A store that could not be opened yet: the run begins without it, and it is opened as soon as that works.

use crate::open::{Access, OpenError, open};
use async_trait::async_trait;
use recio_core::command::CommandQueue;
use recio_core::fact::Fact;
use recio_core::store::{Appended, Changes, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::trade::{Fill, Settlement, Trade};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// A store for writing that is there, or will be.
pub struct Opened {
    /// The store. Until it could be opened, everything asked of it is [`StoreError::Unavailable`].
    pub store: Arc<dyn Store>,
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
    match open(url, Access::Writer).await {
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
    open: OnceCell<Arc<dyn Store>>,
}

impl LateStore {
    /// The store, opened now if it was not before. How often this is tried is the caller's matter.
    async fn store(&self) -> Result<&Arc<dyn Store>, StoreError> {
        let open = async || match open(&self.url, Access::Writer).await {
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

    /// None until it is open: a run that began without its store takes no commands from it, and is halted by the kill latch alone.
    fn commands(&self) -> Option<&dyn CommandQueue> {
        self.open.get().and_then(|store| store.commands())
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
        assert!(store.trades().await.is_err());
        std::fs::remove_dir(&path).unwrap();
        std::fs::rename(&hidden, &path).unwrap();
        assert_eq!(store.append(&[sample::alarm(2, "meanwhile")]).await.unwrap().last_sequence, 2);
        assert_eq!(verify(&*store).await.unwrap().last_sequence, 2);
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
