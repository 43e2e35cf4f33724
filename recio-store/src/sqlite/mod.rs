//! `SqliteStore`: facts in one file.
//!
//! What is SQLite's own, and is written again for PostgreSQL: the pragmas (WAL, `synchronous = FULL`), `BEGIN IMMEDIATE`, the triggers of
//! migration 2, `sqlite_master` and `integrity_check` in `schema.rs`, the error codes in `error.rs`, and the lock file, which becomes an
//! advisory lock and the epoch. The tables and all other statements are the same.

mod error;
mod lane;
mod lock;
mod reads;
mod rows;
mod schema;
mod tables;
mod transaction;
mod write;

use crate::chain::canonical;
use crate::open::{Access, OpenError, sqlite_path};
use crate::verify::{Verified, verify};
use async_trait::async_trait;
use lane::Lane;
use lock::WriterLock;
use recio_core::fact::Fact;
use recio_core::store::{Appended, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::trade::{Fill, Settlement, Trade};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The last facts that are checked whenever a store is opened; [`SqliteStore::verify`] checks all.
const CHECKED_AT_OPEN: u32 = 1_000;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// To write, or to read alone.
    pub access: Access,
    /// Written into every fact. 1 until writers take turns by a lease.
    pub epoch: u64,
    /// What another writer is told of who has the store.
    pub holder: String,
    /// How long a statement waits for a lock that another program holds on the file, such as a backup or a shell.
    pub busy_timeout: Duration,
    /// How long opening waits for another writer to end.
    pub lock_wait: Duration,
}

impl SqliteOptions {
    /// Epoch 1, the process id as holder, five seconds for a busy file, two seconds for another writer.
    #[must_use]
    pub fn new(access: Access) -> Self {
        Self {
            access,
            epoch: 1,
            holder: format!("process {}", std::process::id()),
            busy_timeout: Duration::from_secs(5),
            lock_wait: Duration::from_secs(2),
        }
    }
}

/// A [`Store`] in one SQLite file. Durable when an append returns: WAL, synced at each commit.
///
/// Beside `NAME` lie SQLite's `NAME-wal` and `NAME-shm` (a reader makes these two as well, so it too needs a directory it may write
/// in; left empty, they do no harm), and `NAME.lock`, which a writer holds as long as its process lives: a second one is
/// refused, and after a crash the next one starts at once. Copy a store with SQLite's backup, or all of its files while nobody writes.
///
/// Dropped, it finishes what was handed over and closes in the background; [`SqliteStore::close`] waits for that.
///
/// # Cancel safety
/// A dropped append is done in full or not at all, and appending the same again is safe.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    epoch: u64,
    /// `None` for a reader.
    writer: Option<Lane>,
    reader: Lane,
}

impl SqliteStore {
    /// Opens the file that a `sqlite://` URL names, with the options of [`SqliteOptions::new`].
    ///
    /// # Errors
    /// See [`OpenError`]; [`StoreError::WrongVersion`] inside it where another version made the file, [`StoreError::Damaged`] where it is
    /// not a sound store.
    pub async fn open(url: &str, access: Access) -> Result<Self, OpenError> {
        Self::open_with(url, SqliteOptions::new(access)).await
    }

    /// Opens the file that a `sqlite://` URL names.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open_with(url: &str, options: SqliteOptions) -> Result<Self, OpenError> {
        let path = resolved(&sqlite_path(url)?);
        let base =
            SqliteConnectOptions::new().filename(&path).busy_timeout(options.busy_timeout).create_if_missing(false);
        let writer = match options.access {
            Access::Reader if !path.is_file() => return Err(OpenError::Missing { path }),
            Access::Reader => None,
            Access::Writer => {
                let lock = WriterLock::acquire(&path, &options.holder, options.lock_wait).await?;
                let own = base
                    .clone()
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full);
                let lane = Lane::connect(own, Some(lock)).await.map_err(|source| failed(&path, source))?;
                let prepared = lane.checked_by(async |connection| schema::prepare(connection).await).await;
                Some(prepared.map_err(|source| failed(&path, source))?)
            }
        };
        match sound_reader(base.read_only(true)).await {
            Ok(reader) => Ok(Self { path, epoch: options.epoch, writer, reader }),
            Err(source) => {
                if let Some(writer) = writer {
                    writer.close().await;
                }
                Err(failed(&path, source))
            }
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks the whole store: SQLite's own structures, then all that [`verify`](crate::verify()) checks.
    ///
    /// # Errors
    /// As [`verify`](crate::verify()); sequence 0 where no fact is to blame.
    pub async fn verify(&self) -> Result<Verified, StoreError> {
        self.reader.call(async |connection| schema::integrity(connection).await).await?;
        verify(self).await
    }

    /// Empties orders, fills, positions, settlements and trades and makes them from the facts again, all or nothing. Returns the number of
    /// facts.
    ///
    /// # Errors
    /// The store was opened for reading, cannot be written now, or its facts are damaged.
    pub async fn rebuild(&self) -> Result<u64, StoreError> {
        self.writer()?.call(async |connection| write::rebuild(connection).await).await
    }

    /// Waits until all work handed over is done and the file is closed, after which another writer can open it.
    pub async fn close(self) {
        self.reader.close().await;
        if let Some(writer) = self.writer {
            writer.close().await;
        }
    }

    fn writer(&self) -> Result<&Lane, StoreError> {
        let what = || format!("{} was opened for reading: open it for writing", self.path.display());
        self.writer.as_ref().ok_or_else(|| StoreError::Unavailable(what().into()))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError> {
        let writer = self.writer()?;
        let sealed: Vec<write::Sealed> =
            facts.iter().map(|fact| Ok((fact.clone(), canonical(fact)?))).collect::<Result<_, StoreError>>()?;
        let epoch = self.epoch;
        writer.call(async move |connection| write::append(connection, &sealed, epoch).await).await
    }

    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        self.reader.call(async move |connection| rows::facts(connection, after, limit).await).await
    }

    async fn trades(&self) -> Result<Vec<Trade>, StoreError> {
        self.reader.call(async |connection| reads::trades(connection).await).await
    }

    async fn orders(&self) -> Result<Vec<OrderRow>, StoreError> {
        self.reader.call(async |connection| reads::orders(connection).await).await
    }

    async fn fills(&self) -> Result<Vec<Fill>, StoreError> {
        self.reader.call(async |connection| reads::fills(connection).await).await
    }

    async fn positions(&self) -> Result<Vec<PositionRow>, StoreError> {
        self.reader.call(async |connection| reads::positions(connection).await).await
    }

    async fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
        self.reader.call(async |connection| reads::settlements(connection).await).await
    }
}

/// The path without symbolic links, as far as it exists: one store has one lock, whatever way leads to it.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(whole) = path.canonicalize() {
        return whole;
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (parent.canonicalize(), path.file_name()) {
        (Ok(parent), Some(name)) => parent.join(name),
        (Ok(_) | Err(_), _) => path.to_path_buf(),
    }
}

/// A connection for reading, once schema and last facts were found to be sound.
async fn sound_reader(options: SqliteConnectOptions) -> Result<Lane, StoreError> {
    let check = async |connection: &mut sqlx::SqliteConnection| {
        schema::check(connection).await?;
        let (last, _) = rows::head(connection).await?;
        let after = last.saturating_sub(u64::from(CHECKED_AT_OPEN));
        rows::facts(connection, after, CHECKED_AT_OPEN).await.map(drop)
    };
    Lane::connect(options, None).await?.checked_by(check).await
}

fn failed(path: &Path, source: StoreError) -> OpenError {
    OpenError::Store { path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::sample;
    use recio_core::units::Money;
    use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

    async fn store(directory: &tempfile::TempDir) -> SqliteStore {
        let mut options = SqliteOptions::new(Access::Writer);
        options.busy_timeout = Duration::from_millis(30);
        let url = format!("sqlite://{}/store.db", directory.path().display());
        let store = SqliteStore::open_with(&url, options).await.unwrap();
        store.append(&[sample::account_opened(Money::dollars(1))]).await.unwrap();
        store
    }

    async fn pragma(store: &SqliteStore, sql: &'static str) {
        let run = async move |connection: &mut sqlx::SqliteConnection| {
            sqlx::query(sql).execute(connection).await.map(drop).map_err(error::store_error)
        };
        store.writer.as_ref().unwrap().call(run).await.unwrap();
    }

    fn large(number: u64) -> Vec<Fact> {
        vec![sample::cash_moved(number, Money::dollars(1)), sample::alarm(number, &"x".repeat(100_000))]
    }

    /// Appends while `hurdle` stands, which must say "later", and again when it is gone, which must do it all.
    async fn comes_through(store: &SqliteStore, number: u64, [hurdle, says, gone]: [&'static str; 3]) {
        pragma(store, hurdle).await;
        for _ in 0..2 {
            let answer = store.append(&large(number)).await;
            let Err(StoreError::Unavailable(why)) = answer else { panic!("{hurdle}: {answer:?}") };
            assert!(why.to_string().contains(says), "{hurdle}: {why}");
        }
        let before = store.verify().await.unwrap().last_sequence;
        pragma(store, gone).await;
        let appended = store.append(&large(number)).await.unwrap();
        assert_eq!(appended, Appended { last_sequence: before + 2, added: 2 }, "{hurdle}: nothing was kept by halves");
    }

    #[tokio::test]
    async fn a_full_disk_and_a_read_only_file_pass() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory).await;
        // A limit below what there is holds at what there is: the same SQLITE_FULL as a full disk gives.
        comes_through(&store, 1, ["PRAGMA max_page_count = 1", "is full", "PRAGMA max_page_count = 1000000"]).await;
        comes_through(&store, 2, ["PRAGMA query_only = ON", "readonly", "PRAGMA query_only = OFF"]).await;
        store.verify().await.unwrap();
    }

    #[tokio::test]
    async fn a_file_that_somebody_else_writes_passes() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory).await;
        let mut shell = SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut shell).await.unwrap();
        let answer = store.append(&large(1)).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
        assert_eq!(store.facts(0, 10).await.unwrap().len(), 1, "reading goes on");
        sqlx::query("ROLLBACK").execute(&mut shell).await.unwrap();
        assert_eq!(store.append(&large(1)).await.unwrap().added, 2);
        shell.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_dropped_caller_leaves_no_open_transaction() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory).await;
        for polls in 0..12 {
            {
                let facts = large(polls);
                let mut append = std::pin::pin!(store.append(&facts));
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                for _ in 0..polls {
                    if append.as_mut().poll(&mut context).is_ready() {
                        break;
                    }
                    std::thread::yield_now();
                }
            }
            // Another connection gets the write lock as soon as the work handed over is done: nobody sits in a transaction.
            pragma(&store, "SELECT 1").await;
            let mut shell = SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap();
            for sql in ["BEGIN IMMEDIATE", "ROLLBACK"] {
                sqlx::query(AssertSqlSafe(sql)).execute(&mut shell).await.unwrap();
            }
            shell.close().await.unwrap();
        }
        store.verify().await.unwrap();
    }

    #[tokio::test]
    async fn commits_are_durable_and_the_epoch_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let mut options = SqliteOptions::new(Access::Writer);
        options.epoch = 7;
        let url = format!("sqlite://{}/store.db", directory.path().display());
        let store = SqliteStore::open_with(&url, options).await.unwrap();
        store.append(&[sample::alarm(1, "x")]).await.unwrap();
        let ask = async |connection: &mut sqlx::SqliteConnection| {
            let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
                .fetch_one(&mut *connection)
                .await
                .map_err(error::store_error)?;
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
                .fetch_one(&mut *connection)
                .await
                .map_err(error::store_error)?;
            let epoch: i64 = sqlx::query_scalar("SELECT epoch FROM facts")
                .fetch_one(&mut *connection)
                .await
                .map_err(error::store_error)?;
            Ok((journal, synchronous, epoch))
        };
        // 2 is FULL.
        let answer: (String, i64, i64) = store.writer.as_ref().unwrap().call(ask).await.unwrap();
        assert_eq!(answer, ("wal".to_owned(), 2, 7));
    }
}
