//! `recio config`.

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

pub(crate) fn show(loaded: &Loaded, origin: bool, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    match (printer.is_json(), origin) {
        (true, true) => printer.json(&loaded.public_settings())?,
        (true, false) => printer.json(&loaded.public_config())?,
        (false, true) => printer.text(&to_toml_with_origins(loaded))?,
        (false, false) => printer.text(&to_toml(loaded))?,
    }
    Ok(ExitCode::Success)
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
