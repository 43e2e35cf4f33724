//! `recio record`.

use super::live_source;
use super::session::{interrupted, on_stop_signal};
use crate::args::RecordArgs;
use crate::config::{Config, Loaded};
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio::live_data::{Access, DataSource, asset_of};
use recio::record::{RecordOptions, record_live};
use recio_core::market::Family;
use recio_core::units::SeriesTicker;
use recio_sim::Endpoint;
use recio_sim::recording::live::{RecorderOptions, RecorderStatus, Sealed};
use std::collections::BTreeSet;
use std::io::Write as _;

/// Records until told to stop, and lists the recordings that were made.
pub(crate) async fn run(args: &RecordArgs, loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let series = series(args, &loaded.config)?;
    let (source, origin) = source(args, &loaded.config, &series)?;
    let name: Vec<_> = series.iter().map(|series| series.as_str().to_lowercase()).collect();
    let mut files = RecorderOptions::new(&args.out, &name.join("-"), &origin);
    files.rotate_every = args.rotate.0;
    let mut options = RecordOptions::new(series, files);
    options.stop_after = args.for_time.map(|span| span.0);
    let stop = on_stop_signal();
    let mut shown = 0_u64;
    let quiet = printer.is_json();
    let progress = move |status: &RecorderStatus| {
        shown += 1;
        // About once in ten seconds of market time.
        if !quiet && shown % 10 == 1 {
            let RecorderStatus { records, gaps, open_gaps, books, .. } = status;
            // Nobody is left to tell where stderr cannot be written.
            let _ = writeln!(std::io::stderr(), "{records} records, {books} books, {gaps} gaps ({open_gaps} open)");
        }
    };
    let report = record_live(source, options, progress, stop.clone()).await?;
    if printer.is_json() {
        printer.json(&report)?;
    } else {
        for (what, sealed) in [("left behind by an earlier recorder: ", &report.left_behind), ("", &report.recordings)]
        {
            for Sealed { recording, records, from, to, gaps, sha256, .. } in sealed {
                let gaps = gaps.len();
                printer.text(&format!(
                    "{what}{}: {records} records, {gaps} gaps, {from} to {to}, sha256 {sha256}",
                    recording.display()
                ))?;
            }
        }
    }
    Ok(if interrupted(&stop) { ExitCode::Interrupted } else { ExitCode::Success })
}

/// What to record: what is named, or what the config's monitors trade.
fn series(args: &RecordArgs, config: &Config) -> Result<BTreeSet<SeriesTicker>, CliError> {
    let series: BTreeSet<SeriesTicker> = match args.series.as_slice() {
        [] => config.monitor.iter().map(|monitor| monitor.series.clone()).collect(),
        named => named.iter().cloned().collect(),
    };
    if series.is_empty() {
        let what = "name what to record with --series, such as --series KXBTC15M: the config names no monitor";
        return Err(CliError::Usage(what.to_owned()));
    }
    let assets: BTreeSet<_> =
        series.iter().filter_map(|series| Family::of(series).ok()).map(|(asset, _)| asset).collect();
    if assets.len() > 1 {
        let what =
            "these series are of several assets, and a recorder follows the prices of one: start one recorder for each";
        return Err(CliError::Usage(what.to_owned()));
    }
    Ok(series)
}

/// Where the data come from, and that in words.
fn source(
    args: &RecordArgs,
    config: &Config,
    series: &BTreeSet<SeriesTicker>,
) -> Result<(DataSource, String), CliError> {
    if let Some(file) = &args.endpoint {
        let endpoint = Endpoint::read(file)?;
        let origin = format!("the simulator at {}", endpoint.rest);
        return Ok((live_source::simulator(endpoint, args.keyless), origin));
    }
    let asset = asset_of(series);
    let source = match (&args.account, config.monitor.is_empty()) {
        (Some(name), _) => live_source::account(config, name, args.keyless, asset)?,
        (None, false) => live_source::account(config, &super::run::account(config)?, args.keyless, asset)?,
        (None, true) => live_source::public(config, asset)?,
    };
    let how = match &source.access {
        Access::Keyed { .. } => "streamed with a key",
        Access::Keyless { .. } => "books read over public REST, without a key",
    };
    let origin = format!("{} ({how}), and spot venues", source.place);
    Ok((source, origin))
}
