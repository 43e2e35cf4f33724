//! Damage of a schema or of rows is found, and named.

use super::{facts, options, proxy, writer};
use recio_core::store::{Store, StoreError};
use recio_core::units::Money;
use recio_store::contract::sample;
use recio_store::testing::{Database, psql};
use recio_store::{Access, OpenError, PostgresOptions, PostgresStore};
use sqlx::AssertSqlSafe;

/// What a reader is told who opens it.
async fn opened(url: &str) -> Result<PostgresStore, String> {
    let mut reader = PostgresOptions { access: Access::Reader, ..options("reader") };
    reader.readers = std::num::NonZeroUsize::MIN;
    match PostgresStore::open_with(url, reader).await {
        Ok(store) => Ok(store),
        Err(OpenError::Store { source: StoreError::Damaged { what, .. }, .. }) => Err(what),
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_lost_column_table_and_trigger_refuses_to_open() {
    let database = Database::create();
    let url = database.url();
    writer(url, "a").await.close().await;
    opened(url).await.unwrap().close().await;
    let columns = "SELECT table_name || '.' || column_name FROM information_schema.columns \
                   WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations' \
                   AND table_name IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public')";
    let columns = psql(url, columns);
    assert!(columns.lines().count() > 90, "{columns}");
    let mut owner = proxy::connect(url).await;
    let mut change = async |sql: String| {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut owner).await.unwrap();
    };
    for (table, column) in columns.lines().map(|line| line.split_once('.').unwrap()) {
        change(format!("ALTER TABLE {table} RENAME COLUMN {column} TO gone")).await;
        let what = opened(url).await.expect_err(column);
        assert!(what.contains(table) && what.contains(column), "{table}.{column}: {what}");
        change(format!("ALTER TABLE {table} RENAME COLUMN gone TO {column}")).await;
    }
    let triggers = "SELECT tgrelid::regclass || '.' || tgname FROM pg_trigger WHERE NOT tgisinternal";
    let triggers = psql(url, triggers);
    assert!(triggers.lines().count() >= 3, "{triggers}");
    for (table, trigger) in triggers.lines().map(|line| line.split_once('.').unwrap()) {
        for (off, on) in
            [("DISABLE TRIGGER", "ENABLE ALWAYS TRIGGER"), ("ENABLE REPLICA TRIGGER", "ENABLE ALWAYS TRIGGER")]
        {
            change(format!("ALTER TABLE {table} {off} {trigger}")).await;
            let what = opened(url).await.expect_err(trigger);
            assert!(what.contains(trigger), "{what}");
            change(format!("ALTER TABLE {table} {on} {trigger}")).await;
        }
        change(format!("ALTER TRIGGER {trigger} ON {table} RENAME TO gone")).await;
        opened(url).await.expect_err(trigger);
        change(format!("ALTER TRIGGER gone ON {table} RENAME TO {trigger}")).await;
    }
    opened(url).await.unwrap().close().await;
}

#[tokio::test]
async fn a_changed_fact_is_named() {
    let database = Database::create();
    let url = database.url();
    let store = writer(url, "a").await;
    store.append(&facts(1)).await.unwrap();
    store.append(&[sample::account_opened(Money::dollars(3))]).await.unwrap();
    store.append(&facts(2)).await.unwrap();
    let change = |set: &str| {
        psql(url, "ALTER TABLE facts DISABLE TRIGGER USER");
        psql(url, &format!("UPDATE facts SET {set} WHERE sequence = 3"));
        for trigger in ["changed", "deleted", "truncated"] {
            psql(url, &format!("ALTER TABLE facts ENABLE ALWAYS TRIGGER facts_are_never_{trigger}"));
        }
    };
    let body = psql(url, "SELECT replace(body, '''', '''''') FROM facts WHERE sequence = 3");
    for (set, back) in [
        ("kind = 'alarm'", "kind = 'account_opened'".to_owned()),
        ("time_us = time_us + 1", "time_us = time_us - 1".to_owned()),
        ("body = replace(body, '3.000000', '4.000000')", format!("body = '{body}'")),
        ("run = 'run-9'", "run = 'run-1'".to_owned()),
    ] {
        change(set);
        match store.verify().await {
            Err(StoreError::Damaged { sequence, .. }) => assert_eq!(sequence, 3, "{set}"),
            answer => panic!("{set} gave {answer:?}"),
        }
        change(&back);
        assert_eq!(store.verify().await.unwrap().last_sequence, 5, "{back}");
    }
}
