//! Settings in memory and in databases: the contract, the writer beside them, and rows that somebody has changed.

use proptest::strategy::Strategy;
use proptest::{collection, prop_assert, prop_oneof, proptest};
use recio_core::settings::{
    Change, MonitorSettings, NewVersion, SettingKey, SettingVersion, Settings, SettingsStore, change,
};
use recio_core::store::{Store, StoreError};
use recio_core::strategies::HtcParams;
use recio_core::units::{Money, RunId, StrategyId, Timestamp};
use recio_store::contract::{self, sample};
use recio_store::testing::{Database, psql, try_psql};
use recio_store::{Access, MemorySettings, OpenError, PostgresStore, SqliteStore, open_settings, verify_settings};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use tempfile::tempdir;

#[tokio::test]
async fn memory_keeps_the_contract_of_settings() {
    contract::run_settings(async || {
        let store: Arc<dyn SettingsStore> = Arc::new(MemorySettings::new());
        (Arc::clone(&store), store)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract_of_settings() {
    let directory = tempdir().unwrap();
    let number = Cell::new(0);
    contract::run_settings(async || {
        number.set(number.get() + 1);
        let url = format!("sqlite://{}/{}.db", directory.path().display(), number.get());
        SqliteStore::open(&url, Access::Writer).await.unwrap().close().await;
        let door = async || Arc::from(open_settings(&url).await.unwrap());
        (door().await, door().await)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_the_contract_of_settings() {
    let server = Database::create();
    contract::run_settings(async || {
        let url = server.another();
        PostgresStore::open(&url, Access::Writer).await.unwrap().close().await;
        let door = async || Arc::from(open_settings(&url).await.unwrap());
        (door().await, door().await)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_written_beside_the_writer_of_a_server_and_stay_as_they_are() {
    let database = Database::create();
    let url = database.url();
    let refused = open_settings(url).await.map(drop).unwrap_err();
    assert!(matches!(&refused, OpenError::Missing { .. }), "{refused:?}");
    let writer = PostgresStore::open(url, Access::Writer).await.unwrap();
    let settings = PostgresStore::open(url, Access::Reader).await.unwrap();
    for number in 1..=5 {
        writer.append(&[sample::cash_moved(number, Money::dollars(1))]).await.unwrap();
        settings.add_version(&first(&format!("key{number}"), "1")).await.unwrap();
    }
    assert_eq!(writer.verify().await.unwrap().last_sequence, 5);
    assert_eq!(verify_settings(&settings).await.unwrap().versions, 5);
    for table in ["settings", "audit_log"] {
        for sql in [
            format!("UPDATE {table} SET who = 'nobody'"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ] {
            let refused = try_psql(url, &sql).unwrap_err();
            assert!(refused.contains("is never") || refused.contains("are never"), "{sql}: {refused}");
        }
    }
    psql(url, "ALTER TABLE settings DISABLE TRIGGER ALL; UPDATE settings SET value = '9' WHERE setting_key = 'key3'");
    match verify_settings(&settings).await {
        Err(StoreError::Damaged { what, .. }) => {
            assert_eq!(what, "setting `key3`, version 1: it is not what the audit log says");
        }
        answer => panic!("{answer:?}"),
    }
    settings.close().await;
    writer.close().await;
    assert!(open_settings(url).await.is_err(), "a trigger that is switched off is seen");
}

/// Who may only add facts may add settings too, and change none.
#[tokio::test(flavor = "multi_thread")]
async fn the_grants_of_a_writer_are_enough_for_settings() {
    let database = Database::create();
    PostgresStore::open(database.url(), Access::Writer).await.unwrap().close().await;
    let role = format!("clerk_{}", std::process::id());
    let grants = PostgresStore::grants("public", &role);
    psql(database.url(), &format!("CREATE ROLE {role}; {grants}"));
    let as_clerk = |sql: &str| try_psql(database.url(), &format!("SET ROLE {role}; {sql}"));
    for sql in ["UPDATE settings SET value = '1'", "DELETE FROM audit_log", "TRUNCATE settings"] {
        let refused = as_clerk(sql).unwrap_err();
        assert!(refused.contains("permission denied"), "{sql}: {refused}");
    }
    as_clerk(
        "SELECT pg_advisory_xact_lock(1); \
         INSERT INTO audit_log (sequence, version, prev_hash, hash, body, time_us, who, action, subject, why, result) \
         VALUES (1, 1, repeat('0', 64), repeat('0', 64), '', 0, '', '', '', '', 'done'); \
         INSERT INTO settings (setting_key, version, who, time_us, why, audit_sequence) VALUES ('a', 1, '', 0, '', 1)",
    )
    .unwrap();
    psql(database.url(), &format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

fn first(key: &str, value: &str) -> NewVersion {
    let version = SettingVersion {
        key: key.to_owned(),
        version: 1,
        value: Some(value.to_owned()),
        run: None,
        who: "ana".to_owned(),
        time: Timestamp::UNIX_EPOCH,
        why: "a test".to_owned(),
    };
    NewVersion { expected: 0, old: None, version }
}

#[tokio::test]
async fn settings_are_written_while_somebody_writes_facts() {
    let directory = tempdir().unwrap();
    let url = format!("sqlite://{}/store.db", directory.path().display());
    assert!(matches!(open_settings(&url).await.map(drop), Err(OpenError::Missing { .. })), "it makes no store");
    let writer = SqliteStore::open(&url, Access::Writer).await.unwrap();
    let settings = SqliteStore::open(&url, Access::Reader).await.unwrap();
    for number in 1..=20 {
        writer.append(&[sample::cash_moved(number, Money::dollars(1))]).await.unwrap();
        settings.add_version(&first(&format!("key{number}"), "1")).await.unwrap();
    }
    assert_eq!(writer.verify().await.unwrap().last_sequence, 20);
    let verified = verify_settings(&settings).await.unwrap();
    assert_eq!((verified.entries, verified.versions), (20, 20));
    settings.close().await;
    writer.close().await;
    let again = open_settings(&url).await.unwrap();
    assert_eq!(again.newest().await.unwrap().len(), 20, "they are durable");
}

async fn shell(path: &Path) -> SqliteConnection {
    sqlx::sqlite::SqliteConnectOptions::new().filename(path).foreign_keys(false).connect().await.unwrap()
}

#[tokio::test]
async fn settings_and_log_are_append_only() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("store.db");
    let url = format!("sqlite://{}", path.display());
    SqliteStore::open(&url, Access::Writer).await.unwrap().close().await;
    open_settings(&url).await.unwrap().add_version(&first("a", "1")).await.unwrap();
    let mut shell = shell(&path).await;
    for sql in [
        "UPDATE settings SET value = '2'",
        "DELETE FROM settings",
        "UPDATE audit_log SET who = 'nobody'",
        "DELETE FROM audit_log",
    ] {
        let refused = sqlx::query(AssertSqlSafe(sql)).execute(&mut shell).await.unwrap_err().to_string();
        assert!(refused.contains("is never") || refused.contains("are never"), "{sql}: {refused}");
    }
    shell.close().await.unwrap();
}

#[tokio::test]
async fn a_changed_row_is_found_and_named() {
    for (sql, what) in [
        (
            "UPDATE settings SET value = '9' WHERE setting_key = 'b'",
            "setting `b`, version 1: it is not what the audit log says",
        ),
        (
            "UPDATE settings SET run = 'r' WHERE setting_key = 'b'",
            "setting `b`, version 1: it is not what the audit log says",
        ),
        (
            "UPDATE settings SET version = 2 WHERE setting_key = 'b'",
            "setting `b`, version 1: the next one there is has version 2",
        ),
        (
            "DELETE FROM settings WHERE setting_key = 'b'",
            "setting `b`, version 1: the audit log knows it, and it is gone",
        ),
        ("DELETE FROM audit_log WHERE sequence = 3", "setting `c`, version 1: the audit log does not know it"),
        ("DELETE FROM audit_log WHERE sequence = 2", "audit log, entry 2: the next one there is has sequence 3"),
        ("UPDATE audit_log SET who = 'nobody' WHERE sequence = 2", "audit log, entry 2: its columns do not say"),
        (
            "UPDATE audit_log SET body = replace(body, 'ana', 'ben') WHERE sequence = 2",
            "audit log, entry 2: its hash is not",
        ),
        ("UPDATE audit_log SET prev_hash = hash WHERE sequence = 2", "audit log, entry 2: its hash is not"),
        ("UPDATE audit_log SET hash = upper(hash) WHERE sequence = 2", "audit log, entry 2: column hash is not a hash"),
        ("UPDATE settings SET time_us = 9223372036854775807", "table settings, `a`: "),
    ] {
        let directory = tempdir().unwrap();
        let path = directory.path().join("store.db");
        let url = format!("sqlite://{}", path.display());
        SqliteStore::open(&url, Access::Writer).await.unwrap().close().await;
        let settings = SqliteStore::open(&url, Access::Reader).await.unwrap();
        for key in ["a", "b", "c"] {
            settings.add_version(&first(key, "1")).await.unwrap();
        }
        verify_settings(&settings).await.unwrap();
        let mut shell = shell(&path).await;
        for drop in [
            "DROP TRIGGER settings_are_never_changed",
            "DROP TRIGGER settings_are_never_deleted",
            "DROP TRIGGER audit_log_is_never_changed",
            "DROP TRIGGER audit_log_is_never_deleted",
            sql,
        ] {
            sqlx::query(AssertSqlSafe(drop)).execute(&mut shell).await.unwrap();
        }
        shell.close().await.unwrap();
        match verify_settings(&settings).await {
            Err(StoreError::Damaged { what: told, .. }) => assert!(told.starts_with(what), "{sql}: {told}"),
            answer => panic!("{sql}: {answer:?}"),
        }
        settings.close().await;
        let reopened = open_settings(&url).await.map(drop);
        assert!(matches!(reopened, Err(OpenError::Store { .. })), "the missing triggers are seen: {reopened:?}");
    }
}

fn base() -> Settings {
    let mut on = MonitorSettings { params: Some(HtcParams::default()), ..MonitorSettings::default() };
    on.entry.enabled = true;
    let id = |text| StrategyId::new(text).unwrap();
    let monitors = [(id("hourly"), on), (id("own"), MonitorSettings::default())].into();
    Settings { monitors, ..Settings::default() }
}

proptest! {
    /// What people do, through the door that they have: whatever they try and in whatever order, no limit is ever wider than the config, and
    /// no start has entry on where the config has it off.
    #[test]
    fn no_sequence_of_changes_makes_a_limit_wider(
        wishes in collection::vec(
            (
                0_usize..64,
                prop_oneof![
                    proptest::bool::ANY.prop_map(|flag| flag.to_string()),
                    (0_u32..2_000).prop_map(|count| count.to_string()),
                    (0_u32..10_001).prop_map(|units| format!("{}.{:02}", units / 100, units % 100)),
                    "\\PC{0,8}",
                ],
                0_u8..8,
                proptest::bool::ANY,
            ),
            1..60,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (store, base) = (MemorySettings::new(), base());
        let keys = base.keys();
        for (key, value, kind, in_run) in wishes {
            let wanted = Change {
                key: keys[key % keys.len()].to_string(),
                value: (kind > 0).then_some(value),
                expected: (kind == 1).then_some(1),
                run: in_run.then(|| RunId::new("r1").unwrap()),
                who: "ana".to_owned(),
                why: "a test".to_owned(),
                time: Timestamp::UNIX_EPOCH,
            };
            let (before, logged) = runtime.block_on(async { (store.newest().await.unwrap(), recio_core::settings::AuditLog::audit_log(&store, 0, u32::MAX).await.unwrap().len()) });
            let done = runtime.block_on(change(&store, &base, &wanted)).is_ok();
            let (after, log) = runtime.block_on(async { (store.newest().await.unwrap(), recio_core::settings::AuditLog::audit_log(&store, 0, u32::MAX).await.unwrap().len()) });
            prop_assert!(log == logged + 1, "each try leaves one line");
            prop_assert!(done != (before == after), "a refusal changes nothing");
            let at_start = base.with_overrides(&after, None).settings;
            let running = base.with_overrides(&after, Some(&RunId::new("r1").unwrap())).settings;
            for key in &keys {
                let file = base.get(key).unwrap();
                prop_assert!(!key.tighter().is_wider(at_start.get(key).unwrap(), file), "{key} at a start");
                let switch = SettingKey::is_entry_switch(key);
                prop_assert!(switch || !key.tighter().is_wider(running.get(key).unwrap(), file), "{key} in a run");
            }
        }
        prop_assert!(runtime.block_on(verify_settings(&store)).is_ok());
    }
}
