//! v2's own tables moved aside, and views under their names and columns in their place, so that what read v2's database goes on reading.
//!
//! The views are for reading: they take recio's tables, what was imported, and, for what recio has no table of, v2's own tables, which
//! lie in the schema `v2_backup` from then on. All is one transaction; what was moved is written down, and moved back by undoing it.

mod columns;
mod moves;
mod own;
mod readers;
mod views;

use crate::OpenError;
use recio_core::fact::Environment;
use recio_core::read::BoxError;
use recio_core::settings::MonitorSettings;
use recio_core::units::{AccountName, StrategyId};
use serde::Serialize;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdoptAction {
    /// Move v2's tables aside, and make the views.
    Adopt,
    /// Make the views alone; refused where a table or a view of v2's has their name.
    Views,
    /// Remove the views, and move v2's tables back.
    Undo,
}

/// The monitor whose rules stand under the names of v2's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct AdoptSettings {
    /// Its name.
    pub monitor: StrategyId,
    /// Its rules, as the config has them. The views have the config as it is when they are made, and the store's overrides as they are when they
    /// are read.
    pub rules: MonitorSettings,
}

/// Whose trades the views show, and how it is done.
#[derive(Clone, Debug)]
pub struct AdoptOptions {
    /// The exchange of the account.
    pub environment: Environment,
    /// The account, as the config names it.
    pub account: AccountName,
    /// The account's monitor; without one, the views of settings show v2's own.
    pub settings: Option<AdoptSettings>,
    /// What to do.
    pub action: AdoptAction,
    /// Whether all of it is done and taken back again.
    pub dry_run: bool,
}

/// What was done, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AdoptReport {
    /// Whether it was taken back again.
    pub dry_run: bool,
    /// Tables and views that were moved.
    pub moved: Vec<Moved>,
    /// Views that were made, or removed.
    pub views: Vec<String>,
    /// Tables in v2's schemas that recio does not know: left as they are.
    pub left: Vec<String>,
}

/// A table or a view of v2's on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Its name before.
    pub from: String,
    /// Its name after.
    pub to: String,
}

/// Why nothing was done. The database is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdoptError {
    /// The URL, or no server.
    #[error(transparent)]
    Url(#[from] OpenError),
    /// It is no store of recio's.
    #[error(
        "{0} has no tables of recio's: name the store that the history was imported into (recio import v2), or make it (recio run)"
    )]
    NoStore(String),
    /// Something of v2's stands where a view has to be.
    #[error(
        "{0} is there and no view of recio's: `recio db adopt-v2` moves v2's own tables aside; what is made there afterwards has to be renamed first"
    )]
    InTheWay(String),
    /// The history would disappear from v2's readers.
    #[error(
        "{table} has {rows} rows that were not imported for account {account}: run `recio import v2 --from URL --account {account}` first"
    )]
    NotImported {
        /// v2's table.
        table: String,
        /// Its rows that recio does not have.
        rows: i64,
        /// The account.
        account: String,
    },
    /// Somebody else reads or writes a table that has to be moved.
    #[error("`{0}` had to wait for somebody who uses the table: stop v2's services, and do it again")]
    InUse(String),
    /// There is nothing to undo.
    #[error("{0} has no views of recio's under v2's names, and nothing that was moved aside")]
    NothingToUndo(String),
    /// The server refused a statement.
    #[error("{0}")]
    Refused(String, #[source] BoxError),
}

/// Does it, in one transaction.
///
/// # Errors
/// See [`AdoptError`].
///
/// # Cancel safety
/// Dropped before it returns, all of it is done or nothing: the connection is its own, and the server takes an unfinished transaction back.
pub async fn adopt(url: &str, options: &AdoptOptions) -> Result<AdoptReport, AdoptError> {
    let (connect, place, schema) = crate::postgres::target(url)?;
    let mut connection = connect
        .application_name("recio db adopt-v2")
        .connect()
        .await
        .map_err(|error| refused(format!("{place} cannot be reached"), error))?;
    let result = in_transaction(&mut connection, &place, schema.as_deref(), options).await;
    let end = if result.is_ok() && !options.dry_run { "COMMIT" } else { "ROLLBACK" };
    let ended = run(&mut connection, end).await;
    let report = result?;
    ended?;
    // What counts is done; a server that goes away now takes nothing back.
    let _ = connection.close().await;
    Ok(report)
}

async fn in_transaction(
    connection: &mut PgConnection,
    place: &str,
    schema: Option<&str>,
    options: &AdoptOptions,
) -> Result<AdoptReport, AdoptError> {
    run(connection, "BEGIN").await?;
    // One at a time; and no waiting behind a v2 that still reads and writes.
    run(connection, "SET LOCAL lock_timeout = '10s'").await?;
    run(connection, "SELECT pg_advisory_xact_lock(hashtext('recio db adopt-v2'))").await?;
    if let Some(schema) = schema {
        // The URL's reader has let nothing through but letters, digits and _.
        run(connection, &format!("SET LOCAL search_path = {schema}")).await?;
    }
    let there: bool =
        ask(connection, "SELECT to_regclass('imported_records') IS NOT NULL AND to_regclass('trades') IS NOT NULL")
            .await?;
    if !there {
        return Err(AdoptError::NoStore(place.to_owned()));
    }
    let mut report = AdoptReport { dry_run: options.dry_run, ..AdoptReport::default() };
    if options.action == AdoptAction::Undo {
        report.views = views::remove(connection).await?;
        report.moved = moves::back(connection).await?;
        if report.views.is_empty() && report.moved.is_empty() {
            return Err(AdoptError::NothingToUndo(place.to_owned()));
        }
        return Ok(report);
    }
    views::remove(connection).await?;
    moves::prepare(connection).await?;
    if options.action == AdoptAction::Adopt {
        moves::imported(connection, options).await?;
        report.moved = moves::aside(connection).await?;
    }
    report.views = views::install(connection, options).await?;
    readers::admit(connection).await?;
    report.left = moves::left(connection).await?;
    Ok(report)
}

async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), AdoptError> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    let what = || sql.lines().next().unwrap_or(sql).chars().take(120).collect::<String>();
    done.map(drop).map_err(|error| {
        // lock_not_available
        let waited =
            error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "55P03");
        if waited { AdoptError::InUse(what()) } else { refused(format!("the server refused `{}`", what()), error) }
    })
}

async fn ask(connection: &mut PgConnection, sql: &str) -> Result<bool, AdoptError> {
    let answer = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(connection).await;
    answer.map_err(|error| refused("the database's own catalog cannot be read".to_owned(), error))
}

/// The first column of the rows as text.
async fn list(connection: &mut PgConnection, sql: &str) -> Result<Vec<String>, AdoptError> {
    let answer = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(connection).await;
    answer.map_err(|error| refused("the database's own catalog cannot be read".to_owned(), error))
}

fn refused(what: String, error: sqlx::Error) -> AdoptError {
    AdoptError::Refused(what, Box::new(error))
}

/// Where a table of this name was moved to, quoted.
fn moved(name: &str) -> String {
    format!("v2_backup.{}", quoted(&name.replace('.', "__")))
}

/// Text as a literal.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name with its schema, quoted.
fn quoted(name: &str) -> String {
    name.split('.').map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect::<Vec<_>>().join(".")
}
