//! `recio db backup`, `restore`, `convert` and `migrate`.

use crate::args::{BackupArgs, ConvertArgs, RestoreArgs};
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio_store::{Access, Copied, CopiedObservations, backup, copy, copy_observations, open, open_storage};

/// How often the facts are told that were done, so that a person sees that it goes on.
const TELL_EVERY: u64 = 50_000;

/// Writes all facts into a file.
pub(crate) async fn backup(
    args: &BackupArgs,
    loaded: &Loaded,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let store = open(&loaded.config.store_url(), Access::Reader).await?;
    let made = backup::backup(&*store, &args.file, tell).await?;
    let hash = hex(&made.hash);
    if printer.is_json() {
        printer.json(&serde_json::json!({
            "facts": made.last_sequence, "hash": hash,
            "audit_entries": made.entries, "audit_hash": hex(&made.audit_hash),
            "observations": 0, "bytes": made.bytes,
        }))?;
    } else {
        let (facts, bytes, file) = (made.last_sequence, made.bytes, args.file.display());
        printer.text(&format!("{facts} facts are in {file} ({bytes} bytes)"))?;
        printer.text(&format!("hash of the last fact: {hash}"))?;
        printer.text(&format!(
            "{} entries of the audit log are in it, with all versions of settings; hash of the last: {}",
            made.entries,
            hex(&made.audit_hash)
        ))?;
        printer.text(
            "observations (ticks, bars, strike tables, health) are not in it: `recio data archive` keeps those",
        )?;
    }
    Ok(ExitCode::Success)
}

/// Puts a backup's facts into an empty store.
pub(crate) async fn restore(
    args: &RestoreArgs,
    loaded: &Loaded,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    // Before a store is made for it.
    let whole = backup::check(&args.file)?;
    if args.dry_run {
        printer.text(&format!(
            "{} is whole: {} facts, hash of the last {}; {} entries of the audit log, hash of the last {}",
            args.file.display(),
            whole.last_sequence,
            hex(&whole.hash),
            whole.entries,
            hex(&whole.audit_hash)
        ))?;
        return Ok(ExitCode::Success);
    }
    let store = open_storage(&loaded.config.store_url(), Access::Writer).await?;
    say(&backup::restore(&args.file, &*store, tell).await?, None, printer)
}

/// Copies all facts into another store.
pub(crate) async fn convert(
    args: &ConvertArgs,
    loaded: &Loaded,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let from = open_storage(&loaded.config.store_url(), Access::Reader).await?;
    let to = open_storage(&args.to, Access::Writer).await?;
    let copied = copy(&*from, &*to, tell).await?;
    let observed = if args.without_observations { None } else { Some(copy_observations(&*from, &*to).await?) };
    say(&copied, observed.as_ref(), printer)
}

/// Brings the store's schema up to date.
pub(crate) async fn migrate(loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    drop(open_storage(&loaded.config.store_url(), Access::Writer).await?);
    printer.text("the store has the schema of this recio")?;
    Ok(ExitCode::Success)
}

fn say(
    copied: &Copied,
    observed: Option<&CopiedObservations>,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let (facts, hash) = (copied.verified.last_sequence, hex(&copied.verified.hash));
    let settings = copied.verified.settings.unwrap_or_default();
    if printer.is_json() {
        printer.json(&serde_json::json!({
            "facts": facts, "added": copied.added, "known": copied.known, "hash": hash,
            "audit_entries": settings.entries, "audit_entries_added": copied.entries_added, "audit_hash": hex(&settings.hash),
            "settings": settings.versions,
            "observations": observed.map(|observed| observed.observations),
            "observations_hash": observed.map(|observed| hex(&observed.hash)),
        }))?;
    } else {
        let (added, known) = (copied.added, copied.known);
        printer
            .text(&format!("{added} facts were copied, {known} were there; {facts} in all, the same on both sides"))?;
        printer.text(&format!("hash of the last fact: {hash}"))?;
        printer.text(&format!(
            "{} entries of the audit log and {} versions of settings, the same on both sides; hash of the last entry: {}",
            settings.entries,
            settings.versions,
            hex(&settings.hash)
        ))?;
        match observed {
            Some(observed) => printer.text(&format!(
                "{} observations, the same on both sides, {} rows of them new; their hash: {}",
                observed.observations,
                observed.rows,
                hex(&observed.hash)
            ))?,
            None => printer.text("observations (ticks, bars, strike tables, health) were not copied")?,
        }
    }
    Ok(ExitCode::Success)
}

fn tell(facts: u64) {
    if facts.is_multiple_of(TELL_EVERY) {
        tracing::info!("{facts} facts");
    }
}

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
