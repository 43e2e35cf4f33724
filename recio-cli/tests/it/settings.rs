//! `recio config set`, `clear`, `history` and `show` over a store, and runs that go by it.

use super::{outcome, recio};
use recio_store::{Access, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// One monitor that is on, one that is off, and a limit of the file's own.
const CONFIG: &str = "version = 1\n[[monitor]]\nid = \"hourly\"\naccount = \"sim\"\nseries = \"KXBTCD\"\n[monitor.entry]\nenabled = true\n\
                      [[monitor]]\nid = \"quarter\"\naccount = \"sim\"\nseries = \"KXBTC15M\"\n[risk]\nmax_position = \"15\"\n";

/// A directory with the config, and the store of its runs on paper, which are the ones that are meant unless another mode is named.
fn made() -> TempDir {
    let directory = tempdir().unwrap();
    std::fs::write(directory.path().join("recio.toml"), CONFIG).unwrap();
    make_store(directory.path(), "paper/sim/recio.db");
    directory
}

/// An empty store in the data directory.
fn make_store(at: &Path, name: &str) {
    let path = at.join("recio-data").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("sqlite://{}", path.display());
    runtime.block_on(async { SqliteStore::open(&url, Access::Writer).await.unwrap().close().await });
}

fn config(at: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    outcome(recio(at).arg("config").args(args).env("USER", "ana"))
}

/// The line of a key of `config show --origin`, with single spaces and without times.
fn shown(at: &Path, key: &str) -> String {
    let (code, stdout, stderr) = config(at, &["show", "--origin"]);
    assert_eq!(code, Some(0), "{stderr}");
    let line = stdout.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
    timeless(&line.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The text with `TIME` where a time of today stands.
fn timeless(text: &str) -> String {
    let is_time = |word: &str| word.len() > 18 && word.contains('T') && word.ends_with('Z') && word.starts_with("20");
    let words = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([':', ')', ',', '\n']);
        if is_time(bare) { word.replace(bare, "TIME") } else { word.to_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn an_override_is_set_shown_and_given_back() {
    let directory = made();
    let at = directory.path();
    assert_eq!(shown(at, "max_position"), "max_position = \"15.00\" # recio.toml:13");
    let set = config(at, &["set", "risk.max_position", "5", "--why", "prices look odd"]);
    assert_eq!(set.0, Some(0), "{}", set.2);
    insta::assert_snapshot!(set.1, @"risk.max_position: 5.00, it was 15.00 (version 1 in sqlite://recio-data/paper/sim/recio.db; runs that use it go by it at once)");
    assert_eq!(
        shown(at, "max_position"),
        "max_position = \"5.00\" # database, version 1 by ana (command line) at TIME"
    );
    let (code, stdout, stderr) = config(at, &["show", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, json["risk"]["max_position"].as_str()), (Some(0), Some("5.00")));
    assert!(
        stderr.contains("risk.max_position = 5.00, the config has 15.00 (version 1 by ana (command line) at "),
        "{stderr}"
    );
    let (_, stdout, _) = config(at, &["show", "--origin", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let setting = json.as_array().unwrap().iter().find(|one| one["key"] == "risk.max_position").unwrap();
    assert_eq!(timeless(setting["origin"].as_str().unwrap()), "database, version 1 by ana (command line) at TIME");
    let cleared = config(at, &["clear", "risk.max_position", "--why", "calm again"]);
    insta::assert_snapshot!(cleared.1, @"risk.max_position: given back to the config, 15.00; it was 5.00 (version 2 in sqlite://recio-data/paper/sim/recio.db; runs that use it go by it at once)");
    assert_eq!(shown(at, "max_position"), "max_position = \"15.00\" # recio.toml:13");
    let (_, history, _) = config(at, &["history", "risk.max_position", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&history).unwrap();
    let told: Vec<_> =
        json["versions"].as_array().unwrap().iter().map(|one| (&one["version"], &one["value"], &one["why"])).collect();
    insta::assert_debug_snapshot!(told, @r#"
    [
        (
            Number(2),
            Null,
            String("calm again"),
        ),
        (
            Number(1),
            String("5.00"),
            String("prices look odd"),
        ),
    ]
    "#);
}

#[test]
fn a_dry_run_writes_nothing() {
    let directory = made();
    let at = directory.path();
    let (code, stdout, _) = config(at, &["set", "monitor.hourly.entry.enabled", "false", "--why", "x", "--dry-run"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(stdout, @"monitor.hourly.entry.enabled: would be false, it is true (nothing was written)");
    let (code, _, stderr) = config(at, &["set", "risk.max_position", "16", "--why", "x", "--dry-run"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("16.00 is wider than the config's 15.00"), "{stderr}");
    let (code, stdout, _) = config(at, &["history", "--json"]);
    assert_eq!((code, stdout.as_str()), (Some(0), "{\n  \"audit\": []\n}\n"));
    let (_, stdout, _) = config(at, &["set", "risk.max_position", "0.5", "--why", "x", "--dry-run", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&json["dry_run"], &json["counts"], &json["old"]), (&true.into(), &"0.50".into(), &"15.00".into()));
}

#[test]
fn what_is_refused_is_told_and_kept() {
    let directory = made();
    let at = directory.path();
    let refused = |args: &[&str], code: i32| {
        let (found, stdout, stderr) = config(at, args);
        assert_eq!((found, stdout.as_str()), (Some(code), ""), "{args:?}: {stderr}");
        stderr
    };
    insta::assert_snapshot!(refused(&["set", "risk.max_position", "16", "--why", "x"], 2), @"error: `risk.max_position`: 16.00 is wider than the config's 15.00: an override may be 15.00 or less; to widen it, change the config");
    insta::assert_snapshot!(refused(&["set", "risk.max_postion", "5", "--why", "x"], 2), @"error: `risk.max_postion` is no setting that can be overridden; did you mean `risk.max_position`?");
    insta::assert_snapshot!(refused(&["set", "store.url", "memory:", "--why", "x"], 2), @"error: `store.url` is no setting that can be overridden: it is set in the config alone; entry rules, stop rules, sizes and risk limits can be overridden");
    insta::assert_snapshot!(refused(&["set", "monitor.quarter.entry.enabled", "true", "--why", "x"], 2), @"error: `monitor.quarter.entry.enabled`: the config has entry off, and no start switches it on: an override can do so for one run that is going on; to have it on from the start, change the config");
    insta::assert_snapshot!(refused(&["set", "monitor.hourly.params.min_differential", "-3", "--why", "x"], 2), @"error: `monitor.hourly.params.min_differential`: -3 is wider than the config's 0.25: an override may be 0.25 or more; to widen it, change the config");
    insta::assert_snapshot!(refused(&["clear", "risk.max_position", "--why", "x"], 2), @"error: `risk.max_position` is not overridden: there is nothing to clear");
    insta::assert_snapshot!(refused(&["history", "risk.max_postion"], 2), @"error: `risk.max_postion` is no setting that can be overridden; did you mean `risk.max_position`?");
    config(at, &["set", "risk.max_position", "5", "--why", "x"]);
    let late = refused(&["set", "risk.max_position", "4", "--why", "x", "--expect", "0"], 1);
    insta::assert_snapshot!(timeless(&late), @"error: `risk.max_position` was changed in between: version 0 was seen, it was set to 5.00 by version 1 of ana (command line) at TIME (x); look again and decide again");
    let (_, log, _) = config(at, &["history", "-n", "3"]);
    let rows: Vec<&str> = log.lines().skip(2).collect();
    assert_eq!(rows.len(), 3, "{log}");
    assert!(rows[0].contains("refused: `risk.max_position` was changed in between"), "{log}");
    assert!(rows[1].contains("done, version 1"), "{log}");
    assert!(rows[2].contains("refused: `risk.max_position` is not overridden"), "{log}");
    let (_, log, _) = config(at, &["history", "--json"]);
    let log: serde_json::Value = serde_json::from_str(&log).unwrap();
    assert_eq!(log["audit"].as_array().unwrap().len(), 8, "a look at the history leaves nothing");
}

#[test]
fn a_file_that_was_tightened_later_counts_and_a_monitor_that_is_gone_is_told() {
    let directory = made();
    let at = directory.path();
    config(at, &["set", "risk.max_position", "5", "--why", "x"]);
    config(at, &["set", "monitor.hourly.stop.probability", "50", "--why", "x"]);
    let tightened = CONFIG.replace("\"15\"", "\"3\"").replace("\"hourly\"", "\"renamed\"");
    std::fs::write(at.join("recio.toml"), tightened).unwrap();
    assert_eq!(shown(at, "max_position"), "max_position = \"3.00\" # recio.toml:13");
    let (_, _, stderr) = config(at, &["show"]);
    assert!(
        stderr.contains("risk.max_position = 5.00 is wider than the config's 3.00 by now: 3.00 counts"),
        "{stderr}"
    );
    assert!(stderr.contains("does nothing: the config has no monitor hourly"), "{stderr}");
    let (code, _, stderr) = config(at, &["clear", "monitor.hourly.stop.probability", "--why", "gone"]);
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn without_a_store_there_is_nothing_to_override() {
    let directory = tempdir().unwrap();
    let at = directory.path();
    std::fs::write(at.join("recio.toml"), CONFIG).unwrap();
    assert_eq!(shown(at, "max_position"), "max_position = \"15.00\" # recio.toml:13");
    let (code, _, stderr) = config(at, &["set", "risk.max_position", "5", "--why", "x"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("there is no store at"), "{stderr}");
    std::fs::create_dir_all(at.join("recio-data/paper/sim")).unwrap();
    std::fs::write(
        at.join("recio-data/paper/sim/recio.db"),
        "no database, though it is long enough to be taken for one",
    )
    .unwrap();
    let (code, stdout, stderr) = config(at, &["show"]);
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("max_position = \"15.00\""), "{stdout}");
    assert!(stderr.contains("this is the config without the overrides, which cannot be read"), "{stderr}");
}

#[test]
fn a_run_goes_by_the_overrides_of_its_store() {
    let directory = made();
    let at = directory.path();
    // The series of the recording that ships.
    let text = CONFIG.replace("KXBTCD", "KXBTC15M");
    let text = text.replace("[risk]", "[warm_start]\nmomentum = 0\nvolatility = 0\n[risk]");
    std::fs::write(at.join("recio.toml"), text).unwrap();
    let run = |store: &str| {
        let (code, stdout, stderr) = outcome(recio(at).args(["run", "--mode", "sim", "--json", "--store", store]));
        assert_eq!(code, Some(0), "{stderr}");
        (serde_json::from_str::<serde_json::Value>(&stdout).unwrap()["decisions"].as_u64().unwrap(), stderr)
    };
    let (free, _) = run("sqlite://recio-data/other.db");
    assert!(free > 0, "the monitor decides where nobody switched it off");
    let (code, _, stderr) = config(at, &["set", "monitor.hourly.entry.enabled", "false", "--why", "a test"]);
    assert_eq!(code, Some(0), "{stderr}");
    let (held, stderr) = run("sqlite://recio-data/paper/sim/recio.db");
    assert_eq!(held, 0, "{stderr}");
    assert!(stderr.contains("monitor.hourly.entry.enabled = false, the config has true (version 1 by ana"), "{stderr}");
}

#[test]
fn overrides_are_where_the_runs_of_the_mode_look_for_them() {
    let directory = made();
    let at = directory.path();
    for store in ["shadow/sim/recio.db", "recio.db", "all.db"] {
        make_store(at, store);
    }
    let place = |args: &[&str]| {
        let (code, stdout, stderr) =
            config(at, &[&["set", "risk.max_position", "5", "--why", "x", "--json"], args].concat());
        assert_eq!(code, Some(0), "{stderr}");
        let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        json["store"].as_str().unwrap().to_owned()
    };
    assert_eq!(place(&[]), "sqlite://recio-data/paper/sim/recio.db");
    assert_eq!(place(&["--mode", "shadow"]), "sqlite://recio-data/shadow/sim/recio.db");
    assert_eq!(place(&["--mode", "sim"]), "sqlite://recio-data/recio.db");
    assert_eq!(place(&["--mode", "sim", "--store", "sqlite://recio-data/all.db"]), "sqlite://recio-data/all.db");
    std::fs::write(at.join("recio.toml"), format!("{CONFIG}[store]\nurl = \"sqlite://recio-data/all.db\"\n")).unwrap();
    for mode in ["paper", "shadow", "sim"] {
        assert_eq!(place(&["--mode", mode]), "sqlite://recio-data/all.db");
    }
    let (_, stdout, _) = config(at, &["history", "risk.max_position", "--mode", "shadow", "--json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stdout).unwrap()["versions"].as_array().unwrap().len(), 4);
    assert!(shown(at, "max_position").contains("database, version 4"), "one store for all modes");
}

#[test]
fn entry_is_switched_on_for_a_run_that_is_named() {
    let directory = made();
    let at = directory.path();
    let switch = ["set", "monitor.quarter.entry.enabled", "true", "--why", "x", "--run", "20261122T140000Z-000000"];
    let (code, stdout, stderr) = config(at, &switch);
    assert_eq!(code, Some(0), "{stderr}");
    insta::assert_snapshot!(stdout, @"monitor.quarter.entry.enabled: true, it was false (version 1 in sqlite://recio-data/paper/sim/recio.db; runs that use it go by it at once)");
    // A start is another run.
    let (_, _, stderr) = config(at, &["show"]);
    assert!(stderr.contains("was for run 20261122T140000Z-000000 alone: entry is off"), "{stderr}");
    let (code, _, stderr) = config(at, &["set", "risk.max_position", "5", "--why", "x", "--run", "r1"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("counts in every run"), "{stderr}");
}

#[test]
fn a_store_that_cannot_be_used_is_told_with_what_to_do() {
    let directory = made();
    let at = directory.path();
    let refused = |args: &[&str]| {
        let (code, stdout, stderr) = config(at, &[&["set", "risk.max_position", "5", "--why", "x"], args].concat());
        assert_eq!(stdout, "", "{args:?}: {stderr}");
        (code, stderr)
    };
    insta::assert_snapshot!(refused(&["--store", "memory:"]).1, @"error: a store in memory ends with the run that made it, and no other program can change settings there: name a store that lasts");
    insta::assert_snapshot!(refused(&["--store", "sqlite://none.db"]).1.replace(at.to_str().unwrap(), ""), @"error: there is no store at /none.db: name one that is there, or let `recio run` or `recio demo` make it");
    insta::assert_snapshot!(refused(&["--store", "recio.db"]).1, @"error: store `recio.db` cannot be opened: write memory:, sqlite://PATH or postgres://USER@HOST/DATABASE");
    // A newer recio has been here.
    let path = at.join("recio-data/paper/sim/recio.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut shell = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'newer', 1, x'00', 0)";
        sqlx::query(newer).execute(&mut shell).await.unwrap();
        shell.close().await.unwrap();
    });
    let (code, stderr) = refused(&[]);
    assert_eq!(code, Some(1));
    let newer = "cannot be opened: the store has schema version 9999";
    assert!(stderr.contains(newer) && stderr.contains("a newer recio made it; use that one"), "{stderr}");
    let (code, stdout, stderr) = config(at, &["show"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stdout.contains("max_position = \"15.00\"") && stderr.contains("without the overrides"), "{stderr}");
}
