//! Replay of the demo's input log: bit-identical, from a later segment too; another model, another config and damage are found.

use crate::support::assert_says;
use recio::core::engine::{Engine, EngineConfig};
use recio::core::model::{Fingerprint, Model};
use recio::core::pipeline::{
    InputLog, InputLogReader, LoggedInput, ReplayError, ReplayOptions, ReplayReport, SegmentHeader, replay,
};
use recio::demo::DemoReport;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn model() -> Arc<Model> {
    recio::fingerprint::model(None).unwrap()
}

fn replayed(log: &Path, from_segment: u32) -> Result<ReplayReport, ReplayError> {
    replay(log, &model(), ReplayOptions { from_segment }, |_, _| {})
}

pub(crate) fn is_identical(log: &Path, report: &DemoReport) {
    let replayed = replayed(log, 1).unwrap();
    assert!(replayed.is_identical(), "{replayed:?}");
    assert_eq!(replayed.inputs, report.inputs);
    assert_eq!(replayed.ledger_hash.as_ref(), Some(&report.ledger_hash));
}

pub(crate) fn is_identical_from_a_later_segment(log: &Path) {
    let whole = replayed(log, 1).unwrap();
    let later = replayed(log, 2).unwrap();
    assert!(whole.is_identical() && whole.segments >= 2, "{whole:?}");
    assert!(later.is_identical() && later.segments == whole.segments - 1, "{later:?}");
    assert!(later.inputs < whole.inputs);
    assert_eq!(later.outputs_hash, whole.outputs_hash, "both end with the hash over all outputs of the run");
    let beyond = whole.segments + 1;
    assert_says(&replayed(log, beyond).unwrap_err(), &[&format!("no segment {beyond}")]);
}

pub(crate) fn finds_another_model(log: &Path) {
    let empty = Arc::new(Model::new(std::iter::empty::<Fingerprint>()));
    let refused = replay(log, &empty, ReplayOptions::default(), |_, _| {}).unwrap_err();
    assert!(matches!(refused, ReplayError::OtherModel { .. }), "{refused}");
    assert_says(&refused, &[&model().hash(), "name the right file"]);
}

/// A log whose head says something else than what the run was told: the first output that differs is found.
pub(crate) fn finds_another_config(log: &Path, dir: &Path) {
    let (header, inputs) = read(log);
    let mut config = header.config.clone();
    for monitor in &mut config.monitors {
        // Too late for every entry. Whether entry is on at all would show at once, in the services' health.
        monitor.entry.min_time_to_close = std::time::Duration::from_secs(3_600);
    }
    let rewritten = rewrite(&dir.join("other-config"), &header, &config, &inputs);
    let found = replayed(&rewritten, 1).unwrap();
    assert!(!found.is_identical());
    let first = found.first_difference.unwrap();
    assert!(first > 1 && first < found.inputs, "the run begins in the same way, and then does not: input {first}");
}

pub(crate) fn finds_damage_and_forgives_a_torn_tail(log: &Path, dir: &Path) {
    let segment = InputLogReader::segments(log).unwrap().remove(0);
    let whole = replayed(&segment, 1).unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();

    let torn = dir.join("inputs-torn.log");
    std::fs::write(&torn, &bytes[..bytes.len() - 3]).unwrap();
    let report = replayed(&torn, 1).unwrap();
    assert!(report.is_identical() && report.inputs == whole.inputs - 1, "{report:?}");

    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let damaged = dir.join("inputs-damaged.log");
    std::fs::write(&damaged, &bytes).unwrap();
    assert_says(&replayed(&damaged, 1).unwrap_err(), &["inputs-damaged.log", "record"]);

    let other = dir.join("inputs-other.log");
    std::fs::write(&other, "not a log").unwrap();
    assert_says(&replayed(&other, 1).unwrap_err(), &["inputs-other.log"]);
}

fn read(log: &Path) -> (SegmentHeader, Vec<LoggedInput>) {
    let mut reader = InputLogReader::open(&InputLogReader::segments(log).unwrap()[0]).unwrap();
    let header = reader.header().clone();
    let inputs = std::iter::from_fn(|| reader.next_input().unwrap()).collect();
    (header, inputs)
}

/// Runs the inputs through an engine of the log's own config, and writes them with what came of them into a log that names `told`.
fn rewrite(folder: &Path, header: &SegmentHeader, told: &EngineConfig, inputs: &[LoggedInput]) -> PathBuf {
    let mut engine = Engine::restore(Arc::new(header.config.clone()), model(), header.state.clone());
    let mut log = InputLog::create(folder, &header.build, &header.model_hash, told).unwrap();
    log.begin_segment(engine.state()).unwrap();
    for logged in inputs {
        let outputs = engine.handle(logged.now, &logged.input);
        log.add(logged.now, &logged.input, &outputs).unwrap();
    }
    log.flush().unwrap();
    folder.to_owned()
}
