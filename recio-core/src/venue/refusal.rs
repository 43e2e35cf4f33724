//! What the exchange answers when it does not do what was asked.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A request that the venue refused. Nothing happened, except that a killed order's client id is spent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Refusal {
    /// What callers branch on.
    pub code: RefusalCode,
    /// More about it, where the exchange says more.
    pub details: Option<String>,
}

/// The exchange's `code` of an error on a write.
///
/// Source: recordings of Kalshi's demo of 2026 (`order_already_exists`, `insufficient_balance`, `invalid_price`, `invalid_order`,
/// `not_found`), docs.kalshi.com and field reports (the rest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The client order id was used before.
    OrderAlreadyExists,
    /// A fill-or-kill order that could not be filled in full. Its client id is spent.
    FillOrKillInsufficientRestingVolume,
    /// The account's free cash does not cover the most that the order can lose.
    InsufficientBalance,
    /// Off the market's grid, or not strictly between $0 and $1.
    InvalidPrice,
    /// Flags that do not go together, or a post-only order that would cross; `details` says which.
    InvalidOrder,
    /// No contract at all.
    InvalidOrderSize,
    /// A field that is not well formed.
    InvalidParameters,
    /// No such resting order: it never existed, was executed, or was canceled.
    NotFound,
    /// The market does not trade now.
    MarketInactive,
    /// No such market.
    MarketNotFound,
    /// Trading is paused; cancels still work.
    TradingIsPaused,
    /// The exchange is paused; nothing works.
    ExchangeIsPaused,
    /// The position could grow beyond what the venue handles.
    ExceededPerMarketRiskLimit,
    /// No such order group, or not of this subaccount and shard.
    OrderGroupNotFound,
    /// The order group was triggered and takes no orders until it is reset.
    ExceededOrderGroupRiskLimit,
    /// The transfer's client id was used before: it was applied then, and not again.
    TransferAlreadyApplied,
    /// No such account.
    UserNotFound,
}

impl RefusalCode {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderAlreadyExists => "order_already_exists",
            Self::FillOrKillInsufficientRestingVolume => "fill_or_kill_insufficient_resting_volume",
            Self::InsufficientBalance => "insufficient_balance",
            Self::InvalidPrice => "invalid_price",
            Self::InvalidOrder => "invalid_order",
            Self::InvalidOrderSize => "invalid_order_size",
            Self::InvalidParameters => "invalid_parameters",
            Self::NotFound => "not_found",
            Self::MarketInactive => "market_inactive",
            Self::MarketNotFound => "market_not_found",
            Self::TradingIsPaused => "trading_is_paused",
            Self::ExchangeIsPaused => "exchange_is_paused",
            Self::ExceededPerMarketRiskLimit => "exceeded_per_market_risk_limit",
            Self::OrderGroupNotFound => "order_group_not_found",
            Self::ExceededOrderGroupRiskLimit => "exceeded_order_group_risk_limit",
            Self::TransferAlreadyApplied => "transfer_already_applied",
            Self::UserNotFound => "user_not_found",
        }
    }

    /// The HTTP status that goes with it. Those of a market that does not trade, of an unknown market
    /// and of order groups are not confirmed.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::OrderAlreadyExists
            | Self::FillOrKillInsufficientRestingVolume
            | Self::TradingIsPaused
            | Self::TransferAlreadyApplied
            | Self::ExchangeIsPaused => 409,
            Self::NotFound | Self::MarketNotFound | Self::UserNotFound => 404,
            Self::InsufficientBalance
            | Self::InvalidPrice
            | Self::InvalidOrder
            | Self::InvalidOrderSize
            | Self::InvalidParameters
            | Self::MarketInactive
            | Self::ExceededPerMarketRiskLimit
            | Self::OrderGroupNotFound
            | Self::ExceededOrderGroupRiskLimit => 400,
        }
    }

    /// The sentence that goes with it: the code with spaces, as the recorded bodies have it.
    #[must_use]
    pub fn message(self) -> String {
        self.as_str().replace('_', " ")
    }

    pub(super) fn with(self, details: &str) -> Refusal {
        Refusal { code: self, details: Some(details.to_owned()) }
    }
}

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self { code, details: None }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.details {
            Some(details) => write!(f, "{}: {details}", self.code),
            None => fmt::Display::fmt(&self.code, f),
        }
    }
}
