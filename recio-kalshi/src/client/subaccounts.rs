//! Subaccounts: what they hold, and cash between them.

use super::outcome::{answered, done};
use super::{KalshiClient, Paged, Query};
use crate::error::{ReadError, WriteError};
use crate::parse::{self, SubaccountBalance, SubaccountTransfer};
use crate::transport::Method;
use crate::wire;
use recio_core::units::Money;
use std::fmt;

/// The number of a subaccount: 0, the primary one, to 63.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subaccount(u8);

/// There is no such subaccount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no subaccount: they are numbered from 0, the primary one, to 63")]
pub struct NoSubaccount(pub u16);

impl Subaccount {
    /// The account's own.
    pub const PRIMARY: Self = Self(0);

    /// The subaccount of this number.
    ///
    /// # Errors
    /// A number above 63.
    pub fn new(number: u16) -> Result<Self, NoSubaccount> {
        u8::try_from(number).ok().filter(|number| *number <= 63).map(Self).ok_or(NoSubaccount(number))
    }
}

impl From<Subaccount> for u16 {
    fn from(subaccount: Subaccount) -> Self {
        subaccount.0.into()
    }
}

impl fmt::Display for Subaccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Cash from one subaccount to another, on one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashMove {
    /// Our id; the exchange takes each once.
    pub client_transfer_id: String,
    /// Whence.
    pub from: Subaccount,
    /// Whither.
    pub to: Subaccount,
    /// How much: whole cents, above zero.
    pub amount: Money,
    /// On which shard.
    pub exchange_index: u16,
}

impl KalshiClient {
    /// Makes the next subaccount, once. `POST /portfolio/subaccounts`; from the Advanced tier on.
    ///
    /// # Errors
    /// Everything but a clear "made". After [`WriteError::OutcomeUnknown`] look at the [balances](Self::subaccount_balances), which name every
    /// subaccount.
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown.
    pub async fn create_subaccount(&self, exchange_index: u16) -> Result<Subaccount, WriteError> {
        let body = wire::CreateSubaccount { exchange_index: Some(exchange_index) };
        let answer = self.write(Method::Post, "/portfolio/subaccounts", Query::new(), &body).await?;
        let created: wire::CreateSubaccountResponse = answered(&answer)?;
        Subaccount::new(created.subaccount_number).map_err(|error| super::outcome::unclear(&answer, &error.to_string()))
    }

    /// The cash of every subaccount on every shard. `GET /portfolio/subaccounts/balances`.
    ///
    /// # Errors
    /// No usable answer. Single balances that cannot be read make the result partial.
    pub async fn subaccount_balances(&self) -> Result<Paged<SubaccountBalance>, ReadError> {
        let path = "/portfolio/subaccounts/balances";
        let body: wire::SubaccountBalances = self.read("subaccounts", path, Query::new()).await?;
        Ok(Paged::of_one(&body.subaccount_balances, parse::subaccount_balance))
    }

    /// Moves cash between subaccounts of one shard, once. `POST /portfolio/subaccounts/transfer`.
    ///
    /// # Errors
    /// Everything but a clear "done". A refusal with the code `transfer_already_applied` says that a move with this id was done before.
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown.
    pub async fn move_cash(&self, cash: &CashMove) -> Result<(), WriteError> {
        let body = wire::SubaccountTransferRequest {
            client_transfer_id: cash.client_transfer_id.clone(),
            from_subaccount: cash.from.into(),
            to_subaccount: cash.to.into(),
            amount_cents: super::transfers::units_of(cash.amount, 10_000, "whole cents")?,
            exchange_index: Some(cash.exchange_index),
        };
        done(&self.write(Method::Post, "/portfolio/subaccounts/transfer", Query::new(), &body).await?)
    }

    /// All moves of cash between subaccounts. `GET /portfolio/subaccounts/transfers`.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn cash_moves(&self) -> Result<Paged<SubaccountTransfer>, ReadError> {
        let (what, path) = ("transfers between subaccounts", "/portfolio/subaccounts/transfers");
        self.pages::<wire::SubaccountTransfersPage, _>(what, path, Query::new(), 500, parse::subaccount_transfer).await
    }

    /// Whether positions in one event offset each other's collateral, for every subaccount. `GET /portfolio/subaccounts/netting`.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn netting(&self) -> Result<Vec<wire::SubaccountNetting>, ReadError> {
        let path = "/portfolio/subaccounts/netting";
        let body: wire::SubaccountNettings = self.read("netting", path, Query::new()).await?;
        Ok(body.netting_configs)
    }

    /// Sets whether positions in one event offset each other's collateral. `PUT /portfolio/subaccounts/netting`.
    ///
    /// # Errors
    /// Everything but a clear "done".
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown. It may be repeated.
    pub async fn set_netting(&self, subaccount: Subaccount, enabled: bool) -> Result<(), WriteError> {
        let body = wire::UpdateSubaccountNetting { subaccount_number: subaccount.into(), enabled };
        done(&self.write(Method::Put, "/portfolio/subaccounts/netting", Query::new(), &body).await?)
    }
}
