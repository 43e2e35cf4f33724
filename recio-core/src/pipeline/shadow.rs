//! The account of a run in the shadow: flat for ever, at no exchange.

use crate::engine::GatedOrder;
use crate::executor::{Accepted, AccountEvent, CancelOrder, Canceled, Executor, ExecutorError};
use crate::read::Read;
use crate::trade::{Fill, OrderReport, PositionReport, Settlement};
use crate::units::{Money, Timestamp};
use async_trait::async_trait;

/// An account that takes no order and holds nothing but cash, which its limits are measured by.
///
/// It has no connection to anything, so nothing that reaches it can reach an exchange. Nor does anything reach it: an engine whose orders are
/// [recorded](crate::engine::OrderMode::Recorded) never makes a [`GatedOrder`].
#[derive(Clone, Copy, Debug)]
pub(super) struct ShadowAccount {
    pub(super) cash: Money,
}

#[async_trait]
impl Executor for ShadowAccount {
    async fn submit(&self, order: GatedOrder) -> Result<Accepted, ExecutorError> {
        let id = &order.intent().client_order_id;
        Err(ExecutorError::NotSent(format!("order {id} in the shadow, where nothing is sent")))
    }

    async fn cancel(&self, _: &CancelOrder) -> Result<Canceled, ExecutorError> {
        Err(ExecutorError::NotFound)
    }

    async fn orders(&self, _: Option<Timestamp>) -> Result<Read<Vec<OrderReport>>, ExecutorError> {
        Ok(Read::Complete(Vec::new()))
    }

    async fn fills(&self, _: Option<Timestamp>) -> Result<Read<Vec<Fill>>, ExecutorError> {
        Ok(Read::Complete(Vec::new()))
    }

    async fn positions(&self) -> Result<Read<Vec<PositionReport>>, ExecutorError> {
        Ok(Read::Complete(Vec::new()))
    }

    async fn settlements(&self, _: Option<Timestamp>) -> Result<Read<Vec<Settlement>>, ExecutorError> {
        Ok(Read::Complete(Vec::new()))
    }

    async fn balance(&self) -> Result<Money, ExecutorError> {
        Ok(self.cash)
    }

    async fn next(&self) -> Result<AccountEvent, ExecutorError> {
        std::future::pending().await
    }
}
