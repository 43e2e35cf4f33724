//! Every store keeps the contract.

use recio_core::store::{Appended, Changes, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::trade::{Fill, Settlement, Trade};
use recio_core::units::Money;
use recio_store::contract::sample;
use recio_store::testing::Database;
use recio_store::{Access, MemoryStore, contract, open, verify};
use std::cell::Cell;

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::run(async || Box::new(MemoryStore::new()) as Box<dyn Store>).await;
}

#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let number = Cell::new(0);
    contract::run(async || {
        number.set(number.get() + 1);
        let url = format!("sqlite://{}/{}.db", directory.path().display(), number.get());
        open(&url, Access::Writer).await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn postgres_keeps_the_contract() {
    let database = Database::create();
    let number = Cell::new(0);
    contract::run(async || {
        number.set(number.get() + 1);
        let url = database.url_with(&format!("schema=contract_{}", number.get()));
        open(&url, Access::Writer).await.unwrap()
    })
    .await;
}

/// A store that changes what it reads, as a person with an editor or a broken disk would.
struct Tampered {
    inner: MemoryStore,
    change: fn(&mut Vec<StoredFact>),
}

#[async_trait::async_trait]
impl Store for Tampered {
    async fn append(&self, facts: &[recio_core::fact::Fact]) -> Result<Appended, StoreError> {
        self.inner.append(facts).await
    }
    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        let mut all = self.inner.facts(0, u32::MAX).await?;
        (self.change)(&mut all);
        Ok(all.into_iter().filter(|one| one.sequence > after).take(limit as usize).collect())
    }
    async fn trades(&self) -> Result<Vec<Trade>, StoreError> {
        self.inner.trades().await
    }
    async fn orders(&self) -> Result<Vec<OrderRow>, StoreError> {
        self.inner.orders().await
    }
    async fn fills(&self) -> Result<Vec<Fill>, StoreError> {
        self.inner.fills().await
    }
    async fn positions(&self) -> Result<Vec<PositionRow>, StoreError> {
        self.inner.positions().await
    }
    async fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
        self.inner.settlements().await
    }
    async fn changes(&self, after: u64) -> Result<Box<dyn Changes>, StoreError> {
        self.inner.changes(after).await
    }
}

#[tokio::test]
async fn verify_names_the_first_fact_that_is_not_what_was_written() {
    type Change = fn(&mut Vec<StoredFact>);
    let changes: [(u64, Change); 5] = [
        (2, |facts| facts[1].fact = sample::cash_moved(1, Money::dollars(2))),
        (3, |facts| facts[2].hash[31] ^= 1),
        (2, |facts| drop(facts.remove(1))),
        (2, |facts| facts.swap(1, 2)),
        // An end that is missing leaves a sound chain; the tables tell.
        (3, |facts| facts.truncate(3)),
    ];
    for (at, (first_bad, change)) in changes.into_iter().enumerate() {
        let store = Tampered { inner: MemoryStore::new(), change };
        let fill = sample::fill("o", "f", "M", recio_core::market::BookSide::Bid, "0.5", "1");
        let mut facts = vec![sample::account_opened(Money::dollars(9))];
        facts.extend((1..=2).map(|number| sample::cash_moved(number, Money::dollars(1))));
        facts.push(sample::filled(fill));
        store.append(&facts).await.unwrap();
        match verify(&store).await {
            Err(StoreError::Damaged { sequence, .. }) => assert_eq!(sequence, first_bad, "change {at}"),
            answer => panic!("change {at} gave {answer:?}"),
        }
    }
}
