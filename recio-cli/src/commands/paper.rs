//! `recio run --mode paper` and `--mode shadow`.

use super::live_source;
use super::onlookers::Onlookers;
use super::run::{Kept, Place as Files, Report, account, exit_code, paper_folder, report, watches};
use super::session::{Screen, on_stop_signal};
use crate::args::{RunArgs, RunMode};
use crate::config::Config;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio::live_data::{DataSource, asset_of};
use recio::paper::{PaperMode, PaperSession};
use recio_core::fact::Environment;
use recio_core::units::{AccountName, Timestamp};
use recio_sim::Endpoint;

/// Runs the config's monitors on live data until a signal comes, or a simulator's recording ends.
pub(super) async fn run(
    args: &RunArgs,
    config: &Config,
    now: Timestamp,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    if args.recording.is_some() {
        let what =
            "--recording goes with --mode sim; on paper, start `recio sim serve` and give its file as --endpoint";
        return Err(CliError::Usage(what.to_owned()));
    }
    let name = account(config)?;
    let mode = match args.mode {
        RunMode::Shadow => PaperMode::Shadow { cash: config.paper.opening_cash },
        RunMode::Paper | RunMode::Sim => PaperMode::Paper(config.paper.clone()),
    };
    let endpoint = args.endpoint.as_deref().map(Endpoint::read).transpose()?;
    // Each simulator plays its markets anew, so each has an account on paper of its own.
    let folder = match &endpoint {
        Some(endpoint) => format!("{name}@{}", endpoint.key_id),
        None => name.to_string(),
    };
    let source = source(args, config, &name, endpoint)?;
    let files = Files::own(config, &paper_folder(config, args.mode, &folder));
    for folder in [files.files.journal.parent(), Some(config.paths.data_dir.as_path())].into_iter().flatten() {
        std::fs::create_dir_all(folder)?;
    }
    let kept = Kept::open(&files, Environment::Paper, &name, args.accept_store).await?;
    let (label, word) = (source.quality().label(), mode.as_str());
    let stop = on_stop_signal();
    let onlookers = Onlookers::start(config, word, &name, &kept.store, now).await?;
    let screen = Screen::new(!printer.is_json()).labelled(label);
    let session = PaperSession {
        source,
        mode,
        account: name,
        watches: watches(config),
        risk: config.risk.clone(),
        freshness: config.freshness.clone(),
        warm_start: config.warm_start.clone(),
        model: recio::fingerprint::model(config.paths.fingerprint.as_deref())?,
        store: kept.store,
        cache: kept.cache,
        files: files.files,
        observers: onlookers.observers(screen.observer()),
    };
    let ended = session.run(stop.clone()).await;
    onlookers.finish().await;
    let ended = ended?;
    report(Report::of(&ended.ended, word, files.store_url).with_data(label, ended.tie_out()), printer)?;
    Ok(exit_code(&ended.ended, &stop))
}

/// Where data come from: the simulator that is named, or what the account is of.
fn source(
    args: &RunArgs,
    config: &Config,
    name: &AccountName,
    endpoint: Option<Endpoint>,
) -> Result<DataSource, CliError> {
    if let Some(endpoint) = endpoint {
        return Ok(live_source::simulator(endpoint, args.keyless));
    }
    if config.monitor.is_empty() {
        let what = "the config names no monitor, so there is nothing to run; `recio demo` shows a run without any, and \
                    recio.example.toml how one is written";
        return Err(CliError::Usage(what.to_owned()));
    }
    let asset = asset_of(&config.monitor.iter().map(|monitor| monitor.series.clone()).collect());
    live_source::account(config, name, args.keyless, asset)
}
