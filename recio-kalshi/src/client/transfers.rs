//! Cash on its way: between shards, in, and out. Each shard has cash of its own, and an order is checked against its shard's alone.

use super::outcome::{answered, done};
use super::{KalshiClient, Paged, Query, Subaccount, segment};
use crate::error::{ReadError, WriteError};
use crate::parse::{self, CashFlow, ShardTransfer};
use crate::transport::Method;
use crate::wire;
use recio_core::units::Money;

/// Cash from one shard to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardMove {
    /// Our id, where there shall be one.
    pub client_transfer_id: Option<String>,
    /// Whence.
    pub from_shard: u16,
    /// Whither; 2 for crypto.
    pub to_shard: u16,
    /// Of which subaccount.
    pub from: Subaccount,
    /// To which subaccount.
    pub to: Subaccount,
    /// How much: whole units of $0.0001, above zero.
    pub amount: Money,
}

/// What an automatic spreading of cash leaves behind for resting orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestingReserve {
    /// The largest commitment of one side of a market.
    Max,
    /// The commitments of all resting orders.
    Sum,
}

impl KalshiClient {
    /// Moves cash between shards, once. `POST /portfolio/intra_exchange_instance_transfer`. Returns the transfer's id.
    ///
    /// The exchange has taken the order then, and not yet done it: see [`shard_transfer`](Self::shard_transfer), or the balance.
    ///
    /// # Errors
    /// Everything but a clear "taken". After [`WriteError::OutcomeUnknown`] look at the [transfers](Self::shard_transfers) before anything is
    /// sent again.
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown.
    pub async fn move_between_shards(&self, cash: &ShardMove) -> Result<String, WriteError> {
        let instance = || "event_contract".to_owned();
        let body = wire::ShardTransferRequest {
            source: instance(),
            destination: instance(),
            amount: units_of(cash.amount, 100, "whole units of $0.0001")?,
            source_exchange_shard: Some(cash.from_shard),
            destination_exchange_shard: Some(cash.to_shard),
            source_subaccount: Some(cash.from.into()),
            destination_subaccount: Some(cash.to.into()),
            client_transfer_id: cash.client_transfer_id.clone(),
        };
        let path = "/portfolio/intra_exchange_instance_transfer";
        let answer = self.write(Method::Post, path, Query::new(), &body).await?;
        let created: wire::ShardTransferCreated = answered(&answer)?;
        if created.transfer_id.is_empty() {
            return Err(super::outcome::unclear(&answer, "the transfer id is empty"));
        }
        Ok(created.transfer_id)
    }

    /// One transfer between shards. `GET /portfolio/intra_exchange_instance_transfers/{id}`.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn shard_transfer(&self, transfer: &str) -> Result<ShardTransfer, ReadError> {
        let what = format!("transfer {transfer}");
        let path = format!("/portfolio/intra_exchange_instance_transfers/{}", segment(transfer));
        let body: wire::ShardTransferResponse = self.read(&what, &path, Query::new()).await?;
        parse::shard_transfer(&body.transfer).map_err(|error| ReadError::parse(&what, error))
    }

    /// All transfers between shards. `GET /portfolio/intra_exchange_instance_transfers`.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn shard_transfers(&self) -> Result<Paged<ShardTransfer>, ReadError> {
        let (what, path) = ("transfers between shards", "/portfolio/intra_exchange_instance_transfers");
        self.pages::<wire::ShardTransfersPage, _>(what, path, Query::new(), 500, parse::shard_transfer).await
    }

    /// How the exchange spreads free cash over the shards by itself. `GET /portfolio/target_balance_allocation`.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn target_balances(&self) -> Result<wire::TargetBalanceAllocation, ReadError> {
        self.read("target balances", "/portfolio/target_balance_allocation", Query::new()).await
    }

    /// Lets the exchange spread free cash over the shards by itself, every ten seconds: percents by shard.
    /// `POST /portfolio/target_balance_allocation`.
    ///
    /// # Errors
    /// Everything but a clear "done".
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown.
    pub async fn set_target_balances(&self, percents: &[(u16, u8)], reserve: RestingReserve) -> Result<(), WriteError> {
        let allocation = |(shard, percent): &(u16, u8)| {
            let percent = wire::JsonNumber::new(&percent.to_string()).expect("a whole number is a JSON number");
            wire::ShardAllocation { exchange_index: *shard, percent }
        };
        let reserve = match reserve {
            RestingReserve::Max => "max",
            RestingReserve::Sum => "sum",
        };
        let body = wire::TargetBalanceAllocation {
            allocations: percents.iter().map(allocation).collect(),
            resting_margin_reservation: Some(reserve.to_owned()),
        };
        done(&self.write(Method::Post, "/portfolio/target_balance_allocation", Query::new(), &body).await?)
    }

    /// All deposits. `GET /portfolio/deposits`.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn deposits(&self) -> Result<Paged<CashFlow>, ReadError> {
        let path = "/portfolio/deposits";
        self.pages::<wire::DepositsPage, _>("deposits", path, Query::new(), 500, parse::cash_flow).await
    }

    /// All withdrawals. `GET /portfolio/withdrawals`.
    ///
    /// # Errors
    /// The first page gave no usable answer.
    pub async fn withdrawals(&self) -> Result<Paged<CashFlow>, ReadError> {
        let path = "/portfolio/withdrawals";
        self.pages::<wire::WithdrawalsPage, _>("withdrawals", path, Query::new(), 500, parse::cash_flow).await
    }
}

/// An amount in the exchange's units of so many micro-dollars.
pub(super) fn units_of(amount: Money, micros: i64, unit: &str) -> Result<i64, WriteError> {
    if amount.micros() > 0 && amount.micros() % micros == 0 {
        Ok(amount.micros() / micros)
    } else {
        Err(WriteError::NotSent(format!("${amount} cannot be moved: it takes {unit}, above zero").into()))
    }
}
