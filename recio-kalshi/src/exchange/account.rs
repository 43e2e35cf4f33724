//! `Executor` over the client.

use super::markets::read_of;
use crate::client::{FillFilter, KalshiClient, NewOrder, OrderFilter};
use crate::error::{ReadError, WriteError};
use crate::socket::AccountEvent as SocketEvent;
use async_trait::async_trait;
use recio_core::causes::in_full;
use recio_core::engine::GatedOrder;
use recio_core::executor::{Accepted, AccountEvent, CancelOrder, Canceled, Executor, ExecutorError};
use recio_core::read::Read;
use recio_core::trade::{Fill, OrderReport, PositionReport, Purpose, Settlement, TimeInForce};
use recio_core::units::{Money, Timestamp};
use tokio::sync::{Mutex, mpsc};

/// A Kalshi account.
#[derive(Debug)]
pub struct KalshiAccount {
    client: KalshiClient,
    exchange_index: u16,
    events: Mutex<mpsc::Receiver<SocketEvent>>,
}

impl KalshiAccount {
    pub(super) fn new(client: KalshiClient, exchange_index: u16, events: mpsc::Receiver<SocketEvent>) -> Self {
        Self { client, exchange_index, events: Mutex::new(events) }
    }
}

#[async_trait]
impl Executor for KalshiAccount {
    async fn submit(&self, order: GatedOrder) -> Result<Accepted, ExecutorError> {
        let intent = order.intent();
        let waits = intent.time_in_force == TimeInForce::GoodTillCanceled;
        let order = NewOrder {
            market: intent.market.clone(),
            client_order_id: intent.client_order_id.clone(),
            book_side: intent.book_side(),
            yes_price: intent.yes_limit(),
            quantity: intent.quantity,
            time_in_force: intent.time_in_force,
            expiration_time: None,
            post_only: intent.post_only,
            // The exchange itself keeps an exit from opening anything; it takes the flag only with orders that do not wait.
            reduce_only: intent.purpose == Purpose::Exit && !waits,
            cancel_on_pause: true,
            order_group_id: None,
            exchange_index: order.exchange_index(),
        };
        let created = self.client.create_order(&order).await.map_err(write_error)?;
        Ok(Accepted { exchange_id: created.exchange_id, filled: created.filled, remaining: created.remaining })
    }

    async fn cancel(&self, order: &CancelOrder) -> Result<Canceled, ExecutorError> {
        let canceled = self.client.cancel_order(&order.exchange_id, order.exchange_index).await.map_err(write_error)?;
        Ok(Canceled { removed: canceled.reduced_by })
    }

    async fn orders(&self, since: Option<Timestamp>) -> Result<Read<Vec<OrderReport>>, ExecutorError> {
        let filter = OrderFilter { min_time: since, ..OrderFilter::default() };
        self.client.orders(&filter).await.map(read_of).map_err(read_error)
    }

    async fn fills(&self, since: Option<Timestamp>) -> Result<Read<Vec<Fill>>, ExecutorError> {
        let filter = FillFilter { min_time: since, ..FillFilter::default() };
        self.client.fills(&filter).await.map(read_of).map_err(read_error)
    }

    async fn positions(&self) -> Result<Read<Vec<PositionReport>>, ExecutorError> {
        self.client.positions().await.map(read_of).map_err(read_error)
    }

    async fn settlements(&self, since: Option<Timestamp>) -> Result<Read<Vec<Settlement>>, ExecutorError> {
        self.client.settlements(since).await.map(read_of).map_err(read_error)
    }

    async fn balance(&self) -> Result<Money, ExecutorError> {
        let balance = self.client.balance().await.map_err(read_error)?;
        // A key that is locked to a subaccount gets no breakdown; then the one figure is all there is.
        if balance.by_shard.is_empty() {
            return Ok(balance.cash);
        }
        balance.by_shard.get(&self.exchange_index).copied().ok_or_else(|| {
            ExecutorError::Unreachable(format!("the balance names no shard {}", self.exchange_index).into())
        })
    }

    async fn next(&self) -> Result<AccountEvent, ExecutorError> {
        let mut events = self.events.lock().await;
        loop {
            return match events.recv().await {
                None => Err(ExecutorError::Closed),
                Some(SocketEvent::Fill(fill)) => Ok(AccountEvent::Fill(fill.fill)),
                Some(SocketEvent::Order(report)) => Ok(AccountEvent::Order(report)),
                // Fills tell the position; this message may trail them.
                Some(SocketEvent::Position(_)) => continue,
                // Not asked for here.
                Some(SocketEvent::OrderGroup(_)) => continue,
                Some(SocketEvent::Reconcile { reason }) if reason == "subscribed" => Ok(AccountEvent::Connected),
                Some(SocketEvent::Reconcile { reason }) => Ok(AccountEvent::Unreadable { reason }),
            };
        }
    }
}

fn write_error(error: WriteError) -> ExecutorError {
    match error {
        WriteError::Refused { code, .. } | WriteError::Closed { code } => {
            ExecutorError::Refused { code, details: None }
        }
        WriteError::NotSent(source) => ExecutorError::NotSent(in_full(&*source)),
        WriteError::RateLimited => ExecutorError::RateLimited,
        WriteError::OutcomeUnknown(source) => ExecutorError::OutcomeUnknown(in_full(&*source)),
        WriteError::AuthLost { code } => ExecutorError::AuthLost(code),
        WriteError::Paused { code } => ExecutorError::Paused(code),
        WriteError::NotResting => ExecutorError::NotFound,
    }
}

fn read_error(error: ReadError) -> ExecutorError {
    match error {
        ReadError::RateLimited { .. } => ExecutorError::RateLimited,
        // The key is good and a clock is wrong, here or there: it is over when the clocks agree again, and until then nothing is read.
        error @ ReadError::AuthLost { .. } if is_clock(&error) => ExecutorError::Unreachable(error.into()),
        ReadError::AuthLost { code, .. } => ExecutorError::AuthLost(code),
        error @ (ReadError::NotFound { .. }
        | ReadError::Refused { .. }
        | ReadError::Unavailable { .. }
        | ReadError::Unreadable { .. }
        | ReadError::NotSigned { .. }) => ExecutorError::Unreachable(error.into()),
    }
}

/// Whether a refusal is of the signature's time. Source: the code was recorded on the demo exchange in 2026 with a timestamp 30 seconds old.
fn is_clock(error: &ReadError) -> bool {
    matches!(error, ReadError::AuthLost { code, .. } if code.starts_with("header_timestamp_expired"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_is_no_lost_key() {
        let refused = |code: &str| read_error(ReadError::AuthLost { what: "orders".to_owned(), code: code.to_owned() });
        assert!(matches!(refused("header_timestamp_expired: header timestamp expired"), ExecutorError::Unreachable(_)));
        assert!(matches!(refused("header_timestamp_expired"), ExecutorError::Unreachable(_)));
        assert!(matches!(refused("authentication_error (NOT_FOUND)"), ExecutorError::AuthLost(_)));
    }
}
