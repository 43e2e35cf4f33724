//! `Pipeline::builder()`: takes the parts, checks that they fit, and makes a pipeline of them.

use super::conductor::Conductor;
use super::jobs::Hands;
use super::shadow::ShadowAccount;
use super::shell::{Ended, Parts, PipelineError, Shell};
use super::{Clock, InputLog, InputLogError, Journal, JournalError, Observer, SharedJournal};
use crate::engine::{Engine, EngineConfig, OrderMode, Recovered};
use crate::executor::Executor;
use crate::local_cache::LocalCache;
use crate::market::Family;
use crate::market_data::MarketData;
use crate::model::Model;
use crate::price_feed::PriceFeed;
use crate::store::Store;
use crate::strategy::Strategy;
use crate::units::{Money, StrategyId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// One engine with everything around it, ready to run.
pub struct Pipeline {
    shell: Shell,
    recovered: Recovered,
}

/// Takes the parts of a pipeline.
#[derive(Default)]
pub struct PipelineBuilder {
    config: Option<EngineConfig>,
    model: Option<Arc<Model>>,
    feeds: Vec<Box<dyn PriceFeed>>,
    market_data: Option<Arc<dyn MarketData>>,
    executor: Option<Arc<dyn Executor>>,
    shadow: Option<Money>,
    store: Option<Arc<dyn Store>>,
    cache: Option<Arc<dyn LocalCache>>,
    strategies: BTreeMap<StrategyId, Box<dyn Strategy>>,
    clock: Option<Arc<dyn Clock>>,
    conductor: Option<Arc<dyn Conductor>>,
    journal: Option<PathBuf>,
    input_log: Option<PathBuf>,
    kill_latch: Option<PathBuf>,
    observers: Vec<Box<dyn Observer>>,
    takes_commands: bool,
}

/// Why parts do not make a pipeline.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Something that has no default was not given.
    #[error("a pipeline needs {0}")]
    Missing(&'static str),
    /// A monitor has no strategy, or a strategy no monitor.
    #[error(
        "monitor `{0}` and its strategy do not come together: each monitor of the config needs one strategy of its name"
    )]
    Unmatched(StrategyId),
    /// A monitor's series is not one that recio knows.
    #[error(transparent)]
    Series(#[from] crate::market::UnknownSeries),
    /// No feed tells the price of a monitored asset.
    #[error("no price feed for {0}, which a monitor trades")]
    NoFeed(crate::market::Asset),
    /// Two feeds tell the price of one asset, and which one counts is not said.
    #[error("two price feeds for {0}: give one, or one that is made of both")]
    TwoFeeds(crate::market::Asset),
    /// Whether orders are sent is said twice, and differently.
    #[error(
        "orders are either sent, by an executor, or recorded, in the shadow: the config and the builder have to say the same"
    )]
    Shadow,
    /// The run's name is too long to be part of a trade's.
    #[error("the run id is longer than 100 characters")]
    RunIdTooLong,
    /// The intent journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The input log cannot be begun.
    #[error(transparent)]
    InputLog(#[from] InputLogError),
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline").field("recovered", &self.recovered).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PipelineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PipelineBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Pipeline {
    /// Begins a pipeline.
    #[must_use]
    pub fn builder() -> PipelineBuilder {
        PipelineBuilder::default()
    }

    /// Runs until `stop` is cancelled or a source ends; then stops in order: no more entries, resting orders canceled and their fate learned,
    /// the store flushed.
    ///
    /// # Errors
    /// The run could not go on. Orders may then be live; the next start reads the journal and looks them up.
    ///
    /// # Cancel safety
    /// Not cancel safe: use `stop`. A dropped run is like a killed one, which the next start recovers from.
    pub async fn run(self, stop: CancellationToken) -> Result<Ended, PipelineError> {
        self.shell.run(self.recovered, stop).await
    }
}

impl PipelineBuilder {
    /// Sets what the engine is told at its start.
    #[must_use]
    pub fn config(mut self, config: EngineConfig) -> Self {
        self.config = Some(config);
        self
    }

    /// Sets the model.
    #[must_use]
    pub fn model(mut self, model: Arc<Model>) -> Self {
        self.model = Some(model);
        self
    }

    /// Adds a price feed.
    #[must_use]
    pub fn price_feed(mut self, feed: impl PriceFeed + 'static) -> Self {
        self.feeds.push(Box::new(feed));
        self
    }

    /// Sets where markets and books come from.
    #[must_use]
    pub fn market_data(mut self, market_data: Arc<dyn MarketData>) -> Self {
        self.market_data = Some(market_data);
        self
    }

    /// Sets where orders go.
    #[must_use]
    pub fn executor(mut self, executor: Arc<dyn Executor>) -> Self {
        self.executor = Some(executor);
        self
    }

    /// Sends nothing, in place of an executor: what would have been ordered is recorded. The cash is what limits are measured by.
    ///
    /// The config has to say so too ([`OrderMode::Recorded`]): then no order is ever made, and there is nobody who could send one.
    #[must_use]
    pub const fn shadow(mut self, cash: Money) -> Self {
        self.shadow = Some(cash);
        self
    }

    /// Sets where facts are kept. Overrides of the settings that it keeps count, from the start and whenever one is made.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Takes the commands that the store keeps, so that other programs can ask something of this run: to halt, to send only orders that reduce, to
    /// resume, to close a trade. Whoever may write into the store may do that.
    #[must_use]
    pub const fn take_commands(mut self) -> Self {
        self.takes_commands = true;
        self
    }

    /// Keeps the newest of everything in a cache on this machine, and begins with what an earlier run left there.
    ///
    /// A run that has one may begin while its store is down: nothing is entered until the store takes facts and agrees with the engine, and facts that wait
    /// for it outlive a crash.
    #[must_use]
    pub fn local_cache(mut self, cache: Arc<dyn LocalCache>) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Adds the strategy of one monitor.
    #[must_use]
    pub fn strategy(mut self, monitor: StrategyId, strategy: impl Strategy + 'static) -> Self {
        self.strategies.insert(monitor, Box::new(strategy));
        self
    }

    /// Sets the clock. Not needed with a conductor, which brings its own.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Runs in lockstep with a simulator.
    #[must_use]
    pub fn conductor(mut self, conductor: Arc<dyn Conductor>) -> Self {
        self.conductor = Some(conductor);
        self
    }

    /// Sets the file of the intent journal.
    #[must_use]
    pub fn journal(mut self, file: impl Into<PathBuf>) -> Self {
        self.journal = Some(file.into());
        self
    }

    /// Keeps an input log in this folder.
    #[must_use]
    pub fn input_log(mut self, folder: impl Into<PathBuf>) -> Self {
        self.input_log = Some(folder.into());
        self
    }

    /// Sets the file whose being there halts everything.
    #[must_use]
    pub fn kill_latch(mut self, file: impl Into<PathBuf>) -> Self {
        self.kill_latch = Some(file.into());
        self
    }

    /// Lets somebody look on. They are called in the order in which they came.
    #[must_use]
    pub fn observe(self, observer: impl Observer + 'static) -> Self {
        self.observers([Box::new(observer) as Box<dyn Observer>])
    }

    /// Lets these look on, as [`observe`](Self::observe) does.
    #[must_use]
    pub fn observers(mut self, observers: impl IntoIterator<Item = Box<dyn Observer>>) -> Self {
        self.observers.extend(observers);
        self
    }

    /// Checks the parts and makes the pipeline: opens the intent journal, and begins the input log.
    ///
    /// # Errors
    /// A part is missing, parts do not fit together, or a file cannot be used.
    pub fn build(self) -> Result<Pipeline, BuildError> {
        let mut config = self.config.ok_or(BuildError::Missing("a config"))?;
        let model = self.model.ok_or(BuildError::Missing("a model"))?;
        let market_data = self.market_data.ok_or(BuildError::Missing("market data"))?;
        let executor: Arc<dyn Executor> = match (config.orders, self.executor, self.shadow) {
            (OrderMode::Sent, Some(executor), None) => executor,
            (OrderMode::Recorded, None, Some(cash)) => Arc::new(ShadowAccount { cash }),
            (_, None, None) => return Err(BuildError::Missing("an executor")),
            (OrderMode::Sent | OrderMode::Recorded, _, _) => return Err(BuildError::Shadow),
        };
        let store = self.store.ok_or(BuildError::Missing("a store"))?;
        if self.takes_commands && store.commands().is_none() {
            return Err(BuildError::Missing("a store that keeps commands, to take them"));
        }
        let journal = self.journal.ok_or(BuildError::Missing("a file for the intent journal"))?;
        let clock = match &self.conductor {
            Some(conductor) => conductor.clock(),
            None => self.clock.ok_or(BuildError::Missing("a clock"))?,
        };
        check(&config, &self.strategies, &self.feeds)?;
        for monitor in &mut config.monitors {
            monitor.params = self.strategies.get(&monitor.id).and_then(|strategy| strategy.params());
        }
        let (journal, recovered, dropped) = Journal::open(&journal)?;
        if dropped > 0 {
            tracing::warn!("{dropped} bytes of a journal record that was cut off were dropped; it was never acted on");
        }
        let build = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
        let input_log =
            self.input_log.map(|folder| InputLog::create(&folder, build, &model.hash(), &config)).transpose()?;
        let hands = Hands {
            executor: Arc::clone(&executor),
            market_data: Arc::clone(&market_data),
            clock: Arc::clone(&clock),
            journal: SharedJournal::new(journal),
            kill_latch: self.kill_latch,
            halted: Arc::default(),
            writes_in_line: self.conductor.is_some(),
            unjournaled: Arc::default(),
        };
        let shell = Shell::new(Parts {
            engine: Engine::new(Arc::new(config), model),
            feeds: self.feeds,
            market_data,
            executor,
            store,
            cache: self.cache,
            clock,
            conductor: self.conductor,
            hands,
            input_log,
            observers: self.observers,
            strategies: self.strategies,
            takes_commands: self.takes_commands,
        });
        Ok(Pipeline { shell, recovered })
    }
}

fn check(
    config: &EngineConfig,
    strategies: &BTreeMap<StrategyId, Box<dyn Strategy>>,
    feeds: &[Box<dyn PriceFeed>],
) -> Result<(), BuildError> {
    if config.run.as_str().len() > 100 {
        return Err(BuildError::RunIdTooLong);
    }
    let monitors: BTreeSet<_> = config.monitors.iter().map(|monitor| &monitor.id).collect();
    let given: BTreeSet<_> = strategies.keys().collect();
    if monitors.len() != config.monitors.len() {
        return Err(BuildError::Missing("a different name for each monitor"));
    }
    if let Some(unmatched) = monitors.symmetric_difference(&given).next() {
        return Err(BuildError::Unmatched((*unmatched).clone()));
    }
    let mut fed = BTreeSet::new();
    if let Some(twice) = feeds.iter().map(|feed| feed.about().asset).find(|asset| !fed.insert(*asset)) {
        return Err(BuildError::TwoFeeds(twice));
    }
    for monitor in &config.monitors {
        let (asset, _) = Family::of(&monitor.series)?;
        if !feeds.iter().any(|feed| feed.about().asset == asset) {
            return Err(BuildError::NoFeed(asset));
        }
    }
    Ok(())
}
