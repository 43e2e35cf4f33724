//! Fees and the ledger.

use criterion::{BatchSize, Criterion, Throughput};
use recio::core::market::BookSide;
use recio::core::trade::{FeeMultiplier, FeeQuantum, FeeSchedule, Fill, Ledger, Liquidity, OrderFees, taker_fee_exact};
use recio::core::units::{AccountName, ExchangeOrderId, FillId, MarketTicker, Money, Price, Quantity, Timestamp};
use std::hint::black_box;

const FILLS: u64 = 1_000;

pub(crate) fn benches(criterion: &mut Criterion) {
    fee(criterion);
    ledger(criterion);
}

fn fee(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fee");
    let (price, quantity) = (Price::cents(75), Quantity::contracts(5));
    group.bench_function("charge", |bencher| {
        let mut order = OrderFees::default();
        bencher.iter(|| {
            let (price, quantity) = (black_box(price), black_box(quantity));
            let exact = taker_fee_exact(price, quantity, FeeMultiplier::ONE);
            order.charge(exact, -(price * quantity), FeeQuantum::CentiCent)
        });
    });
    group.bench_function("schedule_taker_fee", |bencher| {
        let schedule = FeeSchedule::quadratic();
        bencher.iter(|| schedule.taker_fee(black_box(price), black_box(quantity)));
    });
    group.finish();
}

fn ledger(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ledger");
    group.throughput(Throughput::Elements(FILLS));
    let fills = fills();
    let empty = Ledger::open(
        AccountName::new("bench").expect("a word is a name"),
        Money::dollars(10_000),
        Timestamp::UNIX_EPOCH,
    )
    .expect("some dollars are cash");
    group.bench_function("record_1000_fills", |bencher| {
        bencher.iter_batched(
            || empty.clone(),
            |mut ledger| {
                for fill in &fills {
                    ledger.record_fill(fill).expect("the fills are sound");
                }
                ledger
            },
            BatchSize::LargeInput,
        );
    });
    group.bench_function("tell_1000_fills_again", |bencher| {
        let mut ledger = empty.clone();
        for fill in &fills {
            ledger.record_fill(fill).expect("the fills are sound");
        }
        bencher.iter(|| {
            for fill in &fills {
                let booked = ledger.record_fill(fill).expect("the fills are sound");
                assert!(booked.is_empty());
            }
        });
    });
    group.finish();
}

/// Bought and sold in turn, in ten markets, in orders of two fills.
fn fills() -> Vec<Fill> {
    (0..FILLS)
        .map(|number| {
            let name = |text: &str, number: u64| format!("{text}-{number}");
            Fill {
                id: FillId::new(&name("fill", number)).expect("letters and digits are an id"),
                order: ExchangeOrderId::new(&name("order", number / 2)).expect("letters and digits are an id"),
                client_order_id: None,
                market: MarketTicker::new(&name("KXBTC15M-26MAY130915", number % 10))
                    .expect("letters and digits are an id"),
                book_side: if (number / 10).is_multiple_of(2) { BookSide::Bid } else { BookSide::Ask },
                yes_price: Price::cents(75),
                quantity: Quantity::contracts(5),
                fee: Money::from_micros(65_700),
                liquidity: Liquidity::Taker,
                exchange_time: Timestamp::UNIX_EPOCH,
            }
        })
        .collect()
}
