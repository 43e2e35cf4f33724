//! `recio config`.

use super::run::store_url_of;
use super::settings::{overrides, say};
use crate::args::ConfigShowArgs;
use crate::config::{self, Loaded, Sources, to_toml, to_toml_with_origins};
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use serde::Serialize;
use std::path::Path;

/// What `config validate --json` prints.
#[derive(Debug, Serialize)]
struct Valid<'a> {
    file: &'a Path,
    valid: bool,
    monitors: usize,
    accounts: usize,
}

/// Prints what a run would go by: with the overrides of the store. A store that cannot be read leaves the config, and ends with
/// [`ExitCode::Failure`].
pub(crate) async fn show(
    args: &ConfigShowArgs,
    loaded: &Loaded,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let (loaded, code) = match overrides(&store_url_of(&loaded.config, args.of.mode)?).await {
        Ok(versions) => {
            let (loaded, in_force) = loaded.with_overrides(&versions);
            say(&in_force);
            (loaded, ExitCode::Success)
        }
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::error!("this is the config without the overrides, which cannot be read: {error:#}");
            (loaded.clone(), ExitCode::Failure)
        }
    };
    let loaded = &loaded;
    match (printer.is_json(), args.origin) {
        (true, true) => printer.json(&loaded.public_settings())?,
        (true, false) => printer.json(&loaded.public_config())?,
        (false, true) => printer.text(&to_toml_with_origins(loaded))?,
        (false, false) => printer.text(&to_toml(loaded))?,
    }
    Ok(code)
}

pub(crate) fn validate(file: &Path, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let sources = Sources { file: Some(file.to_owned()), ..Sources::default() };
    let config = config::load(&sources)?.config;
    let (accounts, monitors) = (config.account.len(), config.monitor.len());
    if printer.is_json() {
        printer.json(&Valid { file, valid: true, monitors, accounts })?;
    } else {
        printer.text(&format!("{}: valid, {monitors} monitors on {accounts} accounts", file.display()))?;
    }
    Ok(ExitCode::Success)
}
