//! One run against a simulator: its client, the engine with its monitors, journal, input log and store, put together.

use crate::account_claim::ClaimError;
use crate::composition::{Composition, apart, series_of};
use crate::remembering_feed::RememberingFeed;
use crate::sim_link::SimLink;
use recio_core::engine::{
    BookSource, EngineConfig, EntryRules, Freshness, Monitor, OrderMode, RiskLimits, StopRules, WarmStart,
};
use recio_core::fact::Environment;
use recio_core::kill_latch::KillLatch;
use recio_core::local_cache::LocalCache;
use recio_core::market::Asset;
use recio_core::model::{Basis, Model};
use recio_core::pipeline::{
    BuildError, Clock, Ended, Observer, PaperError, Pipeline, PipelineBuilder, PipelineError, SystemClock,
};
use recio_core::price_feed::PriceKind;
use recio_core::read::BoxError;
use recio_core::store::Store;
use recio_core::strategy::Strategy;
use recio_core::units::{AccountName, IdError, RunId, SeriesTicker, StrategyId};
use recio_kalshi::exchange::{Care, Kalshi, KalshiOptions};
use recio_sim::Endpoint;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A monitor with the strategy that it asks.
pub struct Watch {
    /// What is traded, and by which rules.
    pub monitor: Monitor,
    /// Who decides.
    pub strategy: Box<dyn Strategy>,
}

/// Where the files of a run are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFiles {
    /// The intent journal: one file an account, for ever.
    pub journal: PathBuf,
    /// The folder in which each run gets a folder for its input log.
    pub input_logs: PathBuf,
    /// The directory whose kill latch halts the run.
    pub kill_latch: KillLatch,
}

/// What a run against a simulator needs.
pub struct SimSession {
    /// The simulator.
    pub endpoint: Endpoint,
    /// The account's name in the records.
    pub account: AccountName,
    /// What is traded.
    pub watches: Vec<Watch>,
    /// What no order may exceed.
    pub risk: RiskLimits,
    /// When data counts as stale.
    pub freshness: Freshness,
    /// How much of the past has to be there before anything is entered: no more of it than the simulator has.
    pub warm_start: WarmStart,
    /// What strikes are priced with.
    pub model: Arc<Model>,
    /// Where facts are kept.
    pub store: Arc<dyn Store>,
    /// What a restart without the store goes by; `None` where nothing restarts.
    pub cache: Option<Arc<dyn LocalCache>>,
    /// Where the run's files are.
    pub files: RunFiles,
    /// Who looks on.
    pub observers: Vec<Box<dyn Observer>>,
}

/// Why a session could not be held.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The simulator cannot be reached, or does not answer as one.
    #[error("cannot use the simulator")]
    Simulator(#[source] BoxError),
    /// The files or the store are not this account's.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The client cannot be made.
    #[error("cannot make the exchange client")]
    Client(#[source] BoxError),
    /// Polling needs time that passes.
    #[error("without a key data are polled, which a simulator in lockstep does not wait for: start it with a speed")]
    NotPaced,
    /// The account on paper cannot be used.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// The parts do not fit together.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The run could not go on.
    #[error(transparent)]
    Run(#[from] PipelineError),
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("monitor", &self.monitor).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SimSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimSession").field("watches", &self.watches).field("files", &self.files).finish_non_exhaustive()
    }
}

impl Watch {
    /// A monitor of this name on a series, switched on, with the default rules around the strategy.
    ///
    /// # Errors
    /// A name or a series that is none.
    pub fn new(name: &str, series: &str, strategy: impl Strategy + 'static) -> Result<Self, IdError> {
        let monitor = Monitor {
            id: StrategyId::new(name)?,
            series: SeriesTicker::new(series)?,
            entry: EntryRules { enabled: true, ..EntryRules::default() },
            stop: StopRules::default(),
            params: None,
            latest_close: None,
        };
        Ok(Self { monitor, strategy: Box::new(strategy) })
    }
}

impl RunFiles {
    /// The file of the local cache: beside the journal, whose account it is of.
    #[must_use]
    pub fn local_cache(&self) -> PathBuf {
        self.journal.with_extension("cache.db")
    }

    /// All files of a run in one directory.
    #[must_use]
    pub fn in_dir(data_dir: &Path) -> Self {
        Self {
            journal: data_dir.join("intents.journal"),
            input_logs: data_dir.join("runs"),
            kill_latch: KillLatch::new(data_dir),
        }
    }
}

impl SimSession {
    /// Runs until the recording ends or `stop` is cancelled.
    ///
    /// # Errors
    /// The simulator cannot be used, the parts do not fit together, or the run could not go on.
    ///
    /// # Cancel safety
    /// Not cancel safe: use `stop`. A dropped session is like a killed one, which the next one recovers from.
    pub async fn run(self, stop: CancellationToken) -> Result<Ended, SessionError> {
        let series = series_of(&self.watches);
        crate::account_claim::claim(&self.files.journal, &*self.store, &self.endpoint.key_id).await?;
        let link = SimLink::open(&self.endpoint, series).await?;
        let link_builder = link.builder();
        let index = RememberingFeed::of_run(Box::new(link.index), self.cache.as_ref(), &self.store);
        let (builder, connection) = (link_builder.price_feed(index), link.connection);
        let stop = stop.child_token();
        connection.stop_at_the_end(stop.clone());
        let ended = self.pipeline(builder)?.run(stop).await;
        connection.close().await;
        Ok(ended?)
    }

    fn pipeline(self, builder: PipelineBuilder) -> Result<Pipeline, SessionError> {
        let (monitors, strategies) = apart(self.watches);
        let config = EngineConfig {
            risk: self.risk,
            freshness: self.freshness,
            ..engine_config_with(&self.endpoint, self.account, monitors, &self.warm_start)
        };
        let Self { model, store, cache, files, observers, .. } = self;
        Composition { config, strategies, model, store, cache, files, observers }.build(builder)
    }
}

/// What an engine is told about a simulator, with the default limits: markets that close after the recording ends are left alone.
#[must_use]
pub fn engine_config(endpoint: &Endpoint, account: AccountName, monitors: Vec<Monitor>) -> EngineConfig {
    engine_config_with(endpoint, account, monitors, &WarmStart::default())
}

fn engine_config_with(
    endpoint: &Endpoint,
    account: AccountName,
    mut monitors: Vec<Monitor>,
    wanted: &WarmStart,
) -> EngineConfig {
    let ends = endpoint.recording_ends;
    for monitor in &mut monitors {
        monitor.latest_close = Some(monitor.latest_close.map_or(ends, |latest| latest.min(ends)));
    }
    EngineConfig {
        environment: Environment::Sim,
        account,
        run: new_run(),
        exchange_index: 2,
        epoch: 1,
        monitors,
        risk: RiskLimits::default(),
        freshness: Freshness::default(),
        basis: BTreeMap::from([(Asset::Btc, coinbase_basis())]),
        warm_start: past_of(endpoint, wanted),
        books: BookSource::Streamed,
        orders: OrderMode::Sent,
        tickers_name_close_times: endpoint.tickers_name_close_times,
    }
}

/// With less of the past than this nothing of it is waited for: no momentum score comes without four minutes of prices anyway.
const LEAST_PAST: Duration = Duration::from_secs(5 * 60);

/// What of the past a run against a simulator waits for: what it is told to, as far as the simulator has it. Where that is less, it is said.
pub(crate) fn past_of(endpoint: &Endpoint, wanted: &WarmStart) -> WarmStart {
    let there = endpoint.past();
    let past = if there < LEAST_PAST { WarmStart::none() } else { wanted.at_most(there) };
    if past != *wanted {
        let minutes = endpoint.past().as_secs() / 60;
        tracing::warn!(
            "the recording holds {minutes} min of prices before its session: entries wait for no more of the past than that"
        );
    }
    past
}

/// How far the settlement index lies from Coinbase's trades, which stand in for it in the recordings that come with recio: the settlement
/// value lay 10.90 USD above their mean, with a standard deviation of 4.60, over 22 windows in May 2026.
#[must_use]
pub fn coinbase_basis() -> Basis {
    Basis::new(10.9, 4.6).expect("two plain numbers make a basis")
}

/// Kalshi's client, pointed at a simulator.
///
/// # Errors
/// The key file cannot be read, or the addresses are none.
pub(crate) fn client(endpoint: &Endpoint, series: BTreeSet<SeriesTicker>, care: Care) -> Result<Kalshi, BoxError> {
    let key = recio_kalshi::signing::SigningKey::from_file(&endpoint.key_id, &endpoint.key_file)?;
    let hosts = recio_kalshi::transport::Endpoint::new(&endpoint.rest, &endpoint.ws)?;
    let transport =
        recio_kalshi::transport::NetworkTransport::new(hosts, recio_kalshi::transport::Timeouts::default())?;
    let index_kind = if endpoint.index_is_stand_in { PriceKind::StandIn } else { PriceKind::Index };
    let options = KalshiOptions { asset: Asset::Btc, index_kind, exchange_index: 2, series };
    Ok(Kalshi::with_care(Arc::new(transport), key, recio_kalshi::client::wall_clock(), options, care))
}

/// A name for this start of the program that no other start has, on any restored or copied data directory: the machine's time to the microsecond.
#[must_use]
pub fn new_run() -> RunId {
    let start = SystemClock::new().now().wall;
    let name = format!("{}-{:06}", start.strftime("%Y%m%dT%H%M%SZ"), start.as_microsecond().rem_euclid(1_000_000));
    RunId::new(&name).expect("digits, letters and a dash are visible ASCII")
}
