//! `recio data import`.

use crate::args::ImportArgs;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio_sim::import::{ImportOptions, import};

/// Makes a recording of one recorded session.
pub(crate) fn run(args: &ImportArgs, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let report = import(&ImportOptions {
        source: args.from.clone(),
        session: args.session.clone(),
        pre_roll_from: args.pre_roll_from,
        origin: args.origin.clone(),
        out: args.output.clone(),
    })?;
    if printer.is_json() {
        printer.json(&report)?;
        return Ok(ExitCode::Success);
    }
    printer.text(&format!(
        "{}: {} bytes, {} snapshots, {} deltas, {} to {}, sha256 {}",
        report.recording.display(),
        report.bytes,
        report.snapshots,
        report.deltas,
        report.from,
        report.to,
        report.sha256
    ))?;
    for stream in &report.streams {
        let stand_in = stream.stand_in_for.as_ref().map_or_else(String::new, |what| format!(" (stands in for {what})"));
        printer.text(&format!("  {:<12} {:>8} records{stand_in}", stream.name, stream.records))?;
    }
    for gap in &report.gaps {
        let market = gap.market.as_ref().map_or_else(String::new, |market| format!(" of {market}"));
        printer.text(&format!("  missing{market}: {} to {}: {}", gap.from, gap.to, gap.why))?;
    }
    Ok(ExitCode::Success)
}
