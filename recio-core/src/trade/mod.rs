//! What recio does with a market: intents become orders, orders are filled, fills are positions, positions settle; the ledger books it all.

#![deny(clippy::float_arithmetic)]

mod fees;
mod fill;
mod intent;
mod ledger;
mod order;
mod position;
mod settlement;
#[expect(clippy::module_inception, reason = "a trade is the main thing of this room")]
mod trade;

pub use fees::{
    FeeError, FeeExact, FeeMultiplier, FeeQuantum, FeeSchedule, OrderFees, maker_fee_exact, taker_fee_exact,
};
pub use fill::{CashFlow, Fill, Liquidity};
pub use intent::{Intent, Purpose, TimeInForce, client_order_id};
pub use ledger::{Booking, Entry, ExternalCash, ExternalKind, Ledger, LedgerAccount, LedgerError, Transaction};
pub use order::{Applied, Order, OrderError, OrderEvent, OrderReport, OrderStatus, ReportedStatus};
pub use position::{Holding, HoldingChange, HoldingTooLarge, PositionMismatch, PositionReport};
pub use settlement::Settlement;
pub use trade::{CloseReason, Trade, TradeStatus};
