//! Kalshi's official TypeScript SDK against the simulator: software that nobody here wrote finds what it expects.
//!
//! The scripts are in `tests/sdk`; they hold every answer against the SDK's own type declarations. Here they are run, and what they saw is
//! compared with what recio's own client sees of the same account.

use crate::support::{bundled_recording, tempdir};
use recio::kalshi::client::{FillFilter, KalshiClient, OrderFilter, wall_clock};
use recio::kalshi::signing::{KeyType, SigningKey};
use recio::kalshi::transport::{Endpoint as Hosts, NetworkTransport, Timeouts};
use recio::sim::{Endpoint, Pace, Running, SimOptions, Simulator};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn the_official_sdk_trades_and_recio_sees_the_same() {
    let dir = tempdir();
    // Five times as fast: at least a minute is left of the market that trades, and one to come is waited for a minute at most.
    let simulator = start(dir.path(), 5.0).await;
    let seen = run("orders.mjs", dir.path()).await;
    assert!(seen["calls"].as_u64() > Some(60), "{seen}");

    let client = client(simulator.endpoint());
    let orders = client.orders(&OrderFilter::default()).await.unwrap();
    let fills = client.fills(&FillFilter::default()).await.unwrap();
    let positions = client.positions().await.unwrap();
    assert!(orders.complete && fills.complete && positions.complete);
    let ours: Vec<_> = orders
        .items
        .iter()
        .map(|order| (order.exchange_id.to_string(), order.filled.to_string(), order.yes_price.to_string()))
        .collect();
    assert_eq!(ours, rows(&seen["orders"], |row| (text(&row[0]), text(&row[3]), text(&row[4]))));
    let ours: Vec<_> = fills
        .items
        .iter()
        .map(|fill| {
            (fill.id.to_string(), fill.order.to_string(), fill.quantity.to_string(), fill.yes_price.to_string())
        })
        .collect();
    assert_eq!(ours, rows(&seen["fills"], |row| (text(&row[0]), text(&row[1]), text(&row[2]), text(&row[3]))));
    let ours: Vec<_> =
        positions.items.iter().map(|held| (held.market.to_string(), held.position.to_string())).collect();
    assert_eq!(ours, rows(&seen["positions"], |row| (text(&row[0]), text(&row[1]))));
    let cash = client.balance().await.unwrap().cash;
    assert_eq!(cash.to_string().parse::<f64>().unwrap(), seen["cash"].as_f64().unwrap());
    simulator.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_sdk_is_paid_out() {
    let dir = tempdir();
    let simulator = start(dir.path(), 30.0).await;
    let seen = run("settlement.mjs", dir.path()).await;
    let client = client(simulator.endpoint());
    let settlements = client.settlements(None).await.unwrap();
    let paid: Vec<_> = settlements.items.iter().map(|paid| paid.market.to_string()).collect();
    assert_eq!(paid, [text(&seen["ticker"])]);
    assert_eq!(settlements.items[0].revenue.micros(), seen["revenue"].as_i64().unwrap() * 10_000);
    simulator.stop().await.unwrap();
}

/// The simulator as `recio sim serve --rebase now --key-type rsa` starts it: the SDK signs with RSA alone.
async fn start(dir: &Path, speed: f64) -> Running {
    let simulator = Simulator::start(SimOptions {
        pace: Pace::Paced(speed),
        rebase_now: true,
        key_type: KeyType::Rsa,
        ..SimOptions::new(bundled_recording(dir), dir.join("keys"))
    })
    .await
    .unwrap();
    simulator.endpoint().write(&dir.join("ready.json")).unwrap();
    simulator
}

fn client(endpoint: &Endpoint) -> KalshiClient {
    let key = SigningKey::from_file(&endpoint.key_id, &endpoint.key_file).unwrap();
    let hosts = Hosts::new(&endpoint.rest, &endpoint.ws).unwrap();
    let transport = NetworkTransport::new(hosts, Timeouts::default()).unwrap();
    KalshiClient::new(Arc::new(transport), Some(Arc::new(key)), wall_clock())
}

/// Runs a script and reads what it reports, the last line of its output.
async fn run(script: &'static str, dir: &Path) -> Value {
    let ready = dir.join("ready.json");
    let output = tokio::task::spawn_blocking(move || {
        let folder = installed();
        Command::new("node").current_dir(&folder).arg(script).arg(ready).output().expect("node runs")
    });
    let output = output.await.unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script} failed:\n{said}\n{complained}");
    serde_json::from_str(said.lines().last().unwrap_or_default()).expect(&said)
}

/// The scripts with their packages, in a folder of the build cache. Packages are installed once for each lock file.
fn installed() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sdk");
    std::fs::create_dir_all(&folder).unwrap();
    let lock = std::fs::File::create(folder.join("installing")).unwrap();
    lock.lock().unwrap();
    let wanted = std::fs::read(source.join("package-lock.json")).unwrap();
    let done = folder.join("installed-lock.json");
    for entry in std::fs::read_dir(&source).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
    if std::fs::read(&done).ok() != Some(wanted.clone()) {
        let npm = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).output();
        let npm = npm.expect("npm is needed for the SDK's test: scripts/test installs it");
        assert!(npm.status.success(), "npm ci failed: {}", String::from_utf8_lossy(&npm.stderr));
        std::fs::write(&done, wanted).unwrap();
    }
    folder
}

fn rows<T>(list: &Value, row: impl Fn(&Value) -> T) -> Vec<T> {
    list.as_array().unwrap().iter().map(row).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
