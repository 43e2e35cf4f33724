//! Every store keeps observations by the same contract, beside its facts.

use recio_core::store::StoreError;
use recio_core::units::Money;
use recio_store::contract::{observations, sample};
use recio_store::testing::Database;
use recio_store::{Access, MemoryStore, Observations, open_storage};

#[tokio::test]
async fn memory_keeps_observations() {
    observations::run(&MemoryStore::new()).await;
}

#[tokio::test]
async fn sqlite_keeps_observations() {
    let directory = tempfile::tempdir().unwrap();
    keeps(&format!("sqlite://{}/store.db", directory.path().display())).await;
}

#[tokio::test]
async fn postgres_keeps_observations() {
    let server = Database::create();
    keeps(server.url()).await;
}

async fn keeps(url: &str) {
    let store = open_storage(url, Access::Writer).await.unwrap();
    observations::run(&*store).await;
    assert_eq!(store.verify().await.unwrap().last_sequence, 0, "observations are no facts");
    store.append(&[sample::account_opened(Money::dollars(1))]).await.unwrap();
    store.observe(&[observations::tick("BRTI", 1, 100)]).await.unwrap();
    assert_eq!(store.rebuild().await.unwrap(), 1);
    let reader = open_storage(url, Access::Reader).await.unwrap();
    let answer = reader.observe(&[observations::tick("BRTI", 2, 100)]).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "a reader writes nothing: {answer:?}");
    let all = recio_core::price_feed::TimeRange { from: sample::time(0), to: sample::time(10) };
    let ticks = reader.ticks(recio_core::market::Asset::Btc, "BRTI", all, 10).await.unwrap();
    assert_eq!(ticks.len(), 1, "rebuilding takes no observation away");
}

/// Memory keeps the newest, and no more than it says.
#[tokio::test]
async fn memory_lets_the_oldest_go() {
    let store = MemoryStore::new();
    let ticks: Vec<_> = (0..100_010).map(|number| observations::tick("BRTI", number, 100)).collect();
    store.observe(&ticks).await.unwrap();
    let all = recio_core::price_feed::TimeRange { from: sample::time(0), to: sample::time(1_000_000) };
    let kept = store.ticks(recio_core::market::Asset::Btc, "BRTI", all, u32::MAX).await.unwrap();
    assert_eq!((kept.len(), kept[0].tick.exchange_time), (100_000, sample::time(10)));
}
