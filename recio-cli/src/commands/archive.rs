//! `recio data archive`, `check-archive` and `retain`.

use super::reader;
use crate::args::{ArchiveArgs, RetainArgs};
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use recio::archiving::{Period, archive_recording, archive_store};
use recio_core::causes::in_full;
use recio_core::units::Timestamp;
use recio_sim::recording::Recording;
use recio_store::archive::{Archive, Expired, Place, Stored};
use serde::Serialize;
use std::path::PathBuf;

/// What `data archive --json` prints.
#[derive(Debug, Serialize)]
struct Archived {
    archive: PathBuf,
    parts: Vec<Stored>,
}

pub(crate) async fn archive(
    args: &ArchiveArgs,
    loaded: &Loaded,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let archive = Archive::new(loaded.config.archive_dir());
    let parts = if args.recording.is_empty() {
        let period = Period {
            from: args.from.map(midnight).transpose()?,
            to: args.to.map(|day| day.checked_add(1.day()).map_err(usage).and_then(midnight)).transpose()?,
        };
        let store = reader(loaded).await?;
        archive_store(&archive.lock()?, &*store, period).await?
    } else {
        let recordings = args.recording.iter().map(Recording::open).collect::<Result<Vec<_>, _>>();
        let recordings = recordings.map_err(|error| CliError::Recording(Box::new(error)))?;
        let locked = archive.lock()?;
        let mut parts = Vec::new();
        for recording in &recordings {
            parts.extend(archive_recording(&locked, recording)?);
        }
        parts
    };
    if printer.is_json() {
        printer.json(&Archived { archive: archive.folder().to_owned(), parts })?;
        return Ok(ExitCode::Success);
    }
    for Stored { place, contents, how } in &parts {
        let how = crate::print::word(how);
        printer.text(&format!("{how:<9}  {place}: {} rows, {} bytes", contents.rows, contents.bytes))?;
    }
    if parts.is_empty() {
        tracing::info!("there is nothing to archive");
    }
    Ok(ExitCode::Success)
}

/// What `data check-archive --json` prints.
#[derive(Debug, Serialize)]
struct Check {
    sound: u64,
    rows: u64,
    bytes: u64,
    problems: Vec<String>,
}

pub(crate) fn check(loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let archive = Archive::new(loaded.config.archive_dir());
    let mut check = Check { sound: 0, rows: 0, bytes: 0, problems: Vec::new() };
    for checked in archive.check()? {
        match checked.found {
            Ok((_, contents)) => {
                check.sound += 1;
                check.rows += contents.rows;
                check.bytes += contents.bytes;
            }
            Err(error) => check.problems.push(in_full(&error)),
        }
    }
    if printer.is_json() {
        printer.json(&check)?;
    } else {
        for problem in &check.problems {
            printer.text(problem)?;
        }
        printer.text(&format!(
            "{}: {} files are sound ({} rows, {} bytes), {} are not",
            archive.folder().display(),
            check.sound,
            check.rows,
            check.bytes,
            check.problems.len()
        ))?;
    }
    Ok(if check.problems.is_empty() { ExitCode::Success } else { ExitCode::Failure })
}

/// What `data retain --json` prints.
#[derive(Debug, Serialize)]
struct Retained {
    dry_run: bool,
    removed: Vec<Expired>,
    bytes: u64,
    refused: Vec<Refused>,
}

#[derive(Debug, Serialize)]
struct Refused {
    place: Place,
    why: String,
}

pub(crate) fn retain(
    args: &RetainArgs,
    loaded: &Loaded,
    now: Timestamp,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let archive = Archive::new(loaded.config.archive_dir());
    let (rules, today) = (loaded.config.archive.retention(), Place::day(now));
    let plan = if args.dry_run { archive.plan(&rules, today)? } else { archive.lock()?.retain(&rules, today)? };
    let refused: Vec<Refused> =
        plan.refused.into_iter().map(|(place, error)| Refused { place, why: in_full(&error) }).collect();
    let bytes = plan.expired.iter().map(|part| part.bytes).sum();
    let code = if refused.is_empty() { ExitCode::Success } else { ExitCode::Failure };
    if printer.is_json() {
        printer.json(&Retained { dry_run: args.dry_run, removed: plan.expired, bytes, refused })?;
        return Ok(code);
    }
    let did = if args.dry_run { "would be removed" } else { "removed" };
    for part in &plan.expired {
        printer.text(&format!("{did}: {} ({} rows, {} bytes)", part.place, part.rows, part.bytes))?;
    }
    for refused in &refused {
        printer.text(&format!("kept: {}: {}", refused.place, refused.why))?;
    }
    printer.text(&format!("{} parts, {bytes} bytes {did}", plan.expired.len()))?;
    Ok(code)
}

fn midnight(day: Date) -> Result<Timestamp, CliError> {
    Ok(day.to_zoned(TimeZone::UTC).map_err(usage)?.timestamp())
}

fn usage(error: jiff::Error) -> CliError {
    CliError::Usage(error.to_string())
}
