//! `recio sim scenarios`, and a server that plays one.

use crate::{outcome, recio};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use tempfile::tempdir;

#[test]
fn scenarios_are_listed_and_printed_and_a_printed_one_can_be_served() {
    let here = tempdir().unwrap();
    let (code, stdout, stderr) = outcome(recio(here.path()).args(["sim", "scenarios"]));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.lines().any(|line| line.starts_with(" storm") && line.contains("Everything at once")), "{stdout}");
    let (_, stdout, _) = outcome(recio(here.path()).args(["sim", "scenarios", "--json"]));
    let listed: Value = serde_json::from_str(&stdout).unwrap();
    let names: Vec<_> =
        listed["scenarios"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"calm") && names.contains(&"late_landing"), "{names:?}");

    let (code, printed, _) = outcome(recio(here.path()).args(["sim", "scenarios", "stall"]));
    assert_eq!(code, Some(0));
    assert!(printed.contains("kind = \"stall\""), "{printed}");
    let file = here.path().join("mine.toml");
    std::fs::write(&file, printed.replace("name = \"stall\"", "name = \"mine\"")).unwrap();
    let mut command = recio(here.path());
    command.args(["sim", "serve", "--json", "--synthetic", "1", "--seed", "9", "--scenario"]).arg(&file);
    let mut serving = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    let mut lines = BufReader::new(serving.stdout.take().unwrap()).lines();
    // The object ends with a line of its own.
    while !text.ends_with("\n}\n") {
        let line = lines.next().expect("it says where it is").unwrap();
        text.push_str(&line);
        text.push('\n');
        if serde_json::from_str::<Value>(&text).is_ok() {
            break;
        }
    }
    serving.kill().unwrap();
    serving.wait().unwrap();
    let endpoint: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&endpoint["simulator"], &endpoint["index_is_stand_in"]), (&Value::Bool(true), &Value::Bool(false)));
    assert!(endpoint["market_tickers"].as_array().unwrap().len() >= 4, "{text}");
}

#[test]
fn a_scenario_that_is_none_is_refused_with_the_place() {
    let here = tempdir().unwrap();
    let (code, _, stderr) = outcome(recio(here.path()).args(["sim", "scenarios", "strom"]));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("no scenario is called `strom`") && stderr.contains("storm"), "{stderr}");
    let file = here.path().join("bad.toml");
    std::fs::write(&file, "name = \"x\"\nabout = \"y\"\n\n[[fault]]\nkind = \"stall\"\nat = \"+1m\"\n").unwrap();
    let (code, _, stderr) = outcome(recio(here.path()).args(["sim", "serve", "--scenario"]).arg(&file));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("bad.toml:5: fault[0].lasts: is missing"), "{stderr}");
    let (code, _, stderr) = outcome(recio(here.path()).args(["sim", "serve", "--synthetic", "0"]));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("1..=744"), "{stderr}");
}
