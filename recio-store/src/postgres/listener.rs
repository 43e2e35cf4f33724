//! Hears of what others commit: LISTEN, on a connection and a thread of its own.

use super::connector::Connector;
use crate::changes::Signals;
use recio_core::store::StoreError;
use sqlx::Executor as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::oneshot;

/// What the triggers of migration 9 notify.
const FACTS: &str = "recio_facts";
const COMMANDS: &str = "recio_commands";
const SETTINGS: &str = "recio_settings";

/// Between two tries to connect to a server that is not there, for as long as the store is open.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// After this long without a notification the server is asked whether it is still there: a network that drops packets looks like a quiet
/// market. Nothing else has to be asked, for on a connection that is there a notification does not get lost.
const SILENCE: Duration = Duration::from_secs(10);

/// The listening of a store; it begins when somebody follows, and ends with the store.
#[derive(Debug)]
pub(super) struct Listener {
    connect: PgConnectOptionsShown,
    limit: Duration,
    signals: Weak<Signals>,
    running: Mutex<Option<Running>>,
}

/// The driver prints the password in `Debug`.
#[derive(Clone)]
struct PgConnectOptionsShown(PgConnectOptions);

impl std::fmt::Debug for PgConnectOptionsShown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

#[derive(Debug)]
struct Running {
    /// Dropped, it ends the thread.
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Listener {
    pub(super) fn new(connector: Connector, signals: &Arc<Signals>) -> Self {
        let (connect, limit) = connector.listening();
        let connect = PgConnectOptionsShown(connect);
        Self { connect, limit, signals: Arc::downgrade(signals), running: Mutex::new(None) }
    }

    /// Begins, if it has not yet. Whoever follows listens to the signals already: once the server is asked to notify, all are told to look.
    pub(super) fn begin(&self) -> Result<(), StoreError> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_some() {
            return Ok(());
        }
        let (stop, stopped) = oneshot::channel();
        let (ending, ended) = oneshot::channel();
        let (connect, limit, signals) = (self.connect.0.clone(), self.limit, self.signals.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
        std::thread::Builder::new()
            .name("recio-changes".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        biased;
                        _ = stopped => {}
                        // Dropping it half-way is safe here: the connection has no transaction, and is not used again.
                        () = listen(&connect, limit, &signals) => {}
                    }
                });
                drop(runtime);
                let _ = ending.send(());
            })
            .map_err(cannot)?;
        *running = Some(Running { stop, ended });
        Ok(())
    }

    /// Waits until the connection is closed.
    pub(super) async fn close(self) {
        if let Some(running) = self.running.into_inner().unwrap_or_else(PoisonError::into_inner) {
            drop(running.stop);
            let _ = running.ended.await;
        }
    }
}

/// Listens until the store is gone. A lost connection is made anew, after which all are told to look at what they have not heard of.
async fn listen(connect: &PgConnectOptions, limit: Duration, signals: &Weak<Signals>) {
    let mut failing = false;
    while signals.strong_count() > 0 {
        match listen_once(connect, limit, signals, &mut failing).await {
            Ok(()) => {}
            Err(error) if std::mem::replace(&mut failing, true) => {
                tracing::debug!(%error, "changes are still not heard of");
            }
            Err(error) => tracing::warn!(%error, "changes in the store are not heard of until the server is back"),
        }
        tokio::time::sleep(RETRY_AFTER).await;
    }
}

/// Listens until the connection is lost.
async fn listen_once(
    connect: &PgConnectOptions,
    limit: Duration,
    signals: &Weak<Signals>,
    failing: &mut bool,
) -> Result<(), sqlx::Error> {
    // The driver's listener wants a pool; this one has a single connection, and goes with it.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(limit)
        .max_lifetime(None)
        .idle_timeout(None)
        .test_before_acquire(false)
        .connect_lazy_with(connect.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    // A new connection is made here alone, where everybody is told afterwards.
    listener.eager_reconnect(false);
    in_time(limit, listener.listen_all([FACTS, COMMANDS, SETTINGS])).await?;
    if std::mem::take(failing) {
        tracing::info!("changes in the store are heard of again");
    }
    tell(signals, None);
    loop {
        match tokio::time::timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => tell(signals, Some(notification.channel())),
            Ok(Ok(None)) => return Err(lost("the connection ended")),
            Ok(Err(error)) => return Err(error),
            Err(_silence) => {
                in_time(limit, listener.execute("SELECT 1")).await?;
            }
        }
    }
}

/// Tells those who listen to a channel, or all.
fn tell(signals: &Weak<Signals>, channel: Option<&str>) {
    let Some(signals) = signals.upgrade() else { return };
    for (its, signal) in [(FACTS, &signals.facts), (COMMANDS, &signals.commands), (SETTINGS, &signals.settings)] {
        if channel.is_none_or(|channel| channel == its) {
            signal.tell();
        }
    }
}

async fn in_time<T>(limit: Duration, answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(lost("the server gave no answer")))
}

fn lost(why: &'static str) -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, why))
}

fn cannot(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}
