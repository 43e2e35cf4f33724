//! What the store and the journal make durable in a second, each beside the bare driver, or the bare file, of the same durability.
//!
//! Everything lies on a disk: in `TMPDIR`, or in `/var/tmp`, which is meant to outlive a boot. The server is one of the bench's own.

mod bare;
mod changes;
mod duel;
mod facts;
mod journal;
mod rows;
mod ticks;

pub(crate) use changes::{follow_as_a_process, to_follow};

use criterion::Criterion;
use recio::store::testing::Cluster;
use recio::store::{Access, PostgresStore, SqliteStore};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Executor};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tokio::runtime::Runtime;

pub(crate) fn benches(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a bench needs a runtime");
    let disk = tempfile::Builder::new().prefix("recio-bench.").tempdir_in(place()).expect("a bench needs a disk");
    // The driver's pools end on a runtime.
    let handle = runtime.handle().clone();
    let _entered = handle.enter();
    let ground = Ground { runtime, disk, cluster: OnceLock::new() };
    journal::benches(criterion, &ground);
    facts::benches(criterion, &ground);
    ticks::benches(criterion, &ground);
    changes::benches(criterion, &ground);
}

/// Where benches of the store take place.
struct Ground {
    runtime: Runtime,
    disk: tempfile::TempDir,
    /// Started by the first bench that needs one.
    cluster: OnceLock<Cluster>,
}

impl Ground {
    /// A new database, whose server syncs what it commits.
    fn database(&self) -> String {
        // Its own defaults in place of the small ones for tests, so that neither side waits for checkpoints all the time.
        let settings = ["shared_buffers = 128MB", "max_wal_size = 1GB"];
        self.cluster.get_or_init(|| Cluster::start_at(&place(), &settings)).database()
    }

    /// A path for a new file.
    fn file(&self, name: &str) -> PathBuf {
        let number = std::fs::read_dir(self.disk.path()).expect("the folder is there").count();
        self.disk.path().join(format!("{number}-{name}"))
    }

    /// A store in a database.
    fn postgres(&self, url: &str, access: Access) -> PostgresStore {
        self.runtime.block_on(PostgresStore::open(url, access)).expect("the server is there")
    }

    /// A store in a file.
    fn sqlite(&self, path: &Path, access: Access) -> SqliteStore {
        let url = format!("sqlite://{}", path.display());
        self.runtime.block_on(SqliteStore::open(&url, access)).expect("the disk is there")
    }

    /// A connection to a database, as the driver makes it.
    fn bare_postgres(&self, url: &str) -> PgConnection {
        // The driver's parser wants a host where psql needs none.
        let options: PgConnectOptions = url.replacen("@/", "@localhost/", 1).parse().expect("a server's URL");
        self.runtime.block_on(options.connect()).expect("the server is there")
    }

    /// A connection to a file, as durable as the store's.
    fn bare_sqlite(&self, path: &Path) -> SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        self.runtime.block_on(options.connect()).expect("the disk is there")
    }

    fn run<'c, C>(&self, connection: C, sql: &'static str)
    where
        C: Executor<'c>,
    {
        self.runtime.block_on(connection.execute(sqlx::raw_sql(sql))).expect("the database takes it");
    }
}

fn place() -> PathBuf {
    std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from)
}
