//! Whole databases: both stores of v2's, their overlap, and the sums.

use super::awkward::{file, options, records, run};
use super::world::{self, AUTO_TRADE_SETTINGS, PRICES, TRADES, Table, Truth, some};
use recio_core::imported::ImportedTable;
use recio_core::store::Store;
use recio_core::units::Timestamp;
use recio_store::testing::Database;
use recio_store::v2::{Exact, ImportReport, Problem, SumLine, Taken, V2Source, import};
use recio_store::{Access, SqliteStore, verify};
use sqlx::Connection;
use std::collections::BTreeMap;
use std::path::Path;

/// Trades in the generated databases: all of them with `RECIO_TEST_FULL`.
pub(super) fn count() -> usize {
    if std::env::var_os("RECIO_TEST_FULL").is_some() { 100_000 } else { 3_000 }
}

/// v2 as it was: early trades in SQLite files, later ones in PostgreSQL, and some in both.
pub(super) struct V2 {
    pub(super) truths: Vec<Truth>,
    /// In both stores.
    pub(super) both: usize,
    /// The rows of prices.
    pub(super) prices: usize,
    pub(super) url: String,
    pub(super) files: Vec<String>,
}

pub(super) async fn v2(database: &Database, directory: &Path, count: usize) -> V2 {
    let truths = world::truths(count, 4);
    let (early, late) = (count * 6 / 10, count * 4 / 10);
    let rows = |from: usize, to: usize, start: usize| -> Vec<_> {
        truths[from..to].iter().enumerate().map(|(at, truth)| truth.row(start + at)).collect()
    };
    let mut sqlite = rows(0, early, 1);
    // The early files knew no ticket ids for a while.
    for row in sqlite.iter_mut().step_by(5) {
        row[24] = None;
    }
    let trades = directory.join("trades.db");
    file(&trades, &[Table { name: "trades", columns: TRADES, rows: sqlite }]).await;
    let every = 10;
    let [fills, orders, settlements] = world::account(&truths, every);
    let fills_file = directory.join("fills.db");
    file(
        &fills_file,
        &[Table { name: "fills", columns: fills.columns, rows: fills.rows[..fills.rows.len() / 2].to_vec() }],
    )
    .await;

    let url = database.url().to_owned();
    let mut connection = world::connect(&url).await;
    world::postgres(&mut connection, &Table { name: "users.trades_0001", columns: TRADES, rows: rows(late, count, 7) })
        .await;
    for (name, table) in
        [("users.fills_0001", fills), ("users.orders_0001", orders), ("users.settlements_0001", settlements)]
    {
        world::postgres(&mut connection, &Table { name, ..table }).await;
    }
    world::postgres(
        &mut connection,
        &Table { name: "users.positions_0001", columns: world::POSITIONS, rows: Vec::new() },
    )
    .await;
    let night: Timestamp = "2025-11-02T04:00:00Z".parse().unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let mut prices = Vec::new();
    for second in 0..i64::try_from(count).unwrap() {
        // The second round of the hour writes over the first.
        let time = Timestamp::from_second(night.as_second() + second * 4).unwrap();
        let text = time.to_zoned(world::eastern()).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        if seen.insert(text.clone()) {
            let price = 114_000.0 + second as f64 / 100.0;
            let mut row = vec![some(text), some(price), some(price), some(0.1)];
            row.resize(PRICES.len(), None);
            prices.push(row);
        }
    }
    let rows = prices.len();
    world::postgres(&mut connection, &Table { name: "live_data.live_price_log_1s_btc", columns: PRICES, rows: prices })
        .await;
    let settings = [
        "1", "true", "true", "95", "0.25", "120", "900", "false", "true", "36", "30", "15", "40", "60", "true", "36",
        "false", "15", "active", "0", "0001",
    ];
    let settings = vec![settings.iter().map(some).collect()];
    world::postgres(
        &mut connection,
        &Table { name: "users.auto_trade_settings_0001", columns: AUTO_TRADE_SETTINGS, rows: settings },
    )
    .await;
    connection.close().await.unwrap();
    let files = [trades, fills_file].iter().map(|path| path.display().to_string()).collect();
    V2 { truths, both: early - late, prices: rows, url, files }
}

impl V2 {
    pub(super) fn from(&self) -> Vec<&str> {
        std::iter::once(self.url.as_str()).chain(self.files.iter().map(String::as_str)).collect()
    }
}

fn total(report: &ImportReport, table: ImportedTable, measure: &str, side: fn(&SumLine) -> Exact) -> String {
    let lines = report
        .sums
        .iter()
        .filter(|line| line.table == table && line.measure.map_or("rows", recio_store::v2::Measure::as_str) == measure);
    lines.fold(Exact::ZERO, |sum, line| sum.plus(side(line))).to_string()
}

fn dollars(cents: i64) -> String {
    format!("{}{}.{:02}0000", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_stores_become_one_history_and_every_sum_agrees() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::create();
    let v2 = v2(&database, directory.path(), count()).await;
    let url = format!("sqlite://{}/recio.db", directory.path().display());
    let store = SqliteStore::open(&url, Access::Writer).await.unwrap();

    let planned = run(&store, &v2.from(), true).await;
    assert!(planned.agrees() && planned.changes());
    assert!(store.facts(0, 1).await.unwrap().is_empty(), "a dry run writes nothing");

    let start = std::time::Instant::now();
    let report = run(&store, &v2.from(), false).await;
    eprintln!("{} trades: imported in {:?}", v2.truths.len(), start.elapsed());
    assert!(report.agrees(), "{:#?}", report.sums);
    let line = |of: &ImportReport| {
        of.tables.iter().map(|t| (t.table.clone(), t.read, t.imported, t.merged, t.differing)).collect::<Vec<_>>()
    };
    assert_eq!(line(&planned), line(&report), "a dry run tells what happens");

    // The sums, against what was put in.
    let sum = |of: fn(&Truth) -> i64| v2.truths.iter().map(of).sum::<i64>();
    let trades = ImportedTable::Trades;
    assert_eq!(total(&report, trades, "rows", |line| line.stored), format!("{}.000000", v2.truths.len()));
    assert_eq!(total(&report, trades, "rows", |line| line.merged), format!("{}.000000", v2.both));
    assert_eq!(total(&report, trades, "pnl", |line| line.stored), dollars(sum(Truth::pnl_cents)));
    assert_eq!(total(&report, trades, "fees", |line| line.stored), dollars(sum(|truth| truth.fee_cents)));
    assert_eq!(total(&report, trades, "cost", |line| line.stored), dollars(sum(Truth::cost_cents)));
    let tenth = v2.truths.iter().step_by(10).map(Truth::cost_cents).sum::<i64>();
    assert_eq!(total(&report, ImportedTable::Fills, "cost", |line| line.stored), dollars(tenth));
    assert_eq!(report.prices[0].added, v2.prices as u64);

    // Each trade has the times that it had, also in the hour that the clock shows twice.
    let records = records(&store, trades).await;
    let by_ticker: BTreeMap<(&str, Timestamp), &Truth> =
        v2.truths.iter().map(|truth| ((truth.ticker.as_str(), truth.opened), truth)).collect();
    for record in &records {
        let key = (record.market.as_deref().unwrap(), record.time.unwrap());
        let truth = by_ticker.get(&key).unwrap_or_else(|| panic!("no trade began then: {record:?}"));
        assert_eq!(record.end_time, Some(truth.closed), "{record:?}");
        assert_eq!(record.pnl.unwrap().micros(), truth.pnl_cents() * 10_000);
    }
    assert!(report.findings.count(Problem::RepeatedByMarket) > 50, "there are trades in the repeated hour");

    // Entry stays off, whatever v2 said.
    let entry = report.settings.iter().find(|proposal| proposal.setting == "auto_entry").unwrap();
    assert!(entry.value == "true" && matches!(entry.taken, Taken::Not(_)));

    // Again: nothing changes. The tables are what the facts say, and the chain is whole.
    let last = verify(&store).await.unwrap().last_sequence;
    let start = std::time::Instant::now();
    let again = run(&store, &v2.from(), false).await;
    eprintln!("{} trades: again in {:?}", v2.truths.len(), start.elapsed());
    assert!(again.agrees() && !again.changes());
    assert_eq!(verify(&store).await.unwrap().last_sequence, last);
    assert!(store.trades().await.unwrap().is_empty() && store.fills().await.unwrap().is_empty());
    assert_eq!(store.rebuild().await.unwrap(), last);
}

#[tokio::test]
async fn a_trade_that_went_on_in_v2_is_kept_anew_and_a_lesser_store_overrides_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::create();
    let url = database.url().to_owned();
    let mut connection = world::connect(&url).await;
    let truth = &world::truths(3, 7);
    let rows: Vec<_> = truth.iter().enumerate().map(|(at, truth)| truth.row(at + 1)).collect();
    world::postgres(&mut connection, &Table { name: "users.trades_0001", columns: TRADES, rows: rows.clone() }).await;
    let open =
        "UPDATE users.trades_0001 SET status = 'open', pnl = NULL, win_loss = NULL, closed_at = NULL WHERE id = 2";
    world::run(&mut connection, open).await;
    let path = directory.path().join("trades.db");
    let mut other = rows.clone();
    other[0][17] = some("12.5");
    file(&path, &[Table { name: "trades", columns: TRADES, rows: other }]).await;
    let store =
        SqliteStore::open(&format!("sqlite://{}/recio.db", directory.path().display()), Access::Writer).await.unwrap();
    let both = [path.to_str().unwrap(), url.as_str()];

    let report = run(&store, &both, false).await;
    assert!(report.agrees(), "{:#?}", report.sums);
    assert_eq!(report.findings.count(Problem::NotOver), 1);
    // The file says otherwise of two trades: of the pnl of the first, and that the second is over.
    assert_eq!(report.findings.count(Problem::StoresDiffer), 2);
    assert_eq!(records(&store, ImportedTable::Trades).await[0].pnl.unwrap().micros(), truth[0].pnl_cents() * 10_000);

    world::run(
        &mut connection,
        "UPDATE users.trades_0001 SET status = 'closed', pnl = 0.5, win_loss = 'W' WHERE id = 2",
    )
    .await;
    world::run(&mut connection, "DELETE FROM users.trades_0001 WHERE id = 3").await;
    let report = run(&store, &[&url], false).await;
    assert!(report.agrees(), "{:#?}", report.sums);
    let table = &report.tables[0];
    assert_eq!((table.read, table.imported, table.changed, table.already), (2, 0, 1, 1));
    assert_eq!(total(&report, ImportedTable::Trades, "rows", |line| line.gone), "1.000000");
    let records = records(&store, ImportedTable::Trades).await;
    assert_eq!((records.len(), records[1].version, records[1].pnl.unwrap().to_string()), (3, 2, "0.500000".to_owned()));

    // The file alone, later: it is the lesser store.
    let report = run(&store, &[path.to_str().unwrap()], false).await;
    assert!(report.agrees() && !report.changes(), "{:#?}", report.sums);
    connection.close().await.unwrap();
    verify(&store).await.unwrap();
}

#[tokio::test]
async fn a_history_that_came_from_a_file_gets_the_servers_numbers_later_and_keeps_them() {
    let directory = tempfile::tempdir().unwrap();
    let database = Database::create();
    let url = database.url().to_owned();
    let truths = &world::truths(3, 7);
    let rows = |first: usize| truths.iter().enumerate().map(|(at, truth)| truth.row(first + at)).collect();
    let path = directory.path().join("trades.db");
    file(&path, &[Table { name: "trades", columns: TRADES, rows: rows(101) }]).await;
    let mut connection = world::connect(&url).await;
    world::postgres(&mut connection, &Table { name: "users.trades_0001", columns: TRADES, rows: rows(1) }).await;
    connection.close().await.unwrap();
    let store =
        SqliteStore::open(&format!("sqlite://{}/recio.db", directory.path().display()), Access::Writer).await.unwrap();
    let path = path.to_str().unwrap();
    assert_eq!(run(&store, &[path], false).await.tables[0].imported, 3);
    let report = run(&store, &[&url], false).await;
    assert!(report.agrees(), "{:#?}", report.sums);
    assert_eq!((report.tables[0].imported, report.tables[0].changed), (0, 3));
    for from in [vec![path], vec![url.as_str()], vec![path, url.as_str()]] {
        let report = run(&store, &from, false).await;
        assert!(report.agrees() && !report.changes(), "{from:?}: {:#?}", report.tables);
    }
    let numbers: Vec<_> = records(&store, ImportedTable::Trades).await.iter().map(|record| record.number).collect();
    assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
    verify(&store).await.unwrap();
}

#[tokio::test]
async fn an_import_without_a_place_for_prices_leaves_them_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("price_history.db");
    file(&path, &[Table { name: "price_log", columns: PRICES, rows: Vec::new() }]).await;
    let source = V2Source::open(path.to_str().unwrap()).await.unwrap();
    let store = recio_store::MemoryStore::new();
    let report = import(&store, None, vec![source], &options(false), &mut |_| ()).await.unwrap();
    assert_eq!(report.left.len(), 1);
    assert!(report.left[0].why.contains("no place for prices"));
}
