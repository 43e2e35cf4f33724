//! A price feed of one's own: it takes another feed's prices and keeps lonely spikes from the model. Used in a pipeline against the
//! simulator. `cargo run --release --example price_feed`
#![expect(clippy::print_stdout, reason = "an example shows what came of it")]

use recio::SimLink;
use recio::model::Bar;
use recio::pipeline::Ended;
use recio::prelude::*;
use recio::price_feed::{FeedAbout, FeedError, PriceEvent, PriceFeed, PriceTick, Resolution, TimeRange};
use recio::read::Read;
use recio::session::engine_config;
use recio::sim::{SimOptions, Simulator};
use recio::store::MemoryStore;
use recio::strategies::HourlyHtc;
use recio::units::{AccountName, AssetPrice};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Holds back a price that lies too far from the one before, until the next one confirms it.
struct NoSpikes<F> {
    inner: F,
    /// The last price that was handed on, or held back: what the next one is compared with.
    last: Option<AssetPrice>,
    /// How far, in hundredths of a percent.
    limit_basis_points: u64,
    /// How many were held back, for whoever looks.
    held_back: Arc<AtomicU64>,
}

impl<F> NoSpikes<F> {
    fn new(inner: F, limit_basis_points: u64) -> Self {
        Self { inner, last: None, limit_basis_points, held_back: Arc::default() }
    }

    /// Whether this price is to be handed on.
    fn accepts(&mut self, tick: &PriceTick) -> bool {
        let Some(last) = self.last.replace(tick.price) else { return true };
        let moved = tick.price.cents().abs_diff(last.cents());
        let fits = moved * 10_000 <= last.cents() * self.limit_basis_points;
        if !fits {
            self.held_back.fetch_add(1, Ordering::Relaxed);
        }
        fits
    }
}

#[async_trait]
impl<F: PriceFeed> PriceFeed for NoSpikes<F> {
    fn about(&self) -> FeedAbout {
        self.inner.about()
    }

    /// Cancel safe, as the trait asks: nothing is awaited between taking an event and handing it on.
    async fn next(&mut self) -> Result<PriceEvent, FeedError> {
        loop {
            let event = self.inner.next().await?;
            let is_spike = matches!(&event, PriceEvent::Tick(tick) if !self.accepts(tick));
            if !is_spike {
                return Ok(event);
            }
        }
    }

    async fn history(&mut self, range: TimeRange, resolution: Resolution) -> Result<Read<Vec<Bar>>, FeedError> {
        self.inner.history(range, resolution).await
    }
}

/// Runs a pipeline with the feed on a recording. Returns what the run left, and how many prices were held back.
pub(crate) async fn run(recording: PathBuf, files: &Path, limit_basis_points: u64) -> Result<(Ended, u64), BoxError> {
    let simulator = Simulator::start(SimOptions::new(recording, files.join("simulator"))).await?;
    let watch = Watch::new("htc", "KXBTC15M", HourlyHtc::default())?;
    let link = SimLink::open(simulator.endpoint(), [watch.monitor.series.clone()]).await?;

    let builder = link.builder();
    let feed = NoSpikes::new(link.index, limit_basis_points);
    let held_back = Arc::clone(&feed.held_back);
    let pipeline = builder
        .price_feed(feed)
        .strategy(watch.monitor.id.clone(), watch.strategy)
        .config(engine_config(simulator.endpoint(), AccountName::new("me")?, vec![watch.monitor]))
        .model(recio::fingerprint::model(None)?)
        .store(Arc::new(MemoryStore::new()))
        .journal(files.join("intents.journal"))
        .build()?;
    let ended = pipeline.run(CancellationToken::new()).await?;

    link.connection.close().await;
    simulator.stop().await?;
    Ok((ended, held_back.load(Ordering::Relaxed)))
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), BoxError> {
    let files = tempfile::tempdir()?;
    let recording = recio::demo::write_recording(files.path())?;
    let (ended, held_back) = run(recording, files.path(), 2).await?;
    println!("Simulated, on a recorded market:");
    println!("  {held_back} prices held back, {} inputs, {} decisions", ended.inputs, ended.decisions);
    ended.engine.trades().for_each(|trade| println!("  {trade}"));
    Ok(())
}
