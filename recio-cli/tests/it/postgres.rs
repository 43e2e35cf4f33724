//! The commands on a store on a PostgreSQL server.

use crate::{outcome, recio};
use recio_store::testing::{Database, psql};
use serde_json::Value;
use tempfile::tempdir;

/// The ledger of the demo, whatever the store: what it traded, paid and was paid.
const LEDGER: &str = "719aa77265d16a960dfe66a068fea75d957728a4cdfe81e4e5bbd413ef3cf32f";

#[test]
fn the_demo_leaves_the_same_ledger_on_a_server() {
    let (database, here) = (Database::create(), tempdir().unwrap());
    let with_store = |command: &str| {
        let mut recio = recio(here.path());
        recio.args([command, "--json", "--store", database.url()]);
        let (code, stdout, stderr) = outcome(&mut recio);
        assert_eq!(code, Some(0), "{command}: {stderr}");
        serde_json::from_str::<Value>(&stdout).unwrap()
    };
    let report = with_store("demo");
    assert_eq!((&report["ledger_hash"], &report["facts_not_stored"]), (&Value::from(LEDGER), &Value::from(0)));
    assert_eq!(report["tie_out"], "0.000000");
    for list in ["trades", "orders", "fills", "settlements"] {
        let (read, told) = (with_store(list), report[list].as_array().unwrap());
        for (read, told) in read[list].as_array().unwrap().iter().zip(told) {
            let same = told.as_object().unwrap().iter().all(|(field, value)| read[field] == *value);
            assert!(same, "`recio {list}` reads {read}, and the demo told of {told}");
        }
        let rows = psql(database.url(), &format!("SELECT count(*) FROM {list}"));
        assert_eq!(rows, report[list].as_array().unwrap().len().to_string(), "{list}");
    }
    assert_eq!(with_store("positions")["positions"], Value::Array(Vec::new()));
    assert_eq!(psql(database.url(), "SELECT count(*) FROM facts WHERE kind = 'intent'"), "1");
}

#[test]
fn a_server_that_cannot_be_used_is_named_without_its_password() {
    let here = tempdir().unwrap();
    let (code, stdout, stderr) =
        outcome(recio(here.path()).args(["trades", "--store", "postgres://u:hunter2@/recio?host=/not/there"]));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("no server answers at postgres://u@/recio?host=/not/there"), "{stderr}");
    assert!(!stderr.contains("hunter2"), "{stderr}");
    let database = Database::create();
    let (code, _, stderr) = outcome(recio(here.path()).args(["trades", "--store", database.url()]));
    assert!(code == Some(1) && stderr.contains("there is no store at"), "{stderr}");
    let (code, _, stderr) = outcome(recio(here.path()).args(["trades", "--store", "postgres://u:hunter2@h"]));
    assert!(code == Some(2) && stderr.contains("names no database") && !stderr.contains("hunter2"), "{stderr}");
}
