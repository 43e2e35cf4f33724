//! Subaccounts, and cash on its way.

use super::{Of, ParseError};
use crate::wire;
use recio_core::units::{Money, Timestamp};

/// The cash of one subaccount on one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubaccountBalance {
    /// Its number; 0 is the primary one.
    pub subaccount: u16,
    /// The shard.
    pub exchange_index: u16,
    /// How much.
    pub cash: Money,
    /// As of.
    pub exchange_time: Timestamp,
}

/// Cash that went from one subaccount to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubaccountTransfer {
    /// Its id.
    pub id: String,
    /// Whence.
    pub from: u16,
    /// Whither.
    pub to: u16,
    /// How much.
    pub amount: Money,
    /// On which shard.
    pub exchange_index: u16,
    /// When.
    pub time: Timestamp,
}

/// Cash that goes from one shard to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardTransfer {
    /// Its id.
    pub id: String,
    /// Whence.
    pub from_shard: u16,
    /// Whither.
    pub to_shard: u16,
    /// How much.
    pub amount: Money,
    /// The exchange's word for where it is: `pending`, `complete`, or one that recio does not know.
    pub status: String,
    /// When it was asked for.
    pub time: Timestamp,
}

/// Money that came in from outside, or goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashFlow {
    /// Its id.
    pub id: String,
    /// The exchange's word for where it is: `pending`, `applied`, `failed`, `returned`, or one that recio does not know.
    pub status: String,
    /// The way it takes: `ach`, `wire`, `crypto`, `debit`, `apm`, or one that recio does not know.
    pub kind: String,
    /// How much.
    pub amount: Money,
    /// What it costs.
    pub fee: Money,
    /// When it began.
    pub time: Timestamp,
    /// When it ended, one way or the other.
    pub final_time: Option<Timestamp>,
}

/// Reads the cash of a subaccount.
///
/// # Errors
/// An amount or time that is none.
pub fn subaccount_balance(body: &wire::SubaccountBalance) -> Result<SubaccountBalance, ParseError> {
    let name = body.subaccount_number.to_string();
    let of = Of("subaccount", &name);
    Ok(SubaccountBalance {
        subaccount: body.subaccount_number,
        exchange_index: body.exchange_index,
        cash: of.field("balance", &body.balance)?,
        exchange_time: of.seconds("updated_ts", body.updated_ts)?,
    })
}

/// Reads a transfer between subaccounts.
///
/// # Errors
/// An amount or time that is none.
pub fn subaccount_transfer(body: &wire::SubaccountTransfer) -> Result<SubaccountTransfer, ParseError> {
    let of = Of("transfer", &body.transfer_id);
    Ok(SubaccountTransfer {
        id: body.transfer_id.clone(),
        from: body.from_subaccount,
        to: body.to_subaccount,
        amount: money(of, "amount_cents", body.amount_cents)?,
        exchange_index: body.exchange_index,
        time: of.seconds("created_ts", body.created_ts)?,
    })
}

/// Reads a transfer between shards.
///
/// # Errors
/// An amount or time that is none.
pub fn shard_transfer(body: &wire::ShardTransfer) -> Result<ShardTransfer, ParseError> {
    let of = Of("transfer", &body.transfer_id);
    Ok(ShardTransfer {
        id: body.transfer_id.clone(),
        from_shard: body.source_exchange_shard,
        to_shard: body.destination_exchange_shard,
        amount: of.field("amount", &body.amount)?,
        status: body.status.clone(),
        time: of.seconds("created_ts", body.created_ts)?,
    })
}

/// Reads a deposit or a withdrawal.
///
/// # Errors
/// An amount or time that is none.
pub fn cash_flow(body: &wire::Deposit) -> Result<CashFlow, ParseError> {
    let of = Of("deposit or withdrawal", &body.id);
    Ok(CashFlow {
        id: body.id.clone(),
        status: body.status.clone(),
        kind: body.kind.clone(),
        amount: money(of, "amount_cents", body.amount_cents)?,
        fee: money(of, "fee_cents", body.fee_cents)?,
        time: of.seconds("created_ts", body.created_ts)?,
        final_time: body.finalized_ts.map(|time| of.seconds("finalized_ts", time)).transpose()?,
    })
}

/// Reads an amount that is sent in whole cents.
///
/// # Errors
/// More than an amount can hold.
pub(crate) fn cents(kind: &'static str, field: &'static str, cents: i64) -> Result<Money, ParseError> {
    money(Of(kind, "of the account"), field, cents)
}

fn money(of: Of<'_>, field: &'static str, cents: i64) -> Result<Money, ParseError> {
    Money::from_micros_wide(i128::from(cents) * 10_000).map_err(|error| of.error(field, cents, error))
}
