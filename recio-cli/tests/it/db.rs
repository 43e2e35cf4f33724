//! `recio db verify` and `recio db rebuild` over a store on disk.

use super::{outcome, recio};
use recio_core::market::{BookSide, MarketResult};
use recio_core::units::Money;
use recio_store::contract::sample;
use recio_store::{Access, open};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::path::Path;
use tempfile::tempdir;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Writes a small store at the place where the config's default looks.
fn fill_store(directory: &Path) {
    std::fs::create_dir(directory.join("recio-data")).unwrap();
    let url = format!("sqlite://{}", directory.join("recio-data/recio.db").display());
    let facts = [
        sample::account_opened(Money::dollars(100)),
        sample::filled(sample::fill("o-1", "f-1", "KXBTCD-A", BookSide::Bid, "0.93", "2")),
        sample::decision(1),
        sample::settled("KXBTCD-A", MarketResult::Yes, Money::dollars(2), 1),
    ];
    block_on(async {
        open(&url, Access::Writer).await.unwrap().append(&facts).await.unwrap();
    });
}

fn tamper(directory: &Path, sql: &str) {
    block_on(async {
        let path = directory.join("recio-data/recio.db");
        let mut shell = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut shell).await.unwrap();
        shell.close().await.unwrap();
    });
}

#[test]
fn a_sound_store_is_said_to_be_sound() {
    let directory = tempdir().unwrap();
    fill_store(directory.path());
    let (code, text, stderr) = outcome(recio(directory.path()).args(["db", "verify"]));
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{text}");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("the store is sound: 4 facts, and the tables say what they say"));
    let hash = lines.next().unwrap().strip_prefix("hash of the last fact: ").unwrap().to_owned();
    let (code, json, _) = outcome(recio(directory.path()).args(["db", "verify", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let none = "0".repeat(64);
    let sound = serde_json::json!({
        "sound": true, "facts": 4, "hash": hash, "settings": 0, "audit_entries": 0, "audit_hash": none,
    });
    assert_eq!((code, json), (Some(0), sound));
}

#[test]
fn a_changed_table_is_named_and_made_again() {
    let directory = tempdir().unwrap();
    fill_store(directory.path());
    tamper(directory.path(), "UPDATE ledger_entries SET amount_micros = 7 WHERE sequence = 2 AND line = 1");
    let (code, text, stderr) = outcome(recio(directory.path()).args(["db", "verify"]));
    assert_eq!((code, stderr.as_str()), (Some(3), ""), "{text}");
    insta::assert_snapshot!(text, @r"
    the store is damaged at sequence 2: table ledger_entries, row sequence 2, line 1: column amount_micros is 7, the facts make it -1870000
    the facts are sound: `recio db rebuild` makes the tables again
    ");
    let (code, json, _) = outcome(recio(directory.path()).args(["db", "rebuild", "--dry-run", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["sound"], &json["sequence"]), (Some(3), &false.into(), &2.into()), "{json}");
    let (code, text, _) = outcome(recio(directory.path()).args(["db", "rebuild"]));
    assert_eq!((code, text.as_str()), (Some(0), "the tables were made again from 4 facts\n"));
    assert_eq!(outcome(recio(directory.path()).args(["db", "verify"])).0, Some(0));
    let (code, json, _) = outcome(recio(directory.path()).args(["db", "rebuild", "--json"]));
    assert_eq!((code, json.as_str()), (Some(0), "{\n  \"facts\": 4\n}\n"));
}

#[test]
fn the_first_bad_fact_is_named() {
    let directory = tempdir().unwrap();
    fill_store(directory.path());
    tamper(
        directory.path(),
        "DROP TRIGGER facts_are_never_changed; UPDATE facts SET body = replace(body, '0.9300', '0.9400') WHERE sequence = 2; \
         CREATE TRIGGER facts_are_never_changed BEFORE UPDATE ON facts BEGIN SELECT RAISE(ABORT, 'facts are never changed'); END",
    );
    let (code, text, stderr) = outcome(recio(directory.path()).args(["db", "verify"]));
    assert_eq!((code, stderr.as_str()), (Some(3), ""), "{text}");
    insta::assert_snapshot!(text, @r"
    the store is damaged at sequence 2: its hash is not the one of its content and the fact before
    nothing was changed; restore the store from a backup, or begin a new one and let `recio run` read the account
    ");
    let (code, _, stderr) = outcome(recio(directory.path()).args(["db", "rebuild"]));
    assert_eq!(code, Some(1), "tables are not made of damaged facts");
    assert!(stderr.contains("damaged at sequence 2"), "{stderr}");
}

/// Overrides and refusals, as `recio config` makes them.
fn set(directory: &Path, versions: u64) {
    let url = format!("sqlite://{}", directory.join("recio-data/recio.db").display());
    block_on(async {
        let store = open(&url, Access::Reader).await.unwrap();
        sample::set(store.settings().unwrap(), versions).await;
    });
}

#[test]
fn a_changed_setting_is_named_and_what_helps_is_another_thing() {
    let directory = tempdir().unwrap();
    fill_store(directory.path());
    set(directory.path(), 4);
    let (code, text, stderr) = outcome(recio(directory.path()).args(["db", "verify"]));
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{text}");
    assert!(text.contains("5 entries of the audit log, and 4 versions of settings that are what it says"), "{text}");
    tamper(
        directory.path(),
        "DROP TRIGGER settings_are_never_changed; UPDATE settings SET value = '9.00' WHERE version = 3; \
         CREATE TRIGGER settings_are_never_changed BEFORE UPDATE ON settings BEGIN SELECT RAISE(ABORT, 'settings are never changed'); END",
    );
    let (code, text, stderr) = outcome(recio(directory.path()).args(["db", "verify"]));
    assert_eq!((code, stderr.as_str()), (Some(3), ""), "{text}");
    insta::assert_snapshot!(text, @r"
    the store is damaged: setting `risk.max_position`, version 3: it is not what the audit log says
    the facts are sound; nothing was changed; restore the store from a backup, which holds settings and audit log too
    ");
    let (_, json, _) = outcome(recio(directory.path()).args(["db", "verify", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["sound"], &json["part"]), (&false.into(), &"settings".into()));
}

#[test]
fn a_missing_store_is_not_made_and_a_written_one_not_rebuilt() {
    let directory = tempdir().unwrap();
    for command in ["verify", "rebuild"] {
        let (code, stdout, stderr) = outcome(recio(directory.path()).args(["db", command]));
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{command}");
        assert!(stderr.contains("there is no store at"), "{stderr}");
    }
    assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none());
    fill_store(directory.path());
    let url = format!("sqlite://{}", directory.path().join("recio-data/recio.db").display());
    let writer = block_on(open(&url, Access::Writer)).unwrap();
    let (code, _, stderr) = outcome(recio(directory.path()).args(["db", "rebuild"]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&format!("is being written by process {}", std::process::id())), "{stderr}");
    assert_eq!(outcome(recio(directory.path()).args(["db", "verify"])).0, Some(0), "checking goes on beside a writer");
    drop(writer);
}

#[test]
fn facts_go_into_a_backup_and_into_another_store_with_the_same_hash() {
    let directory = tempdir().unwrap();
    fill_store(directory.path());
    set(directory.path(), 7);
    let run = |args: &[&str]| outcome(recio(directory.path()).args(args));
    let hash =
        |text: &str| text.lines().find_map(|line| line.strip_prefix("hash of the last fact: ").map(str::to_owned));
    let (_, text, _) = run(&["db", "verify"]);
    let whole = hash(&text).unwrap();

    let (code, text, stderr) = run(&["db", "backup", "facts.backup"]);
    assert_eq!((code, stderr.as_str(), hash(&text)), (Some(0), "", Some(whole.clone())), "{text}");
    assert!(text.starts_with("4 facts are in facts.backup"), "{text}");
    let (code, _, stderr) = run(&["db", "backup", "facts.backup"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("facts.backup is there already"), "{stderr}");

    let (code, text, _) = run(&["db", "restore", "facts.backup", "--store", "sqlite://second.db"]);
    assert_eq!((code, hash(&text)), (Some(0), Some(whole.clone())), "{text}");
    assert!(text.starts_with("4 facts were copied, 0 were there"), "{text}");
    let (code, text, _) = run(&["db", "convert", "--to", "sqlite://third.db"]);
    assert_eq!((code, hash(&text)), (Some(0), Some(whole.clone())), "{text}");
    let (code, text, _) = run(&["db", "convert", "--to", "sqlite://third.db"]);
    assert!(code == Some(0) && text.starts_with("0 facts were copied, 4 were there"), "{text}");
    let (code, text, _) = run(&["db", "verify", "--store", "sqlite://third.db"]);
    assert_eq!((code, hash(&text)), (Some(0), Some(whole)), "{text}");
    // Settings with their history and the audit log are the same everywhere.
    let told = |url: &str, key: &[&str]| {
        let (code, text, stderr) = run(&[&["config", "history", "--store", url, "--json"], key].concat());
        assert_eq!(code, Some(0), "{stderr}");
        text
    };
    let own = format!("sqlite://{}", directory.path().join("recio-data/recio.db").display());
    for key in [&[][..], &["risk.max_position"]] {
        let here = told(&own, key);
        assert!(here.contains("reason 7"), "{here}");
        assert_eq!((told("sqlite://second.db", key), told("sqlite://third.db", key)), (here.clone(), here));
    }
}

#[test]
fn a_file_that_is_no_backup_is_refused_and_makes_no_store() {
    let directory = tempdir().unwrap();
    std::fs::write(directory.path().join("facts.backup"), "nothing of the kind").unwrap();
    let (code, _, stderr) = outcome(recio(directory.path()).args(["db", "restore", "facts.backup"]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("facts.backup is damaged at line 1"), "{stderr}");
    assert!(!directory.path().join("recio-data").exists());
}
