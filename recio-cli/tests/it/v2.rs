//! `recio import v2` and `recio db adopt-v2`, from outside.

use super::{outcome, recio};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use tempfile::tempdir;

/// A file of v2's with two trades, one of them odd.
fn trades(path: &Path) {
    let sql = "CREATE TABLE trades (id INTEGER PRIMARY KEY, status TEXT, date TEXT, time TEXT, side TEXT, buy_price REAL, position INTEGER, \
               fees REAL, pnl REAL, ticker TEXT, ticket_id TEXT); \
               INSERT INTO trades VALUES (1, 'closed', '2025-08-20', '15:50:01', 'Y', 0.95, 2, 0.01, 0.09, 'KXBTCD-25AUG2016-T114749.99', 'a'); \
               INSERT INTO trades VALUES (2, 'closed', '2025-11-02', '01:30:00', 'N', 0.9, 1, 0.01, 'NaN', 'KXBTCD-25NOV0202-T110249.99', 'b');";
    sqlite(path, sql);
}

/// Runs statements in a SQLite file, and gives back the first column of the last one's rows.
fn sqlite(path: &Path, sql: &'static str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        let rows = sqlx::raw_sql(sql).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows.iter().map(|row| row.get::<String, _>(0)).collect()
    })
}

/// A file of v2's with some thousand trades and prices.
const MANY: &str = "CREATE TABLE trades (id INTEGER PRIMARY KEY, status TEXT, date TEXT, time TEXT, side TEXT, buy_price REAL, position INTEGER, \
    fees REAL, pnl REAL, ticker TEXT, ticket_id TEXT); \
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO trades SELECT i, 'closed', '2025-08-20', \
    time('15:00:00', '+' || (i % 3600) || ' seconds'), 'Y', 0.95, i % 50 + 1, 0.01, 0.09 + i, 'KXBTCD-25AUG2016-T114749.99', 'T-' || i FROM n; \
    CREATE TABLE price_log (timestamp TEXT PRIMARY KEY, price REAL); \
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999) INSERT INTO price_log \
    SELECT strftime('%Y-%m-%dT%H:%M:%S', '2025-08-20 15:00:00', '+' || i || ' seconds'), 114000 + i FROM n;";

/// Everything that an import keeps.
const KEPT: &str = "SELECT record || ' ' || version || ' ' || words FROM imported_records UNION ALL \
    SELECT time_us || ' ' || price_micros FROM imported_prices UNION ALL SELECT 'facts ' || count(*) FROM facts ORDER BY 1";

#[test]
fn a_killed_import_is_run_again_and_ends_as_if_it_had_not_been_killed() {
    let (killed, whole) = (tempdir().unwrap(), tempdir().unwrap());
    let import = |directory: &Path| {
        let mut command = recio(directory);
        command.args(["import", "v2", "--from", "trades.db", "--account", "sim"]);
        command
    };
    for directory in [&killed, &whole] {
        sqlite(&directory.path().join("trades.db"), MANY);
        std::fs::create_dir(directory.path().join("recio-data")).unwrap();
    }
    let (code, stdout, stderr) = outcome(&mut import(whole.path()));
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stderr.lines().any(|line| line == "trades.db, trades: 2000 of 4000 rows"), "how far it is: {stderr}");
    assert!(stdout.contains("no table was found of: fills, orders"), "{stdout}");

    // Killed as soon as it says that it is under way with the trades; its prices come first.
    let mut child = import(killed.path()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let started = lines.map_while(Result::ok).any(|line| line.starts_with("trades.db, trades: 1"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(started, "it never came to the trades");
    let (code, stdout, stderr) = outcome(&mut import(killed.path()));
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains("every row and every micro-dollar is accounted for"), "{stdout}");
    let kept = |directory: &Path| sqlite(&directory.join("recio-data/recio.db"), KEPT);
    let (again, whole) = (kept(killed.path()), kept(whole.path()));
    assert_eq!(whole.len(), 4_000 + 3_000 + 1);
    assert!(again == whole, "{} rows instead of {}", again.len(), whole.len());
}

#[test]
fn a_history_is_taken_over_once_and_shown_with_its_sums() {
    let directory = tempdir().unwrap();
    trades(&directory.path().join("trades.db"));
    let import = |more: &[&str]| {
        let mut command = recio(directory.path());
        command.args(["import", "v2", "--from", "trades.db", "--account", "sim"]).args(more);
        outcome(&mut command)
    };
    let (code, stdout, stderr) = import(&["--dry-run"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.contains("a dry run: nothing was written"), "{stdout}");
    assert!(!directory.path().join("recio-data/recio.db").exists());
    std::fs::create_dir(directory.path().join("recio-data")).unwrap();
    let (code, stdout, stderr) = import(&[]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    for part in ["every row and every micro-dollar is accounted for", "2025-11", "1.900000", "not a number"] {
        assert!(stdout.contains(part), "{part}: {stdout}");
    }
    let (code, json, _) = import(&["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["agrees"], &json["tables"][0]["already"]), (Some(0), &true.into(), &2.into()));
    let (_, trades, _) = outcome(recio(directory.path()).arg("trades"));
    assert_eq!(trades, "", "they are no trades of recio's");
}

#[test]
fn what_cannot_be_done_says_what_helps() {
    let directory = tempdir().unwrap();
    trades(&directory.path().join("trades.db"));
    for (arguments, code, says) in [
        (vec!["import", "v2", "--from", "trades.db", "--account", "other"], 2, "no account other; it has sim"),
        (vec!["import", "v2", "--from", "none.db", "--account", "sim"], 1, "there is no file none.db"),
        (vec!["import", "v2", "--account", "sim"], 2, "--from"),
        (vec!["db", "adopt-v2", "--account", "sim"], 2, "--store postgres://"),
        (vec!["db", "adopt-v2"], 2, "--account"),
        (
            vec!["db", "adopt-v2", "--account", "sim", "--store", "postgres://h/d", "--monitor", "none"],
            2,
            "one of the account's monitors",
        ),
        (vec!["db", "adopt-v2", "--undo", "--views-only"], 2, "cannot be used with"),
    ] {
        let (ended, stdout, stderr) = outcome(recio(directory.path()).args(&arguments));
        assert_eq!(ended, Some(code), "{arguments:?}: {stdout}{stderr}");
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    }
}
