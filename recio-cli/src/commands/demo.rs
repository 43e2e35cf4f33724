//! `recio demo`.

use super::onlookers::Onlookers;
use super::session::{Screen, interrupted, on_stop_signal};
use crate::args::DemoArgs;
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::{Printer, TradeView};
use recio::demo::{DemoOptions, DemoReport, demo};
use recio_core::units::{AccountName, Timestamp};
use recio_store::Storage;
use std::sync::Arc;

/// Plays the demo in a directory of its own, and ends with [`ExitCode::Difference`] where the accounts do not tie out.
pub(crate) async fn run(
    args: &DemoArgs,
    loaded: &Loaded,
    now: Timestamp,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let name = format!("demo-{}", now.strftime("%Y%m%dT%H%M%S%6f"));
    let data_dir = loaded.config.paths.data_dir.join(name);
    std::fs::create_dir_all(&data_dir)?;
    let store_url =
        loaded.config.store.url.clone().unwrap_or_else(|| format!("sqlite://{}", data_dir.join("recio.db").display()));
    let store: Arc<dyn Storage> = Arc::from(recio_store::open_storage(&store_url, recio_store::Access::Writer).await?);
    let account = AccountName::new("demo").map_err(|error| CliError::Usage(error.to_string()))?;
    let onlookers = Onlookers::start(&loaded.config, "sim", &account, &store, now).await?;
    let screen = Screen::new(!printer.is_json());
    let stop = on_stop_signal();
    let report = demo(
        DemoOptions {
            pace: args.speed.into(),
            store,
            fingerprint: loaded.config.paths.fingerprint.clone(),
            observers: onlookers.observers(screen.observer()),
            ..DemoOptions::in_dir(data_dir)
        },
        stop.clone(),
    )
    .await;
    onlookers.finish().await;
    let report = report?;
    print(&report, printer)?;
    if interrupted(&stop) {
        return Ok(ExitCode::Interrupted);
    }
    let right = report.tie_out.is_zero() && report.facts_not_stored == 0;
    Ok(if right { ExitCode::Success } else { ExitCode::Difference })
}

fn print(report: &DemoReport, printer: &mut Printer<'_>) -> Result<(), CliError> {
    if printer.is_json() {
        return Ok(printer.json(report)?);
    }
    let trades: Vec<_> = report.trades.iter().map(TradeView::from).collect();
    printer.text("\nTrades")?;
    printer.list(&trades)?;
    printer.text("\nOrders")?;
    printer.list(&report.orders)?;
    printer.text("\nFills")?;
    printer.list(&report.fills)?;
    printer.text("\nSettlements")?;
    printer.list(&report.settlements)?;
    let log = report.input_log.as_ref().map_or_else(String::new, |log| log.display().to_string());
    printer.text(&format!(
        "\nLedger (all of it simulated; the prices and the outcome are recorded ones)\n\
         cash at the start   {:>14}\n\
         fees                {:>14}\n\
         cash at the end     {:>14}\n\
         tie-out             {:>14}   the simulator's own account less recio's ledger\n\
         ledger hash         {}\n\
         {} inputs, {} decisions, {:.1} s; replay it with: recio replay {log}",
        report.cash_start,
        report.fees,
        report.cash_end,
        report.tie_out,
        report.ledger_hash,
        report.inputs,
        report.decisions,
        report.wall_seconds,
    ))?;
    Ok(())
}
