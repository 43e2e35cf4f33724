//! The demo: twice the same in lockstep, whatever the store; its report; its input log, replayed.
//!
//! One test, because a demo in a debug build takes a quarter of a minute, and some test runners give every test a process of its own.

use crate::replay;
use crate::support::tempdir;
use recio::demo::{DemoOptions, DemoReport, OPENING_CASH, demo};
use recio::prelude::{CancellationToken, Money};
use recio::store::{Access, open, verify};
use recio::store_trait::Store;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

#[test]
fn the_demo_is_the_same_twice_and_replays() {
    let dir = tempdir();
    let (memory, sqlite) = std::thread::scope(|threads| {
        let memory = threads.spawn(|| play("memory:", &dir.path().join("memory")));
        let sqlite = threads.spawn(|| {
            let url = format!("sqlite://{}", dir.path().join("facts.db").display());
            play(&url, &dir.path().join("sqlite"))
        });
        (memory.join().unwrap(), sqlite.join().unwrap())
    });
    assert_eq!(memory.ledger_hash, sqlite.ledger_hash, "the same run on another store has another ledger");
    assert_eq!(economy(&memory), economy(&sqlite));
    for report in [&memory, &sqlite] {
        a_trade_lived_from_entry_to_settlement(report);
        the_money_adds_up(report);
        the_json_has_its_fields(report);
    }
    let log = sqlite.input_log.clone().unwrap();
    replay::is_identical(&log, &sqlite);
    replay::is_identical_from_a_later_segment(&log);
    replay::finds_another_model(&log);
    replay::finds_another_config(&log, dir.path());
    replay::finds_damage_and_forgives_a_torn_tail(&log, dir.path());
}

fn play(store: &str, data_dir: &Path) -> DemoReport {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store: Arc<dyn Store> = Arc::from(open(store, Access::Writer).await.unwrap());
        let options = DemoOptions { store: Arc::clone(&store), ..DemoOptions::in_dir(data_dir) };
        let report = demo(options, CancellationToken::new()).await.unwrap();
        let verified = verify(&*store).await.unwrap();
        assert!(verified.last_sequence > 0);
        report
    })
}

/// What must not differ between two runs: everything but names and wall time.
fn economy(report: &DemoReport) -> String {
    let trades: Vec<_> = report.trades.iter().map(ToString::to_string).collect();
    let fills: Vec<_> = report.fills.iter().map(|fill| (fill.yes_price, fill.quantity, fill.fee)).collect();
    format!("{} inputs, {} decisions, {trades:?}, {fills:?}, {}", report.inputs, report.decisions, report.cash_end)
}

fn a_trade_lived_from_entry_to_settlement(report: &DemoReport) {
    let trade = report.trades.first().expect("the looser monitor enters");
    assert!(!trade.entry_reason.is_empty());
    assert!(trade.entry_probability.is_some());
    assert!(!report.orders.is_empty() && !report.fills.is_empty());
    assert!(report.settlements.iter().any(|settlement| settlement.market == trade.market));
    assert!(trade.realized_pnl().is_some(), "{trade}");
}

fn the_money_adds_up(report: &DemoReport) {
    assert!(report.simulated);
    assert_eq!(report.tie_out, Money::ZERO);
    assert_eq!(report.facts_not_stored, 0);
    assert_eq!(report.cash_start, OPENING_CASH);
    let pnl: i64 = report.trades.iter().filter_map(|trade| trade.realized_pnl()).map(Money::micros).sum();
    assert_eq!(report.cash_end.micros() - report.cash_start.micros(), pnl);
    let fees: i64 = report.fills.iter().map(|fill| fill.fee.micros()).sum();
    assert_eq!(report.fees.micros(), fees);
}

/// What `recio demo --json` prints is this report.
fn the_json_has_its_fields(report: &DemoReport) {
    let json = serde_json::to_value(report).unwrap();
    for field in ["recording", "input_log", "fees", "cash_start", "cash_end", "tie_out", "ledger_hash"] {
        assert!(json[field].is_string(), "{field}: {}", json[field]);
    }
    for field in ["trades", "orders", "fills", "settlements"] {
        assert!(json[field].as_array().is_some_and(|rows| !rows.is_empty()), "{field}: {}", json[field]);
    }
    assert!(json["inputs"].as_u64() > json["decisions"].as_u64() && json["decisions"].as_u64() > Some(0));
    assert!(json["wall_seconds"].as_f64() > Some(0.0));
    assert_eq!(json["tie_out"], "0.000000", "money is a decimal string");
    assert_eq!(json["simulated"], Value::Bool(true));
}
