//! `recio kill`.

use crate::args::KillArgs;
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio_core::kill_latch::{Engaged, KillLatch};
use recio_core::units::Timestamp;
use serde::Serialize;
use std::path::Path;

/// What `kill --json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    latch: &'a Path,
    engaged: bool,
    what: &'a str,
    note: Option<String>,
}

/// Makes, removes or looks at the latch, in the data directory that was named, else in the config's.
pub(crate) fn run(
    args: &KillArgs,
    loaded: Option<&Loaded>,
    now: Timestamp,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let configured = loaded.map(|loaded| loaded.config.paths.data_dir.as_path());
    let directory = args.data_dir.as_deref().or(configured).unwrap_or(Path::new("."));
    // Absolute, as a relative path would not tell which recio is meant.
    let latch = KillLatch::new(&std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned()));
    let (what, code) = if args.status {
        match latch.is_engaged() {
            true => ("the kill latch holds", ExitCode::Killed),
            false => ("the kill latch does not hold", ExitCode::Success),
        }
    } else if args.release {
        if !args.yes {
            let what = "releasing the kill latch lets recio send orders again: add --yes if that is what you want";
            return Err(CliError::Usage(what.to_owned()));
        }
        match latch.release()? {
            true => ("the kill latch is released", ExitCode::Success),
            false => ("the kill latch did not hold", ExitCode::Success),
        }
    } else {
        match latch.engage(args.reason.as_deref().unwrap_or_default(), now)? {
            Engaged::Fresh => ("the kill latch holds from now on", ExitCode::Success),
            Engaged::Already => ("the kill latch holds already", ExitCode::Success),
        }
    };
    report(&latch, what, printer)?;
    Ok(code)
}

fn report(latch: &KillLatch, what: &str, printer: &mut Printer<'_>) -> Result<(), CliError> {
    let note = latch.note().unwrap_or_default();
    if printer.is_json() {
        printer.json(&Report { latch: latch.path(), engaged: latch.is_engaged(), what, note })?;
        return Ok(());
    }
    printer.text(&format!("{what}: {}", latch.path().display()))?;
    for line in note.iter().flat_map(|note| note.lines()) {
        printer.text(&format!("  {line}"))?;
    }
    Ok(())
}
