//! `recio replay`.

use crate::args::ReplayArgs;
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio_core::pipeline::{ReplayOptions, replay};

/// Replays an input log and compares every output with the recorded ones.
pub(crate) fn run(args: &ReplayArgs, loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let model = recio::fingerprint::model(loaded.config.paths.fingerprint.as_deref())?;
    let options = ReplayOptions { from_segment: args.from_segment.unwrap_or(1) };
    let report = replay(&args.log, &model, options, |_, _| {})?;
    if printer.is_json() {
        printer.json(&report)?;
    } else {
        printer.text(&format!(
            "{} inputs in {} segments replayed, {} outputs, hash {}",
            report.inputs, report.segments, report.outputs, report.outputs_hash
        ))?;
        if let Some(hash) = &report.ledger_hash {
            printer.text(&format!("ledger hash {hash}"))?;
        }
        printer.text(
            match (report.first_difference, report.snapshots_match) {
                (None, true) => "bit-identical to the run".to_owned(),
                (Some(input), _) => format!("the outputs of input {input} differ from the run's"),
                (None, false) => "the outputs are the run's, but a snapshot of the engine differs".to_owned(),
            }
            .as_str(),
        )?;
    }
    Ok(if report.is_identical() { ExitCode::Success } else { ExitCode::Difference })
}
