//! Ticks in bulk: COPY on PostgreSQL, transactions of 1,000 rows on SQLite, each beside the same by bare sqlx.

use super::Ground;
use super::duel::{Way, duel};
use criterion::Criterion;
use recio::core::market::Asset;
use recio::core::price_feed::PriceTick;
use recio::core::units::micros;
use recio::store::contract::sample::{time, value};
use recio::store::{Access, Observation, Observations, ObservedTick};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

const COPIED: usize = 10_000;
const INSERTED: usize = 1_000;
/// Of one statement, which is prepared once.
const STATEMENT_ROWS: usize = 250;

pub(super) fn benches(criterion: &mut Criterion, ground: &Ground) {
    let (ours, bare) = (ground.database(), ground.database());
    let store = ground.postgres(&ours, Access::Writer);
    ground.runtime.block_on(ground.postgres(&bare, Access::Writer).close());
    let mut connection = ground.bare_postgres(&bare);
    // As the store's connection for observations.
    ground.run(&mut connection, "SET synchronous_commit = off");
    let ways: Vec<Way<'_>> = vec![
        ("recio", Box::new(|passes| ground.runtime.block_on(observe(&store, COPIED, passes)))),
        ("COPY", Box::new(|passes| ground.runtime.block_on(copy(&mut connection, passes)))),
    ];
    duel(criterion, ("ticks", "postgres"), COPIED as u64, ways);

    let (ours, bare) = (ground.file("recio.db"), ground.file("bare.db"));
    let store = ground.sqlite(&ours, Access::Writer);
    ground.runtime.block_on(ground.sqlite(&bare, Access::Writer).close());
    let mut connection = ground.bare_sqlite(&bare);
    let ways: Vec<Way<'_>> = vec![
        ("recio", Box::new(|passes| ground.runtime.block_on(observe(&store, INSERTED, passes)))),
        ("INSERT", Box::new(|passes| ground.runtime.block_on(insert(&mut connection, passes)))),
    ];
    duel(criterion, ("ticks", "sqlite"), INSERTED as u64, ways);
}

/// Ticks that were never observed, 7 ms apart.
fn ticks(number: usize) -> Vec<ObservedTick> {
    static MADE: AtomicI64 = AtomicI64::new(0);
    let tick = |_| {
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let price = value(&format!("{}.{:02}", 91_000 + made / 100 % 1_000, made % 100));
        ObservedTick {
            asset: Asset::Btc,
            source: "coinbase".to_owned(),
            tick: PriceTick { price, exchange_time: time(7 * made) },
            received_time: time(7 * made + 40),
        }
    };
    (0..number).map(tick).collect()
}

async fn observe(store: &dyn Observations, number: usize, passes: u64) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..passes {
        let observations: Vec<_> = ticks(number).into_iter().map(Observation::Tick).collect();
        let start = Instant::now();
        let rows = store.observe(&observations).await.expect("the store takes it");
        took += start.elapsed();
        assert_eq!(rows, number as u64, "every tick is a new one");
    }
    took
}

async fn copy(connection: &mut PgConnection, passes: u64) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..passes {
        let ticks = ticks(COPIED);
        let start = Instant::now();
        let mut rows = String::with_capacity(64 * COPIED);
        for seen in &ticks {
            let (asset, source, price) = (seen.asset, &seen.source, seen.tick.price.cents());
            let (exchange, received) = (micros(seen.tick.exchange_time), micros(seen.received_time));
            let _ = writeln!(rows, "{asset}\t{source}\t{exchange}\t{price}\t{received}");
        }
        let sql = "COPY price_ticks (asset, source, exchange_time_us, price_cents, received_time_us) FROM STDIN";
        let mut into = connection.copy_in_raw(sql).await.expect("the server listens");
        into.send(rows.into_bytes()).await.expect("the server takes it");
        into.finish().await.expect("the server keeps it");
        took += start.elapsed();
    }
    took
}

async fn insert(connection: &mut SqliteConnection, passes: u64) -> Duration {
    let mark = |row: usize| {
        let at = 5 * row;
        format!("(${}, ${}, ${}, ${}, ${})", at + 1, at + 2, at + 3, at + 4, at + 5)
    };
    let marks: Vec<String> = (0..STATEMENT_ROWS).map(mark).collect();
    let columns = "asset, source, exchange_time_us, price_cents, received_time_us";
    let sql = format!("INSERT INTO price_ticks ({columns}) VALUES {}", marks.join(", "));
    let mut took = Duration::ZERO;
    for _ in 0..passes {
        let ticks = ticks(INSERTED);
        let start = Instant::now();
        let mut transaction = connection.begin().await.expect("it begins");
        for ticks in ticks.chunks(STATEMENT_ROWS) {
            let mut query = sqlx::query(AssertSqlSafe(sql.clone()));
            for seen in ticks {
                query = query
                    .bind(seen.asset.to_string())
                    .bind(&seen.source)
                    .bind(micros(seen.tick.exchange_time))
                    .bind(seen.tick.price.cents() as i64)
                    .bind(micros(seen.received_time));
            }
            query.execute(&mut *transaction).await.expect("the file takes it");
        }
        transaction.commit().await.expect("it commits");
        took += start.elapsed();
    }
    took
}
