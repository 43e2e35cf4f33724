//! Runs that tell on a bus what they do: with a Redis that is killed under them, with one that is there, with none, and with one that does not let
//! them in.

use crate::sessions::Serving;
use crate::{outcome, recio};
use recio_core::engine::ServiceHealth;
use recio_core::fact::{Fact, FactBody};
use recio_core::store::{Store, StoredFact};
use recio_store::Access;
use recio_store::bus::{
    Bus, Event, Follower, FollowerCounts, FollowerOptions, PriceNow, RedisBus, RedisOptions, Start, ToldFact, Topic,
};
use recio_store::testing::{Memory, RedisServer};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::{TempDir, tempdir};
use tokio::runtime::Runtime;

/// More than any of this takes on the busiest machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Two monitors that trade back and forth.
const CONFIG: &str = r#"
version = 1
[risk]
max_orders_per_second = 10
max_orders_per_minute = 300
repeat_window = 0.0
breaker_failures = 1000
[[monitor]]
id = "one"
account = "sim"
series = "KXBTC15M"
params = { min_probability = 50.0, min_differential = -100.0, after_fees = false, careful = false, max_price = "0.99", min_volume = "0", position_size = "1" }
entry = { enabled = true, min_time_to_close = 20.0, max_time_to_close = 900.0, allow_re_entry = true, cooldown = 3.0, spike_pause = false }
stop = { enabled = true, probability = 100.0, verification = 5.0, min_time_to_close = 30.0, momentum_enabled = false }
[[monitor]]
id = "two"
account = "sim"
series = "KXBTC15M"
params = { min_probability = 50.0, min_differential = -100.0, after_fees = false, careful = false, max_price = "0.99", min_volume = "0", position_size = "2" }
entry = { enabled = true, min_time_to_close = 20.0, max_time_to_close = 880.0, allow_re_entry = true, cooldown = 3.0, spike_pause = false }
stop = { enabled = true, probability = 100.0, verification = 9.0, min_time_to_close = 30.0, momentum_enabled = false }
"#;

/// The bus of a run against a simulator, as other programs open it.
fn open(url: &str) -> RedisBus {
    let mut options = RedisOptions::default();
    options.namespace = "recio:sim:sim".to_owned();
    RedisBus::open(url, options).unwrap()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Which monitors run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Monitors {
    /// The demo's two. What they do in lockstep is the same each time.
    Demo,
    /// Two that trade back and forth, so that there are facts at all times. In lockstep as well, the answer to an order and the frame about it come by two
    /// sockets, and one overtakes the other now and then; after so many orders no run is quite like another.
    Busy,
}

fn folder(monitors: Monitors) -> TempDir {
    let here = tempdir().unwrap();
    if monitors == Monitors::Busy {
        std::fs::write(here.path().join("recio.toml"), CONFIG).unwrap();
    }
    here
}

/// What a whole run left.
struct Left {
    ledger: Value,
    facts: Vec<StoredFact>,
    said: String,
    /// Kept for as long as the store is read.
    _here: TempDir,
}

impl Left {
    /// What the run decided, ordered, traded, paid and was paid, without what is another one's in each run: its name, the names that the simulator draws,
    /// and the states in between, which are told in the order in which two sockets bring them.
    fn plain(&self) -> Vec<Value> {
        let run = self.facts.first().map(|stored| stored.fact.run.to_string()).unwrap_or_default();
        assert!(!run.is_empty(), "a run leaves facts");
        let mut names = Vec::new();
        let is_state = |fact: &Fact| matches!(fact.body, FactBody::OrderChanged { .. } | FactBody::Trade(_));
        let mut last_states = std::collections::BTreeMap::new();
        let mut plain_facts = Vec::new();
        for StoredFact { fact, .. } in &self.facts {
            let mut value = plain(serde_json::to_value(fact).unwrap(), &run, &mut names);
            value["number"] = Value::Null;
            if is_state(fact) {
                let body = &value["body"];
                let of = [&body["trade"]["id"], &body["order_changed"]["client_order_id"]].map(ToString::to_string);
                last_states.insert(of, value);
            } else {
                plain_facts.push(value);
            }
        }
        plain_facts.extend(last_states.into_values());
        plain_facts
    }
}

/// Puts numbers in place of names: the first that comes is 0, wherever it comes again.
fn plain(value: Value, run: &str, names: &mut Vec<String>) -> Value {
    let is_name = |text: &str| text.contains(run) || (text.len() >= 16 && text.matches('-').count() >= 3);
    match value {
        Value::String(text) if is_name(&text) => {
            let known = names.iter().position(|known| *known == text);
            let number = known.unwrap_or_else(|| {
                names.push(text);
                names.len() - 1
            });
            Value::String(format!("name {number}"))
        }
        Value::Array(values) => values.into_iter().map(|value| plain(value, run, names)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, plain(value, run, names)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// A run over the whole recording, with `more` arguments. `meanwhile` is called once it has begun.
fn run(runtime: &Runtime, monitors: Monitors, more: &[&str], meanwhile: impl FnOnce(&Path)) -> Left {
    let here = folder(monitors);
    let _serving = Serving::at(here.path(), "ready.json", "lockstep");
    let mut command = recio(here.path());
    command.args(["run", "--mode", "sim", "--endpoint", "ready.json", "--store", "sqlite://facts.db", "--json"]);
    command.args(more).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    meanwhile(here.path());
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{said}");
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(report["facts_not_stored"], 0);
    let compare = ["reconcile", "--strict", "--endpoint", "ready.json", "--store", "sqlite://facts.db"];
    let (code, stdout, stderr) = outcome(recio(here.path()).args(compare));
    assert_eq!(code, Some(0), "the exchange's account is another one: {stdout}{stderr}");
    let facts = runtime.block_on(async { reader(here.path()).await.facts(0, u32::MAX).await.unwrap() });
    Left { ledger: report["ledger_hash"].clone(), facts, said, _here: here }
}

/// The store of a run, once the run has made it.
async fn reader(here: &Path) -> Box<dyn Store> {
    let url = format!("sqlite://{}", here.join("facts.db").display());
    let opened = async {
        loop {
            match recio_store::open(&url, Access::Reader).await {
                Ok(store) => return store,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(PATIENCE, opened).await.expect("the run makes its store")
}

/// Follows a run's facts until it has those that the run left, and then a while longer: it must not have more.
async fn follow(
    url: String,
    here: std::path::PathBuf,
    all: Arc<std::sync::OnceLock<usize>>,
) -> (Vec<StoredFact>, FollowerCounts) {
    let bus = open(&url);
    let store: Arc<dyn Store> = Arc::from(reader(&here).await);
    let second = Duration::from_secs(1);
    let options = FollowerOptions { quiet: second, interrupted: Duration::from_millis(200), page: 50 };
    let mut follower = Follower::start(&bus, store, 0, options).await.unwrap();
    let mut seen = Vec::new();
    // The run takes as long as it takes; what it left is followed in time.
    let mut ended = None;
    loop {
        match tokio::time::timeout(2 * second, follower.next()).await {
            Ok(stored) => seen.push(stored.unwrap()),
            Err(_) if all.get().is_some_and(|all| seen.len() >= *all) => return (seen, follower.counts()),
            Err(_) => {}
        }
        if all.get().is_some() {
            let waited = ended.get_or_insert_with(Instant::now).elapsed();
            assert!(waited < PATIENCE, "{} of {all:?} facts were followed: {:?}", seen.len(), follower.counts());
        }
    }
}

/// Kills Redis and starts it again, until it is told to end; then it runs. How often it was killed.
fn kill_again_and_again(mut server: RedisServer, seed: u64, over: &AtomicBool) -> (RedisServer, u32) {
    // Any spread will do, and it should be another one in each round.
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut between = |least: u64, most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Duration::from_millis(least + state % (most - least))
    };
    let mut kills = 0;
    while !over.load(Ordering::Acquire) {
        std::thread::sleep(between(200, 1_500));
        server.kill();
        kills += 1;
        std::thread::sleep(between(20, 600));
        server.launch();
    }
    server.answers();
    (server, kills)
}

#[test]
fn a_run_is_the_same_while_redis_is_killed_and_followers_have_every_fact() {
    let runtime = runtime();
    let alone = run(&runtime, Monitors::Demo, &[], |_| {});
    let rounds = if std::env::var_os("RECIO_TEST_FULL").is_some() { 8 } else { 2 };
    let (mut kills, mut from_bus) = (0, 0);
    for round in 1..=rounds {
        let monitors = if round % 2 == 0 { Monitors::Busy } else { Monitors::Demo };
        let memory = if round % 4 < 2 { Memory::Remembers } else { Memory::Forgets };
        let server = RedisServer::start(memory);
        let (url, over, all) = (server.url(), Arc::new(AtomicBool::new(false)), Arc::new(std::sync::OnceLock::new()));
        let killing = {
            let over = Arc::clone(&over);
            std::thread::spawn(move || kill_again_and_again(server, round, &over))
        };
        let mut following = None;
        let told = run(&runtime, monitors, &["--bus", &url], |here| {
            following = Some(runtime.spawn(follow(url.clone(), here.to_owned(), Arc::clone(&all))));
        });
        all.set(told.facts.len()).unwrap();
        over.store(true, Ordering::Release);
        let (_server, killed) = killing.join().unwrap();
        let (followed, counts) = runtime.block_on(following.unwrap()).unwrap();
        kills += killed;
        from_bus += counts.from_bus;
        println!("round {round}: {killed} kills, {} facts, {counts:?}", told.facts.len());
        if monitors == Monitors::Demo {
            assert_eq!(told.ledger, alone.ledger, "round {round}: the ledger is another one with a bus");
            let (with, without) = (told.plain(), alone.plain());
            for (with, without) in with.iter().zip(&without) {
                assert_eq!(with, without, "round {round}: a fact is another one with a bus");
            }
            assert_eq!(with.len(), without.len(), "round {round}");
        } else {
            assert!(told.facts.len() > 500, "{} facts", told.facts.len());
        }
        assert_eq!(followed, told.facts, "round {round}: {counts:?}");
        assert!(!told.said.contains("panicked"), "{}", told.said);
    }
    assert!(kills >= 2 * rounds as u32, "Redis was killed {kills} times in {rounds} rounds");
    println!("{rounds} runs, {kills} kills of Redis, {from_bus} facts heard on the bus");
}

#[test]
fn a_run_tells_what_it_does() {
    let runtime = runtime();
    let server = RedisServer::start(Memory::Forgets);
    server.answers();
    let bus = runtime.block_on(async { open(&server.url()) });
    let topics = ["trades.*", "system.*"].map(|topic| topic.parse().unwrap());
    let mut reader = runtime.block_on(bus.subscribe(&topics, Start::Newest)).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let reading = runtime.spawn(async move {
        let (mut facts, mut notices, mut healths, mut gaps) = (Vec::<(u64, Fact)>::new(), 0, 0, 0);
        let mut stopped = std::pin::pin!(stopped);
        let mut is_over = false;
        loop {
            let event = tokio::select! {
                biased;
                // The end comes first; then what is there is read, until nothing comes for a while.
                _ = &mut stopped, if !is_over => { is_over = true; continue }
                event = tokio::time::timeout(Duration::from_secs(2), reader.next()) => event,
            };
            match event {
                Err(_) if is_over => return (facts, notices, healths, gaps),
                Err(_) => {}
                Ok(Ok(Event::Message(delivery))) => {
                    let envelope = &delivery.envelope;
                    match (envelope.fact, envelope.topic.as_str()) {
                        (Some(sequence), _) => facts.push((sequence, envelope.read::<ToldFact>().unwrap().fact)),
                        (None, "system.health") => healths += usize::from(envelope.read::<ServiceHealth>().is_ok()),
                        (None, "system.notice") => notices += 1,
                        (None, _) => {}
                    }
                }
                Ok(Ok(Event::Gap(_))) => gaps += 1,
                Ok(other) => panic!("Redis runs: {other:?}"),
            }
        }
    });
    let left = run(&runtime, Monitors::Demo, &["--bus", &server.url()], |_| {});
    stop.send(()).unwrap();
    let (facts, notices, healths, gaps) = runtime.block_on(reading).unwrap();
    assert_eq!(gaps, 1, "the start of those who tell facts");
    // What was committed before the run's bus was asked is told by the gap.
    let first = facts.first().expect("facts are told").0;
    let wanted: Vec<_> =
        left.facts[first as usize - 1..].iter().map(|stored| (stored.sequence, stored.fact.clone())).collect();
    assert_eq!(facts, wanted, "each once, in order, to the last one");
    assert!(facts.iter().any(|(_, fact)| matches!(fact.body, FactBody::Trade(_))));
    assert!(notices > 0 && healths >= 8, "{notices} notices, {healths} words on health");
    let newest = |topic: Topic, key: &str| runtime.block_on(bus.newest(&topic, key)).unwrap();
    let price: PriceNow = newest(Topic::price(), "BTC").expect("the price is there").read().unwrap();
    assert!(price.price.is_some() || left.facts.len() > 1, "{price:?}");
    let health: ServiceHealth = newest(Topic::health(), "trade_manager").expect("health is there").read().unwrap();
    assert!(!health.detail.is_empty());
    assert!(newest(Topic::active_trades(), "all").is_some());
    assert!(!left.said.contains("the bus"), "a bus that works is not worth a word: {}", left.said);
    runtime.block_on(async { drop(bus) });
}

/// Begins a run with a bus, waits until it says something, and interrupts it. What it said.
fn said_until(bus: &str, word: &str) -> String {
    let here = folder(Monitors::Demo);
    let _serving = Serving::start(here.path(), "ready.json");
    let mut command = recio(here.path());
    command.args(["run", "--mode", "sim", "--endpoint", "ready.json", "--bus", bus, "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    for line in lines.by_ref() {
        said.push_str(&line.unwrap());
        said.push('\n');
        if said.contains(word) {
            break;
        }
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    for line in lines {
        said.push_str(&line.unwrap());
        said.push('\n');
    }
    let code = child.wait().unwrap().code();
    assert!(matches!(code, Some(0 | 130)), "{code:?}: {said}");
    assert!(said.contains(word), "`{word}` was never said: {said}");
    said
}

#[test]
fn a_run_goes_on_without_a_bus_and_says_so_once() {
    let said = said_until("unix:///not/there/redis.sock?pass=hunter2", "the bus is not available");
    assert_eq!(said.matches("recio goes on without").count(), 1, "{said}");
    assert!(said.contains("unix:///not/there/redis.sock") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_bus_that_does_not_let_a_run_in_is_said_clearly() {
    let server = RedisServer::start_with(Memory::Forgets, &["--requirepass".to_owned(), "hunter2".to_owned()]);
    server.answers();
    for url in [format!("{}?pass=hunter3", server.url()), server.url()] {
        let said = said_until(&url, "does not let recio use it");
        assert_eq!(said.matches("recio goes on without").count(), 1, "{said}");
        assert!(said.contains("ERROR") && said.contains("password") && !said.contains("hunter"), "{said}");
    }
}

#[test]
fn a_wrong_url_is_refused_at_once_and_no_password_is_shown() {
    let here = tempdir().unwrap();
    for (url, named) in [
        ("http://me:hunter2@localhost", "write redis://HOST:PORT/0"),
        ("redis://me:hunter2@localhost:port", "write redis://HOST:PORT/0"),
        ("memory:", "a bus in memory reaches nobody"),
        ("rediss://me:hunter2@localhost#insecure", "leave #insecure out"),
        ("rediss://me:hunter2@localhost?sslrootcrt=ca.pem", "sslrootcert"),
    ] {
        let (code, stdout, stderr) = outcome(recio(here.path()).args(["run", "--mode", "sim", "--bus", url]));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{url}: {stderr}");
        assert!(stderr.contains(named) && stderr.contains("--bus") && stderr.contains("bus.url"), "{url}: {stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
    let url = "rediss://me:hunter2@localhost?sslrootcert=ca.pem";
    let (code, _, stderr) = outcome(recio(here.path()).args(["run", "--mode", "sim", "--bus", url]));
    assert!(code == Some(2) && stderr.contains("ca.pem cannot be read") && !stderr.contains("hunter2"), "{stderr}");
    for arguments in [&["config", "show", "--origin"][..], &["config", "show", "--json"]] {
        let (code, stdout, stderr) =
            outcome(recio(here.path()).args(arguments).env("RECIO__BUS__URL", "redis://me:hunter2@localhost:7000/1"));
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.contains("redis://***@localhost:7000/1") && !stdout.contains("hunter2"), "{stdout}");
    }
}

#[test]
fn the_doctor_looks_at_the_bus() {
    let here = tempdir().unwrap();
    let _serving = Serving::start(here.path(), "ready.json");
    let server = RedisServer::start_with(Memory::Forgets, &["--requirepass".to_owned(), "hunter2".to_owned()]);
    server.answers();
    let examined = |url: &str, more: &[&str]| {
        let mut command = recio(here.path());
        command.args(["doctor", "--endpoint", "ready.json", "--json"]).args(more).env("RECIO__BUS__URL", url);
        let (_, stdout, stderr) = outcome(&mut command);
        assert!(!stdout.contains("hunter") && !stderr.contains("hunter"), "{stdout}{stderr}");
        let report: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"));
        report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "bus").unwrap().clone()
    };
    let found = examined(&format!("{}?pass=hunter2", server.url()), &[]);
    assert_eq!(found["finding"], "ok", "{found}");
    assert!(found["what"].as_str().unwrap().contains("Redis "), "{found}");
    let found = examined(&format!("{}?pass=hunter3", server.url()), &[]);
    assert!(found["finding"] == "failed" && found["remedy"].as_str().unwrap().contains("password"), "{found}");
    let found = examined("unix:///not/there", &[]);
    assert!(found["finding"] == "warning" && found["remedy"].as_str().unwrap().contains("start it"), "{found}");
    assert_eq!(examined("unix:///not/there", &["--offline"])["finding"], "skipped");
}
