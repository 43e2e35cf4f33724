//! What the ledger is made of: accounts, entries, and the transactions that hold them together.

use crate::trade::{Fill, HoldingChange, Settlement};
use crate::units::{MarketTicker, Money, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An account of the double-entry ledger.
///
/// Amounts above zero are debits: more cash, more cost of what is held, more fees. So a gain shows as less than zero under
/// [`LedgerAccount::RealizedPnl`], and what was brought in as less than zero under the last two.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerAccount {
    /// What lies at the exchange.
    Cash,
    /// What the contracts held in a market cost, without fees.
    Position(MarketTicker),
    /// What the exchange charged.
    Fees,
    /// What came of contracts given back and settled, without fees.
    RealizedPnl,
    /// The cash that was there when the ledger was opened.
    OpeningEquity,
    /// Cash that came from outside of trading, or went there.
    External,
}

/// One side of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The account.
    pub account: LedgerAccount,
    /// The amount: above zero a debit, below a credit, never zero.
    pub amount: Money,
}

/// What a transaction books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Booking {
    /// The cash at the start.
    Opening {
        /// So much.
        cash: Money,
    },
    /// An execution of one of our orders.
    Fill(Fill),
    /// The payout of a market.
    Settlement {
        /// What was paid.
        settlement: Settlement,
        /// Which version of the outcome: 1, and more after each amendment.
        version: u32,
    },
    /// Takes a settlement back, entry by entry: an amendment replaces it, or a fill came late.
    Reversal {
        /// The market.
        market: MarketTicker,
        /// The version taken back.
        version: u32,
    },
    /// Cash from outside of trading.
    External(ExternalCash),
}

/// Cash that came from outside of trading, or went there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalCash {
    /// Names it: the exchange's id of a transfer, or one made up for a correction. Booked once.
    pub id: String,
    /// What it is.
    pub kind: ExternalKind,
    /// Into cash; below zero out of it.
    pub amount: Money,
    /// Why, for people.
    pub note: String,
    /// When it happened.
    pub time: Timestamp,
}

/// Why cash moved outside of trading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExternalKind {
    /// Money brought in.
    Deposit,
    /// Money taken out.
    Withdrawal,
    /// Anything else that the exchange did to the cash, either way.
    Correction,
}

/// What was booked at once: its entries sum to exactly zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// Counts the ledger's transactions from 1, the opening.
    pub number: u64,
    /// When it happened at the exchange.
    pub time: Timestamp,
    /// What it books.
    pub booking: Booking,
    /// The accounts it changes.
    pub entries: Vec<Entry>,
}

impl Transaction {
    /// Whether the entries sum to zero. Always so in a [`Ledger`](super::Ledger).
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.entries.iter().map(|entry| i128::from(entry.amount.micros())).sum::<i128>() == 0
    }

    /// What the transaction did to cash.
    #[must_use]
    pub fn cash(&self) -> Money {
        self.entries.iter().filter(|entry| entry.account == LedgerAccount::Cash).map(|entry| entry.amount).sum()
    }
}

impl ExternalCash {
    /// Whether the sign fits the kind.
    pub(super) fn sign_fits(&self) -> bool {
        match self.kind {
            ExternalKind::Deposit => self.amount > Money::ZERO,
            ExternalKind::Withdrawal => self.amount < Money::ZERO,
            ExternalKind::Correction => !self.amount.is_zero(),
        }
    }
}

/// Amounts in wide micro-dollars on their way to entries.
pub(super) type Amounts = Vec<(LedgerAccount, i128)>;

/// Moves an amount from one account into another.
pub(super) fn moved(to: LedgerAccount, from: LedgerAccount, amount: Money) -> Amounts {
    let micros = i128::from(amount.micros());
    vec![(to, micros), (from, -micros)]
}

/// The amounts that a fill or a settlement moves.
pub(super) fn traded(market: &MarketTicker, change: &HoldingChange) -> Amounts {
    let wide = |money: Money| i128::from(money.micros());
    vec![
        (LedgerAccount::Cash, wide(change.proceeds) - wide(change.cost) - wide(change.fee)),
        (LedgerAccount::Position(market.clone()), wide(change.cost) - wide(change.released)),
        (LedgerAccount::Fees, wide(change.fee)),
        (LedgerAccount::RealizedPnl, -wide(change.realized)),
    ]
}

impl fmt::Display for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cash => f.pad("cash"),
            Self::Position(market) => f.pad(&format!("position {market}")),
            Self::Fees => f.pad("fees"),
            Self::RealizedPnl => f.pad("realized pnl"),
            Self::OpeningEquity => f.pad("opening equity"),
            Self::External => f.pad("external"),
        }
    }
}

impl fmt::Display for ExternalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Correction => "correction",
        })
    }
}
