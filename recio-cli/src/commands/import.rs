//! `recio import v2` and `recio db adopt-v2`.

use crate::args::{AdoptArgs, ImportV2Args};
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::{Printer, import_report};
use recio_core::fact::Environment;
use recio_core::units::{AccountName, RunId, Timestamp};
use recio_store::v2::{AdoptAction, AdoptOptions, ImportOptions, adopt as adopt_v2, import_into};

/// Takes the history over. Ends with 3 where a row or a micro-dollar is not accounted for.
pub(crate) async fn v2(
    args: &ImportV2Args,
    loaded: &Loaded,
    now: Timestamp,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let name = format!("import-{}", now.strftime("%Y%m%dT%H%M%S%6f"));
    let options = ImportOptions {
        environment: environment(loaded, &args.account)?,
        account: args.account.clone(),
        run: RunId::new(&name).map_err(|error| CliError::Usage(error.to_string()))?,
        now,
        dry_run: args.dry_run,
    };
    let report = import_into(&loaded.config.store_url(), &args.from, &options).await?;
    import_report(&report, printer)?;
    Ok(if report.agrees() { ExitCode::Success } else { ExitCode::Difference })
}

/// Puts views under v2's names, or takes them away.
pub(crate) async fn adopt(args: &AdoptArgs, loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let url = loaded.config.store_url();
    if !url.starts_with("postgres") {
        let what =
            "adopt-v2 needs the store in v2's PostgreSQL database: give it with --store postgres://USER@HOST/DATABASE";
        return Err(CliError::Usage(what.to_owned()));
    }
    let (environment, account) = match &args.account {
        Some(account) => (environment(loaded, account)?, account.clone()),
        // Undoing asks for no account.
        None => (Environment::Sim, AccountName::new("none").map_err(|error| CliError::Usage(error.to_string()))?),
    };
    let action = match (args.undo, args.views_only) {
        (true, _) => AdoptAction::Undo,
        (false, true) => AdoptAction::Views,
        (false, false) => AdoptAction::Adopt,
    };
    let options = AdoptOptions { environment, account, action, dry_run: args.dry_run };
    let report = adopt_v2(&url, &options).await?;
    if printer.is_json() {
        printer.json(&report)?;
        return Ok(ExitCode::Success);
    }
    for moved in &report.moved {
        printer.text(&format!("{} → {}", moved.from, moved.to))?;
    }
    let done = if args.undo { "removed" } else { "made" };
    printer.text(&format!("{} views {done}, {} tables moved", report.views.len(), report.moved.len()))?;
    if !report.left.is_empty() {
        printer.text(&format!("left as they are: {}", report.left.join(", ")))?;
    }
    if report.dry_run {
        printer.text("a dry run: all of it was taken back again")?;
    }
    Ok(ExitCode::Success)
}

fn environment(loaded: &Loaded, account: &AccountName) -> Result<Environment, CliError> {
    loaded.config.account.get(account).map(|account| account.environment).ok_or_else(|| {
        let there: Vec<&str> = loaded.config.account.keys().map(|name| name.as_str()).collect();
        CliError::Usage(format!("the config has no account {account}; it has {}", there.join(", ")))
    })
}
