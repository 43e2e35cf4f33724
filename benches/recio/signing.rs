//! Signatures: beside openssl's in the same run; and what of them is left on the way of an order.

use async_trait::async_trait;
use criterion::{BatchSize, BenchmarkId, Criterion};
use recio::core::market::BookSide;
use recio::core::trade::TimeInForce;
use recio::core::units::{ClientOrderId, MarketTicker, Price, Quantity};
use recio::kalshi::client::{KalshiClient, NewOrder, wall_clock};
use recio::kalshi::signing::{HeaderPool, PooledRoute, SigningKey, generate_ed25519, generate_rsa_2048};
use recio::kalshi::transport::{FrameStream, HttpRequest, HttpResponse, Method, Transport, TransportError};
use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const ORDERS: &str = "/trade-api/v2/portfolio/events/orders";

pub(crate) fn benches(criterion: &mut Criterion) {
    let ed25519 = generate_ed25519("bench").expect("a key can be made").key;
    let rsa = generate_rsa_2048("bench").expect("a key can be made").key;
    let keys = [("ed25519", Arc::new(ed25519)), ("rsa2048", Arc::new(rsa))];
    beside_openssl(criterion, &keys);
    on_the_way_of_an_order(criterion, &keys);
}

/// One request signed: text, hash, padding, signature and base64 here; the bare private operation in `openssl speed`.
fn beside_openssl(criterion: &mut Criterion, keys: &[(&str, Arc<SigningKey>)]) {
    let mut group = criterion.benchmark_group("sign");
    for (name, key) in keys {
        let mut time = 1_790_366_400_000;
        group.bench_function(BenchmarkId::new("recio", name), |bencher| {
            bencher.iter(|| {
                time += 1;
                key.sign(time, "POST", ORDERS).expect("the key signs")
            });
        });
        if openssl_signs_a_second(name).is_none() {
            say_that_openssl_is_missing(name);
            continue;
        }
        // Each sample is a measurement of openssl's own, over a second.
        group.sample_size(10);
        group.bench_function(BenchmarkId::new("openssl_speed", name), |bencher| {
            bencher.iter_custom(|signatures| {
                let rate = openssl_signs_a_second(name).expect("it answered before");
                Duration::from_secs_f64(signatures as f64 / rate)
            });
        });
        group.sample_size(100);
    }
    group.finish();
}

#[expect(clippy::print_stderr, reason = "a bench speaks to whoever started it")]
fn say_that_openssl_is_missing(name: &str) {
    eprintln!("sign/openssl_speed/{name}: no `openssl` on this machine, so there is nothing to compare with");
}

/// In elapsed time, as criterion measures: by itself it counts its own processor time alone, which a busy machine does not lengthen.
/// `openssl speed -mr` writes `+F2:…:2048:<signs/s>:<verifies/s>` for RSA and `+F6:…:<signs/s>:<verifies/s>` for Ed25519.
fn openssl_signs_a_second(algorithm: &str) -> Option<f64> {
    let output =
        Command::new("openssl").args(["speed", "-elapsed", "-seconds", "1", "-mr", algorithm]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let line = text.lines().find(|line| line.starts_with("+F2:") || line.starts_with("+F6:"))?;
    line.rsplit(':').nth(1)?.parse().ok().filter(|rate| *rate > 0.0)
}

/// Takes every order at once, and checks that it is signed.
struct Taker;

#[async_trait]
impl Transport for Taker {
    async fn request(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        assert!(request.headers.len() >= 3, "every order is signed");
        let body =
            br#"{"order_id":"o","client_order_id":"c-1","fill_count":"0.00","remaining_count":"1.00","ts_ms":1}"#;
        Ok(HttpResponse { status: 201, body: body.to_vec().into() })
    }

    async fn connect(&self, _: Vec<(&'static str, String)>) -> Result<Box<dyn FrameStream>, TransportError> {
        Err(TransportError::NotSent("no socket here".into()))
    }
}

/// A create from the order to the request's bytes and from the answer's bytes back, over a transport that answers at once.
fn on_the_way_of_an_order(criterion: &mut Criterion, keys: &[(&str, Arc<SigningKey>)]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a bench needs a runtime");
    let order = NewOrder {
        market: MarketTicker::new("KXBTCD-26NOV2217-T91249.99").expect("a ticker"),
        client_order_id: ClientOrderId::new("c-1").expect("an id"),
        book_side: BookSide::Bid,
        yes_price: Price::cents(56),
        quantity: Quantity::contracts(1),
        time_in_force: TimeInForce::ImmediateOrCancel,
        expiration_time: None,
        post_only: false,
        reduce_only: false,
        cancel_on_pause: true,
        order_group_id: None,
        exchange_index: 2,
    };
    let mut group = criterion.benchmark_group("create_order");
    for (name, key) in keys {
        let client = KalshiClient::new(Arc::new(Taker), Some(Arc::clone(key)), wall_clock());
        group.bench_function(BenchmarkId::new("signed_inline", name), |bencher| {
            bencher.iter(|| black_box(runtime.block_on(client.create_order(&order)).expect("it is taken")));
        });
        let route = PooledRoute { method: Method::Post, path: ORDERS.to_owned(), ready: 1 };
        // Orders follow each other here in microseconds, and no two signatures may carry the same millisecond: each look at this clock is a later one.
        let time = AtomicI64::new(1_790_366_400_000);
        let clock = Arc::new(move || time.fetch_add(1, Ordering::Relaxed));
        let pool = Arc::new(HeaderPool::new(Arc::clone(key), clock, vec![route]));
        let client = client.with_pool(Arc::clone(&pool));
        group.bench_function(BenchmarkId::new("signed_ahead", name), |bencher| {
            bencher.iter_batched(
                || pool.refill().expect("the key signs"),
                |()| black_box(runtime.block_on(client.create_order(&order)).expect("it is taken")),
                BatchSize::PerIteration,
            );
        });
        let counts = pool.counts();
        assert_eq!(counts.inline, 0, "a signature was computed on the way of an order, {} were not", counts.pooled);
    }
    group.finish();
}
