//! An account's own moves: new subaccounts, and cash from one wallet to another.

use super::{Balance, MarketPosition, Refusal, RefusalCode, Subaccount, Venue, Wallet};
use crate::units::{AccountName, ClientTransferId, MarketTicker, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// Cash that moves between two wallets of one account: to another subaccount of the shard, or to another shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Our name for it: applied once, for ever. Without one, each request is another transfer.
    pub id: Option<ClientTransferId>,
    /// Where it is taken from.
    pub from: Wallet,
    /// Where it goes.
    pub to: Wallet,
    /// How much.
    pub amount: Money,
}

impl Venue {
    /// Creates an account's next subaccount on a shard: 1, then 2, up to 63.
    ///
    /// # Errors
    /// The exchange's refusal: no such account, all 63 are there, or the exchange is paused.
    pub fn create_subaccount(
        &mut self,
        account: &AccountName,
        shard: u16,
        now: Timestamp,
    ) -> Result<Subaccount, Refusal> {
        self.advance(now);
        self.check_account(account)?;
        if self.exchange_paused {
            return Err(RefusalCode::ExchangeIsPaused.into());
        }
        let books = self.accounts.get_mut(account).ok_or(RefusalCode::UserNotFound)?;
        let next = (1..=Subaccount::LAST.number())
            .filter_map(|number| Subaccount::new(number).ok())
            .find(|&subaccount| !books.has(Wallet { subaccount, shard }));
        let subaccount = next.ok_or_else(|| RefusalCode::InvalidParameters.with("there are 63 subaccounts"))?;
        books.purse_mut(Wallet { subaccount, shard });
        Ok(subaccount)
    }

    /// Moves cash. What resting orders hold back stays where it is.
    ///
    /// # Errors
    /// The exchange's refusal, and nothing moved: the id was used before (it was applied then), no such account or subaccount, an amount
    /// that is not above zero, too little free cash, or the exchange is paused. A refused transfer's id is not spent.
    pub fn transfer(&mut self, account: &AccountName, transfer: &Transfer, now: Timestamp) -> Result<(), Refusal> {
        self.advance(now);
        self.check_account(account)?;
        if self.exchange_paused {
            return Err(RefusalCode::ExchangeIsPaused.into());
        }
        let books = self.accounts.get_mut(account).ok_or(RefusalCode::UserNotFound)?;
        if transfer.id.as_ref().is_some_and(|id| books.used_transfers.contains(id)) {
            return Err(RefusalCode::TransferAlreadyApplied.into());
        }
        if !(books.has(transfer.from) && books.has(transfer.to)) {
            return Err(RefusalCode::InvalidParameters.with("no such subaccount on this shard"));
        }
        if transfer.from == transfer.to {
            return Err(RefusalCode::InvalidParameters.with("source and destination are the same"));
        }
        if transfer.amount <= Money::ZERO {
            return Err(RefusalCode::InvalidParameters.with("amount must be above zero"));
        }
        let free = books.purse(transfer.from).map_or(Money::ZERO, |purse| purse.balance().available());
        if transfer.amount > free {
            return Err(RefusalCode::InsufficientBalance.into());
        }
        let from = books.purse_mut(transfer.from);
        from.cash -= transfer.amount;
        from.transferred -= transfer.amount;
        let to = books.purse_mut(transfer.to);
        to.cash += transfer.amount;
        to.transferred += transfer.amount;
        books.used_transfers.extend(transfer.id.clone());
        Ok(())
    }

    /// An account's wallets that were ever used or created, by subaccount and shard, and the money in each.
    pub fn wallets(&self, account: &AccountName) -> impl Iterator<Item = (Wallet, Balance)> {
        let purses = self.accounts.get(account).into_iter().flat_map(|books| &books.purses);
        purses.map(|(wallet, purse)| (*wallet, purse.balance()))
    }

    /// The money in one wallet; nothing where it was never used. `None` for an unknown account, and for a subaccount that is not there.
    #[must_use]
    pub fn wallet_balance(&self, account: &AccountName, wallet: Wallet) -> Option<Balance> {
        let books = self.accounts.get(account).filter(|books| books.has(wallet))?;
        Some(books.purse(wallet).map(super::wallet::Purse::balance).unwrap_or_default())
    }

    /// What each of an account's wallets holds in markets that were not paid, by wallet and ticker.
    pub fn wallet_positions(
        &self,
        account: &AccountName,
    ) -> impl Iterator<Item = (Wallet, &MarketTicker, &MarketPosition)> {
        let purses = self.accounts.get(account).into_iter().flat_map(|books| &books.purses);
        purses.flat_map(|(wallet, purse)| purse.positions.iter().map(|(market, held)| (*wallet, market, held)))
    }
}
