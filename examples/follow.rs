//! Follows the trades of a run in the program that runs it, by a bus in memory: what a screen, an alert or a journal of one's own hangs itself onto.
//!
//! The run is the demo: recio's simulator on loopback, a recorded market, no real order. `cargo run --release --example follow`
#![expect(clippy::print_stdout, reason = "an example shows what came of it")]

use recio::demo::{DemoOptions, DemoReport, demo};
use recio::fact::FactBody;
use recio::pipeline::{Clock, SystemClock};
use recio::prelude::*;
use recio::publishing::Publishing;
use recio::store::bus::{Bus, Follower, FollowerOptions, MemoryBus, Topic};
use recio::trade::Trade;
use std::sync::Arc;
use std::time::Duration;

/// Plays the demo. Returns what it came to, and every state of every trade as it was followed.
pub(crate) async fn run(mut options: DemoOptions) -> Result<(DemoReport, Vec<Trade>), BoxError> {
    // The bus, and what tells it: the engine's outputs by an observer, the facts by the store.
    let bus = Arc::new(MemoryBus::new());
    let started = SystemClock::new().now().wall;
    let publishing = Publishing::start(bus.clone(), options.store.clone(), started).await;
    options.observers.push(Box::new(publishing.observer()));

    // Every fact once and in order, however slow this is: from the bus, and after a gap from the store. To go on another day, begin after the last one.
    let mut follower = Follower::start(&*bus, options.store.clone(), 0, FollowerOptions::default()).await?;
    let following = tokio::spawn(async move {
        let mut trades = Vec::new();
        // Ends with the bus.
        while let Ok(stored) = follower.next().await {
            if let FactBody::Trade(trade) = stored.fact.body {
                println!("{}  {trade}", stored.fact.time.strftime("%H:%M:%S"));
                trades.push(trade);
            }
        }
        trades
    });

    let report = demo(options, CancellationToken::new()).await;
    publishing.stop(Duration::from_secs(3)).await;
    // What only matters when newest can be asked for at any time.
    if let Some(active) = bus.newest(&Topic::active_trades(), "all").await? {
        println!("open at {}: {}", active.time.strftime("%H:%M:%S"), active.body());
    }
    drop(bus);
    Ok((report?, following.await?))
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), BoxError> {
    println!("Simulated: recio's own exchange, a recorded market, no real order.");
    let files = tempfile::tempdir()?;
    let (report, trades) = run(DemoOptions::in_dir(files.path())).await?;
    println!(
        "simulated trading is over; {} states of {} trades, tie-out {}",
        trades.len(),
        report.trades.len(),
        report.tie_out
    );
    Ok(())
}
