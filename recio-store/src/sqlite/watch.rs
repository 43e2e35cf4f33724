//! Who hears of commits to a file: the stores of this process at once, and what other processes write by the version in the file's header.

use crate::changes::Signals;
use crate::sql::store_error;
use recio_core::store::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

/// Between two looks at the version of a file. Nobody sees a twentieth of a second, and a look costs some ten microseconds.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Between two looks after one that failed: there is nothing to hear from a file that cannot be read.
const LOOK_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The files that stores of this process have open. A file is one thing however many stores there are of it, which nothing but a process-wide
/// list can know.
static FILES: Mutex<BTreeMap<PathBuf, Weak<SharedFile>>> = Mutex::new(BTreeMap::new());

/// A file with the stores of this process that have it open.
#[derive(Debug)]
pub(super) struct SharedFile {
    path: PathBuf,
    shared: Mutex<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Held by their stores, so that the listeners of a store end with it.
    signals: Vec<Weak<Signals>>,
    /// A thread looks at the version.
    watched: bool,
}

impl SharedFile {
    /// The file at a path without symbolic links, and what a further store of it tells its listeners by.
    pub(super) fn join(path: &Path) -> (Arc<Self>, Arc<Signals>) {
        let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|_, file| file.strong_count() > 0);
        let file = files.get(path).and_then(Weak::upgrade).unwrap_or_else(|| {
            let file = Arc::new(Self { path: path.to_path_buf(), shared: Mutex::default() });
            files.insert(path.to_path_buf(), Arc::downgrade(&file));
            file
        });
        let signals = Arc::new(Signals::default());
        file.shared().signals.push(Arc::downgrade(&signals));
        (file, signals)
    }

    /// Facts were committed.
    pub(super) fn tell_facts(&self) {
        self.each(|signals| signals.facts.tell());
    }

    /// The queue of commands was changed.
    pub(super) fn tell_commands(&self) {
        self.each(|signals| signals.commands.tell());
    }

    /// There are new settings.
    pub(super) fn tell_settings(&self) {
        self.each(|signals| signals.settings.tell());
    }

    /// Something was committed, nobody knows what.
    fn tell_all(&self) {
        self.each(|signals| {
            signals.facts.tell();
            signals.commands.tell();
            signals.settings.tell();
        });
    }

    /// Sees to it that commits of other processes are heard of, as long as anybody listens. Call it after the listening has begun.
    pub(super) fn watch(self: &Arc<Self>, options: &SqliteConnectOptions) -> Result<(), StoreError> {
        let mut shared = self.shared();
        if shared.watched {
            return Ok(());
        }
        let (file, options) = (Arc::clone(self), options.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(cannot)?;
        std::thread::Builder::new()
            .name("recio-changes".to_owned())
            .spawn(move || runtime.block_on(file.look_on(options)))
            .map_err(cannot)?;
        shared.watched = true;
        Ok(())
    }

    async fn look_on(&self, options: SqliteConnectOptions) {
        let mut connection = None;
        // The first look always differs from none, so that what was committed before it is not missed.
        let mut known = None;
        while self.is_heard() {
            let pause = match version(&mut connection, &options).await {
                Ok(version) => {
                    if known.replace(version) != Some(version) {
                        self.tell_all();
                    }
                    LOOK_EVERY
                }
                Err(error) => {
                    if known.take().is_some() {
                        tracing::warn!(%error, "{} cannot be watched for changes; it is tried again", self.path.display());
                    }
                    // Another connection counts from another number.
                    close(connection.take()).await;
                    LOOK_AFTER_FAILURE
                }
            };
            tokio::time::sleep(pause).await;
        }
        close(connection).await;
    }

    /// Whether anybody listens. If not, the watching counts as over from this very moment: whoever listens next begins another.
    fn is_heard(&self) -> bool {
        let mut shared = self.shared();
        shared.watched = shared
            .signals
            .iter()
            .filter_map(Weak::upgrade)
            .any(|signals| signals.facts.is_heard() || signals.commands.is_heard() || signals.settings.is_heard());
        shared.watched
    }

    fn each(&self, tell: impl Fn(&Signals)) {
        self.shared().signals.retain(|signals| signals.upgrade().inspect(|signals| tell(signals)).is_some());
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that is another one after any commit to the file but those of the connection itself.
///
/// Source: sqlite.org/pragma.html#pragma_data_version. Read 2026-11-22.
async fn version(connection: &mut Option<SqliteConnection>, options: &SqliteConnectOptions) -> Result<i64, StoreError> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(options.connect().await.map_err(store_error)?),
    };
    sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await.map_err(store_error)
}

async fn close(connection: Option<SqliteConnection>) {
    if let Some(connection) = connection
        && let Err(error) = connection.close().await
    {
        tracing::debug!(%error, "a connection that watched for changes did not close in order");
    }
}

fn cannot(error: std::io::Error) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::super::{SqliteOptions, SqliteStore};
    use super::*;
    use crate::contract::sample;
    use crate::open::Access;
    use recio_core::store::Store;

    async fn writer_and_reader(directory: &tempfile::TempDir) -> (SqliteStore, SqliteStore) {
        let url = format!("sqlite://{}/store.db", directory.path().display());
        let writer = SqliteStore::open_with(&url, SqliteOptions::new(Access::Writer)).await.unwrap();
        let reader = SqliteStore::open_with(&url, SqliteOptions::new(Access::Reader)).await.unwrap();
        (writer, reader)
    }

    #[tokio::test]
    async fn stores_of_one_file_in_one_process_hear_of_each_other_before_the_append_returns() {
        let directory = tempfile::tempdir().unwrap();
        let (writer, reader) = writer_and_reader(&directory).await;
        // Nothing looks at the file here: what is heard is what was told.
        let (mut facts, commands) = (reader.signals.facts.listen(), reader.signals.commands.listen());
        for number in 1..=3 {
            writer.append(&[sample::alarm(number, "x")]).await.unwrap();
            assert!(facts.has_news(), "append {number} was told");
            facts.next().await.unwrap();
        }
        writer.append(&[sample::alarm(3, "x")]).await.unwrap();
        assert!(!facts.has_news(), "nothing was added, and nothing told");
        assert!(!commands.has_news(), "facts are no commands");
        assert!(!writer.file.shared().watched, "nobody follows, so nobody looks at the file");
    }

    #[tokio::test]
    async fn the_file_is_looked_at_while_somebody_follows() {
        let directory = tempfile::tempdir().unwrap();
        let (writer, reader) = writer_and_reader(&directory).await;
        for _ in 0..2 {
            let (first, second) = (reader.changes(0).await.unwrap(), writer.changes(0).await.unwrap());
            assert!(writer.file.shared().watched);
            drop(first);
            drop(second);
            while writer.file.shared().watched {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    #[tokio::test]
    async fn a_store_that_is_closed_ends_its_followers_and_no_others() {
        let directory = tempfile::tempdir().unwrap();
        let (writer, reader) = writer_and_reader(&directory).await;
        writer.append(&[sample::alarm(1, "x")]).await.unwrap();
        let (mut of_writer, mut of_reader) = (writer.changes(0).await.unwrap(), reader.changes(0).await.unwrap());
        assert_eq!(of_reader.next().await.unwrap().sequence, 1);
        reader.close().await;
        for _ in 0..2 {
            let error = of_reader.next().await.unwrap_err();
            assert!(
                matches!(&error, StoreError::Unavailable(why) if why.to_string().contains("was closed")),
                "{error:?}"
            );
        }
        assert_eq!(of_writer.next().await.unwrap().sequence, 1);
        writer.append(&[sample::alarm(2, "x")]).await.unwrap();
        assert_eq!(of_writer.next().await.unwrap().sequence, 2);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_looked_at_is_tried_again() {
        let directory = tempfile::tempdir().unwrap();
        let (writer, _) = writer_and_reader(&directory).await;
        let mut connection = None;
        let nowhere = SqliteConnectOptions::new().filename(directory.path().join("no.db")).read_only(true);
        assert!(version(&mut connection, &nowhere).await.is_err());
        assert!(connection.is_none(), "the next look connects again");
        let first = version(&mut connection, &writer.watching).await.unwrap();
        assert_eq!(version(&mut connection, &writer.watching).await.unwrap(), first, "nothing was committed");
        writer.append(&[sample::alarm(1, "x")]).await.unwrap();
        assert_ne!(version(&mut connection, &writer.watching).await.unwrap(), first);
        close(connection).await;
    }
}
