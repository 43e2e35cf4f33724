//! `SqliteStore`: facts in one file.
//!
//! What is SQLite's own: the pragmas (WAL, `synchronous = FULL`), the lock file, and `integrity_check`. The rest is in [`sql`](crate::sql).

mod commands;
mod lock;
mod observations;
mod settings;
mod watch;

use crate::changes::{Signals, follow};
use crate::open::{Access, OpenError, sqlite_path};
use crate::sql::{self, Appends, Connect, Connection, Lane, Query, damaged, store_error};
use crate::storage::Storage;
use crate::verify::Verified;
use async_trait::async_trait;
use lock::WriterLock;
use recio_core::command::CommandQueue;
use recio_core::fact::Fact;
use recio_core::past_keeper::PastKeeper;
use recio_core::settings::SettingsStore;
use recio_core::store::{Appended, Changes, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::trade::{Fill, Settlement, Trade};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use watch::SharedFile;

/// The last facts that are checked whenever a store is opened; [`SqliteStore::verify`] checks all.
const CHECKED_AT_OPEN: u32 = 1_000;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// To write, or to read alone.
    pub access: Access,
    /// What another writer is told of who has the store.
    pub holder: String,
    /// How long a statement waits for a lock that another program holds on the file, such as a backup or a shell.
    pub busy_timeout: Duration,
    /// How long opening waits for another writer to end.
    pub lock_wait: Duration,
}

impl SqliteOptions {
    /// The process id as holder, five seconds for a busy file, two seconds for another writer.
    #[must_use]
    pub fn new(access: Access) -> Self {
        Self {
            access,
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
    /// `None` for a reader.
    writer: Option<Appends>,
    reader: Lane,
    file: Arc<SharedFile>,
    signals: Arc<Signals>,
    /// To look at the file's version with.
    watching: SqliteConnectOptions,
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
        let (file, signals) = SharedFile::join(&path);
        let base =
            SqliteConnectOptions::new().filename(&path).busy_timeout(options.busy_timeout).create_if_missing(false);
        let writer = match options.access {
            Access::Reader if !path.is_file() => return Err(OpenError::Missing { place: path.display().to_string() }),
            Access::Reader => None,
            Access::Writer => {
                let lock = WriterLock::acquire(&path, &options.holder, options.lock_wait).await?;
                let own = base
                    .clone()
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full);
                let lane = Lane::connect(File { options: own, _lock: Some(lock) })
                    .await
                    .map_err(|source| failed(&path, source))?;
                Some(first_turn(lane, options.holder, &file).await.map_err(|source| failed(&path, source))?)
            }
        };
        let reading = base.read_only(true);
        match sound_reader(reading.clone()).await {
            Ok(reader) => Ok(Self { path, writer, reader, file, signals, watching: reading }),
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

    /// The number of this writer's turn, one more than the last writer's; written into every fact. `None` for a reader.
    #[must_use]
    pub fn epoch(&self) -> Option<u64> {
        self.writer.as_ref().map(Appends::epoch)
    }

    /// Checks the whole store: SQLite's own structures, all that [`verify`](crate::verify()) checks, and every cell of every table that is made
    /// from facts.
    ///
    /// # Errors
    /// As [`verify`](crate::verify()); sequence 0 where no fact is to blame.
    pub async fn verify(&self) -> Result<Verified, StoreError> {
        self.reader.call(async |connection| integrity(connection).await).await?;
        sql::verify(self, &self.reader).await
    }

    /// Empties all tables that are made from facts and makes them again, all or nothing. Returns the number of facts.
    ///
    /// # Errors
    /// The store was opened for reading, cannot be written now, or its facts are damaged.
    pub async fn rebuild(&self) -> Result<u64, StoreError> {
        self.writer()?.rebuild().await
    }

    /// Waits until all work handed over is done and the file is closed, after which another writer can open it.
    pub async fn close(self) {
        self.reader.close().await;
        if let Some(writer) = self.writer {
            writer.close().await;
        }
    }

    /// Writes what everybody may write, not the writer of facts alone.
    async fn as_anybody<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        if let Some(writer) = &self.writer {
            return writer.lane().call(work).await;
        }
        // People write seldom: a connection for each time is simpler than one that nearly always waits. The file's lock is that of the facts' writer,
        // and is not needed.
        let options = self.watching.clone().read_only(false).synchronous(SqliteSynchronous::Full);
        let lane = Lane::connect(File { options, _lock: None }).await?;
        let done = lane.call(work).await;
        lane.close().await;
        done
    }

    pub(crate) fn reader(&self) -> &Lane {
        &self.reader
    }

    pub(crate) fn writer(&self) -> Result<&Appends, StoreError> {
        let what = || format!("{} was opened for reading: open it for writing", self.path.display());
        self.writer.as_ref().ok_or_else(|| StoreError::Unavailable(what().into()))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError> {
        self.writer()?.append(facts).await
    }

    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        self.reader.call(async move |connection| sql::facts(connection, after, limit).await).await
    }

    async fn trades(&self) -> Result<Vec<Trade>, StoreError> {
        self.reader.call(async |connection| sql::trades(connection).await).await
    }

    async fn orders(&self) -> Result<Vec<OrderRow>, StoreError> {
        self.reader.call(async |connection| sql::orders(connection).await).await
    }

    async fn fills(&self) -> Result<Vec<Fill>, StoreError> {
        self.reader.call(async |connection| sql::fills(connection).await).await
    }

    async fn positions(&self) -> Result<Vec<PositionRow>, StoreError> {
        self.reader.call(async |connection| sql::positions(connection).await).await
    }

    async fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
        self.reader.call(async |connection| sql::settlements(connection).await).await
    }

    async fn changes(&self, after: u64) -> Result<Box<dyn Changes>, StoreError> {
        let changes = follow(self.reader.downgrade(), &self.signals.facts, after).await?;
        self.file.watch(&self.watching)?;
        Ok(changes)
    }

    fn commands(&self) -> Option<&dyn CommandQueue> {
        Some(self)
    }

    fn settings(&self) -> Option<&dyn SettingsStore> {
        Some(self)
    }

    fn past(&self) -> Option<&dyn PastKeeper> {
        Some(self)
    }
}

#[async_trait]
impl Storage for SqliteStore {
    async fn verify(&self) -> Result<Verified, StoreError> {
        self.verify().await
    }

    async fn rebuild(&self) -> Result<u64, StoreError> {
        self.rebuild().await
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

/// The lane of a writer, once the schema is there and sound, and the turn is taken.
async fn first_turn(lane: Lane, holder: String, file: &Arc<SharedFile>) -> Result<Appends, StoreError> {
    let file = Arc::clone(file);
    let turn = async move |connection: &mut Connection| {
        sql::prepare(connection).await?;
        sql::take_turn(connection, &holder).await
    };
    match lane.call(turn).await {
        Ok(epoch) => Ok(Appends::new(lane, epoch, move || file.tell_facts())),
        Err(error) => {
            lane.close().await;
            Err(error)
        }
    }
}

/// A connection for reading, once schema and last facts were found to be sound.
async fn sound_reader(options: SqliteConnectOptions) -> Result<Lane, StoreError> {
    let check = async |connection: &mut Connection| {
        sql::check(connection).await?;
        let (last, _) = sql::head(connection).await?;
        let after = last.saturating_sub(u64::from(CHECKED_AT_OPEN));
        sql::facts(connection, after, CHECKED_AT_OPEN).await.map(drop)
    };
    Lane::connect(File { options, _lock: None }).await?.checked_by(check).await
}

/// Walks SQLite's own structures: a flipped bit in an index or a table shows here.
async fn integrity(connection: &mut Connection) -> Result<(), StoreError> {
    let answer = Query::new("PRAGMA integrity_check(1)").fetch_one(connection).await?.text("integrity_check")?;
    if answer == "ok" { Ok(()) } else { Err(damaged(0, answer)) }
}

/// Opens the file, as often as it has to be.
struct File {
    options: SqliteConnectOptions,
    /// Held for as long as connections may be made.
    _lock: Option<WriterLock>,
}

#[async_trait(?Send)]
impl Connect for File {
    async fn connect(&mut self) -> Result<Connection, StoreError> {
        self.options.connect().await.map(Connection::Sqlite).map_err(store_error)
    }
}

fn failed(path: &Path, source: StoreError) -> OpenError {
    OpenError::Store { place: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::sample;
    use recio_core::units::Money;
    use sqlx::{AssertSqlSafe, Connection as _};

    async fn store(directory: &tempfile::TempDir) -> SqliteStore {
        let mut options = SqliteOptions::new(Access::Writer);
        options.busy_timeout = Duration::from_millis(30);
        let url = format!("sqlite://{}/store.db", directory.path().display());
        let store = SqliteStore::open_with(&url, options).await.unwrap();
        store.append(&[sample::account_opened(Money::dollars(1))]).await.unwrap();
        store
    }

    async fn pragma(store: &SqliteStore, sql: &'static str) {
        let run = async move |connection: &mut Connection| Query::new(sql).execute(connection).await.map(drop);
        store.writer.as_ref().unwrap().lane().call(run).await.unwrap();
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
        let url = format!("sqlite://{}/store.db", directory.path().display());
        SqliteStore::open(&url, Access::Writer).await.unwrap().close().await;
        let store = SqliteStore::open(&url, Access::Writer).await.unwrap();
        assert_eq!(store.epoch(), Some(2), "each writer has a turn of its own");
        store.append(&[sample::alarm(1, "x")]).await.unwrap();
        let ask = async |connection: &mut Connection| {
            let journal = Query::new("PRAGMA journal_mode").fetch_one(connection).await?.text("journal_mode")?;
            let synchronous = Query::new("PRAGMA synchronous").fetch_one(connection).await?.integer("synchronous")?;
            let epoch = Query::new("SELECT epoch FROM facts").fetch_one(connection).await?.integer("epoch")?;
            Ok((journal, synchronous, epoch))
        };
        // 2 is FULL.
        let answer: (String, i64, i64) = store.writer.as_ref().unwrap().lane().call(ask).await.unwrap();
        assert_eq!(answer, ("wal".to_owned(), 2, 2));
    }
}
