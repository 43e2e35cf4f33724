//! `recio data archive`, `check-archive` and `retain`.

use crate::args::{ArchiveArgs, RetainArgs};
use crate::config::{Config, Loaded};
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use recio::archiving::{Period, archive_observations, archive_recording, archive_store};
use recio_core::causes::in_full;
use recio_core::units::Timestamp;
use recio_sim::recording::Recording;
use recio_store::archive::{Archive, Expired, FactChain, LockedArchive, Place, Stored};
use recio_store::{Access, ObservationKind, OpenError, open_storage};
use serde::Serialize;
use std::fmt;
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
        let store = open_storage(&loaded.config.store_url(), Access::Reader).await?;
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
    /// The facts of each store, as one chain.
    facts: Vec<Chain>,
    problems: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Chain {
    source: String,
    facts: u64,
    /// The last fact's sequence and hash; what `recio db verify` says of a store of which all facts are archived.
    last_sequence: u64,
    hash: String,
    /// Facts that are in no sound part, first and last of each stretch.
    missing: Vec<(u64, u64)>,
}

/// So many stretches of missing facts are named; a person who sees that many looks at the archive, not at the list.
const NAMED: usize = 5;

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, facts, last_sequence, hash, missing } = self;
        write!(f, "facts of {source}: {facts}, the last is {last_sequence} with hash {hash}")?;
        for (first, last) in missing.iter().take(NAMED) {
            write!(f, "; {first} to {last} are not there")?;
        }
        match missing.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "; {more} more stretches are not there"),
        }
    }
}

pub(crate) fn check(loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let archive = Archive::new(loaded.config.archive_dir());
    let mut check = Check { sound: 0, rows: 0, bytes: 0, facts: Vec::new(), problems: Vec::new() };
    let mut places = Vec::new();
    for checked in archive.check()? {
        match checked.found {
            Ok((place, contents)) => {
                places.push(place);
                check.sound += 1;
                check.rows += contents.rows;
                check.bytes += contents.bytes;
            }
            Err(error) => check.problems.push(in_full(&error)),
        }
    }
    for FactChain { source, facts, last, missing, problems } in archive.check_facts(&places) {
        let (last_sequence, hash) = last.unwrap_or_default();
        let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let missing = missing.into_iter().map(|stretch| (*stretch.start(), *stretch.end())).collect();
        check.facts.push(Chain { source, facts, last_sequence, hash, missing });
        check.problems.extend(problems.iter().map(|error| in_full(error)));
    }
    if printer.is_json() {
        printer.json(&check)?;
    } else {
        for problem in &check.problems {
            printer.text(problem)?;
        }
        for chain in &check.facts {
            printer.text(&chain.to_string())?;
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
    observations: Vec<Forgotten>,
    removed: Vec<Expired>,
    bytes: u64,
    refused: Vec<Refused>,
}

/// What the store forgets of a kind of observations.
#[derive(Debug, Serialize)]
struct Forgotten {
    kind: ObservationKind,
    before: Timestamp,
    /// `None` where nothing was done.
    rows: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Refused {
    place: Place,
    why: String,
}

pub(crate) async fn retain(
    args: &RetainArgs,
    loaded: &Loaded,
    now: Timestamp,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let config = &loaded.config;
    let archive = Archive::new(config.archive_dir());
    let (rules, today) = (config.archive.retention(), Place::day(now));
    let (observations, plan) = if args.dry_run {
        let planned = due(config, now).map(|(kind, before)| Forgotten { kind, before, rows: None });
        (planned.collect(), archive.plan(&rules, today)?)
    } else {
        let locked = archive.lock()?;
        (forget(config, &locked, now).await?, locked.retain(&rules, today)?)
    };
    let refused: Vec<Refused> =
        plan.refused.into_iter().map(|(place, error)| Refused { place, why: in_full(&error) }).collect();
    let bytes = plan.expired.iter().map(|part| part.bytes).sum();
    let code = if refused.is_empty() { ExitCode::Success } else { ExitCode::Failure };
    if printer.is_json() {
        printer.json(&Retained { dry_run: args.dry_run, observations, removed: plan.expired, bytes, refused })?;
        return Ok(code);
    }
    for Forgotten { kind, before, rows } in &observations {
        let (kind, before) = (kind.as_str(), before.strftime("%Y-%m-%d"));
        match rows {
            Some(rows) => printer.text(&format!("forgotten in the store: {kind} before {before} ({rows} rows)"))?,
            None => printer.text(&format!("would be forgotten in the store: {kind} before {before}"))?,
        }
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

/// The kinds of observations that have a number of days, and from when on they stay.
fn due(config: &Config, now: Timestamp) -> impl Iterator<Item = (ObservationKind, Timestamp)> {
    let rules = config.observations.retention();
    ObservationKind::ALL.into_iter().filter_map(move |kind| Some((kind, rules.kept_from(kind, now)?)))
}

/// Lets the store forget what is older than its days; where the config wants it, what is forgotten is archived before.
async fn forget(config: &Config, archive: &LockedArchive, now: Timestamp) -> Result<Vec<Forgotten>, CliError> {
    let url = config.store_url();
    let archived_first = config.observations.archived_first;
    let Some(newest) = due(config, now).map(|(_, before)| before).max() else { return Ok(Vec::new()) };
    // Looked at before it is written to, because a store that is not there would be made.
    let reader = match open_storage(&url, Access::Reader).await {
        Err(OpenError::Missing { .. }) => return Ok(Vec::new()),
        reader => reader?,
    };
    drop(reader);
    let store = match open_storage(&url, Access::Writer).await {
        Err(OpenError::Locked { holder, .. }) if !archived_first => {
            tracing::info!("the store is being written by {holder}, which forgets by the same rules once a day");
            return Ok(Vec::new());
        }
        store => store?,
    };
    if archived_first {
        // Days that end before the newest of what goes: all that goes is in the archive, hashed and in its place, or nothing goes.
        archive_observations(archive, &*store, Period { from: None, to: Some(newest) }).await?;
    }
    let mut forgotten = Vec::new();
    for (kind, before) in due(config, now) {
        match store.forget_before(kind, before).await? {
            0 => {}
            rows => forgotten.push(Forgotten { kind, before, rows: Some(rows) }),
        }
    }
    Ok(forgotten)
}

fn midnight(day: Date) -> Result<Timestamp, CliError> {
    Ok(day.to_zoned(TimeZone::UTC).map_err(usage)?.timestamp())
}

fn usage(error: jiff::Error) -> CliError {
    CliError::Usage(error.to_string())
}
