//! Arguments of the commands that read the store.

use clap::Args;
use recio_core::units::{MarketTicker, StrategyId};

/// What the lists take.
#[derive(Clone, Debug, Default, Args)]
pub struct ListArgs {
    /// Only this market
    #[arg(long, value_name = "TICKER")]
    pub market: Option<MarketTicker>,
    /// At most so many rows
    #[arg(long, short = 'n', value_name = "N")]
    pub limit: Option<usize>,
}

/// `recio trades`.
#[derive(Clone, Debug, Default, Args)]
pub struct TradesArgs {
    /// What every list takes.
    #[command(flatten)]
    pub list: ListArgs,
    /// Only this monitor
    #[arg(long, value_name = "ID")]
    pub monitor: Option<StrategyId>,
    /// Only trades that are not over
    #[arg(long)]
    pub open: bool,
}
