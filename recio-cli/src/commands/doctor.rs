//! `recio doctor`.

use crate::args::DoctorArgs;
use crate::config::{Config, Loaded};
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::{Align, Listing, Printer};
use recio::doctor::{Check, DoctorOptions, Finding, Patient, examine, worst};
use recio_core::fact::Environment;
use recio_core::pipeline::SystemClock;
use recio_core::units::AccountName;
use recio_feeds::Venue;
use recio_kalshi::transport::Endpoint;
use serde::Serialize;
use std::sync::Arc;

/// One check as the list has it.
#[derive(Serialize)]
#[serde(transparent)]
struct Row(Check);

impl Listing for Row {
    const NAME: &'static str = "checks";
    const COLUMNS: &'static [(&'static str, Align)] =
        &[("check", Align::Left), ("finding", Align::Left), ("what", Align::Left), ("what to do", Align::Left)];

    fn cells(&self) -> Vec<String> {
        let Check { name, finding, what, remedy } = &self.0;
        let finding = match finding {
            Finding::Ok => "ok",
            Finding::Skipped => "skipped",
            Finding::Warning => "warning",
            Finding::Failed => "FAILED",
        };
        vec![name.clone(), finding.to_owned(), what.clone(), remedy.clone().unwrap_or_default()]
    }
}

/// Looks at everything, and ends with a failure where anything failed.
pub(crate) async fn run(
    args: &DoctorArgs,
    loaded: Result<Loaded, CliError>,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let checks = match &loaded {
        Ok(loaded) => {
            let mut checks = vec![Check::ok("config", format!("{} monitors", loaded.config.monitor.len()))];
            checks.extend(examine(&options(args, &loaded.config)?).await);
            checks
        }
        Err(error) => vec![Check::failed("config", error.to_string(), "mend it; nothing else was looked at")],
    };
    let worst = worst(&checks);
    printer.list(&checks.into_iter().map(Row).collect::<Vec<_>>())?;
    Ok(if worst == Finding::Failed { ExitCode::Failure } else { ExitCode::Success })
}

fn options(args: &DoctorArgs, config: &Config) -> Result<DoctorOptions, CliError> {
    let usage = |error: &dyn std::fmt::Display| CliError::Usage(error.to_string());
    let mut patients = Vec::new();
    match &args.endpoint {
        Some(file) => {
            let endpoint = recio_sim::Endpoint::read(file)?;
            patients.push(Patient {
                account: AccountName::new("sim").map_err(|error| usage(&error))?,
                environment: Environment::Sim,
                hosts: Some(Endpoint::new(&endpoint.rest, &endpoint.ws).map_err(|error| usage(&error))?),
                key_id: Some(endpoint.key_id),
                key_file: Some(endpoint.key_file),
                control: Some(endpoint.control),
            });
        }
        None => {
            for (name, account) in &config.account {
                let hosts = match account.environment {
                    Environment::Kalshi => Some(Endpoint::production()),
                    Environment::KalshiDemo => Some(Endpoint::demo()),
                    Environment::Sim | Environment::Paper => None,
                };
                patients.push(Patient {
                    account: name.clone(),
                    environment: account.environment,
                    key_id: account.key_id.clone(),
                    key_file: account.key_file.clone(),
                    hosts: hosts.transpose().map_err(|error| usage(&error))?,
                    control: None,
                });
            }
        }
    }
    // A simulator stands for itself: real prices have nothing to do with it.
    let venues =
        if args.endpoint.is_some() { Vec::new() } else { Venue::ALL.map(|venue| (venue, venue.hosts())).into() };
    Ok(DoctorOptions {
        data_dir: config.paths.data_dir.clone(),
        patients,
        venues,
        bus: config.bus.url.clone(),
        offline: args.offline,
        clock: Arc::new(SystemClock::new()),
    })
}
