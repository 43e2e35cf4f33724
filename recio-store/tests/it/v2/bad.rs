//! Databases of v2's that are not as they should be, and databases that are none.

use super::adopt::{adopting, catalog};
use super::awkward::{file, options, records, trade};
use super::world::{self, TRADES, Table};
use recio_core::imported::ImportedTable;
use recio_store::testing::{Database, psql};
use recio_store::v2::{AdoptAction, AdoptError, ImportReport, Problem, SourceError, V2Source, adopt, import};
use recio_store::{Access, PostgresStore, SqliteStore};
use sqlx::Connection;
use std::path::Path;

async fn store(directory: &Path) -> SqliteStore {
    SqliteStore::open(&format!("sqlite://{}/recio.db", directory.display()), Access::Writer).await.unwrap()
}

async fn run(store: &SqliteStore, from: &str) -> ImportReport {
    let source = V2Source::open(from).await.unwrap();
    import(store, Some(store), vec![source], &options(false), &mut |_| ()).await.unwrap()
}

async fn refusal(from: &str) -> String {
    match V2Source::open(from).await {
        Err(error @ SourceError::NotV2(..)) => error.to_string(),
        other => panic!("{from}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_database_of_v2_is_refused_and_says_what_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.db");
    std::fs::write(&empty, "").unwrap();
    let text = refusal(empty.to_str().unwrap()).await;
    assert!(text.ends_with("it has no tables"), "{text}");
    // recio's own file has tables of trades, orders and fills too.
    store(directory.path()).await.close().await;
    let text = refusal(directory.path().join("recio.db").to_str().unwrap()).await;
    assert!(text.contains("has none of v2's tables of trades, orders, settings or prices"), "{text}");

    let database = Database::create();
    let text = refusal(database.url()).await;
    assert!(text.ends_with("it has no tables"), "{text}");
    // Somebody else's, with a schema and a table of the same names.
    psql(
        database.url(),
        "CREATE SCHEMA users; CREATE TABLE users.customers (id INTEGER); CREATE TABLE users.trades_0001 (id INTEGER, status TEXT, what TEXT)",
    );
    let text = refusal(database.url()).await;
    assert!(text.ends_with("it has users.customers, users.trades_0001"), "{text}");
    let store = PostgresStore::open(database.url(), Access::Writer).await.unwrap();
    let text = refusal(database.url()).await;
    assert!(text.contains("it has users.customers"), "{text}");
    store.close().await;
}

#[tokio::test]
async fn tables_and_columns_that_are_not_there_are_named_and_the_rest_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trades.db");
    let gone = ["ticker", "fees", "closed_at", "market_id"];
    let mut row = trade(1, &[]);
    let mut columns = TRADES.to_vec();
    for name in gone {
        let at = columns.iter().position(|(column, ..)| *column == name).unwrap();
        columns.remove(at);
        row.remove(at);
    }
    file(&path, &[Table { name: "trades", columns: columns.leak(), rows: vec![row] }]).await;
    let store = store(directory.path()).await;
    let report = run(&store, path.to_str().unwrap()).await;
    assert!(report.agrees(), "{:#?}", report.sums);
    assert_eq!(report.tables[0].lacking, ["closed_at", "fees", "ticker"]);
    let missing = [
        ImportedTable::Fills,
        ImportedTable::Orders,
        ImportedTable::Positions,
        ImportedTable::Settlements,
        ImportedTable::Settings,
    ];
    assert_eq!(report.absent, missing);
    let records = records(&store, ImportedTable::Trades).await;
    assert_eq!((records.len(), records[0].fees, records[0].pnl.unwrap().micros()), (1, None, 90_000));
}

#[tokio::test]
async fn columns_of_other_types_mean_the_same_and_garbage_in_an_amount_makes_none() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::create();
    let url = database.url();
    psql(
        url,
        r#"CREATE SCHEMA users; CREATE TABLE users.trades_0001 (id TEXT, "Status" VARCHAR(9), date DATE, time TIME, side CHAR(3), buy_price TEXT,
           position NUMERIC(9, 2), sell_price JSONB, closed_at TIMESTAMPTZ, fees MONEY, pnl BYTEA, ticker VARCHAR, ticket_id UUID, strike INTEGER,
           contract TEXT, win_loss TEXT);
           INSERT INTO users.trades_0001 VALUES ('7', 'closed', '2025-08-20', '15:50:01', 'Y', '0.95', 2, '1', '2025-08-20 20:00:05+00', 0.01, 'junk',
           'KXBTCD-25AUG2016-T114749.99', '00000000-0000-0000-0000-000000000001', 114750, 'BTC 4pm', 'W')"#,
    );
    let store = store(directory.path()).await;
    let report = run(&store, url).await;
    assert!(report.agrees(), "{:#?}", report.sums);
    assert_eq!(report.findings.count(Problem::NotANumber), 1, "the bytes in pnl");
    let records = records(&store, ImportedTable::Trades).await;
    let one = &records[0];
    assert_eq!(
        (one.number, one.status.as_deref(), one.price.unwrap().micros(), one.cost.unwrap().micros(), one.pnl),
        (Some(7), Some("closed"), 950_000, 1_900_000, None)
    );
    assert_eq!((one.fees.unwrap().micros(), one.quantity.unwrap().hundredths()), (10_000, 200));
    assert_eq!(one.time.unwrap().to_string(), "2025-08-20T19:50:01Z");
    assert_eq!(one.end_time.unwrap().to_string(), "2025-08-20T20:00:05Z");
    assert_eq!(one.columns["pnl"], "\\x6a756e6b");
}

/// v2's tables with other types and garbage in them, recio's store beside them, and the trade imported.
async fn odd(database: &Database) -> PostgresStore {
    let url = database.url();
    let mut connection = world::connect(url).await;
    world::postgres(&mut connection, &Table { name: "users.trades_0001", columns: TRADES, rows: vec![trade(1, &[])] })
        .await;
    connection.close().await.unwrap();
    psql(
        url,
        "CREATE SCHEMA analytics; CREATE TABLE analytics.probability_lookup_btc (ttc_seconds TEXT, buffer_points NUMERIC, momentum_bucket INTEGER);
         INSERT INTO analytics.probability_lookup_btc VALUES ('300', 250, -3), ('soon', 'NaN', NULL);
         CREATE INDEX by_bucket ON analytics.probability_lookup_btc (momentum_bucket);
         CREATE TABLE users.user_info_0001 (user_id INTEGER, is_active TEXT, created_at TEXT, password_hash TEXT);
         INSERT INTO users.user_info_0001 VALUES (1, 'perhaps', '2025-13-45 99:00:00', 'secret'), (2, '1', '2025-08-20 10:00:00', 'secret')",
    );
    let store = PostgresStore::open(url, Access::Writer).await.unwrap();
    let source = V2Source::open(url).await.unwrap();
    import(&store, Some(&store), vec![source], &options(false), &mut |_| ()).await.unwrap();
    store
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_value_in_what_is_kept_stops_no_reader() {
    let database = Database::create();
    let url = database.url();
    let store = odd(&database).await;
    adopt(url, &adopting(AdoptAction::Adopt, false)).await.unwrap();
    let lookup = "SELECT coalesce(ttc_seconds::text, '-'), coalesce(buffer_points::text, '-'), momentum_bucket, prob_within_positive IS NULL
                  FROM analytics.probability_lookup_btc ORDER BY 1 DESC";
    assert_eq!(psql(url, lookup), "300|250|-3|t\n-|-||t");
    let plan =
        "SET enable_seqscan = off; EXPLAIN SELECT * FROM analytics.probability_lookup_btc WHERE momentum_bucket = -3";
    assert!(psql(url, plan).contains("by_bucket"), "v2's own index serves");
    let users =
        "SELECT user_id, is_active, created_at, password_hash, first_name FROM users.user_info_0001 ORDER BY user_id";
    assert_eq!(psql(url, users), "1||2025-13-45 99:00:00||\n2|t|2025-08-20 10:00:00||");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trade_that_came_after_the_import_is_not_hidden() {
    let database = Database::create();
    let url = database.url();
    let store = odd(&database).await;
    psql(url, "INSERT INTO users.trades_0001 (id, status) VALUES (2, 'open')");
    let before = catalog(url);
    let refused = adopt(url, &adopting(AdoptAction::Adopt, false)).await;
    assert!(matches!(&refused, Err(AdoptError::NotImported { rows: 1, .. })), "{refused:?}");
    assert_eq!(catalog(url), before);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adoption_that_cannot_end_leaves_everything_as_it_was() {
    let database = Database::create();
    let url = database.url();
    let store = odd(&database).await;
    let before = catalog(url);
    // v2 reads the last one of its tables all the time.
    psql(url, "CREATE SCHEMA system; CREATE TABLE system.health_status (id INTEGER)");
    let with_health = catalog(url);
    let mut v2 = world::connect(url).await;
    world::run(&mut v2, "BEGIN; SELECT * FROM system.health_status").await;
    let refused = adopt(url, &adopting(AdoptAction::Adopt, false)).await;
    assert!(matches!(&refused, Err(AdoptError::InUse(what)) if what.contains("health_status")), "{refused:?}");
    assert_eq!(catalog(url), with_health, "the tables before it are back");

    // Stopped from outside, while it waits.
    let other = url.to_owned();
    let running = tokio::spawn(async move { adopt(&other, &adopting(AdoptAction::Adopt, false)).await });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'recio db adopt-v2' AND wait_event_type = 'Lock'";
    while psql(url, waiting) == "0" {
        assert!(!running.is_finished(), "it waits for the table");
        tokio::task::yield_now().await;
    }
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    world::run(&mut v2, "ROLLBACK").await;
    // The server notices that nobody is there any more when it comes to answer.
    let there = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'recio db adopt-v2'";
    while psql(url, there) != "0" {
        tokio::task::yield_now().await;
    }
    assert_eq!(catalog(url), with_health);
    assert_ne!(before, with_health);

    // And once nobody is in the way, it is done, and undone, and undone no second time.
    adopt(url, &adopting(AdoptAction::Adopt, false)).await.unwrap();
    adopt(url, &adopting(AdoptAction::Undo, false)).await.unwrap();
    let refused = adopt(url, &adopting(AdoptAction::Undo, false)).await;
    assert!(matches!(refused, Err(AdoptError::NothingToUndo(_))), "{refused:?}");
    assert_eq!(catalog(url), with_health);
    v2.close().await.unwrap();
    store.close().await;
}
