//! A random history gives the same answers from every store.

use crate::damage::dump;
use proptest::collection::vec;
use proptest::strategy::{Strategy, Union};
use proptest::test_runner::Config;
use proptest::{prop_assert, prop_assert_eq, proptest};
use recio_core::fact::{Environment, Fact};
use recio_core::market::{BookSide, MarketResult};
use recio_core::store::{Store, StoreError};
use recio_core::trade::{OrderStatus, TradeStatus};
use recio_core::units::{Money, Price, Quantity};
use recio_store::contract::sample::{self, value};
use recio_store::testing::{Database, psql};
use recio_store::{Access, MemoryStore, PostgresStore, SqliteStore, verify};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Facts with few ids and few amounts, so that keys come again: the same, or in conflict.
fn any_fact() -> impl Strategy<Value = Fact> {
    use OrderStatus::{CancelPending, Canceled, Filled, Open, Rejected, Unknown};
    use TradeStatus::{Closed, Pending};
    let id = 1..5_u8;
    let order =
        (id.clone(), 0..6_usize, 0..3_u64, proptest::option::of(1..3_u8)).prop_map(|(id, status, filled, exchange)| {
            let status = [Open, CancelPending, Canceled, Filled, Rejected, Unknown][status];
            let exchange = exchange.map(|id| format!("x-{id}"));
            sample::order_changed(&format!("c-{id}"), exchange.as_deref(), status, &filled.to_string())
        });
    let fill = (id.clone(), 1..40_u8, 1..4_u8, proptest::bool::ANY, 0..=10_000_u16, 1..100_000_u64).prop_map(
        |(order, fill, market, bid, price, quantity)| {
            let side = if bid { BookSide::Bid } else { BookSide::Ask };
            let (order, fill, market) = (format!("x-{order}"), format!("f-{fill}"), format!("M-{market}"));
            let mut made = sample::fill(&order, &fill, &market, side, "0.5", "1");
            made.yes_price = Price::from_units(price).unwrap();
            made.quantity = Quantity::from_hundredths(quantity).unwrap();
            sample::filled(made)
        },
    );
    let settled = (1..4_u8, 1..4_u32, 0..3_usize).prop_map(|(market, version, result)| {
        let result = [MarketResult::Yes, MarketResult::No, MarketResult::Scalar(Price::cents(25))][result];
        sample::settled(&format!("M-{market}"), result, Money::dollars(1), version)
    });
    let trade = (id.clone(), 0..40_u32, proptest::bool::ANY).prop_map(|(id, bought, open)| {
        let status = if open { Pending } else { Closed };
        sample::trade(&format!("t-{id}"), status, Quantity::contracts(bought))
    });
    let other = Union::new([
        (1..4_u64, 1..3_i32).prop_map(|(number, amount)| sample::cash_moved(number, Money::dollars(amount))).boxed(),
        (0..20_u64).prop_map(sample::decision).boxed(),
        ((0..20_u64), "\\PC{0,12}").prop_map(|(number, text)| sample::alarm(number, &text)).boxed(),
        id.prop_map(|id| sample::intent(&format!("c-{id}"), u64::from(id))).boxed(),
    ]);
    let body =
        Union::new([order.boxed(), fill.clone().boxed(), fill.boxed(), settled.boxed(), trade.boxed(), other.boxed()]);
    (body, 0..6_u8, 0..10_000_000_i64).prop_map(|(mut fact, scope, at)| {
        match scope {
            0 => fact.account = value("second"),
            1 => fact.environment = Environment::KalshiDemo,
            _ => {}
        }
        fact.time = sample::time(at);
        fact
    })
}

/// All rows of the tables that are made from facts, as text.
fn postgres_dump(url: &str, schema: &str) -> String {
    let rows = ["orders", "fills", "positions", "settlements", "trades"]
        .map(|table| format!("SELECT '{table} ' || CAST(t AS TEXT) FROM {schema}.{table} t"));
    psql(url, &format!("{} ORDER BY 1", rows.join(" UNION ALL ")))
}

/// One database for all cases, each in a schema of its own.
fn schema() -> (&'static Database, String) {
    static DATABASE: OnceLock<Database> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    (DATABASE.get_or_init(Database::create), format!("history_{number}"))
}

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]

    #[test]
    fn all_stores_give_the_same_answers(groups in vec(vec(any_fact(), 0..12), 1..12)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("store.db");
            let (database, schema) = schema();
            let url = database.url_with(&format!("schema={schema}"));
            let memory = MemoryStore::new();
            let sqlite = SqliteStore::open(&format!("sqlite://{}", path.display()), Access::Writer).await.unwrap();
            let postgres = PostgresStore::open(&url, Access::Writer).await.unwrap();
            let others: [&dyn Store; 2] = [&sqlite, &postgres];
            for group in &groups {
                let wanted = memory.append(group).await;
                for other in others {
                    match (&wanted, other.append(group).await) {
                        (Ok(left), Ok(right)) => prop_assert_eq!(*left, right),
                        (Err(StoreError::Conflict { key: left }), Err(StoreError::Conflict { key: right })) => {
                            prop_assert_eq!(left, &right);
                        }
                        (left, right) => prop_assert!(false, "memory {:?}, database {:?}", left, right),
                    }
                }
            }
            for other in others {
                prop_assert_eq!(memory.facts(0, u32::MAX).await.unwrap(), other.facts(0, u32::MAX).await.unwrap());
                prop_assert_eq!(memory.trades().await.unwrap(), other.trades().await.unwrap());
                prop_assert_eq!(memory.orders().await.unwrap(), other.orders().await.unwrap());
                prop_assert_eq!(memory.fills().await.unwrap(), other.fills().await.unwrap());
                prop_assert_eq!(memory.positions().await.unwrap(), other.positions().await.unwrap());
                prop_assert_eq!(memory.settlements().await.unwrap(), other.settlements().await.unwrap());
                prop_assert_eq!(verify(&memory).await.unwrap(), verify(other).await.unwrap());
            }
            let kept = (dump(&path).await, postgres_dump(database.url(), &schema));
            sqlite.rebuild().await.unwrap();
            postgres.rebuild().await.unwrap();
            let rebuilt = (dump(&path).await, postgres_dump(database.url(), &schema));
            prop_assert_eq!(rebuilt, kept, "what is rebuilt is what was kept");
            sqlite.close().await;
            postgres.close().await;
            Ok(())
        })?;
    }
}
