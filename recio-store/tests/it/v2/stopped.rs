//! An import that ends in the middle, and is run again.

use super::awkward::options;
use super::import::{V2, v2};
use async_trait::async_trait;
use recio_core::fact::{Fact, FactBody};
use recio_core::imported::Imported;
use recio_core::store::{Appended, Changes, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::trade::{Fill, Settlement, Trade};
use recio_store::MemoryStore;
use recio_store::testing::Database;
use recio_store::v2::{ImportError, ImportReport, V2Source, import};
use std::sync::atomic::{AtomicU32, Ordering};

/// A store that goes away at one of its appends: before it is done, or after it, with the answer lost.
struct Breaking<'a> {
    store: &'a MemoryStore,
    /// Appends that are still answered.
    answered: AtomicU32,
    done: bool,
}

#[async_trait]
impl Store for Breaking<'_> {
    async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError> {
        if self.answered.load(Ordering::Relaxed) == 0 {
            if self.done {
                self.store.append(facts).await?;
            }
            return Err(StoreError::Unavailable("the server went away".into()));
        }
        self.answered.fetch_sub(1, Ordering::Relaxed);
        self.store.append(facts).await
    }

    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        self.store.facts(after, limit).await
    }

    async fn trades(&self) -> Result<Vec<Trade>, StoreError> {
        self.store.trades().await
    }

    async fn orders(&self) -> Result<Vec<OrderRow>, StoreError> {
        self.store.orders().await
    }

    async fn fills(&self) -> Result<Vec<Fill>, StoreError> {
        self.store.fills().await
    }

    async fn positions(&self) -> Result<Vec<PositionRow>, StoreError> {
        self.store.positions().await
    }

    async fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
        self.store.settlements().await
    }

    async fn changes(&self, after: u64) -> Result<Box<dyn Changes>, StoreError> {
        self.store.changes(after).await
    }
}

async fn run(store: &dyn Store, v2: &V2) -> Result<ImportReport, ImportError> {
    let mut sources = Vec::new();
    for from in v2.from() {
        sources.push(V2Source::open(from).await.unwrap());
    }
    import(store, None, sources, &options(false), &mut |_| ()).await
}

/// Every record that was kept, with its versions, in the order of names.
async fn records(store: &MemoryStore) -> Vec<Imported> {
    let facts = store.facts(0, u32::MAX).await.unwrap();
    let record = |stored: StoredFact| {
        let FactBody::Imported(record) = stored.fact.body else { panic!("an import keeps nothing else") };
        *record
    };
    let mut records: Vec<Imported> = facts.into_iter().map(record).collect();
    records.sort_by(|left, right| {
        (left.table, &left.record, left.version).cmp(&(right.table, &right.record, right.version))
    });
    records
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_stopped_anywhere_ends_the_second_time_as_if_it_had_not_been() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::create();
    let v2 = v2(&database, directory.path(), 800).await;
    let whole = MemoryStore::new();
    assert!(run(&whole, &v2).await.unwrap().agrees());
    let expected = records(&whole).await;
    let mut stops = 0;
    loop {
        let mut stopped = false;
        for done in [false, true] {
            let store = MemoryStore::new();
            let breaking = Breaking { store: &store, answered: AtomicU32::new(stops), done };
            match run(&breaking, &v2).await {
                Err(ImportError::Store(StoreError::Unavailable(_))) => stopped = true,
                Err(error) => panic!("{error:?}"),
                Ok(report) => assert!(report.agrees()),
            }
            assert!(!stopped || done || records(&store).await.len() < expected.len(), "it was stopped in the middle");
            let report = run(&store, &v2).await.unwrap();
            assert!(report.agrees(), "after {stops} appends: {:#?}", report.sums);
            assert!(records(&store).await == expected, "after {stops} appends, the next one done: {done}");
            assert!(!run(&store, &v2).await.unwrap().changes());
        }
        if !stopped {
            break;
        }
        stops += 1;
    }
    assert!(stops > 2, "there is a middle: {stops}");
}
