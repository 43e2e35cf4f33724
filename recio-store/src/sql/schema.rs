//! Is the database a store, of this version, with every table, column and trigger?

use super::connection::{Connection, Dialect};
use super::error::{damaged, store_error};
use super::migrations::{self, needed};
use super::query::Query;
use super::schema_list::{VIEWS, tables, triggers};
use super::transaction::{READ, transaction};
use recio_core::store::StoreError;
use sqlx::AssertSqlSafe;
use sqlx::migrate::MigrateError;

/// Makes the tables where there are none, brings older ones up to date, and checks what is there.
pub(crate) async fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    // A role that may only insert can make no tables, and needs none made.
    if version(connection).await? < needed() {
        migrations::run(connection).await.map_err(migrate_error)?;
    }
    check(connection).await
}

/// Whether there is no table of anybody.
#[cfg(feature = "postgres")]
pub(crate) async fn is_empty(connection: &mut Connection) -> Result<bool, StoreError> {
    let (tables, done) = contents(connection).await?;
    Ok(!tables && done.is_empty())
}

/// Checks what is there, and changes nothing.
pub(crate) async fn check(connection: &mut Connection) -> Result<(), StoreError> {
    let found = version(connection).await?;
    if found < needed() {
        let remedy = "open it for writing once with this recio, which brings it up to date";
        return Err(wrong_version(found, remedy));
    }
    let tables = tables().map(|(table, columns)| ("table", table, columns));
    let views = VIEWS.into_iter().map(|view| ("view", view, "*".to_owned()));
    for (kind, name, columns) in tables.chain(views) {
        let query = Query::new(AssertSqlSafe(format!("SELECT {columns} FROM {name} WHERE 1 = 0")));
        if let Err(error) = query.fetch_optional(connection).await {
            let StoreError::Damaged { what, .. } = error else { return Err(error) };
            let what = format!("{kind} {name} is not as recio made it ({what}): restore the store from a backup");
            return Err(damaged(0, what));
        }
    }
    for (table, trigger) in triggers(connection.dialect()) {
        let sql = match connection.dialect() {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => {
                "SELECT count(*) AS there FROM sqlite_master WHERE type = 'trigger' AND tbl_name = $1 AND name = $2"
            }
            // 'A': it fires always, in replication sessions too.
            #[cfg(feature = "postgres")]
            Dialect::Postgres => {
                "SELECT count(*) AS there FROM pg_trigger WHERE tgrelid = to_regclass($1) AND tgname = $2 AND tgenabled = 'A'"
            }
        };
        if Query::new(sql).text(*table).text(*trigger).fetch_one(connection).await?.integer("there")? == 0 {
            let what = format!("trigger {trigger} is missing, so {table} may have been changed: verify the store");
            return Err(damaged(0, what));
        }
    }
    Ok(())
}

/// The version of the newest migration that was done; 0 for an empty database.
async fn version(connection: &mut Connection) -> Result<i64, StoreError> {
    let (tables, done) = transaction(connection, READ, async |connection| contents(connection).await).await?;
    let found = done.iter().map(|(version, _)| *version).max().unwrap_or(0);
    if done.is_empty() && tables {
        return Err(wrong_version(0, "it is another program's database; name another one"));
    }
    if found > needed() {
        return Err(wrong_version(found, "a newer recio made it; use that one, or another store"));
    }
    for (migration, done) in migrations::of(connection.dialect()).iter().zip(&done) {
        if (migration.version, &hex::encode_upper(&migration.checksum)) != (done.0, &done.1) {
            return Err(wrong_version(done.0, FOREIGN));
        }
    }
    Ok(found)
}

const FOREIGN: &str = "another program or another build of recio made it; use that one, or another store";

/// Whether there are tables of anybody, and the migrations that were done, with their checksums.
async fn contents(connection: &mut Connection) -> Result<(bool, Vec<(i64, String)>), StoreError> {
    let (tables, migrations) = match connection.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => (
            "SELECT count(*) AS tables, count(CASE WHEN name = '_sqlx_migrations' THEN 1 END) AS migrations FROM sqlite_master \
             WHERE type = 'table'",
            "SELECT version, hex(checksum) AS checksum, CASE WHEN success THEN 1 ELSE 0 END AS success FROM _sqlx_migrations \
             ORDER BY version",
        ),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => (
            "SELECT count(*) AS tables, count(CASE WHEN tablename = '_sqlx_migrations' THEN 1 END) AS migrations FROM pg_tables \
             WHERE schemaname = current_schema()",
            "SELECT version, upper(encode(checksum, 'hex')) AS checksum, CAST(CASE WHEN success THEN 1 ELSE 0 END AS BIGINT) AS success \
             FROM _sqlx_migrations ORDER BY version",
        ),
    };
    let row = Query::new(tables).fetch_one(connection).await?;
    let tables = row.integer("tables")? > row.integer("migrations")?;
    let mut done = Vec::new();
    if row.integer("migrations")? > 0 {
        for row in Query::new(migrations).fetch_all(connection).await? {
            let version = row.integer("version")?;
            if row.integer("success")? == 0 {
                let what = format!("migration {version} was begun and never finished: restore the store from a backup");
                return Err(damaged(0, what));
            }
            done.push((version, row.text("checksum")?));
        }
    }
    Ok((tables, done))
}

fn wrong_version(found: i64, remedy: &str) -> StoreError {
    StoreError::WrongVersion { found, needed: needed(), remedy: remedy.to_owned() }
}

fn migrate_error(error: MigrateError) -> StoreError {
    if let MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version) = error {
        return wrong_version(version, FOREIGN);
    }
    if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
        return store_error(error);
    }
    damaged(0, error.to_string())
}
