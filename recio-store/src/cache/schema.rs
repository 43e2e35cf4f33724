//! Is the file a cache, of this version and this owner? A new file is made one.

use crate::sql::{Connection, Query, WRITE, damaged, transaction};
use recio_core::store::StoreError;

/// `reci` in ASCII: tells a cache from any other SQLite file.
const APPLICATION: i64 = 0x7265_6369;
/// Of the tables below, and of what their bodies hold.
const VERSION: i64 = 1;

/// Rows carry the time at which they were written; what is the newest alone replaces the older.
const TABLES: [&str; 7] = [
    "CREATE TABLE cache (id BIGINT PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL, written_time_us BIGINT, balance_micros BIGINT, \
     balance_time_us BIGINT, head_sequence BIGINT, head_hash TEXT)",
    "CREATE TABLE open_trades (trade TEXT PRIMARY KEY, market TEXT NOT NULL, written_time_us BIGINT NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE open_orders (client_order_id TEXT PRIMARY KEY, market TEXT NOT NULL, written_time_us BIGINT NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE strike_tables (series TEXT PRIMARY KEY, event TEXT NOT NULL, written_time_us BIGINT NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE ticks (asset TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, price_cents BIGINT NOT NULL, \
     exchange_time_us BIGINT NOT NULL, written_time_us BIGINT NOT NULL, PRIMARY KEY (asset, source, kind))",
    "CREATE TABLE bars (asset TEXT NOT NULL, resolution TEXT NOT NULL, start_us BIGINT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, \
     open_cents BIGINT NOT NULL, high_cents BIGINT NOT NULL, low_cents BIGINT NOT NULL, close_cents BIGINT NOT NULL, \
     PRIMARY KEY (asset, resolution, start_us, source, kind)) WITHOUT ROWID",
    "CREATE TABLE waiting_facts (place BIGINT PRIMARY KEY, fact_key TEXT NOT NULL, written_time_us BIGINT NOT NULL, body TEXT NOT NULL)",
];

/// Makes an empty file a cache of this owner, or checks that it is one.
pub(super) async fn prepare(connection: &mut Connection, owner: &str) -> Result<(), StoreError> {
    let sound = Query::new("SELECT quick_check AS sound FROM pragma_quick_check").fetch_one(connection).await?;
    if sound.text("sound")? != "ok" {
        return Err(damaged(0, sound.text("sound")?));
    }
    let tables = Query::new("SELECT count(*) AS tables FROM sqlite_master").fetch_one(connection).await?;
    if tables.integer("tables")? == 0 {
        return make(connection, owner).await;
    }
    let application = Query::new("SELECT application_id FROM pragma_application_id").fetch_one(connection).await?;
    if application.integer("application_id")? != APPLICATION {
        return Err(damaged(0, "it is another program's file"));
    }
    let version = Query::new("SELECT user_version FROM pragma_user_version").fetch_one(connection).await?;
    let found = version.integer("user_version")?;
    if found != VERSION {
        let remedy = "another recio made it".to_owned();
        return Err(StoreError::WrongVersion { found, needed: VERSION, remedy });
    }
    let known = Query::new("SELECT owner FROM cache WHERE id = 1").fetch_optional(connection).await?;
    let known = known.map(|row| row.text("owner")).transpose()?;
    match known {
        Some(known) if known == owner => Ok(()),
        Some(known) => Err(damaged(0, format!("it is the cache of {known}, not of {owner}"))),
        None => Err(damaged(0, "it says not whose it is")),
    }
}

async fn make(connection: &mut Connection, owner: &str) -> Result<(), StoreError> {
    transaction(connection, WRITE, async |connection| {
        for sql in TABLES {
            Query::new(sql).execute(connection).await?;
        }
        Query::new("INSERT INTO cache (id, owner) VALUES (1, $1)").text(owner).execute(connection).await?;
        // Within the transaction: a file is a cache whole, or empty. Pragmas take no parameters.
        for sql in ["PRAGMA application_id = 1919247209", "PRAGMA user_version = 1"] {
            Query::new(sql).execute(connection).await?;
        }
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pragmas_say_what_is_checked() {
        assert_eq!((APPLICATION, VERSION), (1_919_247_209, 1));
    }
}
