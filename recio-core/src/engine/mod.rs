//! The engine: told everything, asked for nothing else, it decides. One file per service.
//!
//! [`Engine::handle`] is synchronous, total and deterministic: the same inputs at the same times give the same outputs, bit for bit.

mod account_flow;
mod account_sync;
mod active_trades;
mod auto_entry;
mod config;
mod context;
use context::Context;
mod coordinator;
mod decision;
#[expect(clippy::module_inception, reason = "the engine is the main thing of this room")]
mod engine;
mod entry_flow;
mod exit_flow;
pub(crate) mod gated_order;
mod health;
mod input;
mod market_watchdog;
mod output;
mod price_watchdog;
mod recall;
mod risk_gate;
mod settings;
mod trade_executor;
mod trade_manager;
mod view;
mod warm_up;

pub(crate) use config::seconds;
pub use config::{BookSource, EngineConfig, EntryRules, Freshness, Monitor, OrderMode, RiskLimits, StopRules};
pub use decision::{DecisionRecord, Reason, RiskRefusal, StrikeDecision, Verdict, Wanted};
pub use engine::{Engine, EngineState};
pub use gated_order::{GatedOrder, TooLate};
pub use health::{Health, ServiceHealth};
pub use input::{AccountRead, CancelOutcome, Command, Input, JournaledIntent, Recovered, SubmitOutcome, TradingChange};
pub use output::{ActiveTrade, JournalRecord, Notice, NoticeLevel, Output, Role, StrikeTable, Wish};
pub use recall::{OpenTrade, Recalled, StopState};
pub use risk_gate::TradingState;
pub use view::{EventView, StrikeView};
pub use warm_up::{Coverage, WarmStart, Warmth};
