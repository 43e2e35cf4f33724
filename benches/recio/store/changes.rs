//! From the begin of an append to the follower that has the fact, beside bare LISTEN and NOTIFY.

use super::Ground;
use super::duel::{Way, duel};
use criterion::Criterion;
use recio::core::store::{Changes, Store};
use recio::store::contract::sample;
use recio::store::{Access, SqliteStore, canonical};
use sqlx::postgres::PgListener;
use sqlx::{Connection as _, PgConnection};
use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

pub(super) fn benches(criterion: &mut Criterion, ground: &Ground) {
    let (ours, bare) = (ground.database(), ground.database());
    let (writer, reader) = (ground.postgres(&ours, Access::Writer), ground.postgres(&ours, Access::Reader));
    let mut near = follow(ground, &writer);
    let mut far = follow(ground, &reader);
    let mut connection = ground.bare_postgres(&bare);
    ground.run(&mut connection, "CREATE TABLE bytes (sequence BIGINT PRIMARY KEY, body TEXT NOT NULL)");
    let url = bare.replacen("@/", "@localhost/", 1);
    let mut listener = ground.runtime.block_on(PgListener::connect(&url)).expect("the server is there");
    ground.runtime.block_on(listener.listen("bytes")).expect("the server notifies");
    let ways: Vec<Way<'_>> = vec![
        ("recio, another connection", Box::new(|passes| ground.runtime.block_on(appends(&writer, &mut *far, passes)))),
        ("NOTIFY", Box::new(|passes| ground.runtime.block_on(notifies(&mut connection, &mut listener, passes)))),
    ];
    duel(criterion, ("change_feed", "postgres_across"), 1, ways);
    ground.runtime.block_on(skip(&mut *near));
    let ways: Vec<Way<'_>> = vec![
        ("recio, the same store", Box::new(|passes| ground.runtime.block_on(appends(&writer, &mut *near, passes)))),
        ("NOTIFY", Box::new(|passes| ground.runtime.block_on(notifies(&mut connection, &mut listener, passes)))),
    ];
    duel(criterion, ("change_feed", "postgres_within"), 1, ways);

    let path = ground.file("recio.db");
    let store = ground.sqlite(&path, Access::Writer);
    let mut near = follow(ground, &store);
    let ways: Vec<Way<'_>> =
        vec![("recio", Box::new(|passes| ground.runtime.block_on(appends(&store, &mut *near, passes))))];
    duel(criterion, ("change_feed", "sqlite_within"), 1, ways);
    drop(near);
    let mut process = Process::follow(&path);
    ground.runtime.block_on(process.caught_up(&store));
    let ways: Vec<Way<'_>> =
        vec![("recio, another process", Box::new(|passes| ground.runtime.block_on(process.appends(&store, passes))))];
    duel(criterion, ("change_feed", "sqlite_across"), 1, ways);
}

/// The argument by which this program is one that follows a store and says the sequence of each fact.
const FOLLOW: &str = "--follow-store";

/// The store that this process is to follow, if it was started for that.
pub(crate) fn to_follow() -> Option<String> {
    std::env::args().skip_while(|argument| argument != FOLLOW).nth(1)
}

/// Follows a store until the process is ended.
#[expect(clippy::print_stdout, reason = "whoever started it reads there")]
pub(crate) fn follow_as_a_process(url: &str) {
    let runtime = Runtime::new().expect("a process needs a runtime");
    runtime.block_on(async {
        let store = SqliteStore::open(url, Access::Reader).await.expect("the store is there");
        let mut changes = store.changes(0).await.expect("the store can be followed");
        loop {
            println!("{}", changes.next().await.expect("the store is there").sequence);
        }
    });
}

/// Another process that follows a store.
struct Process {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn follow(path: &Path) -> Self {
        let program = std::env::current_exe().expect("this program is a file");
        let url = format!("sqlite://{}", path.display());
        let mut child = Command::new(program)
            .args([FOLLOW, &url])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts once more");
        let said = BufReader::new(child.stdout.take().expect("it is a pipe")).lines();
        Self { child, said }
    }

    /// Waits until it said the last fact of a store.
    async fn caught_up(&mut self, store: &dyn Store) {
        let last = store.append(&[]).await.expect("the store is there").last_sequence;
        while last > 0 && self.next() < last {}
    }

    fn next(&mut self) -> u64 {
        let line = self.said.next().expect("it goes on").expect("it is a pipe");
        line.parse().expect("it says sequences")
    }

    async fn appends(&mut self, store: &dyn Store, passes: u64) -> Duration {
        let mut took = Duration::ZERO;
        for _ in 0..passes {
            let fact = sample::alarm(number(), "a change");
            let start = Instant::now();
            let appended = store.append(&[fact]).await.expect("the store takes it");
            assert_eq!(self.next(), appended.last_sequence, "each fact is told once");
            took += start.elapsed();
        }
        took
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(ground: &Ground, store: &dyn Store) -> Box<dyn Changes> {
    ground.runtime.block_on(store.changes(0)).expect("the store can be followed")
}

/// Reads all that was appended while nobody asked.
async fn skip(changes: &mut dyn Changes) {
    while tokio::time::timeout(Duration::from_millis(100), changes.next()).await.is_ok() {}
}

async fn appends(store: &dyn Store, changes: &mut dyn Changes, passes: u64) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..passes {
        let fact = sample::alarm(number(), "a change");
        let start = Instant::now();
        let (appended, change) = tokio::join!(store.append(std::slice::from_ref(&fact)), changes.next());
        took += start.elapsed();
        appended.expect("the store takes it");
        assert_eq!(change.expect("it is told").fact, fact);
    }
    took
}

async fn notifies(connection: &mut PgConnection, listener: &mut PgListener, passes: u64) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..passes {
        let number = number();
        let body = canonical(&sample::alarm(number, "a change")).expect("a fact has a canonical form");
        let start = Instant::now();
        let commit = async {
            let mut transaction = connection.begin().await?;
            let insert =
                sqlx::query("INSERT INTO bytes (sequence, body) VALUES ($1, $2)").bind(number as i64).bind(body);
            insert.execute(&mut *transaction).await?;
            sqlx::query("SELECT pg_notify('bytes', '')").execute(&mut *transaction).await?;
            transaction.commit().await
        };
        let (committed, notified) = tokio::join!(commit, listener.recv());
        took += start.elapsed();
        committed.expect("the server takes it");
        notified.expect("the server notifies");
    }
    took
}

fn number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}
