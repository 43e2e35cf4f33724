//! `recio kill`: the file latch.

use super::{outcome, recio};
use tempfile::tempdir;

#[test]
fn engage_status_release() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    std::fs::create_dir(path.join("recio-data")).unwrap();
    let latch = path.join("recio-data/KILL");
    let run = |args: &[&str]| {
        let (code, stdout, stderr) = outcome(recio(path).args(args));
        (code, stdout.replace(path.to_str().unwrap(), "DIR"), stderr)
    };

    assert_eq!(
        run(&["kill", "--status"]),
        (Some(0), "the kill latch does not hold: DIR/recio-data/KILL\n".into(), "".into())
    );
    let (code, stdout, _) = run(&["kill", "--reason", "books look wrong"]);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("the kill latch holds from now on: DIR/recio-data/KILL\n  time = 2"), "{stdout}");
    assert!(stdout.ends_with("  reason = books look wrong\n"), "{stdout}");
    assert!(latch.exists());

    let (code, stdout, _) = run(&["kill", "--reason", "once more", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &report["engaged"]), (Some(0), &true.into()));
    assert!(report["note"].as_str().unwrap().contains("books look wrong"), "the first reason is kept");
    assert_eq!(run(&["kill", "--status"]).0, Some(4));

    let (code, stdout, stderr) = run(&["kill", "--release"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("add --yes"), "{stderr}");
    assert!(latch.exists());

    assert_eq!(run(&["kill", "--release", "--yes"]).0, Some(0));
    assert!(!latch.exists());
    assert_eq!(run(&["kill", "--status"]).0, Some(0));
}

#[test]
fn a_latch_where_no_recio_runs_is_refused() {
    let directory = tempdir().unwrap();
    let (code, stdout, stderr) = outcome(recio(directory.path()).args(["kill", "--reason", "x"]));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    let stderr = stderr.replace(directory.path().to_str().unwrap(), "DIR");
    insta::assert_snapshot!(stderr, @"error: there is no data directory DIR/recio-data: name the config or the data directory of the recio to stop");
}

#[test]
fn a_broken_config_does_not_stand_in_the_way() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    std::fs::write(path.join("recio.toml"), "nonsense").unwrap();
    let (code, _, _) = outcome(recio(path).args(["kill", "--reason", "x", "--data-dir", "."]));
    assert_eq!(code, Some(0));
    assert!(path.join("KILL").exists());
}

#[test]
fn the_latch_lies_beside_the_config_wherever_it_is_called_from() {
    let directory = tempdir().unwrap();
    let elsewhere = tempdir().unwrap();
    std::fs::create_dir(directory.path().join("recio-data")).unwrap();
    let config = directory.path().join("recio.toml");
    std::fs::write(&config, "version = 1\n").unwrap();
    let (code, _, stderr) = outcome(recio(elsewhere.path()).args(["kill", "--reason", "x", "--config"]).arg(&config));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(directory.path().join("recio-data/KILL").exists());
}
