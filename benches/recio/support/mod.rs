//! What benches work on: the input log of one demo, played in lockstep before anything is measured.

use recio::core::engine::{EngineConfig, EngineState, Input};
use recio::core::market::{BookDelta, BookSnapshot};
use recio::core::market_data::MarketEvent;
use recio::core::model::Model;
use recio::core::pipeline::{InputLogReader, LoggedInput};
use recio::core::units::{MarketTicker, Timestamp};
use recio::prelude::{CancellationToken, DemoOptions, demo};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// The demo's inputs, and the log that they are in.
pub(crate) struct DemoRun {
    pub(crate) log: PathBuf,
    pub(crate) model: Arc<Model>,
    pub(crate) config: Arc<EngineConfig>,
    pub(crate) state: EngineState,
    pub(crate) inputs: Vec<LoggedInput>,
    _files: tempfile::TempDir,
}

/// A market's book as it was recorded, and every change of it until the market closed.
pub(crate) struct RecordedBook {
    pub(crate) market: MarketTicker,
    pub(crate) snapshot: BookSnapshot,
    pub(crate) deltas: Vec<(BookDelta, Timestamp)>,
}

/// Plays the demo, once a process.
pub(crate) fn demo_run() -> &'static DemoRun {
    static RUN: OnceLock<DemoRun> = OnceLock::new();
    RUN.get_or_init(|| {
        let files = tempfile::tempdir().expect("a bench needs a folder for temporary files");
        let runtime = tokio::runtime::Runtime::new().expect("a bench needs a runtime");
        let played = demo(DemoOptions::in_dir(files.path()), CancellationToken::new());
        let report = runtime.block_on(played).expect("the demo plays");
        assert!(report.tie_out.is_zero(), "a demo that does not tie out is no base for a bench");
        let log = report.input_log.expect("the demo keeps an input log");
        let model = recio::fingerprint::model(None).expect("the bundled fingerprint is sound");
        let mut begin = None;
        let mut inputs = Vec::new();
        for segment in InputLogReader::segments(&log).expect("the log is a folder") {
            let mut reader = InputLogReader::open(&segment).expect("the log was just written");
            begin.get_or_insert_with(|| (Arc::new(reader.header().config.clone()), reader.header().state.clone()));
            inputs.extend(std::iter::from_fn(|| reader.next_input().expect("the log was just written")));
        }
        assert_eq!(inputs.len() as u64, report.inputs, "the log holds all that the engine was told");
        let (config, state) = begin.expect("a log has a first segment");
        DemoRun { log, model, config, state, inputs, _files: files }
    })
}

impl DemoRun {
    /// The book of the market that was there the longest.
    pub(crate) fn book(&self) -> RecordedBook {
        const MARKET: &str = "KXBTC15M-26MAY130915-15";
        let mut recorded = None;
        for logged in &self.inputs {
            let Input::Market(event) = &logged.input else { continue };
            if let MarketEvent::Snapshot { market, book } = event
                && market.as_str() == MARKET
                && !book.bids.is_empty()
            {
                let (market, snapshot) = (market.clone(), book.clone());
                recorded = Some(RecordedBook { market, snapshot, deltas: Vec::new() });
            }
            if let (MarketEvent::Delta { market, delta, .. }, Some(recorded)) = (event, &mut recorded)
                && market.as_str() == MARKET
            {
                recorded.deltas.push((*delta, logged.now.wall));
            }
        }
        let recorded = recorded.expect("the recording has a book of the market");
        assert!(recorded.deltas.len() > 10_000, "only {} changes of the book", recorded.deltas.len());
        recorded
    }
}
