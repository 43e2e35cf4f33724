//! The demo: a real recorded market traded from entry signal to settlement, over real HTTP and WebSocket on loopback, against the simulator.

use crate::session::{RunFiles, SessionError, SimSession, Watch};
use recio_core::engine::{EntryRules, Freshness, RiskLimits, WarmStart};
use recio_core::pipeline::Observer;
use recio_core::store::Store;
use recio_core::strategies::{HourlyHtc, HtcParams};
use recio_core::trade::{Fill, Settlement, Trade};
use recio_core::units::{AccountName, Money, Price, Quantity};
use recio_sim::control::ControlClient;
use recio_sim::{Pace, SimError, SimOptions, Simulator};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// The recording that comes with recio: a quarter hour of KXBTC15M on 13 May 2026. `data/ORIGINS.md` says where it comes from.
const RECORDING: &[u8] = include_bytes!("../data/kxbtc15m_20260513T125943.rec");
const RECORDING_NAME: &str = "kxbtc15m_20260513T125943.rec";

/// The series of the recording.
const SERIES: &str = "KXBTC15M";

/// What the demo account begins with.
pub const OPENING_CASH: Money = Money::dollars(100);

/// How to play the demo.
pub struct DemoOptions {
    /// In lockstep, or at a multiple of real time.
    pub pace: Pace,
    /// Another recording than the one that comes with recio.
    pub recording: Option<PathBuf>,
    /// Where facts are kept.
    pub store: Arc<dyn Store>,
    /// Where journal, input log and keys are; the folder must be new, because the demo begins with a new account.
    pub data_dir: PathBuf,
    /// What is traded, and by whom: [`watches`], unless given.
    pub watches: Vec<Watch>,
    /// The fingerprint; the one that comes with recio, unless given.
    pub fingerprint: Option<PathBuf>,
    /// Who looks on.
    pub observers: Vec<Box<dyn Observer>>,
}

/// What the demo came to. All of it is simulated; the market's prices and its outcome are recorded ones.
#[derive(Clone, Debug, Serialize)]
pub struct DemoReport {
    /// Always true.
    pub simulated: bool,
    /// The recording that was played.
    pub recording: PathBuf,
    /// The input log, for `replay`.
    pub input_log: Option<PathBuf>,
    /// What the engine was told.
    pub inputs: u64,
    /// Decisions of strategies among it.
    pub decisions: u64,
    /// Trades, from the first to the last.
    pub trades: Vec<Trade>,
    /// Orders, from the first to the last.
    pub orders: Vec<recio_core::store::OrderRow>,
    /// Fills, from the first to the last.
    pub fills: Vec<Fill>,
    /// Settlements, from the first to the last.
    pub settlements: Vec<Settlement>,
    /// What the exchange charged, in all.
    pub fees: Money,
    /// Cash at the beginning, by the simulator's own account.
    pub cash_start: Money,
    /// Cash at the end, by recio's ledger.
    pub cash_end: Money,
    /// Cash by the simulator's own account less cash by recio's ledger.
    pub tie_out: Money,
    /// The hash of everything economic in the ledger.
    pub ledger_hash: String,
    /// How long it took, in real seconds.
    pub wall_seconds: f64,
    /// Facts that the store did not take; nothing but zero is right.
    pub facts_not_stored: usize,
}

/// Why the demo could not be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The simulator does not start.
    #[error("the simulator does not start")]
    Simulator(#[from] SimError),
    /// The simulator's own account cannot be read.
    #[error("the simulator's own account cannot be read")]
    Control(#[from] recio_sim::control::ControlError),
    /// The run could not be held.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The fingerprint cannot be read.
    #[error(transparent)]
    Fingerprint(#[from] crate::fingerprint::FingerprintError),
    /// A file of the demo cannot be written.
    #[error("cannot write {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] recio_core::store::StoreError),
    /// The run ended before the account's books were open.
    #[error("the run ended before the account could be read")]
    NeverReady,
}

impl std::fmt::Debug for DemoOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DemoOptions").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

impl DemoOptions {
    /// The demo as it is: the recording that comes with recio in lockstep, its two monitors, facts in memory.
    #[must_use]
    pub fn in_dir(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            pace: Pace::LOCKSTEP,
            recording: None,
            store: Arc::new(recio_store::MemoryStore::new()),
            data_dir: data_dir.into(),
            watches: watches(),
            fingerprint: None,
            observers: Vec::new(),
        }
    }
}

/// Plays the demo: starts a simulator on loopback with a new account, trades the recording with the given monitors, and compares the ledger with
/// the simulator's own account.
///
/// # Errors
/// Something could not be started, or the run could not go on. A difference between the accounts is no error: the report shows it.
pub async fn demo(options: DemoOptions, stop: CancellationToken) -> Result<DemoReport, DemoError> {
    let began = Instant::now();
    let model = crate::fingerprint::model(options.fingerprint.as_deref())?;
    let recording = match options.recording {
        Some(recording) => recording,
        None => write_recording(&options.data_dir)?,
    };
    let simulator = Simulator::start(SimOptions {
        pace: options.pace,
        opening_cash: OPENING_CASH,
        ..SimOptions::new(recording.clone(), options.data_dir.join("simulator"))
    })
    .await?;
    let endpoint = simulator.endpoint().clone();
    let session = SimSession {
        endpoint: endpoint.clone(),
        account: AccountName::new("demo").expect("a short word is a name"),
        watches: options.watches,
        risk: RiskLimits::default(),
        freshness: Freshness::default(),
        warm_start: WarmStart::default(),
        model,
        store: Arc::clone(&options.store),
        cache: None,
        files: RunFiles::in_dir(&options.data_dir),
        observers: options.observers,
    };
    let ended = session.run(stop).await?;
    let truth = ControlClient::new(&endpoint.control)?.account(&endpoint.key_id).await?;
    simulator.stop().await?;

    let ledger = ended.engine.ledger().ok_or(DemoError::NeverReady)?;
    let (mut orders, mut fills) = (options.store.orders().await?, options.store.fills().await?);
    let mut settlements = options.store.settlements().await?;
    // The store lists the newest first.
    orders.reverse();
    fills.reverse();
    settlements.reverse();
    let mut trades: Vec<_> = ended.engine.trades().cloned().collect();
    trades.sort_by_key(|trade| trade.opened_time);
    Ok(DemoReport {
        simulated: true,
        recording,
        input_log: ended.input_log,
        inputs: ended.inputs,
        decisions: ended.decisions,
        trades,
        orders,
        fills,
        settlements,
        fees: ledger.fees_total(),
        cash_start: truth.cash_start,
        cash_end: ledger.cash(),
        tie_out: ledger.tie_out(truth.cash),
        ledger_hash: ledger.ledger_hash(),
        wall_seconds: began.elapsed().as_secs_f64(),
        facts_not_stored: ended.facts_not_stored,
    })
}

/// The two monitors of the demo: the default strategy as it is, and the same with looser parameters, so that a whole life of a trade is seen
/// whatever the default does on this quarter hour.
#[must_use]
pub fn watches() -> Vec<Watch> {
    let loose = HtcParams {
        min_probability: 70.0,
        min_differential: 0.0,
        slack: 0.0,
        after_fees: true,
        careful: false,
        max_price: Price::cents(98),
        min_volume: Quantity::contracts(100),
        position_size: Quantity::contracts(5),
        multiplier: 1,
    };
    let name = "a short word is a name";
    let mut looser = Watch::new("looser", SERIES, HourlyHtc::new(loose)).expect(name);
    looser.monitor.entry = EntryRules {
        min_time_to_close: Duration::from_secs(60),
        allow_re_entry: true,
        cooldown: Duration::from_secs(60),
        ..looser.monitor.entry
    };
    vec![Watch::new("default", SERIES, HourlyHtc::default()).expect(name), looser]
}

/// Puts the recording that comes with recio where the simulator can stream it from.
///
/// # Errors
/// The file cannot be written.
pub fn write_recording(data_dir: &Path) -> Result<PathBuf, DemoError> {
    let path = data_dir.join(RECORDING_NAME);
    let io = |source| DemoError::Io { path: path.clone(), source };
    if std::fs::read(&path).is_ok_and(|bytes| bytes == RECORDING) {
        return Ok(path);
    }
    std::fs::create_dir_all(data_dir).map_err(io)?;
    std::fs::write(&path, RECORDING).map_err(io)?;
    Ok(path)
}
