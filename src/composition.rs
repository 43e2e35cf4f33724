//! What every session does alike: an engine with its monitors, journal, input log and store, put together.

use crate::session::{RunFiles, SessionError, Watch};
use recio_core::engine::{EngineConfig, Monitor};
use recio_core::local_cache::LocalCache;
use recio_core::model::Model;
use recio_core::pipeline::{Observer, Pipeline, PipelineBuilder};
use recio_core::store::Store;
use recio_core::strategy::Strategy;
use recio_core::units::SeriesTicker;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The parts of a pipeline that do not depend on where data come from and orders go.
pub(crate) struct Composition {
    pub(crate) config: EngineConfig,
    /// One for each monitor of the config, in its order.
    pub(crate) strategies: Vec<Box<dyn Strategy>>,
    pub(crate) model: Arc<Model>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) cache: Option<Arc<dyn LocalCache>>,
    pub(crate) files: RunFiles,
    pub(crate) observers: Vec<Box<dyn Observer>>,
}

impl Composition {
    pub(crate) fn build(self, builder: PipelineBuilder) -> Result<Pipeline, SessionError> {
        let builder = if self.store.commands().is_some() { builder.take_commands() } else { builder };
        let mut builder = builder
            .model(self.model)
            .store(self.store)
            .journal(self.files.journal)
            .kill_latch(self.files.kill_latch.path())
            .input_log(self.files.input_logs.join(self.config.run.as_str()));
        for (monitor, strategy) in self.config.monitors.iter().zip(self.strategies) {
            builder = builder.strategy(monitor.id.clone(), strategy);
        }
        if let Some(cache) = self.cache {
            builder = builder.local_cache(cache);
        }
        Ok(builder.observers(self.observers).config(self.config).build()?)
    }
}

/// The series that are watched.
pub(crate) fn series_of(watches: &[Watch]) -> BTreeSet<SeriesTicker> {
    watches.iter().map(|watch| watch.monitor.series.clone()).collect()
}

/// What is traded, and who decides.
pub(crate) fn apart(watches: Vec<Watch>) -> (Vec<Monitor>, Vec<Box<dyn Strategy>>) {
    watches.into_iter().map(|watch| (watch.monitor, watch.strategy)).unzip()
}
