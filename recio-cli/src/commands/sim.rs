//! `recio sim serve`.

use super::session::on_stop_signal;
use crate::args::ServeArgs;
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio_sim::{SimOptions, Simulator};

/// Serves a recording until a signal comes.
pub(crate) async fn serve(args: &ServeArgs, loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let data_dir = &loaded.config.paths.data_dir;
    let recording = match args.recording.as_ref().or(loaded.config.paths.recording.as_ref()) {
        Some(recording) => recording.clone(),
        None => recio::demo::write_recording(data_dir)?,
    };
    let stop = on_stop_signal();
    let key_dir = args
        .ready_file
        .as_ref()
        .and_then(|file| file.parent())
        .map_or_else(|| data_dir.join("simulator"), |folder| folder.join("simulator-keys"));
    let simulator = Simulator::start(SimOptions {
        listen: args.listen,
        pace: args.speed.into(),
        rebase_now: args.rebase.is_some(),
        clients: args.clients as usize,
        ..SimOptions::new(recording, key_dir)
    })
    .await?;
    let endpoint = simulator.endpoint();
    if let Some(file) = &args.ready_file {
        endpoint.write(file)?;
    }
    if printer.is_json() {
        printer.json(endpoint)?;
    } else {
        printer.text(&format!("{}\nREST {}  WebSocket {}", recio_sim::control::BANNER, endpoint.rest, endpoint.ws))?;
    }
    printer.flush()?;
    tokio::select! {
        () = stop.cancelled() => {}
        () = simulator.stopped() => {}
    }
    simulator.stop().await?;
    Ok(ExitCode::Success)
}
