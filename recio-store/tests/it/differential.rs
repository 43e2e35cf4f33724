//! A random history gives the same answers from both stores.

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
use recio_store::{Access, MemoryStore, SqliteStore, verify};

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

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]

    #[test]
    fn both_stores_give_the_same_answers(groups in vec(vec(any_fact(), 0..12), 1..12)) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("store.db");
            let memory = MemoryStore::new();
            let sqlite = SqliteStore::open(&format!("sqlite://{}", path.display()), Access::Writer).await.unwrap();
            for group in &groups {
                match (memory.append(group).await, sqlite.append(group).await) {
                    (Ok(left), Ok(right)) => prop_assert_eq!(left, right),
                    (Err(StoreError::Conflict { key: left }), Err(StoreError::Conflict { key: right })) => {
                        prop_assert_eq!(left, right);
                    }
                    (left, right) => prop_assert!(false, "memory {:?}, SQLite {:?}", left, right),
                }
            }
            prop_assert_eq!(memory.facts(0, u32::MAX).await.unwrap(), sqlite.facts(0, u32::MAX).await.unwrap());
            prop_assert_eq!(memory.trades().await.unwrap(), sqlite.trades().await.unwrap());
            prop_assert_eq!(memory.orders().await.unwrap(), sqlite.orders().await.unwrap());
            prop_assert_eq!(memory.fills().await.unwrap(), sqlite.fills().await.unwrap());
            prop_assert_eq!(memory.positions().await.unwrap(), sqlite.positions().await.unwrap());
            prop_assert_eq!(memory.settlements().await.unwrap(), sqlite.settlements().await.unwrap());
            prop_assert_eq!(verify(&memory).await.unwrap(), sqlite.verify().await.unwrap());
            let kept = dump(&path).await;
            sqlite.rebuild().await.unwrap();
            prop_assert_eq!(dump(&path).await, kept, "what is rebuilt is what was kept");
            sqlite.close().await;
            Ok(())
        })?;
    }
}
