//! Order groups over REST, and what is told of them on the WebSocket.

use super::Exchange;
use super::request::{Answer, ApiRequest, Failure, Query, answer, nested, not_found, require_json};
use super::session::Channel;
use super::writes::{read_body, subaccount_of};
use recio_core::units::{AccountName, OrderGroupId, Quantity};
use recio_core::venue::{GroupUpdateKind, OrderGroup, RefusalCode, Wallet};
use recio_kalshi::wire;
use serde::Serialize;
use serde_json::{Map, Value};

/// What the `order_group_updates` channel says; the limit comes where it is new.
#[derive(Serialize)]
struct GroupMessage {
    event_type: &'static str,
    order_group_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    contracts_limit_fp: Option<String>,
    ts_ms: i64,
}

impl Exchange {
    pub(super) fn create_order_group(&mut self, account: &AccountName, request: &ApiRequest) -> Answer {
        let body: wire::CreateOrderGroup = read_body(request, "CreateOrderGroupRequest", &["contracts_limit_fp"])?;
        let limit = limit_of(body.contracts_limit, body.contracts_limit_fp.as_deref())?;
        let wallet =
            Wallet { subaccount: subaccount_of(body.subaccount)?, shard: body.exchange_index.unwrap_or_default() };
        let group = self.venue.create_group(account, wallet, limit, self.venue.now())?;
        let response = wire::CreateOrderGroupResponse {
            order_group_id: group.to_string(),
            subaccount: wallet.subaccount.number(),
            exchange_index: Some(wallet.shard),
        };
        answer(201, &response)
    }

    pub(super) fn order_groups(&self, account: &AccountName, query: Query<'_>) -> Answer {
        let (subaccount, shard) = (query.subaccount()?, query.shard()?);
        let fits = |group: &&OrderGroup| {
            subaccount.is_none_or(|subaccount| subaccount == group.wallet.subaccount)
                && shard.is_none_or(|shard| shard == i64::from(group.wallet.shard))
        };
        // That canceling by itself stays on after a trigger is not confirmed.
        let body = |group: &OrderGroup| wire::OrderGroup {
            id: group.id.to_string(),
            contracts_limit_fp: Some(group.limit.to_string()),
            is_auto_cancel_enabled: true,
            exchange_index: Some(group.wallet.shard),
        };
        let order_groups = self.venue.groups(account).filter(fits).map(body).collect();
        answer(200, &wire::OrderGroups { order_groups })
    }

    pub(super) fn order_group(&self, account: &AccountName, group: &str, query: Query<'_>) -> Answer {
        let subaccount = query.subaccount()?;
        let id = OrderGroupId::new(group).map_err(|_| not_found())?;
        let fits = |group: &&OrderGroup| subaccount.is_none_or(|subaccount| subaccount == group.wallet.subaccount);
        let group = self.venue.group(account, &id).filter(fits).ok_or_else(not_found)?;
        let response = wire::OrderGroupResponse {
            is_auto_cancel_enabled: true,
            contracts_limit_fp: Some(group.limit.to_string()),
            orders: self.venue.group_orders(group).iter().map(ToString::to_string).collect(),
            exchange_index: Some(group.wallet.shard),
        };
        answer(200, &response)
    }

    pub(super) fn change_order_group(
        &mut self,
        account: &AccountName,
        group: &str,
        change: &str,
        request: &ApiRequest,
        query: Query<'_>,
    ) -> Answer {
        require_json(request)?;
        let (id, wallet) = named_group(group, query)?;
        let now = self.venue.now();
        match change {
            "trigger" => self.venue.trigger_group(account, wallet, &id, now)?,
            "reset" => self.venue.reset_group(account, wallet, &id, now)?,
            _ => {
                let body: wire::OrderGroupLimit =
                    read_body(request, "UpdateOrderGroupLimitRequest", &["contracts_limit_fp"])?;
                let limit = limit_of(body.contracts_limit, body.contracts_limit_fp.as_deref())?;
                self.venue.limit_group(account, wallet, &id, limit, now)?;
            }
        }
        answer(200, &Map::<String, Value>::new())
    }

    /// Queues frames about everything that happened to order groups since the last call.
    pub(super) fn publish_groups(&mut self) {
        let now = self.now();
        for update in self.venue.take_group_updates() {
            let limit = match update.kind {
                GroupUpdateKind::Created { limit } | GroupUpdateKind::LimitUpdated { limit } => Some(limit),
                GroupUpdateKind::Triggered | GroupUpdateKind::Reset | GroupUpdateKind::Deleted => None,
            };
            let message = GroupMessage {
                event_type: update.kind.as_str(),
                order_group_id: update.group.to_string(),
                contracts_limit_fp: limit.map(|limit| limit.to_string()),
                ts_ms: update.exchange_time.as_millisecond(),
            };
            for session in self.sessions.values_mut().filter(|session| session.account == update.account) {
                for sid in session.channel_sids(Channel::Groups) {
                    session.send_raw(sid, None, Channel::Groups.name(), &message, now);
                }
            }
        }
    }

    pub(super) fn delete_order_group(
        &mut self,
        account: &AccountName,
        group: &str,
        request: &ApiRequest,
        query: Query<'_>,
    ) -> Answer {
        require_json(request)?;
        let (id, wallet) = named_group(group, query)?;
        self.venue.delete_group(account, wallet, &id, self.venue.now())?;
        answer(200, &Map::<String, Value>::new())
    }
}

/// The group and the wallet in which it is looked for: without a shard on shard 0, without a subaccount in 0.
fn named_group(group: &str, query: Query<'_>) -> Result<(OrderGroupId, Wallet), Failure> {
    let id = OrderGroupId::new(group).map_err(|_| not_found())?;
    let shard = query.number("exchange_index")?.unwrap_or(0);
    let shard = u16::try_from(shard).map_err(|_| not_found())?;
    Ok((id, Wallet { subaccount: query.subaccount()?.unwrap_or_default(), shard }))
}

/// The limit that a body names: as whole contracts, as text, or as both alike.
fn limit_of(whole: Option<u64>, text: Option<&str>) -> Result<Quantity, Failure> {
    let invalid = |details: &str| nested(400, RefusalCode::InvalidParameters.as_str(), Some(details));
    let parsed = text.map(str::parse::<Quantity>).transpose();
    let parsed = parsed.map_err(|_| invalid("contracts_limit_fp is no count"))?;
    let counted = whole.map(|whole| whole.checked_mul(100).and_then(|units| Quantity::from_hundredths(units).ok()));
    match (parsed, counted) {
        (Some(limit), None) | (None, Some(Some(limit))) => Ok(limit),
        (Some(limit), Some(Some(same))) if limit == same => Ok(limit),
        (None, None) => Err(invalid("contracts_limit or contracts_limit_fp is needed")),
        (_, Some(_)) => Err(invalid("contracts_limit does not fit")),
    }
}
