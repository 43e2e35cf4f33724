//! Arguments of the commands that ask something of a running recio.

use clap::Args;
use recio_core::units::TradeId;

/// What every wish takes.
#[derive(Clone, Debug, Args)]
pub struct WaitArgs {
    /// How long to wait for the answer; a recio that has not taken the wish by then never does
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub wait: u64,
    /// Names the wish, so that it can be asked for again without being done twice [default: a new name]
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

/// `recio close`.
#[derive(Clone, Debug, Args)]
pub struct CloseArgs {
    /// The trade, as `recio trades` names it
    #[arg(value_name = "TRADE")]
    pub trade: TradeId,
    /// What every wish takes.
    #[command(flatten)]
    pub wait: WaitArgs,
}

/// `recio disarm`.
#[derive(Clone, Debug, Args)]
pub struct DisarmArgs {
    /// Why; kept with the alarm
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// What every wish takes.
    #[command(flatten)]
    pub wait: WaitArgs,
}

/// `recio arm`.
#[derive(Clone, Debug, Args)]
pub struct ArmArgs {
    /// Confirm that orders may be sent again
    #[arg(long)]
    pub yes: bool,
    /// What every wish takes.
    #[command(flatten)]
    pub wait: WaitArgs,
}
