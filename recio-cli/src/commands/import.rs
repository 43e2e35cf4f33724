//! `recio import v2` and `recio db adopt-v2`.

use crate::args::{AdoptArgs, ImportV2Args};
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::{Printer, import_report};
use recio_core::fact::Environment;
use recio_core::units::{AccountName, RunId, StrategyId, Timestamp};
use recio_store::v2::{
    AdoptAction, AdoptOptions, AdoptSettings, ImportOptions, ImportProgress, adopt as adopt_v2, import_into,
};
use std::io::Write as _;

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
    let quiet = printer.is_json();
    let mut said = Said::default();
    let mut progress = |at: &ImportProgress| {
        if !quiet && said.is_due(at) {
            // Nobody is left to tell where stderr cannot be written.
            let _ = writeln!(std::io::stderr(), "{}, {}: {} of {} rows", at.source, at.table, at.read, at.of);
        }
    };
    let report = import_into(&loaded.config.store_url(), &args.from, &options, &mut progress).await?;
    import_report(&report, printer)?;
    Ok(if report.agrees() { ExitCode::Success } else { ExitCode::Difference })
}

/// The table that was last told of, and how many tenths of it.
#[derive(Default)]
struct Said {
    table: (String, String),
    tenths: u64,
}

impl Said {
    /// Whether a table that takes more than a moment is another tenth further.
    fn is_due(&mut self, at: &ImportProgress) -> bool {
        if self.table != (at.source.clone(), at.table.clone()) {
            *self = Self { table: (at.source.clone(), at.table.clone()), tenths: 0 };
            if at.read >= at.of {
                return false;
            }
        }
        let tenths = at.read.saturating_mul(10) / at.of.max(1);
        std::mem::replace(&mut self.tenths, tenths) < tenths
    }
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
    let settings = if args.undo { None } else { monitor(loaded, &account, args.monitor.as_ref())? };
    let options = AdoptOptions { environment, account, settings, action, dry_run: args.dry_run };
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

/// The monitor whose rules stand under v2's names: the one that is named, or the account's only one.
fn monitor(
    loaded: &Loaded,
    account: &AccountName,
    named: Option<&StrategyId>,
) -> Result<Option<AdoptSettings>, CliError> {
    let there: Vec<_> = loaded.config.monitor.iter().filter(|monitor| monitor.account == *account).collect();
    let one = match (named, there.as_slice()) {
        (Some(named), there) => there.iter().copied().find(|monitor| monitor.id == *named),
        (None, []) => return Ok(None),
        (None, [one]) => Some(*one),
        (None, _) => None,
    };
    let names = || there.iter().map(|monitor| monitor.id.as_str()).collect::<Vec<_>>().join(", ");
    let one = one.ok_or_else(|| {
        let what = if there.is_empty() { "none".to_owned() } else { names() };
        CliError::Usage(format!(
            "--monitor has to name one of the account's monitors, whose rules stand under v2's names: {what}"
        ))
    })?;
    let rules = loaded.config.base().monitors.remove(&one.id);
    Ok(rules.map(|rules| AdoptSettings { monitor: one.id.clone(), rules }))
}

fn environment(loaded: &Loaded, account: &AccountName) -> Result<Environment, CliError> {
    loaded.config.account.get(account).map(|account| account.environment).ok_or_else(|| {
        let there: Vec<&str> = loaded.config.account.keys().map(|name| name.as_str()).collect();
        CliError::Usage(format!("the config has no account {account}; it has {}", there.join(", ")))
    })
}
