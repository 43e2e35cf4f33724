//! Cash on the move over REST: between subaccounts of a shard, and between shards.

use super::Exchange;
use super::frames::uuid_of;
use super::portfolio::dollars;
use super::request::{Answer, ApiRequest, Failure, Query, answer, nested, not_found};
use super::writes::{read_body, subaccount_of};
use recio_core::units::{AccountName, ClientTransferId, Money};
use recio_core::venue::{RefusalCode, Subaccount, Transfer, Wallet};
use recio_kalshi::wire;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The shards that accounts have cash on: those that the exchange's status lists.
pub(super) const SHARDS: [u16; 2] = [0, 2];

/// Micro-dollars in a cent and in a hundredth of one.
const CENT: i64 = 10_000;
const CENTICENT: i64 = 100;

/// What an account moved, for its lists, and what it switched on.
#[derive(Debug, Default)]
pub(super) struct AccountMoves {
    pub(super) netting: BTreeSet<Subaccount>,
    between_subaccounts: Vec<wire::SubaccountTransfer>,
    between_shards: Vec<wire::ShardTransfer>,
}

impl Exchange {
    pub(super) fn transfer_subaccounts(&mut self, account: &AccountName, request: &ApiRequest) -> Answer {
        let body: wire::SubaccountTransferRequest =
            read_body(request, "ApplySubaccountTransferRequest", &["client_transfer_id"])?;
        let shard = known_shard(body.exchange_index)?;
        let wallet = |number| Ok::<_, Failure>(Wallet { subaccount: subaccount_of(Some(number))?, shard });
        let transfer = Transfer {
            id: Some(transfer_id(&body.client_transfer_id)?),
            from: wallet(body.from_subaccount)?,
            to: wallet(body.to_subaccount)?,
            amount: amount(body.amount_cents, CENT)?,
        };
        self.venue.transfer(account, &transfer, self.venue.now())?;
        let created_ts = self.now().as_second();
        let moves = self.moves.entry(account.clone()).or_default();
        moves.between_subaccounts.push(wire::SubaccountTransfer {
            transfer_id: body.client_transfer_id,
            from_subaccount: body.from_subaccount,
            to_subaccount: body.to_subaccount,
            amount_cents: body.amount_cents,
            created_ts,
            exchange_index: shard,
        });
        answer(200, &Map::<String, Value>::new())
    }

    pub(super) fn subaccount_transfers(&self, account: &AccountName, query: Query<'_>) -> Answer {
        let all = self.moves.get(account).map(|moves| moves.between_subaccounts.as_slice()).unwrap_or_default();
        let items = all.iter().rev().map(|one| (one.transfer_id.clone(), one.clone())).collect();
        let (transfers, cursor) = query.page(items, 500)?;
        answer(200, &wire::SubaccountTransfersPage { transfers, cursor: Some(cursor) })
    }

    /// Done at once here; at the exchange the answer may come before the cash does.
    pub(super) fn transfer_shards(&mut self, account: &AccountName, request: &ApiRequest) -> Answer {
        let body: wire::ShardTransferRequest = read_body(
            request,
            "IntraExchangeInstanceTransferRequest",
            &["client_transfer_id", "source", "destination"],
        )?;
        if body.source != EVENTS || body.destination != EVENTS {
            let details = Some("recio's simulator has event_contract alone");
            return Err(nested(400, RefusalCode::InvalidParameters.as_str(), details));
        }
        let wallet = |subaccount, shard| {
            Ok::<_, Failure>(Wallet { subaccount: subaccount_of(subaccount)?, shard: known_shard(shard)? })
        };
        let transfer = Transfer {
            id: body.client_transfer_id.as_deref().map(transfer_id).transpose()?,
            from: wallet(body.source_subaccount, body.source_exchange_shard)?,
            to: wallet(body.destination_subaccount, body.destination_exchange_shard)?,
            amount: amount(body.amount, CENTICENT)?,
        };
        self.venue.transfer(account, &transfer, self.venue.now())?;
        let created_ts = self.now().as_second();
        let moves = self.moves.entry(account.clone()).or_default();
        let number = moves.between_shards.len();
        let id = uuid_of("transfer", &format!("{account} {number}"));
        moves.between_shards.push(wire::ShardTransfer {
            transfer_id: id.clone(),
            source: body.source,
            destination: body.destination,
            source_exchange_shard: transfer.from.shard,
            destination_exchange_shard: transfer.to.shard,
            amount: dollars(transfer.amount),
            status: "complete".to_owned(),
            created_ts,
        });
        answer(200, &wire::ShardTransferCreated { transfer_id: id })
    }

    pub(super) fn shard_transfers(&self, account: &AccountName, query: Query<'_>) -> Answer {
        let all = self.moves.get(account).map(|moves| moves.between_shards.as_slice()).unwrap_or_default();
        let items = all.iter().rev().map(|one| (one.transfer_id.clone(), one.clone())).collect();
        let (transfers, cursor) = query.page(items, 500)?;
        answer(200, &wire::ShardTransfersPage { transfers, cursor: Some(cursor) })
    }

    pub(super) fn shard_transfer(&self, account: &AccountName, transfer: &str) -> Answer {
        let all = self.moves.get(account).map(|moves| moves.between_shards.as_slice()).unwrap_or_default();
        let found = all.iter().find(|one| one.transfer_id == transfer).ok_or_else(not_found)?;
        answer(200, &wire::ShardTransferResponse { transfer: found.clone() })
    }
}

/// The exchange's word for what is traded here; the other one is its margined side.
const EVENTS: &str = "event_contract";

/// The shard that a body names; absent is 0.
pub(super) fn known_shard(shard: Option<u16>) -> Result<u16, Failure> {
    let shard = shard.unwrap_or(0);
    if SHARDS.contains(&shard) {
        Ok(shard)
    } else {
        Err(nested(400, RefusalCode::InvalidParameters.as_str(), Some("no such exchange shard")))
    }
}

fn transfer_id(text: &str) -> Result<ClientTransferId, Failure> {
    let invalid = |_| nested(400, RefusalCode::InvalidParameters.as_str(), Some("client_transfer_id is not usable"));
    ClientTransferId::new(text).map_err(invalid)
}

fn amount(units: i64, micros: i64) -> Result<Money, Failure> {
    let invalid = || nested(400, RefusalCode::InvalidParameters.as_str(), Some("amount does not fit"));
    units.checked_mul(micros).map(Money::from_micros).ok_or_else(invalid)
}
