//! `recio reconcile`.

use crate::args::ReconcileArgs;
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::Printer;
use recio::reconcile::reconcile_sim;
use recio_sim::Endpoint;

/// Compares the store with a running simulator's account.
pub(crate) async fn run(
    args: &ReconcileArgs,
    loaded: &Loaded,
    printer: &mut Printer<'_>,
) -> Result<ExitCode, CliError> {
    let Some(file) = &args.endpoint else {
        let what = "name the exchange to compare with: --endpoint FILE, the ready file of a running simulator";
        return Err(CliError::Usage(what.to_owned()));
    };
    let endpoint = Endpoint::read(file)?;
    let store = super::reader(loaded).await?;
    let found = reconcile_sim(&*store, &endpoint).await?;
    if printer.is_json() {
        printer.json(&found)?;
    } else {
        printer.text(&format!(
            "{} orders, {} fills, {} settlements compared; cash {} in the store, {} at the exchange, tie-out {}",
            found.orders, found.fills, found.settlements, found.cash_store, found.cash_exchange, found.tie_out
        ))?;
        for difference in &found.differences {
            printer.text(&format!("  {difference}"))?;
        }
        if found.agrees() {
            printer.text("store and exchange agree")?;
        }
    }
    Ok(if args.strict && !found.agrees() { ExitCode::Difference } else { ExitCode::Success })
}
