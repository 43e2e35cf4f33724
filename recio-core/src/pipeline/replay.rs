//! Replay: the engine again over the recorded inputs of an earlier run, its outputs compared bit for bit.

use super::input_log::OutputHash;
use super::{InputLogError, InputLogReader};
use crate::engine::{Engine, Output};
use crate::model::Model;
use crate::units::Now;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// What a replay found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReplayReport {
    /// Segments replayed.
    pub segments: u32,
    /// Inputs replayed.
    pub inputs: u64,
    /// Outputs that came of them.
    pub outputs: u64,
    /// The build that wrote the log.
    pub build: String,
    /// The first input whose outputs differ from the recorded ones, from 1; `None` if none does.
    pub first_difference: Option<u64>,
    /// Whether every segment's snapshot is what the engine remembered there.
    pub snapshots_match: bool,
    /// SHA-256 over all outputs, in hex.
    pub outputs_hash: String,
    /// The ledger's hash at the end, where its books were open.
    pub ledger_hash: Option<String>,
}

impl ReplayReport {
    /// Whether the replay gave what the run gave.
    #[must_use]
    pub const fn is_identical(&self) -> bool {
        self.first_difference.is_none() && self.snapshots_match
    }
}

/// Why a replay could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] InputLogError),
    /// The run used another fingerprint.
    #[error("the run used the fingerprint {recorded}, this one is {given}: name the right file")]
    OtherModel {
        /// The run's.
        recorded: String,
        /// The one given.
        given: String,
    },
    /// The log does not reach so far.
    #[error("the log has no segment {0} or later")]
    NoSegment(u32),
    /// An output cannot be hashed.
    #[error("an output cannot be encoded")]
    Encode(#[source] postcard::Error),
}

/// How to replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayOptions {
    /// The segment to begin with, from 1: its snapshot makes up for what came before.
    pub from_segment: u32,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self { from_segment: 1 }
    }
}

/// Replays a log (a folder of segments, or one of them), and hands every output to `observe`.
///
/// # Errors
/// The log cannot be read, or was made with another fingerprint. Outputs that differ are no error: the report says so.
pub fn replay(
    log: &Path,
    model: &Arc<Model>,
    options: ReplayOptions,
    mut observe: impl FnMut(Now, &Output),
) -> Result<ReplayReport, ReplayError> {
    let mut engine: Option<Engine> = None;
    let mut hash = OutputHash::default();
    let mut report = ReplayReport {
        segments: 0,
        inputs: 0,
        outputs: 0,
        build: String::new(),
        first_difference: None,
        snapshots_match: true,
        outputs_hash: String::new(),
        ledger_hash: None,
    };
    for segment in InputLogReader::segments(log)? {
        let mut reader = InputLogReader::open(&segment)?;
        let header = reader.header();
        if header.segment < options.from_segment {
            continue;
        }
        if header.model_hash != model.hash() {
            return Err(ReplayError::OtherModel { recorded: header.model_hash.clone(), given: model.hash() });
        }
        report.segments += 1;
        let engine = match &mut engine {
            Some(engine) => {
                report.snapshots_match &= *engine.state() == header.state && hash.0 == header.outputs;
                engine
            }
            None => {
                report.build.clone_from(&header.build);
                hash = OutputHash(header.outputs);
                let config = Arc::new(header.config.clone());
                engine.insert(Engine::restore(config, Arc::clone(model), header.state.clone()))
            }
        };
        while let Some(logged) = reader.next_input()? {
            let outputs = engine.handle(logged.now, &logged.input);
            hash.add(&outputs).map_err(ReplayError::Encode)?;
            report.inputs += 1;
            report.outputs += outputs.len() as u64;
            if hash.short() != logged.outputs {
                report.first_difference.get_or_insert(report.inputs);
            }
            for output in &outputs {
                observe(logged.now, output);
            }
        }
    }
    if report.segments == 0 {
        return Err(ReplayError::NoSegment(options.from_segment));
    }
    report.outputs_hash = hex::encode(hash.0);
    report.ledger_hash = engine.as_ref().and_then(|engine| engine.ledger().map(crate::trade::Ledger::ledger_hash));
    Ok(report)
}

#[cfg(test)]
mod tests;
