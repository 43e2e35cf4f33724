//! Following a store that another process writes.

use recio_core::store::Store;
use recio_store::contract::sample;
use recio_store::{Access, SqliteStore};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const STORE: &str = "RECIO_STORE_CHANGES_TEST";
const FACTS: u64 = 60;
/// How long the other process may take; it takes milliseconds once it runs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Not a test of its own: the process that `a_follower_hears_of_another_process` starts. Without its variable it does nothing.
#[tokio::test]
async fn writer_that_is_followed() {
    let Ok(url) = std::env::var(STORE) else { return };
    let store = SqliteStore::open(&url, Access::Writer).await.unwrap();
    let first = store.facts(0, u32::MAX).await.unwrap().len() as u64 + 1;
    for number in first..first + FACTS {
        store.append(&[sample::alarm(number, "from another process")]).await.unwrap();
        // Some in one look at the file, some in looks of their own.
        if number % 20 == 0 {
            tokio::time::sleep(Duration::from_millis(120)).await;
        }
    }
    store.close().await;
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_follower_hears_of_another_process() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    SqliteStore::open(&url, Access::Writer).await.unwrap().close().await;
    let reader = SqliteStore::open(&url, Access::Reader).await.unwrap();
    let mut changes = reader.changes(0).await.unwrap();
    for round in 0..2 {
        let _writer = Ended(
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "changes::writer_that_is_followed", "--nocapture"])
                .env(STORE, &url)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        );
        for number in round * FACTS + 1..=(round + 1) * FACTS {
            let fact = tokio::time::timeout(PATIENCE, changes.next()).await.expect("what was committed is told");
            assert_eq!(fact.unwrap().sequence, number);
        }
    }
    assert_eq!(reader.verify().await.unwrap().last_sequence, 2 * FACTS);
}
