//! `recio config set`, `clear` and `history`, and the overrides that runs go by.

use super::run::store_url_of;
use crate::args::{ConfigChangeArgs, ConfigHistoryArgs};
use crate::config::{Loaded, explain};
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use crate::run::Surroundings;
use recio_core::settings::{
    AuditEntry, Change, Effect, InForce, KeyError, Refusal, SettingError, SettingKey, SettingVersion, SettingsStore,
    change as change_setting, judge,
};
use recio_core::units::RunId;
use recio_store::{OpenError, open_settings};
use serde::Serialize;
use std::collections::VecDeque;

/// A change that the command line wants.
pub(crate) struct Wish<'a> {
    pub(crate) args: &'a ConfigChangeArgs,
    /// The value to set; `None` to clear.
    pub(crate) value: Option<&'a str>,
    /// The only run for which it is to count, if so.
    pub(crate) run: Option<&'a RunId>,
}

/// What `config set --json` and `config clear --json` print.
#[derive(Debug, Serialize)]
struct Report {
    store: String,
    dry_run: bool,
    /// What counted before, as far as it is known.
    old: Option<String>,
    /// What counts for the next run.
    counts: Option<String>,
    /// The version that was written, or would be.
    #[serde(flatten)]
    version: SettingVersion,
    /// What else a person should know.
    remarks: Vec<String>,
}

/// Changes an override in the config's store, or says what would be done.
pub(crate) async fn change(
    wish: &Wish<'_>,
    loaded: &Loaded,
    around: &Surroundings,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let url = store_url_of(&loaded.config, wish.args.of.mode)?;
    if url == "memory:" {
        let what = "a store in memory ends with the run that made it, and no other program can change settings there: name a store that lasts";
        return Err(CliError::Usage(what.to_owned()));
    }
    let store = open_settings(&url).await?;
    let base = loaded.config.base();
    let wanted = Change {
        key: wish.args.key.clone(),
        value: wish.value.map(str::to_owned),
        expected: wish.args.expect,
        run: wish.run.cloned(),
        who: who(around),
        why: wish.args.why.clone(),
        time: around.now,
    };
    let newest = store.newest().await?;
    let judged = judge(&base, &newest, &wanted);
    let (old, counts, remarks) = match &judged {
        Ok(judged) => (judged.wanted.old.clone(), judged.counts.clone(), judged.remarks.clone()),
        // Told below, once it is in the audit log.
        Err(_) => (None, None, Vec::new()),
    };
    let done = if wish.args.dry_run {
        judged.map(|judged| judged.wanted.version).map_err(SettingError::from)
    } else {
        change_setting(&*store, &base, &wanted).await
    };
    let version = done.map_err(|error| told(error, loaded))?;
    let store = recio_store::without_password(&url);
    report(Report { store, dry_run: wish.args.dry_run, old, counts, version, remarks }, printer)?;
    Ok(ExitCode::Success)
}

/// Who is at the command line, as far as the environment tells.
fn who(around: &Surroundings) -> String {
    let named = ["USER", "LOGNAME"].iter().find_map(|name| around.env.get(*name)).filter(|name| !name.is_empty());
    named.map_or_else(|| "command line".to_owned(), |name| format!("{name} (command line)"))
}

/// The error with the nearest key, where a key is unknown.
fn told(error: SettingError, loaded: &Loaded) -> CliError {
    if let SettingError::Refused(refusal @ Refusal::Key(KeyError::Unknown { .. })) = &error {
        return CliError::Usage(explain(refusal, loaded));
    }
    CliError::Setting(error)
}

fn report(report: Report, printer: &mut Printer<'_>) -> Result<(), CliError> {
    for remark in &report.remarks {
        tracing::warn!("{remark}");
    }
    if printer.is_json() {
        return Ok(printer.json(&report)?);
    }
    let Report { store, dry_run, old, counts, version, .. } = report;
    let (was, is) = (old.as_deref().unwrap_or("unknown"), counts.as_deref().unwrap_or("nothing in this config"));
    let what = match (&version.value, dry_run) {
        (Some(_), false) => format!("{}: {is}, it was {was}", version.key),
        (Some(_), true) => format!("{}: would be {is}, it is {was}", version.key),
        (None, false) => format!("{}: given back to the config, {is}; it was {was}", version.key),
        (None, true) => format!("{}: would be given back to the config, {is}; it is {was}", version.key),
    };
    let how = if dry_run {
        "nothing was written".to_owned()
    } else {
        format!("version {} in {store}; runs that use it go by it at once", version.version)
    };
    Ok(printer.text(&format!("{what} ({how})"))?)
}

/// Prints the versions of a key, or the audit log.
pub(crate) async fn history(
    args: &ConfigHistoryArgs,
    loaded: &Loaded,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let store = open_settings(&store_url_of(&loaded.config, args.of.mode)?).await?;
    let Some(said) = &args.key else {
        printer.list(&newest_entries(&*store, args.limit).await?)?;
        return Ok(ExitCode::Success);
    };
    let parsed = said.parse::<SettingKey>();
    let key = parsed.as_ref().map_or_else(|_| said.clone(), SettingKey::to_string);
    let versions = store.history(&key, args.limit).await?;
    match parsed {
        // What has no history and is no key is a slip of the pen.
        Err(error) if versions.is_empty() => Err(told(Refusal::Key(error).into(), loaded)),
        Ok(_) | Err(_) => {
            printer.list(&versions)?;
            Ok(ExitCode::Success)
        }
    }
}

/// Entries read at a time.
const PAGE: u32 = 1_000;

/// The last entries of the audit log, newest first.
async fn newest_entries(store: &dyn SettingsStore, limit: u32) -> Result<Vec<AuditEntry>, CliError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut entries, mut after) = (VecDeque::new(), 0);
    loop {
        let page = store.audit_log(after, PAGE).await?;
        if page.is_empty() {
            return Ok(entries.into());
        }
        for record in page {
            after = record.sequence;
            entries.push_front(record.entry);
            entries.truncate(limit);
        }
    }
}

/// The overrides of a store; none where nobody has made the store yet.
pub(super) async fn overrides(url: &str) -> Result<Vec<SettingVersion>, CliError> {
    match open_settings(url).await {
        Ok(store) => Ok(store.newest().await?),
        Err(OpenError::Missing { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Says on stderr what each override does.
pub(super) fn say(in_force: &InForce) {
    for one in &in_force.applied {
        match one.effect {
            Effect::Counts { .. } => tracing::info!("override: {one}"),
            Effect::Clamped { .. } | Effect::Spent | Effect::NoSuchMonitor { .. } => {
                tracing::warn!("override: {one}");
            }
            Effect::Unusable { .. } => tracing::error!("override: {one}"),
        }
    }
    for remark in in_force.settings.remarks() {
        tracing::warn!("{remark}");
    }
}
