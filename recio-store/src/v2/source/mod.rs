//! v2's own stores, opened for reading alone.

mod names;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use names::Role;
pub(super) use names::lacking;

use super::row::RawRow;
use recio_core::imported::ImportSource;
use recio_core::read::BoxError;
use std::path::{Path, PathBuf};

/// Rows read at a time.
pub(crate) const PAGE: usize = 1_000;

/// A store of v2's: a PostgreSQL database, or one SQLite file.
///
/// It is read in one transaction, so that rows and sums are of one moment also while v2 still runs, and nothing is ever written to it.
#[derive(Debug)]
pub struct V2Source {
    name: String,
    kind: ImportSource,
    tables: Vec<V2Table>,
    reader: Reader,
}

/// A table that was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct V2Table {
    /// The schema; empty in a SQLite file.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is to an import.
    pub role: Role,
    /// Its rows.
    pub rows: u64,
    /// Its columns, as the store spells them.
    #[serde(skip)]
    pub(crate) columns: Vec<String>,
}

#[derive(Debug)]
enum Reader {
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::PostgresReader>),
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::SqliteReader),
}

/// Why a store of v2's cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// There is no such file.
    #[error("there is no file {}: name one of v2's SQLite files, or its database as postgres://…", .0.display())]
    Missing(PathBuf),
    /// The URL has to be changed.
    #[error(transparent)]
    Url(#[from] crate::OpenError),
    /// This recio was built without the database.
    #[error("{0} cannot be read: this recio was built without the feature `{1}`")]
    NotBuilt(String, &'static str),
    /// None of v2's tables that hold history is there.
    #[error("{0} has none of v2's tables of trades, orders, settings or prices: {1}")]
    NotV2(String, String),
    /// It cannot be opened or read.
    #[error("{name} cannot be read")]
    Database {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: BoxError,
    },
}

impl V2Source {
    /// Opens what a text names: `postgres://…`, `sqlite://PATH`, or a path.
    ///
    /// # Errors
    /// See [`SourceError`]; a store with none of v2's tables that hold history is refused.
    pub async fn open(from: &str) -> Result<Self, SourceError> {
        let (kind, name, reader, mut tables) = if from.starts_with("postgres://") || from.starts_with("postgresql://") {
            Self::open_postgres(from).await?
        } else {
            Self::open_sqlite(Path::new(from.strip_prefix("sqlite://").unwrap_or(from))).await?
        };
        tables.sort_by(|left, right| (&left.schema, &left.name).cmp(&(&right.schema, &right.name)));
        let known = tables.iter().any(|table| matches!(table.role, Role::Records(_) | Role::Prices(_)));
        let source = Self { name, kind, tables, reader };
        if known {
            return Ok(source);
        }
        let there: Vec<String> = source.tables.iter().map(V2Table::to_string).take(5).collect();
        let there =
            if there.is_empty() { "it has no tables".to_owned() } else { format!("it has {}", there.join(", ")) };
        Err(SourceError::NotV2(source.name.clone(), there))
    }

    #[cfg(feature = "postgres")]
    async fn open_postgres(url: &str) -> Result<(ImportSource, String, Reader, Vec<V2Table>), SourceError> {
        let (options, name, _) = crate::postgres::target(url)?;
        let (reader, tables) = postgres::PostgresReader::open(options).await.map_err(failed(&name))?;
        Ok((ImportSource::Postgres, name, Reader::Postgres(Box::new(reader)), tables))
    }

    #[cfg(not(feature = "postgres"))]
    #[expect(clippy::unused_async, reason = "it is asynchronous where the database is built in")]
    async fn open_postgres(url: &str) -> Result<(ImportSource, String, Reader, Vec<V2Table>), SourceError> {
        let _ = url;
        Err(SourceError::NotBuilt("a database on a server".to_owned(), "postgres"))
    }

    #[cfg(feature = "sqlite")]
    async fn open_sqlite(path: &Path) -> Result<(ImportSource, String, Reader, Vec<V2Table>), SourceError> {
        if !path.is_file() {
            return Err(SourceError::Missing(path.to_owned()));
        }
        let name = path.display().to_string();
        let (reader, tables) = sqlite::SqliteReader::open(path).await.map_err(failed(&name))?;
        Ok((ImportSource::Sqlite, name, Reader::Sqlite(reader), tables))
    }

    #[cfg(not(feature = "sqlite"))]
    #[expect(clippy::unused_async, reason = "it is asynchronous where the database is built in")]
    async fn open_sqlite(path: &Path) -> Result<(ImportSource, String, Reader, Vec<V2Table>), SourceError> {
        Err(SourceError::NotBuilt(path.display().to_string(), "sqlite"))
    }

    /// What it is called: the path, or the URL without the password.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> ImportSource {
        self.kind
    }

    /// Every table that was found, also those that are not imported.
    #[must_use]
    pub fn tables(&self) -> &[V2Table] {
        &self.tables
    }

    /// Begins to read a table, in the order in which its rows were written as far as the store tells it.
    pub(crate) async fn begin(&mut self, table: &V2Table) -> Result<(), SourceError> {
        let failed = failed(&self.name);
        match &mut self.reader {
            #[cfg(feature = "postgres")]
            Reader::Postgres(reader) => reader.begin(table).await.map_err(failed),
            #[cfg(feature = "sqlite")]
            Reader::Sqlite(reader) => {
                reader.begin(table);
                let _ = failed;
                Ok(())
            }
        }
    }

    /// The next rows of the table that was begun; none at its end.
    pub(crate) async fn page(&mut self) -> Result<Vec<RawRow>, SourceError> {
        let failed = failed(&self.name);
        match &mut self.reader {
            #[cfg(feature = "postgres")]
            Reader::Postgres(reader) => reader.page().await.map_err(failed),
            #[cfg(feature = "sqlite")]
            Reader::Sqlite(reader) => reader.page().await.map_err(failed),
        }
    }

    /// Whether a column has any value twice.
    pub(crate) async fn repeats(&mut self, table: &V2Table, column: &str) -> Result<bool, SourceError> {
        let failed = failed(&self.name);
        match &mut self.reader {
            #[cfg(feature = "postgres")]
            Reader::Postgres(reader) => reader.repeats(table, column).await.map_err(failed),
            #[cfg(feature = "sqlite")]
            Reader::Sqlite(reader) => reader.repeats(table, column).await.map_err(failed),
        }
    }
}

fn failed(name: &str) -> impl FnOnce(sqlx::Error) -> SourceError + use<> {
    let name = name.to_owned();
    move |error| SourceError::Database { name, source: Box::new(error) }
}

/// A name from the database's own catalog, as a statement may have it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl V2Table {
    /// Its name in v2, also where it was moved aside.
    pub(crate) fn own_name(&self) -> &str {
        if self.schema == names::MOVED {
            self.name.split_once("__").map_or(&self.name, |(_, name)| name)
        } else {
            &self.name
        }
    }

    /// Its whole name, as a statement may have it.
    pub(crate) fn quoted(&self) -> String {
        if self.schema.is_empty() {
            quoted(&self.name)
        } else {
            format!("{}.{}", quoted(&self.schema), quoted(&self.name))
        }
    }
}

impl std::fmt::Display for V2Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.schema.is_empty() { f.pad(&self.name) } else { f.pad(&format!("{}.{}", self.schema, self.name)) }
    }
}
