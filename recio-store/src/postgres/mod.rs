//! `PostgresStore`: facts on a server.
//!
//! What is PostgreSQL's own: TLS, roles, the advisory lock of the writer, and connections that get lost. The rest is in [`sql`](crate::sql).

mod commands;
mod connector;
mod grants;
mod listener;
mod options;
mod readers;
mod refusal;
mod settings;
#[cfg(test)]
mod tests;

pub use options::PostgresOptions;
pub use readers::Connections;

use crate::changes::{Signals, follow};
use crate::observations::{
    Observation, ObservationKind, Observations, ObservedBar, ObservedHealth, ObservedSources, ObservedStrikeTable,
    ObservedTick,
};
use crate::open::{Access, OpenError};
use crate::sql::{self, Appends, Connection, Dialect, Lane, Query, observations, was_lost};
use crate::storage::Storage;
use crate::verify::Verified;
use async_trait::async_trait;
use connector::{Connector, Turn, WriterLock};
use listener::Listener;
use options::Target;
use readers::Readers;
use recio_core::command::CommandQueue;
use recio_core::fact::Fact;
use recio_core::market::Asset;
use recio_core::past_keeper::PastKeeper;
use recio_core::price_feed::{Resolution, TimeRange};
use recio_core::settings::SettingsStore;
use recio_core::store::{Appended, Changes, OrderRow, PositionRow, Store, StoreError, StoredFact};
use recio_core::trade::{Fill, Settlement, Trade};
use recio_core::units::{EventTicker, Timestamp};
use refusal::refused;
use sqlx::AssertSqlSafe;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The last facts that are checked whenever a store is opened; [`PostgresStore::verify`] checks all.
const CHECKED_AT_OPEN: u32 = 1_000;

/// A [`Store`] on a PostgreSQL server. Durable when an append returns: `synchronous_commit`, and a server with `fsync` on.
///
/// One connection writes, some read, and one more writes observations once there are any, each on a thread of its own. A lost connection is
/// made anew by the next call, or after a few seconds without one: calls fail as [`StoreError::Unavailable`] while the server is down, and
/// work again afterwards. What waits for the writer's connection is committed together.
///
/// The writer holds an advisory lock in the session that writes, and counts its turn in the table `lease`. A second live writer is refused.
/// A writer that lost its connection gets the lock back, unless another one took a turn meanwhile: then it is told
/// [`StoreError::Fenced`], and can write nothing any more.
///
/// Once somebody follows its facts or commands, a further connection listens for what others commit.
///
/// Dropped, it finishes what was handed over and closes in the background; [`PostgresStore::close`] waits for that.
///
/// # Cancel safety
/// A dropped append is done in full or not at all, and appending the same again is safe.
#[derive(Debug)]
pub struct PostgresStore {
    target: Target,
    /// `None` for a reader.
    writer: Option<Appends>,
    /// Observations go a way of their own, so that facts do not wait for them. Connected by the first one.
    observer: OnceCell<Lane>,
    options: PostgresOptions,
    readers: Readers,
    signals: Arc<Signals>,
    listener: Listener,
}

impl PostgresStore {
    /// Opens the database that a `postgres://` URL names, with the options of [`PostgresOptions::new`].
    ///
    /// `postgres://USER@HOST:PORT/DATABASE`, or `postgres://USER@/DATABASE?host=/run/postgresql` for a Unix socket. A password stands in the
    /// URL, in `PGPASSWORD` or in `~/.pgpass`. `sslmode=verify-full` with `sslrootcert=FILE` checks the server against a CA of your own
    /// (beside the public ones); it is what a server on another machine is asked for where the URL says nothing. `schema=NAME` puts
    /// the tables into a schema of their own, which is made where it is missing.
    ///
    /// # Errors
    /// See [`OpenError`]; [`StoreError::WrongVersion`] inside it where another version made the tables, [`StoreError::Damaged`] where they
    /// are not a sound store.
    pub async fn open(url: &str, access: Access) -> Result<Self, OpenError> {
        Self::open_with(url, PostgresOptions::new(access)).await
    }

    /// Opens the database that a `postgres://` URL names.
    ///
    /// # Errors
    /// As [`PostgresStore::open`].
    pub async fn open_with(url: &str, options: PostgresOptions) -> Result<Self, OpenError> {
        let target = Target::parse(url)?;
        let signals = Arc::<Signals>::default();
        let writer = match options.access {
            Access::Reader => None,
            Access::Writer => Some(writer(&target, &options, &signals).await?),
        };
        match readers(&target, &options).await {
            Ok(readers) => {
                let listener = Listener::new(Connector::reader(&target, &options), &signals);
                Ok(Self { target, writer, observer: OnceCell::new(), options, readers, signals, listener })
            }
            Err(error) => {
                if let Some(writer) = writer {
                    writer.close().await;
                }
                Err(error)
            }
        }
    }

    /// The statements that let a role write facts and nothing more, for the owner of the tables to run (`psql -c`).
    ///
    /// The role may read everything, add facts and whatever else is only ever added to, and change the tables that are made from facts. It
    /// may not change or delete facts, alter a table, or make one: it opens a store whose tables are there already. A role of this kind is the
    /// first of two things that keep facts as they are, the triggers are the second; an owner can drop triggers.
    #[must_use]
    pub fn grants(schema: &str, role: &str) -> String {
        grants::grants(schema, role)
    }

    /// Where it is, without the password.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.target.place
    }

    /// The number of this writer's turn, one more than the last writer's; written into every fact. `None` for a reader.
    #[must_use]
    pub fn epoch(&self) -> Option<u64> {
        self.writer.as_ref().map(Appends::epoch)
    }

    /// How the connections are doing.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.readers.connections(self.writer.as_ref().map(Appends::lane).into_iter().chain(self.observer.get()))
    }

    /// Checks the whole store: all that [`verify`](crate::verify()) checks, and every cell of every table that is made from facts.
    ///
    /// # Errors
    /// As [`verify`](crate::verify()).
    pub async fn verify(&self) -> Result<Verified, StoreError> {
        sql::verify(self, &self.readers).await
    }

    /// Empties all tables that are made from facts and makes them again, all or nothing. Returns the number of facts.
    ///
    /// # Errors
    /// The store was opened for reading, cannot be written now, or its facts are damaged.
    pub async fn rebuild(&self) -> Result<u64, StoreError> {
        self.writer()?.rebuild().await
    }

    /// Waits until all work handed over is done and the connections are closed, after which another writer can open it.
    pub async fn close(self) {
        self.listener.close().await;
        self.readers.close().await;
        if let Some(observer) = self.observer.into_inner() {
            observer.close().await;
        }
        if let Some(writer) = self.writer {
            writer.close().await;
        }
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    pub(crate) fn writer(&self) -> Result<&Appends, StoreError> {
        self.writer.as_ref().ok_or_else(|| self.for_reading())
    }

    /// Writes what everybody may write, not the writer of facts alone: on a connection that reads, because it needs no turn, and the transaction says that it
    /// writes. Never done twice.
    async fn as_anybody<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: AsyncFnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.readers.first()?.call(work).await
    }

    async fn observer(&self) -> Result<&Lane, StoreError> {
        self.writer()?;
        self.observer.get_or_try_init(|| Lane::connect(Connector::observer(&self.target, &self.options))).await
    }

    fn for_reading(&self) -> StoreError {
        let what = format!("{} was opened for reading: open it for writing", self.target.place);
        StoreError::Unavailable(what.into())
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn append(&self, facts: &[Fact]) -> Result<Appended, StoreError> {
        let writer = self.writer()?;
        let was_there = !writer.lane().is_lost();
        match writer.append(facts).await {
            // The server was restarted while nobody asked it for anything, or the answer to a commit was lost. Appending the same again is
            // safe; `added` then tells of this time alone.
            Err(error) if was_there && was_lost(&error) => writer.append(facts).await,
            answer => answer,
        }
    }

    async fn facts(&self, after: u64, limit: u32) -> Result<Vec<StoredFact>, StoreError> {
        self.readers.read(async move |connection| sql::facts(connection, after, limit).await).await
    }

    async fn trades(&self) -> Result<Vec<Trade>, StoreError> {
        self.readers.read(async |connection| sql::trades(connection).await).await
    }

    async fn orders(&self) -> Result<Vec<OrderRow>, StoreError> {
        self.readers.read(async |connection| sql::orders(connection).await).await
    }

    async fn fills(&self) -> Result<Vec<Fill>, StoreError> {
        self.readers.read(async |connection| sql::fills(connection).await).await
    }

    async fn positions(&self) -> Result<Vec<PositionRow>, StoreError> {
        self.readers.read(async |connection| sql::positions(connection).await).await
    }

    async fn settlements(&self) -> Result<Vec<Settlement>, StoreError> {
        self.readers.read(async |connection| sql::settlements(connection).await).await
    }

    async fn changes(&self, after: u64) -> Result<Box<dyn Changes>, StoreError> {
        let changes = follow(self.readers.first()?.downgrade(), &self.signals.facts, after).await?;
        self.listener.begin()?;
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
impl Observations for PostgresStore {
    async fn observe(&self, observations: &[Observation]) -> Result<u64, StoreError> {
        observations::observe(self.observer().await?, Dialect::Postgres, observations).await
    }

    async fn ticks(
        &self,
        asset: Asset,
        source: &str,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedTick>, StoreError> {
        let source = source.to_owned();
        let read = async move |connection: &mut Connection| {
            observations::ticks(connection, asset, &source, range, limit).await
        };
        self.readers.read(read).await
    }

    async fn bars(
        &self,
        asset: Asset,
        source: &str,
        resolution: Resolution,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedBar>, StoreError> {
        let source = source.to_owned();
        let read = async move |connection: &mut Connection| {
            observations::bars(connection, (asset, &source, resolution), range, limit).await
        };
        self.readers.read(read).await
    }

    async fn strike_tables(
        &self,
        event: &EventTicker,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<ObservedStrikeTable>, StoreError> {
        let event = event.clone();
        let read = async move |connection: &mut Connection| {
            observations::strike_tables(connection, &event, range, limit).await
        };
        self.readers.read(read).await
    }

    async fn all_strike_tables(&self, range: TimeRange, limit: u32) -> Result<Vec<ObservedStrikeTable>, StoreError> {
        let read =
            async move |connection: &mut Connection| observations::all_strike_tables(connection, range, limit).await;
        self.readers.read(read).await
    }

    async fn health(&self) -> Result<Vec<ObservedHealth>, StoreError> {
        self.readers.read(async |connection| observations::health(connection).await).await
    }

    async fn all_health(&self, range: TimeRange, limit: u32) -> Result<Vec<ObservedHealth>, StoreError> {
        let read = async move |connection: &mut Connection| observations::all_health(connection, range, limit).await;
        self.readers.read(read).await
    }

    async fn sources(&self) -> Result<ObservedSources, StoreError> {
        self.readers.read(async |connection: &mut Connection| observations::sources(connection).await).await
    }

    async fn forget_before(&self, kind: ObservationKind, time: Timestamp) -> Result<u64, StoreError> {
        observations::forget_before(self.observer().await?, kind, time).await
    }
}

#[async_trait]
impl Storage for PostgresStore {
    async fn verify(&self) -> Result<Verified, StoreError> {
        self.verify().await
    }

    async fn rebuild(&self) -> Result<u64, StoreError> {
        self.rebuild().await
    }
}

/// What a `postgres://` URL says: how to connect, what to call it (without the password), and the schema that it names.
pub(crate) fn target(url: &str) -> Result<(sqlx::postgres::PgConnectOptions, String, Option<String>), OpenError> {
    Target::parse(url).map(|target| (target.connect, target.place, target.schema))
}

/// The lane of a writer: it has the lock, the schema is there and sound, and the turn is taken.
async fn writer(target: &Target, options: &PostgresOptions, signals: &Arc<Signals>) -> Result<Appends, OpenError> {
    let turn = Turn::default();
    let connector = Connector::writer(target, options, turn.clone());
    let lane = Lane::connect(connector).await.map_err(|error| refused(target, error))?;
    let (lock, wait) = (WriterLock::of(target), options.lock_wait);
    let (schema, holder) = (target.schema.clone(), options.holder.clone());
    // One piece of work: the connection that has the lock is the one that takes the turn, and one that is made anew finds it taken.
    let first = async move |connection: &mut Connection| {
        if !lock.acquire(connection, wait).await? {
            return Ok(Err(lock.holder(connection).await?));
        }
        if let Some(schema) = schema {
            make_schema(connection, &schema).await?;
        }
        sql::prepare(connection).await?;
        let epoch = sql::take_turn(connection, &holder).await?;
        Ok(Ok(*turn.get_or_init(|| epoch)))
    };
    let signals = Arc::clone(signals);
    let error = match lane.call(first).await {
        Ok(Ok(epoch)) => return Ok(Appends::new(lane, epoch, move || signals.facts.tell())),
        Ok(Err(holder)) => OpenError::Locked { place: target.place.clone(), holder },
        Err(error) => refused(target, error),
    };
    lane.close().await;
    Err(error)
}

async fn make_schema(connection: &mut Connection, schema: &str) -> Result<(), StoreError> {
    let there = "SELECT CAST(CAST(to_regnamespace($1) IS NOT NULL AS INT) AS BIGINT) AS there";
    if Query::new(there).text(schema).fetch_one(connection).await?.integer("there")? == 0 {
        Query::new(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(connection).await?;
    }
    Ok(())
}

/// Connections for reading, once schema and last facts were found to be sound.
async fn readers(target: &Target, options: &PostgresOptions) -> Result<Readers, OpenError> {
    let connect =
        async || Lane::connect(Connector::reader(target, options)).await.map_err(|error| refused(target, error));
    let check = async |connection: &mut Connection| {
        if sql::is_empty(connection).await? {
            return Ok(false);
        }
        sql::check(connection).await?;
        let (last, _) = sql::head(connection).await?;
        let after = last.saturating_sub(u64::from(CHECKED_AT_OPEN));
        sql::facts(connection, after, CHECKED_AT_OPEN).await?;
        Ok(true)
    };
    let mut readers = Readers::new(connect().await?);
    match readers.read(check).await {
        Ok(true) => {}
        Ok(false) => {
            readers.close().await;
            return Err(OpenError::Missing { place: target.place.clone() });
        }
        Err(error) => {
            readers.close().await;
            return Err(refused(target, error));
        }
    }
    while readers.len() < options.readers.get() {
        match connect().await {
            Ok(lane) => readers.add(lane),
            Err(error) => {
                readers.close().await;
                return Err(error);
            }
        }
    }
    Ok(readers)
}
