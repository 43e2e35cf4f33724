//! `recio import v2` and `recio db adopt-v2`, from outside.

use super::{outcome, recio};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::path::Path;
use tempfile::tempdir;

/// A file of v2's with two trades, one of them odd.
fn trades(path: &Path) {
    let sql = "CREATE TABLE trades (id INTEGER PRIMARY KEY, status TEXT, date TEXT, time TEXT, side TEXT, buy_price REAL, position INTEGER, \
               fees REAL, pnl REAL, ticker TEXT, ticket_id TEXT); \
               INSERT INTO trades VALUES (1, 'closed', '2025-08-20', '15:50:01', 'Y', 0.95, 2, 0.01, 0.09, 'KXBTCD-25AUG2016-T114749.99', 'a'); \
               INSERT INTO trades VALUES (2, 'closed', '2025-11-02', '01:30:00', 'N', 0.9, 1, 0.01, 'NaN', 'KXBTCD-25NOV0202-T110249.99', 'b');";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
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
        (vec!["db", "adopt-v2", "--undo", "--views-only"], 2, "cannot be used with"),
    ] {
        let (ended, stdout, stderr) = outcome(recio(directory.path()).args(&arguments));
        assert_eq!(ended, Some(code), "{arguments:?}: {stdout}{stderr}");
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    }
}
