//! `recio export`, `recio data archive`, `check-archive` and `retain`, and the snapshots of a run.

use super::lists::fill_store;
use super::{outcome, recio};
use serde_json::Value;
use std::path::Path;
use tempfile::tempdir;

fn shipped_recording() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../data/kxbtc15m_20260513T125943.rec")
}

/// Runs a command that succeeds, and reads its JSON.
fn json(directory: &Path, arguments: &[&str]) -> Value {
    let (code, stdout, stderr) = outcome(recio(directory).args(arguments).arg("--json"));
    assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn an_export_goes_to_stdout_or_into_a_file() {
    let directory = tempdir().unwrap();
    fill_store(directory.path());
    let (code, csv, stderr) = outcome(recio(directory.path()).args(["export", "csv", "positions"]));
    assert_eq!((code, stderr.as_str()), (Some(0), "1 rows of positions\n"));
    assert_eq!(csv, "market,position_contracts,cost_dollars,fees_dollars\r\nKXBTCD-A,2.00,1.860000,0.010000\r\n");
    let (_, jsonl, stderr) = outcome(recio(directory.path()).args(["export", "jsonl", "fills", "--json"]));
    let first: Value = serde_json::from_str(jsonl.lines().next().unwrap()).unwrap();
    assert_eq!((&first["fee_dollars"], jsonl.lines().count()), (&"0.010000".into(), 2));
    let summary: Value = serde_json::from_str(&stderr).unwrap();
    assert_eq!((&summary["exported"], &summary["rows"]), (&"fills".into(), &2.into()));

    let (code, stdout, stderr) =
        outcome(recio(directory.path()).args(["export", "parquet", "ledger", "-o", "ledger.parquet", "--json"]));
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
    let summary: Value = serde_json::from_str(&stderr).unwrap();
    let bytes = std::fs::read(directory.path().join("ledger.parquet")).unwrap();
    assert_eq!(summary["bytes"], bytes.len());
    assert_eq!((&bytes[..4], &bytes[bytes.len() - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));

    let nothing = ["export", "csv", "trades", "--from", "2030-01-01T00:00:00Z", "-q"];
    let (code, csv, stderr) = outcome(recio(directory.path()).args(nothing));
    assert_eq!((code, csv.lines().count(), stderr.as_str()), (Some(0), 1, ""));
}

#[test]
fn an_export_that_cannot_be_is_refused() {
    let directory = tempdir().unwrap();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["export", "csv", "trades"], 1, "there is no store"),
        (&["export", "xml", "trades"], 2, "possible values: csv, jsonl, parquet"),
        (&["export", "csv", "prices"], 2, "possible values: trades"),
        (&["export", "csv", "trades", "--from", "yesterday"], 2, "--from"),
        (&["export", "csv", "positions", "--from", "2030-01-01T00:00:00Z"], 2, "leave --from and --to out"),
        (&["export", "csv", "trades", "-o", "none/t.csv", "--store", "memory:"], 1, "none/t.csv"),
    ];
    for (arguments, expected, part) in cases {
        let (code, stdout, stderr) = outcome(recio(directory.path()).args(*arguments));
        assert_eq!((code, stdout.as_str()), (Some(*expected), ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(part), "{arguments:?}: {stderr}");
    }
    assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none());
}

#[test]
fn a_store_and_a_recording_are_archived_checked_and_let_go() {
    let directory = tempdir().unwrap();
    fill_store(directory.path());
    let archived = json(directory.path(), &["data", "archive"]);
    let parts = archived["parts"].as_array().unwrap();
    assert_eq!(
        (parts.len(), &parts[0]["place"]["kind"], &parts[0]["contents"]["rows"]),
        (1, &"facts".into(), &7.into())
    );
    let again = json(directory.path(), &["data", "archive"]);
    assert_eq!(again["parts"][0]["how"], "unchanged");

    let recording = ["data", "archive", "--recording", shipped_recording()];
    let archived = json(directory.path(), &recording);
    let kinds: Vec<&str> =
        archived["parts"].as_array().unwrap().iter().map(|part| part["place"]["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ticks", "books", "recordings"]);
    let copy = archived["parts"][2]["contents"]["bytes"].as_u64().unwrap();
    assert_eq!(copy, std::fs::metadata(shipped_recording()).unwrap().len());
    assert!(
        json(directory.path(), &recording)["parts"].as_array().unwrap().iter().all(|part| part["how"] == "unchanged")
    );

    let checked = json(directory.path(), &["data", "check-archive"]);
    assert_eq!((&checked["sound"], &checked["problems"]), (&4.into(), &Value::Array(Vec::new())));
    let verified = json(directory.path(), &["db", "verify"]);
    let chain = &checked["facts"][0];
    assert_eq!(
        (&chain["facts"], &chain["hash"]),
        (&verified["facts"], &verified["hash"]),
        "the whole store is archived"
    );
    assert_eq!(chain["missing"], Value::Array(Vec::new()));

    // Without rules everything stays.
    assert_eq!(json(directory.path(), &["data", "retain"])["removed"], Value::Array(Vec::new()));
    let config = "version = 1\n[archive]\nbooks_days = 1\nrecordings_days = 1\n";
    std::fs::write(directory.path().join("recio.toml"), config).unwrap();
    let planned = json(directory.path(), &["data", "retain", "--dry-run"]);
    assert_eq!(planned["removed"].as_array().unwrap().len(), 2);
    assert_eq!(json(directory.path(), &["data", "check-archive"])["sound"], 4);
    let removed = json(directory.path(), &["data", "retain"]);
    assert_eq!((&removed["removed"], &removed["dry_run"]), (&planned["removed"], &false.into()));
    assert_eq!(json(directory.path(), &["data", "check-archive"])["sound"], 2);
}

#[test]
fn a_damaged_archive_or_recording_is_named() {
    let directory = tempdir().unwrap();
    let damaged = directory.path().join("damaged.rec");
    let mut bytes = std::fs::read(shipped_recording()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, &bytes).unwrap();
    let (code, _, stderr) = outcome(recio(directory.path()).args(["data", "archive", "--recording", "damaged.rec"]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("damaged.rec") && stderr.contains("nothing of it was archived"), "{stderr}");
    assert_eq!(json(directory.path(), &["data", "check-archive"])["sound"], 0);

    let archived = json(directory.path(), &["data", "archive", "--recording", shipped_recording()]);
    let source = archived["parts"][2]["place"]["source"].as_str().unwrap().to_owned();
    let copy = format!("recio-data/archive/recordings/symbol=KXBTC15M/date=2026-05-13/{source}.rec");
    std::fs::write(directory.path().join(&copy), &bytes).unwrap();
    let (code, stdout, _) = outcome(recio(directory.path()).args(["data", "check-archive"]));
    assert_eq!(code, Some(1));
    assert!(stdout.contains(&copy) && stdout.contains("2 files are sound"), "{stdout}");
}

#[test]
fn a_run_leaves_snapshots_for_people() {
    let directory = tempdir().unwrap();
    let (code, _, stderr) =
        outcome(recio(directory.path()).args(["run", "--mode", "sim", "--speed", "lockstep", "--json"]));
    assert_eq!(code, Some(0), "{stderr}");
    let read = |file: &str| -> Value {
        let path = directory.path().join("recio-data/snapshots/sim-sim").join(file);
        serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
            .unwrap()
    };
    assert!(!read("strike_table.json")["events"].as_array().unwrap().is_empty());
    assert!(read("watchlist.json")["strikes"].is_array());
    let account = read("account.json");
    let fills = json(directory.path(), &["fills", "--store", &store_of_the_run(directory.path())]);
    assert!(!fills["fills"].as_array().unwrap().is_empty());
    // The books of the snapshot are those of the run.
    assert_eq!(account["problem"], Value::Null);
    assert!(account["cash"].is_string() && account["fees"] != "0.000000", "{account}");
}

fn store_of_the_run(directory: &Path) -> String {
    let runs = std::fs::read_dir(directory.join("recio-data")).unwrap().map(|entry| entry.unwrap().path());
    let store = runs.map(|run| run.join("recio.db")).find(|store| store.exists()).unwrap();
    format!("sqlite://{}", store.display())
}
