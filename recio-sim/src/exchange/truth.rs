//! What an account really has: the exchange's own books, for tie-outs and tests. Not part of Kalshi's API.

use super::Exchange;
use recio_core::trade::Fill;
use recio_core::units::{AccountName, MarketTicker, Money};
use recio_core::venue::{AccountSettlement, Balance, MarketPosition, VenueOrder, Wallet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The exchange's own books of one account; money as decimal text, exact to the micro-dollar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountTruth {
    /// Always true: this money is not real.
    pub simulator: bool,
    /// The account at the venue.
    pub account: AccountName,
    /// What it began with.
    pub cash_start: Money,
    /// What it has, with what resting orders hold back.
    pub cash: Money,
    /// Held back for resting orders.
    pub reserved: Money,
    /// What each of its wallets has, by subaccount and shard.
    pub wallets: Vec<WalletTruth>,
    /// What its subaccount 0 holds in markets that were not paid.
    pub positions: BTreeMap<MarketTicker, MarketPosition>,
    /// All orders that were ever accepted, oldest first.
    pub orders: Vec<VenueOrder>,
    /// All fills, oldest first.
    pub fills: Vec<Fill>,
    /// All payouts, oldest first.
    pub settlements: Vec<AccountSettlement>,
    /// How many create requests with a valid signature arrived for each client order id (empty text for none), whatever was answered.
    pub posts_per_client_order_id: BTreeMap<String, u64>,
}

/// The exchange's own books of one subaccount on one shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalletTruth {
    /// Which one.
    pub wallet: Wallet,
    /// What it has, with what resting orders hold back.
    pub cash: Money,
    /// Held back for resting orders.
    pub reserved: Money,
    /// What it holds in markets that were not paid.
    pub positions: BTreeMap<MarketTicker, MarketPosition>,
}

impl Exchange {
    /// The books of an account; `None` where there is no such account.
    #[must_use]
    pub fn account_truth(&self, account: &AccountName) -> Option<AccountTruth> {
        let balance = self.venue.balance(account)?;
        Some(AccountTruth {
            simulator: true,
            account: account.clone(),
            cash_start: self.opening.get(account).copied().unwrap_or_default(),
            cash: balance.cash,
            reserved: balance.reserved,
            wallets: self
                .venue
                .wallets(account)
                .map(|(wallet, balance)| self.wallet_truth(account, wallet, balance))
                .collect(),
            positions: self.venue.positions(account).map(|(market, held)| (market.clone(), held.clone())).collect(),
            orders: self.venue.orders(account).cloned().collect(),
            fills: self.venue.fills(account).cloned().collect(),
            settlements: self.venue.settlements(account).cloned().collect(),
            posts_per_client_order_id: self.posts.get(account).cloned().unwrap_or_default(),
        })
    }

    fn wallet_truth(&self, account: &AccountName, wallet: Wallet, balance: Balance) -> WalletTruth {
        let held = self.venue.wallet_positions(account).filter(|(whose, _, _)| *whose == wallet);
        WalletTruth {
            wallet,
            cash: balance.cash,
            reserved: balance.reserved,
            positions: held.map(|(_, market, held)| (market.clone(), held.clone())).collect(),
        }
    }
}
