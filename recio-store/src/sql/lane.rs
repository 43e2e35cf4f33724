//! A database connection with a thread of its own: work that was handed over is done to its end, whoever still waits for it.

use super::connection::Connection;
use crate::changes::closed;
use async_trait::async_trait;
use recio_core::store::StoreError;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Pieces of work that wait at a connection; the next caller waits for a place. Each holds one append or one read of one caller, and there
/// are few callers.
const QUEUE: usize = 64;

/// Work, given the connection, or why there is none. Says whether it failed.
type Job =
    Box<dyn for<'c> FnOnce(Result<&'c mut Connection, StoreError>) -> Pin<Box<dyn Future<Output = bool> + 'c>> + Send>;

/// Makes the connections of a lane: the first one, and the next after one was lost.
#[async_trait(?Send)]
pub(crate) trait Connect: Send + 'static {
    /// Connects, and sets up all that the connection needs.
    async fn connect(&mut self) -> Result<Connection, StoreError>;

    /// After how long without work a connection is asked whether it is still there, and made anew where it is not; `None` where it cannot
    /// get lost.
    fn idle_check(&self) -> Option<Duration> {
        None
    }
}

/// The sending end of a connection's queue.
///
/// sqlx's futures are polled by the thread alone and never dropped half-way: dropping one inside `BEGIN` or `COMMIT` can leave a connection
/// in a transaction that nobody ends (github.com/launchbadge/sqlx/issues/4393). The thread has its own runtime, so the end of the embedder's
/// runtime interrupts nothing either; the end of the process does, and there the database keeps all of a transaction or nothing.
///
/// After work that failed the connection is asked whether it is still there. Where it is not, the next work gets a new one, or the reason
/// why there is none.
#[derive(Debug)]
pub(crate) struct Lane {
    jobs: mpsc::Sender<Job>,
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "a file does not get lost"))]
    lost: Arc<AtomicBool>,
    ended: oneshot::Receiver<()>,
}

impl Lane {
    /// Connects, on a new thread. What the connector holds (a lock) is let go after the connection was closed.
    pub(crate) async fn connect(connector: impl Connect) -> Result<Self, StoreError> {
        let (jobs, queue) = mpsc::channel::<Job>(QUEUE);
        let (connected, answer) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        let lost = Arc::new(AtomicBool::new(false));
        let watched = lost.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        std::thread::Builder::new()
            .name("recio-store".to_owned())
            .spawn(move || {
                let mut connector = connector;
                runtime.block_on(serve(&mut connector, queue, connected, &watched));
                drop(connector);
                let _ = ending.send(());
            })
            .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        answer.await.map_err(|_| Self::gone())??;
        Ok(Self { jobs, lost, ended })
    }

    /// Has work done on the connection, after all that was handed over before.
    ///
    /// # Cancel safety
    /// Dropped before there was a place in the queue, nothing is done; dropped later, all of it is done and the answer is lost.
    pub(crate) async fn call<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        call(&self.jobs, work).await
    }

    /// Waits for a place in the queue.
    pub(crate) async fn place(&self) -> Result<Place<'_>, StoreError> {
        place(&self.jobs).await
    }

    /// A hand on the connection that does not keep it open.
    pub(crate) fn downgrade(&self) -> WeakLane {
        WeakLane { jobs: self.jobs.downgrade() }
    }

    /// Pieces of work in the queue, at most 64.
    #[cfg(feature = "postgres")]
    pub(crate) fn waiting(&self) -> usize {
        self.jobs.max_capacity() - self.jobs.capacity()
    }

    /// Whether there is no connection, and the next work will ask for one.
    #[cfg(feature = "postgres")]
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits until the thread has ended, which it does before its time only after a panic.
    pub(crate) async fn ended(&self) {
        self.jobs.closed().await;
    }

    /// Why no answer comes any more.
    pub(crate) fn gone() -> StoreError {
        StoreError::Unavailable("the store's thread has ended: open the store again".into())
    }

    /// Has work done whose failure means that the connection is of no use: it is closed before the error is returned.
    #[cfg(feature = "sqlite")]
    pub(crate) async fn checked_by<F>(self, work: F) -> Result<Self, StoreError>
    where
        F: AsyncFnOnce(&mut Connection) -> Result<(), StoreError> + Send + 'static,
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
    pub(crate) async fn close(self) {
        drop(self.jobs);
        let _ = self.ended.await;
    }
}

/// A [`Lane`] for those who must not keep its connection open.
#[derive(Clone, Debug)]
pub(crate) struct WeakLane {
    jobs: mpsc::WeakSender<Job>,
}

impl WeakLane {
    /// As [`Lane::call`], as long as the lane is there.
    pub(crate) async fn call<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        match self.jobs.upgrade() {
            Some(jobs) => call(&jobs, work).await,
            None => Err(closed()),
        }
    }
}

async fn place(jobs: &mpsc::Sender<Job>) -> Result<Place<'_>, StoreError> {
    jobs.reserve().await.map(Place).map_err(|_| Lane::gone())
}

async fn call<T, F>(jobs: &mpsc::Sender<Job>, work: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
{
    let place = place(jobs).await?;
    let (reply, answer) = oneshot::channel();
    place.send(async move |connection| {
        let result = match connection {
            Ok(connection) => work(connection).await,
            Err(error) => Err(error),
        };
        let failed = result.is_err();
        // Nobody may be waiting for it any more.
        let _ = reply.send(result);
        failed
    });
    answer.await.map_err(|_| Lane::gone())?
}

/// A place in a lane's queue.
#[derive(Debug)]
pub(crate) struct Place<'l>(mpsc::Permit<'l, Job>);

impl Place<'_> {
    /// Hands work over. It is given the connection, or why there is none, and says whether it failed.
    pub(crate) fn send<F>(self, work: F)
    where
        F: AsyncFnOnce(Result<&mut Connection, StoreError>) -> bool + Send + 'static,
    {
        self.0.send(Box::new(move |connection| Box::pin(work(connection))));
    }
}

/// Connects, and does what comes until nobody can send any more.
async fn serve(
    connector: &mut impl Connect,
    mut queue: mpsc::Receiver<Job>,
    connected: oneshot::Sender<Result<(), StoreError>>,
    lost: &AtomicBool,
) {
    let mut current = match connector.connect().await {
        Ok(connection) => Some(connection),
        Err(error) => {
            let _ = connected.send(Err(error));
            return;
        }
    };
    let _ = connected.send(Ok(()));
    loop {
        let next = match connector.idle_check() {
            None => Ok(queue.recv().await),
            Some(limit) => tokio::time::timeout(limit, queue.recv()).await,
        };
        match next {
            Ok(None) => break,
            Ok(Some(job)) => {
                let failed = match ready(connector, &mut current).await {
                    Ok(connection) => job(Ok(connection)).await,
                    Err(error) => job(Err(error)).await,
                };
                if failed {
                    drop_if_lost(&mut current).await;
                }
                lost.store(current.is_none(), Ordering::Relaxed);
            }
            Err(_idle) => {
                drop_if_lost(&mut current).await;
                if let Err(error) = ready(connector, &mut current).await {
                    tracing::debug!(%error, "the store's connection is still lost");
                }
                lost.store(current.is_none(), Ordering::Relaxed);
            }
        }
    }
    if let Some(connection) = current
        && let Err(error) = connection.close().await
    {
        tracing::warn!(%error, "the store's connection did not close in order; nothing is lost");
    }
}

/// The connection, made anew where it was lost.
async fn ready<'c>(
    connector: &mut impl Connect,
    current: &'c mut Option<Connection>,
) -> Result<&'c mut Connection, StoreError> {
    match current {
        Some(connection) => Ok(connection),
        None => {
            let connection = connector.connect().await?;
            tracing::info!("the store's connection is back");
            Ok(current.insert(connection))
        }
    }
}

/// Gives a connection up that does not answer.
async fn drop_if_lost(current: &mut Option<Connection>) {
    if let Some(connection) = current
        && let Err(error) = connection.ping().await
    {
        tracing::warn!(%error, "the store's connection was lost");
        *current = None;
    }
}
