//! The tables made from facts: whatever was changed in them is found and named, and made again.

use super::damage::shell;
use recio_core::fact::Fact;
use recio_core::market::{BookSide, MarketResult};
use recio_core::store::{Store, StoreError};
use recio_core::trade::{OrderStatus, TradeStatus};
use recio_core::units::{Money, Quantity};
use recio_store::contract::sample;
use recio_store::testing::{Database, psql};
use recio_store::{Access, PostgresStore, SqliteStore};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

/// Facts that make rows in every table; the last market is paid before its last fill.
pub(crate) fn facts() -> Vec<Fact> {
    vec![
        sample::account_opened(Money::dollars(100)),
        sample::cash_moved(1, Money::dollars(5)),
        sample::decision(1),
        sample::intent("c-1", 1),
        sample::trade("t-1", TradeStatus::Pending, Quantity::ZERO),
        sample::order_changed("c-1", Some("x-1"), OrderStatus::Open, "0"),
        sample::order_changed("c-2", None, OrderStatus::Rejected, "0"),
        sample::filled(sample::fill("x-1", "f-1", "M", BookSide::Bid, "0.56", "10")),
        sample::order_changed("c-1", None, OrderStatus::Filled, "10"),
        sample::trade("t-1", TradeStatus::Closed, Quantity::contracts(10)),
        sample::settled("M", MarketResult::Yes, Money::dollars(10), 1),
        sample::alarm(1, "look here"),
        sample::shadow_order("M"),
        sample::filled(sample::fill("x-2", "f-1", "N", BookSide::Ask, "0.31", "3")),
        sample::settled("N", MarketResult::No, Money::dollars(4), 1),
        sample::filled(sample::fill("x-2", "f-2", "N", BookSide::Ask, "0.31", "1")),
        sample::decision(2),
    ]
}

/// The tables that facts make.
pub(crate) const TABLES: [&str; 11] = [
    "alarms",
    "balances",
    "decisions",
    "fills",
    "ledger_entries",
    "order_events",
    "orders",
    "positions",
    "settlements",
    "shadow_orders",
    "trades",
];

async fn run(connection: &mut SqliteConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// What verifying says of a store in which something is wrong, which rebuilding then mends.
async fn named_and_mended(store: &SqliteStore, what: &str) -> String {
    let said = match store.verify().await {
        Err(StoreError::Damaged { what: said, .. }) => said,
        answer => panic!("{what} gave {answer:?}"),
    };
    assert_eq!(store.rebuild().await.unwrap(), facts().len() as u64);
    store.verify().await.unwrap_or_else(|error| panic!("{what} was not mended: {error}"));
    said
}

#[tokio::test]
async fn a_change_of_any_cell_of_any_table_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store =
        SqliteStore::open(&format!("sqlite://{}/store.db", directory.path().display()), Access::Writer).await.unwrap();
    store.append(&facts()).await.unwrap();
    let mut shell = shell(store.path()).await;
    run(&mut shell, "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").await;
    for table in TABLES {
        let columns = sqlx::query(AssertSqlSafe(format!("SELECT name, type, pk FROM pragma_table_info('{table}')")))
            .fetch_all(&mut shell)
            .await
            .unwrap();
        assert!(columns.len() > 6, "{table}");
        for column in columns {
            let (name, kind, key): (String, String, i64) = (column.get("name"), column.get("type"), column.get("pk"));
            let change = match kind.as_str() {
                "TEXT" => format!("coalesce({name}, '') || 'x'"),
                "BIGINT" => format!("coalesce({name}, 0) + 1000"),
                "DOUBLE PRECISION" => format!("coalesce({name}, 0.0) + 0.125"),
                other => panic!("{table}.{name} has type {other}"),
            };
            let first = format!("(SELECT rowid FROM {table} ORDER BY rowid LIMIT 1)");
            run(&mut shell, &format!("UPDATE {table} SET {name} = {change} WHERE rowid = {first}")).await;
            let said = named_and_mended(&store, &format!("{table}.{name}")).await;
            assert!(said.contains(&format!("table {table}")), "{table}.{name}: {said}");
            let row_is_another = said.contains("is missing") || said.contains("is made by no fact");
            assert!(if key > 0 { row_is_another || said.contains("rows") } else { said.contains(&name) }, "{said}");
        }
    }
    shell.close().await.unwrap();
}

#[tokio::test]
async fn a_row_too_few_or_too_many_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store =
        SqliteStore::open(&format!("sqlite://{}/store.db", directory.path().display()), Access::Writer).await.unwrap();
    store.append(&facts()).await.unwrap();
    let mut shell = shell(store.path()).await;
    run(&mut shell, "PRAGMA foreign_keys = OFF").await;
    for table in TABLES {
        run(&mut shell, &format!("DELETE FROM {table} WHERE rowid = (SELECT max(rowid) FROM {table})")).await;
        let said = named_and_mended(&store, &format!("a row less in {table}")).await;
        assert!(said.contains(&format!("table {table}")) && said.contains("is missing"), "{said}");
        // A copy of a row of another account, and one beyond the last fact.
        let key = match table {
            "orders" | "fills" | "positions" | "settlements" | "trades" => "account = 'other'",
            _ => "sequence = sequence + 1000",
        };
        let copy = format!(
            "CREATE TEMP TABLE copy AS SELECT * FROM {table} LIMIT 1; UPDATE copy SET {key}; \
             INSERT INTO {table} SELECT * FROM copy; DROP TABLE copy"
        );
        run(&mut shell, &copy).await;
        let said = named_and_mended(&store, &format!("a row more in {table}")).await;
        assert!(said.contains(&format!("table {table}")), "{said}");
        assert!(said.contains("is made by no fact") || said.contains("rows, the facts make"), "{said}");
    }
    shell.close().await.unwrap();
}

#[tokio::test]
async fn what_the_tables_say_of_the_sample_hour() {
    let directory = tempfile::tempdir().unwrap();
    let store =
        SqliteStore::open(&format!("sqlite://{}/store.db", directory.path().display()), Access::Writer).await.unwrap();
    store.append(&facts()).await.unwrap();
    let mut shell = shell(store.path()).await;
    let mut lines = async |sql: &'static str| -> String {
        let rows = sqlx::query_scalar::<_, String>(sql).fetch_all(&mut shell).await.unwrap();
        rows.join("\n")
    };
    let entries = lines(
        "SELECT printf('%d.%d %s %s %s %.2f', sequence, line, booking, ledger_account, coalesce(market, '-'), \
         amount_micros / 1e6) FROM ledger_entries ORDER BY sequence, line",
    )
    .await;
    // Ten YES at 56 cents pay ten dollars; four NO at 69 cents pay four. The fourth came after the payout, which had waited for it.
    assert_eq!(
        entries,
        "1.1 opening cash - 100.00\n1.2 opening opening_equity - -100.00\n2.1 external cash - 5.00\n2.2 external external - -5.00\n\
         8.1 fill cash - -5.61\n8.2 fill position M 5.60\n8.3 fill fees - 0.01\n\
         11.1 settlement cash - 10.00\n11.2 settlement position M -5.60\n11.3 settlement realized_pnl - -4.40\n\
         14.1 fill cash - -2.08\n14.2 fill position N 2.07\n14.3 fill fees - 0.01\n\
         16.1 fill cash - -0.70\n16.2 fill position N 0.69\n16.3 fill fees - 0.01\n\
         16.4 settlement cash - 4.00\n16.5 settlement position N -2.76\n16.6 settlement realized_pnl - -1.24"
    );
    let balances = lines("SELECT printf('%d %d', sequence, cash_micros) FROM balances ORDER BY sequence").await;
    assert_eq!(balances, "1 100000000\n2 105000000\n8 99390000\n11 109390000\n14 107310000\n16 110610000");
    let decisions = lines(
        "SELECT printf('%d.%d %s %s %s %s', sequence, line, market, coalesce(model, model_unknown, '-'), verdict, coalesce(reason, why, '-')) \
         FROM decisions WHERE sequence = 3 ORDER BY line",
    )
    .await;
    assert_eq!(
        decisions,
        "3.1 M 0.3 entered p = 0.957, \"cheap\"\n3.2 N 0.3 refused risk: order_cost\n3.3 O the price is too old skipped no_quote\n\
         3.4 P - silent -"
    );
    let events = lines("SELECT client_order_id || ' ' || status FROM order_events ORDER BY sequence").await;
    assert_eq!(events, "c-1 submitting\nc-1 open\nc-2 rejected\nc-1 filled");
    shell.close().await.unwrap();
}

#[tokio::test]
async fn a_change_of_any_table_on_postgres_is_named_and_mended() {
    let server = Database::create();
    let store = PostgresStore::open(server.url(), Access::Writer).await.unwrap();
    store.append(&facts()).await.unwrap();
    store.verify().await.unwrap();
    for table in TABLES {
        let sql = format!(
            "SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) FROM pg_attribute a \
             LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey) \
             WHERE a.attrelid = '{table}'::regclass AND a.attnum > 0 AND i.indrelid IS NULL ORDER BY a.attnum DESC LIMIT 1"
        );
        let column = psql(server.url(), &sql);
        let (name, kind) = column.split_once(' ').unwrap();
        let change =
            if kind == "text" { format!("coalesce({name}, '') || 'x'") } else { format!("1 - coalesce({name}, 0)") };
        psql(
            server.url(),
            &format!("UPDATE {table} SET {name} = {change} WHERE ctid = (SELECT min(ctid) FROM {table})"),
        );
        match store.verify().await {
            Err(StoreError::Damaged { what, .. }) => {
                assert!(what.contains(&format!("table {table}")) && what.contains(name), "{table}.{name}: {what}");
            }
            answer => panic!("{table}.{name} gave {answer:?}"),
        }
        assert_eq!(store.rebuild().await.unwrap(), facts().len() as u64);
        store.verify().await.unwrap();
    }
    store.close().await;
}

/// What is added while a store is being verified is never taken for damage.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verifying_goes_on_beside_a_writer() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    let store = SqliteStore::open(&url, Access::Writer).await.unwrap();
    store.append(&facts()).await.unwrap();
    let reader = SqliteStore::open(&url, Access::Reader).await.unwrap();
    let writing = tokio::spawn(async move {
        for number in 100..300 {
            let fill = sample::fill("x-9", &format!("f-{number}"), "Q", BookSide::Bid, "0.5", "1");
            let cash = sample::cash_moved(number, Money::dollars(1));
            store.append(&[sample::filled(fill), cash, sample::decision(number)]).await.unwrap();
        }
        store
    });
    let mut verified = 0;
    while !writing.is_finished() {
        match reader.verify().await {
            Ok(sound) => verified = sound.last_sequence,
            // The writer was faster, ten times.
            Err(StoreError::Unavailable(why)) => assert!(why.to_string().contains("facts kept coming"), "{why}"),
            Err(other) => panic!("after {verified} facts: {other}"),
        }
    }
    let store = writing.await.unwrap();
    assert_eq!(reader.verify().await.unwrap().last_sequence, facts().len() as u64 + 600);
    store.close().await;
}

/// What a writer remembers of its books is never more than what was committed.
#[tokio::test]
async fn facts_that_could_not_be_written_leave_nothing_in_the_books() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    let store = SqliteStore::open(&url, Access::Writer).await.unwrap();
    store.append(&facts()).await.unwrap();
    let fill = |id: &str, quantity| sample::filled(sample::fill("x-9", id, "Q", BookSide::Bid, "0.5", quantity));
    store.append(&[fill("f-1", "2")]).await.unwrap();
    let mut shell = shell(store.path()).await;
    // Fails after the fact itself was written.
    run(&mut shell, "CREATE TRIGGER full BEFORE INSERT ON balances BEGIN SELECT RAISE(ABORT, 'no room'); END").await;
    store.append(&[fill("f-2", "3")]).await.unwrap_err();
    run(&mut shell, "DROP TRIGGER full").await;
    store.append(&[fill("f-3", "5")]).await.unwrap();
    store.append(&[fill("f-1", "2"), fill("f-4", "7")]).await.unwrap();
    assert_eq!(store.verify().await.unwrap().last_sequence, facts().len() as u64 + 3);
    let positions = store.positions().await.unwrap();
    let held = positions.iter().find(|row| row.market.as_str() == "Q").unwrap();
    assert_eq!(held.position.hundredths(), 1_400);
    store.close().await;
}

/// A fact that comes twice in one append is one fact, and another one under its key a conflict that leaves nothing.
#[tokio::test]
async fn the_same_fact_twice_in_an_append_is_one() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    let sqlite = SqliteStore::open(&url, Access::Writer).await.unwrap();
    let server = Database::create();
    let postgres = PostgresStore::open(server.url(), Access::Writer).await.unwrap();
    for store in [&sqlite as &dyn Store, &postgres] {
        let fill = |quantity| sample::filled(sample::fill("x-9", "f-1", "Q", BookSide::Bid, "0.5", quantity));
        let appended = store.append(&[sample::cash_moved(1, Money::dollars(1)), fill("2"), fill("2")]).await.unwrap();
        assert_eq!((appended.last_sequence, appended.added), (2, 2));
        let answer = store.append(&[sample::cash_moved(2, Money::dollars(1)), fill("3")]).await;
        assert!(matches!(&answer, Err(StoreError::Conflict { key }) if key == "fill/x-9/f-1"), "{answer:?}");
        let appended = store.append(&[fill("2"), sample::cash_moved(2, Money::dollars(1))]).await.unwrap();
        assert_eq!((appended.last_sequence, appended.added), (3, 1));
    }
    assert_eq!(sqlite.verify().await.unwrap(), postgres.verify().await.unwrap());
    sqlite.close().await;
    postgres.close().await;
}

/// PostgreSQL gets values in the text of statements.
#[tokio::test]
async fn text_that_looks_like_sql_is_text() {
    let server = Database::create();
    // What a backslash means is the connection's to say, not the database's.
    psql(
        server.url(),
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET standard_conforming_strings = off', current_database()); END $$",
    );
    let store = PostgresStore::open(server.url(), Access::Writer).await.unwrap();
    let texts = [r"it's \' \\ '' $1 é 🙂", "'); DROP TABLE orders; --", "\\", "a\nb\tc\r\u{7f}", "zero\0byte", ""];
    let alarms: Vec<Fact> = (1..).zip(texts).map(|(number, text)| sample::alarm(number, text)).collect();
    store.append(&alarms).await.unwrap();
    store.append(&facts()).await.unwrap();
    let stored = store.facts(0, 100).await.unwrap();
    assert!(stored.iter().zip(&alarms).all(|(stored, alarm)| stored.fact == *alarm));
    store.verify().await.unwrap();
    assert_eq!(psql(server.url(), "SELECT text FROM alarms WHERE sequence = 1"), texts[0]);
    store.close().await;
}
