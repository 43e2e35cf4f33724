//! Where an account's money lies: subaccounts, shards, and the purse of each pair of them.
//!
//! An order is checked against the cash of its market's shard alone, and each subaccount has cash and positions of its own. Source:
//! docs.kalshi.com on subaccounts and exchange shards, state of October 2026.

use super::{Balance, MarketPosition};
use crate::trade::{CashFlow, Fill};
use crate::units::{MarketTicker, Money, Position};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The shard of the crypto markets, where an account's opening cash lies unless it is said otherwise. Source: exchange status, recorded.
pub const CRYPTO_SHARD: u16 = 2;

/// One of an account's subaccounts: 0 is there from the start, 1 to 63 are created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Subaccount(u16);

/// A number that no subaccount has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no subaccount: they are numbered 0 to 63")]
pub struct SubaccountError(pub u16);

/// A subaccount on one shard: what cash and positions belong to. As text, and in JSON (where it is a key), `SUBACCOUNT@SHARD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wallet {
    /// The subaccount.
    pub subaccount: Subaccount,
    /// The exchange's shard (`exchange_index`).
    pub shard: u16,
}

/// Not `SUBACCOUNT@SHARD`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no wallet: write SUBACCOUNT@SHARD, such as 0@2")]
pub struct WalletError(pub String);

impl fmt::Display for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.subaccount.0, self.shard)
    }
}

impl FromStr for Wallet {
    type Err = WalletError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (subaccount, shard) = text.split_once('@')?;
            let subaccount = Subaccount::new(subaccount.parse().ok()?).ok()?;
            Some(Self { subaccount, shard: shard.parse().ok()? })
        };
        read().ok_or_else(|| WalletError(text.to_owned()))
    }
}

impl TryFrom<String> for Wallet {
    type Error = WalletError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Wallet> for String {
    fn from(wallet: Wallet) -> Self {
        wallet.to_string()
    }
}

impl Subaccount {
    /// The one that every account has.
    pub const PRIMARY: Self = Self(0);
    /// The last one.
    pub const LAST: Self = Self(63);

    /// Makes a subaccount from its number.
    ///
    /// # Errors
    /// Above 63.
    pub const fn new(number: u16) -> Result<Self, SubaccountError> {
        if number > Self::LAST.0 { Err(SubaccountError(number)) } else { Ok(Self(number)) }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether it is the one that every account has.
    #[must_use]
    pub const fn is_primary(self) -> bool {
        self.0 == 0
    }
}

impl TryFrom<u16> for Subaccount {
    type Error = SubaccountError;
    fn try_from(number: u16) -> Result<Self, SubaccountError> {
        Self::new(number)
    }
}

impl From<Subaccount> for u16 {
    fn from(subaccount: Subaccount) -> Self {
        subaccount.0
    }
}

impl fmt::Display for Subaccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Wallet {
    /// Subaccount 0 on a shard.
    #[must_use]
    pub const fn primary(shard: u16) -> Self {
        Self { subaccount: Subaccount::PRIMARY, shard }
    }
}

/// What lies in one wallet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Purse {
    pub(super) opening: Money,
    pub(super) cash: Money,
    pub(super) fees: Money,
    /// What came from other wallets of the account less what went to them.
    pub(super) transferred: Money,
    /// What was taken back of payouts that were corrected.
    pub(super) taken_back: Money,
    pub(super) positions: BTreeMap<MarketTicker, MarketPosition>,
    /// Held back per market for resting orders; markets without are not in it.
    pub(super) reserved: BTreeMap<MarketTicker, Money>,
}

impl Purse {
    pub(super) fn opened(cash: Money) -> Self {
        Self { opening: cash, cash, ..Self::default() }
    }

    pub(super) fn balance(&self) -> Balance {
        Balance { cash: self.cash, reserved: self.reserved.values().copied().sum() }
    }

    pub(super) fn position(&self, market: &MarketTicker) -> Position {
        self.positions.get(market).map_or(Position::FLAT, |held| held.position)
    }

    /// Books a fill that was netted against the position; returns the position afterwards.
    pub(super) fn book(&mut self, fill: &Fill, flow: &CashFlow) -> Position {
        self.cash += flow.proceeds - flow.cost - fill.fee;
        self.fees += fill.fee;
        self.positions
            .entry(fill.market.clone())
            .or_insert_with(|| MarketPosition::empty(fill.exchange_time))
            .book(fill, flow);
        flow.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subaccounts_are_numbered_to_63() {
        assert_eq!(Subaccount::new(63), Ok(Subaccount::LAST));
        assert_eq!(Subaccount::new(64).unwrap_err().to_string(), "64 is no subaccount: they are numbered 0 to 63");
        assert!(serde_json::from_str::<Subaccount>("64").is_err());
        assert_eq!(serde_json::to_string(&Subaccount::LAST).unwrap(), "63");
    }
}
