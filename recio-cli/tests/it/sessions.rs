//! The commands that run a session, on the built binary: one demo, and what can be done with what it leaves.

use crate::{outcome, recio};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::{TempDir, tempdir};

/// One demo in lockstep, shared by the tests of this module.
fn demo() -> &'static (TempDir, Value) {
    static DEMO: OnceLock<(TempDir, Value)> = OnceLock::new();
    DEMO.get_or_init(|| {
        let directory = tempdir().unwrap();
        let (code, stdout, stderr) = outcome(recio(directory.path()).args(["demo", "--json"]));
        assert_eq!(code, Some(0), "{stderr}");
        (directory, serde_json::from_str(&stdout).unwrap())
    })
}

fn input_log() -> PathBuf {
    let (directory, report) = demo();
    directory.path().join(report["input_log"].as_str().unwrap())
}

#[test]
fn the_demo_trades_from_signal_to_settlement_and_ties_out() {
    let (_, report) = demo();
    assert_eq!(report["tie_out"], "0.000000");
    assert_eq!((&report["simulated"], &report["facts_not_stored"]), (&Value::Bool(true), &Value::from(0)));
    for list in ["trades", "orders", "fills", "settlements"] {
        assert!(!report[list].as_array().unwrap().is_empty(), "{list}");
    }
    let cents = |key: &str| report[key].as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
    let sum = |list: &str, field: &str| -> i64 {
        let amounts = report[list].as_array().unwrap().iter();
        amounts.map(|row| row[field].as_str().unwrap().replace('.', "").parse::<i64>().unwrap()).sum()
    };
    assert_eq!(cents("fees"), sum("fills", "fee"));
    let trades = sum("trades", "proceeds") - sum("trades", "cost") - sum("trades", "fees");
    assert_eq!(cents("cash_end") - cents("cash_start"), trades, "what the trades brought is what the cash gained");
    assert_eq!(report["ledger_hash"].as_str().unwrap().len(), 64);
    assert!(report["inputs"].as_u64().unwrap() > 40_000 && report["decisions"].as_u64().unwrap() > 500);
}

#[test]
fn a_replay_is_bit_identical_and_a_changed_byte_is_found() {
    let here = tempdir().unwrap();
    let log = input_log();
    let (code, stdout, stderr) = outcome(recio(here.path()).arg("replay").arg(&log).arg("--json"));
    assert_eq!(code, Some(0), "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&report["first_difference"], &report["snapshots_match"]), (&Value::Null, &Value::Bool(true)));
    assert_eq!(report["ledger_hash"], demo().1["ledger_hash"]);

    let damaged = here.path().join("damaged.log");
    let segment = std::fs::read_dir(&log).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, bytes).unwrap();
    let (code, _, stderr) = outcome(recio(here.path()).arg("replay").arg(&damaged));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("damaged.log") && stderr.contains("record"), "{stderr}");
}

#[test]
fn the_lists_show_what_the_demo_stored() {
    let (directory, report) = demo();
    let store = input_log().parent().unwrap().parent().unwrap().join("recio.db");
    let store = format!("sqlite://{}", store.display());
    for list in ["trades", "orders", "fills", "settlements"] {
        let (code, stdout, stderr) = outcome(recio(directory.path()).args([list, "--json", "--store", &store]));
        assert_eq!(code, Some(0), "{stderr}");
        let rows: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(rows[list].as_array().unwrap().len(), report[list].as_array().unwrap().len(), "{list}");
    }
}

#[test]
fn a_fingerprint_is_built_from_bars_and_shown() {
    let here = tempdir().unwrap();
    let bars = here.path().join("bars.csv");
    let rows: String =
        (0..400).map(|minute| format!("{},100,102,99,{}\n", 1_700_000_040 + minute * 60, 100 + minute % 3)).collect();
    std::fs::write(&bars, format!("ts,open,high,low,close\n{rows}")).unwrap();
    let arguments = ["fingerprint", "build", "--asset", "BTC", "--bars", "bars.csv", "--output", "out.fingerprint"];
    let (code, stdout, stderr) = outcome(recio(here.path()).args(arguments));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.starts_with("BTC fingerprint of 400 bars"), "{stdout}");
    let (code, shown, _) =
        outcome(recio(here.path()).args(["fingerprint", "show", "out.fingerprint", "--minutes", "5"]));
    assert_eq!(code, Some(0));
    assert!(shown.contains("samples"), "{shown}");

    std::fs::write(&bars, "ts,open,high,low,close\n1700000040,1,2,x,1\n").unwrap();
    let (code, _, stderr) = outcome(recio(here.path()).args(arguments));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("bars.csv") && stderr.contains("line 2") || stderr.contains("bars.csv:2"), "{stderr}");
}

#[test]
fn the_strike_table_of_a_moment_is_shown() {
    let here = tempdir().unwrap();
    let (code, stdout, stderr) = outcome(recio(here.path()).args(["strikes", "--at", "2026-05-13T12:59:55Z"]));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("KXBTC15M-26MAY130900") && stdout.contains("80077.29"), "{stdout}");
}

#[test]
fn what_cannot_be_done_is_said_with_file_and_remedy() {
    let here = tempdir().unwrap();
    std::fs::write(here.path().join("not.rec"), "this is no recording").unwrap();
    std::fs::write(here.path().join("not.json"), "{}").unwrap();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["run"], 2, "names no monitor"),
        (&["run", "--recording", "not.rec"], 2, "--mode sim"),
        (&["run", "--mode", "shadow", "--endpoint", "none.json"], 1, "none.json"),
        (&["run", "--mode", "sim", "--endpoint", "none.json"], 1, "none.json"),
        (&["run", "--mode", "sim", "--endpoint", "not.json"], 1, "not.json"),
        (&["run", "--mode", "sim", "--recording", "not.rec"], 1, "not.rec"),
        (&["sim", "serve", "--listen", "192.0.2.1:0"], 1, "loopback"),
        (&["sim", "serve", "--recording", "none.rec"], 1, "none.rec"),
        (&["reconcile", "--strict"], 2, "--endpoint"),
        (&["replay", "nowhere"], 1, "nowhere"),
        (&["fingerprint", "show", "not.rec"], 1, "not.rec"),
        (&["data", "import", "--from", "nowhere", "--session", "x", "--output", "y.rec"], 1, "nowhere"),
        (&["demo", "--speed", "61"], 2, "60"),
    ];
    for (arguments, expected, part) in cases {
        let (code, stdout, stderr) = outcome(recio(here.path()).args(*arguments));
        assert_eq!(code, Some(*expected), "{arguments:?}: {stderr}");
        assert!(stderr.contains(part) && !stderr.contains("panicked"), "{arguments:?}: {stderr}");
        assert!(stdout.is_empty(), "{arguments:?} printed {stdout}");
    }
    assert!(!Path::new("y.rec").exists());
}

/// A simulator in a process of its own, killed with the test.
pub(crate) struct Serving(std::process::Child);

impl Serving {
    /// Waits until its ready file is there.
    pub(crate) fn start(directory: &Path, ready_file: &str) -> Self {
        Self::at(directory, ready_file, "60")
    }

    /// The same at another speed.
    pub(crate) fn at(directory: &Path, ready_file: &str, speed: &str) -> Self {
        let serve = ["sim", "serve", "--speed", speed, "--ready-file", ready_file, "--quiet"];
        let child = recio(directory).args(serve).stdout(std::process::Stdio::null()).spawn().unwrap();
        let serving = Self(child);
        for _ in 0..600 {
            if directory.join(ready_file).exists() {
                return serving;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("no ready file after a minute");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_run_that_is_interrupted_loses_nothing_and_its_files_serve_no_other_account() {
    let here = tempdir().unwrap();
    let _serving = Serving::start(here.path(), "ready.json");
    let arguments = ["run", "--mode", "sim", "--endpoint", "ready.json", "--store", "sqlite://t.db", "--json"];
    let mut run = recio(here.path());
    let run = run.args(arguments).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let run = run.spawn().unwrap();
    wait_until(|| {
        let accounts = std::fs::read_dir(here.path().join("recio-data/accounts")).into_iter().flatten().flatten();
        let mut journals = accounts.filter_map(|account| std::fs::read_to_string(account.path().join("journal")).ok());
        journals.any(|journal| journal.contains("opened"))
    });
    let sent = std::process::Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(report["facts_not_stored"], 0);
    assert!(report["cash"].is_string(), "the account was never read: {report}");

    let compare = ["reconcile", "--strict", "--json", "--endpoint", "ready.json", "--store", "sqlite://t.db"];
    let (code, stdout, stderr) = outcome(recio(here.path()).args(compare));
    assert_eq!(code, Some(0), "{stdout}{stderr}");

    let _other = Serving::start(here.path(), "other.json");
    let (code, stdout, stderr) =
        outcome(recio(here.path()).args(arguments.map(|part| if part == "ready.json" { "other.json" } else { part })));
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("another account") && stderr.contains("name another store"), "{stderr}");
}

#[test]
fn paper_and_shadow_run_beside_a_simulator_each_with_files_of_its_own() {
    let here = tempdir().unwrap();
    let _serving = Serving::start(here.path(), "ready.json");
    for (mode, more, data) in [
        ("paper", None, "streamed, no index"),
        ("paper", Some("--keyless"), "delayed, no index"),
        ("shadow", None, "streamed, no index"),
    ] {
        let folder = here.path().join("recio-data").join(mode);
        // Its account of the turn before would look as if this run had opened it.
        let _ = std::fs::remove_dir_all(&folder);
        let mut run = recio(here.path());
        let run = run.args(["run", "--mode", mode, "--endpoint", "ready.json", "--json"]).args(more);
        let run = run.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        wait_until(|| {
            let accounts = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            let mut journals = accounts.filter_map(|place| std::fs::read_to_string(place.path().join("journal")).ok());
            journals.any(|journal| journal.contains("opened"))
        });
        let sent = std::process::Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let ended = run.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(130), "{stderr}");
        let banner = if mode == "paper" { "PAPER: fills are simulated" } else { "SHADOW: decisions are recorded" };
        assert!(stderr.contains(banner) && stderr.contains(data), "{stderr}");
        let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
        assert_eq!(
            (&report["simulated"], &report["mode"], &report["data"]),
            (&true.into(), &mode.into(), &data.into())
        );
        let tie_out = if mode == "paper" { Value::from("0.000000") } else { Value::Null };
        assert_eq!((&report["tie_out"], &report["facts_not_stored"]), (&tie_out, &0.into()));
        assert!(report["store"].as_str().unwrap().contains(&format!("/{mode}/")), "{report}");
    }
}

#[test]
fn paper_needs_an_account_with_live_data() {
    let here = tempdir().unwrap();
    let config = "version = 1\n[[monitor]]\nid = \"x\"\naccount = \"sim\"\nseries = \"KXBTC15M\"\n";
    std::fs::write(here.path().join("recio.toml"), config).unwrap();
    let (code, stdout, stderr) = outcome(recio(here.path()).arg("run"));
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("no live data") && stderr.contains("--mode sim"), "{stderr}");

    let half = "version = 1\n[account.me]\nenvironment = \"paper\"\nkey_id = \"a952bcbe\"\n[paper]\nlatency = 60.0\n\
        [warm_start]\nmomentum = 7200.0\n";
    std::fs::write(here.path().join("half.toml"), half).unwrap();
    let (code, _, stderr) = outcome(recio(here.path()).args(["config", "validate", "half.toml"]));
    assert_eq!(code, Some(2));
    for part in ["a key needs both", "half.toml:6", "half.toml:8"] {
        assert!(stderr.contains(part), "`{part}` is not in: {stderr}");
    }
}

/// Waits for something that another process does, for a minute at most.
fn wait_until(mut done: impl FnMut() -> bool) {
    for _ in 0..1_200 {
        if done() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("it did not happen within a minute");
}

#[test]
fn a_run_without_an_endpoint_begins_anew_and_plays_the_recording_of_the_config() {
    let here = tempdir().unwrap();
    std::fs::write(here.path().join("not.rec"), "this is no recording").unwrap();
    std::fs::write(here.path().join("recio.toml"), "version = 1\n[paths]\nrecording = \"not.rec\"\n").unwrap();
    let (code, _, stderr) = outcome(recio(here.path()).args(["run", "--mode", "sim"]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("not.rec"), "the recording of the config was not taken: {stderr}");

    std::fs::write(here.path().join("recio.toml"), "version = 1\n").unwrap();
    let run = || {
        let (code, stdout, stderr) = outcome(recio(here.path()).args(["run", "--mode", "sim", "--json"]));
        assert_eq!(code, Some(0), "{stderr}");
        serde_json::from_str::<Value>(&stdout).unwrap()
    };
    let (first, second) = (run(), run());
    assert_ne!(first["store"], second["store"]);
    assert_eq!(first["ledger_hash"], second["ledger_hash"], "the second run was not the first one again");
    assert_eq!(first["ledger_hash"], demo().1["ledger_hash"], "the demo's monitors run where the config names none");
}

#[test]
fn a_simulated_run_takes_no_account_of_another_environment() {
    let here = tempdir().unwrap();
    let config = "version = 1\n[account.real]\nenvironment = \"kalshi\"\nkey_id = \"a952bcbe-ec3b-4b5b-b8f9-11dae589608c\"\n\
        key_file = \"k.pem\"\n[[monitor]]\nid = \"x\"\naccount = \"real\"\nseries = \"KXBTC15M\"\n";
    std::fs::write(here.path().join("recio.toml"), config).unwrap();
    let (code, stdout, stderr) = outcome(recio(here.path()).args(["run", "--mode", "sim"]));
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("`real`") && stderr.contains("--mode sim"), "{stderr}");

    std::fs::write(here.path().join("bad.toml"), config.replace("KXBTC15M", "KXFOO")).unwrap();
    let (code, _, stderr) = outcome(recio(here.path()).args(["config", "validate", "bad.toml"]));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("bad.toml:9") && stderr.contains("KXFOO"), "{stderr}");
}
