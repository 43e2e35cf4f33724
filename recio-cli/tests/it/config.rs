//! `recio config`: where the config comes from, and how faults are told.

use super::{outcome, recio};
use tempfile::tempdir;

#[test]
fn the_example_is_valid() {
    let directory = tempdir().unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../recio.example.toml");
    let (code, stdout, stderr) = outcome(recio(directory.path()).args(["config", "validate", example]));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.ends_with("recio.example.toml: valid, 1 monitors on 1 accounts\n"), "{stdout}");
}

#[test]
fn faults_go_to_stderr_and_end_with_2() {
    let directory = tempdir().unwrap();
    std::fs::write(directory.path().join("recio.toml"), "version = 1\n[risk]\nmax_postion = \"5\"\n").unwrap();
    for args in
        [&["config", "validate", "recio.toml"][..], &["config", "show"], &["trades"], &["kill", "--reason", "x"]]
    {
        let (code, stdout, stderr) = outcome(recio(directory.path()).args(args));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args:?}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(stderr, @r"
            error: the config cannot be used
            recio.toml:3: risk.max_postion: unknown key; did you mean `max_position`?
            ");
        }
    }
}

#[test]
fn a_flag_is_over_a_variable_is_over_the_file() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    std::fs::write(path.join("recio.toml"), "version = 1\n[store]\nurl = \"sqlite:///f.db\"\n").unwrap();
    let url = |stdout: String| {
        let line = stdout.lines().find(|line| line.starts_with("url")).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let show = ["config", "show", "--origin"];
    let (_, of_file, _) = outcome(recio(path).args(show));
    let (_, of_variable, _) = outcome(recio(path).args(show).env("RECIO__STORE__URL", "sqlite:///e.db"));
    let (_, of_flag, _) =
        outcome(recio(path).args(show).env("RECIO__STORE__URL", "sqlite:///e.db").args(["--store", "memory:"]));
    assert_eq!(
        [of_file, of_variable, of_flag].map(url),
        [
            "url = \"sqlite:///f.db\" # recio.toml:3",
            "url = \"sqlite:///e.db\" # RECIO__STORE__URL",
            "url = \"memory:\" # --store",
        ]
    );
}

#[test]
fn the_file_can_be_named_by_flag_or_variable() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    std::fs::write(path.join("other.toml"), "version = 1\n[log]\nlevel = \"trace\"\n").unwrap();
    let show = ["config", "show", "--json"];
    for command in [
        recio(path).args(show).args(["--config", "other.toml"]),
        recio(path).args(show).env("RECIO_CONFIG", "other.toml"),
    ] {
        let (code, stdout, _) = outcome(command);
        let shown: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((code, shown["log"]["level"].as_str()), (Some(0), Some("trace")));
    }
    let (code, _, stderr) = outcome(recio(path).args(["config", "show", "--config", "none.toml"]));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("the config file none.toml cannot be read: No such file"), "{stderr}");
}

#[test]
fn a_variable_that_is_not_unicode_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let directory = tempdir().unwrap();
    let value = std::ffi::OsStr::from_bytes(b"\xff");
    let (code, _, stderr) = outcome(recio(directory.path()).args(["config", "show"]).env("RECIO__RISK__X", value));
    assert_eq!(code, Some(2));
    insta::assert_snapshot!(stderr, @"error: the variable RECIO__RISK__X is not Unicode: set it to plain text");
}
