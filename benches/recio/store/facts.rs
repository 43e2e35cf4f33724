//! Facts made durable: both stores beside bare sqlx, one caller and eight.
//!
//! Two peers. `bytes` makes as many facts durable as recio does, and nothing else: BEGIN, one INSERT with the canonical bytes of all facts of
//! the batch, COMMIT. `rows` writes the rows that recio writes, each table's by a statement of its own; it reads nothing, checks nothing, and hashes nothing.

use super::Ground;
use super::bare::{Held, postgres, sqlite};
use super::duel::{Way, duel};
use async_trait::async_trait;
use criterion::Criterion;
use recio::core::fact::Fact;
use recio::core::market::BookSide;
use recio::core::store::Store;
use recio::core::trade::{OrderStatus, TradeStatus};
use recio::core::units::Quantity;
use recio::store::contract::sample;
use recio::store::{Access, canonical};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What is appended at a time.
#[derive(Clone, Copy)]
enum Kind {
    /// One fill.
    Fill,
    /// An entry: intent, accepted, fill, filled, trade.
    Entry,
}

/// Facts that are appended together.
pub(super) struct Batch {
    pub(super) facts: Vec<Fact>,
    /// Their canonical form.
    pub(super) bodies: Vec<String>,
    /// The sequence of the first, for those who do not count themselves.
    pub(super) first: i64,
}

/// Somebody who appends.
#[async_trait]
pub(super) trait Caller: Send {
    async fn append(&mut self, batch: &Batch);
}

struct Recio(Arc<dyn Store>);

#[async_trait]
impl Caller for Recio {
    async fn append(&mut self, batch: &Batch) {
        let appended = self.0.append(&batch.facts).await.expect("the store takes it");
        assert_eq!(appended.added, batch.facts.len() as u64, "every fact is a new one");
    }
}

type Callers = Vec<Box<dyn Caller>>;

pub(super) fn benches(criterion: &mut Criterion, ground: &Ground) {
    for (kind, what) in [(Kind::Fill, "fill"), (Kind::Entry, "entry")] {
        for (name, number) in [("one", 1), ("eight", 8)] {
            let name = format!("{name}/{what}");
            let mut ways = on_postgres(ground, number);
            measure(criterion, ground, ("facts_postgres", &name), kind, &mut ways);
            let mut ways = on_sqlite(ground, number);
            measure(criterion, ground, ("facts_sqlite", &name), kind, &mut ways);
        }
    }
}

fn on_postgres(ground: &Ground, number: usize) -> [(&'static str, Callers); 3] {
    let (ours, bytes, rows) = (ground.database(), ground.database(), ground.database());
    let store: Arc<dyn Store> = Arc::new(ground.postgres(&ours, Access::Writer));
    // The tables and indices as recio makes them.
    ground.runtime.block_on(ground.postgres(&rows, Access::Writer).close());
    ground.run(&mut ground.bare_postgres(&bytes), BYTES);
    let each = |make: &dyn Fn() -> Box<dyn Caller>| (0..number).map(|_| make()).collect::<Callers>();
    [
        ("recio", each(&|| Box::new(Recio(store.clone())))),
        ("bytes", each(&|| Box::new(postgres::Bytes(Held::new(ground.bare_postgres(&bytes)))))),
        ("rows", each(&|| Box::new(postgres::Rows(Held::new(ground.bare_postgres(&rows)))))),
    ]
}

/// SQLite has one writer at a time: bare callers hand one connection around, so that nobody sleeps while the file's lock is free.
fn on_sqlite(ground: &Ground, number: usize) -> [(&'static str, Callers); 3] {
    let (ours, bytes, rows) = (ground.file("recio.db"), ground.file("bytes.db"), ground.file("rows.db"));
    let store: Arc<dyn Store> = Arc::new(ground.sqlite(&ours, Access::Writer));
    ground.runtime.block_on(ground.sqlite(&rows, Access::Writer).close());
    let mut connection = ground.bare_sqlite(&bytes);
    ground.run(&mut connection, BYTES);
    let (bytes, rows) = (Held::new(connection), Held::new(ground.bare_sqlite(&rows)));
    let each = |make: &dyn Fn() -> Box<dyn Caller>| (0..number).map(|_| make()).collect::<Callers>();
    [
        ("recio", each(&|| Box::new(Recio(store.clone())))),
        ("bytes", each(&|| Box::new(sqlite::Bytes(bytes.clone())))),
        ("rows", each(&|| Box::new(sqlite::Rows(rows.clone())))),
    ]
}

const BYTES: &str = "CREATE TABLE bytes (sequence BIGINT PRIMARY KEY, body TEXT NOT NULL)";

fn measure(
    criterion: &mut Criterion,
    ground: &Ground,
    name: (&str, &str),
    kind: Kind,
    callers: &mut [(&'static str, Callers); 3],
) {
    let each = batch(kind, 0).facts.len() * callers[0].1.len();
    let ways = callers.iter_mut().map(|(way, callers)| {
        let pass: Box<dyn FnMut(u64) -> Duration> = Box::new(|passes| {
            let work =
                callers.iter().enumerate().map(|(at, _)| (0..passes).map(|_| batch(kind, at)).collect()).collect();
            ground.runtime.block_on(together(callers, work))
        });
        (*way, pass)
    });
    let ways: Vec<Way<'_>> = ways.collect();
    duel(criterion, name, each as u64, ways);
}

/// Has every caller append its batches, all at once.
async fn together(callers: &mut Callers, work: Vec<Vec<Batch>>) -> Duration {
    let start = Instant::now();
    let tasks = callers.drain(..).zip(work).map(|(mut caller, batches)| {
        tokio::spawn(async move {
            for batch in &batches {
                caller.append(batch).await;
            }
            caller
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        callers.push(task.await.expect("no caller panics"));
    }
    start.elapsed()
}

/// A batch that was never appended. Each caller trades markets of its own, fifty times each.
fn batch(kind: Kind, caller: usize) -> Batch {
    static MADE: AtomicU64 = AtomicU64::new(0);
    const LARGEST: u64 = 5;
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let market = format!("KXBTCD-26MAY1310-T{}249.99", 1_000 * caller as u64 + number / 400);
    let (client, order) =
        (format!("sim-main-1778677200000000-{number:06}"), format!("0f6a2c9e-5d1b-4f7a-9c3e-{number:012}"));
    let fill = sample::fill(&order, &format!("7b3d1e5f-{number:012}"), &market, BookSide::Bid, "0.56", "10");
    let facts = match kind {
        Kind::Fill => vec![sample::filled(fill)],
        Kind::Entry => vec![
            sample::intent(&client, number),
            sample::order_changed(&client, Some(&order), OrderStatus::Open, "0"),
            sample::filled(fill),
            sample::order_changed(&client, Some(&order), OrderStatus::Filled, "10"),
            sample::trade(&format!("trade-{number}"), TradeStatus::Open, Quantity::contracts(10)),
        ],
    };
    let bodies = facts.iter().map(|fact| canonical(fact).expect("a fact has a canonical form")).collect();
    Batch { facts, bodies, first: (number * LARGEST + 1) as i64 }
}
