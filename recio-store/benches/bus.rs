//! How fast the bus is: in memory, and on Redis beside bare XADD in pipelines of the same size on the same server in the same run.
//!
//! `cargo bench -p recio-store --features redis --bench bus`. Starts a `redis-server` of its own, on a unix socket, without persistence.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures, prints and ends")]

#[path = "../tests/it/redis_server.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod redis_server;

use recio_store::bus::{Bus, Event, MemoryBus, Publisher, PublisherName, RedisBus, RedisOptions, Start, Topic};
use recio_store::contract::sample::{fill, filled, time};
use redis_server::{Memory, RedisServer};
use std::sync::Arc;
use std::time::{Duration, Instant};

const MESSAGES: u64 = 100_000;
/// As many as wait at the most without one being dropped.
const BURST: u64 = 5_000;
/// As the bus sends them.
const PIPELINE: usize = 128;
const PINGS: usize = 2_000;
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    // Test runners start benches too, without this flag.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut server = RedisServer::start(Memory::Forgets);
        server.answers().await;
        let memory = Arc::new(MemoryBus::new());
        rate("memory", &(memory.clone() as Arc<dyn Bus>)).await;
        latency("memory", &(memory as Arc<dyn Bus>)).await;
        for round in 1..=3 {
            println!("round {round}");
            let bus: Arc<dyn Bus> = Arc::new(RedisBus::open(&server.url(), RedisOptions::default()).unwrap());
            rate("redis", &bus).await;
            bare_rate(&server).await;
            latency("redis", &bus).await;
            bare_latency(&server).await;
        }
    });
}

fn topic() -> Topic {
    "trades.fill".parse().unwrap()
}

fn publisher(bus: &Arc<dyn Bus>, name: &str) -> Publisher {
    Publisher::new(Arc::clone(bus), PublisherName::new(name).unwrap(), 1)
}

fn body() -> recio_core::fact::Fact {
    filled(fill("order-1", "fill-1", "KXBTCD-26MAY1310-T91249.99", recio_core::market::BookSide::Bid, "0.56", "10"))
}

async fn rate(name: &str, bus: &Arc<dyn Bus>) {
    let (publisher, body) = (publisher(bus, "rate"), body());
    let (mut publishing, start) = (Duration::ZERO, Instant::now());
    for _ in 0..MESSAGES / BURST {
        let burst = Instant::now();
        for _ in 0..BURST {
            publisher.publish(topic(), None, time(0), &body).unwrap();
        }
        publishing += burst.elapsed();
        bus.flush(PATIENCE).await.unwrap();
    }
    let sent = start.elapsed();
    assert!(bus.counts().topics.values().all(|counts| counts.dropped == 0));
    println!("{name}: {} sent/s; {} for a call of publish", per_second(sent), each(publishing));
}

async fn bare_rate(server: &RedisServer) {
    let mut connection = server.client().get_multiplexed_async_connection().await.unwrap();
    let body = serde_json::to_string(&body()).unwrap();
    let start = Instant::now();
    for _ in 0..MESSAGES as usize / PIPELINE {
        let mut pipeline = redis::pipe();
        for _ in 0..PIPELINE {
            xadd(&mut pipeline, &body);
        }
        pipeline.exec_async(&mut connection).await.unwrap();
    }
    println!("bare XADD, {PIPELINE} at a time: {} sent/s", per_second(start.elapsed()));
}

/// The same eleven fields as a message of the bus has.
fn xadd(pipeline: &mut redis::Pipeline, body: &str) {
    pipeline.cmd("XADD").arg("bare").arg("MAXLEN").arg("~").arg(20_000).arg("*");
    for field in [
        ("version", "1"),
        ("id", "rate/1/trades.fill/100000"),
        ("topic", "trades.fill"),
        ("kind", "message"),
        ("publisher", "rate"),
        ("epoch", "1"),
        ("sequence", "100000"),
        ("time", "2026-05-13T13:00:00Z"),
        ("body", body),
    ] {
        pipeline.arg(field.0).arg(field.1);
    }
}

async fn latency(name: &str, bus: &Arc<dyn Bus>) {
    let publisher = publisher(bus, "latency");
    let mut reader = bus.subscribe(&["user.*".parse().unwrap()], Start::Newest).await.unwrap();
    let mut times = Vec::with_capacity(PINGS);
    for _ in 0..PINGS {
        let start = Instant::now();
        publisher.publish("user.login".parse().unwrap(), None, time(0), &1).unwrap();
        let Event::Message(_) = reader.next().await.unwrap() else { panic!("messages come") };
        times.push(start.elapsed());
    }
    println!("{name}: from publish to the reader {}", percentiles(times));
}

async fn bare_latency(server: &RedisServer) {
    let mut writer = server.client().get_multiplexed_async_connection().await.unwrap();
    let mut reader = server.client().get_multiplexed_async_connection().await.unwrap();
    let (ids, mut read_ids) = tokio::sync::mpsc::channel::<Instant>(1);
    tokio::spawn(async move {
        let mut last = "$".to_owned();
        loop {
            let mut read = redis::cmd("XREAD");
            let answer: redis::Value = read
                .arg("BLOCK")
                .arg(400)
                .arg("STREAMS")
                .arg("bare-latency")
                .arg(&last)
                .query_async(&mut reader)
                .await
                .unwrap();
            let reply: Option<redis::streams::StreamReadReply> = redis::from_redis_value(answer).unwrap();
            let Some(id) = reply.and_then(|reply| reply.keys.first()?.ids.last().map(|id| id.id.clone())) else {
                continue;
            };
            last = id;
            if ids.send(Instant::now()).await.is_err() {
                return;
            }
        }
    });
    // Until the reader blocks.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut times = Vec::with_capacity(PINGS);
    for _ in 0..PINGS {
        let start = Instant::now();
        redis::cmd("XADD").arg(&["bare-latency", "*", "body", "1"]).exec_async(&mut writer).await.unwrap();
        times.push(read_ids.recv().await.unwrap().duration_since(start));
    }
    println!("bare XADD and XREAD: from writing to the reader {}", percentiles(times));
}

fn per_second(time: Duration) -> u64 {
    (MESSAGES as f64 / time.as_secs_f64()) as u64
}

fn each(time: Duration) -> String {
    format!("{:.2} µs", time.as_secs_f64() * 1e6 / MESSAGES as f64)
}

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1e6;
    format!("p50 {:.0} µs, p99 {:.0} µs", at(50), at(99))
}
