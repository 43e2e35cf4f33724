//! Damage of every kind is found, and named.

use recio_core::market::{BookSide, MarketResult};
use recio_core::store::{Store, StoreError};
use recio_core::trade::{OrderStatus, TradeStatus};
use recio_core::units::{Money, Quantity};
use recio_store::contract::sample;
use recio_store::{Access, OpenError, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection};
use std::path::Path;

/// Opens a database as anybody's shell would.
pub(crate) async fn shell(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}

/// Runs statements on a database.
pub(crate) async fn sqlite(path: &Path, sql: &str) {
    let mut connection = shell(path).await;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn facts() -> Vec<recio_core::fact::Fact> {
    vec![
        sample::account_opened(Money::dollars(100)),
        sample::intent("c-1", 1),
        sample::trade("t-1", TradeStatus::Pending, Quantity::ZERO),
        sample::order_changed("c-1", Some("x-1"), OrderStatus::Filled, "10"),
        sample::filled(sample::fill("x-1", "f-1", "M", BookSide::Bid, "0.56", "10")),
        sample::filled(sample::fill("x-1", "f-2", "N", BookSide::Ask, "0.31", "3")),
        sample::trade("t-1", TradeStatus::Closed, Quantity::contracts(10)),
        sample::settled("M", MarketResult::Yes, Money::dollars(10), 1),
    ]
}

/// A closed store with facts of all kinds, in a directory of its own.
async fn made() -> (tempfile::TempDir, std::path::PathBuf, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let url = format!("sqlite://{}", path.display());
    let store = SqliteStore::open(&url, Access::Writer).await.unwrap();
    store.append(&facts()).await.unwrap();
    store.close().await;
    (directory, path, url)
}

/// What opening and verifying say.
async fn checked(url: &str) -> Result<u64, StoreError> {
    match SqliteStore::open(url, Access::Writer).await {
        Ok(store) => {
            let answer = store.verify().await;
            store.close().await;
            answer.map(|verified| verified.last_sequence)
        }
        Err(OpenError::Store { source, .. }) => Err(source),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn facts_are_never_changed_or_deleted() {
    let (_directory, path, url) = made().await;
    let mut connection = shell(&path).await;
    for sql in ["UPDATE facts SET epoch = 2 WHERE sequence = 1", "DELETE FROM facts WHERE sequence = 8"] {
        let error = sqlx::query(sql).execute(&mut connection).await.unwrap_err();
        assert!(error.to_string().contains("facts are never"), "{error}");
    }
    connection.close().await.unwrap();
    assert_eq!(checked(&url).await.unwrap(), 8);
}

#[tokio::test]
async fn a_changed_fact_is_named() {
    let hash = "0".repeat(64);
    for (column, new) in [
        ("kind", "'alarm'"),
        ("version", "0"),
        ("time_us", "time_us + 1"),
        ("prev_hash", &format!("'{hash}'")),
        ("hash", &format!("'{hash}'")),
        ("hash", "upper(hash)"),
        ("body", "replace(body, '0.560000', '0.570000') || ' '"),
        ("body", "substr(body, 2)"),
        ("fact_key", "'fill/x-1/f-9'"),
        ("environment", "'kalshi'"),
        ("account", "'other'"),
        ("subaccount", "1"),
        ("exchange_index", "0"),
        ("run", "'run-9'"),
        ("strategy", "'hourly'"),
        ("sequence", "50"),
    ] {
        let (_directory, path, url) = made().await;
        let trigger =
            "CREATE TRIGGER facts_are_never_changed BEFORE UPDATE ON facts BEGIN SELECT RAISE(ABORT, 'no'); END";
        let change = format!(
            "PRAGMA foreign_keys = OFF; DROP TRIGGER facts_are_never_changed; UPDATE facts SET {column} = {new} WHERE sequence = 5; {trigger}"
        );
        sqlite(&path, &change).await;
        match checked(&url).await {
            Err(StoreError::Damaged { sequence, .. }) => assert_eq!(sequence, 5, "{column} = {new}"),
            answer => panic!("{column} = {new} gave {answer:?}"),
        }
    }
}

/// A forger who makes a fact's own hash right is found at the next one.
#[tokio::test]
async fn a_forged_fact_does_not_fit_the_one_after() {
    let (_directory, path, url) = made().await;
    let mut connection = shell(&path).await;
    let row =
        sqlx::query("SELECT prev_hash, body FROM facts WHERE sequence = 5").fetch_one(&mut connection).await.unwrap();
    let (previous, body): (String, String) = (row.get("prev_hash"), row.get("body"));
    let forged = body.replace(r#""yes_price":"0.5600""#, r#""yes_price":"0.0100""#);
    assert_ne!(forged, body);
    let mut bytes = [0; 32];
    hex::decode_to_slice(previous, &mut bytes).unwrap();
    let hash = hex::encode(recio_store::next_hash(&bytes, &forged));
    sqlx::query("DROP TRIGGER facts_are_never_changed").execute(&mut connection).await.unwrap();
    sqlx::query("UPDATE facts SET body = $1, hash = $2 WHERE sequence = 5")
        .bind(forged)
        .bind(hash)
        .execute(&mut connection)
        .await
        .unwrap();
    let trigger = "CREATE TRIGGER facts_are_never_changed BEFORE UPDATE ON facts BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::query(trigger).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    // Found by opening alone, which reads the last facts as any reader of pages does.
    let answer = SqliteStore::open(&url, Access::Reader).await;
    let found = matches!(&answer, Err(OpenError::Store { source: StoreError::Damaged { sequence: 6, .. }, .. }));
    assert!(found, "{answer:?}");
}

#[tokio::test]
async fn a_version_of_the_future_is_not_guessed_at() {
    let (_directory, path, url) = made().await;
    sqlite(&path, "INSERT INTO facts SELECT 9, kind, 2, time_us, hash, hash, body, 'k', epoch, environment, account, subaccount, exchange_index, run, strategy FROM facts WHERE sequence = 8").await;
    assert!(matches!(checked(&url).await, Err(StoreError::WrongVersion { found: 2, needed: 1, .. })));
}

#[tokio::test]
async fn a_table_that_differs_from_the_facts_is_found_and_rebuilt() {
    for change in [
        "UPDATE positions SET position_hundredths = position_hundredths - 1 WHERE market = 'N'",
        "DELETE FROM fills WHERE fill_id = 'f-1'",
        "UPDATE orders SET changed_sequence = NULL",
        "UPDATE orders SET exchange_order_id = 'x-9'",
        "UPDATE trades SET sequence = 3",
        "UPDATE trades SET sequence = 5",
        "DELETE FROM settlements",
    ] {
        let (_directory, path, url) = made().await;
        let before = dump(&path).await;
        sqlite(&path, change).await;
        assert!(matches!(checked(&url).await, Err(StoreError::Damaged { .. })), "{change}");
        let store = SqliteStore::open(&url, Access::Writer).await.unwrap();
        assert_eq!(store.rebuild().await.unwrap(), 8);
        assert_eq!(store.verify().await.unwrap().last_sequence, 8, "{change}");
        store.close().await;
        assert_eq!(dump(&path).await, before, "{change}: what is rebuilt is what was kept");
    }
}

#[tokio::test]
async fn a_lost_column_table_or_trigger_refuses_to_open() {
    let (_directory, path, _) = made().await;
    let mut connection = shell(&path).await;
    let sql = "SELECT m.name AS t, c.name AS c FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE '\\_%' ESCAPE '\\'";
    let columns: Vec<(String, String)> = sqlx::query(sql)
        .fetch_all(&mut connection)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get("t"), row.get("c")))
        .filter(|(table, _): &(String, String)| !table.starts_with("sqlite_"))
        .collect();
    connection.close().await.unwrap();
    assert!(columns.len() > 90, "every column of every table: {}", columns.len());
    let mut changes: Vec<String> =
        columns.iter().map(|(table, column)| format!("ALTER TABLE {table} RENAME COLUMN {column} TO gone")).collect();
    changes.push("DROP TABLE trades".to_owned());
    changes.push("DROP TRIGGER facts_are_never_changed".to_owned());
    changes.push("DROP TRIGGER facts_are_never_deleted".to_owned());
    for (number, change) in changes.iter().enumerate() {
        // Each its own, because SQLite's files beside a database outlive it.
        let copy = path.with_file_name(format!("copy-{number}.db"));
        std::fs::copy(&path, &copy).unwrap();
        sqlite(&copy, change).await;
        let answer = SqliteStore::open(&format!("sqlite://{}", copy.display()), Access::Reader).await;
        let damaged = matches!(&answer, Err(OpenError::Store { source: StoreError::Damaged { .. }, .. }));
        assert!(damaged, "{change}: {answer:?}");
    }
}

#[tokio::test]
async fn a_flipped_byte_never_changes_what_is_read() {
    let (_directory, path, _) = made().await;
    let sound = std::fs::read(&path).unwrap();
    let truth = SqliteStore::open(&format!("sqlite://{}", path.display()), Access::Reader).await.unwrap();
    let wanted = truth.facts(0, 100).await.unwrap();
    // Every 97th byte: a prime, so that all parts of all pages are met in time.
    let (mut found, mut harmless) = (0, 0);
    for at in (0..sound.len()).step_by(97) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x04;
        let copy = path.with_file_name(format!("flipped-{at}.db"));
        std::fs::write(&copy, bytes).unwrap();
        let Ok(store) = SqliteStore::open(&format!("sqlite://{}", copy.display()), Access::Reader).await else {
            found += 1;
            continue;
        };
        match (store.verify().await, store.facts(0, 100).await) {
            (Ok(_), Ok(facts)) => {
                assert_eq!(facts, wanted, "byte {at} changed the facts and nobody noticed");
                harmless += 1;
            }
            (Err(_), _) | (_, Err(_)) => found += 1,
        }
        store.close().await;
    }
    assert!(found > 20, "{found} flips found, {harmless} without effect");
}

/// All rows of the tables that are made from facts, as text.
pub(crate) async fn dump(path: &Path) -> String {
    let mut connection = shell(path).await;
    let mut text = String::new();
    for table in ["orders", "fills", "positions", "settlements", "trades"] {
        let info =
            format!("SELECT group_concat('quote(' || name || ')', ' || '','' || ') FROM pragma_table_info('{table}')");
        let columns: String = sqlx::query_scalar(AssertSqlSafe(info)).fetch_one(&mut connection).await.unwrap();
        let rows = format!("SELECT {columns} FROM {table} ORDER BY 1");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(&mut connection).await.unwrap();
        text.push_str(&format!("{table}\n{}\n", rows.join("\n")));
    }
    connection.close().await.unwrap();
    text
}
