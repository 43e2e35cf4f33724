//! Connections to the server: how they are set up, and how a writer's keeps its lock.

use super::options::{PostgresOptions, Target};
use super::refusal::Refusal;
use crate::open::Access;
use crate::sql::{Connect, Connection, Query, Session, lease, store_error};
use async_trait::async_trait;
use recio_core::store::StoreError;
use sha2::{Digest, Sha256};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What the network adds to a statement's own limit.
const ANSWER_MARGIN: Duration = Duration::from_secs(5);

/// The server forgets a client that is gone after this, and with it the client's locks: a probe after ten seconds of silence, three lost
/// ones, and no byte unacknowledged for longer. They mean nothing on a socket of the same machine, where the end of a process shows at once.
const KEEPALIVE: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "25000"),
];

/// The epoch of a writer, once it has taken its turn.
pub(super) type Turn = Arc<OnceLock<u64>>;

/// Makes connections to a server.
pub(super) struct Connector {
    connect: PgConnectOptions,
    options: PostgresOptions,
    /// `None` for a connection that reads.
    turn: Option<Turn>,
    lock: WriterLock,
    /// The server's process behind the last connection of a writer, and when it began.
    last: Option<(i64, String)>,
}

impl Connector {
    pub(super) fn reader(target: &Target, options: &PostgresOptions) -> Self {
        Self::new(target, options, None, &[("default_transaction_read_only", "on")])
    }

    pub(super) fn writer(target: &Target, options: &PostgresOptions, turn: Turn) -> Self {
        Self::new(target, options, Some(turn), &[])
    }

    /// For observations: what a power cut may take of them does not hold up the rest.
    pub(super) fn observer(target: &Target, options: &PostgresOptions) -> Self {
        Self::new(target, options, None, &[("synchronous_commit", "off")])
    }

    fn new(target: &Target, options: &PostgresOptions, turn: Option<Turn>, own: &[(&'static str, &str)]) -> Self {
        let milliseconds = |duration: Duration| duration.as_millis().max(1).to_string();
        let mut settings = vec![
            ("statement_timeout", milliseconds(options.statement_timeout)),
            ("lock_timeout", milliseconds(options.lock_timeout)),
            ("idle_in_transaction_session_timeout", milliseconds(options.idle_in_transaction_timeout)),
            // What a text in a statement means must not depend on the server's settings.
            ("standard_conforming_strings", "on".to_owned()),
        ];
        settings.extend(KEEPALIVE.map(|(name, value)| (name, value.to_owned())));
        settings.extend(own.iter().map(|(name, value)| (*name, (*value).to_owned())));
        if let Some(schema) = &target.schema {
            settings.push(("search_path", schema.clone()));
        }
        let connect = target.connect.clone().application_name(&application_name(&options.holder)).options(settings);
        Self { connect, options: options.clone(), turn, lock: WriterLock::of(target), last: None }
    }

    /// How to connect, and how long that may take, for a connection that only listens.
    pub(super) fn listening(&self) -> (PgConnectOptions, Duration) {
        let name = application_name(&format!("listens for {}", self.options.holder));
        (self.connect.clone().application_name(&name), self.options.connect_timeout)
    }

    /// Connects, and looks whether the server keeps what it is told.
    async fn dial(&self) -> Result<(Connection, (i64, String)), StoreError> {
        let late = || sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the server did not let us in in time"));
        // A connection that is not there yet holds nothing: dropping its future half-way closes the socket.
        let dialed = tokio::time::timeout(self.options.connect_timeout, self.connect.connect()).await;
        let connection = dialed.unwrap_or_else(|_| Err(late())).map_err(store_error)?;
        let limit = self.options.statement_timeout.saturating_add(ANSWER_MARGIN);
        let mut connection = Connection::Postgres(Session::new(connection, limit));
        let backend = self.look(&mut connection).await?;
        Ok((connection, backend))
    }

    async fn look(&self, connection: &mut Connection) -> Result<(i64, String), StoreError> {
        let sql = "SELECT CAST(pg_backend_pid() AS BIGINT) AS pid, \
                   (SELECT CAST(backend_start AS TEXT) FROM pg_stat_activity WHERE pid = pg_backend_pid()) AS begun, \
                   current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commits, \
                   current_setting('server_encoding') AS encoding, CAST(CAST(pg_is_in_recovery() AS INT) AS BIGINT) AS standby";
        let row = Query::new(sql).fetch_one(connection).await?;
        let refusal = |why: &str, remedy: &str| {
            StoreError::Unavailable(Box::new(Refusal { why: why.to_owned(), remedy: remedy.to_owned() }))
        };
        if row.text("encoding")? != "UTF8" {
            let remedy = "make it anew with `createdb --encoding=UTF8 --template=template0`";
            return Err(refusal("the database does not hold all characters", remedy));
        }
        if self.options.access == Access::Writer && self.turn.is_some() {
            if row.integer("standby")? == 1 {
                return Err(refusal(
                    "the server is a standby, which takes no writes",
                    "name the primary, or promote it",
                ));
            }
            if row.text("fsync")? == "off" {
                let remedy = "set `fsync = on` in postgresql.conf";
                return Err(refusal("the server would lose facts in a power cut", remedy));
            }
            if row.text("commits")? == "off" {
                Query::new("SET synchronous_commit = on").execute(connection).await?;
            }
        }
        Ok((row.integer("pid")?, row.text("begun")?))
    }

    /// Gets the writer's lock back on a new connection, where the turn is not over.
    async fn resume(&self, connection: &mut Connection, epoch: u64) -> Result<(), StoreError> {
        still_held(connection, epoch).await?;
        if let Some((pid, begun)) = &self.last {
            // The server may not have noticed that our last connection is gone. It is ours: nobody else's is ended.
            let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE CAST(pid AS BIGINT) = $1 AND CAST(backend_start AS TEXT) = $2";
            Query::new(sql).integer(*pid).text(begun.as_str()).execute(connection).await?;
        }
        if !self.lock.acquire(connection, self.options.lock_timeout).await? {
            let holder = self.lock.holder(connection).await?;
            return Err(StoreError::Unavailable(format!("{holder} holds the lock of the store's writer").into()));
        }
        // Between the first look and the lock, another writer can have come and gone.
        still_held(connection, epoch).await
    }
}

async fn still_held(connection: &mut Connection, epoch: u64) -> Result<(), StoreError> {
    let lease = lease(connection).await?;
    if lease.epoch == epoch { Ok(()) } else { Err(StoreError::Fenced { holder: lease.holder }) }
}

#[async_trait(?Send)]
impl Connect for Connector {
    async fn connect(&mut self) -> Result<Connection, StoreError> {
        let (mut connection, backend) = self.dial().await?;
        if let Some(epoch) = self.turn.as_ref().and_then(|turn| turn.get().copied()) {
            self.resume(&mut connection, epoch).await?;
        }
        self.last = Some(backend);
        Ok(connection)
    }

    fn idle_check(&self) -> Option<Duration> {
        Some(self.options.idle_check)
    }
}

/// The lock of a store's writer: an advisory lock of the server, held by the session that writes. The server lets it go with the session, so
/// that nothing can be written on a connection that does not hold it. A pooler that shares sessions between transactions would break it.
#[derive(Clone, Copy, Debug)]
pub(super) struct WriterLock {
    key: i64,
}

impl WriterLock {
    /// One lock for each schema; the server keeps those of its databases apart.
    pub(super) fn of(target: &Target) -> Self {
        let schema = target.schema.as_deref().unwrap_or("public");
        let hash: [u8; 32] = Sha256::new().chain_update("recio writer ").chain_update(schema).finalize().into();
        let mut key = [0; 8];
        key.copy_from_slice(&hash[..8]);
        Self { key: i64::from_be_bytes(key) }
    }

    /// Waits for the lock. Returns whether it came.
    pub(super) async fn acquire(self, connection: &mut Connection, wait: Duration) -> Result<bool, StoreError> {
        let tried = Query::new("SELECT CAST(CAST(pg_try_advisory_lock($1) AS INT) AS BIGINT) AS got").integer(self.key);
        if tried.fetch_one(connection).await?.integer("got")? == 1 {
            return Ok(true);
        }
        if wait.is_zero() {
            return Ok(false);
        }
        let limit =
            Query::new("SELECT set_config('lock_timeout', $1, false)").text(wait.as_millis().max(1).to_string());
        let before = Query::new("SELECT current_setting('lock_timeout') AS limited").fetch_one(connection).await?;
        limit.execute(connection).await?;
        let waited = Query::new("SELECT pg_advisory_lock($1)").integer(self.key).execute(connection).await;
        let back = Query::new("SELECT set_config('lock_timeout', $1, false)").text(before.text("limited")?);
        back.execute(connection).await?;
        match waited {
            Ok(_) => Ok(true),
            Err(error) if lock_did_not_come(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Who has the lock, as it said itself.
    pub(super) async fn holder(self, connection: &mut Connection) -> Result<String, StoreError> {
        // The halves of the key, as the server's view shows them.
        let sql = "SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
                   WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
                   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                   AND CAST(l.classid AS BIGINT) = ($1 >> 32) & 4294967295 AND CAST(l.objid AS BIGINT) = $1 & 4294967295";
        let row = Query::new(sql).integer(self.key).fetch_optional(connection).await?;
        let name = row.and_then(|row| row.optional_text("name").ok().flatten()).unwrap_or_default();
        // The lease has the whole name, but of the one before while a writer is about to take its turn.
        let leased = lease(connection).await.map(|lease| lease.holder).unwrap_or_default();
        Ok(match (name.as_str(), leased.as_str()) {
            ("", "") => "another process".to_owned(),
            ("", _) => leased,
            (name, leased) if application_name(leased) == name => leased.to_owned(),
            _ => name,
        })
    }
}

fn lock_did_not_come(error: &StoreError) -> bool {
    let StoreError::Unavailable(source) = error else { return false };
    let code = source.downcast_ref::<sqlx::Error>().and_then(|error| error.as_database_error()?.code());
    code.as_deref() == Some("55P03")
}

/// A name as the server shows it: 63 printable ASCII characters.
fn application_name(holder: &str) -> String {
    holder.chars().map(|each| if (' '..='~').contains(&each) { each } else { '?' }).take(63).collect()
}
