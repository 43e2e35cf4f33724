//! A strategy of one rule, traded in lockstep against the simulator. `cargo run --release --example strategy`
#![expect(clippy::print_stdout, reason = "an example shows what came of it")]

use recio::prelude::*;

/// Buys a contract of YES wherever it costs a cent less, fee included, than the low end of what the model thinks it is worth.
struct CheapYes;

#[async_trait]
impl Strategy for CheapYes {
    async fn evaluate(&mut self, view: &EventView) -> Result<Decision, BoxError> {
        let (mut decision, size) = (Decision::on(view), Quantity::contracts(1));
        for strike in &view.strikes {
            match (strike.quote.and_then(|quote| quote.ask), strike.fair) {
                (Some(ask), Fair::Known { low, .. }) => match strike.edge_units(low, ask.price, size) {
                    Some(edge) if edge >= 100.0 => decision.buy_yes(strike, ask.price, size, format!("worth {low}")),
                    Some(_) | None => decision.skip(strike, Reason::EdgeTooSmall),
                },
                (None, _) => decision.skip(strike, Reason::NoQuote),
                (_, Fair::Unknown(why)) => decision.skip(strike, Reason::NoOpinion(why)),
            }
        }
        Ok(decision)
    }
}

#[tokio::main]
pub(crate) async fn main() -> Result<(), BoxError> {
    let files = tempfile::tempdir()?;
    let watches = vec![Watch::new("cheap-yes", "KXBTC15M", CheapYes)?];
    let options = DemoOptions { watches, ..DemoOptions::in_dir(files.path()) };
    let report = demo(options, CancellationToken::new()).await?;
    println!("Simulated, on a recorded market:");
    report.trades.iter().for_each(|trade| println!("  {trade}"));
    println!("  cash {} to {}, tie-out {}", report.cash_start, report.cash_end, report.tie_out);
    Ok(())
}
