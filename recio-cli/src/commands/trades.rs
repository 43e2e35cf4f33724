//! `recio trades`.

use super::reader;
use crate::args::TradesArgs;
use crate::config::Loaded;
use crate::error::CliError;
use crate::exit_code::ExitCode;
use crate::print::{Printer, TradeView};
use recio_core::trade::{Trade, TradeStatus};

pub(crate) async fn run(args: &TradesArgs, loaded: &Loaded, printer: &mut Printer<'_>) -> Result<ExitCode, CliError> {
    let trades = reader(loaded).await?.trades().await?;
    let wanted = |trade: &&Trade| {
        args.list.market.as_ref().is_none_or(|market| trade.market == *market)
            && args.monitor.as_ref().is_none_or(|monitor| trade.strategy == *monitor)
            && !(args.open && matches!(trade.status, TradeStatus::Closed | TradeStatus::Unfilled))
    };
    let limit = args.list.limit.unwrap_or(usize::MAX);
    let views: Vec<TradeView<'_>> = trades.iter().filter(wanted).take(limit).map(TradeView::from).collect();
    printer.list(&views)?;
    Ok(ExitCode::Success)
}
