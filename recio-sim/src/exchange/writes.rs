//! Which account calls write, or belong to what is written: orders and their changes, groups, subaccounts, transfers.

use super::Exchange;
use super::request::{Answer, ApiRequest, Failure, Query, flat, nested, require_json};
use recio_core::units::AccountName;
use recio_core::venue::Subaccount;
use recio_kalshi::transport::{HttpResponse, Method};
use serde::de::DeserializeOwned;
use serde_json::Value;

impl Exchange {
    /// Answers a call of this part of the API; `None` for any other.
    pub(super) fn write_route(
        &mut self,
        account: &AccountName,
        request: &ApiRequest,
        segments: &[&str],
    ) -> Option<Answer> {
        let query = |operation| Query { operation, pairs: &request.query };
        let orders = segments.strip_prefix(&["portfolio", "events", "orders"]);
        let groups = segments.strip_prefix(&["portfolio", "order_groups"]);
        let subaccounts = segments.strip_prefix(&["portfolio", "subaccounts"]);
        Some(match (request.method, orders, groups, subaccounts, segments) {
            (Method::Post, Some([]), ..) => self.create_order(account, request),
            (Method::Delete, Some([]), ..) => self.cancel_all_orders(account, request, query("CancelAllOrders")),
            (Method::Post, Some(["batched"]), ..) => self.create_batch(account, request),
            (Method::Delete, Some(["batched"]), ..) => self.cancel_batch(account, request),
            (Method::Delete, Some([order]), ..) => {
                if let Err(failure) = require_json(request) {
                    return Some(Err(failure));
                }
                self.cancel_order(account, order, query("CancelOrder"))
            }
            (Method::Post, Some([order, "amend"]), ..) => {
                self.amend_order(account, order, request, query("AmendOrder"))
            }
            (Method::Post, Some([order, "decrease"]), ..) => {
                self.decrease_order(account, order, request, query("DecreaseOrder"))
            }
            (Method::Get, _, _, _, ["portfolio", "orders", "queue_positions"]) => {
                self.queue_positions(account, query("GetOrderQueuePositions"))
            }
            (Method::Get, _, _, _, ["portfolio", "orders", order, "queue_position"]) => {
                self.queue_position(account, order)
            }

            (Method::Post, _, Some(["create"]), ..) => self.create_order_group(account, request),
            (Method::Get, _, Some([]), ..) => self.order_groups(account, query("GetOrderGroups")),
            (Method::Get, _, Some([group]), ..) => self.order_group(account, group, query("GetOrderGroup")),
            (Method::Put, _, Some([group, change @ ("trigger" | "reset" | "limit")]), ..) => {
                self.change_order_group(account, group, change, request, query("UpdateOrderGroup"))
            }
            (Method::Delete, _, Some([group]), ..) => {
                self.delete_order_group(account, group, request, query("DeleteOrderGroup"))
            }

            (Method::Post, _, _, Some([]), _) => self.create_subaccount(account, request),
            (Method::Get, _, _, Some(["balances"]), _) => self.subaccount_balances(account),
            (Method::Get, _, _, Some(["netting"]), _) => self.subaccount_netting(account),
            (Method::Put, _, _, Some(["netting"]), _) => self.set_subaccount_netting(account, request),
            (Method::Post, _, _, Some(["transfer"]), _) => self.transfer_subaccounts(account, request),
            (Method::Get, _, _, Some(["transfers"]), _) => {
                self.subaccount_transfers(account, query("GetSubaccountTransfers"))
            }
            (Method::Post, _, _, _, ["portfolio", "intra_exchange_instance_transfer"]) => {
                self.transfer_shards(account, request)
            }
            (Method::Get, _, _, _, ["portfolio", "intra_exchange_instance_transfers"]) => {
                self.shard_transfers(account, query("GetIntraExchangeInstanceTransfers"))
            }
            (Method::Get, _, _, _, ["portfolio", "intra_exchange_instance_transfers", transfer]) => {
                self.shard_transfer(account, transfer)
            }
            _ => return None,
        })
    }
}

/// Reads a body of JSON; what does not fit is told in the words of the exchange's decoder, where they are known. `text_fields` have to be
/// text: a number there is refused, as recorded.
pub(super) fn read_body<T: DeserializeOwned>(
    request: &ApiRequest,
    name: &str,
    text_fields: &[&str],
) -> Result<T, Failure> {
    require_json(request)?;
    let value: Value =
        serde_json::from_slice(&request.body).map_err(|error| flat("bad_request", &error.to_string()))?;
    check_text_fields(&value, name, text_fields)?;
    serde_json::from_value(value).map_err(|error| flat("bad_request", &error.to_string()))
}

/// Refuses numbers in fields that have to be text.
pub(super) fn check_text_fields(value: &Value, name: &str, text_fields: &[&str]) -> Result<(), Failure> {
    match text_fields.iter().find(|field| value.get(**field).is_some_and(Value::is_number)) {
        Some(field) => Err(flat(
            "bad_request",
            &format!("json: cannot unmarshal number into Go struct field {name}.{field} of type string"),
        )),
        None => Ok(()),
    }
}

/// The subaccount that a body names; absent is 0.
pub(super) fn subaccount_of(number: Option<u16>) -> Result<Subaccount, Failure> {
    Subaccount::new(number.unwrap_or(0)).map_err(|error| nested(400, "invalid_parameters", Some(&error.to_string())))
}

/// An answer without a body.
pub(super) const fn no_content() -> HttpResponse {
    HttpResponse { status: 204, body: bytes::Bytes::new() }
}
