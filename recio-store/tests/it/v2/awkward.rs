//! Rows as they should not be: nothing of them is lost, and each is said.

use super::world::{self, FILLS, ORDERS, POSITIONS, PRICES, SETTLEMENTS, TRADES, Table, some};
use crate::damage::shell;
use recio_core::fact::{Environment, FactBody};
use recio_core::imported::{Imported, ImportedTable};
use recio_core::store::Store;
use recio_store::v2::{ImportOptions, ImportReport, Problem, V2Source, import};
use recio_store::{Access, SqliteStore};
use std::path::Path;

pub(super) fn options(dry_run: bool) -> ImportOptions {
    ImportOptions {
        environment: Environment::Kalshi,
        account: "main".parse().unwrap(),
        run: "import-1".parse().unwrap(),
        now: "2026-11-22T12:00:00Z".parse().unwrap(),
        dry_run,
    }
}

/// A trade that is in order, in which some columns are other.
pub(super) fn trade(id: i64, other: &[(&str, Option<&str>)]) -> Vec<Option<String>> {
    let plain = [
        ("status", "closed"),
        ("date", "2025-08-20"),
        ("time", "15:50:01"),
        ("contract", "BTC 4pm"),
        ("strike", "$114,750"),
        ("side", "Y"),
        ("diff", "+3"),
        ("buy_price", "0.95"),
        ("position", "2"),
        ("sell_price", "1"),
        ("closed_at", "16:00:05"),
        ("fees", "0.01"),
        ("pnl", "0.09"),
        ("win_loss", "W"),
        ("ticker", "KXBTCD-25AUG2016-T114749.99"),
        ("entry_method", "manual"),
        ("close_method", "expired"),
    ];
    let value = |name: &str| -> Option<String> {
        if name == "id" {
            return some(id);
        }
        if name == "ticket_id" && !other.iter().any(|(column, _)| *column == name) {
            return some(format!("T-{id}"));
        }
        match other.iter().find(|(column, _)| *column == name) {
            Some((_, value)) => value.map(str::to_owned),
            None => plain.iter().find(|(column, _)| *column == name).map(|(_, value)| (*value).to_owned()),
        }
    };
    TRADES.iter().map(|(name, ..)| value(name)).collect()
}

pub(super) async fn file(path: &Path, tables: &[Table]) {
    let mut connection = shell(path).await;
    for table in tables {
        world::sqlite(&mut connection, table).await;
    }
    world::close(connection).await;
}

pub(super) async fn run(store: &SqliteStore, from: &[&str], dry_run: bool) -> ImportReport {
    let mut sources = Vec::new();
    for from in from {
        sources.push(V2Source::open(from).await.unwrap());
    }
    import(store, Some(store), sources, &options(dry_run), &mut |_| ()).await.unwrap()
}

/// The newest version of every record, by kind and v2's number or name.
pub(super) async fn records(store: &dyn Store, kind: ImportedTable) -> Vec<Imported> {
    let mut newest = std::collections::BTreeMap::new();
    for stored in store.facts(0, u32::MAX).await.unwrap() {
        if let FactBody::Imported(record) = stored.fact.body
            && record.table == kind
        {
            newest.insert(record.record.clone(), *record);
        }
    }
    let mut records: Vec<Imported> = newest.into_values().collect();
    records.sort_by_key(|record| (record.number, record.record.clone()));
    records
}

fn shown(record: &Imported) -> String {
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let money = |amount: Option<recio_core::units::Money>| dash(amount.map(|amount| amount.to_string()));
    format!(
        "{} {} {} at {} to {}: {} x {} = {} fees {} pnl {}",
        record.number.map_or_else(|| "-".to_owned(), |number| number.to_string()),
        dash(record.status.clone()),
        dash(record.side.map(|side| side.to_string())),
        dash(record.time.map(|time| time.to_string())),
        dash(record.end_time.map(|time| time.to_string())),
        dash(record.quantity.map(|quantity| quantity.to_string())),
        money(record.price),
        money(record.cost),
        money(record.fees),
        money(record.pnl)
    )
}

async fn store(directory: &tempfile::TempDir) -> SqliteStore {
    SqliteStore::open(&format!("sqlite://{}/recio.db", directory.path().display()), Access::Writer).await.unwrap()
}

#[tokio::test]
async fn every_odd_trade_is_kept_and_said() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("trades.db");

    type Case<'a> = (&'a [(&'a str, Option<&'a str>)], &'a str, &'a [Problem]);
    let cases: Vec<Case<'_>> = vec![
        (
            &[],
            "closed YES at 2025-08-20T19:50:01Z to 2025-08-20T20:00:05Z: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[],
        ),
        (
            &[("pnl", Some("-1.9100000000000001")), ("side", Some("n")), ("win_loss", Some("L"))],
            "closed NO at 2025-08-20T19:50:01Z to 2025-08-20T20:00:05Z: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl -1.910000",
            &[Problem::OtherSpelling],
        ),
        (
            &[("buy_price", Some("95")), ("sell_price", Some("100")), ("side", Some("Yes "))],
            "closed YES at 2025-08-20T19:50:01Z to 2025-08-20T20:00:05Z: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[Problem::PriceInCents, Problem::Spaces, Problem::OtherSpelling],
        ),
        (
            &[("pnl", Some("NaN")), ("fees", Some("")), ("buy_price", Some("Infinity")), ("side", Some("up"))],
            "closed - at 2025-08-20T19:50:01Z to 2025-08-20T20:00:05Z: 2.00 x - = - fees - pnl -",
            &[Problem::NotANumber, Problem::UnknownWord],
        ),
        (
            &[("position", Some("9000000000000000")), ("buy_price", Some("-0.5"))],
            "closed YES at 2025-08-20T19:50:01Z to 2025-08-20T20:00:05Z: - x - = - fees 0.010000 pnl 0.090000",
            &[Problem::TooLarge, Problem::PriceOutOfRange],
        ),
        (
            &[("position", Some("-2")), ("pnl", Some("$1,200.50"))],
            "closed YES at 2025-08-20T19:50:01Z to 2025-08-20T20:00:05Z: - x 0.950000 = - fees 0.010000 pnl 1200.500000",
            &[Problem::Negative, Problem::Dressed],
        ),
        (
            &[("buy_price", Some("0.9533333333333333")), ("position", Some("3"))],
            "closed YES at 2025-08-20T19:50:01Z to 2025-08-20T20:00:05Z: 3.00 x 0.953333 = 2.860000 fees 0.010000 pnl 0.090000",
            &[Problem::Rounded],
        ),
        (
            &[
                ("status", Some("pending")),
                ("closed_at", None),
                ("pnl", None),
                ("fees", None),
                ("sell_price", None),
                ("win_loss", None),
            ],
            "pending YES at 2025-08-20T19:50:01Z to -: 2.00 x 0.950000 = 1.900000 fees - pnl -",
            &[Problem::NotOver],
        ),
        (
            &[
                ("date", None),
                ("time", None),
                ("ticker", Some(" kxbtcd-25aug2016-t114749.99 ")),
                ("strike", Some("Höhe 価格 🙂")),
            ],
            "closed YES at - to -: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[Problem::TimeMissing, Problem::Spaces, Problem::OtherSpelling, Problem::TimeUnreadable],
        ),
        (
            &[
                ("date", Some("yesterday")),
                ("ticker", Some("DOGE!")),
                ("closed_at", Some("soon")),
                ("status", Some("WON")),
            ],
            "won YES at - to -: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[Problem::TimeUnreadable, Problem::BadMarket, Problem::UnknownWord, Problem::NotOver],
        ),
        // The night in autumn: each reading of 1:30, by the market; then one that nothing tells.
        (
            &[
                ("date", Some("2025-11-02")),
                ("time", Some("01:30:00")),
                ("closed_at", Some("01:00:05")),
                ("ticker", Some("KXBTCD-25NOV0201-T114749.99")),
            ],
            "closed YES at 2025-11-02T05:30:00Z to 2025-11-02T06:00:05Z: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[Problem::RepeatedByMarket],
        ),
        (
            &[
                ("date", Some("2025-11-02")),
                ("time", Some("01:30:00")),
                ("closed_at", Some("02:00:05")),
                ("ticker", Some("KXBTCD-25NOV0202-T114749.99")),
            ],
            "closed YES at 2025-11-02T06:30:00Z to 2025-11-02T07:00:05Z: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[Problem::RepeatedByMarket],
        ),
        (
            &[("date", Some("2025-11-02")), ("time", Some("01:30:00")), ("closed_at", None), ("ticker", None)],
            "closed YES at 2025-11-02T05:30:00Z to -: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[Problem::Repeated],
        ),
        // The night in spring.
        (
            &[("date", Some("2025-03-09")), ("time", Some("02:30:00")), ("closed_at", None), ("ticker", None)],
            "closed YES at 2025-03-09T07:30:00Z to -: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[Problem::Skipped],
        ),
        // Over midnight, and a time with an offset of its own.
        (
            &[
                ("time", Some("23:50:00")),
                ("closed_at", Some("00:00:09")),
                ("ticker", Some("KXBTCD-25AUG2100-T114749.99")),
            ],
            "closed YES at 2025-08-21T03:50:00Z to 2025-08-21T04:00:09Z: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[],
        ),
        (
            &[("closed_at", Some("2025-08-20T20:00:07.5+00:00")), ("time", Some("3:50:01 PM"))],
            "closed YES at 2025-08-20T19:50:01Z to 2025-08-20T20:00:07.5Z: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[],
        ),
        // v2's own mistake: one ticket id for all.
        (
            &[("ticket_id", Some("T-1")), ("time", Some("15:51:00"))],
            "closed YES at 2025-08-20T19:51:00Z to 2025-08-20T20:00:05Z: 2.00 x 0.950000 = 1.900000 fees 0.010000 pnl 0.090000",
            &[Problem::TicketTwice],
        ),
    ];
    let rows = cases.iter().enumerate().map(|(at, (other, ..))| trade(at as i64 + 1, other)).collect();
    file(&path, &[Table { name: "trades", columns: TRADES, rows }]).await;
    let store = store(&directory).await;
    let report = run(&store, &[path.to_str().unwrap()], false).await;
    assert!(report.agrees(), "{:#?}", report.sums);
    assert_eq!(report.tables[0].imported, cases.len() as u64);
    let records = records(&store, ImportedTable::Trades).await;
    for (at, (other, expected, problems)) in cases.iter().enumerate() {
        let record = &records[at];
        assert_eq!(shown(record), format!("{} {expected}", at + 1), "{other:?}");
        for (column, value) in *other {
            let kept = record.columns.get(*column).map(String::as_str);
            let same_number =
                || kept.and_then(|kept| kept.parse::<f64>().ok()) == value.and_then(|value| value.parse().ok());
            assert!(kept == value.filter(|value| !value.is_empty()) || same_number(), "{column}: {kept:?}");
        }
        let place = (at + 1).to_string();
        let mut said: Vec<Problem> = report
            .findings
            .iter()
            .filter(|(.., found)| found.first.iter().any(|finding| finding.row == place))
            .map(|(_, _, problem, _)| problem)
            .collect();
        let mut expected = problems.to_vec();
        // Every trade of the sample says `+3` in diff.
        expected.push(Problem::Dressed);
        for list in [&mut said, &mut expected] {
            list.sort();
            list.dedup();
        }
        assert_eq!(said, expected, "row {place}: {other:?}");
    }
    assert!(store.trades().await.unwrap().is_empty(), "none is a trade of recio's");
    assert!(store.positions().await.unwrap().is_empty());
    let again = run(&store, &[path.to_str().unwrap()], false).await;
    assert!(again.agrees() && !again.changes());
}

#[tokio::test]
async fn what_v2_copied_from_the_exchange_is_read_in_its_units() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("account.db");
    let row = |texts: &[Option<&str>]| texts.iter().map(|text| text.map(str::to_owned)).collect::<Vec<_>>();
    let s = Some;
    let fills = vec![
        row(&[
            s("f1"),
            s("M"),
            s("o1"),
            s("yes"),
            s("buy"),
            s("3"),
            s("95"),
            s("5"),
            s("1"),
            s("2025-08-20T19:50:01.5Z"),
            None,
        ]),
        row(&[
            s("f2"),
            s("M"),
            s("o1"),
            s("NO"),
            s("buy"),
            s("2"),
            s("95"),
            s("0"),
            s("1"),
            s("2025-08-20 19:50:02"),
            None,
        ]),
        row(&[
            s("f3"),
            s("M"),
            s("o1"),
            s("yes"),
            s("sell"),
            s("2"),
            s("0.955"),
            None,
            s("1"),
            s("2025-08-20T19:50:03Z"),
            None,
        ]),
        row(&[
            s("f1"),
            s("M"),
            s("o1"),
            s("yes"),
            s("buy"),
            s("3"),
            s("95"),
            s("5"),
            s("1"),
            s("2025-08-20T19:50:01.5Z"),
            None,
        ]),
        row(&[None, s("M"), s("o9"), s("yes"), s("buy"), s("1"), s("0"), s("0"), s("1"), None, None]),
    ];
    let mut order = vec![None; ORDERS.len()];
    for (at, text) in [
        (0, "o1"),
        (2, "M"),
        (3, "executed"),
        (4, "buy"),
        (5, "yes"),
        (7, "95"),
        (9, "3"),
        (12, "2025-08-20T19:50:00Z"),
        (19, "2"),
        (20, "3"),
    ] {
        order[at] = some(text);
    }
    let positions = vec![
        row(&[
            s("1"),
            s("M"),
            s("285"),
            s("-3"),
            s("285"),
            s("-15"),
            s("0.05"),
            s("2025-08-20T19:50:00Z"),
            s("{\"market_exposure\": 285}"),
        ]),
        row(&[
            s("2"),
            s("N"),
            s("0"),
            s("2"),
            s("19000"),
            s("0"),
            s("0.0"),
            None,
            s("{\"type\": \"market_position\"}"),
        ]),
        row(&[s("3"), s("O"), s("0"), s("2"), s("190"), s("0"), s("0.0"), None, None]),
    ];
    let settlements = vec![
        row(&[s("M"), s("yes"), s("3"), s("285"), s("0"), s("0"), s("300"), s("2025-08-20T20:00:30Z"), None]),
        row(&[s("N"), s("Void"), None, None, s("2"), s("190.5"), s(""), s("2025-08-20T20:00:31Z"), None]),
    ];
    file(
        &path,
        &[
            Table { name: "fills", columns: FILLS, rows: fills },
            Table { name: "orders", columns: ORDERS, rows: vec![order] },
            Table { name: "positions", columns: POSITIONS, rows: positions },
            Table { name: "settlements", columns: SETTLEMENTS, rows: settlements },
        ],
    )
    .await;
    let store = store(&directory).await;
    let report = run(&store, &[path.to_str().unwrap()], false).await;
    assert!(report.agrees(), "{:#?}", report.sums);
    let lines = async |kind| -> Vec<String> {
        let records = records(&store, kind).await;
        records
            .iter()
            .map(|record| {
                format!("{} {} {}", record.record, shown(record), record.revenue.map_or("-".into(), |r| r.to_string()))
            })
            .collect()
    };
    assert_eq!(
        lines(ImportedTable::Fills).await,
        [
            "f1//1 - buy YES at 2025-08-20T19:50:01.5Z to -: 3.00 x 0.950000 = 2.850000 fees - pnl - -",
            "f2//1 - buy NO at 2025-08-20T19:50:02Z to -: 2.00 x 0.050000 = 0.100000 fees - pnl - -",
            "f3//1 - sell YES at 2025-08-20T19:50:03Z to -: 2.00 x 0.955000 = 1.910000 fees - pnl - -",
            "o9|yes|buy|1|//1 - buy YES at - to -: 1.00 x - = - fees - pnl - -",
        ]
    );
    let merged = report.tables.iter().find(|table| table.table == "fills").unwrap().merged;
    assert_eq!(merged, 1, "the same fill twice");
    assert_eq!(
        lines(ImportedTable::Orders).await,
        ["o1//1 - executed YES at 2025-08-20T19:50:00Z to -: 3.00 x 0.950000 = - fees 0.050000 pnl - -"]
    );
    assert_eq!(
        lines(ImportedTable::Positions).await,
        [
            "M//1 1 - NO at 2025-08-20T19:50:00Z to -: 3.00 x - = 2.850000 fees 0.050000 pnl -0.150000 -",
            "N//1 2 - YES at - to -: 2.00 x - = 1.900000 fees 0.000000 pnl 0.000000 -",
            "O//1 3 - YES at - to -: 2.00 x - = - fees 0.000000 pnl - -",
        ]
    );
    assert_eq!(report.findings.count(Problem::UnitUnknown), 1);
    assert_eq!(
        lines(ImportedTable::Settlements).await,
        [
            "M|2025-08-20T20:00:30Z//1 - yes - at 2025-08-20T20:00:30Z to -: 3.00 x - = 2.850000 fees - pnl - 3.000000",
            "N|2025-08-20T20:00:31Z//1 - void - at 2025-08-20T20:00:31Z to -: 2.00 x - = 1.905000 fees - pnl - -",
        ]
    );
}

#[tokio::test]
async fn a_log_of_prices_knows_both_rounds_of_the_repeated_hour() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("btc_price_history.db");
    let rows = [
        "2025-11-02T00:59:59",
        "2025-11-02T01:00:00",
        "2025-11-02T01:59:59",
        "2025-11-02T01:00:00",
        "2025-11-02T01:59:59",
        "2025-11-02T02:00:00",
        "2025-11-02T02:00:00",
        "never",
    ];
    let rows = rows.iter().enumerate().map(|(at, time)| {
        let mut row = vec![None; PRICES.len()];
        row[0] = some(*time);
        row[1] = some(format!("11{at}000.25"));
        row[3] = some("0.36");
        row
    });
    let mut rows: Vec<_> = rows.collect();
    rows.push(
        vec![some("2025-11-02T02:00:01"); 1]
            .into_iter()
            .chain(vec![some("0.0")])
            .chain(vec![None; PRICES.len() - 2])
            .collect(),
    );
    file(&path, &[Table { name: "price_log", columns: PRICES, rows }]).await;
    let store = store(&directory).await;
    let report = run(&store, &[path.to_str().unwrap()], false).await;
    let log = &report.prices[0];
    assert!(report.agrees(), "{log:?}");
    assert_eq!((log.read, log.added, log.already, log.skipped), (9, 6, 1, 2));
    assert_eq!(report.findings.count(Problem::RepeatedByOrder), 4);
    let again = run(&store, &[path.to_str().unwrap()], false).await;
    assert!(again.agrees() && !again.changes(), "{:?}", again.prices);
}

#[tokio::test]
async fn what_is_no_store_of_v2_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("customers.db");
    crate::damage::sqlite(&path, "CREATE TABLE customers (name TEXT)").await;
    let missing = directory.path().join("none.db");
    let text = directory.path().join("notes.db");
    std::fs::write(&text, "notes and no database at all\n".repeat(100)).unwrap();
    for (path, expected) in [
        (&path, "has none of v2's tables of trades, orders, settings or prices: it has customers"),
        (&missing, "there is no file"),
        (&text, "cannot be read"),
    ] {
        let error = V2Source::open(path.to_str().unwrap()).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(!missing.exists());
}
