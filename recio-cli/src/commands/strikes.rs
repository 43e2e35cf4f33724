//! `recio strikes`.

use super::session::strike_table;
use crate::args::StrikesArgs;
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio::strikes::{StrikesOptions, strikes_at};

/// Shows the strike table at a moment of a recording.
pub(crate) async fn run(args: &StrikesArgs, loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let work_dir = tempfile::tempdir()?;
    let recording = match args.recording.as_ref().or(loaded.config.paths.recording.as_ref()) {
        Some(recording) => recording.clone(),
        None => recio::demo::write_recording(work_dir.path())?,
    };
    let options = StrikesOptions {
        recording,
        at: args.at,
        model: recio::fingerprint::model(loaded.config.paths.fingerprint.as_deref())?,
        work_dir: work_dir.path().to_owned(),
    };
    let tables: Vec<_> = strikes_at(options)
        .await?
        .into_iter()
        .filter(|table| args.event.as_ref().is_none_or(|event| table.event == *event))
        .collect();
    if printer.is_json() {
        printer.json(&std::collections::BTreeMap::from([("strike_tables", &tables)]))?;
    } else {
        for table in &tables {
            printer.text(&strike_table(table))?;
        }
    }
    if tables.is_empty() {
        tracing::warn!("no event traded at that moment of the recording");
    }
    Ok(ExitCode::Success)
}
