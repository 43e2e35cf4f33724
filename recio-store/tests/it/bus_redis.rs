//! The bus on Redis Streams: the contract, and what happens without Redis, with one that forgets, and with foreign things in it.

use recio_core::fact::Fact;
use recio_core::store::{Store, StoredFact};
use recio_core::units::Money;
use recio_store::bus::{
    Bus, BusError, Event, FactPublisher, Follower, FollowerOptions, GapReason, Group, Publisher, PublisherName, Queued,
    RedisBus, RedisOptions, Start, Subscription, Topic, contract,
};
use recio_store::contract::sample::{cash_moved, time};
use recio_store::testing::{Memory, RedisServer};
use recio_store::{MemoryStore, verify};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// More than any of this takes on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn open(server: &RedisServer) -> Arc<RedisBus> {
    Arc::new(RedisBus::open(&server.url(), RedisOptions::default()).unwrap())
}

fn client(server: &RedisServer) -> redis::Client {
    redis::Client::open(server.url()).unwrap()
}

fn publisher(bus: &Arc<RedisBus>) -> Publisher {
    Publisher::new(bus.clone(), PublisherName::new("trade_manager").unwrap(), 1)
}

fn fill() -> Topic {
    "trades.fill".parse().unwrap()
}

async fn next(reader: &mut dyn Subscription) -> Event {
    tokio::time::timeout(PATIENCE, reader.next()).await.expect("something comes").unwrap()
}

/// The next number, over whatever gaps.
async fn number(reader: &mut dyn Subscription) -> u64 {
    loop {
        if let Event::Message(delivery) = next(reader).await {
            return delivery.envelope.read().unwrap();
        }
    }
}

/// Waits until the bus says so.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("it never came to this: {what}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_keeps_the_contract() {
    // A Redis that is there may be used by others too: each bus has keys of its own.
    let foreign = std::env::var("RECIO_TEST_REDIS_URL").ok();
    let mut server = None;
    if foreign.is_none() {
        let own = server.insert(RedisServer::start(Memory::Forgets));
        own.answers();
    }
    let url = foreign.unwrap_or_else(|| server.as_ref().unwrap().url());
    let number = Cell::new(0);
    contract::run(async || {
        number.set(number.get() + 1);
        let mut options = RedisOptions::default();
        options.namespace = format!("recio-test-{}-{}", std::process::id(), number.get());
        Arc::new(RedisBus::open(&url, options).unwrap()) as Arc<dyn Bus>
    })
    .await;
}

#[tokio::test]
async fn without_redis_publishing_goes_on_and_a_gap_is_told_afterwards() {
    let mut server = RedisServer::start(Memory::Forgets);
    server.answers();
    let bus = open(&server);
    let publisher = publisher(&bus);
    let mut reader = bus.subscribe(&["trades.*".parse().unwrap()], Start::Newest).await.unwrap();
    let quote = |number: u64| publisher.publish(Topic::quote(), Some("KXBTCD-A"), time(0), &number).unwrap();
    publisher.publish(fill(), None, time(0), &1_u64).unwrap();
    publisher.publish(Topic::health(), Some("coordinator"), time(0), &"ready").unwrap();
    quote(1);
    assert_eq!(number(&mut *reader).await, 1);
    bus.flush(PATIENCE).await.unwrap();

    server.kill();
    // Before anybody has noticed: these go into a dead connection first.
    publisher.publish(fill(), None, time(0), &2_u64).unwrap();
    quote(2);
    assert!(matches!(next(&mut *reader).await, Event::Interrupted));
    until("the bus notices", || !bus.counts().connected).await;
    until("what could not be sent waits", || bus.counts().topics[&fill()].waiting == 1).await;
    for number in 3..=10 {
        assert_eq!(quote(number), Queued::Replaced, "of market data the newest waits");
    }
    let counts = bus.counts();
    assert_eq!(counts.topics[&Topic::quote()].replaced, 8);
    assert!(counts.problem.is_some());
    let error = bus.flush(Duration::from_millis(1)).await.unwrap_err();
    assert!(matches!(error, BusError::Unavailable { .. }), "{error}");
    assert!(bus.check().await.is_err());
    assert!(bus.newest(&Topic::quote(), "KXBTCD-A").await.is_err());

    server.launch();
    assert!(matches!(next(&mut *reader).await, Event::Gap(gap) if gap.reason == GapReason::Reconnected));
    bus.flush(PATIENCE).await.unwrap();
    assert_eq!(number(&mut *reader).await, 2, "what waited is sent");
    let newest = bus.newest(&Topic::quote(), "KXBTCD-A").await.unwrap().unwrap();
    assert_eq!(newest.read::<u64>().unwrap(), 10);
    let newest =
        bus.newest(&Topic::health(), "coordinator").await.unwrap().expect("what Redis forgot is written again");
    assert_eq!(newest.read::<String>().unwrap(), "ready");
    let after = bus.counts();
    assert!(after.connected && after.reconnects >= 1 && after.problem.is_none(), "{after:?}");

    // The gap is for readers whose connection was not the one that broke.
    let mut late = bus.subscribe(&["trades.*".parse().unwrap()], Start::After("0-0".parse().unwrap())).await.unwrap();
    match next(&mut *late).await {
        Event::Gap(gap) => {
            assert!(matches!(gap.reason, GapReason::Announced { why } if why.contains("connection_lost")));
        }
        other @ (Event::Message(_) | Event::Interrupted) => panic!("in place of a gap came {other:?}"),
    }
}

#[tokio::test]
async fn a_bus_that_starts_before_redis_works_once_redis_does() {
    let mut server = RedisServer::start(Memory::Forgets);
    server.kill();
    let bus = open(&server);
    let publisher = publisher(&bus);
    let mut reader = bus.subscribe(&["trades.*".parse().unwrap()], Start::Newest).await.unwrap();
    assert!(matches!(next(&mut *reader).await, Event::Interrupted));
    server.launch();
    assert!(matches!(next(&mut *reader).await, Event::Gap(gap) if gap.reason == GapReason::Reconnected));
    publisher.publish(fill(), None, time(0), &5_u64).unwrap();
    assert_eq!(number(&mut *reader).await, 5);
}

#[tokio::test]
async fn a_follower_reads_the_store_once_redis_is_back() {
    let mut server = RedisServer::start(Memory::Forgets);
    server.answers();
    let store = Arc::new(MemoryStore::new());
    // Neither quiet nor the interruption makes it read: only the bus that is back.
    let never = Duration::from_secs(3_600);
    let options = FollowerOptions { quiet: never, interrupted: never, page: 50 };
    let mut follower = Follower::start(&*open(&server), store.clone(), 0, options).await.unwrap();
    store.append(&facts(0)).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 5 {
        seen.push(follower.next().await.unwrap());
    }
    server.kill();
    let before = follower.counts().readings;
    // The interruption makes it read once, and finds nothing.
    while follower.counts().readings == before {
        let nothing = tokio::time::timeout(Duration::from_millis(20), follower.next()).await;
        assert!(nothing.is_err(), "{nothing:?}");
    }
    store.append(&facts(1)).await.unwrap();
    server.launch();
    while seen.len() < 10 {
        seen.push(tokio::time::timeout(PATIENCE, follower.next()).await.expect("facts come").unwrap());
    }
    assert_eq!(seen, store.facts(0, 100).await.unwrap());
}

#[tokio::test]
async fn a_group_goes_on_after_redis_forgot_it() {
    let mut server = RedisServer::start(Memory::Forgets);
    server.answers();
    let bus = open(&server);
    let publisher = publisher(&bus);
    let group = Start::Group(Group::new("workers", "one"));
    let mut reader = bus.subscribe(&["trades.*".parse().unwrap()], group).await.unwrap();
    publisher.publish(fill(), None, time(0), &1_u64).unwrap();
    let Event::Message(delivery) = next(&mut *reader).await else { panic!("messages come") };
    server.kill();
    assert!(reader.ack(&delivery).await.is_err());
    publisher.publish(fill(), None, time(0), &2_u64).unwrap();
    server.launch();
    assert_eq!(number(&mut *reader).await, 2);
    assert!(reader.counts().reconnects >= 1);
}

#[tokio::test]
async fn a_group_resumes_what_a_redis_that_remembers_kept() {
    let mut server = RedisServer::start(Memory::Remembers);
    server.answers();
    let bus = open(&server);
    let publisher = publisher(&bus);
    let subscribe = async || {
        let group = Start::Group(Group::new("workers", "one"));
        bus.subscribe(&["trades.*".parse().unwrap()], group).await.unwrap()
    };
    let mut reader = subscribe().await;
    for number in 1..=4_u64 {
        publisher.publish(fill(), None, time(0), &number).unwrap();
    }
    for wanted in 1..=3_u64 {
        let Event::Message(delivery) = next(&mut *reader).await else { panic!("messages come") };
        assert_eq!(delivery.envelope.read::<u64>().unwrap(), wanted);
        if wanted != 2 {
            reader.ack(&delivery).await.unwrap();
        }
    }
    drop(reader);
    // Written down before it dies, as it is after a second at the latest.
    let mut connection = client(&server).get_multiplexed_async_connection().await.unwrap();
    redis::cmd("CONFIG").arg(&["SET", "appendfsync", "always"]).exec_async(&mut connection).await.unwrap();
    redis::cmd("SET").arg(&["last", "write"]).exec_async(&mut connection).await.unwrap();
    server.kill();
    server.launch();
    server.answers();
    let mut reader = subscribe().await;
    assert_eq!(number(&mut *reader).await, 2, "what was not acknowledged comes again");
    assert_eq!(number(&mut *reader).await, 4);
}

#[tokio::test]
async fn newer_and_foreign_entries_are_passed_over_and_counted() {
    let server = RedisServer::start(Memory::Forgets);
    server.answers();
    let bus = open(&server);
    let publisher = publisher(&bus);
    let topics = ["trades.*".parse().unwrap()];
    let mut reader = bus.subscribe(&topics, Start::Newest).await.unwrap();
    let mut worker = bus.subscribe(&topics, Start::Group(Group::new("workers", "one"))).await.unwrap();
    publisher.publish(fill(), None, time(0), &1_u64).unwrap();
    let Event::Message(delivery) = next(&mut *reader).await else { panic!("messages come") };
    let good: BTreeMap<_, _> = delivery.envelope.fields().into_iter().collect();
    let mut connection = client(&server).get_multiplexed_async_connection().await.unwrap();
    let mut add = async |fields: &[(&str, &[u8])]| {
        let mut command = redis::cmd("XADD");
        command.arg("recio:bus:trades").arg("*");
        for (field, value) in fields {
            command.arg(*field).arg(*value);
        }
        command.exec_async(&mut connection).await.unwrap();
    };
    add(&[("hello", b"world")]).await;
    add(&[("version", b"2"), ("what", b"ever")]).await;
    add(&[("version", b"1"), ("body", b"\xff\xfe")]).await;
    let changed = |field: &'static str, value: &'static str| {
        let mut fields = good.clone();
        fields.insert(field, value.to_owned());
        fields
    };
    for bad in [changed("topic", "user.login"), changed("sequence", "-1"), changed("body", "{")] {
        let fields: Vec<_> = bad.iter().map(|(field, value)| (*field, value.as_bytes())).collect();
        add(&fields).await;
    }
    publisher.publish(fill(), None, time(0), &2_u64).unwrap();
    assert_eq!(number(&mut *reader).await, 2, "what cannot be read holds nothing up");
    let counts = reader.counts();
    assert_eq!((counts.refused, counts.messages), (6, 2), "{counts:?}");
    assert!(counts.refused_why.is_some());
    for wanted in 1..=2 {
        let Event::Message(delivery) = next(&mut *worker).await else { panic!("messages come") };
        assert_eq!(delivery.envelope.read::<u64>().unwrap(), wanted);
        worker.ack(&delivery).await.unwrap();
    }
    assert_eq!(worker.lag().await.unwrap().entries.unwrap_or(0), 0, "and is not left to the group for ever");

    let mut set = redis::cmd("HSET");
    set.arg(&["recio:newest:market_data.quote:A", "version", "2"]).exec_async(&mut connection).await.unwrap();
    let error = bus.newest(&Topic::quote(), "A").await.unwrap_err();
    assert!(error.to_string().contains("update it"), "{error}");
}

#[tokio::test]
async fn streams_are_cut_and_a_reader_that_is_too_slow_is_told() {
    let server = RedisServer::start(Memory::Forgets);
    server.answers();
    let mut options = RedisOptions::default();
    options.kept = Some(500);
    let bus = Arc::new(RedisBus::open(&server.url(), options).unwrap());
    let publisher = publisher(&bus);
    let mut reader = bus.subscribe(&["trades.*".parse().unwrap()], Start::Newest).await.unwrap();
    publisher.publish(fill(), None, time(0), &0_u64).unwrap();
    assert_eq!(number(&mut *reader).await, 0);
    for number in 1..=5_000_u64 {
        publisher.publish(fill(), None, time(0), &number).unwrap();
    }
    bus.flush(PATIENCE).await.unwrap();
    let mut connection = client(&server).get_multiplexed_async_connection().await.unwrap();
    let kept: u64 = redis::cmd("XLEN").arg("recio:bus:trades").query_async(&mut connection).await.unwrap();
    assert!((500..1_000).contains(&kept), "the stream has {kept} entries");
    let (mut read, mut missed) = (0, 0);
    while read + missed < 5_000 {
        match next(&mut *reader).await {
            Event::Message(_) => read += 1,
            Event::Gap(gap) => {
                let GapReason::Hole { missed: more } = gap.reason else { panic!("a hole was expected, not {gap:?}") };
                missed += more;
            }
            Event::Interrupted => panic!("Redis runs"),
        }
    }
    assert_eq!(read + missed, 5_000, "every message is read or told to be missing");
}

#[tokio::test]
async fn a_group_is_told_what_the_stream_lost_before_it_got_it_and_nothing_else() {
    let server = RedisServer::start(Memory::Forgets);
    server.answers();
    let mut options = RedisOptions::default();
    options.kept = Some(500);
    let bus = Arc::new(RedisBus::open(&server.url(), options).unwrap());
    let publisher = publisher(&bus);
    let join = async |consumer: &str| {
        let group = Start::Group(Group::new("workers", consumer));
        bus.subscribe(&["trades.*".parse().unwrap()], group).await.unwrap()
    };
    let mut told = 0_u64;
    let mut tell = async |count: u64| {
        for _ in 0..count {
            told += 1;
            publisher.publish(fill(), None, time(0), &told).unwrap();
        }
        bus.flush(PATIENCE).await.unwrap();
        told
    };
    // Reads to a number; how many gaps came meanwhile, and how many messages.
    let read_to = async |reader: &mut dyn Subscription, last: u64| {
        let (mut gaps, mut messages) = (Vec::new(), 0);
        loop {
            match next(reader).await {
                Event::Gap(gap) => gaps.push(gap.reason),
                Event::Interrupted => panic!("Redis runs"),
                Event::Message(delivery) => {
                    messages += 1;
                    reader.ack(&delivery).await.unwrap();
                    if delivery.envelope.read::<u64>().unwrap() == last {
                        return (gaps, messages);
                    }
                }
            }
        }
    };
    // Lost before the group got anything at all.
    drop(join("one").await);
    let last = tell(1_200).await;
    let mut reader = join("one").await;
    let (gaps, messages) = read_to(&mut *reader, last).await;
    assert_eq!(gaps, [GapReason::Forgotten]);
    assert!((500..1_200).contains(&messages), "{messages}");
    // The stream is cut again and again under readers that keep up.
    let mut second = join("two").await;
    for _ in 0..20 {
        let last = tell(100).await;
        let mut left: std::collections::BTreeSet<_> = (last - 99..=last).collect();
        while !left.is_empty() {
            let (event, reader) = tokio::select! {
                event = next(&mut *reader) => (event, &mut reader),
                event = next(&mut *second) => (event, &mut second),
            };
            let Event::Message(delivery) = event else { panic!("nothing was lost, and {event:?} was told") };
            reader.ack(&delivery).await.unwrap();
            assert!(left.remove(&delivery.envelope.read::<u64>().unwrap()));
        }
    }
    // Everybody is away, the stream goes on for less than it keeps.
    drop((reader, second));
    let last = tell(400).await;
    let mut reader = join("one").await;
    assert_eq!(read_to(&mut *reader, last).await, (vec![], 400));
    // And for more: exactly one of the readers is told, once.
    drop(reader);
    let last = tell(2_000).await;
    let mut reader = join("two").await;
    let (gaps, messages) = read_to(&mut *reader, last).await;
    assert_eq!(gaps, [GapReason::Forgotten]);
    assert!((500..2_000).contains(&messages), "{messages}");
    assert_eq!(reader.counts().gaps, 1);
    let last = tell(10).await;
    assert_eq!(read_to(&mut *reader, last).await, (vec![], 10));
}

#[tokio::test]
async fn a_wrong_password_is_told_without_any() {
    let server = RedisServer::start(Memory::Forgets);
    server.answers();
    let mut connection = client(&server).get_multiplexed_async_connection().await.unwrap();
    redis::cmd("CONFIG").arg(&["SET", "requirepass", "hunter2"]).exec_async(&mut connection).await.unwrap();
    let told = |error: &dyn std::error::Error| {
        let mut text = format!("{error} {error:?}");
        let mut source = error.source();
        while let Some(error) = source {
            text += &format!(" {error} {error:?}");
            source = error.source();
        }
        text
    };
    for password in ["", "hunter3"] {
        let bus = RedisBus::open(&format!("{}?pass={password}", server.url()), RedisOptions::default()).unwrap();
        let error = bus.check().await.unwrap_err();
        assert!(matches!(&error, BusError::Refused { remedy, .. } if remedy.contains("password")), "{error:?}");
        let text = told(&error) + &format!("{bus:?} {:?}", bus.counts());
        assert!(!text.contains("hunter"), "{text}");
        until("the reason is told", || bus.counts().problem.is_some_and(|problem| problem.contains("password"))).await;
        assert!(!format!("{:?}", bus.counts()).contains("hunter"));
    }
    let bus = RedisBus::open(&format!("{}?pass=hunter2", server.url()), RedisOptions::default()).unwrap();
    assert_ne!(bus.check().await.unwrap(), "unknown");
}

#[tokio::test]
async fn tls_is_spoken_and_what_does_not_speak_it_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rediss://:hunter2@127.0.0.1:{}/0", listener.local_addr().unwrap().port());
    let bus = RedisBus::open(&url, RedisOptions::default()).unwrap();
    let server = async {
        let mut first = [0; 1];
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::io::AsyncReadExt::read_exact(&mut socket, &mut first).await.unwrap();
            assert_eq!(first, [22], "the first byte is one of a TLS handshake, and never a password");
            tokio::io::AsyncWriteExt::write_all(&mut socket, b"-ERR no TLS here\r\n").await.unwrap();
        }
    };
    let error = tokio::select! {
        () = server => unreachable!("the server goes on"),
        answer = bus.check() => answer.unwrap_err(),
    };
    assert!(matches!(&error, BusError::Refused { remedy, .. } if remedy.contains("does not speak TLS")), "{error:?}");
    assert!(!format!("{error:?} {bus:?}").contains("hunter2"));
}

fn facts(group: u64) -> Vec<Fact> {
    (group * 5..group * 5 + 5).map(|number| cash_moved(number, Money::dollars(1))).collect()
}

/// Facts are appended and told while Redis is killed again and again; several followers follow.
async fn followed_while_redis_is_killed(memory: Memory, kills: u64) {
    let mut server = RedisServer::start(memory);
    server.answers();
    let groups = kills * 12;
    let store = Arc::new(MemoryStore::new());
    let alone = MemoryStore::new();
    let told = open(&server);
    let teller = FactPublisher::new(publisher(&told));
    let last = groups * 5;

    let mut followers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let (bus, store) = (open(&server), store.clone());
        let options = FollowerOptions {
            // Quiet alone makes nobody read: the bus has to tell.
            quiet: Duration::from_secs(3_600),
            interrupted: Duration::from_millis(200),
            page: 50,
        };
        followers.spawn(async move {
            let mut follower = Follower::start(&*bus, store, 0, options).await.unwrap();
            let mut seen: Vec<StoredFact> = Vec::new();
            while seen.len() < last as usize {
                seen.push(follower.next().await.unwrap());
            }
            (seen, follower.counts())
        });
    }
    let telling = async { teller.run(&*store, Some(0), time(0)).await.unwrap() };
    let writing = async {
        for group in 0..groups {
            store.append(&facts(group)).await.unwrap();
            alone.append(&facts(group)).await.unwrap();
            if group % 12 == 7 {
                server.kill();
            }
            if group % 12 == 10 {
                server.launch();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut results = Vec::new();
        while let Some(ended) = followers.join_next().await {
            results.push(ended.unwrap());
        }
        results
    };
    let results = tokio::time::timeout(4 * PATIENCE, async {
        tokio::select! {
            never = telling => match never {},
            results = writing => results,
        }
    })
    .await
    .expect("every follower sees every fact");
    let stored = store.facts(0, u32::MAX).await.unwrap();
    assert_eq!(stored.len() as u64, last);
    for (seen, counts) in results {
        assert_eq!(seen, stored, "every fact, once, in order: {counts:?}");
        assert!(counts.from_bus > 0, "the bus told some: {counts:?}");
    }
    let (with_bus, without) = (verify(&*store).await.unwrap(), verify(&alone).await.unwrap());
    assert_eq!(with_bus, without, "the store is the same as without a bus");
}

fn kills() -> u64 {
    if std::env::var_os("RECIO_TEST_FULL").is_some() { 100 } else { 8 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_see_every_fact_once_while_a_redis_that_forgets_is_killed() {
    followed_while_redis_is_killed(Memory::Forgets, kills()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn followers_see_every_fact_once_while_a_redis_that_remembers_is_killed() {
    followed_while_redis_is_killed(Memory::Remembers, kills()).await;
}
