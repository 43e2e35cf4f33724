//! Many orders in one request: batches, whose items stand for themselves, and the cancel of everything.

use super::Exchange;
use super::orders::{CREATE_TEXT_FIELDS, Route};
use super::request::{Answer, ApiRequest, Failure, Query, answer, require_json};
use super::writes::{check_text_fields, no_content, read_body, subaccount_of};
use recio_core::units::AccountName;
use recio_kalshi::wire;
use serde_json::Value;

impl Exchange {
    /// Each order is placed or refused by itself, in the order sent.
    pub(super) fn create_batch(&mut self, account: &AccountName, request: &ApiRequest) -> Answer {
        let parsed: Option<Value> = serde_json::from_slice(&request.body).ok();
        let items = parsed.as_ref().and_then(|body| body.get("orders")).and_then(Value::as_array);
        for item in items.into_iter().flatten() {
            self.count_post(account, Some(item));
        }
        for item in items.into_iter().flatten() {
            check_text_fields(item, "BatchCreateOrdersRequest.orders", &CREATE_TEXT_FIELDS)?;
        }
        let body: wire::BatchCreate = read_body(request, "BatchCreateOrdersRequest", &[])?;
        let orders = body.orders.iter().map(|order| created(order, self.place_order(account, order))).collect();
        answer(201, &wire::BatchCreateResponse { orders })
    }

    /// Each order is canceled or not by itself, in the order sent.
    pub(super) fn cancel_batch(&mut self, account: &AccountName, request: &ApiRequest) -> Answer {
        let body: wire::BatchCancel = read_body(request, "BatchCancelOrdersRequest", &[])?;
        let mut orders = Vec::with_capacity(body.orders.len());
        for order in &body.orders {
            let route = subaccount_of(order.subaccount).map(|subaccount| Route {
                subaccount,
                exchange_index: order.exchange_index.map(i64::from),
                market_ticker: order.market_ticker.as_deref(),
            });
            let done = route.and_then(|route| self.take_order_out(account, &order.order_id, route));
            orders.push(canceled(order, done));
        }
        answer(200, &wire::BatchCancelResponse { orders })
    }

    /// Cancels everything on every shard, of one subaccount or of all.
    pub(super) fn cancel_all_orders(
        &mut self,
        account: &AccountName,
        request: &ApiRequest,
        query: Query<'_>,
    ) -> Answer {
        require_json(request)?;
        self.venue.cancel_all_of(account, query.subaccount()?, self.venue.now())?;
        Ok(no_content())
    }
}

fn created(order: &wire::CreateOrder, done: Result<wire::CreateOrderResponse, Failure>) -> wire::BatchCreated {
    match done {
        Ok(made) => wire::BatchCreated {
            order_id: Some(made.order_id),
            client_order_id: made.client_order_id,
            fill_count: Some(made.fill_count),
            remaining_count: Some(made.remaining_count),
            average_fill_price: made.average_fill_price,
            average_fee_paid: made.average_fee_paid,
            ts_ms: Some(made.ts_ms),
            error: None,
        },
        Err(failure) => wire::BatchCreated {
            order_id: None,
            client_order_id: order.client_order_id.clone(),
            fill_count: None,
            remaining_count: None,
            average_fill_price: None,
            average_fee_paid: None,
            ts_ms: None,
            error: Some(failure.into_info()),
        },
    }
}

fn canceled(order: &wire::BatchCancelOrder, done: Result<wire::CancelOrderResponse, Failure>) -> wire::BatchCanceled {
    match done {
        Ok(gone) => wire::BatchCanceled {
            order_id: gone.order_id,
            client_order_id: gone.client_order_id,
            reduced_by: gone.reduced_by,
            ts_ms: Some(gone.ts_ms),
            error: None,
        },
        Err(failure) => wire::BatchCanceled {
            order_id: order.order_id.clone(),
            client_order_id: None,
            reduced_by: "0.00".to_owned(),
            ts_ms: None,
            error: Some(failure.into_info()),
        },
    }
}
