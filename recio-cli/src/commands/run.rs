//! `recio run`.

use super::onlookers::Onlookers;
use super::session::{Screen, interrupted, on_stop_signal};
use crate::args::{RunArgs, RunMode};
use crate::config::{Config, Loaded};
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio::demo::write_recording;
use recio::session::{RunFiles, SimSession, Watch};
use recio_core::causes::in_full;
use recio_core::engine::{Engine, TradingState};
use recio_core::fact::Environment;
use recio_core::kill_latch::KillLatch;
use recio_core::local_cache::LocalCache;
use recio_core::pipeline::Ended;
use recio_core::units::{AccountName, Money, Timestamp};
use recio_sim::{Endpoint, SimOptions, Simulator};
use recio_store::{SqliteCache, Storage};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What `run --json` prints at the end.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    simulated: bool,
    mode: &'static str,
    /// What the data were, where they are not a recording's.
    data: Option<String>,
    inputs: u64,
    decisions: u64,
    input_log: Option<PathBuf>,
    cash: Option<Money>,
    fees: Option<Money>,
    /// Cash of the account on paper less cash by the ledger.
    tie_out: Option<Money>,
    ledger_hash: Option<String>,
    facts_not_stored: usize,
    store: String,
}

/// Runs the config's monitors until the recording ends or a signal comes.
pub(crate) async fn run(
    args: &RunArgs,
    loaded: &Loaded,
    now: Timestamp,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let config = &loaded.config;
    if args.mode != RunMode::Sim {
        return super::paper::run(args, config, now, printer).await;
    }
    std::fs::create_dir_all(&config.paths.data_dir)?;
    let stop = on_stop_signal();
    // A simulator of its own opens a new account, which needs new files.
    let own_dir = config.paths.data_dir.join(format!("run-{}", now.strftime("%Y%m%dT%H%M%S%6f")));
    let (endpoint, simulator, place) = match &args.endpoint {
        Some(file) => {
            let endpoint = Endpoint::read(file)?;
            let place = Place::of_account(config, &endpoint.key_id);
            (endpoint, None, place)
        }
        None => {
            let recording = match args.recording.as_ref().or(config.paths.recording.as_ref()) {
                Some(recording) => recording.clone(),
                None => write_recording(&config.paths.data_dir)?,
            };
            let options =
                SimOptions { pace: args.speed.into(), ..SimOptions::new(recording, own_dir.join("simulator")) };
            let simulator = Simulator::start(options).await?;
            let place = Place { goes_on: false, ..Place::own(config, &own_dir) };
            (simulator.endpoint().clone(), Some(simulator), place)
        }
    };
    let store_url = place.store_url.clone();
    let kept = Kept::open(&place, Environment::Sim, &account(config)?, args.accept_store).await?;
    let store = Arc::clone(&kept.store);
    let mut session = session(config, endpoint, place, kept)?;
    let onlookers = Onlookers::start(config, "sim", &session.account, &store, now).await?;
    session.observers = onlookers.observers(Screen::new(!printer.is_json()).observer());
    let ended = session.run(stop.clone()).await;
    onlookers.finish().await;
    let ended = ended?;
    if let Some(simulator) = simulator {
        simulator.stop().await?;
    }
    report(Report::of(&ended, "sim", store_url), printer)?;
    Ok(exit_code(&ended, &stop))
}

/// How a run ended, for scripts.
pub(super) fn exit_code(ended: &Ended, stop: &CancellationToken) -> ExitCode {
    match (interrupted(stop), ended.engine.trading_state()) {
        // What was lost is not to be overlooked, however the run ended.
        _ if ended.facts_not_stored > 0 => ExitCode::Failure,
        (true, _) => ExitCode::Interrupted,
        (false, TradingState::Halted) => ExitCode::Killed,
        (false, TradingState::Active | TradingState::Reducing) => ExitCode::Success,
    }
}

/// Where a run keeps what it writes.
pub(super) struct Place {
    pub(super) store_url: String,
    pub(super) files: RunFiles,
    /// Whether a later run may go on here: the account does not end with the run.
    goes_on: bool,
}

impl Place {
    /// Where the config says, the journal in a folder of the account's: each run goes on where the account's last one ended.
    fn of_account(config: &Config, key_id: &str) -> Self {
        let files = RunFiles {
            journal: config.paths.journal(key_id),
            input_logs: config.paths.input_log(),
            kill_latch: KillLatch::new(&config.paths.data_dir),
        };
        Self { store_url: config.store_url(), files, goes_on: true }
    }

    /// In a folder of its own, but for what the config names. The kill latch stays where a person looks for it.
    pub(super) fn own(config: &Config, folder: &Path) -> Self {
        let (paths, file) = (&config.paths, |name: &str| folder.join(name));
        let files = RunFiles {
            journal: paths.journal.clone().unwrap_or_else(|| file("journal")),
            input_logs: paths.input_log.clone().unwrap_or_else(|| file("input-log")),
            kill_latch: KillLatch::new(&paths.data_dir),
        };
        let store_url = config.store.url.clone();
        let store_url = store_url.unwrap_or_else(|| format!("sqlite://{}", file("recio.db").display()));
        Self { store_url, files, goes_on: true }
    }
}

/// The store of the runs of a mode: one for all modes where the config names it; otherwise the mode's own, because accounts of different kinds do not share one.
/// A run with a simulator of its own has a new store, without any override.
pub(super) fn store_url_of(config: &Config, mode: RunMode) -> Result<String, CliError> {
    match mode {
        RunMode::Sim => Ok(config.store_url()),
        RunMode::Paper | RunMode::Shadow => {
            Ok(Place::own(config, &paper_folder(config, mode, account(config)?.as_str())).store_url)
        }
    }
}

/// Where a run on paper or in the shadow keeps what it writes.
pub(super) fn paper_folder(config: &Config, mode: RunMode, account: &str) -> PathBuf {
    let mode = match mode {
        RunMode::Shadow => "shadow",
        RunMode::Paper | RunMode::Sim => "paper",
    };
    config.paths.data_dir.join(mode).join(account)
}

/// Where a run keeps facts, and what it goes by when it is started again without them.
pub(super) struct Kept {
    pub(super) store: Arc<dyn Storage>,
    pub(super) cache: Option<Arc<dyn LocalCache>>,
}

impl Kept {
    /// Opens store and local cache. A store that is away is waited for while the run watches its trades; a cache that cannot be had is gone without.
    ///
    /// `accepted`: a person says that the store counts as it is.
    pub(super) async fn open(
        place: &Place,
        environment: Environment,
        account: &AccountName,
        accepted: bool,
    ) -> Result<Self, CliError> {
        let cache = if place.goes_on { local_cache(place, environment, account).await } else { None };
        if let Some(cache) = cache.as_ref().filter(|_| accepted) {
            cache.forget_head().await?;
            tracing::warn!(
                "--accept-store: the store counts as it is; what it lacks is filled in from the journal and the exchange"
            );
        }
        // Without a cache nothing keeps facts for a store that is away, so it has to be there.
        if cache.is_none() {
            let store = recio_store::open_storage(&place.store_url, recio_store::Access::Writer).await?;
            return Ok(Self { store: Arc::from(store), cache });
        }
        let opened = recio_store::open_or_wait(&place.store_url).await?;
        if let Some(why) = &opened.later {
            tracing::error!(
                "the store is not available, entries stay closed until it is; open trades are watched: {}",
                in_full(why)
            );
        }
        Ok(Self { store: opened.store, cache })
    }
}

async fn local_cache(place: &Place, environment: Environment, account: &AccountName) -> Option<Arc<dyn LocalCache>> {
    let file = place.files.local_cache();
    match SqliteCache::open(&file, &format!("{environment}:{account}")).await {
        Ok((cache, aside)) => {
            if let Some(aside) = aside {
                tracing::error!("{aside}");
            }
            Some(Arc::new(cache))
        }
        Err(error) => {
            tracing::error!("no local cache at {}, going on without: {}", file.display(), in_full(&error));
            None
        }
    }
}

/// The session that the config describes. Without any monitor in it, the demo's two are run.
fn session(config: &Config, endpoint: Endpoint, place: Place, kept: Kept) -> Result<SimSession, CliError> {
    let watches = watches(config);
    let account = account(config)?;
    if let Some(set) = config.account.get(&account).filter(|set| set.environment != Environment::Sim) {
        let what = format!(
            "account `{account}` is of `{}`, and --mode sim trades accounts of `sim` alone: give the monitors one of those",
            set.environment
        );
        return Err(CliError::Usage(what));
    }
    Ok(SimSession {
        endpoint,
        account,
        watches,
        risk: config.risk.clone(),
        freshness: config.freshness.clone(),
        warm_start: config.warm_start.clone(),
        model: recio::fingerprint::model(config.paths.fingerprint.as_deref())?,
        store: kept.store,
        cache: kept.cache,
        files: place.files,
        observers: Vec::new(),
    })
}

/// The monitors of the config; without any, the demo's two.
pub(super) fn watches(config: &Config) -> Vec<Watch> {
    if config.monitor.is_empty() {
        tracing::warn!("the config names no monitor: running the demo's two");
        return recio::demo::watches();
    }
    let watch =
        |monitor: &crate::config::Monitor| Watch { monitor: monitor.to_engine(None), strategy: monitor.to_strategy() };
    config.monitor.iter().map(watch).collect()
}

/// The account that all monitors name; `sim` without any.
pub(super) fn account(config: &Config) -> Result<AccountName, CliError> {
    let account = match config.monitor.first() {
        Some(monitor) => monitor.account.clone(),
        None => AccountName::new("sim").map_err(|error| CliError::Usage(error.to_string()))?,
    };
    match config.monitor.iter().find(|monitor| monitor.account != account) {
        None => Ok(account),
        Some(other) => {
            let what = format!("one run trades one account; monitor `{}` names another than the first", other.id);
            Err(CliError::Usage(what))
        }
    }
}

impl Report {
    pub(super) fn of(ended: &Ended, mode: &'static str, store: String) -> Self {
        let ledger = Engine::ledger(&ended.engine);
        Self {
            simulated: true,
            mode,
            data: None,
            inputs: ended.inputs,
            decisions: ended.decisions,
            input_log: ended.input_log.clone(),
            cash: ledger.map(recio_core::trade::Ledger::cash),
            fees: ledger.map(recio_core::trade::Ledger::fees_total),
            tie_out: None,
            ledger_hash: ledger.map(recio_core::trade::Ledger::ledger_hash),
            facts_not_stored: ended.facts_not_stored,
            store: recio_store::without_password(&store),
        }
    }

    /// What is told beside that of a run on paper or in the shadow.
    pub(super) fn with_data(self, data: &str, tie_out: Option<Money>) -> Self {
        Self { data: Some(data.to_owned()), tie_out, ..self }
    }
}

pub(super) fn report(report: Report, printer: &mut Printer<'_>) -> Result<(), CliError> {
    if printer.is_json() {
        printer.json(&report)?;
        return Ok(());
    }
    let cash = report.cash.map_or_else(|| "not opened".to_owned(), |cash| cash.to_string());
    let how = match (report.mode, &report.data) {
        ("shadow", Some(data)) => format!("run in the shadow over ({data}; nothing was ordered)"),
        (_, Some(data)) => format!("run on paper over (simulated fills; {data})"),
        (_, None) => "simulated run over".to_owned(),
    };
    let tie_out = report.tie_out.map_or_else(String::new, |tie_out| format!(", tie-out {tie_out}"));
    printer.text(&format!(
        "{how}: {} inputs, {} decisions, cash {cash}{tie_out}; ledger {}\nlook at it with: recio trades --store {}",
        report.inputs,
        report.decisions,
        report.ledger_hash.as_deref().unwrap_or("not opened"),
        report.store,
    ))?;
    Ok(())
}
