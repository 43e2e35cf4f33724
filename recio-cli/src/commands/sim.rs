//! `recio sim serve`, `recio sim scenarios`.

use super::session::on_stop_signal;
use crate::args::{ScenariosArgs, ServeArgs};
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::{Align, Listing, Printer};
use recio_core::units::Timestamp;
use recio_sim::scenario::{BUILT_IN, Scenario};
use recio_sim::synthetic::SyntheticOptions;
use recio_sim::{SimOptions, Simulator};
use serde::Serialize;

/// When a synthetic world begins where nothing else is said: some Sunday at nine in New York.
const SYNTHETIC_FROM: i64 = 1_795_356_000;

/// Serves a recording or a synthetic world until a signal comes.
pub(crate) async fn serve(
    args: &ServeArgs,
    loaded: &Loaded,
    now: Timestamp,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let data_dir = &loaded.config.paths.data_dir;
    let scenario = args.scenario.as_deref().map(Scenario::find).transpose()?;
    let synthetic = args.synthetic.map(|hours| world(args, hours, now));
    let recording = match args.recording.as_ref().or(loaded.config.paths.recording.as_ref()) {
        Some(recording) => recording.clone(),
        None if synthetic.is_some() => std::path::PathBuf::new(),
        None => recio::demo::write_recording(data_dir)?,
    };
    let stop = on_stop_signal();
    let key_dir = args
        .ready_file
        .as_ref()
        .and_then(|file| file.parent())
        .map_or_else(|| data_dir.join("simulator"), |folder| folder.join("simulator-keys"));
    let simulator = Simulator::start(SimOptions {
        listen: args.listen,
        pace: args.speed.into(),
        key_type: args.key_type.into(),
        // A world that is made for the present needs no shifting: its tickers name its times.
        rebase_now: args.rebase.is_some() && synthetic.is_none(),
        synthetic,
        scenario,
        seed: args.seed,
        clients: args.clients as usize,
        ..SimOptions::new(recording, key_dir)
    })
    .await?;
    let endpoint = simulator.endpoint();
    if let Some(file) = &args.ready_file {
        endpoint.write(file)?;
    }
    if printer.is_json() {
        printer.json(endpoint)?;
    } else {
        printer.text(&format!("{}\nREST {}  WebSocket {}", recio_sim::control::BANNER, endpoint.rest, endpoint.ws))?;
    }
    printer.flush()?;
    tokio::select! {
        () = stop.cancelled() => {}
        () = simulator.stopped() => {}
    }
    simulator.stop().await?;
    Ok(ExitCode::Success)
}

/// The world that the arguments ask for.
fn world(args: &ServeArgs, hours: u32, now: Timestamp) -> SyntheticOptions {
    let present = args.rebase.is_some().then_some(now);
    let from = args.from.or(present).map_or(SYNTHETIC_FROM, Timestamp::as_second);
    let from = Timestamp::from_second(from).unwrap_or(now);
    SyntheticOptions { hourly_strikes: args.hourly_strikes, ..SyntheticOptions::new(from, hours, args.seed) }
}

/// A scenario in the list.
#[derive(Serialize)]
struct ScenarioRow {
    name: String,
    about: String,
    faults: usize,
}

impl Listing for ScenarioRow {
    const NAME: &'static str = "scenarios";
    const COLUMNS: &'static [(&'static str, Align)] = &[("name", Align::Left), ("what goes wrong", Align::Left)];

    fn cells(&self) -> Vec<String> {
        vec![self.name.clone(), self.about.clone()]
    }
}

/// Lists scenarios, or prints one.
pub(crate) fn scenarios(args: &ScenariosArgs, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let row =
        |scenario: Scenario| ScenarioRow { name: scenario.name, about: scenario.about, faults: scenario.faults.len() };
    match &args.name {
        None => {
            let rows = BUILT_IN.iter().map(|built_in| built_in.scenario().map(row)).collect::<Result<Vec<_>, _>>()?;
            printer.list(&rows)?;
        }
        Some(name) => {
            let found = BUILT_IN.iter().find(|built_in| built_in.name == name);
            let found = found.ok_or_else(|| {
                let names: Vec<_> = BUILT_IN.iter().map(|built_in| built_in.name).collect();
                CliError::Usage(format!("no scenario is called `{name}`; take one of {}", names.join(", ")))
            })?;
            if printer.is_json() {
                let scenario = row(found.scenario()?);
                printer.json(&serde_json::json!({
                    "name": scenario.name, "about": scenario.about, "faults": scenario.faults, "file": found.text
                }))?;
            } else {
                printer.text(found.text.trim_end())?;
            }
        }
    }
    Ok(ExitCode::Success)
}
