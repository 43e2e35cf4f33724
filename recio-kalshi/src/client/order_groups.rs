//! Order groups: the exchange's own breaker. More contracts filled within 15 seconds than the group's limit, and it cancels the group's orders
//! and takes no more of them until it is reset.
//!
//! A group is on one shard and of one subaccount. Reads may not find it for a moment after its creation.

use super::outcome::{answered, done, unclear};
use super::{KalshiClient, NO_BODY, Paged, Query, segment};
use crate::error::{ReadError, WriteError};
use crate::parse::{self, OrderGroup};
use crate::transport::Method;
use crate::wire;
use recio_core::units::{OrderGroupId, Quantity};
use serde::Serialize;

const PATH: &str = "/portfolio/order_groups";

impl KalshiClient {
    /// Makes a group, once. `POST /portfolio/order_groups/create`. The limit is 1 to 1,000,000 contracts.
    ///
    /// # Errors
    /// Everything but a clear "made". After [`WriteError::OutcomeUnknown`] [list](Self::order_groups) the groups: they have no id of ours.
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown.
    pub async fn create_order_group(&self, limit: Quantity, exchange_index: u16) -> Result<OrderGroupId, WriteError> {
        let body = wire::CreateOrderGroup {
            contracts_limit: None,
            contracts_limit_fp: Some(limit.to_string()),
            subaccount: self.subaccount.map(Into::into),
            exchange_index: Some(exchange_index),
        };
        let answer = self.write(Method::Post, &format!("{PATH}/create"), Query::new(), &body).await?;
        let created: wire::CreateOrderGroupResponse = answered(&answer)?;
        if created.exchange_index.is_some_and(|made_on| made_on != exchange_index) {
            return Err(unclear(&answer, "the group is on another shard"));
        }
        created.order_group_id.parse().map_err(|error| unclear(&answer, &format!("order_group_id: {error}")))
    }

    /// All groups. `GET /portfolio/order_groups`.
    ///
    /// # Errors
    /// No usable answer. Single groups that cannot be read make the result partial.
    pub async fn order_groups(&self) -> Result<Paged<OrderGroup>, ReadError> {
        let body: wire::OrderGroups = self.read("order groups", PATH, self.with_subaccount(Query::new())).await?;
        Ok(Paged::of_one(&body.order_groups, parse::order_group))
    }

    /// One group with its orders. `GET /portfolio/order_groups/{id}`.
    ///
    /// # Errors
    /// No usable answer.
    pub async fn order_group(&self, group: &OrderGroupId) -> Result<OrderGroup, ReadError> {
        let what = format!("order group {group}");
        let path = format!("{PATH}/{}", segment(group.as_str()));
        let body: wire::OrderGroupResponse = self.read(&what, &path, self.with_subaccount(Query::new())).await?;
        parse::order_group_with_orders(group, &body).map_err(|error| ReadError::parse(&what, error))
    }

    /// Trips a group: its orders are canceled, and no more are taken until it is [reset](Self::reset_order_group).
    /// `PUT /portfolio/order_groups/{id}/trigger`.
    ///
    /// # Errors
    /// Everything but a clear "done".
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown. It may be repeated.
    pub async fn trigger_order_group(&self, group: &OrderGroupId, exchange_index: u16) -> Result<(), WriteError> {
        self.change_group(Method::Put, group, "/trigger", exchange_index, &NO_BODY).await
    }

    /// Lets a tripped group take orders again. `PUT /portfolio/order_groups/{id}/reset`.
    ///
    /// # Errors
    /// Everything but a clear "done".
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown.
    pub async fn reset_order_group(&self, group: &OrderGroupId, exchange_index: u16) -> Result<(), WriteError> {
        self.change_group(Method::Put, group, "/reset", exchange_index, &NO_BODY).await
    }

    /// Sets a group's limit. `PUT /portfolio/order_groups/{id}/limit`.
    ///
    /// # Errors
    /// Everything but a clear "done".
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown. It may be repeated.
    pub async fn limit_order_group(
        &self,
        group: &OrderGroupId,
        limit: Quantity,
        exchange_index: u16,
    ) -> Result<(), WriteError> {
        let body = wire::OrderGroupLimit { contracts_limit: None, contracts_limit_fp: Some(limit.to_string()) };
        self.change_group(Method::Put, group, "/limit", exchange_index, &body).await
    }

    /// Removes a group; its orders are canceled. `DELETE /portfolio/order_groups/{id}`.
    ///
    /// # Errors
    /// Everything but a clear "done".
    ///
    /// # Cancel safety
    /// Not cancel-safe: after a dropped future the outcome is unknown. It may be repeated.
    pub async fn delete_order_group(&self, group: &OrderGroupId, exchange_index: u16) -> Result<(), WriteError> {
        self.change_group(Method::Delete, group, "", exchange_index, &NO_BODY).await
    }

    async fn change_group(
        &self,
        method: Method,
        group: &OrderGroupId,
        verb: &str,
        exchange_index: u16,
        body: &impl Serialize,
    ) -> Result<(), WriteError> {
        let path = format!("{PATH}/{}{verb}", segment(group.as_str()));
        done(&self.write(method, &path, self.group_query(exchange_index), body).await?)
    }

    fn group_query(&self, exchange_index: u16) -> Query {
        self.with_subaccount(vec![("exchange_index", exchange_index.to_string())])
    }
}
