//! A server behind a line that fails at the worst moment.

use super::{facts, options, until};
use recio_core::store::{Store, StoreError};
use recio_store::PostgresStore;
use recio_store::testing::{Cluster, psql};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// A connection as anybody's program would make it.
pub(super) async fn connect(url: &str) -> PgConnection {
    // The driver's parser wants a host where psql does without.
    url.replacen("@/", "@localhost/", 1).parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
}

/// All passes.
const OPEN: u8 = 0;
/// The next `COMMIT` reaches the server, and is done; its answer is lost, with the connection.
const LOSES_A_COMMIT: u8 = 1;
/// Nothing comes back any more, and nothing ends.
const SILENT: u8 = 2;

/// Passes bytes between clients and a server's socket.
struct Line {
    state: Arc<AtomicU8>,
    folder: tempfile::TempDir,
}

impl Line {
    fn to(server: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let state = Arc::new(AtomicU8::new(OPEN));
        let (server, shared) = (server.join(".s.PGSQL.5432"), state.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, shared.clone()));
            }
        });
        Self { state, folder }
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://recio@/{database}?host={}", self.folder.path().display())
    }

    fn becomes(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
    }
}

async fn pass(mut client: UnixStream, mut server: UnixStream, state: Arc<AtomicU8>) {
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(length @ 1..) = read else { return };
                let commits = up[..length].windows(7).any(|bytes| bytes == b"COMMIT\0");
                if server.write_all(&up[..length]).await.is_err() { return };
                if commits && state.compare_exchange(LOSES_A_COMMIT, OPEN, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                    // Once the server has answered it is done. The answer goes nowhere.
                    let _ = server.read(&mut down).await;
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(length @ 1..) = read else { return };
                if state.load(Ordering::SeqCst) != SILENT && client.write_all(&down[..length]).await.is_err() { return };
            }
        }
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_commit_doubles_nothing() {
    let cluster = Cluster::start();
    let line = Line::to(cluster.folder());
    let store = PostgresStore::open_with(&line.url("postgres"), options("a")).await.unwrap();
    store.append(&facts(1)).await.unwrap();
    for number in 2..6 {
        line.becomes(LOSES_A_COMMIT);
        let answer = store.append(&facts(number)).await.unwrap();
        assert_eq!(line.state.load(Ordering::SeqCst), OPEN, "an answer was lost");
        assert_eq!((answer.last_sequence, answer.added), (2 * number, 0), "the commit was done, and is found done");
        assert_eq!(store.verify().await.unwrap().last_sequence, 2 * number);
    }
    assert_eq!(store.epoch(), Some(1));
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_and_asked_anew() {
    let cluster = Cluster::start();
    let line = Line::to(cluster.folder());
    let mut short = options("a");
    short.statement_timeout = Duration::from_millis(500);
    short.connect_timeout = Duration::from_millis(500);
    let store = PostgresStore::open_with(&line.url("postgres"), short).await.unwrap();
    store.append(&facts(1)).await.unwrap();
    line.becomes(SILENT);
    let (append, read) = (facts(2), store.facts(0, 10));
    let (append, read) = tokio::join!(store.append(&append), read);
    assert!(matches!(append, Err(StoreError::Unavailable(_))), "{append:?}");
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    line.becomes(OPEN);
    // The connections made meanwhile heard nothing either; the next ones do. Our own old session, which still has the lock, is ended.
    until("the store is back", async || store.append(&facts(2)).await.is_ok()).await;
    assert_eq!(store.verify().await.unwrap().last_sequence, 4);
    assert_eq!(psql(&cluster.url("postgres"), "SELECT epoch FROM lease"), "1");
}
