//! `recio trades`, `orders`, `fills`, `positions`, `settlements` over a store on disk.

use super::{outcome, recio};
use recio_core::market::{BookSide, MarketResult};
use recio_core::trade::{OrderStatus, TradeStatus};
use recio_core::units::{Money, Quantity};
use recio_store::contract::sample;
use recio_store::{Access, open};
use std::path::Path;
use std::process::Stdio;
use tempfile::tempdir;

/// Writes a small store at the place where the config's default looks.
pub(super) fn fill_store(directory: &Path) {
    std::fs::create_dir(directory.join("recio-data")).unwrap();
    let url = format!("sqlite://{}", directory.join("recio-data/recio.db").display());
    let facts = [
        sample::account_opened(Money::dollars(100)),
        sample::intent("c-1", 1),
        sample::order_changed("c-1", Some("o-1"), OrderStatus::Filled, "2"),
        sample::filled(sample::fill("o-1", "f-1", "KXBTCD-A", BookSide::Bid, "0.93", "2")),
        sample::filled(sample::fill("o-2", "f-2", "KXBTCD-B", BookSide::Ask, "0.10", "1")),
        sample::settled("KXBTCD-B", MarketResult::No, Money::dollars(1), 1),
        sample::trade("t-1", TradeStatus::Open, Quantity::contracts(2)),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = open(&url, Access::Writer).await.unwrap();
        store.append(&facts).await.unwrap();
    });
}

#[test]
fn every_list_as_table_and_as_json() {
    let directory = tempdir().unwrap();
    fill_store(directory.path());
    for (list, rows) in [("trades", 1), ("orders", 1), ("fills", 2), ("positions", 1), ("settlements", 1)] {
        let (code, table, stderr) = outcome(recio(directory.path()).arg(list));
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{list}");
        assert_eq!(table.lines().count(), rows + 2, "{list}\n{table}");
        let (code, json, _) = outcome(recio(directory.path()).args([list, "--json"]));
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((code, json[list].as_array().unwrap().len()), (Some(0), rows), "{list}");
    }
    let (_, table, _) = outcome(recio(directory.path()).args(["fills", "--market", "KXBTCD-A"]));
    insta::assert_snapshot!(table, @r"
     executed (UTC)        market     book side   YES price   quantity        fee   liquidity   order   fill
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────
     2026-05-13 13:00:01   KXBTCD-A   bid            0.9300       2.00   0.010000   taker       o-1     f-1
    ");
    let (_, table, _) = outcome(recio(directory.path()).args(["fills", "-n", "1"]));
    assert_eq!(table.lines().count(), 3);
    let (_, table, _) = outcome(recio(directory.path()).args(["trades", "--open", "--monitor", "none"]));
    assert_eq!(table, "");
}

#[test]
fn a_missing_store_ends_with_1_and_is_not_made() {
    let directory = tempdir().unwrap();
    let (code, stdout, stderr) = outcome(recio(directory.path()).arg("trades"));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(stderr, @"error: there is no store at recio-data/recio.db: name one that is there, or let `recio run` or `recio demo` make it");
    assert!(std::fs::read_dir(directory.path()).unwrap().next().is_none());
}

#[test]
fn a_bad_url_ends_with_2() {
    let directory = tempdir().unwrap();
    let (code, _, stderr) = outcome(recio(directory.path()).args(["trades", "--store", "mysql://u:secret@h/d"]));
    assert_eq!(code, Some(2));
    assert!(!stderr.contains("secret"), "{stderr}");
}

#[test]
fn an_empty_list_says_so_on_stderr() {
    let directory = tempdir().unwrap();
    let (code, stdout, stderr) = outcome(recio(directory.path()).args(["fills", "--store", "memory:"]));
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
    assert!(stderr.trim_end().ends_with("INFO no fills"), "{stderr}");
    let quiet = outcome(recio(directory.path()).args(["fills", "--store", "memory:", "-q"]));
    assert_eq!(quiet, (Some(0), String::new(), String::new()));
    let (_, stdout, stderr) =
        outcome(recio(directory.path()).args(["fills", "--store", "memory:", "--json", "--log-format", "json", "-v"]));
    assert_eq!(stdout, "{\n  \"fills\": []\n}\n");
    assert!(stderr.lines().all(|line| line.starts_with('{')), "{stderr}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let directory = tempdir().unwrap();
    let mut child = recio(directory.path())
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}
