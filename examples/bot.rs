//! A whole bot in a tokio program, every part put in by hand: an exchange, its client, a strategy with its rules, limits, files, a store.
//!
//! The exchange is recio's simulator on loopback, with a recorded market; no order leaves this machine. `cargo run --release --example bot`
#![expect(clippy::print_stdout, reason = "an example shows what came of it")]

use recio::SimConductor;
use recio::engine::{
    BookSource, EngineConfig, EntryRules, Freshness, Monitor, OrderMode, Output, RiskLimits, StopRules, WarmStart, Wish,
};
use recio::fact::Environment;
use recio::kalshi::client::wall_clock;
use recio::kalshi::exchange::{Kalshi, KalshiOptions};
use recio::kalshi::signing::SigningKey;
use recio::kalshi::transport::{Endpoint, NetworkTransport, Timeouts};
use recio::kill_latch::KillLatch;
use recio::market::Asset;
use recio::pipeline::{Ended, Pipeline, SteppedClock};
use recio::prelude::*;
use recio::price_feed::PriceKind;
use recio::session::{coinbase_basis, new_run};
use recio::sim::{ControlClient, SimOptions, Simulator};
use recio::store::{Access, open};
use recio::strategies::{HourlyHtc, HtcParams};
use recio::units::{AccountName, Now, SeriesTicker, StrategyId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Trades a recording. Returns what the run left, and the exchange's cash less ours.
pub(crate) async fn run(recording: PathBuf, files: &Path) -> Result<(Ended, Money), BoxError> {
    // The exchange: a simulator, which has an account and a key for us.
    let simulator = Simulator::start(SimOptions::new(recording, files.join("simulator"))).await?;
    let endpoint = simulator.endpoint().clone();
    let control = ControlClient::new(&endpoint.control)?;
    let joined = control.join(&endpoint.key_id).await?;

    // Its client: three traits over one WebSocket, which runs in a task of its own.
    let series = SeriesTicker::new("KXBTC15M")?;
    let key = SigningKey::from_file(&endpoint.key_id, &endpoint.key_file)?;
    let network = NetworkTransport::new(Endpoint::new(&endpoint.rest, &endpoint.ws)?, Timeouts::default())?;
    let options = KalshiOptions {
        asset: Asset::Btc,
        index_kind: PriceKind::StandIn, // the recording has Coinbase's trades in place of the settlement index
        exchange_index: 2,
        series: BTreeSet::from([series.clone()]),
    };
    let kalshi = Kalshi::new(Arc::new(network), key, wall_clock(), options);
    let closing = CancellationToken::new();
    let socket = tokio::spawn(kalshi.socket.run(closing.clone()));

    // Time: the simulator's, which stands still until we have handled everything. Without it: `.clock(Arc::new(SystemClock::new()))`.
    let clock = Arc::new(SteppedClock::new(joined.now));
    let conductor = SimConductor::new(control.clone(), joined.client, clock, kalshi.watch.clone());

    // What is traded, and how far it may go.
    let id = StrategyId::new("quarter-hours")?;
    let params = HtcParams {
        min_probability: 70.0,
        min_differential: 0.0,
        careful: false,
        min_volume: Quantity::contracts(100),
        position_size: Quantity::contracts(2),
        ..HtcParams::default()
    };
    let monitor = Monitor {
        id: id.clone(),
        series,
        entry: EntryRules { enabled: true, min_time_to_close: Duration::from_secs(60), ..EntryRules::default() },
        stop: StopRules::default(),
        params: None,
        latest_close: Some(endpoint.recording_ends),
    };
    let config = EngineConfig {
        environment: Environment::Sim,
        account: AccountName::new("me")?,
        run: new_run(),
        exchange_index: 2,
        epoch: 1,
        monitors: vec![monitor],
        risk: RiskLimits { max_total_exposure: Money::dollars(20), ..RiskLimits::default() },
        freshness: Freshness::default(),
        basis: BTreeMap::from([(Asset::Btc, coinbase_basis())]),
        warm_start: WarmStart::none(), // a recording holds less than a day; live, leave it at its default
        books: BookSource::Streamed,
        orders: OrderMode::Sent,
        tickers_name_close_times: true,
    };

    let store = open(&format!("sqlite://{}", files.join("bot.db").display()), Access::Writer).await?;
    let pipeline = Pipeline::builder()
        .config(config)
        .model(recio::fingerprint::model(None)?)
        .price_feed(kalshi.index)
        .market_data(kalshi.markets)
        .executor(kalshi.account)
        .strategy(id, HourlyHtc::new(params))
        .store(Arc::from(store))
        .journal(files.join("intents.journal"))
        .input_log(files.join("inputs"))
        .kill_latch(KillLatch::new(files).path())
        .conductor(Arc::new(conductor))
        .observe(print_news)
        .build()?;
    // Cancel this token, on Ctrl-C for example, to end the run in order; here it ends with the recording.
    let ended = pipeline.run(CancellationToken::new()).await?;

    // The simulator's own account against our ledger: the same to the micro-dollar, or something is wrong.
    let truth = control.account(&endpoint.key_id).await?;
    let ledger = ended.engine.ledger().ok_or("the run ended before the account could be read")?;
    let tie_out = ledger.tie_out(truth.cash);

    closing.cancel();
    socket.await?;
    simulator.stop().await?;
    Ok((ended, tie_out))
}

/// Sees everything that the engine wants; prints what is worth telling.
fn print_news(now: Now, output: &Output) {
    if let Wish::Say(notice) = &output.wish {
        println!("{}  {}", now.wall.strftime("%H:%M:%S"), notice.text);
    }
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), BoxError> {
    println!("Simulated: recio's own exchange, a recorded market, no real order.");
    let files = tempfile::tempdir()?;
    let recording = recio::demo::write_recording(files.path())?;
    let (ended, tie_out) = run(recording, files.path()).await?;
    ended.engine.trades().for_each(|trade| println!("{trade}"));
    println!("simulated trading is over; tie-out {tie_out}");
    Ok(())
}
