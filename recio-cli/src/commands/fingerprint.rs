//! `recio fingerprint build` and `show`.

use crate::args::{FingerprintBuildArgs, FingerprintShowArgs};
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio_core::market::Asset;
use recio_core::model::{Fingerprint, THRESHOLD_STEP_PERCENT, THRESHOLDS, Tail};
use recio_core::units::Timestamp;
use serde::Serialize;

/// What both print.
#[derive(Debug, Serialize)]
struct Report {
    asset: Asset,
    source: String,
    from: Timestamp,
    to: Timestamp,
    bars: u64,
    hash: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cells: Vec<Row>,
}

/// One threshold of the baseline: how often the asset moved at least so far, up and down.
#[derive(Debug, Serialize)]
struct Row {
    move_percent: f64,
    up_percent: f64,
    down_percent: f64,
    samples: u64,
}

/// Builds a fingerprint from minute bars.
pub(crate) fn build(args: &FingerprintBuildArgs, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let asset = match args.asset.to_ascii_uppercase().as_str() {
        "BTC" => Asset::Btc,
        "ETH" => Asset::Eth,
        other => return Err(CliError::Usage(format!("`{other}` is no asset that recio knows: BTC or ETH"))),
    };
    let name =
        args.bars.file_name().map_or_else(|| args.bars.display().to_string(), |name| name.to_string_lossy().into());
    let source = args.source.clone().unwrap_or(name);
    let fingerprint = recio::fingerprint::build(&args.bars, asset, &source, &args.output)?;
    print(&fingerprint, None, printer)
}

/// Shows what a fingerprint was made from, and its cells at one distance from the close.
pub(crate) fn show(
    args: &FingerprintShowArgs,
    loaded: &Loaded,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let fingerprint = match args.file.as_ref().or(loaded.config.paths.fingerprint.as_ref()) {
        Some(file) => recio::fingerprint::read(file)?,
        None => recio::fingerprint::bundled()?,
    };
    print(&fingerprint, args.minutes, printer)
}

fn print(fingerprint: &Fingerprint, minutes: Option<u8>, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let about = fingerprint.about();
    let cells: Vec<Row> = minutes.map(|minutes| rows(fingerprint, usize::from(minutes))).unwrap_or_default();
    let report = Report {
        asset: about.asset,
        source: about.source.clone(),
        from: about.from,
        to: about.to,
        bars: about.bars,
        hash: fingerprint.hash(),
        cells,
    };
    if printer.is_json() {
        printer.json(&report)?;
        return Ok(ExitCode::Success);
    }
    printer.text(&format!(
        "{} fingerprint of {} bars, {} to {}\nsource {}\nsha256 {}",
        report.asset, report.bars, report.from, report.to, report.source, report.hash
    ))?;
    for row in &report.cells {
        printer.text(&format!(
            "  {:>5.2} %   up {:>7.3} %   down {:>7.3} %   {} samples",
            row.move_percent, row.up_percent, row.down_percent, row.samples
        ))?;
    }
    Ok(ExitCode::Success)
}

#[expect(clippy::cast_precision_loss, reason = "counts of minutes and thresholds are far below 2^53")]
fn rows(fingerprint: &Fingerprint, minutes: usize) -> Vec<Row> {
    let row = |threshold| {
        let up = fingerprint.cell(None, minutes, threshold, Tail::Up)?;
        let down = fingerprint.cell(None, minutes, threshold, Tail::Down)?;
        let share = |moved: u64, samples: u64| if samples == 0 { 0.0 } else { moved as f64 / samples as f64 * 100.0 };
        Some(Row {
            move_percent: threshold as f64 * THRESHOLD_STEP_PERCENT,
            up_percent: share(up.moved.into(), up.samples.into()),
            down_percent: share(down.moved.into(), down.samples.into()),
            samples: up.samples.into(),
        })
    };
    (0..THRESHOLDS).filter_map(row).collect()
}
