//! Is the file a store, of this version, with every table, column and trigger?

use super::error::{damaged, store_error};
use super::transaction::{READ, transaction};
use recio_core::store::StoreError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AssertSqlSafe, SqliteConnection};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The tables with all of their columns: what the migrations make, said a second time to check a store against. Any dialect answers this.
const TABLES: [(&str, &str); 6] = [
    (
        "facts",
        "sequence, kind, version, time_us, prev_hash, hash, body, fact_key, epoch, environment, account, subaccount, exchange_index, run, \
         strategy",
    ),
    (
        "orders",
        "environment, account, subaccount, exchange_index, client_order_id, intent_sequence, changed_sequence, exchange_order_id, trade, \
         strategy, market, event, close_time_us, side, action, limit_units, quantity_hundredths, time_in_force, post_only, purpose, \
         created_time_us, status, filled_hundredths, reason, updated_time_us",
    ),
    (
        "fills",
        "environment, account, subaccount, exchange_index, exchange_order_id, fill_id, sequence, client_order_id, trade, strategy, market, \
         book_side, yes_price_units, quantity_hundredths, fee_micros, liquidity, exchange_time_us",
    ),
    (
        "positions",
        "environment, account, subaccount, exchange_index, market, sequence, position_hundredths, cost_micros, fees_micros, settled",
    ),
    (
        "settlements",
        "environment, account, subaccount, exchange_index, market, sequence, version, event, result, yes_payout_units, revenue_micros, \
         settled_time_us",
    ),
    (
        "trades",
        "environment, account, subaccount, exchange_index, trade, first_sequence, sequence, strategy, market, event, close_time_us, side, \
         status, opened_time_us, closed_time_us, entry_reason, entry_probability_units, entry_asset_price_cents, bought_hundredths, \
         sold_hundredths, cost_micros, proceeds_micros, fees_micros, close_reason",
    ),
];

const TRIGGERS: [&str; 2] = ["facts_are_never_changed", "facts_are_never_deleted"];

/// Makes the tables where there are none, brings older ones up to date, and checks what is there.
pub(super) async fn prepare(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    version(connection).await?;
    MIGRATIONS.run(&mut *connection).await.map_err(migrate_error)?;
    check(connection).await
}

/// Checks what is there, and changes nothing.
pub(super) async fn check(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let found = version(connection).await?;
    if found < needed() {
        let remedy = "open it for writing once with this recio, which brings it up to date";
        return Err(wrong_version(found, remedy));
    }
    for (table, columns) in TABLES {
        let sql = AssertSqlSafe(format!("SELECT {columns} FROM {table} WHERE 1 = 0"));
        if let Err(error) = sqlx::query(sql).fetch_optional(&mut *connection).await {
            let error = store_error(error);
            let StoreError::Damaged { what, .. } = error else { return Err(error) };
            let what = format!("table {table} is not as recio made it ({what}): restore the file from a backup");
            return Err(damaged(0, what));
        }
    }
    for trigger in TRIGGERS {
        let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = $1";
        let there: i64 =
            sqlx::query_scalar(sql).bind(trigger).fetch_one(&mut *connection).await.map_err(store_error)?;
        if there == 0 {
            return Err(damaged(
                0,
                format!("trigger {trigger} is missing, so facts may have been changed: verify the store"),
            ));
        }
    }
    Ok(())
}

/// Walks SQLite's own structures: a flipped bit in an index or a table shows here.
pub(super) async fn integrity(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let sql = "PRAGMA integrity_check(1)";
    let answer: String = sqlx::query_scalar(sql).fetch_one(&mut *connection).await.map_err(store_error)?;
    if answer == "ok" { Ok(()) } else { Err(damaged(0, answer)) }
}

/// The version of the newest migration that was done; 0 for an empty file.
async fn version(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let (tables, migrations, found) = transaction(connection, READ, async |connection| {
        let sql =
            "SELECT count(*), coalesce(sum(name = '_sqlx_migrations'), 0) FROM sqlite_master WHERE type = 'table'";
        let (tables, migrations): (i64, i64) =
            sqlx::query_as(sql).fetch_one(&mut *connection).await.map_err(store_error)?;
        let mut found: i64 = 0;
        if migrations > 0 {
            let sql = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";
            found = sqlx::query_scalar(sql).fetch_one(&mut *connection).await.map_err(store_error)?;
        }
        Ok((tables, migrations, found))
    })
    .await?;
    if tables > 0 && migrations == 0 {
        return Err(wrong_version(0, "it is another program's database; name another file"));
    }
    if found > needed() {
        return Err(wrong_version(found, "a newer recio made it; use that one, or another file"));
    }
    Ok(found)
}

fn needed() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn wrong_version(found: i64, remedy: &str) -> StoreError {
    StoreError::WrongVersion { found, needed: needed(), remedy: remedy.to_owned() }
}

fn migrate_error(error: MigrateError) -> StoreError {
    let foreign = "another program or another build of recio made it; use that one, or another file";
    if let MigrateError::VersionMissing(version) | MigrateError::VersionMismatch(version) = error {
        return wrong_version(version, foreign);
    }
    if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error {
        return store_error(error);
    }
    damaged(0, error.to_string())
}
