//! What a run writes is in its store: the demo in this process, with a witness that counts for itself, and the command on both databases.

use crate::{outcome, recio};
use recio::demo::{DemoOptions, demo};
use recio::observing::{ObservationKeeper, ObservingOptions};
use recio_core::engine::{Input, Output, ServiceHealth, StrikeTable, Verdict, Wish};
use recio_core::fact::{Fact, FactBody};
use recio_core::pipeline::Observer;
use recio_core::price_feed::PriceEvent;
use recio_core::store::Store;
use recio_core::units::{Now, micros};
use recio_store::testing::{Cluster, Database, psql};
use recio_store::{Access, MemoryStore, Storage, open_storage};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::tempdir;
use tokio_util::sync::CancellationToken;

/// The ledger of the demo, whatever the store: what it traded, paid and was paid.
const LEDGER: &str = "719aa77265d16a960dfe66a068fea75d957728a4cdfe81e4e5bbd413ef3cf32f";

/// What a run did, as somebody saw who knows no store.
#[derive(Default)]
struct Seen {
    facts: Vec<Fact>,
    /// Source, the source's time, cents, the time at which it came.
    ticks: Vec<(String, i64, u64, i64)>,
    tables: Vec<(i64, Arc<StrikeTable>)>,
    health: Vec<(i64, Vec<ServiceHealth>)>,
}

#[derive(Clone, Default)]
struct Witness(Arc<Mutex<Seen>>);

impl Observer for Witness {
    fn heard(&mut self, now: Now, input: &Input) {
        if let Input::Price { feed, event: PriceEvent::Tick(tick) } = input {
            let seen = (feed.source.clone(), micros(tick.exchange_time), tick.price.cents(), micros(now.wall));
            self.0.lock().unwrap().ticks.push(seen);
        }
    }

    fn wished(&mut self, now: Now, output: &Output) {
        let mut seen = self.0.lock().unwrap();
        if let Wish::Record(fact) = &output.wish {
            seen.facts.push((**fact).clone());
        } else if let Wish::Publish(table) = &output.wish {
            seen.tables.push((micros(now.wall), Arc::clone(table)));
        } else if let Wish::Health(services) = &output.wish {
            seen.health.push((micros(now.wall), services.clone()));
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// The demo on a store that keeps nothing, seen by a witness.
fn witnessed() -> Seen {
    let (here, witness) = (tempdir().unwrap(), Witness::default());
    let observers: Vec<Box<dyn Observer>> = vec![Box::new(witness.clone())];
    let options = DemoOptions { observers, ..DemoOptions::in_dir(here.path()) };
    let report = block_on(demo(options, CancellationToken::new())).unwrap();
    assert_eq!(report.ledger_hash, LEDGER);
    std::mem::take(&mut *witness.0.lock().unwrap())
}

/// Every write that a run like the witness's makes: a question in SQL that both databases understand, and the lines that have to come.
fn wanted(seen: &Seen) -> Vec<(&'static str, &'static str, Vec<String>)> {
    let facts = |line: &dyn Fn(&Fact) -> Option<String>| seen.facts.iter().filter_map(line).collect::<Vec<_>>();
    let (tables, strikes) = tables(seen);
    let mut ticks: Vec<_> =
        seen.ticks.iter().map(|(of, at, cents, came)| format!("{of}|{at}|{cents}|{came}")).collect();
    ticks.dedup();
    let health = seen.health.iter().flat_map(|(at, services)| {
        services.iter().map(move |one| {
            let service = one.service.as_str();
            format!("{at}|{service}|sim:demo|{}|{}", one.health.as_str(), one.detail)
        })
    });
    let traded: BTreeSet<_> = facts(&|fact| {
        let FactBody::Fill { fill, .. } = &fact.body else { return None };
        Some(fill.market.to_string())
    })
    .into_iter()
    .collect();
    let intents = facts(&|fact| {
        let FactBody::Intent(intent) = &fact.body else { return None };
        let (limit, quantity) = (intent.limit.units(), intent.quantity.hundredths());
        Some(format!("{}|{limit}|{quantity}|{}", intent.market, micros(intent.created_time)))
    });
    let order_events = facts(&|fact| {
        let at = micros(fact.time);
        if let FactBody::OrderChanged { status, filled, .. } = &fact.body {
            let status = serde_json::to_value(status).unwrap();
            return Some(format!("{at}|{}|{}", status.as_str().unwrap(), filled.hundredths()));
        }
        matches!(fact.body, FactBody::Intent(_)).then(|| format!("{at}|submitting|0"))
    });
    let fills = facts(&|fact| {
        let FactBody::Fill { fill, .. } = &fact.body else { return None };
        let (price, quantity) = (fill.yes_price.units(), fill.quantity.hundredths());
        Some(format!("{}|{price}|{quantity}|{}", fill.market, fill.fee.micros()))
    });
    let settlements = facts(&|fact| {
        let FactBody::Settlement { settlement, .. } = &fact.body else { return None };
        Some(format!("{}|{}", settlement.market, settlement.revenue.micros()))
    });
    vec![
        ("facts", "SELECT kind FROM facts ORDER BY sequence", facts(&|fact| Some(fact.kind().to_owned()))),
        (
            "intents",
            "SELECT market || '|' || limit_units || '|' || quantity_hundredths || '|' || created_time_us \
             FROM orders ORDER BY intent_sequence",
            intents,
        ),
        (
            "order events",
            "SELECT time_us || '|' || status || '|' || filled_hundredths FROM order_events ORDER BY sequence",
            order_events,
        ),
        (
            "fills",
            "SELECT market || '|' || yes_price_units || '|' || quantity_hundredths || '|' || fee_micros \
             FROM fills ORDER BY sequence",
            fills,
        ),
        ("positions", "SELECT market FROM positions ORDER BY market", traded.into_iter().collect()),
        ("settlements", "SELECT market || '|' || revenue_micros FROM settlements ORDER BY sequence", settlements),
        (
            "decisions",
            "SELECT view_number || '|' || line || '|' || market || '|' || verdict FROM decisions ORDER BY sequence, line",
            decisions(seen),
        ),
        (
            "ticks",
            "SELECT source || '|' || exchange_time_us || '|' || price_cents || '|' || received_time_us FROM price_ticks ORDER BY received_time_us, exchange_time_us, price_cents",
            ticks,
        ),
        (
            "second bars",
            "SELECT source || '|' || start_us || '|' || open_cents || '|' || high_cents || '|' || low_cents || '|' || close_cents \
             FROM price_bars WHERE resolution_seconds = 1 ORDER BY source, start_us",
            second_bars(seen),
        ),
        ("strike tables", "SELECT event || '|' || time_us FROM strike_tables ORDER BY time_us, event", tables),
        (
            "strikes",
            "SELECT event || '|' || time_us || '|' || line || '|' || market || '|' || trading || '|' || quoted FROM strike_rows ORDER BY time_us, event, line",
            strikes,
        ),
        (
            "health",
            "SELECT time_us || '|' || service || '|' || instance || '|' || health || '|' || detail FROM service_health ORDER BY time_us, service",
            sorted(health),
        ),
    ]
}

/// By time and service: the times have the same number of digits.
fn sorted(lines: impl Iterator<Item = String>) -> Vec<String> {
    lines.collect::<BTreeSet<_>>().into_iter().collect()
}

fn decisions(seen: &Seen) -> Vec<String> {
    let mut lines = Vec::new();
    for fact in &seen.facts {
        let FactBody::Decision(decision) = &fact.body else { continue };
        for (line, strike) in (1..).zip(&decision.strikes) {
            let verdict = match &strike.verdict {
                Verdict::Entered(_) => "entered",
                Verdict::Refused { .. } => "refused",
                Verdict::Skipped { .. } => "skipped",
                Verdict::Silent => "silent",
            };
            lines.push(format!("{}|{line}|{}|{verdict}", decision.view, strike.market));
        }
    }
    lines
}

/// Bars as anybody would make them of the prices: each second that a later price has ended.
fn second_bars(seen: &Seen) -> Vec<String> {
    let mut bars: BTreeMap<(&str, i64), [u64; 4]> = BTreeMap::new();
    let mut newest: BTreeMap<&str, i64> = BTreeMap::new();
    for (source, at, cents, _) in &seen.ticks {
        let last = newest.entry(source).or_insert(*at);
        if at < last {
            continue;
        }
        *last = *at;
        let start = at.div_euclid(1_000_000) * 1_000_000;
        let [_, high, low, close] = bars.entry((source, start)).or_insert([*cents; 4]);
        (*high, *low, *close) = ((*high).max(*cents), (*low).min(*cents), *cents);
    }
    for (source, last) in newest {
        bars.remove(&(source, last.div_euclid(1_000_000) * 1_000_000));
    }
    let line = |((source, start), [open, high, low, close]): ((&str, i64), [u64; 4])| {
        format!("{source}|{start}|{open}|{high}|{low}|{close}")
    };
    bars.into_iter().map(line).collect()
}

/// The tables that are ten seconds apart, and their strikes.
fn tables(seen: &Seen) -> (Vec<String>, Vec<String>) {
    let (mut tables, mut strikes) = (Vec::new(), Vec::new());
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    for (_, table) in &seen.tables {
        let (event, at) = (table.event.to_string(), micros(table.time));
        if last.get(&event).is_some_and(|last| at - last < 10_000_000) {
            continue;
        }
        tables.push(format!("{event}|{at}"));
        for (line, strike) in (1..).zip(&table.strikes) {
            let (trading, quoted) = (u8::from(strike.trading), u8::from(strike.quote.is_some()));
            strikes.push(format!("{event}|{at}|{line}|{}|{trading}|{quoted}", strike.market));
        }
        last.insert(event, at);
    }
    (tables, strikes)
}

/// The one column of a question put to an SQLite file by somebody else's client.
fn sqlite(path: &Path, sql: &str) -> String {
    block_on(async {
        let mut shell = SqliteConnectOptions::new().filename(path).read_only(true).connect().await.unwrap();
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut shell).await.unwrap();
        shell.close().await.unwrap();
        rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n")
    })
}

/// Runs the demo as a person does, and looks for every write with a client of the database.
fn every_write_is_found(url: &str, seen: &Seen, ask: impl Fn(&str) -> String) {
    let here = tempdir().unwrap();
    let (code, stdout, stderr) = outcome(recio(here.path()).args(["demo", "--json", "--store", url]));
    assert_eq!(code, Some(0), "{stderr}");
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["ledger_hash"], LEDGER);
    for (what, sql, lines) in wanted(seen) {
        assert!(!lines.is_empty(), "the witness saw no {what}");
        assert_eq!(ask(sql), lines.join("\n"), "{what}");
    }
    let cash = |sql: &str| ask(&format!("SELECT CAST({sql} AS TEXT)"));
    let end: recio_core::units::Money = report["cash_end"].as_str().unwrap().parse().unwrap();
    let end = end.micros().to_string();
    assert_eq!(cash("(SELECT sum(amount_micros) FROM ledger_entries WHERE ledger_account = 'cash')"), end);
    assert_eq!(cash("(SELECT sum(amount_micros) FROM ledger_entries)"), "0", "every transaction sums to zero");
    assert_eq!(cash("(SELECT cash_micros FROM balances ORDER BY sequence DESC LIMIT 1)"), end);
    assert_eq!(
        cash("(SELECT count(*) FROM balances)"),
        cash("(SELECT count(DISTINCT sequence) FROM ledger_entries)"),
        "a balance for each booking"
    );
}

#[test]
fn every_write_of_the_demo_is_found_in_both_databases() {
    let seen = witnessed();
    let (database, here) = (Database::create(), tempdir().unwrap());
    every_write_is_found(database.url(), &seen, |sql| psql(database.url(), sql));
    let file = here.path().join("demo.db");
    every_write_is_found(&format!("sqlite://{}", file.display()), &seen, |sql| sqlite(&file, sql));
}

#[test]
fn a_config_that_wants_no_observations_keeps_none() {
    let here = tempdir().unwrap();
    std::fs::write(here.path().join("recio.toml"), "version = 1\n[observations]\nkeep = false\n").unwrap();
    let file = here.path().join("demo.db");
    let url = format!("sqlite://{}", file.display());
    let (code, stdout, stderr) = outcome(recio(here.path()).args(["demo", "--json", "--store", &url]));
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["ledger_hash"], LEDGER);
    let rows = "SELECT CAST((SELECT count(*) FROM price_ticks) + (SELECT count(*) FROM price_bars) \
                + (SELECT count(*) FROM strike_tables) + (SELECT count(*) FROM service_health) AS TEXT)";
    assert_eq!(sqlite(&file, rows), "0");
}

/// Runs a command that has to succeed, and reads its JSON.
fn json(directory: &Path, arguments: &[&str]) -> Value {
    let (code, stdout, stderr) = outcome(recio(directory).args(arguments).arg("--json"));
    assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn observations_are_archived_and_forgotten_and_never_forgotten_unarchived() {
    let here = tempdir().unwrap();
    let file = here.path().join("demo.db");
    let url = format!("sqlite://{}", file.display());
    json(here.path(), &["demo", "--store", &url]);
    let rows =
        |table: &str| sqlite(&file, &format!("SELECT CAST(count(*) AS TEXT) FROM {table}")).parse::<u64>().unwrap();
    let (ticks, bars) = (rows("price_ticks"), rows("price_bars"));
    let minutes = rows("price_bars WHERE resolution_seconds = 60");
    assert!(ticks > 800 && minutes > 10, "{ticks} {minutes}");
    let config = |days: u32| {
        format!(
            "version = 1\n[observations]\narchived_first = true\nticks_days = {days}\nsecond_bars_days = {days}\n\
             strike_tables_days = {days}\nhealth_days = {days}\n"
        )
    };
    let write = |text: &str| std::fs::write(here.path().join("recio.toml"), text).unwrap();

    // An archive that cannot be: nothing is forgotten.
    write(&format!("{}[archive]\ndir = \"demo.db\"\n", config(1)));
    let (code, _, stderr) = outcome(recio(here.path()).args(["data", "retain", "--store", &url]));
    assert!(code != Some(0) && !stderr.is_empty(), "{stderr}");
    assert_eq!((rows("price_ticks"), rows("price_bars")), (ticks, bars));

    write(&config(1));
    let planned = json(here.path(), &["data", "retain", "--dry-run", "--store", &url]);
    assert_eq!(planned["observations"].as_array().unwrap().len(), 4);
    assert_eq!(rows("price_ticks"), ticks, "a dry run forgets nothing");
    let done = json(here.path(), &["data", "retain", "--store", &url]);
    let forgotten: Vec<_> =
        done["observations"].as_array().unwrap().iter().map(|one| one["rows"].as_u64().unwrap()).collect();
    assert_eq!(forgotten[..2], [ticks, bars - minutes]);
    assert_eq!(
        [rows("price_ticks"), rows("price_bars"), rows("strike_rows"), rows("service_health")],
        [0, minutes, 0, 0]
    );
    assert!(rows("facts") > 0, "facts are no observations");
    // All of it is in the archive, minutes too.
    let checked = json(here.path(), &["data", "check-archive"]);
    assert_eq!((&checked["sound"], &checked["problems"]), (&5.into(), &Value::Array(Vec::new())));
    let archived = recio_store::archive::Archive::new(here.path().join("recio-data/archive"));
    let kinds: Vec<_> = archived.parts().unwrap().iter().map(|place| place.kind.as_str()).collect();
    assert_eq!(kinds, ["ticks", "bars", "bars", "strike_tables", "health"]);
    // What is forgotten leaves no archive by being archived again.
    json(here.path(), &["data", "archive", "--store", &url]);
    let checked = json(here.path(), &["data", "check-archive"]);
    assert_eq!(checked["problems"], Value::Array(Vec::new()));
    let again = json(here.path(), &["data", "retain", "--store", &url]);
    assert_eq!(again["observations"], Value::Array(Vec::new()));
}

/// Kills the server in the middle of the run.
struct Killer {
    cluster: Cluster,
    heard: u32,
}

impl Observer for Killer {
    fn heard(&mut self, _: Now, input: &Input) {
        if let Input::Price { event: PriceEvent::Tick(_), .. } = input {
            self.heard += 1;
            if self.heard == 400 {
                self.cluster.kill();
            }
        }
    }

    fn wished(&mut self, _: Now, _: &Output) {}
}

#[test]
fn a_server_of_observations_that_is_killed_changes_nothing_else() {
    let (here, witness) = (tempdir().unwrap(), Witness::default());
    let cluster = Cluster::start();
    let url = cluster.database();
    let facts = Arc::new(MemoryStore::new());
    let (report, counts, stored) = block_on(async {
        let server: Arc<dyn Storage> = Arc::from(open_storage(&url, Access::Writer).await.unwrap());
        let keeper = ObservationKeeper::start(server, "sim:demo", ObservingOptions::default());
        let observers: Vec<Box<dyn Observer>> =
            vec![Box::new(keeper.observer()), Box::new(witness.clone()), Box::new(Killer { cluster, heard: 0 })];
        let options = DemoOptions { store: facts.clone(), observers, ..DemoOptions::in_dir(here.path()) };
        let report = demo(options, CancellationToken::new()).await.unwrap();
        let counts = keeper.finish().await;
        (report, counts, facts.facts(0, u32::MAX).await.unwrap())
    });
    assert_eq!((report.ledger_hash.as_str(), report.facts_not_stored), (LEDGER, 0));
    let stored: Vec<Fact> = stored.into_iter().map(|stored| stored.fact).collect();
    assert_eq!(stored, witness.0.lock().unwrap().facts, "every fact is in the store");
    assert!(counts.left > 0, "the observations since the kill are lost, and counted: {counts:?}");
}
