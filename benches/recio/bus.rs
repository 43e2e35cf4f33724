//! The bus: from publishing to the reader, in memory, and on Redis beside the bare driver with pipelines of the same size on the same server.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on ends with the reason")]

use criterion::{Criterion, Throughput};
use recio::core::market::{BookSide, Side};
use recio::core::units::Timestamp;
use recio::store::bus::{Bus, Event, MemoryBus, Publisher, PublisherName, RedisBus, RedisOptions, Start, Topic};
use recio::store::testing::{Memory, RedisServer};
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// Half of what may wait at the most, so that nothing is dropped.
const BURST: u64 = 5_000;
/// As the bus sends and reads them.
const PIPELINE: usize = 128;
/// As the stream of facts keeps them.
const KEPT: usize = 20_000;

pub(crate) fn benches(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let server = RedisServer::start(Memory::Forgets);
    server.answers();
    let memory: Arc<dyn Bus> = Arc::new(MemoryBus::new());
    let redis = {
        let _inside = runtime.enter();
        Arc::new(RedisBus::open(&server.url(), RedisOptions::default()).unwrap()) as Arc<dyn Bus>
    };
    let body = body();

    let mut group = criterion.benchmark_group("bus_messages");
    group.throughput(Throughput::Elements(BURST));
    for (name, bus) in [("memory", &memory), ("redis", &redis)] {
        let publisher = publisher(bus, name);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| runtime.block_on(messages(bus, &publisher, &body, rounds)));
        });
    }
    group.bench_function("bare_redis", |bencher| {
        bencher.iter_custom(|rounds| runtime.block_on(bare_messages(&server, &body, rounds)));
    });
    group.finish();

    let mut group = criterion.benchmark_group("bus_latency");
    for (name, bus) in [("memory", &memory), ("redis", &redis)] {
        let publisher = publisher(bus, name);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| runtime.block_on(latency(bus, &publisher, rounds)));
        });
    }
    group.bench_function("bare_redis", |bencher| {
        bencher.iter_custom(|rounds| runtime.block_on(bare_latency(&server, rounds)));
    });
    group.finish();
    in_runtime(&runtime, redis);
}

/// The bus's task ends where it was begun.
fn in_runtime(runtime: &Runtime, bus: Arc<dyn Bus>) {
    let _inside = runtime.enter();
    drop(bus);
}

/// As large as a fill among the facts.
fn body() -> Value {
    let fill = json!({
        "id": "fill-1", "order": "client-order-1", "market": "KXBTCD-26MAY1310-T91249.99", "side": Side::Yes, "book_side": BookSide::Bid,
        "price": "0.5600", "quantity": "10.00", "fee": "0.170000", "liquidity": "taker", "time": "2026-05-13T13:00:00Z",
    });
    json!({ "hash": "0".repeat(64), "fact": {
        "environment": "sim", "account": "main", "subaccount": 0, "exchange_index": 2, "run": "20261122T170000Z-000000", "number": 17,
        "strategy": "hourly", "time": "2026-05-13T13:00:00Z", "body": { "filled": { "fill": fill } },
    }})
}

fn fills() -> Topic {
    "trades.fill".parse().unwrap()
}

fn publisher(bus: &Arc<dyn Bus>, name: &str) -> Publisher {
    Publisher::new(Arc::clone(bus), PublisherName::new(name).unwrap(), 1)
}

/// Publishes bursts and reads them to the end. Reading begins with the publishing, in a task of its own.
async fn messages(bus: &Arc<dyn Bus>, publisher: &Publisher, body: &Value, rounds: u64) -> Duration {
    let mut reader = bus.subscribe(&["trades.*".parse().unwrap()], Start::Newest).await.unwrap();
    let (read, mut all_read) = mpsc::channel(1);
    let reading = tokio::spawn(async move {
        loop {
            for _ in 0..BURST {
                let Event::Message(_) = reader.next().await.unwrap() else { panic!("nothing is missing") };
            }
            if read.send(()).await.is_err() {
                return;
            }
        }
    });
    let start = Instant::now();
    for _ in 0..rounds {
        for _ in 0..BURST {
            publisher.publish(fills(), None, Timestamp::UNIX_EPOCH, body).unwrap();
        }
        all_read.recv().await.unwrap();
    }
    let took = start.elapsed();
    reading.abort();
    took
}

async fn connect(server: &RedisServer) -> MultiplexedConnection {
    let client = redis::Client::open(server.url()).unwrap();
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(60)));
    client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
}

/// The driver alone: the fields of a message, written in pipelines and read a pipeline at a time.
async fn bare_messages(server: &RedisServer, body: &Value, rounds: u64) -> Duration {
    let (mut writer, mut reader) = (connect(server).await, connect(server).await);
    let stream = format!("bare-{}", number());
    let theirs = stream.clone();
    let (read, mut all_read) = mpsc::channel(1);
    let reading = tokio::spawn(async move {
        let (mut last, mut count) = ("0-0".to_owned(), 0);
        while let Some(ids) = read_after(&mut reader, &theirs, &last).await {
            count += ids.len() as u64;
            last = ids.last().unwrap().clone();
            if count == BURST {
                count = 0;
                if read.send(()).await.is_err() {
                    return;
                }
            }
        }
    });
    let start = Instant::now();
    for _ in 0..rounds {
        for begin in (0..BURST as usize).step_by(PIPELINE) {
            let mut pipeline = redis::pipe();
            for _ in begin..(begin + PIPELINE).min(BURST as usize) {
                pipeline.cmd("XADD").arg(&stream).arg("MAXLEN").arg("~").arg(KEPT).arg("*");
                for (field, value) in FIELDS {
                    pipeline.arg(field).arg(value);
                }
                // Of this the bus makes a text too.
                pipeline.arg("body").arg(serde_json::to_string(body).unwrap());
            }
            pipeline.exec_async(&mut writer).await.unwrap();
        }
        all_read.recv().await.unwrap();
    }
    let took = start.elapsed();
    reading.abort();
    redis::cmd("DEL").arg(&stream).exec_async(&mut writer).await.unwrap();
    took
}

/// What a message has beside its body.
const FIELDS: [(&str, &str); 8] = [
    ("version", "1"),
    ("id", "redis/1/trades.fill/100000"),
    ("topic", "trades.fill"),
    ("kind", "message"),
    ("publisher", "redis"),
    ("epoch", "1"),
    ("sequence", "100000"),
    ("time", "2026-05-13T13:00:00Z"),
];

/// A name that no stream has had.
fn number() -> u32 {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Waits for entries; their ids. Their fields are read as well, into a map as the driver has it.
async fn read_after(reader: &mut MultiplexedConnection, stream: &str, last: &str) -> Option<Vec<String>> {
    let mut read = redis::cmd("XREAD");
    read.arg("COUNT").arg(PIPELINE).arg("BLOCK").arg(0).arg("STREAMS").arg(stream).arg(last);
    let reply: redis::streams::StreamReadReply = read.query_async(reader).await.ok()?;
    Some(reply.keys.into_iter().next()?.ids.into_iter().map(|entry| entry.id).collect())
}

/// One message at a time: from publishing to the reader.
async fn latency(bus: &Arc<dyn Bus>, publisher: &Publisher, rounds: u64) -> Duration {
    let mut reader = bus.subscribe(&["user.*".parse().unwrap()], Start::Newest).await.unwrap();
    let login: Topic = "user.login".parse().unwrap();
    let mut took = Duration::ZERO;
    for _ in 0..rounds {
        let start = Instant::now();
        publisher.publish(login.clone(), None, Timestamp::UNIX_EPOCH, &1).unwrap();
        let Event::Message(_) = reader.next().await.unwrap() else { panic!("nothing is missing") };
        took += start.elapsed();
    }
    took
}

async fn bare_latency(server: &RedisServer, rounds: u64) -> Duration {
    let (mut writer, mut reader) = (connect(server).await, connect(server).await);
    let stream = format!("bare-{}", number());
    let theirs = stream.clone();
    let (read, mut one_read) = mpsc::channel(1);
    let reading = tokio::spawn(async move {
        let mut last = "0-0".to_owned();
        while let Some(ids) = read_after(&mut reader, &theirs, &last).await {
            last = ids.last().unwrap().clone();
            if read.send(()).await.is_err() {
                return;
            }
        }
    });
    let mut took = Duration::ZERO;
    for _ in 0..rounds {
        let start = Instant::now();
        redis::cmd("XADD").arg(&[&stream, "*", "body", "1"]).exec_async(&mut writer).await.unwrap();
        one_read.recv().await.unwrap();
        took += start.elapsed();
    }
    reading.abort();
    redis::cmd("DEL").arg(&stream).exec_async(&mut writer).await.unwrap();
    took
}
