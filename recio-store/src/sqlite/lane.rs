//! A database connection with a thread of its own: work that was handed over is done to its end, whoever still waits for it.

use super::error::store_error;
use super::lock::WriterLock;
use recio_core::store::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::pin::Pin;
use tokio::sync::{mpsc, oneshot};

/// Pieces of work that wait at a connection; the next caller waits for a place. Each holds one append or one read of one caller, and there
/// are few callers.
const QUEUE: usize = 64;

type Job = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> Pin<Box<dyn Future<Output = ()> + 'c>> + Send>;

/// The sending end of a connection's queue.
///
/// sqlx's futures are polled by the thread alone and never dropped half-way: dropping one inside `BEGIN` or `COMMIT` can leave a connection
/// in a transaction that nobody ends (github.com/launchbadge/sqlx/issues/4393). The thread has its own runtime, so the end of the embedder's
/// runtime interrupts nothing either; the end of the process does, and there SQLite keeps all of a transaction or nothing.
#[derive(Debug)]
pub(super) struct Lane {
    jobs: mpsc::Sender<Job>,
    ended: oneshot::Receiver<()>,
}

impl Lane {
    /// Connects, on a new thread. The lock is let go after the connection was closed.
    pub(super) async fn connect(options: SqliteConnectOptions, lock: Option<WriterLock>) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel::<Job>(QUEUE);
        let (connected, answer) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        std::thread::Builder::new()
            .name("recio-store".to_owned())
            .spawn(move || {
                runtime.block_on(serve(options, queue, connected));
                drop(lock);
                let _ = ending.send(());
            })
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        answer.await.map_err(|_| gone())??;
        Ok(Self { jobs, ended })
    }

    /// Has work done on the connection, after all that was handed over before.
    ///
    /// # Cancel safety
    /// Dropped before there was a place in the queue, nothing is done; dropped later, all of it is done and the answer is lost.
    pub(super) async fn call<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut SqliteConnection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            Box::pin(async move {
                // Nobody may be waiting for it any more.
                let _ = reply.send(work(connection).await);
            })
        });
        self.jobs.send(job).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Has work done whose failure means that the connection is of no use: it is closed before the error is returned.
    pub(super) async fn checked_by<F>(self, work: F) -> Result<Self, StoreError>
    where
        F: AsyncFnOnce(&mut SqliteConnection) -> Result<(), StoreError> + Send + 'static,
    {
        match self.call(work).await {
            Ok(()) => Ok(self),
            Err(error) => {
                self.close().await;
                Err(error)
            }
        }
    }

    /// Waits until the work handed over is done and the connection is closed.
    pub(super) async fn close(self) {
        drop(self.jobs);
        let _ = self.ended.await;
    }
}

/// Connects, and does what comes until nobody can send any more.
async fn serve(
    options: SqliteConnectOptions,
    mut queue: mpsc::Receiver<Job>,
    connected: oneshot::Sender<Result<(), StoreError>>,
) {
    let mut connection = match options.connect().await {
        Ok(connection) => connection,
        Err(error) => {
            let _ = connected.send(Err(store_error(error)));
            return;
        }
    };
    let _ = connected.send(Ok(()));
    while let Some(job) = queue.recv().await {
        job(&mut connection).await;
    }
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "the store's connection did not close in order; nothing is lost");
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the store's thread has ended: open the store again".into())
}
